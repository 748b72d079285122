"""``registry baseline``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, in_prose, planning_of, warn
from registry_reconciler.cli.options import DryRun, Shared
from registry_reconciler.model.entry import Json, show_path

if TYPE_CHECKING:
    from registry_reconciler.editing.build_baseline import NewBaseline
    from registry_reconciler.model.baseline import Known

EXAMPLE = """\
  registry baseline

  .system/registry/baseline.yaml accepts 50 problems (48 errors, 2 warnings).
  Not accepted, because structural problems never are:
    modules/routes/api.yaml:12:5 LIV002 route/api.errors stands twice.
"""


def command(
    dry_run: DryRun = False,
    *,
    shared: Shared,
) -> int:
    """Accept the problems of today, so that only new ones block.

    Writes .system/registry/baseline.yaml with every error and warning that is not structural,
    by code, address and field, never by line. Problems that are gone since are dropped and listed.
    """
    from registry_reconciler.editing.build_baseline import build_baseline, write_baseline
    from registry_reconciler.model.plan import PlanOptions
    from registry_reconciler.model.plan_json import problem_to_json

    call = shared.call("baseline")
    workspace = call.workspace()
    if dry_run:
        accepted = build_baseline(planning_of(workspace, PlanOptions()))
        written: tuple[str, ...] = ()
    else:
        accepted, receipt = write_baseline(workspace)
        written = tuple(sorted({*receipt.written, *receipt.created}))
        warn(receipt.warnings)
    body: dict[str, Json] = {
        "accepted": len(accepted.problems),
        "new": [_known_json(finding) for finding in accepted.new],
        "fixed": [_known_json(finding) for finding in accepted.fixed],
        "structural": [problem_to_json(problem) for problem in accepted.structural],
        "written": list(written),
    }
    text = _text(accepted, dry_run)
    return answer(call, text, body, next=[["registry", "plan"]], draw=in_prose(text))


def _known_json(known: Known) -> dict[str, Json]:
    code, address, path = known
    return {"code": code, "address": address, "path": list(path)}


def _text(accepted: NewBaseline, dry_run: bool) -> str:
    from registry_reconciler.model.config import BASELINE_PATH
    from registry_reconciler.model.problem import Severity

    errors = sum(problem.severity is Severity.ERROR for problem in accepted.problems)
    total = len(accepted.problems)
    verb = "would accept" if dry_run else "accepts"
    counts = f"{_count(errors, 'error')}, {_count(total - errors, 'warning')}"
    lines = [f"{BASELINE_PATH} {verb} {_count(total, 'problem')}" + (f" ({counts})." if total else ".")]
    lines += _group("New in it:", accepted.new)
    lines += _group("Fixed since, and dropped:", accepted.fixed)
    if accepted.structural:
        lines.append("Not accepted, because structural problems never are:")
        for problem in accepted.structural:
            lines.append(f"  {visible(problem.where())} {problem.code} {visible(problem.message)}")
    return "\n".join(lines) + "\n"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _group(head: str, known: Sequence[Known]) -> Iterable[str]:
    if known:
        yield head
    for code, address, path in known:
        field = f" {show_path(path)}" if path else ""
        yield f"  {code} {visible(address + field)}"
