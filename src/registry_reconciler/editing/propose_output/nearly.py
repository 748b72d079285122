"""What in a file nearly equals a registry, and what differs: most entries are there, and most of what is said of them.

No value is shown: some may be secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.editing.propose_output.patterns import (
    ABSENT,
    TextPattern,
    fields_of,
    fitting_pattern,
    is_alike,
)
from registry_reconciler.model.entry import Json, canonical

if TYPE_CHECKING:
    from registry_reconciler.rules.entry_set import Entry

_LEAST = 3
"""Of fewer items nobody can say what they are like."""
_MOST_NAMED = 5
_SAMPLES = 8
_SAMPLE = 3
_DEPTH = 6
_MOST_ENTRIES = 2_000
"""To look for the keys of more takes long."""


class _PairedItems(Struct, frozen=True):
    """Items beside the entries that they are about.

    Attributes:
        keys: of these entries.
        known: what they say, by field.
        missing: the keys of the entries without an item.
        surplus: how many items are about no entry.
    """

    items: Sequence[Json]
    keys: Sequence[str]
    known: Mapping[str, Sequence[Json]]
    missing: Sequence[str]
    surplus: int


def nearly_items(value: Json, kind: str, orders: Sequence[Sequence[Entry]]) -> str:
    """What a list or a mapping has in common with a registry, and what not; "" where that is little.

    Args:
        orders: the entries by key, and as they stand in files where that is another order.
    """
    if not isinstance(value, list | dict) or not _may_be_near(len(value), len(orders[0])):
        return ""
    items = list(value) if isinstance(value, list) else list(value.values())
    keys = {row.key for row in orders[0]}
    named = _names(items, keys) if isinstance(value, list) else list(map(str, value))
    found = _paired(items, named, orders[0])
    return "" if found is None else _sentence("items", kind, found, orders)


def nearly_lines(lines: Sequence[str], kind: str, orders: Sequence[Sequence[Entry]]) -> str:
    """As :func:`nearly_items`, of the rows of a table or the lines of a list."""
    if not _may_be_near(len(lines), len(orders[0])) or len(orders[0]) > _MOST_ENTRIES:
        return ""
    keys = sorted((row.key for row in orders[0]), key=len, reverse=True)
    word = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, keys))})(?![\w-])")
    named = [match.group() if (match := word.search(line)) else "" for line in lines]
    found = _paired(lines, named, orders[0])
    if found is None or _likeness(found.items, found) is None:
        return ""
    return _sentence("lines", kind, found, orders)


def _may_be_near(count: int, entries: int) -> bool:
    """Whether there are neither so few nor so many that two thirds cannot be alike."""
    return min(count, entries) >= _LEAST and 3 * min(count, entries) >= 2 * max(count, entries)


def _names(items: Sequence[Json], keys: set[str]) -> list[str]:
    """What names each item: its text, or the field that names most entries."""
    if all(isinstance(item, str) for item in items):
        return list(map(str, items))
    fields = dict.fromkeys(name for item in items if isinstance(item, dict) for name in item)
    columns = [
        [str(item.get(name, "")) if isinstance(item, dict) else "" for item in items] for name in fields
    ]
    return max(columns, key=lambda column: len(keys.intersection(column)), default=[""] * len(items))


def _paired(items: Sequence[Json], named: Sequence[str], rows: Sequence[Entry]) -> _PairedItems | None:
    numbers = {row.key: number for number, row in enumerate(rows)}
    places: dict[str, int] = {}
    for place, name in enumerate(named):
        if name in numbers:
            places.setdefault(name, place)
    if len(places) < _LEAST or 3 * len(places) < 2 * max(len(items), len(rows)):
        return None
    known = {name: [values[numbers[key]] for key in places] for name, values in fields_of(rows).items()}
    missing = [key for key in numbers if key not in places]
    return _PairedItems(
        [items[place] for place in places.values()], [*places], known, missing, len(items) - len(places)
    )


def _sentence(unit: str, kind: str, pairs: _PairedItems, orders: Sequence[Sequence[Entry]]) -> str:
    differences: dict[str, list[str]] = {}
    unknown: list[str] = []
    for number, path in _differences(pairs.items, pairs, "", unknown):
        differences.setdefault(pairs.keys[number], []).append(path)
    equal, count = len(pairs.keys) - len(differences), len(pairs.keys) + pairs.surplus
    parts = [f"{equal} of {count} {unit} are as {kind} has them"]
    if differences:
        words = [f"{key} ({', '.join(paths)})" if any(paths) else key for key, paths in differences.items()]
        parts.append(f"differs: {_listed(words)}")
    if pairs.missing:
        parts.append(f"missing: {_listed(pairs.missing)}")
    if pairs.surplus:
        parts.append(f"{pairs.surplus} about no entry")
    if unknown:
        parts.append(f"no field gives {_listed(unknown)}")
    keys = set(pairs.keys)
    if not any([row.key for row in order if row.key in keys] == pairs.keys for order in orders):
        parts.append("they stand neither by key nor as in the files")
    return "; ".join(parts)


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _differences(
    values: Sequence[Json], pairs: _PairedItems, path: str, unknown: list[str]
) -> Iterator[tuple[int, str]]:
    """The numbers of the items that are not as most are, each with the path of what differs in it."""
    likeness = _likeness(values, pairs)
    wrong = None if likeness is None else [(at, path) for at, fits in enumerate(likeness) if not fits]
    if wrong != [] and all(isinstance(value, dict) for value in values):
        inner: list[str] = []
        parts = [
            difference
            for name in dict.fromkeys(name for value in values for name in value)
            for difference in _differences(
                [value.get(name, ABSENT) for value in values],
                pairs,
                f"{path}.{name}" if path else str(name),
                inner,
            )
        ]
        if wrong is None or (not inner and len(parts) < len(wrong)):
            wrong = parts
            unknown += inner
    elif wrong is None:
        unknown.append(path)
    yield from wrong or ()


def _likeness(values: Sequence[Json], pairs: _PairedItems) -> list[bool] | None:
    """Which values are what something gives that gives most of them: a field, one value, or a text with fields."""
    tried = [
        [is_alike(value, other) for value, other in zip(values, known, strict=True)]
        for known in pairs.known.values()
    ]
    texts = ["" if value is ABSENT else canonical(value) for value in values]
    common, _ = Counter(texts).most_common(1)[0]
    tried.append([text == common for text in texts])
    if all(isinstance(value, str) for value in values):
        tried += _by_patterns([str(value) for value in values], pairs)
    best = max(tried, key=sum)
    return best if 3 * sum(best) >= 2 * len(best) else None


def _by_patterns(lines: Sequence[str], pairs: _PairedItems) -> Iterator[list[bool]]:
    """Which lines a pattern gives that gives some of them."""
    texts = {
        name: [str(value) for value in values]
        for name, values in pairs.known.items()
        if all(
            isinstance(value, str | int) and not isinstance(value, bool) and value != "" for value in values
        )
    }
    step = max(len(lines) // _SAMPLES, 1)
    for start in range(0, max(len(lines) - _SAMPLE + 1, 1), step):
        part = slice(start, start + _SAMPLE)
        pattern = fitting_pattern(
            list(lines[part]), {name: values[part] for name, values in texts.items()}, _DEPTH
        )
        if pattern is not None and pattern.fields:
            yield [_given(pattern, texts, number) == line for number, line in enumerate(lines)]


def _given(pattern: TextPattern, texts: Mapping[str, Sequence[str]], number: int) -> str:
    fields = [texts[name][number] for name in pattern.fields]
    return pattern.parts[0] + "".join(
        f"{field}{part}" for field, part in zip(fields, pattern.parts[1:], strict=True)
    )
