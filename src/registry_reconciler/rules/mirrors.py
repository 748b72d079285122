"""Mirrors: a field that two entries of one key say alike (MIR)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from registry_reconciler.base.suggest import meant
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import MISSING, Json, make_address, same
from registry_reconciler.model.field_roles import Mirror
from registry_reconciler.model.problem import Fix, Severity
from registry_reconciler.model.references import reference_key
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.shapes import as_shown, place_of, related

SUGGESTIONS = 20
"""How many entries without a partner get a did-you-mean: each looks through all keys of a kind."""


_LONGEST_VALUE = 200
"""A longer one is not repeated in a command."""


class _MirrorPair(NamedTuple):
    """An entry, what its kind says of a mirror, the key of its partner, and the partner."""

    item: Entry
    mirror: Mirror
    key: str
    partner: Entry | None


def _pairs(entry_set: EntrySet) -> tuple[_MirrorPair, ...]:
    return tuple(_paired(entry_set))


def _paired(entry_set: EntrySet) -> Iterator[_MirrorPair]:
    elsewhere = entry_set.rest.elsewhere
    for kind in entry_set.kinds.values():
        for mirror in kind.mirrors:
            for item in entry_set.of(kind.name):
                key = item.key if mirror.key is None else reference_key(mirror.key.get(item.value))
                if (
                    key is None
                    or mirror.kind not in entry_set.kinds
                    or entry_set.maybe_hidden((mirror.kind,), key)
                ):
                    continue
                address = make_address(mirror.kind, key)
                partner = entry_set.items.get(address)
                if partner is None and elsewhere is not None:
                    partner = elsewhere.entry(address)
                yield _MirrorPair(item, mirror, key, partner)


def _differs(entry_set: EntrySet) -> Iterator[Finding]:
    for item, mirror, _, partner in entry_set.memo(_pairs):
        if partner is None:
            continue
        ours, theirs = mirror.field.get(item.value, MISSING), mirror.at.get(partner.value, MISSING)
        if ours is MISSING and theirs is MISSING:
            continue
        if ours is not MISSING and theirs is not MISSING and same(ours, theirs):
            continue
        yield Finding(
            item,
            f"{_shown(mirror.field.text, ours, theirs)}, and {partner.address} "
            f"{_shown(mirror.at.text, theirs, ours)}.",
            mirror.field.path if ours is not MISSING else (),
            fix=_fix(entry_set, item, mirror, ours, partner, theirs),
            related=(related(partner, "the other one", mirror.at.path if theirs is not MISSING else ()),),
            severity=mirror.differs,
            others=(partner,),
            extra=f"{mirror.field.text}={partner.address}.{mirror.at.text}",
        )


def _shown(field: str, value: Json, other: Json) -> str:
    return f"has no {field}" if value is MISSING else f"{field} is {as_shown(value, other=other)}"


def _fix(entry_set: EntrySet, item: Entry, mirror: Mirror, ours: Json, partner: Entry, theirs: Json) -> Fix:
    """The source wins, where its partner may be edited; else the partner does."""
    if _may_be_edited(entry_set, partner):
        wins, loser, path, new, old = item, partner, mirror.at.path, ours, theirs
    elif _may_be_edited(entry_set, item):
        wins, loser, path, new, old = partner, item, mirror.field.path, theirs, ours
    else:
        files = " or ".join(dict.fromkeys((partner.place.file, item.place.file)))
        return Fix(f"No fragment owns either of the two: say the same in both by hand, in {files}.")
    field = ".".join(map(str, path))
    if new is MISSING:
        return Fix(f"Take {field} out of {loser.address}, or say it in {wins.address} too.")
    if old is MISSING:
        return Fix(f"Say it there too: {_command(loser.address, field, new)}")
    return Fix(
        f"Say in {loser.address} what {wins.address} says.",
        safe=True,
        replacements=((place_of(loser, path), new),),
    )


def _command(address: str, field: str, value: Json) -> str:
    """The command that gives an entry a field."""
    import json
    from shlex import quote

    assignment = quote(f"{field}={json.dumps(value, ensure_ascii=False)}")
    return (
        f"registry set {quote(address)} {assignment if len(assignment) <= _LONGEST_VALUE else f'{field}=…'}"
    )


def _may_be_edited(entry_set: EntrySet, item: Entry) -> bool:
    """Whether the place where an entry stands is a person's to edit: a fragment, or a file that is its own truth."""
    return item.place.file.startswith(f"{DESIRED_FOLDER}/") or entry_set.kinds[item.kind].truth == "live"


MIR001 = Rule(
    "MIR001",
    "Two entries that mirror each other differ",
    Severity.ERROR,
    check=_differs,
    concerns=lambda kind: bool(kind.mirrors),
)


def _without_partner(entry_set: EntrySet) -> Iterator[Finding]:
    from registry_reconciler.base.suggest import closest

    hints = 0
    seen: set[tuple[str, str, str]] = set()
    for item, mirror, key, partner in entry_set.memo(_pairs):
        if partner is not None or (item.address, mirror.kind, key) in seen:
            continue
        seen.add((item.address, mirror.kind, key))
        near = closest(key, entry_set.keys(mirror.kind)) if hints < SUGGESTIONS else None
        hints += 1
        yield Finding(
            item,
            f"there is no {mirror.kind} {key!r} that mirrors it.{meant(near)}",
            mirror.key.path if mirror.key is not None else (),
            severity=mirror.missing,
            extra=f"{mirror.kind}/{key}",
        )


MIR002 = Rule(
    "MIR002",
    "An entry has no partner that mirrors it",
    Severity.WARNING,
    check=_without_partner,
    concerns=lambda kind: bool(kind.mirrors),
)


RULES = (MIR001, MIR002)
