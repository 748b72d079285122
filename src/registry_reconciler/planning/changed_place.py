"""A kind whose schema points elsewhere now, and none of whose managed entries stands there: that blocks. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping

from registry_reconciler.loading.layouts import LAYOUTS
from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.state import State
from registry_reconciler.loading.state.places import KindPlace, place_of
from registry_reconciler.loading.workspace import count_of, managed_by_kind
from registry_reconciler.model.entry import Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem


def empty_places(
    kinds: Mapping[str, Kind],
    state: State,
    live: Live,
    declared: Collection[str],
    overwritten: Callable[[str], bool],
    told: Collection[str] = (),
) -> Iterator[Problem]:
    """A kind with managed entries whose schema points elsewhere now, where none of them stands.

    The state remembers where they stood: a registry that somebody removed whole is no changed place. What an older
    program wrote does not say; then there being nothing at all at the place counts as one.

    Args:
        told: kinds of which it was said already.
    """
    for name, addresses in managed_by_kind(state).items():
        kind = kinds.get(name)
        if kind is None or name in live.hidden_kinds or name in told:
            continue
        before = state.places.get(name)
        if before.is_at(place_of(kind)) if before is not None else live.found[name]:
            continue
        if before is not None and any(one in live.entries for one in addresses):
            continue
        left = [
            one
            for one in addresses
            if one in declared and not state.was_deleted(one) and not overwritten(one)
        ]
        # A kind of one entry a file leaves nothing behind where somebody removes the only one.
        if len(left) <= (before is None and LAYOUTS[kind.layout].one_a_file):
            continue
        yield other_place(kind, left, before)


def other_place(kind: Kind, left: list[str], before: KindPlace | None) -> Problem:
    """What is said of entries that do not stand where their kind has them."""
    now = place_of(kind)
    stood = f" They stood in {before.told_apart(now)}." if before is not None else ""
    same_format = before is not None and before.file.rpartition(".")[2] == now.file.rpartition(".")[2]
    plain = before is not None and same_format and not set("*?[{") & set(before.file + now.file)
    if before is None:
        move = "git mv"
    elif plain and before.file != now.file:
        move = f"git mv {shlex.quote(before.file)} {shlex.quote(now.file)}"
    else:
        move = "move the entries there by hand"
    return problem(
        "KND005",
        f"the state knows {count_of(left)} of the kind {kind.name!r}, and none of them stands where its schema points: "
        f"in {now.told_apart(before or now)}.{stood}",
        Place(kind.schema_path, 0, ("x-registry", "file")),
        fix="If 'file', 'at' or 'layout' was changed, bring the registry to its new place in the same commit "
        f"({move}), or change it "
        "back. If the registry is gone, restore it: git checkout HEAD -- FILE. To write all entries anew from the "
        f"fragments: registry apply --overwrite '{kind.name}/*'",
        extra=kind.name,
    )
