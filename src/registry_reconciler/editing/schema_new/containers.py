"""What a place holds, in whatever layout.

Asked of places that somebody names, and where nothing else looks like entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.editing.schema_new.guess import (
    DEEPEST,
    FoundEntry,
    PlaceCandidate,
    is_keyish,
    is_list,
    named_items,
    quoted,
)
from registry_reconciler.model.entry import Json

_Bound = tuple[tuple[str, str], ...]


def held_by(file: str, value: Json, bound: _Bound, name: str = "") -> PlaceCandidate | None:
    """What a container holds, whatever its layout; ``None`` where it looks like no entries."""
    small = _small(file, value, bound, name)
    if small is not None:
        return small
    if is_list(value):
        return PlaceCandidate("list", (), name, [FoundEntry(file, item, bound) for item in value])
    return _mappings(file, value, bound, name) or _pairs(file, value, bound, name)


def _mappings(file: str, value: Json, bound: _Bound, name: str) -> PlaceCandidate | None:
    if not (isinstance(value, dict) and value and all(_is_mapping(item) for item in value.values())):
        return None
    items = [FoundEntry(file, item or {}, (*bound, ("", str(key)))) for key, item in value.items()]
    return PlaceCandidate("map", (), name, items)


def _small(file: str, value: Json, bound: _Bound, name: str) -> PlaceCandidate | None:
    """Entries that are no mappings by themselves: items with one key, plain texts, pairs of key and text."""
    named = named_items(value)
    if named:
        return PlaceCandidate(
            "named", (), name, [FoundEntry(file, body, (*bound, ("", key))) for key, body in named]
        )
    if isinstance(value, list) and value and all(is_keyish(item) for item in value):
        return PlaceCandidate("texts", (), name, [FoundEntry(file, {"name": item}, bound) for item in value])
    if isinstance(value, dict) and any(isinstance(item, dict) for item in value.values()):
        return None
    return _pairs(file, value, bound, name)


def _pairs(file: str, value: Json, bound: _Bound, name: str) -> PlaceCandidate | None:
    if not (isinstance(value, dict) and value):
        return None
    pairs = [FoundEntry(file, {"value": item}, (*bound, ("", str(key)))) for key, item in value.items()]
    return PlaceCandidate("pairs", (), name, pairs)


def _parts(value: Mapping[str, Json], at: tuple[str, ...]) -> list[tuple[Json, tuple[str, ...], str]]:
    """The values of a mapping, each with the way to it and its name."""
    return [(part, (*at, quoted(str(key))), str(key)) for key, part in value.items()]


def _add(found: dict[tuple[str, ...], PlaceCandidate], at: tuple[str, ...], held: PlaceCandidate) -> None:
    found.setdefault(at, replace(held, at=at, entries=[])).entries.extend(held.entries)


def _outermost_and_longest(place: PlaceCandidate) -> tuple[int, int, tuple[str, ...]]:
    return len(place.at), -len(place.entries), place.at


def named_maps(
    documents: Mapping[str, Sequence[Json]], is_name: Callable[[str], bool]
) -> list[PlaceCandidate]:
    """Mappings of mappings under such a name, as ``mcpServers`` is, however little the mappings are alike."""
    found: dict[tuple[str, ...], PlaceCandidate] = {}
    for file, values in documents.items():
        waiting: list[tuple[Json, tuple[str, ...], str]] = [(value, (), "") for value in values]
        while waiting:
            value, at, name = waiting.pop()
            if not isinstance(value, dict) or len(at) >= DEEPEST:
                continue
            held = _mappings(file, value, (), name) if is_name(name) else None
            if held is not None and any(entry.value for entry in held.entries):
                _add(found, at, held)
            else:
                waiting += _parts(value, at)
    return sorted(found.values(), key=_outermost_and_longest)


def mixed_maps(documents: Mapping[str, Sequence[Json]]) -> list[PlaceCandidate]:
    """Mappings whose values are partly mappings and partly not: ``serde = "1"`` beside ``tokio = {version = "1"}``."""
    found: dict[tuple[str, ...], PlaceCandidate] = {}
    mixed: set[tuple[str, ...]] = set()
    for file, values in documents.items():
        waiting: list[tuple[Json, tuple[str, ...], str]] = [(value, (), "") for value in values]
        while waiting:
            value, at, name = waiting.pop()
            if not isinstance(value, dict) or len(at) >= DEEPEST:
                continue
            held = _pairs(file, value, (), name)
            if held is not None:
                _add(found, at, held)
            if len({_is_mapping(item) for item in value.values()}) == 2:
                mixed.add(at)
            waiting += _parts(value, at)
    return sorted((found[at] for at in mixed), key=_outermost_and_longest)


def _is_mapping(value: Json) -> bool:
    return value is None or isinstance(value, dict)


def scalar_candidates(documents: Mapping[str, Sequence[Json]]) -> list[PlaceCandidate]:
    """Places whose entries are no mappings by themselves: meant only where somebody names them."""
    found: dict[tuple[str, tuple[str, ...]], PlaceCandidate] = {}
    for file, values in documents.items():
        waiting: list[tuple[Json, tuple[str, ...], str]] = [(value, (), "") for value in values]
        while waiting:
            value, at, name = waiting.pop()
            held = _small(file, value, (), name)
            if held is not None:
                place = found.setdefault((held.layout, at), PlaceCandidate(held.layout, at, name))
                place.entries.extend(held.entries)
            elif isinstance(value, dict) and len(at) < DEEPEST:
                waiting += _parts(value, at)
    return list(found.values())
