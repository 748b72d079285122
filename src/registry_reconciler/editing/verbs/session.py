"""Where the edits of one call are gathered: who owns an entry, what it says, and what it is to say."""

from __future__ import annotations

from msgspec import Struct, field

from registry_reconciler.editing.amend import Edits
from registry_reconciler.editing.fragment_edit import Drafts
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import DesiredEntry, Json, split_address
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.live_edit import LiveEdit
from registry_reconciler.model.unknown import unknown_address, unknown_kind


class EditSession(Struct):
    """Edits of entries that are still to be written; an entry that is edited twice is edited on.

    Attributes:
        values: what entries are to say, by the address that they have now; ``None``: they go.
        names: what renamed entries are to be called.
        also: entries whose fragment is edited otherwise than by a value of theirs.
        text_goes: entries that may go with the text below their front matter.
    """

    loaded: Loaded
    drafts: Drafts
    values: dict[str, dict[str, Json] | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    also: set[str] = field(default_factory=set)
    text_goes: set[str] = field(default_factory=set)
    typed: str = ""

    @classmethod
    def of(cls, loaded: Loaded) -> EditSession:
        """A session without edits."""
        return cls(loaded, Drafts(loaded))

    def kind(self, address: str) -> Kind:
        """The kind of an address. Raises :class:`~registry_reconciler.errors.UsageFailure`."""

        name, key = split_address(address)
        kind = self.loaded.kinds.get(name)
        if kind is not None and key:
            return kind
        if name in self.loaded.catalog.broken:
            raise Blocked(f"the schema of {name} cannot be used: see 'registry check'.")
        if kind is not None or not key:
            raise unknown_address(address, self.known())
        raise unknown_kind(address, self.loaded.kinds)

    def known(self) -> tuple[str, ...]:
        """Every address that a fragment or a registry has."""
        declared = (entry.address for entry in self.loaded.fragments.entries)
        return tuple(sorted({*self.loaded.live.entries, *declared}))

    def owned_by_live(self, address: str) -> bool:
        """Whether the registry owns the entry."""
        return self.kind(address).truth == "live"

    def file(self, address: str) -> str:
        """The file that owns the entry, for people."""
        if self.owned_by_live(address):
            return self.loaded.live.entries[address].place.file
        owner = self.drafts.owner(address)
        assert owner is not None
        return owner.place.file

    def value(self, address: str) -> dict[str, Json]:
        """What the owner of an entry says, with what was edited so far.

        Raises:
            UsageFailure: there is no such entry, or nobody manages it.
            Blocked: it stands twice, or where nobody can read it.
        """
        pending = self.values.get(address)
        if pending is not None:
            return pending
        if self.owned_by_live(address):
            return self._live(address)
        return self.owner(address).value

    def before(self, address: str) -> dict[str, Json]:
        """What the owner of an entry says without the edits. Raises as :meth:`value`."""
        return self._live(address) if self.owned_by_live(address) else self.owner(address).value

    def says(self, address: str) -> Json:
        """What an entry says, whoever owns it; ``None`` where that is not known."""
        owner = self.drafts.owner(address)
        live = self.loaded.live.entries.get(address)
        return owner.value if owner is not None else live.value if live is not None else None

    def owner(self, address: str) -> DesiredEntry:
        """The declaration of an entry. Raises as :meth:`value`."""
        owner = self.drafts.owner(address)
        if owner is not None:
            return owner
        state = self.loaded.state.entries.get(address)
        if self.loaded.fragments.partly_unreadable or (state and self.loaded.fragments.hides(state.fragment)):
            raise Blocked(f"a fragment that may own {address} cannot be read: see 'registry check'.")
        if state is not None:
            raise UsageFailure(
                f"no fragment declares {address} any more: the next apply settles it. To see how: "
                f"registry show {address}",
                next=(("registry", "show", address),),
            )
        live = self.loaded.live.entries.get(address)
        if live is not None:
            raise UsageFailure(
                f"{address} is not managed: no fragment owns it. Let one own it first: registry adopt {address}. "
                f"Or edit {live.place.file} by hand.",
                next=(("registry", "adopt", address),),
            )
        raise self._unknown(address)

    def _live(self, address: str) -> dict[str, Json]:
        kind = self.kind(address)
        if any(clash.address == address for clash in self.loaded.live.clashes):
            raise Blocked(f"{address} stands in the registries twice: remove one of the two first.")
        live = self.loaded.live.entries.get(address)
        if live is not None:
            return live.value
        if kind.name in self.loaded.live.hidden_kinds:
            raise Blocked(
                f"a registry file of {kind.name} cannot be read, so it is unknown what {address} is: "
                "see 'registry check'."
            )
        raise self._unknown(address)

    def _unknown(self, address: str) -> UsageFailure:
        return unknown_address(address, self.known())

    def put(self, address: str, value: dict[str, Json]) -> None:
        """Let an entry say something else."""
        self.values[address] = value

    def finish(self) -> Edits:
        """Everything as edits. Raises :class:`~registry_reconciler.errors.Blocked` for what cannot be edited safely."""
        if any(kind.mirrors for kind in self.loaded.kinds.values()):
            from registry_reconciler.editing.verbs.mirrored import carry_over

            carry_over(self)
        live: list[LiveEdit] = []
        for address, value in self.values.items():
            new = self.names.get(address, address)
            if self.owned_by_live(address):
                source = address if new != address else None
                live.append(LiveEdit(new, value, source, self.typed, address in self.text_goes))
            elif value is None:
                self.drafts.remove(address)
            else:
                self.drafts.change(self.owner(address), value)
        target = {*self.values, *self.names.values(), *self.also}
        return Edits(self.drafts.finish(), tuple(live), tuple(sorted(target)), tuple(self.notes))
