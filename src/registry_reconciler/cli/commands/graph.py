"""``registry graph``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.addresses import known_addresses
from registry_reconciler.cli.common import LOCK_TIMEOUT, answer, make_call, planning_of, warn_unseen
from registry_reconciler.cli.options import LockTimeout, Root
from registry_reconciler.model.unknown import unknown_address

if TYPE_CHECKING:
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
        Literal["text", "dot", "mermaid", "json"], typer.Option("--format", help="How the graph is written.")
    ] = "text",
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
) -> int:
    """Show what refers to what, as it would be after apply."""
    from registry_reconciler.queries.graph import around, dot, edges, mermaid

    call = make_call("graph", root=root, format=format, lock_timeout=lock_timeout)
    planning = planning_of(call.workspace())
    warn_unseen(planning)
    found = edges(planning.entry_sets.after)
    if address is not None:
        known = known_addresses(planning)
        if address not in known:
            raise unknown_address(address, known)
        found = around(found, address)
    texts = {"dot": dot, "mermaid": mermaid}
    text = texts[format](found) if format in texts else "\n".join(_lines(found)) + "\n"
    body = {
        "address": address,
        "edges": [
            {"from": edge.source, "to": edge.target, "field": edge.field, "dangling": edge.dangling}
            for edge in found
        ],
    }
    call = replace(call, format="json" if format == "json" else "text")
    draw = (lambda screen: screen.tree(found, address)) if format == "text" else None
    return answer(call, text, body, draw=draw)


def _lines(found: Sequence[Edge]) -> Iterator[str]:
    if not found:
        yield "no references"
    source = ""
    for edge in found:
        if edge.source != source:
            source = edge.source
            yield visible(source)
        arrow = "-> nothing:" if edge.dangling else "->"
        yield f"  {visible(edge.field)} {arrow} {visible(edge.target)}"
