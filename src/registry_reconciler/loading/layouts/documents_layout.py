"""Layout ``documents``: each document of a file is an entry, and comes and goes without the others."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.loading.layouts.base import LayoutRow, RawEntry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    yield RawEntry((), container)


DOCUMENTS = LayoutRow(
    "documents", dict, "map", _entries, lambda kind: "", lambda kind, steps: steps or None, documents=True
)
