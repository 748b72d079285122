"""Walking from a document to the containers of a kind, and telling which kinds lie inside the entries of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from registry_reconciler.kinds import Kind, Step
from registry_reconciler.model import FieldPath, Json
from registry_reconciler.storage.base import Container


def containers(kind: Kind, documents: Sequence[Json], bound: Mapping[str, str]) -> Iterator[Container]:
    """The containers of a kind in a file's documents; ``bound`` are the placeholders of the file's path."""
    for index, document in enumerate(documents):
        for path, names, value in walk(kind.at, document, dict(bound)):
            yield Container(index, path, names, value)


def walk(
    steps: Sequence[Step], value: Json, bound: dict[str, str], path: FieldPath = ()
) -> Iterator[tuple[FieldPath, dict[str, str], Json]]:
    """Every node that ``steps`` lead to, with its path and the placeholders bound on the way."""
    if not steps:
        yield path, bound, value
        return
    step, rest = steps[0], steps[1:]
    if not isinstance(value, dict):
        return
    if step.kind == "name":
        if step.name in value:
            yield from walk(rest, value[step.name], bound, (*path, step.name))
    elif step.kind == "item":
        yield from _walk_items(step, rest, value.get(step.name), bound, (*path, step.name))
    else:
        for name, inner in value.items():
            names = _bind(bound, step.name, name) if step.kind == "placeholder" else bound
            if names is not None:
                yield from walk(rest, inner, names, (*path, name))


def _walk_items(
    step: Step, rest: Sequence[Step], items: Json, bound: dict[str, str], path: FieldPath
) -> Iterator[tuple[FieldPath, dict[str, str], Json]]:
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        told = item.get(step.by) if isinstance(item, dict) else None
        if isinstance(told, bool) or not isinstance(told, str | int):
            continue
        fits = bound if str(told) == step.literal else None
        names = _bind(bound, step.binds, str(told)) if step.binds else fits
        if names is not None:
            yield from walk(rest, item, names, (*path, index))


def _bind(bound: dict[str, str], name: str, value: str) -> dict[str, str] | None:
    """The bindings with one more; ``None`` where the name is bound to something else already."""
    if name in bound:
        return bound if bound[name] == value else None
    return {**bound, name: value}


def inner_steps(outer: Kind, inner: Kind) -> tuple[Step, ...] | None:
    """The steps from an entry of ``outer`` to the containers of ``inner`` inside it; ``None`` where it has none."""
    if outer is inner or not _same_files(outer, inner):
        return None
    steps = list(inner.at)
    for step in outer.at:
        if not steps or not _covers(step, steps[0]):
            return None
        if step.kind == "name" and steps[0].kind == "item":
            break  # the list of the outer kind: its items are told apart by the inner one's step
        steps.pop(0)
    if outer.layout == "file":
        return tuple(steps) or None
    if not steps:
        return None
    first = steps[0]
    if outer.layout == "list":
        if (
            outer.at
            and outer.at[-1].kind == "name"
            and first.kind == "item"
            and first.name == outer.at[-1].name
        ):
            return tuple(steps[1:]) or None
        return None
    if first.kind in ("any", "placeholder"):
        return tuple(steps[1:]) or None
    if first.kind == "name":  # the inner kind lies in one named entry only
        return tuple(steps[1:]) or None
    return None


def _covers(outer: Step, inner: Step) -> bool:
    if outer.kind == "name":
        return inner.kind in ("name", "item") and inner.name == outer.name
    if outer.kind == "item":
        return inner.kind == "item" and inner.name == outer.name
    return inner.kind in ("any", "placeholder", "name")


def _same_files(left: Kind, right: Kind) -> bool:
    if left.file.glob == right.file.glob:
        return True
    return bool(left.file.regex.fullmatch(right.file.text) or right.file.regex.fullmatch(left.file.text))


def nested_steps(kind: Kind, kinds: Mapping[str, Kind]) -> tuple[tuple[Step, ...], ...]:
    """For every kind that lies inside entries of ``kind``: the steps to its containers."""
    found = (inner_steps(kind, other) for other in kinds.values())
    return tuple(dict.fromkeys(steps for steps in found if steps))


def depth(kind: Kind, kinds: Mapping[str, Kind]) -> int:
    """How many kinds the entries of ``kind`` lie inside of."""
    return sum(inner_steps(other, kind) is not None for other in kinds.values())


def strip_nested(value: dict[str, Json], nested: Sequence[Sequence[Step]]) -> dict[str, Json]:
    """An entry's value without the containers of other kinds inside it."""
    for steps in nested:
        value = _strip(value, steps)
    return value


def _strip(value: Json, steps: Sequence[Step]) -> Json:
    if not isinstance(value, dict):
        return value
    step, rest = steps[0], steps[1:]
    if step.kind == "name":
        if step.name not in value:
            return value
        if not rest:
            return {name: inner for name, inner in value.items() if name != step.name}
        return {**value, step.name: _strip(value[step.name], rest)}
    if step.kind == "item":
        items = value.get(step.name)
        if not isinstance(items, list) or not rest:
            return value
        return {**value, step.name: [_strip(item, rest) for item in items]}
    if not rest:
        return {}
    return {name: _strip(inner, rest) for name, inner in value.items()}
