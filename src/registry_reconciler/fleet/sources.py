"""What of a repository is looked at: a folder as it lies there, or a commit, of which nothing is checked out.

What is fetched is kept as a bare clone in the user's cache, by the digest of its address. One short call asks the
remote what it has; where that is what was fetched last, nothing more is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files import git_call
from registry_reconciler.files.git import RevisionTree
from registry_reconciler.files.git_call import GitFailure
from registry_reconciler.files.git_files import irregular_file
from registry_reconciler.files.tree import DiskTree, Tree
from registry_reconciler.fleet.fetching import SECONDS, Remote, fetch, look
from registry_reconciler.fleet.manifest import Repository

_LOCAL_SECONDS = 30.0
"""So long git may take for a question to a repository of this machine: a reference may be a pipe, too."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class SourceFailure(RegistryFailure):
    """A repository cannot be looked at: it is not there, cannot be fetched, or has no such revision or folder."""

    code = "source"


class RepositorySource(Struct, frozen=True):
    """What is looked at.

    Attributes:
        folder: the folder as it lies there, or the repository that the commit is in.
        commit: ``None``: the folder as it lies there.
        root: the folder of the workspace inside of the commit.
        bare: ``folder`` is a bare repository.
        content: the id of the tree at ``root``: equal for what has equal files. "" where there is no commit.
        head: the remote's HEAD; of a folder as it lies there, the commit that is checked out.
    """

    name: str
    folder: str
    commit: str | None = None
    root: str = ""
    bare: bool = False
    content: str = ""
    head: str | None = None

    def describe(self) -> dict[str, Any]:
        """Plain data, from which :func:`opened` makes it again, also in another process."""
        return {field: getattr(self, field) for field in self.__struct_fields__}

    @contextlib.contextmanager
    def open_tree(self) -> Iterator[Tree]:
        """Its files."""
        if self.commit is None:
            yield DiskTree(Path(self.folder))
            return
        tree = RevisionTree(Path(self.folder), self.commit, root=self.root, bare=self.bare)
        try:
            yield tree
        finally:
            tree.close()


def opened(description: dict[str, Any]) -> RepositorySource:
    """The source of a description."""
    return RepositorySource(**description)


def clones(cache: Path | None = None) -> Path:
    """Where bare clones are kept. Raises :class:`SourceFailure` where the user has no such place."""
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache or cache_dir()
    if base is None:
        raise SourceFailure("there is no folder for clones: set XDG_CACHE_HOME or HOME")
    return base / "fleet" / "git"


def resolve(
    repository: Repository,
    cache: Path | None = None,
    *,
    committed: bool = False,
    seconds: float = SECONDS,
) -> RepositorySource:
    """Find out what of a repository is looked at, and bring it here.

    Args:
        cache: the folder of caches; the user's own by default.
        committed: of a folder too, look at what is committed there.
        seconds: so long it may take to be fetched.

    Raises:
        SourceFailure: it cannot be looked at.
    """
    try:
        if repository.git:
            return _fetched(repository, cache, seconds)
        return _folder(repository, cache, seconds, committed=committed)
    except GitFailure as failure:
        raise SourceFailure(_first_message(failure.message, repository)) from failure
    except OSError as error:
        raise SourceFailure(f"{error.strerror or error}: {visible(error.filename or '')}") from error


def _first_message(message: str, repository: Repository) -> str:
    from registry_reconciler.fleet.addresses import without_credentials

    # Git says what it could not do, and then at length what the reason may be. Its hints are about its own options.
    lines = [line for line in message.splitlines() if not line.startswith("hint:")]
    words = re.sub(r"\bhint: .*?(?=(?:hint|fatal|error|warning): |$)", "", " ".join(" ".join(lines).split()))
    first = re.split(r"\s+fatal: Could not read from remote repository", words)[0]
    return without_credentials(first.strip(), repository.git)


def _fetched(repository: Repository, cache: Path | None, seconds: float) -> RepositorySource:
    folder = clones(cache) / hashlib.sha256(os.fsencode(repository.git)).hexdigest()[:32]
    fault = irregular_file(repository.git) if os.path.isabs(repository.git) else ""
    if fault:
        raise SourceFailure(fault)
    remote = look(folder, repository.git, seconds)
    names = list(_names(repository, remote))
    if not fetch(folder, repository.git, remote, seconds=seconds):
        found = known(folder, names, repository.root, bare=True)
        if found is not None and found[1]:
            return _at(repository, folder, found, repository.root, bare=True, head=remote.head)
        # The clone is damaged, or somebody else has cleared it: from the beginning, once.
        fetch(folder, repository.git, remote, anew=True, seconds=seconds)
    found = known(folder, names, repository.root, bare=True)
    if found is None and _COMMIT.fullmatch(repository.rev):
        try:
            fetch(folder, repository.git, remote, only=repository.rev, seconds=seconds)
        except GitFailure as failure:
            if not re.search(r"not our ref|no such remote ref|couldn't find remote ref", failure.message):
                raise
        found = known(folder, names, repository.root, bare=True)
    if found is None:
        raise SourceFailure(_no_revision(repository, remote))
    return _at(repository, folder, found, repository.root, bare=True, head=remote.head)


def _no_revision(repository: Repository, remote: Remote) -> str:
    from registry_reconciler.base.suggest import did_you_mean

    if not remote.refs:
        return "the repository is empty: it has no commit"
    if not repository.rev:
        return "the remote's HEAD leads to no branch: say which one, with 'rev'"
    names = [name.split("/", 2)[2] for name in remote.refs if name.count("/") >= 2]
    return f"there is no revision {repository.rev!r}.{did_you_mean(repository.rev, names)}"


def _names(repository: Repository, remote: Remote) -> Iterator[str]:
    """What the revision may mean, as git is asked: a branch before a tag before anything else that git understands."""
    rev = repository.rev or "HEAD"
    if rev == "HEAD" or rev[:5] in ("HEAD~", "HEAD^"):
        if remote.head:
            yield remote.head + rev[4:]
        return
    if not _COMMIT.fullmatch(rev):
        yield from (
            remote.refs[name] for name in (f"refs/heads/{rev}", f"refs/tags/{rev}") if name in remote.refs
        )
    yield rev


def _why_unknown(top: Path, rev: str) -> str:
    """Why a revision leads to no commit: nobody knows it, or what it names cannot be read."""
    named = git_call.ask(
        top,
        ["rev-parse", "--verify", "--quiet", "--end-of-options", rev],
        check=False,
        seconds=_LOCAL_SECONDS,
    )
    if not named:
        return f"git knows no revision {rev!r} there"
    try:
        git_call.ask(
            top, ["cat-file", "-e", named.decode("utf-8", "replace").strip()], seconds=_LOCAL_SECONDS
        )
    except GitFailure as failure:
        why = re.sub("^git cat-file: ", "", " ".join(failure.message.split()))
        return f"git cannot read {rev!r} there, the repository may be damaged: {why}"
    return f"{rev!r} is no commit there"


def known(folder: Path, names: Sequence[str], root: str, *, bare: bool) -> tuple[str, str] | None:
    """The commit that the first known name means, and the id of its tree at ``root`` ("": there is none).

    Raises:
        GitFailure: git could not be asked. A bare clone, which is ours, is made anew then, so of one there is none.
    """
    if not names:
        return None
    asked = "".join(f"{name}^{{commit}}\n{name}^{{commit}}:{root}\n" for name in names)
    if asked.count("\n") != 2 * len(names):
        return None
    words = ["cat-file", "--batch-check=%(objectname) %(objecttype)"]
    answer = git_call.ask(
        folder, words, given=os.fsencode(asked), check=not bare, bare=bare, seconds=_LOCAL_SECONDS
    )
    lines = (answer or b"").decode("utf-8", "replace").splitlines()
    for commit, tree in zip(lines[::2], lines[1::2], strict=False):
        if commit.endswith(" commit") and _COMMIT.fullmatch(commit[:-7]):
            return commit[:-7], tree[:-5] if tree.endswith(" tree") else ""
    return None


def _at(
    repository: Repository,
    folder: Path,
    found: tuple[str, str],
    root: str,
    *,
    bare: bool,
    head: str | None = None,
) -> RepositorySource:
    commit, content = found
    if not content:
        inside = _submodule(folder, commit, root, bare=bare) if root else ""
        if inside:
            why = "is a submodule: name its own repository"
            raise SourceFailure(f"{visible(inside)!r} {why} (commit {commit[:12]})")
        where = f"there is no folder {root!r}" if root else "its files are not there"
        raise SourceFailure(f"{where} at commit {commit[:12]}")
    return RepositorySource(repository.name, str(folder), commit, root, bare, content, head or None)


def _submodule(folder: Path, commit: str, root: str, *, bare: bool) -> str:
    """The submodule that a folder is, or lies in; "" where it is in none."""
    parts = root.split("/")
    ways = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    words = ["ls-tree", "-z", commit, "--", *ways]
    answer = git_call.ask(folder, words, check=not bare, bare=bare, seconds=_LOCAL_SECONDS)
    for line in (answer or b"").split(b"\0"):
        if line.startswith(b"160000 "):
            return os.fsdecode(line.partition(b"\t")[2])
    return ""


def _folder(
    repository: Repository, cache: Path | None, seconds: float, *, committed: bool
) -> RepositorySource:
    path = Path(repository.path)
    if not path.is_dir():
        is_file = os.path.lexists(path)
        raise SourceFailure(
            f"{visible(str(path))} is no folder" if is_file else f"there is no folder {visible(str(path))}"
        )
    if not os.path.lexists(path / ".git") and all(
        os.path.lexists(path / name) for name in ("HEAD", "objects", "refs")
    ):
        # A bare repository is looked at as any other one that is fetched: its own configuration counts for nothing.
        from msgspec.structs import replace

        return _fetched(replace(repository, git=repository.path, path=""), cache, seconds)
    folder = path / repository.root if repository.root else path
    top = git_call.top_of(path)
    rev = repository.rev or ("HEAD" if committed and top is not None else "")
    if rev:
        if top is None:
            raise SourceFailure(
                f"{visible(str(path))} lies in no git repository, so it has no revision {rev!r}"
            )
        inside = Path(os.path.realpath(path)).relative_to(top).as_posix()
        root = "/".join(part for part in (inside, repository.root) if part not in ("", "."))
        found = known(top, [rev], root, bare=False)
        if found is None:
            raise SourceFailure(_why_unknown(top, rev))
        return _at(repository, top, found, root, bare=False)
    if not folder.is_dir():
        raise SourceFailure(f"there is no folder {repository.root!r} in {visible(str(path))}")
    at = None
    with contextlib.suppress(GitFailure):  # what lies there is looked at, whatever git makes of it
        at = known(path, ["HEAD"], "", bare=False) if top is not None else None
    return RepositorySource(repository.name, str(folder), head=at[0] if at else None)
