"""What a schema marks ``x-secret``, as a machine that walks beside a value. Pure.

A mark counts wherever the schema may apply: through references that come back to themselves, combinations,
conditions, items and patterns, however deep. Nothing is listed and nothing is cut off, so nothing can be forgotten:
each step leads from the schemas that may speak of a value to those that may speak of a part of it.

Where a value does not fit its schema, the safe side is taken: see :meth:`Marks.mask`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.written import Opaque

KEYWORD = "x-secret"


class SchemaNode(Struct):
    """One schema: its edges to the schemas that apply to the same value (``same``) or to parts of it."""

    secret: bool = False
    leads: bool = False
    types: frozenset[str] = frozenset()
    same: list[int] = field(default_factory=list)
    names: dict[str, list[int]] = field(default_factory=dict)
    patterned: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)

    def below(self) -> Iterator[int]:
        """Every schema that an edge leads to."""
        for targets in (*self.names.values(), self.patterned, self.others, self.items, self.same):
            yield from targets


class MarkState(Struct):
    """All schemas that may speak of one value.

    Attributes:
        secret: one of them marks it.
        leads: one of them marks it or a part of it.
        fields, items: the part lies in a field, in an item.
        types: the types that they declare.
        known: the names of the fields that they name.
    """

    nodes: tuple[int, ...]
    secret: bool = False
    leads: bool = False
    fields: bool = False
    items: bool = False
    types: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()

    def takes(self, value: Json) -> bool:
        """Whether a value has a shape in which what is secret in it can be told from what is not."""
        kind = type_of(value)
        if kind in self.types or (kind == "integer" and "number" in self.types):
            return True
        return (kind == "object" and self.fields) or (kind == "array" and self.items) or value is None


_NOWHERE = MarkState(())


class Marks:
    """The secret parts of the values of one schema; false where it marks none."""

    def __init__(self, nodes: list[SchemaNode] | None = None) -> None:
        self._nodes = nodes or []
        self._states: dict[frozenset[int], MarkState] = {}
        self._steps: dict[tuple[tuple[int, ...], str | int], MarkState] = {}
        self.start = self._state([0]) if self._nodes else _NOWHERE

    def __bool__(self) -> bool:
        return bool(self._nodes)

    def mask(self, value: Json, state: MarkState | None = None) -> Json:
        """A value with every secret part replaced, keys inside it too.

        Replaced is also what stands where a secret may have slipped to: a value of another shape than the schema
        declares where it expects a secret inside, and a field that no schema names beside fields that are secret or
        hold something secret.
        """
        state = self.start if state is None else state
        if not state.leads:
            return value
        if state.secret or not state.takes(value) or type(value) is Opaque:
            return MASK
        if isinstance(value, dict):
            return {name: self._mask_field(state, name, part) for name, part in value.items()}
        if isinstance(value, list):
            inner = self.item(state)
            return [self.mask(part, inner) for part in value]
        return value

    def _mask_field(self, state: MarkState, name: str, part: Json) -> Json:
        inner = self.field(state, name)
        return self.mask(part, inner) if not self.slipped(state, name, inner) else MASK

    def hidden(self, value: Json, state: MarkState | None = None) -> Iterator[Json]:
        """Every part that :meth:`mask` replaces."""
        state = self.start if state is None else state
        if not state.leads:
            return
        if state.secret or not state.takes(value):
            yield value
        elif type(value) is Opaque:
            yield value.source
        elif isinstance(value, dict):
            for name, part in value.items():
                inner = self.field(state, name)
                if self.slipped(state, name, inner):
                    yield part
                else:
                    yield from self.hidden(part, inner)
        elif isinstance(value, list):
            inner = self.item(state)
            for part in value:
                yield from self.hidden(part, inner)

    def slipped(self, state: MarkState, name: str, inner: MarkState) -> bool:
        """Whether a field may be a secret one with its name misspelt."""
        return state.fields and name not in state.known and not inner.leads

    def field(self, state: MarkState, name: str) -> MarkState:
        """What may speak of a field."""
        key = (state.nodes, name if name in state.known else 0)
        known = self._steps.get(key)
        if known is None:
            targets: list[int] = []
            for index in state.nodes:
                node = self._nodes[index]
                targets += node.names.get(name, node.others)
                targets += node.patterned
            known = self._steps[key] = self._state(targets)
        return known

    def item(self, state: MarkState) -> MarkState:
        """What may speak of an item."""
        key = (state.nodes, 1)
        known = self._steps.get(key)
        if known is None:
            targets = [target for index in state.nodes for target in self._nodes[index].items]
            known = self._steps[key] = self._state(targets)
        return known

    def at(self, path: FieldPath) -> tuple[MarkState, int | None]:
        """What may speak of the part at a path, and how many steps lead to a part that is masked whole, if one is."""
        state = self.start
        for depth, step in enumerate(path):
            if state.secret:
                return state, depth
            if not state.leads:
                return _NOWHERE, None
            if not state.takes({} if isinstance(step, str) else []):
                return state, depth
            if isinstance(step, int):
                state = self.item(state)
                continue
            inner = self.field(state, step)
            if self.slipped(state, step, inner):
                return inner, depth + 1
            state = inner
        return state, len(path) if state.secret else None

    def depth(self, path: FieldPath) -> int | None:
        """How many steps of a path lead to a secret; ``None`` when nothing on it is one."""
        return self.at(path)[1]

    def show(self, path: FieldPath, part: Json) -> Json:
        """The part at a path as it may be shown."""
        state, depth = self.at(path)
        return (
            part if part is None and depth is None else MASK if depth is not None else self.mask(part, state)
        )

    def touches(self, selector: Selector) -> bool:
        """Whether a selector may lead to a secret, into one, or to something that holds one."""
        states = [self.start]
        for step in selector.steps:
            if any(state.secret for state in states):
                return True
            following: dict[tuple[int, ...], MarkState] = {}
            for state in states:
                inner = (
                    [self.field(state, step)]
                    if step is not None
                    else [self.item(state), *self._fields(state)]
                )
                following.update((state.nodes, state) for state in inner)
            states = list(following.values())
        return any(state.leads for state in states)

    def _fields(self, state: MarkState) -> Iterator[MarkState]:
        yield from (self.field(state, name) for name in state.known)
        yield self.field(state, "")

    def _state(self, targets: Iterable[int]) -> MarkState:
        closed: dict[int, None] = {}
        waiting = list(targets)
        while waiting:
            index = waiting.pop()
            if index not in closed:
                closed[index] = None
                waiting.extend(self._nodes[index].same)
        if not closed:
            return _NOWHERE
        name = frozenset(closed)
        if name not in self._states:
            self._states[name] = self._described(tuple(sorted(closed)))
        return self._states[name]

    def _described(self, indexes: tuple[int, ...]) -> MarkState:
        nodes = [self._nodes[index] for index in indexes]

        def leads(targets: Iterable[int]) -> bool:
            return any(self._nodes[target].leads for target in targets)

        return MarkState(
            indexes,
            secret=any(node.secret for node in nodes),
            leads=any(node.leads for node in nodes),
            fields=any(
                leads(targets)
                for node in nodes
                for targets in (node.patterned, node.others, *node.names.values())
            ),
            items=any(leads(node.items) for node in nodes),
            types=frozenset().union(*(node.types for node in nodes)),
            known=frozenset().union(*(node.names for node in nodes)),
        )


NO_MARKS = Marks()


def type_of(value: Json) -> str:
    """The JSON Schema type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, list):
        return "array"
    return "string" if isinstance(value, str) else "object"
