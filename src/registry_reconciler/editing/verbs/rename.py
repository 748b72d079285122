"""An entry gets another key, and everything that called it by the old one follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from registry_reconciler.editing.verbs.inner import Inner
from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import (
    MISSING,
    Json,
    LiveEntry,
    get_path,
    make_address,
    split_address,
)
from registry_reconciler.model.field_roles import Reference
from registry_reconciler.model.fields import with_value
from registry_reconciler.model.kind import KEY_JOINER, Kind
from registry_reconciler.model.references import address_of, references_in, written_like

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded


def renaming(address: str, new: str) -> Callable[[Loaded], Edits]:
    """The draft that renames an entry: its key, what lies inside it, who refers to it, and directives about it.

    Args:
        new: the key, or the address, that it gets.
    """

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        kind = session.kind(address)
        value = session.value(address)
        other = new.partition("/")[0] if "/" in new else ""
        if other != kind.name and other in loaded.kinds:
            raise UsageFailure(
                f"{address} cannot be called {new}: that is an address of {other}, and an entry stays of its kind. "
                "Give the new key alone."
            )
        target = make_address(kind.name, _key(kind, new))
        if target == address:
            return session.finish()
        made = _with_key(kind, value, split_address(target)[1])
        _Renaming(session, session.known()).run(address, target, made)
        return session.finish()

    return draft


def _key(kind: Kind, new: str) -> str:
    return new.removeprefix(f"{kind.name}/") if new.startswith(f"{kind.name}/") else new


def _with_key(kind: Kind, value: dict[str, Json], key: str) -> dict[str, Json]:
    """The value under another key; a part that was a number stays one."""
    parts = key.split(KEY_JOINER) if len(kind.key) > 1 else [key]
    if len(parts) != len(kind.key) or not all(parts):
        fields = ", ".join(selector.text for selector in kind.key)
        raise UsageFailure(
            f"{key!r} is no key of {kind.name}: it is made of {fields}"
            f"{', joined by /' if len(kind.key) > 1 else ''}."
        )
    for selector, part in zip(kind.key, parts, strict=True):
        value = with_value(value, selector.path, written_like(selector.get(value), part))
    return value


class _Renaming:
    """One call: every address that changes, and then everything that names one of them."""

    def __init__(self, session: EditSession, known: tuple[str, ...]) -> None:
        self.session = session
        self.loaded = session.loaded
        self.known = frozenset(known)
        self.inner = Inner(session.loaded)

    def run(self, address: str, target: str, value: dict[str, Json]) -> None:
        """Rename an entry, and all that follows from it."""
        self._rename(address, target, value)
        done = 0
        while len(self.session.names) > done:
            # Who refers to an entry by its own key is called otherwise too, and others refer to that one.
            done = len(self.session.names)
            self._references()
        for old, new in tuple(self.session.names.items()):
            self._directives(old, new)
            self._moved(old, new)

    def _rename(self, address: str, target: str, value: dict[str, Json]) -> None:
        """Another key for an entry, and other places for what lies inside it."""
        self.session.put(address, value)
        if target == address:
            return
        if self._is_taken(target):
            raise UsageFailure(
                f"{address} cannot be called {target}: {target} is there already. "
                "Choose another key, or remove that one first."
            )
        self.session.names[address] = target
        for inner in self.inner.of(address, split_address(target)[1]):
            if inner.owned or self.session.owned_by_live(inner.address):
                self._rename(inner.address, inner.target, inner.value)
            else:
                self._unmanaged(inner.address, "lies inside of it")

    def _is_taken(self, target: str) -> bool:
        """Whether an entry has the address; one that a move is about to leave is free again."""
        if target not in self.known:
            return False
        declared = any(entry.address == target for entry in self.loaded.fragments.entries)
        return declared or all(move.source != target for move in self.loaded.fragments.moves)

    def _unmanaged(self, address: str, why: str) -> None:
        live = self.loaded.live.entries[address]
        note = (
            f"{address} {why} and is not managed, so it is left as it is. To let it follow: "
            f"registry adopt {address}, and rename then; or edit {live.place.file} by hand."
        )
        if note not in self.session.notes:
            self.session.notes.append(note)

    # Directives

    def _directives(self, old: str, new: str) -> None:
        """What a fragment says of exactly this entry, it says of it under its new name."""
        drafts = self.session.drafts
        for name in ("protect", "override"):
            for path, document, index, item in drafts.items(name):
                if item == old:
                    drafts.change_item(name, path, document, index, new)
        for path, document, index, item in drafts.items("allow"):
            if isinstance(item, dict) and item.get("address") == old:
                drafts.change_item("allow", path, document, index, {**item, "address": new})

    def _moved(self, old: str, new: str) -> None:
        """The line that keeps identity, place and comments; lines that it makes wrong go, or lead on."""
        if self.session.owned_by_live(old):
            return
        drafts, live = self.session.drafts, self.loaded.live.entries
        done = False
        for path, document, index, item in drafts.items("moved"):
            source, target = (item.get("from"), item.get("to")) if isinstance(item, dict) else (None, None)
            if source == new:
                drafts.change_item("moved", path, document, index, MISSING)
                done = done or (target == old and new in live and old not in live)
            elif target == old and source in live and old not in live:
                drafts.change_item("moved", path, document, index, {**item, "to": new})
                done = True
        if not done and (old in live or old in self.loaded.state.entries):
            fragment = self.session.owner(old).place.file
            drafts.directive("moved", {"from": old, "to": new}, fragment)

    # References

    def _references(self) -> None:
        wanted = {split_address(old)[0] for old in self.session.names}
        for kind in self.loaded.kinds.values():
            references = [reference for reference in kind.references if wanted.intersection(reference.kinds)]
            if not references:
                continue
            for address, value, managed in self._entries(kind):
                self._refer(address, value, references, managed=managed)

    def _entries(self, kind: Kind) -> Iterator[tuple[str, dict[str, Json], bool]]:
        """Every entry of a kind: what its owner says, and whether that can be edited here."""
        if kind.truth == "live":
            yield from ((entry.address, entry.value, True) for entry in self._live(kind))
            return
        declared = {
            entry.address: entry.value for entry in self.loaded.fragments.entries if entry.kind == kind.name
        }
        yield from ((address, value, True) for address, value in declared.items())
        yield from (
            (entry.address, entry.value, False) for entry in self._live(kind) if entry.address not in declared
        )

    def _live(self, kind: Kind) -> Iterator[LiveEntry]:
        return (entry for entry in self.loaded.live.entries.values() if entry.kind == kind.name)

    def _refer(
        self, address: str, value: dict[str, Json], references: list[Reference], *, managed: bool
    ) -> None:
        value = self.session.values.get(address) or value
        made = value
        for reference in references:
            for path, key in references_in(reference, value):
                leads_to = self._resolved(reference, key)
                new = self.session.names.get(leads_to)
                if new is not None:
                    word = new if key == leads_to and len(reference.kinds) > 1 else split_address(new)[1]
                    written = word if reference.field.derived else written_like(get_path(value, path), word)
                    made = reference.field.put(made, path, key, written)
        if made is value:
            return
        kind = self.loaded.kinds[split_address(address)[0]]
        if managed:
            old = self.session.names.get(address, address)
            target = make_address(kind.name, kind.key_of(made) or "")
            if target != old and address not in self.session.names:
                self._rename(address, target, made)
            else:
                self.session.put(address, made)
        elif address not in self.loaded.state.entries:
            self._unmanaged(address, "refers to it")

    def _resolved(self, reference: Reference, key: str) -> str:
        """The address that a reference leads to, as rules resolve it."""
        return "" if key in reference.allow else address_of(self.known, reference.kinds, key)
