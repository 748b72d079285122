"""The three sides of a conflict, as git's index has them: what was before, what one side says, what the other says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from registry_reconciler.files import git_call as gitcall

_BEFORE, _ONE, _OTHER = 1, 2, 3


class Sides(Struct, frozen=True):
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
    output = gitcall.ask(root, ["ls-files", "--unmerged", "-z"]) or b""
    blobs: dict[str, dict[int, str]] = {}
    for row in output.split(b"\0"):
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
    output = gitcall.ask(root, ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], check=False)
    return output.decode("ascii").strip() if output else None


def _blob(root: Path, blob: str | None) -> bytes | None:
    return None if blob is None else gitcall.ask(root, ["cat-file", "blob", blob])


def mark_settled(root: Path, paths: Iterable[str]) -> None:
    """Tell git that files in conflict are settled as they are now.

    What ``git add`` does, but for filters and line ends: these files are registry's own, and stored as they stand.
    """
    rows = []
    wide = (gitcall.ask(root, ["rev-parse", "--show-object-format"]) or b"").strip() == b"sha256"
    nothing = "0" * (64 if wide else 40)
    top = (gitcall.ask(root, ["rev-parse", "--show-prefix"]) or b"").rstrip(b"\n")
    for path in sorted(set(paths)):
        name = top + path.encode("utf-8", "surrogateescape")
        # A path with conflicts has to go before it comes again as one without.
        rows.append(f"0 {nothing}\t".encode() + name)
        file = root / path
        if file.is_file():
            content = file.read_bytes()
            output = gitcall.ask(
                root, ["hash-object", "-w", "--no-filters", "--stdin"], given=content, writes=True
            )
            rows.append(b"100644 " + (output or b"").strip() + b"\t" + name)
    if rows:
        gitcall.ask(root, ["update-index", "-z", "--index-info"], given=b"\0".join(rows) + b"\0", writes=True)
