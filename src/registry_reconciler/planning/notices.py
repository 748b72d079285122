"""What stands at the head of a plan: skipped and weakened checks, likely renames. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import canonical
from registry_reconciler.model.plan import Notice, PlanOptions
from registry_reconciler.model.problem import Problem, Severity, Status
from registry_reconciler.planning.policy_diff import TITLE, severity_regressions

if TYPE_CHECKING:
    from registry_reconciler.model.fleet_view import FleetView
    from registry_reconciler.model.kind import Kind
    from registry_reconciler.rules.base import Rule

NOT_JUDGED = "Not judged"
"""The title of what is said where nobody could ask about other repositories."""

_ALIKE = 0.8
"""Two entries of one kind, one going and one coming, that share this much of their text are a likely rename."""

_PAIR_LIMIT = 20_000
"""More pairs than this are not compared: the plan is no rename then, and the price is the product of both sides."""


def standing_notices(config: Config, own: Iterable[Rule] = ()) -> tuple[Notice, ...]:
    """Checks that the workspace's settings hold less strictly than they come."""
    return tuple(severity_regressions(Config(), config, own))


def across_notices(
    kinds: Mapping[str, Kind], config: Config, fleet: FleetView | None, options: PlanOptions
) -> Iterator[Notice]:
    """That what is said of other repositories was not judged, because nobody said where to ask."""
    across = sorted(kind.name for kind in kinds.values() if kind.looks_across)
    if across and fleet is None and not options.no_check:
        from registry_reconciler.rules.shapes import listing

        yield Notice(
            NOT_JUDGED,
            f"in: fleet of {listing(across)}: "
            + (
                "registry plan and registry check ask the catalogue."
                if config.catalog
                else "no catalogue was named. Name it: --catalog URL, or catalog in config.yaml; "
                "registry fleet check judges without one."
            ),
        )


def head_notices(
    changes: tuple[Change, ...], problems: Sequence[Problem], options: PlanOptions
) -> tuple[Notice, ...]:
    """Everything that a reviewer must see first."""
    return (
        *_skipped(options),
        *_accepted(problems),
        *_widened(problems),
        *_renames(changes),
    )


def _skipped(options: PlanOptions) -> Iterator[Notice]:
    if options.no_check:
        yield Notice("Checks skipped", "--no-check: the coordination rules did not run; structural ones did.")
    if options.allow_mass_delete:
        yield Notice("Brake lifted", "--allow-mass-delete: large deletions do not block.")


def _accepted(problems: Sequence[Problem]) -> Iterator[Notice]:
    """Errors that this plan brings in and that do not block, because somebody said so."""
    for problem in problems:
        if problem.suppressed and problem.status is Status.INTRODUCED and problem.severity is Severity.ERROR:
            yield Notice(TITLE, f"{problem.code} of {problem.address} does not block ({problem.suppressed}).")


def _widened(problems: Sequence[Problem]) -> Iterator[Notice]:
    from registry_reconciler.rules import RULES

    widening = {rule.code for rule in RULES if rule.widens_capability}
    for problem in problems:
        if problem.code in widening and problem.status is Status.INTRODUCED:
            yield Notice("Widened capability", problem.message)


def likely_renames(changes: Sequence[Change]) -> Iterator[tuple[Change, Change]]:
    """Pairs of a deletion and a creation of one kind that are alike."""
    gone: dict[str, list[Change]] = {}
    new: dict[str, list[Change]] = {}
    for change in changes:
        if change.action is Action.DELETE:
            gone.setdefault(change.kind, []).append(change)
        elif change.action is Action.CREATE:
            new.setdefault(change.kind, []).append(change)
    for kind in sorted(gone.keys() & new.keys()):
        if len(gone[kind]) * len(new[kind]) <= _PAIR_LIMIT:
            yield from _pairs(gone[kind], new[kind])


def _pairs(gone: Sequence[Change], new: Sequence[Change]) -> Iterator[tuple[Change, Change]]:
    scored = sorted(
        ((_likeness(old, entry), old.address, entry.address, old, entry) for old in gone for entry in new),
        key=lambda row: (-row[0], row[1], row[2]),
    )
    used: set[str] = set()
    for score, source, target, old, change in scored:
        if score >= _ALIKE and source not in used and target not in used:
            used.update((source, target))
            yield old, change


def _likeness(old: Change, new: Change) -> float:
    left, right = old.before or {}, new.after or {}
    # The key differs by definition; what the rest shares decides.
    shared = [name for name in left if name in right and left[name] == right[name]]
    if not shared:
        return 0.0
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, canonical(left)[:4000], canonical(right)[:4000], False)
    if matcher.quick_ratio() < _ALIKE:
        return 0.0
    return matcher.ratio()


def _renames(changes: Sequence[Change]) -> Iterator[Notice]:
    for old, new in likely_renames(changes):
        yield Notice(
            "Likely rename",
            f"{old.address} goes and {new.address} comes, and they are alike. If it is a rename, keep identity, place "
            f"and comments by adding to {new.origin.file if new.origin else 'the fragment'}:\n"
            f"moved:\n- {{from: {old.address}, to: {new.address}}}",
        )
