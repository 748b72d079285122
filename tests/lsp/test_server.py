"""The installed language server, asked by an editor."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.editor import Editor, editing, workspace
from tests.support import FRAGMENT as TEXT
from tests.support import installed

FRAGMENT = "desired/docs.yaml"
ROUTES = "modules/routes/api.yaml"

pytestmark = pytest.mark.asyncio


def marked(editor: Editor, path: str, reach: types.Range) -> str:
    """What stands in a range."""
    text = editor.texts[path]
    start, end = (text.offset(place.line, place.character) for place in (reach.start, reach.end))
    return text.source[start:end]


async def test_a_dangling_id_is_a_problem_while_it_is_typed_and_none_once_it_is_right(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        assert await editor.problems(FRAGMENT) == []
        editor.replace(FRAGMENT, "module_id: payments.api\n    when", "module_id: payments.ap\n    when")
        found = {problem.code: problem for problem in await editor.problems(FRAGMENT)}
        dangling = found["REF001"]
        assert dangling.severity is types.DiagnosticSeverity.Error
        assert "Did you mean 'payments.api'?" in dangling.message
        assert dangling.code_description is not None
        assert dangling.code_description.href.endswith("/rules/pages/REF001.md")
        assert marked(editor, FRAGMENT, dangling.range) == "payments.ap"
        editor.replace(FRAGMENT, "payments.ap\n    when", "payments.api\n    when")
        assert await editor.problems(FRAGMENT) == []


async def test_a_file_that_depends_on_an_edited_one_has_its_problem_although_nobody_opened_it(
    tmp_path: Path,
) -> None:
    async with editing(workspace(tmp_path)) as editor:
        (tmp_path / "desired" / "more.yaml").write_text(
            "module_maturity:\n  - module_id: payments.api\n    maturity: FUNCTIONAL\n"
        )
        editor.open("desired/docs.yaml")
        editor.replace(
            FRAGMENT, "module_maturity:\n  - module_id: payments.api\n    maturity: FUNCTIONAL\n", ""
        )
        assert await editor.problems(FRAGMENT) == []
        editor.replace(FRAGMENT, "- module_id: payments.api", "- module_id: payments.new")
        await editor.shown("desired/more.yaml", lambda found: "REF001" in [problem.code for problem in found])


async def test_a_text_that_cannot_be_read_says_so_and_the_server_goes_on(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        editor.replace(FRAGMENT, "  - id: http_api\n", "  - id: [http_api\n")
        assert [problem.code for problem in await editor.problems(FRAGMENT)][:1] == ["YML001"]
        editor.replace(FRAGMENT, "[http_api", "http_api")
        assert await editor.problems(FRAGMENT) == []


async def test_schema_files_config_and_registries_have_their_problems(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        config = ".system/registry/config.yaml"
        editor.open(config, "severities: {REF001: loud}\n")
        assert [problem.code for problem in await editor.problems(config)] == ["CFG001"]
        outputs = ".system/registry/outputs.yaml"
        editor.open(outputs, "outputs:\n  - {id: total, file: README.md}\n")
        assert "OUT001" in [problem.code for problem in await editor.problems(outputs)]
        editor.close(outputs)
        schema = ".system/registry/schemas/route.schema.yaml"
        editor.open(schema)
        editor.replace(schema, "layout: list", "layout: lits")
        assert "KND001" in [problem.code for problem in await editor.problems(schema)]
        editor.replace(schema, "layout: lits", "layout: list")
        editor.open(ROUTES)
        editor.replace(ROUTES, "topic: errors", "topic: [")
        assert "YML001" in [problem.code for problem in await editor.problems(ROUTES)]


async def test_an_open_registry_says_who_owns_its_entries_and_offers_to_accept_a_hand_edit(
    tmp_path: Path,
) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(ROUTES)
        await editor.problems(ROUTES)
        (owner,) = editor.client.diagnostics[editor.uri(ROUTES)]
        assert owner.severity is types.DiagnosticSeverity.Information
        assert "owned by desired/docs.yaml:14" in owner.message
        editor.replace(ROUTES, "topic: errors", "topic: faults")
        await editor.shown(ROUTES, lambda found: any("edited by hand" in one.message for one in found))
        actions = await code_actions(editor, ROUTES, "topic: |faults")
        (accept,) = (action for action in actions if action.title.startswith("Accept this hand edit"))
        assert "topic: faults" in editor.apply(accept.edit)[FRAGMENT]


async def code_actions(editor: Editor, path: str, at: str) -> list[types.CodeAction]:
    """What is offered at a place."""
    position = editor.at(path, at)["position"]
    found = await editor.client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(editor.uri(path)),
            types.Range(position, position),
            types.CodeActionContext(list(editor.client.diagnostics.get(editor.uri(path), []))),
        )
    )
    return [action for action in found or () if isinstance(action, types.CodeAction)]


async def test_a_problem_can_be_allowed_and_the_text_then_agrees_with_check(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        editor.replace(FRAGMENT, "module_id: payments.api\n    when", "module_id: payments.ap\n    when")
        await editor.problems(FRAGMENT)
        actions = await code_actions(editor, FRAGMENT, "module_id: payments|.ap\n    when")
        (allow,) = (action for action in actions if action.title.startswith("Allow REF001"))
        text = editor.apply(allow.edit)[FRAGMENT]
        editor.type(FRAGMENT, 0, len(editor.texts[FRAGMENT].source), text)
        assert "REF001" not in [problem.code for problem in await editor.problems(FRAGMENT)]
        editor.save(FRAGMENT)
        assert installed("check", cwd=tmp_path).exit == 0


async def test_a_safe_fix_is_offered_and_does_what_it_says(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        editor.replace(FRAGMENT, "module_id: payments.api\n    when", "module_id: payments.ap\n    when")
        await editor.problems(FRAGMENT)
        actions = await code_actions(editor, FRAGMENT, "module_id: payments|.ap\n    when")
        fixed = [editor.apply(action.edit).get(FRAGMENT) for action in actions]
        assert TEXT in fixed


COMPLETIONS: list[tuple[str, str, str, str, str]] = [
    ("a kind at the top", "route:\n", "ro|\nroute:\n", "module_type", "-"),
    ("a directive at the top", "route:\n", "al|\nroute:\n", "allow", "allow:"),
    ("a required field first", "    scope: api\n", "    sc|\n", "scope", "scope: "),
    (
        "an id where a reference is meant",
        "module_id: payments.api\n    when",
        "module_id: pay|\n    when",
        "payments.api",
        "payments.api",
    ),
    (
        "an id with nothing typed",
        "module_id: payments.api\n    when",
        "module_id: |\n    when",
        "payments.api",
        "payments.api",
    ),
    (
        "an id behind a colon",
        "module_id: payments.api\n    when",
        "module_id:|\n    when",
        "payments.api",
        " payments.api",
    ),
    ("a word of the schema", "maturity: FUNCTIONAL", "maturity: FU|", "FUNCTIONAL", "FUNCTIONAL"),
]


async def test_completion_offers(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        for what, old, new, label, insert in COMPLETIONS:
            editor.replace(FRAGMENT, old, new.replace("|", ""))
            found = await editor.complete(FRAGMENT, new)
            if insert == "-":
                assert label not in found, f"{what}: it stands there already"
            else:
                item = found[label]
                assert isinstance(item.text_edit, types.TextEdit)
                assert item.text_edit.new_text == insert, what
            editor.type(FRAGMENT, 0, len(editor.texts[FRAGMENT].source), TEXT)


async def test_completion_inside_brackets_of_paths_and_of_codes(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        (tmp_path / "guide.md").write_text("# Guide\n")
        editor.open(FRAGMENT)
        editor.replace(
            FRAGMENT,
            "    when_to_use: A client gets an error.\n",
            "    when_to_use: A.\n    related_docs: [{path: gui}]\n",
        )
        assert "guide.md" in await editor.complete(FRAGMENT, "{path: gui|}")
        editor.replace(
            FRAGMENT, "route:\n", "allow:\n  - {address: route/api.errors, code: REF, reason: x}\nroute:\n"
        )
        assert "REF001" in await editor.complete(FRAGMENT, "code: REF|, reason")
        assert "route/api.errors" in await editor.complete(FRAGMENT, "address: route/api|.errors")


async def test_hover_definition_references_and_symbols(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        await editor.problems(FRAGMENT)
        reference = editor.at(FRAGMENT, "module_id: payments|.api\n    when")
        hover = await editor.client.text_document_hover_async(types.HoverParams(**reference))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert hover.contents.kind is types.MarkupKind.PlainText
        assert "module_instance/payments.api" in hover.contents.value
        assert "Takes card payments." in hover.contents.value
        field = editor.at(FRAGMENT, "when_to|_use: A client")
        described = await editor.client.text_document_hover_async(types.HoverParams(**field))
        assert described is not None
        places = await editor.client.text_document_definition_async(types.DefinitionParams(**reference))
        assert isinstance(places, list)
        first = places[0]
        assert isinstance(first, types.Location)
        assert editor.path(first.uri) == FRAGMENT
        assert marked(editor, FRAGMENT, first.range) == "module_id:"
        there = await editor.client.text_document_definition_async(
            types.DefinitionParams(**editor.at(FRAGMENT, "- id: api|.errors"))
        )
        assert isinstance(there, list)
        assert [editor.path(place.uri) for place in there if isinstance(place, types.Location)] == [ROUTES]
        referrers = await editor.client.text_document_references_async(
            types.ReferenceParams(context=types.ReferenceContext(include_declaration=False), **reference)
        )
        assert referrers is not None
        assert sorted(place.range.start.line for place in referrers) == [9, 16]
        symbols = await editor.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.uri(FRAGMENT)))
        )
        assert symbols is not None
        assert [symbol.name for symbol in symbols] == [
            "module_type",
            "module_instance",
            "module_maturity",
            "route",
        ]
        found = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams("apierr"))
        assert found is not None
        assert [symbol.name for symbol in found] == ["route/api.errors"]


async def test_rename_changes_the_key_the_moved_line_and_every_reference_and_plan_agrees(
    tmp_path: Path,
) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        at = editor.at(FRAGMENT, "module_id: payments|.api\n    when")
        ready = await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**at))
        assert isinstance(ready, types.PrepareRenamePlaceholder)
        assert ready.placeholder == "payments.api"
        edit = await editor.client.text_document_rename_async(
            types.RenameParams(new_name="billing.api", **at)
        )
        text = editor.apply(edit)[FRAGMENT]
        assert text.count("module_id: billing.api") == 3
        assert "# When something goes wrong." in text
        editor.type(FRAGMENT, 0, len(editor.texts[FRAGMENT].source), text)
        assert await editor.problems(FRAGMENT) == []
        editor.save(FRAGMENT)
        plan = installed("plan", "--format", "json", cwd=tmp_path).json
        assert {change["action"] for change in plan["changes"]} <= {"move", "update", "rename"}
        assert not [problem for problem in plan["problems"] if problem["blocking"]]


async def test_a_rename_to_a_taken_name_is_refused_in_words(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        editor.replace(FRAGMENT, "module_type:\n", "module_type:\n  - id: grpc\n    description: x\n")
        at = editor.at(FRAGMENT, "- id: http|_api")
        with pytest.raises(JsonRpcException, match="is there already"):
            await editor.client.text_document_rename_async(types.RenameParams(new_name="grpc", **at))
        assert (await editor.complete(FRAGMENT, "maturity: |FUNCTIONAL")) != {}


async def test_formatting_is_that_of_fmt(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        editor.replace(FRAGMENT, "    topic: errors\n", "    topic: errors   \n\n\n\n")
        edits = await editor.client.text_document_formatting_async(
            types.DocumentFormattingParams(
                types.TextDocumentIdentifier(editor.uri(FRAGMENT)), types.FormattingOptions(2, True)
            )
        )
        new = editor.edited(editor.texts[FRAGMENT], edits or [])
        editor.save(FRAGMENT)
        assert installed("fmt", cwd=tmp_path).exit == 0
        assert (tmp_path / FRAGMENT).read_text() == new


async def test_a_workspace_that_is_not_trusted_is_not_read(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path), trusted=False) as editor:
        editor.open(FRAGMENT)
        assert await editor.complete(FRAGMENT, "maturity: |FUNCTIONAL") == {}
        assert editor.client.diagnostics == {}


async def test_a_text_outside_of_any_workspace_is_left_alone(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    async with editing(workspace(inside)) as editor:
        editor.open("../outside.yaml", "route:\n  - id: x\n")
        editor.open(FRAGMENT)
        assert await editor.problems(FRAGMENT) == []
        assert not [uri for uri in editor.client.diagnostics if uri.endswith("outside.yaml")]


async def test_only_the_workspaces_of_the_folders_that_are_open_are_read(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        root.mkdir()
        workspace(root)
    (two / FRAGMENT).write_text(TEXT.replace("- id: http_api", "- id: http"))
    async with editing(one) as editor:
        editor.open(f"../two/{FRAGMENT}")
        editor.open(FRAGMENT)
        assert await editor.problems(FRAGMENT) == []
        assert await editor.complete(f"../two/{FRAGMENT}", "maturity: |FUNCTIONAL") == {}
        assert not [uri for uri in editor.client.diagnostics if "/two/" in uri]
        lenses = await editor.client.text_document_code_lens_async(
            types.CodeLensParams(types.TextDocumentIdentifier(editor.uri(FRAGMENT)))
        )
        assert len(lenses or ()) == 4
        folder = types.WorkspaceFolder(two.as_uri(), "two")
        for event in (
            types.WorkspaceFoldersChangeEvent([folder], []),
            types.WorkspaceFoldersChangeEvent([], [folder]),
        ):
            editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
            uri = (two / FRAGMENT).as_uri()
            async with asyncio.timeout(60):
                while bool(editor.client.diagnostics.get(uri)) is not bool(event.added):
                    await asyncio.sleep(0.02)


async def test_a_folder_has_its_problems_before_any_text_is_open(tmp_path: Path) -> None:
    workspace(tmp_path)
    (tmp_path / FRAGMENT).write_text(TEXT.replace("- id: http_api", "- id: http"))
    async with editing(tmp_path) as editor:
        await editor.shown(FRAGMENT, lambda found: any(problem.code == "REF001" for problem in found))


async def test_a_workspace_that_a_link_leads_to_is_the_same_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    workspace(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    async with editing(tmp_path / "link") as editor:
        editor.open(FRAGMENT)
        editor.replace(FRAGMENT, "module_id: payments.api\n    when", "module_id: payments.ap\n    when")
        assert "REF001" in [problem.code for problem in await editor.problems(FRAGMENT)]
        assert not [uri for uri in editor.client.diagnostics if "/real/" in uri]


async def test_what_changes_on_the_disk_counts_once_the_editor_says_so(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        assert await editor.problems(FRAGMENT) == []
        (tmp_path / "desired" / "docs2.yaml").write_text(
            "route:\n  - id: api.errors\n    scope: api\n    topic: x\n"
        )
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
        uri = editor.uri("desired/docs2.yaml")
        while not editor.client.diagnostics.get(uri):
            await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams("x"))
        assert "FRG002" in [problem.code for problem in editor.client.diagnostics[uri]]


async def test_secrets_are_in_no_answer(tmp_path: Path) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "x-registry": {
            "kind": "server",
            "layout": "list",
            "file": "servers.yaml",
            "at": "servers",
            "key": "id",
        },
        "properties": {
            "id": {"type": "string"},
            "token": {"type": "string", "x-secret": True},
            "level": {"type": "integer"},
        },
    }
    workspace(tmp_path)
    (tmp_path / ".system/registry/schemas/server.schema.yaml").write_text(json.dumps(schema))
    (tmp_path / "servers.yaml").write_text("servers:\n  - id: a\n    token: s3cr3t-live\n    level: 1\n")
    fragment = "server:\n  - id: a\n    token: s3cr3t-new\n    level: two\n"
    (tmp_path / "desired/servers.yaml").write_text(fragment)
    async with editing(tmp_path) as editor:
        editor.open("desired/servers.yaml")
        told = [repr(await editor.problems("desired/servers.yaml"))]
        for at in ("- id|: a", "tok|en: s3", "token: s3cr|3t", "level|: two", "- id: |a", "level: |two"):
            params = editor.at("desired/servers.yaml", at)
            told.append(repr(await editor.client.text_document_hover_async(types.HoverParams(**params))))
            told.append(repr(await editor.complete("desired/servers.yaml", at)))
            told.append(repr(await code_actions(editor, "desired/servers.yaml", at)))
        told.append(repr(await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams(""))))
        assert any("server/a" in text for text in told)
        assert not [text for text in told if "s3cr3t" in text]


async def test_half_of_a_character_is_answered_and_the_server_goes_on(tmp_path: Path) -> None:
    half = "\ud800"
    async with editing(workspace(tmp_path)) as editor:
        editor.open(FRAGMENT)
        at = editor.at(FRAGMENT, "module_id: payments|.api\n    when")
        with pytest.raises(JsonRpcException):
            await editor.client.text_document_rename_async(types.RenameParams(new_name=half, **at))
        found = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams(half))
        assert not found
        editor.replace(FRAGMENT, "topic: errors", f"topic: err{half}ors")
        assert await editor.problems(FRAGMENT)
        assert await editor.client.text_document_hover_async(types.HoverParams(**at)) is None
        editor.replace(FRAGMENT, f"topic: err{half}ors", "topic: errors")
        assert await editor.problems(FRAGMENT) == []


CRASHING = """
from registry_reconciler.lsp import features, serve, server
def crash(look, path, offset):
    raise ZeroDivisionError("on purpose")
features.hover = crash
problems = server.problems
def sometimes(look):
    return problems(look) if "errors" in look.text("desired/docs.yaml").source else crash(look, "", 0)
server.problems = sometimes
serve()
"""


async def test_a_request_that_crashes_ends_alone(tmp_path: Path) -> None:
    async with editing(workspace(tmp_path), command=(sys.executable, "-c", CRASHING)) as editor:
        editor.open(FRAGMENT)
        assert await editor.problems(FRAGMENT) == []
        at = editor.at(FRAGMENT, "module_id: payments|.api\n    when")
        with pytest.raises(JsonRpcException):
            await editor.client.text_document_hover_async(types.HoverParams(**at))
        assert await editor.client.text_document_definition_async(types.DefinitionParams(**at))
        editor.replace(FRAGMENT, "topic: errors", "topic: err")
        assert await editor.complete(FRAGMENT, "maturity: |FUNCTIONAL") != {}
        editor.replace(FRAGMENT, "topic: err", "topic: errors")
        assert await editor.problems(FRAGMENT) == []
