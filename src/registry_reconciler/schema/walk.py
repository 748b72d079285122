"""Walking JSON Schemas: where schemas stand in schemas, what ``$ref`` leads to, and what would never end.

``$ref`` resolves only inside the folder of the schemas: nothing is fetched, no other file is opened.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field

from registry_reconciler.model.entry import FieldPath, Json

_ONE = {
    "items": "child",
    "additionalProperties": "child",
    "unevaluatedItems": "child",
    "unevaluatedProperties": "child",
    "contains": "child",
    "propertyNames": "child",
    "not": "same",
    "if": "same",
    "then": "same",
    "else": "same",
}
_MAPS = {
    "properties": "child",
    "patternProperties": "child",
    "dependentSchemas": "same",
    "$defs": "kept",
    "definitions": "kept",
}
_LISTS = {"prefixItems": "child", "allOf": "same", "anyOf": "same", "oneOf": "same"}
_FOREIGN_REFERENCES = ("$dynamicRef", "$recursiveRef")

MOST_APPLIED = 10_000
"""So many schemas may apply to one value, through references and combinations, before that is a fault."""

MOST_SCHEMAS = 100_000
"""So many schemas may be reached from one file."""


class ReferenceFault(ValueError):
    """A ``$ref`` leads nowhere, or where it may not; ``fix`` says what to write."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class At(Struct, frozen=True):
    """Where a schema stands: the file, and the steps inside it."""

    file: str
    path: FieldPath


class UnusableSchema(Struct, frozen=True):
    """Something about schemas that cannot be used, and how to put it right."""

    at: At
    message: str
    fix: str
    keyword: str


def parts(schema: Json) -> Iterator[tuple[FieldPath, Json, str]]:
    """The schemas directly inside one, each with the steps to it and what it applies to.

    That is ``same`` (the same value), ``child`` (a part of it) or ``kept`` (nothing, by itself).
    """
    if not isinstance(schema, Mapping):
        return
    for name, what in _ONE.items():
        if name in schema:
            yield (name,), schema[name], what
    for name, what in _MAPS.items():
        inner = schema.get(name)
        if isinstance(inner, Mapping):
            yield from (((name, key), item, what) for key, item in inner.items())
    for name, what in _LISTS.items():
        inner = schema.get(name)
        if isinstance(inner, list):
            yield from (((name, index), item, what) for index, item in enumerate(inner))


def patterns(schema: Json) -> Iterator[tuple[FieldPath, str]]:
    """The regular expressions that stand directly in a schema."""
    if not isinstance(schema, Mapping):
        return
    if isinstance(schema.get("pattern"), str):
        yield ("pattern",), schema["pattern"]
    inner = schema.get("patternProperties")
    if isinstance(inner, Mapping):
        yield from ((("patternProperties", text), text) for text in inner)


class Folder(Struct):
    """The schema files of a workspace by path, and references between them."""

    files: Mapping[str, Json]
    _anchors: dict[str, dict[str, FieldPath]] = field(default_factory=dict)

    def get(self, at: At) -> Json:
        """The schema at a place that :meth:`resolve` or :func:`parts` gave."""
        value = self.files[at.file]
        for step in at.path:
            value = value[step]
        return value

    def resolve(self, file: str, reference: Json) -> At:
        """Where a ``$ref`` in a file leads. Raises :class:`ReferenceFault`."""
        if not isinstance(reference, str):
            raise ReferenceFault(
                "$ref is no text", "Write a file name of the schemas folder, or #/$defs/name."
            )
        target, fragment = self._target(file, reference)
        if fragment and not fragment.startswith("/"):
            path = self._anchors_of(target).get(fragment)
            if path is None:
                raise ReferenceFault(
                    f"$ref '{reference}': no $anchor has that name", "Write a path such as #/$defs/name."
                )
            return At(target, path)
        return At(target, self._pointer(target, reference, fragment))

    def _target(self, file: str, reference: str) -> tuple[str, str]:
        try:
            url = urlsplit(reference)
        except ValueError:
            url = urlsplit("invalid:")
        folder = posixpath.dirname(file)
        if url.scheme or url.netloc or url.path.startswith("/") or url.query or "\\" in reference:
            raise ReferenceFault(
                f"$ref '{reference}' leads out of {folder}/: nothing is fetched, and no other file is read",
                "Copy what it needs under $defs of this file, or into a file of that folder.",
            )
        if not url.path:
            return file, unquote(url.fragment)
        target = posixpath.normpath(posixpath.join(folder, unquote(url.path)))
        if target in self.files:
            return target, unquote(url.fragment)
        if posixpath.dirname(target) != folder:
            raise ReferenceFault(
                f"$ref '{reference}' leads out of {folder}/", "Copy what it needs into a file of that folder."
            )
        from registry_reconciler.base.suggest import did_you_mean

        near = did_you_mean(posixpath.basename(target), [posixpath.basename(file) for file in self.files])
        raise ReferenceFault(
            f"$ref '{reference}': {target} is not there or cannot be read.{near}",
            "Write the name of a file of the schemas folder.",
        )

    def _pointer(self, file: str, reference: str, fragment: str) -> FieldPath:
        value = self.files[file]
        path: list[str | int] = []
        for raw in fragment.split("/")[1:]:
            step = raw.replace("~1", "/").replace("~0", "~")
            if isinstance(value, Mapping) and step in value:
                value = value[step]
                path.append(step)
            elif isinstance(value, list) and step.isdecimal() and step.isascii() and int(step) < len(value):
                value = value[int(step)]
                path.append(int(step))
            else:
                from registry_reconciler.base.suggest import did_you_mean

                near = did_you_mean(step, list(value)) if isinstance(value, Mapping) else ""
                raise ReferenceFault(
                    f"$ref '{reference}': there is no '{step}' in {'/'.join(map(str, path)) or file}.{near}",
                    "Write the path of a schema that is there, such as #/$defs/name.",
                )
        if not isinstance(value, Mapping | bool):
            raise ReferenceFault(
                f"$ref '{reference}' leads to something that is no schema",
                "Let it lead to a mapping, true or false.",
            )
        return tuple(path)

    def _anchors_of(self, file: str) -> dict[str, FieldPath]:
        if file not in self._anchors:
            found: dict[str, FieldPath] = {}
            for at, schema in _below(At(file, ()), self.files[file]):
                if isinstance(schema, Mapping) and isinstance(schema.get("$anchor"), str):
                    found.setdefault(schema["$anchor"], at.path)
            self._anchors[file] = found
        return self._anchors[file]


def _below(start: At, schema: Json) -> Iterator[tuple[At, Json]]:
    """A schema and all that stand in it, without following references."""
    waiting = [(start, schema)]
    while waiting:
        at, node = waiting.pop()
        yield at, node
        waiting.extend((At(at.file, at.path + steps), inner) for steps, inner, _ in parts(node))


class Reach(Struct):
    """Everything that one schema file can apply: its own schemas and those that references lead to."""

    schemas: dict[At, Json] = field(default_factory=dict)
    faults: list[UnusableSchema] = field(default_factory=list)
    same: dict[At, list[At]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """The files concerned, in code-point order."""
        return tuple(sorted({at.file for at in self.schemas}))


def reach(folder: Folder, file: str) -> Reach:
    """Follow all references from a file; faults are those of all files reached."""
    result = Reach()
    waiting = [At(file, ())]
    while waiting:
        at = waiting.pop()
        if at in result.schemas:
            continue
        if len(result.schemas) >= MOST_SCHEMAS:
            result.faults.append(
                UnusableSchema(At(file, ()), "it has too many schemas", "Split the kind.", "$ref")
            )
            break
        schema = result.schemas[at] = folder.get(at)
        same = result.same[at] = []
        for steps, _, what in parts(schema):
            inner = At(at.file, at.path + steps)
            waiting.append(inner)
            if what == "same":
                same.append(inner)
        if isinstance(schema, Mapping):
            _follow(folder, at, schema, result, waiting)
    _find_endless(result)
    return result


def _follow(folder: Folder, at: At, schema: Mapping[str, Json], result: Reach, waiting: list[At]) -> None:
    if "$ref" in schema:
        try:
            target = folder.resolve(at.file, schema["$ref"])
        except ReferenceFault as fault:
            place = At(at.file, (*at.path, "$ref"))
            result.faults.append(UnusableSchema(place, fault.message, fault.fix, "$ref"))
        else:
            waiting.append(target)
            result.same[at].append(target)
    for name in _FOREIGN_REFERENCES:
        if name in schema:
            place = At(at.file, (*at.path, name))
            result.faults.append(UnusableSchema(place, f"{name} is not understood here", "Write $ref.", name))
    if "$id" in schema and at.path:
        place = At(at.file, (*at.path, "$id"))
        result.faults.append(
            UnusableSchema(
                place,
                "$id inside a schema is not understood here",
                "Leave it out; refer to #/$defs/name.",
                "$id",
            )
        )


def _find_endless(result: Reach) -> None:
    """Find references that apply themselves to the same value again, and combinations that multiply."""
    applied: dict[At, int] = {}
    open_: set[At] = set()
    for start in sorted(result.schemas, key=lambda at: (at.file, len(at.path), repr(at.path))):
        stack: list[tuple[At, int]] = [(start, 0)]
        while stack:
            at, turn = stack.pop()
            if turn == 0:
                if at in applied:
                    continue
                open_.add(at)
            following = result.same.get(at, [])
            if turn < len(following):
                stack.append((at, turn + 1))
                inner = following[turn]
                if inner in open_:
                    result.faults.append(_loop(result, [*(position for position, _ in stack)], inner))
                elif inner not in applied:
                    stack.append((inner, 0))
                continue
            open_.discard(at)
            total = min(1 + sum(applied.get(inner, 0) for inner in following), MOST_APPLIED + 1)
            if total > MOST_APPLIED:
                result.faults.append(
                    UnusableSchema(
                        at,
                        f"more than {MOST_APPLIED} schemas would apply to one value",
                        "Combine fewer.",
                        "$ref",
                    )
                )
                total = 1  # said once, and not again for everything that refers to it
            applied[at] = total


def _loop(result: Reach, stack: list[At], target: At) -> UnusableSchema:
    # The step that closes the circle may be an allOf; a person would change the nearest $ref before it.
    at = next(
        (position for position in reversed(stack) if "$ref" in _mapping(result.schemas.get(position))), target
    )
    shown = "/".join(map(str, target.path)) or "the whole schema"
    return UnusableSchema(
        At(at.file, (*at.path, "$ref")),
        f"$ref leads in a circle: {shown} applies itself to the same value again, without end",
        "Let the reference apply to a part of the value (under properties or items), or drop it.",
        "$ref",
    )


def _mapping(schema: Json) -> Mapping[str, Json]:
    return schema if isinstance(schema, Mapping) else {}
