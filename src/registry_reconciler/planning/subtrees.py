"""What lies inside an entry that is renamed, and is called otherwise with it: its key says where it lies. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.model.entry import DesiredEntry, FieldPath, Json, LiveEntry, split_address
from registry_reconciler.model.fields import Selector, with_value
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.known_entries import KnownEntries


def carried_names(
    known: KnownEntries, renames: Mapping[str, str], declared: Collection[str]
) -> list[tuple[str, str, str]]:
    """The entries that are renamed with one that they lie in, as (source, target, the new address of that one).

    Args:
        renames: the address before, by the address after.
        declared: addresses whose moves fragments say themselves.
    """
    if not renames:
        return []
    named = _names_inside(known, renames)
    ends: dict[str, str] = {}
    for address, (_, names) in named.items():
        entry = known.live[address]
        value = entry.value
        for name, text in names.items():
            value = with_value(value, Selector.parse(name).path, text)
        key = known.kinds[entry.kind].key_of(value)
        if key is not None and key != entry.key and address not in declared:
            ends[address] = f"{entry.kind}/{key}"
    # Of what goes away a fragment may not speak any more, but where another entry comes to its place.
    targets = {end for end in ends.values() if end in known.entries and end not in renames}
    return [
        (source, target, named[source][0])
        for source, target in sorted(ends.items())
        if target in targets
        and (source not in known.entries or source in targets)
        and (target not in known.live or target in ends)
    ]


def _names_inside(known: KnownEntries, renames: Mapping[str, str]) -> dict[str, tuple[str, dict[str, str]]]:
    """By address of an entry inside a renamed one that one, and what its place will say: placeholders and texts."""
    nesting = Nesting(known.kinds)
    outer: dict[tuple[str, int, FieldPath], tuple[LiveEntry, DesiredEntry]] = {}
    inner_kinds: set[str] = set()
    for target, source in renames.items():
        kind = known.kinds.get(split_address(source)[0])
        inside = nesting.inside(kind) if kind is not None else ()
        live = known.live.get(source)
        if inside and live is not None:
            inner_kinds.update(inner.name for inner, _ in inside)
            outer[live.place.file, live.place.document, live.place.path] = live, known.entries[target]
    sizes = sorted({len(path) for _, _, path in outer})
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for address, entry in known.live.items() if outer else ():
        if entry.kind not in inner_kinds or not entry.bound:
            continue
        file, document, path = entry.place.file, entry.place.document, entry.place.path
        for size in sizes:
            around = outer.get((file, document, path[:size])) if size <= len(path) else None
            if around is not None and around[0].kind != entry.kind:
                live, desired = around
                name_given = _names_of_place(
                    known.kinds[live.kind], live, desired.value, known.kinds[entry.kind], entry
                )
                found.setdefault(address, (desired.address, {}))[1].update(name_given)
    return found


def _names_of_place(
    kind: Kind, outer: LiveEntry, after: Mapping[str, Json], inner_kind: Kind, inner: LiveEntry
) -> Iterator[tuple[str, str]]:
    """What the place of an inner entry says once the outer one has its new value."""
    texts = {name: _text(Selector.parse(name).get(after)) for name in kind.placeholders}
    if kind.file.placeholders and not kind.file.open and all(texts[name] for name in kind.file.placeholders):
        for name, text in (inner_kind.file.match(kind.file.fill(texts)) or {}).items():  # type: ignore[arg-type]
            if text != dict(inner.bound).get(name):
                yield name, text
    slot = LAYOUTS[kind.layout].slot(kind, after)
    own = len(outer.place.path)
    outer_names = dict(_steps(kind))
    for at, (step_name, by) in _steps(inner_kind):
        if at >= own or not step_name:
            continue
        if at == own - 1:
            name_given = _text(Selector.parse(by).get(after)) if by else slot and slot.key
        else:
            name = outer_names.get(at, ("", ""))[0]
            name_given = texts.get(name) if name else None
        if name_given:
            yield step_name, name_given


def _steps(kind: Kind) -> Iterator[tuple[int, tuple[str, str]]]:
    """Where in a path the placeholders of a kind stand, each with the field of an item that tells it."""
    at = 0
    for step in kind.at:
        if step.kind == "item":
            at += 1
            yield at, (step.binds, step.by)
        elif step.kind == "placeholder":
            yield at, (step.name, "")
        at += 1


def _text(value: Json) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value)
