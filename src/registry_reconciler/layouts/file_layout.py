"""Layout ``file``: one entry a file; the container is the entry."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.layouts.base import LayoutRow, RawEntry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    yield RawEntry((), container)


FILE = LayoutRow(
    name="file",
    meaning="one entry a file.",
    title="one a file",
    container_type=dict,
    depth=0,
    entries=_entries,
    slot=lambda kind, value: None,
    placed_fields=lambda kind: (),
    inside=lambda kind, steps: steps or None,
    one_a_file=True,
)
