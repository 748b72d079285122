"""``registry fleet show``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.catalogue import (
    CatalogUrl,
    InRepository,
    catalogue_of_call,
    day,
    entry_json,
    kind_and_key,
    place,
    referrer_json,
    short,
    snapshot_json,
    unknown_entry,
)
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.fleet.catalogue import Catalogue, KnownEntry

EXAMPLE = """\
  registry fleet show ability_low/payments.capture

  ability_low/payments.capture  in billing
    desired/payments.yaml:7 at commit 0b77ce1290fd
    ability_id: payments.capture
    summary: Capture an authorised payment.
    referred to by 2: registry fleet references ability_low/payments.capture
"""


def command(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The entry: KIND/KEY.", show_default=False)
    ],
    catalog: CatalogUrl = None,
    repository: InRepository = None,
    history: Annotated[
        bool, typer.Option("--history", help="What it was, from publication to publication.")
    ] = False,
    *,
    shared: Shared,
) -> int:
    """Show an entry as every repository has it, and what it was.

    What it says, where it stands, what it refers to.

    With --history, what it said from the first publication to the last, and until which commit.
    """
    call = shared.call("fleet show")
    with catalogue_of_call(catalog) as catalogue:
        kind, key = kind_and_key(address)
        past = list(_past(catalogue, kind, key, repository)) if history else []
        holders = [
            known
            for known in catalogue.holders(kind, [key]).get(key, [])
            if repository in (None, known.repository)
        ]
        if not holders and not past:
            raise unknown_entry(catalogue, address)
        values = catalogue.values(known.number for known in holders)
        incoming = catalogue.referrers(kind, key)
        lines: list[str] = []
        entries: list[dict[str, Json]] = []
        for known in holders:
            value = json.loads(values[known.number])
            links = catalogue.links(known.number)
            lines += _shown(known, value, links)
            entries.append(
                {
                    **entry_json(known),
                    "value": value,
                    "references": [
                        {"field": field, "kinds": list(kinds), "key": to, "in_fleet": wide}
                        for field, kinds, to, wide in links
                    ],
                }
            )
        if holders and incoming:
            lines.append(f"  referred to by {len(incoming):,}: registry fleet references {visible(address)}")
        for span in past:
            lines += _span_lines(span)
        body: dict[str, Json] = {
            "address": address,
            "entries": entries,
            "referrers": [referrer_json(link) for link in incoming],
            "catalogue": snapshot_json(catalogue),
            **({"history": past} if history else {}),
        }
    return answer(call, "\n".join(lines) + "\n", body)


def _shown(
    known: KnownEntry, value: Any, links: list[tuple[str, tuple[str, ...], str, bool]]
) -> Iterator[str]:
    status = f"  {known.status}" if known.status else ""
    yield f"{visible(known.address)}  in {visible(known.repository)}{status}"
    yield f"  {place(known.path, known.line)} at commit {short(known.commit)}"
    for name, part in value.items() if isinstance(value, dict) else ():
        text = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
        yield f"  {visible(name)}: {visible(text)}"
    for field, kinds, key, wide in links:
        target = f"{'|'.join(kinds)}/{key}"
        yield f"  -> {visible(target)} ({visible(field)}{', in the fleet' if wide else ''})"


def _past(catalogue: Catalogue, kind: str, key: str, repository: str | None) -> Iterator[dict[str, Json]]:
    """Each span in which an entry said the same, with the fields that differ from the one before."""
    from registry_reconciler.model.entry import show_path
    from registry_reconciler.planning.field_diff import diff_values

    before: dict[str, Any] = {}
    for known, row in catalogue.history(kind, key):
        if repository not in (None, known.repository):
            continue
        value = json.loads(row["value"])
        earlier = before.get(known.repository)
        changed = [] if earlier is None else [show_path(field.path) for field in diff_values(earlier, value)]
        yield {
            "repository": known.repository,
            "since": row["revision"],
            "since_day": day(row["since_time"]),
            "until": known.until or None,
            "until_day": day(row["until_time"]) or None,
            "gone": bool(row["went"]),
            "changed": changed,
            "value": value,
        }
        before[known.repository] = None if row["went"] else value


def _span_lines(span: dict[str, Any]) -> Iterator[str]:
    since = f"{span['since_day']}  {short(span['since'])}"
    what = "changed " + ", ".join(map(visible, span["changed"])) if span["changed"] else "came"
    yield f"  {since}  {visible(span['repository'])}  {what}"
    if span["gone"]:
        yield f"  {span['until_day']}  {short(span['until'])}  {visible(span['repository'])}  gone"
