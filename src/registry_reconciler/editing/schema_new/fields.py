"""The JSON Schema of the fields of a kind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from registry_reconciler.base.singular import singular
from registry_reconciler.editing.schema_new.draft import Work
from registry_reconciler.editing.schema_new.guess import FieldShape, path_of
from registry_reconciler.editing.schema_new.words import closed_words, slips
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import parse_at

_MOST_SLIPS = 10


def properties_of(work: Work, shape: FieldShape, key: Sequence[str]) -> dict[str, Json]:
    """The JSON Schema of an entry: what the shape of all entries says, and what the key needs."""
    apart = _kinds_apart(work, shape)
    known = len(work.doubts)
    schema = _schema(work, shape, ())
    inside = tuple(f"properties.{name}." for name in apart)
    work.doubts[known:] = [doubt for doubt in work.doubts[known:] if not doubt.where.startswith(inside)]
    properties: dict[str, Json] = {}
    required: list[str] = []
    for name in key:
        first = path_of(name)[0]
        if str(first) not in shape.fields:
            properties[str(first)] = {"type": "string"}
        required.append(str(first))
    properties.update(schema.get("properties", {}))
    for name in _of_other_kinds(work):
        properties.pop(name, None)
    required += [name for name in schema.get("required", ()) if name not in required]
    for name in apart:
        properties[name] = {"type": "array", "items": {"type": "object"}}
    # A container of another kind is no part of this kind's entries, so nothing may demand what could become one.
    inner = {name for name, part in shape.fields.items() if _may_hold_entries(part)}
    required = [name for name in dict.fromkeys(required) if name not in inner]
    others = {name: schema[name] for name in ("additionalProperties",) if name in schema}
    return {"type": "object", "required": required, "properties": properties, **others}


def _may_hold_entries(shape: FieldShape) -> bool:
    """Whether a field holds a list of mappings, or a mapping of them."""
    if shape.items is not None and shape.items.mappings:
        return True
    return bool(shape.fields) and all(part.types <= {"object", "null"} for part in shape.fields.values())


def _of_other_kinds(work: Work) -> set[str]:
    """Fields that hold the entries of kinds that are there already: those are no part of these entries."""
    depth = len(parse_at(str(work.spec.get("at", "")))) if work.spec.get("at") else 0
    return {
        kind.at[-1].name
        for kind in work.loaded.kinds.values()
        if kind.file.text == work.pattern and len(kind.at) > depth and kind.at[-1].kind == "name"
    }


def _kinds_apart(work: Work, shape: FieldShape) -> list[str]:
    """Fields whose items have names of their own, so that they look like entries of another kind."""
    found = []
    known = _of_other_kinds(work)
    for name, part in shape.fields.items():
        inner = part.items
        if (
            name in known
            or inner is None
            or inner.mappings < 3
            or inner.mappings < inner.count
            or part.types != {"array"}
        ):
            continue
        if not any(
            inner.fields[word].count == inner.count for word in ("id", "name", "key") if word in inner.fields
        ):
            continue
        found.append(name)
        word = re.sub(r"[^A-Za-z0-9_-]", "_", singular(name))
        hint = f"registry schema new {word} --from {work.pattern}"
        work.doubt(f"properties.{name}", f"These may be entries of a kind of their own: {hint}")
    return found


def _schema(work: Work, shape: FieldShape, steps: tuple[str, ...]) -> dict[str, Json]:
    """The JSON Schema of a shape; doubts are noted on the way."""
    types = sorted(shape.types - ({"integer"} if "number" in shape.types else set()))
    schema: dict[str, Json] = {"type": types[0] if len(types) == 1 else types} if types else {}
    words = closed_words(shape)
    if words:
        schema["enum"] = words
        work.doubt(_where(steps), f"These {len(words)} words look like all there are.")
    _note_slips(work, shape, steps)
    if len([type_ for type_ in types if type_ != "null"]) > 1:
        work.doubt(_where(steps), f"It holds {' and '.join(types)}; one type would be easier to use.")
    named = shape.named_fields
    if named:
        schema["properties"] = {name: _schema(work, part, (*steps, name)) for name, part in named.items()}
        always = [name for name, part in named.items() if part.count == shape.mappings]
        if always:
            schema["required"] = always
    if len(named) < len(shape.fields):
        merged = FieldShape()
        for name, field in shape.fields.items():
            merged = merged if name in named else _merged(merged, field)
        schema["additionalProperties"] = _schema(work, merged, (*steps, "[]"))
    if shape.items is not None and shape.items.types:
        schema["items"] = _schema(work, shape.items, (*steps, "[]"))
    return schema


def _merged(left: FieldShape, right: FieldShape) -> FieldShape:
    """Both shapes as one; for mappings whose keys are names."""
    merged = FieldShape(
        count=left.count + right.count,
        types=left.types | right.types,
        strings=left.strings + right.strings,
        who={**right.who, **left.who},
        mappings=left.mappings + right.mappings,
        fields=dict(left.fields),
        items=left.items,
    )
    for name, shape in right.fields.items():
        merged.fields[name] = _merged(merged.fields[name], shape) if name in merged.fields else shape
    if right.items is not None:
        merged.items = _merged(left.items, right.items) if left.items is not None else right.items
    return merged


def _note_slips(work: Work, shape: FieldShape, steps: tuple[str, ...]) -> None:
    found = slips(shape, loose="[]" not in steps)
    for word, other, why in found[:_MOST_SLIPS]:
        count, more = shape.strings[word], shape.strings[other]
        message = f"{word!r} ({_who(count, shape.who.get(word))}) may be a slip of {other!r} ({more}): {why}."
        work.doubt(_where(steps), message)
    if len(found) > _MOST_SLIPS:
        work.doubt(_where(steps), f"{len(found) - _MOST_SLIPS} more words look like others.")


def _who(count: int, example: str | None) -> str:
    return f"{count}, e.g. {example}" if example else f"{count}"


def _where(steps: Sequence[str]) -> str:
    return ".".join(("properties", *steps)) if steps else "type"
