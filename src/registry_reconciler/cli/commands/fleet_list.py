"""``registry fleet list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.fleet import FleetFile, Only, chosen, manifest_of
from registry_reconciler.cli.options import Shared
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.fleet import Repository

EXAMPLE = """\
  registry fleet list

  billing  ssh://git@host/billing.git  rev main  root services/billing
  shop     ../shop
  2 repositories.
"""


def command(file: FleetFile = None, only: Only = None, *, shared: Shared) -> int:
    """List the repositories of a fleet.

    What fleet.yaml and the files that it includes name. No address is shown with its credentials.
    """
    from registry_reconciler.report.words import plural

    call = shared.call("fleet list")
    manifest = manifest_of(call, file)
    repositories = chosen(manifest, only)
    rows = [
        (visible(repository.name), _where(repository, manifest.file.parent)) for repository in repositories
    ]
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"{name:{width}}  {where}" for name, where in rows]
    lines.append(f"{plural(len(rows), 'repository')}.")
    body: dict[str, Json] = {"repositories": [_to_json(repository) for repository in repositories]}
    return answer(call, "\n".join(lines) + "\n", body)


def _where(repository: Repository, folder: object) -> str:
    from registry_reconciler.fleet.addresses import shown

    parts = [visible(shown(repository.git) if repository.git else _beside(repository.path, folder))]
    if repository.rev:
        parts.append(f"rev {visible(repository.rev)}")
    if repository.root:
        parts.append(f"root {visible(repository.root)}")
    return "  ".join(parts)


def _beside(path: str, folder: object) -> str:
    import os

    return os.path.relpath(path, str(folder))


def _to_json(repository: Repository) -> dict[str, Json]:
    from registry_reconciler.fleet.addresses import shown

    return {
        "name": repository.name,
        "path": repository.path or None,
        "git": shown(repository.git) if repository.git else None,
        "rev": repository.rev or None,
        "root": repository.root or None,
        "file": repository.place.file,
    }
