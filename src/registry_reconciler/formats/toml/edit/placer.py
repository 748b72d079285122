"""Where new lines of a TOML text go: between which statements, above or below the comments there, with which gap."""

from __future__ import annotations

from registry_reconciler.formats.replacements import Replacement, put_in_gone, put_instead
from registry_reconciler.formats.toml.edit.look import paragraph_end
from registry_reconciler.formats.toml.edit.parts import taker_of
from registry_reconciler.formats.toml.edit.sections import NewPair, Sections
from registry_reconciler.formats.toml.read.statements import Statement
from registry_reconciler.formats.toml.read.tree import TomlItem, TomlTree
from registry_reconciler.model.entry import FieldPath

LAST = 1_000_000
"""The rank of what stands before the next statement: behind all else that is put at that place."""


class Placer:
    """Gathers the replacements of one text.

    Attributes:
        changes: of several at one place come pairs first, then the tables in what ends there from the inside out, then
            what stands before the next.
    """

    def __init__(self, tree: TomlTree, sections: Sections) -> None:
        self.tree = tree
        self.text = tree.text
        self.sections = sections
        self.look = sections.look
        self.changes: list[Replacement] = []
        self._at_end = False
        self._taken: set[int] = set()

    def put(self, start: int, end: int, text: str, rank: int = 0) -> None:
        """Something else stands there."""
        self.changes.append(Replacement(start, end, text, rank))

    def stay_empty(self, item: TomlItem) -> None:
        """What says that a table is there when nothing is in it any more."""
        statement = item.pair
        if item.home in ("root", "header") or not isinstance(statement, Statement):
            return
        at = self.tree.statements[item.numbers[0]]
        name = self.text[statement.keys[0].start : statement.keys[item.parts - 1].end]
        indent = self.text[at.line : at.start]
        line = f"[{name}]" if item.home == "implied" else f"{name}{self.sections.equals(statement)}{{}}"
        put_instead(self.changes, at.lead, f"{indent}{line}{self.look.newline}", rank=LAST)

    def taking(self, number: int, new: NewPair) -> tuple[NewPair, int]:
        """A part that comes before a statement, and where: below its comments, where those are the part's own now."""
        statement = self.tree.statements[number]
        if number not in self._taken and taker_of(self.text, statement, [new]) == 0:
            self._taken.add(number)
            return new.bare(), statement.line
        return new, statement.line if number in self._taken else statement.lead

    def pairs_of(self, item: TomlItem) -> list[int]:
        """The statements among which a new pair of a table stands."""
        if item.home == "dotted":
            return [number for number in item.numbers if self.tree.statements[number].kind == "pair"]
        return [
            number
            for number in item.numbers
            if self.tree.section[number] == item.header and self.tree.statements[number].kind == "pair"
        ]

    def put_on_top(self, text: str, *, last: bool) -> None:
        """A pair of the root goes above all headers."""
        found = self.tree.statements
        at = found[0].lead if found else len(self.text)
        if last:
            put_instead(self.changes, at, text, self.look.newline * self.look.gap if found else "")
        else:
            self.put(at, at, text)

    def put_sections(self, item: TomlItem, path: FieldPath, text: str, before: TomlItem | None) -> None:
        """New sections go behind those of the table, or before one of them."""
        if before is not None and before.numbers and self.tree.statements[before.numbers[0]].kind != "pair":
            self._put_before(before.numbers[0], path, text)
            return
        number = item.numbers[-1] if item.numbers else len(self.tree.statements) - 1
        if item.home == "root":
            number = len(self.tree.statements) - 1
        self.put_behind(number, path, text, self.look.gap)

    def put_behind(self, number: int, path: FieldPath, text: str, gap: int) -> None:
        """Behind a statement and the comments that follow it without a blank line."""
        at = paragraph_end(self.tree, number)
        rank = LAST - 1 - len(path)
        if number >= 0:
            section = self.tree.section[number] if self.tree.statements[number].kind == "pair" else number
            start = self.tree.statements[section].lead if section >= 0 else at
            if put_in_gone(self.changes, start, at, text, self.look.newline * gap):
                return
        if number >= 0 and number + 1 == len(self.tree.statements) and not self.text[at:].strip():
            # Blank lines at the end of the file are the gap, for the first that comes there.
            there = 0 if self._at_end else self.text[at:].count("\n")
            at, gap = len(self.text), max(gap - there, 0)
            self._at_end = True
        elif number < 0 and not self.text.strip():
            gap = gap if self._at_end else 0
            self._at_end = True
        self.put(at, at, self.look.newline * gap + text, rank)

    def _put_before(self, number: int, path: FieldPath, text: str) -> None:
        """Before a section: above its comments, or above a heading that stands over them."""
        statement = self.tree.statements[number]
        start = self.tree.statements[number - 1].stop if number else 0
        between = self.text[start : statement.lead]
        gap = self.look.gap
        if number and "#" in between[paragraph_end(self.tree, number - 1) - start :]:
            self.put_behind(number - 1, path, text, gap)
            return
        put_instead(self.changes, statement.lead, text, self.look.newline * gap, LAST)
