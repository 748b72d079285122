"""What of a repository is looked at: a folder as it lies there, or a commit, of which nothing is checked out.

What is fetched is kept as a bare clone in the user's cache, by the digest of its address. One short call asks the
remote what it has; where that is what was fetched last, nothing more is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from registry_reconciler.base.escape import visible
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files import git_call
from registry_reconciler.files.git import RevisionTree
from registry_reconciler.files.git_call import GitFailure
from registry_reconciler.files.tree import DiskTree, Tree
from registry_reconciler.fleet.fetching import Remote, fetch, look
from registry_reconciler.fleet.manifest import Repository

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class SourceFailure(RegistryFailure):
    """A repository cannot be looked at: it is not there, cannot be fetched, or has no such revision or folder."""

    code = "source"


class Source(Struct, frozen=True):
    """What is looked at.

    Attributes:
        folder: the folder as it lies there, or the repository that the commit is in.
        commit: ``None``: the folder as it lies there.
        root: the folder of the workspace inside of the commit.
        bare: ``folder`` is a bare repository.
        content: the id of the tree at ``root``: equal for what has equal files. "" where there is no commit.
        head: of a folder as it lies there, the commit that is checked out.
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


def opened(description: dict[str, Any]) -> Source:
    """The source of a description."""
    return Source(**description)


def clones(cache: Path | None = None) -> Path:
    """Where bare clones are kept. Raises :class:`SourceFailure` where the user has no such place."""
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache or cache_dir()
    if base is None:
        raise SourceFailure("there is no folder for clones: set XDG_CACHE_HOME or HOME")
    return base / "fleet" / "git"


def resolve(repository: Repository, cache: Path | None = None, *, committed: bool = False) -> Source:
    """Find out what of a repository is looked at, and bring it here.

    Args:
        cache: the folder of caches; the user's own by default.
        committed: of a folder too, look at what is committed there.

    Raises:
        SourceFailure: it cannot be looked at.
    """
    try:
        if repository.git:
            return _fetched(repository, cache)
        return _folder(repository, cache, committed=committed)
    except GitFailure as failure:
        raise SourceFailure(_said(failure.message, repository)) from failure
    except OSError as error:
        raise SourceFailure(f"{error.strerror or error}: {visible(error.filename or '')}") from error


def _said(message: str, repository: Repository) -> str:
    from registry_reconciler.fleet.addresses import without_credentials

    return without_credentials(" ".join(message.split()), repository.git)


def _fetched(repository: Repository, cache: Path | None) -> Source:
    folder = clones(cache) / hashlib.sha256(os.fsencode(repository.git)).hexdigest()[:32]
    remote = look(folder, repository.git)
    if not fetch(folder, repository.git, remote):
        commit = _commit(folder, repository, remote)
        if commit is not None:
            with contextlib.suppress(GitFailure, SourceFailure):
                return _at(repository, folder, commit, bare=True)
        # The clone is damaged, or somebody else has cleared it: from the beginning, once.
        fetch(folder, repository.git, remote, anew=True)
    commit = _commit(folder, repository, remote)
    if commit is None and _COMMIT.fullmatch(repository.rev):
        fetch(folder, repository.git, remote, only=repository.rev)
        commit = _commit(folder, repository, remote)
    if commit is None:
        raise SourceFailure(_no_revision(repository, remote))
    return _at(repository, folder, commit, bare=True)


def _no_revision(repository: Repository, remote: Remote) -> str:
    from registry_reconciler.base.suggest import did_you_mean

    if not remote.refs:
        return "the repository is empty: it has no commit"
    if not repository.rev:
        return "the remote's HEAD leads to no branch: say which one, with 'rev'"
    names = [name.split("/", 2)[2] for name in remote.refs if name.count("/") >= 2]
    return f"there is no revision {repository.rev!r}.{did_you_mean(repository.rev, names)}"


def _commit(folder: Path, repository: Repository, remote: Remote) -> str | None:
    """The commit that is meant: a branch before a tag before anything else that git understands."""
    rev = repository.rev or "HEAD"
    if rev == "HEAD" or rev[:5] in ("HEAD~", "HEAD^"):
        return _parsed(folder, remote.head + rev[4:], bare=True) if remote.head else None
    if _COMMIT.fullmatch(rev):
        return _parsed(folder, rev, bare=True)
    for name in (f"refs/heads/{rev}", f"refs/tags/{rev}", rev):
        found = _parsed(folder, name, bare=True)
        if found is not None:
            return found
    return None


def _parsed(folder: Path, name: str, *, bare: bool) -> str | None:
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
    said = git_call.ask(folder, words, check=False, bare=bare)
    found = (said or b"").decode().strip()
    return found if _COMMIT.fullmatch(found) else None


def _at(repository: Repository, folder: Path, commit: str, *, bare: bool, root: str | None = None) -> Source:
    root = repository.root if root is None else root
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}:{root}"]
    content = (git_call.ask(folder, words, check=False, bare=bare) or b"").decode().strip()
    kind = b"" if not content else git_call.ask(folder, ["cat-file", "-t", content], check=False, bare=bare)
    if kind != b"tree\n":
        where = f"there is no folder {root!r}" if root else "its files are not there"
        raise SourceFailure(f"{where} at commit {commit[:12]}")
    return Source(repository.name, str(folder), commit, root, bare, content)


def _folder(repository: Repository, cache: Path | None, *, committed: bool) -> Source:
    path = Path(repository.path)
    if not path.is_dir():
        raise SourceFailure(f"there is no folder {visible(str(path))}")
    if not os.path.lexists(path / ".git") and all(
        os.path.lexists(path / name) for name in ("HEAD", "objects", "refs")
    ):
        # A bare repository is looked at as any other one that is fetched: its own configuration counts for nothing.
        from msgspec.structs import replace

        return _fetched(replace(repository, git=repository.path, path=""), cache)
    folder = path / repository.root if repository.root else path
    top = git_call.top_of(path)
    rev = repository.rev or ("HEAD" if committed and top is not None else "")
    if rev:
        if top is None:
            raise SourceFailure(
                f"{visible(str(path))} lies in no git repository, so it has no revision {rev!r}"
            )
        commit = _parsed(path, rev, bare=False)
        if commit is None:
            raise SourceFailure(f"git knows no revision {rev!r} there")
        inside = Path(os.path.realpath(path)).relative_to(top).as_posix()
        root = "/".join(part for part in (inside, repository.root) if part not in ("", "."))
        return _committed(repository, path, commit, root)
    if not folder.is_dir():
        raise SourceFailure(f"there is no folder {repository.root!r} in {visible(str(path))}")
    head = _parsed(path, "HEAD", bare=False) if top is not None else None
    return Source(repository.name, str(folder), head=head)


def _committed(repository: Repository, path: Path, commit: str, root: str) -> Source:
    top = git_call.top_of(path)
    return _at(repository, top or path, commit, bare=False, root=root)
