"""Git as the product sees it: the files of a revision as a :class:`~registry_reconciler.files.tree.Tree`, the merge
base, and who wrote a line. Only reads, and only through :mod:`registry_reconciler.files.git_call`.

Revisions are resolved to commit ids once, so that what is read does not move while it is read. No filter and
no hook of the repository is run: the tree is that of the blobs, byte for byte.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from registry_reconciler.errors import UsageFailure
from registry_reconciler.files import git_call as gitcall
from registry_reconciler.files.git_call import GitFailure
from registry_reconciler.files.names import USUAL, Room
from registry_reconciler.files.unreadable import MAX_BYTES, UnreadablePath

_LINKS_FOLLOWED = 40
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_BRANCH = re.compile(r"(?![0-9a-f]{7,64}$)[\w./-]+")
_DEEPEN = 100
"""Commits that a message for a shallow clone asks for beyond those that are there."""


class ShallowClone(GitFailure):
    """The history that is needed was not fetched."""

    code = "shallow_clone"


class PartialClone(GitFailure):
    """Files of a revision that is needed were not fetched."""

    code = "partial_clone"


def is_repository(folder: Path) -> bool:
    """Whether the folder lies in a git work tree."""
    return gitcall.ask(folder, ["rev-parse", "--is-inside-work-tree"], check=False) == b"true\n"


def commit_of(folder: Path, revision: str) -> str:
    """The commit id that a revision means.

    Raises:
        UsageFailure: there is no such revision.
        ShallowClone: there may be one, and it was not fetched.
        GitFailure: this is no git repository.
    """
    # What git says of a repository that it does not trust is for the user to read.
    if gitcall.ask(folder, ["rev-parse", "--is-inside-work-tree"]) != b"true\n":
        raise GitFailure(f"{folder} lies in no git work tree, and this needs one")
    if not revision.strip() or revision.startswith("-"):
        raise UsageFailure(
            f"{revision!r} is no revision: name a branch, a tag or a commit, such as main or HEAD~1"
        )
    answer = gitcall.ask(folder, ["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], check=False)
    found = (answer or b"").decode().strip()
    if _COMMIT.fullmatch(found):
        return found
    if is_shallow(folder):
        raise _shallow(folder, f"there is no revision {revision!r} here", revision)
    raise UsageFailure(
        f"git knows no revision {revision!r}. A branch of the remote is origin/NAME, once it was fetched"
    )


def merge_base(folder: Path, revision: str, onto: str = "HEAD") -> str:
    """The commit where ``HEAD`` (or another revision, ``onto``) and a revision parted.

    Raises:
        ShallowClone: the history was not fetched that far.
        GitFailure: they have no common history.
        UsageFailure: there is no such revision.
    """
    other, head = commit_of(folder, revision), commit_of(folder, onto)
    answer = gitcall.ask(folder, ["merge-base", other, head], check=False)
    if answer:
        return answer.decode().split()[0]
    if is_shallow(folder):
        raise _shallow(folder, f"the commit where this branch left {revision} was not fetched", revision)
    raise GitFailure(
        f"{revision} and {onto} have no common history; to compare them as they are: registry diff"
    )


def is_shallow(folder: Path) -> bool:
    """Whether older commits were not fetched."""
    return gitcall.ask(folder, ["rev-parse", "--is-shallow-repository"], check=False) == b"true\n"


def is_partial(folder: Path) -> bool:
    """Whether files of commits that are there were not fetched, until somebody asks for them."""
    words = ["config", "--get-regexp", r"^remote\..*\.promisor$"]
    return bool(gitcall.ask(folder, words, check=False))


def _partial(commit: str, what: str) -> PartialClone:
    # To compare fetches all that the two do not share in one go; nothing else that only reads does.
    return PartialClone(
        f"{what} of {commit[:12]} could not be read: this clone is partial. "
        f"Fetch them: git diff --stat {commit[:12]} HEAD",
        next=(("git", "diff", "--stat", commit[:12], "HEAD"),),
    )


def _shallow(folder: Path, what: str, revision: str) -> ShallowClone:
    counted = gitcall.ask(folder, ["rev-list", "--count", "HEAD"], check=False) or b"1"
    depth = int(counted) if counted.strip().isdigit() else 1
    wanted = depth + _DEEPEN
    branch = revision.removeprefix("origin/")
    # What is fetched has to be a name that the other side knows: main~2 and commit ids are none.
    names = (branch, "HEAD") if _BRANCH.fullmatch(branch) and branch != "HEAD" else ("HEAD",)
    command = ("git", "fetch", f"--depth={wanted}", "origin", *names)
    return ShallowClone(
        f"{what}: this clone is shallow, {depth} deep. Fetch {wanted} commits ({' '.join(command)}), "
        "or all of them (git fetch --unshallow; in a workflow: fetch-depth: 0)",
        next=(command, ("git", "fetch", "--unshallow")),
    )


class _Entry(Struct, frozen=True):
    """A path of a revision: git's mode and the id of its blob."""

    mode: str
    blob: str


class RevisionTree:
    """The files of a commit below a folder of the work tree, as they were committed.

    Args:
        root: a folder of the commit, instead of that of the work tree; what lies outside of it is not there.
        bare: the folder is a bare repository, which the caller knows to be one.
    """

    def __init__(self, folder: Path, commit: str, *, root: str = "", bare: bool = False) -> None:
        self.folder = folder
        self.commit = commit
        self.bare = bare
        self._entries = _list_tree(folder, f"{commit}:{root}" if root else commit, bare=bare)
        self._folders = _folders(self._entries)
        self._process: gitcall.Running | None = None
        self._missing: set[str] = set()

    def refuse_missing(self) -> None:
        """Raise where git had not got the content of something that was read: nothing can be judged without.

        Raises:
            PartialClone: it was not fetched.
            GitFailure: it is not there.
        """
        if not self._missing:
            return
        what = "files" if len(self._missing) > 1 else "a file"
        if is_partial(self.folder):
            raise _partial(self.commit, what)
        raise GitFailure(f"git has not got the content of {what} of {self.commit[:12]}")

    def read(self, path: str) -> bytes | None:
        """See :class:`~registry_reconciler.files.tree.Tree`."""
        real = self._follow(path)
        if real is None:
            raise UnreadablePath("it is a symbolic link that leads out of the workspace or nowhere")
        entry = self._entries.get(real)
        if entry is None:
            if real in self._folders:
                raise UnreadablePath("it is a directory, and a file is expected")
            return None
        if entry.mode == "160000":
            raise UnreadablePath("it is a directory, and a file is expected")
        return self._blob(entry.blob)

    def kind(self, path: str) -> str:
        """See :class:`~registry_reconciler.files.tree.Tree`."""
        real = self._follow(path)
        if real is None:
            return "outside"
        entry = self._entries.get(real)
        if entry is not None:
            return "dir" if entry.mode == "160000" else "file"
        return "dir" if real in self._folders else "absent"

    def executable(self, path: str) -> bool:
        """See :class:`~registry_reconciler.files.tree.Tree`."""
        real = self._follow(path)
        entry = self._entries.get(real) if real is not None else None
        return entry is not None and entry.mode == "100755"

    def children(self, folder: str) -> tuple[tuple[str, str], ...]:
        """See :class:`~registry_reconciler.files.tree.Tree`."""
        real = self._follow(folder) if folder else ""
        names = self._folders.get(real, ()) if real is not None else ()
        inside = real or ""
        return tuple(
            (name, self._child_kind(f"{inside}/{name}" if inside else name)) for name in sorted(names)
        )

    def room(self, folder: str) -> Room:  # noqa: ARG002  # as every tree has it
        """See :class:`~registry_reconciler.files.tree.Tree`. A commit is on no disk."""
        return USUAL

    def _child_kind(self, path: str) -> str:
        """The kind of what stands in a folder, whose own path has no link in it."""
        kind = self.kind(path)
        entry = self._entries.get(path)
        if kind != "dir" or entry is None or entry.mode != "120000":
            return kind
        target = self._follow(path) or ""
        return "other" if not target or path.startswith(target + "/") else "link"

    def close(self) -> None:
        """End the git process that answers."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            self._process.wait()
            self._process = None

    def _follow(self, path: str) -> str | None:
        """The path with every link in it resolved; ``None`` where one leaves the root or goes in circles."""
        done: list[str] = []
        waiting = path.split("/")[::-1]
        links = 0
        while waiting:
            step = waiting.pop()
            if step in ("", "."):
                continue
            if step == "..":
                if not done:
                    return None
                done.pop()
                continue
            here = "/".join([*done, step])
            entry = self._entries.get(here)
            if entry is None or entry.mode != "120000":
                done.append(step)
                continue
            links += 1
            target = self._blob(entry.blob).decode("utf-8", "replace")
            if links > _LINKS_FOLLOWED or posixpath.isabs(target):
                return None
            waiting.extend(target.split("/")[::-1])
        return "/".join(done)

    def _blob(self, blob: str) -> bytes:
        if self._process is None:
            self._process = gitcall.start(self.folder, ["cat-file", "--batch"], asked=True, bare=self.bare)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(blob.encode() + b"\n")
            self._process.stdin.flush()
        head = self._process.stdout.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            # A damaged object store; or a partial clone, of which git may not fetch more, and ends.
            self._missing.add(blob)
            if not head:
                self.close()
            raise UnreadablePath(f"git has not got its content ({blob[:12]})")
        size = int(head[2])
        if size > MAX_BYTES:
            self._process.kill()
            self.close()
            raise UnreadablePath(f"it has {size:,} bytes; at most {MAX_BYTES:,} are read")
        data = self._process.stdout.read(size)
        self._process.stdout.read(1)
        return data


def _list_tree(folder: Path, commit: str, *, bare: bool = False) -> dict[str, _Entry]:
    try:
        listed = gitcall.ask(folder, ["ls-tree", "-r", "-z", commit], bare=bare) or b""
    except GitFailure:
        if not bare and is_partial(folder):
            raise _partial(commit.partition(":")[0], "folders") from None
        raise
    found: dict[str, _Entry] = {}
    for row in listed.split(b"\0"):
        if row:
            meta, _, name = row.partition(b"\t")
            mode, _kind, blob = meta.decode().split()
            found[os.fsdecode(name)] = _Entry(mode, blob)
    return found


def _folders(paths: Iterable[str]) -> dict[str, set[str]]:
    """For each folder the names in it; the root is ""."""
    found: dict[str, set[str]] = {"": set()}
    for path in paths:
        while path:
            folder, _, name = path.rpartition("/")
            names = found.setdefault(folder, set())
            if name in names:
                break
            names.add(name)
            path = folder
    return found


class Blame(Struct, frozen=True):
    """Who wrote a line last. ``commit`` is "" for a line that is not committed yet."""

    commit: str
    author: str
    date: str
    line: int


_HEADER = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?")


def blame(folder: Path, path: str, lines: Iterable[int]) -> dict[int, Blame]:
    """Who wrote lines of a file of the work tree; nothing where git does not know the file."""
    wanted = sorted(set(lines))
    if not wanted:
        return {}
    ranges = [word for line in wanted for word in ("-L", f"{line},{line}")]
    words = ["blame", "--no-textconv", "--line-porcelain", *ranges, "--", path]
    answer = gitcall.ask(folder, words, check=False, settings=_without_filters(folder))
    return {blame.line: blame for blame in _parse_blame((answer or b"").decode("utf-8", "replace"))}


def _without_filters(folder: Path) -> list[tuple[str, str]]:
    """Settings that empty every filter: an attribute of the work tree picks one, and git would run its command."""
    pattern = r"^filter\..*\.(clean|process|required)$"
    listed = gitcall.ask(folder, ["config", "--name-only", "-z", "--get-regexp", pattern], check=False)
    names = sorted({name for name in os.fsdecode(listed or b"").split("\0") if name})
    return [(name, "false" if name.endswith(".required") else "") for name in names]


def _parse_blame(text: str) -> Iterable[Blame]:
    commit, line = "", 0
    index_keys: dict[str, str] = {}
    for row in text.split("\n"):
        if row.startswith("\t"):
            committed = commit.strip("0") != ""
            author = index_keys.get("author", "") if committed else ""
            date = _date(index_keys) if committed else ""
            yield Blame(commit if committed else "", author, date, line)
            index_keys = {}
        elif head := _HEADER.fullmatch(row):
            commit, line = head.group(1), int(head.group(2))
        else:
            name, _, value = row.partition(" ")
            index_keys.setdefault(name, value)


def _date(index_keys: Mapping[str, str]) -> str:
    from datetime import UTC, datetime

    seconds = index_keys.get("author-time", "")
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d") if seconds.isdigit() else ""
