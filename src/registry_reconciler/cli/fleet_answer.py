"""The answer of ``fleet plan``, ``fleet check`` and ``fleet drift``, in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import runner_safe, visible
from registry_reconciler.base.first_few import first_few
from registry_reconciler.cli.common import Call
from registry_reconciler.cli.fleet import Running, chosen, manifest_of, outcomes_of
from registry_reconciler.cli.options import Reporting
from registry_reconciler.cli.output import put, write_file
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from pathlib import Path

    from registry_reconciler.fleet import Manifest, Repository
    from registry_reconciler.fleet.outcome import RepositoryOutcome
    from registry_reconciler.fleet.summary import Summary, SummaryRow

_ROWS_SHOWN = 50
_WORDS = 400
"""Characters of why a repository failed, in the table."""


def look_at(
    command: str,
    reporting: Reporting,
    running: Running,
    file: Path | None,
    only: Sequence[str] | None,
    since: str,
    *,
    options: dict[str, Any],
    asked: dict[str, Any],
    remember: bool,
) -> int:
    """Do ``plan``, ``check`` or ``drift`` over a fleet, and report; the exit code.

    Args:
        options: for the job, which what is remembered depends on.
        asked: for the summary alone.
    """
    from registry_reconciler.fleet.summary import summarize

    call = reporting.call(f"fleet {command}")
    manifest = manifest_of(call, file)
    repositories = chosen(manifest, only)

    by_name = {repository.name: repository for repository in manifest.repositories}

    def words(outcome: RepositoryOutcome) -> str:
        return summarize(command, [outcome], [by_name[outcome.name]], options=asked).rows[0].words

    def looked(some: Sequence[Repository], more: dict[str, Any], since: str = "") -> list[RepositoryOutcome]:
        return outcomes_of(some, command, {**options, **more}, running, words, since=since, remember=remember)

    across = command == "check"
    outcomes = _across(manifest, repositories, looked, since) if across else looked(repositories, {}, since)
    summary = summarize(command, outcomes, repositories, options=asked)
    for form, path in call.reports:
        write_file(path, _written(call, summary, form))
    put(_written(call, summary, call.format), long=True)
    return summary.exit


def _across(
    manifest: Manifest,
    repositories: Sequence[Repository],
    look: Callable[..., list[RepositoryOutcome]],
    since: str,
) -> list[RepositoryOutcome]:
    """What came of repositories, judged also by what all others of the fleet have."""
    from registry_reconciler.cli.fleet_source import former_holders
    from registry_reconciler.fleet.across import TELL, judged

    outcomes = look(repositories, {TELL: True}, since)
    names = {outcome.name for outcome in outcomes}
    others = [repository for repository in manifest.repositories if repository.name not in names]
    return judged(outcomes, repositories, others, look, former_holders())


def _written(call: Call, summary: Summary, form: str) -> str:
    if form == "json":
        return _json(call, summary)
    if form == "text":
        return runner_safe("\n".join(_lines(call, summary)) + "\n")
    from registry_reconciler.report import RenderOptions, render

    label = call.label or f"fleet {summary.command}"
    options = RenderOptions(
        width=call.columns, full=call.full, max_bytes=call.max_bytes, label=label, command="check"
    )
    return render(summary.as_plan(), form, options)


def _lines(call: Call, summary: Summary) -> Iterator[str]:
    from registry_reconciler.fleet.summary import RepositoryState
    from registry_reconciler.report.words import command_line

    rows = [row for row in summary.rows if call.full or row.state is not RepositoryState.CLEAN]
    shown = rows if call.full else rows[:_ROWS_SHOWN]
    yield from _table(call, shown)
    if len(rows) > len(shown):
        yield f"… and {len(rows) - len(shown):,} more (--full shows all)"
    if shown:
        yield ""
    yield from _causes(call, summary)
    yield f"Fleet {summary.command}: {_counted(summary)}."
    for number, step in enumerate(_next(summary)[:3]):
        yield ("Next: " if not number else "      ") + command_line(step)


def _table(call: Call, rows: Sequence[SummaryRow]) -> Iterator[str]:
    from registry_reconciler.report.values import cut, wrap

    name = min(max((len(row.name) for row in rows), default=0), 40)
    state = max((len(row.state.value) for row in rows), default=0)
    hang = name + state + 18
    for row in rows:
        commit = (row.outcome.commit or "(folder)")[:12] if row.outcome.error is None else "-"
        head = f"{visible(row.name):{name}}  {row.state.value:{state}}  {commit:12}  "
        words = visible(row.words if call.full else cut(row.words, _WORDS))
        lines = wrap(words, max(call.columns - hang, 24))
        yield head + lines[0]
        yield from (" " * hang + line for line in lines[1:])


def _causes(call: Call, summary: Summary) -> Iterator[str]:
    """The problems, each cause once with the repositories that have it."""
    from msgspec.structs import replace

    from registry_reconciler.fleet.summary import FAILED
    from registry_reconciler.report import RenderOptions, render
    from registry_reconciler.report.values import cut
    from registry_reconciler.report.words import plural

    plan = summary.as_plan(0)
    # Why a repository failed stands in the table.
    problems = tuple(problem for problem in plan.problems if problem.code != FAILED)
    if problems:
        options = RenderOptions(width=call.columns, full=call.full, command="check")
        text = render(replace(plan, notices=(), problems=problems), "text", options)
        lines = text.rstrip("\n").split("\n")
        end = next((number for number, line in enumerate(lines) if line.startswith("Check: ")), len(lines))
        yield from lines[:end]
    several = [cause for cause in summary.causes() if len(cause.repositories) > 1]
    if several:
        yield "In several repositories:"
        for cause in several[: None if call.full else _ROWS_SHOWN]:
            names = first_few(cause.repositories, 5)
            why = f" ({visible(cut(cause.first.message, _WORDS))})" if cause.first.code == FAILED else ""
            count = plural(len(cause.repositories), "repository")
            yield f"  {cause.first.code}  {cause.count:,} in {count}: {names}{why}"
        yield ""


def _counted(summary: Summary) -> str:
    from registry_reconciler.fleet.summary import RepositoryState
    from registry_reconciler.report.words import plural

    words = {
        RepositoryState.FAILED: "could not be looked at",
        RepositoryState.BLOCKED: "blocked",
        RepositoryState.DRIFTED: "edited by hand",
        RepositoryState.CHANGES: "with changes",
        RepositoryState.CLEAN: "clean",
    }
    parts = [f"{count:,} {word}" for state, word in words.items() if (count := summary.count(state))]
    return f"{plural(len(summary.rows), 'repository')}{': ' if parts else ''}{', '.join(parts)}"


def _next(summary: Summary) -> list[list[str]]:
    codes = dict.fromkeys(cause.first.code for cause in summary.causes() if cause.first.blocking)
    return [["registry", "explain", code] for code in list(codes)[:5]]


def _json(call: Call, summary: Summary) -> str:
    from registry_reconciler.model.plan_json import dumps, envelope, problem_to_json

    errors: list[dict[str, Json]] = [
        {"code": row.outcome.error["code"], "message": f"{row.name}: {row.outcome.error['message']}"}
        for row in summary.rows
        if row.outcome.error is not None
    ]
    causes = [
        {
            "group": cause.group,
            "code": cause.first.code,
            "severity": cause.first.severity.value,
            "blocking": cause.first.blocking,
            "message": cause.first.message,
            "count": cause.count,
            "repositories": list(cause.repositories),
        }
        for cause in summary.causes()
    ]
    body: dict[str, Json] = {
        "summary": summary.counts(),
        "repositories": [_row(row) for row in summary.rows],
        "causes": causes,
    }
    for row, data in zip(summary.rows, body["repositories"], strict=True):
        data["problems"] = [problem_to_json(problem) for problem in row.problems]
    return dumps(envelope(call.command, summary.exit, errors, _next(summary), **body))


def _row(row: SummaryRow) -> dict[str, Json]:
    result = row.outcome.result or {}
    names = ("plan_id", "summary", "changes", "drift", "edited_outputs", "unseen")
    return {
        "name": row.name,
        "state": row.state.value,
        "exit": row.exit,
        "commit": row.outcome.commit,
        "error": row.outcome.error,
        **{name: result[name] for name in names if name in result},
    }
