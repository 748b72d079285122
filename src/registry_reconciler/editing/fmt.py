"""The canonical form of a fragment: kinds before directives, entries by key, one indentation. Pure.

Works on the lines of the text, so every comment, quote and line break inside an entry stays what it is.
What comes out is read again and must say the same; otherwise the fragment is left as it is, and the answer
says why.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field

from registry_reconciler.editing.relayout import comment_lines, relayout
from registry_reconciler.formats.codes import TITLES
from registry_reconciler.formats.nodes import Document, Member, Node
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import Json, canonical, digest_bytes, same
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.kind import Kind
from registry_reconciler.schema.packaged import KINDS

_PASSES = 3


class NotFormatted(Exception):
    """A fragment that is left as it is; the text says why."""


class Formatting(Struct, frozen=True):
    """Fragments in canonical form.

    Attributes:
        edits: those that change.
        refused: why a fragment is left as it is, by path.
        formatted: how many are in canonical form already.
    """

    edits: tuple[FragmentEdit, ...]
    refused: Mapping[str, str]
    formatted: int


def format_fragments(loaded: Loaded, paths: Iterable[str]) -> Formatting:
    """Format these fragments of a workspace. Nothing is written."""
    edits: list[FragmentEdit] = []
    refused: dict[str, str] = {}
    formatted = 0
    if loaded.fragments.unlisted:
        refused[DESIRED_FOLDER] = "it cannot be listed"
    for path in sorted(set(paths)):
        data = loaded.fragments.files[path].data
        try:
            if data is None:
                hidden = loaded.fragments.files[path].hidden
                raise NotFormatted("a sparse checkout hides it" if hidden else "it cannot be read")
            new = format_fragment(data, loaded.kinds)
        except NotFormatted as why:
            refused[path] = str(why)
            continue
        if new == data:
            formatted += 1
        else:
            edits.append(FragmentEdit(path, digest_bytes(data), new))
    return Formatting(tuple(edits), refused, formatted)


def format_fragment(data: bytes, kinds: Mapping[str, Kind]) -> bytes:
    """A fragment's text in canonical form; formatting that again changes nothing.

    Kinds come in the order of the built-in ones, then by name, then the directives. Entries are sorted by
    key; of equal declarations of one entry one is left. Lists and mappings are indented by two, no line
    ends in a blank, and two blank lines are one. Comments stay with what they stand above.

    Raises:
        NotFormatted: the text cannot be read, or would not say the same.
    """
    first = read_yaml(data)
    if not first.readable:
        fault = first.faults[0]
        # The message may repeat what stands there, and that may be a secret; `plan` knows which.
        raise NotFormatted(f"it cannot be read: line {fault.line}: {TITLES[fault.code]}")
    bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    text = data.decode("utf-8").removeprefix("\ufeff")
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    for _ in range(_PASSES):
        new = _pass(text, kinds)
        if new == text:
            return bom + new.replace("\n", newline).encode("utf-8")
        text = new
    raise NotFormatted("formatting it twice gives two results; please report the file")


def _pass(text: str, kinds: Mapping[str, Kind]) -> str:
    return _checked(text, relayout(_reorder(text, kinds)), kinds)


def _checked(old: str, new: str, kinds: Mapping[str, Kind]) -> str:
    """``new`` where it says the same and has the same comments, else a failure."""
    before, after = read_yaml(old.encode()), read_yaml(new.encode())
    if not after.readable or _meaning(before.documents, kinds) != _meaning(after.documents, kinds):
        raise NotFormatted("its canonical form would not read back the same; please report the file")
    if set(comment_lines(old)) != set(comment_lines(new)):
        raise NotFormatted("a comment would be lost; please report the file")
    return new


def _meaning(documents: Sequence[Json], kinds: Mapping[str, Kind]) -> list[Json]:
    """What documents say, whatever the order of entries and however often they say the same."""
    return [
        {name: _meaning_of(part) if name in kinds else canonical(part) for name, part in document.items()}
        if isinstance(document, dict)
        else canonical(document)
        for document in documents
    ]


def _meaning_of(part: Json) -> Json:
    return sorted({canonical(item) for item in part}) if isinstance(part, list) else canonical(part)


class _MovedLines(Struct):
    """Lines that move together: what stands above an entry since the one before, and the entry."""

    lines: list[str]
    key: str = ""
    value: Json = None

    @property
    def comments(self) -> list[str]:
        return [line for line in self.lines if line.lstrip().startswith("#")]


class _Section(Struct):
    """A top-level key: the lines up to its first item, the items, and what follows the last."""

    name: str
    head: list[str]
    items: list[_MovedLines] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        yield from self.head
        for chunk in self.items:
            yield from chunk.lines
        yield from self.tail


def _reorder(text: str, kinds: Mapping[str, Kind]) -> str:
    """The text with its top-level keys and entries in order."""
    documents = compose(text)
    if any(document.aliases for document in documents):
        return text  # An alias has to come after its anchor, wherever the two stand.
    values = read_yaml(text.encode()).documents
    lines = text.split("\n")
    done: list[str] = []
    position = 0
    for document, value in zip(documents, values, strict=False):
        root = document.root
        if root.kind != "map" or root.flow or not root.entries or not isinstance(value, dict):
            continue
        start = _line(text, document.mark_end) + 1 if document.explicit else position
        stop = _stop(text, lines, document)
        if start > _line(text, root.entries[0].start):
            continue  # The first key stands on the line of the mark.
        done += lines[position:start]
        done += _document(lines[start:stop], start, text, root, value, kinds)
        position = stop
    done += lines[position:]
    return "\n".join(done)


def _line(text: str, offset: int) -> int:
    """The number, from 0, of the line that an offset is in."""
    return bisect_right(_starts(text), offset) - 1


@lru_cache(maxsize=2)
def _starts(text: str) -> list[int]:
    """Where each line begins."""
    starts = [0]
    for row in text.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    return starts[:-1]


def _stop(text: str, lines: Sequence[str], document: Document) -> int:
    """The first line behind a document's last value and the comments that stand below it, deeper."""
    stop = _line(text, document.root.end) + 1
    while stop < len(lines) and _is_comment_deeper(lines[stop], 0):
        stop += 1
    return stop


def _document(
    lines: list[str],
    offset: int,
    text: str,
    root: Node,
    value: Mapping[str, Json],
    kinds: Mapping[str, Kind],
) -> list[str]:
    bounds = _bounds(text, root.entries, offset, lines)
    head_end = _head_end(lines[: bounds[0][0]])
    sections: list[_Section] = []
    begin = head_end
    for entry, name, (_, end) in zip(root.entries, value, bounds, strict=False):
        sections.append(_section(text, entry, name, lines, (begin, end), offset, value[name], kinds))
        begin = end
    if len(sections) != len(root.entries):
        return lines  # A merge key: the order of keys is not the order of the text.
    ordered = sorted(sections, key=lambda section: _rank(section.name))
    body = [line for section in ordered for line in section.lines()]
    return [*lines[:head_end], *body, *lines[begin:]]


def _rank(name: str) -> tuple[int, int, str]:
    if name in KINDS:
        return (0, KINDS.index(name), "")
    return (2, DIRECTIVES.index(name), "") if name in DIRECTIVES else (1, 0, name)


def _bounds(text: str, entries: Sequence[Member], offset: int, lines: list[str]) -> list[tuple[int, int]]:
    """First line and the line behind the last of each entry; deeper comments below it belong to it."""
    found = []
    for number, entry in enumerate(entries):
        start = _line(text, entry.start) - offset
        end = _line(text, max(entry.end - 1, entry.start)) + 1 - offset
        limit = _line(text, entries[number + 1].start) - offset if number + 1 < len(entries) else len(lines)
        column = entry.start - (text.rfind("\n", 0, entry.start) + 1)
        while end < limit and _is_comment_deeper(lines[end], column):
            end += 1
        found.append((start, end))
    return found


def _is_comment_deeper(line: str, column: int) -> bool:
    stripped = line.lstrip(" ")
    return stripped.startswith("#") and len(line) - len(stripped) > column


def _head_end(lines: list[str]) -> int:
    """How many of the lines above the first key are the file's own: all up to the last blank one."""
    for number in range(len(lines), 0, -1):
        if not lines[number - 1].strip() or lines[number - 1].startswith(("---", "%")):
            return number
    return sum(1 for line in lines[:1] if "yaml-language-server:" in line)


def _section(
    text: str,
    entry: Member,
    name: str,
    lines: list[str],
    span: tuple[int, int],
    offset: int,
    value: Json,
    kinds: Mapping[str, Kind],
) -> _Section:
    begin, end = span
    node = entry.value
    kind = kinds.get(name)
    if kind is None or node.kind != "seq" or node.flow or not node.entries:
        return _Section(name, lines[begin:end])
    if _line(text, node.entries[0].start) == _line(text, entry.start):
        return _Section(name, lines[begin:end])
    bounds = _bounds(text, node.entries, offset, lines[:end])
    first = _line(text, entry.mark_end - 1) + 1 - offset
    section = _Section(name, lines[begin:first])
    at = first
    for item, (_, stop) in zip(value, bounds, strict=True):
        section.items.append(_MovedLines(lines[at:stop], kind.key_of(item) or "", item))
        at = stop
    section.tail = lines[at:end]
    section.items = _in_order(section.items)
    return section


def _in_order(chunks: list[_MovedLines]) -> list[_MovedLines]:
    if not all(chunk.key for chunk in chunks):
        return chunks
    ordered: list[_MovedLines] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.key):
        last = ordered[-1] if ordered else None
        if last is not None and last.key == chunk.key and _may_drop(chunk, last):
            at = next(number for number, line in enumerate(last.lines) if line.lstrip().startswith("-"))
            lines = [*last.lines[:at], *_new_comments(chunk, last), *last.lines[at:]]
            ordered[-1] = _MovedLines(lines, last.key, last.value)
        else:
            ordered.append(chunk)
    if ordered and ordered[0] is not chunks[0]:
        ordered[0].lines = _without_blank_start(ordered[0].lines)
    return ordered


def _may_drop(chunk: _MovedLines, kept: _MovedLines) -> bool:
    """Whether a declaration says nothing that the kept one does not, but for comments above and inside."""
    beside = [line for line in chunk.lines if " #" in line and not line.lstrip().startswith("#")]
    return same(chunk.value, kept.value) and all(line in kept.lines for line in beside)


def _new_comments(chunk: _MovedLines, kept: _MovedLines) -> list[str]:
    known = {line.strip() for line in kept.comments}
    return [line for line in chunk.comments if line.strip() not in known]


def _without_blank_start(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if line.strip():
            return lines[number:]
    return lines
