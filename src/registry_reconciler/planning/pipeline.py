"""The flow: load → resolve → diff → edit files → judge and derive → suppress.

It ends in a :class:`~registry_reconciler.model.plan.Plan`.

Each stage takes frozen values and returns the next; this module only hands them on. It touches no disk but through the
tree that it is given, so a plan of a git revision or of a workspace in memory is computed by the same lines.
"""

from __future__ import annotations

import gc
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.progress import step
from registry_reconciler.files.tree import Recorder, Tree
from registry_reconciler.formats.base import Reader
from registry_reconciler.loading.left_behind import LeftBehind
from registry_reconciler.loading.state.files import new_path
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.change import Heal
from registry_reconciler.model.entry import DesiredEntry, LiveEntry, digest_bytes
from registry_reconciler.model.fleet_view import CATALOG_INPUT, FleetSource, FleetView, is_asked
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.plan import FileChange, Plan, PlanOptions
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.redact import (
    SecretTexts,
    hide_text_faults,
    mask_change,
    mask_drift,
    mask_problems,
    secret_texts,
    withhold_edits,
)
from registry_reconciler.outputs import derive
from registry_reconciler.planning.check import (
    EntrySets,
    build_entry_sets,
    said_by_rules,
    severity_problems,
    untouched,
)
from registry_reconciler.planning.diff import Diff, diff
from registry_reconciler.planning.edit_files import Written, write
from registry_reconciler.planning.impact import impacts, with_impact
from registry_reconciler.planning.judging import Judging
from registry_reconciler.planning.known_registries import (
    TreeAfter,
    known_changes,
    known_registries,
    unknown,
    with_known,
)
from registry_reconciler.planning.masked_text import Hider, holding
from registry_reconciler.planning.new_files import file_problems, fragment_problems
from registry_reconciler.planning.notices import across_notices, head_notices, standing_notices
from registry_reconciler.planning.relocate import NOTHING_RELOCATED, Relocation, relocate, together
from registry_reconciler.planning.resolve import Desired, resolve
from registry_reconciler.planning.state_files import state_files
from registry_reconciler.planning.state_heals import fragment_heals, order_heals
from registry_reconciler.planning.suppress import Locator, apply_severities, locate_problems, suppress
from registry_reconciler.planning.unread_files import not_checked, set_aside
from registry_reconciler.rules.own import NO_RULES, OwnRules, own_rules
from registry_reconciler.rules.unloaded import NOTHING_UNLOADED, Unloaded

if TYPE_CHECKING:
    from registry_reconciler.outputs import Derived, Output, Records


class Planning(Struct, frozen=True):
    """A plan with what it was made from, for commands that look behind it (``show``, ``drift``, ``add``)."""

    plan: Plan
    loaded: Loaded
    desired: Desired
    entry_sets: EntrySets
    own: OwnRules = NO_RULES
    outputs: tuple[Output, ...] = ()


@contextmanager
def collector_off() -> Iterator[None]:
    """Loading makes millions of objects that all live on; the cyclic collector would look at them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_STATE_OF_ANY = FileChange(new_path("desired/fragment.yaml", b""), None, "", b"")
"""Stands for the files of the state in a plan without them: whether there can be any is asked all the same."""


def make_plan(
    tree: Tree,
    options: PlanOptions = PlanOptions(),  # noqa: B008
    reader: Reader | None = None,
    records: Records | None = None,
    edits: Sequence[LiveEdit] = (),
    fleet: FleetSource | None = None,
    *,
    remembers: bool = True,
) -> Planning:
    """Compute a plan. Raises nothing for what stands in the files.

    Args:
        edits: what a command asks of entries whose truth is live.
        remembers: with the files of the state. Who only asks what would change and what blocks can do without: of
            entries that are taken over they are a third of the work.
        reader: knows what was parsed for an earlier plan; the answer is the same without it.
        records: knows what outputs were made of before; the answer is the same without it.
        fleet: tells what the other repositories have, where a kind asks that.
    """
    with collector_off():
        loaded = load(tree if isinstance(tree, Recorder) else Recorder(tree), reader)
        return plan_loaded(loaded, options, records=records, edits=edits, fleet=fleet, remembers=remembers)


def plan_loaded(
    loaded: Loaded,
    options: PlanOptions,
    rest: Unloaded = NOTHING_UNLOADED,
    records: Records | None = None,
    edits: Sequence[LiveEdit] = (),
    fleet: FleetSource | None = None,
    *,
    remembers: bool = True,
) -> Planning:
    """Compute a plan from what was loaded; ``rest`` is what was not. The others as for :func:`make_plan`."""
    step("comparing")
    loaded, relocation = _relocated(loaded, options, rest)
    desired = resolve(loaded.fragments, loaded.state.entries, loaded.live.entries, loaded.kinds)
    whole = not (options.target or options.exclude)
    of_fragments = tuple(fragment_heals(loaded, desired, whole=whole))
    difference = diff(
        loaded.kinds,
        loaded.config,
        desired,
        loaded.live,
        loaded.state,
        options,
        loaded.fragments,
        any_fragment=bool(
            desired.entries or desired.removals or loaded.fragments.unreadable or rest.unchanged
        ),
        rest=rest,
        edits=edits,
        relocated=relocation.blocked,
        mended={heal.fragment for heal in of_fragments},
        left_behind=LeftBehind(loaded),
    )
    step("preparing files")
    known = known_registries(loaded.live, difference.changes, rest)
    written = write(
        loaded.kinds,
        loaded.live,
        loaded.tree,
        unknown(difference.changes, known),
        loaded.fragments.files,
        loaded.reader,
        managed=ChainMap(desired.entries, loaded.state.entries),  # type: ignore[arg-type]
        typed={edit.address: edit.typed for edit in edits if edit.typed},
        text_goes=frozenset(
            [removal.address for removal in loaded.fragments.removals if removal.text_goes]
            + [edit.address for edit in edits if edit.text_goes]
        ),
    )
    written = with_known(written, difference.changes, known)
    tree_after = TreeAfter(written.files, known, loaded.tree) if written.files or known else loaded.tree
    step("checking")
    # What cannot be written is judged all the same: what a rule says of it is worth more than the refusal.
    entry_sets = build_entry_sets(
        loaded,
        desired,
        difference.changes if written.problems else written.changes,
        tree_after,
        rest,
        _asked_of_fleet(loaded, options, fleet),
    )
    own = own_rules(loaded)
    judging = Judging(loaded, entry_sets, own.rules, no_check=options.no_check)
    try:
        judging.judge_before()
        derived = derive(loaded, entry_sets.after, written.changes, tree_after, options, records)
        judged = judging.judge_after(derived.targets)
    finally:
        own.close()
    entry_sets = judging.entry_sets
    heals = (*of_fragments, *difference.heals)
    if whole and (heals or difference.changes):
        told = {heal.fragment for heal in of_fragments}
        heals = (*heals, *(heal for heal in order_heals(loaded) if heal.fragment not in told))
    files = (
        *_written_files(loaded, {**relocation.files, **written.files, **derived.targets}),
        *known_changes(known),
        *derived.memory,
        *(
            state_files(
                loaded,
                desired,
                written.changes,
                heals,
                whole=whole,
                carried=relocation.kinds,
                known=rest.state,
                unloaded=[kind for kind, count in rest.managed.items() if count],
            )
            if remembers
            else ()
        ),
    )
    refused = said_by_rules(written.problems, judged)
    names = [*refused, *fragment_problems(loaded.fragments.files)]
    asked_for = files if remembers or not written.changes else (*files, _STATE_OF_ANY)
    names += file_problems(loaded.asked, asked_for, written.changes, names)
    found = [
        *loaded.problems,
        *severity_problems(loaded.config, own),
        *own.problems,
        *relocation.problems,
        *desired.problems,
        *difference.problems,
        *names,
        *judged,
        *not_checked(loaded, entry_sets),
        *derived.problems,
    ]
    found = list(untouched(difference.changes, set_aside(loaded, desired, written.changes, found, options)))
    step("finishing")
    return Planning(
        _assemble(
            loaded,
            options,
            difference,
            written,
            entry_sets,
            found,
            files,
            desired,
            heals,
            own,
            derived,
            relocation,
        ),
        loaded,
        desired,
        entry_sets,
        own,
        derived.own,
    )


def _asked_of_fleet(loaded: Loaded, options: PlanOptions, source: FleetSource | None) -> FleetView | None:
    """What the other repositories have, where a kind is about them and somebody can tell; an input of the plan."""
    if source is None or options.no_check or not any(kind.looks_across for kind in loaded.kinds.values()):
        return None
    view = source(loaded.config, loaded.live.entries)
    if view is not None:
        loaded.asked.inputs[CATALOG_INPUT] = view.id or None
    return view


def _relocated(loaded: Loaded, options: PlanOptions, rest: Unloaded) -> tuple[Loaded, Relocation]:
    """Entries whose kinds have them elsewhere now, carried there."""
    if rest is not NOTHING_UNLOADED or not loaded.state.places:
        return loaded, NOTHING_RELOCATED
    return relocate(loaded, options)


def _assemble(
    loaded: Loaded,
    options: PlanOptions,
    difference: Diff,
    written: Written,
    entry_sets: EntrySets,
    found: Sequence[Problem],
    files: Sequence[FileChange],
    desired: Desired,
    heals: Sequence[Heal],
    own: OwnRules,
    derived: Derived,
    relocation: Relocation,
) -> Plan:
    sources = ChainMap(derived.sources, loaded.files) if derived.sources else loaded.files  # type: ignore[arg-type]
    locator = Locator(sources, entry_sets.before.rest.located)
    held = holding(loaded, {**relocation.files, **written.files})
    texts = secret_texts(loaded.kinds, _known_entries(loaded)) if held else SecretTexts()
    shown = mask_problems(hide_text_faults(found, held), loaded.kinds, texts)
    settled = suppress(
        apply_severities(shown, loaded.config),
        desired.allowances,
        loaded.baseline,
        loaded.config,
        desired.exact,
        whole=not (options.no_check or options.target or options.exclude),
        unjudged="" if is_asked(entry_sets.after.fleet) else "FLT",
    )
    locator.prepare(change.origin for change in written.changes if change.origin)
    locator.prepare(drift.place for drift in difference.drift)
    problems = locate_problems(settled, locator)
    if any(problem.fix is not None and problem.fix.replacements for problem in problems):
        from registry_reconciler.planning.fixes import with_edits

        problems = with_edits(problems, loaded.files)
        if held:
            problems = tuple(withhold_edits(problems, held, Hider(loaded, texts).spans))
    impact = impacts(entry_sets, written.changes)
    changes = tuple(
        replace(
            with_impact(mask_change(loaded.kinds, change), impact),
            origin_location=locator.location(change.origin) if change.origin else None,
        )
        for change in together(relocation.changes, written.changes)
    )
    drift = tuple(
        replace(mask_drift(loaded.kinds, edited), location=locator.location(edited.place))
        for edited in difference.drift
    )
    return Plan(
        options=options,
        changes=changes,
        drift=drift,
        problems=problems,
        files=tuple(sorted(files, key=lambda file: file.path)),
        inputs=dict(sorted(loaded.asked.inputs.items())),
        unchanged=difference.unchanged,
        unmanaged=difference.unmanaged,
        heals=tuple(heals),
        notices=tuple(
            replace(notice, message=texts.without(notice.message))
            for notice in (
                *standing_notices(loaded.config, own.written),
                *across_notices(loaded.kinds, loaded.config, entry_sets.after.fleet, options),
                *head_notices(written.changes, problems, options),
            )
        ),
        kinds=loaded.kinds,
        withheld=held,
        own_rules=own.texts(),
        outputs=derived.changes,
        derived_files=frozenset(output.file for output in derived.own),
        former_files=frozenset(relocation.files),
    )


def _known_entries(loaded: Loaded) -> Iterator[LiveEntry | DesiredEntry]:
    yield from loaded.live.entries.values()
    yield from loaded.live.clashes
    yield from loaded.fragments.entries


def _written_files(loaded: Loaded, files: Mapping[str, bytes | None]) -> Iterator[FileChange]:
    for path, content in files.items():
        source = loaded.live.files.get(path) if loaded.disk is None else None
        data = source.data if source is not None else loaded.asked.read(path)
        before = digest_bytes(data) if data is not None else None
        after = None if content is None else digest_bytes(content)
        if before != after:
            yield FileChange(path, before, after, content)
