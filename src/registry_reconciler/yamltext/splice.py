"""Edits to bytes, and no other byte changes.

The promise: what :func:`splice` returns reads as :func:`registry_reconciler.yamltext.project.projected` says,
and differs from the original only in the entries and fields that the edits name. Comments, quotes, blank
lines, order, line ends, a missing last line end, BOM, document marks and directives stay.

It assumes a text that :func:`registry_reconciler.yamltext.read.read_yaml` finds readable. Callers that write
files read the result again and compare, so a mistake here is a problem shown and not a file damaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from registry_reconciler.model import FieldPath, Json, Missing, same
from registry_reconciler.yamltext.edits import (
    Edit,
    Insert,
    Remove,
    RenameKey,
    ReplaceDocument,
    Snippet,
    SpliceError,
    Update,
)
from registry_reconciler.yamltext.emit import Emitter, Piece, dump, indented
from registry_reconciler.yamltext.intents import Intents
from registry_reconciler.yamltext.nodes import Document, Node, Unreadable, child_index, compose, to_value
from registry_reconciler.yamltext.patch import Patcher, Replacement, Slot, settle
from registry_reconciler.yamltext.style import Style, style_of

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
    keep_final = False
    for number in sorted({edit.document for edit in fitted}):
        if not 0 <= number < len(documents):
            raise SpliceError(f"there is no document {number}", number)
        own = [edit for edit in fitted if edit.document == number]
        patcher = _patch(text, documents[number], number, own, style)
        replacements += patcher.replacements
        keep_final = keep_final or patcher.keep_final
    return (bom + _apply(text, replacements, style, keep_final)).encode()


def _compose(text: str) -> list[Document]:
    try:
        return compose(text)
    except Unreadable as error:
        raise SpliceError(f"the text cannot be read: {error}") from None


def _patch(text: str, document: Document, number: int, edits: list[Edit], style: Style) -> Patcher:
    intents = Intents(document, number)
    intents.add(edits)
    patcher = Patcher(text, intents, style)
    root = document.root
    intent = intents.of(root)
    if root.is_empty and root.anchor is None and root.tag is None and intent is not None:
        if not isinstance(intent.value, Missing):
            _fill_empty(patcher, document, intent.value)
        return patcher
    patcher.visit(root, Slot("root", document.mark_end, 0))
    return patcher


def _fill_empty(patcher: Patcher, document: Document, value: Json | Piece) -> None:
    """A document that says nothing gets a value, below whatever comments it has."""
    text = patcher.text
    position = document.end
    newline = patcher.style.newline
    before = "" if position == 0 or text[position - 1] == "\n" else newline
    patcher.put(position, position, before + _document_text(value, patcher.style))


def _document_text(value: Json | Piece, style: Style) -> str:
    emitter = Emitter(style)
    body = emitter.body(value)
    if body.kind in ("inline", "literal"):
        lines = [*body.comments, body.head, *indented(body.lines, style.step)]
    else:
        lines = [*body.comments, *body.lines]
    return "".join(line + style.newline for line in lines)


def _apply(text: str, replacements: list[Replacement], style: Style, keep_final: bool) -> str:
    try:
        ordered = settle(replacements)
    except ValueError as error:
        raise SpliceError(str(error)) from None
    parts: list[str] = []
    position = 0
    for change in ordered:
        parts += (text[position : change.start], change.text)
        position = change.end
    parts.append(text[position:])
    result = "".join(parts)
    bare = bool(text) and not text.endswith("\n")
    if bare and ordered and ordered[-1].end == len(text) and not keep_final:
        return result.removesuffix("\n").removesuffix("\r") if result.endswith("\n") else result
    return result


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
    return text + before + _document_text(intent.value, style)


# ---------------------------------------------------------------- snippets


def _fit(edit: Edit) -> Edit:
    """Makes the snippet of an insert say the value that is to be inserted, or drops its text."""
    if not isinstance(edit, Insert) or edit.snippet is None:
        return edit
    snippet = edit.snippet
    if same(snippet.value, edit.value):
        return edit
    try:
        text = splice(snippet.text.encode(), [Update(0, (), edit.value)]).decode()
        fits = same(to_value(compose(text)[0].root), edit.value)
    except (SpliceError, Unreadable, IndexError):
        fits = False
    if not fits:
        text = dump(edit.value).removesuffix("\n")
    return replace(edit, snippet=Snippet(snippet.comments, text.removesuffix("\n"), edit.value))


def extract(data: bytes, document: int, path: FieldPath) -> Snippet:
    """The text of an entry and the comments that belong to it, ready to be inserted elsewhere.

    What aliases and merges bring is written out, anchors are left behind.

    Raises:
        SpliceError: there is nothing at ``path``.
    """
    text = data.decode("utf-8").removeprefix(_BOM).replace("\r\n", "\n")
    documents = _compose(text)
    if not 0 <= document < len(documents):
        raise SpliceError(f"there is no document {document}", document, path)
    root = documents[document].root
    node, parent, number = root, root, -1
    for step in path:
        index = child_index(node, step)
        if index is None:
            raise SpliceError("there is nothing to take the text of", document, path)
        parent, number, node = node, index, node.entries[index].value
    value = to_value(node)
    comments = _comments(text, documents[document], parent, number)
    return Snippet(comments, _own_text(text, node, value), value)


def _comments(text: str, document: Document, parent: Node, number: int) -> tuple[str, ...]:
    if number < 0 or parent.flow:
        return ()
    patcher = Patcher(text, Intents(document, 0), Style())
    entry = parent.entries[number]
    start = patcher.line_start(entry.start)
    column = entry.start - start
    if text[start : entry.start].strip():
        return ()
    above = text[patcher._region_start(parent, number, column) : start]
    rows = [row.strip() for row in above.split("\n") if row.strip()]
    value = entry.value
    if entry.mark_end >= 0 and value.entries and not value.flow:
        head = text[entry.mark_end : patcher.line_end(entry.mark_end)]
        if "\n" in text[entry.mark_end : value.body] and "#" in head:
            rows.append(head[head.index("#") :])
    return tuple(rows)


def _own_text(text: str, node: Node, value: Json) -> str:
    """The node's text in column 0, or the value written anew where its text cannot stand alone."""
    shared = any(part.anchor or part.kind == "alias" for part in _parts(node))
    if shared or node.kind not in ("map", "seq") or not node.entries:
        return dump(value).removesuffix("\n")
    start = text.rfind("\n", 0, node.body) + 1
    column = node.body - start
    stop = text.find("\n", node.end)
    raw = text[node.body : stop if stop >= 0 else len(text)]
    if node.flow:
        column = len(text[start : node.body]) - len(text[start : node.body].lstrip(" -"))
        raw = text[node.body : node.end]
    rows = raw.split("\n")
    moved = [rows[0].rstrip(), *(_dedent(row, column) for row in rows[1:])]
    result = "\n".join(moved)
    try:
        fits = same(to_value(compose(result + "\n")[0].root), value)
    except (Unreadable, IndexError):
        fits = False
    return result if fits else dump(value).removesuffix("\n")


def _dedent(row: str, width: int) -> str:
    return row[min(width, len(row) - len(row.lstrip(" "))) :]


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
    comments: Sequence[str] = (),
    style: Style | None = None,
) -> bytes:
    """The text of a new file that says ``value``, or has it at ``container`` (mappings are made for it).

    With a ``snippet`` its text and comments are used for the value. ``comments`` are lines (with their ``#``)
    for the head of the file.
    """
    used = style or Style()
    part: Json | Piece = value
    if snippet is not None:
        fitted = _fit(Insert(0, (), value, snippet=snippet))
        assert isinstance(fitted, Insert)
        part = value if fitted.snippet is None else Piece(value, fitted.snippet)
    for step in reversed(container):
        part = {str(step): part} if isinstance(step, str) else [part]
    head = "".join(f"{line}{used.newline}" for line in comments)
    return (head + _document_text(part, used)).encode()
