"""The state of fragments of which only the entries that wait were loaded: it comes out as it did. Pure.

A plan that looked at everything wrote it down: what went into the state of each such fragment and out of it, and what
its files came to. Fragment and state being the same since, the same goes in and out again, or nobody knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.loading.state import public
from registry_reconciler.model.entry import canonical, digest_parts
from registry_reconciler.model.plan import FileChange
from registry_reconciler.rules.unloaded import KnownState

if TYPE_CHECKING:
    from registry_reconciler.planning.state_changes import StateChanges

LATER = "(later)"
"""Stands for the text of a record that is not worked out yet."""

NOTHING_KNOWN: Mapping[str, KnownState] = MappingProxyType({})


def keys(changes: StateChanges, fragments: Collection[str]) -> dict[str, str]:
    """What tells, by fragment, what is put into its state and taken out of it from everything else."""
    state = changes.loaded.state.entries
    found: dict[str, list[str]] = {fragment: [] for fragment in fragments}
    for address in sorted(changes.gone):
        if address in state and state[address].fragment in found:
            found[state[address].fragment].append(address)
    for address, (owner, (salt, text)) in sorted(changes.put.items()):
        if owner in found:
            text = canonical(public(*changes.fresh[address])) if text is LATER else text
            found[owner].append(canonical([address, salt, text, *changes.former.get(address, ())]))
    return {fragment: digest_parts(parts) for fragment, parts in found.items()}


def known_files(changes: StateChanges, known: Mapping[str, KnownState]) -> Iterator[FileChange]:
    """The files of fragments of which it is known what they come out as; those are done with that.

    They have no content. Raises :class:`UnreadNeeded` where it is not known.
    """
    mine = changes.touched.intersection(known)
    now = keys(changes, mine)
    for fragment in sorted(mine):
        if now[fragment] != known[fragment].key:
            raise UnreadNeeded("the state of a fragment does not come out as it did")
        yield from (FileChange(*file) for file in known[fragment].files)
    changes.touched -= mine
    changes.seeded = not mine
