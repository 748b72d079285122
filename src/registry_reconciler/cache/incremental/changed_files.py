"""Which files are what they were: by their times as git believes its index, or by their bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.cache.fingerprint import (
    TIMES_TELL,
    YOUNG,
    Moment,
    NotKept,
    Signature,
    refuse_links,
    signature,
)
from registry_reconciler.cache.incremental import FullPlanRequired
from registry_reconciler.files.tree import Contradicted, Recorder
from registry_reconciler.files.unreadable import UnreadablePath


class Files(Struct):
    """Answers whether a file is what it was.

    Attributes:
        root: the real path of the workspace.
        signatures: what tells, for some files, that they were not touched since their digest was taken.
    """

    root: str
    tree: Recorder
    signatures: Mapping[str, Signature]

    def refuse_links(self, paths: Iterable[str]) -> None:
        """Raise :class:`FullPlanRequired` where a folder on the way to a file is a symbolic link."""
        folders = {path.rpartition("/")[0] for path in paths}
        try:
            refuse_links(self.root, tuple(folders))
        except NotKept as fault:
            raise FullPlanRequired("there is a link") from fault

    def same(self, path: str, digest: str) -> bool:
        """Whether a file has a digest."""
        if path in self.signatures:
            try:
                info = os.lstat(os.path.join(self.root, path))
            except OSError:
                return False
            if signature(info) == self.signatures[path]:
                self.tree.believe(path, digest)
                return True
        if self.tree.digest(path) != digest:
            return False
        self.tree.believe(path, digest)
        return True

    def content(self, path: str) -> bytes:
        """The bytes of a file. Raises :class:`FullPlanRequired` where there are none."""
        try:
            data = self.tree.read(path)
        except UnreadablePath as fault:
            raise FullPlanRequired(f"{path} cannot be read") from fault
        if data is None:
            raise FullPlanRequired(f"{path} is gone")
        return data

    def parts(self, path: str, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        """The bytes between some pairs of offsets of a file that is what it was.

        Raises :class:`FullPlanRequired` where it cannot be read.
        """
        try:
            return self._parts(path, spans) if spans else []
        except (OSError, UnreadablePath) as fault:
            raise FullPlanRequired(f"{path} cannot be read") from fault

    def _parts(self, path: str, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        if path not in self.signatures or (len(spans) == 1 and spans[0][0] == 0):
            data = self.tree.read(path) or b""
            return [data[start:stop] for start, stop in spans]
        found = []
        full = os.path.join(self.root, path)
        with open(full, "rb") as stream:
            for start, stop in spans:
                stream.seek(start)
                found.append(stream.read(stop - start))
        # It may have been written to since it was found to be what it was.
        if signature(os.lstat(full)) != self.signatures[path]:
            raise Contradicted(path)
        return found


def signatures_of(root: str, paths: Mapping[str, str], since: Moment) -> dict[str, Signature]:
    """The signatures of files that nobody wrote to since a moment before they were read.

    Args:
        since: before the first of them was read.
    """
    found: dict[str, Signature] = {}
    if not TIMES_TELL or since.clock_went_back():
        return found
    for path in paths:
        try:
            info = os.lstat(os.path.join(root, path))
        except OSError:
            continue
        old_enough = max(info.st_mtime_ns, info.st_ctime_ns) < since.dated - YOUNG
        if stat.S_ISREG(info.st_mode) and old_enough:
            found[path] = signature(info)
    return found
