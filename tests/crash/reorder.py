"""Power cuts: what a disk may hold when not everything that was not synced has reached it.

The calls of an apply are recorded. For every prefix of that record, states are built in which un-synced
writes and name changes are missing one by one, all together, all but one, torn, or at random; each is
recovered and has to be wholly old or wholly new. The model is stricter than any journaling file system: a
write is durable only after a sync of its file, a name only after a sync of its folder, and what is not
durable may be missing in any combination.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.apply import recover
from registry_reconciler.errors import RegistryFailure, WriteFailure
from tests.crash import scenario
from tests.crash.scenario import Snapshot

if TYPE_CHECKING:
    from tests.crash.sweep import Ground, Tally

_F_GETPATH = 50


@dataclass(frozen=True, slots=True)
class Op:
    """One change as a disk sees it: of a file (by number) or of names (paths from the root)."""

    name: str
    path: str = ""
    other: str = ""
    inode: int = 0
    data: bytes = b""

    def folders(self) -> set[str]:
        """The folders whose sync makes this change of names durable."""
        paths = {self.path, self.other} if self.name == "exchange" else {self.other or self.path}
        return {path.rpartition("/")[0] for path in paths}


NAMES = frozenset(("create", "rename", "exchange", "unlink", "mkdir", "rmdir"))


@dataclass(slots=True)
class Disk:
    """Names and contents; also says what a list of operations makes of them."""

    files: dict[str, int] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    modes: dict[int, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def copy(self) -> Disk:
        """An independent copy."""
        return Disk(dict(self.files), dict(self.contents), dict(self.modes), set(self.folders))

    def do(self, op: Op) -> None:
        """One operation; one whose names are missing has no effect."""
        if op.name == "create":
            self.files[op.path] = op.inode
            self.contents.setdefault(op.inode, b"")
        elif op.name == "write":
            self.contents[op.inode] = self.contents.get(op.inode, b"") + op.data
        elif op.name == "chmod":
            self.modes[op.inode] = int(op.other)
        elif op.name == "exchange" and op.path in self.files and op.other in self.files:
            self.files[op.path], self.files[op.other] = self.files[op.other], self.files[op.path]
        elif op.name == "rename" and op.path in self.files:
            self.files[op.other] = self.files.pop(op.path)
        elif op.name == "unlink":
            self.files.pop(op.path, None)
        elif op.name == "mkdir":
            self.folders.add(op.path)
        elif op.name == "rmdir":
            self.folders.discard(op.path)

    def reachable(self) -> tuple[list[str], dict[str, int]]:
        """The folders and files whose folders all exist."""
        folders = [one for one in sorted(self.folders) if self._stands(one)]
        return folders, {
            path: inode for path, inode in self.files.items() if self._stands(path.rpartition("/")[0])
        }

    def _stands(self, folder: str) -> bool:
        return not folder or (folder in self.folders and self._stands(folder.rpartition("/")[0]))


class Recorder:
    """A hook that writes down what the calls do, in terms of :class:`Op`."""

    def __init__(self, root: Path, disk: Disk) -> None:
        self.root = os.path.realpath(root)
        self.disk = disk.copy()
        self.log: list[Op] = []

    def __call__(self, _index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        described = self._before(name, arguments)
        result = call()
        if name == "create":
            inode = max([0, *self.disk.contents]) + 1
            described = Op("create", self._path(arguments[1], arguments[0]), inode=inode)
            self._add(described)
            self._add(Op("chmod", other=str(os.fstat(result).st_mode & 0o7777), inode=inode))
        elif name == "write":
            self._add(Op("write", inode=self._inode(arguments[0]), data=bytes(arguments[1][:result])))
        elif described is not None:
            self._add(described)
        return result

    def _before(self, name: str, arguments: tuple[Any, ...]) -> Op | None:
        if name in ("rename", "place", "exchange"):
            source, target = self._path(arguments[1], arguments[0]), self._path(arguments[3], arguments[2])
            return Op("exchange" if name == "exchange" else "rename", source, target)
        if name in ("unlink", "mkdir", "rmdir"):
            return Op(name, self._path(arguments[1], arguments[0]))
        if name == "fsync":
            path = self._path(arguments[0])
            if os.path.isdir(os.path.join(self.root, path)):
                return Op("sync folder", path)
            return Op("sync file", inode=self.disk.files[path])
        if name == "chmod" and not os.path.isdir(self._real(arguments[0])):
            return Op("chmod", other=str(arguments[1]), inode=self._inode(arguments[0]))
        return None

    def _add(self, op: Op) -> None:
        self.log.append(op)
        self.disk.do(op)

    def _inode(self, fd: int) -> int:
        return self.disk.files[self._path(fd)]

    def _path(self, fd: int, name: str = "") -> str:
        whole = os.path.relpath(os.path.join(self._real(fd), name), self.root)
        return "" if whole == "." else whole

    @staticmethod
    def _real(fd: int) -> str:
        if sys.platform == "darwin":
            import fcntl

            return os.fsdecode(fcntl.fcntl(fd, _F_GETPATH, b"\0" * 1024).rstrip(b"\0"))
        return os.readlink(f"/proc/self/fd/{fd}")


def disk_of(snapshot: Snapshot) -> Disk:
    """The disk of a tree that has been there for long."""
    disk = Disk()
    for number, (path, what) in enumerate(sorted(snapshot.items()), 1):
        if what[0] == "folder":
            disk.folders.add(path)
        elif what[0] == "file":
            _, mode, data = what
            assert isinstance(mode, int)
            assert isinstance(data, bytes)
            disk.files[path], disk.contents[number], disk.modes[number] = number, data, mode
    return disk


def undurable(log: list[Op]) -> list[int]:
    """The operations of ``log`` that a power cut after it may undo."""
    found = []
    synced_files: set[int] = set()
    synced_folders: set[str] = set()
    for index in range(len(log) - 1, -1, -1):
        op = log[index]
        if op.name == "sync file":
            synced_files.add(op.inode)
        elif op.name == "sync folder":
            synced_folders.add(op.path)
        elif op.name in NAMES:
            if not op.folders() <= synced_folders:
                found.append(index)
        elif op.inode not in synced_files:
            found.append(index)
    return found[::-1]


def states(
    start: Disk, log: list[Op], chance: random.Random, *, first: int = 0
) -> Iterator[tuple[str, int, Disk]]:
    """What may be found after a cut behind each prefix from ``first`` on: a label, the prefix, the disk."""
    for length in range(first, len(log) + 1):
        done = log[:length]
        loose = undurable(done)

        def without(missing: set[int], done: list[Op] = done, torn: int | None = None) -> Disk:
            disk = start.copy()
            for index, op in enumerate(done):
                if index == torn:
                    disk.do(Op("write", inode=op.inode, data=op.data[: len(op.data) // 2]))
                elif index not in missing:
                    disk.do(op)
            return disk

        yield "all", length, without(set())
        if not loose:
            continue
        yield "none", length, without(set(loose))
        for index in loose:
            yield f"without {index} {done[index].name}", length, without({index})
            yield f"only {index} {done[index].name}", length, without(set(loose) - {index})
            if done[index].name == "write":
                yield f"torn {index}", length, without(set(), torn=index)
        for _ in range(3):
            missing = {index for index in loose if chance.random() < 0.5}
            yield f"without {sorted(missing)}", length, without(missing)


def lay_out(disk: Disk, links: dict[str, str], root: Path) -> None:
    """Make a real tree of a disk."""
    if root.exists():
        shutil.rmtree(root)
    root.mkdir()
    folders, found = disk.reachable()
    for folder in folders:
        (root / folder).mkdir()
    for path, inode in found.items():
        with open(root / path, "wb") as stream:
            stream.write(disk.contents.get(inode, b""))
            os.fchmod(stream.fileno(), disk.modes.get(inode, 0o644))
    for path, target in links.items():
        (root / path).symlink_to(target)


def _key(disk: Disk) -> int:
    folders, found = disk.reachable()
    return hash(
        (
            tuple(folders),
            tuple(sorted((p, disk.contents.get(i, b""), disk.modes.get(i)) for p, i in found.items())),
        )
    )


@dataclass(frozen=True, slots=True)
class Cut:
    """A recorded run: after ``done_at`` operations the outcome was reported, and only ``outcome`` will do."""

    mode: str
    log: list[Op]
    done_at: int
    outcome: Snapshot
    first: int = 0


def sweep_log(ground: Ground, tally: Tally, cut: Cut, every: int) -> None:
    """Recover every state that a power cut may leave."""
    log, done_at = cut.log, cut.done_at
    seen: set[tuple[int, bool]] = set()
    start = disk_of(ground.old)
    root = ground.home / "cut"
    point = 0
    for label, length, disk in states(start, log, random.Random(1), first=cut.first):
        key = (_key(disk), length >= done_at)
        if key in seen:
            continue
        seen.add(key)
        point += 1
        if point % every:
            continue
        lay_out(disk, scenario.LINKS, root)
        recover(root)
        found = scenario.snapshot(root)
        wanted = [cut.outcome] if length >= done_at else [ground.old, ground.new]
        problem = None if found in wanted else f"after {length} of {len(log)} operations, {label}"
        if problem is None and recover(root).direction != "nothing":
            problem = f"the second recovery did something: {label}"
        tally.count(cut.mode, problem)


def record(ground: Ground, root: Path, action: Callable[[], object], disk: Disk) -> list[Op]:
    """What ``action`` does to the tree at ``root``, whose state now is ``disk``."""
    recorder = Recorder(root, disk)
    with ground.always_checked(recorder):
        action()
    return recorder.log


def sweep(tally: Tally, every: int) -> None:
    """Power cuts during the apply, and during the recovery of an apply that was killed at each call."""
    from tests.crash.sweep import Ground

    with Ground() as ground:
        for cut in _cuts(ground, every):
            sweep_log(ground, tally, cut, every if cut.mode == "power cut" else max(2, every))


def _cuts(ground: Ground, every: int) -> Iterator[Cut]:
    root = ground.fresh()
    log = record(ground, root, lambda: scenario.apply(root), disk_of(ground.old))
    yield Cut("power cut", log, _closed(log, "COMMIT"), ground.new)

    log = record_refused(ground, ground.fresh())
    yield Cut("power cut in going back", log, _closed(log, "ABORT"), ground.old)
    for number in range(ground.calls.index("rename"), len(ground.calls), max(4, every)):
        log = record_failing(ground, ground.fresh(), number)
        yield Cut("power cut after an error", log, len(log) + 1, ground.old)

    for number in range(0, len(ground.calls), max(4, every)):
        crashed = ground.fresh()
        before = record_until(ground, crashed, number)
        disk = disk_of(ground.old)
        for op in before:
            disk.do(op)
        whole = before + record(ground, crashed, lambda crashed=crashed: recover(crashed), disk)  # type: ignore[misc]
        yield Cut("power cut in recovery", whole, len(whole) + 1, ground.new, first=len(before))


def record_refused(ground: Ground, root: Path) -> list[Op]:
    """What an apply does to ``root`` that is taken back because its verification fails."""
    return record(ground, root, lambda: _refused(lambda: scenario.apply(root, _refuse)), disk_of(ground.old))


def _closed(log: list[Op], name: str) -> int:
    """How many operations it took until the removal of the record was durable."""
    return next(at for at, op in enumerate(log) if op.name == "unlink" and op.path.endswith("/" + name)) + 2


def _refuse() -> None:
    raise WriteFailure("the plan is not empty")


def _refused(action: Callable[[], object]) -> None:
    with contextlib.suppress(RegistryFailure):
        action()


def record_failing(ground: Ground, root: Path, number: int) -> list[Op]:
    """What an apply does to ``root`` whose call ``number`` is refused."""
    recorder = Recorder(root, disk_of(ground.old))

    def hook(index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if index == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return recorder(index, name, arguments, call)

    with ground.always_checked(hook):
        _refused(lambda: scenario.apply(root))
    return recorder.log


def record_until(ground: Ground, root: Path, number: int) -> list[Op]:
    """What an apply does to ``root`` before it is killed at call ``number``."""
    recorder = Recorder(root, disk_of(ground.old))
    dead = False

    def hook(index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        nonlocal dead
        dead = dead or index >= number
        if dead:
            raise OSError(errno.EIO, "killed")
        return recorder(index, name, arguments, call)

    with ground.always_checked(hook):
        _refused(lambda: scenario.apply(root))
    return recorder.log
