"""Fixes of problems as edits of entries: what a rule knows of an entry whose truth is live, and one field for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.editing.verbs.set_fields import Assignment, assigned
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry, Place, replace_part

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.fragment_edit import FragmentEdit
    from registry_reconciler.model.problem import Problem


def fixing_entries(
    fragments: Sequence[FragmentEdit], problems: Sequence[Problem]
) -> Callable[[Loaded], Edits]:
    """The draft that makes fixes: edits of fragments, and those of problems in entries whose truth is live."""
    from registry_reconciler.editing.amend import Edits

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        for place, value in (
            replacement for each in problems if each.fix is not None for replacement in each.fix.replacements
        ):
            for entry in _around(loaded, place):
                path = place.path[len(entry.place.path) :]
                old = session.value(entry.address)
                session.put(
                    entry.address,
                    _renamed(old, path, value) if place.on_key else replace_part(old, path, value),
                )
        made = session.finish()
        return Edits(tuple(fragments), made.live)

    return draft


def _around(loaded: Loaded, place: Place) -> list[LiveEntry]:
    """The innermost live entry whose truth is live around a place."""
    found = [
        entry
        for entry in loaded.live.entries.values()
        if loaded.kinds[entry.kind].truth == "live"
        and (entry.place.file, entry.place.document) == (place.file, place.document)
        and place.path[: len(entry.place.path)] == entry.place.path
    ]
    return sorted(found, key=lambda found_entry: len(found_entry.place.path))[-1:]


def _renamed(value: Json, path: FieldPath, name: str) -> Json:
    """A copy in which a field has another name."""
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_renamed(item, rest, name) if index == step else item for index, item in enumerate(value)]
    if not rest:
        return {name if field == step else field: item for field, item in value.items()}
    return {field: _renamed(item, rest, name) if field == step else item for field, item in value.items()}


def setting_everywhere(
    addresses: Iterable[str], assignments: Sequence[Assignment]
) -> Callable[[Loaded], Edits]:
    """The draft that sets the same fields of several entries. Raises as :func:`.set_fields.setting`."""

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        for address in dict.fromkeys(addresses):
            value = assigned(loaded, session.kind(address), address, session.value(address), assignments)
            session.put(address, value)
        return session.finish()

    return draft
