"""The texts of entries of a JSON file, as a fragment would have them and as they stand; and new files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from registry_reconciler.formats.edits import Snippet, SpliceError
from registry_reconciler.formats.json.chunks import Chunk, comment_rows, cut
from registry_reconciler.formats.json.look import Look, Writer, look_of, slashed
from registry_reconciler.formats.json.source import COMMENT, JsonNode, compose, walk_down
from registry_reconciler.formats.json.usual import at_container
from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.formats.notes import NO_NOTES, Note, notes_of, with_notes
from registry_reconciler.model.entry import FieldPath, Json


def extract(data: bytes, places: Sequence[tuple[int, FieldPath]], *, comments: bool) -> list[Snippet]:
    """The entries at some places, as block YAML and as they are written.

    Raises:
        SpliceError: there is nothing at one of the places.
    """
    text = data.decode("utf-8").removeprefix("\ufeff")
    try:
        documents = compose(text, comments=comments)
    except UncomposableText as error:
        raise SpliceError(f"the text cannot be read: {error}") from None
    return [_snippet(documents[0].root if documents else None, *place) for place in places]


def _snippet(root: object, document: int, path: FieldPath) -> Snippet:
    found = walk_down(root, path) if isinstance(root, JsonNode) and document == 0 else None
    if found is None:
        raise SpliceError("there is nothing to take the text of", document, path)
    node, trail = found
    note = Note()
    if trail and node.source.comments:
        index = next(i for i, member in enumerate(trail[-1].entries) if member.value is node)
        note = _note(trail[-1], index, cut(trail[-1])[index])
    value = node.value
    notes = dict(_notes(node, ())) if node.source.comments else {}
    opening = notes.get((), Note()).behind
    rows = tuple(filter(None, (*note.above, opening, note.behind)))
    native = _native(node, opened=bool(opening))
    return Snippet(rows, with_notes(value, notes), value, native, behind=bool(note.behind))


def _notes(node: JsonNode, path: FieldPath) -> Iterator[tuple[FieldPath, Note]]:
    """The comments inside an entry, by the part that they stand at."""
    text = node.source.text
    if not node.entries or COMMENT.search(text, node.start, node.end) is None:
        return
    chunks = cut(node)
    line = text.find("\n", node.start)
    head = node.start + 1 <= line < chunks[0].member
    behind = " ".join(comment_rows(text[node.start + 1 : line])) if head else ""
    yield path, Note((), behind, tuple(comment_rows(text[chunks[-1].stop : node.end - 1])))
    for index, (member, chunk) in enumerate(zip(node.entries, chunks, strict=True)):
        here: FieldPath = (*path, index if member.key is None else member.key.text)
        own = _note(node, index, chunk)
        inner = dict(_notes(member.value, here)) if isinstance(member.value, JsonNode) else {}
        whole = inner.pop(here, Note())
        yield here, Note(own.above, " ".join(filter(None, (whole.behind, own.behind))), whole.last)
        yield from inner.items()


def _note(node: JsonNode, index: int, chunk: Chunk) -> Note:
    """The comments of one part: above it, before its value, and behind it."""
    text, key = node.source.text, node.entries[index].key
    above = text[chunk.content : chunk.member]
    between = text[key.end : node.entries[index].value.start] if key is not None else ""
    return Note(
        (*comment_rows(above), *comment_rows(between)), " ".join(comment_rows(text[chunk.end : chunk.stop]))
    )


def _native(node: JsonNode, *, opened: bool) -> tuple[str, str] | None:
    """The text of an entry in column 0, with LF.

    Args:
        opened: a comment stands behind its opening bracket; it counts as one above it, and stands there only.
    """
    first, *rest = node.raw.replace("\r\n", "\n").split("\n")
    if opened and "/*" in first:
        return None
    first = first[0] if opened else first
    width = len(node.source.indent(node.start))
    rows = [first, *(row[min(width, len(row) - len(row.lstrip(" \t"))) :] for row in rest)]
    return "json", "\n".join(rows)


def new_text(
    value: Json, container: FieldPath, snippet: Snippet | None, like: bytes | None, *, comments: bool
) -> bytes:
    """The text of a new file that says a value, or has it at ``container``."""
    value = at_container(value, container)
    look = Look()
    models: list[JsonNode] = []
    if like is not None:
        try:
            root = compose(like.decode("utf-8").removeprefix("\ufeff"), comments=comments)[0].root
            if isinstance(root, JsonNode):
                look, models = look_of(root), [root]
        except (UncomposableText, UnicodeDecodeError, IndexError):
            pass
    newline = look.newline
    notes = notes_of(snippet.text) if comments and snippet else NO_NOTES
    notes = {(*container, *path): note for path, note in notes.items()}
    head = "".join(f"{slashed(row)}{newline}" for row in snippet.comments) if comments and snippet else ""
    return (head + Writer(look).value(value, "", models, 0, notes) + newline).encode()


_HEAD = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+\*/)*")


def head_comments(data: bytes) -> tuple[str, ...]:
    """The comments directly above the value of a file: those that no blank line parts from it."""
    text = data.decode("utf-8").removeprefix("\ufeff")
    match = _HEAD.match(text)
    rows: list[str] = []
    at, end = 0, match.end() if match else 0
    for comment in COMMENT.finditer(text, 0, end):
        rows = [*([] if text.count("\n", at, comment.start()) > 1 else rows), *comment_rows(comment[0])]
        at = comment.end()
    return () if text.count("\n", at, end) > 1 else tuple(rows)
