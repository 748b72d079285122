"""The text of a new file. Most files are edited; who only writes a new one imports none of what that takes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from registry_reconciler.formats.edits import Insert, Snippet
from registry_reconciler.formats.yaml.edit.emit import Emitter, Piece, indented
from registry_reconciler.formats.yaml.edit.style import Hints, Style, look_of
from registry_reconciler.model.entry import FieldPath, Json


def new_file(
    value: Json,
    *,
    container: FieldPath = (),
    snippet: Snippet | None = None,
    comments: Sequence[str] = (),
    like: bytes | None = None,
) -> bytes:
    """The text of a new file that says ``value``, or has it at ``container`` (mappings are made for it).

    With a ``snippet`` its text and comments are used for the value. ``comments`` are lines (with their ``#``)
    for the head of the file. It looks like the file ``like``.
    """
    used, hints = look_of(like)
    part: Json | Piece = value
    if snippet is not None:
        from registry_reconciler.formats.yaml.edit.splice import fit

        fitted = fit(Insert(0, (), value, snippet=snippet))
        assert isinstance(fitted, Insert)
        part = value if fitted.snippet is None else Piece(value, fitted.snippet)
    for step in reversed(container):
        part = {str(step): part} if isinstance(step, str) else [part]
    head = "".join(f"{line}{used.newline}" for line in comments)
    # A file that is an entry is a block, also where the fragment has the entry in braces.
    braces = container or (snippet is not None and snippet.kept)
    hints = replace(hints, styles={} if container else {**hints.styles, (): "" if braces else "block"})
    return (head + document_text(part, used, hints)).encode()


def document_text(value: Json | Piece, style: Style, hints: Hints | None = None) -> str:
    """The text of a document, each line with its line end."""
    body = Emitter(style).body(value, hints or Hints())
    if body.kind in ("inline", "literal"):
        lines = [*body.comments, body.head, *indented(body.lines, style.step)]
    else:
        lines = [*body.comments, *body.lines]
    return "".join(line + style.newline for line in lines)
