"""What is known so far of a schema file that is being made, and what is doubtful in it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import Json

HOLDS = 0.9
"""What holds for so many of the entries holds for the kind: the rest are slips, and are told as doubts."""


class Doubt(Struct, frozen=True):
    """Something that the schema file says and a person should look at.

    Attributes:
        where: the part of the schema file, as a dotted path; the comment stands above it.
        line: its line in the schema file.
        decision: the file does not work as it is until somebody decides.
    """

    where: str
    message: str
    decision: bool = False
    line: int = 0


class NewSchema(Struct, frozen=True):
    """A schema file for a kind.

    Attributes:
        entries: how many entries it finds.
        spec: ``x-registry`` as it is in the file.
        findings: what plan says about these entries today: code, address and message.
    """

    path: str
    content: bytes
    spec: Mapping[str, Json]
    entries: int
    doubts: tuple[Doubt, ...]
    findings: tuple[tuple[str, str, str], ...] = ()


class Work(Struct):
    """What is known so far."""

    kind: str
    loaded: Loaded
    pattern: str
    spec: dict[str, Json] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, where: str, message: str, *, decision: bool = False) -> None:
        """Note something that a person should look at."""
        self.doubts.append(Doubt(where, message, decision))
