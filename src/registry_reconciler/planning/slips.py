"""New places whose names look like mistakes: nearly the name of a place that is there."""

from __future__ import annotations

import re
from functools import partial

from registry_reconciler.files.tree import Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import FieldPath, Json, get_path
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.placement import PlacementLookups

Slip = tuple[str, str, str]
"""A placeholder whose place is not there yet, and looks like one that is: its name, what it says, what is there."""


def slip_of(kind: Kind, document: Json, path: FieldPath, file: str, lookups: PlacementLookups) -> Slip | None:
    """The slip among the steps inside a file."""
    value = document
    at = 0
    for step in kind.at:
        if step.kind == "item":
            value = get_path(value, path[at : at + 2])
            at += 2
            continue
        name = str(path[at])
        there = value if isinstance(value, dict) else {}
        if name not in there:
            if step.kind != "placeholder":
                return None
            near = lookups.near((file, path[:at]), name, partial(map, str, there))
            return (step.name, name, near) if near and not _counted(name, near) else None
        value, at = there[name], at + 1
    return None


def slip_of_file(kind: Kind, file: str, tree: Tree, lookups: PlacementLookups) -> Slip | None:
    """The slip in the path of a file that is not there yet; a key in it is new each time."""
    known = lookups.path_values.get(kind.name)
    if known is None:
        known = lookups.path_values[kind.name] = _path_values(kind, tree)
    keys = {selector.text for selector in kind.key}
    for name, text in (kind.file.match(file) or {}).items():
        others = known.get(name, frozenset()) if name not in keys else frozenset()
        near = lookups.near((kind.name, name), text, partial(iter, others)) if text not in others else None
        if near and not _counted(text, near):
            return name, text, near
    return None


def _path_values(kind: Kind, tree: Tree) -> dict[str, frozenset[str]]:
    """What the paths of the files of a kind say, by placeholder."""
    try:
        paths = list(find(tree, kind.file.glob, exclude=kind.exclude))
    except UnreadablePath:
        return {}
    bound = [names for names in map(kind.file.match, paths) if names]
    return {name: frozenset(names[name] for names in bound) for name in kind.file.placeholders}


def _counted(name: str, near: str) -> bool:
    """Whether two names are counted (``api1``, ``api2``): then neither is a slip of the other."""
    return _NUMBER.sub("", near) == _NUMBER.sub("", name)


_NUMBER = re.compile(r"[0-9]+")
