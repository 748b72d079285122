"""``registry fleet publish``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.base.first_few import first_few
from registry_reconciler.cli.catalogue import CatalogUrl, short
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.fleet import FleetFile, Only, Running, chosen, manifest_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.fleet import Repository, RepositoryOutcome
    from registry_reconciler.fleet.catalogue import PublicationOrigin, Publisher, PublishResult

EXAMPLE = """\
  registry fleet publish --catalog sqlite:///fleet.db

  shop     3f2a91c07d11  12 new, 3 changed, 1 gone
  billing  0b77ce1290fd  as it was
  sqlite:///fleet.db: 1 of 2 repositories published, 1 unchanged.
"""


def command(
    catalog: CatalogUrl = None,
    file: FleetFile = None,
    only: Only = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Publish also where the catalogue has a newer commit, or another repository by that name.",
        ),
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Take out repositories that are no longer in the fleet's file."),
    ] = False,
    *,
    running: Running,
    shared: Shared,
) -> int:
    """Publish what every repository has into a catalogue.

    Entries with repository, commit, file and line, what they refer to, and the problems; no secret.
    What is committed counts, not what lies in a work tree. One publication of one repository is
    one transaction: readers see all of it or what was there before. An older commit never
    overwrites a newer one, and the same commit twice changes nothing.
    """
    from registry_reconciler.cli.output import say
    from registry_reconciler.cli.waiting import waiting
    from registry_reconciler.fleet.catalogue import open_publisher
    from registry_reconciler.fleet.catalogue.place import named_place
    from registry_reconciler.fleet.run import run

    call = shared.call("fleet publish")
    manifest = manifest_of(call, file)
    repositories = chosen(manifest, only)
    publisher = open_publisher(named_place(catalog))
    known = publisher.known()
    origins = {repository.name: _origin(repository) for repository in repositories}
    rows: list[dict[str, Json]] = []
    with waiting():
        outcomes = run(
            repositories,
            "publish",
            workers=running.workers,
            scheduler=running.scheduler,
            limits=running.limits(),
            tls=running.tls(),
            committed=True,
        )
        for outcome in outcomes:
            rows.append(_row(outcome, publisher, known, origins[outcome.name], replace=replace))
    if any(row["outcome"] == "published" for row in rows):
        _settle(publisher)
    rows.sort(key=lambda row: (_ORDER[str(row["outcome"])], str(row["repository"])))
    names = {repository.name for repository in manifest.repositories}
    strangers = sorted(set(known) - names)
    gone, kept = _pruned(publisher, strangers) if prune else ([], [])
    if strangers and not prune:
        say(f"warning: {_strangers(strangers)}")
    text = "\n".join(
        [
            *_lines(rows),
            *(f"{visible(name)}  taken out" for name in gone),
            *(f"not taken out: {visible(error['message'])}" for error in kept),
            _sum(rows, publisher.shown),
        ]
    )
    errors = [
        {"code": row["error"]["code"], "message": f"{row['repository']}: {row['error']['message']}"}
        for row in rows
        if row["error"]
    ] + kept
    body: dict[str, Json] = {"catalog": publisher.shown, "repositories": rows, "taken_out": gone}
    return answer(call, text + "\n", body, exit=1 if errors else 0, errors=errors)


def _settle(publisher: Publisher) -> None:
    """It only makes answers fast: what is published is there without it."""
    from registry_reconciler.cli.common import warn
    from registry_reconciler.errors import RegistryFailure

    try:
        publisher.settle()
    except RegistryFailure as failure:
        warn([f"the catalogue answers slowly until the next publication: {failure.message}"])


def _pruned(publisher: Publisher, names: Iterable[str]) -> tuple[list[str], list[dict[str, str]]]:
    """Who was taken out, and why another one could not be: what went before is told all the same."""
    from registry_reconciler.errors import RegistryFailure

    gone: list[str] = []
    for name in names:
        try:
            if publisher.forget(name):
                gone.append(name)
        except RegistryFailure as failure:
            return gone, [{"code": failure.code, "message": f"{name}: {failure.message}"}]
    return gone, []


_ORDER = {"failed": 0, "another": 1, "older": 2, "published": 3, "unchanged": 4}
_ANOTHER = "another_repository"


def _origin(repository: Repository) -> PublicationOrigin:
    """Where it comes from: what is fetched by its address, a folder by its place."""
    from registry_reconciler.fleet.addresses import shown
    from registry_reconciler.fleet.catalogue import PublicationOrigin, reading_of

    address = shown(repository.git) if repository.git else os.path.realpath(repository.path)
    return PublicationOrigin(address, repository.root, reading_of(address, repository.root))


def _strangers(names: list[str]) -> str:
    from registry_reconciler.report.words import plural

    some = first_few([visible(name) for name in names], 3)
    return (
        f"the catalogue has {plural(len(names), 'repository')} that the fleet's file does not name ({some}); "
        "--prune takes them out"
    )


def _row(
    outcome: RepositoryOutcome,
    publisher: Publisher,
    known: dict[str, tuple[str, str]],
    origin: PublicationOrigin,
    *,
    replace: bool,
) -> dict[str, Json]:
    from registry_reconciler.errors import RegistryFailure
    from registry_reconciler.fleet.catalogue import PublishResult
    from registry_reconciler.fleet.catalogue.job import unpacked

    row: dict[str, Any] = {"repository": outcome.name, "commit": outcome.commit, "error": None}
    row |= dict.fromkeys(("before", "new", "changed", "gone", "unread"))
    if outcome.error is not None:
        return {**row, "outcome": "failed", "error": outcome.error}
    before, reading = known.get(outcome.name, (None, ""))
    if before is not None and (before, reading) == (outcome.commit, origin.reading) and not replace:
        return {**row, **_counts(PublishResult(outcome.name, "unchanged", before, before))}
    try:
        done = publisher.publish(unpacked(outcome.result["publication"]), replace=replace, origin=origin)
    except RegistryFailure as failure:
        return {**row, "outcome": "failed", "error": {"code": failure.code, "message": failure.message}}
    if done.outcome == "another":
        message = (
            f"the catalogue has another repository by this name, from {done.other}, and no commit is in both: "
            "name this one otherwise, or put it in the place of that one with --replace"
        )
        row["error"] = {"code": _ANOTHER, "message": message}
    return {**row, **_counts(done)}


def _counts(done: PublishResult) -> dict[str, Json]:
    return {
        "outcome": done.outcome,
        "commit": done.commit,
        "before": done.before or None,
        "new": done.added,
        "changed": done.changed,
        "gone": done.removed,
        "unread": list(done.unread),
    }


def _lines(rows: Iterable[dict[str, Any]]) -> list[str]:
    rows = list(rows)
    width = max((len(visible(row["repository"])) for row in rows), default=0)
    return [f"{visible(row['repository']):{width}}  {_outcome_words(row)}" for row in rows]


_REPLACE = "; where that was taken back, --replace publishes this one"


def _outcome_words(row: dict[str, Any]) -> str:
    if row["error"]:
        return f"not published: {visible(row['error']['message'])}"
    commit = short(row["commit"])
    if row["outcome"] == "older":
        return f"{commit}  not published: the catalogue has the newer commit {short(row['before'])}{_REPLACE}"
    if row["outcome"] == "unchanged":
        return f"{commit}  as it was"
    parts = [f"{row[name]:,} {name}" for name in ("new", "changed", "gone") if row[name]]
    unread = f" (what could not be read of {', '.join(map(visible, row['unread']))} stays as it was)"
    return f"{commit}  {', '.join(parts) or 'the same entries'}{unread if row['unread'] else ''}"


def _sum(rows: list[dict[str, Any]], shown: str) -> str:
    from registry_reconciler.report.words import plural

    counts = dict.fromkeys(_ORDER, 0)
    for row in rows:
        counts[row["outcome"]] += 1
    words = {"unchanged": "unchanged", "older": "older than what is there"}
    words |= {"another": "of another repository", "failed": "failed"}
    more = "".join(f", {counts[name]:,} {word}" for name, word in words.items() if counts[name])
    return f"{visible(shown)}: {counts['published']:,} of {plural(len(rows), 'repository')} published{more}."
