"""Outputs that say names and nothing else: ``{{ key }}``, ``./{{ path }}``, ``{{ entries.skill | length }}``.

Most lists and counts are of this kind, and the process that renders would take longer to start than they take. Names
are put in here as Jinja2 would put them in; no expression is evaluated. Whatever is not said here in full (another
expression, a name that an entry has not, a value whose text is a question, a limit that comes near) is left to that
process, so it alone says what is wrong. ``tests/property/test_plain_outputs.py`` holds that both give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.limits import MOST_TEXT
from registry_reconciler.outputs.rendered import Rendered

MOST_NAMES = 1_000_000
"""Names that are put in, in all entries: far fewer than the steps that a template may take."""

_TAG = re.compile(r"\{\{\s*([A-Za-z]\w*)\s*(\|\s*default\(\s*omit\s*\)\s*)?\}\}", re.ASCII)
_COUNT = re.compile(r"\s*\{\{\s*entries\.([A-Za-z]\w*)\s*\|\s*(?:length|count)\s*\}\}\s*", re.ASCII)
_NOT_NAMES = frozenset(
    {
        *("true", "True", "false", "False", "none", "None", "not", "and", "or", "in", "is", "if", "else"),
        *("self", "super", "caller", "loop", "varargs", "kwargs", "result", "values", "entry", "place"),
    }
)
"""Words that mean something else than a field of their name, or the entry as a whole."""

_Row = Sequence[Any]
"""Key, address, place and values of an entry."""


class _NotPlain(Exception):
    """The process that renders has to be asked."""


class _Absent:
    """A field that is left out."""


_ABSENT = _Absent()
_Part = Callable[[Mapping[str, Json]], Any]


def plain(
    spec: Mapping[str, Json], kinds: Collection[str], rows: Callable[[str], Sequence[_Row]]
) -> Rendered | None:
    """What an output gives; ``None`` where the process that renders has to be asked.

    Args:
        kinds: the kinds whose entries can be read in full.
        rows: gives the entries of a kind, by key.
    """
    if not is_plain(spec, kinds):
        return None
    count = _COUNT.fullmatch(spec["value"]) if "value" in spec else None
    if count is not None:
        return Rendered(len(rows(count[1])), kinds=(count[1],))
    kind = str(spec["each"])
    try:
        return Rendered(_items(_Compiled(spec["item"]), rows(kind)), kinds=(kind,))
    except _NotPlain:
        return None


def is_plain(spec: Mapping[str, Json], kinds: Collection[str]) -> bool:
    """Whether an output says names and nothing else, as far as its definition tells."""
    if "value" in spec:
        count = _COUNT.fullmatch(spec["value"]) if isinstance(spec["value"], str) else None
        return count is not None and count[1] in kinds
    if "each" not in spec or spec["each"] not in kinds or spec.keys() - {"each", "item"}:
        return False
    try:
        _Compiled(spec["item"])
    except _NotPlain:
        return False
    return True


def _items(item: _Compiled, rows: Sequence[_Row]) -> list[Json]:
    if len(rows) * (item.names + 1) > MOST_NAMES or len(rows) * item.size > MOST_TEXT:
        raise _NotPlain
    found: list[Json] = []
    try:
        for key, address, _, values in rows:
            found.append([key, item.made({**values, "key": key, "address": address})])
    except KeyError:  # a name that an entry has not
        raise _NotPlain from None
    return found


class _Compiled:
    """What makes an item of the fields of an entry.

    Attributes:
        names: the steps that a template would take for those of one item, at most.
        size: about so many characters of text there are.
    """

    def __init__(self, item: Json) -> None:
        self.names = 0
        self.size = 0
        self.made = self._part(item, 0)

    def _part(self, value: Json, depth: int) -> _Part:
        if depth > 30:
            raise _NotPlain
        if type(value) is dict and all(type(name) is str for name in value):
            members = [(name, self._part(part, depth + 1)) for name, part in value.items()]
            return lambda names: {
                name: made for name, part in members if (made := part(names)) is not _ABSENT
            }
        if type(value) is list:
            parts = [self._part(part, depth + 1) for part in value]
            return lambda names: [made for part in parts if (made := part(names)) is not _ABSENT]
        if type(value) is str:
            return self._text(value, optional=depth > 0)
        if value is None or type(value) in (bool, int):
            return lambda _names: value
        raise _NotPlain

    def _text(self, text: str, *, optional: bool) -> _Part:
        literals = _TAG.split(text)[::3]
        tags = [(match[1], bool(match[2])) for match in _TAG.finditer(text)]
        if "{" in "".join(literals) or "\r" in text or any(name in _NOT_NAMES for name, _ in tags):
            raise _NotPlain
        self.names += 3 * len(tags)
        self._grown(len(text))
        if not tags:
            return lambda _names: text
        if len(tags) == 1 and not "".join(literals).strip():
            ((name, may_go),) = tags
            if may_go and not optional:
                raise _NotPlain
            return self._optional(name) if may_go else lambda names: self._value(names[name])
        if any(may_go for _, may_go in tags):
            raise _NotPlain
        return self._mixed(literals, [name for name, _ in tags])

    def _optional(self, name: str) -> _Part:
        return lambda names: self._value(names[name]) if name in names else _ABSENT

    def _mixed(self, literals: Sequence[str], names: Sequence[str]) -> _Part:
        first, *others = literals
        pairs = list(zip(names, others, strict=True))

        def made(fields: Mapping[str, Json]) -> str:
            parts = [first]
            for name, literal in pairs:
                parts += (self._shown(fields[name]), literal)
            return "".join(parts)

        return made

    def _shown(self, value: Json) -> str:
        """The text of a value inside a text."""
        if type(value) is list:
            raise _NotPlain
        value = self._value(value)
        if type(value) is str:
            return value
        if value is None:
            return ""
        return str(value).lower() if type(value) is bool else str(value)

    def _value(self, value: Json) -> Json:
        kind = type(value)
        if kind is str:
            self.size += len(value)
            if value == MASK or self.size > MOST_TEXT:
                raise _NotPlain
            return value
        if value is None or kind is bool or (kind is int and -(2**63) <= value < 2**63):
            return value
        if kind is list and list not in map(type, value):
            self._grown(8 * len(value))
            return [self._value(part) for part in value]
        raise _NotPlain

    def _grown(self, by: int) -> None:
        self.size += by
        if self.size > MOST_TEXT:
            raise _NotPlain
