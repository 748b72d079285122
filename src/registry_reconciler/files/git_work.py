"""Commits that the user asked for: in a work tree beside the repository, which leaves the user's own checkout alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from registry_reconciler.files import git_call
from registry_reconciler.files.git_call import GitFailure, Running

SECONDS = 600.0
"""So long may a command take: a hook may run the tests of a repository."""

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class GitRefused(GitFailure):
    """Git, a hook or a host did not take it; ``output`` is what they said."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


def _unwatched(_process: Running, _runs: bool) -> None:
    """Nobody looks."""


class Git(Struct, frozen=True):
    """The git of one repository.

    Attributes:
        folder: the bare repository, or a folder in the work tree.
        watch: told each process when it starts and when it is through, so that who is interrupted can end it.
    """

    folder: Path
    bare: bool = False
    watch: Callable[[Running, bool], None] = _unwatched

    def at(self, folder: Path) -> Git:
        """The same in a work tree."""
        return Git(folder, watch=self.watch)

    def ask(
        self,
        *words: str,
        hooks: bool = False,
        settings: Sequence[tuple[str, str]] = (),
        seconds: float = SECONDS,
    ) -> str:
        """What a command prints. Raises :class:`GitRefused`, :class:`GitFailure`."""
        process = git_call.work_start(self.folder, words, hooks=hooks, settings=settings, bare=self.bare)
        self.watch(process, True)
        try:
            output, errors = git_call.said_by(process, words[0], seconds)
        finally:
            self.watch(process, False)
        if process.returncode == 0:
            return output.decode("utf-8", "surrogateescape")
        text = "\n".join(part.decode("utf-8", "replace").strip() for part in (output, errors)).strip()
        raise GitRefused(f"git {words[0]}: {text or f'exit {process.returncode}'}", text)

    def look(self, *words: str) -> str:
        """What a command prints, in one line; "" where it fails."""
        with contextlib.suppress(GitFailure):
            return self.ask(*words).strip()
        return ""

    def commit_of(self, ref: str) -> str:
        """The commit that a reference leads to; "" where there is none."""
        found = self.look("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return found if _COMMIT.fullmatch(found) else ""

    def message_of(self, commit: str) -> str:
        """The message of a commit."""
        return self.look("log", "-1", "--format=%B", commit)

    def parent_of(self, commit: str) -> str:
        """The first parent of a commit; "" of the first one."""
        return self.commit_of(f"{commit}^")

    def who_is_missing(self) -> str:
        """What of the user's name is not known; "" where all is."""
        for word in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            try:
                self.ask("var", word)
            except GitRefused as refused:
                # Before the reason git says how to set both.
                reason = refused.output.rpartition("fatal:")[2]
                return "user.name" if "name" in reason and "email" not in reason else "user.email"
        return ""

    def is_branch_name(self, name: str) -> bool:
        """Whether a branch can be called so."""
        return not name.startswith("-") and self.look("check-ref-format", "--branch", name) == name

    def add_worktree(self, place: Path, commit: str) -> None:
        """A work tree of a commit, on no branch; what an interrupted run left there goes first."""
        self.remove_worktree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        # Twice: one that was killed while it was made is locked.
        self.ask("worktree", "add", "--quiet", "--force", "--force", "--detach", str(place), commit)

    def remove_worktree(self, place: Path) -> None:
        """Take a work tree away; nothing where there is none."""
        from shutil import rmtree

        if place.is_symlink() or place.exists():
            with contextlib.suppress(GitFailure):
                self.ask("worktree", "remove", "--force", "--force", str(place))
            if place.is_dir() and not place.is_symlink():
                rmtree(place, ignore_errors=True)
