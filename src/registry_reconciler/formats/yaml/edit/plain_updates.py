"""Items of a list that become what their fragments say of them, told from their lines alone.

Most changes are of a word or a number in an entry that is written plainly on both sides, line for line alike but for
that word. Then the line gets the fragment's word, which is what :mod:`.splice` comes to by way of two trees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_reconciler.formats.faults import DEFAULT_LIMITS
from registry_reconciler.formats.yaml.edit.own_text import plain_text
from registry_reconciler.formats.yaml.read.scalars import resolve_plain
from registry_reconciler.formats.yaml.read.shape import PLAIN
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import same

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Edit, Update
    from registry_reconciler.formats.yaml.read.chunks import Section

_FIELD = re.compile(rf"([ ]*[A-Za-z_][A-Za-z0-9_.-]*: )({PLAIN})")
_DASH = re.compile(r"^ *- ", re.MULTILINE)


def plain_updates(data: bytes, sections: Sequence[Section], edits: Sequence[Edit]) -> bytes | None:
    """The text with its edits made; ``None`` where one of them is more than words on lines that are alike."""
    from registry_reconciler.formats.edits import Update

    by_key = {section.key: section for section in sections}
    reader = SimpleReader(DEFAULT_LIMITS.max_int_digits)
    changed: dict[int, tuple[int, bytes]] = {}
    for edit in edits:
        if type(edit) is not Update or edit.document or len(edit.path) != 2 or edit.snippet is None:
            return None
        key, number = edit.path
        section = by_key.get(key) if isinstance(key, str) else None
        if section is None or not isinstance(number, int):
            return None
        starts = section.starts(data)
        if not 0 <= number < len(starts) - 1 or starts[number] in changed:
            return None
        start, end = starts[number], starts[number + 1]
        item = _updated(data[start:end], section.indent + 2, edit, reader)
        if item is None:
            return None
        changed[start] = end, item
    parts: list[bytes] = []
    position = 0
    for start, (end, item) in sorted(changed.items()):
        parts += (data[position:start], item)
        position = end
    return b"".join((*parts, data[position:]))


def _updated(chunk: bytes, column: int, edit: Update, reader: SimpleReader) -> bytes | None:
    """The lines of an item with the fragment's words; ``None``: its lines do not tell."""
    own, new = plain_text(chunk[column:], column - 2), edit.snippet.text if edit.snippet is not None else ""
    if own is None or "#" in new or reader.read(own, 0) is None or not same(reader.read(new, 0), edit.value):
        return None
    here, there = own.split("\n"), new.split("\n")
    if len(here) != len(there):
        return None
    rows = chunk.decode().split("\n")
    for number, (old_row, new_row) in enumerate(zip(here, there, strict=True)):
        if old_row == new_row:
            continue
        old, new_field = _FIELD.fullmatch(old_row), _FIELD.fullmatch(new_row)
        if old is None or new_field is None or old[1] != new_field[1]:
            return None
        if old_row.startswith(" ") and _DASH.search(own):
            return None  # an item of a list inside: which one it was before is not told by its line
        if not same(resolve_plain(old[2]), resolve_plain(new_field[2])):
            rows[number] = rows[number].removesuffix(old[2]) + new_field[2]
    return "\n".join(rows).encode()
