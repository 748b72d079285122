"""``registry graph``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.addresses import known_addresses
from registry_reconciler.cli.common import LOCK_TIMEOUT, answer, make_call, planning_of, warn, warn_unseen
from registry_reconciler.cli.options import LockTimeout, Root
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.unknown import unknown_address

if TYPE_CHECKING:
    from registry_reconciler.picture import Picture
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.queries.graph import Edge

EXAMPLE = """\
  registry graph module_instance/payments.api

  module_instance/payments.api
    module_type -> module_type/http_api
  route/api.errors
    module_id -> module_instance/payments.api
"""


def command(
    address: Annotated[
        str | None,
        typer.Argument(metavar="[ADDRESS]", help="Only what refers to this entry, and what it refers to."),
    ] = None,
    root: Root = None,
    format: Annotated[
        Literal["text", "dot", "mermaid", "svg", "html", "json"],
        typer.Option("--format", help="How the graph is written. svg and html are pictures."),
    ] = "text",
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            min=0,
            help="With ADDRESS: how many references away; 0: to the end. By default 2 in a picture.",
        ),
    ] = None,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="The kinds among each other instead of the entries.")
    ] = False,
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
) -> int:
    """Show what refers to what, as it would be after apply."""
    from registry_reconciler.queries.graph import around, edges

    call = make_call("graph", root=root, format=format, lock_timeout=lock_timeout)
    if kinds and address is not None:
        raise UsageFailure("--kinds shows all kinds: leave out the address, or --kinds")
    if steps is not None and address is None:
        raise UsageFailure("--steps counts from an entry: name its address")
    planning = planning_of(call.workspace())
    warn_unseen(planning.plan)
    found = edges(planning.entry_sets.after)
    if address is not None:
        known = known_addresses(planning)
        if address not in known:
            raise unknown_address(address, known)
    if format in _PICTURES:
        text = _picture_text(_picture(planning, found, address, steps, kinds, format), format)
        return answer(replace(call, format="text"), text, {})
    if kinds:
        found = _between_kinds(found)
    elif address is not None:
        found = _near(found, address, steps) if steps else around(found, address)
    text = "\n".join(_lines(found)) + "\n"
    body = {
        "address": address,
        "edges": [
            {
                "from": edge.source,
                "to": edge.target,
                "field": edge.field,
                "dangling": edge.dangling,
                **({"in_fleet": True} if edge.in_fleet else {}),
            }
            for edge in found
        ],
    }
    draw = (lambda screen: screen.tree(found, address)) if format == "text" else None
    return answer(call, text, body, draw=draw)


_PICTURES = ("dot", "mermaid", "svg", "html")


def _picture(
    planning: Planning,
    found: Sequence[Edge],
    address: str | None,
    steps: int | None,
    kinds: bool,
    format: str,
) -> Picture:
    """What the picture shows; what it leaves out is said on standard error."""
    from registry_reconciler.picture import MOST_NODES, References, of_kinds, whole

    # Whoever lays a graph out elsewhere may have all of it.
    most = MOST_NODES if format in ("svg", "html") else 1_000_000
    if kinds:
        return of_kinds(found, planning.loaded.kinds)
    if address is None:
        picture = whole(found, most)
    else:
        far = 2 if steps is None else steps or None
        picture = References(found).around(address, far, most)
    if picture.left_out:
        more = "Name an address to see what is around it" if address is None else "--steps 1 shows less"
        warn([f"a picture shows {most:,} nodes; {picture.left_out:,} more are left out. {more}."])
    return picture


def _picture_text(picture: Picture, format: str) -> str:
    from registry_reconciler import picture as pictures

    if format == "dot":
        return pictures.dot(picture)
    if format == "mermaid":
        return pictures.mermaid(picture)
    if format == "svg":
        return str(pictures.svg(picture))
    about = f"Graph around {picture.subject}" if picture.subject else "Graph of references"
    return pictures.page(picture, about)


def _near(found: Sequence[Edge], address: str, steps: int) -> tuple[Edge, ...]:
    """The edges of the picture that goes so far."""
    from registry_reconciler.picture import References

    picture = References(found).around(address, steps, len(found) + 1)
    ends = {(arrow.source, arrow.target) for arrow in picture.arrows}
    return tuple(edge for edge in found if (edge.source, edge.target) in ends)


def _between_kinds(found: Sequence[Edge]) -> tuple[Edge, ...]:
    from registry_reconciler.picture import of_kinds
    from registry_reconciler.queries.graph import Edge

    return tuple(
        Edge(arrow.source, arrow.target, field)
        for arrow in of_kinds(found, ()).arrows
        for field in arrow.fields
    )


def _lines(found: Sequence[Edge]) -> Iterator[str]:
    if not found:
        yield "no references"
    source = ""
    for edge in found:
        if edge.source != source:
            source = edge.source
            yield visible(source)
        arrow = "-> in the fleet:" if edge.in_fleet else "-> nothing:" if edge.dangling else "->"
        yield f"  {visible(edge.field)} {arrow} {visible(edge.target)}"
