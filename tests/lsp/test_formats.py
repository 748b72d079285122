"""Everything that an editor asks for, in every text format, where registries own their entries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types

from registry_reconciler.formats.table import FORMATS
from registry_reconciler.lsp.buffers import BufferPlan, Buffers, OpenText
from registry_reconciler.lsp.completion import complete
from registry_reconciler.lsp.diagnostics import diagnostics
from registry_reconciler.lsp.edits import rename
from registry_reconciler.lsp.hover import hover
from registry_reconciler.lsp.navigation import definition, document_symbols, references
from registry_reconciler.lsp.text import IndexedText

TEAMS = "teams.yaml"
TEXTS = {
    "yaml": ("s.yaml", "servers:\n  - id: web\n    team: cre\n    level: low\n"),
    "json": ("s.json", '{\n  "servers": [\n    {"id": "web", "team": "cre", "level": "low"}\n  ]\n}\n'),
    "jsonc": (
        "s.jsonc",
        '{\n  // all of them\n  "servers": [\n    {"id": "web", "team": "cre", "level": "low"},\n  ]\n}\n',
    ),
    "toml": ("s.toml", '[[servers]]\nid = "web"\nteam = "cre"\nlevel = "low"\n'),
    "frontmatter": ("s/web.md", "---\nid: web\nteam: cre\nlevel: low\n---\n# Web\n"),
}


def look_at(root: Path, name: str, source: str) -> BufferPlan:
    """A workspace with the text open in it."""
    path, _ = TEXTS[name]
    file = "s/{id}.md" if name == "frontmatter" else path
    place = {"layout": "file"} if name == "frontmatter" else {"layout": "list", "at": "servers"}
    schemas = root / ".system/registry/schemas"
    schemas.mkdir(parents=True, exist_ok=True)
    server = {
        "x-registry": {
            "kind": "server",
            "file": file,
            "key": "id",
            "truth": "live",
            "references": [{"field": "team", "kind": "team"}],
            **place,
        },
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "team": {"type": "string", "description": "Who keeps it."},
            "level": {"enum": ["low", "high"]},
        },
    }
    team = {
        "x-registry": {
            "kind": "team",
            "layout": "list",
            "file": TEAMS,
            "at": "teams",
            "key": "id",
            "truth": "live",
        },
        "type": "object",
    }
    (schemas / "server.schema.yaml").write_text(json.dumps(server))
    (schemas / "team.schema.yaml").write_text(json.dumps(team))
    (root / TEAMS).write_text("teams:\n  - id: core\n    name: The core\n")
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text("" if name != "frontmatter" else "---\nid: web\n---\n")
    buffers = Buffers(root)
    buffers.put(path, OpenText(IndexedText(source), (root / path).as_uri(), 1))
    return buffers.look()


@pytest.mark.parametrize("name", FORMATS)
def test_an_editor_is_served_in_every_format(tmp_path: Path, name: str) -> None:
    path, source = TEXTS[name]
    wrong = look_at(tmp_path, name, source)
    found = [problem for problem in diagnostics(wrong).get(path, []) if problem.source == "registry"]
    assert [problem.code for problem in found] == ["REF001"]
    line = wrong.open[path].text.line(found[0].range.start.line)
    assert "cre" in line[found[0].range.start.character : found[0].range.end.character]
    offered = complete(wrong, path, source.index("cre") + 3)
    assert "core" in [item.label for item in offered.items]
    words = complete(wrong, path, source.index("low") + 1)
    assert [item.label for item in words.items] == ["low"]
    right = look_at(tmp_path, name, source.replace("cre", "core"))
    at = source.index("cre") + 2
    told = hover(right, path, at)
    assert told is not None
    assert isinstance(told.contents, types.MarkupContent)
    assert "The core" in told.contents.value
    (there,) = definition(right, path, at)
    assert there.uri.endswith(TEAMS)
    (reference,) = references(right, path, at, declaration=False)
    assert reference.uri.endswith(path)
    (symbol,) = document_symbols(right, path)
    assert [child.name for child in symbol.children or ()] == ["web"]
    edit = rename(right, path, at, "heart")
    assert edit is not None
    changed = [change for change in edit.document_changes or () if isinstance(change, types.TextDocumentEdit)]
    assert {change.text_document.uri.rpartition("/")[2] for change in changed} == {TEAMS, Path(path).name}
    assert all(
        "heart" in one.new_text
        for change in changed
        for one in change.edits
        if isinstance(one, types.TextEdit)
    )
