"""A schema seen from the values it describes, and what is said of those."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.marks import NO_MARKS, Marks
from registry_reconciler.schema.cost import Cost, Insides
from registry_reconciler.schema.walk import At, Folder

_MOST_ALTERNATIVES = 500

_PLACES_KEPT = 1_000


class Violation(Struct, frozen=True):
    """One thing about a value that its schema forbids.

    Attributes:
        path: the part of the value; for a missing field the mapping that lacks it.
        on_key: the name of the field is meant, not its value.
        message: what is wrong, with the value concerned (secrets masked, long values cut).
        fix: what to do, as a sentence.
        keyword: the keyword of JSON Schema that says so.
        instead: the word that the value may be a slip of, or "".
        field: the name of a field that is missing, or "".
    """

    path: FieldPath
    on_key: bool
    message: str
    fix: str
    keyword: str
    instead: str = ""
    field: str = ""


class SchemaFinding(Protocol):
    """What is read of an error of jsonschema_rs."""

    @property
    def instance_path(self) -> list[str | int]:
        """Steps to the part of the value."""

    @property
    def kind(self) -> Json:
        """The keyword (``name``) and its details."""


class View:
    """A schema seen from the values it describes: which schemas speak of the value at a path."""

    def __init__(self, folder: Folder, file: str, marks: Marks = NO_MARKS) -> None:
        self._folder = folder
        self._marks = marks
        self._root = At(file, ())
        self._insides = Insides(folder, {})
        self._places: dict[FieldPath, list[At]] = {}
        self._fields: dict[FieldPath, tuple[str, ...]] = {}
        self.cost = Cost(self._insides, self._root)

    def at(self, path: FieldPath) -> list[Mapping[str, Json]]:
        """All schemas that may speak of the part at ``path``, the most direct first; none is judged."""
        places = self._places_at(path)
        return [schema for place in places if isinstance(schema := self._folder.get(place), Mapping)]

    def _places_at(self, path: FieldPath) -> list[At]:
        """Many errors stand in the same few parts: their places are kept."""
        known = self._places.get(path)
        if known is None:
            if path:
                found = self._expand(self._step(self._places_at(path[:-1]), path[-1]))
            else:
                found = self._expand([self._root])
            if len(self._places) >= _PLACES_KEPT:
                self._places.clear()
            known = self._places[path] = found
        return known

    def _step(self, places: list[At], step: str | int) -> list[At]:
        # Which patterns a name matches is not asked here: for masking, one too many is the safe side.
        return [inner for place in places for inner in self._insides.of(place).at(step)]

    def _expand(self, places: Iterable[At]) -> list[At]:
        found: dict[At, None] = {}
        waiting = deque(places)
        while waiting and len(found) < _MOST_ALTERNATIVES:
            place = waiting.popleft()
            if place not in found:
                found[place] = None
                waiting.extend(self._insides.of(place).same)
        return list(found)

    def description(self, path: FieldPath) -> str:
        """What the schema says of the part at ``path``, or ""."""
        named = bool(path) and path[-1] in self.fields(path[:-1])
        for place in self._places_at(path):
            if named and place.path[-2:-1] == ("patternProperties",):
                continue  # a field with a schema of its own is none of those that a pattern describes
            schema = self._folder.get(place)
            text = schema.get("description") if isinstance(schema, Mapping) else None
            if isinstance(text, str) and text.strip():
                return " ".join(text.split())
        return ""

    def fields(self, path: FieldPath) -> tuple[str, ...]:
        """The names of the fields that the mapping at ``path`` may have, in code-point order."""
        known = self._fields.get(path)
        if known is None:
            names: set[str] = set()
            for schema in self.at(path):
                properties = schema.get("properties")
                if isinstance(properties, Mapping):
                    names.update(name for name, inner in properties.items() if inner is not False)
            if len(self._fields) >= _PLACES_KEPT:
                self._fields.clear()
            # The same value each time: what is looked up in it is indexed once.
            known = self._fields[path] = tuple(sorted(names))
        return known

    def takes_own_fields(self, path: FieldPath) -> bool:
        """Whether the mapping at ``path`` takes fields whose names start with ``x-``."""
        return any("^x-" in (schema.get("patternProperties") or {}) for schema in self.at(path))

    def secret(self, path: FieldPath) -> int | None:
        """How many steps of ``path`` lead to a part marked ``x-secret``; ``None`` when nothing on it is."""
        return self._marks.depth(path)

    def hides(self, path: FieldPath, part: Json) -> bool:
        """Whether the part at ``path`` may not be shown, because of what it is or because of its shape."""
        return bool(self._marks) and self._marks.show(path, part) == MASK
