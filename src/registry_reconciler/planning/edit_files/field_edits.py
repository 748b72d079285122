"""From what an entry says to what it is to say, field by field: one that is only called otherwise keeps its text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from registry_reconciler.model.entry import FieldPath, Json, same

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Edit


def field_edits(document: int, path: FieldPath, old: Json, new: Json) -> list[Edit]:
    """The edits that make a mapping another one. A field whose value stays has its name changed and nothing else."""
    return list(_edits(document, path, old, new))


def _edits(document: int, path: FieldPath, old: Json, new: Json) -> Iterator[Edit]:
    from registry_reconciler.formats.edits import Insert, Remove, RenameKey, Update

    if not (isinstance(old, dict) and isinstance(new, dict)):
        if not same(old, new):
            yield Update(document, path, new)
        return
    renamed = _renamed(old, new)
    for name, value in old.items():
        if name in renamed:
            yield RenameKey(document, (*path, name), renamed[name])
        elif name not in new:
            yield Remove(document, (*path, name))
        else:
            yield from _edits(document, (*path, name), value, new[name])
    brought = set(renamed.values())
    for name, value in new.items():
        if name not in old and name not in brought:
            yield Insert(document, path, value, key=name)


def _renamed(old: dict[str, Json], new: dict[str, Json]) -> dict[str, str]:
    """Which fields are only called otherwise: one goes and one comes with its value, in the order of both."""
    coming = [name for name in new if name not in old]
    found: dict[str, str] = {}
    for name, value in old.items():
        if name in new:
            continue
        partner = next((candidate for candidate in coming if same(new[candidate], value)), None)
        if partner is not None:
            found[name] = partner
            coming.remove(partner)
    return found
