"""The three sides of a conflict, as git's index has them: what was before, what one side says, what the other says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from registry_reconciler.files import git_call as gitcall

_BEFORE, _ONE, _OTHER = 1, 2, 3


class Sides(Struct, frozen=True):
    """A file in conflict; ``None`` where a side does not have it.

    Which side is whose does not matter here: in a rebase git calls them the other way round.

    Attributes:
        mode: of the file, as git keeps it.
        mixed: what git made of it and of another file, which it took for the same one with another name.
    """

    path: str
    before: bytes | None
    ours: bytes | None
    theirs: bytes | None
    mode: str = "100644"
    mixed: bytes | None = None


def conflicts(root: Path) -> list[Sides]:
    """Every file below a folder that git left in conflict, by its path from there.

    Raises:
        GitFailure: git is missing, or this is no repository.
    """
    output = gitcall.ask(root, ["ls-files", "--unmerged", "-z"]) or b""
    blobs: dict[str, dict[int, str]] = {}
    modes: dict[str, str] = {}
    for row in output.split(b"\0"):
        about, _, path = row.partition(b"\t")
        if path:
            mode, blob, stage = about.decode("ascii").split(" ")
            name = path.decode("utf-8", "surrogateescape")
            blobs.setdefault(name, {})[int(stage)] = blob
            modes.setdefault(name, mode)
            if int(stage) == _ONE:
                modes[name] = mode
    return [
        Sides(
            path,
            _blob(root, found.get(_BEFORE)),
            _blob(root, found.get(_ONE)),
            _blob(root, found.get(_OTHER)),
            modes[path],
        )
        for path, found in sorted(blobs.items())
    ]


_HEADS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
"""What git calls the commit that comes, in a merge, a cherry-pick and a rebase."""
_REVERTED = "REVERT_HEAD"
_STASH = "refs/stash"
_SQUASHED = re.compile(r"^commit ([0-9a-f]{40,64})$", re.MULTILINE)


def both_sides(root: Path) -> tuple[str, str] | None:
    """The commits that an operation under way brings together; ``None`` where there is no such operation."""
    here = _commit(root, "HEAD")
    for name in (*_HEADS, f"{_REVERTED}^"):
        other = _commit(root, name)
        if here and other:
            return here, other
    incoming = _incoming(root)
    squashed = _squashed(root)
    for name in (_STASH, squashed):
        other = _commit(root, name) if name else None
        if not here or not other:
            continue
        if incoming:
            is_it = _is_other_side(root, other, incoming)
        else:
            # git keeps the message of a squash until the commit: what is staged without a conflict is of it as well.
            # A stash may wait for long: it is the other side where all is staged that git takes from it by itself.
            is_it = _is_staged(root, other) and (name == squashed or _is_popped(root, other))
        if is_it:
            return here, other
    return None


def _squashed(root: Path) -> str:
    """The last commit of a ``merge --squash``, which git names nowhere but in the message that it prepares."""
    path = gitcall.ask(root, ["rev-parse", "--git-path", "SQUASH_MSG"], check=False)
    if not path:
        return ""
    try:
        message = (root / os.fsdecode(path.rstrip(b"\n"))).read_text("utf-8", "replace")
    except OSError:
        return ""
    found = _SQUASHED.search(message)
    return found[1] if found else ""


def _is_staged(root: Path, commit: str) -> bool:
    """Whether something is staged as a commit has it, and the newest commit has not."""
    there, before = _tree(root, commit), _tree(root, "HEAD")
    return any(there.get(path) == blob != before.get(path) for path, blob in _staged(root).items())


def _is_popped(root: Path, stash: str) -> bool:
    """Whether all is staged that a stash changed and the newest commit has as it was."""
    there, before, here = (_tree(root, commit) for commit in (stash, f"{stash}^", "HEAD"))
    staged = _staged(root)
    return all(
        staged.get(path) == there.get(path)
        for path in {*there, *before}
        if there.get(path) != before.get(path) == here.get(path)
    )


def _staged(root: Path) -> dict[bytes, bytes]:
    """The blobs of the index below a folder, by path from there."""
    listed = gitcall.ask(root, ["ls-files", "--stage", "-z"], check=False) or b""
    rows = (row.partition(b"\t") for row in listed.split(b"\0"))
    return {path: about.split(b" ")[1] for about, _, path in rows if path}


def _tree(root: Path, commit: str) -> dict[bytes, bytes]:
    """The blobs of a commit below a folder, by path from there."""
    listed = gitcall.ask(root, ["ls-tree", "-r", "-z", commit], check=False) or b""
    rows = (row.partition(b"\t") for row in listed.split(b"\0"))
    return {path: about.split(b" ")[2] for about, _, path in rows if path}


def _incoming(root: Path) -> dict[bytes, bytes]:
    """What comes in each file in conflict: by path a blob, or nothing."""
    output = gitcall.ask(root, ["ls-files", "--unmerged", "-z"]) or b""
    incoming: dict[bytes, bytes] = {}
    for row in output.split(b"\0"):
        about, _, path = row.partition(b"\t")
        if path:
            _, blob, stage = about.split(b" ")
            incoming.setdefault(path, b"")
            if int(stage) == _OTHER:
                incoming[path] = blob
    return incoming


def _is_other_side(root: Path, commit: str, incoming: dict[bytes, bytes]) -> bool:
    """Whether what comes in each file in conflict is what a commit has there."""
    there = _tree(root, commit)
    return all(there.get(path, b"") == blob for path, blob in incoming.items())


def name_of_other(root: Path) -> str:
    """What git calls the other side of an operation under way, for people."""
    return next((name for name in (*_HEADS, _REVERTED) if _commit(root, name)), "theirs")


def _commit(root: Path, name: str) -> str | None:
    output = gitcall.ask(root, ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], check=False)
    return output.decode("ascii").strip() if output else None


def _blob(root: Path, blob: str | None) -> bytes | None:
    return None if blob is None else gitcall.ask(root, ["cat-file", "blob", blob])


def mark_settled(root: Path, settled: Iterable[Sides]) -> None:
    """Tell git that files in conflict are settled as they are now.

    What ``git add`` does, but that no filter is run. Line ends are stored as the sides have them.
    """
    rows = []
    wide = (gitcall.ask(root, ["rev-parse", "--show-object-format"]) or b"").strip() == b"sha256"
    nothing = "0" * (64 if wide else 40)
    top = (gitcall.ask(root, ["rev-parse", "--show-prefix"]) or b"").rstrip(b"\n")
    for sides in sorted(settled, key=lambda sides: sides.path):
        name = top + sides.path.encode("utf-8", "surrogateescape")
        # A path with conflicts has to go before it comes again as one without.
        rows.append(f"0 {nothing}\t".encode() + name)
        file = root / sides.path
        if file.is_file():
            content = as_stored(sides, file.read_bytes())
            output = gitcall.ask(
                root, ["hash-object", "-w", "--no-filters", "--stdin"], given=content, writes=True
            )
            rows.append(f"{sides.mode} ".encode() + (output or b"").strip() + b"\t" + name)
    if rows:
        gitcall.ask(root, ["update-index", "-z", "--index-info"], given=b"\0".join(rows) + b"\0", writes=True)


def stage(root: Path, paths: Iterable[str]) -> None:
    """What ``git add`` does for files that were written while conflicts were settled.

    One whose line ends git may turn is left to git.
    """
    found = []
    for path in paths:
        file = root / path
        if not file.is_file():
            found.append(Sides(path, None, None, None))
        elif b"\r\n" not in file.read_bytes():
            mode = "100755" if os.access(file, os.X_OK) else "100644"
            found.append(Sides(path, None, None, None, mode))
    mark_settled(root, found)


def as_stored(sides: Sides, content: bytes) -> bytes:
    """The content of a file as git stores it, where it turns line ends as it checks files out."""
    turned = b"\r\n" in content and not any(b"\r\n" in (data or b"") for data in (sides.ours, sides.theirs))
    return content.replace(b"\r\n", b"\n") if turned else content


def as_checked_out(sides: Sides, content: bytes, now: bytes | None) -> bytes:
    """The inverse: stored content with the line ends that the file has now."""
    turned = now is not None and b"\r\n" in now and as_stored(sides, now) != now
    return content.replace(b"\n", b"\r\n") if turned else content
