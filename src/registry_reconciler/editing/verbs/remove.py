"""Entries that go, or that are only no longer managed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json, make_address
from registry_reconciler.model.field_roles import Reference
from registry_reconciler.model.references import references_in

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded


def removing(
    addresses: Sequence[str], *, keep: bool = False, text_goes: bool = False
) -> Callable[[Loaded], Edits]:
    """The draft that removes entries.

    Args:
        keep: the live entry stays, and is no longer managed.
        text_goes: a file of front matter is deleted although there is text below.
    """

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        for address in dict.fromkeys(addresses):
            session.value(address)  # which raises where it is not there, or not managed
            if keep and session.owned_by_live(address):
                raise UsageFailure(
                    f"{address} is not managed: its registry owns it (truth: live), so --keep would change nothing."
                )
            if keep and (address in loaded.live.entries or address in loaded.state.entries):
                fragment = session.owner(address).place.file
                session.drafts.directive("removed", {"address": address, "keep": True}, fragment)
            if text_goes and session.owned_by_live(address):
                session.text_goes.add(address)
            elif text_goes and address in loaded.live.entries:
                fragment = session.owner(address).place.file
                session.drafts.directive("removed", {"address": address, "body": "delete"}, fragment)
            session.values[address] = None
        if not keep:
            session.also.update(_let_go(loaded, frozenset(addresses)))
        return session.finish()

    return draft


def _let_go(loaded: Loaded, addresses: frozenset[str]) -> Iterator[str]:
    """Entries whose fragment refers no more to what goes, while their registry still does: one plan does both."""
    for entry in loaded.fragments.entries:
        live = loaded.live.entries.get(entry.address)
        if live is None or entry.address in addresses:
            continue
        for reference in loaded.kinds[entry.kind].references:
            gone = _targets(reference, live.value) & addresses
            if gone and not gone & _targets(reference, entry.value):
                yield entry.address


def _targets(reference: Reference, value: dict[str, Json]) -> set[str]:
    """The addresses that a value may mean by a reference."""
    keys = {key for _, key in references_in(reference, value)}
    return {make_address(kind, key) for kind in reference.kinds for key in keys}
