"""``registry fleet impact``."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.base.first_few import first_few
from registry_reconciler.cli.catalogue import (
    CatalogUrl,
    InRepository,
    catalogue_of_call,
    kind_and_key,
    place,
    referrer_json,
    snapshot_json,
    unknown_entry,
)
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry fleet impact ability_low/payments.capture

  If billing renames or deletes ability_low/payments.capture, this breaks elsewhere:
    shop  route/checkout  ability_ids[0]  desired/shop.yaml:31
  1 reference in 1 repository.
"""


def command(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The entry: KIND/KEY.", show_default=False)
    ],
    catalog: CatalogUrl = None,
    repository: InRepository = None,
    *,
    shared: Shared,
) -> int:
    """Show what a rename would break in other repositories.

    Or a deletion. That are the references with `in: fleet` that would lead nowhere. What refers to it in its own
    repository, registry plan says there.
    """
    from registry_reconciler.fleet.catalogue.impact import impact
    from registry_reconciler.report.words import plural

    call = shared.call("fleet impact")
    kind, key = kind_and_key(address)
    with catalogue_of_call(catalog) as catalogue:
        holders = [known.repository for known in catalogue.holders(kind, [key]).get(key, [])]
        if not holders:
            raise unknown_entry(catalogue, address)
        if repository is not None and repository not in holders:
            raise UsageFailure(
                f"{visible(repository)} has no {visible(address)}; who has it: {', '.join(map(visible, holders))}"
            )
        found = impact(catalogue, kind, key, repository or holders[0])
        body: dict[str, Json] = {
            "address": address,
            "repository": repository or (holders[0] if len(holders) == 1 else None),
            "also_in": list(found.others),
            "breaks": [referrer_json(link) for link in found.breaks],
            "catalogue": snapshot_json(catalogue),
        }
    whose = visible(repository or holders[0])
    what = f"{whose} renames or deletes {visible(address)}"
    if found.others:
        others = first_few([visible(other) for other in found.others], 5)
        lines = [f"If {what}, nothing breaks elsewhere: {others} has it as well."]
    elif found.breaks:
        rows = [
            (
                visible(link.repository),
                visible(link.address),
                visible(link.field),
                place(link.path, link.line),
            )
            for link in found.breaks
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [f"If {what}, this breaks elsewhere:"]
        lines += [
            "  " + "  ".join(f"{row[at]:{widths[at]}}" for at in range(3)) + f"  {row[3]}" for row in rows
        ]
        count = len({link.repository for link in found.breaks})
        lines.append(f"{plural(len(found.breaks), 'reference')} in {plural(count, 'repository')}.")
    else:
        lines = [f"If {what}, nothing breaks elsewhere."]
    return answer(call, "\n".join(lines) + "\n", body)
