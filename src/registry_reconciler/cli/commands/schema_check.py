"""``registry schema check``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, in_prose
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json
from registry_reconciler.model.problem import Severity

if TYPE_CHECKING:
    from registry_reconciler.model.problem import Problem
    from registry_reconciler.queries.schema_check import SchemaCheck
    from registry_reconciler.verify import Opinions

EXAMPLE = """\
  registry schema check

  1 schema file differs from HEAD:
    .system/registry/schemas/route.schema.yaml
  Newly found, 1 problem:
    error SCH001 modules/routes/api.yaml:4:5 route/api.errors
      the field 'owner' is missing
  jsonschema judged 9 schemas and 82 entries, and agrees.
"""

_SHOWN = 50


def command(
    base: Annotated[
        str, typer.Option("--base", metavar="REV", help="The revision whose schemas are compared with.")
    ] = "HEAD",
    *,
    shared: Shared,
) -> int:
    """Show the problems that a changed schema newly finds in today's entries.

    Also compares each verdict with that of jsonschema, the reference validator. Exit 3 if there is
    a new error, 1 if the two disagree. Writes nothing.
    """
    from registry_reconciler.model.plan_json import problem_to_json
    from registry_reconciler.queries.schema_check import schema_check
    from registry_reconciler.verify import of_schemas

    call = shared.call("schema check")
    check = schema_check(call.workspace(), base)
    opinions = of_schemas(check.planning)
    body: dict[str, Json] = {
        "base": check.base,
        "changed": list(check.changed),
        "found": [problem_to_json(problem) for problem in check.found],
        "settled": [problem_to_json(problem) for problem in check.settled],
        "disagreements": [
            {
                "about": disagreement.about,
                "who": disagreement.who,
                "ours": disagreement.ours,
                "theirs": disagreement.theirs,
            }
            for disagreement in opinions.disagreements
        ],
    }
    errors = any(problem.severity is Severity.ERROR for problem in check.found)
    text = "".join(f"{line}\n" for line in _lines(check, opinions, base))
    code = 1 if opinions.disagreements else 3 if errors else 0
    explains = dict.fromkeys(problem.code for problem in check.found)
    return answer(
        call,
        text,
        body,
        exit=code,
        next=[["registry", "explain", explain] for explain in explains],
        draw=in_prose(text),
    )


def _lines(check: SchemaCheck, opinions: Opinions, base: str) -> Iterator[str]:
    from registry_reconciler.report.words import plural

    if check.changed:
        many = len(check.changed) != 1
        yield f"{len(check.changed):,} schema file{'s differ' if many else ' differs'} from {visible(base)}:"
        yield from (f"  {visible(path)}" for path in check.changed)
        yield from _problems("Newly found", check.found)
        yield from _problems("Not found any more", check.settled)
        if not check.found and not check.settled:
            yield "Today's entries are judged as before."
    else:
        yield f"No schema file differs from {visible(base)}."
    judged = f"jsonschema judged {plural(opinions.schemas, 'schema')} and {plural(opinions.entries, 'entry')}, and "
    if not opinions.disagreements:
        yield judged + "agrees."
        return
    yield judged + f"judges {len(opinions.disagreements):,} otherwise:"
    yield from (f"  {visible(disagreement.text)}" for disagreement in opinions.disagreements[:_SHOWN])


def _problems(title: str, problems: tuple[Problem, ...]) -> Iterator[str]:
    if not problems:
        return
    yield f"{title}, {len(problems):,} problem{'' if len(problems) == 1 else 's'}:"
    for problem in problems[:_SHOWN]:
        place = problem.where()
        yield f"  {problem.severity.value} {problem.code} {visible(place)} {visible(problem.address)}".rstrip()
        yield f"    {visible(problem.message_beside())}"
    if len(problems) > _SHOWN:
        yield f"  ... and {len(problems) - _SHOWN:,} more"
