"""What is written as a whole: the first value of a text, and a list that has outgrown its line."""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.formats.json.changed import Changed, Own, notes_of_new
from registry_reconciler.formats.json.look import WIDTH, Look, Writer, on_lines
from registry_reconciler.formats.json.source import JsonNode
from registry_reconciler.formats.project import project_value
from registry_reconciler.formats.replacements import Replacement

_SCALARS = (str, int, float, bool, type(None))


def first_value(text: str, own: Own, *, comments: bool) -> str:
    """A text that has no value yet, with its first one."""
    value = project_value(None, own)
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text if not text or text.endswith("\n") or not text.strip() else text + newline
    notes = notes_of_new(own, value, kept=comments)
    made = Writer(Look(newline=newline)).value(value, "", notes=notes) + newline
    return before.lstrip(" \t\r\n") + made


def outgrown(
    node: JsonNode,
    changed: Changed,
    writer: Writer,
    models: Sequence[JsonNode],
    done: list[Replacement],
) -> str | None:
    """A list of plain values that was on one line, and is too long for it with what comes, as a new one would be.

    ``None`` where it stays on its line: because it fits, others like it reach as far, or it was too long before.

    Args:
        done: what was done before; what was done inside of the list, which is at its end, goes into the new text.
    """
    source, look = node.source, writer.look
    text = source.text[node.start : node.end]
    column = node.start - source.line_start(node.start)
    coming = [new for news in changed.coming.values() for new in news]
    if node.kind != "seq" or "\n" in text or not coming or not source.begins_line(node.start):
        return None
    if not look.lines or look.leading or column + len(text) > WIDTH:
        return None
    plain = all(part.value.kind == "scalar" for part in node.entries)
    if not plain or not all(isinstance(new.value, _SCALARS) and not new.notes() for new in coming):
        return None
    first = len(done)
    while first and node.start <= done[first - 1].start < node.end:
        first -= 1
    inside = {own.start: own.text for own in done[first:]}
    items: list[str] = []
    for index in range(len(node.entries) + 1):
        items += [writer.scalar(new.value) for new in changed.coming.get(index, ())]
        if index < len(node.entries) and index not in changed.gone:
            part = node.entries[index].value
            items.append(inside.pop(part.start, source.text[part.start : part.end]))
    if column + len(", ".join(items)) + 2 <= look.width:
        return None
    nested = any(item.startswith(("{", "[")) for item in items)
    if inside or nested or source.plain[node.start : node.end] != text:
        return None
    del done[first:]
    indent = source.indent(node.start)
    model = next((model for model in models if model.kind == "seq" and on_lines(model)), None)
    inner = indent + look.unit
    comma = "," if writer.trailing(model) else ""
    return f"[{look.newline}{inner}{look.apart(inner).join(items)}{comma}{look.newline}{indent}]"
