"""What an apply may write. Light to import: every reader of a workspace holds a journal that it finds against it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from registry_reconciler.files.registry_paths import JOURNAL_FOLDER
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import is_safe
from registry_reconciler.model.config import DESIRED_FOLDER, STATE_FOLDER
from registry_reconciler.outputs.names import may_own

if TYPE_CHECKING:
    from registry_reconciler.model.kind import FilePattern, Kind
    from registry_reconciler.model.plan import Plan

_ROOT_FILES = (".gitattributes", "AGENTS.md")
_OWN_FOLDERS = (DESIRED_FOLDER + "/", ".system/registry/")


def not_of_a_plan(plan: Plan) -> tuple[str, ...]:
    """The files of a plan that no plan may write: all but registries that its kinds name, outputs, and the state.

    Planning lets none come about; this is asked once more before anything is written.
    """
    return tuple(
        file.path
        for file in plan.files
        if not file.path.startswith(STATE_FOLDER + "/")
        and not (file.path in plan.derived_files and may_own(file.path))
        and (
            is_reserved(file.path)
            or (
                file.path not in plan.former_files
                and all(kind.file.match(file.path) is None for kind in plan.kinds.values())
            )
        )
    )


class Writable:
    """Whether an apply in a workspace could ever write a path; recovery refuses every other.

    A journal is a file like any other, and an archive may bring one along: it must not lead to a workflow, a script or
    a hook of git. What may be written is the engine's own (fragments, state, schemas, settings), what ``init`` touches
    in the root, and the files that the workspace's kinds name.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kinds: tuple[Kind, ...] | None = None

    def __call__(self, path: str) -> bool:
        """Whether ``path`` may be written."""
        if not is_safe(path) or path.casefold().startswith(JOURNAL_FOLDER):
            return False
        if path in _ROOT_FILES or path.startswith(_OWN_FOLDERS):
            return True
        if not is_reserved(path) and (
            any(kind.file.match(path) is not None for kind in self._known())
            or any(file_pattern.match(path) is not None for file_pattern in self._former())
        ):
            return True
        return may_own(path) and path in self._outputs()

    def _outputs(self) -> frozenset[str]:
        """The files that outputs are in."""
        from registry_reconciler.files.tree import DiskTree
        from registry_reconciler.outputs.definitions import load_definitions

        names = {kind.name: kind for kind in self._known()}
        return frozenset(output.file for output in load_definitions(DiskTree(self._root), names, ()).outputs)

    def _former(self) -> Iterator[FilePattern]:
        """Where kinds have their entries by what is remembered, or had them before: they may be on their way."""
        from registry_reconciler.files.tree import DiskTree
        from registry_reconciler.loading.state.places import load_places
        from registry_reconciler.model.kind import FilePattern, KindError

        for _, place in load_places(DiskTree(self._root)):
            for text in filter(is_safe, (place.file, place.former)):
                with contextlib.suppress(KindError):
                    yield FilePattern.parse(text)

    def _known(self) -> tuple[Kind, ...]:
        if self._kinds is None:
            from registry_reconciler.files.tree import DiskTree
            from registry_reconciler.loading.catalog import load_catalog

            self._kinds = tuple(load_catalog(DiskTree(self._root)).kinds.values())
        return self._kinds
