"""``registry fleet references``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.catalogue import (
    CatalogUrl,
    catalogue_of_call,
    kind_and_key,
    place,
    referrer_json,
    snapshot_json,
    unknown_entry,
)
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry fleet references ability_low/payments.capture

  shop     route/checkout          ability_ids[0]  desired/shop.yaml:31
  billing  ability_high/pay.order  steps[1]        desired/pay.yaml:4
  2 references from 2 repositories.
"""


def command(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The entry: KIND/KEY.", show_default=False)
    ],
    catalog: CatalogUrl = None,
    *,
    shared: Shared,
) -> int:
    """List who refers to an entry, in whatever repository.

    A reference that is no `in: fleet` leads to the entry of its own repository.
    """
    from registry_reconciler.report.words import plural

    call = shared.call("fleet references")
    kind, key = kind_and_key(address)
    with catalogue_of_call(catalog) as catalogue:
        found = catalogue.referrers(kind, key)
        holders = catalogue.holders(kind, [key]).get(key, [])
        if not found and not holders:
            raise unknown_entry(catalogue, address)
        body: dict[str, Json] = {
            "address": address,
            "references": [referrer_json(link) for link in found],
            "repositories": [known.repository for known in holders],
            "catalogue": snapshot_json(catalogue),
        }
    rows = [
        (visible(link.repository), visible(link.address), visible(link.field), place(link.path, link.line))
        for link in found
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = ["  ".join(f"{row[at]:{widths[at]}}" for at in range(3)) + f"  {row[3]}" for row in rows]
    repositories = len({link.repository for link in found})
    lines.append(f"{plural(len(found), 'reference')} from {plural(repositories, 'repository')}.")
    if not holders:
        lines.append(f"No repository has {visible(address)}: they lead nowhere.")
    return answer(call, "\n".join(lines) + "\n", body)
