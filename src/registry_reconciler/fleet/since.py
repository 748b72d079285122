"""Whether something of a repository changed since a revision."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from registry_reconciler.files import git_call
from registry_reconciler.files.git_call import GitFailure
from registry_reconciler.fleet.sources import RepositorySource, known


def changed_since(source: RepositorySource, revision: str) -> bool | None:
    """Whether something of a repository changed since a revision of its own; ``None`` where it does not know it.

    Such a one, as a repository that is younger, has to be looked at too.
    """
    if source.commit is None:
        return _folder_changed(source, revision)
    if source.bare and source.head and (revision == "HEAD" or revision[:5] in ("HEAD~", "HEAD^")):
        revision = source.head + revision[4:]  # a clone in the cache has no HEAD of its own
    then = _content(Path(source.folder), revision, source.root, bare=source.bare)
    return None if then is None else then != source.content


def _content(folder: Path, revision: str, root: str, *, bare: bool) -> str | None:
    names = [f"refs/heads/{revision}", f"refs/tags/{revision}", revision]
    found = known(folder, names, root, bare=bare)
    return None if found is None else found[1]


def _folder_changed(source: RepositorySource, revision: str) -> bool | None:
    folder = Path(source.folder)
    top = git_call.top_of(folder)
    if top is None:
        return None
    inside = Path(os.path.realpath(folder)).relative_to(top).as_posix()
    root = "" if inside == "." else inside
    then = _content(top, revision, root, bare=False)
    if then is None:
        return None
    if then != _content(top, "HEAD", root, bare=False):
        return True
    return _edited(folder, top, root)


def _edited(folder: Path, top: Path, root: str) -> bool:
    """Whether a folder is not what is committed."""
    try:
        others = git_call.ask(folder, ["ls-files", "--others", "--exclude-standard", "-z", "--", "."])
        listed = git_call.ask(top, ["ls-tree", "-r", "-z", f"HEAD:{root}"])
    except GitFailure:
        return True
    if others:
        return True
    for row in (listed or b"").split(b"\0"):
        if not row:
            continue
        meta, _, name = row.partition(b"\t")
        mode, _kind, blob = meta.decode().split()
        if (
            mode != "160000"
            and _blob(folder / os.fsdecode(name), link=mode == "120000", size=len(blob)) != blob
        ):
            return True
    return False


def _blob(path: Path, *, link: bool, size: int) -> str:
    """The id that git gives to a file as it lies there; "" where it cannot be read."""
    try:
        data = os.fsencode(os.readlink(path)) if link else path.read_bytes()
    except OSError:
        return ""
    digest = hashlib.sha1 if size == 40 else hashlib.sha256
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
