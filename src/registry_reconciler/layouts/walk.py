"""Walking from a document to the containers of a kind, and telling which kinds lie inside the entries of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from registry_reconciler.base.globs import is_wild
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import Container
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.kind import Kind, Step


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
        given = item_name(step, item)
        if given is None:
            continue
        names = _bind(bound, step.binds, given) if step.binds else bound
        if names is not None:
            yield from walk(rest, item, names, (*path, index))


def item_name(step: Step, item: Json) -> str | None:
    """What tells an item of a list from the others, for a step over them; ``None``: the step leaves it alone."""
    given = item.get(step.by) if isinstance(item, dict) else None
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    return str(given) if step.binds or str(given) == step.literal else None


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
    return LAYOUTS[outer.layout].inside(outer, tuple(steps))


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


class Nesting:
    """Which kinds lie inside the entries of which others, looked up once for all kinds.

    Most kinds share their files with few others, and of those most go another way inside the file: only what stands
    below the steps of a kind, in a file that it may have, is compared with it.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._by_glob: dict[str, list[Kind]] = {}
        self._by_steps: dict[str, _KindsBelow] = {}
        for kind in kinds.values():
            self._by_glob.setdefault(kind.file.glob, []).append(kind)
            self._by_steps.setdefault(kind.file.glob, _KindsBelow()).add(kind)
        self._wild = [glob for glob in self._by_glob if is_wild(glob)]
        self._shared: dict[str, tuple[str, ...]] = {}
        self._inside: dict[str, tuple[tuple[Kind, tuple[Step, ...]], ...]] = {}

    def inside(self, outer: Kind) -> tuple[tuple[Kind, tuple[Step, ...]], ...]:
        """The kinds inside the entries of one, each with the steps to its containers."""
        found = self._inside.get(outer.name)
        if found is None:
            found = self._inside[outer.name] = tuple(
                (inner, steps)
                for glob in self._globs(outer.file.glob)
                for inner in self._by_steps[glob].below(outer.at)
                if (steps := inner_steps(outer, inner)) is not None
            )
        return found

    def _globs(self, glob: str) -> tuple[str, ...]:
        """The patterns that may mean the same files."""
        known = self._shared.get(glob)
        if known is None:
            mine = self._by_glob[glob][0]
            # Two paths that are written out are the same or not.
            others = self._by_glob if is_wild(glob) else self._wild
            known = self._shared[glob] = tuple(
                fromkey
                for fromkey in dict.fromkeys((glob, *others))
                if _same_files(mine, self._by_glob[fromkey][0])
            )
        return known

    def steps(self, outer: Kind) -> tuple[tuple[Step, ...], ...]:
        """For every kind that lies inside entries of ``outer``: the steps to its containers."""
        return tuple(dict.fromkeys(steps for _, steps in self.inside(outer) if steps))

    def around(self) -> dict[str, list[tuple[Kind, tuple[Step, ...]]]]:
        """For each kind the kinds that its entries lie inside of, with the steps from those to its containers."""
        found: dict[str, list[tuple[Kind, tuple[Step, ...]]]] = {}
        for outer in self._kinds.values():
            for inner, steps in self.inside(outer):
                found.setdefault(inner.name, []).append((outer, steps))
        return found

    def depths(self) -> dict[str, int]:
        """How many kinds the entries of each kind lie inside of."""
        found = dict.fromkeys(self._kinds, 0)
        for outer in self._kinds.values():
            for inner, _ in self.inside(outer):
                found[inner.name] += 1
        return found


class _KindsBelow:
    """Kinds by the steps to their containers."""

    def __init__(self) -> None:
        self._kinds: list[Kind] = []
        self._next: dict[tuple[str, str], _KindsBelow] = {}

    def add(self, kind: Kind) -> None:
        here = self
        for step in kind.at:
            here = here._next.setdefault((step.kind, step.name), _KindsBelow())
        here._kinds.append(kind)

    def below(self, steps: Sequence[Step]) -> Iterator[Kind]:
        """The kinds whose steps go on where some steps end, in the order of their steps."""
        ends = [self]
        waiting: list[_KindsBelow] = []
        for step in steps:
            if step.kind == "name":
                # The list of the outer kind: the inner one's step tells its items apart.
                waiting += [end._next["item", step.name] for end in ends if ("item", step.name) in end._next]
            ends = [after for end in ends for after in end._fitting(step)]
        waiting += [after for end in ends for after in end._next.values()]
        while waiting:
            here = waiting.pop()
            yield from here._kinds
            waiting.extend(here._next.values())

    def _fitting(self, step: Step) -> Iterator[_KindsBelow]:
        if step.kind not in ("name", "item"):
            yield from self._next.values()
            return
        for kind in ("name", "item") if step.kind == "item" else ("name",):
            if (kind, step.name) in self._next:
                yield self._next[kind, step.name]


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
        stepped = (item if item_name(step, item) is None else _strip(item, rest) for item in items)
        return {**value, step.name: list(stepped)}
    if not rest:
        return {}
    return {name: _strip(inner, rest) for name, inner in value.items()}


def reattached(raw: Json, there: Json, steps: Sequence[Step]) -> Json:
    """The inverse of :func:`_strip`: a value with the containers that ``there`` has where some steps lead."""
    if not isinstance(there, dict):
        return raw
    raw = raw if isinstance(raw, dict) else {}
    step, rest = steps[0], steps[1:]
    if step.kind == "item":
        items, old = raw.get(step.name), there.get(step.name)
        if not rest or not isinstance(items, list) or not isinstance(old, list):
            return raw
        # Of several items of one name the first gets what the first had. What no step leads into stays as it is.
        by: dict[str, list[Json]] = {}
        for item in reversed(old):
            by.setdefault(item_name(step, item) or "", []).append(item)
        found = []
        for item in items:
            name = item_name(step, item)
            there_too = by.get(name) if name else None
            found.append(reattached(item, there_too.pop(), rest) if there_too else item)
        return {**raw, step.name: found}
    names = [step.name] if step.kind == "name" else list(there)
    for name in names:
        if name in there:
            inner = reattached(raw.get(name), there[name], rest) if rest else there[name]
            if inner is not None:
                raw = {**raw, name: inner}
    return raw
