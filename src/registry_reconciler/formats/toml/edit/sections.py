"""New parts of a TOML text as lines: pairs, tables and items of arrays of tables, in the look of their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.formats.edits import Snippet, SpliceError
from registry_reconciler.formats.notes import (
    NO_NOTES,
    Note,
    Notes,
    above,
    around,
    below,
    notes_of,
    without_above,
)
from registry_reconciler.formats.toml.edit.look import gap_before
from registry_reconciler.formats.toml.edit.spell import LOOKS, Speller
from registry_reconciler.formats.toml.edit.words import WIDTH, TomlStyle, fits_one_line
from registry_reconciler.formats.toml.read.statements import Statement, Value
from registry_reconciler.formats.toml.read.tree import TomlItem, TomlTree, child_of
from registry_reconciler.model.entry import FieldPath, Json

_NEAR = 30


class NewPair(Struct, frozen=True):
    """A part that comes: a pair of a table, or an item (without a name).

    Attributes:
        before: the key of the pair that it goes before.
        parts: the texts of what is in it, by path, where these come from somewhere.
        made: the paths of containers that are made for entries.
        comments: those of its fields, where no text of its own has them.
        under: what follows it in its source has no comments above it. Where what follows it here has the same ones as
            it, they are its own now.
        alone: nothing stands beside it that shows how it is said: it is said as a table of its own.
    """

    name: str
    value: Json
    snippet: Snippet | None = None
    before: str | None = None
    parts: Mapping[FieldPath, Snippet] = field(default_factory=dict)
    made: frozenset[FieldPath] = frozenset()
    comments: Notes = NO_NOTES
    under: bool = False
    alone: bool = False

    def notes(self) -> dict[FieldPath, Note]:
        """The comments of its fields, and of itself at ``()``."""
        found = {**self.comments, **_notes(self.snippet)}
        for where, snippet in self.parts.items():
            found.update({(*where, *path): note for path, note in _notes(snippet).items()})
        return found

    def bare(self) -> NewPair:
        """The same without the comments above it."""
        snippet, comments = without_above(self.snippet, self.comments)
        return replace(self, snippet=snippet, comments=comments)

    def taking(self) -> tuple[str, ...] | None:
        """The comments above it, with which it may take over the same ones; ``None`` where it may not."""
        return above(self.notes()) if self.under else None

    def parts_below(self, step: str | int) -> dict[FieldPath, Snippet]:
        """The texts of what is in one of its parts."""
        return {
            path[1:]: snippet for path, snippet in self.parts.items() if len(path) > 1 and path[0] == step
        }


def _notes(snippet: Snippet | None) -> dict[FieldPath, Note]:
    if snippet is None:
        return {}
    found = notes_of(snippet.text)
    if snippet.comments:
        own = found.get((), Note())
        found[()] = Note((*snippet.comments, *own.above), own.behind, own.last)
    return found


class Sections:
    """Writes new parts of one text."""

    def __init__(self, tree: TomlTree, look: TomlStyle, become: Callable[[str, Json], str]) -> None:
        """``become`` makes a text say another value: what comes from another place is fitted with it."""
        self.become = become
        self.tree = tree
        self.text = tree.text
        self.look = look
        self.speller = Speller(tree.text, look)

    # ---------------------------------------------------------------- what to look like

    def cousins(self, path: FieldPath) -> Iterator[TomlItem]:
        """The same field in entries beside, the nearest first."""
        for size in range(len(path) - 2, -1, -1):
            parent = self.tree.find(path[:size])
            if parent is None:
                continue
            own, parts = path[size], parent.parts_in()
            if isinstance(own, int):
                parts = sorted(parts, key=lambda part: abs(int(part[0]) - own))
            for step, part in parts[:_NEAR] if isinstance(own, int) else parts[-_NEAR:]:
                found: TomlItem | None = part if step != own or size == len(path) - 2 else None
                for deeper in path[size + 1 :]:
                    found = child_of(found, deeper) if found is not None else None
                if found is not None and step != own:
                    yield found

    def model(self, path: FieldPath, value: Json) -> Value | None:
        """A neighbour's text of the same field that shows how such a value is written."""
        wanted = LOOKS.get(type(value))
        if wanted is None:
            return None
        found = (cousin.value for cousin in self.cousins(path) if cousin.value is not None)
        return next((section for section in found if section.kind in wanted), None)

    def form(self, item: TomlItem, path: FieldPath, new: NewPair) -> str:
        """How a new part of a table is said: as a ``pair``, as a ``table``, or as ``items``."""
        value = new.value
        several = (
            isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)
        )
        if item.home == "dotted" or not (isinstance(value, dict) or several):
            return "pair"
        block = "items" if several else "table"
        if () in new.made and item.home != "dotted":
            return block
        return block if self._is_block(item, (*path, new.name), value, alone=new.alone) else "pair"

    def _is_block(self, item: TomlItem, path: FieldPath, value: Json, *, alone: bool) -> bool:
        kinds = ("table",) if isinstance(value, dict) else ("items", "array")
        like = next((cousin for cousin in self.cousins(path) if cousin.kind in kinds), None)
        if like is None:
            like = next(
                (
                    child
                    for child in reversed(item.children.values())
                    if child.kind in kinds and not (child.kind == "array" and not child.items)
                ),
                None,
            )
        if like is not None:
            return like.kind == "items" or like.home in ("header", "implied")
        if alone or item.home in ("root", "implied"):
            return True
        return _is_nested(value) or not fits_one_line(len(self.speller.value(value, room=10**9)))

    def equals(self, statement: Statement) -> str:
        """What stands between key and value of a pair; never more than one blank on a side."""
        if statement.value is None:
            return self.look.equals
        mark = self.text[statement.keys[-1].end : statement.value.start]
        return mark if mark in ("=", " = ", " =", "= ") else self.look.equals

    def gap_of(self, item: TomlItem) -> int:
        """How many blank lines stand between the items of an array of tables."""
        if len(item.items) > 1:
            return gap_before(self.tree, item.items[-1].numbers[0])
        return self.look.gap

    # ---------------------------------------------------------------- pairs

    def pair_text(self, item: TomlItem, new: NewPair, path: FieldPath, own: Sequence[int]) -> str:
        """The lines of a new pair."""
        near = self.tree.statements[own[-1]] if own else None
        indent = self._pair_indent(item, near)
        name = self.speller.key(new.name)
        if item.home == "dotted" and item.pair is not None:
            keys = item.pair.keys
            name = f"{self.text[keys[0].start : keys[item.parts - 1].end]}.{name}"
        equals = self.equals(near) if near is not None else self.look.equals
        column = self._column(own)
        if column:
            equals = " " * max(column - len(indent) - len(name) - len(equals.lstrip(" ")), 0) + equals.lstrip(
                " "
            )
        return self._pair_lines(indent, name, equals, new.value, (*path, new.name), new.notes(), ())

    def _pair_indent(self, item: TomlItem, near: Statement | None) -> str:
        if near is not None:
            return self.text[near.line : near.start]
        if item.header >= 0:
            header = self.tree.statements[item.header]
            return self.text[header.line : header.start]
        return ""

    def _column(self, own: Sequence[int]) -> int:
        """The column in which the values of a table stand, where they all stand in one."""
        found = [self.tree.statements[number] for number in own]
        columns = {
            statement.value.start - statement.line for statement in found if statement.value is not None
        }
        widths = {statement.keys[-1].end - statement.line for statement in found}
        return columns.pop() if len(columns) == 1 and len(widths) > 1 else 0

    def _pair_lines(
        self,
        indent: str,
        name: str,
        equals: str,
        value: Json,
        path: FieldPath,
        notes: Mapping[FieldPath, Note],
        where: FieldPath,
    ) -> str:
        newline = self.look.newline
        own = notes
        for step in where:
            own = below(own, step)
        above, behind = around(own, value)
        inner = {path: note for path, note in own.items() if path or note.last}
        room = WIDTH - len(indent) - len(name) - len(equals)
        text = self.speller.value(value, self.model(path, value), indent, room, inner)
        tail = f"  {behind}" if behind else ""
        return (
            "".join(f"{indent}{line}{newline}" for line in above)
            + f"{indent}{name}{equals}{text}{tail}{newline}"
        )

    # ---------------------------------------------------------------- sections

    def header_text(self, item: TomlItem, new: Sequence[NewPair], path: FieldPath) -> str:
        """The header of a table that had none, with new pairs."""
        text = f"[{self._name_of(item)}]{self.look.newline}"
        return text + "".join(self.pair_text(item, section, path, ()) for section in new)

    def table_text(self, item: TomlItem, new: NewPair, path: FieldPath) -> str:
        """The lines of a new table in a table."""
        like = next((child for child in reversed(item.children.values()) if child.home == "header"), None)
        name = self._child_name(item, new.name, like)
        like = like if like is not None else self._section_like((*path, new.name))
        return self._section(new, (*path, new.name), name, "[", "]", like)

    def items_text(self, item: TomlItem, name: str, new: Sequence[NewPair], path: FieldPath) -> str:
        """The lines of new items of an array of tables that is not there yet."""
        full = self._child_name(item, name, None)
        gap, like = self.look.newline * self.look.gap, self._section_like(path)
        return gap.join(self._section(section, (*path, -1), full, "[[", "]]", like) for section in new)

    def more_items_text(self, item: TomlItem, number: int, new: Sequence[NewPair], path: FieldPath) -> str:
        """The lines of new items beside those that an array of tables has."""
        like = item.items[min(max(number - 1, 0), len(item.items) - 1)]
        header = self.tree.statements[like.header]
        name = self.text[header.keys[0].start : header.keys[-1].end]
        gap = self.look.newline * self.gap_of(item)
        return gap.join(self._section(section, (*path, -1), name, "[[", "]]", like) for section in new)

    def _child_name(self, item: TomlItem, name: str, like: TomlItem | None) -> str:
        key = self.speller.key(name)
        if like is not None and like.header >= 0:
            keys = self.tree.statements[like.header].keys
            return self.text[keys[0].start : keys[-1].start] + key
        own = self._name_of(item)
        return f"{own}.{key}" if own else key

    def _name_of(self, item: TomlItem) -> str:
        """The name of a table as headers write it."""
        if item.home == "root" or not isinstance(item.pair, Statement):
            return ""
        keys = item.pair.keys
        if item.pair.kind == "pair":
            raise SpliceError("a table that keys with dots make cannot have a header")
        return self.text[keys[0].start : keys[item.parts - 1].end]

    def _section(
        self, new: NewPair, path: FieldPath, name: str, opening: str, closing: str, like: TomlItem | None
    ) -> str:
        """A header with everything below it."""
        newline = self.look.newline
        indent, padding, inner = self._margins(like)
        notes = new.notes()
        above = "".join(f"{indent}{line}{newline}" for line in notes.get((), Note()).above)
        behind = notes.get((), Note()).behind
        tail = f"  {behind}" if behind else ""
        head = f"{above}{indent}{opening}{padding}{name}{padding}{closing}{tail}{newline}"
        own = self._native(new, name)
        if own is not None:
            return head + own
        if not isinstance(new.value, dict):
            raise SpliceError("only a table can stand there", 0, path)
        pairs, sections = self._body(new.value, path, name, inner, notes, (), like, new.made)
        if () in new.made and sections and not pairs and not above:
            return sections.removeprefix(_gap(self.look))
        return head + pairs + sections

    def _margins(self, like: TomlItem | None) -> tuple[str, str, str]:
        """What stands before a header, inside of its brackets, and before the pairs below it, as in a neighbour."""
        if like is None or like.header < 0:
            return "", "", ""
        header = self.tree.statements[like.header]
        indent = inner = self.text[header.line : header.start]
        opening = 2 if self.text.startswith("[[", header.start) else 1
        padding = self.text[header.start + opening : header.keys[0].start]
        first = next(
            (n for n in like.numbers if self.tree.section[n] == like.header and n != like.header), None
        )
        if first is not None and self.tree.statements[first].kind == "pair":
            statement = self.tree.statements[first]
            inner = self.text[statement.line : statement.start]
        return indent, padding, inner

    def _native(self, new: NewPair, name: str) -> str | None:
        """The text of what comes from another place of a TOML file, below its new header."""
        if new.snippet is None or new.snippet.native is None or new.snippet.native[0] != "toml":
            return None
        text = new.snippet.native[1].replace("\r\n", "\n")
        try:
            text = self.become(text, new.value)
            tree = TomlTree(text)
        except SpliceError:
            return None
        at = 0
        parts: list[str] = []
        for statement in tree.statements:
            if statement.kind != "pair":
                parts += (text[at : statement.keys[0].start], name, ".")
                at = statement.keys[0].start
        parts.append(text[at:])
        whole = "".join(parts)
        if whole and not whole.endswith("\n"):
            whole += "\n"
        return whole.replace("\n", self.look.newline)

    def root_text(self, new: NewPair) -> str:
        """The lines of a whole file that has nothing yet."""
        notes = new.notes()
        above = "".join(f"{line}{self.look.newline}" for line in notes.get((), Note()).above)
        pairs, sections = self._body(new.value, (), "", "", notes, (), None)
        return above + pairs + (sections if pairs else sections.removeprefix(_gap(self.look)))

    def _body(
        self,
        value: Mapping[str, Json],
        path: FieldPath,
        name: str,
        indent: str,
        notes: Mapping[FieldPath, Note],
        where: FieldPath,
        like: TomlItem | None,
        made: frozenset[FieldPath] = frozenset(),
    ) -> tuple[str, str]:
        """The pairs of a new table, and the tables in it with blank lines before each."""
        equals, column = self._marks(like)
        pairs, sections = "", ""
        gap = self.look.newline * self.look.gap
        home = TomlItem("table", "header" if name else "root")
        for key, part in value.items():
            written, here, there = self.speller.key(key), (*path, key), (*where, key)
            container = frozenset({()} if there in made else ())
            form = self.form(home, path, NewPair(key, part, made=container, alone=where in made))
            if form == "pair":
                mark = equals
                if column:
                    mark = " " * max(column - len(indent + written + equals.lstrip(" ")), 0) + equals.lstrip(
                        " "
                    )
                pairs += self._pair_lines(indent, written, mark, part, here, notes, there)
                continue
            parts = [(there, part, "[", "]")]
            if form == "items":
                parts = [((*there, number), item, "[[", "]]") for number, item in enumerate(part)]
            margin, padding, set_in = self._margins(self._section_like(here))
            for inner, inner_value, opening, closing in parts:
                full = f"{name}.{written}" if name else written
                rows = notes.get(inner, Note()).above
                if form == "items" and inner[-1] == 0:
                    rows = (*notes.get(there, Note()).above, *rows)
                above = "".join(f"{margin}{row}{self.look.newline}" for row in rows)
                inside = here if form == "table" else (*here, -1)
                more, deeper = self._body(inner_value, inside, full, set_in, notes, inner, None, made)
                if not (there in made and form == "table" and deeper and not more and not above):
                    tail = notes.get(inner, Note()).behind
                    tail = f"  {tail}" if tail else ""
                    header = f"{margin}{opening}{padding}{full}{padding}{closing}{tail}"
                    sections += gap + above + header + self.look.newline
                sections += more + deeper
        return pairs, sections

    def _section_like(self, path: FieldPath) -> TomlItem | None:
        """A table of the same field beside, that has a header of its own."""
        found = (cousin.items[0] if cousin.items else cousin for cousin in self.cousins(path))
        return next((cousin for cousin in found if cousin.home == "header" and cousin.header >= 0), None)

    def _marks(self, like: TomlItem | None) -> tuple[str, int]:
        """What stands between keys and values in a neighbour, and the column of its values if they share one."""
        if like is None:
            return self.look.equals, 0
        own = [
            n
            for n in like.numbers
            if self.tree.section[n] == like.header and self.tree.statements[n].kind == "pair"
        ]
        if not own:
            return self.look.equals, 0
        return self.equals(self.tree.statements[own[0]]), self._column(own)


def _gap(look: TomlStyle) -> str:
    """The blank lines that stand before a section."""
    return look.newline * look.gap


def _is_nested(value: Json) -> bool:
    """Whether a value has collections in what it holds."""
    parts = value if isinstance(value, list) else [value]
    return any(isinstance(item, (dict, list)) and item for part in parts for item in part.values())
