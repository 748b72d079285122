"""Entries that hold more than any registry says: refused before each of their values costs a plan its time.

Each value of a new entry is written, read back, compared, remembered and reported. A list of a million is data, and
data belongs into a file of its own that the entry names.
"""

from __future__ import annotations

from registry_reconciler.model.entry import Json

MOST_VALUES = 100_000
"""So many values one entry of a fragment may hold: each mapping and list and what they hold, aliases followed."""


_BEFORE_VALUES = (b"\n", b",", b":", b"[", b"{", b"-", b"?")
"""Each value stands behind one of these, but for the first of a text."""


def may_hold_too_much(data: bytes) -> bool:
    """Whether an entry of a text could; most texts are too short for it, and have no aliases."""
    return b"*" in data or sum(map(data.count, _BEFORE_VALUES)) > MOST_VALUES


def holds_too_much(value: Json) -> bool:
    """Whether a value has more parts than an entry may; looks at no more of them than that."""
    count = 1
    waiting = [value]
    while waiting and count <= MOST_VALUES:
        part = waiting.pop()
        if isinstance(part, dict):
            inner = list(part.values())
        elif isinstance(part, list):
            inner = part
        else:
            continue
        count += len(inner)
        waiting.extend(item for item in inner if isinstance(item, dict | list))
    return count > MOST_VALUES
