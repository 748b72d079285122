"""Who refers to whom: every reference of an entry set, resolved once and shared by the rules."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath
from registry_reconciler.model.field_roles import Reference
from registry_reconciler.model.fields import EACH, Finder, finder
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.references import keys_in
from registry_reconciler.rules.entry_set import Entry, EntrySet


class Link(Struct, frozen=True):
    """One reference of one entry: ``value`` stands at ``path`` and leads to ``target``."""

    item: Entry
    reference: Reference
    path: FieldPath
    value: str
    target: Entry | None


class FieldLinks(NamedTuple):
    """The references of an entry set by one field; see :class:`Links`."""

    resolved: list[Link]
    dangling: list[Link]
    abroad: list[Link]


class Links(Struct, frozen=True):
    """All references of an entry set, by kind and field, then by entry.

    Attributes:
        resolved: those that lead to an entry.
        dangling: those that do not, without the values that the reference allows.
        abroad: those that do not, and that may lead to an entry of another repository (``in: fleet``).
        parts: the same, kind by kind and reference by reference.
    """

    resolved: Sequence[Link]
    dangling: Sequence[Link]
    abroad: Sequence[Link]
    parts: Sequence[FieldLinks]


def links(entry_set: EntrySet) -> Links:
    """Every reference of an entry set. Values that are no texts or whole numbers are left to the schema."""
    return entry_set.memo(_links)


def _links(entry_set: EntrySet) -> Links:
    kind_fields = [(kind, reference) for kind in entry_set.kinds.values() for reference in kind.references]
    if entry_set.earlier is None:
        parts = [_part(entry_set, reference, entry_set.of(kind.name)) for kind, reference in kind_fields]
    else:
        before = links(entry_set.earlier).parts
        parts = [_renewed(entry_set, *pair, part) for pair, part in zip(kind_fields, before, strict=True)]
    resolved = [link for part in parts for link in part.resolved]
    dangling = [link for part in parts for link in part.dangling]
    return Links(resolved, dangling, [link for part in parts for link in part.abroad], parts)


def _part(entry_set: EntrySet, reference: Reference, entries: Iterable[Entry]) -> FieldLinks:
    """One reference of some entries of its kind."""
    resolved: list[Link] = []
    unresolved: list[Link] = []
    entry_at = entry_set.items.get
    find = finder(reference.field)
    one_kind = f"{reference.kinds[0]}/" if len(reference.kinds) == 1 else ""
    in_items = reference.field.steps[-1] is EACH
    for item in entries:
        for path, value in find(item.value):
            if type(value) is str and one_kind and (target := entry_at(one_kind + value)) is not None:
                resolved.append(Link(item, reference, path, value, target))
                continue  # so are nearly all
            for inner, key in (((), value),) if type(value) is str else keys_in(value):
                target = entry_at(one_kind + key) if one_kind else entry_set.resolve(reference.kinds, key)
                where = (*path, *inner) if inner else path
                if target is not None:
                    resolved.append(Link(item, reference, where, key, target))
                elif inner and in_items:
                    continue  # a list among items: its schema says that
                elif key not in reference.allow and entry_set.judges(item.address):
                    unresolved.append(Link(item, reference, where, key, None))
    return (
        FieldLinks(resolved, [], unresolved) if reference.in_fleet else FieldLinks(resolved, unresolved, [])
    )


def _renewed(entry_set: EntrySet, kind: Kind, reference: Reference, before: FieldLinks) -> FieldLinks:
    """One reference where the earlier entry set is known: all but what touched entries say or are called by."""
    reaching = _reaching(entry_set.touched, reference.kinds)
    stale = {link.item.address for links in before for link in links if link.value in reaching}
    stale.update(address for address in entry_set.touched if address.startswith(f"{kind.name}/"))
    if not stale:
        return before
    entries = (entry_set.items.get(address) for address in sorted(stale))
    new = _part(entry_set, reference, [item for item in entries if item is not None])
    return FieldLinks(*(_merged(old, made, stale) for old, made in zip(before, new, strict=True)))


def _reaching(addresses: Iterable[str], kinds: Sequence[str]) -> set[str]:
    """Every value by which a reference to some kinds can lead to one of some addresses."""
    found = {
        address[len(kind) + 1 :] for address in addresses for kind in kinds if address.startswith(f"{kind}/")
    }
    return found.union(addresses) if len(kinds) > 1 else found


def _merged(before: Iterable[Link], new: Iterable[Link], stale: Container[str]) -> list[Link]:
    kept = (link for link in before if link.item.address not in stale)
    return sorted([*kept, *new], key=lambda link: link.item.address)


def referrers(entry_set: EntrySet) -> Mapping[str, Sequence[Link]]:
    """The references that lead to an entry, by its address."""
    return entry_set.memo(_referrers)


def _referrers(entry_set: EntrySet) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for link in links(entry_set).resolved:
        if link.target is not None:
            found.setdefault(link.target.address, []).append(link)
    return found


class AcyclicEdge(Struct, frozen=True):
    """A step of a graph that may have no cycle."""

    path: FieldPath
    target: str


Graph = Mapping[str, Sequence[AcyclicEdge]]


def acyclic_graphs(entry_set: EntrySet) -> Mapping[str, Graph]:
    """By id space: the graph of its fields that ``x-registry`` calls acyclic; addresses to edges."""
    graphs: dict[str, dict[str, list[AcyclicEdge]]] = {}
    for kind in entry_set.kinds.values():
        for selector in kind.acyclic:
            reference = _reference_at(kind, selector.text)
            targets = (kind.name,) if reference is None else reference.kinds
            find = finder(reference.field if reference is not None and reference.field.derived else selector)
            graph = graphs.setdefault(kind.space or kind.name, {})
            for item in entry_set.of(kind.name):
                for edge in _edges(entry_set, item, targets, find):
                    graph.setdefault(item.address, []).append(edge)
    return graphs


def _reference_at(kind: Kind, text: str) -> Reference | None:
    """The reference at an acyclic field, which says where it leads; without one it leads to its own kind."""
    for reference in kind.references:
        if reference.field.text.removesuffix("[]") == text.removesuffix("[]"):
            return reference
    return None


def _edges(entry_set: EntrySet, item: Entry, targets: tuple[str, ...], find: Finder) -> Iterable[AcyclicEdge]:
    for path, value in find(item.value):
        for inner, key in keys_in(value):
            target = entry_set.resolve(targets, key)
            if target is not None:
                yield AcyclicEdge((*path, *inner), target.address)


def cycles(graph: Graph) -> list[list[tuple[str, AcyclicEdge]]]:
    """One shortest cycle of every knot of a graph, from its smallest address on; linear in the graph."""
    found = []
    for knot in _knots(graph):
        start = min(knot)
        found.append(_cycle_from(graph, start, knot))
    return sorted(found, key=lambda cycle: cycle[0][0])


def _cycle_from(graph: Graph, start: str, knot: frozenset[str]) -> list[tuple[str, AcyclicEdge]]:
    came: dict[str, tuple[str, AcyclicEdge]] = {}
    queue = [start]
    for address in queue:
        for edge in graph.get(address, ()):
            if edge.target not in knot or edge.target in came:
                continue
            came[edge.target] = (address, edge)
            if edge.target == start:
                steps = [came[start]]
                while steps[-1][0] != start:
                    steps.append(came[steps[-1][0]])
                return steps[::-1]
            queue.append(edge.target)
    raise AssertionError("a knot has a cycle through each of its members")


def _knots(graph: Graph) -> list[frozenset[str]]:
    """The strongly connected components that hold a cycle (Tarjan's way, without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    knots: list[frozenset[str]] = []
    for root in graph:
        if root in order:
            continue
        work = [(root, iter(graph.get(root, ())))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            address, edges = work[-1]
            for edge in edges:
                target = edge.target
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph.get(target, ()))))
                    break
                if target in on_stack:
                    low[address] = min(low[address], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[address])
                if low[address] == order[address]:
                    knots.extend(_close(graph, address, stack, on_stack))
    return knots


def _close(graph: Graph, address: str, stack: list[str], on_stack: set[str]) -> list[frozenset[str]]:
    members = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        members.append(member)
        if member == address:
            break
    if len(members) > 1 or any(edge.target == address for edge in graph.get(address, ())):
        return [frozenset(members)]
    return []
