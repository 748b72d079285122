"""The texts of entries of a JSON file, as a fragment would have them and as they stand; and new files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from registry_reconciler.formats.edits import Snippet, SpliceError
from registry_reconciler.formats.json.chunks import cut
from registry_reconciler.formats.json.look import Look, Writer, look_of
from registry_reconciler.formats.json.source import COMMENT, JsonNode, compose, walk_down
from registry_reconciler.formats.nodes import Unreadable
from registry_reconciler.model.entry import FieldPath, Json, same


def extract(data: bytes, places: Sequence[tuple[int, FieldPath]], *, comments: bool) -> list[Snippet]:
    """The entries at some places, as block YAML and as they are written.

    Raises:
        SpliceError: there is nothing at one of the places.
    """
    text = data.decode("utf-8").removeprefix("\ufeff")
    try:
        documents = compose(text, comments=comments)
    except Unreadable as error:
        raise SpliceError(f"the text cannot be read: {error}") from None
    return [_snippet(documents[0].root if documents else None, *place) for place in places]


def _snippet(root: object, document: int, path: FieldPath) -> Snippet:
    found = walk_down(root, path) if isinstance(root, JsonNode) and document == 0 else None
    if found is None:
        raise SpliceError("there is nothing to take the text of", document, path)
    node, trail = found
    above: tuple[str, ...] = ()
    if trail and node.source.comments:
        index = next(i for i, member in enumerate(trail[-1].entries) if member.value is node)
        chunk = cut(trail[-1])[index]
        above = tuple(_rows(node.source.text[chunk.content : chunk.member]))
    value = node.value
    return Snippet(above, _yaml(node, value), value, ("json", _dedented(node)))


def _rows(text: str) -> Iterator[str]:
    """The comments of a text as lines that begin with #."""
    for match in COMMENT.finditer(text):
        body = match[0][2:] if match[0].startswith("//") else match[0].removeprefix("/*").removesuffix("*/")
        for row in body.split("\n"):
            bare = row.strip().removeprefix("* ") if match[0].startswith("/*") else row.strip("\r").rstrip()
            if bare.strip() and bare.strip() != "*":
                yield f"# {bare}" if match[0].startswith("/*") else f"#{bare}"


def _yaml(node: JsonNode, value: Json) -> str:
    """The plain block YAML that a person would write, with the comments that stand inside of the entry."""
    from registry_reconciler.formats.yaml.edit.splice import dump
    from registry_reconciler.formats.yaml.read.document import value_of

    plain = dump(value).removesuffix("\n")
    source = node.source
    if not source.comments or COMMENT.search(source.text, node.start, node.end) is None:
        return plain
    written = "\n".join(_told(node, ""))
    try:
        return written if same(value_of(written.encode()), value) else plain
    except ValueError:
        return plain


def _told(node: JsonNode, indent: str) -> Iterator[str]:
    from registry_reconciler.formats.yaml.edit.splice import dump

    for member, chunk in zip(node.entries, cut(node), strict=True):
        inner = member.value
        assert isinstance(inner, JsonNode)
        for row in _rows(node.source.text[chunk.content : chunk.member]):
            yield indent + row
        key = member.key.text if member.key is not None else None
        held = COMMENT.search(node.source.text, inner.start, inner.end) if inner.entries else None
        if held and inner.entries:
            if key is not None:
                yield indent + dump({key: None}).split("\n")[0].removesuffix(" null").removesuffix(" ~")
                yield from _told(inner, indent + "  ")
            else:
                rows = list(_told(inner, ""))
                first = next((at for at, row in enumerate(rows) if not row.startswith("#")), 0)
                yield from (indent + row for row in rows[:first])
                yield f"{indent}- {rows[first]}"
                yield from (f"{indent}  {row}" for row in rows[first + 1 :])
            continue
        for row in (
            dump({key: inner.value} if key is not None else [inner.value]).removesuffix("\n").split("\n")
        ):
            yield indent + row if row else row


def _dedented(node: JsonNode) -> str:
    first, *rest = node.raw.split("\n")
    width = len(node.source.indent(node.start))
    return "\n".join([first, *(row[min(width, len(row) - len(row.lstrip(" \t"))) :] for row in rest)])


def new_text(
    value: Json, container: FieldPath, snippet: Snippet | None, like: bytes | None, *, comments: bool
) -> bytes:
    """The text of a new file that says a value, or has it at ``container``."""
    for step in reversed(container):
        value = {str(step): value} if isinstance(step, str) else [value]
    look = Look()
    models: list[JsonNode] = []
    if like is not None:
        try:
            root = compose(like.decode("utf-8").removeprefix("\ufeff"), comments=comments)[0].root
            if isinstance(root, JsonNode):
                look, models = look_of(root), [root]
        except (Unreadable, UnicodeDecodeError, IndexError):
            pass
    newline = look.newline
    head = (
        "".join(f"//{row.removeprefix('#')}{newline}" for row in snippet.comments)
        if comments and snippet
        else ""
    )
    return (head + Writer(look).value(value, "", models) + newline).encode()


_HEAD = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+\*/)*")


def head_comments(data: bytes) -> tuple[str, ...]:
    """The comments before the value of a file, where no blank line parts them from it."""
    match = _HEAD.match(data.decode("utf-8").removeprefix("\ufeff"))
    head = match[0] if match else ""
    return () if re.search(r"\n[ \t\r]*\n[ \t\r]*\Z", head) else tuple(_rows(head))
