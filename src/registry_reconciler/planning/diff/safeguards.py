"""What stops a plan as a whole: a kind whose place moved away, and deletions in mass."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.state.places import place_of
from registry_reconciler.loading.workspace import managed_by_kind
from registry_reconciler.model.change import Action
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import Place, split_address
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.changed_place import other_place
from registry_reconciler.planning.diff.work import DiffWork
from registry_reconciler.rules.unloaded import Unloaded


def empty_places(work: DiffWork) -> Iterator[Problem]:
    """A kind with managed entries whose schema points elsewhere now, where none of them stands.

    The state remembers where they stood: a registry that somebody removed whole is no changed place. What an older
    program wrote does not say; then there being nothing at all at the place counts as one.
    """
    for name, addresses in managed_by_kind(work.state).items():
        kind = work.kinds.get(name)
        if kind is None or name in work.live.hidden_kinds or name in work.relocated:
            continue
        before = work.state.places.get(name)
        if before.is_at(place_of(kind)) if before is not None else work.live.found[name]:
            continue
        if before is not None and any(address in work.live.entries for address in addresses):
            continue
        left = [
            address
            for address in addresses
            if address in work.desired.entries
            and not work.state.was_deleted(address)
            and not work.overwritten(address)
        ]
        # A kind of one entry a file leaves nothing behind where somebody removes the only one.
        if len(left) <= (before is None and LAYOUTS[kind.layout].one_a_file):
            continue
        yield other_place(kind, left, before)


def brakes(work: DiffWork, config: Config, any_fragment: bool, rest: Unloaded) -> Iterator[Problem]:
    """More deletions than anybody means: of most entries of a kind, or of everything because no fragment is there."""
    deleted: dict[str, list[str]] = {}
    for change in work.changes:
        if change.action is Action.DELETE and work.kinds[change.kind].truth != "live":
            deleted.setdefault(change.kind, []).append(change.address)
    if deleted and not any_fragment:
        total = sum(map(len, deleted.values()))
        yield problem(
            "BRK002",
            f"no fragment declares anything, so all {total} managed entries would be deleted.",
            Place("desired"),
            fix="Restore desired/. If everything is to be deleted: registry plan --allow-mass-delete",
        )
        return
    managed = dict(rest.managed)
    for address in work.state.entries:
        kind = split_address(address)[0]
        managed[kind] = managed.get(kind, 0) + 1
    for kind, addresses in sorted(deleted.items()):
        total = managed.get(kind, 0)
        if total >= config.mass_delete_minimum and len(addresses) * 100 > total * config.mass_delete_percent:
            yield problem(
                "BRK001",
                f"{len(addresses)} of {total} managed entries of {kind} would be deleted, "
                f"more than {config.mass_delete_percent} %.",
                Place("desired"),
                fix="Look for a fragment that was lost. If it is intended: registry plan --allow-mass-delete",
                extra=kind,
            )
