"""Desired, live and state → changes. Pure: the table of the contract's section 3, row by row.

The state is a third witness: it tells a hand edit (live moved away from what was applied) from a changed wish (the
fragment moved away from it), and both from an entry that was never ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from registry_reconciler.changes import Action, Change, Drift, Heal, Reason
from registry_reconciler.config import Config
from registry_reconciler.fielddiff import diff_values
from registry_reconciler.fields import with_value
from registry_reconciler.kinds import Kind
from registry_reconciler.live import Live
from registry_reconciler.model import DesiredEntry, Json, LiveEntry, Place, same, split_address
from registry_reconciler.plan import PlanOptions
from registry_reconciler.problems import Problem, Related, Severity
from registry_reconciler.records import dataclass
from registry_reconciler.resolve import Desired, exact_ones, means
from registry_reconciler.rest import NOTHING, Rest
from registry_reconciler.state import State, StateEntry
from registry_reconciler.structural import problem

MOST_LOOKED_AT = 5_000
"""Of so many managed entries all records are looked at when an apply writes."""


@dataclass(frozen=True, slots=True)
class Diff:
    """What would change, before anything is judged.

    Attributes:
        changes: in address order; without the file of new entries, which the writing stage knows.
        unchanged: addresses of managed entries that stay as they are.
        unmanaged: how many live entries nobody manages.
        heals: entries of which only what is remembered does not fit.
    """

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    problems: tuple[Problem, ...]
    unchanged: int
    unmanaged: int
    heals: tuple[Heal, ...] = ()


@dataclass(slots=True)
class _Diffing:
    kinds: Mapping[str, Kind]
    config: Config
    desired: Desired
    live: Live
    state: State
    options: PlanOptions
    unreadable: frozenset[str]
    clashing: frozenset[str]
    exact: frozenset[str] = frozenset()
    changes: list[Change] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchanged: int = 0
    unmanaged: int = 0
    heals: list[Heal] = field(default_factory=list)

    def overwritten(self, address: str) -> bool:
        return any(means(pattern, address, self.exact) for pattern in self.options.overwrite)

    def adopted(self, address: str) -> bool:
        return any(means(pattern, address, self.exact) for pattern in self.options.adopt)

    def applied(self, state: StateEntry, kind: str, value: dict[str, Json]) -> bool:
        """Whether a value is one that was applied."""
        return state.says(self.kinds.get(kind), value)

    def was_protected(self, address: str) -> bool:
        return any(means(pattern, address, self.exact) for pattern in self.state.protects)


@dataclass(frozen=True, slots=True)
class _Trio:
    """One address with its three witnesses; after a move, ``live`` and ``state`` are those of the old address."""

    address: str
    desired: DesiredEntry | None
    state: StateEntry | None
    live: LiveEntry | None
    source: str | None = None


def diff(
    kinds: Mapping[str, Kind],
    config: Config,
    desired: Desired,
    live: Live,
    state: State,
    options: PlanOptions,
    unreadable: frozenset[str] = frozenset(),
    *,
    any_fragment: bool = True,
    rest: Rest = NOTHING,
) -> Diff:
    """Compare the three. ``unreadable`` are fragments whose entries nobody may touch."""
    clashing = frozenset(entry.address for entry in live.clashes)
    asked = (*options.target, *options.exclude, *options.adopt, *options.overwrite)
    exact = exact_ones((*asked, *state.protects), desired.entries, state.entries, live.entries)
    work = _Diffing(kinds, config, desired, live, state, options, unreadable, clashing, exact)
    moved_away = set(desired.renames.values())
    special = desired.disputed | clashing | moved_away | desired.renames.keys()
    whole = not options.target and not options.exclude
    for address in _in_order(desired, state, live):
        if whole and address not in special and _as_applied(work, address):
            work.unchanged += 1
            continue
        trio = _trio(work, address)
        if trio.desired is None and trio.state is None:
            work.unmanaged += trio.live is not None and address not in moved_away
        elif (
            address not in moved_away
            and _selected(work, {address, desired.renames.get(address, address)})
            and not _blind(work, trio)
        ):
            _decide(work, trio)
    if whole and (work.changes or work.heals):
        _look_at_records(work, special, sum(rest.managed.values()))
    brakes = () if options.allow_mass_delete else tuple(_brakes(work, config, any_fragment, rest))
    return Diff(
        tuple(sorted(work.changes, key=lambda change: change.address)),
        tuple(work.drift),
        (*work.problems, *brakes),
        work.unchanged + rest.unchanged,
        work.unmanaged + rest.unmanaged,
        tuple(sorted(work.heals, key=lambda heal: heal.address)),
    )


def _look_at_records(work: _Diffing, special: set[str] | frozenset[str], elsewhere: int) -> None:
    """An apply that writes anyway mends what is remembered: only then it is asked of entries that stay.

    Of a large workspace only the fragments are looked at whose state is written; ``registry resolve`` looks at all.
    """
    healed = {heal.address for heal in work.heals} | {change.address for change in work.changes}
    large = len(work.state.entries) + elsewhere > MOST_LOOKED_AT
    touched = set(_touched_fragments(work)) if large else set()
    for address, state in work.state.entries.items():
        if address in healed or address in special or (large and state.fragment not in touched):
            continue
        if is_unfit(work.kinds, state, work.desired.entries.get(address), work.live.entries.get(address)):
            _heal(work, address, state, "fragment and registry agree on something else")


def _touched_fragments(work: _Diffing) -> Iterator[str]:
    yield from (heal.fragment for heal in work.heals)
    for change in work.changes:
        for address in (change.address, change.from_address or change.address):
            if address in work.state.entries:
                yield work.state.entries[address].fragment
            if address in work.desired.entries:
                yield work.desired.entries[address].place.file


def is_unfit(
    kinds: Mapping[str, Kind], state: StateEntry, desired: DesiredEntry | None, live: LiveEntry | None
) -> bool:
    """Whether fragment and registry agree, and what is remembered is something else."""
    if desired is None or live is None or not same(desired.value, live.value):
        return False
    return not state.all_say(kinds.get(live.kind), live.value)


def _in_order(desired: Desired, state: State, live: Live) -> list[str]:
    """All addresses, sorted. Most are live, and those are in order already: then sorting is one look at each."""
    known = live.entries
    others = {
        address for entries in (desired.entries, state.entries) for address in entries if address not in known
    }
    return sorted([*known, *others])


def _as_applied(work: _Diffing, address: str) -> bool:
    """Whether fragment and registry agree on a managed entry, as they do on most: no more is to be asked.

    What was applied is not compared: where both say one thing, somebody applied it, whatever is remembered.
    """
    desired, live = work.desired.entries.get(address), work.live.entries.get(address)
    state = work.state.entries.get(address)
    if desired is None or live is None or state is None:
        return False
    return state.fragment == desired.place.file and same(desired.value, live.value)


def _trio(work: _Diffing, address: str) -> _Trio:
    source = work.desired.renames.get(address)
    old = source or address
    state = work.state.entries.get(old) or work.state.entries.get(address)
    return _Trio(address, work.desired.entries.get(address), state, work.live.entries.get(old), source)


def _selected(work: _Diffing, addresses: set[str]) -> bool:
    """Whether the plan is asked for an entry; one that moves is meant by its old address as well as by its new one."""
    target, exclude = work.options.target, work.options.exclude
    if target and not any(means(pattern, one, work.exact) for pattern in target for one in addresses):
        return False
    return not any(means(pattern, one, work.exact) for pattern in exclude for one in addresses)


def _blind(work: _Diffing, trio: _Trio) -> bool:
    """Whether something about the address cannot be known, so that nothing may be planned for it."""
    if trio.address in work.desired.disputed or {trio.address, trio.source} & work.clashing:
        return True
    kind = split_address(trio.address)[0]
    if kind not in work.kinds:
        return True
    if trio.live is None and kind in work.live.hidden_kinds:
        return True
    return trio.desired is None and trio.state is not None and trio.state.fragment in work.unreadable


def _decide(work: _Diffing, trio: _Trio) -> None:
    if trio.desired is None:
        _decide_silent(work, trio)
    elif trio.live is None:
        _decide_absent(work, trio, trio.desired)
    elif trio.state is None:
        _decide_unmanaged(work, trio, trio.desired, trio.live)
    else:
        _decide_managed(work, trio, trio.desired, trio.live, trio.state)


def _decide_absent(work: _Diffing, trio: _Trio, desired: DesiredEntry) -> None:
    """The fragment says it, the registries do not have it."""
    state = trio.state
    if state is None or work.state.was_deleted(trio.address):
        _add(work, trio, Action.CREATE, Reason.NOT_IN_REGISTRY)
        return
    _drifted(work, trio, gone=True)
    if work.applied(state, desired.kind, _as_before(work, trio, desired)):
        _settle_drift(work, trio, Action.CREATE, desired.place, "it was removed from the registries by hand")
    elif work.overwritten(trio.address):
        _add(work, trio, Action.CREATE, Reason.BOTH_CHANGED)
    else:
        _both_changed(work, trio, desired.place, "it was removed by hand, and its fragment changed too")


def _settle_drift(work: _Diffing, trio: _Trio, action: Action, place: Place, what: str) -> None:
    """The fragment says what was applied, and somebody edited the registry: that edit is left unless told otherwise."""
    if work.overwritten(trio.address):
        _add(work, trio, action, Reason.LIVE_CHANGED)
    elif work.config.drift == "undo":
        _add(work, trio, action, Reason.LIVE_CHANGED)
        undoes = "puts it back" if action is Action.CREATE else "undoes that"
        fix = f"To keep the edit instead: registry drift --accept {trio.address}"
        work.problems.append(_drift_problem(trio, place, f"{what}; this plan {undoes}", fix))
    else:
        fix = (
            f"Keep the edit: registry drift --accept {trio.address}. "
            f"Undo it: registry drift --revert {trio.address}"
        )
        found = _drift_problem(trio, place, f"{what}; it is left as it is", fix)
        blocks = work.config.drift == "block"
        work.problems.append(replace(found, severity=Severity.ERROR) if blocks else found)


def _drift_problem(trio: _Trio, place: Place, why: str, fix: str) -> Problem:
    message = f"{trio.address} is not what was last applied: {why}."
    return problem("STA001", message, place, address=trio.address, fix=fix)


def _decide_unmanaged(work: _Diffing, trio: _Trio, desired: DesiredEntry, live: LiveEntry) -> None:
    """The fragment says it, the registries have it, and nobody put it there."""
    if same(_as_before(work, trio, desired), live.value) or work.adopted(trio.address):
        action = Action.MOVE if trio.source else Action.ADOPT
        _add(work, trio, action, Reason.MOVED if trio.source else Reason.ADOPTED)
        return
    fields = diff_values(live.value, desired.value)
    names = ", ".join(dict.fromkeys(str(one.path[0]) for one in fields if one.path))
    work.problems.append(
        problem(
            "STA003",
            f"{trio.address} is in {live.place.file} already, is not managed, and differs in {names}.",
            desired.place,
            address=trio.address,
            related=(Related("the live entry", live.place),),
            fix=f"Make the fragment say what is there, or take it over with the fragment's fields: "
            f"registry plan --adopt {trio.address}",
        )
    )


def _decide_managed(
    work: _Diffing, trio: _Trio, desired: DesiredEntry, live: LiveEntry, state: StateEntry
) -> None:
    """All three know it."""
    if same(desired.value, live.value) and not trio.source:
        work.unchanged += 1
        if state.fragment != desired.place.file:
            _heal(work, trio.address, state, f"owned by {state.fragment} until now")
        elif not work.applied(state, live.kind, live.value):
            _heal(work, trio.address, state, "the registries say it already")
        return
    wish = _as_before(work, trio, desired)
    if same(wish, live.value):
        _add(work, trio, Action.MOVE, Reason.MOVED)
    elif work.applied(state, desired.kind, wish):
        action = Action.MOVE if trio.source else Action.UPDATE
        _settle_drift_of_live(work, trio, action, live)
    elif work.applied(state, live.kind, live.value):
        reason = Reason.MOVED if trio.source else Reason.DESIRED_CHANGED
        _add(work, trio, Action.MOVE if trio.source else Action.UPDATE, reason)
    elif work.overwritten(trio.address):
        _drifted(work, trio, known=False)
        _add(work, trio, Action.MOVE if trio.source else Action.UPDATE, Reason.BOTH_CHANGED)
    else:
        _drifted(work, trio, known=False)
        _both_changed(work, trio, live.place, "it was edited by hand, and its fragment changed too")


def _settle_drift_of_live(work: _Diffing, trio: _Trio, action: Action, live: LiveEntry) -> None:
    _drifted(work, trio)
    _settle_drift(work, trio, action, live.place, "it was edited by hand")


def _heal(work: _Diffing, address: str, state: StateEntry, why: str) -> None:
    work.heals.append(Heal(address, state.fragment, why))


def _decide_silent(work: _Diffing, trio: _Trio) -> None:
    """No fragment says it, the state remembers it."""
    state, live = trio.state, trio.live
    assert state is not None
    removal = work.desired.removals.get(trio.address)
    if live is None:
        _heal(work, trio.address, state, "no fragment and no registry has it")
        return
    untouched = work.applied(state, live.kind, live.value)
    if removal is not None and removal.keep:
        _add(work, trio, Action.FORGET, Reason.REMOVED, note="the live entry stays and is no longer managed")
    elif state.doubtful and not work.overwritten(trio.address):
        _doubted(work, trio, live, state)
    elif untouched or work.overwritten(trio.address):
        if work.desired.protected(trio.address) or work.was_protected(trio.address):
            _protected(work, trio, live)
        why = Reason.REMOVED if removal else Reason.NOT_IN_FRAGMENTS
        if not untouched:
            _drifted(work, trio, known=False)
            why = Reason.BOTH_CHANGED
        _add(work, trio, Action.DELETE, why)
    else:
        _drifted(work, trio, known=False)
        _both_changed(work, trio, live.place, "it was edited by hand, and no fragment declares it any more")


def _doubted(work: _Diffing, trio: _Trio, live: LiveEntry, state: StateEntry) -> None:
    """Whether it is managed cannot be told: then it is not, and nobody deletes it."""
    work.unmanaged += 1
    _heal(work, trio.address, state, "whether it is managed cannot be told: it is not")
    work.problems.append(
        problem(
            "STA006",
            f"whether {trio.address} is still managed cannot be told after a merge: it counts as not managed.",
            live.place,
            address=trio.address,
            fix=f"If it is to be managed: registry adopt {trio.address}. "
            "If it is to go, remove the entry from its registry by hand.",
        )
    )


def _protected(work: _Diffing, trio: _Trio, live: LiveEntry) -> None:
    patterns = [one for one in work.desired.protects if means(one.text, trio.address, work.desired.exact)]
    why = "a fragment protects it" if patterns else "it was protected when it was last applied"
    work.problems.append(
        problem(
            "STA005",
            f"{trio.address} would be deleted, but {why}.",
            live.place,
            address=trio.address,
            related=tuple(Related("protected here", one.place) for one in patterns),
            fix="Declare the entry again; or lift the protection in an apply of its own "
            "and delete the entry in the next.",
        )
    )


def _as_before(work: _Diffing, trio: _Trio, desired: DesiredEntry) -> dict[str, Json]:
    """The desired value under the old key, so that a pure rename compares equal to what was applied."""
    if trio.source is None or trio.live is None:
        return desired.value
    value = desired.value
    for selector in work.kinds[desired.kind].key:
        old = selector.get(trio.live.value)
        if old is not None:
            value = with_value(value, selector.path, old)
    return value


def _add(work: _Diffing, trio: _Trio, action: Action, reason: Reason, note: str = "") -> None:
    kind, key = split_address(trio.address)
    live = trio.live
    forgotten = action is Action.FORGET
    after = live.value if forgotten and live else None
    if trio.desired is not None and action is not Action.DELETE:
        after = trio.desired.value
    before = live.value if live else None
    removal = work.desired.removals.get(trio.address)
    origin = trio.desired.place if trio.desired else removal.place if removal else None
    work.changes.append(
        Change(
            address=trio.address,
            kind=kind,
            key=key,
            action=action,
            reason=reason,
            file=live.place.file if live else "",
            from_address=trio.source,
            origin=origin,
            live=live.place if live else None,
            fields=diff_values(before, after) if before is not None and after is not None else (),
            before=before,
            after=after,
            note=note,
        )
    )


def _drifted(work: _Diffing, trio: _Trio, *, gone: bool = False, known: bool = True) -> None:
    live, desired = trio.live, trio.desired
    fields = diff_values(desired.value, live.value) if live and desired else ()
    place = live.place if live else desired.place if desired else Place("")
    work.drift.append(Drift(trio.address, live.place.file if live else "", fields, place, gone, known))


def _both_changed(work: _Diffing, trio: _Trio, place: Place, why: str) -> None:
    work.problems.append(
        problem(
            "STA002",
            f"{trio.address} is not what was last applied: {why}.",
            place,
            address=trio.address,
            related=(Related("the fragment", trio.desired.place),) if trio.desired else (),
            fix=f"Keep the edit: registry drift --accept {trio.address}. "
            f"Drop it: registry plan --overwrite {trio.address}",
        )
    )


def _brakes(work: _Diffing, config: Config, any_fragment: bool, rest: Rest) -> Iterator[Problem]:
    deleted: dict[str, list[str]] = {}
    for change in work.changes:
        if change.action is Action.DELETE:
            deleted.setdefault(change.kind, []).append(change.address)
    if deleted and not any_fragment:
        total = sum(map(len, deleted.values()))
        yield problem(
            "BRK002",
            f"no fragment declares anything, so all {total} managed entries would be deleted.",
            Place("desired"),
            fix="Restore desired/. If everything is really meant to go: registry plan --allow-mass-delete",
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
                fix="Look for a fragment that was lost. If it is meant: registry plan --allow-mass-delete",
                extra=kind,
            )
