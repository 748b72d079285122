"""Layout ``documents``: each document of a file is an entry, and comes and goes without the others."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.layouts.base import LayoutRow, RawEntry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    yield RawEntry((), container)


DOCUMENTS = LayoutRow(
    name="documents",
    meaning="each document of a file is an entry.",
    title="documents",
    container_type=dict,
    depth=0,
    entries=_entries,
    slot=lambda kind, value: None,
    placed_fields=lambda kind: (),
    inside=lambda kind, steps: steps or None,
    documents=True,
    formats=("yaml",),
)
