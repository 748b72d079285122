"""What fragments, the state and the registries say of an address, for those who look for renames. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.entry import DesiredEntry, Json, LiveEntry, same, split_address
from registry_reconciler.model.fields import with_value
from registry_reconciler.model.kind import Kind


class KnownEntries(Struct, frozen=True):
    """Who is asked about an address."""

    kinds: Mapping[str, Kind]
    entries: Mapping[str, DesiredEntry]
    state: Mapping[str, StateEntry]
    live: Mapping[str, LiveEntry]

    def known(self, address: str) -> bool:
        """Whether a registry or the state has it."""
        return address in self.live or address in self.state

    def was(self, target: str, source: str) -> bool:
        """Whether an entry is remembered as renamed from another address."""
        entry = self.state.get(target)
        return entry is not None and source in entry.former

    def in_place(self, address: str) -> bool:
        """Whether the registry has an entry as its fragment says it."""
        live = self.live.get(address)
        return live is not None and same(self.entries[address].value, live.value)

    def fits(self, source: str, target: str) -> bool:
        """Whether the fragment says under one address what stands, or was applied, under another."""
        kind = self.kinds.get(split_address(source)[0])
        live, state = self.live.get(source), self.state.get(source)
        if kind is None or live is None:
            return False
        desired = under_key(kind, self.entries[target].value, live.value)
        return same(desired, live.value) or (state is not None and state.says(kind, desired))


def under_key(kind: Kind, value: dict[str, Json], like: Mapping[str, Json]) -> dict[str, Json]:
    """A value under the key of another one."""
    for selector in kind.key:
        old = selector.get(like)
        if old is not None:
            value = with_value(value, selector.path, old)
    return value
