"""What is remembered of a workspace when all of it was looked at.

No value of any entry is kept, and no finding. An entry that had a problem, a change or drift is not *remembered* but
*watched*: it is looked at every time. So are all entries of kinds that only the whole can judge, and of fragments that
have to be read whole. Of a remembered entry it is known that nothing was to be said about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from registry_reconciler.base.globs import is_wild
from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.columns import Column, Numbers, small_numbers
from registry_reconciler.cache.incremental.index_keys import IndexKeys, KeyExtractors
from registry_reconciler.cache.incremental.memory import (
    AlwaysChecked,
    LiveFile,
    WorkspaceMemory,
    blocks_of,
    edges_digest,
    item_digest,
    names_digest,
    values_digest,
)
from registry_reconciler.cache.incremental.waiting import NOBODY, Waiting, WaitingFragments
from registry_reconciler.loading.state.files import left_of
from registry_reconciler.loading.state.old import is_old
from registry_reconciler.model.entry import DesiredEntry, Json, LiveEntry
from registry_reconciler.model.fields import with_value
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.check import full_value, may_exceed_ascii
from registry_reconciler.planning.diff.records import MOST_LOOKED_AT
from registry_reconciler.planning.live_truth import live_kinds
from registry_reconciler.planning.masked_text import may_hold_secrets
from registry_reconciler.rules.naming import look_alike

if TYPE_CHECKING:
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.rules.base import Rule

MOST_ALWAYS_CHECKED = 3_000
"""So many entries are looked at every time; with more of them a plan of a part is not worth it."""


def supports_incremental(kind: Kind, kinds: Mapping[str, Kind], own: Sequence[Rule] = ()) -> bool:
    """Whether the rules for a kind look only at an entry and at those that it shares a fact with.

    ``own`` are the rules of the workspace itself.

    That its schema fits (SCH001) concerns every kind, and looks at nothing but the entry.
    """
    from registry_reconciler.layouts import LAYOUTS
    from registry_reconciler.layouts.walk import inner_steps
    from registry_reconciler.rules import RULES

    if any(rule.concerns_kind(kind) for rule in (*RULES, *own) if not rule.supports_incremental):
        return False
    if not LAYOUTS[kind.layout].may_stay_unread or len(kind.at) != 1 or kind.at[0].kind != "name":
        return False
    if kind.secrets or any(len(reference.kinds) > 1 for reference in kind.references):
        return False
    others = [other for other in kinds.values() if other is not kind]
    return not any(
        other.space == kind.space or inner_steps(kind, other) or inner_steps(other, kind) for other in others
    )


def memory_of(planning: Planning) -> WorkspaceMemory:
    """What to remember of a plan of the whole. Raises :class:`FullPlanRequired` where a part could not be
    planned from it."""
    return _Remembering(planning).memory()


class _Remembering:
    def __init__(self, planning: Planning) -> None:
        self.planning = planning
        self.loaded = planning.loaded
        self.plan = planning.plan
        self._refuse()
        self.extractors = KeyExtractors(self.loaded.kinds, planning.own.looked_up)
        self.kinds = {
            name: kind
            for name, kind in self.loaded.kinds.items()
            if supports_incremental(kind, self.loaded.kinds, planning.own.rules)
            and all(map(self._is_list, *self._files(kind)))
        }
        self.addresses = [
            entry.address for entry in self.loaded.live.entries.values() if entry.kind in self.kinds
        ]
        self.numbers = dict(zip(self.addresses, range(len(self.addresses)), strict=True))
        self.flagged = set(self._flagged())
        self.waiting = WaitingFragments(planning, self.numbers, self.flagged)

    def _refuse(self) -> None:
        loaded = self.loaded
        if may_hold_secrets(loaded.catalog):
            raise FullPlanRequired("there are secrets, and not even a digest of one is kept")
        if loaded.live.clashes or loaded.live.hidden_kinds or loaded.catalog.broken:
            raise FullPlanRequired("something is hidden")
        state = loaded.state
        if loaded.fragments.unreadable or state.repeated or state.protects or self.plan.heals:
            raise FullPlanRequired("a fragment or the state is not plain")
        if any(problem.code in ("RUL003", "RUL004", "RUL005") for problem in self.plan.problems):
            raise FullPlanRequired("what an own rule says of some entries is not known")
        if any(
            is_wild(pattern.text) for pattern in (*loaded.fragments.protects, *loaded.fragments.overrides)
        ):
            raise FullPlanRequired("whether a glob of a directive means an entry is told by the whole")
        if any(len(sides) != 1 or is_old(path) for path, sides in state.files.items()):
            raise FullPlanRequired("the state is not plain")

    def _files(self, kind: Kind) -> tuple[Iterable[str], Iterable[Kind]]:
        """The arguments of :meth:`_is_list`."""
        paths = self.loaded.live.files_of[kind.name]
        return paths, [kind] * len(paths)

    def _is_list(self, path: str, kind: Kind) -> bool:
        source = self.loaded.live.files[path]
        owners = sum(path in paths for paths in self.loaded.live.files_of.values())
        return (
            owners == 1
            and not source.problems
            and [section.key for section in source.sections] == [kind.at[0].name]
            and not any(problem.place.file == path and not problem.address for problem in self.plan.problems)
        )

    def _flagged(self) -> Iterator[str]:
        for change in self.plan.changes:
            yield change.address
            if change.from_address:
                yield change.from_address
        for drift in self.plan.drift:
            yield drift.address
        for problem in self.plan.problems:
            yield problem.address
        fragments = self.loaded.fragments
        for move in fragments.moves:
            yield from (move.source, move.target)
        yield from (removal.address for removal in fragments.removals)
        yield from (pattern.text for pattern in (*fragments.protects, *fragments.overrides))
        yield from (allowance.address for allowance in fragments.allowances)

    def memory(self) -> WorkspaceMemory:
        loaded = self.loaded
        waiting: dict[str, Waiting] = {}
        fragments = dict(self._fragments(waiting))
        pending = set().union(*(fragment.addresses for fragment in waiting.values()))
        declared = [0] * len(self.addresses)
        for place, lists in enumerate(fragments.values(), 1):
            for numbers in lists.values():
                for number in numbers:
                    if number != NOBODY:
                        declared[number] = place
        always_checked = dict(self._always_checked(declared, pending))
        managed = {*loaded.state.entries, *self.planning.desired.entries}
        owned_by_live = live_kinds(self.kinds)
        unmanaged = [
            number
            for address, number in self.numbers.items()
            if address not in managed and address.partition("/")[0] not in owned_by_live
        ]
        live = dict(self._live())
        inputs = loaded.recorder.inputs
        homes = self._homes(fragments)
        kept = [*fragments, *(path for paths in homes.values() for path in paths), *live]
        words = self.planning.own.looked()
        looked = [sorted(words.get(address, ())) for address in self.addresses]
        index_keys = [self._facts(self.loaded.live.entries[address]) for address in self.addresses]
        return WorkspaceMemory(
            settings=self._settings(),
            digests={path: digest for path in kept if (digest := inputs.get(path)) is not None},
            kinds=tuple(self.kinds),
            entries=Column.of(self.addresses, [1] * len(self.addresses)),
            names=Column.of(
                [name for entry_keys in index_keys for name in entry_keys.names],
                [len(entry_keys.names) for entry_keys in index_keys],
            ),
            refs=Column.of(
                [ref[1] for entry_keys in index_keys for ref in entry_keys.refs],
                [len(entry_keys.refs) for entry_keys in index_keys],
            ),
            ref_numbers=small_numbers(ref[0] for entry_keys in index_keys for ref in entry_keys.refs),
            uniques=Column.of(
                [value for entry_keys in index_keys for value in entry_keys.uniques],
                [len(entry_keys.uniques) for entry_keys in index_keys],
            ),
            gives=Column.of(
                [word for entry_keys in index_keys for word in entry_keys.gives],
                [len(entry_keys.gives) for entry_keys in index_keys],
            ),
            looked=Column.of([word for group in looked for word in group], [len(group) for group in looked]),
            fields={kind: list(fields) for kind, fields in self.planning.own.looked_up.fields.items()},
            referrers=list(self.planning.own.looked_up.referrers),
            fragments=fragments,
            state_files=homes,
            declared=Numbers.of(declared),
            live=live,
            waiting=waiting,
            written=dict(self.waiting.registries(pending, live)),
            always=[
                self.numbers[address] for address in sorted(self.flagged - pending) if address in self.numbers
            ],
            unmanaged=unmanaged,
            always_checked=always_checked,
            directives={
                path: digest for path in loaded.fragments.directed if (digest := inputs.get(path)) is not None
            },
            odd=[number for address, number in self.numbers.items() if _odd(address)],
            gone=names_digest(loaded.state.gone),
            left=names_digest(left_of(loaded.state.gone)),
            renamed=sorted(loaded.state.renamed | loaded.state.anew),
            records_fit=self.waiting.records_fit,
        )

    def _settings(self) -> dict[str, str | None]:
        from registry_reconciler.model.config import CONFIG_PATH, OUTPUTS_PATH

        inputs = self.loaded.recorder.inputs
        return {
            path: inputs.get(path)
            for path in (CONFIG_PATH, OUTPUTS_PATH, *self.loaded.catalog.files, *self.loaded.rule_files.files)
        }

    def _fragments(self, waiting: dict[str, Waiting]) -> Iterator[tuple[str, dict[str, Numbers]]]:
        """The fragments of which everything is remembered, or everything but what waits."""
        by_file: dict[str, list[str]] = {}
        for entry in self.loaded.fragments.entries:
            by_file.setdefault(entry.place.file, []).append(entry.address)
        spoken_of = {problem.place.file for problem in self.plan.problems}
        for path, source in self.loaded.fragments.files.items():
            addresses = by_file.get(path, [])
            if path in self.waiting.disordered or not self._is_fragment(source):
                continue
            clean = path not in spoken_of and all(map(self._is_clean, addresses))
            if not clean or not self._is_remembered_state(path, addresses):
                found = self.waiting.waiting(path, source, addresses)
                if found is None:
                    continue
                waiting[path] = found
            lists: dict[str, list[int]] = {}
            for address in addresses:
                lists.setdefault(address.partition("/")[0], []).append(self.numbers.get(address, NOBODY))
            yield path, {kind: Numbers.of(numbers) for kind, numbers in lists.items()}

    def _is_fragment(self, source: SourceFile) -> bool:
        keys = [section.key for section in source.sections]
        return (
            bool(keys)
            and not source.problems
            and len(source.documents) == 1
            and sorted(source.documents[0]) == sorted(keys)
            and all(key in self.kinds for key in keys)
        )

    def _is_clean(self, address: str) -> bool:
        return address in self.numbers and address not in self.flagged

    def _is_remembered_state(self, path: str, addresses: Sequence[str]) -> bool:
        files = [self.loaded.state.files[home][0] for home in self._state_files.get(path, ())]
        if sorted(record.address for file in files for record in file.records) != sorted(addresses):
            return False
        entries, live = self.loaded.state.entries, self.loaded.live.entries
        # Of more entries nobody looks at what is remembered of those that stay (see `diff`).
        return len(entries) > MOST_LOOKED_AT or all(
            entries[address].all_say(self.loaded.kinds[live[address].kind], live[address].value)
            for address in addresses
        )

    @cached_property
    def _state_files(self) -> dict[str, list[str]]:
        """The state files about each fragment."""
        found: dict[str, list[str]] = {}
        for path, sides in self.loaded.state.files.items():
            found.setdefault(sides[0].fragment, []).append(path)
        return found

    def _homes(self, fragments: Iterable[str]) -> dict[str, list[str]]:
        return {fragment: self._state_files.get(fragment, []) for fragment in fragments}

    def _always_checked(
        self, declared: Sequence[int], pending: set[str]
    ) -> Iterator[tuple[str, AlwaysChecked]]:
        """What is looked at every time, with the digest of its values and its index keys in either of them."""
        loaded, desired = self.loaded, self.planning.desired.entries
        known = {address for address, place in zip(self.addresses, declared, strict=True) if place} - pending
        everywhere = {*desired, *loaded.state.entries, *loaded.live.entries}
        managed = {*desired, *loaded.state.entries}
        found = sorted(
            address for address in everywhere - known if address in managed or not self._is_clean(address)
        )
        # Before a digest of any is taken: of a workspace that is not remembered this is all that is done.
        if len(found) > MOST_ALWAYS_CHECKED:
            raise FullPlanRequired("too much to look at every time")
        for address in found:
            values = values_of(loaded.live.entries.get(address), desired.get(address))
            yield address, always_checked_of(self.extractors, address, values)

    def _live(self) -> Iterator[tuple[str, LiveFile]]:
        by_place: dict[str, dict[int, int]] = {}
        for number, address in enumerate(self.addresses):
            place = self.loaded.live.entries[address].place
            by_place.setdefault(place.file, {})[place.path[1]] = number  # type: ignore[index]
        for kind in self.kinds.values():
            for path in self.loaded.live.files_of[kind.name]:
                source = self.loaded.live.files[path]
                section = source.sections[0]
                assert source.data is not None
                items = section.items(source.data)
                places = by_place.get(path, {})
                if len(places) != len(items):
                    raise FullPlanRequired(f"not every item of {path} is an entry")
                starts = section.starts(source.data)
                yield (
                    path,
                    LiveFile(
                        kind.name,
                        self._carried(path, places.values()),
                        (section.key, section.indent, section.head, section.start, section.end),
                        len(source.data),
                        Numbers.of(starts[:-1]),
                        Numbers.of(places[index] for index in range(len(items))),
                        "".join(map(item_digest, items)),
                        [item_digest(source.data[start:stop]) for start, stop in blocks_of(starts)],
                        edges_digest(source.data, section.start, section.end),
                        may_exceed_ascii(source.data),
                    ),
                )

    def _carried(self, path: str, numbers: Iterable[int]) -> tuple[str, ...]:
        entries = self.loaded.live.entries
        found = {entries[self.addresses[number]].carried for number in numbers}
        if len(found) > 1:
            raise FullPlanRequired(f"the entries of {path} say different placeholders")
        return tuple(sorted(found.pop())) if found else ()

    def _facts(self, entry: LiveEntry) -> IndexKeys:
        return self.extractors.of(entry.kind).index_keys(
            full_value(entry) if entry.live_only else entry.value
        )


def values_of(live: LiveEntry | None, desired: DesiredEntry | None) -> list[dict[str, Json]]:
    """The values that an entry has, as far as it is there, before a plan and after one that changes it."""
    values = []
    if live is not None:
        values.append(full_value(live))
    if desired is not None:
        desired_entry = desired.value
        for path, part in live.live_only if live is not None else ():
            desired_entry = with_value(desired_entry, path, part)
        values.append(desired_entry)
    return values


def always_checked_of(
    extractors: KeyExtractors, address: str, values: Sequence[Mapping[str, Json]]
) -> AlwaysChecked:
    """An entry that is looked at every time, by its values."""
    return AlwaysChecked(values_digest(values), extractors.index_keys(address.partition("/")[0], *values))


def _odd(address: str) -> bool:
    key = address.partition("/")[2]
    return look_alike(key) != key
