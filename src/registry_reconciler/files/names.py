"""Which names a file may get: one judgement for those who plan files and for those who write them.

:func:`unsafe` looks at the text alone and holds for every path that is ever written, also one that is there already.
:func:`name_fault` adds what holds for new names; :class:`PathNames` adds what stands in a tree.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from registry_reconciler.base.escape import unseen

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree

_FOLDERS_OF_GIT = re.compile(r"\.git|git~.*", re.DOTALL)
"""Also the short names that Windows gives it."""
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE | re.DOTALL)
# macOS leaves these out when it compares names.
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LINE_ENDS = re.compile(r"[\x80-\x9f\u2028\u2029]")


class Room(NamedTuple):
    """What a file system grants to new files in a folder, or to what takes the place of a file.

    Attributes:
        name: the most bytes of one name.
        path: the most bytes of a path from the workspace's root.
        writable: files can be made in the folder, or the file can be replaced; or nobody can tell.
    """

    name: int = 255
    path: int = 4095
    writable: bool = True


USUAL = Room()
"""What nearly every file system grants: for trees that are on no disk."""


_CLOSED = "its mode or owner forbids it, or it is mounted read-only"
_READ_ONLY = "may not be replaced: its mode, its owner or its folder forbids it, or it is mounted read-only"


def remedy(fault: str, other_name: str) -> str:
    """What helps against a fault of a file: no other name does where nothing can be written at all.

    Args:
        other_name: what to do to get another path.
    """
    if fault == _READ_ONLY:
        return "Make the file and its folder writable for yourself, then plan again."
    return (
        "Make the folder writable for yourself, then plan again." if fault.endswith(_CLOSED) else other_name
    )


def unsafe(path: str) -> str | None:
    """Why a path may mean another place on some system, whatever stands on the disk; ``None`` when it cannot."""
    if not path or path.startswith(("/", "\\", "~")) or "\\" in path or ":" in path:
        return "it is not a path from the root with '/' between its steps, and without '\\', ':' and a leading '~'"
    for step in path.split("/"):
        fault = _unsafe_step(step)
        if fault is not None:
            return fault
    return None


def _unsafe_step(step: str) -> str | None:
    if step in ("", ".", ".."):
        return "it has an empty step, '.' or '..'"
    if step != step.rstrip(". "):
        return f"{short(step)} ends with a dot or a space, which some systems leave out"
    if any(character < " " or character == "\x7f" for character in step):
        return f"{short(step)} has a tab, a line end or another control character"
    if _FOLDERS_OF_GIT.fullmatch(_seen(step).casefold()):
        return f"{short(step)} is git's own on some system"
    if _DEVICES.fullmatch(step):
        return f"{short(step)} is the name of a device on Windows"
    return None


def name_fault(path: str, room: Room = USUAL) -> str | None:
    """Why no new file may have a path, from its text alone; ``None`` when it may.

    Args:
        room: what the file system of its folder grants.
    """
    fault = unsafe(path)
    if fault is not None:
        return fault
    try:
        size = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return "its bytes are no UTF-8"
    for step in path.split("/"):
        if _LINE_ENDS.search(step):
            return f"{short(step)} has a line end or another control character"
        if not step.isascii() and unseen(step):
            return f"{short(step)} has characters that nobody sees ({unseen(step)})"
        length = len(step.encode("utf-8"))
        if length > room.name:
            return f"the name {short(step)} has {length} bytes, and the file system takes at most {room.name}"
    if size > room.path:
        return f"it has {size} bytes, and below this workspace's folder a path may have at most {room.path}"
    return None


def short(name: str) -> str:
    """A name in quotes for a message, without the middle of a long one."""
    return repr(name if len(name) <= 60 else f"{name[:40]}…{name[-16:]}")


def spelling(name: str) -> str:
    """Equal for names that some system takes for one: in other letters, composed otherwise, with unseen characters."""
    if name.isascii():
        return name.casefold()
    from unicodedata import normalize

    return normalize("NFD", normalize("NFD", _seen(name)).casefold())


def _seen(name: str) -> str:
    return name if name.isascii() else _UNSEEN.sub("", name)


class _Folder(NamedTuple):
    """What is in a folder: kinds by name, and names by their spelling."""

    kinds: dict[str, str]
    spelled: dict[str, str]


class PathNames:
    """Judges new files against what stands in a tree, and against each other.

    It remembers what it was told of the tree: make a new one when that may have changed.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, _Folder | None] = {}
        self._rooms: dict[str, Room] = {}

    def fault(self, path: str) -> str | None:
        """Why no file may be made at a path; ``None`` when it may, or when a file is there already."""
        fault = unsafe(path)
        if fault is not None:
            return fault
        above = ""
        steps = path.split("/")
        for index, step in enumerate(steps):
            known = self._folder(above)
            if known is None:
                return f"the folder {short(above or '.')} cannot be listed"
            kind = known.kinds.get(step)
            if kind is None:
                return self._new_fault(path, above, step, known.spelled.get(spelling(step)))
            above = f"{above}/{step}" if above else step
            if index == len(steps) - 1:
                return None if kind == "file" else f"{_WHAT.get(kind, 'no regular file')} is there"
            if kind not in ("dir", "link"):
                return f"it would lie in {short(above)}, which is no folder inside the workspace"
        return None

    def _new_fault(self, path: str, folder: str, step: str, twin: str | None) -> str | None:
        """Why a file may not be made below a folder in which the next step of its path is missing."""
        if twin is not None and not self._makes_room(folder, twin, step):
            return (
                f"{f'{folder}/{twin}' if folder else twin} differs from it in case only, or in how letters are "
                "composed, and on some systems they are the same file"
            )
        room = self._room(folder)
        if not room.writable:
            return f"no files can be made in {short(folder or '.')}: {_CLOSED}"
        return name_fault(path, room)

    def old_fault(self, path: str) -> str | None:
        """Why a file that is there may be neither replaced nor removed; ``None`` when it may."""
        return None if self._tree.room(path).writable else _READ_ONLY

    def _makes_room(self, folder: str, twin: str, step: str) -> bool:
        """Whether the folder whose name is so like has no file any more, and this system tells the two names apart.

        Where it does not, the folder would keep the old letters.
        """
        prefix = f"{folder}/" if folder else ""
        return self._is_empty(f"{prefix}{twin}") and self._tree.kind(f"{prefix}{step}") == "absent"

    def _is_empty(self, folder: str) -> bool:
        if self._tree.kind(folder) != "dir":
            return False
        known = self._folder(folder)
        return known is not None and all(self._is_empty(f"{folder}/{name}") for name in known.kinds)

    def take(self, path: str) -> None:
        """A file is going to be made there: later ones are held against it."""
        above = ""
        steps = path.split("/")
        for index, step in enumerate(steps):
            known = self._folder(above)
            if known is None:
                return
            here = f"{above}/{step}" if above else step
            if step not in known.kinds:
                known.kinds[step] = "file" if index == len(steps) - 1 else "dir"
                known.spelled.setdefault(spelling(step), step)
                # A folder that will be made is on the file system of the one above it.
                self._rooms[here] = self._room(above)
            above = here

    def leave(self, path: str) -> None:
        """A file is going to be removed: its name is no obstacle to later ones."""
        above, _, name = path.rpartition("/")
        known = self._folder(above)
        if known is not None and known.kinds.get(name) == "file":
            del known.kinds[name]
            if known.spelled.get(spelling(name)) == name:
                del known.spelled[spelling(name)]

    def _room(self, folder: str) -> Room:
        if folder not in self._rooms:
            self._rooms[folder] = self._tree.room(folder)
        return self._rooms[folder]

    def _folder(self, folder: str) -> _Folder | None:
        """What is in a folder; ``None`` where it cannot be listed."""
        from registry_reconciler.files.unreadable import UnreadablePath

        if folder not in self._known:
            try:
                kinds = dict(self._tree.children(folder))
            except UnreadablePath:
                self._known[folder] = None
            else:
                self._known[folder] = _Folder(kinds, {spelling(name): name for name in kinds})
        return self._known[folder]


_WHAT = {"dir": "a folder", "link": "a folder"}


def room_on_disk(root: str, place: str, writes: bool) -> Room:
    """What the file system of a folder grants, or of a file.

    Args:
        place: a folder or file that is there, from the root.
        writes: whoever asks could write in the workspace at all; otherwise nothing is said about the place.
    """
    full = os.path.join(root, place)
    path = path_limit(full) - len(os.fsencode(os.path.join(os.path.abspath(root), "")))
    return Room(_limit(full, "PC_NAME_MAX", USUAL.name), path, not writes or not is_closed(full))


def is_closed(full: str) -> bool:
    """Whether nothing can be made in a folder, or a file cannot be replaced; not so where neither is there."""
    if os.path.isfile(full):
        # A new file takes its name, and that is made in the folder where a link leads.
        folder = os.path.dirname(os.path.realpath(full))
        return not (os.access(full, os.W_OK) and os.access(folder, os.W_OK | os.X_OK))
    return os.path.isdir(full) and not os.access(full, os.W_OK | os.X_OK)


def path_limit(full: str) -> int:
    """The most bytes of a whole path on the file system of a folder."""
    return _limit(full, "PC_PATH_MAX", USUAL.path + 1) - 1


def _limit(full: str, name: str, usual: int) -> int:
    try:
        found = os.pathconf(full, name)
    except (AttributeError, OSError, ValueError):
        return usual
    return found if found > 0 else usual
