"""Random TOML texts whose lines know what they belong to, and random edits of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from registry_reconciler.formats.edits import Edit, Insert, Remove, RenameKey, Update
from registry_reconciler.model.entry import FieldPath

STRINGS = (
    '"plain"', "'literal'", '"esc \\" \\\\ \\t"', '"caf\\u00e9"', '"müller"', '""', "''", '"# no comment"',
    '"""\nfirst\n[not.a.header]\n"""', '"""one\\\n   two"""', "'''\nraw \\ 'x'\n# text\n'''",
    '"""""quoted"""""', '"a = b"',
)  # fmt: skip
PLAIN = (
    "1", "0", "-17", "+5", "1_000", "0xDEAD_beef", "0o17", "0b101", "12345678901234567890123", "1.5", "-0.0", "6.0e2",
    "1e-3", "inf", "-inf", "nan", "true", "false", "1979-05-27", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5",
    "1979-05-27T00:32:00-07:00", "07:32:00",
)  # fmt: skip


class Line(NamedTuple):
    """One line; ``owner`` is the part that it belongs to, ``None``: nobody.

    ``opens``: it is punctuation or a gap of its owner, and may go with a part. ``piece``: it says a whole value.
    """

    text: str
    owner: FieldPath | None
    opens: bool = False
    piece: bool = False


class Text:
    """A random text.

    Attributes:
        data: its bytes.
        lines: its lines, without line ends, each with its owner.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0
        self.lines: list[Line] = []
        self.seen: set[str] = set()
        self._file()
        end = self._pick(("\n", "\n", "\r\n"))
        body = end.join(line.text.replace("\n", end) for line in self.lines)
        last = end if self.random.random() < 0.8 and self.lines else ""
        bom = "\ufeff" if self.random.random() < 0.1 else ""
        self.seen |= {"crlf"} if end == "\r\n" else set()
        self.seen |= {"bom"} if bom else set()
        self.seen |= {"no last line end"} if not last else set()
        self.data = (bom + body + last).encode()

    def _pick(self, options: Any) -> Any:
        return self.random.choice(options)

    def _often(self, chance: float) -> bool:
        return self.random.random() < chance

    def _name(self) -> tuple[str, str]:
        """A new key and how it is written."""
        self.count += 1
        name = f"k{self.count}"
        if self._often(0.1):
            name += self._pick((".dot", " blank", "-dash", "é"))
        if any(char in name for char in ". é"):
            return name, self._pick((f'"{name}"', f"'{name}'"))
        return name, self._pick((name, name, name, f'"{name}"'))

    def _comment(self) -> str:
        self.count += 1
        return str(self._pick((f"# c{self.count}", f"#c{self.count} = 1", f"# [c{self.count}]")))

    def _free(self, chance: float = 0.3, inside: FieldPath = ()) -> None:
        """Blank lines, and comments that belong to nobody, or to the table that they stand in."""
        if self._often(chance):
            owner = inside or None
            self.lines.append(Line("", owner))
            if self._often(0.3):
                self.seen.add("free comment")
                self.lines += [Line(self._comment(), owner), Line("", owner)]

    def _own_comments(self, owner: FieldPath, indent: str = "") -> None:
        for _ in range(self._pick((0, 0, 0, 1, 2))):
            self.seen.add("own comment")
            self.lines.append(Line(indent + self._comment(), owner))

    def _behind(self) -> str:
        return f"  {self._comment()}" if self._often(0.15) else ""

    def _scalar(self, one_line: bool = False) -> str:
        while True:
            text = self._pick(STRINGS) if self._often(0.5) else self._pick(PLAIN)
            if not (one_line and "\n" in text):
                return str(text)

    def _inline(self, depth: int) -> str:
        if depth > 2 or self._often(0.5):
            return self._scalar(one_line=True)
        if self._often(0.5):
            items = ", ".join(self._inline(depth + 1) for _ in range(self._pick((0, 1, 3))))
            return f"[{items}]" if self._often(0.7) or not items else f"[ {items}, ]"
        self.seen.add("inline table")
        pairs = []
        for _ in range(self._pick((0, 1, 2))):
            key = self._name()[1]
            if self._often(0.2):
                self.seen.add("dotted inline")
                key += "." + self._name()[1]
            pairs.append(f"{key} = {self._inline(depth + 1)}")
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"

    def _pair(self, table: FieldPath, indent: str, prefix: tuple[FieldPath, str] = ((), "")) -> None:
        name, written = self._name()
        owner = (*table, *prefix[0], name)
        self._own_comments(owner, indent)
        head = f"{indent}{prefix[1]}{written}{self._pick((' = ', ' = ', '=', '  =  '))}"
        if self._often(0.15):
            self._spread_array(owner, head, indent)
            return
        value = self._inline(0) if self._often(0.4) else self._scalar()
        self.lines.append(Line(head + value + self._behind(), owner, piece=True))

    def _spread_array(self, owner: FieldPath, head: str, indent: str) -> None:
        self.seen.add("spread array")
        self.lines.append(Line(f"{head}[{self._behind()}", owner, True))
        inner, count = indent + self._pick(("  ", "    ", "\t")), self._pick((1, 2, 4))
        trailing = self._often(0.5)
        for number in range(count):
            if self._often(0.1):
                self.lines += [Line(inner + self._comment(), owner), Line("", owner)]
            self._own_comments((*owner, number), inner)
            comma = "," if trailing or number + 1 < count else ""
            where: FieldPath = (*owner, number)
            self.lines.append(
                Line(f"{inner}{self._inline(1)}{comma}{self._behind()}", where, not comma, True)
            )
        self.lines.append(Line(f"{indent}]{self._behind()}", owner, True))

    def _pairs(self, table: FieldPath, indent: str) -> None:
        for _ in range(self._pick((0, 1, 2, 3))):
            self._free(0.1, table)
            if self._often(0.15):
                self.seen.add("dotted")
                name, written = self._name()
                for _ in range(self._pick((1, 2))):
                    self._pair(table, indent, ((name,), f"{written}."))
            else:
                self._pair(table, indent)

    def _file(self) -> None:
        self._free(0.3)
        self._pairs((), "")
        for _ in range(self._pick((0, 1, 3, 4))):
            self._free(0.7)
            name, written = self._name()
            if self._often(0.4):
                self._array_of_tables((name,), written)
            elif self._often(0.5):
                self._map_of_tables((name,), written)
            else:
                self._table((name,), written, 0)
        self._free(0.2)

    def _header(self, path: FieldPath, written: str, indent: str, brackets: tuple[str, str]) -> None:
        self._own_comments(path, indent)
        padding = self._pick(("", "", "", " "))
        self.lines.append(
            Line(f"{indent}{brackets[0]}{padding}{written}{padding}{brackets[1]}{self._behind()}", path)
        )

    def _table(self, path: FieldPath, written: str, depth: int) -> None:
        self._header(path, written, "", ("[", "]"))
        self._below(path, written, depth)

    def _below(self, path: FieldPath, written: str, depth: int) -> None:
        indent = self._pick(("", "", "", "  "))
        self._pairs(path, indent)
        if depth < 2:
            for _ in range(self._pick((0, 0, 1, 2))):
                self.seen.add("subtable")
                name, key = self._name()
                # What stands between the parts of a table is in it, and goes with it.
                self.lines += [Line("", path, True)] if self._often(0.6) else []
                self._table((*path, name), f"{written}.{key}", depth + 1)

    def _map_of_tables(self, path: FieldPath, written: str) -> None:
        self.seen.add("map of tables")
        for number in range(self._pick((1, 2, 3))):
            if number:
                self._free_in(path)
            name, key = self._name()
            self._table((*path, name), f"{written}.{key}", 1)

    def _array_of_tables(self, path: FieldPath, written: str) -> None:
        self.seen.add("array of tables")
        for number in range(self._pick((1, 2, 4))):
            if number:
                self._free_in(path)
            self._header((*path, number), written, "", ("[[", "]]"))
            self._below((*path, number), written, 1)

    def _free_in(self, path: FieldPath) -> None:
        if self._often(0.7):
            self.lines.append(Line("", path, True))
            if self._often(0.2):
                self.lines += [Line(self._comment(), path, True), Line("", path, True)]


def parts(value: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    """All paths in a value."""
    steps = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    for step in steps:
        yield (*path, step)
        yield from parts(value[step], (*path, step))


def at(value: Any, path: FieldPath) -> Any:
    """The part at a path."""
    for step in path:
        value = value[step]
    return value


def new_value(chance: random.Random, depth: int = 0) -> Any:
    """A value that JSON and TOML have."""
    if depth < 2 and chance.random() < 0.35:
        if chance.random() < 0.5:
            return [new_value(chance, depth + 1) for _ in range(chance.choice((0, 1, 3)))]
        return {f"n{number}": new_value(chance, depth + 1) for number in range(chance.choice((0, 1, 3)))}
    return chance.choice(
        (
            "new",
            "two\nlines\n",
            "it's",
            'say "x"',
            "back\\slash",
            "é",
            "",
            "2020-01-02",
            7,
            10**30,
            2.5,
            1e300,
            True,
            " a\tb",
        )
    )


def random_edits(chance: random.Random, value: Any) -> list[Edit]:
    """Some edits that do not touch each other."""
    paths = list(parts(value))
    chance.shuffle(paths)
    edits: list[Edit] = []
    taken: list[FieldPath] = []
    for path in paths[: chance.choice((1, 1, 2, 5))]:
        if any(path[: len(other)] == other or other[: len(path)] == path for other in taken):
            continue
        taken.append(path)
        part, container = at(value, path), at(value, path[:-1])
        what = chance.random()
        if what < 0.3:
            edits.append(Update(0, path, changed(chance, part)))
        elif what < 0.5:
            edits.append(Remove(0, path))
        elif what < 0.6 and isinstance(path[-1], str):
            edits.append(RenameKey(0, path, f"renamed{len(edits)}"))
        elif isinstance(container, list):
            fields = new_value(chance)
            if container and all(isinstance(one, dict) for one in container) and not isinstance(fields, dict):
                fields = {"n": fields, "more": {"a": "b"}}
            edits.append(Insert(0, path[:-1], fields, index=int(path[-1]) if what < 0.8 else None))
        else:
            before = str(path[-1]) if what < 0.8 else None
            edits.append(Insert(0, path[:-1], new_value(chance), key=f"added{len(edits)}", before=before))
    return edits


def changed(chance: random.Random, part: Any) -> Any:
    """A value like another, with little changed; or something else altogether."""
    if isinstance(part, dict) and chance.random() < 0.8:
        kept = {name: inner for name, inner in part.items() if chance.random() < 0.8}
        for name in list(kept):
            if chance.random() < 0.3:
                kept[name] = changed(chance, kept[name])
        if chance.random() < 0.5:
            kept[f"more{chance.randrange(9)}"] = new_value(chance)
        return kept
    if isinstance(part, list) and part and chance.random() < 0.8:
        kept_items = [
            changed(chance, one) if chance.random() < 0.2 else one for one in part if chance.random() < 0.8
        ]
        if chance.random() < 0.4 and not any(isinstance(one, dict) for one in part):
            kept_items.insert(chance.randrange(len(kept_items) + 1), new_value(chance))
        return kept_items
    return new_value(chance)


def may_change(line: Line, edits: list[Edit]) -> bool:
    """Whether an edit is about what a line belongs to, or about something inside a line that says more."""
    if line.owner is None:
        return False
    for edit in edits:
        path = edit.container if isinstance(edit, Insert) else edit.path  # type: ignore[union-attr]
        if isinstance(edit, Insert):
            # A container in one piece is on the lines of its owner; tables only get lines.
            if (line.piece and line.owner == path[: len(line.owner)]) or (
                line.opens and line.owner[: len(path)] == path
            ):
                return True
            continue
        if line.owner[: len(path)] == path or (line.piece and line.owner == path[: len(line.owner)]):
            return True
        if (
            isinstance(edit, Remove)
            and line.owner[:-1] == path[:-1]
            and isinstance(path[-1], int)
            and line.piece
        ):
            return True  # the comma behind the item before the last
        if line.opens and line.owner[: len(path) - 1] == path[:-1]:
            return True  # the last item of an array may get or lose its comma; what stands between goes with both
    return False


def lost_line(text: Text, edits: list[Edit], result: bytes) -> str | None:
    """A line that no edit is about and that does not stand in the result, in its order.

    Where something goes, one of the gaps around it goes with it: blank lines count where nothing does.
    """
    goes = any(isinstance(edit, Remove | Update) for edit in edits)
    end = "\r\n" if b"\r\n" in text.data else "\n"
    rows = iter(result.decode().removeprefix("\ufeff").replace(end, "\n").split("\n"))
    for line in text.lines:
        if not may_change(line, edits):
            for row in line.text.split("\n"):
                if (row.strip() or not goes) and row not in rows:
                    return row
    return None
