"""What ``registry init --merge-driver`` sets up: which files git merges with registry, and how it calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from registry_reconciler.editing.init import Placement, extended
from registry_reconciler.errors import WriteFailure
from registry_reconciler.files.git_call import ask
from registry_reconciler.files.tree import MemoryTree, Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.merging.known import KindsAndOutputs, known_of
from registry_reconciler.model.config import DESIRED_FOLDER, STATE_FOLDER

ATTRIBUTES_PATH = ".gitattributes"
DRIVER = "registry merge-driver --marker-size %L %O %A %B %P"
"""How git calls it: the three sides as files, and the path."""
_HEAD = "# Merged by entry and field; each clone names the driver: registry init --merge-driver\n"


def attribute_lines(known: KindsAndOutputs) -> Iterator[str]:
    """The lines that name the files: fragments, registries, state, and those that outputs are in."""
    paths = [f"{DESIRED_FOLDER}/**/*.yaml", f"{DESIRED_FOLDER}/**/*.yml", f"{STATE_FOLDER}/**"]
    paths += sorted({kind.file.glob for kind in known.kinds.values()})
    paths += sorted({output.file for output in known.outputs})
    for path in dict.fromkeys(paths):
        yield f"{_spelled(path)} merge=registry"


def _spelled(path: str) -> str:
    """A pattern as git reads it: from this folder on, in quotes where it holds blanks."""
    path = path if "/" in path else f"/{path}"
    if any(character in path for character in ' \t"\\'):
        return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return path


def with_attributes(tree: Tree, found: Sequence[Placement]) -> tuple[Placement, ...]:
    """What ``init`` looks after, with the lines that are not in ``.gitattributes`` yet.

    Raises:
        WriteFailure: something else than a readable file stands there.
    """
    try:
        old = tree.read(ATTRIBUTES_PATH)
    except UnreadablePath as fault:
        raise WriteFailure(f"nothing was written: {ATTRIBUTES_PATH} is in the way: {fault}") from fault
    known = known_of(MemoryTree({placement.path: placement.content for placement in found}, tree))
    there = set((old or b"").decode("utf-8", "replace").split())
    rows = (old or b"").decode("utf-8", "replace").splitlines()
    lines = [line for line in attribute_lines(known) if line not in rows]
    more = "".join(f"{line}\n" for line in lines)
    head = "" if "merge=registry" in there or not lines else ("\n" if old else "") + _HEAD
    placement = (
        extended(ATTRIBUTES_PATH, old, head + more)
        if more
        else Placement(ATTRIBUTES_PATH, old, old or b"", "there")
    )
    return tuple(sorted((*found, placement), key=lambda placement: placement.path))


def install_driver(root: Path) -> None:
    """Name the driver in the configuration of this clone.

    Raises:
        GitFailure: this is no git repository, or its configuration cannot be written.
    """
    ask(root, ["rev-parse", "--git-dir"])  # says why in its own words, where git does not take the repository
    ask(root, ["config", "--local", "merge.registry.name", "registry: by entry and field"])
    ask(root, ["config", "--local", "merge.registry.driver", DRIVER])
