"""An output that could be, and where its markers would go."""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.model.entry import Json


class RegionSpan(Struct, frozen=True):
    """Where a region would be in a text: offsets of what it holds; ``inline``: inside one line."""

    start: int
    end: int
    inline: bool


class Proposal(Struct, frozen=True):
    """An output that could be.

    Attributes:
        markers: the lines that its file needs.
        spans: where they go, where that is known.
        starter: what its file holds besides, where there is none yet.
    """

    title: str
    definition: dict[str, Json]
    template: str = ""
    template_name: str = ""
    markers: tuple[str, ...] = ()
    spans: tuple[RegionSpan, ...] = ()
    starter: str = ""

    def to_json(self) -> dict[str, Json]:
        """As the command's JSON has it."""
        return {
            "title": self.title,
            "output": self.definition,
            "template": {"name": self.template_name, "text": self.template} if self.template else None,
            "markers": list(self.markers),
            "starter": self.starter or None,
        }
