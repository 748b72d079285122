"""Registries in every text format whose entries a fragment owns: who owns them, and what an edit by hand leads to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from registry_reconciler.formats.table import FORMATS
from registry_reconciler.lsp.buffers import Buffers, OpenText
from registry_reconciler.lsp.diagnostics import diagnostics
from registry_reconciler.lsp.edits import code_actions, rename
from registry_reconciler.lsp.hover import hover
from registry_reconciler.lsp.navigation import definition, references
from registry_reconciler.lsp.text import IndexedText
from tests.lsp.editor import Editor
from tests.support import installed

FRAGMENT = "desired/all.yaml"
REGISTRIES = {
    "yaml": "s.yaml",
    "json": "s.json",
    "jsonc": "s.jsonc",
    "toml": "s.toml",
    "frontmatter": "s/web.md",
}
ENDS = {"yaml": "\n", "json": "\r\n", "jsonc": "\n", "toml": "\r\n", "frontmatter": "\r\n"}
"""Half of them have the line ends of Windows."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One kind for each format, each with an entry that refers to one that they share; all is applied."""
    made = tmp_path_factory.mktemp("managed")
    schemas = made / ".system/registry/schemas"
    schemas.mkdir(parents=True)
    (made / "desired").mkdir()
    lines = ["team:", "  - id: core", "    name: The core"]
    team = {"kind": "team", "layout": "list", "file": "teams.yaml", "at": "teams", "key": "id"}
    kinds: dict[str, Any] = {"team": {**team, "names": {"name": "name"}}}
    for name, path in REGISTRIES.items():
        place = {"layout": "list", "file": path, "at": "servers"}
        if name == "frontmatter":
            place = {"layout": "file", "file": "s/{id}.md"}
        else:
            head = {"yaml": "servers: []", "toml": "title = 'x'"}.get(name, '{"servers": []}')
            (made / path).write_bytes((head + ENDS[name]).encode())
        kinds[name] = {"kind": name, **place, "key": "id", "references": [{"field": "team", "kind": "team"}]}
        lines += [f"{name}:", "  - id: web", "    team: core", "    level: low"]
    for name, spec in kinds.items():
        text = json.dumps({"type": "object", "x-registry": spec})
        (schemas / f"{name}.schema.yaml").write_text(text)
    (made / FRAGMENT).write_text("\n".join(lines) + "\n")
    done = installed("apply", "--yes", cwd=made)
    assert done.exit == 0, done.out + done.err
    return made


def test_every_format_is_here() -> None:
    assert REGISTRIES.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_whose_an_entry_is_and_what_an_edit_by_hand_leads_to(root: Path, name: str) -> None:
    path = REGISTRIES[name]
    buffers = Buffers(root)
    source = (root / path).read_bytes().decode()
    fragment = (root / FRAGMENT).read_text()
    line = fragment[: fragment.index(f"{name}:\n")].count("\n") + 2
    at = source.index("core") + 1

    def put(text: str) -> None:
        buffers.put(path, OpenText(IndexedText(text), (root / path).as_uri(), 1))

    put(source)
    look = buffers.look()
    (owner,) = diagnostics(look)[path]
    assert owner.message == f"{name}/web: owned by {FRAGMENT}:{line}. Edit it there."
    told = hover(look, path, at)
    assert told is not None
    assert isinstance(told.contents, types.MarkupContent)
    assert "team/core  The core" in told.contents.value
    key = source.index("web") + 1
    assert [place.uri for place in definition(look, path, key)] == [(root / FRAGMENT).as_uri()]
    assert len(references(look, path, at, declaration=False)) == len(REGISTRIES)
    edit = rename(look, path, key, "www")
    assert edit is not None
    (change,) = edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    renamed = Editor.edited(IndexedText(fragment), change.edits)
    assert f"{name}:\n  - id: www\n" in renamed
    assert f"  - from: {name}/web\n    to: {name}/www\n" in renamed

    put(source.replace("low", "high"))
    look = buffers.look()
    messages = [problem.message for problem in diagnostics(look)[path]]
    assert any(message.startswith(f"{name}/web: edited by hand; owned by") for message in messages)
    at = look.open[path].text.source.index("high")
    (accept,) = (
        action for action in code_actions(look, path, at, at, []) if action.title.startswith("Accept this")
    )
    assert accept.edit is not None
    (change,) = accept.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    accepted = Editor.edited(IndexedText(fragment), change.edits)
    assert accepted == fragment.replace(
        f"{name}:\n  - id: web\n    team: core\n    level: low",
        f"{name}:\n  - id: web\n    team: core\n    level: high",
    )
