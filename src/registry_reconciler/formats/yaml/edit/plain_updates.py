"""Items of a list that become what their fragments say of them, told from their lines alone.

Most changes are of a word or a number in an entry that is written plainly on both sides, in a field whose lines are
alike but for that word. Then the line gets the fragment's word, which is what :mod:`.splice` comes to by way of two
trees. What else the entry says stays, whatever the fragment says of it and in whatever order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry_reconciler.formats.faults import DEFAULT_LIMITS
from registry_reconciler.formats.yaml.edit.own_text import plain_text
from registry_reconciler.formats.yaml.read.scalars import resolve_plain
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import same

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Edit, Update
    from registry_reconciler.formats.yaml.read.chunks import ListSection


def plain_updates(data: bytes, sections: Sequence[ListSection], edits: Sequence[Edit]) -> bytes | None:
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
    if own is None or "#" in new or type(edit.value) is not dict:
        return None
    here, there = reader.read(own, 0), reader.read(new, 0)
    if here is None or there is None or here.keys() != edit.value.keys():
        return None
    changed = [name for name, part in edit.value.items() if not same(here[name], part)]
    if not all(name in there and same(there[name], edit.value[name]) for name in changed):
        return None
    old_rows, new_rows = own.split("\n"), new.split("\n")
    old_fields, new_fields = _fields(old_rows), _fields(new_rows)
    rows = chunk.decode().split("\n")
    for name in changed:
        at, old_end = old_fields[name]
        start, end = new_fields[name]
        words = _words(old_rows[at:old_end], new_rows[start:end])
        if words is None:
            return None
        for number, (old, word) in enumerate(words, at):
            rows[number] = rows[number].removesuffix(old) + word
    return "\n".join(rows).encode()


def _fields(rows: Sequence[str]) -> dict[str, tuple[int, int]]:
    """From where to where the lines of each field are."""
    starts = [number for number, row in enumerate(rows) if row and row[0] not in " -"]
    return {
        rows[start].partition(":")[0]: (start, end)
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)
    }


def _words(old_rows: Sequence[str], new_rows: Sequence[str]) -> list[tuple[str, str]] | None:
    """For each line of a field the word that stands there and the one that is to; ``None``: more than that differs.

    Which item of a list was which before is not told by its line.
    """
    if len(old_rows) != len(new_rows) or any(row.lstrip(" ").startswith("-") for row in old_rows):
        return None
    found: list[tuple[str, str]] = []
    for old_row, new_row in zip(old_rows, new_rows, strict=True):
        name, _, old = old_row.partition(": ")
        new_name, _, new = new_row.partition(": ")
        if name != new_name or (old != new and not (_is_plain(old) and _is_plain(new))):
            return None
        found.append((old, new if old != new and not same(resolve_plain(old), resolve_plain(new)) else old))
    return found


def _is_plain(word: str) -> bool:
    """Of a line that was read: whether it says a word without quotes or brackets."""
    return bool(word) and word[0] not in " \"'[{"
