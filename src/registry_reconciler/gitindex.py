"""The three sides of a conflict, as git's index has them: what was before, what one side says, what the other says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from registry_reconciler.gitrev import run_git
from registry_reconciler.records import dataclass

_BEFORE, _ONE, _OTHER = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Sides:
    """A file in conflict; ``None`` where a side does not have it.

    Which side is whose does not matter here: in a rebase git calls them the other way round.
    """

    path: str
    before: bytes | None
    one: bytes | None
    other: bytes | None


def conflicts(root: Path) -> list[Sides]:
    """Every file below a folder that git left in conflict, by its path from there.

    Raises:
        GitFailure: git is missing, or this is no repository.
    """
    told = run_git(root, ["ls-files", "--unmerged", "-z"]) or b""
    blobs: dict[str, dict[int, str]] = {}
    for row in told.split(b"\0"):
        about, _, path = row.partition(b"\t")
        if path:
            _, blob, stage = about.decode("ascii").split(" ")
            blobs.setdefault(path.decode("utf-8", "surrogateescape"), {})[int(stage)] = blob
    return [
        Sides(path, *(_blob(root, found.get(stage)) for stage in (_BEFORE, _ONE, _OTHER)))
        for path, found in sorted(blobs.items())
    ]


_HEADS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
_REVERTED = "REVERT_HEAD"


def both_sides(root: Path) -> tuple[str, str] | None:
    """The commits that an operation under way brings together; ``None`` where there is no such operation."""
    here = _commit(root, "HEAD")
    for name in (*_HEADS, f"{_REVERTED}^"):
        other = _commit(root, name)
        if here and other:
            return here, other
    return None


def _commit(root: Path, name: str) -> str | None:
    told = run_git(root, ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], check=False)
    return told.decode("ascii").strip() if told else None


def _blob(root: Path, blob: str | None) -> bytes | None:
    return None if blob is None else run_git(root, ["cat-file", "blob", blob])


def mark_settled(root: Path, paths: Iterable[str]) -> None:
    """Tell git that files in conflict are settled as they are now."""
    found = sorted(set(paths))
    if found:
        run_git(root, ["add", "--all", "--", *found])
