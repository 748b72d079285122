"""Intents to replacements of text: where each change begins and ends, and what stands there then.

Block collections are changed by whole lines, flow collections by what lies between their items, scalars in
place. Replacements never overlap, and what lies between them is never looked at again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from msgspec import Struct

from registry_reconciler.formats.nodes import Member, Node, scalar_value
from registry_reconciler.formats.replacements import Replacement
from registry_reconciler.formats.yaml.edit.emit import (
    Body,
    Emitter,
    Piece,
    folded_body,
    indented,
    literal_body,
)
from registry_reconciler.formats.yaml.edit.flow import flow_gaps
from registry_reconciler.formats.yaml.edit.intents import Intent, Intents, New, plain
from registry_reconciler.formats.yaml.edit.style import Hints, Style, column_of, hints_of, plain_style
from registry_reconciler.formats.yaml.edit.told import Part
from registry_reconciler.model.entry import Missing

_COMMENT_ROW = re.compile(r"([ \t]*)#")
_HEADER = re.compile(r"[|>][-+0-9]*")
_BLANKS = " \t\n"
_DRAWN = re.compile(r"#.*?([-=*~_#+])\1{2}")
_HEADED = 50
"""So many entries are looked at to tell whether they have comments of their own."""
_NEIGHBOURS = 4


class Slot(Struct, frozen=True):
    """Where a value stands.

    Attributes:
        kind: behind a key, behind a dash, alone in its document, or inside a flow collection.
        mark_end: just behind the key's colon or the dash; -1 where there is none.
        column: the column of the entry that the value belongs to.
        entry: that entry.
        neighbours: what a new value here should look like: the same field of other entries, nearest first.
    """

    kind: Literal["map", "seq", "root", "flow"]
    mark_end: int
    column: int
    entry: Member | None = None
    neighbours: tuple[Node, ...] = ()


class _Runs:
    """Entries that go, as runs of neighbours.

    Attributes:
        first: by entry: where its run begins.
        end: by entry: the entry behind its run.
        closes_up: by entry: whether only blank lines stand in its run before it, where somebody asked.
    """

    def __init__(self, removed: set[int]) -> None:
        self.first: dict[int, int] = {}
        self.end: dict[int, int] = {}
        self.closes_up: dict[int, bool] = {}
        for number in sorted(removed):
            self.first[number] = self.first.get(number - 1, number)
        for number in sorted(removed, reverse=True):
            self.end[number] = self.end.get(number + 1, number + 1)


class Patcher:
    """Collects the replacements for one document of a text, which must end with a line end."""

    def __init__(self, text: str, intents: Intents, style: Style) -> None:
        self.text = text
        self.intents = intents
        self.style = style
        self.emitter = Emitter(style)
        self.replacements: list[Replacement] = []
        self._known_hints: dict[tuple[int, ...], Hints] = {}
        self._by_key: dict[int, dict[str, list[Node]]] = {}

    # ------------------------------------------------------------ lines

    def line_start(self, position: int) -> int:
        """The start of the line of a place."""
        return self.text.rfind("\n", 0, position) + 1

    def line_end(self, position: int) -> int:
        """The end of the line of a place, before its line end."""
        end = self.text.find("\n", position)
        if end < 0:
            return len(self.text)
        return end - 1 if end > position and self.text[end - 1] == "\r" else end

    def next_line(self, position: int) -> int:
        """The start of the line behind a place; the end of the text where there is none."""
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def put(self, start: int, end: int, text: str) -> None:
        """Records a replacement, unless it changes nothing.

        Behind a bracket, quote or comma a comment needs no space before it; behind what takes its place it does.
        """
        if text and self.text.startswith("#", end) and text[-1] not in _BLANKS:
            text += " "
        if text.startswith("#") and self.text[start - 1 : start] not in _BLANKS:
            text = " " + text
        if self.text[start:end] != text:
            self.replacements.append(Replacement(start, end, text))

    def join(self, lines: Sequence[str]) -> str:
        """Lines as text, without a last line end."""
        return self.style.newline.join(lines)

    # ------------------------------------------------------------ the walk

    def visit(self, node: Node, slot: Slot) -> None:
        """Records what happens at and below a node."""
        if id(node) not in self.intents.dirty:
            return
        intent = self.intents.of(node)
        if intent is not None and not isinstance(intent.value, Missing):
            self._replace(node, slot, intent.value)
            return
        if intent is not None and self._must_rewrite(node, intent):
            self._replace(node, slot, self.intents.project(node))
            return
        # Inner changes first: where an inner and an outer list both grow at one place, that is their order.
        dirty = self.intents.dirty
        for number, entry in enumerate(node.entries):
            if id(entry.value) in dirty and (intent is None or number not in intent.removed):
                self.visit(entry.value, self._slot(node, number, entry, slot))
        if intent is not None:
            self._reshape(node, slot, intent)

    def _must_rewrite(self, node: Node, intent: Intent) -> bool:
        """Whether a flow collection has a form that has no room for changes: ``[a: b]`` or ``{? a}``."""
        changed = bool(intent.removed or intent.inserts or intent.renames)
        bare = self.text[node.body : node.body + 1] not in ("[", "{")
        return changed and node.flow and (bare or any(entry.explicit for entry in node.entries))

    def _reshape(self, node: Node, slot: Slot, intent: Intent) -> None:
        """Changes the entries of a collection."""
        for number, name in intent.renames.items():
            key = node.entries[number].key
            if key is not None and number not in intent.removed:
                text = self.emitter.restyled(name, key.style, flow=node.flow)
                self.put(key.start, key.end, text)
        if node.flow:
            self._flow(node, slot, intent)
        else:
            self._block(node, slot, intent)

    def _slot(self, node: Node, number: int, entry: Member, outer: Slot) -> Slot:
        neighbours: list[Node] = []
        if node.kind == "map":
            for other in outer.neighbours:
                neighbours += self._fields(other).get(entry.key.text, ()) if entry.key is not None else ()
        else:
            neighbours = [node.entries[k].value for k in _near(len(node.entries), number) if k != number]
        if node.kind == "map" and not neighbours:
            neighbours = [
                e.value for e in (node.entries[k] for k in _near(len(node.entries), number)) if e is not entry
            ]
        if node.flow:
            return Slot("flow", entry.mark_end, 0, entry, tuple(neighbours))
        kind: Literal["map", "seq"] = "map" if node.kind == "map" else "seq"
        return Slot(kind, entry.mark_end, column_of(self.text, entry.start), entry, tuple(neighbours))

    def _fields(self, node: Node) -> dict[str, list[Node]]:
        """The values of a neighbour by their keys."""
        found = self._by_key.get(id(node))
        if found is None:
            found = self._by_key[id(node)] = {}
            for entry in node.entries:
                if entry.key is not None:
                    found.setdefault(entry.key.text, []).append(entry.value)
        return found

    def _hints_of(self, nodes: Sequence[Node]) -> Hints:
        """What some neighbours do. Many changes have the same ones, so it is remembered."""
        key = tuple(map(id, nodes))
        hints = self._known_hints.get(key)
        if hints is None:
            hints = self._known_hints[key] = hints_of(nodes)
        return hints

    # ------------------------------------------------------------ one value

    def _replace(self, node: Node, slot: Slot, value: Any) -> None:
        if slot.kind == "flow":
            self._replace_in_flow(node, slot, value)
            return
        # The copy that takes an alias's place looks like what the alias stood for.
        models = slot.neighbours if node.target is None else (node.target, *slot.neighbours)
        hints = self._hints_of(models) if isinstance(plain(value), (dict, list)) else Hints()
        emitter = self._emitter_before(node, slot)
        body = self._body(node, slot, value, hints, emitter)
        if body.kind == "inline" and not body.lines and not _is_below(node) and not node.is_empty:
            props = f"&{node.anchor} " if node.anchor else ""
            self.put(node.start, node.end, props + body.head)
            return
        self._rewrite(node, slot, body)

    def _body(self, node: Node, slot: Slot, value: Any, hints: Hints, emitter: Emitter) -> Body:
        said = plain(value)
        if isinstance(value, Part) and not isinstance(said, list | dict):
            body = emitter.scalar_body(value, self._offset(slot))
            if body is not None and not (slot.kind == "root" and body.head[1:2].isdigit()):
                return body
        if node.kind == "scalar" and isinstance(said, str) and node.style in ("|", ">") and emitter.blocks:
            body = self._block_scalar(node, slot, said)
            if body is not None:
                return body
        if node.flow and node.entries and isinstance(said, (dict, list)):
            return Body("inline", emitter.flow(value, self._hints_of([node])))
        if isinstance(said, str) and "\n" in said and emitter.blocks:
            offset = self._offset(slot)
            body = literal_body(said, offset)
            if body is not None and not (slot.kind == "root" and body.head[1:2].isdigit()):
                return body
        if node.kind == "scalar" and not isinstance(said, (dict, list)):
            wanted = _plain_unless_quoted(node, slot)
            return Body("inline", emitter.restyled(said, wanted, flow=node.flow))
        return emitter.body(value, hints)

    def _offset(self, slot: Slot) -> int:
        if slot.kind == "seq" and slot.entry is not None:
            return self._dash(slot.entry)
        return self.style.step

    def _dash(self, entry: Member) -> int:
        width = entry.value.start - entry.start
        return (
            width if width > 1 and "\n" not in self.text[entry.start : entry.value.start] else self.style.dash
        )

    def _block_scalar(self, node: Node, slot: Slot, said: str) -> Body | None:
        keep = "+" in self._header(node)
        if node.style == "|":
            body = literal_body(said, self._offset(slot), keep=keep)
        else:
            rows = self.text[node.body : node.end].split("\n")[1:]
            width = max([80 - slot.column, *(len(row.strip()) for row in rows)])
            body = folded_body(said, width, keep=keep)
        if body is None or (slot.kind == "root" and body.head[1:2].isdigit()):
            return None
        return body

    def _header(self, node: Node) -> str:
        match = _HEADER.match(self.text, node.body)
        return match.group() if match else ""

    def _emitter_before(self, node: Node, slot: Slot) -> Emitter:
        """No block scalar may be written where a deeper comment follows: it would become part of it."""
        end = self.next_line(node.end)
        return self.emitter.without_blocks() if self._swallows(end, slot.column) else self.emitter

    def _swallows(self, position: int, column: int) -> bool:
        """Whether the next line that is not blank is a comment right of ``column``."""
        while position < len(self.text):
            row = self.text[position : self.line_end(position)]
            if row.strip():
                match = _COMMENT_ROW.match(row)
                return match is not None and len(match.group(1)) > column
            position = self.next_line(position)
        return False

    def _replace_in_flow(self, node: Node, slot: Slot, value: Any) -> None:
        said = plain(value)
        if isinstance(value, Part):
            rows = value.told.rows(said, flow=True, offset=0)
            value = said if rows is None else value
        if isinstance(value, Part):
            text = self.emitter.flow(value, self._hints_of([node, *slot.neighbours]))
        elif node.kind == "scalar" and not isinstance(said, (dict, list)):
            text = self.emitter.restyled(said, _plain_unless_quoted(node, slot), flow=True)
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

    def _rewrite(self, node: Node, slot: Slot, body: Body) -> None:
        """Writes the whole line of a value anew: from behind its mark to its end, and the lines below."""
        text = self.text
        mark_end, lead = slot.mark_end, ""
        if mark_end < 0:
            mark_end = node.end
            lead = self.style.newline + " " * slot.column + ":"
        end = self.line_end(node.end)
        gap, tail = self._around(node, mark_end, end)
        space = text[mark_end : node.start]
        if not space or space.strip(" "):
            space = " " if slot.kind != "seq" else " " * (self.style.dash - 1)
        props = f"&{node.anchor}" if node.anchor else ""
        lines = [*gap, *self._below(slot, body)]
        tied = not tail.strip() and not props and not gap
        if body.kind in ("inline", "literal"):
            head = space + (f"{props} " if props else "") + body.head
            lines = self._below(slot, body)
            if body.kind == "inline" and lines:
                # A comment on the first line would end the text there.
                lines[-1] += tail
            else:
                head += tail
            at_column = " " * slot.column
            lines = [*lines, *(at_column + row.strip() for row in gap)] if lines else [*lines, *gap]
        elif slot.kind == "seq" and tied:
            width = len(space) + 1
            lines = [*indented(body.lines[1:], slot.column + width)]
            head = space + body.lines[0]
        else:
            head = (space + props if props else "") + tail.rstrip()
        if slot.kind == "root" and self._starts_line(node) and not props:
            mark_end = self.line_start(node.start)
            head = head.lstrip(" ") if body.kind in ("inline", "literal") else tail.strip()
            rows = [*([head] if head else []), *lines]
            self.put(mark_end, end, self.join(rows))
            return
        self.put(mark_end, end, lead + self.join([head, *lines]))

    def _starts_line(self, node: Node) -> bool:
        start = self.line_start(node.start)
        return not self.text[start : node.start].strip() and node.start != node.end

    def _below(self, slot: Slot, body: Body) -> list[str]:
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
            rows = [row.rstrip() for row in between[1:-1] if row.strip()]
            if not tail.strip():
                return rows, between[0].rstrip()
            return ([between[0].strip()] if between[0].strip() else []) + rows, tail
        return [], tail if tail.strip() or not node.is_empty else ""

    # ------------------------------------------------------------ entries of a block collection

    def _block(self, node: Node, slot: Slot, intent: Intent) -> None:
        entries = node.entries
        count = len(entries)
        if not intent.removed and not intent.inserts:
            return
        if len(intent.removed) == count and not intent.inserts:
            self._collapse(node, slot)
            return
        column = column_of(self.text, entries[0].start)
        inline = bool(self.text[self.line_start(entries[0].start) : entries[0].start].strip())
        inserts = sorted(intent.inserts, key=lambda new: new.index)
        lead = 0
        if inline:
            lead = self._leading(intent.removed)
            size = bisect_right(inserts, lead, key=lambda new: new.index)
            if lead or size:
                self._change_first(node, slot, inserts[:size], lead, column)
                inserts = inserts[size:]
        runs = _Runs(intent.removed)
        self._insert_all(node, slot, runs, inserts, column)
        for number in sorted(intent.removed):
            if number >= lead:
                self._delete(node, number, column, runs)

    @staticmethod
    def _leading(removed: set[int]) -> int:
        lead = 0
        while lead in removed:
            lead += 1
        return lead

    def _collapse(self, node: Node, slot: Slot) -> None:
        """The last entries go: ``[]`` or ``{}`` stays behind the mark, comments that belong to none stay."""
        empty = "[]" if node.kind == "seq" else "{}"
        first = node.entries[0]
        column = column_of(self.text, first.start)
        everything = _Runs(set(range(len(node.entries))))
        start = 0
        if self.text[self.line_start(first.start) : first.start].strip():
            self.put(first.start, self.line_end(first.end), empty)
            start = 1
        elif slot.kind == "root" and node.props_end == node.start:
            position = self.region_start(node, 0, column)
            self.put(position, position, empty + self.style.newline)
        else:
            position = node.props_end if node.props_end > node.start else slot.mark_end
            self.put(position, position, " " + empty)
        for number in range(start, len(node.entries)):
            self._delete(node, number, column, everything)

    def region_start(self, node: Node, number: int, column: int) -> int:
        """The start of the first line of an entry, comment lines that belong to it included.

        What stands above the first entry may be about all of them: see :meth:`_heads`.
        """
        start = self.line_start(node.entries[number].start)
        above = self._with_comments(node, number, column)
        return start if not number and self._heads(node, self.text[above:start], above, column) else above

    def _heads(self, node: Node, comments: str, start: int, column: int) -> bool:
        """Whether comments above the first entry are a heading, and none of its own.

        That is a line of signs, as people draw around headings; and what begins a file, where no other entry of the
        mapping that the file is has a comment of its own.
        """
        if not comments:
            return False
        if any(_DRAWN.search(row) for row in comments.split("\n")):
            return True
        before = self.text[:start].strip()
        if node.kind != "map" or column or (before and before != "---") or len(node.entries) < 2:
            return False
        others = range(1, min(len(node.entries), _HEADED))
        return not any(
            self._with_comments(node, k, column) < self.line_start(node.entries[k].start) for k in others
        )

    def _with_comments(self, node: Node, number: int, column: int) -> int:
        """The start of the contiguous comment lines above an entry, at its column; else of its own line."""
        start = self.line_start(node.entries[number].start)
        bound = self.next_line(node.entries[number - 1].end) if number else 0
        while start > bound:
            above = self.line_start(start - 1)
            match = _COMMENT_ROW.match(self.text[above:start])
            if match is None or len(match.group(1)) != column or above < bound:
                break
            start = above
        return start

    def _delete(self, node: Node, number: int, column: int, removed: _Runs) -> None:
        start = self.region_start(node, number, column)
        end = self.next_line(node.entries[number].end)
        text = ""
        before = removed.first[number] - 1
        if before >= 0 and self._closes_up(node, number, column, removed):
            leaf = _last_leaf(node.entries[before].value)
            if leaf.style in ("|", ">"):
                bound = len(self.text)
                if number + 1 in removed.first:
                    bound = self.region_start(node, number + 1, column)
                end, text = self._behind_block_scalar(end, bound, column, "+" in self._header(leaf))
        if text and self.text[start:end].endswith(text):
            # What stays as it is may have something inserted before it.
            end, text = end - len(text), ""
        self.put(start, end, text)

    def _closes_up(self, node: Node, number: int, column: int, removed: _Runs) -> bool:
        """Whether nothing but removed entries and blank lines stands before an entry that goes, in its run."""
        if number == removed.first[number]:
            return True
        known = removed.closes_up.get(number)
        if known is None:
            start = self.next_line(node.entries[number - 1].end)
            between = self.text[start : self.region_start(node, number, column)]
            # Asked in order, so that the answer for the one before is known.
            known = not between.strip() and self._closes_up(node, number - 1, column, removed)
            removed.closes_up[number] = known
        return known

    def _behind_block_scalar(self, position: int, bound: int, column: int, keep: bool) -> tuple[int, str]:
        """What must change behind a removed entry so that a block scalar before it does not take it in.

        Blank lines would lengthen a scalar that keeps its line ends, so they go; deeper comments would become
        text, so they move left.
        """
        rows: list[str] = []
        end = position
        while end < bound:
            following = self.next_line(end)
            row = self.text[end:following]
            match = _COMMENT_ROW.match(row)
            if not row.strip():
                if not keep:
                    rows.append(row)
            elif match is not None and len(match.group(1)) > column:
                rows.append(" " * column + row.lstrip(" \t"))
                keep = False
            else:
                break
            end = following
        return end, "".join(rows)

    def _change_first(self, node: Node, slot: Slot, own: list[New], lead: int, column: int) -> None:
        """Changes at the head of a collection that begins behind a dash, on the dash's line."""
        entries = node.entries
        start = entries[0].start
        lines: list[str] = []
        for new in own:
            lines += self._new_lines(node, slot, new, open_allowed=True)
        body = self.join([lines[0], *indented(lines[1:], column)]) if lines else ""
        if lead == len(entries):
            self.put(start, self.line_end(entries[-1].end), body)
        elif lead == 0:
            self.put(start, start, body + self.style.newline + " " * column)
        elif lines:
            self.put(start, self.line_end(entries[lead - 1].end), body)
        else:
            end = self.next_line(entries[lead - 1].end)
            while self.text[end : end + 1] in (" ", "\t", "\r", "\n"):
                end += 1
            self.put(start, end, "")

    def _insert_all(self, node: Node, slot: Slot, removed: _Runs, inserts: list[New], column: int) -> None:
        for index, places in groupby(inserts, key=lambda new: new.index):
            group = list(places)
            kept_before = index > 0 and index - 1 not in removed.first
            if kept_before and (index == len(node.entries) or self._begins_section(node, index, column)):
                self._append(node, slot, group, index - 1, column)
            else:
                self._prepend(node, slot, group, min(index, len(node.entries) - 1), column, removed)

    def _begins_section(self, node: Node, index: int, column: int) -> bool:
        """Whether an entry is the first of a section: a new one before it belongs to the section before.

        Comments that belong to no entry stand above it and head it, or more blank lines than between others.
        """
        start = self.next_line(node.entries[index - 1].end)
        between = self.text[start : self.region_start(node, index, column)]
        return "#" in between or between.count("\n") > self._gap(node, index - 1, column)

    def _append(self, node: Node, slot: Slot, group: list[New], after: int, column: int) -> None:
        """New entries directly behind the lines of an entry."""
        entry = node.entries[after]
        leaf = _last_leaf(entry.value)
        gap = 0 if "+" in self._header(leaf) and leaf.style in ("|", ">") else self._gap(node, after, column)
        position = self.next_line(entry.end)
        swallowing = self._swallows(position, column)
        rows: list[str] = []
        for new in group:
            lines = self._new_lines(node, slot, new, open_allowed=not swallowing)
            rows += [""] * gap + indented(lines, column)
        if position == len(self.text):
            self._settle_last_scalar(leaf)
        self.put(position, position, "".join(row + self.style.newline for row in rows))

    def _settle_last_scalar(self, leaf: Node) -> None:
        """A block scalar at the very end of a file without a last line end says a string without one."""
        header = self._header(leaf) if leaf.style in ("|", ">") else ""
        if id(leaf) not in self.intents.dirty and header and "-" not in header and leaf.text[-1:] != "\n":
            place = leaf.body + len(header)
            self.put(leaf.body, place, header.replace("+", "") + "-")

    def _prepend(
        self, node: Node, slot: Slot, group: list[New], before: int, column: int, removed: _Runs
    ) -> None:
        """New entries directly above the lines of an entry."""
        gap = self._gap(node, before - 1 if before else 0, column)
        position = self.region_start(node, before, column)
        run_end = removed.end.get(before, before)
        followed = run_end > before and self._swallows(self.next_line(node.entries[run_end - 1].end), column)
        rows: list[str] = []
        for new in group:
            lines = self._new_lines(node, slot, new, open_allowed=not followed)
            rows += indented(lines, column) + [""] * (
                gap if before not in removed.first or new is not group[-1] else 0
            )
        self.put(position, position, "".join(row + self.style.newline for row in rows))

    def _gap(self, node: Node, near: int, column: int) -> int:
        """How many blank lines stand between entries around here."""
        counts: Counter[int] = Counter()
        low = max(0, near - _NEIGHBOURS)
        for number in range(low + 1, min(len(node.entries), near + _NEIGHBOURS + 1)):
            start = self.next_line(node.entries[number - 1].end)
            between = self.text[start : self.region_start(node, number, column)]
            rows = between.split("\n")
            blank = 0
            for row in reversed(rows[:-1]):
                if row.strip():
                    break
                blank += 1
            counts[blank] += 1
        return max(counts, key=lambda blank: (counts[blank], -blank)) if counts else 0

    def _new_lines(self, node: Node, slot: Slot, new: New, *, open_allowed: bool) -> list[str]:
        """The lines of a new entry; with ``open_allowed`` the last may belong to a block scalar."""
        emitter = self.emitter if open_allowed else self.emitter.without_blocks()
        hints = self._hints(node, slot, new)
        body = emitter.new(new.value, hints)
        if node.kind == "seq":
            return emitter.item(body, self._dash_near(node, new.index))
        keys = self._hints_of([node, *slot.neighbours][:_NEIGHBOURS])
        return emitter.pair(emitter.key_of(new.value, str(new.key), keys), body)

    def _dash_near(self, node: Node, index: int) -> int:
        return self._dash(node.entries[min(index, len(node.entries) - 1)])

    def _hints(self, node: Node, slot: Slot, new: New) -> Hints:
        if node.kind == "seq" or not slot.neighbours:
            near = [node.entries[k].value for k in _near(len(node.entries), new.index)]
            if isinstance(plain(new.value), dict) or node.kind == "seq":
                near = [part for part in near if part.kind in ("map", "seq")] or near
            hints = self._hints_of(near)
            # Other fields of one mapping say how strings are quoted here, not how this field is built.
            return (
                hints
                if node.kind == "seq" or self._uniform(near)
                else Hints({}, hints.quote_all, hints.quote_keys)
            )
        return self._hints_of([*slot.neighbours, node]).below(str(new.key))

    @staticmethod
    def _uniform(near: list[Node]) -> bool:
        """Whether a mapping's values are entries of one sort rather than fields of one entry."""
        return bool(near) and all(part.kind == "map" for part in near)

    # ------------------------------------------------------------ items of a flow collection

    def _flow(self, node: Node, slot: Slot, intent: Intent) -> None:
        if not intent.removed and not intent.inserts:
            return
        hints = self._hints_of([node, *slot.neighbours])
        items: list[tuple[int, str]] = []
        for new in sorted(intent.inserts, key=lambda new: new.index):
            if node.kind == "map":
                items.append((new.index, self.emitter.flow_pair(str(new.key), new.value, hints)))
            else:
                items.append((new.index, self.emitter.flow(new.value, hints.below("*"))))
        for start, end, text in flow_gaps(self.text, node, intent.removed, items, self.style.newline):
            self.put(start, end, text)


def _plain_unless_quoted(node: Node, slot: Slot) -> str:
    if node.style in ("'", '"'):
        return node.style
    if node.text or node.style:
        return plain_style(node.text) if not node.style and isinstance(scalar_value(node), str) else "plain"
    hints = hints_of(slot.neighbours)
    return hints.styles.get((), "plain")


def _is_below(node: Node) -> bool:
    """Whether the text of a value stands on the lines below its mark."""
    return node.style in ("|", ">") or (bool(node.entries) and not node.flow)


def _last_leaf(node: Node) -> Node:
    while node.entries and not node.flow:
        node = node.entries[-1].value
    return node


def _near(count: int, index: int) -> list[int]:
    """Indexes of entries around a place, nearest first."""
    order: list[int] = []
    for distance in range(_NEIGHBOURS):
        order += [k for k in (index - 1 - distance, index + distance) if 0 <= k < count and k not in order]
    return order[:_NEIGHBOURS]


__all__ = ["Patcher", "Piece", "Slot"]
