"""Edits to bytes, and no other byte changes.

The promise: what :func:`splice` returns reads as :func:`registry_reconciler.formats.project.projected` says,
and differs from the original only in the entries and fields that the edits name. Comments, quotes, blank
lines, order, line ends, a missing last line end, BOM, document marks and directives stay.

It assumes a text that :func:`registry_reconciler.formats.yaml.read.document.read_yaml` finds readable. Callers
that write
files read the result again and compare, so a mistake here is a problem shown and not a file damaged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from textwrap import dedent, indent

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.composed import Recent
from registry_reconciler.formats.edits import (
    Edit,
    Insert,
    Remove,
    RenameKey,
    ReplaceDocument,
    Snippet,
    SpliceError,
    Update,
)
from registry_reconciler.formats.gaps import closed_up
from registry_reconciler.formats.nodes import Document, Node, UncomposableText, child_index, to_value
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.replacements import Replacement, in_order, joined
from registry_reconciler.formats.yaml.edit.emit import Piece, dump
from registry_reconciler.formats.yaml.edit.intents import Intents
from registry_reconciler.formats.yaml.edit.new_file import document_text, file_text
from registry_reconciler.formats.yaml.edit.own_text import (
    behind_flow,
    first_comments,
    last_comments,
    own_text,
)
from registry_reconciler.formats.yaml.edit.page import EditedLines
from registry_reconciler.formats.yaml.edit.patch import Patcher
from registry_reconciler.formats.yaml.edit.style import Style, column_of, style_of
from registry_reconciler.formats.yaml.edit.value_patch import ValueSlot
from registry_reconciler.formats.yaml.read.nodes import compose
from registry_reconciler.model.entry import FieldPath, Json, Missing, get_path, same

__all__ = [
    "Edit",
    "Insert",
    "Remove",
    "RenameKey",
    "ReplaceDocument",
    "Snippet",
    "SpliceError",
    "Update",
    "dump",
    "extract",
    "extract_many",
    "new_file",
    "splice",
]
_BOM = "\ufeff"


def splice(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The text with the edits made, all addressed against ``data``.

    Raises:
        SpliceError: an edit addresses what is not there, two contradict each other, or others need an anchor
            that would go or change.
    """
    if not edits:
        return data
    text = data.decode("utf-8")
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    documents = _compose(text)
    fitted = [_fit(edit) for edit in edits]
    if not documents:
        return (bom + _first_document(text, fitted)).encode()
    style = style_of(text, documents)
    replacements: list[Replacement] = []
    # A missing last line end is put there while editing, so that every line is one, and taken away after.
    lines = text if text.endswith("\n") else text + style.newline
    by_document: dict[int, list[Edit]] = {}
    for edit in fitted:
        by_document.setdefault(edit.document, []).append(edit)
    for number, own in sorted(by_document.items()):
        if not 0 <= number < len(documents):
            raise SpliceError(f"there is no document {number}", number)
        replacements += _patch(lines, documents[number], number, own, style)
    result, last = _apply(lines, replacements)
    if lines != text:
        leaf = _last_leaf(documents)
        untouched = last < leaf.start and leaf.style not in ("|", ">")
        result = _bare(result) if untouched else _as_it_ended(result, documents, fitted)
    return (bom + result).encode()


_KEEPS = re.compile(r"[|>][1-9]?\+")
_BLANKS = re.compile(r"\n[ \t]+\r?\n")
"""A line of blanks: what is set in further than a block scalar is a part of it."""

_TREES: Recent[list[Document]] = Recent(200_000)
"""While somebody types, what stands around an edit is composed again and again. No tree is changed by who reads it."""


def _compose(text: str) -> list[Document]:
    try:
        return _TREES.get("yaml", text, lambda: compose(text))
    except UncomposableText as error:
        raise SpliceError(f"the text cannot be read: {error}") from None


def _patch(text: str, document: Document, number: int, edits: list[Edit], style: Style) -> list[Replacement]:
    intents = Intents(document, number, text)
    intents.add(edits)
    patcher = Patcher(text, intents, style)
    root = document.root
    intent = intents.of(root)
    if root.is_empty and root.anchor is None and root.tag is None and intent is not None:
        if not isinstance(intent.value, Missing):
            _fill_empty(patcher, document, intent.value)
        return patcher.replacements
    patcher.visit(root, ValueSlot("root", document.mark_end, 0))
    return patcher.replacements


def _fill_empty(patcher: Patcher, document: Document, value: Json | Piece) -> None:
    """A document that says nothing gets a value, below whatever comments it has."""
    text = patcher.text
    position = document.end if document.end < len(text.rstrip("\r\n")) else len(text)
    newline = patcher.style.newline
    before = "" if position == 0 or text[position - 1] == "\n" else newline
    patcher.put(position, position, before + document_text(value, patcher.style))


def _apply(text: str, replacements: list[Replacement]) -> tuple[str, int]:
    """The text with all replacements, and where the last of them ended; -1 without any."""
    ordered = in_order(replacements)
    if any(not each.text for each in ordered):
        ordered = closed_up(text, ordered, ends=not _may_end_in_text(text))
    return joined(text, ordered), ordered[-1].end if ordered else -1


def _may_end_in_text(text: str) -> bool:
    """Whether blank lines at the end may belong to a block scalar."""
    return _KEEPS.search(text) is not None or (("|" in text or ">" in text) and bool(_BLANKS.search(text)))


def _bare(result: str) -> str:
    return result.removesuffix("\n").removesuffix("\r")


def _as_it_ended(result: str, documents: Sequence[Document], edits: Sequence[Edit]) -> str:
    """Without the last line end, as the file was, unless a last block scalar needs it for its value."""
    bare = _bare(result)
    if not bare:
        return bare
    if bare[-1] in " \t" and not bare[bare.rfind("\n") + 1 :].strip(SPACE):
        return result
    wanted = projected([to_value(document.root) for document in documents], edits)
    return bare if same([to_value(document.root) for document in _compose(bare)], wanted) else result


def _last_leaf(documents: Sequence[Document]) -> Node:
    node = documents[-1].root
    while node.entries:
        node = node.entries[-1].value
    return node


def _first_document(text: str, edits: list[Edit]) -> str:
    """A file without any document gets its first, below its comments."""
    style = style_of(text, [])
    document = Document(0, False)
    intents = Intents(document, 0)
    if any(edit.document for edit in edits):
        raise SpliceError("the file has no documents", max(edit.document for edit in edits))
    intents.add(edits)
    intent = intents.of(document.root)
    if intent is None or isinstance(intent.value, Missing):
        return text
    before = style.newline if text and not text.endswith("\n") else ""
    (whole, *others) = edits
    if isinstance(whole, Update) and whole.snippet is not None and not (others or whole.path):
        # As in a file that is new: one entry in braces becomes a block.
        made = new_file(whole.value, snippet=whole.snippet).decode()
        return text + before + made.replace("\n", style.newline)
    return text + before + document_text(intent.value, style)


# ---------------------------------------------------------------- snippets


def _fit(edit: Edit) -> Edit:
    """Makes the snippet of an insert say the value that is to be inserted, or drops its text."""
    if not isinstance(edit, Insert) or edit.snippet is None or edit.anew:
        return edit
    snippet = edit.snippet
    if same(snippet.value, edit.value):
        return edit
    try:
        text = _made_to_say(snippet.text, edit.value)
        fits = same(to_value(compose(text)[0].root), edit.value)
    except (SpliceError, UncomposableText, IndexError):
        fits = False
    if not fits:
        text = dump(edit.value).removesuffix("\n")
    return replace(edit, snippet=Snippet(snippet.comments, text.removesuffix("\n"), edit.value))


def _made_to_say(text: str, value: Json) -> str:
    """A text that says another value. Comments at its head are those of its first field, and no heading of a file."""
    if not text.startswith("#"):
        return splice(f"{text}\n".encode(), [Update(0, (), value)]).decode()
    inside = indent(f"{text}\n", "  ", lambda row: bool(row.strip(SPACE)))
    return dedent(splice(f"_:\n{inside}".encode(), [Update(0, ("_",), value)]).decode().partition("\n")[2])


def extract(data: bytes, document: int, path: FieldPath) -> Snippet:
    """The text of an entry and the comments that belong to it, ready to be inserted elsewhere.

    What aliases and merges bring is written out, anchors are left behind.

    Raises:
        SpliceError: there is nothing at ``path``.
    """
    return extract_many(data, [(document, path)])[0]


def extract_many(data: bytes, places: Sequence[tuple[int, FieldPath]]) -> list[Snippet]:
    """As :func:`extract`, for many entries of one text, which is composed once."""
    text = data.decode("utf-8").removeprefix(_BOM).replace("\r\n", "\n")
    documents = _compose(text)
    # Composed before the last line end is added: that could lengthen a block scalar at the very end.
    lines = text if text.endswith("\n") else text + "\n"
    plain, sharing = _Source(lines, documents, lines != text), _sharing(documents, places)
    found: list[Snippet] = []
    # What uses anchors is written out for all places at once, so that the text is composed once more and not for each.
    apart = {} if _nested(sharing) else _written_out(plain, sharing)
    for place in places:
        if place in sharing and not apart:
            found.append(_snippet(plain, _written_out(plain, {place}), *place))
        else:
            found.append(_snippet(plain, apart if place in sharing else {}, *place))
    return found


class _Source(Struct):
    """A text with its trees, and what whole documents say where somebody asked."""

    text: str
    documents: Sequence[Document]
    unended: bool = False
    values: dict[int, Json] = field(default_factory=dict)

    def value(self, number: int) -> Json:
        if number not in self.values:
            self.values[number] = to_value(self.documents[number].root)
        return self.values[number]


_NodePlace = tuple[int, FieldPath]


def _sharing(documents: Sequence[Document], places: Sequence[_NodePlace]) -> set[_NodePlace]:
    """The places whose text has anchors or aliases."""
    found: set[_NodePlace] = set()
    for document, path in places:
        there = _walk_down(documents[document], path) if 0 <= document < len(documents) else None
        if there is not None and any(part.anchor or part.kind == "alias" for part in _parts(there[0])):
            found.add((document, path))
    return found


def _nested(places: set[_NodePlace]) -> bool:
    """Whether one place lies in another."""
    return any((document, path[:size]) in places for document, path in places for size in range(len(path)))


def _snippet(source: _Source, apart: Mapping[_NodePlace, _Source], document: int, path: FieldPath) -> Snippet:
    if not 0 <= document < len(source.documents):
        raise SpliceError(f"there is no document {document}", document, path)
    found = _walk_down(source.documents[document], path)
    if found is None:
        brought = get_path(source.value(document), path)
        if isinstance(brought, Missing):
            raise SpliceError("there is nothing to take the text of", document, path)
        # An alias or a merge brings it: it has no text here.
        return Snippet((), dump(brought).removesuffix("\n"), brought)
    node, trail = found
    value = to_value(node)
    used = apart.get((document, path), source)
    if used is not source:
        node, trail = _walk_down(used.documents[document], path) or found
    number = child_index(trail[-1], path[-1]) if path else None
    comments = _comments(used.text, used.documents[document], trail[-1] if trail else node, number)
    if node.flow:
        comments += behind_flow(used.text, node)
    inside = bool(trail) and trail[-1].flow
    end = used.text.find("\n", node.end)
    if not node.flow and node.entries:
        column = -1 if number is None else column_of(used.text, trail[-1].entries[number].start)
        end = EditedLines(used.text, "\n").last_line_end(node.end, column)
    own = own_text(used.text, node, value, end, shared=used is not source, inside=inside)
    if number is not None:
        own = first_comments(used.text, trail[-1].entries[number]) + own
    if source.unended and node.end >= len(used.text) - 1:
        own = _with_its_end(own, value)
    return Snippet(comments, own, value)


def _with_its_end(text: str, value: Json) -> str:
    """A text from the very end of a file without a last line end, as it is to be where lines follow it."""
    parts = [to_value(document.root) for document in compose(f"{text}\n")]
    if len(parts) == 1 and same(parts[0], value):
        return text
    return splice(f"{text}\n".encode(), [Update(0, (), value)]).decode().removesuffix("\n")


def _walk_down(document: Document, path: FieldPath) -> tuple[Node, list[Node]] | None:
    """The node at a path and what it lies in; ``None`` where the text has none of its own."""
    node = document.root
    trail: list[Node] = []
    for step in path:
        index = child_index(node, step)
        if index is None:
            return None
        trail.append(node)
        node = node.entries[index].value
    return node, trail


def _written_out(source: _Source, places: set[_NodePlace]) -> dict[_NodePlace, _Source]:
    """The text with all aliases and merges of some places written out and their anchors gone, for each of them."""
    if not places:
        return {}
    style = style_of(source.text, source.documents)
    replacements: list[Replacement] = []
    for number in sorted({document for document, _ in places}):
        document = source.documents[number]
        own = [path for there, path in places if there == number]
        replacements += _unshared(source.text, document, number, own, style)
    text = _apply(source.text, replacements)[0]
    return dict.fromkeys(places, _Source(text, _compose(text)))


def _unshared(
    text: str, document: Document, number: int, paths: Sequence[FieldPath], style: Style
) -> list[Replacement]:
    intents = Intents(document, number)
    nodes: list[Node] = []
    for path in paths:
        node, trail = _walk_down(document, path) or (document.root, [])
        intents.unshare(node, tuple(trail))
        nodes.append(node)
    patcher = Patcher(text, intents, style)
    patcher.visit(document.root, ValueSlot("root", document.mark_end, 0))
    gone = intents.gone()
    for part in (part for node in nodes for part in _parts(node)):
        if part.anchor and id(part) not in gone:
            start = text.index("&", part.start)
            end = start + 1 + len(part.anchor)
            while text[end : end + 1] == " ":
                end += 1
            while text[end : end + 1] in ("", "\r", "\n") and text[start - 1 : start] == " ":
                start -= 1
            # Inside of brackets what says nothing is nothing.
            patcher.put(start, end, "null" if part.flow and part.is_empty else "")
    return patcher.replacements


def _comments(text: str, document: Document, parent: Node, number: int | None) -> tuple[str, ...]:
    """The comment lines that belong to an entry (``number`` of ``parent``) or to a whole document."""
    if parent.flow:
        return ()
    if number is None:
        lines = text[document.mark_end if document.explicit else 0 : parent.body].split("\n")
        return tuple(last_comments(lines[:-1]))
    patcher = Patcher(text, Intents(document, 0), Style())
    entry = parent.entries[number]
    start = patcher.line_start(entry.start)
    column = entry.start - start
    rows: list[str] = []
    if not text[start : entry.start].strip(SPACE):
        above = text[patcher.region_start(parent, number, column) : start]
        rows = [row.strip(SPACE) for row in above.split("\n") if row.strip(SPACE)]
    value = entry.value
    if entry.mark_end >= 0 and value.entries and not value.flow:
        head = text[entry.mark_end : patcher.line_end(entry.mark_end)]
        if "\n" in text[entry.mark_end : value.body] and "#" in head:
            rows.append(head[head.index("#") :])
    return tuple(rows)


def _parts(node: Node) -> list[Node]:
    parts = [node]
    for part in parts:
        for entry in part.entries:
            parts.append(entry.value)
            if entry.key is not None:
                parts.append(entry.key)
    return parts


def new_file(
    value: Json,
    *,
    container: FieldPath = (),
    snippet: Snippet | None = None,
    like: bytes | None = None,
) -> bytes:
    """The text of a new file that says ``value``, or has it at ``container`` (mappings are made for it).

    With a ``snippet`` its text and comments are used for the value. It looks like the file ``like``.
    """
    if snippet is None:
        return file_text(value, container=container, like=like)
    fitted = _fit(Insert(0, (), value, snippet=snippet))
    assert isinstance(fitted, Insert)
    part = value if fitted.snippet is None else Piece(value, fitted.snippet)
    return file_text(part, container=container, like=like, kept=snippet.kept)
