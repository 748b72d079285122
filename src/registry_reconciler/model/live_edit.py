"""An edit of an entry whose truth is live, as a plan takes it: what the entry is to be."""

from __future__ import annotations

from msgspec import Struct

from registry_reconciler.model.entry import Json


class LiveEdit(Struct, frozen=True):
    """What one entry of a kind with ``truth: live`` is to be. Done once, it asks for nothing more.

    Attributes:
        address: the entry as it is to be called.
        value: all of it; ``None``: it goes.
        source: what it is called until now, for a rename.
        typed: the text that says ``value``, as a person typed it; its words are taken as far as they fit.
        text_goes: where it goes, its file may go with text that stands below the front matter.
    """

    address: str
    value: dict[str, Json] | None
    source: str | None = None
    typed: str = ""
    text_goes: bool = False
