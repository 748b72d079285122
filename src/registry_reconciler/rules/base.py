"""What a rule is: one function with its text. Families are modules; ``rules/__init__.py`` has the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from registry_reconciler.changes import Change
from registry_reconciler.model import FieldPath, Json, Place
from registry_reconciler.problems import Fix, Problem, Related, Severity
from registry_reconciler.records import dataclass
from registry_reconciler.world import Item, World


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found; :class:`Rule` turns it into a problem.

    Attributes:
        item: the entry concerned, or ``None`` for a finding of a file.
        path: the field inside the entry.
        place: where it is, if not the field of the entry.
        severity: where it is not the rule's own (a reference says ``missing: warning``).
        extra: tells two findings of one rule at one field apart, e.g. the other entry.
        replacements: a patch to look at, where the rule's own words of the fix are said.
    """

    item: Item | None
    message: str
    path: FieldPath = ()
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    place: Place | None = None
    severity: Severity | None = None
    extra: str = ""
    on_key: bool = False
    others: tuple[Item, ...] = ()
    replacements: tuple[tuple[Place, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """What rules about a change see: both worlds and the changes between them."""

    before: World
    after: World
    changes: tuple[Change, ...]


WorldCheck = Callable[[World], Iterable[Finding]]
TransitionCheck = Callable[[Transition], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Relation:
    """A line of ``registry_coordination.md``: when ``when`` changes, check ``check``."""

    between: str
    when: str
    check: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One coordination rule.

    Attributes:
        code: e.g. ``REF001``; the family is the letters.
        title: constant; details are in the messages.
        severity: by default. Error blocks, warning is shown, record is only logged.
        summary: what it checks.
        why: why it matters.
        example: YAML that violates it.
        fix: how to get rid of it.
        use_instead: the example mended.
        check: judges one world (run on the workspace as it is and as it would be), or
        transition: judges a change of the world (always ``introduced``).
        structural: cannot be lowered, allowed, baselined or skipped.
        relations: its lines in the coordination page.
        needs: kinds that must exist in the workspace for the rule to make sense.
    """

    code: str
    title: str
    severity: Severity
    summary: str
    why: str
    example: str
    fix: str
    use_instead: str = ""
    check: WorldCheck | None = None
    transition: TransitionCheck | None = None
    structural: bool = False
    relations: tuple[Relation, ...] = ()
    needs: tuple[str, ...] = field(default=())

    @property
    def family(self) -> str:
        """The letters of the code."""
        return self.code.rstrip("0123456789")

    def problem(self, finding: Finding, severity: Severity) -> Problem:
        """A problem of this rule."""
        item = finding.item
        place = finding.place or (item.place.at(finding.path, on_key=finding.on_key) if item else Place(""))
        involved = (*((item,) if item else ()), *finding.others)
        return Problem(
            code=self.code,
            title=self.title,
            severity=severity,
            message=finding.message,
            place=place,
            address=item.address if item else "",
            path=finding.path,
            related=finding.related,
            fix=finding.fix or Fix(self.fix, replacements=finding.replacements),
            structural=self.structural,
            managed=any(one.managed for one in involved) if involved else True,
            identity_extra=finding.extra,
        )


def run_world(rules: Iterable[Rule], world: World) -> Iterator[Problem]:
    """Every problem of every rule that judges one world."""
    for rule in rules:
        if rule.check is None or any(kind not in world.kinds for kind in rule.needs):
            continue
        for finding in rule.check(world):
            default = finding.severity or rule.severity
            severity = default if rule.structural else world.config.severity(rule.code, default)
            yield rule.problem(finding, severity)


def run_transition(rules: Iterable[Rule], transition: Transition) -> Iterator[Problem]:
    """Every problem of every rule that judges the change itself."""
    for rule in rules:
        if rule.transition is None or any(kind not in transition.after.kinds for kind in rule.needs):
            continue
        for finding in rule.transition(transition):
            default = finding.severity or rule.severity
            severity = default if rule.structural else transition.after.config.severity(rule.code, default)
            yield rule.problem(finding, severity)
