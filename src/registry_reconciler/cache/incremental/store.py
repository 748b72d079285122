"""Where a memory is kept: one file a workspace in the user's cache directory, with a checksum.

A file that is absent, damaged, of another program or another workspace is as good as none. Nothing here raises.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from registry_reconciler.base.cache_place import is_outside
from registry_reconciler.cache.fingerprint import Moment, Signature
from registry_reconciler.cache.incremental.columns import Column
from registry_reconciler.cache.incremental.index_keys import IndexKeys
from registry_reconciler.cache.incremental.memory import AlwaysChecked, LiveFile, Memory
from registry_reconciler.cache.reports import OFF, program
from registry_reconciler.cache.store import read_whole, write_whole

FORMAT = 3
LARGEST = 512 * 1024 * 1024

_PLAIN = ("settings", "digests", "state_files", "always", "unmanaged", "directives", "odd")
"""Fields of a memory that are JSON as they are."""

_LIVE = ("kind", "carried", "section", "size", "blocks", "edges")
"""Fields of a registry file that are JSON as they are."""

_COLUMNS = ("entries", "names", "refs", "uniques")
_BREAK = "\x1e"
"""Stands between the parts of a file: JSON, then the columns, which need no decoding."""


def place_of(root: str) -> Path | None:
    """The file of a workspace; ``None`` where the user wants no cache, or has no directory for it outside of it."""
    from registry_reconciler.base.user_dirs import cache_dir

    base = None if os.environ.get(OFF) else cache_dir()
    if base is None:
        return None
    place = base / "parts" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.memory"
    return place if is_outside(place, root) else None


def save(root: str, memory: Memory, signatures: Mapping[str, Signature], taken: Moment) -> bool:
    """Keep a memory; whether it was kept. ``taken``: when the signatures were, or before."""
    place = place_of(root)
    if place is None:
        return False
    about = {"format": FORMAT, "root": root, "program": program(), "signatures": dict(signatures)}
    about["taken"] = list(taken)
    body = encode(about, memory)
    return body is not None and write_whole(place, body)


def load(root: str) -> tuple[Memory, dict[str, Signature]] | None:
    """The memory of a workspace, and the signatures of its files."""
    place = place_of(root)
    body = None if place is None else read_whole(place, LARGEST)
    if body is None:
        return None
    try:
        about = json.loads(body.partition(_BREAK.encode())[0])
        # Only what this very program wrote is taken apart any further.
        if about["format"] != FORMAT or about["root"] != root or about["program"] != program():
            return None
        dated, steady = about["taken"]
        # Where the clock went back meanwhile, what is new may look old.
        signatures = {} if Moment(dated, steady).clock_went_back() else about["signatures"]
        return decode(body)[1], signatures
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def encode(about: Mapping[str, Any], memory: Memory) -> bytes | None:
    """The content of a file; ``None`` where some text cannot stand in it."""
    data: dict[str, Any] = {**about, **{name: getattr(memory, name) for name in _PLAIN}}
    data["kinds"] = list(memory.kinds)
    data["live"] = {path: [getattr(one, name) for name in _LIVE] for path, one in memory.live.items()}
    data["always_checked"] = {
        address: [one.digest, one.index_keys.names, one.index_keys.refs, one.index_keys.uniques]
        for address, one in memory.always_checked.items()
    }
    lists = [numbers for fragment in memory.fragments.values() for numbers in fragment.values()]
    data["fragments"] = {
        path: {kind: len(numbers) for kind, numbers in one.items()} for path, one in memory.fragments.items()
    }
    columns = [getattr(memory, name) for name in _COLUMNS]
    parts = [
        json.dumps(data, separators=(",", ":")),
        *(part for column in columns for part in (column.text, column.counts)),
        memory.ref_numbers,
        _packed(chain.from_iterable(lists)),
        _packed(memory.declared),
    ]
    for file in memory.live.values():
        parts += (_packed(file.starts), _packed(file.entries), file.digests)
    if any(_BREAK in part for part in parts):
        return None
    return _BREAK.join(parts).encode("utf-8", "surrogatepass")


def decode(body: bytes) -> tuple[dict[str, Any], Memory]:
    """The inverse. Raises what a damaged one leads to: :class:`KeyError`, :class:`TypeError`, :class:`ValueError`."""
    parts = iter(body.decode("utf-8", "surrogatepass").split(_BREAK))
    try:
        data = json.loads(next(parts))
        columns: dict[str, Any] = {name: Column(next(parts), next(parts)) for name in _COLUMNS}
        ref_numbers = next(parts)
        numbers, declared = _unpacked(next(parts)), _unpacked(next(parts))
        live = {}
        for path, row in data["live"].items():
            fields = dict(zip(_LIVE, row, strict=True))
            fields |= {"carried": tuple(fields["carried"]), "section": tuple(fields["section"])}
            starts, entries, digests = _unpacked(next(parts)), _unpacked(next(parts)), next(parts)
            live[path] = LiveFile(starts=starts, entries=entries, digests=digests, **fields)
    except StopIteration as end:
        raise ValueError("a part is missing") from end
    always_checked = {
        address: AlwaysChecked(
            digest, IndexKeys(tuple(names), tuple((n, v) for n, v in refs), tuple(uniques))
        )
        for address, (digest, names, refs, uniques) in data["always_checked"].items()
    }
    memory = Memory(
        kinds=tuple(data["kinds"]),
        live=live,
        always_checked=always_checked,
        ref_numbers=ref_numbers,
        fragments=_divided(data["fragments"], numbers),
        declared=declared,
        **columns,
        **{name: data[name] for name in _PLAIN},
    )
    return data, memory


def _divided(
    counts: Mapping[str, Mapping[str, int]], numbers: Sequence[int]
) -> dict[str, dict[str, Sequence[int]]]:
    """The numbers of the entries of each fragment and kind, from all of them."""
    found: dict[str, dict[str, Sequence[int]]] = {}
    start = 0
    for path, kinds in counts.items():
        found[path] = {}
        for kind, count in kinds.items():
            found[path][kind] = numbers[start : start + count]
            start += count
    return found


def _packed(numbers: Iterable[int]) -> str:
    """Numbers as text that is taken apart in one step: eight hexadecimal digits each."""
    found = array("I", numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes().hex()


def _unpacked(text: str) -> Sequence[int]:
    found = array("I")
    found.frombytes(bytes.fromhex(text))
    if sys.byteorder == "big":
        found.byteswap()
    return found
