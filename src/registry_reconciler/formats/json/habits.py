"""The habits of a text, looked at once: hundreds of fixes in one file are hundreds of edits of one text."""

from __future__ import annotations

from registry_reconciler.formats.composed import Recent
from registry_reconciler.formats.json.look import Look, look_of
from registry_reconciler.formats.json.source import JsonNode

_LOOKS: Recent[Look] = Recent()


def habits_of(root: JsonNode) -> Look:
    """What :func:`registry_reconciler.formats.json.look.look_of` gives."""
    return _LOOKS.get((root.start, root.end), root.source.text, lambda: look_of(root))
