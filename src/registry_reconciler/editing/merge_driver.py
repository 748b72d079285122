"""``registry merge-driver``: what git asks while it merges one file. The answer stands in the file that git names."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.apply.files import write_report
from registry_reconciler.editing.merge_people import edited_outputs
from registry_reconciler.editing.merge_renames import renames_of
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files import git_call
from registry_reconciler.files.git import RevisionTree, commit_of
from registry_reconciler.files.root import nearest
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.merging import Labels, merge_file
from registry_reconciler.merging.files import MergedFile, fits
from registry_reconciler.merging.known import KindsAndOutputs, known_of
from registry_reconciler.merging.lines import marked, merged_rows

_GITHEAD = "GITHEAD_"


class Driven(Struct, frozen=True):
    """What the driver did.

    Attributes:
        conflicts: what is open.
        by: ``registry``, or ``git`` where the file was merged by lines.
    """

    conflicts: tuple[str, ...]
    by: str


def drive(ancestor: Path, current: Path, other: Path, path: str, labels: Labels) -> Driven:
    """Merge one file, and write the answer into ``current``.

    Args:
        path: of the file, from the top of the work tree, where git starts its drivers.

    Raises:
        OSError: git's files cannot be read or written.
    """
    texts = [file.read_bytes() for file in (ancestor, current, other)]
    place = Path(os.path.abspath(path))
    root = nearest(place.parent)
    known: KindsAndOutputs | None = None
    answer: MergedFile | None = None
    inside = place.relative_to(root).as_posix() if root is not None else path
    # Whatever goes wrong here: a driver that ends without an answer leaves one side, and nobody sees the other.
    with suppress(Exception):
        known = _known(root) if root is not None else None
        if known is not None:
            answer = merge_file(inside, texts[0] or None, texts[1], texts[2], known, labels)
    by = "registry"
    if answer is None:
        by = "git"
        answer = _of_git(ancestor, current, other, texts, labels)
        if known is not None and not answer.conflicts and not _fits(inside, answer, texts, known):
            content = marked(_text(texts[1]), _text(texts[2]), labels)
            answer = MergedFile(_bytes(content), ("merged line by line it would not read back",))
    content_now = answer.content or b""
    if content_now != texts[1]:
        write_report(current, content_now)
    return Driven(answer.conflicts, by)


def _known(root: Path) -> KindsAndOutputs:
    """Kinds and outputs as HEAD has them: while git merges, files of the work tree may be of either side."""
    try:
        ours = commit_of(root, "HEAD")
        tree = RevisionTree(root, ours)
    except RegistryFailure:
        return known_of(DiskTree(root))
    with closing(tree):
        known = known_of(tree)
    theirs = _merged_commit()
    if not theirs:
        return known
    commits = (ours, theirs)
    return replace(known, is_edited=edited_outputs(root, commits), renames=renames_of(root, commits))


def _merged_commit() -> str:
    """The commit that ``git merge`` brings in, as a variable tells what it calls; "" where it does not."""
    named = [name.removeprefix(_GITHEAD) for name in os.environ if name.startswith(_GITHEAD)]
    return named[0] if len(named) == 1 else ""


def _fits(path: str, answer: MergedFile, texts: list[bytes], known: KindsAndOutputs) -> bool:
    """Whether a merge by lines kept the file what both sides had: readable, and no entry twice."""
    sides = [fits(path, data, known) for data in texts[1:]]
    return not all(sides) or fits(path, answer.content or b"", known)


def _of_git(ancestor: Path, current: Path, other: Path, texts: list[bytes], labels: Labels) -> MergedFile:
    """What git itself makes of the three sides."""
    names = ["-L", labels.ours, "-L", "ancestor", "-L", labels.theirs]
    words = ["merge-file", "-p", f"--marker-size={labels.size}", *names]
    try:
        process = git_call.start(
            Path.cwd(), [*words, *(os.path.abspath(file) for file in (current, ancestor, other))]
        )
        content, _ = process.communicate(timeout=git_call.PATIENCE)
    except (git_call.GitFailure, subprocess.TimeoutExpired):
        text, count = merged_rows(_text(texts[0]), _text(texts[1]), _text(texts[2]), labels)
        content, code = _bytes(text), count
    else:
        code = process.returncode
    if code < 0 or code > 127:  # binary files: git keeps ours, and says that it is a conflict
        return MergedFile(texts[1], ("it cannot be merged line by line; our side was kept",))
    places = "one place" if code == 1 else f"{code} places"
    return MergedFile(content, (f"{places} changed on both sides",) if code else ())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
