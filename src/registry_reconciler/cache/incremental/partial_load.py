"""A plan of a part: the entries that may have changed go through the whole pipeline, the rest is known.

The parts of it, in order: what may have changed (whole fragments with their state, items of registries), what that
reaches, what rules look at for it; then the ordinary pipeline, told of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.cache.incremental.affected import IndexWords, UnloadedEntries, affected, context
from registry_reconciler.cache.incremental.changed_files import Files
from registry_reconciler.cache.incremental.index_keys import KeyExtractors
from registry_reconciler.cache.incremental.judging import CacheComparison
from registry_reconciler.cache.incremental.memory import WorkspaceMemory, names_digest
from registry_reconciler.cache.incremental.registry_texts import (
    LiveText,
    changed_text,
    gone,
    unchanged_text,
)
from registry_reconciler.cache.incremental.waiting import NOBODY
from registry_reconciler.cache.incremental.waiting_entries import (
    WaitingEntries,
    with_entries,
    with_records,
)
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.yaml.read.parts import PartReader
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.loading.catalog import load_catalog
from registry_reconciler.loading.fragments import Fragments, fragment_paths, load_fragments
from registry_reconciler.loading.registries import Live, entries_of, load_live
from registry_reconciler.loading.rule_files import load_rule_files
from registry_reconciler.loading.settings import load_config
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.loading.state import State, load_state, state_paths
from registry_reconciler.loading.state.files import first_path, left_of
from registry_reconciler.loading.state.old import is_old
from registry_reconciler.loading.state.taken import load_names
from registry_reconciler.loading.workspace import Loaded, put_together
from registry_reconciler.model.entry import LiveEntry, Place
from registry_reconciler.model.problem import Problem
from registry_reconciler.planning.check import full_value
from registry_reconciler.rules.entry_set import Entry
from registry_reconciler.rules.own import LookedUp
from registry_reconciler.rules.unloaded import KnownRegistry, Unloaded

MOST = 5_000
"""So many entries may have changed, be affected or be looked at; with more of them the whole is as fast."""


class PartialLoad(Struct, frozen=True):
    """What was loaded, and what to know of the rest."""

    loaded: Loaded
    rest: Unloaded


def load_part(
    memory: WorkspaceMemory, files: Files, earlier: ChunkReader | None = None, *, contents: bool = True
) -> PartialLoad:
    """Load what may have changed; ``earlier`` has read other texts. Raises :class:`FullPlanRequired`.

    Args:
        contents: all files of the plan are to have theirs; else only the digests of some are known.
    """
    files.refuse_links(memory.digests)
    return _Loading(memory, files, earlier, contents=contents).part()


class _Loading:
    def __init__(
        self, memory: WorkspaceMemory, files: Files, earlier: ChunkReader | None, *, contents: bool
    ) -> None:
        self.memory = memory
        self.contents = contents
        self.files = files
        self.tree = files.tree
        self.reader = PartReader(earlier)
        self.texts: dict[str, LiveText] = {}

    def part(self) -> PartialLoad:
        self.settings = load_config(self.tree)
        self.catalog = load_catalog(self.tree)
        self.rule_files = load_rule_files(self.tree)
        self._same_settings()
        self.kinds = self.catalog.kinds
        self.extractors = KeyExtractors(self.kinds, LookedUp(self.memory.fields, self.memory.referrers))
        touched = self._touched_fragments()
        touched.update(self.memory.waiting if self.contents else ())
        changed = self._changed_live()
        others = load_live(self.tree, {n: k for n, k in self.kinds.items() if n not in self.memory.kinds})
        if others.clashes or others.hidden_kinds:
            raise FullPlanRequired("something is hidden")
        fragments, state, numbers = self._declared(touched, changed)
        live = self._live(others, numbers)
        unread = set(self.memory.fragments).difference(fragments.files)
        fragments = replace(fragments, files=_LazyFiles(fragments.files, unread, self._fragment))
        loaded = put_together(
            self.tree, self.reader, self.settings, self.catalog, live, fragments, state, self.rule_files
        )
        rest = self._rest(loaded, numbers, touched)
        return PartialLoad(loaded, rest)

    def _same_settings(self) -> None:
        from registry_reconciler.model.config import CONFIG_PATH, OUTPUTS_PATH

        try:
            self.tree.read(OUTPUTS_PATH)
        except UnreadablePath as fault:
            raise FullPlanRequired("the outputs cannot be read") from fault
        paths = (CONFIG_PATH, OUTPUTS_PATH, *self.catalog.files, *self.rule_files.files)
        now = {path: self.tree.inputs.get(path) for path in paths}
        if now != self.memory.settings or self.catalog.broken:
            raise FullPlanRequired("the settings are others")

    def _touched_fragments(self) -> set[str]:
        """The fragments to read: those that are read every time, and those that changed, came or went."""
        memory = self.memory
        try:
            self.fragment_paths, strangers = fragment_paths(self.tree)
            self.state_paths = self._without_taken(state_paths(self.tree))
        except UnreadablePath as fault:
            raise FullPlanRequired("a folder cannot be listed") from fault
        if strangers:
            raise FullPlanRequired("files beside the fragments are not read, and that is said")
        for path, digest in memory.directives.items():
            if self.tree.digest(path) != digest:
                raise FullPlanRequired("directives may have changed")
        found = {path for path in {*self.fragment_paths, *memory.fragments} if not self._is_same(path)}
        self.homes = {path: fragment for fragment, paths in memory.state_files.items() for path in paths}
        self.other_state = [path for path in self.state_paths if path not in self.homes]
        there = set(self.state_paths)
        self.changed_state = [path for path in self.homes if not (path in there and self._is_same(path))]
        found |= {self.homes[path] for path in self.changed_state}
        return found

    def _without_taken(self, paths: Sequence[str]) -> list[str]:
        """The files of the state but for old ones that were taken over."""
        taken = load_names(self.tree, filter(is_old, paths))
        for path in taken.there:
            if not taken.is_taken(path, self.tree.read(path) or b""):
                raise FullPlanRequired("the state has its old form")
        if taken.newly_gone():
            raise FullPlanRequired("a file of the state in its old form is gone")
        return [path for path in paths if path not in taken.there]

    def _is_same(self, path: str) -> bool:
        digest = self.memory.digests.get(path)
        return digest is not None and self.files.same(path, digest)

    def _changed_live(self) -> set[int]:
        """The entries whose text in a registry is no more what it was; reads the registries that changed."""
        memory = self.memory
        for kind in memory.kinds:
            if kind not in self.kinds:
                raise FullPlanRequired("a kind is gone")
            try:
                paths = set(find(self.tree, self.kinds[kind].file.glob, exclude=self.kinds[kind].exclude))
            except UnreadablePath as fault:
                raise FullPlanRequired("a folder cannot be listed") from fault
            if any(map(is_reserved, paths)):
                raise FullPlanRequired("a pattern reaches a reserved place")
            if {path for path in paths if self.kinds[kind].file.match(path) is not None} != {
                path for path, file in memory.live.items() if file.kind == kind
            }:
                raise FullPlanRequired("there are other registry files")
        found: set[int] = set()
        self.changed_live: set[str] = set()
        for path, file in memory.live.items():
            if not self._is_same(path):
                self.changed_live.add(path)
                text = changed_text(path, self.files.content(path), file)
                self.texts[path] = text
                found.update(gone(text, file))
        return found

    def _text(self, path: str) -> LiveText:
        if path not in self.texts:
            self.texts[path] = unchanged_text(
                path, self.memory.live[path], lambda spans: self.files.parts(path, spans)
            )
        return self.texts[path]

    def _declared(self, touched: set[str], changed: set[int]) -> tuple[Fragments, State, set[int]]:
        """What touched fragments and their state say, and the numbers of all entries that are concerned."""
        memory = self.memory
        numbers = changed | set(memory.always)
        homes_of = {
            address: path for path, fragment in memory.waiting.items() for address in fragment.addresses
        }
        others = memory.always_checked.keys() - homes_of.keys()
        named: set[str] = set()
        while True:
            before = len(touched)
            touched |= memory.homes(numbers)
            touched |= {homes_of[address] for address in named & homes_of.keys()}
            for path in touched:
                for declared in memory.fragments.get(path, {}).values():
                    numbers.update(declared)
            numbers.discard(NOBODY)
            paths = sorted(touched.intersection(self.fragment_paths))
            fragments = load_fragments(self.tree, self.kinds, self.catalog.broken, self.reader, paths)
            if fragments.unreadable or fragments.directed - set(memory.directives):
                raise FullPlanRequired("a fragment is not plain")
            homes = {home for path in touched for home in memory.state_files.get(path, ())}
            named_files = {*self.other_state, *homes}
            lines = sorted({*named_files, *map(first_path, named_files)}.intersection(self.state_paths))
            state = load_state(self.tree, self.fragment_paths, lines)
            touched |= {state_file.fragment for sides in state.files.values() for state_file in sides}
            if state.problems or state.protects:
                raise FullPlanRequired("the state is not plain")
            # What waited in a fragment may be said by neither it nor its state now, and still stands in a registry.
            waited = (memory.waiting[path].addresses for path in touched.intersection(memory.waiting))
            named = {*(entry.address for entry in fragments.entries), *state.entries, *others}.union(*waited)
            numbers.update(number for address in named if (number := memory.number(address)) is not None)
            if len(numbers) > MOST or state.repeated:
                raise FullPlanRequired("too much has changed")
            homes_named = {homes_of[address] for address in named & homes_of.keys()}
            if len(touched) == before and memory.homes(numbers) | homes_named <= touched:
                return self._with_waiting(fragments, state, numbers, touched)

    def _with_waiting(
        self, fragments: Fragments, state: State, numbers: set[int], touched: set[str]
    ) -> tuple[Fragments, State, set[int]]:
        """The entries that wait in fragments that nothing touched, one by one."""
        memory = self.memory
        self.waiting = WaitingEntries(
            self.files,
            self.kinds,
            {path: fragment for path, fragment in memory.waiting.items() if path not in touched},
        )
        entries = with_entries(fragments, self.waiting.read(PartReader()))
        records = with_records(state, self.waiting.state())
        named = {*(entry.address for entry in entries), *records}
        numbers.update(number for address in named if (number := memory.number(address)) is not None)
        renamed = {*memory.renamed, *state.renamed, *state.anew}
        if names_digest(left_of(state.gone)) != memory.left or not named.isdisjoint(renamed):
            raise FullPlanRequired("who was renamed or let go is told by the whole")
        return replace(fragments, entries=entries), replace(state, entries=records), numbers

    def _live(self, others: Live, numbers: set[int]) -> Live:
        """The registries with the entries that are concerned."""
        entries = dict(others.entries)
        problems = list(others.problems)
        for path, file in self.memory.live.items():
            mine = numbers.intersection(file.entries)
            text = self.texts.get(path)
            if not mine and (text is None or not text.new):
                continue
            text = self._text(path)
            for entry, fault in self._entries(file.kind, text, mine):
                problems += [fault] if fault is not None else []
                if entry is not None and entries.setdefault(entry.address, entry) is not entry:
                    raise FullPlanRequired("an entry stands twice")
                if entry is None:
                    raise FullPlanRequired("an item is no entry")
        for entry in entries.values():
            number = self.memory.number(entry.address)
            if number is not None and number not in numbers:
                raise FullPlanRequired("an entry stands twice")
        remembered = {
            kind: sum(live_file.kind == kind for live_file in self.memory.live.values())
            for kind in self.memory.kinds
        }
        return replace(
            others,
            entries=dict(sorted(entries.items())),
            files=_LazyFiles(others.files, self.memory.live, lambda path: self._source(path, numbers)),
            files_of={**others.files_of, **self._paths_by_kind()},
            found={**others.found, **remembered},
            problems=tuple(problems),
        )

    def _paths_by_kind(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.memory.kinds, ())
        for path, file in self.memory.live.items():
            found[file.kind] = (*found[file.kind], path)
        return found

    def _entries(
        self, name: str, text: LiveText, numbers: set[int]
    ) -> Iterator[tuple[LiveEntry | None, Problem | None]]:
        """The new entries of a registry file and some others, each with its fault."""
        kind = self.kinds[name]
        yield from entries_of(kind, text.some(numbers), kind.file.match(text.path) or {}, ())

    def _source(self, path: str, numbers: set[int]) -> SourceFile:
        """A registry file with the values of the entries that are concerned."""
        return self._text(path).source(self.reader, numbers, self.memory.addresses)

    def _fragment(self, path: str) -> SourceFile:
        """A fragment that did not change: where an entry stands in it is asked."""
        if path in self.waiting.fragments:
            return self.waiting.source(path)
        source = read_source(self.tree, path, self.reader)
        if source is None:
            raise FullPlanRequired(f"{path} is gone")
        return source

    def _rest(self, loaded: Loaded, numbers: set[int], touched: set[str]) -> Unloaded:
        memory = self.memory
        waiting = self.waiting.fragments
        judging = CacheComparison(
            memory,
            self.kinds,
            self.extractors,
            self.texts,
            loaded,
            {address for fragment in waiting.values() for address in fragment.addresses},
            touched.intersection(self.fragment_paths),
            as_before=not memory.directives and names_digest(loaded.state.gone) == memory.gone,
        )
        here = {*judging.desired, *loaded.live.entries, *loaded.state.entries, *memory.always_checked}
        here.update(memory.addresses[number] for number in numbers)
        to_judge, given, asked = judging.to_judge(here)
        near = affected(memory, given)
        if len(near) > MOST:
            raise FullPlanRequired("too much is concerned")
        judged = to_judge | {memory.addresses[number] for number in near}
        items = list(self._items(near - numbers))
        for item in items:
            asked.ask(self.kinds[item.kind], item.address, self.extractors.index_keys(item.kind, item.value))
        for number in near & numbers:
            judging.tell(memory.addresses[number], IndexWords(), asked)
        others = context(memory, asked) - near - numbers
        if len(others) > MOST:
            raise FullPlanRequired("too much is concerned")
        items += self._items(others)
        managed: dict[str, int] = {}
        for path, lists in memory.fragments.items():
            for kind, declared in lists.items() if path not in touched else ():
                count = waiting[path].left_out.get(kind, 0) if path in waiting else len(declared)
                managed[kind] = managed.get(kind, 0) + count
        return Unloaded(
            unchanged=sum(managed.values()),
            unmanaged=sum(number not in numbers for number in memory.unmanaged),
            managed=managed,
            context=tuple(items),
            judged=frozenset(judged),
            elsewhere=UnloadedEntries(memory, self.kinds, numbers | near | others, self._items),
            state={path: fragment.state for path, fragment in waiting.items()},
            left_out={path: sum(fragment.left_out.values()) for path, fragment in waiting.items()},
            beside={path: fragment.registries for path, fragment in waiting.items()},
            records_fit=memory.records_fit,
            registries={} if self.contents else self._as_they_came_out(),
            pending=judging.pending_unchanged,
            located=self.waiting.located(),
            beyond_ascii=dict.fromkeys(self._ascii_files(), False),
        )

    def _ascii_files(self) -> set[str]:
        """The files that are known to have no other characters than ASCII."""
        live = {path for path, file in self.memory.live.items() if not file.beyond_ascii}
        waiting = self.waiting.fragments.items()
        return (live - self.changed_live) | {path for path, fragment in waiting if not fragment.beyond_ascii}

    def _as_they_came_out(self) -> dict[str, KnownRegistry]:
        """The registry files that are what they were when it was seen what they come out as."""
        memory = self.memory
        return {
            path: known
            for path, known in memory.written.items()
            if known.before == memory.digests.get(path) and path not in self.changed_live
        }

    def _items(self, context: set[int]) -> Iterator[Entry]:
        """Entries as they are, which rules look at."""
        memory = self.memory
        declared = self._declared_at(context)
        for path, file in memory.live.items():
            mine = context.intersection(file.entries)
            if not mine:
                continue
            text = self._text(path)
            for entry, _ in self._entries(file.kind, text, mine):
                if entry is None:
                    raise FullPlanRequired("an item is no entry")
                if self.memory.number(entry.address) not in context:
                    continue  # it is new, and loaded already
                place = declared.get(entry.address)
                yield Entry(
                    kind=entry.kind,
                    key=entry.key,
                    address=entry.address,
                    value=full_value(entry),
                    place=place or entry.place,
                    live_place=entry.place,
                    managed=place is not None,
                )

    def _declared_at(self, numbers: set[int]) -> dict[str, Place]:
        """Where fragments that were not read declare some entries."""
        memory = self.memory
        found: dict[str, Place] = {}
        for path in memory.homes(numbers):
            for kind, declared in memory.fragments[path].items():
                for index, number in enumerate(declared):
                    if number in numbers:
                        found[memory.addresses[number]] = Place(path, 0, (kind, index))
        return found


class _LazyFiles(Mapping[str, SourceFile]):
    """Files that were read, and others that are read when somebody asks."""

    def __init__(
        self,
        known: Mapping[str, SourceFile],
        others: Iterable[str],
        read: Callable[[str], SourceFile],
    ) -> None:
        self._known = dict(known)
        self._others = frozenset(others)
        self._read = read

    def __getitem__(self, path: str) -> SourceFile:
        if path not in self._known:
            if path not in self._others:
                raise KeyError(path)
            self._known[path] = self._read(path)
        return self._known[path]

    def __contains__(self, path: object) -> bool:
        return path in self._known or path in self._others

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._known, *sorted(self._others))))

    def __len__(self) -> int:
        return len(self._others.union(self._known))
