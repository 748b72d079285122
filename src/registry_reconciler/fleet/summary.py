"""What came of all repositories: worst first, and problems by their cause across repositories.

All of it is one :class:`~registry_reconciler.model.plan.Plan` without changes too (:meth:`Summary.as_plan`), whose
problems have the repository as the first step of their paths: so every format of reports can show it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from registry_reconciler.fleet.manifest import Repository
from registry_reconciler.fleet.outcome import RepositoryOutcome
from registry_reconciler.model.entry import Json, Place
from registry_reconciler.model.problem import Problem, Severity, Status, sort_key

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan

FAILED = "FLT012"
"""The code of a repository that could not be looked at."""

_COUNTED = ("create", "update", "delete", "move", "adopt", "forget")


class RepositoryState(enum.Enum):
    """How a repository is, worst first."""

    FAILED = "failed"
    BLOCKED = "blocked"
    DRIFTED = "drifted"
    CHANGES = "changes"
    CLEAN = "clean"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(RepositoryState).index(self)


class SummaryRow(Struct, frozen=True):
    """One repository.

    Attributes:
        exit: the exit code that the command has for it alone.
        problems: with paths as they are in the repository.
    """

    name: str
    state: RepositoryState
    exit: int
    words: str
    outcome: RepositoryOutcome
    problems: tuple[Problem, ...] = ()


class CauseRow(Struct, frozen=True):
    """Problems of one cause across repositories."""

    group: str
    first: Problem
    count: int
    repositories: tuple[str, ...]


class Summary(Struct, frozen=True):
    """All repositories, worst first."""

    command: str
    rows: tuple[SummaryRow, ...]

    @property
    def exit(self) -> int:
        """As the worst: what failed, then what is blocked, then changes and drift where they count."""
        exits = {row.exit for row in self.rows}
        return next((code for code in (1, 3, 2) if code in exits), 0)

    def count(self, state: RepositoryState) -> int:
        """How many repositories are like that."""
        return sum(row.state is state for row in self.rows)

    def counts(self) -> dict[str, int]:
        """How many repositories there are of each sort."""
        return {
            "repositories": len(self.rows),
            **{state.value: self.count(state) for state in RepositoryState},
        }

    def problems(self) -> list[Problem]:
        """Of all repositories, with the repository as the first step of their paths; also why one failed."""
        found = [_of_fleet(row, problem) for row in self.rows for problem in row.problems]
        found += [_failure(row) for row in self.rows if row.outcome.error is not None]
        return sorted(found, key=sort_key)

    def causes(self) -> list[CauseRow]:
        """What stands, by cause, worst and most frequent first."""
        groups: dict[str, list[Problem]] = {}
        for problem in self.problems():
            if problem.status is not Status.FIXED and problem.suppressed is None:
                groups.setdefault(problem.group, []).append(problem)
        rows = [
            CauseRow(group, some[0], len(some), tuple(dict.fromkeys(_name(problem) for problem in some)))
            for group, some in groups.items()
        ]
        return sorted(
            rows,
            key=lambda row: (
                not row.first.blocking,
                row.first.severity.rank,
                -row.count,
                sort_key(row.first),
            ),
        )

    def as_plan(self, most: int = 50) -> Plan:
        """All of it in the form that reports are made from; notices say how the worst repositories are."""
        from registry_reconciler.model.plan import Notice, Plan, PlanOptions

        unclean = [row for row in self.rows if row.state is not RepositoryState.CLEAN]
        notices = [Notice(row.name, row.words) for row in unclean[:most]]
        if len(unclean) > most:
            notices.append(
                Notice("fleet", f"and {len(unclean) - most:,} more repositories that are not clean")
            )
        return Plan(PlanOptions(), (), (), tuple(self.problems()), (), {}, notices=tuple(notices))


def summarize(
    command: str,
    outcomes: Iterable[RepositoryOutcome],
    repositories: Sequence[Repository],
    *,
    options: dict[str, Any],
) -> Summary:
    """The summary of the outcomes of ``plan``, ``check`` or ``drift``.

    Args:
        options: ``fail_on``: the severity from which ``check`` exits 3; ``detailed``: changes give exit 2.
    """
    known = {repository.name: repository for repository in repositories}
    rows = [_row(command, outcome, known[outcome.name], options) for outcome in outcomes]
    return Summary(command, tuple(sorted(rows, key=lambda row: (row.state.rank, -_weight(row), row.name))))


def _weight(row: SummaryRow) -> int:
    result = row.outcome.result or {}
    return int(result.get("blocking", 0)) * 1_000 + len(row.problems)


def _row(
    command: str, outcome: RepositoryOutcome, repository: Repository, options: dict[str, Any]
) -> SummaryRow:
    if outcome.error is not None:
        return SummaryRow(outcome.name, RepositoryState.FAILED, 1, outcome.error["message"], outcome)
    result = outcome.result
    problems = tuple(_problems(result["problems"], repository))
    summary = result["summary"]
    if command == "drift":
        return _drift_row(outcome, result, problems)
    warned = command == "check" and options.get("fail_on") == "warning" and summary["warning"]
    blocked = bool(result["blocking"] or warned or (command == "check" and result["aside"]))
    exit = 3 if blocked else 2 if command == "plan" and options.get("detailed") and result["pending"] else 0
    if blocked:
        state = RepositoryState.BLOCKED
    elif command == "check":
        state = RepositoryState.CLEAN
    else:
        state = (
            RepositoryState.DRIFTED
            if summary["drift"]
            else RepositoryState.CHANGES
            if result["pending"]
            else RepositoryState.CLEAN
        )
    return SummaryRow(outcome.name, state, exit, _words(command, summary), outcome, problems)


def _drift_row(
    outcome: RepositoryOutcome, result: dict[str, Any], problems: tuple[Problem, ...]
) -> SummaryRow:
    count = result["summary"]["drift"]
    unseen = result["unseen"]
    exit = 3 if unseen else 2 if count else 0
    words = [f"{count:,} edited by hand"] if count else []
    words += [f"{len(unseen):,} cannot be read"] if unseen else []
    state = RepositoryState.BLOCKED if unseen else RepositoryState.DRIFTED if count else RepositoryState.CLEAN
    shown = tuple(
        problem
        for problem in problems
        if problem.code in ("STA001", "STA002", "OUT005")
        or any(text.endswith(f": {problem.message}") for text in unseen)
    )
    return SummaryRow(outcome.name, state, exit, ", ".join(words) or "no drift", outcome, shown)


def _words(command: str, summary: dict[str, int]) -> str:
    from registry_reconciler.report.words import plural

    parts = [
        plural(summary[severity.value], severity.value)
        for severity in (Severity.ERROR, Severity.WARNING)
        if summary[severity.value]
    ]
    if command == "plan":
        parts += [f"{summary[action]:,} to {action}" for action in _COUNTED if summary[action]]
        parts += [plural(summary["outputs"], "output")] if summary["outputs"] else []
    parts += [f"{summary['drift']:,} edited by hand"] if summary["drift"] else []
    return ", ".join(parts) or ("no problems" if command == "check" else "no changes")


def _problems(found: list[dict[str, Any]], repository: Repository) -> Iterator[Problem]:
    from msgspec import convert

    for data in found:
        problem = convert(data, Problem)
        yield _below(problem, repository.root) if repository.root else problem


def _of_fleet(row: SummaryRow, problem: Problem) -> Problem:
    from msgspec.structs import replace

    extra = f"{problem.identity_extra} @{row.name}"
    return replace(_below(problem, row.name), identity_extra=extra, place=_in(problem.place, row.name))


def _below(problem: Problem, folder: str) -> Problem:
    """The same problem of a workspace that lies in a folder."""
    from msgspec.structs import replace

    location, fix = problem.location, problem.fix
    if location is not None:
        location = replace(location, path=_path(location.path, folder))
    if fix is not None:
        fix = replace(fix, edits=tuple(replace(edit, path=_path(edit.path, folder)) for edit in fix.edits))
    related = tuple(
        replace(
            other,
            place=_in(other.place, folder),
            location=other.location and replace(other.location, path=_path(other.location.path, folder)),
        )
        for other in problem.related
    )
    return replace(problem, place=_in(problem.place, folder), location=location, fix=fix, related=related)


def _in(place: Place, folder: str) -> Place:
    from msgspec.structs import replace

    return replace(place, file=_path(place.file, folder))


def _path(path: str, folder: str) -> str:
    return f"{folder}/{path}" if path else folder


def _name(problem: Problem) -> str:
    return problem.place.file.partition("/")[0]


def _failure(row: SummaryRow) -> Problem:
    """Why a repository could not be looked at, as a problem."""
    from registry_reconciler.model.structural import problem

    error: dict[str, Json] = row.outcome.error or {}
    message = str(error["message"])
    text = message[:1].upper() + message[1:]
    text += "" if text.endswith((".", "?", "!")) else "."
    found = problem(FAILED, text, Place(row.name), extra=f"{error['code']} @{row.name}")
    from msgspec.structs import replace

    return replace(found, cause=f"{FAILED} {error['code']} {message}")
