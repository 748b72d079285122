"""Where files come from: the disk, a git revision, or memory over another tree.

Every stage reads through a :class:`Tree` and never through ``open``. A tree answers with bytes, never follows a
symbolic link out of its root, and reads only regular files. :class:`Recorder` remembers what was asked: those answers
are the inputs of a plan.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat as stat_module
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Protocol

from registry_reconciler.base.globs import Glob, any_of
from registry_reconciler.files.names import USUAL, PathNames, Room, path_limit, room_on_disk, unsafe
from registry_reconciler.files.reserved import leads_astray
from registry_reconciler.files.unreadable import MAX_BYTES, Hidden, UnreadablePath
from registry_reconciler.model.entry import digest_bytes

SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "__pycache__"})
"""Folders that a wildcard never enters; a pattern that names one literally does."""

WRITTEN_FOLDER = ".system/registry"
"""Every apply writes here: who cannot, only reads."""

MOST_BEHIND_LINKS = 10_000
"""So many names are looked at behind links to folders in one search: links make more paths than there are files."""

DEEPEST_FOLDER = 100
"""No search goes deeper: a path of more folders is none that a person, or every system, can handle."""


_ASTRAY = "it is a symbolic link that leads to a place of registry itself or of git"


class Contradicted(Exception):
    """A file is not what somebody believed it to be."""


class Tree(Protocol):
    """A tree of files below a root. Paths are relative, with ``/``, without ``..``."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; ``None`` when nothing is there. Raises :class:`UnreadablePath`."""

    def kind(self, path: str) -> str:
        """``file``, ``dir``, ``absent``, ``outside`` (a link that leaves the root) or ``other``."""

    def executable(self, path: str) -> bool:
        """Whether the file's owner may execute it."""

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """Names and kinds (as in :meth:`kind`) in a folder, by name; empty when there is none.

        A link to a folder is a ``link``, or ``other`` where it leads to a folder that it lies in.
        """

    def room(self, folder: str) -> Room:
        """What a new file in a folder that is there may be called, and whether it can be made; or a file replaced."""


def is_safe(path: str) -> bool:
    """Whether a path stays inside the root on every system, whatever stands on the disk."""
    return unsafe(path) is None


class _Sparse:
    """What a sparse checkout leaves out below a root."""

    def __init__(self, modes: Mapping[str, int]) -> None:
        self.modes = {path: mode for path, mode in modes.items() if stat_module.S_IFMT(mode) != _GITLINK}
        self.closed = tuple(path for path in self.modes if not path or path.endswith("/"))
        """Folders of which only the name is known."""
        self.names: dict[str, dict[str, str]] = {}
        for path in self.modes:
            kind = "dir" if path.endswith("/") else "file"
            path = path.rstrip("/")
            while path:
                folder, _, name = path.rpartition("/")
                if self.names.setdefault(folder, {}).setdefault(name, kind) != kind or name == "":
                    break
                path, kind = folder, "dir"

    def is_closed(self, path: str) -> bool:
        """Whether a path lies in a folder of which only the name is known, or is one."""
        return any(f"{path}/".startswith(folder) for folder in self.closed)

    def kind(self, path: str) -> str:
        """``file``, ``dir`` or ``absent``."""
        folder, _, name = path.rpartition("/")
        return self.names.get(folder, {}).get(name, "absent")


_GITLINK = 0o160000


class DiskTree:
    """The files of a directory. What a sparse checkout leaves out is there, and reading it raises :class:`Hidden`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)

    @cached_property
    def _sparse(self) -> _Sparse:
        from registry_reconciler.files.git_index import hidden

        return _Sparse(hidden(self.root))

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
            return "other" if os.path.islink(full) else self._sparse.kind(path)
        except (OSError, ValueError) as error:
            return "absent" if isinstance(error, OSError) and self._cannot_be(error, full) else "other"
        if not self._inside(full):
            return "outside"
        if stat_module.S_ISREG(info.st_mode):
            return "file"
        return "dir" if stat_module.S_ISDIR(info.st_mode) else "other"

    def _cannot_be(self, error: OSError, full: str) -> bool:
        """Whether the system refused a path because no file can have one of its names; one that is too long as a
        whole may be there all the same."""
        if error.errno != errno.ENAMETOOLONG:
            return False
        return len(os.fsencode(full)) <= path_limit(self._real_root)

    def executable(self, path: str) -> bool:
        """See :class:`Tree`."""
        try:
            return bool(os.stat(os.path.join(self.root, path)).st_mode & stat_module.S_IXUSR)
        except OSError:
            return bool(self._sparse.modes.get(path, 0) & stat_module.S_IXUSR)

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """See :class:`Tree`."""
        full = os.path.join(self.root, folder)
        found = dict(self._sparse.names.get(folder, {}))
        real = os.path.realpath(full)
        inside = self._from_root(real)
        if inside is None:
            raise UnreadablePath("it is a symbolic link that leads out of the workspace")
        if leads_astray(folder, inside):
            raise UnreadablePath(_ASTRAY)
        try:
            with os.scandir(full) as entries:
                for entry in entries:
                    below = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_symlink():
                        found[entry.name] = self._link_kind(below, real)
                    elif entry.is_dir():
                        found[entry.name] = "dir"
                    else:
                        found[entry.name] = "file" if entry.is_file() else "other"
        except (FileNotFoundError, NotADirectoryError):
            if self._sparse.is_closed(folder):
                raise Hidden from None
            if os.path.islink(full):
                raise UnreadablePath("it is a symbolic link that leads nowhere") from None
        except OSError as error:
            raise UnreadablePath(f"the system said of {folder or '.'}: {error.strerror or error}") from error
        return tuple(sorted(found.items()))

    def _link_kind(self, path: str, folder: str) -> str:
        kind = self.kind(path)
        if kind != "dir":
            return kind
        target = os.path.realpath(os.path.join(self.root, path))
        if leads_astray(path, self._from_root(target) or ""):
            return "other"
        return "other" if folder == target or folder.startswith(target + os.sep) else "link"

    def room(self, folder: str) -> Room:
        """See :class:`Tree`. Who cannot write in the workspace at all (a read-only checkout) is granted everything."""
        writes = os.access(os.path.join(self.root, WRITTEN_FOLDER), os.W_OK | os.X_OK)
        while folder and self.kind(folder) == "dir" and not os.path.isdir(os.path.join(self.root, folder)):
            folder = folder.rpartition("/")[0]  # a sparse checkout left it out, and an apply makes it
        return room_on_disk(os.fspath(self.root), folder, writes)

    def read(self, path: str) -> bytes | None:
        """See :class:`Tree`."""
        full = os.path.join(self.root, path)
        try:
            # O_NONBLOCK: opening a FIFO that stands where a file is expected must not wait for a writer.
            handle = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (FileNotFoundError, NotADirectoryError):
            if os.path.islink(full):
                raise UnreadablePath("it is a symbolic link that leads nowhere") from None
            if self._sparse.kind(path) == "file" or self._sparse.is_closed(path):
                raise Hidden from None
            return None
        except OSError as error:
            if self._cannot_be(error, full):
                return None
            raise UnreadablePath(f"the system said: {error.strerror or error}") from error
        try:
            info = os.fstat(handle)
            if not stat_module.S_ISREG(info.st_mode):
                what = "a directory" if stat_module.S_ISDIR(info.st_mode) else "not a regular file"
                raise UnreadablePath(f"it is {what}, and a file is expected")
            inside = self._from_root(os.path.realpath(full))
            if inside is None:
                raise UnreadablePath("it is a symbolic link that leads out of the workspace")
            if leads_astray(path, inside):
                raise UnreadablePath(_ASTRAY)
            if info.st_size > MAX_BYTES:
                raise UnreadablePath(f"it has {info.st_size:,} bytes; at most {MAX_BYTES:,} are read")
            with os.fdopen(handle, "rb", closefd=False) as stream:
                return stream.read()
        except OSError as error:
            raise UnreadablePath(f"the system said: {error.strerror or error}") from error
        finally:
            os.close(handle)


class MemoryTree:
    """Files in memory, over another tree: how a workspace would be after an apply. ``None`` hides a file."""

    def __init__(self, files: Mapping[str, bytes | None], below: Tree | None = None) -> None:
        self.files = dict(files)
        self.below = below
        self._folders: set[str] = set()
        self._names: dict[str, dict[str, str]] = {}
        """What the files make of each folder: names with their kinds, ``absent`` for a file that goes."""
        for path, content in self.files.items():
            folder, _, name = path.rpartition("/")
            self._names.setdefault(folder, {})[name] = "absent" if content is None else "file"
            while content is not None and folder and folder not in self._folders:
                self._folders.add(folder)
                above, _, name = folder.rpartition("/")
                self._names.setdefault(above, {})[name] = "dir"
                folder = above

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
        for name, kind in self._names.get(folder, {}).items():
            if kind == "absent":
                found.pop(name, None)
            else:
                found[name] = kind
        return tuple(sorted(found.items()))

    def room(self, folder: str) -> Room:
        """See :class:`Tree`."""
        return self.below.room(folder) if self.below and folder not in self._folders else USUAL


class Recorder:
    """A tree that remembers what it was asked: the digests of files read, and which paths existed."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.inputs: dict[str, str | None] = {}
        self._bytes: dict[str, bytes | None] = {}
        self._faults: dict[str, UnreadablePath] = {}
        self._believed: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._children: dict[str, tuple[tuple[str, str], ...]] = {}
        self._unlisted: dict[str, UnreadablePath] = {}
        self.looked_at: dict[str, str] = {}
        """Digests of files that are no inputs of a plan; with others, an answer that was given is not given again."""
        self.names = PathNames(self)
        """Judges new files of the tree."""

    def read(self, path: str) -> bytes | None:
        """See :class:`Tree`. Each file is read once; every later answer is of those very bytes."""
        if path in self._faults:
            raise self._faults[path]
        if path not in self._bytes:
            try:
                data = self.tree.read(path)
            except UnreadablePath as fault:
                if path in self._believed:
                    raise Contradicted(path) from fault
                self._faults[path] = fault
                self.inputs[path] = _word_for(fault)
                raise
            digest_now = None if data is None else digest_bytes(data)
            if self._believed.get(path, digest_now) != digest_now:
                raise Contradicted(path)
            self._bytes[path] = data
            self.inputs[path] = digest_now
        return self._bytes[path]

    def digest(self, path: str) -> str | None:
        """The digest of a file, ``None`` when nothing is there; its bytes are not kept. An unreadable one has none."""
        if path not in self._bytes and path not in self._faults:
            try:
                data = self.tree.read(path)
            except UnreadablePath:
                return None
            return None if data is None else digest_bytes(data)
        return self.inputs[path]

    def digest_of(self, path: str, data: bytes) -> str:
        """The digest of bytes that are to be found at a path: where they were read here, it is known."""
        known = self.inputs.get(path) if self._bytes.get(path) is data else None
        return known or digest_bytes(data)

    def look_at(self, path: str, data: bytes) -> None:
        """A file was looked at, and says nothing that a plan rests on."""
        self.looked_at[path] = digest_bytes(data)

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
        """See :class:`Tree`. A listing is not an input by itself: what is read from it is. One that failed is."""
        if folder in self._unlisted:
            raise self._unlisted[folder]
        if folder not in self._children:
            try:
                self._children[folder] = self.tree.children(folder)
            except UnreadablePath as fault:
                self._unlisted[folder] = fault
                self.inputs[folder] = _word_for(fault)
                raise
        return self._children[folder]

    def room(self, folder: str) -> Room:
        """See :class:`Tree`. That nothing can be made in a folder is an input; the rest does not change."""
        found = self.tree.room(folder)
        if not found.writable:
            self.inputs[f"{folder}#writable"] = "no"
        return found

    @property
    def folders(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Every folder that was listed, with its entries. Not part of a plan's inputs, but of what it rests on."""
        return self._children


def _word_for(fault: UnreadablePath) -> str:
    """How the inputs of a plan say that something could not be read."""
    return "hidden" if isinstance(fault, Hidden) else "unreadable"


def names_in(tree: Tree, folder: str) -> Iterator[str]:
    """The names in a folder, of whatever sort; quick where there are very many."""
    if not isinstance(tree, DiskTree):
        yield from (name for name, _ in tree.children(folder))
        return
    with contextlib.suppress(OSError):
        yield from os.listdir(os.path.join(tree.root, folder))


def find(tree: Tree, pattern: str, *, exclude: Iterable[str] = ()) -> Iterator[str]:
    """All files that a glob matches, in code-point order. ``**`` crosses folders; wildcards skip tool folders.

    A path goes through one link to a folder at most, and through none that leads back: links could else make more
    paths than anyone can visit. A folder that is named like a file is found too, so that reading it says so.

    Raises:
        UnreadablePath: a folder cannot be listed, lies too deep, or too much lies behind links.
    """
    glob = Glob(pattern)
    excluded = any_of(tuple(exclude))
    if not glob.wild:
        if tree.kind(pattern) not in ("absent", "dir") and not excluded(pattern):
            yield pattern
        return
    yield from sorted(path for path in _walk(tree, glob) if glob.matches(path) and not excluded(path))


def _walk(tree: Tree, glob: Glob) -> Iterator[str]:
    behind_links = 0
    waiting = [(glob.root, False)]
    while waiting:
        folder, linked = waiting.pop()
        if folder.count("/") >= DEEPEST_FOLDER:
            raise UnreadablePath(
                f"{folder[:40]}… lies more than {DEEPEST_FOLDER} folders deep, and no deeper one is read"
            )
        children = tree.children(folder)
        if linked:
            behind_links += 1 + len(children)
            if behind_links > MOST_BEHIND_LINKS:
                raise UnreadablePath(
                    f"more than {MOST_BEHIND_LINKS:,} names lie behind its symbolic links to folders; "
                    "replace links by what they lead to, or let the pattern not reach them"
                )
        for name, kind in children:
            path = f"{folder}/{name}" if folder else name
            if kind not in ("dir", "link"):
                yield path
                continue
            if name.endswith((".yaml", ".yml", ".jsonl")):
                yield path
            if name not in SKIPPED_FOLDERS and glob.may_match_below(path) and not (linked and kind == "link"):
                waiting.append((path, linked or kind == "link"))
