"""The files of a workspace at run time: read whole once, or as an earlier process prepared them, then what changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from registry_reconciler.errors import NoWorkspace
from registry_reconciler.files.root import SCHEMAS, nearest
from registry_reconciler.files.tree import Recorder
from registry_reconciler.runtime.errors import RegistryError, WorkspaceLoadError
from registry_reconciler.runtime.registry.source import build_db
from registry_reconciler.runtime.serve import prepared
from registry_reconciler.runtime.serve.looking import (
    DatedTree,
    Looked,
    NotPreparable,
    Refreshed,
    SeenFiles,
    Served,
    differs_in_settings,
    look,
)

if TYPE_CHECKING:
    from registry_reconciler.loading.catalog import Catalog
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.plan import Plan


def find_root(path: str | os.PathLike[str]) -> Path:
    """The workspace that a path lies in.

    Raises:
        NoWorkspace: neither the path nor a folder above it has ``.system/registry/schemas/``.
    """
    start = Path(os.path.abspath(path))
    found = nearest(start)
    if found is not None:
        return found
    raise NoWorkspace(
        f"{start} is in no workspace: there is no {SCHEMAS}/ here or above. 'registry init' makes one"
    )


class ServedFiles:
    """Reads a workspace; the second time only what changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.memory = SeenFiles()
        self._catalog: Catalog | None = None

    def opened(self) -> Served:
        """The workspace as it is now, with what an earlier process has prepared of it."""
        tree = DatedTree(self.root)
        known = prepared.recall(self.root, tree)
        if known is None:
            return self._read(tree)
        if known.served.inputs == known.looked.inputs:
            self.memory.keep(tree, known.looked, known.served.parts.sections)
            return known.served
        found = self._refreshed(tree, known.served, known.looked)
        if found is None:
            return self._read(DatedTree(self.root))
        prepared.remember(self.root, found.served)
        return found.served

    def forget(self) -> None:
        """Remember nothing of the files: the next look reads what differs from what is served, whole."""
        self.memory = SeenFiles()
        self._catalog = None

    def again(self, served: Served) -> Refreshed | None:
        """What is served now, and where that differs; ``None``: nothing changed."""
        tree = DatedTree(self.root)
        try:
            looked = look(tree, served.kinds, self.memory)
        except NotPreparable:
            looked = None
        if looked is not None and looked.inputs == served.inputs:
            self.memory.keep(tree, looked, served.parts.sections)
            return None
        if looked is not None and not differs_in_settings(served.inputs, looked.inputs):
            found = self._refreshed(tree, served, looked)
            if found is not None:
                return found
        known = prepared.recall(self.root, tree := DatedTree(self.root))
        if known is not None and known.served.inputs == known.looked.inputs:
            self._catalog = None
            self.memory.keep(tree, known.looked, known.served.parts.sections)
            return Refreshed(known.served, None)
        return Refreshed(self._read(DatedTree(self.root)), None)

    def _refreshed(self, tree: DatedTree, served: Served, looked: Looked) -> Refreshed | None:
        from registry_reconciler.runtime.serve.rereading import kinds_of, refreshed

        if self._catalog is None:
            self._catalog = kinds_of(tree, looked)
        if self._catalog is None:
            return None
        found = refreshed(served, looked, self._catalog, tree, self.memory.texts)
        if found is not None:
            self.memory.keep(tree, looked, found.served.parts.sections)
        return found

    def _read(self, tree: DatedTree) -> Served:
        from registry_reconciler.runtime.serve import planning, rereading  # noqa: F401  # of the first reload

        # One recorder for both: the digests are those of the very bytes that were understood.
        recorder = Recorder(tree)
        found = planning.read_workspace(recorder, str(self.root))
        loaded = found.loaded
        try:
            looked = look(recorder, loaded.kinds)
        except NotPreparable as fault:
            raise WorkspaceLoadError(str(self.root), [str(fault)]) from fault
        served = Served(build_db(loaded), loaded.kinds, looked.inputs, found.parts)
        self._catalog = found.catalog
        self.memory.keep(tree, looked, found.parts.sections)
        if not found.secret:
            prepared.remember(self.root, served)
        return served


def prepare_from(root: Path, read: Loaded) -> bool:
    """Make opening a workspace fast, from what the planning side has in memory anyway; whether that was possible.
    Called after an apply.
    """
    from registry_reconciler.runtime.serve.planning import understood

    try:
        found = understood(str(root), read.config, read.catalog, read.live)
        kinds = found.loaded.kinds
        served = Served(build_db(found.loaded), kinds, look(read.tree, kinds).inputs, found.parts)
    except (RegistryError, NotPreparable):
        return False
    return not found.secret and prepared.remember(root, served)


def prepare_after(root: Path, plan: Plan, read: Loaded) -> bool:
    """As :func:`prepare_from`, after an apply for which only a part was read: what was prepared before is amended.

    Args:
        plan: what was applied.
        read: the part that holds every entry that it changed, as they are now.
    """
    from registry_reconciler.runtime.serve.planning import items_of

    if any(kind.secrets for kind in read.kinds.values()):
        return False
    changed = {
        address: None
        for change in plan.changes
        for address in (change.from_address, change.address)
        if address
    }
    entries = [read.live.entries[address] for address in changed if address in read.live.entries]
    items = {
        item.address: (item, entry.place.file)
        for item, entry in zip(items_of(read.catalog, entries), entries, strict=True)
    }
    files = {file.path: (file.before, file.after) for file in plan.files}
    try:
        return prepared.amend(root, {address: items.get(address) for address in changed}, files)
    except RegistryError:
        return False
