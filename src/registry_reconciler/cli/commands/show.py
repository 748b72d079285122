"""``registry show``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.addresses import known_addresses
from registry_reconciler.cli.common import answer, planning_of, warn_unseen
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json, digest_value, show_path
from registry_reconciler.model.plan_json import location_to_json
from registry_reconciler.model.unknown import unknown_address

if TYPE_CHECKING:
    from registry_reconciler.queries.show import AppliedDetails, EntryDetails, EntrySide

EXAMPLE = """\
  registry show route/api.errors

  route/api.errors
  desired and live  desired/docs.yaml:12:5, modules/routes/api.yaml:8:5
    id: api.errors
    module_id: payments.api
  applied  from desired/docs.yaml, and live is what was applied
  refers to
    module_id -> module_instance/payments.api
"""


def command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="kind/key")],
    *,
    shared: Shared,
) -> int:
    """Show one entry: desired, live, applied, references."""
    from registry_reconciler.queries.show import entry_details

    call = shared.call("show")
    planning = planning_of(call.workspace())
    warn_unseen(planning.plan)
    known = known_addresses(planning)
    if address not in known:
        raise unknown_address(address, known)
    found = entry_details(planning, address)
    next = [["registry", "plan", "--target", address]] if found.change else []
    return answer(call, "\n".join(_lines(found)) + "\n", {"entry": to_json(found)}, next=next)


def _lines(found: EntryDetails) -> Iterator[str]:
    yield visible(found.address)
    desired, live = found.desired, found.live
    if desired and live and not found.fields:
        yield f"desired and live  {_where(desired)}, {_where(live)}"
        yield from _yaml_lines(live.value, 2)
    elif desired and live:
        yield f"desired  {_where(desired)}"
        yield f"live     {_where(live)}"
        yield "  - live, + desired"
        yield from _diff(found)
    elif found.live_truth:
        yield from _side("live", live, "the registries do not have it")
    else:
        yield from _side("desired", desired, "no fragment declares it")
        yield from _side("live", live, "the registries do not have it")
    yield _state_line(found)
    if found.outgoing:
        yield "refers to"
        for reference in found.outgoing:
            none = "in the fleet:" if reference.in_fleet else "nothing:"
            target = visible(reference.target) if reference.target else f"{none} {visible(reference.text)}"
            yield f"  {visible(show_path(reference.path))} -> {target}"
    if found.incoming:
        yield "referred to by"
        yield from (f"  {visible(address)}" for address in found.incoming)
    if found.change is not None:
        yield f"plan  would {found.change.action.value} it"
    for problem in found.problems:
        yield f"{problem.severity.value} {problem.code}  {visible(problem.message)}"


def _state_line(found: EntryDetails) -> str:
    if found.live_truth:
        return "truth  live: the registry owns it, and no fragment may declare it"
    return f"applied  {_applied(found.applied)}"


def _diff(found: EntryDetails) -> Iterator[str]:
    """Live and desired as one text: what applying takes away, what it adds, and what both have."""
    from registry_reconciler.base.sequences import unequal

    # Fields in the order of the registry, so that only what differs is shown as different.
    old = _yaml_lines(found.before, 0)
    new = _yaml_lines(_in_order_of(found.after, found.before), 0)
    at = 0
    for start, end, new_start, new_end in (*unequal(old, new), (len(old), len(old), 0, 0)):
        yield from (f"    {line}" for line in old[at:start])
        yield from (f"  - {line}" for line in old[start:end])
        yield from (f"  + {line}" for line in new[new_start:new_end])
        at = end
    if old == new:
        yield "  a secret field differs"


def _in_order_of(value: Json, model: Json) -> Json:
    if isinstance(value, dict) and isinstance(model, dict):
        names = [name for name in model if name in value]
        return {name: _in_order_of(value[name], model.get(name)) for name in dict.fromkeys((*names, *value))}
    return value


def _side(name: str, side: EntrySide | None, absent: str) -> Iterator[str]:
    if side is None:
        yield f"{name}  {absent}"
        return
    yield f"{name}  {_where(side)}"
    yield from _yaml_lines(side.value, 2)


def _yaml_lines(value: Json, indent: int) -> list[str]:
    """A value as block YAML in which nothing can hide."""
    from registry_reconciler.formats.yaml.edit.emit import dump

    return [visible(line) for line in dump(value, indent=indent).splitlines()]


def _where(side: EntrySide) -> str:
    return visible(side.location.show())


def _applied(applied: AppliedDetails | None) -> str:
    if applied is None:
        return "never: it is not managed"
    live = {True: "live is what was applied", False: "live was edited since", None: "it is gone from live"}
    fragment_words = {
        True: "",
        False: ", its fragment changed since",
        None: ", no fragment declares it any more",
    }
    protected = ", protected" if applied.protected else ""
    return (
        f"from {visible(applied.entry.fragment)}{protected}; "
        f"{live[applied.fits_live]}{fragment_words[applied.fits_desired]}"
    )


def to_json(found: EntryDetails) -> dict[str, Json]:
    """The entry in the JSON of ``show``."""
    from registry_reconciler.model.plan_json import field_to_json, problem_to_json

    applied = found.applied
    return {
        "address": found.address,
        "desired": _side_to_json(found.desired),
        "live": _side_to_json(found.live),
        "applied": None
        if applied is None
        else {
            "fragment": applied.entry.fragment,
            "digest": digest_value(list(applied.entry.applied)),
            "protect": applied.protected,
            "fits_live": applied.fits_live,
            "fits_desired": applied.fits_desired,
        },
        "references": {
            "out": [
                {"path": list(reference.path), "text": reference.text, "address": reference.target or None}
                for reference in found.outgoing
            ],
            "in": list(found.incoming),
        },
        "truth": "live" if found.live_truth else "fragments",
        "diff": None if found.fields is None else [field_to_json(field) for field in found.fields],
        "action": found.change.action.value if found.change else None,
        "problems": [problem_to_json(problem) for problem in found.problems],
    }


def _side_to_json(side: EntrySide | None) -> Json:
    return None if side is None else {"value": side.value, "location": location_to_json(side.location)}
