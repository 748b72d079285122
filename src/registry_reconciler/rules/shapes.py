"""Reading entries of any shape without failing: a rule also meets values that their schema forbids."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from registry_reconciler.model.entry import MISSING, FieldPath, Json, Missing, Place
from registry_reconciler.model.problem import Related
from registry_reconciler.model.written import Opaque, dumps
from registry_reconciler.rules.entry_set import Entry


def part(value: Json, *names: str) -> Json:
    """The part of a value below some names; ``None`` where a step is no mapping or has no such name."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: Json, *names: str) -> str:
    """The text below some names; "" where there is none."""
    for name in names:
        if not isinstance(value, dict):
            return ""
        value = value.get(name)
    return value if isinstance(value, str) else ""


def texts(value: Json, *names: str) -> Iterator[tuple[FieldPath, str]]:
    """The texts of a list below some names, with their paths; a single text counts as a list of one."""
    found = part(value, *names)
    if isinstance(found, str):
        yield names, found
    elif isinstance(found, list):
        for index, item in enumerate(found):
            if isinstance(item, str):
                yield (*names, index), item


def words(value: Json, *names: str) -> list[str]:
    """The texts of a list below some names."""
    return [text for _, text in texts(value, *names)]


def related(item: Entry, message: str, path: FieldPath = ()) -> Related:
    """Another entry, or a field of it, as a place that belongs to a finding."""
    return Related(message, place_of(item, path))


def place_of(item: Entry, path: FieldPath = ()) -> Place:
    """Where a person would change an entry or a field of it."""
    return item.place.at(path) if path else item.place


def slip(item: Entry, path: FieldPath, near: Json) -> tuple[tuple[Place, Json], ...]:
    """The patch that takes a word for a slip of another one; none where nothing is near."""
    return () if near in (None, "") else ((place_of(item, path), near),)


_MOST_SHOWN = 60


def as_shown(value: Json, other: Json | Missing) -> str:
    """A value as a plan shows it, in some :data:`_MOST_SHOWN` characters; of a long one, where ``other`` differs."""
    shown = value.source if isinstance(value, Opaque) else dumps(value)
    if len(shown) <= _MOST_SHOWN:
        return shown
    common = 0
    if other is not None and other is not MISSING:
        theirs = other.source if isinstance(other, Opaque) else dumps(other)
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shown, theirs, strict=False)))
    start = max(common - _MOST_SHOWN // 3, 0) if common > _MOST_SHOWN // 2 else 0
    part = shown[start : start + _MOST_SHOWN - 2]
    return f"{'…' if start else ''}{part}{'…' if start + len(part) < len(shown) else ''}"


def listing(names: list[str], most: int = 12) -> str:
    """``a, b and c``; of very many the first, and how many more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
