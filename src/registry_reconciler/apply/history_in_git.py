"""What the history no longer keeps, from git: every file that ever stood in its folder is in some commit."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path

from registry_reconciler.apply.history import NAME, HistoryRecord
from registry_reconciler.files import git_call
from registry_reconciler.files.git import is_partial, is_repository, is_shallow
from registry_reconciler.files.git_call import GitFailure
from registry_reconciler.loading.history_conflicts import refuse_newer
from registry_reconciler.model.config import HISTORY_FOLDER

_AT_ONCE = 200


def older(root: Path, known: Collection[str]) -> Iterator[HistoryRecord]:
    """The applies that are not among ``known`` paths, the newest first; none where git does not say.

    They are read as far as somebody asks: of 50,000 the newest cost no more than of 500.
    """
    blobs = {path: blob for path, blob in _blobs(root) if path not in known}
    paths = sorted(blobs, reverse=True)
    for first in range(0, len(paths), _AT_ONCE):
        some = paths[first : first + _AT_ONCE]
        for path, text in zip(some, _contents(root, [blobs[path] for path in some]), strict=False):
            refuse_newer(path, text)
            try:
                data = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(data, dict):
                yield HistoryRecord(path, data)


def is_cut_short(root: Path) -> bool:
    """Whether older applies may be in commits that were not fetched."""
    try:
        return is_shallow(root)
    except GitFailure:
        return False


def is_unfetched(root: Path) -> bool:
    """Whether a partial clone knows the commits of older applies, and not what they say."""
    if not is_partial(root):
        return False
    words = ["rev-list", "--objects", "--missing=print", "HEAD", "--", HISTORY_FOLDER]
    listed = git_call.ask(root, words, check=False)
    return listed is None or listed.startswith(b"?") or b"\n?" in listed


def _blobs(root: Path) -> Iterator[tuple[str, str]]:
    """Every file that stood in the folder in some commit, by its path from the workspace, with its content's id."""
    try:
        if not is_repository(root):
            return
        listed = git_call.ask(root, ["rev-list", "--objects", "HEAD", "--", HISTORY_FOLDER], check=False)
    except GitFailure:
        return
    for row in (listed or b"").decode("utf-8", "surrogateescape").split("\n"):
        blob, _, path = row.partition(" ")
        name = path.rpartition("/")[2]
        if NAME.fullmatch(name):
            yield f"{HISTORY_FOLDER}/{name}", blob


def _contents(root: Path, blobs: list[str]) -> Iterator[bytes]:
    """What git holds under these ids, in their order."""
    try:
        answer = git_call.ask(
            root, ["cat-file", "--batch"], given="".join(f"{blob}\n" for blob in blobs).encode()
        )
    except GitFailure:
        return
    left = answer or b""
    while left:
        head, _, left = left.partition(b"\n")
        size = head.rpartition(b" ")[2]
        if not size.isdigit():
            yield b""  # a partial clone has not got it
            continue
        yield left[: int(size)]
        left = left[int(size) + 1 :]
