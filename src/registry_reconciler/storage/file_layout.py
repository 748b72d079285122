"""Layout ``file``: one entry a file; the container is the entry."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.kinds import Kind
from registry_reconciler.model import Json
from registry_reconciler.storage.base import LayoutRow, RawEntry


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    yield RawEntry((), container)


FILE = LayoutRow("file", dict, "map", _entries, lambda kind: "")
