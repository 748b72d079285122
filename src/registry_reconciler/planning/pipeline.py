"""The flow: load → compare (resolve, diff) → edit files → check (judge, derive) → suppress.

It ends in a :class:`~registry_reconciler.model.plan.Plan`.

Each stage takes frozen values and returns the next; this module only hands them on. It touches no disk but through the
tree that it is given, so a plan of a git revision or of a workspace in memory is computed by the same lines.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.collector import collector_off
from registry_reconciler.base.progress import step
from registry_reconciler.files.tree import Recorder, Tree
from registry_reconciler.formats.base import Reader
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
from registry_reconciler.planning.check import (
    EntrySets,
    build_entry_sets,
    caused_by_rules,
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
from registry_reconciler.planning.old_places import back_at_old_places
from registry_reconciler.planning.relocate import NOTHING_RELOCATED, Relocation, relocate, together
from registry_reconciler.planning.resolve import Desired, resolve
from registry_reconciler.planning.state_files import state_files
from registry_reconciler.planning.state_heals import fragment_heals, order_heals
from registry_reconciler.planning.suppress import Locator, apply_severities, locate_problems, suppress
from registry_reconciler.planning.unmatched import Addresses, unmatched
from registry_reconciler.planning.unread_files import not_checked, set_aside
from registry_reconciler.rules.own import NO_RULES, OwnRules, own_rules
from registry_reconciler.rules.unloaded import NOTHING_UNLOADED, KnownRegistry, Unloaded

if TYPE_CHECKING:
    from registry_reconciler.outputs.beside import ReadyProcess
    from registry_reconciler.outputs.definitions import Output
    from registry_reconciler.outputs.sources import Records
    from registry_reconciler.outputs.stage import Derived


class Planning(Struct, frozen=True):
    """A plan with what it was made from, for commands that look behind it (``show``, ``drift``, ``add``)."""

    plan: Plan
    loaded: Loaded
    desired: Desired
    entry_sets: EntrySets
    own: OwnRules = NO_RULES
    outputs: tuple[Output, ...] = ()


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
        remembers: with the files of the state, and the edits of fixes. Who only asks what would change and what
            blocks can do without: of entries that are taken over they are a third of the work, or more.
        reader: knows what was parsed for an earlier plan; the answer is the same without it.
        records: knows what outputs were made of before; the answer is the same without it.
        fleet: tells what the other repositories have, where a kind asks that.
    """
    from registry_reconciler.outputs.beside import ReadyProcess

    with collector_off(), ExitStack() as ending:
        ready = ReadyProcess(records)
        ending.callback(ready.end)
        loaded = load(tree if isinstance(tree, Recorder) else Recorder(tree), reader, ready.look_ahead)
        return plan_loaded(
            loaded, options, records=records, edits=edits, fleet=fleet, ready=ready, remembers=remembers
        )


class Compared(Struct, frozen=True):
    """Resolved and diffed: what would happen to entries.

    Attributes:
        loaded: with the entries of kinds that have another place now carried there.
        heals: of what is remembered and does not fit.
        whole: of all entries, and not of those that the command names.
    """

    loaded: Loaded
    relocation: Relocation
    desired: Desired
    difference: Diff
    heals: tuple[Heal, ...]
    whole: bool


class Edited(Struct, frozen=True):
    """The files of the registries as they would be.

    Attributes:
        known: what is known of registries that a plan of a part did not read.
        tree: all files with these over them, without the outputs.
    """

    written: Written
    known: Mapping[str, KnownRegistry]
    tree: Tree


class Checked(Struct, frozen=True):
    """What the rules say, what outputs become, and what is remembered afterwards."""

    entry_sets: EntrySets
    own: OwnRules
    derived: Derived
    judged: tuple[Problem, ...]
    state: tuple[FileChange, ...]


def plan_loaded(
    loaded: Loaded,
    options: PlanOptions,
    rest: Unloaded = NOTHING_UNLOADED,
    records: Records | None = None,
    edits: Sequence[LiveEdit] = (),
    fleet: FleetSource | None = None,
    *,
    ready: ReadyProcess | None = None,
    remembers: bool = True,
) -> Planning:
    """Compute a plan from what was loaded; ``rest`` is what was not. The others as for :func:`make_plan`."""
    step("comparing")
    compared = _compared(loaded, options, rest, edits)
    step("preparing files")
    edited = _edited(compared, rest, edits)
    step("checking")
    view = _fleet_view(compared.loaded, options, fleet)
    checked = _checked(compared, edited, options, rest, view, records, ready, remembers=remembers)
    files = _files(compared, edited, checked)
    known = Addresses(compared.loaded, compared.desired, whole=rest is NOTHING_UNLOADED)
    found = _found(compared, edited, checked, options, files, known, remembers=remembers)
    found += back_at_old_places(
        compared.loaded,
        checked.derived.own,
        blocked=compared.relocation.blocked,
        whole=rest is NOTHING_UNLOADED,
    )
    step("finishing")
    plan = _assemble(compared, edited, checked, options, files, found, known, fixes=remembers)
    return Planning(
        plan, compared.loaded, compared.desired, checked.entry_sets, checked.own, checked.derived.own
    )


def _compared(loaded: Loaded, options: PlanOptions, rest: Unloaded, edits: Sequence[LiveEdit]) -> Compared:
    loaded, relocation = _relocated(loaded, options, rest)
    desired = resolve(loaded.fragments, loaded.state.entries, loaded.live.entries, loaded.kinds)
    whole = not (options.target or options.exclude)
    of_fragments = tuple(fragment_heals(loaded, desired, whole=whole))
    mended = {heal.fragment for heal in of_fragments}
    difference = diff(
        loaded, desired, options, rest=rest, edits=edits, relocated=relocation.blocked, mended=mended
    )
    heals = (*of_fragments, *difference.heals)
    if whole and (heals or difference.changes):
        heals = (*heals, *(heal for heal in order_heals(loaded) if heal.fragment not in mended))
    return Compared(loaded, relocation, desired, difference, heals, whole)


def _edited(compared: Compared, rest: Unloaded, edits: Sequence[LiveEdit]) -> Edited:
    loaded, changes = compared.loaded, compared.difference.changes
    known = known_registries(loaded.live, changes, rest)
    written = write(
        loaded,
        unknown(changes, known),
        managed=ChainMap(compared.desired.entries, loaded.state.entries),  # type: ignore[arg-type]
        typed={edit.address: edit.typed for edit in edits if edit.typed},
        text_goes=frozenset(
            [removal.address for removal in loaded.fragments.removals if removal.text_goes]
            + [edit.address for edit in edits if edit.text_goes]
        ),
    )
    written = with_known(written, changes, known)
    tree = TreeAfter(written.files, known, loaded.tree) if written.files or known else loaded.tree
    return Edited(written, known, tree)


def _checked(
    compared: Compared,
    edited: Edited,
    options: PlanOptions,
    rest: Unloaded,
    fleet: FleetView | None,
    records: Records | None,
    ready: ReadyProcess | None,
    *,
    remembers: bool,
) -> Checked:
    from registry_reconciler.outputs.stage import begin_deriving

    loaded, written = compared.loaded, edited.written
    # What cannot be written is judged all the same: what a rule says of it is worth more than the refusal.
    changes = compared.difference.changes if written.problems else written.changes
    entry_sets = build_entry_sets(loaded, compared.desired, changes, edited.tree, rest, fleet)
    with ExitStack() as ending:
        outputs = begin_deriving(
            loaded, entry_sets.after, written.changes, edited.tree, options, records, ready
        )
        ending.callback(outputs.stop)
        own = own_rules(loaded)
        ending.callback(own.close)
        # All this while outputs are rendered, so what comes of them is asked for last.
        judging = Judging(loaded, entry_sets, own.rules, no_check=options.no_check)
        judging.judge()
        state = _state(compared, edited, rest) if remembers else ()
        derived = outputs.derived()
        judged = judging.with_files(derived.targets)
    return Checked(judging.entry_sets, own, derived, judged, state)


def _state(compared: Compared, edited: Edited, rest: Unloaded) -> tuple[FileChange, ...]:
    return tuple(
        state_files(
            compared.loaded,
            compared.desired,
            edited.written.changes,
            compared.heals,
            whole=compared.whole,
            carried=compared.relocation.kinds,
            known=rest.state,
            unloaded=[kind for kind, count in rest.managed.items() if count],
        )
    )


def _files(compared: Compared, edited: Edited, checked: Checked) -> tuple[FileChange, ...]:
    contents = {**compared.relocation.files, **edited.written.files, **checked.derived.targets}
    return (
        *_written_files(compared.loaded, contents),
        *known_changes(edited.known),
        *checked.derived.memory,
        *checked.state,
    )


def _found(
    compared: Compared,
    edited: Edited,
    checked: Checked,
    options: PlanOptions,
    files: tuple[FileChange, ...],
    known: Addresses,
    *,
    remembers: bool,
) -> list[Problem]:
    """All problems, each marked whether the plan touches what it is about."""
    loaded, written = compared.loaded, edited.written
    refused = caused_by_rules(written.problems, checked.judged)
    names = [*refused, *fragment_problems(loaded.fragments.files)]
    would_write = files if remembers or not written.changes else (*files, _STATE_OF_ANY)
    names += file_problems(loaded.recorder, would_write, written.changes, names)
    found = [
        *loaded.problems,
        *severity_problems(loaded.config, checked.own),
        *checked.own.problems,
        *compared.relocation.problems,
        *compared.desired.problems,
        *unmatched(loaded, compared.desired, known),
        *compared.difference.problems,
        *names,
        *checked.judged,
        *not_checked(loaded, checked.entry_sets),
        *checked.derived.problems,
    ]
    kept = set_aside(loaded, compared.desired, written.changes, found, options)
    return list(untouched(compared.difference.changes, kept))


def _fleet_view(loaded: Loaded, options: PlanOptions, source: FleetSource | None) -> FleetView | None:
    """What the other repositories have, where a kind is about them and somebody can tell; an input of the plan."""
    if source is None or options.no_check or not any(kind.looks_across for kind in loaded.kinds.values()):
        return None
    view = source(loaded.config, loaded.live.entries)
    if view is not None:
        loaded.recorder.inputs[CATALOG_INPUT] = view.id or None
    return view


def _relocated(loaded: Loaded, options: PlanOptions, rest: Unloaded) -> tuple[Loaded, Relocation]:
    """Entries whose kinds have them elsewhere now, carried there."""
    if rest is not NOTHING_UNLOADED or not loaded.state.places:
        return loaded, NOTHING_RELOCATED
    return relocate(loaded, options)


def _assemble(
    compared: Compared,
    edited: Edited,
    checked: Checked,
    options: PlanOptions,
    files: Sequence[FileChange],
    found: Sequence[Problem],
    known: Addresses,
    *,
    fixes: bool,
) -> Plan:
    loaded, desired, difference = compared.loaded, compared.desired, compared.difference
    written, entry_sets, derived = edited.written, checked.entry_sets, checked.derived
    sources = ChainMap(derived.sources, loaded.files) if derived.sources else loaded.files  # type: ignore[arg-type]
    locator = Locator(sources, entry_sets.before.rest.located)
    held = holding(loaded, {**compared.relocation.files, **written.files})
    texts = secret_texts(loaded.kinds, _known_entries(loaded)) if held else SecretTexts()
    shown = mask_problems(hide_text_faults(found, held), loaded.kinds, texts)
    settled = suppress(
        apply_severities(shown, loaded.config),
        desired.allowances,
        loaded.baseline,
        loaded.config,
        desired.exact,
        known=known,
        whole=not (options.no_check or options.target or options.exclude),
        unjudged="" if is_asked(entry_sets.after.fleet) else "FLT",
        own_codes=checked.own.codes,
    )
    locator.prepare(change.origin for change in written.changes if change.origin)
    locator.prepare(drift.place for drift in difference.drift)
    problems = locate_problems(settled, locator)
    if fixes and any(problem.fix is not None and problem.fix.replacements for problem in problems):
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
        for change in together(compared.relocation.changes, written.changes)
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
        inputs=dict(sorted(loaded.recorder.inputs.items())),
        unchanged=difference.unchanged,
        unmanaged=difference.unmanaged,
        heals=compared.heals,
        notices=tuple(
            replace(notice, message=texts.without(notice.message))
            for notice in (
                *standing_notices(loaded.config, checked.own.written),
                *across_notices(loaded.kinds, loaded.config, entry_sets.after.fleet, options),
                *head_notices(written.changes, problems, options),
            )
        ),
        kinds=loaded.kinds,
        withheld=held,
        own_rules=checked.own.texts(),
        outputs=derived.changes,
        derived_files=frozenset(output.file for output in derived.own),
        former_files=frozenset(compared.relocation.files),
    )


def _known_entries(loaded: Loaded) -> Iterator[LiveEntry | DesiredEntry]:
    yield from loaded.live.entries.values()
    yield from loaded.live.clashes
    yield from loaded.fragments.entries


def _written_files(loaded: Loaded, files: Mapping[str, bytes | None]) -> Iterator[FileChange]:
    for path, content in files.items():
        source = loaded.live.files.get(path) if loaded.disk is None else None
        data = source.data if source is not None else loaded.recorder.read(path)
        before = loaded.recorder.digest_of(path, data) if data is not None else None
        after = None if content is None else digest_bytes(content)
        if before != after:
            yield FileChange(path, before, after, content)
