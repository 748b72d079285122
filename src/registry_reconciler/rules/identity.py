"""Identity: one id, one entry; a name never hides an id; who has a name is known (IDN)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from registry_reconciler.model.entry import FieldPath
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Rule, Transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.naming import drawn_alike, folded, look_alike, names, scripts, winner
from registry_reconciler.rules.shapes import listing, related


def _ids(entry_set: EntrySet, kinds: Sequence[str]) -> dict[str, Entry]:
    """The entry of every id of a space; where two kinds have one id, that of the kind that comes first."""
    if len(kinds) == 1:
        return {item.key: item for item in entry_set.of(*kinds)}
    found: dict[str, Entry] = {}
    for item in entry_set.of(*kinds):
        found.setdefault(item.key, item)
    return found


def _key_path(entry_set: EntrySet, item: Entry) -> FieldPath:
    """The field that makes the key, where one field makes it and the entry carries it."""
    keys = entry_set.kinds[item.kind].key
    return next((path for path, _ in keys[0].find(item.value)), ()) if len(keys) == 1 else ()


def _claim_path(entry_set: EntrySet, item: Entry, name: str) -> FieldPath:
    """The field in which an entry claims a name."""
    roles = entry_set.kinds[item.kind].names
    for role in (roles.name, roles.aliases):
        for path, value in role.find(item.value) if role else ():
            if value == name:
                return path
            if isinstance(value, list) and name in value:
                return (*path, value.index(name))
    return ()


def _same_id(entry_set: EntrySet) -> Iterator[Finding]:
    for kinds in entry_set.spaces().values():
        if len(kinds) < 2:
            continue
        ids = _ids(entry_set, kinds)
        for item in entry_set.of(*kinds[1:]):
            first = ids[item.key]
            if first is not item:
                yield Finding(
                    item,
                    f"{item.key!r} is also the id of {first.address}; {listing(list(kinds))} share ids.",
                    _key_path(entry_set, item),
                    related=(related(first, "the other entry"),),
                    others=(first,),
                )


IDN001 = Rule(
    "IDN001",
    "An id is taken in another kind",
    Severity.ERROR,
    check=_same_id,
    structural=True,
    supports_incremental=True,
)


def _shadowing(entry_set: EntrySet) -> Iterator[Finding]:
    spaces = entry_set.spaces()
    for space, claimed in names(entry_set).items():
        ids = _ids(entry_set, spaces[space])
        claimed_ids = ids.keys() & claimed.owners.keys()
        for name, owner in [pair for pair in ids.items() if pair[0] in claimed_ids] if claimed_ids else ():
            for item in claimed.claims(name):
                if item.key != name:
                    yield Finding(
                        item,
                        f"{name!r} is the id of {owner.address}, so {item.address} cannot be found by it.",
                        _claim_path(entry_set, item, name),
                        related=(related(owner, "the entry with this id"),),
                        extra=name,
                        others=(owner,),
                    )


IDN002 = Rule(
    "IDN002",
    "A name hides an id",
    Severity.ERROR,
    check=_shadowing,
    structural=True,
    supports_incremental=True,
)


def _collisions(entry_set: EntrySet, on_purpose: bool) -> Iterator[Finding]:
    for claimed in names(entry_set).values():
        for name, claims in claimed.clashes.items():
            if any(item.address in entry_set.overrides for item in claims) is on_purpose:
                yield from _collision(entry_set, name, claims)


def _collision(entry_set: EntrySet, name: str, claims: Sequence[Entry]) -> Iterator[Finding]:
    leads_to = winner(entry_set, name, claims)
    for item in claims:
        if item is not leads_to:
            yield Finding(
                item,
                f"{name!r} is also a name of {leads_to.address}, which wins: a lookup leads there.",
                _claim_path(entry_set, item, name),
                related=(related(leads_to, "the winner", _claim_path(entry_set, leads_to, name)),),
                extra=name,
                others=(leads_to,),
            )


def _accidental(entry_set: EntrySet) -> Iterator[Finding]:
    return _collisions(entry_set, on_purpose=False)


IDN003 = Rule(
    "IDN003",
    "Two entries have one name",
    Severity.WARNING,
    check=_accidental,
    supports_incremental=True,
)


def _on_purpose(entry_set: EntrySet) -> Iterator[Finding]:
    return _collisions(entry_set, on_purpose=True)


IDN004 = Rule(
    "IDN004",
    "A name is taken on purpose",
    Severity.RECORD,
    check=_on_purpose,
    supports_incremental=True,
)


def _plain_spaces(entry_set: EntrySet) -> frozenset[tuple[str, ...]]:
    """The kinds of those spaces whose ids differ in more than case and are ASCII: nearly all there are."""
    earlier = entry_set.earlier
    if earlier is not None and all(
        address in entry_set.items and address in earlier.items for address in entry_set.touched
    ):
        return earlier.memo(_plain_spaces)  # the ids are the same
    return frozenset(
        kinds
        for kinds in entry_set.spaces().values()
        if _plainly_differ([item.key for item in entry_set.of(*kinds)])
    )


def _plainly_differ(keys: Sequence[str]) -> bool:
    """Whether it can be told of all keys at once; one by one costs ten times as much."""
    text = "\n".join(keys)
    folded = look_alike(text).split("\n") if text.isascii() else []
    return len(keys) == len(folded) == len(set(folded))


def _pairs(entry_set: EntrySet) -> Iterator[tuple[Entry, Entry]]:
    """The entries whose ids may be mistaken for each other, each with the first of its like."""
    plain = entry_set.memo(_plain_spaces)
    for kinds in entry_set.spaces().values():
        first_of: dict[str, Entry] = {}
        for item in entry_set.of(*kinds) if kinds not in plain else ():
            first = first_of.setdefault(look_alike(item.key), item)
            if first.key != item.key:
                yield first, item


def _look_alikes(entry_set: EntrySet) -> Iterator[Finding]:
    for first, item in _pairs(entry_set):
        if folded(first.key) == folded(item.key) and not _same_letters(first.key, item.key):
            yield Finding(
                item,
                f"{item.key!r} and {first.key!r} differ only in case or Unicode form.",
                _key_path(entry_set, item),
                related=(related(first, "the other entry"),),
                extra=first.key,
                others=(first,),
            )


def _same_letters(left: str, right: str) -> bool:
    from unicodedata import normalize

    return normalize("NFC", left) == normalize("NFC", right)


IDN005 = Rule(
    "IDN005",
    "Two ids look alike",
    Severity.WARNING,
    check=_look_alikes,
    supports_incremental=True,
)


def _deceiving(entry_set: EntrySet) -> Iterator[Finding]:
    for first, item in _pairs(entry_set):
        severity = None
        if _same_letters(first.key, item.key):
            why = "are the same letters, composed in two ways"
        elif folded(first.key) != folded(item.key) and drawn_alike(first.key, item.key):
            mixed = max((scripts(item.key), scripts(first.key)), key=len)
            severity = Severity.WARNING if len(mixed) < 2 else None
            both_scripts = sorted({*scripts(item.key), *scripts(first.key)})
            why = f"look the same, with letters of {listing(both_scripts)}"
        else:
            continue
        yield Finding(
            item,
            f"{item.key!a} and {first.key!a} {why}: {item.key!r}.",
            _key_path(entry_set, item),
            related=(related(first, "the other entry"),),
            severity=severity,
            extra=first.key,
            others=(first,),
        )


IDN007 = Rule(
    "IDN007",
    "Two ids cannot be told apart",
    Severity.ERROR,
    check=_deceiving,
    supports_incremental=True,
)


def _leads_elsewhere(transition: Transition) -> Iterator[Finding]:
    before, after = transition.before, transition.after
    renamed = {change.from_address: change.address for change in transition.changes if change.from_address}
    old_names, new_names = names(before), names(after)
    for space, name in sorted(_touched_names(transition)):
        old_claims = old_names[space].claims(name) if space in old_names else ()
        new_claims = new_names[space].claims(name) if space in new_names else ()
        if not old_claims or not new_claims:
            continue
        old, new = winner(before, name, old_claims), winner(after, name, new_claims)
        if renamed.get(old.address, old.address) != new.address:
            yield Finding(
                new,
                f"{name!r} led to {old.address} and will lead to {new.address}.",
                _claim_path(after, new, name),
                related=(related(old, "what it led to until now"),),
                extra=name,
                others=(old,),
            )


IDN006 = Rule(
    "IDN006",
    "A name leads to another entry",
    Severity.WARNING,
    transition=_leads_elsewhere,
    supports_incremental=True,
)


def _touched_names(transition: Transition) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for change in transition.changes:
        for entry_set, address in (
            (transition.before, change.from_address or change.address),
            (transition.after, change.address),
        ):
            item = entry_set.items.get(address)
            if item is not None:
                space = entry_set.kinds[item.kind].space
                found.update((space, name) for name in _names_of(entry_set, item))
    return found


def _names_of(entry_set: EntrySet, item: Entry) -> Iterator[str]:
    name = entry_set.name(item)
    if name is not None:
        yield name
    yield from entry_set.aliases(item)


RULES = (
    IDN001,
    IDN002,
    IDN003,
    IDN004,
    IDN005,
    IDN006,
    IDN007,
)
