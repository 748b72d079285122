"""Front matter read, located, edited and written: the YAML engine on the block, the rest as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from registry_reconciler.formats.base import PlaceQuery
from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.edits import Edit, ReplaceDocument, Snippet, SpliceError, Update
from registry_reconciler.formats.faults import DEFAULT_LIMITS, TextFault, TextFile
from registry_reconciler.formats.frontmatter.lenient import covers, filled, quoted, spliced, with_texts
from registry_reconciler.formats.frontmatter.parts import FrontMatterParts, other_language, split
from registry_reconciler.formats.scan import BOM, scan_text
from registry_reconciler.formats.yaml.row import YAML
from registry_reconciler.model.entry import FieldPath, Json, same

_WHOLE_CONFLICT = tuple(
    re.compile(rb"^" + mark, re.MULTILINE) for mark in (b"<<<<<<< ", b"=======\r?$", b">>>>>>> ")
)


def read(data: bytes, body: str, lenient: bool) -> TextFile:
    """The one document of a text; none where it has no block.

    Args:
        body: the field that the text below is given as, or "".
        lenient: a block that is no YAML is read key by key (:mod:`.lenient`).
    """
    faults = [text_fault for text_fault in scan_text(data, DEFAULT_LIMITS) if _counts(text_fault, data)]
    if faults:
        return TextFile((), tuple(faults))
    try:
        parts = split(data)
    except ValueError:
        message = "the front matter that begins here does not end: there is no second line of three dashes"
        fix = "write --- on a line of its own below the last field"
        return TextFile((), (TextFault("FRM001", message, 1, 1, fix=fix),))
    if parts is None:
        language = other_language(data)
        return TextFile((), (_not_yaml(language),) if language else ())
    if parts.block.startswith(BOM):
        # It is no mark there: the block does not begin the file.
        return TextFile((), YAML.read(b"#\n" + parts.block).faults)
    file = YAML.read(parts.block)
    block = _text(parts) if lenient and not file.readable else None
    if block is not None:
        covered = covers(block)
        file = YAML.read(filled(block, covered).encode()) if covered else file
        file = replace(
            file, documents=tuple(with_texts(read_document, covered) for read_document in file.documents)
        )
    faults = [_moved(fault, lenient) for fault in file.faults]
    if not file.readable:
        return TextFile((), tuple(faults))
    if len(file.documents) > 1:
        message = "front matter holds one document"
        return TextFile((), (TextFault("FRM001", message, 2, 1, fix="remove the other documents"),))
    document = file.documents[0] if file.documents else None
    if body and isinstance(document, dict):
        if body in document:
            message = f"the field {body!r} stands in the front matter, and is the name of the text below it"
            fix = "rename the field, or name the text otherwise: body in the schema file of the kind"
            return TextFile((), (TextFault("FRM001", message, 2, 1, fix=fix),))
        document = {**document, body: parts.body.decode("utf-8")}
    return TextFile((document,), tuple(faults))


def _not_yaml(language: str) -> TextFault:
    message = (
        f"the front matter that begins here is {language}, and only YAML between two lines of --- is read"
    )
    fix = (
        "write the block as YAML (hugo convert toYAML does it for a whole site), "
        "or name the file under 'exclude' in the schema file of the kind"
    )
    return TextFault("FRM002", message, 1, 1, fix=fix)


def _counts(fault: TextFault, data: bytes) -> bool:
    """Whether something that bytes alone show matters: the text below may speak of conflicts, and mix line ends."""
    if fault.code == "YML010":
        return all(mark.search(data) for mark in _WHOLE_CONFLICT)
    return fault.fatal


def _moved(fault: TextFault, lenient: bool) -> TextFault:
    """A fault of the block as one of the file, which has a line more."""
    message, related = fault.message, 0
    if fault.related_line:
        related = fault.related_line + 1
        message = message.replace(f"in line {fault.related_line}", f"in line {related}")
    fix = fault.fix
    if fault.code == "YML001" and not lenient:
        fix = f"{fix}; or read the block key by key: lenient: true in the schema file of the kind"
    return replace(fault, message=message, line=fault.line + 1, related_line=related, fix=fix)


def _parts(data: bytes) -> FrontMatterParts | None:
    try:
        return split(data)
    except ValueError:
        return None


def locate(data: bytes, places: Sequence[PlaceQuery], lenient: bool) -> list[tuple[int, int]]:
    """Line and column of each place."""
    parts = _parts(data)
    return [(1, 1)] * len(places) if parts is None else YAML.locate(_in_place(parts, lenient), places)


def block_of(text: str, lenient: bool) -> str:
    """The block of a text in its place, with blanks before it; "" where there is none."""
    parts = _parts(text.encode())
    return "" if parts is None else _in_place(parts, lenient).decode()


def _in_place(parts: FrontMatterParts, lenient: bool) -> bytes:
    """The block in its place, as far as YAML can read it."""
    block = _text(parts) if lenient else None
    return parts.blanks + (parts.block if block is None else filled(block, covers(block)).encode())


def _text(parts: FrontMatterParts) -> str | None:
    """The block as text; ``None`` where it is none."""
    try:
        return parts.block.decode()
    except UnicodeDecodeError:
        return None


def splice(data: bytes, edits: Sequence[Edit], body: str, lenient: bool) -> bytes:
    """The text with the edits made in its block; where there is none, one is put before what is there."""
    if not edits:
        return data
    parts = _parts(data)
    if parts is None:
        bom = BOM if data.startswith(BOM) else b""
        newline = b"\r\n" if b"\r\n" in data else b"\n"
        parts = FrontMatterParts(bom + b"---" + newline, b"", b"---" + newline + data[len(bom) :])
    below = parts.body.decode("utf-8")
    own = [_without(edit, body, below) for edit in edits]
    # An empty block says nothing of how its lines end.
    crlf = parts.head.endswith(b"\r\n")
    text = _text(parts) if lenient else None
    covered = covers(text) if text is not None else ()
    block = spliced(text or "", covered, own).encode() if covered else YAML.splice(parts.block, own)
    if crlf and b"\r\n" not in parts.block:
        block = block.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if block and not block.endswith(b"\n"):
        block += b"\r\n" if crlf else b"\n"
    return parts.head + block + parts.rest


def _without(edit: Edit, body: str, below: str) -> Edit:
    """An edit of the block alone. Raises :class:`SpliceError` where it is about the text below."""
    message = "the text below front matter is never changed"
    if isinstance(edit, Update | ReplaceDocument):
        path = edit.path if isinstance(edit, Update) else ()
        value = edit.value
        if body and not path and isinstance(value, dict) and body in value:
            if not same(value[body], below):
                raise SpliceError(message, edit.document, (body,))
            return replace(edit, value={name: part for name, part in value.items() if name != body})
    path = getattr(edit, "path", ())
    if body and path[:1] == (body,):
        raise SpliceError(message, edit.document, path)
    return edit


def new_text(
    value: Json, container: FieldPath, snippet: Snippet | None, like: bytes | None, body: str
) -> bytes:
    """The text of a new file: a block and nothing below it."""
    if body and isinstance(value, dict) and not container:
        value = {name: part for name, part in value.items() if name != body}
    parts = None if like is None else _parts(like)
    shown = None if parts is None else parts.block
    block = YAML.new_text(value, container=container, snippet=snippet, like=shown)
    text = b"---\n" + block.replace(b"\r\n", b"\n") + b"---\n"
    crlf = like is not None and b"\r\n" in like
    return text.replace(b"\n", b"\r\n") if crlf else text


def extract(data: bytes, places: Sequence[tuple[int, FieldPath]], lenient: bool) -> list[Snippet]:
    """The text of the block, or of a part of it."""
    parts = _parts(data)
    if parts is None:
        raise SpliceError("there is no front matter")
    return YAML.extract(_as_yaml(parts, lenient), places)


def head_comments(data: bytes, lenient: bool) -> tuple[str, ...]:
    """The comments at the head of the block."""
    parts = _parts(data)
    return () if parts is None else YAML.head_comments(_as_yaml(parts, lenient))


def _as_yaml(parts: FrontMatterParts, lenient: bool) -> bytes:
    block = _text(parts) if lenient else None
    return parts.block if block is None else quoted(block, covers(block)).encode()


def has_rest(data: bytes) -> bool:
    """Whether anything stands below the block."""
    parts = _parts(data)
    return bool(parts is not None and parts.body.strip(SPACE.encode()))
