"""What it costs to hold a value against a schema, known before it is done.

The validator takes every way through alternatives and references to every part of a value, remembers little of what
it has judged, and copies the part and the words concerned into each error. A schema of a few kilobytes can so ask for
hours and gigabytes. What is counted here is remembered by schema and part, so it takes a step for each pair of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.model.entry import Json
from registry_reconciler.schema.purse import Purse
from registry_reconciler.schema.walk import At, Folder, ReferenceFault, parts

MOST_WAYS = 500_000
"""So many times may schemas be applied in judging one value; and :data:`_WAYS_FOR_A_PART` more for each part of it."""

_WAYS_FOR_A_PART = 100
_MOST_PLACES = 300_000
"""So many pairs of a schema and a part are looked at; a value with more is as good as one that costs too much."""

_SIMPLE = 20_000
"""A schema that takes no more ways to any part, whatever the value, is not counted value by value ..."""

_MOST_SIMPLE_WAYS = 10 * MOST_WAYS
"""... unless so many ways would lead to all parts together."""

_MOST_COPIED = 100_000
"""So many parts may be copied to gather all errors of one value; and ten more for each part of it."""

_AN_ERROR = 20
"""An error without any part costs as much as so many parts."""

_MOST_TOLD = 1_000_000
"""So many parts may be written out to tell no more than the places of errors."""

_FEW_WORDS = 1_000
"""So many options, or required names, of one schema go into errors without being counted."""

_A_PLACE = 10
"""Each place that is told costs as much as so many parts."""

_AGAIN = 3
"""A schema that asks what was *not* looked at asks its alternatives again: once more, and once for what they ask."""

_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")


class Inside(Struct, frozen=True):
    """The schemas directly below one, by what they apply to.

    Attributes:
        same: the same value, through combinations and ``$ref``.
        names: the field of a name.
        rest: any field: which patterns a name matches is not asked.
        keys: the names themselves.
        items: any item.
        indexed: the item of a number.
        words: how much of the schema is copied into an error: its options and required names.
        options: what comparing a number, a list or a mapping with the options of ``enum`` costs, as so many ways.
        required: how many names it requires.
    """

    same: tuple[At, ...]
    names: Mapping[str, At]
    rest: tuple[At, ...]
    keys: tuple[At, ...]
    items: tuple[At, ...]
    indexed: Mapping[int, At]
    words: int
    options: Mapping[str, int]
    required: int
    asks_again: bool

    def at(self, step: str | int) -> list[At]:
        """The schemas that speak of a part."""
        if isinstance(step, int):
            return [*([self.indexed[step]] if step in self.indexed else ()), *self.items]
        return [*([self.names[step]] if step in self.names else ()), *self.rest]

    def below(self, value: Json) -> list[tuple[At, Json]]:
        """The schemas that speak of the parts directly inside a value, with the part that each speaks of."""
        if isinstance(value, dict) and not self.rest:
            few, many = (value, self.names) if len(value) < len(self.names) else (self.names, value)
            return [(self.names[name], value[name]) for name in few if name in many]
        if isinstance(value, list) and not self.items:
            return [(inner, value[step]) for step, inner in self.indexed.items() if step < len(value)]
        return [(inner, part) for step, part in parts_of(value) for inner in self.at(step)]

    def compared(self, value: Json) -> int:
        """What comparing a value with the options costs."""
        return self.options.get(_sort(value), 0) if self.options else 0

    @property
    def most_compared(self) -> int:
        """The same of any value."""
        return max(self.options.values(), default=0)


_A_NUMBER = 8
"""A number is compared with an option digit by digit: that costs as much as so many ways, as does a part of a list."""


def _sort(value: Json) -> str:
    """What a value is, as far as comparing it with options of its own sort takes long; "" where it does not."""
    if value is None or isinstance(value, str | bool):
        return ""
    return "map" if isinstance(value, dict) else "list" if isinstance(value, list) else "number"


def _options(enum: Json) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for option in enum if isinstance(enum, list) else ():
        sort = _sort(option)
        if sort:
            found[sort] = found.get(sort, 0) + (_A_NUMBER if sort == "number" else size_of(option, {}))
    return found


class Insides(Struct):
    """What lies in the schemas of a folder, looked up once for each."""

    folder: Folder
    known: dict[At, Inside]

    def of(self, place: At) -> Inside:
        """What lies in the schema at a place."""
        found = self.known.get(place)
        if found is None:
            found = self.known[place] = self._look(place)
        return found

    def most_words(self) -> int:
        """The most words that an error about one of the schemas looked at carries, or asks for errors of their own."""
        return max((inside.words + inside.required for inside in self.known.values()), default=0)

    def _look(self, place: At) -> Inside:
        schema = self.folder.get(place)
        same: list[At] = []
        names: dict[str, At] = {}
        rest: list[At] = []
        keys: list[At] = []
        items: list[At] = []
        indexed: dict[int, At] = {}
        for steps, _, what in parts(schema):
            inner = At(place.file, place.path + steps)
            head = steps[0]
            if what == "same":
                same.append(inner)
            elif head == "properties":
                names[str(steps[1])] = inner
            elif head == "prefixItems":
                indexed[int(steps[1])] = inner
            elif head in ("items", "contains", "unevaluatedItems"):
                items.append(inner)
            elif head in ("patternProperties", "additionalProperties", "unevaluatedProperties"):
                rest.append(inner)
            elif head == "propertyNames":
                keys.append(inner)
        mapping = schema if isinstance(schema, Mapping) else {}
        if "$ref" in mapping:
            with contextlib.suppress(ReferenceFault):  # reported by the check of the schema
                same.insert(0, self.folder.resolve(place.file, mapping["$ref"]))
        required = mapping.get("required")
        return Inside(
            tuple(same),
            names,
            tuple(rest),
            tuple(keys),
            tuple(items),
            indexed,
            size_of(mapping.get("enum"), {}) + size_of(mapping.get("const"), {}),
            _options(mapping.get("enum")),
            len(required) if isinstance(required, list) else 0,
            any(word in mapping for word in _UNEVALUATED),
        )


class Spent(Struct, frozen=True):
    """What a value costs.

    Attributes:
        ways: how many times a schema is applied to a part of it.
        copied: how many parts of the value and the schema errors would copy.
        written_out: how many parts the places of errors alone would write out.
        places: how many pairs of a schema and a part were looked at to know.
    """

    ways: int
    copied: int
    written_out: int
    places: int = 0


class Cost:
    """What values cost against one schema file."""

    def __init__(self, insides: Insides, root: At) -> None:
        self._insides = insides
        self._root = root
        self._most: int | None = None
        self._wordy = True

    def judgeable(self, value: Json, purse: Purse | None = None) -> bool:
        """Whether it can be told in bounded time if the value obeys the schema; what it costs is taken from a purse."""
        if self._most is None:
            self._most = _most_ways(self._insides, self._root)
            self._wordy = self._insides.most_words() > _FEW_WORDS
        if self._most <= _WAYS_FOR_A_PART:
            return True  # whatever its size: each of its parts may cost as much
        size = size_of(value, {})
        for_parts = _WAYS_FOR_A_PART * size
        if self._most <= _SIMPLE and self._most * size <= _MOST_SIMPLE_WAYS + for_parts:
            more = self._most * size - for_parts
            if more <= 0 or purse is None:
                return True
            if more <= purse.estimated:
                purse.estimated -= more
                return True
        if purse is not None and (purse.places <= 0 or purse.ways <= 0):
            return False
        spent = self.spent(value)
        if purse is not None:
            purse.places -= _MOST_PLACES if spent is None else spent.places
            purse.ways -= 0 if spent is None else max(0, spent.ways - for_parts)
        return spent is not None and spent.ways <= MOST_WAYS + for_parts

    def to_word(self, value: Json) -> int:
        """What errors of a value may copy, as far as it is more than any schema may ask for."""
        if self._most is not None and self._most <= _WAYS_FOR_A_PART and not self._wordy:
            return 0
        spent = self.spent(value)
        return _MOST_COPIED if spent is None else spent.copied

    def wordable(self, value: Json, errors: int | None = None) -> bool:
        """Whether all errors of a value can be gathered with all that they carry; better told if one knows how many."""
        size = size_of(value, {})
        if errors is not None:
            return errors * (_AN_ERROR + size) <= _MOST_COPIED + 10 * size
        spent = self.spent(value)
        return spent is not None and spent.copied <= _MOST_COPIED

    def tellable(self, value: Json) -> bool:
        """Whether the places of all errors can be gathered."""
        spent = self.spent(value)
        return spent is not None and spent.written_out <= _MOST_TOLD

    def spent(self, value: Json) -> Spent | None:
        """What a value costs; ``None`` where even that takes too long to tell."""
        try:
            counting = _Counting(self._insides)
            found = counting.count(self._root, value)
            return replace(found, places=counting.places)
        except (RecursionError, _TooMany):
            return None


class _TooMany(Exception):
    """More pairs than are looked at."""


class _Counting:
    def __init__(self, insides: Insides) -> None:
        self._insides = insides
        self._seen: dict[tuple[At, int], Spent] = {}
        self._sizes: dict[int, int] = {}

    @property
    def places(self) -> int:
        """How many pairs were looked at."""
        return len(self._seen)

    def count(self, place: At, value: Json) -> Spent:
        known = self._seen.get((place, id(value)))
        if known is not None:
            return known
        if len(self._seen) >= _MOST_PLACES:
            raise _TooMany
        inside = self._insides.of(place)
        size = size_of(value, self._sizes)
        names = len(value) if inside.keys and isinstance(value, dict) else 0
        compared = inside.compared(value)
        ways, copied, written_out = (
            1 + compared,
            _AN_ERROR * (1 + inside.required) + size * (1 + inside.required + 4 * names) + inside.words,
            _A_PLACE + size + names + compared + inside.words // _A_PLACE,
        )
        self._seen[place, id(value)] = Spent(ways, copied, written_out)
        again = _AGAIN if inside.asks_again else 1
        for inner in inside.same:
            cost = self.count(inner, value)
            ways += again * cost.ways
            copied += again * cost.copied
            written_out += again * cost.written_out
        below = inside.below(value)
        if names:
            below += [(inner, name) for inner in inside.keys for name in value]
        for inner, part in below:
            cost = self.count(inner, part)
            ways += cost.ways
            copied += cost.copied
            written_out += cost.written_out
        result = self._seen[place, id(value)] = Spent(ways, copied, written_out)
        return result


def parts_of(value: Json) -> Iterable[tuple[str | int, Json]]:
    """The parts directly inside a value."""
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def size_of(value: Json, seen: dict[int, int]) -> int:
    """How many parts a value has; what an alias repeats counts each time, and is looked at once."""
    if not isinstance(value, dict | list):
        return 1
    known = seen.get(id(value))
    if known is None:
        known = seen[id(value)] = 1 + sum(size_of(part, seen) for _, part in parts_of(value))
    return known


_MOST_LOOKED_AT = 100_000
"""So many schemas are looked at to find that a schema is simple."""


class _SchemasBelow(Struct, frozen=True):
    """The schemas that speak of the parts of one value, with how many times: by name, of any field, of items."""

    named: Mapping[str, Mapping[At, int]]
    rest: Mapping[At, int]
    items: Mapping[At, int]

    def all(self) -> Iterator[At]:
        for group in (*self.named.values(), self.rest, self.items):
            yield from group


def _most_ways(insides: Insides, root: At) -> int:
    """How many ways at most lead to one part of any value; ``_SIMPLE + 1`` where they may be more, or have no end.

    All schemas that apply to one value are taken together; below them, of the fields that one name can mean, the most.
    """
    known: dict[At, int] = {}
    again: set[At] = set()  # schemas that may come back to one of themselves
    open_: set[At] = set()
    budget = [_MOST_LOOKED_AT]
    waiting: list[tuple[At, _SchemasBelow | None]] = [(root, None)]
    while waiting:
        place, below = waiting.pop()
        if below is None:
            if place in known:
                continue
            applied = _applied(insides, place, budget)
            if applied is None:
                return _SIMPLE + 1
            below = _below(insides, applied)
            known[place] = _ways(insides, applied)
            open_.add(place)
            waiting.append((place, below))
            waiting.extend((inner, None) for inner in below.all() if inner not in known)
            continue

        def total(group: Mapping[At, int]) -> tuple[int, int]:
            back = sum(times for inner, times in group.items() if inner in open_ or inner in again)
            return sum(times * known[inner] for inner, times in group.items() if inner not in open_), back

        rest = total(below.rest)
        ways = [
            total(below.items),
            rest,
            *(tuple(map(sum, zip(total(cost), rest, strict=True))) for cost in below.named.values()),
        ]
        back = max(way[1] for way in ways)
        if back > 1:
            return _SIMPLE + 1  # they multiply with every level of the value
        if back:
            again.add(place)
        open_.discard(place)
        known[place] += max(way[0] for way in ways)
        if known[place] > _SIMPLE:
            return _SIMPLE + 1
    return known[root]


def _applied(insides: Insides, start: At, budget: list[int]) -> dict[At, int] | None:
    """Every schema that applies to the same value, with how many times; ``None`` where the budget is spent."""
    order: list[At] = []
    done: set[At] = set()
    waiting = [(start, False)]
    while waiting:
        place, left = waiting.pop()
        if left:
            order.append(place)
            continue
        if place in done:
            continue
        done.add(place)
        budget[0] -= 1
        if budget[0] < 0:
            return None
        waiting.append((place, True))
        waiting.extend((inner, False) for inner in insides.of(place).same if inner not in done)
    times = dict.fromkeys(order, 0)
    times[start] = 1
    for place in reversed(order):
        inside = insides.of(place)
        for inner in inside.same:
            times[inner] += times[place] * (_AGAIN if inside.asks_again else 1)
    return times if _ways(insides, times) <= _SIMPLE else None


def _ways(insides: Insides, applied: Mapping[At, int]) -> int:
    """How many ways schemas that apply to one value take to it, whatever it is."""
    return sum(times * (1 + insides.of(place).most_compared) for place, times in applied.items())


def _below(insides: Insides, applied: Mapping[At, int]) -> _SchemasBelow:
    named: dict[str, dict[At, int]] = {}
    rest: dict[At, int] = {}
    items: dict[At, int] = {}
    for place, times in applied.items():
        inside = insides.of(place)
        for name, inner in inside.names.items():
            _add(named.setdefault(name, {}), inner, times)
        for inner in (*inside.rest, *inside.keys):
            _add(rest, inner, times)
        for inner in (*inside.items, *inside.indexed.values()):
            _add(items, inner, times)
    return _SchemasBelow(named, rest, items)


def _add(group: dict[At, int], place: At, times: int) -> None:
    group[place] = group.get(place, 0) + times
