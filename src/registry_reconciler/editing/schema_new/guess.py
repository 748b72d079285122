"""What hand-kept YAML looks like: where its entries lie, what tells them apart, what their fields hold. Pure.

Everything here is a guess from what is there; :mod:`registry_reconciler.editing.schema_new` says which guesses are
weak.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from registry_reconciler.base.singular import singular
from registry_reconciler.model.entry import FieldPath, Json, get_path
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.written import Opaque

DEEPEST = 5
_MOST_FIELDS = 30
"""Mappings with more keys may have names that people choose for keys."""
_FIELDS_TIMES = 4
_KEY_WORDS = ("id", "key", "name", "slug", "code", "title")
_ID_ENDS = ("_id", "-id", "_identifier")
_QUOTED = re.compile(r'[.\[\]{}*"]|^$')


class FoundEntry(Struct, frozen=True):
    """One entry: its fields, and what its place says (placeholders by name; ``""`` is the key of a map)."""

    file: str
    value: dict[str, Json]
    bound: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> dict[str, str]:
        """The placeholders by name."""
        return {name: key_text for name, key_text in self.bound if name}

    def text(self, name: str) -> str | None:
        """The text of a key field: of the entry, else of its place."""
        key_text = (
            Selector.parse(quoted(name)).get(self.value)
            if "." not in name
            else get_path(self.value, path_of(name))
        )
        if isinstance(key_text, str | int) and not isinstance(key_text, bool) and key_text != "":
            return str(key_text)
        return self.place.get(name)


class PlaceCandidate(Struct):
    """A place that may hold the entries of a kind.

    Attributes:
        at: the steps inside a file, as ``at`` of ``x-registry`` has them.
        name: the last name on the way, e.g. ``skills``.
    """

    layout: str
    at: tuple[str, ...]
    name: str
    entries: list[FoundEntry] = field(default_factory=list)

    @property
    def keyed(self) -> bool:
        """Whether the keys of a mapping tell the entries apart, and not a field of theirs."""
        return any(name == "" for entry in self.entries for name, _ in entry.bound)

    @property
    def text(self) -> str:
        """``at`` as it is written."""
        return ".".join(self.at)


def quoted(name: str) -> str:
    """A name as a step of a selector or of ``at``."""
    if not _QUOTED.search(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def path_of(name: str) -> FieldPath:
    """The path of a dotted field."""
    return Selector.parse(name).path


def matches(kind: str, name: str) -> bool:
    """Whether a container's name is the plural (or the last word) of a kind's name."""
    wanted = re.sub(r"[^a-z0-9]+", "_", kind.lower())
    given = re.sub(r"[^a-z0-9]+", "_", name.lower())
    return given != "" and (singular(given) in (wanted, wanted.rpartition("_")[2]) or given == wanted)


# ---------------------------------------------------------------- containers


def candidates(documents: Mapping[str, Sequence[Json]]) -> list[PlaceCandidate]:
    """Every list of mappings and every mapping of alike mappings, by layout and place, outer ones first."""
    found: dict[tuple[str, tuple[str, ...]], PlaceCandidate] = {}
    for file, values in documents.items():
        for value in values:
            _look(found, file, value, (), "", ())
    return sorted(
        found.values(), key=lambda candidate: (len(candidate.at), -len(candidate.entries), candidate.at)
    )


def _look(
    found: dict[tuple[str, tuple[str, ...]], PlaceCandidate],
    file: str,
    value: Json,
    at: tuple[str, ...],
    name: str,
    bound: tuple[tuple[str, str], ...],
) -> None:
    if len(at) > DEEPEST:
        return
    named = named_items(value)
    if named:
        _note(found, "named", at, name, [FoundEntry(file, body, (*bound, ("", key))) for key, body in named])
    elif is_list(value):
        _note(found, "list", at, name, [FoundEntry(file, item, bound) for item in value])
        _look_into_items(found, file, value, at, name, bound)
    elif isinstance(value, dict):
        if is_map(value):
            items = [FoundEntry(file, item or {}, (*bound, ("", key))) for key, item in value.items()]
            _note(found, "map", at, name, items)
            holder = _holder(name or "key", (inner for inner in value.values() if inner))
            for key, item in value.items():
                for inner, part in (item or {}).items():
                    step = (*at, f"{{{holder}}}", quoted(inner))
                    _look(found, file, part, step, inner, (*bound, (holder, key)))
            return
        if _is_grouped(value):
            filled = {key: part for key, part in value.items() if part}
            holder = _holder(name or "group", (item for part in filled.values() for item in part))
            for key, part in filled.items():
                _look(found, file, part, (*at, f"{{{holder}}}"), name, (*bound, (holder, key)))
        for inner, part in value.items():
            _look(found, file, part, (*at, quoted(inner)), inner, bound)


def _note(
    found: dict[tuple[str, tuple[str, ...]], PlaceCandidate],
    layout: str,
    at: tuple[str, ...],
    name: str,
    entries: list[FoundEntry],
) -> None:
    found.setdefault((layout, at), PlaceCandidate(layout, at, name)).entries.extend(entries)


def named_items(value: Json) -> list[tuple[str, dict[str, Json]]]:
    """The items of a list of mappings with one key each, ``- Name: {…}``; none where it is no such list."""
    if not is_list(value) or len(value) < 2 or not all(len(item) == 1 for item in value):
        return []
    items = [(str(key), body) for item in value for key, body in item.items()]
    mapped = all(body is None or isinstance(body, dict) for _, body in items)
    return [(key, body or {}) for key, body in items] if mapped and len({key for key, _ in items}) > 1 else []


def is_list(value: Json) -> bool:
    """Whether it is a list of mappings, and not empty."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def is_map(value: dict[str, Json]) -> bool:
    """Whether a mapping's values are alike, so that its keys are names and not fields."""
    items = [item for item in value.values() if item is not None]
    if len(value) < 2 or not items or not all(isinstance(item, dict) for item in items):
        return False
    shapes = Counter(name for item in items for name in item)
    if _FIELDS_TIMES * len(shapes) <= len(items):
        return bool(shapes)  # so few fields for so many: each has one of them, or some
    return bool(shapes) and shapes.most_common(1)[0][1] >= max(2, 0.6 * len(items))


def _is_grouped(value: dict[str, Json]) -> bool:
    """Whether a mapping's values are lists of alike mappings, so that its keys are names of groups."""
    filled = [part for part in value.values() if part not in (None, [])]
    if len(value) < 2 or not filled or not all(is_list(part) for part in filled):
        return False
    shapes = [{name for item in part for name in item} for part in filled]
    widest = max(shapes, key=len)
    return all(len(widest & other) * 2 >= len(widest | other) for other in shapes)


def _look_into_items(
    found: dict[tuple[str, tuple[str, ...]], PlaceCandidate],
    file: str,
    items: list[dict[str, Json]],
    at: tuple[str, ...],
    name: str,
    bound: tuple[tuple[str, str], ...],
) -> None:
    """Containers inside the items of a list, which a field tells apart."""
    by = next(iter(unique_fields([FoundEntry(file, item) for item in items], name)), None)
    if by is None or not at or "." in by:
        return
    holder = _holder(name, items)
    for item in items:
        step = (*at[:-1], f"{at[-1]}[{by}={{{holder}}}]")
        for inner, part in item.items():
            if isinstance(part, list | dict):
                _look(found, file, part, (*step, quoted(inner)), inner, (*bound, (holder, str(item[by]))))


def _holder(name: str, items: Iterable[dict[str, Json]]) -> str:
    """A name for a placeholder that no field of what lies inside has."""
    wanted = re.sub(r"[^A-Za-z0-9_]+", "_", singular(name)).strip("_") or "key"
    if wanted[0].isdigit():
        wanted = f"_{wanted}"
    inside = {
        field_name
        for item in items
        for part in item.values()
        for element in (part if isinstance(part, list) else [part])
        if isinstance(element, dict)
        for field_name in element
    }
    return f"{wanted}_id" if wanted in inside else wanted


# ---------------------------------------------------------------- keys


def unique_fields(entries: Sequence[FoundEntry], kind: str) -> list[str]:
    """Fields that every entry has and no two share, the likeliest key first."""
    return [name for name in _scalar_fields(entries, kind) if not duplicates(entries, (name,))]


def is_key_word(name: str, kind: str) -> bool:
    """Whether a field's name says that it tells entries apart."""
    last = _snake(name.rpartition(".")[2])
    words = ("id", "key", "name", "slug", "code", f"{kind}_id", _last_word(kind))
    return last in words or last.endswith(_ID_ENDS)


def _snake(name: str) -> str:
    """A name in small letters, its words apart: ``packageId`` is ``package_id``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _last_word(kind: str) -> str:
    return kind.lower().rpartition("_")[2]


def _scalar_fields(entries: Sequence[FoundEntry], kind: str) -> list[str]:
    """Fields of the first entry that could be a key, at the top first, then one level down."""
    if not entries:
        return []
    first = entries[0].value
    names = [quoted(name) for name, value in first.items() if is_keyish(value)]
    for outer, value in first.items():
        if isinstance(value, dict):
            names += [f"{quoted(outer)}.{quoted(name)}" for name, inner in value.items() if is_keyish(inner)]
    return sorted(names, key=lambda name: _rank(name, _last_word(kind)))


def _rank(name: str, word: str) -> tuple[int, int, int]:
    last = _snake(name.rpartition(".")[2])
    inside = name.count(".")
    # What lies inside has a name of its own there: source.id names the source, and name the entry.
    below = _KEY_WORDS.index("name") if inside else 0
    if last in ("id", f"{word}_id"):
        return (below, inside, 0)
    if last == word and not inside:
        return (1, 0, 0)
    if last in _KEY_WORDS:
        index = _KEY_WORDS.index(last)
        return (max(below, index), inside, index)
    if last.endswith(_ID_ENDS) and not inside:
        return (1, 1, 0)
    return (len(_KEY_WORDS) + inside, 0, 0)


def is_keyish(value: Json) -> bool:
    """Whether it may be a key: a short text or a whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return False
    return not isinstance(value, str) or (len(value) <= 120 and "\n" not in value)


def duplicates(entries: Sequence[FoundEntry], key: Sequence[str]) -> list[str]:
    """The keys that several entries have, or ``""`` where one has none."""
    seen: Counter[str] = Counter()
    for entry in entries:
        parts = [entry.text(name) for name in key]
        seen["" if None in parts else "/".join(str(part) for part in parts)] += 1
    return sorted(text for text, count in seen.items() if count > 1 or not text)


# ---------------------------------------------------------------- fields


class FieldShape(Struct):
    """What a field holds over all entries.

    Attributes:
        owners: how many values of what it lies in there are; ``count`` of them have the field.
        strings: the texts with how often each stands.
        who: the key of one entry for each text.
    """

    owners: int = 0
    count: int = 0
    types: set[str] = field(default_factory=set)
    strings: Counter[str] = field(default_factory=Counter)
    who: dict[str, str] = field(default_factory=dict)
    fields: dict[str, FieldShape] = field(default_factory=dict)
    items: FieldShape | None = None
    mappings: int = 0

    def add(self, value: Json, who: str, depth: int = 0) -> None:
        """Take one more value into account."""
        self.count += 1
        if type(value) is Opaque:
            return  # nobody knows its type
        self.types.add(type_name(value))
        if isinstance(value, str):
            self.strings[value] += 1
            self.who.setdefault(value, who)
        elif isinstance(value, dict) and depth < 8:
            self.mappings += 1
            for name, part in value.items():
                self.fields.setdefault(name, FieldShape()).add(part, who, depth + 1)
        elif isinstance(value, list) and depth < 8:
            self.items = self.items or FieldShape()
            for part in value:
                self.items.add(part, who, depth + 1)

    @property
    def free_keys(self) -> bool:
        """Whether the keys of the mapping are names that people choose, not fields."""
        shapes = self.fields.values()
        rare = all(2 * shape.count < self.mappings for shape in shapes)
        if self.mappings >= 4 and len(self.fields) > 8 and rare:
            return True
        if len(self.fields) > 2 and all(name[:1].isdigit() for name in self.fields):
            return True  # dates, versions, numbers: no field is called so
        if len(self.fields) <= _MOST_FIELDS:
            return False
        # Nobody writes so many fields; and where few mappings have them, the values are of one sort.
        seldom = sum(10 * shape.count < self.mappings for shape in shapes)
        return (
            10 * seldom >= 8 * len(self.fields)
            or len({name for shape in shapes for name in shape.types}) <= 2
        )

    @property
    def named_fields(self) -> dict[str, FieldShape]:
        """The fields without what people choose; beside those, fields are what most mappings have."""
        if not self.free_keys:
            return self.fields
        named = {
            name: shape
            for name, shape in self.fields.items()
            if 10 * shape.count >= 9 * self.mappings and not name[:1].isdigit()
        }
        return named if len(named) <= _MOST_FIELDS else {}  # the same names in each are names all the same

    def walk(self, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldShape]]:
        """Every part that has a selector, with its steps; ``[]`` steps over items."""
        yield at, self
        for name, shape in self.named_fields.items():
            yield from shape.walk((*at, name))
        if self.items is not None:
            yield from self.items.walk((*at, "[]"))


def type_name(value: Json) -> str:
    """The JSON Schema type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "integer", float: "number"}
    return next(name for kind, name in names.items() if isinstance(value, kind))


def shape_of(entries: Sequence[FoundEntry], keys: Sequence[str]) -> FieldShape:
    """The shape of all entries; ``keys`` are theirs, in the same order."""
    shape = FieldShape()
    for entry, key in zip(entries, keys, strict=True):
        shape.add(entry.value, key)
    return shape
