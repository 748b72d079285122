"""Entries that leave a collection and entries that come.

Block collections are changed by whole lines, flow collections by what lies between their items. Comments go with
the entry that they are about.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from itertools import groupby

from msgspec.structs import replace

from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.formats.nodes import Node
from registry_reconciler.formats.notes import DRAWN, taker
from registry_reconciler.formats.yaml.edit.emit import Emitter, Piece, indented
from registry_reconciler.formats.yaml.edit.flow import Coming, flow_gaps
from registry_reconciler.formats.yaml.edit.intent_table import Intent, NewNode, plain
from registry_reconciler.formats.yaml.edit.intents import Intents
from registry_reconciler.formats.yaml.edit.page import COMMENT_ROW
from registry_reconciler.formats.yaml.edit.style import Hints, Style, column_of
from registry_reconciler.formats.yaml.edit.value_patch import ValuePatcher, ValueSlot
from registry_reconciler.formats.yaml.edit.wording import WordedValue, in_words

_HEADED = 50
"""So many entries are looked at to tell whether they have comments of their own."""

_NEIGHBOURS = 4


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


class EntryPatcher(ValuePatcher):
    """Takes entries out of collections and puts new ones in."""

    def __init__(self, text: str, intents: Intents, style: Style) -> None:
        super().__init__(text, style)
        self.intents = intents

    def _block(self, node: Node, slot: ValueSlot, intent: Intent) -> None:
        entries = node.entries
        count = len(entries)
        if not intent.removed and not intent.inserts:
            return
        if len(intent.removed) == count and not intent.inserts:
            self._collapse(node, slot)
            return
        column = column_of(self.text, entries[0].start)
        inline = bool(self.text[self.line_start(entries[0].start) : entries[0].start].strip(SPACE))
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

    def _collapse(self, node: Node, slot: ValueSlot) -> None:
        """The last entries go: ``[]`` or ``{}`` stays behind the mark, comments that belong to none stay."""
        empty = "[]" if node.kind == "seq" else "{}"
        first = node.entries[0]
        column = column_of(self.text, first.start)
        everything = _Runs(set(range(len(node.entries))))
        start = 0
        if self.text[self.line_start(first.start) : first.start].strip(SPACE):
            self.put(first.start, self.last_line_end(first.end, column), empty)
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
        if any(DRAWN.search(row) for row in comments.split("\n")):
            return True
        before = self.text[:start].strip(SPACE)
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
            match = COMMENT_ROW.match(self.text[above:start])
            if match is None or len(match.group(1)) != column or above < bound:
                break
            start = above
        return start

    def _delete(self, node: Node, number: int, column: int, removed: _Runs) -> None:
        start = self.region_start(node, number, column)
        end = self.behind(node.entries[number].end, column)
        self.put(start, end, "")
        before = removed.first[number] - 1
        if before >= 0 and self._closes_up(node, number, column, removed):
            leaf = _last_leaf(node.entries[before].value)
            if leaf.style in ("|", ">"):
                bound = len(self.text)
                if number + 1 in removed.first:
                    bound = self.region_start(node, number + 1, column)
                # Apart from the entry's own lines: what holds the collection may have something inserted between.
                self.put(end, *self._behind_block_scalar(end, bound, column, "+" in self._header(leaf)))

    def _closes_up(self, node: Node, number: int, column: int, removed: _Runs) -> bool:
        """Whether nothing but removed entries and blank lines stands before an entry that goes, in its run."""
        if number == removed.first[number]:
            return True
        known = removed.closes_up.get(number)
        if known is None:
            start = self.behind(node.entries[number - 1].end, column)
            between = self.text[start : self.region_start(node, number, column)]
            # Asked in order, so that the answer for the one before is known.
            known = not between.strip(SPACE) and self._closes_up(node, number - 1, column, removed)
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
            match = COMMENT_ROW.match(row)
            if not row.strip(SPACE):
                if not keep:
                    deep = len(row.rstrip("\r\n")) > column or "\t" in row
                    rows.append(row.lstrip(" \t") if deep else row)
            elif match is not None and len(match.group(1)) > column:
                rows.append(" " * column + row.lstrip(" \t"))
                keep = False
            else:
                break
            end = following
        return end, "".join(rows)

    def _change_first(self, node: Node, slot: ValueSlot, own: list[NewNode], lead: int, column: int) -> None:
        """Changes at the head of a collection that begins behind a dash, on the dash's line."""
        entries = node.entries
        start = entries[0].start
        lines: list[str] = []
        blank = bool(lead) and self._blank(self.behind(entries[lead - 1].end, column))
        for new in own:
            last = blank and new is own[-1]
            lines += self._new_lines(node, slot, new, self.emitter.before(comment=False, blank=last))
        body = self.join([lines[0], *indented(lines[1:], column)]) if lines else ""
        if lead == len(entries):
            self.put(start, self.last_line_end(entries[-1].end, column), body)
        elif lead == 0:
            self.put(start, start, body + self.style.newline + " " * column)
        elif lines:
            self.put(start, self.last_line_end(entries[lead - 1].end, column), body)
        else:
            end = self.behind(entries[lead - 1].end, column)
            while self.text[end : end + 1] in (" ", "\t", "\r", "\n"):
                end += 1
            self.put(start, end, "")

    def _insert_all(
        self, node: Node, slot: ValueSlot, removed: _Runs, inserts: list[NewNode], column: int
    ) -> None:
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
        start = self.behind(node.entries[index - 1].end, column)
        between = self.text[start : self.region_start(node, index, column)]
        return "#" in between or between.count("\n") > self._gap(node, index - 1, column)

    def _append(self, node: Node, slot: ValueSlot, group: list[NewNode], after: int, column: int) -> None:
        """New entries directly behind the lines of an entry."""
        entry = node.entries[after]
        leaf = _last_leaf(entry.value)
        gap = 0 if "+" in self._header(leaf) and leaf.style in ("|", ">") else self._gap(node, after, column)
        position = self.behind(entry.end, column)
        swallowing, blank = self._swallows(position, column), self._blank(position)
        rows: list[str] = []
        for new in group:
            followed = blank if new is group[-1] else gap > 0
            emitter = self.emitter.before(comment=swallowing, blank=followed)
            rows += [""] * gap + indented(self._new_lines(node, slot, new, emitter), column)
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
        self, node: Node, slot: ValueSlot, group: list[NewNode], before: int, column: int, removed: _Runs
    ) -> None:
        """New entries directly above the lines of an entry."""
        gap = self._gap(node, before - 1 if before else 0, column)
        position = self.region_start(node, before, column)
        if before not in removed.first:
            group = self._put_under(node, slot, group, before, column)
        run_end = removed.end.get(before, before)
        ends = [self.behind(node.entries[each].end, column) for each in range(before, run_end)]
        behind = ends[-1] if ends else position
        followed = any(self._swallows(end, column) for end in ends)
        rows: list[str] = []
        for new in group:
            blank = gap if before not in removed.first or new is not group[-1] else 0
            emitter = self.emitter.before(comment=followed, blank=bool(blank) or self._blank(behind))
            rows += indented(self._new_lines(node, slot, new, emitter), column) + [""] * blank
        if rows:
            self.put(position, position, "".join(row + self.style.newline for row in rows))

    def _put_under(
        self, node: Node, slot: ValueSlot, group: list[NewNode], before: int, column: int
    ) -> list[NewNode]:
        """Put new entries between an entry and the comments above it that are theirs now; the others are left."""
        start = self.line_start(node.entries[before].start)
        rows = self.text[self._with_comments(node, before, column) : start].split("\n")[:-1]
        above = tuple(row.strip(SPACE) for row in rows)
        at = taker(above, (new.comments() if new.under else None for new in group))
        if at is None:
            return group
        emitter = self.emitter.before(comment=self._swallows(start, column), blank=False)
        lines: list[str] = []
        for number, new in enumerate(group[at:]):
            own = self._new_lines(node, slot, new, emitter)
            lines += indented(own if number else own[len(above) :], column)
        self.put(start, start, "".join(line + self.style.newline for line in lines))
        return group[:at]

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
                if row.strip(SPACE):
                    break
                blank += 1
            counts[blank] += 1
        return max(counts, key=lambda blank: (counts[blank], -blank)) if counts else 0

    def _new_lines(self, node: Node, slot: ValueSlot, new: NewNode, emitter: Emitter) -> list[str]:
        """The lines of a new entry; ``emitter`` knows what will follow them."""
        hints = self._hints(node, slot, new)
        body = emitter.new(new.value, hints)
        if node.kind == "seq":
            return emitter.item(body, self._dash_near(node, new.index))
        keys = self._hints_of([node, *slot.neighbours][:_NEIGHBOURS])
        return emitter.pair(emitter.key_of(new.value, str(new.key), keys), body)

    def _dash_near(self, node: Node, index: int) -> int:
        return self._dash(node.entries[min(index, len(node.entries) - 1)])

    def _hints(self, node: Node, slot: ValueSlot, new: NewNode) -> Hints:
        if node.kind == "seq" or not slot.neighbours:
            near = [node.entries[k].value for k in nearest(len(node.entries), new.index)]
            if isinstance(plain(new.value), dict) or node.kind == "seq":
                near = [part for part in near if part.kind in ("map", "seq")] or near
            hints = self._hints_of(near)
            # Other fields of one mapping say how strings are quoted here, not how this field is built.
            return hints if node.kind == "seq" or self._uniform(near) else replace(hints, styles={})
        return self._hints_of([*slot.neighbours, node]).below(str(new.key))

    @staticmethod
    def _uniform(near: list[Node]) -> bool:
        """Whether a mapping's values are entries of one sort rather than fields of one entry."""
        return bool(near) and all(part.kind == "map" for part in near)

    def _flow(self, node: Node, slot: ValueSlot, intent: Intent) -> None:
        if not intent.removed and not intent.inserts:
            return
        hints = self._hints_of([node, *slot.neighbours])
        items: list[Coming] = []
        for new in sorted(intent.inserts, key=lambda new: new.index):
            value = (
                in_words(new.value.value, new.value.snippet) if isinstance(new.value, Piece) else new.value
            )
            if node.kind == "map":
                text = self.emitter.flow_pair(str(new.key), value, hints)
            else:
                text = self.emitter.flow(value, hints.below("*"))
            if isinstance(value, WordedValue):
                words = value.wording
                above = (*value.comments, *words.own(), *words.inner_comments())
                items.append(Coming(new.index, text, above, words.tail()))
            else:
                items.append(Coming(new.index, text))
        items = self._at_line_end(node, slot, items)
        for start, end, text in flow_gaps(self.text, node, intent.removed, items, self.style.newline):
            self.put(start, end, text)

    def _at_line_end(self, node: Node, slot: ValueSlot, items: list[Coming]) -> list[Coming]:
        """The only comment of what comes stands behind the bracket where there is room: the line stays one."""
        rows = [row for new in items for row in (*new.above, new.behind.strip(SPACE)) if row]
        alone = "\n" not in self.text[node.start : node.end] and slot.kind in ("map", "seq")
        rest = self.text[node.end : self.line_end(node.end)]
        if (
            len(rows) != 1
            or not alone
            or rest.strip(SPACE)
            or (slot.entry is not None and slot.entry.explicit)
        ):
            return items
        self.put(node.end, node.end, f"  {rows[0]}")
        return [Coming(new.index, new.core) for new in items]


def _last_leaf(node: Node) -> Node:
    while node.entries and not node.flow:
        node = node.entries[-1].value
    return node


def nearest(count: int, index: int) -> list[int]:
    """Indexes of entries around a place, nearest first."""
    order: list[int] = []
    for distance in range(_NEIGHBOURS):
        order += [k for k in (index - 1 - distance, index + distance) if 0 <= k < count and k not in order]
    return order[:_NEIGHBOURS]
