"""Outputs that put in names and do nothing else, such as ``./{{ path }}``, ``{{ entries.skill | length }}`` and a loop
over entries with ``{{ s.key }}`` in it.

Most outputs are of this kind, and the process that renders would take longer to start than they take. Names are put in
here as Jinja2 would put them in; no expression is evaluated. Whatever is not said here in full (another expression, a
name that an entry has not, a value that is no plain one, a limit that comes near) is left to that process, so it alone
says what is wrong. ``tests/property/test_plain_outputs.py`` holds that both give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from msgspec import Struct

from registry_reconciler.base.mask import MASK
from registry_reconciler.formats.columns import mappings
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.limits import MOST_TEXT
from registry_reconciler.outputs.rendered import Rendered

MOST_NAMES = 1_000_000
"""Names that are put in, in all entries: far fewer than the steps that a template may take."""
MOST_REPLACED = 4
"""Filters behind one name."""
DEEPEST = 30

_NAME = r"[A-Za-z]\w*"
_QUOTED = r"'((?:[^'\\{}\n]|\\\\|\\n)*)'"
_REPLACE = re.compile(rf"\|\s*replace\(\s*{_QUOTED}\s*,\s*{_QUOTED}\s*\)\s*", re.ASCII)
_TAG = re.compile(
    rf"\{{\{{\s*((?:{_NAME}\.)?{_NAME})\s*(?:\|\s*default\(\s*(omit|'')\s*\)\s*)?((?:{_REPLACE.pattern})*)\}}\}}",
    re.ASCII,
)
_COUNT = re.compile(rf"\{{\{{\s*entries\.({_NAME})\s*\|\s*(?:length|count)\s*\}}\}}", re.ASCII)
_BLOCK = re.compile(
    rf"^[ \t]*\{{% (?:for ({_NAME}) in entries\.({_NAME})|endfor) %\}}(?:\n|\Z)", re.ASCII | re.MULTILINE
)
"""The beginning or the end of a loop on a line of its own, of which nothing is left."""
_NOT_NAMES = frozenset(
    {
        *("true", "True", "false", "False", "none", "None", "not", "and", "or", "in", "is", "if", "else"),
        *("self", "super", "caller", "loop", "varargs", "kwargs", "result", "values", "entry", "entries"),
        *("omit", "range", "dict", "namespace", "cycler", "joiner"),
    }
)
"""Words that mean something else than a field of their name, or the entry as a whole."""

_ENTRY = ("key", "address", "place")
"""Names of the entry itself, which come before fields that are called so."""
_Row = Sequence[Any]
"""Key, address, place and values of an entry."""
_Column = Callable[[Sequence[_Row]], list[Any]]
"""Gives something of all entries at once: a list is made, searched and joined many times as fast as its items."""


class _NotPlain(Exception):
    """The process that renders has to be asked."""


class _Absent:
    """A field that is left out."""


_ABSENT = _Absent()


class PlainContext(Struct, frozen=True):
    """What may be read.

    Attributes:
        kinds: those without secrets: of the others the process that renders looks at each value.
        rows: gives the entries of a kind, by key.
        template: gives the text of a template.
    """

    kinds: Collection[str]
    rows: Callable[[str], Sequence[_Row]]
    template: Callable[[str], str | None]


def plain(spec: Mapping[str, Json], context: PlainContext) -> Rendered | None:
    """What an output gives; ``None`` where the process that renders has to be asked."""
    try:
        return _compiled(spec, context)()
    except (_NotPlain, KeyError):  # a name that an entry has not
        return None


def is_plain(spec: Mapping[str, Json], context: PlainContext) -> bool:
    """Whether an output puts in names and does nothing else, as far as its definition tells."""
    try:
        _compiled(spec, context)
    except _NotPlain:
        return False
    return True


def _compiled(spec: Mapping[str, Json], context: PlainContext) -> Callable[[], Rendered]:
    if "template" in spec:
        name = str(spec["template"])
        text = context.template(name)
        if text is None:
            raise _NotPlain
        return _page(name, text, context)
    if "each" in spec and not spec.keys() - {"each", "item", "key"}:
        kind = _known(str(spec["each"]), context)
        key = spec.get("key", "{{ key }}")
        _Writer().part([key, spec["item"]], -1)
        return lambda: Rendered(_items(key, spec["item"], context.rows(kind)), kinds=(kind,))
    value = spec.get("value")
    count = _COUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if count is None:
        raise _NotPlain
    kind = _known(count[1], context)
    return lambda: Rendered(len(context.rows(kind)), kinds=(kind,))


def _known(kind: str, context: PlainContext) -> str:
    if kind not in context.kinds:
        raise _NotPlain
    return kind


def _items(key: Json, item: Json, rows: Sequence[_Row]) -> list[Json]:
    writer = _Writer()
    named, made = writer.part(key, 0), writer.part(item, 0)
    writer.require_room(len(rows))
    names = named(rows)
    if set(map(type, names)) - {str} or len(set(names)) < len(names):
        raise _NotPlain  # two of one name are said by the process that renders
    return [[name, value] for name, value in zip(names, made(rows), strict=True)]


def _page(name: str, text: str, context: PlainContext) -> Callable[[], Rendered]:
    """What makes a page: texts, counts, and loops over entries."""
    parts: list[Callable[[_Writer], str]] = []
    kinds: set[str] = set()
    position = 0
    inside: tuple[str, str] | None = None
    for block in _BLOCK.finditer(text):
        piece, position = text[position : block.start()], block.end()
        if (inside is None) != (block[1] is not None):
            raise _NotPlain
        if inside is None:
            parts.append(_between(piece, context, kinds))
            inside = (block[1], _known(block[2], context))
            kinds.add(block[2])
        else:
            parts.append(_loop(inside[0], piece, inside[1], context))
            inside = None
    if inside is not None:
        raise _NotPlain
    parts.append(_between(text[position:], context, kinds))

    def made() -> Rendered:
        writer = _Writer()
        return Rendered("".join([part(writer) for part in parts]), None, tuple(sorted(kinds)), (name,))

    return made


def _between(text: str, context: PlainContext, kinds: set[str]) -> Callable[[_Writer], str]:
    """A text outside of loops."""
    first, *more = _COUNT.split(text)
    if "{" in "".join((first, *more[1::2])) or "\r" in text:
        raise _NotPlain
    pairs = [(_known(kind, context), literal) for kind, literal in zip(more[::2], more[1::2], strict=True)]
    kinds.update(kind for kind, _ in pairs)

    def made(writer: _Writer) -> str:
        writer.grow(len(text))
        return first + "".join(f"{len(context.rows(kind))}{literal}" for kind, literal in pairs)

    return made


def _loop(variable: str, body: str, kind: str, context: PlainContext) -> Callable[[_Writer], str]:
    _Writer().mixed(body, variable)

    def made(writer: _Writer) -> str:
        rows = context.rows(kind)
        part = writer.mixed(body, variable)
        writer.require_room(len(rows))
        return "".join(part(rows))

    return made


class _Writer:
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
            raise _NotPlain

    def require_room(self, rows: int) -> None:
        """What was compiled may be made for so many entries."""
        if rows * self.steps > MOST_NAMES:
            raise _NotPlain
        self.grow(rows * self.size)

    def part(self, value: Json, depth: int) -> _Column:
        """A value of an item."""
        if depth > DEEPEST:
            raise _NotPlain
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
        raise _NotPlain

    def _text(self, text: str, *, may_go: bool) -> _Column:
        tag = _TAG.fullmatch(text.strip())
        if tag is None:
            return self.mixed(text)
        self.grow(len(text))
        return self._tag(tag, "", may_go=may_go)

    def mixed(self, text: str, variable: str = "") -> _Column:
        """A text with names in it; of a ``variable``, where there is one."""
        tags = list(_TAG.finditer(text))
        first, *literals = _TAG.split(text)[:: _TAG.groups + 1]
        if "{" in "".join((first, *literals)) or "\r" in text:
            raise _NotPlain
        self.grow(len(text))
        parts = [self._tag(tag, variable) for tag in tags]

        def made(rows: Sequence[_Row]) -> list[str]:
            pieces: list[Iterable[str]] = [repeat(first, len(rows))]
            for part, literal in zip(parts, literals, strict=True):
                column = part(rows)
                shown = column if set(map(type, column)) == {str} else map(_shown, column)
                pieces += (shown, repeat(literal, len(rows)))
            return list(map("".join, zip(*pieces, strict=True)))

        return made

    def _tag(self, tag: re.Match[str], variable: str, *, may_go: bool = False) -> _Column:
        owner, _, name = tag[1].rpartition(".")
        default = tag[2]
        replaced = [(_unquoted(old), _unquoted(new)) for old, new in _REPLACE.findall(tag[3])]
        if owner != variable or name in _NOT_NAMES or variable in _NOT_NAMES or len(replaced) > MOST_REPLACED:
            raise _NotPlain
        if default == "omit" and (replaced or not may_go):
            raise _NotPlain
        self.steps += 3 + 2 * len(replaced)
        read = _reading(name, default)
        if replaced:
            return lambda rows: self._replaced(read(rows), replaced)
        return lambda rows: self._values(read(rows))

    def _replaced(self, column: list[Any], pairs: Sequence[tuple[str, str]]) -> list[str]:
        if set(map(type, column)) - {str} or MASK in column:
            raise _NotPlain
        for old, new in pairs:
            self.grow(sum(len(text) + text.count(old) * len(new) for text in column))
            column = [text.replace(old, new) for text in column]
        if MASK in column:
            raise _NotPlain
        return column

    def _values(self, column: list[Any]) -> list[Any]:
        if set(map(type, column)) == {str}:
            self.grow(sum(map(len, column)))
            if MASK in column:
                raise _NotPlain
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
        raise _NotPlain


def _reading(name: str, default: str | None) -> _Column:
    """What reads a field of all entries; :class:`KeyError` where one has none, and nothing stands for it."""
    if name in _ENTRY:
        at = _ENTRY.index(name)
        return lambda rows: [row[at] for row in rows]
    if default is None:
        return lambda rows: [row[3][name] for row in rows]
    instead = _ABSENT if default == "omit" else ""
    return lambda rows: [row[3].get(name, instead) for row in rows]


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
    raise _NotPlain


def _unquoted(quoted: str) -> str:
    """What a text in quotes says."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], quoted)
