"""What a place holds, in whatever layout.

Asked of places that somebody names, and where nothing else looks like entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry_reconciler.editing.schema_new.guess import (
    DEEPEST,
    Candidate,
    Found,
    is_keyish,
    is_list,
    named_items,
    quoted,
)
from registry_reconciler.model.entry import Json


def held_by(file: str, value: Json, bound: tuple[tuple[str, str], ...], name: str = "") -> Candidate | None:
    """What a container holds, whatever its layout; ``None`` where it looks like no entries."""
    named = named_items(value)
    if named:
        return Candidate("named", (), name, [Found(file, body, (*bound, ("", key))) for key, body in named])
    if is_list(value):
        return Candidate("list", (), name, [Found(file, item, bound) for item in value])
    if isinstance(value, list) and value and all(is_keyish(item) for item in value):
        return Candidate("texts", (), name, [Found(file, {"name": item}, bound) for item in value])
    if isinstance(value, dict) and value:
        entries = [(str(key), item) for key, item in value.items()]
        if all(_is_mapping(item) for _, item in entries):
            return Candidate(
                "map", (), name, [Found(file, item or {}, (*bound, ("", key))) for key, item in entries]
            )
        if not any(isinstance(item, dict) for _, item in entries):
            pairs = [Found(file, {"value": item}, (*bound, ("", key))) for key, item in entries]
            return Candidate("pairs", (), name, pairs)
    return None


def _is_mapping(value: Json) -> bool:
    return value is None or isinstance(value, dict)


def scalar_candidates(documents: Mapping[str, Sequence[Json]]) -> list[Candidate]:
    """Mappings from key to text, and lists of texts: places that are meant only where somebody names them."""
    found: dict[tuple[str, tuple[str, ...]], Candidate] = {}
    for file, values in documents.items():
        waiting: list[tuple[Json, tuple[str, ...], str]] = [(value, (), "") for value in values]
        while waiting:
            value, at, name = waiting.pop()
            held = held_by(file, value, (), name)
            if held is not None and held.layout in ("pairs", "texts", "named") and len(held.entries) > 1:
                place = found.setdefault((held.layout, at), Candidate(held.layout, at, name))
                place.entries.extend(held.entries)
            elif isinstance(value, dict) and len(at) < DEEPEST:
                waiting += [(part, (*at, quoted(str(key))), str(key)) for key, part in value.items()]
    return list(found.values())
