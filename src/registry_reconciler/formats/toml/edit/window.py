"""Splicing a few items of a long array of tables, or of a table of them, by way of a window.

See :mod:`registry_reconciler.formats.window`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
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
_FEW = 4
"""For so many edits each item is looked for by itself: to name all of them takes longer."""
_NAME = re.compile(r"[A-Za-z][\w-]*\Z", re.ASCII)
_IN_BRACES = rb"""([\w-]++)[ \t]*+=[ \t]*+\{(?:"[^"\\\n]*+"|[^"'#\n])*+(?<=\})\n"""
"""An item of a table that stands in braces, on one line, with nothing open behind it."""


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
    if WORD in data or b'"""' in data or b"'''" in data:
        return None
    return _opened_in_braces(data, name, edits) or _opened_below_headers(data, name, edits)


def _opened_below_headers(data: bytes, name: str, edits: Sequence[Edit]) -> Window | None:
    keyed = _is_keyed(edits[0])
    header = b"[%b." % name.encode() if keyed else b"[[%b]]" % name.encode()
    mark = b"\n" + header
    lines = b"\n" + data
    pieces = lines.split(mark)
    starts = list(accumulate(map(len, pieces[:-1]), lambda start, size: start + size + len(mark)))
    if len(starts) < LEAST:
        return None
    # With no other header below the first, and no array of tables above it, these are all items, and nothing else is.
    own = re.escape(header[1:]) + (rb"[\w-]+\]" if keyed else b"")
    other = re.compile(rb"\n(?:[ \t]+\[|\[(?!%b[ \t]*(?:#.*)?\r?(?:\n|\Z)))" % own)
    if b"[[" in data[: starts[0]] or other.search(lines, starts[0]):
        return None
    many = len(edits) > _FEW and keyed
    keys = {piece.partition(b"]")[0]: at for at, piece in enumerate(pieces[1:])} if many else {}

    def place_of(key: str) -> int:
        name = key.encode("utf-8", "surrogatepass")
        if many:
            return keys.get(name, -1)
        at = lines.find(b"%b%b]" % (mark, name)) if keyed else -1
        return bisect_left(starts, at) if at >= 0 else -1

    kept = _kept(edits, len(starts), place_of)
    if kept is None:
        return None
    newline = b"\r\n" if b"\r\n" in data else b"\n"

    def stand_in(run: bytes, number: int) -> tuple[bytes, bytes]:
        # The blank lines behind a run are those in front of what stays.
        own = b"%b%b-%d]" % (header, WORD, number) if keyed else header
        return b"%b%b%b = %d" % (own, newline, WORD, number), run.rstrip(b"\r\n")

    parts = [data[: starts[0]]]
    runs: list[tuple[bytes, bytes]] = []
    ranks = leave_out(data, [*starts, len(data)], kept, stand_in, parts, runs)
    return Window(b"".join(parts), {} if keyed else {name: ranks}, runs)


def _opened_in_braces(data: bytes, name: str, edits: Sequence[Edit]) -> Window | None:
    """As of tables with headers, of those in braces that stand on a line each below the header of their own table."""
    header = b"\n[%b]\n" % name.encode()
    start = (b"\n" + data).find(header) + len(header) - 1
    if not _is_keyed(edits[0]) or start < len(header) - 1:
        return None
    end = data.find(b"\n[", start) + 1 or len(data)
    text = data[start:end].rstrip(b"\n") + b"\n"
    found = re.findall(_IN_BRACES, text)
    lines = text.splitlines(keepends=True)
    if len(found) < max(len(lines), LEAST) or not re.fullmatch(rb"(?:%b)*+" % _IN_BRACES, text):
        return None
    keys = {key.decode(): at for at, key in enumerate(found)}
    kept = _kept(edits, len(lines), lambda key: keys.get(key, -1))
    if kept is None:
        return None

    def stand_in(run: bytes, number: int) -> tuple[bytes, bytes]:
        return b"%b-%d = { %b = %d }\n" % (WORD, number, WORD, number), run

    parts = [data[:start]]
    runs: list[tuple[bytes, bytes]] = []
    leave_out(data, list(accumulate(map(len, lines), initial=start)), kept, stand_in, parts, runs)
    parts.append(data[start + len(text) :])
    return Window(b"".join(parts), {}, runs)


def _kept(edits: Sequence[Edit], count: int, place_of: Callable[[str], int]) -> set[int] | None:
    """The items that are looked at; ``None`` where an edit is about another one.

    Args:
        place_of: gives the number of the item of a key; -1 where none has it.
    """
    kept = set(range(HEAD))
    for edit in edits:
        at = _index(edit, count, place_of)
        if not 0 <= at <= count:
            return None
        kept.update(range(at - NEAR, at + NEAR + 1))
        key = new_key(edit, 2)
        taken = place_of(key) if key is not None else -1
        kept.add(at if taken < 0 else taken)
    return kept


def _index(edit: Edit, count: int, place_of: Callable[[str], int]) -> int:
    path = path_of(edit)
    if isinstance(edit, Insert) and len(path) == 1:
        return count if edit.index is None else edit.index
    step = path[1]
    return place_of(step) if isinstance(step, str) else int(step)
