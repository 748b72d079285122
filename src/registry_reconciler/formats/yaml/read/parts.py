"""Reading a file of which an earlier text was read: only the items of its list that are new.

What :mod:`.chunks` proves of a cut holds for a text that begins and ends as the earlier one does: the items outside of
what differs say what they said.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from registry_reconciler.base.sequences import common_length
from registry_reconciler.formats.faults import DEFAULT_LIMITS, TextFile
from registry_reconciler.formats.scan import scan
from registry_reconciler.formats.yaml.read.chunks import ListSection, core, cut
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.model.entry import Json

_LAST = b"last-of-some-items-71c3d2"


class _PartialFile(Struct):
    """A file that was read in part: what it says of each of its items."""

    data: bytes
    section: ListSection
    starts: list[int]
    values: list[Json]


class PartReader(ChunkReader):
    """Reads what is new in the text of a file that was read before, in part, and takes the rest from there.

    Args:
        earlier: read other texts before: items that stand in those are not parsed again.
    """

    def __init__(self, earlier: ChunkReader | None = None) -> None:
        super().__init__()
        if earlier is not None:
            self._known = earlier._known
        self._bases: list[_PartialFile] = []

    def base(self, data: bytes, section: ListSection, starts: list[int], values: list[Json]) -> None:
        """Remember a file: later texts are held against it."""
        self._bases.append(_PartialFile(data, section, starts, values))

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

    def _changed(self, base: _PartialFile, data: bytes, first: int, last: int) -> TextFile | None:
        """A text that begins and ends as a known one does; ``None`` where it cannot be cut there."""
        section = base.section
        moved = len(data) - len(base.data)
        middle = data[base.starts[first] : base.starts[last] + moved]
        if middle and not (middle.startswith(section.mark[1:]) and middle.endswith(b"\n")):
            return None
        # Only what is new is looked at: the file without the items that are known to be as they were.
        between = data[: section.start] + middle + data[section.end + moved :]
        now = ListSection(
            section.key, section.indent, section.head, section.start, section.start + len(middle)
        )
        if scan(between, DEFAULT_LIMITS) or (middle and cut(between) != (now,)):
            return None
        values = self._values(base, first, last, now.items(between) if middle else [], data, moved)
        if values is None:
            return None
        document, found = values
        document[section.key] = [*base.values[:first], *found, *base.values[last:]]
        whole = ListSection(section.key, section.indent, section.head, section.start, section.end + moved)
        return TextFile((document,), (), (whole,))

    def _values(
        self, base: _PartialFile, first: int, last: int, items: list[bytes], data: bytes, moved: int
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
        self, head: bytes, tail: bytes, section: ListSection, items: Sequence[bytes]
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


def _differing(base: _PartialFile, data: bytes) -> _Span | None:
    """Where a text differs from a known file; ``None`` where it does around the list too."""
    old = base.data
    size = min(len(old), len(data))
    begin = common_length(size, lambda at, stop: old[at:stop] == data[at:stop])
    turn, back = len(old), len(data)
    rest = common_length(
        size - begin, lambda at, stop: old[turn - stop : turn - at] == data[back - stop : back - at]
    )
    if begin < base.section.start or rest < len(old) - base.section.end:
        return None
    # An item is surely the same when the next one begins alike.
    first = max(bisect_right(base.starts, begin) - 2, 0)
    last = max(bisect_left(base.starts, len(old) - rest), first)
    return _Span(first, last, len(old) + len(data) - 2 * (begin + rest))
