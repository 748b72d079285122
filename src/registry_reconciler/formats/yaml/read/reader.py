"""Reading many files of which much is the same text: each item of a list is parsed once.

What stands byte for byte in a fragment and in a registry is the greater part of both. :class:`ChunkReader`
remembers the items it has read by their text. The answer is always that of
:func:`registry_reconciler.formats.yaml.read.document.read_yaml`, findings included: a file that cannot be
proven to be cut
rightly (:mod:`chunks` says how) is read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from registry_reconciler.base.progress import counted
from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits, TextFile
from registry_reconciler.formats.scan import scan
from registry_reconciler.formats.yaml.read.chunks import ListSection, cores, cut
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.entries import entries_of
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import Json

_WORD = b"end-of-list-5e0c1f6b"
_EMPTY_HEAD = re.compile(rb"(?:[ ]*(?:#[^\n]*)?\n)*(?:---[ ]*\n(?:[ ]*(?:#[^\n]*)?\n)*)?")
_GAP = re.compile(rb"(?:[ ]*(?:#[^\n]*)?\n)*")
_KEY_ALONE = re.compile(_GAP.pattern + rb"[A-Za-z0-9_.-]+:(?:[ ]+#[^\n]*|[ ]*)\n" + _GAP.pattern)
_LONGEST_KEY = 100
"""libyaml takes keys of up to 1024 characters."""
_LEAST_DEPTH = 2
_DEEPEST = 50
"""Deeper than all that is read without the parser."""
_MANY = 200
"""To make a pattern of an item costs as much as to read so many of them."""


class ChunkReader:
    """Reads the files of one run. Values are shared between files, so nobody may change one in place."""

    def __init__(self, limits: ReadingLimits = DEFAULT_LIMITS, *, many: int = _MANY) -> None:
        """``many``: of so many items that are new it is tried whether all of them are alike."""
        self._limits = limits
        self._many = many
        self._known: dict[int, dict[bytes, Json]] = {}
        self._simple = SimpleReader(limits.max_int_digits)

    def read(self, data: bytes) -> TextFile:
        """What :func:`read_yaml` says of a file."""
        if scan(data, self._limits):
            return read_yaml(data, self._limits)
        file = self._by_items(data)
        if file is None or self._holds_too_much(data, file):
            return read_yaml(data, self._limits, scanned=True)
        return file

    def _holds_too_much(self, data: bytes, file: TextFile) -> bool:
        """Whether there are more values than may be: the parser, which counts them, says that."""
        most = self._limits.max_nodes
        # Most files are so small that nothing has to be counted; of others the marks tell at most how many there are.
        if 2 * len(data) <= most:
            return False
        return _most_values(data) > most and sum(map(_count, file.documents)) > most

    def _by_items(self, data: bytes) -> TextFile | None:
        sections = () if _WORD in data else cut(data)
        if not sections:
            return self._by_entries(data)
        # The head is read twice. Where it is most of a file, as of one entry with short lists, items gain nothing:
        # plans of such files take a tenth less time so.
        if sections[0].head > len(data) // 2:
            return None
        if not self._head_is_whole(data[: sections[0].head]):
            return None
        items = [cores(data, section) for section in sections]
        asked = [self._unknown(s.indent, own) for s, own in zip(sections, items, strict=True)]
        document = None if any(asked) else self._nothing_left(data, sections)
        if document is None:
            document = self._read_reduced(_reduced(data, sections, asked))
        if document is None or not _proven(document, sections, asked):
            return None
        for section, unknown, own in zip(sections, asked, items, strict=True):
            known = self._known[section.indent]
            known.update(zip(unknown, document[section.key], strict=False))
            document[section.key] = [known[item] for item in own]
        return TextFile((document,), (), sections)

    def _by_entries(self, data: bytes) -> TextFile | None:
        """As by items, of a mapping that has as many entries."""
        limits = self._limits
        if (
            data.count(b"\n") < 2 * self._many
            or limits.max_depth < _DEEPEST
            or limits.max_scalar < _LONGEST_KEY
        ):
            return None
        entries = entries_of(data, self._simple, limits.max_scalar)
        reduced = entries.reduced(data) if entries is not None else None
        if entries is None or reduced is None:
            return None
        document = self._read_reduced(reduced[0])
        if document is None or document.get(entries.key) != reduced[1]:
            return None
        document[entries.key] = entries.values
        return TextFile((document,), ())

    def _unknown(self, indent: int, items: Sequence[bytes]) -> list[bytes]:
        """The items that the parser has to read; those that are simple are read on the way."""
        known = self._known.setdefault(indent, {})
        if not known and len(items) >= self._many and max(map(len, items)) <= self._limits.max_scalar:
            values = self._simple.read_all(items, indent + 2)
            if values is not None:
                known.update(zip(items, values, strict=True))
                return []
        others: dict[bytes, None] = {}
        for item in counted(items):
            if item not in known:
                small = len(item) <= self._limits.max_scalar
                value = self._simple.read(item.decode(), indent + 2) if small else None
                if value is None:
                    others[item] = None
                else:
                    known[item] = value
        return list(others)

    def _head_is_whole(self, head: bytes) -> bool:
        if _EMPTY_HEAD.fullmatch(head):
            return True
        documents = read_yaml(head, self._limits).documents
        return len(documents) == 1 and isinstance(documents[0], dict)

    def _nothing_left(self, data: bytes, sections: Sequence[ListSection]) -> dict[str, Json] | None:
        """What the parser would say of a file whose items are all known, where the rest is plain; most files are that.

        Plain are key lines, blank lines and comments of a kind that leaves no question: the lists below the keys hold
        the word then. ``None``: ask the parser.
        """
        limits = self._limits
        if limits.max_depth < _LEAST_DEPTH or limits.max_scalar < _LONGEST_KEY or limits.max_documents < 1:
            return None
        if not _EMPTY_HEAD.fullmatch(data, 0, sections[0].head) or not _GAP.fullmatch(data, sections[-1].end):
            return None
        for section in sections:
            if len(section.key) > _LONGEST_KEY or not _KEY_ALONE.fullmatch(data, section.head, section.start):
                return None
        word = _WORD.decode()
        document: dict[str, Json] = {section.key: [word] for section in sections}
        return document if len(document) == len(sections) else None

    def _read_reduced(self, text: bytes) -> dict[str, Json] | None:
        from registry_reconciler.formats.yaml.read.build import Builder

        builder = Builder(text, self._limits)
        documents = builder.documents()
        if builder.faults or builder.has_anchors or len(documents) != 1 or type(documents[0]) is not dict:
            return None
        return documents[0]


def _most_values(data: bytes) -> int:
    """No more values than that can stand in a text, keys among them."""
    doubled = sum(map(data.count, (b":", b",", b"?", b"{")))
    return 2 * doubled + sum(map(data.count, (b"\n", b"[", b"- "))) + 2


def _count(value: Json) -> int:
    """The values of a document without aliases, as the parser counts them."""
    count = 0
    waiting = [value]
    while waiting:
        part = waiting.pop()
        count += 1
        if type(part) is dict:
            count += len(part)
            waiting.extend(part.values())
        elif type(part) is list:
            waiting.extend(part)
    return count


def _reduced(data: bytes, sections: Sequence[ListSection], asked: Sequence[Sequence[bytes]]) -> bytes:
    """The file with only those items that have to be parsed, each list followed by the word."""
    parts = [data[: sections[0].head]]
    for section, items in zip(sections, asked, strict=True):
        parts.append(data[section.head : section.start - 1])
        parts += (section.mark + item for item in (*items, _WORD))
        parts.append(b"\n")
    parts.append(data[sections[-1].end :])
    return b"".join(parts)


def _proven(
    document: dict[str, Json], sections: Sequence[ListSection], asked: Sequence[Sequence[bytes]]
) -> bool:
    word = _WORD.decode()
    if len({section.key for section in sections}) < len(sections):
        return False  # one list cannot prove two sections
    for section, items in zip(sections, asked, strict=True):
        found = document.get(section.key)
        if type(found) is not list or len(found) != len(items) + 1 or found[-1] != word:
            return False
    return True
