"""The state files as they are after a plan. Pure: what is there, what changes, what is to be mended → new contents.

A file is written as its fragment stands: its entries in their order, as far as they were applied. What the fragment
does not say any more, and is still managed, keeps its place behind its neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, product
from typing import TYPE_CHECKING, TypeAlias

from registry_reconciler.files.changes import file_change_of
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.loading.state import (
    STOP_PATH,
    Applied,
    Record,
    StateEntry,
    applied_shadow,
    public,
    says,
)
from registry_reconciler.loading.state.files import (
    FORMER_KEPT,
    first_path,
    gone_path,
    left_path,
    new_path,
    part_path,
    render_file,
)
from registry_reconciler.loading.state.old import STOP, is_old
from registry_reconciler.loading.state.places import former_place, place_of, place_path, render_place
from registry_reconciler.loading.state.shadow import new_salt, short_salt, whole_digest
from registry_reconciler.model.change import Change, Heal
from registry_reconciler.model.entry import canonical, digest_parts
from registry_reconciler.model.plan import FileChange
from registry_reconciler.planning.fragment_breaks import breaks_of
from registry_reconciler.planning.known_state import LATER, NOTHING_KNOWN, known_files
from registry_reconciler.planning.state_accounts import accounts_of, as_account, taken_files
from registry_reconciler.planning.state_changes import StateChanges
from registry_reconciler.planning.state_heals import declared_protected, remembered_protected
from registry_reconciler.planning.state_shares import Share, Stood, in_order, shares, stood_together

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.resolve import Desired
    from registry_reconciler.rules.unloaded import KnownState

_Content: TypeAlias = tuple[Sequence[Record], Sequence[str]]
"""The records about a fragment, and what it protects."""


def state_files(
    loaded: Loaded,
    desired: Desired,
    changes: Iterable[Change],
    heals: Iterable[Heal],
    *,
    whole: bool = True,
    carried: Collection[str] = (),
    known: Mapping[str, KnownState] = NOTHING_KNOWN,
    unloaded: Collection[str] = (),
) -> Iterator[FileChange]:
    """The state files that differ afterwards.

    Args:
        heals: entries whose record does not fit, although nothing of them changes.
        whole: the plan is one of everything: what fragments protect is written too.
        carried: kinds whose entries stand elsewhere afterwards.
        unloaded: kinds with entries that are managed and were not loaded.
        known: what the state of some fragments comes out as, of which not all was loaded. Their files have no content.

    Raises:
        UnreadNeeded: it does not come out as that.
    """
    decided = StateChanges(loaded, desired)
    decided.take(changes)
    for heal in heals:
        if heal.address:
            decided.heal(heal.address)
        else:
            decided.touched.add(heal.fragment)
    yield from known_files(decided, known)
    yield from changed_files(decided, whole=whole, carried=carried, unloaded=unloaded)


def changed_files(
    changes: StateChanges,
    *,
    whole: bool = True,
    carried: Collection[str] = (),
    unloaded: Collection[str] = (),
) -> Iterator[FileChange]:
    """The files that differ once these changes are made. See :func:`state_files`."""
    if changes.touched or changes.marked or carried or not changes.seeded:
        yield from _StateFiles(changes, whole, carried, unloaded).files()


class _StateFiles:
    """The files of the state as they are to be: the records of each touched fragment, in the files that it has."""

    def __init__(
        self, changes: StateChanges, whole: bool, carried: Collection[str], unloaded: Collection[str]
    ) -> None:
        self._changes = changes
        self._loaded = changes.loaded
        self._desired = changes.desired
        self._whole = whole
        self._carried = frozenset(carried)
        self._unloaded = unloaded
        self._now = {source: address for address, source in changes.renamed.items()}
        """By the address before the one that is renamed now."""
        self._order = self._entries_of_fragments()
        """By touched fragment its entries as they stand there."""

    def files(self) -> Iterator[FileChange]:
        """The files that differ."""
        known_paths = [path for path in self._loaded.state.files if not is_old(path)]
        homes: dict[str, list[str]] = {fragment: [] for fragment in self._changes.touched}
        for path in known_paths:
            for fragment in {
                file.fragment for file in self._loaded.state.files[path]
            } & self._changes.touched:
                homes[fragment].append(path)
        contents = self._contents()
        renamed = self._renamed(contents, homes)
        seed = cache(lambda: self._seed(contents))
        done: dict[str, bytes | None] = {}
        for fragment, (records, protects) in contents.items():
            if fragment in renamed.values():
                continue
            paths = homes.get(renamed.get(fragment, fragment), [])
            done.update(dict.fromkeys(paths))
            if records or protects:
                records = [self._worked_out(record, seed if not paths else None) for record in records]
                for account in accounts_of(paths):
                    mine = self._as_account(records, account) if len(account) < len(paths) else records
                    done.update(self._shared_out(seed, fragment, mine, protects, account))
        done.update(taken_files(self._loaded, self._desired, done))
        done[STOP_PATH] = STOP.encode()
        done.update(dict.fromkeys(self._changes.marked, b""))
        done.update(
            (path, None)
            for address in self._changes.put
            for path in (gone_path(address), left_path(address))
            if path in self._loaded.state.gone
        )
        done.update(self._places())
        yield from (
            file_change
            for path, content in sorted(done.items())
            if (file_change := file_change_of(self._loaded.tree, path, content))
        )

    def _seed(self, contents: Mapping[str, _Content]) -> str:
        """Tells this write from every other one: what is new in a new file has salts of its own."""
        if not self._changes.seeded:
            raise UnreadNeeded("what is new gets salts that all that is written tells")
        return digest_parts(self._seed_texts(contents))

    def _seed_texts(self, contents: Mapping[str, _Content]) -> Iterator[str]:
        """What is to be remembered, as a seed is made of it; of new records what they say, without secrets."""
        for fragment, (records, protects) in contents.items():
            yield canonical([fragment, *protects])
            for address, (salt, text), former in records:
                text = canonical(public(*self._changes.fresh[address])) if text is LATER else text
                yield f"{canonical([address, salt, *former])}{text}"

    def _worked_out(self, record: Record, seed: Callable[[], str] | None) -> Record:
        """A record with its text. Where all files are new (``seed``), each record has the salt that it gets there."""
        if record.applied.text is not LATER:
            return record
        salt = record.applied.salt if seed is None else _own_salt(seed(), record.address)
        return record._replace(applied=applied_shadow(*self._changes.fresh[record.address], salt))

    def _as_account(self, records: Sequence[Record], account: Sequence[str]) -> list[Record]:
        return as_account(self._loaded, self._desired, records, account, self._now, self._changes.put)

    def _places(self) -> Iterator[tuple[str, bytes]]:
        """Where the entries of each kind stand, of kinds that have some."""
        names = {address.partition("/")[0] for address in self._changes.put} | self._carried
        there = (address for address in self._loaded.state.entries if address not in self._changes.gone)
        managed = {address.partition("/")[0] for address in there}.union(self._unloaded)
        names |= {kind for kind in managed if self._loaded.live.found.get(kind)}
        for name in names.intersection(self._loaded.kinds):
            now, before = place_of(self._loaded.kinds[name]), self._loaded.state.places.get(name)
            if before is not None:
                now = now._replace(former=before.former if before.file == now.file else before.file)
                if not before.is_at(now):
                    yield former_place(name, before)
            yield place_path(name), render_place(name, now)

    def _shared_out(
        self,
        seed: Callable[[], str],
        fragment: str,
        records: Sequence[Record],
        protects: Sequence[str],
        paths: Sequence[str],
    ) -> Iterator[tuple[str, bytes]]:
        """The files of one account of a fragment.

        Args:
            seed: tells this write from every other one.
            paths: those that are there: one, and its parts.
        """
        first = first_path(paths[0]) if paths else ""
        stood = {path: self._stood_in(path) for path in paths}
        found = shares(records, stood, lambda: self._breaks(fragment, records)) or [Share(None)]
        protecting = self._protecting(paths, first)
        at = next((number for number, share in enumerate(found) if share.path == protecting), 0)
        for number, share in enumerate(found):
            apart = share.path is None or any(side.apart for side in self._loaded.state.files[share.path])
            fresh = [self._fresh(seed, record, share.path, apart=apart) for record in share.records]
            kept = protects if number == at else ()
            part = bool(first) and share.path != first
            named = self._named(share.path, fragment) if part and apart else fragment
            content = render_file(named, fresh, kept, share.marks, part=part, apart=apart)
            path = share.path or (part_path(first, content) if first else new_path(fragment, content))
            first = first or path
            yield path, content

    def _named(self, path: str | None, fragment: str) -> str:
        """What a further file says of its fragment: what it said when it was made."""
        file = self._loaded.state.files[path][0] if path is not None else None
        return (file.named or file.fragment or fragment) if file is not None else fragment

    def _protecting(self, paths: Sequence[str], first: str) -> str:
        """The file that says what a fragment protects: it goes on saying that."""
        files = self._loaded.state.files
        return next((path for path in paths if any(side.protects for side in files[path])), first)

    def _stood_in(self, path: str) -> Stood:
        """What stands in a file, by the addresses that it has now."""
        sides = self._loaded.state.files[path]
        return stood_together(
            [
                Stood([self._now.get(record.address, record.address) for record in side.records], side.marks)
                for side in sides
            ]
        )

    def _breaks(self, fragment: str, records: Sequence[Record]) -> list[int] | None:
        """How many breaks the fragment has before each record and behind the last; ``None``: it is not known."""
        entries = self._order.get(fragment, [])
        try:
            data = self._loaded.tree.read(fragment) or b""
        except UnreadablePath:
            return None
        kinds = {entry.partition("/")[0] for entry in entries}
        found = breaks_of(data.decode("utf-8", "surrogateescape"), kinds, len(entries))
        if found is None:
            return None
        summed = [*accumulate(found)]
        at = dict(zip(entries, summed, strict=False))
        # What the fragment does not say any more has nothing before it.
        places = [at.get(record.address) for record in records]
        last = 0
        breaks: list[int] = []
        for place in [*places, summed[-1]]:
            breaks.append(0 if place is None else place - last)
            last = last if place is None else place
        return breaks

    def _fresh(self, seed: Callable[[], str], record: Record, path: str | None, *, apart: bool) -> Record:
        """A record that is new in its file.

        In a new file it has a salt of its own: two sides that make one make two that are not alike. In one from before
        the names of fields had lines of their own it has the form of the others.
        """
        if record.address not in self._changes.fresh or (path is not None and apart):
            return record
        salt = _own_salt(seed(), record.address) if path is None else short_salt(record.applied.salt)
        if salt == record.applied.salt:
            return record
        return record._replace(applied=applied_shadow(*self._changes.fresh[record.address], salt))

    def _renamed(
        self, contents: Mapping[str, _Content], homes: Mapping[str, Sequence[str]]
    ) -> dict[str, str]:
        """By fragment without a file the one whose file it takes over: the one that it was before it was renamed."""
        free = {
            fragment for fragment, content in contents.items() if not any(content) and homes.get(fragment)
        }
        found: dict[str, str] = {}
        for address, (owner, _) in sorted(self._changes.put.items()):
            entry = self._loaded.state.entries.get(address)
            if entry is not None and entry.fragment in free and not homes.get(owner) and owner not in found:
                found[owner] = entry.fragment
                free.discard(entry.fragment)
        return found

    def _contents(self) -> dict[str, _Content]:
        """What is to be remembered of each touched fragment."""
        mine: dict[str, dict[str, Applied]] = {fragment: {} for fragment in self._changes.touched}
        for address, entry in self._loaded.state.entries.items():
            if address not in self._changes.gone and entry.fragment in mine:
                mine[entry.fragment][address] = self._kept(entry)
        for address, (owner, applied) in self._changes.put.items():
            if owner in mine:
                mine[owner][address] = applied
        declared, order = declared_protected(self._desired), self._order
        protected, stood = remembered_protected(self._loaded.state), self._stood()
        found: dict[str, _Content] = {}
        for fragment in sorted(self._changes.touched):
            keeps = not self._whole or fragment in self._loaded.fragments.unreadable
            protects = list(dict.fromkeys((protected if keeps else declared).get(fragment, ())))
            records = [
                Record(address, mine[fragment][address], self._former(address))
                for address in in_order(order.get(fragment, []), stood[fragment], mine[fragment])
            ]
            found[fragment] = records, protects
        return found

    def _former(self, address: str) -> tuple[str, ...]:
        state = self._loaded.state
        known = state.entries.get(address)
        former = self._changes.former.get(address) or (known.former if known else ())
        if address in state.anew or (
            address in self._changes.put and not former and self._is_former(address)
        ):
            return (*former[: FORMER_KEPT - 1], address)
        return former

    def _is_former(self, address: str) -> bool:
        """Whether another entry was called that: what is called so now is made anew."""
        return address in self._loaded.state.renamed or any(
            address in names for names in self._changes.former.values()
        )

    def _entries_of_fragments(self) -> dict[str, list[str]]:
        order: dict[str, list[str]] = {}
        for entry in self._loaded.fragments.entries:
            if entry.place.file in self._changes.touched:
                order.setdefault(entry.place.file, []).append(entry.address)
        return order

    def _stood(self) -> dict[str, list[str]]:
        """By touched fragment its entries in the order in which they stood in the state."""
        found: dict[str, list[str]] = {fragment: [] for fragment in self._changes.touched}
        for state_file in (side for sides in self._loaded.state.files.values() for side in sides):
            if state_file.fragment in found:
                found[state_file.fragment].extend(record.address for record in state_file.records)
        return {fragment: list(dict.fromkeys(addresses)) for fragment, addresses in found.items()}

    def _kept(self, entry: StateEntry) -> Applied:
        """What goes on being remembered of an entry that does not change."""
        if len(entry.applied) == 1 and whole_digest(entry.applied[0].text) is None:
            return entry.applied[0]
        kind = self._loaded.kinds.get(entry.address.partition("/")[0])
        desired, live = self._desired.entries.get(entry.address), self._loaded.live.entries.get(entry.address)
        values = [side.value for side in (desired, live) if side is not None]
        for value, applied in product(values, entry.applied):
            if says(applied, kind, value):
                if not applied.salt:
                    self._changes.fresh[entry.address] = kind, value
                return applied_shadow(kind, value, applied.salt or new_salt(entry.address))
        return entry.applied[0]


def _own_salt(seed: str, address: str) -> str:
    """The salt of a record in a new file: two sides that make one make two that are not alike."""
    return new_salt(f"{seed} {address}")
