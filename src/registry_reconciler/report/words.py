"""The words that all reports for people share: reasons, counts, the verdict, signs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum

from registry_reconciler.base.escape import visible
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.entry import Location
from registry_reconciler.model.output import OutputAction, OutputChange
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.problem import Problem, Severity, Status

SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.MOVE: ">",
    Action.ADOPT: "=",
    Action.FORGET: "=",
}
"""One character an action, where a change is one line. ``=``: only the state changes."""

_REASONS = {
    Reason.DESIRED_CHANGED: "its fragment changed",
    Reason.LIVE_CHANGED: "undoes an edit by hand",
    Reason.BOTH_CHANGED: "overwrites an edit by hand",
    Reason.NOT_IN_REGISTRY: "not in the registries yet",
    Reason.NOT_IN_FRAGMENTS: "no fragment declares it any more",
    Reason.MOVED: "renamed",
    Reason.REMOVED: "a fragment says removed",
    Reason.ADOPTED: "managed from now on",
    Reason.EDITED: "edited in its registry",
    Reason.SECRET_DIFFERS: "only a secret differs, and which side changed it is not known",
}

_STATE_ONLY_REASONS = {
    Reason.DESIRED_CHANGED: "its protection changed",
    Reason.BOTH_CHANGED: "fragment and registry changed alike",
    Reason.NOT_IN_REGISTRY: "gone from fragments and registries",
    Reason.MOVED: "another fragment declares it now",
    Reason.REMOVED: "not managed any more",
    Reason.NOT_IN_FRAGMENTS: "gone from fragments and registries",
}


class Verdict(Enum):
    """What a report says first."""

    BLOCKED = "blocked"
    CHANGES = "changes"
    NONE = "no changes"


def verdict(plan: Plan) -> Verdict:
    """Blocked before everything else, then whether there is something to write."""
    if not plan.applicable:
        return Verdict.BLOCKED
    return Verdict.NONE if plan.empty else Verdict.CHANGES


def lead_words(plan: Plan) -> str:
    """What stands before the commands that lead on."""
    if not plan.applicable:
        return "What may help"
    return "Next" if plan.empty else "To apply exactly this"


def reason(change: Change) -> str:
    """Why a change happens, in words; with its note."""
    state_only = change.action in (Action.ADOPT, Action.FORGET) and not change.writes
    words = _STATE_ONLY_REASONS.get(change.reason) if state_only else None
    if words is None:
        words = _REASONS[change.reason]
    if change.action is Action.MOVE and change.from_address in (None, change.address):
        words = "its place changed"
    elif change.action is Action.ADOPT and change.reason is Reason.ADOPTED and change.writes:
        words = "managed from now on, with the fields of its fragment"
    return f"{words}: {visible(change.note)}" if change.note else words


def plural(count: int, noun: str) -> str:
    """``1 error``, ``2 errors``, ``1,200 entries``."""
    if count != 1:
        noun = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun}"


_MOST_OF_A_FOLDER = 20
"""So many written files of one folder are named each; of more, so many as :data:`_FIRST`."""
_FIRST = 3


def written_lines(paths: Sequence[str], *, full: bool) -> list[str]:
    """The files that were written, as :func:`some_of_each_folder`."""
    return some_of_each_folder(paths, full=full, lead="wrote ")


def some_of_each_folder(paths: Sequence[str], *, full: bool, lead: str = "") -> list[str]:
    """Files, a line each; of a folder with very many the first ones, and how many more.

    Args:
        lead: what stands before each name.
    """
    total = Counter(path.rpartition("/")[0] for path in paths)
    named: Counter[str] = Counter()
    lines: list[str] = []
    for path in paths:
        folder = path.rpartition("/")[0]
        named[folder] += 1
        if full or total[folder] <= _MOST_OF_A_FOLDER or named[folder] <= _FIRST:
            lines.append(f"  {lead}{visible(path)}")
        elif named[folder] == _FIRST + 1:
            where = f" in {visible(folder)}" if folder else ""
            lines.append(f"  … and {total[folder] - _FIRST:,} more{where} (--full shows all)")
    return lines


def count_changes(changes: Iterable[Change]) -> str:
    """``1 to create, 2 to update``: what there is none of is left out."""
    counts = dict.fromkeys(Action, 0)
    for change in changes:
        counts[change.action] += 1
    return ", ".join(f"{count:,} to {action.value}" for action, count in counts.items() if count)


def count_outputs(plan: Plan) -> str:
    """``2 outputs to write, 1 output edited by hand``: what there is none of is left out."""
    counts = {
        "to write": sum(output.action in _WRITTEN for output in plan.outputs),
        "to remember": sum(output.action is OutputAction.ADOPT for output in plan.outputs),
        "to forget": sum(output.action is OutputAction.FORGET for output in plan.outputs),
        "left stale": sum(output.action is OutputAction.LEFT for output in plan.outputs),
        "edited by hand": len(plan.edited_outputs),
    }
    return ", ".join(f"{plural(count, 'output')} {words}" for words, count in counts.items() if count)


_WRITTEN = (OutputAction.CREATE, OutputAction.UPDATE)

OUTPUT_SIGNS = {
    OutputAction.CREATE: "+",
    OutputAction.UPDATE: "~",
    OutputAction.ADOPT: "=",
    OutputAction.FORGET: "=",
    OutputAction.EDITED: "!",
    OutputAction.LEFT: "!",
}

_OUTPUT_REASONS = {
    OutputAction.CREATE: "not there yet",
    OutputAction.UPDATE: "stale",
    OutputAction.ADOPT: "right already, remembered from now on",
    OutputAction.FORGET: "nobody defines it any more; its text stays",
    OutputAction.EDITED: "edited by hand, left as it is",
    OutputAction.LEFT: "stale, left as it is",
}


def output_reason(output: OutputChange) -> str:
    """What becomes of an output, in words."""
    return _OUTPUT_REASONS[output.action]


def output_place(output: OutputChange) -> str:
    """Where an output stands, on one line."""
    if output.region:
        return f"{visible(output.file)} region {visible(output.region)}"
    return f"{visible(output.file)} at {visible(output.at)}" if output.at else visible(output.file)


def what_else(plan: Plan) -> str:
    """What there is to do where no entry changes."""
    if plan.empty:
        return ""
    return "only outputs change" if plan.count_outputs() else "only the state changes"


def summary_line(plan: Plan) -> str:
    """What a plan does, in one line: entries, and outputs."""
    return "; ".join(filter(None, (count_changes(plan.changes) or what_else(plan), count_outputs(plan))))


def count_problems(plan: Plan) -> str:
    """``2 errors, 1 warning, 1 record, 3 suppressed, 1 fixed``: what there is none of is left out."""
    parts = [
        plural(count, severity.value) for severity in Severity if (count := plan.count_problems(severity))
    ]
    suppressed = sum(is_suppressed(problem) for problem in plan.problems)
    fixed = sum(problem.status is Status.FIXED for problem in plan.problems)
    parts += [f"{suppressed:,} suppressed"] * bool(suppressed) + [f"{fixed:,} fixed"] * bool(fixed)
    return ", ".join(parts)


def is_suppressed(problem: Problem) -> bool:
    """Whether it stands, and is allowed or baselined."""
    return problem.suppressed is not None and problem.status is not Status.FIXED


def standing(problem: Problem, base: str = "") -> str:
    """Why a problem that is an error does not block, or "": in words.

    Only a review (``base``) knows what was there before: a plan judges both sides by the schemas of today, and finds
    what a changed schema asks of old entries too.
    """
    if problem.status is Status.FIXED:
        return "fixed by this plan"
    if problem.suppressed is not None:
        return visible(problem.suppressed)
    if problem.status is Status.PRE_EXISTING:
        if problem.aside:
            return "blocks only what touches it"
        return "was there before" if base else "not caused by this plan"
    return ""


def show_location(location: Location) -> str:
    """``path:line:column``, as far as it is known; one line."""
    return visible(location.show())


def command_line(words: Iterable[str]) -> str:
    """A command as it is typed in a shell; unseen characters are shown escaped."""
    from shlex import quote

    return " ".join(visible(quote(word)) for word in words)
