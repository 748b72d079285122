"""What stands near a part of a JSON text, whose look a new value takes."""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.formats.json.source import JsonNode, child
from registry_reconciler.model.entry import Json

MODELS = 12
NEAR = 6
"""So many parts on both sides of one are looked at."""


def models_near(node: JsonNode, index: int, models: Sequence[JsonNode] = ()) -> list[JsonNode]:
    """The values that stand nearest to one in its collection; of a mapping first those that its models have there."""
    key = node.entries[index].key
    there = values_at(models, key.text) if key is not None else []
    if there:
        return there
    near = [*node.entries[max(index - NEAR, 0) : index][::-1], *node.entries[index + 1 : index + NEAR]]
    return [member.value for member in near if isinstance(member.value, JsonNode)]


def values_at(models: Sequence[JsonNode], key: str) -> list[JsonNode]:
    """The values that models have at a key."""
    found = (child(model, key) for model in models[:MODELS])
    return [node for node in found if node is not None]


def alike(node: JsonNode, value: Json, near: Sequence[JsonNode] = ()) -> list[JsonNode]:
    """What a new value of a mapping looks like: the same field beside, else what has its type in the mapping.

    Entries of layout map look alike.
    """
    if not isinstance(value, dict | list):
        return []
    kind = "map" if isinstance(value, dict) else "seq"
    found = [model for model in near if model.kind == kind and model.entries]
    if found:
        return found
    values = [entry.value for entry in node.entries[:50]]
    found = [part for part in values if isinstance(part, JsonNode) and part.kind == kind and part.entries]
    if kind == "map":
        keys = set(value)
        found.sort(key=lambda part: -len(keys & {member.key.text for member in part.entries if member.key}))
    return found[:MODELS]
