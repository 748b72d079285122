"""What the child that evaluates rules is told of rules, entries and files, and asks on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registry_reconciler.files.tree import Tree, find, is_safe
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import FieldPath, Json, get_path
from registry_reconciler.model.fields import Selector
from registry_reconciler.rules.disk import normal
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import links
from registry_reconciler.rules.own.definition import OwnRule

_MOST_FILES = 10_000

Jobs = Sequence[tuple[OwnRule, Sequence[str] | None]]
"""Rules, each with the addresses that it is asked about; ``None``: all."""


def rule_frame(definition: OwnRule, only: Sequence[str] | None) -> dict[str, Json]:
    """A rule, and the addresses that it is asked about."""
    return {
        "code": definition.code,
        "kinds": list(definition.kinds),
        "when": definition.when,
        "check": definition.check,
        "message": list(definition.message),
        "right": definition.right,
        "join": [list(definition.join.left), list(definition.join.right)]
        if definition.join is not None
        else None,
        "change": definition.judges_change,
        "new": definition.judges_new,
        "deleted": definition.judges_deleted,
        "looked_up": {
            kind: None if some is None else sorted(some) for kind, some in definition.looked_up.items()
        },
        "only": list(only) if only is not None else None,
    }


def kinds_of(jobs: Jobs) -> list[str]:
    """The kinds whose entries somebody asks for."""
    found: set[str] = set()
    for definition, _ in jobs:
        found.update(definition.reads, definition.referrers, (definition.right,) if definition.right else ())
        if not definition.judges_change:
            found.update(definition.kinds)
    return sorted(found)


def referrers(entry_set: EntrySet, kind: str) -> dict[str, list[str]]:
    """The keys of the entries of a kind that refer to each address."""
    found: dict[str, dict[str, None]] = {}
    for link in links(entry_set).resolved:
        if link.item.kind == kind and link.target is not None:
            found.setdefault(link.target.address, {})[link.item.key] = None
    return {address: sorted(keys) for address, keys in found.items()}


def about_files(tree: Tree, asked: Json) -> Json:
    """What a rule asks about files; every answer is an input of the plan."""
    what, text = asked
    path = normal(str(text))
    if not is_safe(path) and path:
        return False if what == "exists" else []
    if what == "exists":
        return tree.kind(path) != "absent"
    try:
        found = []
        for match in find(tree, path):
            found.append(match)
            if len(found) >= _MOST_FILES:
                break
        return found
    except UnreadablePath:
        return []


def pointed_at(at: Selector | None, value: Mapping[str, Json]) -> FieldPath:
    """The field of an entry that a rule points at, or what there is of it."""
    if at is None:
        return ()
    for path, _ in at.find(value):
        return path
    steps: FieldPath = ()
    for step in at.steps:
        if step is None or not isinstance(get_path(value, (*steps, step)), dict | list | str | int | float):
            break
        steps = (*steps, step)
    return steps


def fragment_of(item: Entry) -> str:
    """The fragment that declares an entry."""
    return item.place.file if item.place.file.startswith(f"{DESIRED_FOLDER}/") else ""
