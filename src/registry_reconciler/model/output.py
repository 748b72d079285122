"""What a plan says of one output: a region, a file or a value that is derived from the registries."""

from __future__ import annotations

import enum

from msgspec import Struct


class OutputAction(enum.Enum):
    """What happens to an output."""

    CREATE = "create"
    """Its file, or its place in the file, is made."""
    UPDATE = "update"
    """It is stale, and written anew."""
    ADOPT = "adopt"
    """It is right already; only that is remembered."""
    FORGET = "forget"
    """Nobody defines it any more; its text stays."""
    EDITED = "edited"
    """Somebody edited it by hand: it is left."""
    LEFT = "left"
    """It is stale, and this plan was told to leave outputs alone."""


WRITING = frozenset({OutputAction.CREATE, OutputAction.UPDATE, OutputAction.ADOPT, OutputAction.FORGET})
"""The actions that an apply carries out."""

PREFIX = "output:"
"""Stands before an id where an address or a pattern is expected: ``--overwrite output:skills``."""


class OutputChange(Struct, frozen=True):
    """One output that is not as it was left.

    Attributes:
        region: the id of its markers; "" for a whole file or a part of a structured one.
        at: the steps to its place in a structured file.
        diff: the lines that differ, as ``diff -u`` has them, without a head; "" where none do.
        digest: of its definition and templates: part of the plan's identity.
        quiet: never a reason for exit 2: only this program is another one than that which wrote it, or it is a page
            that somebody wrote before there was this program.
    """

    id: str
    file: str
    action: OutputAction
    region: str = ""
    at: str = ""
    diff: str = ""
    digest: str = ""
    quiet: bool = False

    @property
    def writes(self) -> bool:
        """Whether an apply does something about it."""
        return self.action in WRITING

    @property
    def pending(self) -> bool:
        """Whether it is something to do, as ``--detailed-exitcode`` has it: somebody has to settle an edit."""
        return (self.writes or self.action is OutputAction.EDITED) and not self.quiet
