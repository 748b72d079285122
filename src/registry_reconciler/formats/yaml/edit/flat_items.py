"""Items of a block list that are mappings of texts, as the emitter writes them: a long list has thousands alike."""

from __future__ import annotations

from typing import Any, Protocol

from registry_reconciler.formats.yaml.edit.style import Hints

_LONGEST_KEY = 90
"""Also where each character of it is an escape, such a key needs no mark of its own."""


class _Words(Protocol):
    def key(self, key: str, hints: Hints, /) -> str: ...

    def scalar(self, value: Any, hints: Hints, /) -> str: ...


class FlatItems:
    """Writes them one after the other; what comes before a value is made once for each key.

    Args:
        hints: what the neighbours of all items do, without any about single fields.
        dash: columns of the dash and the blanks behind it.
    """

    def __init__(self, words: _Words, hints: Hints, dash: int) -> None:
        self._words = words
        self._hints = hints
        self._leads = ("-" + " " * (dash - 1), " " * dash)
        self._starts: tuple[dict[str, str], dict[str, str]] = ({}, {})

    def item(self, value: Any) -> list[str] | None:
        """The lines of an item; ``None`` where it is no such mapping."""
        if type(value) is not dict or not value:
            return None
        rows: list[str] = []
        scalar, hints = self._words.scalar, self._hints
        for key, part in value.items():
            if type(part) is not str or "\n" in part:
                return None
            later = bool(rows)
            start = self._starts[later].get(key)
            if start is None:
                if len(key) > _LONGEST_KEY:
                    return None
                start = f"{self._leads[later]}{self._words.key(key, hints)}: "
                self._starts[later][key] = start
            rows.append(start + scalar(part, hints))
        return rows
