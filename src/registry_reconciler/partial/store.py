"""Where a memory is kept: one JSON file a workspace in the user's cache directory, with a checksum.

A file that is absent, damaged, of another program or another workspace is as good as none. Nothing here raises.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry_reconciler.cache.reports import OFF, program
from registry_reconciler.cache.store import read_own
from registry_reconciler.cache.witness import Signature
from registry_reconciler.partial.facts import Facts
from registry_reconciler.partial.memory import LiveFile, Memory, Small

FORMAT = 1
LARGEST = 512 * 1024 * 1024

_PLAIN = (
    "settings",
    "digests",
    "addresses",
    "names",
    "name_counts",
    "refs",
    "ref_numbers",
    "ref_counts",
    "uniques",
    "unique_counts",
    "fragments",
    "always",
    "unmanaged",
    "directives",
    "odd",
)
"""Fields of a memory that are JSON as they are."""


def place_of(root: str) -> Path | None:
    """The file of a workspace; ``None`` where the user has no cache directory, or wants no cache."""
    from registry_reconciler.runtime.userdirs import cache_dir

    base = None if os.environ.get(OFF) else cache_dir()
    if base is None:
        return None
    return base / "parts" / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"


def save(root: str, memory: Memory, signatures: Mapping[str, Signature]) -> bool:
    """Keep a memory; whether it was kept."""
    place = place_of(root)
    if place is None or os.path.realpath(place).startswith(root + os.sep):
        return False
    from registry_reconciler.apply.files import write_cache

    record = {
        "format": FORMAT,
        "root": root,
        "program": program(),
        "signatures": dict(signatures),
        "memory": to_json(memory),
    }
    body = json.dumps(record, separators=(",", ":")).encode("ascii")
    return write_cache(place, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def load(root: str) -> tuple[Memory, dict[str, Signature]] | None:
    """The memory of a workspace, and the signatures of its files."""
    place = place_of(root)
    data = None if place is None else read_own(place, LARGEST)
    if data is None:
        return None
    try:
        checksum, _, body = data.partition(b"\n")
        if checksum.decode("ascii") != hashlib.sha256(body).hexdigest():
            return None
        record = json.loads(body)
        if record["format"] != FORMAT or record["root"] != root or record["program"] != program():
            return None
        return from_json(record["memory"]), record["signatures"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def to_json(memory: Memory) -> dict[str, Any]:
    """A memory as JSON."""
    data: dict[str, Any] = {name: getattr(memory, name) for name in _PLAIN}
    data["kinds"] = list(memory.kinds)
    data["live"] = {
        path: [one.kind, one.carried, list(one.section), one.entries, "".join(one.digests)]
        for path, one in memory.live.items()
    }
    data["small"] = {
        address: [one.digest, one.facts.names, one.facts.refs, one.facts.uniques]
        for address, one in memory.small.items()
    }
    return data


def from_json(data: Mapping[str, Any]) -> Memory:
    """The inverse. Raises what a damaged one leads to: :class:`KeyError`, :class:`TypeError`, :class:`ValueError`."""
    live = {}
    for path, (kind, carried, section, entries, told) in data["live"].items():
        key, indent, head, start, end = section
        digests = [told[at : at + 32] for at in range(0, len(told), 32)]
        live[path] = LiveFile(kind, tuple(carried), (key, indent, head, start, end), entries, digests)
    small = {
        address: Small(digest, Facts(tuple(names), tuple((n, v) for n, v in refs), tuple(uniques)))
        for address, (digest, names, refs, uniques) in data["small"].items()
    }
    return Memory(kinds=tuple(data["kinds"]), live=live, small=small, **{name: data[name] for name in _PLAIN})
