"""Registry files of which it is known what they come out as: nothing is written into them in memory. Pure.

A plan that looked at everything wrote all that waits into them. While a registry is what it was, and the same entries
wait to be changed where they stand and no others, it comes out the same. Nothing may come to it, or leave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from registry_reconciler.files.tree import MemoryTree, Tree
from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.loading.registries import Live
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import same
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.plan import FileChange
from registry_reconciler.planning.edit_files import Written
from registry_reconciler.rules.unloaded import KnownRegistry, Unloaded


def known_registries(live: Live, changes: Sequence[Change], rest: Unloaded) -> dict[str, KnownRegistry]:
    """The registry files that come out as they did, by path."""
    if not rest.registries:
        return {}
    changed: dict[str, set[str]] = {}
    moving = set()
    for change in changes:
        if not change.writes:
            continue
        changed.setdefault(change.file, set()).add(change.address)
        if change.address not in rest.pending and not _stays(change, live):
            moving.add(change.kind)
    return {
        path: known
        for path, known in rest.registries.items()
        if known.kind not in moving
        and known.changed == frozenset(changed.get(path, ()))
        and known.changed <= rest.pending
    }


def _stays(change: Change, live: Live) -> bool:
    """Whether a change is of an entry where it stands: no value that its place is made of becomes another."""
    entry = live.entries.get(change.address)
    if entry is None or not is_in_place(change):
        return False
    fields = [Selector.parse(name) for name, _ in entry.bound]
    return all(same(field.get(change.before), field.get(change.after)) for field in fields)


def is_in_place(change: Change) -> bool:
    """Whether an entry is changed and keeps its address."""
    return change.action is Action.UPDATE and not change.from_address


def unknown(changes: Iterable[Change], known: Mapping[str, KnownRegistry]) -> list[Change]:
    """The changes that have to be written."""
    return [change for change in changes if not (change.writes and change.file in known)]


def with_known(written: Written, changes: Iterable[Change], known: Mapping[str, KnownRegistry]) -> Written:
    """What was written, with the changes that are known."""
    if not known:
        return written
    others = [change for change in changes if change.writes and change.file in known]
    return replace(
        written, changes=tuple(sorted((*written.changes, *others), key=lambda change: change.address))
    )


def known_changes(known: Mapping[str, KnownRegistry]) -> list[FileChange]:
    """The files that are known. They have no content."""
    return [FileChange(path, registry.before, registry.after) for path, registry in known.items()]


class TreeAfter(MemoryTree):
    """The files as they are to be. Of some only the digests are known: who reads one needs the whole."""

    def __init__(
        self, files: Mapping[str, bytes | None], known: Mapping[str, KnownRegistry], below: Tree
    ) -> None:
        super().__init__(files, below)
        self._known = known

    def read(self, path: str) -> bytes | None:
        """See :class:`~registry_reconciler.files.tree.Tree`. Raises :class:`UnreadNeeded`."""
        if path in self._known and path not in self.files:
            raise UnreadNeeded("a registry that is written is read as it is to be")
        return super().read(path)
