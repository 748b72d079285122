"""What came of the same content before: by the job, its options, this program, and the tree of the commit.

Of a folder as it lies there, the job tells what it has seen, and that is held against what is there now, as the cache
of ``plan`` does it. Failures are not remembered: they may have been of the moment.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from registry_reconciler.cache import store
from registry_reconciler.cache.fingerprint import Fingerprint, Moment, NotKept, fingerprint_of, is_fresh
from registry_reconciler.cache.store import OFF
from registry_reconciler.fleet.run.jobs import OF_COMMIT
from registry_reconciler.fleet.sources import RepositorySource

FORMAT = 1
_LARGEST = 64 * 1024 * 1024
_DAYS = 30
"""So long a result is kept. What did not change for longer is looked at again, which is right and costs little."""


def recall(source: RepositorySource, order: dict[str, Any]) -> dict[str, Any] | None:
    """What came of the same content before; ``None`` where it is not known."""
    place = _place(source, order)
    body = None if place is None else store.read_whole(place, _LARGEST)
    if body is None:
        return None
    try:
        record = json.loads(body)
        if record["key"] != _key(source, order):
            return None
        if source.commit is None and not is_fresh(source.folder, Fingerprint.from_json(record["seen"]))[0]:
            return None
        answer: dict[str, Any] = {"result": record["result"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return answer


def keep(source: RepositorySource, order: dict[str, Any], answer: dict[str, Any], since: Moment) -> None:
    """Remember an answer, if that can be done."""
    place = _place(source, order)
    if place is None or "result" not in answer:
        return
    record = {"key": _key(source, order), "result": answer["result"]}
    if source.commit is None:
        seen = answer.get("seen")
        if seen is None:
            return
        folders = {
            folder: tuple((name, kind) for name, kind in found) for folder, found in seen["folders"].items()
        }
        try:
            record["seen"] = fingerprint_of(source.folder, seen["inputs"], folders, since).to_json()
        except (NotKept, OSError):
            return
    body = json.dumps(record, separators=(",", ":")).encode()
    if len(body) < _LARGEST:
        store.write_whole(place, body)


def forget_old() -> None:
    """Remove results that are older than :data:`_DAYS`, if that can be done: commits come, and each leaves one."""
    from registry_reconciler.apply.files import remove_cache
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache_dir()
    if base is None:
        return
    oldest = time.time() - _DAYS * 86_400
    with contextlib.suppress(OSError):
        for folder in os.scandir(base / "fleet" / "results"):
            with contextlib.suppress(OSError):
                for entry in os.scandir(folder.path):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        remove_cache(Path(entry.path))


def _key(source: RepositorySource, order: dict[str, Any]) -> list[Any]:
    content = source.content or f"{source.folder}\0{source.head}"
    commit = source.commit if order["job"] in OF_COMMIT else None
    return [FORMAT, order["job"], order["options"], content, _program(), source.name, commit]


def _place(source: RepositorySource, order: dict[str, Any]) -> Path | None:
    from registry_reconciler.base.user_dirs import cache_dir

    base = cache_dir()
    if base is None:
        return None
    name = hashlib.sha256(json.dumps(_key(source, order), sort_keys=True).encode()).hexdigest()
    return base / "fleet" / "results" / name[:2] / f"{name[:40]}.json"


@functools.cache
def _program() -> str:
    return store.program()


def switched_off() -> bool:
    """Whether the user wants nothing that was computed before."""
    return bool(os.environ.get(OFF))
