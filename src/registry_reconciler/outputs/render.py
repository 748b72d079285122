"""The side of the plan: starts the process that renders, answers what it asks, and takes what comes out.

A template is written by whoever may write to the repository, and a plan is made of every pull request. So nothing of a
template runs in this process, and Jinja2 is not even imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from registry_reconciler.base.child import Child, ChildEnded, ChildLimits
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.model.entry import Json
from registry_reconciler.outputs.limits import MOST_MEMORY, MOST_SECONDS
from registry_reconciler.outputs.names import template_path
from registry_reconciler.outputs.rendered import Rendered, RenderFault

_WORKER = "registry_reconciler.outputs.worker"


class RenderFailure(RegistryFailure):
    """Rendering took too long, or its process could not be started."""

    code = "rendering"


class RenderInput(Struct, frozen=True):
    """What rendering may ask for.

    Attributes:
        kinds: the names of all kinds.
        fields: the fields that the schema of each kind names.
        secrets: the secret fields of each kind that has some, as dotted paths.
        entries: gives the rows of a kind: key, address, place, values.
        template: gives the text of a template, ``None`` where there is none.
        order: gives the addresses of a kind as they stand in its files.
    """

    kinds: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    secrets: Mapping[str, Sequence[str]]
    entries: Callable[[str], list[Json]]
    template: Callable[[str], str | None]
    order: Callable[[str], list[str]] = lambda _kind: []


def render(
    jobs: Sequence[Mapping[str, Json]],
    source: RenderInput,
    began: Callable[[Child], None] = lambda _child: None,
    child: Child | None = None,
) -> dict[str, Rendered]:
    """Render all jobs, by id: in one process, and another one after a job that a process died over.

    Args:
        began: is told of each process, so that it can be ended from outside.
        child: the first process, where it was begun before; it is ended here.

    Raises:
        RenderFailure: it took too long, or could not be begun.
    """
    found: dict[str, Rendered] = {}
    left = float(MOST_SECONDS)
    start = {
        "kinds": list(source.kinds),
        "fields": {kind: list(names) for kind, names in source.fields.items()},
        "secrets": {kind: list(paths) for kind, paths in source.secrets.items()},
    }
    fresh = True
    try:
        if child is not None:
            began(child)
        for job in jobs:
            question: dict[str, Json] = {"job": dict(job)}
            if child is None:
                child, fresh = started(), True
                began(child)
            if fresh:
                question["start"], fresh = start, False
            try:
                answer = child.ask(question, lambda request: _answer(request, source), max(left, 0.001))
                left -= child.spent
                found[str(job["id"])] = _rendered(answer)
            except ChildEnded as fault:
                _require_begun(fault, begun=bool(found))
                found[str(job["id"])] = Rendered(fault=_DIED)
                left -= child.spent
                child.end()
                child = None
    finally:
        if child is not None:
            child.end()
    return found


_DIED = RenderFault("limit", "it takes too much memory", "", 0, ())


def started() -> Child:
    """A process that renders. Raises :class:`RenderFailure`."""
    try:
        return Child(_WORKER, ChildLimits(MOST_SECONDS, MOST_MEMORY), folders=_folders()).start()
    except (OSError, ValueError) as fault:
        raise RenderFailure(f"the process that renders outputs cannot be started: {fault}") from fault


def _folders() -> list[str]:
    """Where Jinja2 and what it needs are installed."""
    specs = filter(None, map(find_spec, ("jinja2", "markupsafe")))
    places = [str(Path(place).parent) for spec in specs for place in spec.submodule_search_locations or ()]
    return list(dict.fromkeys(places))


def _require_begun(fault: ChildEnded, *, begun: bool) -> None:
    """Tell what is about the whole command from what is about one job."""
    if fault.late:
        raise RenderFailure(
            f"rendering the outputs took more than {MOST_SECONDS} seconds, and was ended; nothing was written. "
            "Make the templates in .system/registry/templates/ do less."
        ) from None
    if not begun and fault.code == 1:  # as Python ends where a module cannot be imported
        raise RenderFailure(
            "the process that renders outputs ended before it began: is Jinja2 installed beside registry?"
        ) from None


def _answer(request: Mapping[str, Json], source: RenderInput) -> Json:
    if "order" in request:
        return source.order(request["order"])
    if "need" in request:
        return source.entries(request["need"])
    name = request["template"]
    return source.template(name) if template_path(name) is not None else False  # outside of the folder


def _rendered(answer: Mapping[str, Json]) -> Rendered:
    fault = answer.get("error")
    return Rendered(
        answer.get("result"),
        None
        if fault is None
        else RenderFault(
            fault["kind"], fault["message"], fault["template"], fault["line"], tuple(fault["at"])
        ),
        tuple(answer["reads"]),
        tuple(answer["templates"]),
    )
