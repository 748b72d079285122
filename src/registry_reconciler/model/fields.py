"""Field selectors: how ``x-registry`` names parts of an entry (``metadata.name``, ``related_docs[].path``)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json, get_path, replace_part

_STEP = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^.\[\]"]+))((?:\[\])*)(?:\.|$)')

EACH = None
"""The step ``[]``: every item of a sequence (or every value of a mapping)."""

Finder: TypeAlias = Callable[[Json], list[tuple[FieldPath, Json]]]
Values: TypeAlias = Callable[[Json], Iterable[Json]]


class Selector(Struct, frozen=True):
    """A parsed selector. ``steps`` holds names, and ``None`` for ``[]``."""

    text: str
    steps: tuple[str | None, ...]

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Parse ``a.b[].c``; a name with dots is put in double quotes. Raises :class:`ValueError`."""
        return _parsed(text)

    @classmethod
    def _parse(cls, text: str) -> Selector:
        steps: list[str | None] = []
        position = 0
        while position < len(text):
            match = _STEP.match(text, position)
            if match is None:
                raise ValueError(f"{text!r} is no field: write names separated by dots, with [] after a list")
            quoted, plain, each = match.groups()
            steps.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
            steps.extend([EACH] * (len(each) // 2))
            position = match.end()
            if text[position - 1] == "." and position == len(text):
                raise ValueError(f"{text!r} ends in a dot")
        if not steps:
            raise ValueError("a field name is empty")
        return cls(text, tuple(steps))

    @classmethod
    def of(cls, steps: tuple[str | None, ...]) -> Selector:
        """The selector of some steps."""
        return cls("".join("[]" if step is None else f".{step}" for step in steps).lstrip("."), steps)

    @property
    def derived(self) -> bool:
        """Whether what is found is no value of its own; see :mod:`.derived_fields`."""
        return False

    @property
    def parts(self) -> tuple[Selector, ...]:
        """The fields that it looks at."""
        return (self,)

    def put(self, value: Json, path: FieldPath, _old: str, new: Json) -> Json:
        """The value with ``new`` where ``old`` was found."""
        return replace_part(value, path, new)

    @property
    def single(self) -> bool:
        """Whether it selects at most one value."""
        return EACH not in self.steps

    @property
    def path(self) -> FieldPath:
        """The field path of a single selector."""
        return tuple(step for step in self.steps if step is not None)

    def find(self, value: Json) -> Iterator[tuple[FieldPath, Json]]:
        """Every selected part with its path, in order; what is not there selects nothing."""
        if len(self.steps) == 1:  # the common case, without a generator a step
            name = self.steps[0]
            if isinstance(value, dict) and name in value:
                yield (name,), value[name]  # type: ignore[misc]
            return
        yield from _find(value, self.steps, 0, ())

    def get(self, value: Json, default: Any = None) -> Json:
        """The first selected value."""
        if len(self.steps) == 1 and self.steps[0] is not EACH:
            return value.get(self.steps[0], default) if isinstance(value, dict) else default
        for _, found in self.find(value):
            return found
        return default


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> Selector:
    """Selectors are few and asked for with every entry."""
    return Selector._parse(text)


def _find(
    value: Json, steps: tuple[str | None, ...], at: int, path: FieldPath
) -> Iterator[tuple[FieldPath, Json]]:
    if at == len(steps):
        yield path, value
        return
    step = steps[at]
    if step is EACH:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _find(item, steps, at + 1, (*path, index))
        elif isinstance(value, dict):
            for name, item in value.items():
                yield from _find(item, steps, at + 1, (*path, name))
    elif isinstance(value, dict) and step in value:
        yield from _find(value[step], steps, at + 1, (*path, step))


def finder(selector: Selector) -> Finder:
    """What a selector selects, as a function that is fast for the selectors that most fields have.

    References of every entry pass here: a generator a step, as the general way has it, costs twice the time.
    """
    steps = selector.steps
    if selector.derived:
        return lambda value: list(selector.find(value))
    if all(step is not None for step in steps):
        return _single(tuple(step for step in steps if step is not None))
    head = tuple(step for step in steps[:-1] if step is not None)
    if steps[-1] is None and len(head) == len(steps) - 1:
        return _items(head)
    return lambda value: list(selector.find(value))


def _single(names: tuple[str, ...]) -> Finder:
    if len(names) == 1:
        return lambda value: (
            [(names, value[names[0]])] if isinstance(value, dict) and names[0] in value else []
        )

    def find(value: Json) -> list[tuple[FieldPath, Json]]:
        for name in names:
            if not isinstance(value, dict) or name not in value:
                return []
            value = value[name]
        return [(names, value)]

    return find


def _items(names: tuple[str, ...]) -> Finder:
    # The paths of the first items, made once for all entries.
    paths: list[FieldPath] = [(*names, index) for index in range(20)]

    def find(value: Json) -> list[tuple[FieldPath, Json]]:
        for name in names:
            if not isinstance(value, dict) or name not in value:
                return []
            value = value[name]
        if isinstance(value, list):
            if len(value) <= len(paths):
                return list(zip(paths, value))  # noqa: B905  # to say strict= would cost as much as all the rest
            return [((*names, index), item) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return [((*names, name), item) for name, item in value.items()]
        return []

    return find


def values_of(selector: Selector) -> Values:
    """What a selector selects, without the paths: this is asked of every entry of a workspace."""
    names = tuple(step for step in selector.steps if step is not None)
    listed = selector.steps[-1:] == (None,)
    if selector.derived or len(names) + listed != len(selector.steps):
        return lambda value: [inner for _, inner in selector.find(value)]

    def values(value: Json) -> Iterable[Json]:
        for name in names:
            if not isinstance(value, dict) or name not in value:
                return ()
            value = value[name]
        if not listed:
            return (value,)
        if isinstance(value, list):
            return value
        return value.values() if isinstance(value, dict) else ()

    return values


def without(value: dict[str, Json], path: FieldPath) -> dict[str, Json]:
    """A copy of a mapping in which the part at ``path`` is not there, nor mappings that held nothing else."""
    if not path or path[0] not in value:
        return value
    name = path[0]
    inner = value[name]
    if len(path) > 1:
        if not isinstance(inner, dict):
            return value
        rest = without(inner, path[1:])
        if rest or not inner:
            return {**value, name: rest}
    return {key: item for key, item in value.items() if key != name}


def without_empty(value: dict[str, Json], path: FieldPath) -> dict[str, Json]:
    """A copy of a mapping in which the mappings on the way to ``path`` are not there where they are empty."""
    for size in range(len(path) - 1, 0, -1):
        if get_path(value, path[:size]) == {}:
            value = without(value, path[:size])
    return value


def with_value(value: dict[str, Json], path: FieldPath, part: Json) -> dict[str, Json]:
    """A copy of a mapping with ``part`` at ``path``; missing mappings on the way are made."""
    name = path[0]
    assert isinstance(name, str)
    if len(path) == 1:
        return {**value, name: part}
    inner = value.get(name)
    return {**value, name: with_value(inner if isinstance(inner, dict) else {}, path[1:], part)}
