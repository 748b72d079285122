"""Desired, live and state → changes. Pure: the table of the contract's section 3, row by row.

The state is a third witness: it tells a hand edit (live moved away from what was applied) from a changed wish (the
fragment moved away from it), and both from an entry that was never ours.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.globs import Patterns
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.fragments import NO_FRAGMENTS, Fragments
from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.state import State, StateEntry
from registry_reconciler.loading.state.places import KindPlace, place_of
from registry_reconciler.loading.workspace import count_of, managed_by_kind
from registry_reconciler.model.change import Action, Change, Drift, Heal, Reason
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import (
    DesiredEntry,
    Json,
    LiveEntry,
    Place,
    same,
    split_address,
)
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.problem import Problem, Related, Severity
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.field_diff import diff_values
from registry_reconciler.planning.live_truth import changes_of, live_kinds
from registry_reconciler.planning.resolve import Desired, exact_ones
from registry_reconciler.planning.witnesses import under_key
from registry_reconciler.rules.unloaded import NOTHING_UNLOADED, Unloaded

MOST_LOOKED_AT = 5_000
"""Of so many managed entries all records are looked at when an apply writes."""


class Diff(Struct, frozen=True):
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


class _Diffing(Struct):
    kinds: Mapping[str, Kind]
    config: Config
    desired: Desired
    live: Live
    state: State
    options: PlanOptions
    fragments: Fragments
    clashing: frozenset[str]
    exact: frozenset[str] = frozenset()
    patterns: dict[str, Patterns] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchanged: int = 0
    unmanaged: int = 0
    heals: list[Heal] = field(default_factory=list)
    kept: Patterns | None = None

    def asked(self, option: str) -> Patterns:
        """The patterns of an option, ready to be asked."""
        if option not in self.patterns:
            self.patterns[option] = Patterns(getattr(self.options, option), self.exact)
        return self.patterns[option]

    def overwritten(self, address: str) -> bool:
        return address in self.asked("overwrite")

    def adopted(self, address: str) -> bool:
        return address in self.asked("adopt")

    def applied(self, state: StateEntry, kind: str, value: dict[str, Json]) -> bool:
        """Whether a value is one that was applied."""
        return state.says(self.kinds.get(kind), value)

    def was_protected(self, address: str) -> bool:
        if self.kept is None:
            self.kept = Patterns(sorted(self.state.protects), self.exact)
        return address in self.kept


class _ThreeWay(Struct, frozen=True):
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
    fragments: Fragments = NO_FRAGMENTS,
    *,
    any_fragment: bool = True,
    rest: Unloaded = NOTHING_UNLOADED,
    edits: Sequence[LiveEdit] = (),
) -> Diff:
    """Compare the three. What ``fragments`` that cannot be read own, nobody may touch.

    Args:
        edits: what a command asks of entries whose truth is live; nothing else is planned for those.
    """
    clashing = frozenset(entry.address for entry in live.clashes)
    asked = (*options.target, *options.exclude, *options.adopt, *options.overwrite)
    exact = exact_ones((*asked, *state.protects), desired.entries, state.entries, live.entries)
    work = _Diffing(kinds, config, desired, live, state, options, fragments, clashing, exact)
    # What moves away and is moved to as well is decided on as the latter.
    moved_away = set(desired.renames.values()) - desired.renames.keys()
    special = desired.disputed | clashing | moved_away | desired.renames.keys()
    whole = not options.target and not options.exclude
    owned_by_live = live_kinds(kinds)
    for address in _in_order(desired, state, live):
        if owned_by_live and address.partition("/")[0] in owned_by_live:
            continue
        if whole and address not in special and _as_applied(work, address):
            work.unchanged += 1
            continue
        three_way = _trio(work, address)
        if three_way.desired is None and three_way.state is None:
            work.unmanaged += three_way.live is not None and address not in moved_away
        elif (
            address not in moved_away
            and _selected(work, {address, desired.renames.get(address, address)})
            and not _is_undecidable(work, three_way)
        ):
            _decide(work, three_way)
    _take_edits(work, edits)
    if whole and (work.changes or work.heals):
        _look_at_records(work, special, sum(rest.managed.values()))
    work.problems += _empty_places(work)
    brakes = () if options.allow_mass_delete else tuple(_brakes(work, config, any_fragment, rest))
    return Diff(
        tuple(sorted(work.changes, key=lambda change: change.address)),
        tuple(work.drift),
        (*work.problems, *brakes),
        work.unchanged + rest.unchanged,
        work.unmanaged + rest.unmanaged,
        tuple(sorted(work.heals, key=lambda heal: heal.address)),
    )


def _take_edits(work: _Diffing, edits: Sequence[LiveEdit]) -> None:
    """What a command asks of entries whose truth is live; one that stands twice is nobody's to edit."""
    for change in changes_of(edits, work.live):
        names = {change.address, change.from_address or change.address}
        if names & work.clashing or not _selected(work, names):
            continue
        if change.action is Action.DELETE and work.desired.protected(change.address):
            three_way = _ThreeWay(change.address, None, None, work.live.entries[change.address])
            _protected(work, three_way, work.live.entries[change.address])
        work.changes.append(change)


def _empty_places(work: _Diffing) -> Iterator[Problem]:
    """A kind with managed entries whose schema points elsewhere now, where none of them stands.

    The state remembers where they stood: a registry that somebody removed whole is no changed place. What an older
    program wrote does not say; then there being nothing at all at the place counts as one.
    """
    for name, addresses in managed_by_kind(work.state).items():
        kind = work.kinds.get(name)
        if kind is None or name in work.live.hidden_kinds:
            continue
        before = work.state.places.get(name)
        if before == place_of(kind) if before is not None else work.live.found[name]:
            continue
        if before is not None and any(one in work.live.entries for one in addresses):
            continue
        left = [
            one
            for one in addresses
            if one in work.desired.entries and not work.state.was_deleted(one) and not work.overwritten(one)
        ]
        # A kind of one entry a file leaves nothing behind where somebody removes the only one.
        if len(left) <= (before is None and LAYOUTS[kind.layout].one_a_file):
            continue
        yield _other_place(kind, left, before)


def _other_place(kind: Kind, left: list[str], before: KindPlace | None) -> Problem:
    now = place_of(kind)
    stood = f" They stood in {before.words()}." if before is not None else ""
    plain = before is not None and not set("*?[{") & set(before.file + now.file)
    move = f"git mv {shlex.quote(before.file)} {shlex.quote(now.file)}" if before and plain else "git mv"
    return problem(
        "KND005",
        f"the state knows {count_of(left)} of the kind {kind.name!r}, and none of them stands where its schema points: "
        f"in {now.words()}.{stood}",
        Place(kind.schema_path, 0, ("x-registry", "file")),
        fix="If 'file', 'at' or 'layout' was changed, bring the registry to its new place in the same commit "
        f"({move if before is None or before.file != now.file else 'move the entries there by hand'}), or change it "
        "back. If the registry is gone, restore it: git checkout HEAD -- FILE. To write all entries anew from the "
        f"fragments: registry apply --overwrite '{kind.name}/*'",
        extra=kind.name,
    )


def _look_at_records(work: _Diffing, special: set[str] | frozenset[str], elsewhere: int) -> None:
    """An apply that writes anyway mends what is remembered: only then it is asked of entries that stay.

    Of a large workspace only the fragments are looked at whose state is written, and none where these are large too;
    ``registry resolve`` looks at all.
    """
    healed = {heal.address for heal in work.heals} | {change.address for change in work.changes}
    large = len(work.state.entries) + elsewhere > MOST_LOOKED_AT
    touched = set(_touched_fragments(work)) if large else set()
    if large and sum(one.fragment in touched for one in work.state.entries.values()) > MOST_LOOKED_AT:
        return
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


def _trio(work: _Diffing, address: str) -> _ThreeWay:
    source = work.desired.renames.get(address)
    old = source or address
    state = work.state.entries.get(old) or work.state.entries.get(address)
    return _ThreeWay(address, work.desired.entries.get(address), state, work.live.entries.get(old), source)


def _selected(work: _Diffing, addresses: set[str]) -> bool:
    """Whether the plan is asked for an entry.

    One that moves is meant by its old address as well as by its new one, and by those of what moves with it.
    """
    addresses = addresses.union(*(work.desired.groups.get(one, ()) for one in addresses))
    if work.options.target and not any(one in work.asked("target") for one in addresses):
        return False
    return not any(one in work.asked("exclude") for one in addresses)


def _is_undecidable(work: _Diffing, three_way: _ThreeWay) -> bool:
    """Whether something about the address cannot be known, so that nothing may be planned for it."""
    if three_way.address in work.desired.disputed or {three_way.address, three_way.source} & work.clashing:
        return True
    kind = split_address(three_way.address)[0]
    if kind not in work.kinds:
        return True
    if three_way.live is None and kind in work.live.hidden_kinds:
        return True
    if three_way.state is None:
        # It may be remembered, in what cannot be read of the state.
        return work.state.hidden
    return work.fragments.hides(three_way.state.fragment)


def _decide(work: _Diffing, three_way: _ThreeWay) -> None:
    if three_way.desired is None:
        _decide_undeclared(work, three_way)
    elif three_way.live is None:
        _decide_absent(work, three_way, three_way.desired)
    elif three_way.state is None:
        _decide_unmanaged(work, three_way, three_way.desired, three_way.live)
    else:
        _decide_managed(work, three_way, three_way.desired, three_way.live, three_way.state)


def _decide_absent(work: _Diffing, three_way: _ThreeWay, desired: DesiredEntry) -> None:
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


def _settle_drift(work: _Diffing, three_way: _ThreeWay, action: Action, place: Place, what: str) -> None:
    """The fragment says what was applied, and somebody edited the registry: that edit is left unless told otherwise."""
    if work.overwritten(three_way.address):
        _add(work, three_way, action, Reason.LIVE_CHANGED)
    elif work.config.drift == "undo":
        _add(work, three_way, action, Reason.LIVE_CHANGED)
        undoes = "puts it back" if action is Action.CREATE else "undoes that"
        fix = f"To keep the edit instead: registry drift --accept {three_way.address}"
        work.problems.append(_drift_problem(three_way, place, f"{what}; this plan {undoes}", fix))
    else:
        fix = (
            f"Keep the edit: registry drift --accept {three_way.address}. "
            f"Undo it: registry drift --revert {three_way.address}"
        )
        found = _drift_problem(three_way, place, f"{what}; it is left as it is", fix)
        blocks = work.config.drift == "block"
        work.problems.append(replace(found, severity=Severity.ERROR) if blocks else found)


def _drift_problem(three_way: _ThreeWay, place: Place, why: str, fix: str) -> Problem:
    message = f"{three_way.address} is not what was last applied: {why}."
    return problem("STA001", message, place, address=three_way.address, fix=fix)


def _decide_unmanaged(work: _Diffing, three_way: _ThreeWay, desired: DesiredEntry, live: LiveEntry) -> None:
    """The fragment says it, the registries have it, and nobody put it there."""
    if same(_as_before(work, three_way, desired), live.value) or work.adopted(three_way.address):
        action = Action.MOVE if three_way.source else Action.ADOPT
        _add(work, three_way, action, Reason.MOVED if three_way.source else Reason.ADOPTED)
        return
    fields = diff_values(live.value, desired.value)
    names = ", ".join(dict.fromkeys(str(one.path[0]) for one in fields if one.path))
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
    work: _Diffing, three_way: _ThreeWay, desired: DesiredEntry, live: LiveEntry, state: StateEntry
) -> None:
    """All three know it."""
    if same(desired.value, live.value) and not three_way.source:
        work.unchanged += 1
        if state.fragment != desired.place.file:
            _heal(work, three_way.address, state, f"owned by {state.fragment} until now")
        elif not work.applied(state, live.kind, live.value):
            _heal(work, three_way.address, state, "the registries say it already")
        return
    wish = _as_before(work, three_way, desired)
    if same(wish, live.value):
        _add(work, three_way, Action.MOVE, Reason.MOVED)
    elif work.applied(state, desired.kind, wish):
        action = Action.MOVE if three_way.source else Action.UPDATE
        _settle_drift_of_live(work, three_way, action, live)
    elif work.applied(state, live.kind, live.value):
        reason = Reason.MOVED if three_way.source else Reason.DESIRED_CHANGED
        _add(work, three_way, Action.MOVE if three_way.source else Action.UPDATE, reason)
    elif work.overwritten(three_way.address):
        _drifted(work, three_way, known=False)
        _add(work, three_way, Action.MOVE if three_way.source else Action.UPDATE, Reason.BOTH_CHANGED)
    else:
        _drifted(work, three_way, known=False)
        _both_changed(work, three_way, live.place, "it was edited by hand, and its fragment changed too")


def _settle_drift_of_live(work: _Diffing, three_way: _ThreeWay, action: Action, live: LiveEntry) -> None:
    _drifted(work, three_way)
    _settle_drift(work, three_way, action, live.place, "it was edited by hand")


def _heal(work: _Diffing, address: str, state: StateEntry, why: str) -> None:
    work.heals.append(Heal(address, state.fragment, why))


def _decide_undeclared(work: _Diffing, three_way: _ThreeWay) -> None:
    """No fragment says it, the state remembers it."""
    state, live = three_way.state, three_way.live
    assert state is not None
    removal = work.desired.removals.get(three_way.address)
    if live is None:
        _heal(work, three_way.address, state, "no fragment and no registry has it")
        return
    untouched = work.applied(state, live.kind, live.value)
    if removal is not None and removal.keep:
        _add(
            work,
            three_way,
            Action.FORGET,
            Reason.REMOVED,
            note="the live entry stays and is no longer managed",
        )
    elif removal is None and work.fragments.blind and not work.overwritten(three_way.address):
        _unseen(work, three_way, live)
    elif state.doubtful and not work.overwritten(three_way.address):
        _doubted(work, three_way, live, state)
    elif untouched or work.overwritten(three_way.address):
        if work.desired.protected(three_way.address) or work.was_protected(three_way.address):
            _protected(work, three_way, live)
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


def _doubted(work: _Diffing, three_way: _ThreeWay, live: LiveEntry, state: StateEntry) -> None:
    """Whether it is managed cannot be told: then it is not, and nobody deletes it."""
    work.unmanaged += 1
    _heal(work, three_way.address, state, "whether it is managed cannot be told: it is not")
    work.problems.append(
        problem(
            "STA006",
            f"whether {three_way.address} is still managed cannot be told after a merge: it counts as not managed.",
            live.place,
            address=three_way.address,
            fix=f"If it is to be managed: registry adopt {three_way.address}. "
            "If it is to go, remove the entry from its registry by hand.",
        )
    )


def _unseen(work: _Diffing, three_way: _ThreeWay, live: LiveEntry) -> None:
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


def _protected(work: _Diffing, three_way: _ThreeWay, live: LiveEntry) -> None:
    patterns = [work.desired.protects[number] for number in work.desired.guards.some(three_way.address)[:20]]
    why = "a fragment protects it" if patterns else "it was protected when it was last applied"
    work.problems.append(
        problem(
            "STA005",
            f"{three_way.address} would be deleted, but {why}.",
            live.place,
            address=three_way.address,
            related=tuple(Related("protected here", one.place) for one in patterns),
            fix="Declare the entry again; or lift the protection in an apply of its own "
            "and delete the entry in the next.",
        )
    )


def _as_before(work: _Diffing, three_way: _ThreeWay, desired: DesiredEntry) -> dict[str, Json]:
    """The desired value under the old key, so that a pure rename compares equal to what was applied."""
    if three_way.source is None or three_way.live is None:
        return desired.value
    return under_key(work.kinds[desired.kind], desired.value, three_way.live.value)


def _add(work: _Diffing, three_way: _ThreeWay, action: Action, reason: Reason, note: str = "") -> None:
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


def _drifted(work: _Diffing, three_way: _ThreeWay, *, gone: bool = False, known: bool = True) -> None:
    live, desired = three_way.live, three_way.desired
    fields = diff_values(desired.value, live.value) if live and desired else ()
    place = live.place if live else desired.place if desired else Place("")
    work.drift.append(Drift(three_way.address, live.place.file if live else "", fields, place, gone, known))


def _both_changed(work: _Diffing, three_way: _ThreeWay, place: Place, why: str) -> None:
    work.problems.append(
        problem(
            "STA002",
            f"{three_way.address} is not what was last applied: {why}.",
            place,
            address=three_way.address,
            related=(Related("the fragment", three_way.desired.place),) if three_way.desired else (),
            fix=f"Keep the edit: registry drift --accept {three_way.address}. "
            f"Drop it: registry plan --overwrite {three_way.address}",
        )
    )


def _brakes(work: _Diffing, config: Config, any_fragment: bool, rest: Unloaded) -> Iterator[Problem]:
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
