"""Edits of tables and arrays of tables: which lines go, which come, and where.

Everything is addressed against one tree of the old text. A table may be said by its header, by headers below it, by
keys with dots, or in one piece; each has its own way to get and to lose a part. What stands in one piece is edited
by :mod:`.pieces`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.base.sequences import first_behind
from registry_reconciler.formats.align import align
from registry_reconciler.formats.edits import Edit, Insert, Remove, SpliceError, Update
from registry_reconciler.formats.notes import NO_NOTES, Notes, above, notes_of
from registry_reconciler.formats.project import project_value
from registry_reconciler.formats.replacements import Replacement, put_instead
from registry_reconciler.formats.toml.edit.look import paragraph_end
from registry_reconciler.formats.toml.edit.parts import (
    are_tables,
    comments_of,
    created,
    indent_of,
    index_in,
    inserted,
    is_simple,
    runs,
    taker_of,
    with_comments,
)
from registry_reconciler.formats.toml.edit.pieces import Step, respelled, respelled_array
from registry_reconciler.formats.toml.edit.placer import LAST, Placer
from registry_reconciler.formats.toml.edit.sections import NewPair, Sections
from registry_reconciler.formats.toml.read.statements import Statement
from registry_reconciler.formats.toml.read.tree import TomlItem, TomlTree, to_json
from registry_reconciler.model.entry import FieldPath, Json, same

Own = list[tuple[FieldPath, Edit]]
_ONLY_TABLES = "an array of tables has tables in it, and nothing else; write the list anew to change that"


class TomlEditor:
    """Turns the edits of one text into replacements."""

    def __init__(self, tree: TomlTree, sections: Sections) -> None:
        self.tree = tree
        self.text = tree.text
        self.sections = sections
        self.look = sections.look
        self.placer = Placer(tree, sections)
        self.notes: Notes = NO_NOTES
        self.heads: dict[int, tuple[TomlItem, FieldPath, list[NewPair]]] = {}

    def run(self, edits: Own) -> list[Replacement]:
        """What becomes of the text when edits are made."""
        self.edit(self.tree.root, (), edits)
        for item, path, new in self.heads.values():
            # A table that only headers below it say gets one of its own.
            at, text = self.tree.statements[item.numbers[0]].lead, self.sections.header_text(item, new, path)
            put_instead(self.placer.changes, at, text, self.look.newline * self.look.gap, LAST)
        return self.placer.changes

    # ---------------------------------------------------------------- any part

    def edit(self, item: TomlItem, path: FieldPath, edits: Own) -> None:
        """Make edits, whose paths are relative to it, in a part of the text."""
        for where, edit in edits:
            if not where and isinstance(edit, Update):
                if edit.snippet is not None:
                    found = notes_of(edit.snippet.text)
                    self.notes = {(*path, *inner): note for inner, note in found.items()}
                self.become(item, path, edit.value)
                return
        if item.in_one_piece:
            self._one_piece(item, path, edits)
        elif item.kind == "table":
            self._edit_table(item, path, edits)
        else:
            self._edit_items(item, path, edits)

    def become(self, item: TomlItem, path: FieldPath, value: Json) -> None:
        """A part becomes equal to a value."""
        if same(to_json(item), value):
            return
        if item.in_one_piece:
            self._respell(item, path, value)
        elif item.kind == "table" and isinstance(value, dict):
            changed: dict[str, Own] = {
                name: [((), Update(0, (), value[name]))] for name in item.children if name in value
            }
            gone = {name for name in item.children if name not in value}
            self._table(item, path, changed, gone, list(self._coming(item, path, value)))
        elif item.kind == "items" and are_tables(value) and value:
            self._align_items(item, path, value)
        else:
            self._replace(item, path, value)

    def _coming(self, item: TomlItem, path: FieldPath, value: dict[str, Json]) -> Iterator[NewPair]:
        """New parts of a table: one goes before another part only where it takes over the comments above that."""
        behind = first_behind(list(value), item.children)
        for name in (name for name in value if name not in item.children):
            new, following = (
                NewPair(name, value[name], comments=self._comments((*path, name))),
                behind.get(name),
            )
            if following is not None and item.children[following].numbers and above(new.comments):
                under = replace(new, before=following, under=not above(self._comments((*path, following))))
                statement = self.tree.statements[item.children[following].numbers[0]]
                new = under if taker_of(self.text, statement, [under]) == 0 else new
            yield new

    def _comments(self, path: FieldPath) -> Notes:
        """The comments that the text of an edit has at a path and below."""
        if not self.notes:
            return NO_NOTES
        return {where[len(path) :]: note for where, note in self.notes.items() if where[: len(path)] == path}

    def _respell(self, item: TomlItem, path: FieldPath, value: Json) -> None:
        own = item.value
        assert own is not None
        model, notes = self.sections.model(path, value), self._comments(path)
        text = respelled(self.sections.speller, item, value, indent_of(self.text, own.start), model, notes)
        self.placer.put(own.start, own.end, text)
        for start, end, rows in with_comments(self.tree, item, value, notes, self.look.newline):
            self.placer.put(start, end, rows)

    def _one_piece(self, item: TomlItem, path: FieldPath, edits: Own) -> None:
        own = item.value
        assert own is not None
        inserts = [edit for where, edit in edits if not where and isinstance(edit, Insert)]
        if item.kind == "array" and not item.items and self._grows_sections(item, path, inserts, edits):
            return
        if item.kind != "array" or not all(is_simple(where) for where, _ in edits):
            self._respell(item, path, project_value(to_json(item), edits))
            return
        gone = {where[0] for where, edit in edits if len(where) == 1 and isinstance(edit, Remove)}
        deeper: dict[int, Own] = {}
        for where, edit in edits:
            if where and not (len(where) == 1 and isinstance(edit, Remove)):
                deeper.setdefault(int(where[0]), []).append((where[1:], edit))
        steps: list[Step] = []
        for number in range(len(item.items) + 1):
            steps += [
                (None, insert.value, comments_of(insert), insert.under)
                for insert in inserts
                if index_in(insert, item) == number
            ]
            if number < len(item.items) and number not in gone:
                value = to_json(item.items[number])
                steps.append((number, project_value(value, deeper.get(number, [])), NO_NOTES, False))
        text = respelled_array(self.sections.speller, item, steps, indent_of(self.text, own.start))
        self.placer.put(own.start, own.end, text)

    def _grows_sections(self, item: TomlItem, path: FieldPath, inserts: list[Insert], edits: Own) -> bool:
        """An empty array that gets its first tables becomes an array of tables, where it can."""
        statement = item.pair
        if len(inserts) != len(edits) or not are_tables([insert.value for insert in inserts]) or not path:
            return False
        if not isinstance(statement, Statement) or len(statement.keys) != 1 or not isinstance(path[-1], str):
            return False
        parent = self.tree.find(path[:-1])
        if parent is None or parent.home not in ("root", "header"):
            return False
        own = item.value
        assert own is not None
        if "#" in self.text[own.start : statement.stop]:
            return False
        news = [NewPair("", insert.value, insert.snippet) for insert in inserts]
        if len(self.tree.statements) == 1:
            self.placer.put(
                statement.line, statement.stop, self.sections.items_text(parent, path[-1], news, path)
            )
            return True
        self.placer.put(statement.line, statement.stop, "")
        self.placer.put_sections(
            parent, path[:-1], self.sections.items_text(parent, path[-1], news, path), None
        )
        return True

    # ---------------------------------------------------------------- tables

    def _edit_table(self, item: TomlItem, path: FieldPath, edits: Own) -> None:
        deeper: dict[str, Own] = {}
        new: list[NewPair] = []
        gone: set[str] = set()
        for where, edit in edits:
            if not where:
                if not isinstance(edit, Insert) or edit.key is None:
                    raise SpliceError("a table takes pairs with a key", 0, path)
                if edit.key in item.children:
                    raise SpliceError(f"there is a key {edit.key!r} already", 0, (*path, edit.key))
                new.append(inserted(edit, edit.key, item))
            elif not isinstance(where[0], str):
                raise SpliceError(f"there is nothing at {where[0]!r}", 0, path)
            elif len(where) == 1 and isinstance(edit, Remove):
                gone.add(where[0])
            else:
                deeper.setdefault(where[0], []).append((where[1:], edit))
        new += [created(name, deeper.pop(name)) for name in list(deeper) if name not in item.children]
        if gone - set(item.children):
            raise SpliceError(f"there is no {min(gone - set(item.children))!r} to remove", 0, path)
        self._table(item, path, deeper, gone, new)

    def _table(
        self,
        item: TomlItem,
        path: FieldPath,
        changed: Mapping[str, Own],
        gone: set[str],
        new: Sequence[NewPair],
    ) -> None:
        for name, edits in changed.items():
            if name not in gone:
                self.edit(item.children[name], (*path, name), edits)
        leaves = len(gone) < len(item.children) or bool(new)
        for name in gone:
            self.remove(item.children[name])
        if not leaves and gone:
            self.placer.stay_empty(item)
        stay = [replace(part, under=False) if part.under and part.before in gone else part for part in new]
        self._put_new(item, path, stay)

    def remove(self, item: TomlItem) -> None:
        """All lines that say a part go, with its comments."""
        for first, last in runs(item.numbers):
            self.placer.put(self.tree.statements[first].lead, self.tree.statements[last].stop, "")

    def _put_new(self, item: TomlItem, path: FieldPath, new: Sequence[NewPair]) -> None:
        pairs: list[NewPair] = []
        for section in new:
            form = self.sections.form(item, path, section)
            if form == "pair":
                pairs.append(section)
            elif form == "table":
                before = item.children.get(section.before or "")
                if (
                    before is not None
                    and before.numbers
                    and self.tree.statements[before.numbers[0]].kind != "pair"
                ):
                    section, at = self.placer.taking(before.numbers[0], section)
                    if at > self.tree.statements[before.numbers[0]].lead:
                        text = self.sections.table_text(item, section, path)
                        self.placer.put(at, at, text + self.look.newline * self.look.gap, LAST)
                        continue
                self.placer.put_sections(item, path, self.sections.table_text(item, section, path), before)
            else:
                made = [
                    NewPair("", part, section.parts.get((number,)), None, section.parts_below(number))
                    for number, part in enumerate(section.value)
                ]
                text = self.sections.items_text(item, section.name, made, (*path, section.name))
                self.placer.put_sections(item, path, text, item.children.get(section.before or ""))
        if pairs:
            self._put_pairs(item, path, pairs)

    def _put_pairs(self, item: TomlItem, path: FieldPath, new: Sequence[NewPair]) -> None:
        if item.home == "implied":
            self.heads.setdefault(id(item), (item, path, []))[2].extend(new)
            return
        own = self.placer.pairs_of(item)
        for section in new:
            before = item.children.get(section.before or "")
            if before is not None and before.numbers and before.numbers[0] in own:
                taking, at = self.placer.taking(before.numbers[0], section)
                self.placer.put(at, at, self.sections.pair_text(item, taking, path, own))
                continue
            text = self.sections.pair_text(item, section, path, own)
            if own:
                at = self.tree.statements[own[-1]].stop
                self.placer.put(at, at, text)
            elif item.header >= 0:
                at = self.tree.statements[item.header].stop
                self.placer.put(at, at, text)
            else:
                self.placer.put_on_top(text, last=section is new[-1])

    # ---------------------------------------------------------------- arrays of tables

    def _edit_items(self, item: TomlItem, path: FieldPath, edits: Own) -> None:
        deeper: dict[int, Own] = {}
        coming: dict[int, list[NewPair]] = {}
        gone: set[int] = set()
        for where, edit in edits:
            if not where:
                if not isinstance(edit, Insert) or not isinstance(edit.value, dict):
                    raise SpliceError(_ONLY_TABLES, 0, path)
                new = NewPair("", edit.value, edit.snippet, under=edit.under)
                coming.setdefault(index_in(edit, item), []).append(new)
            elif not isinstance(where[0], int) or not 0 <= where[0] < len(item.items):
                raise SpliceError(f"there is nothing at {where[0]!r}", 0, path)
            elif len(where) == 1 and isinstance(edit, Remove):
                gone.add(where[0])
            else:
                if len(where) == 1 and isinstance(edit, Update) and not isinstance(edit.value, dict):
                    raise SpliceError(_ONLY_TABLES, 0, (*path, where[0]))
                deeper.setdefault(where[0], []).append((where[1:], edit))
        self._items(item, path, deeper, gone, coming)

    def _align_items(self, item: TomlItem, path: FieldPath, value: list[Json]) -> None:
        changed: dict[int, Own] = {}
        coming: dict[int, list[NewPair]] = {}
        after = 0
        steps = align(to_json(item), value)
        comments = [self._comments((*path, number)) for _, number in steps]
        if any(old != number for old, number in steps if old is not None):
            # The text of the edit counts the items anew: what it says of those that stay is looked up by their place.
            self.notes = {at: note for at, note in self.notes.items() if at[: len(path)] != path}
        stay = {old: above(own) for (old, _), own in zip(steps, comments, strict=True) if old is not None}
        for (old, number), own in zip(steps, comments, strict=True):
            if old is None:
                under = after in stay and not stay[after]
                coming.setdefault(after, []).append(NewPair("", value[number], comments=own, under=under))
            else:
                changed[old] = [((), Update(0, (), value[number]))]
                after = old + 1
        self._items(item, path, changed, set(range(len(item.items))) - set(changed), coming)

    def _items(
        self,
        item: TomlItem,
        path: FieldPath,
        changed: Mapping[int, Own],
        gone: set[int],
        coming: Mapping[int, list[NewPair]],
    ) -> None:
        for number, edits in changed.items():
            if number not in gone:
                self.edit(item.items[number], (*path, number), edits)
        for number in gone:
            self.remove(item.items[number])
        for number, new in coming.items():
            staying = number < len(item.items) and number not in gone
            rest = self._put_under(item, path, number, new) if staying else new
            if rest:
                self._put_items(item, path, number, rest)
        if len(gone) == len(item.items) and not any(coming.values()):
            self._instead(path, "[]")

    def _put_under(self, item: TomlItem, path: FieldPath, number: int, new: list[NewPair]) -> list[NewPair]:
        """Put items between one and the comments above it that are theirs now; the others are left."""
        statement = self.tree.statements[item.items[number].numbers[0]]
        at = taker_of(self.text, statement, new)
        if at is None:
            return new
        text = self.sections.more_items_text(item, number, [new[at].bare(), *new[at + 1 :]], path)
        self.placer.put(
            statement.line, statement.line, text + self.look.newline * self.sections.gap_of(item), LAST
        )
        return new[:at]

    def _put_items(self, item: TomlItem, path: FieldPath, number: int, new: list[NewPair]) -> None:
        text = self.sections.more_items_text(item, number, new, path)
        gap = self.sections.gap_of(item)
        if number >= len(item.items):
            self.placer.put_behind(item.items[-1].numbers[-1], path, text, gap)
            return
        first = item.items[number].numbers[0]
        before = item.items[number - 1].numbers[-1] if number else -1
        if before == first - 1 or number == 0:
            statement = self.tree.statements[first]
            start = paragraph_end(self.tree, before) if number else statement.lead
            if "#" in self.text[start : statement.lead]:
                self.placer.put_behind(before, path, text, gap)
            else:
                put_instead(self.placer.changes, statement.lead, text, self.look.newline * gap, LAST)
        else:
            self.placer.put_behind(before, path, text, gap)

    # ---------------------------------------------------------------- something else altogether

    def _replace(self, item: TomlItem, path: FieldPath, value: Json) -> None:
        """What is said by several statements becomes a value in one piece."""
        if not path or not isinstance(path[-1], str):
            raise SpliceError("only a table can stand there", 0, path)
        self.remove(item)
        self._instead(path, value)

    def _instead(self, path: FieldPath, value: Json) -> None:
        """A pair of the parent says what a part was that goes."""
        if not path or not isinstance(path[-1], str):
            raise SpliceError("only a table can stand there", 0, path)
        parent = self.tree.find(path[:-1])
        assert parent is not None
        self._put_pairs(parent, path[:-1], [NewPair(path[-1], [] if value == "[]" else value)])
