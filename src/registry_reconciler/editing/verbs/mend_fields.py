"""``fix --set FIELD=VALUE``: one value for all entries that have a problem with a field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.editing.verbs.set_fields import Assignment, assigned
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.problem import Problem, Severity, Status

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded


def concerned(
    problems: Sequence[Problem], assignments: Sequence[Assignment], codes: Sequence[str] = ()
) -> dict[Problem, Assignment]:
    """The problems of a field that is set, or that an entry lacks, each with what is set; baselined ones too."""
    found: dict[Problem, Assignment] = {}
    for problem in problems:
        if not problem.address or problem.status is Status.FIXED or problem.severity is Severity.RECORD:
            continue
        for assignment in assignments:
            if (not codes or problem.code in codes) and assignment.path in (
                problem.missing_field,
                problem.path,
            ):
                found[problem] = assignment
    return found


def mending(wanted: Sequence[tuple[str, Assignment]]) -> Callable[[Loaded], Edits]:
    """The draft that sets the fields; what nobody manages is left, and that is said."""

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        for address, assignment in wanted:
            try:
                kind, value = session.kind(address), session.value(address)
            except UsageFailure:
                session.notes.append(f"{address} is left as it is: no fragment owns it.")
                continue
            session.put(address, assigned(loaded, kind, address, value, (assignment,)))
        return session.finish()

    return draft
