"""Where a memory is kept: one file a workspace, as MessagePack (:mod:`registry_reconciler.cache.store`).

A file that is absent, damaged, of another program or another workspace is as good as none. Nothing here raises.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from registry_reconciler.cache.fingerprint import Moment, Signature
from registry_reconciler.cache.incremental.columns import packing, unpacking
from registry_reconciler.cache.incremental.memory import WorkspaceMemory
from registry_reconciler.cache.store import OFF, file_of, program, read_whole, write_whole

FORMAT = 7
LARGEST = 512 * 1024 * 1024


class _Kept(Struct):
    """A memory, and what it is about."""

    format: int
    root: str
    program: str
    signatures: dict[str, Signature]
    taken: tuple[int, int]
    memory: Raw


def place_of(root: str) -> Path | None:
    """The file of a workspace; ``None`` where the user wants no cache, or has no directory for it outside of it."""
    return None if os.environ.get(OFF) else file_of("parts", root, ".memory")


def save(root: str, memory: WorkspaceMemory, signatures: Mapping[str, Signature], taken: Moment) -> bool:
    """Keep a memory; whether it was kept. ``taken``: when the signatures were, or before."""
    place, packed = place_of(root), encode(memory)
    if place is None or packed is None:
        return False
    try:
        about = _Kept(FORMAT, root, program(), dict(signatures), (taken.dated, taken.steady), Raw(packed))
        body = msgspec.msgpack.encode(about)
    except UnicodeEncodeError:  # names of files that are no text
        return False
    return write_whole(place, body)


def load(root: str) -> tuple[WorkspaceMemory, dict[str, Signature]] | None:
    """The memory of a workspace, and the signatures of its files."""
    place = place_of(root)
    body = None if place is None else read_whole(place, LARGEST)
    if body is None:
        return None
    try:
        about = msgspec.msgpack.decode(body, type=_Kept)
        # Only what this very program wrote is taken apart any further.
        if about.format != FORMAT or about.root != root or about.program != program():
            return None
        # Where the clock went back meanwhile, what is new may look old.
        signatures = {} if Moment(*about.taken).clock_went_back() else about.signatures
        return decode(about.memory), signatures
    except (msgspec.DecodeError, ValueError, OverflowError):
        return None


def encode(memory: WorkspaceMemory) -> bytes | None:
    """A memory as it is kept; ``None`` where some text cannot be."""
    try:
        return msgspec.msgpack.encode(memory, enc_hook=packing)
    except UnicodeEncodeError:
        return None


def decode(packed: bytes | Raw) -> WorkspaceMemory:
    """The inverse. Raises :class:`msgspec.DecodeError` or :class:`ValueError` for what nobody encoded."""
    return msgspec.msgpack.decode(packed, type=WorkspaceMemory, dec_hook=unpacking)
