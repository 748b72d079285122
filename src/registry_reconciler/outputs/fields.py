"""Fields of entries as they are put into texts and values, with the usual filters and conditions.

Everything is made by columns, of all entries at once: a list is made, searched and joined many times as fast as its
items. What comes out is what Jinja2 gives; :class:`NotPlain` where that is not certain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress, repeat
from operator import itemgetter, not_
from typing import Any

from msgspec import Struct

from registry_reconciler.base.mask import MASK
from registry_reconciler.formats.columns import mappings
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.limits import MOST_TEXT

MOST_NAMES = 1_000_000
"""Names that are put in, in all entries: far fewer than the steps that a template may take."""
MOST_FILTERS = 4
"""Filters behind one name."""
DEEPEST = 30

NAME = r"[A-Za-z]\w*"
_QUOTED = r"""(?:'(?:[^'\\{}\r\n]|\\\\|\\n)*'|"(?:[^"\\{}\r\n]|\\\\|\\n)*")"""
_TEXTS = re.compile(_QUOTED)
_FILTER = re.compile(rf"\|\s*{NAME}\s*(?:\(\s*{_QUOTED}(?:\s*,\s*{_QUOTED})?\s*\)\s*)?", re.ASCII)
_DEFAULT = rf"\|\s*default\(\s*(omit|\[\]|{_QUOTED})\s*(,\s*true\s*)?\)\s*"
_TAG = re.compile(
    rf"\{{\{{\s*((?:{NAME}\.)?{NAME})\s*(?:{_DEFAULT})?((?:{_FILTER.pattern})*)\}}\}}", re.ASCII
)
_CONDITION = re.compile(
    rf"(not )?((?:{NAME}\.)?{NAME})(?: (is (?:not )?defined)| (==|!=) ({_QUOTED}))?", re.ASCII
)
NOT_NAMES = frozenset(
    {
        *("true", "True", "false", "False", "none", "None", "not", "and", "or", "in", "is", "if", "else"),
        *("self", "super", "caller", "loop", "varargs", "kwargs", "result", "values", "entry", "entries"),
        *("omit", "range", "dict", "namespace", "cycler", "joiner"),
    }
)
"""Words that mean something else than a field of their name, or the entry as a whole."""

_OF_TEXT: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "capitalize": str.capitalize,
    "trim": str.strip,
}
_WORDS_OF = {**dict.fromkeys((*_OF_TEXT, "tojson", "length", "count"), (0,)), "join": (0, 1), "replace": (2,)}
"""How many texts filters are given."""
_ENTRY = ("key", "address", "place")
"""Names of the entry itself, which come before fields that are called so."""
Column = Callable[["Rows"], list[Any]]
"""Gives something of all entries at once: a list is made, searched and joined many times as fast as its items."""


class Rows:
    """Entries by columns: their values, and by name what each is itself, made where somebody asks for it."""

    def __init__(
        self, values: Sequence[Mapping[str, Json]], own: Mapping[str, Callable[[], list[str]]]
    ) -> None:
        self.values = values
        self._own = own

    def __len__(self) -> int:
        return len(self.values)

    def own(self, name: str) -> list[str]:
        """Their keys, addresses or places."""
        return self._own[name]()

    def where(self, found: Iterable[bool]) -> Rows:
        """Those of which it is so."""
        flags = list(found)
        own = {name: lambda name=name: list(compress(self.own(name), flags)) for name in self._own}
        return Rows(list(compress(self.values, flags)), own)


class Branch(Struct, frozen=True):
    """What stands where a condition holds, and where it does not."""

    condition: str
    holds: list[Node]
    otherwise: list[Node]


Node = str | Branch


class NotPlain(Exception):
    """The process that renders has to be asked."""


class _LeftOut:
    """A field that is left out."""


_ABSENT = _LeftOut()


class FieldWriter:
    """Makes functions that put the fields of an entry into values, and bounds what they put in.

    Attributes:
        steps: those that a template would take for one entry, at most.
        size: about so many characters of text there are.
    """

    def __init__(self) -> None:
        self.steps = 1
        self.size = 0

    def grow(self, by: int) -> None:
        """So many more characters."""
        self.size += by
        if self.size > MOST_TEXT:
            raise NotPlain

    def require_room(self, rows: int) -> None:
        """What was compiled may be made for so many entries."""
        if rows * self.steps > MOST_NAMES:
            raise NotPlain
        self.grow(rows * self.size)

    def part(self, value: Json, depth: int) -> Column:
        """A value of an item."""
        if depth > DEEPEST:
            raise NotPlain
        if type(value) is dict and all(type(name) is str for name in value):
            members = [self.part(part, depth + 1) for part in value.values()]
            return lambda rows: _items_of(list(value), [part(rows) for part in members], len(rows))
        if type(value) is list:
            parts = [self.part(part, depth + 1) for part in value]
            return lambda rows: _lists_of([part(rows) for part in parts], len(rows))
        if type(value) is str:
            return self._text(value, may_go=depth > 0)
        if value is None or type(value) in (bool, int):
            return lambda rows: [value] * len(rows)
        raise NotPlain

    def _text(self, text: str, *, may_go: bool) -> Column:
        tag = _TAG.fullmatch(text.strip())
        if tag is None:
            return self.mixed(text)
        self.grow(len(text))
        return self._tag(tag, "", may_go=may_go)

    def mixed(self, text: str, variable: str = "") -> Column:
        """A text with names in it; of a ``variable``, where there is one."""
        tags = list(_TAG.finditer(text))
        first, *literals = _TAG.split(text)[:: _TAG.groups + 1]
        if "{" in "".join((first, *literals)) or "\r" in text:
            raise NotPlain
        self.grow(len(text))
        parts = [self._tag(tag, variable) for tag in tags]

        def made(rows: Rows) -> list[str]:
            pieces: list[Iterable[str]] = [repeat(first, len(rows))]
            for part, literal in zip(parts, literals, strict=True):
                column = part(rows)
                shown = column if set(map(type, column)) == {str} else map(_shown, column)
                pieces += (shown, repeat(literal, len(rows)))
            return list(map("".join, zip(*pieces, strict=True)))

        return made

    def text(self, nodes: Sequence[Node], variable: str) -> Column:
        """A text with conditions in it."""
        parts = [
            self.mixed(node, variable) if isinstance(node, str) else self._branch(node, variable)
            for node in nodes
        ]
        if len(parts) == 1:
            return parts[0]
        return lambda rows: list(map("".join, zip(*[part(rows) for part in parts], strict=True)))

    def _branch(self, branch: Branch, variable: str) -> Column:
        condition = self.condition(branch.condition, variable)
        holds, otherwise = self.text(branch.holds, variable), self.text(branch.otherwise or [""], variable)

        def made(rows: Rows) -> list[str]:
            found = condition(rows)
            texts = iter(holds(rows.where(found)))
            others = iter(otherwise(rows.where(map(not_, found))))
            return [next(texts) if is_so else next(others) for is_so in found]

        return made

    def rows_of(self, where: str | None, variable: str) -> Callable[[Rows], Rows]:
        """The entries for which a condition holds."""
        if where is None:
            return lambda rows: rows
        condition = self.condition(where, variable)
        return lambda rows: rows.where(condition(rows))

    def condition(self, text: str, variable: str) -> Column:
        """Whether a condition holds."""
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise NotPlain
        negated, path, defined, operator, quoted = found.groups()
        owner, _, name = path.rpartition(".")
        self._require_name(owner, name, variable)
        self.steps += 3
        is_wanted = (negated is None) is (defined != "is not defined" and operator != "!=")
        read = _reading(name, "omit" if defined else None)
        other = _unquoted(quoted) if quoted else ""

        def made(rows: Rows) -> list[bool]:
            column = read(rows)
            if MASK in column:
                raise NotPlain
            if defined:
                return [(value is not _ABSENT) is is_wanted for value in column]
            return [bool(value == other if operator else value) is is_wanted for value in column]

        return made

    @staticmethod
    def _require_name(owner: str, name: str, variable: str) -> None:
        if owner != variable or name in NOT_NAMES or variable in NOT_NAMES:
            raise NotPlain

    def _tag(self, tag: re.Match[str], variable: str, *, may_go: bool = False) -> Column:
        owner, _, name = tag[1].rpartition(".")
        default, also_empty = tag[2], tag[3] is not None
        filters = [_filter_of(found.group()) for found in _FILTER.finditer(tag[4])]
        self._require_name(owner, name, variable)
        if len(filters) > MOST_FILTERS or (default == "omit" and (filters or not may_go)):
            raise NotPlain
        self.steps += 3 + 2 * len(filters)
        read = _reading(name, default, also_empty=also_empty)
        if default == "omit":
            return lambda rows: self._values(read(_without_omit(rows)))
        if not filters:
            return lambda rows: self._values(read(rows))
        return lambda rows: self._filtered(read(rows), filters)

    def _filtered(self, column: list[Any], filters: Sequence[tuple[str, Sequence[str]]]) -> list[Any]:
        for name, words in filters:
            if MASK in column:
                raise NotPlain
            types = set(map(type, column))
            if name == "replace" and types <= {str}:
                old, new = words
                self.grow(sum(len(text) + text.count(old) * len(new) for text in column))
                column = [text.replace(old, new) for text in column]
            elif name in _OF_TEXT and types <= {str}:
                column = list(map(_OF_TEXT[name], column))
            elif name == "tojson":
                column = [_json(self._value(value)) for value in column]
            elif name == "join":
                column = [self._joined(value, *words) for value in column]
            elif name in ("length", "count") and types <= {str, list, dict}:
                column = list(map(len, column))
            else:
                raise NotPlain
            self.grow(len("".join(column)) if name not in ("length", "count") else 0)
        return self._values(column)

    def _joined(self, value: Json, between: str = "") -> str:
        if type(value) is str and not value:
            return ""
        if type(value) is not list or set(map(type, value)) - {str} or MASK in value:
            raise NotPlain
        self.grow(len(between) * len(value))
        return between.join(value)

    def _values(self, column: list[Any]) -> list[Any]:
        if set(map(type, column)) == {str}:
            self.grow(len("".join(column)))
            if MASK in column:
                raise NotPlain
            return column
        return [value if value is _ABSENT else self._value(value) for value in column]

    def _value(self, value: Json) -> Json:
        kind = type(value)
        if kind is str and value != MASK:
            self.grow(len(value))
            return value
        if value is None or kind is bool or (kind is int and -(2**63) <= value < 2**63):
            return value
        if kind is list and list not in map(type, value):
            self.grow(8 * len(value))
            return [self._value(part) for part in value]
        raise NotPlain


def _without_omit(rows: Rows) -> Rows:
    """Entries without a field of that name, which would stand for the word."""
    if any("omit" in values for values in rows.values):
        raise NotPlain
    return rows


def _reading(name: str, default: str | None, *, also_empty: bool = False) -> Column:
    """What reads a field of all entries; :class:`KeyError` where one has none, and nothing stands for it.

    Args:
        default: what stands for it.
        also_empty: it stands for what is empty, too.
    """
    if name in _ENTRY and also_empty:
        raise NotPlain
    if name in _ENTRY:
        return lambda rows: rows.own(name)
    if default is None:
        return lambda rows: list(map(itemgetter(name), rows.values))
    instead: Any = _ABSENT if default == "omit" else [] if default == "[]" else _unquoted(default)
    if also_empty:
        return lambda rows: [values.get(name) or instead for values in rows.values]
    return lambda rows: [values.get(name, instead) for values in rows.values]


def _filter_of(text: str) -> tuple[str, list[str]]:
    """The name of a filter, and the texts that it is given."""
    name, words = re.findall(NAME, text, re.ASCII)[0], list(map(_unquoted, _TEXTS.findall(text)))
    if len(words) not in _WORDS_OF.get(name, ()):
        raise NotPlain
    return name, words


def _items_of(names: Sequence[str], columns: Sequence[list[Any]], count: int) -> list[Any]:
    items = mappings(names, columns) if names else [{} for _ in range(count)]
    return list(map(_present, items)) if any(_ABSENT in column for column in columns) else items


def _lists_of(columns: Sequence[list[Any]], count: int) -> list[Any]:
    found = zip(*columns, strict=True) if columns else [()] * count
    return [[part for part in parts if part is not _ABSENT] for parts in found]


def _present(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value is not _ABSENT}


def _shown(value: Json) -> str:
    """The text of a value inside of a text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    raise NotPlain


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unquoted(quoted: str) -> str:
    """What a text in quotes says."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], quoted[1:-1])
