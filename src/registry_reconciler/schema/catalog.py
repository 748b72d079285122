"""Schemas made from kinds: the schema of a fragment for editors, and an example entry of a kind."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence

from registry_reconciler.model.entry import MISSING, FieldPath, Json, get_path
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import Kind
from registry_reconciler.schema.walk import At, Folder, ReferenceFault, reach

_DEFS = "#/$defs/"
_FRAGMENT_DEFS = "fragment."
_NO_TEXT = ("array", "object", "number", "boolean", "null")
_SAMPLES = (
    "example",
    "example-1",
    "Example",
    "EXAMPLE",
    "1",
    "2026-01-31",
    "1.0.0",
    "a@example.org",
    "/example",
    "https://example.org",
)


def fragment_schema(
    kinds: Iterable[Kind],
    *,
    files: Mapping[str, Json] | None = None,
    ids: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Json]:
    """The JSON Schema of a fragment of a workspace: every kind inlined under ``$defs``, and the directives.

    Args:
        kinds: the kinds of the workspace.
        files: the schema files by path, where kinds refer to files that are no kinds themselves.
        ids: keys by kind; then the values of references are held to them, so that editors complete them.
    """
    from registry_reconciler.schema.packaged import directives_schema

    ordered = sorted(kinds, key=lambda kind: kind.name)
    folder = Folder({**(files or {}), **{kind.schema_path: kind.schema for kind in ordered}})
    names = {kind.schema_path: kind.name for kind in ordered}
    directives = _renamed(directives_schema())
    definitions: dict[str, Json] = dict(directives["$defs"])
    properties: dict[str, Json] = {}
    for kind in ordered:
        definitions.update(_inlined(folder, kind, names))
        properties[kind.name] = _entries(kind, ids)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fragment",
        "description": "What should be registered: entries by kind, and directives.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {**properties, **directives["properties"]},
        "$defs": definitions,
    }


def _renamed(directives: dict[str, Json]) -> dict[str, Json]:
    """The directives with names for their definitions that no kind can have."""

    def walk(value: Json) -> Json:
        if isinstance(value, dict):
            return {
                name: _DEFS + _FRAGMENT_DEFS + inner.removeprefix(_DEFS) if name == "$ref" else walk(inner)
                for name, inner in value.items()
            }
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    definitions = {_FRAGMENT_DEFS + name: walk(inner) for name, inner in directives["$defs"].items()}
    return {"properties": walk(directives["properties"]), "$defs": definitions}


def _entries(kind: Kind, ids: Mapping[str, Sequence[str]] | None) -> dict[str, Json]:
    entry: dict[str, Json] = {"$ref": _DEFS + kind.name}
    more = [_at(live_field.steps, False) for live_field in kind.live_fields]
    for reference in kind.references if ids is not None else ():
        if reference.in_fleet:
            continue  # the ids of other repositories are not known here
        words = _words(reference.kinds, reference.allow, ids or {})
        if words is not None and not reference.field.derived:
            more.append(_at(reference.field.steps, {"anyOf": [{"enum": words}, {"type": list(_NO_TEXT)}]}))
    return {
        "description": " ".join(f"{kind.title}. {kind.description}".split()).removeprefix(". "),
        "type": ["array", "null"],
        "items": {"allOf": [entry, *more]} if more else entry,
    }


def _words(kinds: Sequence[str], allow: Sequence[str], ids: Mapping[str, Sequence[str]]) -> list[str] | None:
    """What a reference may say; ``None`` where the keys of one of its kinds are not known."""
    if any(kind not in ids for kind in kinds):
        return None
    keys = {key for kind in kinds for key in ids[kind]}
    addresses = {f"{kind}/{key}" for kind in kinds for key in ids[kind]} if len(kinds) > 1 else set()
    return [*sorted(keys | set(allow)), *sorted(addresses - keys - set(allow))]


def _at(steps: Sequence[str | None], schema: Json) -> Json:
    """A schema that says something about the parts that a selector selects, and nothing else."""
    for step in reversed(steps):
        schema = {"items": schema} if step is None else {"properties": {step: schema}}
    return schema


def _inlined(folder: Folder, kind: Kind, names: Mapping[str, str]) -> dict[str, Json]:
    """A kind's schema and those that it refers to, as definitions with references between them."""
    reached = reach(folder, kind.schema_path)
    if reached.faults:
        return {kind.name: {"type": "object"}}
    copies = {file: copy.deepcopy(dict(folder.files[file])) for file in reached.files}

    def name(file: str) -> str:
        return names.get(file) or file.rpartition("/")[2]

    for at, schema in reached.schemas.items():
        if isinstance(schema, Mapping) and "$ref" in schema:
            target = folder.resolve(at.file, schema["$ref"])
            steps = "".join("/" + _escaped(step) for step in target.path)
            here: dict[str, Json] = Folder(copies).get(at)
            here["$ref"] = _DEFS + _escaped(name(target.file)) + steps
    for selector in kind.live_fields:
        _drop_required(copies[kind.schema_path], selector.path)
    dropped = ("$schema", "$id", "x-registry")
    return {
        name(file): {key: value for key, value in schema.items() if key not in dropped}
        for file, schema in copies.items()
    }


def _escaped(step: str | int) -> str:
    from urllib.parse import quote

    return quote(str(step).replace("~", "~0").replace("/", "~1"), safe="~$!*'()+,;=:@-._")


def _drop_required(schema: Json, path: FieldPath) -> None:
    """A field that fragments may not say cannot be required of them."""
    for step in path[:-1]:
        schema = get_path(schema, ("properties", step))
    required = schema.get("required") if isinstance(schema, dict) else None
    if isinstance(required, list):
        schema["required"] = [item for item in required if item != path[-1]]


def example(kind: Kind, files: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """A small entry of a kind: the first of the schema's own ``examples``, else one with what is required.

    The latter obeys types, enumerations, patterns and sizes; combinations of conditions it does not solve.
    """
    own = kind.schema.get("examples")
    if isinstance(own, list) and own and isinstance(own[0], dict):
        return copy.deepcopy(own[0])
    folder = Folder({**(files or {}), kind.schema_path: kind.schema})
    value = _sample(folder, At(kind.schema_path, ()), "", 0)
    entry: dict[str, Json] = value if isinstance(value, dict) else {}
    needed = [selector for selector in kind.key if selector.single]
    needed += [Selector(name, tuple(name.split("."))) for name in kind.placeholders]
    for selector in needed:
        if get_path(entry, selector.path) is MISSING:
            _put(folder, kind, entry, selector.path)
    return entry


def _put(folder: Folder, kind: Kind, entry: dict[str, Json], path: FieldPath) -> None:
    at = At(kind.schema_path, ())
    for step in path:
        if not isinstance(entry.get(str(path[0])), dict | None):
            return
        at = At(at.file, (*at.path, "properties", step))
    known = get_path(kind.schema, at.path) is not MISSING
    for step in path[:-1]:
        entry = entry.setdefault(str(step), {})
    entry[str(path[-1])] = _sample(folder, at, str(path[-1]), 0) if known else "example"


def _sample(folder: Folder, at: At, name: str, depth: int) -> Json:
    schema = folder.get(at)
    if not isinstance(schema, Mapping) or depth > 20:
        return "example"
    for word in ("const", "default"):
        if word in schema:
            return copy.deepcopy(schema[word])
    for word in ("examples", "enum"):
        if isinstance(schema.get(word), list) and schema[word]:
            return copy.deepcopy(schema[word][0])
    if "$ref" in schema:
        try:
            return _sample(folder, folder.resolve(at.file, schema["$ref"]), name, depth + 1)
        except ReferenceFault:
            return "example"
    for word in ("anyOf", "oneOf", "allOf"):
        if "type" not in schema and isinstance(schema.get(word), list) and schema[word]:
            return _sample(folder, At(at.file, (*at.path, word, 0)), name, depth + 1)
    return _sample_of_type(folder, at, schema, depth)


def _sample_of_type(folder: Folder, at: At, schema: Mapping[str, Json], depth: int) -> Json:
    kind = schema.get("type", "object" if "properties" in schema or not at.path else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        required = schema.get("required", [])
        properties = schema.get("properties") or {}
        return {
            field: _sample(folder, At(at.file, (*at.path, "properties", field)), field, depth + 1)
            if field in properties
            else "example"
            for field in required
        }
    if kind == "array":
        item = At(at.file, (*at.path, "items"))
        sample = _sample(folder, item, "", depth + 1) if "items" in schema else "example"
        return [copy.deepcopy(sample) for _ in range(min(int(schema.get("minItems", 0)), 100))]
    if kind in ("integer", "number"):
        return _number(schema)
    return {"boolean": False, "null": None}.get(kind, _text(schema)) if kind != "string" else _text(schema)


def _number(schema: Mapping[str, Json]) -> Json:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1) - ("exclusiveMaximum" in schema))
    step = schema.get("multipleOf", 1)
    return min(-(-low // step) * step, high)


def _text(schema: Mapping[str, Json]) -> str:
    from registry_reconciler.schema.compiled import SchemaFault
    from registry_reconciler.schema.validator import standalone

    wanted = {word: schema[word] for word in ("pattern", "minLength", "maxLength") if word in schema}
    least = int(schema.get("minLength", 0))
    try:
        validator = standalone(wanted)
    except SchemaFault:
        return _SAMPLES[0]
    samples = [*_SAMPLES, "e" * min(least, 1000), "1" * min(least, 1000), "e"]
    return next((text for text in samples if validator.is_valid(text)), _SAMPLES[0])
