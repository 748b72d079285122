"""What the files of a workspace are now, and what each of them gave.

Guarantee: two looks that say the same saw the same bytes. A file whose bytes a program that runs has hashed once is
not read again while its times say that nobody wrote to it since, as git believes its index
(:mod:`registry_reconciler.cache.fingerprint`); the settings are read each time.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from registry_reconciler.cache.fingerprint import TIMES_TELL, YOUNG, Moment, Signature, signature
from registry_reconciler.files.root import SCHEMAS
from registry_reconciler.files.tree import DiskTree, Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import CONFIG_PATH
from registry_reconciler.model.entry import digest_bytes

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import RegistryDb
    from registry_reconciler.runtime.registry.source import EntryItem, KindInfo

SCHEMA_FILES = f"{SCHEMAS}/**/*"

LEAST_TEXT = 64 * 1024
"""Of smaller files the text is not kept: reading one again is quick."""

MOST_TEXT = 128 * 1024 * 1024
"""So many bytes of texts are kept in one process."""

Inputs = dict[str, str]
"""Path → digest of every file that was read, and of every one that is not there and would be."""


class NotPreparable(Exception):
    """Something is where a file is expected and cannot be read: there is nothing to remember."""


@dataclass(frozen=True, slots=True)
class FileItems:
    """Which registry file gave which items.

    Attributes:
        items: path → its items. Where the file has a section, they are in the order of its list.
        sections: path → where the items of the one list stand that gave all of them, where a reader has proven
            that.
    """

    items: Mapping[str, tuple[EntryItem, ...]] = field(default_factory=dict)
    sections: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Served:
    """A workspace as it is served, and what it was made from."""

    db: RegistryDb
    kinds: tuple[KindInfo, ...]
    inputs: Inputs
    parts: FileItems

    def items(self) -> list[EntryItem]:
        """All items, by address."""
        every = [item for of_file in self.parts.items.values() for item in of_file]
        return sorted(every, key=lambda item: item.address)


@dataclass(frozen=True, slots=True)
class Looked:
    """What the files are now.

    Attributes:
        readers: registry file → the names of the kinds that read it.
        texts: the bytes of some of the files that were read just now.
    """

    inputs: Inputs
    readers: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, bytes]


class Refreshed(NamedTuple):
    """What is served now.

    Attributes:
        changed: by domain: the ids at which it differs from what was served; ``None``: nobody knows.
    """

    served: Served
    changed: Mapping[str, frozenset[str]] | None


class DatedTree(DiskTree):
    """The files on disk, and of those that were read what tells later that nobody wrote to them since.

    Attributes:
        times: of files that were read: mode, place, size and times, as they were before.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.times: dict[str, Signature] = {}
        self.began = Moment.now()

    def signature(self, path: str) -> tuple[Signature, bool] | None:
        """What tells of a file that nobody wrote to it, and whether a later write is sure to change that."""
        try:
            info = os.lstat(os.path.join(self.root, path))
        except (OSError, ValueError):
            return None
        settled = max(info.st_mtime_ns, info.st_ctime_ns) < time_ns() - YOUNG
        return signature(info), TIMES_TELL and settled and stat.S_ISREG(info.st_mode)

    def read(self, path: str) -> bytes | None:
        """See :class:`Tree`."""
        # Looked at before it is read: what is written in between makes the signature too old, never too new.
        found = self.signature(path)
        if found is not None and found[1]:
            self.times[path] = found[0]
        return super().read(path)


class SeenFiles:
    """What one process knows of the files of a workspace from one look to the next.

    Attributes:
        inputs: as they were when they were looked at last.
        texts: of large registry files: the bytes that they had then.
        times: of some files: what told then that nobody wrote to them since.
        since: when that was.
    """

    def __init__(self) -> None:
        self.inputs: Inputs = {}
        self.texts: dict[str, bytes] = {}
        self.times: dict[str, Signature] = {}
        self.since: Moment | None = None

    def keep(self, tree: DatedTree, looked: Looked, sections: Mapping[str, Any]) -> None:
        """Know from now on what was seen. Texts are kept where items can be told apart by them."""
        self.inputs = looked.inputs
        self.since = tree.began
        self.times = {} if tree.began.clock_went_back() else tree.times
        texts = {path: looked.texts.get(path, self.texts.get(path)) for path in sections}
        self.texts = {}
        room = MOST_TEXT
        for path, data in texts.items():
            if data is not None and LEAST_TEXT <= len(data) <= room:
                self.texts[path] = data
                room -= len(data)


def look(tree: Tree, kinds: Iterable[KindInfo], memory: SeenFiles | None = None) -> Looked:
    """Digests of the configuration, of every schema file and of every registry file, as they are now.

    Args:
        memory: of files that were not touched since, it is asked. The tree is then a :class:`DatedTree` one.

    Raises:
        NotPreparable: one of them cannot be read.
    """
    eyes = _Eyes(tree, memory)
    inputs: Inputs = {}
    readers: dict[str, tuple[str, ...]] = {}
    try:
        inputs[CONFIG_PATH] = eyes.digest(CONFIG_PATH)
        for path in find(tree, SCHEMA_FILES):
            inputs[path] = eyes.digest(path)
        for kind in kinds:
            for path in find(tree, kind.file, exclude=kind.exclude):
                if path not in inputs:
                    inputs[path] = eyes.believed(path) or eyes.digest(path)
                readers[path] = (*readers.get(path, ()), kind.name)
    except UnreadablePath as fault:
        raise NotPreparable(str(fault)) from fault
    return Looked(inputs, readers, eyes.texts)


def differs_in_settings(before: Inputs, now: Inputs) -> bool:
    """Whether the configuration or a schema file is another: then everything may mean something else."""
    names = {*before, *now}
    return any(before.get(path) != now.get(path) for path in names if _is_setting(path))


def _is_setting(path: str) -> bool:
    return path == CONFIG_PATH or path.startswith(f"{SCHEMAS}/")


class _Eyes:
    """Reads files, where it has to."""

    def __init__(self, tree: Tree, memory: SeenFiles | None) -> None:
        self.tree = tree
        self.texts: dict[str, bytes] = {}
        known = memory is not None and memory.since is not None and not memory.since.clock_went_back()
        self.memory = memory if known and isinstance(tree, DatedTree) else None

    def believed(self, path: str) -> str | None:
        """The digest of a file that was not touched since it was taken."""
        if self.memory is None or not isinstance(self.tree, DatedTree):
            return None
        then = self.memory.times.get(path)
        found = None if then is None else self.tree.signature(path)
        if found is None or found[0] != then:
            return None
        self.tree.times[path] = found[0]
        return self.memory.inputs.get(path)

    def digest(self, path: str) -> str:
        """The digest of the bytes that are there."""
        data = self.tree.read(path)
        if data is None:
            return "absent"
        digest = digest_bytes(data)
        if len(data) >= LEAST_TEXT or (self.memory is not None and self.memory.inputs.get(path) != digest):
            self.texts[path] = data
        return digest
