"""What outputs were made of, kept between runs: so that nothing is rendered of which nothing changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from registry_reconciler.cache import store
from registry_reconciler.model.entry import Json


class OutputRecords:
    """The records of one workspace in the user's cache directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._key = f"outputs\0{os.path.realpath(root)}"
        self._known: dict[str, Json] | None = None

    def load(self) -> Mapping[str, Json]:
        """All records; none where there is no place for them, or what is there cannot be read."""
        if self._known is None:
            record = store.load(self._key) if self._may_lie() else None
            found = record.get("outputs") if record is not None else None
            self._known = found if isinstance(found, dict) else {}
        return self._known

    def save(self, records: Mapping[str, Json]) -> None:
        """Keep these, and the others as they are."""
        if not self._may_lie() or all(self.load().get(name) == item for name, item in records.items()):
            return
        self._known = {**self.load(), **records}
        store.save(self._key, {"outputs": self._known})

    def _may_lie(self) -> bool:
        return not os.environ.get(store.OFF) and store.may_lie(self._root)
