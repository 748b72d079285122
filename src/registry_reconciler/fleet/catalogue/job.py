"""The job ``publish`` of a fleet's run: what a repository says at its commit, packed as plain data."""

from __future__ import annotations

import base64
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.fleet.catalogue.publication import Publication, publication_from

if TYPE_CHECKING:
    from registry_reconciler.fleet.sources import RepositorySource

_ANCESTORS = 500
"""So many commits before it are named, nearest first: by them it is known what is older."""


def publication(description: dict[str, Any], _options: dict[str, Any]) -> dict[str, Any]:
    """What a repository says, as a publication; ``unpacked`` makes it one again."""
    from registry_reconciler.fleet.planning import planning_of
    from registry_reconciler.fleet.run.jobs import SEEN
    from registry_reconciler.fleet.sources import opened
    from registry_reconciler.model.plan import PlanOptions

    source = opened(description)
    planning = planning_of(source, PlanOptions())
    when, ancestors = _lineage(source)
    made = publication_from(planning, source.name, source.commit or "", when, ancestors)
    answer: dict[str, Any] = {"publication": packed(made)}
    if source.commit is None:
        recorder = planning.loaded.recorder
        answer[SEEN] = {"inputs": recorder.inputs, "folders": recorder.folders}
    return answer


def _lineage(source: RepositorySource) -> tuple[int, list[str]]:
    """When the commit was made, and the ids of those before it."""
    from registry_reconciler.files import git_call

    if source.commit is None:
        return int(time.time()), []
    words = ["rev-list", f"--max-count={_ANCESTORS + 1}", "--timestamp", "--end-of-options", source.commit]
    answer = git_call.ask(Path(source.folder), words, check=False, bare=source.bare) or b""
    rows = [row.split() for row in answer.decode().splitlines()]
    if not rows:
        return 0, []
    return int(rows[0][0]), [commit for _, commit in rows[1:]]


def packed(publication: Publication) -> str:
    """A publication as text."""
    import msgspec

    return base64.b85encode(zlib.compress(msgspec.msgpack.encode(publication), 1)).decode()


def unpacked(text: str) -> Publication:
    """A publication from text."""
    import msgspec

    return msgspec.msgpack.decode(zlib.decompress(base64.b85decode(text)), type=Publication)
