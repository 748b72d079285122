"""The state as it was kept before: a JSON line for each entry, a file for each fragment. It is read, and not written.

The first apply carries it over. At its place a file stays that an older program reports as unreadable: it would else
take a workspace for one in which nothing was applied, and start anew beside the new state.
"""

from __future__ import annotations

import json
import re

from registry_reconciler.loading.state.files import FORMAT, Applied, Record, StateFile
from registry_reconciler.loading.state.shadow import whole
from registry_reconciler.model.config import DESIRED_FOLDER, STATE_FOLDER

SUFFIX = ".jsonl"
STOP_PATH = f"{STATE_FOLDER}/format{SUFFIX}"
STOP = (
    json.dumps({"format": FORMAT, "needs": "a newer version of registry: this one cannot read the state"})
    + "\n"
)
"""What stops an older program: it calls this no line of state, and plans nothing."""

_LINES = re.compile(
    r'^\{"address": "([^"\\\x00-\x1f]*/[^"\\\x00-\x1f]*)", "digest": "([^"\\\x00-\x1f]*)"(, "protect": true)?\}$',
    re.MULTILINE,
)
"""Lines as they were written, but for those with something escaped."""


def is_old(path: str) -> bool:
    """Whether a path is that of a file in the old form."""
    return path.endswith(SUFFIX) and path != STOP_PATH


def fragment_of(path: str) -> str:
    """``.system/registry/state/a/b.yaml.jsonl`` → ``desired/a/b.yaml``."""
    return f"{DESIRED_FOLDER}/{path.removeprefix(STATE_FOLDER + '/').removesuffix(SUFFIX)}"


def parse_old(path: str, data: bytes) -> StateFile:
    """Read a file of the old form."""
    text = data.decode("utf-8", "surrogateescape")
    rows = _LINES.findall(text)
    records, protects, faults = [], [], []
    if len(rows) == text.count("\n") and text.endswith("\n"):
        records = [Record(address, Applied("", whole(digest))) for address, digest, _ in rows]
        protects = [address for address, _, protect in rows if protect]
        return StateFile(path, fragment_of(path), tuple(records), tuple(protects))
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        found = _entry(line)
        if found is None:
            faults.append(number)
            continue
        records.append(Record(found[0], Applied("", whole(found[1]))))
        if found[2]:
            protects.append(found[0])
    return StateFile(path, fragment_of(path), tuple(records), tuple(protects), tuple(faults))


def _entry(line: str) -> tuple[str, str, bool] | None:
    try:
        data = json.loads(line)
        address, digest, protect = data["address"], data["digest"], data.get("protect", False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not (isinstance(address, str) and isinstance(digest, str) and isinstance(protect, bool)):
        return None
    return (address, digest, protect) if "/" in address else None
