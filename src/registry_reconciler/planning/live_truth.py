"""Kinds whose truth is live: what a command asks for becomes changes, as a fragment's wish does for the others. Pure.

No fragment and no state speaks of these entries, so there is no table to go through: an entry is what it is asked to
be, or it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from registry_reconciler.loading.registries import Live
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.entry import same, split_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.planning.field_diff import diff_values


def live_kinds(kinds: Mapping[str, Kind]) -> frozenset[str]:
    """The names of the kinds whose truth is live."""
    return frozenset(name for name, kind in kinds.items() if kind.truth == "live")


def changes_of(edits: Iterable[LiveEdit], live: Live) -> Iterator[Change]:
    """The changes that carry edits out; what is so already needs none."""
    for edit in edits:
        source = edit.source if edit.source in live.entries else None
        old = live.entries.get(source or edit.address)
        if edit.value is None and old is not None:
            yield _change(edit, Action.DELETE, live, None)
        elif edit.value is not None and old is None:
            yield _change(edit, Action.CREATE, live, None)
        elif old is not None and (source is not None or not same(old.value, edit.value)):
            yield _change(edit, Action.MOVE if source else Action.UPDATE, live, source)


def _change(edit: LiveEdit, action: Action, live: Live, source: str | None) -> Change:
    kind, key = split_address(edit.address)
    old = live.entries.get(source or edit.address)
    before = old.value if old is not None else None
    fields = diff_values(before, edit.value) if before is not None and edit.value is not None else ()
    return Change(
        address=edit.address,
        kind=kind,
        key=key,
        action=action,
        reason=Reason.EDITED,
        file=old.place.file if old is not None else "",
        from_address=source,
        live=old.place if old is not None else None,
        fields=fields,
        before=before,
        after=edit.value,
    )
