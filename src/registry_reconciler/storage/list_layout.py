"""Layout ``list``: a sequence of mappings."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.kinds import Kind
from registry_reconciler.model import Json
from registry_reconciler.storage.base import LayoutRow, RawEntry
from registry_reconciler.yamltext.unread import Unread


def _entries(kind: Kind, container: Json) -> Iterator[RawEntry]:
    for index, value in enumerate(container):
        if type(value) is not Unread:
            yield RawEntry((index,), value)


LIST = LayoutRow("list", list, "list", _entries, lambda kind: "")
