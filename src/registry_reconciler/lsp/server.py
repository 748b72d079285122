"""The language server: requests of an editor in, answers out. What they say is worked out in the modules beside it.

One thread plans, and one after another; the loop that reads what the editor sends never waits for it. A keystroke makes
what is being worked out old: its diagnostics are not sent, and the next plan is made of the newest texts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcParseError
from pygls.lsp.server import LanguageServer

from registry_reconciler.base.progress import listening
from registry_reconciler.errors import NoWorkspace, RegistryFailure
from registry_reconciler.files.root import find_root
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.lsp.buffers import BufferPlan, Buffers, OpenText
from registry_reconciler.lsp.diagnostics import Shown, owners, problems, together
from registry_reconciler.lsp.garbage import PAUSE, Garbage
from registry_reconciler.lsp.overtaken import Overtaken, Stopper
from registry_reconciler.lsp.protocol import EditorProtocol
from registry_reconciler.lsp.text import IndexedText, Unit
from registry_reconciler.version import __version__

_REQUEST_FAILED = -32803
T = TypeVar("T")


class _Positioned(Protocol):
    """What every request about a place in a text has."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


logger = logging.getLogger(__name__)


def _path_of(uri: str) -> Path | None:
    """The path of a file's address; ``None`` where it is none."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else None


class RegistryServer(LanguageServer):
    """Serves the workspaces that the open texts lie in."""

    def __init__(self) -> None:
        super().__init__("registry", __version__, protocol_cls=EditorProtocol)
        self.workspaces: dict[Path, Buffers] = {}
        self.trusted = True
        self.exit_code = 0
        self._published: dict[Path, dict[str, str]] = {}
        self._owners: dict[Path, Shown] = {}
        """Whose entries are, as it was last found."""
        self._running: dict[Path, asyncio.Task[None]] = {}
        self._stale: set[Path] = set()
        self.garbage = Garbage()
        self._pause: asyncio.TimerHandle | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plan")

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Answer what is no JSON; what else failed without an answer is shown to the user."""
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError, RecursionError)):
            cast("EditorProtocol", self.protocol).refuse(
                None, JsonRpcParseError(f"the message is no JSON: {error}")
            )
            return
        super().report_server_error(error, source)

    # Texts

    @property
    def unit(self) -> Unit:
        """What the editor counts in a line."""
        agreed = self.server_capabilities.position_encoding
        return cast("Unit", str(getattr(agreed, "value", agreed) or "utf-16"))

    def place(self, uri: str) -> tuple[Buffers, str] | None:
        """The workspace that a text lies in, and its path there; ``None`` where it lies in none."""
        path = _path_of(uri)
        if path is None or not self.trusted:
            return None
        try:
            root = find_root(path.parent)
            real = root.resolve()
        except (NoWorkspace, OSError, RuntimeError, ValueError):
            return None
        if not self._belongs(real):
            return None
        with contextlib.suppress(ValueError):
            # One workspace under two names (a link leads to it) is one.
            buffers = self.workspaces.get(real)
            if buffers is None:
                buffers = self.workspaces[real] = Buffers(root, self.unit)
            return buffers, path.relative_to(root).as_posix()
        return None

    def _belongs(self, root: Path) -> bool:
        """Whether a workspace is of the folders that the editor opened; all are, where it said none."""
        known = self.workspace
        uris = [folder.uri for folder in known.folders.values()] or list(filter(None, [known.root_uri]))
        folders = [Path(os.path.realpath(path)) for path in map(_path_of, uris) if path is not None]
        return not folders or any(
            root == folder or folder in root.parents or root in folder.parents for folder in folders
        )

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        """A text was opened."""
        document = params.text_document
        found = self.place(document.uri)
        if found is not None:
            text = IndexedText(document.text.removeprefix("\ufeff"), self.unit)
            found[0].put(found[1], OpenText(text, document.uri, document.version))
            self.refresh(found[0])

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """A text was edited: each change is of the text that the one before left."""
        found = self.place(params.text_document.uri)
        known = found[0].open.get(found[1]) if found is not None else None
        if found is None or known is None:
            return
        text = known.text
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                text = text.changed((start.line, start.character), (end.line, end.character), change.text)
            else:
                text = IndexedText(change.text.removeprefix("\ufeff"), self.unit)
        found[0].put(found[1], OpenText(text, known.uri, params.text_document.version))
        self.refresh(found[0])

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        """A text was closed."""
        found = self.place(params.text_document.uri)
        if found is not None:
            found[0].close(found[1])
            self.refresh(found[0])

    def folders_changed(self) -> None:
        """Folders were opened or closed: what is shown of a workspace that is none any more goes."""
        for real, buffers in list(self.workspaces.items()):
            if not self._belongs(real):
                del self.workspaces[real]
                self._stale.discard(buffers.root)
                for path in self._published.pop(buffers.root, {}):
                    known = buffers.open.get(path)
                    uri = known.uri if known is not None else (buffers.root / path).as_uri()
                    self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        self.look_into_folders()

    def look_into_folders(self) -> None:
        """Show the problems of the workspaces of the folders that are open, before any text of theirs is."""
        known = self.workspace
        for uri in [folder.uri for folder in known.folders.values()] or filter(None, [known.root_uri]):
            found = self.place(f"{uri.rstrip('/')}/any")  # whatever lies in it
            if found is not None:
                self.refresh(found[0])

    def on_disk(self) -> None:
        """Files changed on the disk."""
        for buffers in self.workspaces.values():
            buffers.forget()
            self.refresh(buffers)

    # Diagnostics

    def refresh(self, buffers: Buffers) -> None:
        """Work out the diagnostics anew; what is being worked out now is old."""
        self._stale.add(buffers.root)
        if self._pause is not None:
            self._pause.cancel()
        task = self._running.get(buffers.root)
        if task is None or task.done():
            self._running[buffers.root] = asyncio.ensure_future(self._keep_fresh(buffers))

    async def _keep_fresh(self, buffers: Buffers) -> None:
        while buffers.root in self._stale:
            self._stale.discard(buffers.root)
            # What came in together with this keystroke is taken into account before a plan is begun.
            await asyncio.sleep(0)
            try:
                await self._show(buffers)
            except RegistryFailure as failure:
                self.window_log_message(types.LogMessageParams(types.MessageType.Warning, failure.message))
            except Exception:
                logger.exception("the diagnostics could not be worked out")
            if self.garbage.is_due:
                await self._work(self.garbage.collect)
        self._pause = asyncio.get_running_loop().call_later(PAUSE, self._worker.submit, self._rest)

    def _rest(self) -> None:
        for buffers in list(self.workspaces.values()):
            with contextlib.suppress(RegistryFailure, UnreadablePath):
                buffers.sign()
        self.garbage.rest(sum(buffers.plans for buffers in self.workspaces.values()))

    async def _show(self, buffers: Buffers) -> None:
        """Problems first; whose entries are, and what the next plan needs, once nobody types."""
        try:
            await self._show_newest(buffers)
        except Overtaken:
            return  # a keystroke came in between: the next plan is of its text

    async def _show_newest(self, buffers: Buffers) -> None:
        root = buffers.root

        def glance() -> tuple[BufferPlan, Shown, Shown]:
            look = buffers.glance()
            found = problems(look)
            known = {path: shown for path, shown in self._owners.get(root, {}).items() if path in look.open}
            return look, found, known if look.part else owners(look)

        look, found, owned = await self._work(lambda: self._unless_stale(root, glance))
        if root in self._stale:
            return
        self._owners[root] = owned
        self._publish(look, together(found, owned))
        if look.part and any(path in buffers.registries for path in look.open):
            owned = await self._work(lambda: self._unless_stale(root, lambda: owners(buffers.look())))
            if root in self._stale:
                return
            self._owners[root] = owned
            self._publish(look, together(found, owned))
        await self._work(buffers.settle)
        if buffers.plans == 1:
            await self._work(lambda: self.garbage.rest(buffers.plans))  # the first plan stays for long

    def _publish(self, look: BufferPlan, found: Shown) -> None:
        """Send what changed: files that have problems now, and those that had some."""
        before = self._published.get(look.root, {})
        now: dict[str, str] = {}
        for path in sorted({*found, *before, *look.open}):
            mine = found.get(path, [])
            known = look.open.get(path)
            uri = known.uri if known is not None else (look.root / path).as_uri()
            published = f"{known.version if known else None} {mine!r}"
            if before.get(path) != published:
                version = known.version if known is not None else None
                self.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(uri, mine, version=version)
                )
            if mine or known is not None:
                now[path] = published
        self._published[look.root] = now

    def _unless_stale(self, root: Path, work: Callable[[], T]) -> T:
        """Do some work, and end it where a keystroke makes it old."""
        with listening(Stopper(lambda: root in self._stale)):
            return work()

    async def plan(self, buffers: Buffers, work: Callable[[BufferPlan], T], *, recent: bool = False) -> T:
        """Look at a plan of the newest texts; with ``recent``, an older one is enough."""
        return await self._work(lambda: work(buffers.recent() if recent else buffers.look()))

    async def _work(self, work: Callable[[], T]) -> T:
        self.garbage.count()
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    # Requests

    async def ask(
        self, uri: str, work: Callable[[BufferPlan, str], T], otherwise: T, *, recent: bool = False
    ) -> T:
        """Answer a request about a text; with ``recent``, an older plan is enough.

        Raises:
            JsonRpcException: the workspace, or what is asked, cannot be dealt with; the editor shows the text.
        """
        found = self.place(uri)
        if found is None:
            return otherwise
        buffers, path = found
        try:
            return await self.plan(buffers, lambda look: work(look, path), recent=recent)
        except RegistryFailure as failure:
            raise JsonRpcException(failure.message, _REQUEST_FAILED) from failure
        finally:
            if self.garbage.is_due:
                self._worker.submit(self.garbage.collect)

    async def ask_at(
        self,
        params: _Positioned,
        work: Callable[[BufferPlan, str, int], T],
        otherwise: T,
        *,
        recent: bool = False,
    ) -> T:
        """Answer a request about a place in a text. Raises as :meth:`ask`."""
        where = params.position

        def located(look: BufferPlan, path: str) -> T:
            text = look.text(path)
            return (
                work(look, path, text.offset(where.line, where.character)) if text is not None else otherwise
            )

        return await self.ask(params.text_document.uri, located, otherwise, recent=recent)
