"""Problems: what a run found. They are collected and sorted, never raised."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.model.entry import FieldPath, Json, Location, Place


class Severity(enum.Enum):
    """How much a problem matters: an error blocks, a warning is shown, a record is only logged."""

    ERROR = "error"
    WARNING = "warning"
    RECORD = "record"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _RANKS[self]


_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.RECORD: 2}


class Status(enum.Enum):
    """What this plan has to do with a problem."""

    INTRODUCED = "introduced"
    PRE_EXISTING = "pre_existing"
    FIXED = "fixed"


class TextEdit(Struct, frozen=True):
    """One replacement in a file: bytes ``start`` to ``end`` (``old``) become ``new``.

    ``sha256`` is the digest of the file that the offsets were computed from.
    """

    path: str
    sha256: str
    start: int
    end: int
    old: str
    new: str


class Fix(Struct, frozen=True):
    """How to get rid of a problem. ``safe``: applying the edits cannot change what anyone meant.

    Attributes:
        replacements: values to put at places: what a rule knows, from which ``edits`` are computed.
        withheld: there are edits, and they are not shown because they touch a secret.
    """

    description: str
    safe: bool = False
    edits: tuple[TextEdit, ...] = ()
    replacements: tuple[tuple[Place, Json], ...] = ()
    withheld: bool = False


class Related(Struct, frozen=True):
    """Another place that belongs to a problem, and what it has to do with it."""

    message: str
    place: Place
    location: Location | None = None


class Problem(Struct, frozen=True):
    """One finding of one rule.

    Attributes:
        code: the rule's code, e.g. ``REF001``.
        title: constant for a code; the detail is in ``message``.
        message: what is wrong, with the values concerned.
        address: the entry concerned, or "" when the problem is of a file.
        path: the field concerned inside the entry.
        place: symbolic place; ``location`` is filled in last.
        structural: cannot be lowered, allowed, baselined or skipped.
        suppressed: why it does not block: ``allowed: <reason>`` or ``baselined``.
        managed: any entry it lies in is managed or declared, or it lies in no entry.
        cause: what a rule knows to be behind it; problems of one cause are shown as one.
        aside: it is of a file that nothing in the plan touches or could collide with.
        others: the addresses of the other entries that it lies in.
        untouched: the plan changes none of the entries that it lies in.
    """

    code: str
    title: str
    severity: Severity
    message: str
    place: Place
    address: str = ""
    path: FieldPath = ()
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    structural: bool = False
    status: Status = Status.INTRODUCED
    suppressed: str | None = None
    managed: bool = True
    location: Location | None = None
    identity_extra: str = ""
    cause: str = ""
    aside: bool = False
    others: tuple[str, ...] = ()
    untouched: bool = False

    def where(self, *, column: bool = True) -> str:
        """Its place for people, as :meth:`Location.show` has it; the file alone where no line is known."""
        return self.location.show(column=column) if self.location is not None else self.place.file

    def message_beside(self) -> str:
        """The message for a place beside the address: that is not said twice."""
        return self.message.removeprefix(f"{self.address}: ") if self.address else self.message

    @property
    def group(self) -> str:
        """The same for problems of one cause."""
        from hashlib import sha256

        return sha256(self.cause_text.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    @property
    def cause_text(self) -> str:
        """What is behind it: where no rule says that, problems that say the same of their entries have one cause."""
        return self.cause or f"{self.code} {self.said_of_all}"

    @property
    def said_of_all(self) -> str:
        """The message without the name of the entry: the same for entries of which the same is said."""
        return _without_entry(self.message, self.address)

    @property
    def identity(self) -> tuple[str, str, FieldPath, str]:
        """What makes it the same problem before and after a plan, and in a baseline: never a line."""
        return (self.code, self.address or self.place.file, self.path, self.identity_extra)

    @property
    def missing_field(self) -> FieldPath:
        """The field that an entry lacks, where that is the problem; else ()."""
        word, _, name = self.identity_extra.partition(" ")
        return (*self.path, name) if self.code == "SCH001" and word == "required" and name else ()

    @property
    def baselinable(self) -> bool:
        """Whether it can be lived with: a coordination problem, or a schema that asks more of an entry than it did."""
        return not self.structural or (self.code == "SCH001" and self.status is Status.PRE_EXISTING)

    @property
    def blocking(self) -> bool:
        """The one predicate: does this problem forbid the plan to be applied?"""
        if self.severity is not Severity.ERROR or self.status is Status.FIXED or self.aside:
            return False
        if self.suppressed is not None and self.baselinable:
            return False
        return not (self.status is Status.PRE_EXISTING and (self.untouched or not self.managed))

    def located(self, location: Location, related: tuple[Related, ...]) -> Problem:
        """The same problem with lines and columns filled in."""
        return replace(self, location=location, related=related)


_OUTPUT = re.compile(r"^output [^\s:]+")
_INDEX = re.compile(r"\[\d+\]")


def _without_entry(text: str, address: str) -> str:
    """What is said of an entry or output, without its name and without the numbers of items."""
    text = _INDEX.sub("[]", text)
    if not address:
        return _OUTPUT.sub("«output»", text)
    key = address.partition("/")[2]
    text = text.replace(address, "«entry»").replace(repr(key), "«key»")
    if key not in text:
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(key)}(?![\w-]|\.\w)", "«key»", text)


MOST_LISTED = 5_000
"""So many problems of one code in one file are looked up and listed; all are counted, and all of them block."""

MOST_LISTED_IN_ALL = 25_000

_BEHIND = 2**60


def listed(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems that a report lists one by one: of one code in one file, and in all, no more than anyone reads.

    What is decided by problems (counts, blocking, baseline, the plan's id) is decided by all of them.
    """
    count: dict[tuple[str, str], int] = {}
    total = 0
    for problem in problems:
        key = (problem.code, problem.place.file)
        count[key] = count.get(key, 0) + 1
        if count[key] <= MOST_LISTED and total < MOST_LISTED_IN_ALL:
            total += 1
            yield problem


def sort_key(problem: Problem) -> tuple[int, str, str, int, int, str, str, str]:
    """The fixed order of problems: severity, code, path, line, column, address, field, message.

    Those whose place was not looked up come behind the others of their file.
    """
    where = problem.location or Location(problem.place.file, _BEHIND)
    return (
        problem.severity.rank,
        problem.code,
        where.path,
        where.line,
        where.column,
        problem.address,
        repr(problem.path),
        problem.message,
    )
