"""From schemas to :class:`~registry_reconciler.model.marks.Marks`, and marks that would be without effect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from registry_reconciler.model.entry import Json
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.marks import KEYWORD, NO_MARKS, Marks, SchemaNode, type_of
from registry_reconciler.schema.walk import At, Folder, Reach, ReferenceFault, UnusableSchema, parts

_DATA = frozenset({"const", "enum", "default", "examples", "x-registry"})
"""Keywords whose values are data: whatever stands there is no schema."""
_LOOKALIKES = frozenset(
    {"xsecret", "xsecrets", "secret", "secrets", "xsecert", "xsceret", "xscret", "xsecrect"}
)


def marks_of(folder: Folder, reached: Reach, file: str) -> Marks:
    """What a schema file marks. ``reached`` is all that it can apply."""
    if not any(_is_marked(schema) for schema in reached.schemas.values()):
        return NO_MARKS
    nodes = _nodes(folder, reached, file)
    _add_shown(nodes, reached.schemas[At(file, ())])
    _spread(nodes)
    return Marks(nodes) if nodes[0].leads else NO_MARKS


def places_of(folder: Folder, reached: Reach, file: str) -> Marks:
    """The same machine for a schema that marks nothing: it tells the types of every place."""
    return Marks(_nodes(folder, reached, file))


def _nodes(folder: Folder, reached: Reach, file: str) -> list[SchemaNode]:
    root = At(file, ())
    order = [root, *(at for at in reached.schemas if at != root)]
    index = {at: number for number, at in enumerate(order)}
    return [_node(folder, at, reached.schemas[at], index) for at in order]


def _is_marked(schema: Json) -> bool:
    return isinstance(schema, Mapping) and schema.get(KEYWORD) is True


def _node(folder: Folder, at: At, schema: Json, index: Mapping[At, int]) -> SchemaNode:
    node = SchemaNode()
    if not isinstance(schema, Mapping):
        return node
    node.secret = _is_marked(schema)
    node.types = _types(schema)
    for below, _, what in parts(schema):
        target = index.get(At(at.file, at.path + below))
        if what == "kept" or target is None:
            continue
        head = below[0]
        if what == "same":
            node.same.append(target)
        elif head == "properties":
            node.names.setdefault(str(below[1]), []).append(target)
        elif head == "patternProperties":
            node.patterned.append(target)
        elif head in ("additionalProperties", "unevaluatedProperties"):
            node.others.append(target)
        elif head == "propertyNames":
            node.keys.append(target)
        else:
            node.items.append(target)
    if "$ref" in schema:
        try:
            target = index.get(folder.resolve(at.file, schema["$ref"]))
        except ReferenceFault:
            target = None  # reported by the check of the schema
        if target is not None:
            node.same.append(target)
    return node


def _types(schema: Mapping[str, Json]) -> frozenset[str]:
    declared = schema.get("type", [])
    found = set(declared if isinstance(declared, list) else [declared])
    if "const" in schema:
        found.add(type_of(schema["const"]))
    options = schema.get("enum")
    found.update(map(type_of, options if isinstance(options, list) else ()))
    return frozenset(item for item in found if isinstance(item, str))


def _add_shown(nodes: list[SchemaNode], schema: Json) -> None:
    """Fields that ``x-registry`` names are known, also where no schema speaks of them."""
    spec = schema.get("x-registry") if isinstance(schema, Mapping) else None
    for text in _selectors(spec if isinstance(spec, Mapping) else {}):
        try:
            steps = Selector.parse(text).steps
        except ValueError:
            continue  # reported by the check of the kind
        at = nodes[0]
        for step in steps:
            nodes.append(SchemaNode())
            edges = at.items if step is None else at.names.setdefault(step, [])
            edges.append(len(nodes) - 1)
            if step is None:
                at.patterned.append(len(nodes) - 1)
            at = nodes[-1]


def _selectors(spec: Mapping[str, Json]) -> Iterator[str]:
    def flat(value: Json) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        for part in value if isinstance(value, list) else ():
            yield from flat(part)

    yield from flat(spec.get("key"))
    for place in ("file", "at"):
        yield from re.findall(r"\{([^{}]*)\}", str(spec.get(place, "")))
    names = spec.get("names")
    if isinstance(names, Mapping):
        yield from (name for name in names.values() if isinstance(name, str))
    for word in ("references", "paths", "mirrors"):
        rows = spec.get(word)
        for row in rows if isinstance(rows, list) else ():
            for name in ("field", "key") if isinstance(row, Mapping) else ():
                yield from flat(row.get(name))
    for word in ("unique", "acyclic", "live_fields"):
        yield from flat(spec.get(word))


def _spread(nodes: list[SchemaNode]) -> None:
    """Find out which schemas lead to a mark. Names that are secret make the mapping that has them secret."""
    for node in nodes:
        waiting, seen = list(node.keys), set[int]()
        while waiting and not node.secret:
            index = waiting.pop()
            if index not in seen:
                seen.add(index)
                node.secret = nodes[index].secret
                waiting.extend(nodes[index].same)
    above: dict[int, list[int]] = {}
    for number, node in enumerate(nodes):
        for target in node.below():
            above.setdefault(target, []).append(number)
    waiting = [number for number, node in enumerate(nodes) if node.secret]
    while waiting:
        number = waiting.pop()
        if not nodes[number].leads:
            nodes[number].leads = True
            waiting.extend(above.get(number, ()))


# ---------------------------------------------------------------- marks that would be without effect


def mark_faults(reached: Reach, file: str) -> Iterator[UnusableSchema]:
    """Marks of one file that nobody would obey: misspelt, not ``true``, or where no schema is looked for."""
    for at, schema in reached.schemas.items():
        if at.file != file or not isinstance(schema, Mapping):
            continue
        for name, value in schema.items():
            place = At(at.file, (*at.path, name))
            if name == KEYWORD:
                if not isinstance(value, bool):
                    yield UnusableSchema(
                        place, f"{KEYWORD} must be true or false", f"Write {KEYWORD}: true.", KEYWORD
                    )
            elif re.sub(r"[^a-z]", "", name.casefold()) in _LOOKALIKES:
                yield UnusableSchema(
                    place,
                    f"'{name}' is no keyword, and what it should hide would be shown",
                    f"Write {KEYWORD}: true, or give the keyword another name.",
                    KEYWORD,
                )
            elif name not in _DATA and not _holds_schemas(name):
                yield from _stray(reached, place, value)


def _holds_schemas(name: str) -> bool:
    probe: dict[str, Json] = {name: {"x": {}}}
    return (
        name == "$ref" or next(parts(probe), None) is not None or next(parts({name: [{}]}), None) is not None
    )


def _stray(reached: Reach, place: At, value: Json) -> Iterator[UnusableSchema]:
    """Marks below a keyword that holds no schemas; those that a reference reaches are obeyed."""
    waiting = [(place.path, value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, Mapping):
            if KEYWORD in part and At(place.file, path) not in reached.schemas:
                yield UnusableSchema(
                    At(place.file, (*path, KEYWORD)),
                    f"{KEYWORD} stands below '{place.path[-1]}', where no schema is looked for",
                    "Put it into a schema: under properties, items, $defs or another keyword of JSON Schema.",
                    KEYWORD,
                )
            waiting.extend(((*path, name), inner) for name, inner in part.items())
        elif isinstance(part, list):
            waiting.extend(((*path, index), inner) for index, inner in enumerate(part))
