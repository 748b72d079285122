"""Registry files of remembered kinds as they are now: which items are what they were, and the values of some."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.memory import (
    LiveFile,
    blocks_of,
    edges_digest,
    item_digest,
    section_of,
)
from registry_reconciler.formats.faults import DEFAULT_LIMITS, TextFile
from registry_reconciler.formats.scan import scan
from registry_reconciler.formats.unread import Unread
from registry_reconciler.formats.yaml.read.chunks import Section, core, cut
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import Json

Parts: TypeAlias = Callable[[Sequence[tuple[int, int]]], list[bytes]]

_LAST = b"last-of-some-items-71c3d2"


class _Base(Struct):
    """A file that was read in part: what it says of each of its items."""

    data: bytes
    section: Section
    starts: list[int]
    values: list[Json]


class PartReader(ChunkReader):
    """Reads what is new in the text of a file that was read before, in part, and takes the rest from there."""

    def __init__(self) -> None:
        super().__init__()
        self._bases: list[_Base] = []

    def base(self, data: bytes, section: Section, starts: list[int], values: list[Json]) -> None:
        """Remember a file: later texts are held against it."""
        self._bases.append(_Base(data, section, starts, values))

    def read(self, data: bytes) -> TextFile:
        """What :meth:`ChunkReader.read` says, but for the values of items that were left unread."""
        # The text of a file has more in common with what it was than with any other file.
        alike = [(span, base) for base in self._bases if (span := _differing(base, data)) is not None]
        if alike:
            span, base = min(alike, key=lambda pair: pair[0].differing)
            found = self._changed(base, data, span.first, span.last)
            if found is not None:
                return found
        return super().read(data)

    def _changed(self, base: _Base, data: bytes, first: int, last: int) -> TextFile | None:
        """A text that begins and ends as a known one does; ``None`` where it cannot be cut there."""
        section = base.section
        moved = len(data) - len(base.data)
        middle = data[base.starts[first] : base.starts[last] + moved]
        if middle and not (middle.startswith(section.mark[1:]) and middle.endswith(b"\n")):
            return None
        # Only what is new is looked at: the file without the items that are known to be as they were.
        between = data[: section.start] + middle + data[section.end + moved :]
        now = Section(section.key, section.indent, section.head, section.start, section.start + len(middle))
        if scan(between, DEFAULT_LIMITS) or (middle and cut(between) != (now,)):
            return None
        values = self._values(base, first, last, now.items(between) if middle else [], data, moved)
        if values is None:
            return None
        document, found = values
        document[section.key] = [*base.values[:first], *found, *base.values[last:]]
        whole = Section(section.key, section.indent, section.head, section.start, section.end + moved)
        return TextFile((document,), (), (whole,))

    def _values(
        self, base: _Base, first: int, last: int, items: list[bytes], data: bytes, moved: int
    ) -> tuple[dict[str, Json], list[Json]] | None:
        """The rest of the document, and the values of the items between two that are as they were."""
        section = base.section
        inside = len(section.mark) - 1
        known = {
            core(base.data[base.starts[at] + inside : base.starts[at + 1] - 1], section.indent): base.values[
                at
            ]
            for at in range(first, last)
        }
        texts = [core(item, section.indent) for item in items]
        asked = [text for text in texts if text not in known]
        document = self.some(data[: section.start - 1], data[section.end + moved :], section, asked)
        if document is None:
            return None
        known.update(zip(asked, document[section.key], strict=True))
        return document, [known[text] for text in texts]

    def some(
        self, head: bytes, tail: bytes, section: Section, items: Sequence[bytes]
    ) -> dict[str, Json] | None:
        """The document of a file with only some of the items of its list; ``None`` where it has to be read whole.

        That these items say the same in the whole file is what
        :mod:`registry_reconciler.formats.yaml.read.chunks` proves:
        they are read below their own key line, with a word behind them that has to come back as the last one.

        Args:
            head: of the file, up to the line end before the first item.
            tail: what stands behind the list.
        """
        texts = [*(core(item, section.indent) for item in items), _LAST]
        data = b"".join((head, *(section.mark + text for text in texts), b"\n", tail))
        read = super().read(data)
        # Without sections it was read the plain way, and an anchor elsewhere could mean something here.
        if (
            data.count(_LAST) != 1
            or read.faults
            or not read.sections
            or not isinstance(read.documents[0], dict)
        ):
            return None
        found = read.documents[0].get(section.key)
        if not isinstance(found, list) or len(found) != len(texts) or found[-1] != _LAST.decode():
            return None
        return {**read.documents[0], section.key: found[:-1]}


class _Span(NamedTuple):
    """The items of a known file outside of which a text is the same, and how many bytes are not."""

    first: int
    last: int
    differing: int


def _differing(base: _Base, data: bytes) -> _Span | None:
    """Where a text differs from a known file; ``None`` where it does around the list too."""
    old = base.data
    size = min(len(old), len(data))
    begin = _agreeing(size, lambda at, stop: old[at:stop] == data[at:stop])
    turn, back = len(old), len(data)
    rest = _agreeing(
        size - begin, lambda at, stop: old[turn - stop : turn - at] == data[back - stop : back - at]
    )
    if begin < base.section.start or rest < len(old) - base.section.end:
        return None
    # An item is surely the same when the next one begins alike.
    first = max(bisect_right(base.starts, begin) - 2, 0)
    last = max(bisect_left(base.starts, len(old) - rest), first)
    return _Span(first, last, len(old) + len(data) - 2 * (begin + rest))


_STEP = 65_536


def _agreeing(most: int, agree: Callable[[int, int], bool]) -> int:
    """How many bytes agree, up to ``most``; ``agree`` says so of those between two counts."""
    low = 0
    while low < most and agree(low, min(low + _STEP, most)):
        low = min(low + _STEP, most)
    high = min(low + _STEP, most)
    while low < high:
        middle = (low + high + 1) // 2
        if agree(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


_NOBODY = Unread("", frozenset())


class LiveText(Struct):
    """One registry file of a remembered kind.

    Attributes:
        starts: the offset of the first line of each item, and behind the last.
        entries: the number of the entry of each item; ``None`` where the text is not remembered.
        places: the inverse.
        new: indexes of the items whose text is not remembered.
        size: of the file.
        parts: the bytes between some pairs of offsets.
    """

    path: str
    section: Section
    starts: list[int]
    entries: Sequence[int | None]
    carried: frozenset[str]
    places: dict[int, int]
    new: tuple[int, ...]
    size: int
    parts: Parts

    def some(self, numbers: Collection[int]) -> SourceFile:
        """The file with the values of what is new and of some entries, and nothing of the others, not even its bytes.

        Args:
            numbers: of entries; those that are not in the file are left out.
        """
        values: list[Json] = [_NOBODY] * len(self.entries)
        document = self._document(PartReader(), numbers, values)
        return SourceFile(self.path, None, (document,), True, (), (self.section,))

    def source(self, reader: PartReader, numbers: Collection[int], addresses: Sequence[str]) -> SourceFile:
        """The file with the same values and the others left unread; ``reader`` knows it from now on.

        Args:
            addresses: of the entries, by number.
        """
        values: list[Json] = [
            None if number is None else Unread(addresses[number].partition("/")[2], self.carried)
            for number in self.entries
        ]
        document = self._document(reader, numbers, values)
        (data,) = self.parts(((0, self.size),))
        reader.base(data, self.section, self.starts, document[self.section.key])
        self.section.tell_starts(data, self.starts)
        return SourceFile(self.path, data, (document,), True, (), (self.section,))

    def _document(self, reader: PartReader, numbers: Collection[int], values: list[Json]) -> dict[str, Json]:
        """The document, with some of the values replaced by those that the items say."""
        section = self.section
        asked = sorted({*self.new, *(self.places[number] for number in numbers if number in self.places)})
        inside = len(section.mark) - 1
        spans = [(self.starts[index] + inside, self.starts[index + 1] - 1) for index in asked]
        head, tail, *items = self.parts(((0, section.start - 1), (section.end, self.size), *spans))
        document = reader.some(head, tail, section, items)
        if document is None:
            raise FullPlanRequired(f"{self.path} has to be read whole")
        for index, value in zip(asked, document[section.key], strict=True):
            values[index] = value
        document[section.key] = values
        return document


def parts_of(data: bytes) -> Parts:
    """The bytes between some pairs of offsets, of a file that was read."""
    return lambda spans: [data[start:stop] for start, stop in spans]


def unchanged_text(path: str, file: LiveFile, parts: Parts) -> LiveText:
    """A registry file that has the bytes that it had."""
    section = section_of(file)
    places = dict(zip(file.entries, range(len(file.entries)), strict=True))
    starts = [*file.starts, section.end]
    return LiveText(
        path, section, starts, file.entries, frozenset(file.carried), places, (), file.size, parts
    )


def changed_text(path: str, data: bytes, file: LiveFile) -> LiveText:
    """A registry file with other bytes: its items are known again by their texts, and most of them by blocks."""
    old = section_of(file)
    moved = len(data) - file.size
    if old.end + moved < old.start or edges_digest(data, old.start, old.end + moved) != file.edges:
        raise FullPlanRequired(f"{path} differs around its list")
    first, last = _same_blocks(data, file, moved)
    start, stop = [*file.starts, old.end][first], [*file.starts, old.end][last] + moved
    middle = data[start:stop]
    between = data[: old.start] + middle + data[old.end + moved :]
    now = Section(old.key, old.indent, old.head, old.start, old.start + len(middle))
    plain = not middle or (middle.startswith(old.mark[1:]) and middle.endswith(b"\n"))
    if not plain or scan(between, DEFAULT_LIMITS) or (middle and cut(between) != (now,)):
        raise FullPlanRequired(f"{path} is built otherwise")
    known = file.by_digest(first, last)
    known_numbers = [known.get(item_digest(item)) for item in now.items(between)] if middle else []
    entries = [*file.entries[:first], *known_numbers, *file.entries[last:]]
    places = {number: index for index, number in enumerate(entries) if number is not None}
    new = tuple(first + index for index, number in enumerate(known_numbers) if number is None)
    if len(places) + len(new) != len(entries):
        raise FullPlanRequired(f"{path} says something twice")
    inside = [start - old.start + at for at in now.starts(between)[:-1]] if middle else []
    starts = [*file.starts[:first], *inside, *(at + moved for at in file.starts[last:]), old.end + moved]
    section = Section(old.key, old.indent, old.head, old.start, old.end + moved)
    return LiveText(
        path, section, starts, entries, frozenset(file.carried), places, new, len(data), parts_of(data)
    )


def _same_blocks(data: bytes, file: LiveFile, moved: int) -> tuple[int, int]:
    """How many items at the beginning are the same, and from which on at the end."""
    bounds = blocks_of([*file.starts, file.section[4]])
    first, last = 0, len(bounds)
    dash, end = section_of(file).mark[1:], file.section[4] + moved
    while first < last:
        start, stop = bounds[first]
        # Else a comment or more of an item follows, which belongs to the last one of the block.
        closed = stop == end or data.startswith(dash, stop)
        if not closed or item_digest(data[start:stop]) != file.blocks[first]:
            break
        first += 1
    while last > first:
        start, stop = bounds[last - 1]
        if (
            start + moved < bounds[first][0]
            or item_digest(data[start + moved : stop + moved]) != file.blocks[last - 1]
        ):
            break
        last -= 1
    ends = [start for start, _ in bounds] + [file.section[4]]
    return bisect_left(file.starts, ends[first]), bisect_left(file.starts, ends[last])


def gone(text: LiveText, file: LiveFile) -> Iterator[int]:
    """The entries whose text is no more there as it was."""
    return (number for number in file.entries if number not in text.places)
