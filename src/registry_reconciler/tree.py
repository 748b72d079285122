"""Where files come from: the disk, a git revision, or memory over another tree.

Every stage reads through a :class:`Tree` and never through ``open``. A tree answers with bytes, never follows a
symbolic link out of its root, and reads only regular files. :class:`Recorder` remembers what was asked: those answers
are the inputs of a plan.
"""

from __future__ import annotations

import os
import re
import stat as stat_module
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from registry_reconciler.globs import Glob
from registry_reconciler.model import digest_bytes
from registry_reconciler.reserved import leads_astray

SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__"})
"""Folders that a wildcard never enters; a pattern that names one literally does."""

MAX_BYTES = 128 * 1024 * 1024
"""No larger file is read: a sparse one costs its author nothing, and the reader all memory."""


class Unreadable(Exception):
    """A path is there and cannot be read as a file: what it is, or what the system said."""


_ASTRAY = "it is a symbolic link that leads to a place of registry itself or of git"


class Contradicted(Exception):
    """A file is not what somebody believed it to be."""


class Tree(Protocol):
    """A tree of files below a root. Paths are relative, with ``/``, without ``..``."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; ``None`` when nothing is there. Raises :class:`Unreadable`."""

    def kind(self, path: str) -> str:
        """``file``, ``dir``, ``absent``, ``outside`` (a link that leaves the root) or ``other``."""

    def executable(self, path: str) -> bool:
        """Whether the file's owner may execute it."""

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """Names and kinds (as in :meth:`kind`) in a folder, by name; empty when there is none.

        A link to a folder is a ``link``, or ``other`` where it leads to a folder that it lies in.
        """


def is_safe(path: str) -> bool:
    """Whether a path stays inside the root on every system, whatever stands on the disk."""
    if not path or path.startswith(("/", "\\", "~")) or "\\" in path or "\0" in path or ":" in path:
        return False
    return all(_is_safe_name(part) for part in path.split("/"))


_FOLDERS_OF_GIT = (".git", "git~1")
"""Also the short name that Windows gives it."""
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
# macOS leaves these out when it compares names.
_UNSEEN = r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"


def _is_safe_name(name: str) -> bool:
    if name in ("", ".", "..") or name != name.rstrip(". ") or any(ord(character) < 32 for character in name):
        return False
    seen = name if name.isascii() else re.sub(_UNSEEN, "", name)
    return seen.casefold() not in _FOLDERS_OF_GIT and not _DEVICES.fullmatch(name)


class DiskTree:
    """The files of a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)

    def _inside(self, full: str) -> bool:
        return self._from_root(os.path.realpath(full)) is not None

    def _from_root(self, real: str) -> str | None:
        """A path without links as one from the root; ``None`` where it lies outside."""
        if real == self._real_root:
            return ""
        if not real.startswith(self._real_root + os.sep):
            return None
        return real[len(self._real_root) + 1 :].replace(os.sep, "/")

    def kind(self, path: str) -> str:
        """See :class:`Tree`."""
        full = os.path.join(self.root, path)
        try:
            info = os.stat(full)
        except (FileNotFoundError, NotADirectoryError):
            return "other" if os.path.islink(full) else "absent"
        except (OSError, ValueError):
            return "other"
        if not self._inside(full):
            return "outside"
        if stat_module.S_ISREG(info.st_mode):
            return "file"
        return "dir" if stat_module.S_ISDIR(info.st_mode) else "other"

    def executable(self, path: str) -> bool:
        """See :class:`Tree`."""
        try:
            return bool(os.stat(os.path.join(self.root, path)).st_mode & stat_module.S_IXUSR)
        except OSError:
            return False

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """See :class:`Tree`."""
        full = os.path.join(self.root, folder)
        found = []
        real = os.path.realpath(full)
        inside = self._from_root(real)
        if inside is None:
            raise Unreadable("it is a symbolic link that leads out of the workspace")
        if leads_astray(folder, inside):
            raise Unreadable(_ASTRAY)
        try:
            with os.scandir(full) as entries:
                for entry in entries:
                    below = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_symlink():
                        found.append((entry.name, self._link_kind(below, real)))
                    elif entry.is_dir():
                        found.append((entry.name, "dir"))
                    else:
                        found.append((entry.name, "file" if entry.is_file() else "other"))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise Unreadable(f"the folder cannot be listed: {error.strerror}") from error
        return tuple(sorted(found))

    def _link_kind(self, path: str, folder: str) -> str:
        kind = self.kind(path)
        if kind != "dir":
            return kind
        target = os.path.realpath(os.path.join(self.root, path))
        if leads_astray(path, self._from_root(target) or ""):
            return "other"
        return "other" if folder == target or folder.startswith(target + os.sep) else "link"

    def read(self, path: str) -> bytes | None:
        """See :class:`Tree`."""
        full = os.path.join(self.root, path)
        try:
            # O_NONBLOCK: opening a FIFO that stands where a file is expected must not wait for a writer.
            handle = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (FileNotFoundError, NotADirectoryError):
            if os.path.islink(full):
                raise Unreadable("it is a symbolic link that leads nowhere") from None
            return None
        except OSError as error:
            raise Unreadable(f"the system said: {error.strerror or error}") from error
        try:
            info = os.fstat(handle)
            if not stat_module.S_ISREG(info.st_mode):
                what = "a directory" if stat_module.S_ISDIR(info.st_mode) else "not a regular file"
                raise Unreadable(f"it is {what}, and a file is expected")
            inside = self._from_root(os.path.realpath(full))
            if inside is None:
                raise Unreadable("it is a symbolic link that leads out of the workspace")
            if leads_astray(path, inside):
                raise Unreadable(_ASTRAY)
            if info.st_size > MAX_BYTES:
                raise Unreadable(f"it has {info.st_size:,} bytes; at most {MAX_BYTES:,} are read")
            with os.fdopen(handle, "rb", closefd=False) as stream:
                return stream.read()
        except OSError as error:
            raise Unreadable(f"the system said: {error.strerror or error}") from error
        finally:
            os.close(handle)


class MemoryTree:
    """Files in memory, over another tree: how a workspace would be after an apply. ``None`` hides a file."""

    def __init__(self, files: Mapping[str, bytes | None], below: Tree | None = None) -> None:
        self.files = dict(files)
        self.below = below
        self._folders = {
            "/".join(path.split("/")[:depth])
            for path, content in self.files.items()
            if content is not None
            for depth in range(1, path.count("/") + 1)
        }

    def read(self, path: str) -> bytes | None:
        """See :class:`Tree`."""
        if path in self.files:
            return self.files[path]
        return self.below.read(path) if self.below else None

    def kind(self, path: str) -> str:
        """See :class:`Tree`."""
        if path in self.files:
            return "absent" if self.files[path] is None else "file"
        if path in self._folders or not path:
            return "dir"
        return self.below.kind(path) if self.below else "absent"

    def executable(self, path: str) -> bool:
        """See :class:`Tree`."""
        return bool(self.below and self.below.executable(path))

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """See :class:`Tree`."""
        found = dict(self.below.children(folder)) if self.below else {}
        prefix = f"{folder}/" if folder else ""
        for path, content in self.files.items():
            if not path.startswith(prefix):
                continue
            name, _, rest = path[len(prefix) :].partition("/")
            if rest:
                if content is not None:
                    found[name] = "dir"
            elif content is None:
                found.pop(name, None)
            else:
                found[name] = "file"
        return tuple(sorted(found.items()))


class Recorder:
    """A tree that remembers what it was asked: the digests of files read, and which paths existed."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.inputs: dict[str, str | None] = {}
        self._bytes: dict[str, bytes | None] = {}
        self._faults: dict[str, Unreadable] = {}
        self._believed: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._children: dict[str, tuple[tuple[str, str], ...]] = {}

    def read(self, path: str) -> bytes | None:
        """See :class:`Tree`. Each file is read once; every later answer is of those very bytes."""
        if path in self._faults:
            raise self._faults[path]
        if path not in self._bytes:
            try:
                data = self.tree.read(path)
            except Unreadable as fault:
                if path in self._believed:
                    raise Contradicted(path) from fault
                self._faults[path] = fault
                self.inputs[path] = "unreadable"
                raise
            told = None if data is None else digest_bytes(data)
            if self._believed.get(path, told) != told:
                raise Contradicted(path)
            self._bytes[path] = data
            self.inputs[path] = told
        return self._bytes[path]

    def digest(self, path: str) -> str | None:
        """The digest of a file, ``None`` when nothing is there; its bytes are not kept. An unreadable one has none."""
        if path not in self._bytes and path not in self._faults:
            try:
                data = self.tree.read(path)
            except Unreadable:
                return None
            return None if data is None else digest_bytes(data)
        return self.inputs[path]

    def believe(self, path: str, digest: str) -> None:
        """Take it from the caller that a file has a digest, which makes it an input without being read.

        If it is read after all and has another one, :class:`Contradicted` is raised.
        """
        if path not in self._bytes:
            self._believed[path] = digest
            self.inputs[path] = digest

    def kind(self, path: str) -> str:
        """See :class:`Tree`."""
        known = self._kinds.get(path)
        if known is None:
            known = self._kinds[path] = self.tree.kind(path)
            # A file whose content was read says more than that it is there.
            self.inputs.setdefault(path, None if known == "absent" else known)
        return known

    def executable(self, path: str) -> bool:
        """See :class:`Tree`."""
        answer = self.tree.executable(path)
        self.inputs.setdefault(f"{path}#executable", "yes" if answer else None)
        return answer

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """See :class:`Tree`. A listing is not an input by itself: what is read from it is."""
        if folder not in self._children:
            self._children[folder] = self.tree.children(folder)
        return self._children[folder]

    @property
    def folders(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Every folder that was listed, with its entries. Not part of a plan's inputs, but of what it rests on."""
        return self._children


def find(tree: Tree, pattern: str, *, exclude: Iterable[str] = ()) -> Iterator[str]:
    """All files that a glob matches, in code-point order. ``**`` crosses folders; wildcards skip tool folders.

    A path goes through one link to a folder at most, and through none that leads back: links could else make more
    paths than anyone can visit. A folder that is named like a file is found too, so that reading it says so.
    """
    glob = Glob(pattern)
    excluded = [Glob(one) for one in exclude]
    if not glob.wild:
        if tree.kind(pattern) not in ("absent", "dir") and not any(one.matches(pattern) for one in excluded):
            yield pattern
        return
    yield from sorted(
        path
        for path in _walk(tree, glob.root, glob, False)
        if glob.matches(path) and not any(one.matches(path) for one in excluded)
    )


def _walk(tree: Tree, folder: str, glob: Glob, linked: bool) -> Iterator[str]:
    for name, kind in tree.children(folder):
        path = f"{folder}/{name}" if folder else name
        if kind not in ("dir", "link"):
            yield path
            continue
        if name.endswith((".yaml", ".yml", ".jsonl")):
            yield path
        if name not in SKIPPED_FOLDERS and glob.may_match_below(path) and not (linked and kind == "link"):
            yield from _walk(tree, path, glob, linked or kind == "link")
