"""Bare clones in the cache: what a remote has, and bringing it here, within limits and with retries.

The address is handed to git in its environment: neither the list of processes nor a file of the clone has it. Git runs
in a session of its own and is ended as a whole, with what it started.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from registry_reconciler.files import git_call
from registry_reconciler.files.git_call import GitFailure

SECONDS = 300.0
"""A repository that takes longer to be brought is given up."""

LOOK_SECONDS = 60.0
"""So long a remote may take to say what it has."""

MOST_BYTES = 8 << 30
"""Of one file that a fetch may write."""

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; twice that before the third."""

DAYS = 30
"""A clone that no run has asked for during so many days is removed."""

OWN_BRANCHES = "refs/registry/heads"
"""Where branches that were made here stand in a clone: no fetch brings or takes them."""

_MARK = "registry-fetched"
_FOR_GOOD = re.compile(
    r"not found|does not appear to be a git repository|does not exist|authentication failed|permission denied"
    r"|could not read (?:username|password)|host key verification failed|transport '|not allowed|dubious ownership"
    r"|no such file or directory|invalid (?:url|path)|it took more than|not our ref"
    r"|couldn't find remote ref|could not resolve host",
    re.IGNORECASE,
)
"""What no second try mends."""


class Remote(Struct, frozen=True):
    """What a remote has: the commit of its HEAD ("": none), and its branches and tags."""

    head: str
    refs: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Equal where it has the same."""
        lines = "\n".join(f"{name} {commit}" for name, commit in sorted(self.refs.items()))
        return hashlib.sha256(os.fsencode(lines)).hexdigest()


class _Running:
    """The commands that are under way, so that who is interrupted can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[git_call.Running] = set()
        self._stopped = False

    def add(self, process: git_call.Running) -> None:
        with self._lock:
            self._running.add(process)
            stopped = self._stopped
        if stopped:
            git_call.end_session(process)

    def remove(self, process: git_call.Running) -> None:
        with self._lock:
            self._running.discard(process)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            git_call.end_session(process)

    def go_on(self) -> None:
        with self._lock:
            self._stopped = False

    @property
    def stopped(self) -> bool:
        return self._stopped


_under_way = _Running()


def stop_all() -> None:
    """End every fetch that is under way, and let none begin."""
    _under_way.stop()


def may_begin() -> None:
    """Fetches may begin again, after :func:`stop_all`."""
    _under_way.go_on()


def look(folder: Path, address: str, seconds: float = SECONDS) -> Remote:
    """What a remote has. Raises :class:`GitFailure`."""
    _make(folder)
    with contextlib.suppress(OSError):
        os.utime(folder)  # what is asked for is in use: see forget_unused
    words = ["ls-remote", "--quiet", "origin", "HEAD", "refs/heads/*", "refs/tags/*"]
    answer = _tried(folder, words, address, min(seconds, LOOK_SECONDS))
    head, refs = "", {}
    for line in os.fsdecode(answer).splitlines():
        commit, _, name = line.partition("\t")
        if name == "HEAD":
            head = commit
        elif name.startswith(("refs/heads/", "refs/tags/")) and not name.endswith("^{}"):
            refs[name] = commit
    return Remote(head, refs)


def fetch(
    folder: Path,
    address: str,
    remote: Remote,
    *,
    anew: bool = False,
    only: str = "",
    seconds: float = SECONDS,
) -> bool:
    """Bring what a remote has; whether anything had to be done. Raises :class:`GitFailure`.

    Args:
        anew: also where it was brought before.
        only: a commit that no branch and no tag leads to.
    """
    from registry_reconciler.cache import store

    mark = folder / _MARK
    digest = remote.digest.encode()
    if not anew and not only and store.own_bytes(mark, 100) == digest:
        return False
    with _alone(folder, seconds):
        # Two repositories of a fleet may be folders of one: the other may have brought it meanwhile.
        if anew or only or store.own_bytes(mark, 100) != digest:
            _bring(folder, address, only, seconds)
            if not only:
                store.write(mark, digest)
    return True


def _bring(folder: Path, address: str, only: str, seconds: float) -> None:
    what = [only] if only else ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
    words = ["fetch", "--quiet", "--no-tags", *([] if only else ["--prune"]), "--no-auto-maintenance"]
    words += ["--no-write-fetch-head", "--no-recurse-submodules", "--force", "--update-head-ok"]
    _tried(folder, [*words, "origin", *what], address, seconds)


def forget_unused(clones: Path) -> None:
    """Remove clones that nobody asked for during :data:`DAYS`: their repositories left the fleet.

    One with branches that ``fleet exec`` made stays, as nobody may have pushed them.
    """
    import shutil

    oldest = time.time() - DAYS * 86_400
    with contextlib.suppress(OSError):
        for entry in os.scandir(clones):
            folder = Path(entry.path)
            if (
                not entry.is_dir(follow_symlinks=False)
                or entry.stat(follow_symlinks=False).st_mtime >= oldest
            ):
                continue
            with contextlib.suppress(OSError, GitFailure), _alone(folder, 0):
                if folder.stat().st_mtime < oldest and not _has_own_branches(folder):
                    # Under another name first: who asks for it meanwhile makes it anew, and finds no half of it.
                    gone = folder.with_name(f"{folder.name}.gone")
                    folder.rename(gone)
                    shutil.rmtree(gone, ignore_errors=True)


def _has_own_branches(folder: Path) -> bool:
    packed = folder / "packed-refs"
    own = OWN_BRANCHES.encode()
    return any((folder / OWN_BRANCHES).rglob("*")) or (packed.is_file() and own in packed.read_bytes())


@contextlib.contextmanager
def _alone(folder: Path, seconds: float) -> Iterator[None]:
    """Nobody else writes in a clone meanwhile."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until or _under_way.stopped:
                    raise GitFailure(
                        f"another run has been fetching it for more than {seconds:.0f} seconds"
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _make(folder: Path) -> None:
    """An empty bare repository, where there is none."""
    if _is_made(folder):
        return
    from registry_reconciler.cache import store

    if not folder.is_dir():
        store.write(folder / "made", b"")  # which makes the folders, for nobody but the user
    with _alone(folder, LOOK_SECONDS):
        if not _is_made(folder):
            _once(folder, ["init", "--quiet", "--bare", "--template=", str(folder)], "", LOOK_SECONDS)


def _is_made(folder: Path) -> bool:
    return all(os.path.lexists(folder / name) for name in ("HEAD", "objects", "refs"))


def _tried(folder: Path, words: Sequence[str], address: str, seconds: float) -> bytes:
    until = time.monotonic() + seconds
    for number in range(1, TRIES + 1):
        try:
            return _once(folder, words, address, max(until - time.monotonic(), 0.1))
        except GitFailure as failure:
            late = time.monotonic() + PAUSE * number > until
            if number == TRIES or late or _FOR_GOOD.search(failure.message) or _under_way.stopped:
                raise
            time.sleep(PAUSE * number)
    raise AssertionError


def _once(folder: Path, words: Sequence[str], address: str, seconds: float) -> bytes:
    settings = [("remote.origin.url", address)] if address else []
    started: list[git_call.Running] = []

    def begun(process: git_call.Running) -> None:
        started.append(process)
        _under_way.add(process)
        _limit(process.pid)

    try:
        return git_call.fetch_ask(folder, words, settings=settings, seconds=seconds, started=begun)
    finally:
        for process in started:
            _under_way.remove(process)


def _limit(pid: int) -> None:
    try:
        import resource

        prlimit = resource.prlimit  # type: ignore[attr-defined, unused-ignore]
    except (ImportError, AttributeError):
        return
    with contextlib.suppress(OSError, ValueError):
        prlimit(pid, resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
