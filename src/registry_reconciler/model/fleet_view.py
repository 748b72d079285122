"""What rules ask about the other repositories of a fleet: a value that the edge supplies.

Rules touch no network and no database. Whoever plans hands in a view: of a catalogue, or of what the repositories said
themselves (:class:`MemoryView`). The repository that is judged is not in it: what stands there is asked of its entries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from registry_reconciler.base.suggest import closest
from registry_reconciler.model.config import Config


class FleetLost(Exception):
    """A view that answered before answers no more: what was judged by it has to be judged without.

    Attributes:
        instead: the view that says so.
    """

    def __init__(self, instead: MemoryView) -> None:
        super().__init__(instead.fault)
        self.instead = instead


CATALOG_INPUT = "#catalog"
"""The input of a plan that says by which publication references across repositories were judged."""


class Holder(Struct, frozen=True, order=True):
    """An entry of another repository.

    Attributes:
        commit: what was published of it, or looked at; "" where that is not known.
        path, line: where it stands there.
        until: of an entry that is there no more: the last commit that had it, as far as is known.
    """

    repository: str
    address: str
    commit: str = ""
    path: str = ""
    line: int = 0
    deprecated: bool = False
    until: str = ""

    @property
    def key(self) -> str:
        """The key of the entry."""
        return self.address.partition("/")[2]


Holders = Mapping[str, Sequence[Holder]]


class FleetView(Protocol):
    """The entries of all other repositories, asked in bulk where a rule asks for many.

    Attributes:
        id: names the state of the fleet that the answers are of; it stands in the inputs of a plan.
        fault: why nothing can be asked; "" where all can.
        by_settings: whether the settings of the workspace name it, and not the call or the environment.

    A question raises :class:`FleetLost` where it cannot be answered any more.
    """

    @property
    def id(self) -> str:
        """See the class."""

    @property
    def fault(self) -> str:
        """See the class."""

    @property
    def by_settings(self) -> bool:
        """See the class."""

    def holders(self, kind: str, keys: Sequence[str]) -> Holders:
        """The entries of a kind by key, for those keys that somebody has."""

    def named(self, kind: str, name: str) -> Sequence[Holder]:
        """The entries of a kind that have a name or an alias."""

    def near(self, kind: str, key: str) -> str | None:
        """The key of a kind that a key may be a slip of."""

    def former(self, kind: str, key: str) -> Holder | None:
        """Who had an entry last that nobody has now, and until when."""

    def unseen(self, kind: str) -> Sequence[str]:
        """The repositories that may have more entries of a kind than are known: they could not be looked at."""

    def claims(self, kind: str, fields: str, values: Sequence[str]) -> Holders:
        """The entries of a kind by value of some fields, for those values that somebody has.

        Args:
            fields: as ``unique`` names them, joined by ``" and "``.
            values: as canonical JSON.
        """


class FleetSource(Protocol):
    """Who can tell what the other repositories have.

    Attributes:
        named: whether it was named by whoever calls; else the settings of the workspace may.
    """

    @property
    def named(self) -> bool:
        """See the class."""

    def __call__(self, config: Config, addresses: Collection[str]) -> FleetView | None:
        """What they have; ``None`` where nobody says where to ask.

        Args:
            addresses: of the entries that are live here: they tell which of the repositories this one is.
        """


def names_catalogue(source: FleetSource | None) -> bool:
    """Whether somebody said where to ask, whatever the settings of the workspace say."""
    return source is not None and source.named


def is_asked(view: FleetView | None) -> bool:
    """Whether what is said of other repositories was judged."""
    return view is not None and not view.fault


class MemoryView(Struct, frozen=True):
    """A view of what is known here: of a fleet whose repositories were all looked at, and of tests.

    Attributes:
        entries: by kind and key; ``names``: by kind and name; ``values``: by kind and fields, then by value.
        gone: by kind and key, who had it last.
        keys: all keys of a kind, for a did-you-mean; those of ``entries`` where a kind is not in it.
        hidden: by kind, who may have more of it; under "" who may have more of any kind.
    """

    id: str = ""
    fault: str = ""
    entries: Mapping[str, Holders] = {}
    names: Mapping[str, Holders] = {}
    values: Mapping[tuple[str, str], Holders] = {}
    gone: Mapping[str, Mapping[str, Holder]] = {}
    keys: Mapping[str, tuple[str, ...]] = {}
    hidden: Mapping[str, tuple[str, ...]] = {}
    by_settings: bool = False

    def holders(self, kind: str, keys: Sequence[str]) -> Holders:
        """See :class:`FleetView`."""
        return _some(self.entries.get(kind, {}), keys)

    def named(self, kind: str, name: str) -> Sequence[Holder]:
        """See :class:`FleetView`."""
        return self.names.get(kind, {}).get(name, ())

    def near(self, kind: str, key: str) -> str | None:
        """See :class:`FleetView`."""
        known = self.keys.get(kind)
        return closest(key, self.entries.get(kind, {}).keys() if known is None else known)

    def former(self, kind: str, key: str) -> Holder | None:
        """See :class:`FleetView`."""
        return self.gone.get(kind, {}).get(key)

    def unseen(self, kind: str) -> Sequence[str]:
        """See :class:`FleetView`."""
        return sorted({*self.hidden.get(kind, ()), *self.hidden.get("", ())})

    def claims(self, kind: str, fields: str, values: Sequence[str]) -> Holders:
        """See :class:`FleetView`."""
        return _some(self.values.get((kind, fields), {}), values)


def _some(known: Holders, wanted: Iterable[str]) -> Holders:
    return {word: known[word] for word in wanted if word in known}
