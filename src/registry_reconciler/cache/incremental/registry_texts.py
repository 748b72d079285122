"""Registry files of remembered kinds as they are now: which items are what they were, and the values of some."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.memory import (
    LiveFile,
    blocks_of,
    edges_digest,
    item_digest,
    section_of,
)
from registry_reconciler.formats.faults import DEFAULT_LIMITS
from registry_reconciler.formats.scan import scan
from registry_reconciler.formats.unread import Unread
from registry_reconciler.formats.yaml.read.chunks import ListSection, cut
from registry_reconciler.formats.yaml.read.parts import PartReader
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import Json

Parts: TypeAlias = Callable[[Sequence[tuple[int, int]]], list[bytes]]

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
    section: ListSection
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
    now = ListSection(old.key, old.indent, old.head, old.start, old.start + len(middle))
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
    section = ListSection(old.key, old.indent, old.head, old.start, old.end + moved)
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
