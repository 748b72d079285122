"""Which file of the state each record of one fragment stands in. Pure.

An apply of one entry writes one small file, also of a fragment with thousands. So a fragment has several files once
one is full. What git merges must not change with that, and so a record never moves: it stays in the file that it was
put into. A new one stands with the one that it follows in the fragment, or in a new file where that file is full. Two
insertions then meet in one file of ours only where they meet in the fragment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from registry_reconciler.loading.state import Record
from registry_reconciler.loading.state.files import rendered

FILLED = 24_000
"""So many bytes of records are put into one file at once: there is room for what comes between them."""
FULL = 40_000
"""A file with as many takes no new record."""
MOST = 48_000
"""One with more is parted. Its records move then, and meet what another branch made of them: once, of a state from
before there were parts, and hardly ever again."""


class Share(Struct):
    """The records of one file.

    Attributes:
        path: of the file; ``None``: it is to be made.
        size: bytes of its records.
    """

    path: str | None
    records: list[Record] = field(default_factory=list)
    size: int = 0

    def add(self, record: Record, size: int) -> None:
        """Put one more behind the others."""
        self.records.append(record)
        self.size += size


def shares(records: Sequence[Record], homes: Mapping[str, str], paths: Iterable[str]) -> list[Share]:
    """The records of a fragment, in its order, by file; files that are to be made stand behind those that are there.

    Args:
        homes: by address the path of the file that a record stands in.
        paths: all files that there are. One that has no records any more stays: another branch may put one there.
    """
    sizes = [len(rendered(record)) for record in records]
    found = {path: Share(path) for path in paths}
    weight = dict.fromkeys(found, 0)
    for record, size in zip(records, sizes, strict=True):
        if record.address in homes:
            weight[homes[record.address]] += size
    new: list[Share] = []
    here: Share | None = next(
        (found[homes[record.address]] for record in records if record.address in homes), None
    )
    for record, size in zip(records, sizes, strict=True):
        path = homes.get(record.address)
        if path is not None:
            here = found[path]
        elif here is None or _room(here, weight, size) < 0:
            here = Share(None)
            new.append(here)
        if path is None and here.path is not None:
            weight[here.path] += size
        here.add(record, size)
    parted = [part for share in found.values() for part in _parted(share)]
    return [
        *(share for share in parted if share.path is not None),
        *(share for share in parted if share.path is None),
        *new,
    ]


def _room(share: Share, weight: Mapping[str, int], size: int) -> int:
    """How many bytes are free behind one more record. A file in the making is not filled up."""
    most = FILLED if share.path is None else FULL
    taken = share.size if share.path is None else weight[share.path]
    return most - taken - size if taken else 0


def _parted(share: Share) -> Iterator[Share]:
    if share.size <= MOST or len(share.records) == 1:
        yield share
        return
    here = Share(share.path)
    for record in share.records:
        size = len(rendered(record))
        if here.size and here.size + size > FILLED:
            yield here
            here = Share(None)
        here.add(record, size)
    yield here
