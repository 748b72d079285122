"""What a plan changes of what is remembered: which records go, which come, and whose files that touches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.loading.state import (
    Applied,
    applied_shadow,
)
from registry_reconciler.loading.state.files import (
    FORMER_KEPT,
    gone_path,
    left_path,
)
from registry_reconciler.loading.state.shadow import new_salt
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import Json
from registry_reconciler.planning.known_state import LATER

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.kind import Kind
    from registry_reconciler.planning.resolve import Desired


class StateChanges(Struct):
    """What is decided of the state, record by record.

    Attributes:
        gone: addresses whose records go, or come anew.
        put: by address the fragment of its record, and what that says.
        touched: the fragments whose files are written.
        marked: the files that say what an apply deleted or let go.
        fresh: the values of records that have no salt of their own yet; what is put for them has no text so far.
        former: the addresses before of what is renamed.
        renamed: by address the one before of what is renamed now: its record stays where it is.
        shared: what :meth:`_repeated` found.
        seeded: whether all that is put is at hand, which a seed is made of.
    """

    loaded: Loaded
    desired: Desired
    gone: set[str] = field(default_factory=set)
    put: dict[str, tuple[str, Applied]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    marked: set[str] = field(default_factory=set)
    fresh: dict[str, tuple[Kind | None, dict[str, Json]]] = field(default_factory=dict)
    former: dict[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    shared: dict[str, set[str]] = field(default_factory=dict)
    seeded: bool = True

    def take(self, changes: Iterable[Change]) -> None:
        """Take changes into account; what is remembered is of fragments alone."""
        for change in changes:
            if self.loaded.kinds[change.kind].truth != "live":
                self.change(change)

    def change(self, change: Change) -> None:
        """Take a change into account."""
        for address in {change.address, change.from_address or change.address}:
            self._leave(address)
        if change.action is Action.DELETE:
            self.marked.add(gone_path(change.address))
        if change.action is Action.FORGET:
            self.marked.add(left_path(change.address))
        if change.action in (Action.DELETE, Action.FORGET) or change.after is None:
            return
        self._put(change.address, change.kind, change.after, change.from_address)

    def heal(self, address: str) -> None:
        """Bring what is remembered of an entry to what its fragment says, and its registry, or did before an edit."""
        desired, live = self.desired.entries.get(address), self.loaded.live.entries.get(address)
        known = live is not None or self.remembered(address)
        self._leave(address)
        if desired is not None and known:
            self._put(address, desired.kind, desired.value)
        elif desired is None and address not in self.loaded.state.entries:
            self.marked.add(left_path(address))

    def settle(self, address: str, owner: str, applied: Applied | None) -> None:
        """Remember this of an entry, or nothing."""
        self._leave(address)
        self.touched.add(owner)
        self.put.pop(address, None)
        if applied is not None:
            self.put[address] = owner, applied

    def remembered(self, address: str) -> tuple[Applied, ...]:
        """What is remembered of an entry as far as it was decided, else as it was read."""
        if address in self.put:
            return (self.put[address][1],)
        entry = self.loaded.state.entries.get(address)
        return entry.applied if entry is not None and address not in self.gone else ()

    def is_settled(self, address: str) -> bool:
        """Whether what is remembered of an entry was decided."""
        return address in self.put

    def _leave(self, address: str) -> None:
        for fragment in self._owners(address):
            self.touched.add(fragment)
        self.gone.add(address)

    def _owners(self, address: str) -> Iterator[str]:
        entry = self.loaded.state.entries.get(address)
        if entry is not None:
            yield entry.fragment
        yield from self._repeated().get(address, ())

    def _repeated(self) -> dict[str, set[str]]:
        """By address that several records are about the fragments that they stand under."""
        state = self.loaded.state
        if not self.shared and state.repeated:
            for state_file in (side for sides in state.files.values() for side in sides):
                for record in state_file.records:
                    if record.address in state.repeated:
                        self.shared.setdefault(record.address, set()).add(state_file.fragment)
        return self.shared

    def _put(self, address: str, kind: str, value: dict[str, Json], source: str | None = None) -> None:
        owner = self.desired.entries[address].place.file
        known = self.loaded.state.entries.get(source or address)
        if source is not None and source != address:
            self.renamed[address] = source
            before = (source, *(known.former if known else ()))
            self.former[address] = tuple(fromkey for fromkey in dict.fromkeys(before) if fromkey != address)[
                :FORMER_KEPT
            ]
        salt = known.applied[0].salt if known else ""
        if known is None or not salt or known.fragment != owner:
            # In a new file it has a salt of its own: git would else take that for the file it came from, renamed.
            # Which one is known when its file is, and what is remembered of it is worked out then, once.
            self.fresh[address] = self.loaded.kinds.get(kind), value
            self.put[address] = owner, Applied(salt or new_salt(address), LATER)
        else:
            self.fresh.pop(address, None)
            self.put[address] = owner, applied_shadow(self.loaded.kinds.get(kind), value, salt)
        self.touched.add(owner)
