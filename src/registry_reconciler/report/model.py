"""What a report for people shows of a plan, decided once for all formats: what is folded, and what never is.

Two laws hold in each format. Changes are folded only where they are equal in value, and what is deleted or lost is
named all the same. Problems of one cause are one problem with a count and the first places; their order stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from registry_reconciler.base.mask import MASK
from registry_reconciler.model.change import Action, Change, FieldChange, Reason
from registry_reconciler.model.entry import FieldPath, Json, Missing, canonical
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import problem_location, related_location
from registry_reconciler.model.problem import Problem, Related, Severity, Status
from registry_reconciler.report.words import is_suppressed, show_location

PLACES_SHOWN = 3
"""So many places of one cause are named."""

_OLD_SHOWN = 5
"""So many causes of before, which block nothing, are shown beside a plan; of more only the number is told."""

_ALIKE_SHOWN = 3
_ALIKE_FOLDED = 5
"""More changes that are equal in value than this are folded to the first three."""

_WHOLE_ENTRIES = (Action.CREATE, Action.DELETE)

_IN_FULL = 20
"""So many changes of one kind and action are shown with everything; those behind them in as few lines as they take."""

_EACH = 1_000
"""So many new entries of a kind are shown one by one, and so many equal ones are named; the others are counted."""


class ShownChange(Struct, frozen=True):
    """A change to show. ``brief``: in as few lines as it takes, because many came before it."""

    change: Change
    brief: bool = False


class Folded(Struct, frozen=True):
    """Changes that are not shown one by one.

    Attributes:
        changes: those that are named.
        unnamed: how many more there are that lose nothing.
        alike: they are equal in value to the change before them.
    """

    action: Action
    changes: tuple[Change, ...]
    unnamed: int
    alike: bool


def by_kind(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Changes by kind, the kinds in order."""
    kinds: dict[str, list[Change]] = {}
    for change in changes:
        kinds.setdefault(change.kind, []).append(change)
    return dict(sorted(kinds.items()))


def folded(changes: Sequence[Change], *, full: bool = False) -> Iterator[ShownChange | Folded]:
    """Changes of one kind, by action: each shown, named, or counted among its equals."""
    for action in Action:
        some = [change for change in changes if change.action is action]
        yield from map(ShownChange, some) if full else _folded(action, some)


def _folded(action: Action, changes: Sequence[Change]) -> Iterator[ShownChange | Folded]:
    shown = 0
    rest: list[Change] = []
    for alike in _alike(changes):
        if shown >= (_EACH if action is Action.CREATE else _IN_FULL) and action in _WHOLE_ENTRIES:
            rest += alike
            continue
        keep = _ALIKE_SHOWN if len(alike) > _ALIKE_FOLDED else len(alike)
        for change in alike[:keep]:
            yield ShownChange(change, brief=shown >= _IN_FULL)
            shown += 1
        others = alike[keep:]
        if others:
            yield _fold(action, others, alike=True)
    if rest:
        yield _fold(action, rest, alike=False)


def _fold(action: Action, changes: Sequence[Change], *, alike: bool) -> Folded:
    """What is lost is always named, what is new up to a number, and of other changes only their number is said."""
    keep = len(changes) if loses(changes[0]) else _EACH if action is Action.CREATE else 0
    return Folded(action, tuple(changes[:keep]), max(len(changes) - keep, 0), alike)


def _alike(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes with one reason and the same fields and values together, in order of their first."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        if change.action is Action.DELETE:  # each is named
            groups[(change.address,)] = [change]
            continue
        fields = tuple(
            (field.path, field.action, _text_of(field.before), _text_of(field.after))
            for field in change.fields
        )
        if change.action is Action.CREATE:
            fields = tuple(_but_its_name(change))
        # Of two secrets nobody can tell that they are equal.
        hidden = change.address if any(MASK in field[2] + field[3] for field in fields) else ""
        groups.setdefault((change.reason, change.note, hidden, fields), []).append(change)
    return list(groups.values())


def _but_its_name(change: Change) -> Iterator[tuple[FieldPath, str, str, str]]:
    """The fields of a new entry; what says its key is not told, for in that new entries always differ."""
    parts = {change.key, *change.key.split("/")}
    for path, value in _leaves(change.after or {}):
        if isinstance(value, str) and value in parts:
            yield path, "its key", "", ""
        else:
            yield path, "create", "", canonical(value)


def _leaves(value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Json]]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _leaves(value[name], (*path, name))
    else:
        yield path, value


def _text_of(value: Json) -> str:
    return "" if isinstance(value, Missing) else canonical(value)


def loses(change: Change) -> bool:
    """Whether something goes that was there: an entry, a value, what somebody wrote by hand, or the care for it."""
    if change.action in (Action.DELETE, Action.FORGET):
        return True
    if change.reason in (Reason.LIVE_CHANGED, Reason.BOTH_CHANGED):
        return change.writes
    return change.action is not Action.CREATE and any(map(_empties, change.fields))


def _empties(field: FieldChange) -> bool:
    if field.action == "delete":
        return True
    return field.action == "update" and bool(field.before) and field.after in (None, "", [], {})


class Cause(Struct, frozen=True):
    """Problems with one cause, in their order; but the first, which speaks for all of them, knows of the others."""

    problems: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        """The one that is shown."""
        return self.problems[0]

    @property
    def more(self) -> int:
        """How many other places there are. What several rules say of one value is said of one place."""
        return len(self._places) - 1

    @property
    def others(self) -> tuple[Problem, ...]:
        """Those whose places are named behind it."""
        return self._places[1:PLACES_SHOWN]

    @property
    def related(self) -> tuple[Related, ...]:
        """The places that the first one names, but those that are places of the cause already."""
        named = {other_place(problem)[0] for problem in self._places}
        return tuple(
            related for related in self.first.related if show_location(related_location(related)) not in named
        )

    @property
    def unnamed(self) -> int:
        """How many places are not named."""
        return max(len(self._places) - PLACES_SHOWN, 0)

    @property
    def _places(self) -> tuple[Problem, ...]:
        if len(self.problems) == 1:
            return self.problems
        found: dict[object, Problem] = {}
        for problem in self.problems:
            found.setdefault(
                (problem.address or problem.identity_extra, problem.path, problem.path or problem.place),
                problem,
            )
        return tuple(found.values())

    def differs(self, other: Problem) -> str:
        """What tells another place from the first, or is said of it alone; ready to stand behind it."""
        if not other.address and other.message.startswith("output "):
            return f" output {other.identity_extra.partition(' ')[0]}"
        message = other.message_beside()
        if other.code != self.first.code or other.said_of_all == self.first.said_of_all:
            return ""
        return f": {message}" if message != self.first.message_beside() else ""

    @property
    def mend(self) -> str:
        """How to get rid of it, in words, or ""; what names the first entry is done to the others as well."""
        if self.first.fix is None:
            return ""
        words = self.first.fix.description
        if len(self.problems) > 1 and self.first.address and self.first.address in words:
            return f"{words.rstrip('.')}. Likewise for the others."
        return words


def causes(problems: Iterable[Problem], *, full: bool = False) -> list[Cause]:
    """Problems by their cause, in the order of the first of each; ``full``: each by itself."""
    if full:
        return [Cause((problem,)) for problem in problems]
    groups: dict[tuple[object, ...], list[Problem]] = {}
    for problem in problems:
        groups.setdefault(
            (problem.group, problem.severity, problem.status, problem.suppressed, problem.blocking), []
        ).append(problem)
    return [Cause(tuple(_speaker_first(group))) for group in groups.values()]


def _speaker_first(group: list[Problem]) -> list[Problem]:
    """Of several codes one may tell the whole: what is renamed, rather than each that refers to it."""
    if len({problem.code for problem in group}) == 1:
        return group
    speaker = max(
        group,
        key=lambda problem: (
            not problem.code.startswith("WRT"),
            problem.fix is not None and problem.fix.safe,
            len(problem.related),
        ),
    )
    return [speaker, *(problem for problem in group if problem is not speaker)]


def other_place(problem: Problem) -> tuple[str, str]:
    """Where else a cause shows: location and address."""
    return show_location(problem_location(problem)), problem.address


def stands(problem: Problem) -> bool:
    """Whether a problem matters now: neither a record, nor fixed by this plan, allowed or baselined."""
    return (
        problem.severity is not Severity.RECORD
        and problem.status is not Status.FIXED
        and not is_suppressed(problem)
    )


def set_aside(problems: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Problems to show beside a plan, and apart from them those that would bury them.

    Apart are what was there before and blocks nothing, where that is more than a few causes: whoever looks at the
    plan of one entry wants to know about that entry.
    """
    old = [problem for problem in problems if problem.status is Status.PRE_EXISTING and not problem.blocking]
    if len(causes(old)) <= _OLD_SHOWN:
        return list(problems), []
    apart = set(map(id, old))
    return [problem for problem in problems if id(problem) not in apart], old


def old_ones(problems: Iterable[Problem], base: str = "") -> str:
    """What is said of problems that are set aside: how many of each code, and where to see them."""
    counts: dict[str, int] = {}
    for problem in problems:
        counts[problem.code] = counts.get(problem.code, 0) + 1
    codes = ", ".join(f"{count:,} of {code}" for code, count in counts.items())
    why = "There before" if base else "Not caused by this plan"
    return f"{why}, and blocking nothing: {codes}. registry check shows them."


def blockers(plan: Plan) -> list[Cause]:
    """What blocks, by cause."""
    return causes(plan.blocking)


def affected(change: Change, most: int | None) -> tuple[tuple[str, ...], str]:
    """The names of those that depend on an entry, at most so many, and in words how many more there are."""
    named = change.impact if most is None else change.impact[:most]
    more = max(change.impact_total, len(change.impact)) - len(named)
    least = "" if change.impact_counted else "at least "
    return named, f" and {least}{more:,} more" if more > 0 else ""
