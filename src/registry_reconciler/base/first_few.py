"""Lists inside sentences: of many items the first, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence


def first_few(items: Sequence[str], most: int) -> str:
    """``a, b and 3 more``; all of them where there are no more than ``most``."""
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most:,} more" if len(items) > most else shown
