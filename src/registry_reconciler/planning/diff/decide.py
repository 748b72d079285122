"""What happens to one address: the table of the contract's section 3, row by row.

The state is a third side: it tells a hand edit (live moved away from what was applied) from a changed wish (the
fragment moved away from it), and both from an entry that was never ours.
"""

from __future__ import annotations

from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.change import Action, Change, Drift, Heal, Reason
from registry_reconciler.model.entry import (
    DesiredEntry,
    Json,
    LiveEntry,
    Place,
    same,
    show_path,
    split_address,
)
from registry_reconciler.model.problem import Problem, Related, Severity
from registry_reconciler.model.redact import mask
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.diff.work import DiffWork, ThreeWay
from registry_reconciler.planning.field_diff import diff_values
from registry_reconciler.planning.known_entries import under_key


def decide(work: DiffWork, three_way: ThreeWay) -> None:
    """Note what happens to an address that a fragment or the state knows."""
    if three_way.desired is None:
        _decide_undeclared(work, three_way)
    elif three_way.live is None:
        _decide_absent(work, three_way, three_way.desired)
    elif three_way.state is None or _was_left(work, three_way, three_way.desired, three_way.live):
        _decide_unmanaged(work, three_way, three_way.desired, three_way.live)
    else:
        _decide_managed(work, three_way, three_way.desired, three_way.live, three_way.state)


def _was_left(work: DiffWork, three_way: ThreeWay, desired: DesiredEntry, live: LiveEntry) -> bool:
    """Whether some side of a merge let the entry go, and fragment and registry differ.

    What that side applied before is remembered by nobody, so the difference is called no edit by hand.
    """
    return work.state.was_left(three_way.source or three_way.address) and not same(
        _as_before(work, three_way, desired), live.value
    )


def _decide_absent(work: DiffWork, three_way: ThreeWay, desired: DesiredEntry) -> None:
    """The fragment says it, the registries do not have it."""
    state = three_way.state
    if state is None or work.state.was_deleted(three_way.address):
        _add(work, three_way, Action.CREATE, Reason.NOT_IN_REGISTRY)
        return
    _drifted(work, three_way, gone=True)
    if work.applied(state, desired.kind, _as_before(work, three_way, desired)):
        _settle_drift(
            work, three_way, Action.CREATE, desired.place, "it was removed from the registries by hand"
        )
    elif work.overwritten(three_way.address):
        _add(work, three_way, Action.CREATE, Reason.BOTH_CHANGED)
    else:
        _both_changed(work, three_way, desired.place, "it was removed by hand, and its fragment changed too")


def _settle_drift(work: DiffWork, three_way: ThreeWay, action: Action, place: Place, what: str) -> None:
    """The fragment says what was applied, and somebody edited the registry: that edit is left unless told otherwise."""
    if work.overwritten(three_way.address):
        _add(work, three_way, action, Reason.LIVE_CHANGED)
    elif work.config.drift == "undo":
        _add(work, three_way, action, Reason.LIVE_CHANGED)
        undoes = "puts it back" if action is Action.CREATE else "undoes that"
        fix = f"To keep the edit instead: registry drift --accept {three_way.address}"
        work.problems.append(_drift_problem(three_way, place, f"{what}; this plan {undoes}", fix))
    else:
        state, desired = three_way.state, three_way.desired
        moved = state and desired and state.fragment != desired.place.file and three_way.source is None
        if state is not None and moved:
            # Else what is remembered of a fragment that was renamed or removed would stay where it was.
            work.heal(three_way.address, state, f"owned by {state.fragment} until now")
        fix = (
            f"Keep the edit: registry drift --accept {three_way.address}. "
            f"Undo it: registry drift --revert {three_way.address}"
        )
        found = _drift_problem(three_way, place, f"{what}; it is left as it is", fix)
        blocks = work.config.drift == "block"
        work.problems.append(replace(found, severity=Severity.ERROR) if blocks else found)


def _called(three_way: ThreeWay) -> str:
    """An entry for messages, with the name that its registry has while a rename is still to be done."""
    if three_way.source is None:
        return three_way.address
    return f"{three_way.address} (still called {three_way.source})"


def _drift_problem(three_way: ThreeWay, place: Place, why: str, fix: str) -> Problem:
    message = f"{_called(three_way)} is not what was last applied: {why}."
    return problem("STA001", message, place, address=three_way.address, fix=fix)


def _decide_unmanaged(work: DiffWork, three_way: ThreeWay, desired: DesiredEntry, live: LiveEntry) -> None:
    """The fragment says it, the registries have it, and nobody put it there."""
    if same(_as_before(work, three_way, desired), live.value) or work.adopted(three_way.address):
        action = Action.MOVE if three_way.source else Action.ADOPT
        _add(work, three_way, action, Reason.MOVED if three_way.source else Reason.ADOPTED)
        return
    fields = diff_values(live.value, desired.value)
    names = first_few(list(dict.fromkeys(show_path(field.path[:1]) for field in fields if field.path)), 12)
    work.problems.append(
        problem(
            "STA003",
            f"{three_way.address} is in {live.place.file} already, is not managed, and differs in {names}.",
            desired.place,
            address=three_way.address,
            related=(Related("the live entry", live.place),),
            fix=f"Make the fragment say what is there, or take it over with the fragment's fields: "
            f"registry plan --adopt {three_way.address}",
        )
    )


def _decide_managed(
    work: DiffWork, three_way: ThreeWay, desired: DesiredEntry, live: LiveEntry, state: StateEntry
) -> None:
    """All three know it."""
    if same(desired.value, live.value) and not three_way.source:
        work.unchanged += 1
        if state.fragment != desired.place.file:
            work.heal(three_way.address, state, f"owned by {state.fragment} until now")
        elif work.state.was_left(three_way.address):
            work.heal(
                three_way.address, state, "some side let it go; fragment and registry agree, so it is managed"
            )
        elif work.state.is_marked_deleted(three_way.address):
            # As long as that is remembered, a removal by hand would be taken for it.
            work.heal(
                three_way.address, state, "some side deleted it; fragment and registry agree, so it is there"
            )
        elif not work.applied(state, live.kind, live.value):
            work.heal(three_way.address, state, "the registries already say the same")
        return
    desired_entry = _as_before(work, three_way, desired)
    if same(desired_entry, live.value):
        _add(work, three_way, Action.MOVE, Reason.MOVED)
    elif work.applied(state, desired.kind, desired_entry) and not _only_secrets(work, desired_entry, live):
        action = Action.MOVE if three_way.source else Action.UPDATE
        _settle_drift_of_live(work, three_way, action, live)
    elif work.applied(state, live.kind, live.value):
        changed = _only_secrets(work, desired_entry, live)
        reason = Reason.SECRET_DIFFERS if changed else Reason.DESIRED_CHANGED
        reason = Reason.MOVED if three_way.source else reason
        _add(work, three_way, Action.MOVE if three_way.source else Action.UPDATE, reason)
    elif work.overwritten(three_way.address):
        _drifted(work, three_way, known=False)
        _add(work, three_way, Action.MOVE if three_way.source else Action.UPDATE, Reason.BOTH_CHANGED)
    else:
        _drifted(work, three_way, known=False)
        _both_changed(work, three_way, live.place, "it was edited by hand, and its fragment changed too")


def _only_secrets(work: DiffWork, desired: dict[str, Json], live: LiveEntry) -> bool:
    """Whether nothing but secrets differs: the state keeps none to tell who changed one, so the fragment says."""
    secrets = work.kinds[live.kind].secrets
    return bool(secrets) and same(mask(desired, secrets), mask(live.value, secrets))


def _settle_drift_of_live(work: DiffWork, three_way: ThreeWay, action: Action, live: LiveEntry) -> None:
    _drifted(work, three_way)
    _settle_drift(work, three_way, action, live.place, "it was edited by hand")


def _decide_undeclared(work: DiffWork, three_way: ThreeWay) -> None:
    """No fragment says it, the state remembers it."""
    state, live = three_way.state, three_way.live
    assert state is not None
    removal = work.desired.removals.get(three_way.address)
    if live is None:
        work.heal(three_way.address, state, "no fragment and no registry has it")
        return
    untouched = work.applied(state, live.kind, live.value)
    if removal is not None and removal.keep and work.state.was_left(three_way.address):
        work.unmanaged += 1
        work.heal(three_way.address, state, "some side let it go already")
    elif removal is not None and removal.keep:
        _add(
            work,
            three_way,
            Action.FORGET,
            Reason.REMOVED,
            note="the live entry stays and is no longer managed",
        )
    elif removal is None and work.fragments.partly_unreadable and not work.overwritten(three_way.address):
        _unseen(work, three_way, live)
    elif _in_doubt(work, three_way, state):
        _doubted(work, three_way, live, state, "after a merge it is unclear whether it is managed")
    elif (
        removal is None
        and not work.overwritten(three_way.address)
        and work.left_behind.adopted(three_way.address)
    ):
        _doubted(
            work, three_way, live, state, "git has neither a state nor a fragment that says it is managed"
        )
    elif untouched or work.overwritten(three_way.address):
        if work.desired.protected(three_way.address) or work.was_protected(three_way.address):
            refuse_protected(work, three_way, live)
        why = Reason.REMOVED if removal else Reason.NOT_IN_FRAGMENTS
        if not untouched:
            _drifted(work, three_way, known=False)
            why = Reason.BOTH_CHANGED
        _add(work, three_way, Action.DELETE, why)
    else:
        _drifted(work, three_way, known=False)
        _both_changed(
            work, three_way, live.place, "it was edited by hand, and no fragment declares it any more"
        )


def remember_kept(work: DiffWork, three_way: ThreeWay) -> None:
    """An entry that nobody manages here is let go: another branch may have applied what declared it."""
    hidden = work.state.hidden or work.fragments.partly_unreadable
    if hidden or three_way.address in work.clashing or work.state.was_left(three_way.address):
        return
    place = work.desired.removals[three_way.address].place
    why = "it is let go here, and another branch may manage it"
    work.heals.append(Heal(three_way.address, place.file, why))


def _in_doubt(work: DiffWork, three_way: ThreeWay, state: StateEntry) -> bool:
    """Whether the sides of a merge disagree on who manages it: one let it go, another one's account still knows it."""
    unclear = state.doubtful or work.state.was_left(three_way.address)
    return unclear and not work.overwritten(three_way.address)


def _doubted(work: DiffWork, three_way: ThreeWay, live: LiveEntry, state: StateEntry, why: str) -> None:
    """Whether it is managed cannot be told: then it is not, and nobody deletes it."""
    work.unmanaged += 1
    work.heal(three_way.address, state, f"{why}, so it is not")
    work.problems.append(
        problem(
            "STA006",
            f"{three_way.address} counts as not managed: {why}.",
            live.place,
            address=three_way.address,
            fix=f"If it is to be managed: registry adopt {three_way.address}. "
            f"If it is to go: registry plan --overwrite {three_way.address}",
        )
    )


def _unseen(work: DiffWork, three_way: ThreeWay, live: LiveEntry) -> None:
    """A fragment that nobody sees may declare it now: nothing is planned."""
    work.problems.append(
        problem(
            "STA006",
            f"{three_way.address} is in no fragment that can be read, and there are others: it is not deleted.",
            live.place,
            address=three_way.address,
            fix="Make all fragments readable (of a sparse checkout: git sparse-checkout disable), or, if it is to go, "
            f"say so in a fragment: removed: [{{address: {three_way.address}}}]",
        )
    )


def refuse_protected(work: DiffWork, three_way: ThreeWay, live: LiveEntry) -> None:
    """Refuse the deletion of an entry that is protected, or was when it was last applied."""
    patterns = [work.desired.protects[number] for number in work.desired.guards.some(three_way.address)[:20]]
    why = "a fragment protects it" if patterns else "it was protected when it was last applied"
    work.problems.append(
        problem(
            "STA005",
            f"{three_way.address} would be deleted, but {why}.",
            live.place,
            address=three_way.address,
            related=tuple(Related("protected here", pattern.place) for pattern in patterns),
            fix="Declare the entry again; or lift the protection in an apply of its own "
            "and delete the entry in the next.",
        )
    )


def _as_before(work: DiffWork, three_way: ThreeWay, desired: DesiredEntry) -> dict[str, Json]:
    """The desired value under the old key, so that a pure rename compares equal to what was applied."""
    if three_way.source is None or three_way.live is None:
        return desired.value
    return under_key(work.kinds[desired.kind], desired.value, three_way.live.value)


def _add(work: DiffWork, three_way: ThreeWay, action: Action, reason: Reason, note: str = "") -> None:
    kind, key = split_address(three_way.address)
    live = three_way.live
    forgotten = action is Action.FORGET
    after = live.value if forgotten and live else None
    if three_way.desired is not None and action is not Action.DELETE:
        after = three_way.desired.value
    before = live.value if live else None
    removal = work.desired.removals.get(three_way.address)
    origin = three_way.desired.place if three_way.desired else removal.place if removal else None
    work.changes.append(
        Change(
            address=three_way.address,
            kind=kind,
            key=key,
            action=action,
            reason=reason,
            file=live.place.file if live else "",
            from_address=three_way.source,
            origin=origin,
            live=live.place if live else None,
            fields=diff_values(before, after) if before is not None and after is not None else (),
            before=before,
            after=after,
            note=note,
        )
    )


def _drifted(work: DiffWork, three_way: ThreeWay, *, gone: bool = False, known: bool = True) -> None:
    live, desired = three_way.live, three_way.desired
    fields = diff_values(_as_before(work, three_way, desired), live.value) if live and desired else ()
    place = live.place if live else desired.place if desired else Place("")
    work.drift.append(Drift(three_way.address, live.place.file if live else "", fields, place, gone, known))


def _both_changed(work: DiffWork, three_way: ThreeWay, place: Place, why: str) -> None:
    work.problems.append(
        problem(
            "STA002",
            f"{_called(three_way)} is not what was last applied: {why}.",
            place,
            address=three_way.address,
            related=(Related("the fragment", three_way.desired.place),) if three_way.desired else (),
            fix=f"Keep the edit: registry drift --accept {three_way.address}. "
            f"Drop it: registry plan --overwrite {three_way.address}",
        )
    )
