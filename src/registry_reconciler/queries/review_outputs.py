"""What a review says of outputs: those that the branch made stale, and definitions and templates that it changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from registry_reconciler.loading.source import read_source
from registry_reconciler.model.config import OUTPUTS_PATH, TEMPLATES_FOLDER
from registry_reconciler.model.entry import Place
from registry_reconciler.model.output import OutputAction, OutputChange
from registry_reconciler.model.plan import Notice, Plan
from registry_reconciler.model.problem import Fix, Problem, Severity, Status
from registry_reconciler.model.structural import CODES
from registry_reconciler.planning.suppress import Locator

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning

_STALE = frozenset({OutputAction.CREATE, OutputAction.UPDATE, OutputAction.LEFT})


def _stale(plan: Plan) -> dict[str, OutputChange]:
    return {output.id: output for output in plan.outputs if output.action in _STALE and not output.quiet}


def _edited(plan: Plan) -> dict[str, OutputChange]:
    return {edited_output.id: edited_output for edited_output in plan.edited_outputs}


def made_stale(old: Plan, new: Plan, *, later: bool = False) -> tuple[OutputChange, ...]:
    """The outputs that are not right on the new side and were on the old one.

    Args:
        later: a job on the main branch writes them: they are nothing that the branch has to do.
    """
    before = {**_stale(old), **_edited(old)}
    now = {**_stale(new), **_edited(new)}
    made = [change for name, change in sorted(now.items()) if name not in before]
    return tuple(
        replace(change, quiet=True) if later and change.action is not OutputAction.EDITED else change
        for change in made
    )


def stale_outputs(old: Planning, new: Planning) -> Iterator[Problem]:
    """A problem for each stale output: of the branch where it was right before, else one that was there."""
    before = _stale(old.plan)
    places = {output.id: output.place for output in new.outputs if not output.page}
    source = read_source(new.loaded.tree, OUTPUTS_PATH, new.loaded.reader)
    locator = Locator({OUTPUTS_PATH: source} if source is not None else {})
    locator.prepare(places.values())
    later = new.loaded.config.outputs == "after_merge"
    title, severity = CODES["OUT009"]
    for name, change in sorted(_stale(new.plan).items()):
        known = name in before
        if known:
            message = f"output {name} ({change.file}) is stale, as it was before the branch."
        elif later:
            message = (
                f"output {name} ({change.file}) is stale; a job on the main branch brings it up to date."
            )
        else:
            message = (
                f"output {name} ({change.file}) is stale: "
                "the branch changes what it is made of, and not the output."
            )
        place = places.get(name, Place(change.file))
        yield Problem(
            code="OUT009",
            title=title,
            severity=Severity.RECORD if later or known else new.loaded.config.severity("OUT009", severity),
            message=message,
            place=place,
            location=locator.location(place),
            fix=None if later else Fix("Bring it up to date: registry apply"),
            status=Status.PRE_EXISTING if known else Status.INTRODUCED,
            managed=not known,
            identity_extra=name,
        )


def outputs_changed(old: Planning, new: Planning) -> Iterator[Notice]:
    """Outputs that are gone or defined otherwise, templates that differ, and a looser setting."""
    before = {output.id: output for output in old.outputs if not output.page}
    after = {output.id: output for output in new.outputs if not output.page}
    for name, definition in sorted(before.items()):
        if name not in after:
            yield Notice(
                "Output gone",
                f"{name} of {definition.file} is no longer derived: nobody keeps it up to date.",
            )
        elif after[name].definition != definition.definition:
            yield Notice("Output changed", f"{name} of {definition.file} has another definition.")
    for path, digest in sorted(_templates(old).items()):
        now = _templates(new).get(path)
        if now is None and path not in _templates(new):
            yield Notice("Template gone", f"{path} is gone, or no output reads it any more.")
        elif now != digest:
            yield Notice("Template changed", f"{path} was changed; look at what it renders.")
    if new.loaded.config.outputs == "after_merge" != old.loaded.config.outputs:
        yield Notice("Check weakened", "outputs: after_merge: branches may leave outputs stale.")


def _templates(planning: Planning) -> dict[str, str | None]:
    inputs = planning.plan.inputs
    return {path: digest for path, digest in inputs.items() if path.startswith(f"{TEMPLATES_FOLDER}/")}
