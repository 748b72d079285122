"""Which files outputs may be in, and where their templates lie. Light to import: every reader of a workspace does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from registry_reconciler.base.suggest import closest
from registry_reconciler.files.names import unsafe
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import DESIRED_FOLDER, TEMPLATES_FOLDER

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree

AGENTS_PATH = ".system/registry/AGENTS.md"
COORDINATION_PATH = ".system/registry/registry_coordination.md"
DESIRED_README = f"{DESIRED_FOLDER}/README.md"
_UNUSABLE = "this template"
_OPEN = frozenset({AGENTS_PATH, COORDINATION_PATH})


def may_own(path: str) -> bool:
    """Whether an output may be in a file: those of registry itself and of git are left out."""
    if not is_reserved(path) or path in _OPEN:
        return True
    return path.startswith(f"{DESIRED_FOLDER}/") and path.lower().endswith(".md")


def template_path(name: str) -> str | None:
    """The path of a template; ``None`` where it leads out of the folder."""
    path = f"{TEMPLATES_FOLDER}/{name}"
    plain = not name.startswith("/") and unsafe(path) is None and path.startswith(f"{TEMPLATES_FOLDER}/")
    return path if plain and ".." not in name.split("/") else None


def unusable(why: str) -> str:
    """A text that stands for a template which cannot be used: it names the reason, and rendering it says that."""
    return "{{ " + f"{_UNUSABLE} {why}".replace(" ", "_") + " }}"


def why_unusable(name: str) -> str:
    """The reason that an undefined name stands for; "" where it is a name like any other."""
    return name.replace("_", " ") if name.startswith(_UNUSABLE.replace(" ", "_")) else ""


def template_names(tree: Tree, folder: str = TEMPLATES_FOLDER) -> Iterator[str]:
    """The templates that are there, as definitions name them."""
    try:
        children = tree.children(folder)
    except UnreadablePath:
        return
    for name, kind in children:
        path = f"{folder}/{name}"
        if kind == "dir":
            yield from template_names(tree, path)
        elif kind == "file":
            yield path.removeprefix(f"{TEMPLATES_FOLDER}/")


def nearest_file(tree: Tree, path: str) -> str | None:
    """The file that a path may be a slip of, each of its folders and its name being the nearest that there is."""
    here = ""
    try:
        for step in path.split("/"):
            names = [name for name, _ in tree.children(here)]
            near = step if step in names else closest(step, names)
            if near is None:
                return None
            here = f"{here}/{near}" if here else near
        return here if here != path and tree.kind(here) == "file" else None
    except UnreadablePath:
        return None
