"""What is kept of a plan of the whole: enough to plan only what changed next time.

No value of any entry is kept, and no finding. An entry that had a problem, a change or drift is looked at every
time, by itself or with its fragment (:mod:`.waiting`), and so are all entries of kinds that only the whole can judge.
Of every other entry it is known that nothing was to be said about it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import pairwise

from msgspec import Struct

from registry_reconciler.cache.incremental.columns import Column, Numbers
from registry_reconciler.cache.incremental.index_keys import IndexKeys
from registry_reconciler.cache.incremental.waiting import Waiting
from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.model.entry import Json, canonical
from registry_reconciler.rules.unloaded import KnownRegistry

DIGEST = 32

BLOCK = 64


def item_digest(item: bytes) -> str:
    """Tells the text of one item of a list from every other."""
    return blake2b(item, digest_size=16).hexdigest()


def blocks_of(starts: Sequence[int]) -> list[tuple[int, int]]:
    """Where each block of items begins and ends.

    Args:
        starts: of each item, and where the last one ends.
    """
    bounds = [*starts[:-1:BLOCK], starts[-1]]
    return list(pairwise(bounds))


def edges_digest(data: bytes, start: int, end: int) -> str:
    """Tells what stands before a list and behind it."""
    return item_digest(b"%d:" % start + data[:start] + data[end:])


def names_digest(names: Iterable[str]) -> str:
    """Tells some names from all others."""
    return item_digest(canonical(sorted(names)).encode("utf-8", "surrogatepass"))


def values_digest(values: Sequence[Json]) -> str:
    """Tells the values of an entry from all others."""
    text = canonical(list(values))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class LiveFile(Struct):
    """A registry file of a remembered kind: one list of entries.

    Attributes:
        section: where the list stands: key, column, offsets of its key line, of its first item, and behind it.
        size: of the file, in bytes.
        starts: the offset of the first line of each item.
        entries: the number of the entry of each item.
        digests: of each item's text, :data:`DIGEST` characters each.
        blocks: digests of each :data:`BLOCK` items together.
        edges: digest of what stands before the list and behind it.
        beyond_ascii: it may have other characters than ASCII, written out or escaped.
        carried: the placeholders of the place that every one of them says itself.
    """

    kind: str
    carried: tuple[str, ...]
    section: tuple[str, int, int, int, int]
    size: int
    starts: Numbers
    entries: Numbers
    digests: str
    blocks: list[str]
    edges: str
    beyond_ascii: bool

    def by_digest(self, first: int, last: int) -> dict[str, int]:
        """The number of the entry of each text of some items."""
        spans = range(first * DIGEST, last * DIGEST, DIGEST)
        return dict(
            zip((self.digests[at : at + DIGEST] for at in spans), self.entries[first:last], strict=True)
        )


class AlwaysChecked(Struct):
    """An entry that is looked at every time, as it was: the digest of its values, and its index keys."""

    digest: str
    index_keys: IndexKeys


class WorkspaceMemory(Struct):
    """Everything that is remembered of one workspace.

    Attributes:
        settings: digests of the configuration, the schema files and the rule files: with others, nothing here holds.
        digests: of every fragment, registry and state file that holds remembered entries.
        kinds: the remembered kinds.
        entries: the address of every entry of a remembered kind that is in the registries, sorted; its index is its
            number.
        names, refs, uniques: the index keys of each.
        ref_numbers: for each of ``refs`` the number of the reference in its kind, a byte each.
        gives: the words by which rules of the workspace's own find each, and ``looked`` those that they looked up for
            each; ``fields`` and ``referrers`` say by what they look entries up
            (:class:`~registry_reconciler.rules.own.LookedUp`).
        fragments: by path: the numbers of the entries that it declares, by kind. Of these but for those that wait the
            fragment, the registry and the state said the same, and nothing was to be said about them: everything else
            here rests on that.
        state_files: by path of such a fragment: the state files that are about it and about nothing else.
        declared: for each entry which of the fragments declares it, counted from 1; 0: none.
        live: the registry files of the remembered kinds.
        waiting: those of ``fragments`` in which there are entries to be looked at each time, by path.
        written: what the registry files come out as whose changes all wait in those.
        always: the numbers of other entries that had something to be said about them.
        unmanaged: the numbers of those that nobody manages.
        always_checked: the entries that are looked at every time, by address.
        directives: fragments with directives, and their digests: with others, only the whole can tell.
        odd: the numbers of entries whose keys look like other ones.
        gone: what tells which entries an apply deleted or let go.
        left: the part of these that says which it let go.
        renamed: the addresses that an apply took from an entry by renaming it.
        records_fit: whether what is remembered of the neighbours of entries that wait fits.
    """

    settings: dict[str, str | None]
    digests: dict[str, str]
    kinds: tuple[str, ...]
    entries: Column
    names: Column
    refs: Column
    ref_numbers: bytes
    uniques: Column
    gives: Column
    looked: Column
    fields: dict[str, list[str]]
    referrers: list[str]
    fragments: dict[str, dict[str, Numbers]]
    state_files: dict[str, list[str]]
    declared: Numbers
    live: dict[str, LiveFile]
    waiting: dict[str, Waiting]
    written: dict[str, KnownRegistry]
    always: list[int]
    unmanaged: list[int]
    always_checked: dict[str, AlwaysChecked]
    directives: dict[str, str]
    odd: list[int]
    gone: str
    left: str
    renamed: list[str]
    records_fit: bool

    @property
    def addresses(self) -> list[str]:
        """The address of each entry."""
        return self.entries.words

    def number(self, address: str) -> int | None:
        """The number of an address."""
        at = bisect_left(self.addresses, address)
        return at if at < len(self.addresses) and self.addresses[at] == address else None

    def homes(self, numbers: Iterable[int]) -> set[str]:
        """The fragments that declare some entries."""
        found = {self.declared[number] for number in numbers}
        paths = list(self.fragments) if found else []
        return {paths[item - 1] for item in found if item}

    def index_keys(self, number: int) -> IndexKeys:
        """The index keys of a remembered entry."""
        columns = (self.names, self.refs, self.uniques, self.gives)
        names, refs, uniques, gives = (column.words[column.span(number)] for column in columns)
        numbers = self.ref_numbers[self.refs.span(number)]
        return IndexKeys(tuple(names), tuple(zip(numbers, refs, strict=True)), tuple(uniques), tuple(gives))


def section_of(file: LiveFile) -> ListSection:
    """Where the list of a registry file stands."""
    return ListSection(*file.section)
