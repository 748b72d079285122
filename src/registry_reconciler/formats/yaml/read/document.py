"""Bytes of a YAML file to JSON values: YAML 1.2 core, whatever the parser underneath believes.

The parser is libyaml, used for its events only: it knows nothing of values, so the meaning of every scalar,
key, tag, alias and merge is decided here. Its events come from a loop, not from recursion, so that depth is
bounded by counting. No place is kept for what is in order; :mod:`locate` finds places on demand, and only a
file with a duplicate key is read twice, to name the first of the two.
"""

from __future__ import annotations

import gc
from typing import Any

from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits, TextFault, TextFile
from registry_reconciler.formats.scan import BOM, scan
from registry_reconciler.model.entry import Json

__all__ = ["DEFAULT_LIMITS", "ReadingLimits", "TextFault", "TextFile", "read_yaml"]


def read_yaml(data: bytes, limits: ReadingLimits = DEFAULT_LIMITS, *, scanned: bool = False) -> TextFile:
    """All documents of a file, and everything that is wrong with its text.

    Findings are returned, never raised; with a fatal one there are no documents. Time is linear in
    ``len(data)`` whatever the bytes are.

    Args:
        scanned: :func:`scan` had nothing to say of it.
    """
    warnings = [] if scanned else scan(data, limits)
    if any(fault.fatal for fault in warnings):
        return TextFile((), tuple(warnings))
    if data.startswith(BOM):
        data = data[len(BOM) :]
    from registry_reconciler.formats.yaml.read.build import Builder

    collecting = gc.isenabled()
    # A load only ever makes objects that live on; the collector would walk them all, again and again.
    gc.disable()
    try:
        builder = Builder(data, limits)
        documents = builder.documents()
        if any(fault.code == "YML003" for fault in builder.faults):
            # Only the second of two equal keys has a place so far.
            builder = Builder(data, limits, keep_places=True)
            builder.documents()
    finally:
        if collecting:
            gc.enable()
    if builder.faults:
        faults = sorted({*warnings, *builder.faults}, key=_place)
        return TextFile((), tuple(faults))
    return TextFile(tuple(documents), tuple(warnings))


def _place(fault: TextFault) -> tuple[Any, ...]:
    return (fault.line, fault.column, fault.code, fault.message)


def value_of(data: bytes) -> Json:
    """The one document of a small text that is known to be good; ``None`` for an empty text.

    Raises:
        ValueError: it is not good after all.
    """
    file = read_yaml(data)
    if not file.readable or len(file.documents) > 1:
        raise ValueError("; ".join(fault.message for fault in file.faults) or "more than one document")
    return file.documents[0] if file.documents else None
