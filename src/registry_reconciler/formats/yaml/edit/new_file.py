"""The text of a new file. Most files are edited; who only writes a new one imports none of what that takes."""

from __future__ import annotations

from msgspec.structs import replace

from registry_reconciler.formats.yaml.edit.emit import Emitter, Piece, indented
from registry_reconciler.formats.yaml.edit.flat_items import flat_file
from registry_reconciler.formats.yaml.edit.style import Hints, Style, look_of
from registry_reconciler.model.entry import FieldPath, Json


def file_text(
    value: Json | Piece,
    *,
    container: FieldPath = (),
    like: bytes | None = None,
    kept: bool = False,
) -> bytes:
    """The text of a file that says ``value``, or has it at ``container``; see :func:`.splice.new_file`.

    Args:
        kept: where it is a mapping in braces, it stays one.
    """
    used, hints = look_of(like)
    if len(container) == 1 and like is None and type(container[0]) is str:
        flat = None if isinstance(value, Piece) else flat_file(container[0], value, Emitter(used), used)
        if flat is not None:
            return flat.encode()
    for step in reversed(container):
        value = {str(step): value} if isinstance(step, str) else [value]
    # A file that is an entry is a block, also where the fragment has the entry in braces.
    braces = container or kept
    hints = replace(hints, styles={} if container else {**hints.styles, (): "" if braces else "block"})
    return document_text(value, used, hints).encode()


def document_text(value: Json | Piece, style: Style, hints: Hints | None = None) -> str:
    """The text of a document, each line with its line end."""
    body = Emitter(style).body(value, hints or Hints())
    if body.kind in ("inline", "literal"):
        lines = [*body.comments, body.head, *indented(body.lines, style.step)]
    else:
        lines = [*body.comments, *body.lines]
    return style.newline.join((*lines, ""))
