"""One repository: a work tree, the command in it, an apply, a commit, and last of all the branch."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files import git_call
from registry_reconciler.files.git_call import GitFailure, Running
from registry_reconciler.files.git_work import Git, GitRefused
from registry_reconciler.fleet.addresses import without_credentials
from registry_reconciler.fleet.execute import record
from registry_reconciler.fleet.execute.command import (
    TRAILER,
    CommandResult,
    Order,
    fault_of_path,
    run_registry,
)
from registry_reconciler.fleet.fetching import OWN_BRANCHES
from registry_reconciler.fleet.manifest import Repository
from registry_reconciler.fleet.sources import RepositorySource, SourceFailure, resolve

CHANGED, BEFORE, UNCHANGED, BLOCKED, FAILED = "changed", "done before", "unchanged", "blocked", "failed"
OUTCOMES = (FAILED, BLOCKED, CHANGED, BEFORE, UNCHANGED)
"""What can come of a repository, worst first."""

Watch = Callable[[Running, bool], None]


class Executed(Struct, frozen=True):
    """What came of one repository.

    Attributes:
        outcome: one of :data:`OUTCOMES`.
        why: of what was blocked or failed; of the others what is worth knowing.
        branch, commit: what was committed, and on which branch; "" where nothing was.
        base: the commit that it was made from.
        where: the repository that has the branch.
        changes: how many entries the plan changed.
        files: the files of the commit.
        pushed: whether the branch was pushed.
        notes: what else is to be said.
    """

    name: str
    outcome: str
    why: str = ""
    branch: str = ""
    commit: str = ""
    base: str = ""
    where: str = ""
    changes: int = 0
    files: tuple[str, ...] = ()
    pushed: bool = False
    notes: tuple[str, ...] = ()


def executed(repository: Repository, order: Order, watch: Watch) -> Executed:
    """Do an order in a repository. It raises nothing for what is wrong with that."""
    try:
        source = resolve(repository, committed=True)
        if source.commit is None:
            raise SourceFailure("it lies in no git repository, so nothing can be committed there")
        found = _Work(repository, source, source.commit, order, watch).done()
    except RegistryFailure as failure:
        found = Executed(repository.name, FAILED, failure.message)
    except OSError as error:
        found = Executed(repository.name, FAILED, f"{error.strerror or error}: {error.filename or ''}")
    address = repository.git or repository.path
    hidden = [without_credentials(" ".join(text.split()), address) for text in (found.why, *found.notes)]
    return replace(found, why=hidden[0], notes=tuple(hidden[1:]))


class _Work:
    def __init__(
        self, repository: Repository, source: RepositorySource, base: str, order: Order, watch: Watch
    ) -> None:
        self.repository = repository
        self.source = source
        self.order = order
        self.watch = watch
        self.git = Git(Path(source.folder), bare=source.bare, watch=watch)
        self.root = source.root
        self.digest = order.digest(source.root)
        self.branch = order.branch_for(source.root)
        self.ref = f"{OWN_BRANCHES if source.bare else 'refs/heads'}/{self.branch}"
        self.start = Executed(repository.name, UNCHANGED, base=base, where=source.folder, notes=self._notes())
        self.base = base

    def done(self) -> Executed:
        """What came of it."""
        if not self.git.is_branch_name(self.branch):
            raise SourceFailure(f"git takes no branch called {self.branch!r}: name another one with --branch")
        found = self._done_before() or self._known() or self._in_worktree()
        if self.order.push and found.commit and not self.order.dry_run:
            return self._pushed(found)
        return found

    def _notes(self) -> tuple[str, ...]:
        if self.source.bare or self.repository.rev:
            return ()
        edited = self.git.look("status", "--porcelain", "--untracked-files=no", "--", self.root or ".")
        return ("what is not committed in its checkout is no part of it",) if edited else ()

    def _done_before(self) -> Executed | None:
        """What an earlier run made, where the branch says so; else the branch must not be there."""
        for ref in (self.ref, f"refs/heads/{self.branch}"):
            tip = self.git.commit_of(ref)
            if not tip:
                continue
            if f"{TRAILER}: {self.digest}" not in self.git.message_of(tip).splitlines():
                why = f"there is a branch {self.branch} already, and this command did not make it: name another one"
                return replace(self.start, outcome=BLOCKED, why=f"{why} with --branch")
            parent = self.git.parent_of(tip)
            later = f"the repository has gone on since ({self.base[:12]}); to do it anew, delete the branch"
            return replace(
                self.start,
                outcome=BEFORE,
                why="" if parent == self.base else later,
                branch=self.branch,
                commit=tip,
                base=parent,
            )
        return None

    def _known(self) -> Executed | None:
        if record.is_known(self.source.folder, self.root, self.digest, self.base):
            return replace(self.start, why="as an earlier run found")
        return None

    def _in_worktree(self) -> Executed:
        missing = "" if self.order.dry_run else self.git.who_is_missing()
        if missing:
            why = f"git does not know who commits: git config --global {missing} …"
            return replace(self.start, outcome=BLOCKED, why=why)
        with self._worktree() as place:
            folder = place / self.root if self.root else place
            self._stays(folder, place)
            answer = self._run(folder, self.order.words)
            if answer.unknown:
                return self._nothing(answer.why)
            if answer.exit not in (0, 2):
                return self._stopped(answer)
            applied = self._run(folder, ("apply", "--yes"))
            if applied.exit != 0:
                return self._stopped(applied)
            return self._committed(self.git.at(place), len(applied.data.get("changes") or ()))

    def _stays(self, folder: Path, place: Path) -> None:
        """A path of the command may lead through links that are committed: none may lead out of the work tree."""
        top = os.path.realpath(place)
        for path in self.order.paths:
            real = os.path.realpath(folder / path)
            if os.path.commonpath([top, real]) != top or fault_of_path(os.path.relpath(real, top)):
                raise SourceFailure(f"{path} leads out of the repository there, through a symbolic link")

    def _run(self, folder: Path, words: tuple[str, ...]) -> CommandResult:
        formats = () if any(word.partition("=")[0] == "--format" for word in words) else ("--format", "json")
        at = words.index("--") if "--" in words else len(words)
        typed = (*words[:at], *formats, f"--root={folder}", *words[at:])
        return run_registry(folder, typed, self.order.seconds, self.watch)

    def _stopped(self, answer: CommandResult) -> Executed:
        return replace(self.start, outcome=BLOCKED if answer.exit == 3 else FAILED, why=answer.why)

    def _nothing(self, why: str = "") -> Executed:
        record.remember(self.source.folder, self.root, self.digest, self.base)
        return replace(self.start, why=why)

    def _committed(self, git: Git, changes: int) -> Executed:
        git.ask("add", "--all", "--", self.root or ".")
        files = tuple(git.ask("diff-index", "--cached", "--name-only", "-z", "HEAD").split("\0")[:-1])
        if not files:
            return self._nothing()
        made = replace(self.start, outcome=CHANGED, branch=self.branch, changes=changes, files=files)
        if self.order.dry_run:
            return replace(made, branch="", why="it would be committed")
        try:
            git.ask("commit", "--quiet", "-m", self.order.message_for(self.root), hooks=True)
        except GitRefused as refused:
            return replace(
                self.start, outcome=BLOCKED, why=f"the commit was refused: {_last(refused.output)}"
            )
        commit = git.commit_of("HEAD")
        # The last step, and the one that counts: until now nothing of the repository leads there.
        try:
            self.git.ask("update-ref", "--create-reflog", self.ref, commit, "0" * len(commit))
        except GitRefused:
            # Two workspaces of one repository, or somebody else, at the same moment.
            return self._done_before() or replace(
                self.start, outcome=BLOCKED, why=f"git takes no branch {self.branch} there: name another one"
            )
        return replace(made, commit=commit)

    def _pushed(self, found: Executed) -> Executed:
        address = self.repository.git or (self.repository.path if self.source.bare else "")
        settings = (("remote.origin.url", address),) if address else ()
        if not address and not self.git.look("config", "--get", "remote.origin.url"):
            return replace(found, notes=(*found.notes, "not pushed: it has no remote called origin"))
        ref = self.ref if self.git.commit_of(self.ref) else f"refs/heads/{self.branch}"
        try:
            self.git.ask(
                *("push", "--quiet", "--porcelain", "origin", f"{ref}:refs/heads/{self.branch}"),
                hooks=not self.source.bare,
                settings=settings,
            )
        except GitFailure as failure:
            output = failure.output if isinstance(failure, GitRefused) else failure.message
            return replace(
                found, outcome=BLOCKED, why=f"it is committed, and the push was refused: {_last(output)}"
            )
        return replace(found, pushed=True)

    @contextlib.contextmanager
    def _worktree(self) -> Iterator[Path]:
        from registry_reconciler.base.user_dirs import cache_dir

        base = cache_dir()
        if base is None:
            raise SourceFailure("there is no folder for work trees: set XDG_CACHE_HOME or HOME")
        name = hashlib.sha256(os.fsencode(f"{self.source.folder}\0{self.digest}")).hexdigest()[:20]
        place = base / "fleet" / "work" / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(place.with_suffix(".lock")):
            self.git.add_worktree(place, self.base)
            try:
                if git_call.top_of(place) is None:
                    raise SourceFailure("no work tree came of it")
                yield place
            finally:
                # Not watched: it also goes where everything else was ended.
                Git(self.git.folder, bare=self.git.bare).remove_worktree(place)


def _last(text: str) -> str:
    """The last lines of what a program said: the reason stands there."""
    return " ".join(" ".join(text.splitlines()[-6:]).split())[-400:]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else works at it meanwhile."""
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SourceFailure(
                "another 'registry fleet exec' is at it right now: wait until it is through"
            ) from None
        yield
    finally:
        os.close(handle)
