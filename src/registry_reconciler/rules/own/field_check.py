"""Every field that an expression reads, held against the schemas of the kinds.

The library knows only that an entry is a mapping. Here each node gets the schemas of what it gives, as far as they are
known: from ``self`` through fields, items and the functions that give entries. A field that no schema knows is a slip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.expressions.language import ExpressionError
from registry_reconciler.expressions.syntax import SyntaxNode
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind
from registry_reconciler.schema.walk import At, Folder, ReferenceFault

_MOST_SCHEMAS = 500
"""So many schemas are looked at for one value; of more, anything is believed."""


class Type(Struct, frozen=True):
    """What is known of a value.

    Attributes:
        schemas: those that may describe it; empty: anything.
        item: of a list that is no value of a schema: its items.
    """

    schemas: tuple[At, ...] = ()
    item: Type | None = None


ANY = Type()


class FieldCheck:
    """Looks through expressions of rules about some kinds. Every method raises :class:`ExpressionError` for a slip."""

    def __init__(self, kinds: Mapping[str, Kind], folder: Folder) -> None:
        self._kinds = kinds
        self._folder = folder

    def entry(self, kinds: Sequence[str]) -> Type:
        """The type of an entry of one of some kinds."""
        return Type(tuple(At(self._kinds[kind].schema_path, ()) for kind in kinds))

    def check(self, node: SyntaxNode, names: Mapping[str, Type]) -> Type:
        """The type of a node; ``names`` are those of the variables."""
        if node.what == "ident":
            return names.get(node.name, ANY)
        if node.what == "select":
            return self._field(self.check(node.parts[0], names), node.name, node.offset)
        if node.what == "comprehension":
            return self._comprehension(node, names)
        parts = [self.check(part, names) for part in node.parts]
        if node.what == "list":
            return Type(item=parts[0] if parts else ANY)
        return self._call(node, parts) if node.what == "call" else ANY

    def field(self, kinds: Sequence[str], steps: Sequence[str | None]) -> None:
        """Look for a field by its steps, as a selector has them; one that is secret may be pointed at."""
        found = self.entry(kinds)
        for step in steps:
            found = self._item(found, of_map=True) if step is None else self._named(found, step, -1)

    def _comprehension(self, node: SyntaxNode, names: Mapping[str, Type]) -> Type:
        whole, *rest = node.parts
        item, result = node.names
        inside = {**names, item: self._item(self.check(whole, names)), result: ANY}
        found = [self.check(part, inside) for part in rest]
        step = found[2]
        return self.check(rest[3], {**inside, result: step})

    def _call(self, node: SyntaxNode, parts: Sequence[Type]) -> Type:
        name = node.name
        if name in ("ref", "has_ref", "entries", "referrers"):
            kind = self._kind_of(node)
            if name == "entries" and len(node.parts) == 3:
                self._by_field(node, kind)
            entry = self.entry((kind,))
            return {"ref": entry, "has_ref": ANY}.get(name, Type(item=entry))
        if name == "_[_]":
            index = node.parts[1]
            if index.what == "const" and isinstance(index.value, str):
                return self._field(parts[0], index.value, index.offset)
            return self._item(parts[0], of_map=True)
        if name == "_?_:_":
            return next((part for part in parts[1:] if part != ANY), ANY)
        if name == "_+_":
            return next((part for part in parts if part.item is not None and part.item != ANY), ANY)
        return ANY

    def _kind_of(self, node: SyntaxNode) -> str:
        kind = node.parts[0]
        if kind.what != "const" or not isinstance(kind.value, str):
            raise ExpressionError(
                f"{node.name}() takes the kind as a text in quotes, so that it is known what the rule reads",
                node.offset,
            )
        if kind.value not in self._kinds:
            near = did_you_mean(kind.value, sorted(self._kinds))
            raise ExpressionError(f"there is no kind {kind.value!r}.{near}", kind.offset)
        return kind.value

    def _by_field(self, node: SyntaxNode, kind: str) -> None:
        field = node.parts[1]
        if field.what != "const" or not isinstance(field.value, str):
            raise ExpressionError("entries() takes the field as a text in quotes", node.offset)
        found = self.entry((kind,))
        for step in field.value.split("."):
            found = self._field(found, step.removesuffix("[]"), field.offset)
            found = self._item(found) if step.endswith("[]") else found

    def _field(self, of: Type, name: str, offset: int) -> Type:
        found = self._named(of, name, offset)
        self._require_open(found.schemas, name, offset)
        return found

    def _named(self, of: Type, name: str, offset: int) -> Type:
        if not of.schemas:
            return ANY
        known: dict[str, None] = {}
        found: list[At] = []
        open_ = False
        for at, schema in self._flat(of.schemas):
            properties = schema.get("properties")
            if isinstance(properties, Mapping):
                known.update(dict.fromkeys(map(str, properties)))
                if name in properties:
                    found.append(At(at.file, (*at.path, "properties", name)))
            patterns = schema.get("patternProperties")
            for pattern in patterns if isinstance(patterns, Mapping) else ():
                if _matches(pattern, name):
                    found.append(At(at.file, (*at.path, "patternProperties", pattern)))
            more = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
            if isinstance(more, Mapping):
                found.append(At(at.file, (*at.path, "additionalProperties")))
                open_ = "additionalProperties" not in schema or open_
            elif more is True:
                open_ = True
        if found:
            return Type(tuple(found))
        if open_ or not known:
            return ANY
        raise ExpressionError(f"there is no field {name!r}.{did_you_mean(name, list(known))}", offset)

    def _require_open(self, found: Sequence[At], name: str, offset: int) -> None:
        for _, schema in self._flat(found):
            if schema.get("x-secret") is True:
                raise ExpressionError(f"{name!r} is a secret (x-secret), and no rule may read it", offset)

    def _item(self, of: Type, *, of_map: bool = False) -> Type:
        if of.item is not None:
            return of.item
        found: list[At] = []
        for at, schema in self._flat(of.schemas):
            names = ("additionalProperties", "items") if of_map else ("items",)
            found += [
                At(at.file, (*at.path, name)) for name in names if isinstance(schema.get(name), Mapping)
            ]
            first = schema.get("prefixItems")
            if isinstance(first, list):
                found += [At(at.file, (*at.path, "prefixItems", index)) for index in range(len(first))]
        return Type(tuple(found))

    def _flat(self, schemas: Sequence[At]) -> Iterator[tuple[At, Mapping[str, Json]]]:
        """Some schemas and all that apply to the same value through references and combinations."""
        waiting, seen = list(schemas), set(schemas)
        while waiting and len(seen) < _MOST_SCHEMAS:
            at = waiting.pop(0)
            schema = self._folder.get(at)
            if not isinstance(schema, Mapping):
                continue
            yield at, schema
            more: list[At] = []
            if "$ref" in schema:
                try:
                    more.append(self._folder.resolve(at.file, schema["$ref"]))
                except ReferenceFault:
                    continue
            for name in ("allOf", "anyOf", "oneOf"):
                inner = schema.get(name)
                if isinstance(inner, list):
                    more += [At(at.file, (*at.path, name, index)) for index in range(len(inner))]
            more += [At(at.file, (*at.path, name)) for name in ("if", "then", "else") if name in schema]
            inner = schema.get("dependentSchemas")
            if isinstance(inner, Mapping):
                more += [At(at.file, (*at.path, "dependentSchemas", name)) for name in inner]
            for position in more:
                if position not in seen:
                    seen.add(position)
                    waiting.append(position)


def _matches(pattern: str, name: str) -> bool:
    """Whether a name may match: a prefix is looked at, of anything more it is believed; no pattern is run here."""
    prefix = re.fullmatch(r"\^([\w-]*)", pattern)
    return prefix is None or name.startswith(prefix[1])
