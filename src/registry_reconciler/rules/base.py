"""What a rule is: a function, its row, and its page (see :mod:`registry_reconciler.rules.page`).

The row stands below the function that judges. Families are modules; ``rules/__init__.py`` has the table of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from registry_reconciler.base.progress import counted
from registry_reconciler.model.change import Change
from registry_reconciler.model.entry import FieldPath, Json, Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Fix, Problem, Related, Severity
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.page import RulePage, read_page


class Finding(Struct, frozen=True):
    """What a rule found; :class:`Rule` turns it into a problem.

    Attributes:
        item: the entry concerned, or ``None`` for a finding of a file.
        path: the field inside the entry.
        place: where it is, if not the field of the entry.
        severity: where it is not the rule's own (a reference says ``missing: warning``).
        extra: tells two findings of one rule at one field apart, e.g. the other entry.
        replacements: a patch to look at, where the rule's own words of the fix are said.
        cause: the same for findings of one cause, where their messages do not tell.
    """

    item: Entry | None
    message: str
    path: FieldPath = ()
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    place: Place | None = None
    severity: Severity | None = None
    extra: str = ""
    on_key: bool = False
    others: tuple[Entry, ...] = ()
    replacements: tuple[tuple[Place, Json], ...] = ()
    cause: str = ""


class Transition(Struct, frozen=True):
    """What rules about a change see: both entry sets and the changes between them."""

    before: EntrySet
    after: EntrySet
    changes: tuple[Change, ...]


EntrySetCheck = Callable[[EntrySet], Iterable[Finding]]
TransitionCheck = Callable[[Transition], Iterable[Finding]]


class Relation(Struct, frozen=True):
    """A line of ``registry_coordination.md``: when ``when`` changes, check ``check``."""

    between: str
    when: str
    check: str


class Rule(Struct, frozen=True):
    """One rule, or a code of the stages, which has neither ``check`` nor ``transition``.

    Attributes:
        code: e.g. ``REF001``; the family is the letters.
        title: constant; details are in the messages.
        severity: by default. Error blocks, warning is shown, record is only logged.
        check: judges one entry set (run on the workspace as it is and as it would be), or
        transition: judges a change between the two (always ``introduced``).
        structural: cannot be lowered, allowed, baselined or skipped.
        needs: roles that some kind of the workspace must have for the rule to make sense.
        relations: its lines in the coordination page.
        supports_incremental: judges an entry by itself and by the entries that share a reference, a name, a unique
            value or a look-alike key with it (``cache/incremental/affected.py``), and by nothing else. Plans of a
            part then leave out what nothing reaches. Kinds that other rules concern are always looked at as a whole.
        concerns: which kinds a rule that does not support that looks at; ``None``: those it needs, or all.
        widens_capability: says that an ability or hook may do more than before; shown at the head of a plan.
        own_page: its page, where it is a rule of the workspace's own.
    """

    code: str
    title: str
    severity: Severity
    check: EntrySetCheck | None = None
    transition: TransitionCheck | None = None
    structural: bool = False
    needs: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    supports_incremental: bool = False
    concerns: Callable[[Kind], bool] | None = None
    widens_capability: bool = False
    own_page: RulePage | None = None

    @property
    def page(self) -> RulePage:
        """What people read about it, read from the package when somebody asks."""
        return self.own_page or read_page(self.code)

    def concerns_kind(self, kind: Kind) -> bool:
        """Whether the rule looks at entries of a kind."""
        if self.concerns is not None:
            return self.concerns(kind)
        return not self.needs or kind.role in self.needs

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
            fix=finding.fix or Fix(self.page.fix, replacements=finding.replacements),
            structural=self.structural,
            managed=any(entry.managed for entry in involved) if involved else True,
            identity_extra=finding.extra,
            cause=finding.cause,
            others=tuple(entry.address for entry in finding.others),
        )


def run_entry_set(rules: Sequence[Rule], entry_set: EntrySet) -> Iterator[Problem]:
    """Every problem of every rule that judges one entry set."""
    for rule in counted(rules):
        if rule.check is None or not all(map(entry_set.kinds_of, rule.needs)):
            continue
        for finding in rule.check(entry_set):
            default = finding.severity or rule.severity
            severity = default if rule.structural else entry_set.config.severity(rule.code, default)
            yield rule.problem(finding, severity)


def run_transition(rules: Iterable[Rule], transition: Transition) -> Iterator[Problem]:
    """Every problem of every rule that judges the change itself."""
    for rule in rules:
        if rule.transition is None or not all(map(transition.after.kinds_of, rule.needs)):
            continue
        for finding in rule.transition(transition):
            default = finding.severity or rule.severity
            severity = default if rule.structural else transition.after.config.severity(rule.code, default)
            yield rule.problem(finding, severity)
