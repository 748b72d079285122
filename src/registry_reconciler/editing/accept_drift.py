"""What registries say of entries that were edited by hand, taken over into their fragments."""

from __future__ import annotations

from collections.abc import Iterable

from registry_reconciler.editing.fragment_edit import Drafts, default_fragment, live_snippets
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import MISSING, split_address
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.known_entries import under_key
from registry_reconciler.planning.resolve import resolve


def accept_live(loaded: Loaded, addresses: Iterable[str]) -> tuple[FragmentEdit, ...]:
    """What the registries say becomes what the fragments say, for these managed addresses.

    An entry that was edited by hand changes in its fragment (comments there stay), under the name that it is to have;
    one that was removed by hand is removed there; one that no fragment declares any more is let go: it stays in its
    registry, unmanaged.

    Raises:
        UsageFailure: an address is not managed.
        Blocked: the live entry or the fragment cannot be read or edited.
    """
    drafts = Drafts(loaded)
    renames = resolve(loaded.fragments, loaded.state.entries, loaded.live.entries, loaded.kinds).renames
    for address in sorted(set(addresses)):
        _accept(drafts, address, renames.get(address, address))
    return drafts.finish()


def _accept(drafts: Drafts, address: str, standing: str) -> None:
    """``standing`` is the address in the registry: another one where a rename is still to be done."""
    loaded = drafts.loaded
    kind = loaded.kinds.get(split_address(address)[0])
    state = loaded.state.entries.get(standing) or loaded.state.entries.get(address)
    live = loaded.live.entries.get(standing)
    owner = drafts.owner(address)
    if kind is None or (state is None and owner is None):
        raise UsageFailure(
            f"{address} is not managed, so it has no drift. To manage it: registry adopt {address}",
            next=(("registry", "adopt", address),),
        )
    if live is None and kind.name in loaded.live.hidden_kinds:
        raise Blocked(f"a registry file of {kind.name} cannot be read, so it is unknown what {address} is.")
    if any(clash.address == standing for clash in loaded.live.clashes):
        raise Blocked(f"{standing} stands in the registries twice: remove one of the two first.")
    if live is None:
        drafts.remove(address)
        if standing != address:
            _drop_moves(drafts, address)
    elif owner is not None:
        value = live.value if standing == address else under_key(kind, live.value, owner.value)
        drafts.put(kind, value, snippet=live_snippets(loaded, [live])[standing])
    else:
        # No fragment declares it any more, and somebody edited what was to be deleted: it stays, and nobody manages it.
        fragment = _former_fragment(drafts, state, kind)
        drafts.directive("removed", {"address": address, "keep": True}, fragment)


def _drop_moves(drafts: Drafts, target: str) -> None:
    """Lines that say a rename of what is gone: they would stand in the way of others that hand its name on."""
    for path, document, index, item in drafts.items("moved"):
        if isinstance(item, dict) and item.get("to") == target:
            drafts.change_item("moved", path, document, index, MISSING)


def _former_fragment(drafts: Drafts, state: StateEntry | None, kind: Kind) -> str:
    if state is None or state.fragment not in drafts.loaded.fragments.files:
        return default_fragment(kind.name)
    return state.fragment
