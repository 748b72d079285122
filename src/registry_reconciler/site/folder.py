"""The folder of a catalogue: what is written there, what is deleted, and what is never touched.

A list of all that was written stands in the folder, with digests. Only a file of that list that still is what was
written is ever replaced or deleted. The list is written before the files and once more after them, so that a run that
was interrupted leaves nothing that the next one would not know.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from registry_reconciler.base.digest import digest_bytes
from registry_reconciler.errors import RegistryFailure

MANIFEST = ".registry-site.json"
"""The list of what was written."""

_FORMAT = 1


class SiteFailure(RegistryFailure):
    """The folder cannot take a catalogue."""

    code = "site_failed"


class SiteReceipt(Struct, frozen=True):
    """What was done: counts of files, and those that somebody changed, which were left."""

    written: int
    unchanged: int
    deleted: int
    left: tuple[str, ...]


def publish(out: Path, files: Iterable[tuple[str, bytes]]) -> SiteReceipt:
    """Make a folder hold these files, and none of an earlier catalogue besides.

    Raises:
        SiteFailure: the folder holds something else, or cannot be written.
    """
    try:
        known = _known(out)
        new = dict(files)
        _require_free(out, known, new)
        return _write(out, known, new)
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else str(out)
        raise SiteFailure(f"{where} could not be written: {error.strerror or error}") from error


def _write(out: Path, known: Mapping[str, tuple[str, ...]], new: Mapping[str, bytes]) -> SiteReceipt:
    from registry_reconciler.apply.files import remove_page, write_page

    digests = {path: digest_bytes(data) for path, data in new.items()}
    there = {path: _digest_of(out / path) for path in {*known, *new}}
    # What is the same already is no edit, wherever it came from.
    edited = {
        path
        for path, digest in there.items()
        if digest is not None and digest not in known.get(path, ()) and digest != digests.get(path)
    }
    both = {path: set(known.get(path, ())) for path in {*known, *new}}
    for path, digest in digests.items():
        both[path].add(digest)
    write_page(out / MANIFEST, _manifest(both))
    written = 0
    for path, data in new.items():
        if path not in edited and there[path] != digests[path]:
            write_page(out / path, data)
            written += 1
    gone = [path for path in known if path not in new and path not in edited and there[path] is not None]
    for path in gone:
        remove_page(out / path)
    _remove_empty(out, gone)
    # An edited file stays known by what was written: it is ours again when the edit is taken back.
    kept = {path: {digest} for path, digest in digests.items() if path not in edited}
    kept.update({path: set(known[path]) for path in edited if path in known})
    write_page(out / MANIFEST, _manifest(kept))
    return SiteReceipt(
        written, len(new) - written - len(edited & new.keys()), len(gone), tuple(sorted(edited))
    )


def _manifest(files: Mapping[str, Iterable[str]]) -> bytes:
    data = {"format": _FORMAT, "files": {path: sorted(files[path]) for path in sorted(files)}}
    return (json.dumps(data, indent=1) + "\n").encode()


def _known(out: Path) -> dict[str, tuple[str, ...]]:
    """What an earlier catalogue wrote, by path with its digests. The list itself is a stranger's text."""
    if not os.path.lexists(out):
        return {}
    if not out.is_dir():
        raise SiteFailure(f"{out} is no folder")
    manifest = out / MANIFEST
    if not manifest.is_file() or manifest.is_symlink():
        if any(out.iterdir()):
            raise SiteFailure(
                f"{out} is not empty, and registry site did not make it: name a folder that is not there yet"
            )
        return {}
    try:
        data = json.loads(manifest.read_bytes())
        files = data["files"]
        if data["format"] != _FORMAT:
            raise ValueError
        found = {str(path): tuple(map(str, digests)) for path, digests in files.items() if _is_inside(path)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SiteFailure(
            f"{manifest} cannot be read, so nobody knows what registry site wrote: delete the folder, or name another"
        ) from error
    return found


def _is_inside(path: str) -> bool:
    """Whether a path of the list leads to a file below the folder, and is no list itself."""
    parts = PurePosixPath(path).parts
    return (
        bool(parts)
        and not path.startswith("/")
        and "\\" not in path
        and ".." not in parts
        and path != MANIFEST
    )


def _require_free(out: Path, known: Mapping[str, tuple[str, ...]], new: Iterable[str]) -> None:
    """No link leads out of the folder, and nothing of anyone else is in the way."""
    checked: set[PurePosixPath] = set()
    for path in {*known, *new}:
        for folder in PurePosixPath(path).parents:
            if folder in checked or folder == PurePosixPath("."):
                continue
            checked.add(folder)
            place = out / folder
            if place.is_symlink() or (os.path.lexists(place) and not place.is_dir()):
                raise SiteFailure(f"{place} is in the way: it is no folder of a catalogue. Move it away")
    for path in new:
        place = out / path
        if path not in known and os.path.lexists(place):
            raise SiteFailure(f"{place} is in the way: registry site did not write it. Move it away")


def _digest_of(path: Path) -> str | None:
    """The digest of a file; ``None`` where none is. A link or a device is nobody's page."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return digest_bytes(path.read_bytes()) if stat.S_ISREG(mode) else "something else"


def _remove_empty(out: Path, gone: Iterable[str]) -> None:
    from registry_reconciler.apply.files import remove_page_folder

    folders = {folder for path in gone for folder in PurePosixPath(path).parents if str(folder) != "."}
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        remove_page_folder(out / folder)
