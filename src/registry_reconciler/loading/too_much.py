"""Entries that hold more than any registry says: refused before each of their values costs a plan its time.

Each value of a new entry is written, read back, compared, remembered and reported. A list of a million is data, and
data belongs into a file of its own that the entry names.
"""

from __future__ import annotations

import contextlib
import marshal

from registry_reconciler.model.entry import Json

MOST_VALUES = 100_000
"""So many values one entry of a fragment may hold: each mapping and list and what they hold, aliases followed."""


_NO_REFERENCES = 2
"""The format of ``marshal`` in which each part takes one byte or more, also where it is met again."""

_BEFORE_VALUES = (b"\n", b",", b":", b"[", b"{", b"-", b"?")
"""Each value stands behind one of these, but for the first of a text."""


def may_hold_too_much(data: bytes) -> bool:
    """Whether an entry of a text could; most texts are too short for it, and have no aliases."""
    return may_have_aliases(data) or (
        len(data) > MOST_VALUES and sum(map(data.count, _BEFORE_VALUES)) > MOST_VALUES
    )


def may_have_aliases(data: bytes) -> bool:
    """Whether a text could have aliases: what they repeat makes values larger than their text."""
    return b"*" in data


def holds_too_much(value: Json, *, aliases: bool = True) -> bool:
    """Whether a value has more parts than an entry may; looks at no more of them than that.

    Args:
        aliases: the text that it was read from may have some. Without them it is no larger than its text, and how many
            bytes it takes when it is written out tells in a tenth of the time that it has fewer parts.
    """
    if not aliases:
        with contextlib.suppress(ValueError):  # a number with its digits, an opaque node
            if len(marshal.dumps(value, _NO_REFERENCES)) <= MOST_VALUES:
                return False
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
