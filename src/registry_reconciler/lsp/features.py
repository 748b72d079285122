"""What an editor may ask, each with the function that answers it."""

from __future__ import annotations

import contextlib

from lsprotocol import types

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.completion import complete
from registry_reconciler.lsp.edits import code_actions, fitted, formatting, rename
from registry_reconciler.lsp.hover import hover
from registry_reconciler.lsp.lenses import lenses
from registry_reconciler.lsp.navigation import (
    definition,
    document_symbols,
    references,
    renamable,
    workspace_symbols,
)
from registry_reconciler.lsp.server import RegistryServer


def make_server() -> RegistryServer:
    """A server with everything that it can do."""
    server = RegistryServer()

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = params.initialization_options
        server.trusted = not (isinstance(options, dict) and options.get("trusted") is False)

    @server.feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        server.look_into_folders()
        watching = server.client_capabilities.workspace
        watch = watching.did_change_watched_files if watching is not None else None
        if watch is not None and watch.dynamic_registration:
            everything = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
            server.client_register_capability(
                types.RegistrationParams(
                    [types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, everything)]
                )
            )

    left: list[str] = []

    @server.feature(types.SHUTDOWN)
    def told_to_stop(_params: None) -> None:
        left.append(types.SHUTDOWN)

    @server.feature(types.EXIT)
    def told_to_end(_params: None) -> None:
        server.exit_code = 0 if left else 1

    _watch(server)
    _answer(server)
    _edit(server)
    return server


def _watch(server: RegistryServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(_params: types.DidChangeWatchedFilesParams) -> None:
        server.on_disk()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(_params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.folders_changed()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_params: types.DidSaveTextDocumentParams) -> None:
        server.on_disk()


def _answer(server: RegistryServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=list(' :[{,/.="')),
    )
    async def completion(params: types.CompletionParams) -> types.CompletionList:
        return await server.ask_at(params, complete, types.CompletionList(False, []), recent=True)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        return await server.ask_at(params, hover, None)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def defined(params: types.DefinitionParams) -> list[types.Location]:
        return await server.ask_at(params, definition, [])

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def referred(params: types.ReferenceParams) -> list[types.Location]:
        declaration = params.context.include_declaration
        return await server.ask_at(
            params, lambda look, path, offset: references(look, path, offset, declaration=declaration), []
        )

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return await server.ask(params.text_document.uri, document_symbols, [])

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    async def lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        return await server.ask(params.text_document.uri, lenses, [])

    @server.feature(types.WORKSPACE_SYMBOL)
    async def found_symbols(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        found: list[types.WorkspaceSymbol] = []
        for buffers in list(server.workspaces.values()):
            with contextlib.suppress(RegistryFailure):
                found += await server.plan(buffers, lambda look: workspace_symbols(look, params.query))
        return found


def _edit(server: RegistryServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        found = await server.ask_at(params, renamable, None)
        return types.PrepareRenamePlaceholder(*found) if found is not None else None

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        def work(look: BufferPlan, path: str, offset: int) -> types.WorkspaceEdit | None:
            return fitted(rename(look, path, offset, params.new_name), server.client_capabilities)

        return await server.ask_at(params, work, None)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        def work(look: BufferPlan, path: str) -> list[types.CodeAction]:
            text = look.text(path)
            if text is None:
                return []
            start, end = params.range.start, params.range.end
            reach = text.offset(start.line, start.character), text.offset(end.line, end.character)
            found = []
            for action in code_actions(look, path, *reach, params.context.diagnostics):
                with contextlib.suppress(RegistryFailure):
                    action.edit = fitted(action.edit, server.client_capabilities)
                    found.append(action)
            return found

        return await server.ask(params.text_document.uri, work, [])

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        return await server.ask(params.text_document.uri, formatting, None)
