"""The comments of a fragment's entry, by the field that they stand at: TOML writes comments as YAML does."""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.formats.nodes import Node, Unreadable, key_of
from registry_reconciler.model.entry import FieldPath


class Note(Struct, frozen=True):
    """The comment lines directly above a field, and the comment behind it on its line."""

    above: tuple[str, ...] = ()
    behind: str = ""


def notes_of(text: str) -> dict[FieldPath, Note]:
    """All comments of a YAML text that belong to a field of it."""
    if "#" not in text:
        return {}
    from registry_reconciler.formats.yaml.read.nodes import compose

    try:
        documents = compose(text)
    except Unreadable:
        return {}
    found: dict[FieldPath, Note] = {}
    waiting: list[tuple[Node, FieldPath]] = [(documents[0].root, ())] if documents else []
    while waiting:
        node, path = waiting.pop()
        for number, entry in enumerate(node.entries):
            step = number if node.kind == "seq" else key_of(entry)
            if step is None or node.flow:
                continue
            here: FieldPath = (*path, step)
            note = Note(
                _above(text, entry.start), _behind(text, entry.mark_end, entry.end, bool(entry.value.entries))
            )
            if note.above or note.behind:
                found[here] = note
            waiting.append((entry.value, here))
    return found


def _above(text: str, start: int) -> tuple[str, ...]:
    line = text.rfind("\n", 0, start) + 1
    column = start - line
    if text[line:start].strip():
        return ()
    rows: list[str] = []
    while line > 0:
        begin = text.rfind("\n", 0, line - 1) + 1
        row = text[begin : line - 1]
        if not row.lstrip().startswith("#") or len(row) - len(row.lstrip()) != column:
            break
        rows.insert(0, row.strip())
        line = begin
    return tuple(rows)


def _behind(text: str, mark: int, end: int, has_parts: bool) -> str:
    """The comment on the line of a scalar, or on that of the key of what has parts."""
    at = mark if has_parts else end
    stop = text.find("\n", at)
    rest = text[at : stop if stop >= 0 else len(text)]
    return rest.strip() if rest.lstrip().startswith("#") and rest[:1] in (" ", "\t") else ""
