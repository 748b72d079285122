"""``registry fleet search``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.catalogue import CatalogUrl, catalogue_of_call, entry_json, place, snapshot_json
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry fleet search 'capture payment'

  ability_low/payments.capture  billing  desired/payments.yaml:7
  1 entry.
"""


def command(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS...", help="All of them, each also as a beginning.", show_default=False),
    ],
    catalog: CatalogUrl = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=1_000, help="At most so many.")
    ] = 50,
    *,
    shared: Shared,
) -> int:
    """Search the entries of all repositories.

    An entry is found when all words stand in it, in keys, names or values, without regard to case and
    accents. What is called so comes first.
    """
    from registry_reconciler.fleet.catalogue.publication import words_of
    from registry_reconciler.report.words import plural

    call = shared.call("fleet search")
    text = " ".join(words)
    if not words_of(text):
        raise UsageFailure(f"there is no word to search for in {visible(text)!r}")
    with catalogue_of_call(catalog) as catalogue:
        found, more = catalogue.search(text, limit)
        body: dict[str, Json] = {
            "entries": [entry_json(known) for known in found],
            "more": more,
            "catalogue": snapshot_json(catalogue),
        }
    rows = [
        (visible(known.address), visible(known.repository), place(known.path, known.line)) for known in found
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    lines = [
        f"{address:{widths[0]}}  {repository:{widths[1]}}  {where}" for address, repository, where in rows
    ]
    lines.append(f"{plural(len(found), 'entry')}{', and more (--limit)' if more else ''}.")
    return answer(call, "\n".join(lines) + "\n", body)
