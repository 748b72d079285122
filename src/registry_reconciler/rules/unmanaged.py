"""Entries that no fragment owns, of kinds that want all of theirs owned (UNM)."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Fix, Severity
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import EntrySet


def _wants_all(kind: Kind) -> bool:
    return kind.managed == "all"


def _unmanaged(entry_set: EntrySet) -> Iterator[Finding]:
    for kind in entry_set.kinds.values():
        if not _wants_all(kind):
            continue
        for item in entry_set.of(kind.name):
            if not item.managed and not entry_set.maybe_declared(item.address):
                yield Finding(
                    item,
                    f"{item.address} is in the registry and no fragment owns it; of {kind.name} all are managed.",
                    fix=Fix(f"Let a fragment own it: registry adopt {item.address}. Or remove the entry."),
                    cause=f"unmanaged {kind.name}",
                )


UNM001 = Rule(
    "UNM001",
    "No fragment owns the entry",
    Severity.ERROR,
    check=_unmanaged,
    supports_incremental=True,
    concerns=_wants_all,
)


RULES = (UNM001,)
