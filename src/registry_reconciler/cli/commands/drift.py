"""``registry drift``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.base.globs import is_wild
from registry_reconciler.base.text_diff import in_short
from registry_reconciler.cli.addresses import known_addresses, require_known, select
from registry_reconciler.cli.common import (
    Call,
    answer,
    apply_or_ways_out,
    in_prose,
    planning_of,
    warn,
    warn_left_out,
)
from registry_reconciler.cli.ending import keep_until_the_end
from registry_reconciler.cli.options import DisplayOptions, NoCache, Shared
from registry_reconciler.cli.output import write_file
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import MISSING, Json, show_path
from registry_reconciler.model.output import PREFIX
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.plan_json import location_to_json
from registry_reconciler.model.unknown import unknown_address
from registry_reconciler.report.values import show_value

if TYPE_CHECKING:
    from registry_reconciler.files.git import Blame
    from registry_reconciler.model.output import OutputChange
    from registry_reconciler.model.plan import Plan
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.queries.drift import DriftedEntry, EditedField, StaleState
    from registry_reconciler.workspace import Workspace

EXAMPLE = """\
  registry drift

  route/api.errors  edited by hand
    modules/routes/api.yaml:8
    topic  applied "errors", there "faults"
        line 10, 1f2e3d4 Ada Lovelace 2026-11-20
  Drift: 1 entry.
  Next: registry drift --accept route/api.errors
        registry drift --revert route/api.errors
"""

_VALUE_WIDTH = 60
_DIFF_SHOWN = 20


def command(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATTERN]...",
            help="Show only these; with --accept or --revert, accept or revert these too.",
            show_default=False,
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="PATTERN", help="Write the edit into the fragment; repeatable."),
    ] = None,
    revert: Annotated[
        list[str] | None,
        typer.Option("--revert", metavar="PATTERN", help="Undo the edit in the registry; repeatable."),
    ] = None,
    *,
    shared: Shared,
    look: DisplayOptions,
    no_cache: NoCache = False,
) -> int:
    """List managed entries that were edited by hand; exit 2 when there are any.

    PATTERN is an address (kind/key) or a glob (route/api.*).
    """
    del no_cache  # `main` has seen it.
    if accept and revert:
        raise UsageFailure("--accept and --revert are opposites: one at a time")
    call = shared.call("drift", look, formats=("text", "json", "html"))
    workspace = call.workspace()
    planning = planning_of(workspace)
    if accept:
        return _accept(call, workspace, planning, [*accept, *(addresses or ())])
    if revert:
        return _revert(call, workspace, planning, [*revert, *(addresses or ())])
    keep_until_the_end(planning)
    return _list(call, workspace, planning, addresses or [])


def _list(call: Call, workspace: Workspace, planning: Planning, patterns: Sequence[str]) -> int:
    from registry_reconciler.queries.drift import drifted, stale_state
    from registry_reconciler.queries.unseen import unseen

    require_known(planning, patterns)
    found, stale = drifted(planning, workspace.root), stale_state(planning)
    edited = list(planning.plan.edited_outputs)
    if patterns:
        meant = set(select(patterns, [PREFIX + change.id for change in edited]))
        edited = [change for change in edited if PREFIX + change.id in meant]
        chosen = set(select(patterns, [drifted_entry.drift.address for drifted_entry in found]))
        found = tuple(drifted_entry for drifted_entry in found if drifted_entry.drift.address in chosen)
        kept = set(select(patterns, [stale_state.address for stale_state in stale]))
        stale = tuple(stale_state for stale_state in stale if stale_state.address in kept)
    next = _next([drifted_entry.drift.address for drifted_entry in found], patterns)
    if edited:
        next.append(["registry", "drift", "--revert", *(PREFIX + change.id for change in edited)])
    body = {
        "drift": [_to_json(drifted_entry) for drifted_entry in found],
        "outputs": [{"id": change.id, "file": change.file, "diff": change.diff} for change in edited],
        "stale_state": [{"address": stale_state.address, "why": stale_state.why} for stale_state in stale],
    }
    hidden = unseen(planning.plan)
    warn_left_out(planning.plan)
    lines = list(_edited(edited))
    lines += _lines(call, found, stale) if found or stale or not (hidden or edited) else []
    lines += [visible(f"Cannot be read: {address}") for address in hidden]
    lines += [("Next: " if number == 0 else "      ") + _typed(step) for number, step in enumerate(next)]
    errors = [{"code": "unreadable", "message": address} for address in hidden]
    exit = 3 if hidden else 2 if found or edited else 0
    text = "\n".join(lines) + "\n"
    call = _with_pages(call, workspace, replace(planning.plan, outputs=tuple(edited)), found)
    return answer(call, text, body, exit=exit, next=next, errors=errors, draw=in_prose(text))


def _with_pages(call: Call, workspace: Workspace, plan: Plan, found: Sequence[DriftedEntry]) -> Call:
    """Write the pages that the call asks for; the call without them."""
    pages = [path for form, path in call.reports if form == "html"]
    if pages:
        from registry_reconciler.cli.plans import page_of

        plan = replace(plan, drift=tuple(drifted_entry.drift for drifted_entry in found))
        origins = {drifted_entry.drift.address: tuple(_origins(drifted_entry)) for drifted_entry in found}
        text = page_of(call, plan, workspace.root, origins)
        for path in pages:
            write_file(path, text)
    return replace(call, reports=tuple(report for report in call.reports if report[0] != "html"))


def _origins(drifted_entry: DriftedEntry) -> Iterator[str]:
    """What kind of drift it is, and who wrote each line that differs."""
    from registry_reconciler.queries.drift import MEANINGS

    yield MEANINGS[drifted_entry.nature]
    for field in drifted_entry.fields:
        if field.blame is not None:
            yield f"{show_path(field.change.path) or '(all of it)'}: {_who(field.blame)}"
    if not drifted_entry.fields and drifted_entry.blame is not None:
        yield _who(drifted_entry.blame)


def _edited(outputs: Sequence[OutputChange]) -> Iterator[str]:
    from registry_reconciler.report.words import output_place

    for output in outputs:
        yield f"{visible(PREFIX + output.id)}  edited by hand"
        yield f"  {output_place(output)}"
        yield from (f"    {visible(line)}" for line in output.diff.split("\n")[:_DIFF_SHOWN])


_NAMED = 20
"""So many entries are named in a command; of more their kinds are."""


def _next(addresses: Sequence[str], patterns: Sequence[str]) -> list[list[str]]:
    if not addresses:
        return []
    words = list(addresses)
    if len(words) > _NAMED:  # patterns mean the same entries: only those that drifted
        words = list(patterns) or sorted({f"{word.partition('/')[0]}/*" for word in words})
    return [["registry", "drift", option, *words] for option in ("--accept", "--revert")]


def _typed(words: Sequence[str]) -> str:
    from registry_reconciler.report.words import command_line

    return command_line(words)


def _accept(call: Call, workspace: Workspace, planning: Planning, patterns: Sequence[str]) -> int:
    from registry_reconciler.editing.accept_drift import accept_live
    from registry_reconciler.editing.amend import write_and_apply, write_fragments
    from registry_reconciler.errors import Blocked
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.fragment_edit import FragmentEdit

    outputs = [pattern for pattern in patterns if pattern.startswith(PREFIX)]
    if outputs:
        require_known(planning, outputs)
        raise UsageFailure(
            f"{outputs[0]} is derived, so no fragment can take the edit over: change its template or definition, "
            "or undo the edit with --revert",
            next=(("registry", "drift", "--revert", outputs[0]),),
        )
    chosen = _drifting(planning, patterns)
    if not chosen:
        return _nothing(call, patterns)

    def draft(loaded: Loaded) -> Sequence[FragmentEdit]:
        return accept_live(loaded, chosen)

    command = "registry drift --accept"
    try:
        # What is remembered is brought up to date with it: else the next edit would meet the old drift again.
        done = write_and_apply(workspace, draft, PlanOptions(target=tuple(chosen)), command=command)
    except Blocked:
        done = write_fragments(workspace, draft, command=command)
    warn(done.warnings)
    lines = [f"Accepted: {', '.join(map(visible, chosen))}."]
    lines += [f"  wrote {visible(path)}" for path in done.written]
    body: dict[str, Json] = {"accepted": chosen, "written": list(done.written)}
    plan = workspace.planning(PlanOptions()).plan
    next = [] if plan.applicable and plan.empty else apply_or_ways_out(plan)
    lines += [("Next: " if not number else "      ") + _typed(step) for number, step in enumerate(next)]
    return answer(call, "\n".join(lines) + "\n", body, next=next)


def _revert(call: Call, workspace: Workspace, planning: Planning, patterns: Sequence[str]) -> int:
    chosen = _drifting(planning, patterns)
    if not chosen:
        return _nothing(call, patterns)
    entries = tuple(address for address in chosen if not address.startswith(PREFIX))
    # A plan of outputs alone is one of everything: no target limits it to them.
    options = PlanOptions(target=entries, overwrite=tuple(chosen))
    result = workspace.apply_now(options, command="registry drift --revert")
    warn(result.warnings)
    lines = [f"Reverted: {', '.join(map(visible, chosen))}."]
    lines += [f"  wrote {visible(path)}" for path in result.written]
    body: dict[str, Json] = {"reverted": chosen, "written": list(result.written)}
    return answer(call, "\n".join(lines) + "\n", body)


def _drifting(planning: Planning, patterns: Sequence[str]) -> list[str]:
    """The drifted addresses that are meant; a known one without drift is left out."""
    known = known_addresses(planning)
    addresses = {entry.address for entry in planning.plan.drift}
    addresses |= {PREFIX + edited_output.id for edited_output in planning.plan.edited_outputs}
    require_known(planning, patterns)
    for pattern in patterns:
        if "/" not in pattern and not is_wild(pattern) and not pattern.startswith(PREFIX):
            raise unknown_address(pattern, known)
    return select(dict.fromkeys(patterns), addresses)


def _nothing(call: Call, patterns: Sequence[str]) -> int:
    text = f"Nothing to do: {', '.join(map(visible, patterns))} did not drift.\n"
    return answer(call, text, {"written": []})


def _lines(call: Call, found: Sequence[DriftedEntry], stale: Sequence[StaleState]) -> Iterator[str]:
    from registry_reconciler.queries.drift import MEANINGS
    from registry_reconciler.report.words import plural

    for drifted_entry in found:
        yield f"{visible(drifted_entry.drift.address)}  {MEANINGS[drifted_entry.nature]}"
        where = drifted_entry.drift.location
        if where is not None and where.line:
            yield f"  {'declared at ' if drifted_entry.drift.gone else ''}{visible(where.show(column=False))}"
        if not drifted_entry.fields and drifted_entry.blame is not None:
            yield f"      {_who(drifted_entry.blame)}"
        for field in drifted_entry.fields:
            yield f"  {visible(show_path(field.change.path)) or '(all of it)'}  {_values(call, drifted_entry, field)}"
            if field.blame is not None:
                yield f"      {_who(field.blame)}"
    if stale:
        yield "The state is out of date; registry apply updates it and changes no registry:"
        yield from (f"  {visible(stale_state.address)}  {stale_state.why}" for stale_state in stale)
    yield f"Drift: {plural(len(found), 'entry')}." if found else "No drift."


def _values(call: Call, drifted_entry: DriftedEntry, field: EditedField) -> str:
    expected = "applied" if drifted_entry.drift.applied_known else "the fragment says"
    before, after = _shown(field.change.before), _shown(field.change.after)
    if not call.full:
        before, after = in_short(before, after, _VALUE_WIDTH)
    return f"{expected} {before}, there {after}"


def _shown(value: Json) -> str:
    return "nothing" if value is MISSING else show_value(value)


def _who(blame: Blame) -> str:
    if not blame.commit:
        return f"line {blame.line}, not committed yet"
    return f"line {blame.line}, {blame.commit[:7]} {visible(blame.author)} {blame.date}"


def _to_json(drifted_entry: DriftedEntry) -> dict[str, Json]:
    where = drifted_entry.drift.location
    return {
        "address": drifted_entry.drift.address,
        "nature": drifted_entry.nature,
        "applied_known": drifted_entry.drift.applied_known,
        "location": location_to_json(where) if where else None,
        "blame": _blame_to_json(drifted_entry.blame),
        "fields": [_field_to_json(field) for field in drifted_entry.fields],
    }


def _field_to_json(field: EditedField) -> dict[str, Json]:
    change = field.change
    data: dict[str, Json] = {"path": list(change.path), "action": change.action}
    if change.before is not MISSING:
        data["before"] = change.before
    if change.after is not MISSING:
        data["after"] = change.after
    return {**data, "location": location_to_json(field.location), "blame": _blame_to_json(field.blame)}


def _blame_to_json(blame: Blame | None) -> Json:
    if blame is None:
        return None
    return {"commit": blame.commit or None, "author": blame.author, "date": blame.date, "line": blame.line}
