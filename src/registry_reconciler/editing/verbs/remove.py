"""Entries that go, or that are only no longer managed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.errors import UsageFailure

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded


def removing(addresses: Sequence[str], *, keep: bool = False) -> Callable[[Loaded], Edits]:
    """The draft that removes entries.

    Args:
        keep: the live entry stays, and is no longer managed.
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
            session.values[address] = None
        return session.finish()

    return draft
