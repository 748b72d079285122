"""Write edits of fragments and of live entries, alone or together with what follows from them: all of it or nothing.

The plan is computed over the edited fragments in memory, and told what is asked of entries whose truth is live;
fragments, registries, state and history are then one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.apply import FileOp, Receipt
from registry_reconciler.apply.receipts import file_ops, removable_folders
from registry_reconciler.base.collector import collector_off
from registry_reconciler.errors import Blocked, WriteFailure
from registry_reconciler.files.tree import DiskTree, MemoryTree, Recorder, Tree
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.entry import Location
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.planning.diff.records import is_unfit
from registry_reconciler.planning.pipeline import Planning, make_plan, plan_loaded
from registry_reconciler.report.words import show_location
from registry_reconciler.workspace import Workspace, ask_others


class Edits(Struct, frozen=True):
    """What a draft wants.

    Attributes:
        live: what entries whose truth is live are to be.
        target: the entries that the plan is about; all where there are none.
        notes: what a reader should know, in words.
    """

    fragments: tuple[FragmentEdit, ...] = ()
    live: tuple[LiveEdit, ...] = ()
    target: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Draft = Callable[[Loaded], Edits | Sequence[FragmentEdit]]
"""From what is there to the edits wanted; called under the lock."""


class Amendment(Struct, frozen=True):
    """What an amendment did, or (``written`` empty) would do.

    Attributes:
        edits: the fragments with their new content.
        plan: the plan over the edited fragments; ``None`` where nobody asked for it.
        introduced: the problems that the edits bring, without those that are suppressed.
        written: every file that was written.
        live: what is asked of entries whose truth is live.
        loaded: what the edits were drafted from.
    """

    edits: tuple[FragmentEdit, ...]
    plan: Plan | None = None
    introduced: tuple[Problem, ...] = ()
    written: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    live: tuple[LiveEdit, ...] = ()
    notes: tuple[str, ...] = ()
    loaded: Loaded | None = None


def overlay(below: Tree, edits: Sequence[FragmentEdit]) -> MemoryTree:
    """The workspace with the edited fragments."""
    return MemoryTree({edit.path: edit.content for edit in edits}, below)


def _drafted(draft: Draft, loaded: Loaded) -> Edits:
    found = draft(loaded)
    return found if isinstance(found, Edits) else Edits(tuple(found))


def _about(options: PlanOptions, edits: Edits, before: Loaded) -> PlanOptions:
    agreed = tuple(_agreed(before, {edit.path for edit in edits.fragments}))
    if agreed:
        options = replace(options, overwrite=tuple(dict.fromkeys((*options.overwrite, *agreed))))
    return replace(options, target=edits.target) if edits.target else options


def _agreed(before: Loaded, paths: Collection[str]) -> Iterator[str]:
    """Entries of the edited fragments that a registry has as their fragment says, and the state has not.

    Somebody accepted an edit by hand, or made it in both: nobody is asked about it a second time.
    """
    for desired in before.fragments.entries:
        state = before.state.entries.get(desired.address)
        live = before.live.entries.get(desired.address)
        if state is not None and desired.place.file in paths and is_unfit(before.kinds, state, desired, live):
            yield desired.address


def preview(tree: Tree, draft: Draft, options: PlanOptions) -> Amendment:
    """What edits would lead to, compared with the same plan without them. Writes nothing."""
    with collector_off():
        before = load(Recorder(tree))
        edits = _drafted(draft, before)
        options = _about(options, edits, before)
        old = plan_loaded(before, options)
        new = old
        if edits.fragments or edits.live:
            new = make_plan(overlay(tree, edits.fragments), options, edits=edits.live)
    return _amendment(edits, new.plan, introduced_problems(old, new), before)


def foresee(tree: Tree, draft: Draft, options: PlanOptions) -> tuple[Amendment, Planning]:
    """As :func:`preview`, for edits that are applied at once: what their plan brings, they bring."""
    with collector_off():
        before = load(Recorder(tree))
        edits = _drafted(draft, before)
        planning = make_plan(overlay(tree, edits.fragments), _about(options, edits, before), edits=edits.live)
    plan = planning.plan
    brought = (
        problem
        for problem in plan.problems
        if problem.status is Status.INTRODUCED and problem.suppressed is None
    )
    return _amendment(edits, plan, tuple(brought), before), planning


def _amendment(edits: Edits, plan: Plan, introduced: tuple[Problem, ...], loaded: Loaded) -> Amendment:
    return Amendment(edits.fragments, plan, introduced, live=edits.live, notes=edits.notes, loaded=loaded)


def introduced_problems(old: Planning, new: Planning) -> tuple[Problem, ...]:
    """The problems that only the new plan has, in order; fixed and suppressed ones left out."""
    known = {problem.identity for problem in old.plan.problems if problem.status is not Status.FIXED}
    return tuple(
        problem
        for problem in new.plan.problems
        if problem.identity not in known and problem.status is not Status.FIXED and problem.suppressed is None
    )


def write_fragments(
    workspace: Workspace, draft: Draft, *, command: str, options: PlanOptions | None = None
) -> Amendment:
    """Write edits, of fragments and of live entries, and nothing else.

    Args:
        options: compute the plan too, and refuse edits that bring a blocking problem. Problems that are there
            already do not stand in the way: edits are how they get mended.

    Raises:
        Blocked: the edits bring a problem that blocks; ``plan`` has it. Nothing was written.
        StalePlan, WriteFailure, LockHeld: as :meth:`~registry_reconciler.workspace.Workspace.apply`.
    """
    with workspace.write_session(command) as session:
        tree = DiskTree(workspace.root)
        if options is None:
            loaded = load(Recorder(tree))
            edits = _drafted(draft, loaded)
            amendment = Amendment(edits.fragments, live=edits.live, notes=edits.notes, loaded=loaded)
        else:
            amendment = preview(tree, draft, options)
            _refuse(
                [problem for problem in amendment.introduced if problem.blocking],
                amendment.plan,
                amendment.edits,
            )
        plan = _plan_of_live(tree, amendment)
        receipt = session.commit(
            _operations(workspace, amendment, plan),
            inputs=_inputs(plan, amendment.edits) if plan else {},
            remove_empty=removable_folders(plan) if plan else (),
            verify=(lambda: _verify(workspace, plan.options, amendment.live)) if plan else None,
        )
    return replace(amendment, written=_touched(receipt), warnings=receipt.warnings)


def write_edits(workspace: Workspace, edits: Sequence[FragmentEdit], *, command: str) -> Amendment:
    """Write edits of fragments that somebody made already, and looked at what they lead to.

    Raises:
        StalePlan: a fragment is not what it was when its edit was made. Nothing was written.
        WriteFailure, LockHeld: as :meth:`~registry_reconciler.workspace.Workspace.apply`.
    """
    with workspace.write_session(command) as session:
        receipt = session.commit(_fragment_ops(edits), inputs={})
    return Amendment(tuple(edits), written=_touched(receipt), warnings=receipt.warnings)


def _plan_of_live(tree: Tree, amendment: Amendment) -> Plan | None:
    """The part of a plan that writes the registries whose truth is live; ``None`` where there is nothing to write."""
    if not amendment.live:
        return None
    names = {name for live_edit in amendment.live for name in (live_edit.address, live_edit.source) if name}
    options = PlanOptions(target=tuple(sorted(names)))
    planning = make_plan(overlay(tree, amendment.edits), options, edits=amendment.live)
    plan = planning.plan
    refused = [problem for problem in plan.blocking if problem.code.startswith("WRT")]
    _refuse(refused, plan)
    if planning.loaded.config.verify:
        ask_others(planning)
    return plan if plan.files else None


def write_and_apply(
    workspace: Workspace, draft: Draft, options: PlanOptions, *, command: str, expect: str | None = None
) -> Amendment:
    """Write edits and carry out the plan that follows, in one transaction.

    Args:
        expect: the id that the plan must have, where somebody looked at it.

    Raises:
        Blocked: the plan is not applicable. Nothing was written.
        OthersDisagree: the workspace asks for a second opinion, and it differs. Nothing was written.
        StalePlan, WriteFailure, LockHeld: as :meth:`~registry_reconciler.workspace.Workspace.apply`.
    """
    with workspace.write_session(command) as session:
        amendment, planning = foresee(DiskTree(workspace.root), draft, options)
        plan = amendment.plan
        assert plan is not None
        if expect is not None:
            from registry_reconciler.report.saved_plan import require_expected

            require_expected(expect, plan)
        _refuse(plan.blocking, plan, amendment.edits)
        if planning.loaded.config.verify:
            ask_others(planning)
        receipt = session.commit(
            _operations(workspace, amendment, plan if plan.files else None),
            inputs=_inputs(plan, amendment.edits),
            remove_empty=removable_folders(plan),
            verify=lambda: _verify(workspace, plan.options, amendment.live),
        )
    return replace(amendment, written=_touched(receipt), warnings=receipt.warnings)


def _operations(workspace: Workspace, amendment: Amendment, plan: Plan | None) -> list[FileOp]:
    """What is written: fragments, and what a plan says."""
    edited = _fragment_ops(amendment.edits)
    besides = [operation.path for operation in edited]
    return [*edited, *(file_ops(workspace.root, plan, besides) if plan else ())]


def _inputs(plan: Plan, edits: Sequence[FragmentEdit]) -> dict[str, str | None]:
    """What a plan was computed from, with the fragments as they were before they were edited."""
    return {**plan.inputs, **{edit.path: edit.before for edit in edits}}


def _fragment_ops(edits: Sequence[FragmentEdit]) -> list[FileOp]:
    return [FileOp(edit.path, edit.before, edit.content) for edit in edits]


def _refuse(blocking: Sequence[Problem], plan: Plan | None, edits: Sequence[FragmentEdit] = ()) -> None:
    """Raise for what blocks; the lines of a fragment that is not written stand nowhere, and are not told."""
    if not blocking:
        return
    unwritten = {edit.path for edit in edits}

    def placed(problem: Problem) -> Problem:
        if problem.location is None or problem.location.path not in unwritten:
            return problem
        return replace(problem, location=Location(problem.location.path))

    blocking = [placed(problem) for problem in blocking]
    if plan is not None:
        plan = replace(plan, problems=tuple(placed(problem) for problem in plan.problems))
    first = blocking[0]
    where = show_location(first.location) if first.location else first.place.file
    count = f"{len(blocking)} problems block" if len(blocking) > 1 else "a problem blocks"
    raise Blocked(
        f"nothing was written: {count}. The first: {first.code} at {where}: {first.message}", plan=plan
    )


def _verify(workspace: Workspace, options: PlanOptions, live: Sequence[LiveEdit]) -> None:
    again = make_plan(DiskTree(workspace.root), options, edits=live).plan
    if not again.empty:
        raise WriteFailure(
            "after writing, the same plan was computed again and was not empty. Nothing was kept. "
            "This is a fault of registry, or the files are being edited right now: try again."
        )


def _touched(receipt: Receipt) -> tuple[str, ...]:
    return tuple(sorted({*receipt.written, *receipt.created, *receipt.deleted}))
