"""What lies open in an editor over what is on the disk, and the plan of both: made once for each state of the texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.files.tree import DiskTree, MemoryTree
from registry_reconciler.lsp.text import Text, Unit, from_bytes, to_bytes
from registry_reconciler.model.entry import Location, Place
from registry_reconciler.planning.suppress import Locator

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Reader, TextFormat
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.pipeline import Planning

PLANS_A_READER = 20
"""A reader remembers every text that it has read. While somebody types there are ever new ones, so it is made anew."""

_MARK = b"\xef\xbb\xbf"

_LOCK_WAIT = 2.0
"""Seconds to wait while somebody applies; the next keystroke asks again."""


class OpenText(Struct, frozen=True):
    """A text that is open in the editor.

    Attributes:
        uri: what the editor calls it.
        version: the editor's own count, ``None`` where it has none.
    """

    text: Text
    uri: str
    version: int | None = None


class Look(Struct, frozen=True):
    """A plan, with the texts that it was made over. ``unit`` is what the editor counts in a line.

    Attributes:
        open: the open texts by path from the root.
    """

    root: Path
    planning: Planning
    open: Mapping[str, OpenText]
    unit: Unit

    @property
    def loaded(self) -> Loaded:
        """What the plan was made from."""
        return self.planning.loaded

    @property
    def locator(self) -> Locator:
        """Finds lines and columns in the texts that were planned."""
        return Locator(self.loaded.files)

    def text(self, path: str) -> Text | None:
        """A file as the editor shows it; ``None`` where there is none, or nothing of the workspace."""
        known = self.open.get(path)
        if known is not None:
            return known.text
        source = self.loaded.files.get(path)
        return (
            Text(from_bytes(source.data), self.unit)
            if source is not None and source.data is not None
            else None
        )

    def format(self, path: str) -> TextFormat:
        """The format that a file was read as."""
        from registry_reconciler.formats.table import format_named

        source = self.loaded.files.get(path)
        return source.format if source is not None else format_named(path)

    def location(self, place: Place) -> Location:
        """Line and column of a place."""
        locator = self.locator
        locator.prepare([place])
        return locator.location(place)


class Buffers:
    """One workspace with the texts of it that are open."""

    def __init__(self, root: Path, unit: Unit = "utf-16") -> None:
        self.root = root
        self.unit = unit
        self._open: dict[str, OpenText] = {}
        self._look: tuple[int, Look] | None = None
        self._generation = 0
        """Counts what makes a plan old; it is only ever raised by the editor's side, and read by the one that plans."""
        self._reader: Reader | None = None
        self._left = 0

    @property
    def open(self) -> Mapping[str, OpenText]:
        """The open texts by path from the root."""
        return self._open

    def put(self, path: str, text: OpenText) -> None:
        """A text was opened or changed."""
        self._open = {**self._open, path: text}
        self._generation += 1

    def close(self, path: str) -> None:
        """A text is no longer open: what counts is the file again."""
        self._open = {name: text for name, text in self._open.items() if name != path}
        self._generation += 1

    def forget(self) -> None:
        """Something on the disk changed."""
        self._generation += 1

    def look(self) -> Look:
        """The plan of what is open and of what is on the disk.

        Raises:
            RegistryFailure: the workspace cannot be read now; the text says why.
        """
        generation, open = self._generation, self._open
        known = self._look
        if known is not None and known[0] == generation:
            return known[1]
        from registry_reconciler.apply import reader
        from registry_reconciler.apply.writable import Writable
        from registry_reconciler.planning.pipeline import make_plan

        self._renew_reader()
        files = {path: self._bytes(path, text.text) for path, text in open.items()}
        with reader(self.root, _LOCK_WAIT, may_write=Writable(self.root)):
            planning = make_plan(MemoryTree(files, DiskTree(self.root)), reader=self._reader)
        found = Look(self.root, planning, open, self.unit)
        self._look = generation, found
        return found

    def _renew_reader(self) -> None:
        from registry_reconciler.formats.table import new_reader

        if not self._left:
            self._reader, self._left = new_reader(), PLANS_A_READER
        self._left -= 1

    def _bytes(self, path: str, text: Text) -> bytes:
        """An open text as it would be saved: with the byte order mark that the file has, which no editor shows."""
        from registry_reconciler.files.unreadable import Unreadable

        data = to_bytes(text.source)
        try:
            saved = DiskTree(self.root).read(path) or b""
        except Unreadable:
            return data
        return _MARK + data if saved.startswith(_MARK) else data
