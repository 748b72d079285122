"""Problems → what counts of them: allowances, baseline, order, lines and columns. The last stage before the plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from registry_reconciler.base.globs import Patterns
from registry_reconciler.loading.directives import Allowance
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.baseline import Baseline
from registry_reconciler.model.config import Config
from registry_reconciler.model.entry import Location, Place
from registry_reconciler.model.problem import Problem, Related, Status, listed, sort_key
from registry_reconciler.model.structural import LOWERABLE, problem

if TYPE_CHECKING:
    from registry_reconciler.planning.unmatched import Addresses

_CODE = re.compile(r"[A-Z]{3,12}[0-9]{3}")


def apply_severities(problems: Iterable[Problem], config: Config) -> Iterator[Problem]:
    """Give the stages' own problems that may be set (rules have done so already) their configured severity."""
    for fault in problems:
        if fault.code in LOWERABLE:
            yield replace(fault, severity=config.severity(fault.code, fault.severity))
        else:
            yield fault


def suppress(
    problems: Iterable[Problem],
    allowances: tuple[Allowance, ...],
    baseline: Baseline,
    config: Config,
    exact: frozenset[str] = frozenset(),
    *,
    known: Addresses | None = None,
    whole: bool = True,
    unjudged: str = "",
    own_codes: frozenset[str] = frozenset(),
) -> list[Problem]:
    """Mark what a fragment allows or the baseline knows. An allowance that nothing needs is a problem itself.

    Args:
        exact: addresses of allowances that look like globs and are none.
        known: tells which address may be meant.
        whole: all rules looked at all changes; only then can an allowance be called unused.
        unjudged: the family of codes that nobody could judge.
        own_codes: those of the workspace's own rules.
    """
    used: set[Allowance] = set()
    by_code: dict[str, list[Allowance]] = {}
    for allowance in allowances:
        by_code.setdefault(allowance.code, []).append(allowance)
    ready = {
        code: (some, Patterns((entry.address for entry in some), exact)) for code, some in by_code.items()
    }
    settled = [_suppress(problem, ready, baseline, used) for problem in problems]
    for allowance in allowances:
        judged = not unjudged or not allowance.code.startswith(unjudged)
        if whole and judged and allowance not in used:
            why = _why_unused(allowance, own_codes, known)
            unused = problem(
                "FRG006",
                why,
                allowance.place,
                fix="Correct the line, or remove it." if why.endswith("?") else "Remove the allowance.",
                extra=f"{allowance.address}#{allowance.code}",
            )
            settled.append(replace(unused, severity=config.severity("FRG006", unused.severity)))
    return settled


def _why_unused(allowance: Allowance, own_codes: frozenset[str], known: Addresses | None) -> str:
    """What an allowance that nothing needs is about: slips are told from a problem that is not there."""
    from registry_reconciler.base.suggest import did_you_mean, meant
    from registry_reconciler.rules import all_rules

    code = allowance.code
    free = {rule.code for rule in all_rules() if not rule.structural} | own_codes
    nothing = known.without(allowance.address) if known is not None and code in free else ""
    if known is not None and nothing:
        return f"{nothing}, so this line of 'allow' accepts nothing.{known.hint(allowance.address)}"
    if code in free:
        return f"{allowance.address} has no problem {code} that could be allowed."
    if any(rule.code == code for rule in all_rules()):
        return f"{code} is structural, and no fragment can allow it."
    if not _CODE.fullmatch(code):
        shape = f"{code!r} is no code: a code is letters and three digits, such as REF001."
        return shape + (meant(code.upper()) if code.upper() in free else did_you_mean(code, sorted(free)))
    return f"no rule here has the code {code}, so nothing is allowed.{did_you_mean(code, sorted(free))}"


def _suppress(
    problem: Problem,
    allowances: Mapping[str, tuple[list[Allowance], Patterns]],
    baseline: Baseline,
    used: set[Allowance],
) -> Problem:
    if problem.status is Status.FIXED or not problem.baselinable:
        return problem
    if problem.structural:
        return replace(problem, suppressed="baselined") if baseline.has(problem) else problem
    some, patterns = allowances.get(problem.code, ([], None))
    number = patterns.first(problem.address) if patterns is not None else None
    if number is not None:
        used.add(some[number])
        return replace(problem, suppressed=f"allowed: {some[number].reason}")
    return replace(problem, suppressed="baselined") if baseline.has(problem) else problem


class Locator:
    """Resolves symbolic places to lines and columns, reading each file's structure once; ``known`` are some already."""

    def __init__(
        self, files: Mapping[str, SourceFile], known: Mapping[Place, Location] = MappingProxyType({})
    ) -> None:
        self._files = files
        self._known = dict(known)

    def prepare(self, places: Iterable[Place]) -> None:
        """Resolve many places, file by file."""
        wanted: dict[str, list[Place]] = {}
        for place in places:
            if place not in self._known:
                self._known[place] = Location(place.file)
                if place.file in self._files and self._files[place.file].data is not None:
                    wanted.setdefault(place.file, []).append(place)
        for file, mine in wanted.items():
            source = self._files[file]
            assert source.data is not None
            queries = [(place.document, place.path, place.on_key) for place in mine]
            found = source.format.locate(source.data, queries, source.sections)
            for place, (line, column) in zip(mine, found, strict=True):
                self._known[place] = Location(file, line, column)

    def location(self, place: Place) -> Location:
        """Where a prepared place is."""
        return self._known.get(place) or Location(place.file)


def locate_problems(problems: Iterable[Problem], locator: Locator) -> tuple[Problem, ...]:
    """The problems in the fixed order, those that are listed with their places filled in."""
    found = list(problems)
    shown = list(listed(sorted(found, key=lambda fault: (fault.severity.rank, fault.code, fault.place.file))))
    locator.prepare(fault.place for fault in shown if fault.location is None)
    locator.prepare(other.place for fault in shown for other in fault.related if other.location is None)
    located = {
        id(fault): fault.located(
            fault.location or locator.location(fault.place),
            tuple(_located(other, locator) for other in fault.related),
        )
        for fault in shown
    }
    return tuple(sorted((located.get(id(fault), fault) for fault in found), key=sort_key))


def _located(related: Related, locator: Locator) -> Related:
    return related if related.location else replace(related, location=locator.location(related.place))
