"""What the commands share that ask the catalogue of a fleet: where it is, and how its answers are worded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.fleet.catalogue import Catalogue, KnownEntry, Referrer

CatalogUrl = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="URL",
        help="The catalogue: sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE. By default what "
        "REGISTRY_CATALOG says.",
        show_default=False,
    ),
]
InRepository = Annotated[
    str | None,
    typer.Option("--repository", metavar="NAME", help="Only what this repository has.", show_default=False),
]


def catalogue_of_call(url: str | None) -> Catalogue:
    """The catalogue of a call, opened.

    Raises:
        UsageFailure: none is named.
        CatalogueFailure: it cannot be asked.
    """
    from registry_reconciler.fleet.catalogue import open_catalogue
    from registry_reconciler.fleet.catalogue.place import named_place

    return open_catalogue(named_place(url))


def kind_and_key(address: str) -> tuple[str, str]:
    """The parts of an address. Raises :class:`UsageFailure`."""
    kind, slash, key = address.partition("/")
    if not (kind and slash and key):
        raise UsageFailure(
            f"{visible(address)} is no address: write KIND/KEY, as ability_low/payments.capture"
        )
    return kind, key


def unknown_entry(catalogue: Catalogue, address: str) -> UsageFailure:
    """No repository has an entry: who had it, or what may be meant."""
    from registry_reconciler.base.suggest import meant
    from registry_reconciler.cli.output import say
    from registry_reconciler.errors import RegistryFailure

    kind, key = kind_and_key(address)
    former, near = [], None
    try:
        former = catalogue.former(kind, key)
        near = None if former else catalogue.near(kind, key)
    except RegistryFailure as failure:  # it helps, and is no part of the answer
        say(f"warning: who had it before, and what may be meant, is not known: {failure.message}")
    if former:
        last = former[0]
        return UsageFailure(
            f"no repository has {visible(address)}; {visible(last.repository)} had it until commit {short(last.until)}",
            next=(("registry", "fleet", "show", address, "--history"),),
        )
    hint = meant(near) if near else ""
    return UsageFailure(
        f"no repository has {visible(address)}.{hint}", next=(("registry", "fleet", "search", key),)
    )


def short(commit: str) -> str:
    """A commit as people are told it; of what is in no git repository the beginning of its digest."""
    return commit[:12] if not commit.startswith("sha256:") else commit[:19]


def day(seconds: int | None) -> str:
    """A moment as a date."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d") if seconds else ""


def place(path: str, line: int) -> str:
    """A file and its line."""
    return visible(f"{path}:{line}" if line else path)


def entry_json(known: KnownEntry) -> dict[str, Json]:
    """An entry, as JSON tells it."""
    return {
        "repository": known.repository,
        "address": known.address,
        "name": known.name or None,
        "status": known.status or None,
        "commit": known.commit,
        "file": known.path,
        "line": known.line or None,
    }


def referrer_json(referrer: Referrer) -> dict[str, Json]:
    """A reference, as JSON tells it."""
    return {
        "repository": referrer.repository,
        "address": referrer.address,
        "field": referrer.field,
        "file": referrer.path,
        "line": referrer.line or None,
        "commit": referrer.commit,
        "in_fleet": referrer.in_fleet,
    }


def snapshot_json(catalogue: Catalogue) -> dict[str, Json]:
    """Of which state of the catalogue the answer is."""
    snapshot = catalogue.snapshot()
    return {"id": snapshot.id, "repositories": snapshot.repositories}
