"""Another value where one stands: on its line, below its mark, or inside a flow collection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.nodes import Member, Node, scalar_value
from registry_reconciler.formats.notes import DRAWN
from registry_reconciler.formats.yaml.edit.block_scalars import Body, folded_body, literal_body
from registry_reconciler.formats.yaml.edit.emit import Emitter, indented
from registry_reconciler.formats.yaml.edit.intent_table import plain
from registry_reconciler.formats.yaml.edit.page import COMMENT_ROW, EditedLines
from registry_reconciler.formats.yaml.edit.style import Hints, Style, hints_of, plain_style
from registry_reconciler.formats.yaml.edit.wording import WordedValue

_OPENS = re.compile(r"""(?:- +)*[^\s"'#|>&*!\[\]{}][^\s"'#]*:(?: [|>][-+0-9]*)?""")
"""The first line of a part whose other lines stand below it."""


class ValueSlot(Struct, frozen=True):
    """Where a value stands.

    Attributes:
        kind: behind a key, behind a dash, alone in its document, or inside a flow collection.
        mark_end: just behind the key's colon or the dash; -1 where there is none.
        column: the column of the entry that the value belongs to.
        entry: that entry.
        neighbours: what a new value here should look like: the same field of other entries, nearest first.
        following: where lines begin that may follow it once entries behind it are gone.
    """

    kind: Literal["map", "seq", "root", "flow"]
    mark_end: int
    column: int
    entry: Member | None = None
    neighbours: tuple[Node, ...] = ()
    following: tuple[int, ...] = ()


class ValuePatcher(EditedLines):
    """Puts another value where one stands, with the comments around it kept."""

    def __init__(self, text: str, style: Style) -> None:
        super().__init__(text, style.newline, min(style.step, style.dash))
        self.style = style
        self.emitter = Emitter(style)
        self._known_hints: dict[tuple[int, ...], Hints] = {}

    def _hints_of(self, nodes: Sequence[Node]) -> Hints:
        """What some neighbours do. Many changes have the same ones, so it is remembered."""
        key = tuple(map(id, nodes))
        hints = self._known_hints.get(key)
        if hints is None:
            hints = self._known_hints[key] = hints_of(nodes)
        return hints

    def _replace(self, node: Node, slot: ValueSlot, value: Any) -> None:
        if slot.kind == "flow":
            self._replace_in_flow(node, slot, value)
            return
        # The copy that takes an alias's place looks like what the alias stood for.
        models = slot.neighbours if node.target is None else (node.target, *slot.neighbours)
        hints = self._hints_of(models) if isinstance(plain(value), (dict, list)) else Hints()
        emitter = self._emitter_before(node, slot)
        body = self._body(node, slot, value, hints, emitter)
        if isinstance(value, WordedValue) and slot.entry is not None:
            self._bring_lead(slot.entry, slot.column, value.wording.own())
        tail = value.wording.tail() if isinstance(value, WordedValue) else ""
        on_its_line = not body.lines and not _is_below(node) and not node.is_empty
        if body.kind == "inline" and body.head and on_its_line:
            props = f"&{node.anchor} " if node.anchor else ""
            end = self.line_end(node.end)
            if self._takes(self.text[node.end : end], tail):
                self.put(node.start, end, props + body.head + tail)
            else:
                self.put(node.start, node.end, props + body.head)
            return
        self._rewrite(node, slot, body, tail)

    def _bring_lead(self, entry: Member, column: int, brought: Sequence[str]) -> None:
        """The comments above what changes are those that the change brings; what heads a file or section stays."""
        start = self.line_start(entry.start)
        if not brought or self.text[start : entry.start].strip(" \t\r"):
            return
        above = start
        while above:
            row = self.line_start(above - 1)
            match = COMMENT_ROW.match(self.text[row:above])
            if match is None or len(match.group(1)) != column:
                break
            above = row
        there = self.text[above:start]
        if [row.strip(SPACE) for row in there.split("\n")[:-1]] == list(brought):
            return
        if self.text[:above].strip(SPACE) in ("", "---") or DRAWN.search(there):
            above = start
        self.put(above, start, "".join(" " * column + row + self.style.newline for row in brought))

    @staticmethod
    def _takes(there: str, brought: str) -> bool:
        """Whether a comment that comes with a value takes the place of what stands behind the value now."""
        old, new = there.strip(" \t\r"), brought.strip(" \t\r")
        return bool(new) and old != new and (not old or old.startswith("#"))

    def _body(self, node: Node, slot: ValueSlot, value: Any, hints: Hints, emitter: Emitter) -> Body:
        plain_value = plain(value)
        if isinstance(value, WordedValue) and not isinstance(plain_value, list | dict):
            body = emitter.scalar_body(value, self._offset(slot))
            if body is not None and not (slot.kind == "root" and (body.head[1:2].isdigit() or not body.head)):
                return body
        if (
            node.kind == "scalar"
            and isinstance(plain_value, str)
            and node.style in ("|", ">")
            and emitter.blocks
        ):
            body = self._block_scalar(node, slot, plain_value)
            if body is not None:
                return body
        on_lines = isinstance(value, WordedValue) and (
            value.wording.commented() or value.wording.needs_lines()
        )
        if node.flow and node.entries and isinstance(plain_value, (dict, list)) and not on_lines:
            return Body("inline", emitter.flow(value, self._hints_of([node])))
        if isinstance(plain_value, str) and "\n" in plain_value and emitter.blocks:
            offset = self._offset(slot)
            body = literal_body(plain_value, offset)
            if body is not None and not (slot.kind == "root" and body.head[1:2].isdigit()):
                return body
        if node.kind == "scalar" and not isinstance(plain_value, (dict, list)):
            wanted = _plain_unless_quoted(node, slot)
            return Body("inline", emitter.restyled(plain_value, wanted, flow=node.flow))
        return emitter.body(value, hints)

    def _offset(self, slot: ValueSlot) -> int:
        if slot.kind == "seq" and slot.entry is not None:
            return self._dash(slot.entry)
        return self.style.step

    def _dash(self, entry: Member) -> int:
        width = entry.value.start - entry.start
        return (
            width if width > 1 and "\n" not in self.text[entry.start : entry.value.start] else self.style.dash
        )

    def _block_scalar(self, node: Node, slot: ValueSlot, text: str) -> Body | None:
        keep = "+" in self._header(node)
        if node.style == "|":
            body = literal_body(text, self._offset(slot), keep=keep)
        else:
            rows = self.text[node.body : node.end].split("\n")[1:]
            width = max([80 - slot.column, *(len(row.strip(" \t\r")) for row in rows)])
            body = folded_body(text, width, keep=keep)
        if body is None or (slot.kind == "root" and body.head[1:2].isdigit()):
            return None
        return body

    def _emitter_before(self, node: Node, slot: ValueSlot) -> Emitter:
        """No block scalar may be written where it would take in what follows: a deeper comment, or blank lines."""
        end = self.behind(node.end, slot.column) if _is_block(node) else self.next_line(node.end)
        ends = (end, *slot.following)
        comment = any(self._swallows(end, slot.column) for end in ends)
        return self.emitter.before(comment=comment, blank=any(map(self._blank, ends)))

    def _replace_in_flow(self, node: Node, slot: ValueSlot, value: Any) -> None:
        plain_value = plain(value)
        if isinstance(value, WordedValue):
            rows = value.wording.rows(plain_value, flow=True, offset=0)
            value = plain_value if rows is None else value
        if isinstance(value, WordedValue):
            text = self.emitter.flow(value, self._hints_of([node, *slot.neighbours]))
        elif node.kind == "scalar" and not isinstance(plain_value, (dict, list)):
            text = self.emitter.restyled(plain_value, _plain_unless_quoted(node, slot), flow=True)
        else:
            text = self.emitter.flow(value, self._hints_of([node, *slot.neighbours]))
        if node.anchor:
            text = f"&{node.anchor} {text}"
        if node.start == node.end:
            mark = slot.mark_end < 0 and slot.entry is not None and slot.entry.key is not None
            text = (": " if mark else " ") + text
            if mark and slot.entry is not None and slot.entry.explicit:
                text = " " + text
            elif mark and slot.entry is not None and slot.entry.key is not None:
                self._on_one_line(slot.entry.key)
        self.put(node.start, node.end, text)

    def _on_one_line(self, key: Node) -> None:
        """A key alone may go over several lines; one with a value may not."""
        if key.kind == "scalar" and "\n" in self.text[key.start : key.end]:
            self.put(key.body, key.end, self.emitter.restyled(key.text, key.style, flow=True))

    def _rewrite(self, node: Node, slot: ValueSlot, body: Body, brought: str) -> None:
        """Writes the whole line of a value anew: from behind its mark to its end, and the lines below.

        Args:
            brought: the comment that the new value brings along: it takes the place of the one that is there.
        """
        text = self.text
        mark_end, lead = slot.mark_end, ""
        if mark_end < 0:
            mark_end = node.end
            lead = self.style.newline + " " * slot.column + ":"
        end = self.last_line_end(node.end, slot.column) if _is_block(node) else self.line_end(node.end)
        gap, tail = self._around(node, mark_end, end)
        if self._takes(tail, brought):
            tail = brought
        space = text[mark_end : node.start]
        if not space or space.strip(" "):
            space = " " if slot.kind != "seq" else " " * (self.style.dash - 1)
        props = f"&{node.anchor}" if node.anchor else ""
        lines = [*gap, *self._below(slot, body)]
        own_line = slot.kind == "seq" and body.kind in ("map", "seq") and not props and not gap
        first = _with_comment(body.lines, tail) if own_line else None
        if body.kind in ("inline", "literal"):
            head = (space + (f"{props} " if props else "") + body.head).rstrip(" ")
            lines = self._below(slot, body)
            if body.kind == "inline" and lines:
                # A comment on the first line would end the text there.
                lines[-1] += tail
            else:
                head += tail
            at_column = " " * slot.column
            lines = [*lines, *(at_column + row.strip(" \t\r") for row in gap)] if lines else [*lines, *gap]
        elif first is not None:
            width = len(space) + 1
            lines = [*indented(body.lines[1:], slot.column + width)]
            head = space + first
        else:
            head = (space + props if props else "") + tail.rstrip(" \t\r")
        if slot.kind == "root" and self._starts_line(node) and not props:
            mark_end = self.line_start(node.start)
            head = head.lstrip(" ") if body.kind in ("inline", "literal") else tail.strip(" \t\r")
            rows = [*([head] if head else []), *lines]
            self.put(mark_end, end, self.join(rows))
            return
        self.put(mark_end, end, lead + self.join([head, *lines]))

    def _starts_line(self, node: Node) -> bool:
        start = self.line_start(node.start)
        return not self.text[start : node.start].strip(" \t\r") and node.start != node.end

    def _below(self, slot: ValueSlot, body: Body) -> list[str]:
        style = self.style
        offset = self._offset(slot)
        if slot.kind == "root" and body.kind in ("map", "seq"):
            offset = 0
        elif body.kind == "seq" and slot.kind == "map":
            offset = style.seq_step
        return indented(body.lines, slot.column + offset)

    def _around(self, node: Node, mark_end: int, end: int) -> tuple[list[str], str]:
        """Comment lines between a mark and its value, and the comment on the line of the mark or value."""
        text = self.text
        behind = max(node.props_end, mark_end)
        if _is_below(node):
            if node.kind == "scalar":
                behind = node.body + len(self._header(node))
            elif "\n" not in text[behind : node.body]:
                return [], ""
            return [], text[behind : self.line_end(behind)]
        between = text[mark_end : node.start].replace("\r\n", "\n").split("\n")
        tail = text[node.end : end]
        if tail.startswith("#"):
            # Behind a bracket or quote a comment needs no space; behind what takes its place it does.
            tail = " " + tail
        if len(between) > 1:
            rows = [row.rstrip(" \t\r") for row in between[1:-1] if row.strip(" \t\r")]
            if not tail.strip(" \t\r"):
                return rows, between[0].rstrip(" \t\r")
            return ([between[0].strip(" \t\r")] if between[0].strip(" \t\r") else []) + rows, tail
        return [], tail if tail.strip(" \t\r") or not node.is_empty else ""


def _with_comment(lines: Sequence[str], comment: str) -> str | None:
    """The first line of a collection with the comment that stood behind the mark; ``None`` where it cannot have it."""
    first, comment = lines[0], comment.strip(" \t\r")
    # A text that goes on below takes no comment in.
    goes_on = len(lines) > 1 and lines[1][:1] in (" ", "") and not _OPENS.fullmatch(first)
    if not comment or (first.endswith(f" {comment}") and not goes_on):
        return first
    return None if goes_on or "#" in first else f"{first}  {comment}"


def _plain_unless_quoted(node: Node, slot: ValueSlot) -> str:
    if node.style in ("'", '"'):
        return node.style
    if node.text or node.style:
        return plain_style(node.text) if not node.style and isinstance(scalar_value(node), str) else "plain"
    hints = hints_of(slot.neighbours)
    return hints.styles.get((), "plain")


def _is_below(node: Node) -> bool:
    """Whether the text of a value stands on the lines below its mark."""
    return node.style in ("|", ">") or _is_block(node)


def _is_block(node: Node) -> bool:
    return bool(node.entries) and not node.flow
