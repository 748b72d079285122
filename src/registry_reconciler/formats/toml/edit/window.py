"""Splicing a few items of a long array of tables, or of a table of them, by way of a window.

See :mod:`registry_reconciler.formats.window`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate

from registry_reconciler.formats.edits import Edit, Insert, ReplaceDocument
from registry_reconciler.formats.toml.edit.splice import splice
from registry_reconciler.formats.window import (
    HEAD,
    NEAR,
    WORD,
    Window,
    leave_out,
    new_key,
    path_of,
    splice_by,
)

LEAST = 200
"""Shorter ones are spliced as a whole."""
_NAME = re.compile(r"[A-Za-z][\w-]*\Z", re.ASCII)


def splice_items(data: bytes, edits: Sequence[Edit]) -> bytes:
    """What :func:`.splice.splice` gives, by way of a window if there is one. Raises as it does."""
    name = _container_of(edits)
    window = _opened(data, name, edits) if name is not None else None
    return splice_by(window, data, edits, splice)


def _container_of(edits: Sequence[Edit]) -> str | None:
    """The array or the table at the top that all edits are about, each about one item of it."""
    names = set()
    for edit in edits:
        if isinstance(edit, ReplaceDocument) or edit.document:
            return None
        path = path_of(edit)
        if not path or (len(path) == 1 and not (isinstance(edit, Insert) and edit.before is None)):
            return None
        names.add((path[0], _is_keyed(edit)))
    if len(names) != 1:
        return None
    name, _ = names.pop()
    return name if isinstance(name, str) and _NAME.match(name) else None


def _is_keyed(edit: Edit) -> bool:
    """Whether an edit is about an item of a table, not of an array."""
    path = path_of(edit)
    return isinstance(edit, Insert) and edit.kind == "map" if len(path) == 1 else isinstance(path[1], str)


def _opened(data: bytes, name: str, edits: Sequence[Edit]) -> Window | None:
    keyed = _is_keyed(edits[0])
    header = b"[%b." % name.encode() if keyed else b"[[%b]]" % name.encode()
    mark = b"\n" + header
    pieces = (b"\n" + data).split(mark)
    starts = list(accumulate(map(len, pieces[:-1]), lambda start, size: start + size + len(mark)))
    if len(starts) < LEAST or WORD in data or b'"""' in data or b"'''" in data:
        return None
    # With no other header below the first, and no array of tables above it, these are all items, and nothing else is.
    own = re.escape(header[1:]) + (rb"[\w-]+\]" if keyed else b"")
    other = re.compile(rb"\n(?:[ \t]+\[|\[(?!%b[ \t]*(?:#.*)?\r?(?:\n|\Z)))" % own)
    if b"[[" in data[: starts[0]] or other.search(b"\n%b" % data[starts[0] :]):
        return None
    keys = {piece.partition(b"]")[0].decode(): at for at, piece in enumerate(pieces[1:])} if keyed else {}
    kept = set(range(HEAD))
    for edit in edits:
        at = _index(edit, len(starts), keys)
        if not 0 <= at <= len(starts):
            return None
        kept.update(range(at - NEAR, at + NEAR + 1))
        kept.add(keys.get(new_key(edit, 2) or "", at))
    newline = b"\r\n" if b"\r\n" in data else b"\n"

    def stand_in(run: bytes, number: int) -> tuple[bytes, bytes]:
        # The blank lines behind a run are those in front of what stays.
        own = b"%b%b-%d]" % (header, WORD, number) if keyed else header
        return b"%b%b%b = %d" % (own, newline, WORD, number), run.rstrip(b"\r\n")

    parts = [data[: starts[0]]]
    runs: list[tuple[bytes, bytes]] = []
    ranks = leave_out(data, [*starts, len(data)], kept, stand_in, parts, runs)
    return Window(b"".join(parts), {} if keyed else {name: ranks}, runs)


def _index(edit: Edit, count: int, keys: Mapping[str, int]) -> int:
    path = path_of(edit)
    if isinstance(edit, Insert) and len(path) == 1:
        return count if edit.index is None else edit.index
    step = path[1]
    return keys.get(step, -1) if isinstance(step, str) else int(step)
