"""What lies open in an editor over what is on the disk, and the plan of both: made once for each state of the texts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files.tree import DiskTree, MemoryTree
from registry_reconciler.lsp.text import IndexedText, Unit, from_bytes, to_bytes
from registry_reconciler.model.entry import Location, Place
from registry_reconciler.planning.suppress import Locator

if TYPE_CHECKING:
    from registry_reconciler.cache.fingerprint import Moment, Signature
    from registry_reconciler.cache.incremental.memory import WorkspaceMemory
    from registry_reconciler.formats.base import Reader, TextFormat
    from registry_reconciler.formats.yaml.read.reader import ChunkReader
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.pipeline import Planning

PLANS_A_READER = 20
"""A reader remembers every text that it has read. While somebody types there are ever new ones, so it is made anew."""

LARGE = 5_000
"""From so many entries on, a plan of the whole takes longer than anybody waits for a word to be offered."""

_MARK = b"\xef\xbb\xbf"

_LOCK_WAIT = 2.0
"""Seconds to wait while somebody applies; the next keystroke asks again."""


class OpenText(Struct, frozen=True):
    """A text that is open in the editor.

    Attributes:
        uri: what the editor calls it.
        version: the editor's own count, ``None`` where it has none.
    """

    text: IndexedText
    uri: str
    version: int | None = None


class BufferPlan(Struct, frozen=True):
    """A plan, with the texts that it was made over. ``unit`` is what the editor counts in a line.

    Attributes:
        open: the open texts by path from the root.
        part: only the plan is of the whole workspace; what it was made from is a part of it.
        newer: of a plan that is older than the texts, one of what changed since.
        texts: those of files that are not open, as far as they were asked for.
    """

    root: Path
    planning: Planning
    open: Mapping[str, OpenText]
    unit: Unit
    part: bool = False
    newer: Planning | None = None
    texts: dict[str, IndexedText | None] = field(default_factory=dict)

    @property
    def loaded(self) -> Loaded:
        """What the plan was made from."""
        return self.planning.loaded

    @property
    def locator(self) -> Locator:
        """Finds lines and columns in the texts that were planned."""
        return Locator(self.loaded.files)

    def text(self, path: str) -> IndexedText | None:
        """A file as the editor shows it; ``None`` where there is none, or nothing of the workspace."""
        known = self.open.get(path)
        if known is not None:
            return known.text
        if path not in self.texts:
            source = self.loaded.files.get(path)
            data = source.data if source is not None else self._beside(path)
            self.texts[path] = IndexedText(from_bytes(data), self.unit) if data is not None else None
        return self.texts[path]

    def _beside(self, path: str) -> bytes | None:
        """A file that holds no entry, such as one that an output is derived into."""
        from registry_reconciler.files.unreadable import UnreadablePath

        try:
            return self.loaded.tree.tree.read(path)
        except UnreadablePath:
            return None

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


class _RememberedPlan(Struct, frozen=True):
    """What is remembered of a plan of the whole, so that the next one can be of a part."""

    memory: WorkspaceMemory
    signatures: Mapping[str, Signature]


class Buffers:
    """One workspace with the texts of it that are open."""

    def __init__(self, root: Path, unit: Unit = "utf-16") -> None:
        self.root = root
        self.unit = unit
        self._open: dict[str, OpenText] = {}
        self._look: tuple[int, BufferPlan] | None = None
        self._generation = 0
        """Counts what makes a plan old; it is only ever raised by the editor's side, and read by the one that plans."""
        self._reader: Reader | None = None
        self._left = 0
        self.plans = 0
        """How many plans of the whole were made."""
        self._earlier: ChunkReader | None = None
        self._parts_left = 0
        self._glance: tuple[int, BufferPlan] | None = None
        self._base: _RememberedPlan | None = None
        self._wanting = True
        """The last plan of a part could not be made: what is remembered is not enough any more."""
        self._begun: Moment | None = None
        """Before the last plan of the whole was begun."""

    @property
    def open(self) -> Mapping[str, OpenText]:
        """The open texts by path from the root."""
        return self._open

    @property
    def registries(self) -> frozenset[str]:
        """The registry files, as the last plan of the whole found them."""
        live = self._look[1].loaded.live if self._look is not None else None
        return frozenset(path for files in live.files_of.values() for path in files) if live else frozenset()

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

    def look(self) -> BufferPlan:
        """The plan of what is open and of what is on the disk.

        Raises:
            RegistryFailure: the workspace cannot be read now; the text says why.
        """
        generation, open = self._generation, self._open
        known = self._look
        if known is not None and known[0] == generation:
            return known[1]
        from registry_reconciler.cache.fingerprint import Moment
        from registry_reconciler.planning.pipeline import make_plan

        self._renew_reader()
        begun = Moment.now()
        with self._reading():
            planning = make_plan(self._tree(open), reader=self._reader)
        found = BufferPlan(self.root, planning, open, self.unit)
        self.plans += 1
        self._look, self._begun = (generation, found), begun
        return found

    def glance(self) -> BufferPlan:
        """As :meth:`look`, where the plan alone is enough: of a part, if what is remembered allows it."""
        from registry_reconciler.cache.incremental import FullPlanRequired

        generation, open = self._generation, self._open
        for known in (self._look, self._glance):
            if known is not None and known[0] == generation:
                return known[1]
        if self._base is None:
            return self.look()
        try:
            with self._reading():
                planning = self._of_part(self._base, open)
        except FullPlanRequired:
            self._wanting = True
            return self.look()
        found = BufferPlan(self.root, planning, open, self.unit, part=True)
        self._glance = generation, found
        return found

    def recent(self) -> BufferPlan:
        """As :meth:`look`; of a large workspace the last plan of the whole that there is, under the texts as they are.

        What may stand at a place hardly depends on what was typed since, and nobody waits for a plan of all that to see
        it. Raises as :meth:`look`.
        """
        known, base = self._look, self._base
        if known is None or base is None or len(base.memory.addresses) < LARGE:
            return self.look()
        newer = self._glance[1].planning if self._glance is not None else None
        return BufferPlan(self.root, known[1].planning, self._open, self.unit, newer=newer)

    def settle(self) -> None:
        """Remember the last plan of the whole, where the next could not be of a part otherwise. For an idle moment."""
        from registry_reconciler.base.collector import collector_off
        from registry_reconciler.cache.incremental import FullPlanRequired
        from registry_reconciler.cache.incremental.changed_files import signatures_of
        from registry_reconciler.cache.incremental.full_plan import memory_of

        if not self._wanting or self._look is None or self._begun is None:
            return
        self._wanting = False
        look = self._look[1]
        try:
            with collector_off():
                memory = memory_of(look.planning)
        except FullPlanRequired:
            return  # what was remembered before may still be enough
        if len(memory.always_checked) > len(memory.addresses):
            self._base = (
                None  # most is looked at every time: all of it is as fast, with what the reader knows
            )
            return
        closed = {path: digest for path, digest in memory.digests.items() if path not in look.open}
        self._base = _RememberedPlan(memory, signatures_of(os.path.realpath(self.root), closed, self._begun))
        self._warm_up(look.open)

    def _warm_up(self, open: Mapping[str, OpenText]) -> None:
        """Import, and read once, what the first plan of a part takes: the first keystroke is not to wait for it."""
        import registry_reconciler.formats.yaml.read.locate
        import registry_reconciler.planning.fixes  # noqa: F401
        from registry_reconciler.cache.incremental import FullPlanRequired

        with suppress(FullPlanRequired, RegistryFailure), self._reading():
            if self._base is not None:
                self._of_part(self._base, open)

    def sign(self) -> None:
        """Know more files by their times: those that were too young for it. For an idle moment."""
        from registry_reconciler.cache.fingerprint import Moment
        from registry_reconciler.cache.incremental.changed_files import Files, signatures_of
        from registry_reconciler.files.tree import Recorder

        base = self._base
        if base is None:
            return
        since, root = Moment.now(), os.path.realpath(self.root)
        files = Files(root, Recorder(DiskTree(self.root)), {})
        same = {
            path: digest
            for path, digest in base.memory.digests.items()
            if path not in base.signatures and path not in self._open and files.same(path, digest)
        }
        self._base = _RememberedPlan(base.memory, {**base.signatures, **signatures_of(root, same, since)})

    def _of_part(self, base: _RememberedPlan, open: Mapping[str, OpenText]) -> Planning:
        from registry_reconciler.base.collector import collector_off
        from registry_reconciler.cache.incremental.changed_files import Files
        from registry_reconciler.cache.incremental.plan import plan_of_part
        from registry_reconciler.files.tree import Recorder
        from registry_reconciler.model.plan import PlanOptions

        self._renew_earlier()
        # Of an open text the times of its file tell nothing.
        signatures = {path: known for path, known in base.signatures.items() if path not in open}
        files = Files(os.path.realpath(self.root), Recorder(self._tree(open)), signatures)
        with collector_off():
            return plan_of_part(base.memory, files, PlanOptions(), earlier=self._earlier)

    def _tree(self, open: Mapping[str, OpenText]) -> MemoryTree:
        disk = DiskTree(self.root)
        # A link that leads out of the workspace is no file of it, whatever the editor shows of it.
        inside = {path: text for path, text in open.items() if disk.kind(path) in ("file", "absent")}
        files = {path: self._bytes(path, text.text) for path, text in inside.items()}
        return MemoryTree(files, disk)

    def _reading(self) -> AbstractContextManager[object]:
        from registry_reconciler.apply import reader
        from registry_reconciler.apply.writable import Writable

        return reader(self.root, _LOCK_WAIT, may_write=Writable(self.root))

    def _renew_reader(self) -> None:
        from registry_reconciler.formats.table import new_reader

        if not self._left:
            self._reader, self._left = new_reader(), PLANS_A_READER
        self._left -= 1

    def _renew_earlier(self) -> None:
        from registry_reconciler.formats.yaml.read.reader import ChunkReader

        if not self._parts_left:
            self._earlier, self._parts_left = ChunkReader(), PLANS_A_READER
        self._parts_left -= 1

    def _bytes(self, path: str, text: IndexedText) -> bytes:
        """An open text as it would be saved: with the byte order mark that the file has, which no editor shows."""
        from registry_reconciler.files.unreadable import UnreadablePath

        data = to_bytes(text.source)
        try:
            saved = DiskTree(self.root).read(path) or b""
        except UnreadablePath:
            return data
        return _MARK + data if saved.startswith(_MARK) else data
