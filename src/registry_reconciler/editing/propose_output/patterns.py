"""A text or value with fields of an entry in it, which gives each of some texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.model.entry import Json, same

if TYPE_CHECKING:
    from registry_reconciler.rules.entry_set import Entry


_DEEPEST = 2
"""So many steps into a field fields are looked for."""
_WORDS = frozenset(
    ("true", "True", "false", "False", "none", "None", "not", "and", "or", "in", "is", "if", "else")
)
"""Words that are no names in a template."""


class TextPattern(Struct, frozen=True):
    """A text with at most two fields of an entry in it."""

    parts: tuple[str, ...]
    fields: tuple[str, ...] = ()

    def template(self, entry: str) -> str:
        """As a template writes it; ``entry``: what stands before the name of a field."""
        text = literal(self.parts[0])
        for field, part in zip(self.fields, self.parts[1:], strict=True):
            text += f"{{{{ {entry}{field} }}}}" + literal(part)
        return text


def literal(text: str) -> str:
    """A text as a template writes it, so that nothing in it is taken for an expression."""
    return re.sub(r"\{[{%#]", lambda match: "{{ '" + match.group() + "' }}", text)


def fitting_pattern(lines: list[str], texts: Mapping[str, list[str]], depth: int) -> TextPattern | None:
    """A pattern that gives each of some lines from the texts of its entry; fields are tried from the left."""
    if len(set(lines)) == 1 and not any(
        value in lines[0] for values in texts.values() for value in values[:1]
    ):
        return TextPattern((lines[0],))
    if depth == 0:
        return None
    first, last = min(lines), max(lines)
    alike = next(
        (at for at, (left, right) in enumerate(zip(first, last, strict=False)) if left != right), len(first)
    )
    candidates = []
    for number, (name, values) in enumerate(texts.items()):
        # Every place where it could stand: a short value may occur in the text before it too.
        places = (
            at
            for at in range(alike + 1)
            if all(line.startswith(value, at) for line, value in zip(lines, values, strict=True))
        )
        # What stands further left comes first; of several there, the longest one.
        candidates += [(at, -sum(map(len, values)), number, name) for at in islice(places, 2)]
    for at, _, _, name in sorted(candidates):
        values = texts[name]
        rest = [line[at + len(value) :] for line, value in zip(lines, values, strict=True)]
        inner = TextPattern((rest[0],)) if len(set(rest)) == 1 else fitting_pattern(rest, texts, depth - 1)
        if inner is not None:
            return TextPattern((lines[0][:at], *inner.parts), (name, *inner.fields))
    return TextPattern((lines[0],)) if len(set(lines)) == 1 else None


class _NoField:
    pass


ABSENT: Json = _NoField()


def is_alike(left: Json, right: Json) -> bool:
    """Whether two values say the same; what is absent is like nothing but itself."""
    if left is ABSENT or right is ABSENT:
        return left is right
    return same(left, right)


def fields_of(rows: Sequence[Entry]) -> dict[str, list[Json]]:
    """The values of every field in each entry, the key first; behind those what stands in fields that are mappings."""
    names = dict.fromkeys(name for row in rows for name in row.value if _is_name(name))
    found: dict[str, list[Json]] = {"key": [row.key for row in rows]}
    for name in names:
        if name not in ("key", "address", "place", "values"):
            found[name] = [row.value.get(name, ABSENT) for row in rows]
    for outer, values in list(found.items()):
        for path, parts in _inside(outer, values, _DEEPEST):
            found[path] = parts
    return found


def _inside(outer: str, values: Sequence[Json], depth: int) -> Iterator[tuple[str, list[Json]]]:
    """What stands in a field that is a mapping in every entry, by its path."""
    if not depth or not all(isinstance(value, dict) for value in values):
        return
    for name in dict.fromkeys(name for value in values for name in value if _is_name(name)):
        parts = [value.get(name, ABSENT) for value in values]
        yield f"{outer}.{name}", parts
        yield from _inside(f"{outer}.{name}", parts, depth - 1)


def _is_name(name: str) -> bool:
    """Whether a template may say a name, and means a field by it."""
    return name.isidentifier() and name not in _WORDS


def says_key(made: Json, keys: set[str]) -> bool:
    """Whether a template names a field that holds the key."""
    return isinstance(made, str) and any(f"{{{{ {name} }}}}" in made for name in keys)
