"""Locating, extracting and splicing items of long lists by looking at those items and their neighbours only.

All of it works on a file that :class:`registry_reconciler.formats.yaml.read.reader.ChunkReader` has proven to be cut
rightly: each item is a text of its own there, and says the same wherever it stands in a list of the same
column. So the ordinary functions can work on a window (:mod:`registry_reconciler.formats.window`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from registry_reconciler.formats.base import PlaceQuery
from registry_reconciler.formats.edits import Edit, Insert, Remove, Snippet
from registry_reconciler.formats.faults import DEFAULT_LIMITS
from registry_reconciler.formats.window import (
    HEAD,
    NEAR,
    WORD,
    Window,
    in_window,
    leave_out,
    new_key,
    path_of,
    splice_by,
)
from registry_reconciler.formats.yaml.edit.own_text import plain_items
from registry_reconciler.formats.yaml.edit.plain_updates import plain_updates
from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.formats.yaml.read.entries import entries_of
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import FieldPath, Json

LEAST_LINES = 400
"""Mappings of fewer are spliced as a whole."""
NEAR_GONE = 3
"""As :data:`NEAR`, of one that goes: no blank lines are counted for it."""
NEAR_CHANGED = 1
"""As :data:`NEAR`, of one that stays: it is a model of itself."""


def open_window(
    data: bytes,
    sections: Sequence[ListSection],
    wanted: Mapping[str, Iterable[tuple[int, int]]],
    head: int = HEAD,
) -> Window | None:
    """The window around some items; ``None`` where nothing can be left out.

    Args:
        wanted: by key: indexes, each with how many items on both sides are kept.
        head: how many items at the head of every list are kept.
    """
    if not sections or WORD in data:
        return None
    parts: list[bytes] = []
    ranks: dict[str, dict[int, int]] = {}
    runs: list[tuple[bytes, bytes]] = []
    position = 0
    for section in sections:
        starts = section.starts(data)
        kept = _kept(wanted.get(section.key, ()), len(starts) - 1, head)
        parts.append(data[position : section.start])
        ranks[section.key] = leave_out(data, starts, kept, partial(_stand_in, section.mark[1:]), parts, runs)
        position = section.end
    parts.append(data[position:])
    return Window(b"".join(parts), ranks, runs) if runs else None


def _stand_in(mark: bytes, run: bytes, number: int) -> tuple[bytes, bytes]:
    return b"%b%b-%d.\n" % (mark, WORD, number), run


def _open_entries(data: bytes, edits: Sequence[Edit], head: int) -> Window | None:
    """The window around some entries of a long mapping; ``None`` where an edit is about more."""
    names = {path_of(edit)[:1] for edit in edits}
    if (
        len(names) != 1
        or any(edit.document for edit in edits)
        or data.count(b"\n") < LEAST_LINES
        or WORD in data
    ):
        return None
    entries = entries_of(data, SimpleReader(DEFAULT_LIMITS.max_int_digits), DEFAULT_LIMITS.max_scalar)
    if entries is None or names != {(entries.key,)}:
        return None
    numbers = {key: number for number, key in enumerate(entries.values)}
    wanted: list[tuple[int, int]] = []
    for edit in edits:
        path = path_of(edit)
        if len(path) == 1 and not (isinstance(edit, Insert) and edit.kind == "map"):
            return None
        key = path[1] if len(path) > 1 else edit.before if isinstance(edit, Insert) else None
        number = len(numbers) if key is None else numbers.get(str(key), -1)
        if number < 0:
            return None
        goes = isinstance(edit, Remove) and len(path) == 2
        wanted.append((number, NEAR if len(path) == 1 else NEAR_GONE if goes else NEAR_CHANGED))
        wanted.append((numbers.get(new_key(edit, 2) or "", number), 0))
    starts = entries.starts(data)
    parts: list[bytes] = [data[: entries.start]]
    runs: list[tuple[bytes, bytes]] = []

    def stand_in(run: bytes, number: int) -> tuple[bytes, bytes]:
        return b"%b%b-%d: %d\n" % (entries.indent, WORD, number, number), run

    leave_out(data, starts, _kept(wanted, len(starts) - 1, head), stand_in, parts, runs)
    parts.append(data[entries.end :])
    return Window(b"".join(parts), {}, runs) if runs else None


def _kept(wanted: Iterable[tuple[int, int]], count: int, head: int) -> set[int]:
    kept = set(range(min(head, count)))
    for index, near in wanted:
        kept.update(range(max(index - near, 0), min(index + near + 1, count)))
    return kept


def splice_items(
    data: bytes, sections: Sequence[ListSection], edits: Sequence[Edit], head: int = HEAD
) -> bytes:
    """What :func:`registry_reconciler.formats.yaml.edit.splice.splice` gives, by way of a window if there is one.

    Raises:
        SpliceError: as ``splice`` does.
    """
    plain = plain_updates(data, sections, edits) if sections and edits else None
    if plain is not None:
        return plain
    from registry_reconciler.formats.yaml.edit.splice import splice

    wanted = _touched(data, sections, edits)
    window = open_window(data, sections, wanted, head) if wanted is not None else None
    if not sections and edits:
        window = _open_entries(data, edits, head)
    return splice_by(window, data, edits, splice)


def _touched(
    data: bytes, sections: Sequence[ListSection], edits: Sequence[Edit]
) -> dict[str, list[tuple[int, int]]] | None:
    """The items that edits touch, as :func:`open_window` wants them; ``None`` where one is about more."""
    counts = {section.key: len(section.starts(data)) - 1 for section in sections}
    wanted: dict[str, list[tuple[int, int]]] = {key: [] for key in counts}
    for edit in edits:
        path = path_of(edit)
        if edit.document or not path:
            return None
        key = path[0]
        if not isinstance(key, str) or key not in counts:
            continue
        index: object = path[1] if len(path) > 1 else None
        if len(path) == 1:
            if not isinstance(edit, Insert) or edit.kind != "list":
                return None
            index = counts[key] if edit.index is None else edit.index
        if not isinstance(index, int) or not 0 <= index <= counts[key]:
            return None
        goes = isinstance(edit, Remove) and len(path) == 2
        wanted[key].append((index, NEAR if len(path) == 1 else NEAR_GONE if goes else NEAR_CHANGED))
    return wanted


def extract_items(
    data: bytes,
    sections: Sequence[ListSection],
    places: Sequence[tuple[int, FieldPath]],
    values: Sequence[Json] = (),
) -> list[Snippet]:
    """What :func:`registry_reconciler.formats.yaml.edit.splice.extract_many` gives. Raises as it does.

    Args:
        values: what was read at each place, if the caller knows.
    """
    plain = plain_items(data, sections, places, values) if values and sections else [None] * len(places)
    others = [place for place, snippet in zip(places, plain, strict=True) if snippet is None]
    rest = iter(_extract(data, sections, others) if others else ())
    return [next(rest) if snippet is None else snippet for snippet in plain]


def _extract(
    data: bytes, sections: Sequence[ListSection], places: Sequence[tuple[int, FieldPath]]
) -> list[Snippet]:
    from registry_reconciler.formats.yaml.edit.splice import extract_many

    window = None
    keys = {section.key for section in sections}
    wanted = [_item(keys, document, path) for document, path in places]
    if all(wanted):
        by_key: dict[str, list[tuple[int, int]]] = {}
        for key, index in filter(None, wanted):
            by_key.setdefault(key, []).append((index, 1))
        window = open_window(data, sections, by_key, head=0)
    if window is None or not all(path[1] in window.ranks[str(path[0])] for _, path in places):
        return extract_many(data, places)
    moved = [(0, in_window(path, window.ranks[str(path[0])])) for _, path in places]
    return extract_many(window.text, moved)


def _item(keys: AbstractSet[str], document: int, path: FieldPath) -> tuple[str, int] | None:
    """The section and the item of it that a place lies in."""
    if document or len(path) < 2 or not isinstance(path[1], int) or path[0] not in keys:
        return None
    return str(path[0]), path[1]


def locate_items(
    data: bytes, sections: Sequence[ListSection], places: Sequence[PlaceQuery]
) -> list[tuple[int, int]]:
    """What :func:`registry_reconciler.formats.yaml.read.locate.locate` gives."""
    from registry_reconciler.formats.yaml.read.locate import locate

    found: dict[PlaceQuery, tuple[int, int]] = {}
    keys = {section.key for section in sections}
    by_key: dict[str, list[PlaceQuery]] = {}
    for asked_place in places:
        if item := _item(keys, asked_place[0], asked_place[1]):
            by_key.setdefault(item[0], []).append(asked_place)
    for section in sections:
        mine = by_key.get(section.key)
        found.update(_locate_in(data, section, mine) if mine else ())
    others = [place for place in places if place not in found]
    found.update(zip(others, locate(data, others), strict=True))
    return [found[place] for place in places]


def _locate_in(
    data: bytes, section: ListSection, places: Sequence[PlaceQuery]
) -> Iterator[tuple[PlaceQuery, tuple[int, int]]]:
    """Where items are, and what stands in them; nothing of items that the list does not have."""
    starts = section.starts(data)
    wanted = sorted({int(path[1]) for _, path, _ in places if 0 <= int(path[1]) < len(starts) - 1})
    rows = dict(zip(wanted, _rows(data, [starts[number] for number in wanted]), strict=True))
    inside: list[PlaceQuery] = []
    for place in places:
        number = int(place[1][1])
        if number not in rows:
            continue
        first = starts[number] + section.indent + 2
        # A letter behind the dash is the first of the item, whatever follows: nothing needs to be composed for it.
        if len(place[1]) == 2 and data[first : first + 1].isalnum():
            yield place, (rows[number], section.indent + 3)
        else:
            inside.append(place)
    if inside:
        yield from _locate_inside(data, starts, rows, inside)


def _rows(data: bytes, offsets: Sequence[int]) -> Iterator[int]:
    """The lines, from 1, of offsets in ascending order."""
    row, position = 1, 0
    for offset in offsets:
        row += data.count(b"\n", position, offset)
        position = offset
        yield row


def _locate_inside(
    data: bytes, starts: Sequence[int], rows: Mapping[int, int], places: Sequence[PlaceQuery]
) -> Iterator[tuple[PlaceQuery, tuple[int, int]]]:
    """Composes the items that are asked about, below a key line of their own, and moves the lines."""
    from registry_reconciler.formats.yaml.read.locate import locate

    parts = [b"k:\n"]
    rank: dict[int, int] = {}
    shift: dict[int, int] = {}
    line = 2
    for number in sorted({int(path[1]) for _, path, _ in places}):
        text = data[starts[number] : starts[number + 1]]
        rank[number] = len(parts) - 1
        shift[number] = rows[number] - line
        line += text.count(b"\n")
        parts.append(text)
    asked = [(0, ("k", rank[int(path[1])], *path[2:]), on_key) for _, path, on_key in places]
    for place, (row, column) in zip(places, locate(b"".join(parts), asked), strict=True):
        yield place, (row + shift[int(place[1][1])], column)
