"""Semantic review: the projected state of one revision against that of another, or of the working tree.

Projected is what the fragments of a revision lead to, applied or not. Entries and fields that differ are
the changes; a problem of the new side is introduced unless the old side has it too. A review cannot be
applied: it has no files and no plan id, and only introduced errors block it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.files.git import RevisionTree, commit_of, merge_base
from registry_reconciler.files.tree import MemoryTree, Tree, is_safe
from registry_reconciler.loading.catalog import load_catalog
from registry_reconciler.loading.directives import Move
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.entry import Json, LiveEntry, Location, same
from registry_reconciler.model.plan import Notice, Plan, PlanOptions
from registry_reconciler.model.problem import Problem, Status, sort_key
from registry_reconciler.model.redact import mask_change
from registry_reconciler.planning import policy_diff as policy_diff
from registry_reconciler.planning.check import EntrySets
from registry_reconciler.planning.field_diff import diff_values
from registry_reconciler.planning.impact import impacts, with_impact
from registry_reconciler.planning.known_entries import KnownEntries
from registry_reconciler.planning.moves import find_renames
from registry_reconciler.planning.notices import NOT_JUDGED, head_notices
from registry_reconciler.planning.pipeline import Planning, make_plan
from registry_reconciler.planning.suppress import Locator, locate_problems, suppress
from registry_reconciler.queries.review_outputs import made_stale, outputs_changed, stale_outputs
from registry_reconciler.rules import RULES
from registry_reconciler.rules.base import Transition, run_transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.workspace import Workspace

_SHORT = 12
_OF_APPLYING = frozenset({"STA001", "STA002", "STA003", "STA005", "BRK001", "BRK002", "OUT008"})
"""Drift, both sides changed, adoption, protection and brakes: a review applies nothing."""


class Review(Struct, frozen=True):
    """What differs, in the form of a plan that cannot be applied.

    Attributes:
        base: what it is compared with, for people.
        extra: more fields for the JSON: the commits, and whether the fragments of the new side are applied.
    """

    plan: Plan
    base: str
    extra: Mapping[str, Json]


def review_base(workspace: Workspace, revision: str, *, no_check: bool = False) -> Review:
    """The working tree against the commit where it left a revision.

    Raises:
        UsageFailure: there is no such revision.
        GitFailure: there is no git, no repository or no common history.
        LockHeld, InterruptedApply: as for a plan.
    """
    commit = merge_base(workspace.root, revision)
    options = PlanOptions(no_check=no_check)
    new = workspace.planning(options)
    old = _plan_of(workspace, commit, options, new)
    name = f"{revision} (merge base {commit[:_SHORT]})"
    return _review(old, new, name, {"base_commit": commit, "head_commit": None})


def review_revisions(
    workspace: Workspace, old_revision: str, new_revision: str | None, *, no_check: bool = False
) -> Review:
    """One revision, or the working tree, against another, as they are. Raises as :func:`review_base`."""
    options = PlanOptions(no_check=no_check)
    old_commit = commit_of(workspace.root, old_revision)
    new_commit = commit_of(workspace.root, new_revision) if new_revision is not None else None
    new = _plan_of(workspace, new_commit, options) if new_commit else workspace.planning(options)
    old = _plan_of(workspace, old_commit, options, new)
    name = f"{old_revision} ({old_commit[:_SHORT]})"
    return _review(old, new, name, {"base_commit": old_commit, "head_commit": new_commit})


def review_since(workspace: Workspace, base: str, revision: str, *, no_check: bool = False) -> Review:
    """One revision against the commit where it left another. Raises as :func:`review_base`."""
    commit = merge_base(workspace.root, base, revision)
    return review_revisions(workspace, commit, revision, no_check=no_check)


def _plan_of(
    workspace: Workspace, commit: str, options: PlanOptions, newer: Planning | None = None
) -> Planning:
    """What a revision leads to; registries of kinds that it has not got yet are read as ``newer`` describes them.

    Who adopts registries adds schemas, fragments and state in one branch: the entries were there before.
    """
    with closing(RevisionTree(workspace.root, commit)) as tree:
        files = MemoryTree(_new_schemas(tree, newer), tree) if newer else tree
        planning = make_plan(files, options, fleet=workspace.fleet)
        tree.refuse_missing()
        return planning


def _new_schemas(tree: Tree, newer: Planning) -> dict[str, bytes | None]:
    files = newer.loaded.catalog.files
    missing = [path for path, source in files.items() if source.data and tree.kind(path) == "absent"]
    if not missing:
        return {}
    there = load_catalog(tree)
    known = {*there.kinds, *there.broken}
    moved = {kind.schema_path for kind in newer.loaded.kinds.values() if kind.name in known}
    return {path: files[path].data for path in missing if path not in moved}


def _review(old: Planning, new: Planning, base: str, commits: dict[str, Json]) -> Review:
    before, after = _complete(old, new), _complete(new, old)
    changes = tuple(compare(before, after, _renames(old, new)))
    impact = impacts(EntrySets(before, after, changes), changes)
    problems = tuple(
        sorted(
            (*_problems(old, new, Transition(before, after, changes)), *stale_outputs(old, new)), key=sort_key
        )
    )
    later = new.loaded.config.outputs == "after_merge"
    locator = Locator(new.loaded.files)
    locator.prepare(change.origin for change in changes if change.origin)
    shown = tuple(
        replace(
            with_impact(
                mask_change(new.loaded.kinds, mask_change(old.loaded.kinds, change)),
                impact,
                tuple(_files_on_disk(change, before, after)),
            ),
            origin_location=_origin(change, locator),
        )
        for change in changes
    )
    plan = Plan(
        options=new.plan.options,
        changes=shown,
        drift=new.plan.drift,
        problems=problems,
        files=(),
        inputs=new.plan.inputs,
        withheld=new.plan.withheld,
        unchanged=len(after.items) - sum(change.after is not None for change in changes),
        unmanaged=0,
        outputs=made_stale(old.plan, new.plan, later=later),
        notices=(
            *_pending(old.plan, new.plan, later=later),
            *_weakened(old, new),
            *(notice for notice in new.plan.notices if notice.title == NOT_JUDGED),
            *_heads(new, changes, problems),
        ),
        kinds={**old.loaded.kinds, **new.loaded.kinds},
        own_rules={**old.plan.own_rules, **new.plan.own_rules},
    )
    return Review(plan, base, {**commits, "applied": new.plan.empty})


def _complete(side: Planning, other: Planning) -> EntrySet:
    """The entries that a side leads to. Of a registry that it cannot read, those that its fragments say, and else what
    the other side has: nothing comes or goes there that anybody could see.
    """
    entry_set, others = side.entry_sets.after, other.entry_sets.after
    declared = {
        address: Entry(entry.kind, entry.key, address, entry.value, entry.place, managed=True)
        for address, entry in side.desired.entries.items()
        if entry.kind in entry_set.hidden_kinds and address not in entry_set.items
    }
    kept = {
        address: item
        for address, item in others.items.items()
        if address not in entry_set.items and _is_unseen(item, side, other)
    }
    if not declared and not kept:
        return entry_set
    items = dict(sorted({**entry_set.items, **kept, **declared}.items()))
    return replace(entry_set, items=items, earlier=None, touched=frozenset(), _by_kind={}, _memo={})


def _is_unseen(item: Entry, side: Planning, other: Planning) -> bool:
    """Whether a side that shows no such entry may have it: a branch that declares it anew, or no more, decides."""
    if not side.entry_sets.after.maybe_hidden((item.kind,), item.key):
        return False
    if item.kind not in side.loaded.kinds or item.address not in other.desired.entries:
        return True
    return item.address in side.desired.entries or item.address in side.loaded.state.entries


def _renames(old: Planning, new: Planning) -> dict[str, str]:
    """What is called otherwise on the new side, the old address by the new one.

    Asked as a plan asks it, with the old side as what is there: swaps, shifts, what lies inside, renames taken back.
    """
    live = {item.address: _as_live(old, item) for item in old.entry_sets.after.items.values()}
    entries, state = new.desired.entries, old.loaded.state.entries
    moves = list(new.loaded.fragments.moves)
    sources = {move.source for move in moves}
    for target, entry in new.loaded.state.entries.items():
        for source in entry.former if target in entries else ():
            known = state.get(source)
            # A record keeps its salt: the line of the move may be gone, the entry is the same.
            if source not in sources and known and known.applied[0].salt == entry.applied[0].salt:
                moves.append(Move(source, target, entries[target].place))
                break
    found = find_renames(moves, KnownEntries(new.loaded.kinds, entries, state, live), [])
    before, after = old.entry_sets.after.items, new.entry_sets.after.items
    return {path: source for path, source in found.sources.items() if source in before and path in after}


def _as_live(old: Planning, item: Entry) -> LiveEntry:
    """An entry as the registries of the old side would hold it, were its fragments applied."""
    desired, live = old.desired.entries.get(item.address), old.loaded.live.entries.get(item.address)
    if live is None:
        value = desired.value if desired else dict(item.value)
        return LiveEntry(item.kind, item.key, item.address, value, item.live_place or item.place)
    return replace(live, value=desired.value) if desired else live


def compare(before: EntrySet, after: EntrySet, sources: Mapping[str, str]) -> Iterator[Change]:
    """The entries that differ between two entry sets, by address. ``sources``: the old address by the new one."""
    left = set(sources.values()) - sources.keys()
    for address in sorted({*before.items, *after.items}):
        source = sources.get(address, "" if address in left else address)
        old, new = before.items.get(source), after.items.get(address)
        if old is None and new is None:
            continue
        moved = address in sources
        if old is None or new is None or moved or not same(dict(old.value), dict(new.value)):
            yield _change(old, new, source if moved else None)
        elif new.managed and not old.managed:
            yield replace(_change(old, new, None), action=Action.ADOPT, reason=Reason.ADOPTED)


def _change(old: Entry | None, new: Entry | None, source: str | None) -> Change:
    item = new or old
    assert item is not None
    before = dict(old.value) if old else None
    after = dict(new.value) if new else None
    action, reason = Action.UPDATE, Reason.DESIRED_CHANGED
    if old is None:
        action, reason = Action.CREATE, Reason.NOT_IN_REGISTRY
    elif new is None:
        action, reason = Action.DELETE, Reason.NOT_IN_FRAGMENTS
    elif source is not None:
        action, reason = Action.MOVE, Reason.MOVED
    elif not old.managed:
        reason = Reason.ADOPTED
    if not any(entry.managed for entry in (old, new) if entry is not None):
        reason = Reason.EDITED  # of a kind whose truth is live, or of an entry that no fragment owns
    return Change(
        address=item.address,
        kind=item.kind,
        key=item.key,
        action=action,
        reason=reason,
        file=item.live_place.file if item.live_place else "",
        from_address=source,
        origin=new.place if new else None,
        live=old.live_place if old else None,
        fields=diff_values(before, after) if before is not None and after is not None else (),
        before=before,
        after=after,
    )


def _origin(change: Change, locator: Locator) -> Location | None:
    return locator.location(change.origin) if change.origin else None


def _files_on_disk(change: Change, before: EntrySet, after: EntrySet) -> list[str]:
    """The files that the entry names on either side, where they are there: they come, go or stay with it."""
    found: set[str] = set()
    source = change.from_address or change.address
    for entry_set, address, value in (
        (before, source, change.before),
        (after, change.address, change.after),
    ):
        kind, item = entry_set.kinds.get(change.kind), entry_set.items.get(address)
        file = entry_set.registry_file(item) if item is not None else change.file
        for rule in kind.paths if kind is not None and value is not None else ():
            for _, named in rule.field.find(value):
                path = rule.resolved(named, file) if isinstance(named, str) else ""
                if path and _is_there(after.tree, path):
                    found.add(path)
    return sorted(found)


def _is_there(tree: Tree, path: str) -> bool:
    return is_safe(path) and tree.kind(path) in ("file", "dir")


def _problems(old: Planning, new: Planning, transition: Transition) -> tuple[Problem, ...]:
    """The problems of both sides, each once, with the status that the review gives it."""
    known = {problem.identity for problem in old.plan.problems if problem.status is not Status.FIXED}
    found = [_judged(problem, problem.identity in known) for problem in new.plan.problems if _stands(problem)]
    found += _transitions(new, transition, {problem.identity for problem in found})
    here = {problem.identity for problem in found}
    fixed = [
        replace(problem, status=Status.FIXED)
        for problem in old.plan.problems
        if problem.status is not Status.FIXED and problem.identity not in here and _stands(problem)
    ]
    return tuple(sorted((*found, *fixed), key=sort_key))


def _stands(problem: Problem) -> bool:
    """Whether a problem is one of what the fragments lead to, and not of applying them now."""
    return problem.status is not Status.FIXED and problem.code not in _OF_APPLYING


def _judged(problem: Problem, known: bool) -> Problem:
    if not known:
        # What a plan may leave aside is new here: the branch made the file unreadable.
        return replace(problem, status=Status.INTRODUCED, aside=False)
    # Not managed: what was there before never blocks a review.
    return replace(problem, status=Status.PRE_EXISTING, managed=False)


def _transitions(new: Planning, transition: Transition, known: set[object]) -> list[Problem]:
    """What rules about a change say of the whole way from one side to the other."""
    if new.plan.options.no_check:
        return []
    try:
        problems = [
            problem
            for problem in run_transition((*RULES, *new.own.rules), transition)
            if problem.identity not in known
        ]
    finally:
        new.own.close()
    codes = {problem.code for problem in problems}
    allowances = tuple(allowance for allowance in new.desired.allowances if allowance.code in codes)
    settled = [
        problem
        for problem in suppress(problems, allowances, new.loaded.baseline, new.loaded.config)
        if problem.code != "FRG006"
    ]
    return list(locate_problems(settled, Locator(new.loaded.files)))


def _pending(old: Plan, plan: Plan, *, later: bool) -> Iterator[Notice]:
    """What the branch did not apply; an output that was stale before it is not the branch's to make.

    Args:
        later: a job on the main branch makes all outputs.
    """
    mine = () if later else made_stale(old, plan)
    others_alone = bool(plan.outputs) and not (plan.changes or plan.heals or mine)
    if not plan.empty and not others_alone:
        from registry_reconciler.report.words import summary_line

        what = summary_line(replace(plan, outputs=mine))
        yield Notice(
            "Not applied", f"the registries are not what the fragments say ({what}): registry apply."
        )


def _heads(new: Planning, changes: tuple[Change, ...], problems: Sequence[Problem]) -> tuple[Notice, ...]:
    stands = tuple(problem for problem in problems if problem.status is Status.INTRODUCED)
    return head_notices(changes, stands, new.plan.options)


def _weakened(old: Planning, new: Planning) -> Iterator[Notice]:
    """Checks that the new side holds less strictly than the old one."""
    own = [rule for rule in old.own.written if rule.code in new.own.paths]
    yield from policy_diff.severity_regressions(old.loaded.config, new.loaded.config, own)
    yield from policy_diff.rules_changed(old.loaded.rule_files, new.loaded.rule_files)
    yield from policy_diff.allowed(old.desired.allowances, new.desired.allowances)
    yield from policy_diff.unprotected(old.desired, new.desired)
    yield from policy_diff.baselined(old.loaded.baseline, new.loaded.baseline)
    yield from policy_diff.schemas_changed(old.loaded.catalog, new.loaded.catalog)
    yield from outputs_changed(old, new)
