"""Layout ``list``: a sequence of mappings."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.formats.yaml.read.unread import Unread
from registry_reconciler.loading.layouts.base import LayoutRow, RawEntry
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    for index, value in enumerate(container):
        if type(value) is not Unread:
            yield RawEntry((index,), value)


LIST = LayoutRow("list", list, "list", _entries, lambda kind: "")
