"""What came of one repository."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class RepositoryOutcome(Struct, frozen=True):
    """What came of one repository: a result, or why there is none.

    Attributes:
        commit: what was looked at; ``None`` where it was a folder as it lies there, or was not even found.
        seconds: how long it took, by the clock.
        result: what the job gave, plain data.
        error: why there is none: ``code`` and ``message``, and no credential in them.
        remembered: the result is that of an earlier run over the same content.
    """

    name: str
    commit: str | None
    seconds: float
    result: Any = None
    error: dict[str, str] | None = None
    remembered: bool = False
