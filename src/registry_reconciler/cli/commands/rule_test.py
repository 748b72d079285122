"""``registry rule test``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, planning_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.cli.rules import own_definitions
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.own.definition import OwnRule

EXAMPLE = """\
  registry rule test

  TEAM001  ok   the example violates it, the mended one does not; 'when' selects 12 of 40
"""


def command(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE]...", help="Only these rules.", show_default=False)
    ] = None,
    *,
    shared: Shared,
) -> int:
    """Try the workspace's own rules on their examples.

    The example must have the problem, and the mended example must not. Also shows how many entries
    'when' selects.
    """
    call = shared.call("rule test")
    planning = planning_of(call.workspace())
    rules, unusable = own_definitions(planning, codes or ())
    results = [_try(planning, rule) for rule in rules]
    lines = [line for result in results for line in _lines(result)]
    lines += [f"error {visible(message)}" for message in unusable]
    lines += [] if lines else ["The workspace has no rules of its own."]
    failed = bool(unusable) or any(not result["ok"] for result in results)
    errors = [{"code": "rule", "message": message} for message in unusable]
    return answer(call, "\n".join(lines) + "\n", {"rules": results}, exit=3 if failed else 0, errors=errors)


def _try(planning: Planning, rule: OwnRule) -> dict[str, Json]:
    from registry_reconciler.rules.own.trial import selected

    faults = [*_faults(planning, rule)]
    kinds = planning.loaded.kinds
    of = len(planning.entry_sets.after.of(*rule.kinds))
    chosen = None if rule.judges_change else selected(rule, kinds, planning.entry_sets.after)
    return {
        "code": rule.code,
        "ok": not faults,
        "faults": faults,
        "has_example": bool(rule.page.example),
        "selected": chosen,
        "of": of,
    }


def _faults(planning: Planning, rule: OwnRule) -> Iterator[str]:
    from registry_reconciler.rules.own.trial import Example, try_example

    for name, text, wanted in (
        ("example", rule.page.example, True),
        ("use_instead", rule.page.use_instead, False),
    ):
        if not text:
            continue
        try:
            tried = try_example(rule, planning.loaded.kinds, text)
        except Example as fault:
            yield f"'{name}' cannot be tried: {fault}"
            continue
        yield from (f"'{name}' gives an error: {fault}" for fault in tried.faults)
        if wanted and not tried.messages and not tried.faults:
            yield f"'{name}' does not violate the rule"
        if not wanted and tried.messages:
            yield f"'{name}' still violates the rule: {tried.messages[0]}"


def _lines(trial: dict[str, Json]) -> Iterator[str]:
    verdict = (
        "the example violates it, the mended one does not" if trial["has_example"] else "it has no example"
    )
    chosen = (
        f"; 'when' selects {trial['selected']:,} of {trial['of']:,}" if trial["selected"] is not None else ""
    )
    yield f"{trial['code']}  ok   {verdict}{chosen}" if trial["ok"] else f"{trial['code']}  failed{chosen}"
    yield from (f"  {visible(fault)}" for fault in trial["faults"])
    if trial["selected"] == 0 and trial["of"]:
        yield "  note: 'when' selects no entry of this workspace, so the rule guards nothing today"
