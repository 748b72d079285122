"""An editor in a few lines: it starts the installed server, types, and asks."""

from __future__ import annotations

import asyncio
import atexit
import functools
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from registry_reconciler.lsp.text import IndexedText, Unit
from tests.support import FRAGMENT, installed

PATIENCE = 60.0
"""Seconds after which an answer does not come any more, also on a busy machine."""


def workspace(root: Path, fragment: str = FRAGMENT) -> Path:
    """A workspace of the built-in kinds whose fragment is applied; made once for each fragment, and copied."""
    shutil.copytree(_made(fragment), root, dirs_exist_ok=True)
    return root


@functools.cache
def _made(fragment: str) -> Path:
    root = Path(tempfile.mkdtemp(prefix="registry-editor-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    assert installed("init", cwd=root).exit == 0
    (root / "desired").mkdir(exist_ok=True)
    (root / "desired" / "docs.yaml").write_text(fragment, encoding="utf-8")
    done = installed("apply", "--yes", cwd=root)
    assert done.exit == 0, done.out + done.err
    return root


class Editor:
    """An editor with some texts open."""

    def __init__(self, client: LanguageClient, root: Path, unit: Unit) -> None:
        self.client = client
        self.root = root
        self.unit = unit
        self.texts: dict[str, IndexedText] = {}
        self.versions: dict[str, int] = {}

    def uri(self, path: str) -> str:
        """What a file is called."""
        return (self.root / path).as_uri()

    def open(self, path: str, source: str | None = None) -> None:
        """Open a file, or a text that is not saved yet."""
        if source is None:
            source = (self.root / path).read_bytes().decode().removeprefix("\ufeff")
        self.texts[path] = IndexedText(source, self.unit)
        self.versions[path] = 1
        document = types.TextDocumentItem(self.uri(path), "yaml", 1, source)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a part of a text."""
        start = self.texts[path].source.index(old)
        self.type(path, start, start + len(old), new)

    def type(self, path: str, start: int, end: int, new: str) -> None:
        """Replace characters, as one incremental edit."""
        text = self.texts[path]
        reach = types.Range(types.Position(*text.position(start)), types.Position(*text.position(end)))
        self.versions[path] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[path], self.uri(path))
        change = types.TextDocumentContentChangePartial(reach, new)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        self.texts[path] = IndexedText(text.source[:start] + new + text.source[end:], self.unit)

    def save(self, path: str) -> None:
        """Write a text to the disk."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(self.texts[path].source.encode())
        self.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(self.uri(path)))
        )

    def close(self, path: str) -> None:
        """Close a text."""
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(path)))
        )

    def at(self, path: str, marked: str) -> Any:
        """The parameters of a place: ``|`` in the marked text is the cursor."""
        before, after = marked.split("|")
        source = self.texts[path].source
        assert source.count(before + after) == 1, (before + after, source)
        position = types.Position(*self.texts[path].position(source.index(before + after) + len(before)))
        return {"text_document": types.TextDocumentIdentifier(self.uri(path)), "position": position}

    async def problems(self, path: str, *, version: int | None = None) -> Sequence[types.Diagnostic]:
        """The diagnostics of the text as it is now; whose an entry is stands not among them."""
        wanted = self.versions.get(path) if version is None else version
        async with asyncio.timeout(PATIENCE):
            while self.client.versions.get(self.uri(path), -1) != wanted:  # type: ignore[attr-defined]
                await asyncio.sleep(0.01)
        found = self.client.diagnostics.get(self.uri(path), [])
        return [diagnostic for diagnostic in found if diagnostic.source == "registry"]

    async def shown(
        self, path: str, holds: Callable[[Sequence[types.Diagnostic]], bool]
    ) -> Sequence[types.Diagnostic]:
        """The diagnostics of a file, those of owners too, once something holds for them."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self.client.diagnostics.get(self.uri(path), [])):
                await asyncio.sleep(0.01)
        return self.client.diagnostics.get(self.uri(path), [])

    async def complete(self, path: str, marked: str) -> dict[str, types.CompletionItem]:
        """What is offered at a place, by label."""
        found = await self.client.text_document_completion_async(
            types.CompletionParams(**self.at(path, marked))
        )
        assert isinstance(found, types.CompletionList)
        return {item.label: item for item in found.items}

    def apply(self, edit: types.WorkspaceEdit | None) -> dict[str, str]:
        """The texts after an edit, by path; nothing is saved."""
        assert edit is not None
        after: dict[str, str] = {}
        for change in edit.document_changes or ():
            if isinstance(change, types.CreateFile):
                continue
            assert isinstance(change, types.TextDocumentEdit)
            path = self.path(change.text_document.uri)
            known = self.texts.get(path)
            if known is None:
                file = self.root / path
                known = IndexedText(file.read_bytes().decode() if file.exists() else "", self.unit)
            else:
                assert change.text_document.version == self.versions[path]
            after[path] = self.edited(known, change.edits)
        return after

    def path(self, uri: str) -> str:
        """The path of a file of the workspace."""
        return Path(uri.removeprefix("file://")).relative_to(self.root).as_posix()

    @staticmethod
    def edited(text: IndexedText, edits: Sequence[Any]) -> str:
        """A text after edits, which do not overlap."""
        spans = [
            (
                text.offset(edit.range.start.line, edit.range.start.character),
                text.offset(edit.range.end.line, edit.range.end.character),
                edit.new_text,
            )
            for edit in edits
        ]
        source = text.source
        for start, end, new in sorted(spans, reverse=True):
            source = source[:start] + new + source[end:]
        return source


@asynccontextmanager
async def editing(
    root: Path, unit: Unit = "utf-16", *, command: Sequence[str] = (), **options: Any
) -> AsyncIterator[Editor]:
    """An editor with a workspace open; it says goodbye at the end, and the server has to go."""
    client = make_test_lsp_client()
    versions: dict[str, int | None] = {}
    client.versions = versions  # type: ignore[attr-defined]
    publish = client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS]

    def published(params: types.PublishDiagnosticsParams) -> None:
        publish(params)
        versions[params.uri] = params.version

    client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = published
    script = Path(sys.executable).parent / "registry"
    await client.start_io(*(command or (str(script), "lsp", "--stdio")))
    capabilities = client_capabilities("visual-studio-code")
    if capabilities.general is not None:
        capabilities.general.position_encodings = [types.PositionEncodingKind(unit)]
    answer = await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[types.WorkspaceFolder(root.as_uri(), "test")],
            initialization_options=options or None,
        )
    )
    assert answer.capabilities.position_encoding == unit
    try:
        yield Editor(client, root, unit)
    finally:
        await asyncio.wait_for(client.shutdown_session(), PATIENCE)
        await client.stop()  # type: ignore[no-untyped-call]
