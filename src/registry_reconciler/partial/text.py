"""Registry files of remembered kinds as they are now: which items are what they were, and the values of some."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import field

from registry_reconciler.model import Json
from registry_reconciler.partial import Whole
from registry_reconciler.partial.memory import LiveFile, item_digest, section_of
from registry_reconciler.records import dataclass
from registry_reconciler.source import SourceFile
from registry_reconciler.yamltext.chunks import Section, core, cut
from registry_reconciler.yamltext.faults import DEFAULT_LIMITS, YamlFile
from registry_reconciler.yamltext.reader import ChunkReader
from registry_reconciler.yamltext.scan import scan
from registry_reconciler.yamltext.unread import Unread

_LAST = b"last-of-some-items-71c3d2"


class PartReader(ChunkReader):
    """Reads items that are not known and leaves the known ones unread."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[int, str], Unread] = {}

    def read(self, data: bytes) -> YamlFile:
        """What :meth:`ChunkReader.read` says, but for the values of items that are known."""
        found = self._in_part(data) if self.known else None
        return found or super().read(data)

    def _in_part(self, data: bytes) -> YamlFile | None:
        sections = cut(data)
        if len(sections) != 1 or scan(data, DEFAULT_LIMITS):
            return None
        section = sections[0]
        items = [core(item, section.indent) for item in section.items(data)]
        values: list[Json] = [self.known.get((section.indent, item_digest(item))) for item in items]
        asked = [index for index, value in enumerate(values) if value is None]
        document = self.some(data, section, [items[index] for index in asked])
        if document is None or len(asked) == len(items):
            return None
        for index, value in zip(asked, document[section.key], strict=True):
            values[index] = value
        document[section.key] = values
        return YamlFile((document,), (), sections)

    def some(self, data: bytes, section: Section, items: list[bytes]) -> dict[str, Json] | None:
        """The document of a file with only some of the items of its list; ``None`` where it has to be read whole.

        That these items say the same in the whole file is what :mod:`registry_reconciler.yamltext.chunks` proves:
        they are read below their own key line, with a word behind them that has to come back as the last one.
        """
        if _LAST in data:
            return None
        parts = [data[: section.start - 1], *(section.mark + item for item in (*items, _LAST)), b"\n"]
        read = super().read(b"".join((*parts, data[section.end :])))
        # Without sections it was read the plain way, and an anchor elsewhere could mean something here.
        if read.faults or not read.sections or not isinstance(read.documents[0], dict):
            return None
        found = read.documents[0].get(section.key)
        if not isinstance(found, list) or len(found) != len(items) + 1 or found[-1] != _LAST.decode():
            return None
        return {**read.documents[0], section.key: found[:-1]}


@dataclass(slots=True)
class LiveText:
    """One registry file of a remembered kind.

    Attributes:
        entries: the number of the entry of each item; ``None`` where the text is not remembered.
        places: the inverse.
    """

    path: str
    data: bytes
    section: Section
    entries: list[int | None]
    digests: list[str]
    carried: frozenset[str]
    places: dict[int, int] = field(default_factory=dict)
    _items: list[bytes] = field(default_factory=list)

    @property
    def new(self) -> list[int]:
        """Indexes of the items whose text is not remembered."""
        return [index for index, number in enumerate(self.entries) if number is None]

    def items(self) -> list[bytes]:
        """The texts of the items."""
        if not self._items:
            self._items = [core(item, self.section.indent) for item in self.section.items(self.data)]
        return self._items

    def source(self, reader: PartReader, numbers: Collection[int], addresses: Sequence[str]) -> SourceFile:
        """The file with the values of what is new and of some entries; ``reader`` knows the others from now on.

        Args:
            numbers: of entries; those that are not in the file are left out.
            addresses: of the entries, by number.
        """
        texts = self.items()
        wanted = {*self.new, *(self.places[number] for number in numbers if number in self.places)}
        asked = sorted(wanted)
        document = reader.some(self.data, self.section, [texts[index] for index in asked])
        if document is None:
            raise Whole(f"{self.path} has to be read whole")
        values: list[Json] = [None] * len(texts)
        for index, value in zip(asked, document[self.section.key], strict=True):
            values[index] = value
        for index, number in enumerate(self.entries):
            if index not in wanted:
                assert number is not None, "what is new is wanted"
                told = addresses[number].partition("/")[2]
                known = (self.section.indent, self.digests[index])
                values[index] = reader.known.setdefault(known, Unread(told, self.carried))
        document[self.section.key] = values
        return SourceFile(self.path, self.data, (document,), True, (), (self.section,))


def unchanged_text(path: str, data: bytes, file: LiveFile) -> LiveText:
    """A registry file that has the bytes that it had."""
    places = dict(zip(file.entries, range(len(file.entries)), strict=True))
    carried = frozenset(file.carried)
    return LiveText(path, data, section_of(file), list(file.entries), file.digests, carried, places)


def changed_text(path: str, data: bytes, file: LiveFile) -> LiveText:
    """A registry file with other bytes: its items are known again by their texts."""
    sections = cut(data)
    if len(sections) != 1 or sections[0].key != file.section[0] or sections[0].indent != file.section[1]:
        raise Whole(f"{path} is built otherwise")
    if scan(data, DEFAULT_LIMITS):
        raise Whole(f"{path} is not plain")
    section = sections[0]
    items = [core(item, section.indent) for item in section.items(data)]
    digests = list(map(item_digest, items))
    known = dict(zip(file.digests, file.entries, strict=True))
    entries = [known.get(digest) for digest in digests]
    places = {number: index for index, number in enumerate(entries) if number is not None}
    if len(places) != sum(number is not None for number in entries):
        raise Whole(f"{path} says something twice")
    return LiveText(path, data, section, entries, digests, frozenset(file.carried), places, items)


def gone(text: LiveText, file: LiveFile) -> Iterator[int]:
    """The entries whose text is no more there as it was."""
    return (number for number in file.entries if number not in text.places)
