"""References: what an entry refers to is there, by its id, and in a state to be referred to (REF)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from registry_reconciler.base.suggest import closest, meant
from registry_reconciler.model.entry import FieldPath, Json, Place, digest_bytes, get_path
from registry_reconciler.model.fields import finder
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Fix, Severity
from registry_reconciler.model.references import references_in, written_like
from registry_reconciler.rules.base import Finding, Relation, Rule, Transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import Link, acyclic_graphs, cycles, links, referrers
from registry_reconciler.rules.naming import lookup
from registry_reconciler.rules.shapes import listing, place_of, related, slip

SUGGESTIONS = 20
"""How many dangling ids of a run get a did-you-mean: each looks through all ids of a kind."""

WITH_RULES_OF_THEIR_OWN = frozenset({("module_interface", "module_id"), ("route", "module_id")})
"""Fields whose deprecated targets MOD007 and RTE006 speak of, so that one cause gives one problem."""


def _kinds(link: Link) -> str:
    return " or ".join(link.reference.kinds)


def _kind_that_is_none(entry_set: EntrySet, link: Link) -> str:
    """Why nothing can be there: no schema describes the kind that a reference names."""
    if any(kind in entry_set.kinds for kind in link.reference.kinds):
        return ""
    near = closest(link.reference.kinds[0], tuple(entry_set.kinds))
    return (
        f", since no schema here describes a kind {_kinds(link)!r}{f' (there is {near!r})' if near else ''}"
    )


def _by_name(entry_set: EntrySet, link: Link) -> Entry | None:
    return lookup(entry_set, link.reference.kinds, link.value)


def _dangling(entry_set: EntrySet) -> Iterator[Finding]:
    near_ones: dict[tuple[tuple[str, ...], str], str | None] = {}
    for link in links(entry_set).dangling:
        if entry_set.maybe_hidden(link.reference.kinds, link.value) or _by_name(entry_set, link) is not None:
            continue
        wanted = (link.reference.kinds, link.value)
        if wanted not in near_ones and len(near_ones) < SUGGESTIONS:
            near_ones[wanted] = near_key(entry_set, link)
        near = near_ones.get(wanted)
        yield Finding(
            link.item,
            f"There is no {_kinds(link)} {link.value!r}{_kind_that_is_none(entry_set, link)}.{meant(near)}",
            link.path,
            severity=link.reference.missing,
            extra=link.value,
            replacements=()
            if link.reference.field.derived
            else slip(link.item, link.path, None if near is None else _in_place(link, near)),
            cause=_missing(_meant(entry_set, link)),
        )


def _meant(entry_set: EntrySet, link: Link) -> str:
    """The address that a dangling reference means: what it led to before the plan, or would lead to."""
    kinds, key = link.reference.kinds, link.value
    before = entry_set.earlier.resolve(kinds, key) if entry_set.earlier is not None else None
    return before.address if before is not None else f"{kinds[0]}/{key}"


def _missing(address: str) -> str:
    """The one cause of what is found about an entry that goes and about those that refer to it."""
    return f"missing {address}"


REF001 = Rule(
    "REF001",
    "The entry referred to does not exist",
    Severity.ERROR,
    check=_dangling,
    relations=(
        Relation("ability and module", "a module is deleted or renamed", "the `module_ids` of abilities"),
        Relation("route and module", "a module is deleted or renamed", "the `module_id` of routes"),
        Relation("route and ability", "an ability is deleted or renamed", "the `ability_ids` of routes"),
        Relation("hook and ability", "an ability is deleted or renamed", "the `ability_ids` of hooks"),
        Relation("hook and ability", "a hook is deleted or renamed", "the `hooks` of abilities"),
        Relation(
            "interface and module", "a module is deleted or renamed", "`module_id` and `consumers` there"
        ),
        Relation("maturity and module", "a module is deleted or renamed", "its maturity, which goes with it"),
        Relation("module and type", "a type is deleted or renamed", "the `module_type` of modules"),
    ),
    supports_incremental=True,
)


def near_key(entry_set: EntrySet, link: Link) -> str | None:
    """The key of an entry here that a reference may be a slip of."""
    kinds = link.reference.kinds
    known = entry_set.memo(_ids_by_kinds)
    if kinds not in known:
        known[kinds] = entry_set.keys(*kinds)
    return closest(link.value, known[kinds])


def _ids_by_kinds(_entry_set: EntrySet) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Filled as somebody asks: the same tuple each time lets the suggestions index it once."""
    return {}


def _named(entry_set: EntrySet) -> Iterator[Finding]:
    for link in links(entry_set).dangling:
        target = _by_name(entry_set, link)
        if target is None or entry_set.maybe_hidden(link.reference.kinds, link.value):
            continue
        yield Finding(
            link.item,
            f"{link.value!r} is a name of {target.address}; a reference says the id, {target.key!r}.",
            link.path,
            fix=Fix(
                f"It is the key of the entry: registry rename {link.item.address} {target.key}"
                if entry_set.is_key(link.item, link.path)
                else f"Replace {link.value!r} by {target.key!r}.",
                safe=not entry_set.is_key(link.item, link.path) and not link.reference.field.derived,
                replacements=()
                if link.reference.field.derived
                else ((place_of(link.item, link.path), _in_place(link, target.key)),),
            ),
            related=(related(target, "the entry with this name"),),
            severity=link.reference.missing,
            extra=link.value,
            others=(target,),
        )


REF002 = Rule(
    "REF002",
    "A reference uses a name instead of the id",
    Severity.ERROR,
    check=_named,
    supports_incremental=True,
)


def is_active(entry_set: EntrySet, item: Entry) -> bool:
    """Whether an entry is in use: ``active``, or without a status although its kind has one."""
    status = entry_set.status(item)
    return status == "active" or (not status and entry_set.kinds[item.kind].names.status is not None)


def _describes(entry_set: EntrySet, link: Link) -> bool:
    """Whether the reference is the entry's key: then the entry describes its target, and goes with it."""
    return link.reference.field in entry_set.kinds[link.item.kind].key


def _with_status(entry_set: EntrySet) -> dict[str, set[str]]:
    """Addresses by status."""
    found: dict[str, set[str]] = {}
    for kind in entry_set.kinds.values():
        if kind.names.status is not None:
            find = finder(kind.names.status)
            for item in entry_set.of(kind.name):
                for _, status in find(item.value):
                    if isinstance(status, str):
                        found.setdefault(status, set()).add(item.address)
    return found


def _to_deprecated(entry_set: EntrySet) -> Iterator[Finding]:
    deprecated = entry_set.memo(_with_status).get("deprecated", set())
    for link in links(entry_set).resolved if deprecated else ():
        target, item = link.target, link.item
        if target is None or target.address not in deprecated or item.address in deprecated:
            continue
        if (
            entry_set.kinds[item.kind].role,
            link.reference.field.text,
        ) in WITH_RULES_OF_THEIR_OWN or _describes(entry_set, link):
            continue
        yield Finding(
            item,
            f"{target.address} is deprecated.",
            link.path,
            related=(related(target, "the deprecated entry"),),
            extra=target.address,
            others=(target,),
        )


REF003 = Rule(
    "REF003",
    "A deprecated entry is referred to",
    Severity.WARNING,
    check=_to_deprecated,
    relations=(
        Relation("ability and module", "a module is deprecated", "the abilities that belong to it"),
        Relation(
            "hook and ability", "an ability is deprecated", "the hooks, routes and abilities that name it"
        ),
    ),
    supports_incremental=True,
)


def _to_planned(entry_set: EntrySet) -> Iterator[Finding]:
    planned = entry_set.memo(_with_status).get("planned", set())
    for link in links(entry_set).resolved if planned else ():
        target, item = link.target, link.item
        if target is None or target.address not in planned or not is_active(entry_set, item):
            continue
        if _describes(entry_set, link):
            continue
        yield Finding(
            item,
            f"{item.address} is in use, and {target.address} is only planned.",
            link.path,
            related=(related(target, "the planned entry"),),
            extra=target.address,
            others=(target,),
        )


REF004 = Rule(
    "REF004",
    "Something in use relies on something planned",
    Severity.WARNING,
    check=_to_planned,
    supports_incremental=True,
)


_MOST_AROUND = 50
"""So many entries of a circle are named, with their places; the others are counted."""


def _has_acyclic_fields(kind: Kind) -> bool:
    return bool(kind.acyclic)


def _cycles(entry_set: EntrySet) -> Iterator[Finding]:
    for graph in acyclic_graphs(entry_set).values():
        for steps in cycles(graph):
            members = [entry_set.items[address] for address, _ in steps]
            keys = [item.key for item in members]
            around = " → ".join([*keys, keys[0]])
            more = len(keys) - _MOST_AROUND
            circle = " → ".join([*keys[:_MOST_AROUND], f"{more:,} more", keys[0]]) if more > 0 else around
            yield Finding(
                members[0],
                f"This goes round in a circle: {circle}.",
                steps[0][1].path,
                related=tuple(
                    related(item, f"leads on to {edge.target}", edge.path)
                    for item, (_, edge) in zip(members[1:_MOST_AROUND], steps[1:_MOST_AROUND], strict=True)
                ),
                extra=around if more <= 0 else digest_bytes(around.encode("utf-8", "surrogatepass")),
                others=tuple(members[1:]),
            )


REF005 = Rule(
    "REF005",
    "References go round in a circle",
    Severity.ERROR,
    check=_cycles,
    concerns=_has_acyclic_fields,
    relations=(
        Relation("module and module", "`parent_module` changes", "that parents still lead to a root"),
        Relation(
            "ability and ability",
            "`steps` or `ability_ids` change",
            "that no ability comes to call itself",
        ),
    ),
)


class _After:
    """The references after a plan, by what they say; each field of an entry is looked at once."""

    def __init__(self, transition: Transition) -> None:
        self._transition = transition
        self._moved = {
            change.from_address: change.address for change in transition.changes if change.from_address
        }
        self._places: dict[tuple[str, str], dict[str, FieldPath]] = {}

    def still_meant(self, address: str) -> list[Link]:
        """The references to an entry that stand after the plan as they stood before."""
        found = []
        for link in referrers(self._transition.before).get(address, ()):
            item = self._transition.after.items.get(self._moved.get(link.item.address, link.item.address))
            path = self._path(item, link) if item is not None else None
            if item is not None and path is not None:
                found.append(replace(link, item=item, path=path))
        return found

    def _path(self, item: Entry, link: Link) -> FieldPath | None:
        key = (item.address, link.reference.field.text)
        places = self._places.get(key)
        if places is None:
            places = self._places[key] = {}
            for path, value in references_in(link.reference, item.value):
                places.setdefault(value, path)
        return places.get(link.value)


def _gone(transition: Transition) -> Iterator[Finding]:
    renamed = {change.from_address for change in transition.changes}
    after = _After(transition)
    for change in transition.changes:
        item = transition.before.items.get(change.address)
        if item is None or change.address in transition.after.items or change.address in renamed:
            continue
        meant = after.still_meant(change.address)
        yield from _left_behind(item, item.address, meant, f"{item.address} is deleted", ())


REF006 = Rule(
    "REF006",
    "What others refer to is deleted",
    Severity.ERROR,
    transition=_gone,
    relations=(Relation("any entry", "it is deleted", "everything that refers to it, in the same plan"),),
    supports_incremental=True,
)


def _renamed(transition: Transition) -> Iterator[Finding]:
    after = _After(transition)
    for change in transition.changes:
        if not change.from_address or change.from_address in transition.after.items:
            continue
        item = transition.before.items.get(change.from_address)
        new = transition.after.items.get(change.address)
        if item is None or new is None:
            continue
        meant = after.still_meant(change.from_address)
        replacements = tuple(
            (place_of(link.item, link.path), _renamed_value(link, item, new))
            for link in meant
            if link.item.managed and not link.reference.field.derived
        )
        # Who refers to it by its own key would become another entry: that is a move, which somebody has to mean.
        safe = not any(
            link.reference.field.derived or transition.after.is_key(link.item, link.path) for link in meant
        )
        yield from _left_behind(
            new, item.address, meant, f"{item.address} becomes {new.address}", replacements, safe=safe
        )


REF007 = Rule(
    "REF007",
    "What others refer to is renamed",
    Severity.ERROR,
    transition=_renamed,
    relations=(Relation("any entry", "it is renamed", "everything that refers to it, in the same plan"),),
    supports_incremental=True,
)


def _renamed_value(link: Link, old: Entry, new: Entry) -> Json:
    word = new.address if link.value == old.address and link.value != old.key else new.key
    return _in_place(link, word)


def _in_place(link: Link, key: str) -> Json:
    """A key as it is written in place of what a reference says."""
    return written_like(get_path(link.item.value, link.path), key)


def _left_behind(
    item: Entry,
    old: str,
    meant: Sequence[Link],
    what: str,
    replacements: tuple[tuple[Place, Json], ...],
    *,
    safe: bool = True,
) -> Iterator[Finding]:
    if not meant:
        return
    who = listing(list(dict.fromkeys(link.item.address for link in meant)))
    fix = None
    if replacements:
        fix = Fix(f"Put {item.key!r} where they refer to it.", safe=safe, replacements=replacements)
    yield Finding(
        item,
        f"{what}, and still referred to by {who}.",
        fix=fix,
        related=tuple(related(link.item, "refers to it", link.path) for link in meant),
        severity=min((link.reference.missing for link in meant), key=lambda severity: severity.rank),
        others=tuple(link.item for link in meant),
        cause=_missing(old),
    )


RULES = (
    REF001,
    REF002,
    REF003,
    REF004,
    REF005,
    REF006,
    REF007,
)
