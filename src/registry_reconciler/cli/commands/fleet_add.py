"""``registry fleet add``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, make_call, warn
from registry_reconciler.cli.fleet import FleetFile
from registry_reconciler.cli.options import DryRun, Format, Reports
from registry_reconciler.errors import RegistryFailure, UsageFailure
from registry_reconciler.model.entry import Json

EXAMPLE = """\
  registry fleet add billing --git ssh://git@host/billing.git --rev main

  Added: billing in fleet.yaml.
  Next: registry fleet plan --only billing
"""


def command(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="What it is called in the fleet.", show_default=False),
    ],
    path: Annotated[
        str | None, typer.Option("--path", metavar="DIR", help="A folder, looked at as it lies there.")
    ] = None,
    git: Annotated[
        str | None,
        typer.Option(
            "--git", metavar="ADDRESS", help="What is fetched: an https or ssh address, or a local path."
        ),
    ] = None,
    rev: Annotated[
        str | None,
        typer.Option("--rev", metavar="REV", help="A branch, tag or commit; by default the remote's HEAD."),
    ] = None,
    root: Annotated[
        str | None,
        typer.Option("--root", metavar="DIR", help="The folder of the workspace inside of the repository."),
    ] = None,
    file: FleetFile = None,
    dry_run: DryRun = False,
    format: Format = "text",
    report: Reports = None,
) -> int:
    """Add a repository to fleet.yaml.

    The file is made where there is none. Nothing else in it changes.
    """
    from registry_reconciler.apply.files import write_report
    from registry_reconciler.fleet.adding import added, from_here
    from registry_reconciler.fleet.addresses import shown
    from registry_reconciler.report.words import command_line

    call = make_call("fleet add", format=format, report=report)
    if (path is None) == (git is None):
        raise UsageFailure("say where it is: --path DIR for a folder, or --git ADDRESS for what is fetched")
    target = _target(file)
    item: dict[str, Json] = {"name": name}
    item |= {"path": from_here(path, target.parent)} if path is not None else {}
    item |= {"git": from_here(git, target.parent)} if git is not None else {}
    item |= {field: value for field, value in (("rev", rev), ("root", root)) if value is not None}
    text, manifest = added(target, item)
    repository = next(found for found in manifest.repositories if found.name == name)
    if repository.path and not os.path.isdir(repository.path):
        warn([f"there is no folder {visible(repository.path)}"])
    if repository.git and shown(repository.git) != repository.git and "«secret»" in shown(repository.git):
        warn(
            [
                f"{target.name} now holds a credential: let git's credential helper or ssh-agent have it instead"
            ]
        )
    if not dry_run:
        try:
            write_report(target, text)
        except OSError as error:
            raise RegistryFailure(
                f"{visible(str(target))} could not be written: {error.strerror or error}"
            ) from error
    next_step = ["registry", "fleet", "plan", "--only", name]
    next_step += ["--file", str(file)] if file is not None else []
    done = "Would add" if dry_run else "Added"
    lines = [f"{done}: {visible(name)} in {visible(os.path.relpath(target))}."]
    lines += [] if dry_run else [f"Next: {command_line(next_step)}"]
    body: dict[str, Json] = {"name": name, "file": target.name, "written": not dry_run}
    return answer(call, "\n".join(lines) + "\n", body, next=[] if dry_run else [next_step])


def _target(file: Path | None) -> Path:
    from registry_reconciler.files.root import FLEET_FILE
    from registry_reconciler.fleet import find_manifest

    if file is not None and not file.exists():
        if not file.parent.is_dir():
            raise UsageFailure(f"there is no folder {visible(str(file.parent))} for the fleet's file")
        return Path(os.path.abspath(file))
    try:
        return find_manifest(file)
    except UsageFailure:
        if file is not None:
            raise
        return Path.cwd() / FLEET_FILE
