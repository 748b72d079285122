"""One more repository in a fleet's file: no other byte of it changes."""

from __future__ import annotations

import os
from pathlib import Path

from registry_reconciler.errors import Blocked, RegistryFailure, UsageFailure
from registry_reconciler.files.tree import DiskTree, MemoryTree
from registry_reconciler.fleet.addresses import is_local
from registry_reconciler.fleet.manifest import Manifest, read_manifest
from registry_reconciler.model.entry import Json


def from_here(given: str, folder: Path) -> str:
    """A path that was typed in the working directory, from the folder of the fleet's file."""
    if not is_local(given) or os.path.isabs(given) or given.startswith(("~", "-")):
        return given
    return Path(os.path.relpath(given, folder)).as_posix()


def added(path: Path, item: dict[str, Json]) -> tuple[bytes, Manifest]:
    """The text of a fleet's file with one more repository, and the fleet that it means. Writes nothing.

    Raises:
        UsageFailure: the repository cannot be one of the fleet.
        Blocked: the file is wrong as it is.
    """
    from registry_reconciler.formats.edits import Insert, SpliceError
    from registry_reconciler.formats.yaml.edit.splice import dump, splice

    there = path.is_file()
    before = read_manifest(path) if there else Manifest(path, (), ())
    if not before.usable:
        first = before.problems[0]
        raise Blocked(f"the fleet's file is wrong as it is: {first.where(column=False)}: {first.message}")
    name = item["name"]
    if any(repository.name == name for repository in before.repositories):
        raise UsageFailure(f"the fleet has a repository {name!r} already")
    if there and (data := path.read_bytes()).strip():
        try:
            text = splice(data, [Insert(0, ("repositories",), item, container_kind="list")])
        except SpliceError as error:
            raise RegistryFailure(f"{path.name} cannot be edited: {error}. Add the lines by hand.") from error
    else:
        text = dump({"repositories": [item]}).encode()
    tree = MemoryTree({path.name: text}, DiskTree(path.parent))
    after = read_manifest(path, tree)
    if not after.usable:
        raise UsageFailure(f"this cannot be a repository of a fleet: {after.problems[0].message}")
    if [repository.name for repository in after.repositories if repository.name != name] != [
        repository.name for repository in before.repositories
    ]:
        raise RegistryFailure(f"{path.name} cannot be edited safely. Add the lines by hand.")
    return text, after
