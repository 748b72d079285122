"""The examples of docs/outputs.md: each is set up as it stands there, applied, and gives what the page shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from registry_reconciler.schema.packaged import builtin_schemas
from registry_reconciler.workspace import Workspace
from tests.support import lay_out

PAGE = Path(__file__).parents[2] / "docs/outputs.md"
BLOCK = re.compile(r"```(\w+) (\w+)(?:=(\S+))?\n(.*?)```", re.DOTALL)
SCHEMA = """\
type: object
required: [id, path]
properties:
  id: {type: string}
  path: {type: string}
  version: {type: string}
  summary: {type: string}
  owners: {type: array, items: {type: string}}
x-registry: {kind: skill, layout: list, file: skills/_registry.yml, at: skills, key: id}
"""
HOOK = """\
id: audit
event_type: SessionStop
handler: {kind: script, command: [scripts/audit.sh]}
"""
BEFORE = {
    "README.md": "There are <!-- registry:begin count -->0<!-- registry:end count --> skills.\n\n"
    "<!-- registry:begin skills -->\n<!-- registry:end skills -->\n",
    ".github/CODEOWNERS": "# registry:begin skills\n# registry:end skills\n",
    "AGENTS.md": "<!-- registry:begin skills -->\n<!-- registry:end skills -->\n",
    "mkdocs.yml": "site_name: Skills\nnav: []\n",
    ".claude-plugin/marketplace.json": '{\n  "name": "mine",\n  "owner": {"name": "me"},\n  "plugins": []\n}\n',
}


class Example(NamedTuple):
    """One section: its definitions, templates and what comes out."""

    outputs: str
    templates: dict[str, str]
    results: dict[str, str]


def sections() -> dict[str, Example]:
    """The examples by the titles of their sections."""
    _, *parts = PAGE.read_text("utf-8").split("\n### ")
    found = {}
    for part in parts:
        blocks = BLOCK.findall(part)
        found[part.split("\n")[0]] = Example(
            "".join(text for _, word, _, text in blocks if word == "outputs"),
            {name: text for _, word, name, text in blocks if word == "template"},
            {name: text for _, word, name, text in blocks if word == "result"},
        )
    return found


EXAMPLES = sections()


def home(root: Path, example: Example) -> Workspace:
    """The workspace of the page with one example."""
    (registry,) = [text for _, word, _, text in BLOCK.findall(PAGE.read_text("utf-8")) if word == "file"]
    files = {
        ".system/registry/schemas/skill.schema.yaml": SCHEMA,
        ".system/registry/schemas/hook.schema.yaml": builtin_schemas()["hook"].decode(),
        ".system/hooks/audit.yaml": HOOK,
        "scripts/audit.sh": "#!/bin/sh\n",
        "skills/_registry.yml": registry,
        ".system/registry/outputs.yaml": "outputs:\n"
        + re.sub("(?m)^", "  ", example.outputs).rstrip()
        + "\n",
        **{f".system/registry/templates/{name}": text for name, text in example.templates.items()},
        **{path: text for path, text in BEFORE.items() if path in example.outputs},
    }
    return Workspace(lay_out(root, files))


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_gives_what_the_page_shows(title: str, tmp_path: Path) -> None:
    example = EXAMPLES[title]
    workspace = home(tmp_path, example)
    plan = workspace.plan()
    assert [one.message for one in plan.problems if one.code.startswith("OUT")] == []
    workspace.apply(plan)
    for path, text in example.results.items():
        assert (tmp_path / path).read_text("utf-8") == text
        if path.endswith(".json"):
            json.loads(text)
    assert workspace.plan().empty


def test_the_marketplace_is_json_with_an_item_for_each_skill(tmp_path: Path) -> None:
    workspace = home(tmp_path, EXAMPLES["A plugin marketplace"])
    workspace.apply(workspace.plan())
    found = json.loads((tmp_path / ".claude-plugin/marketplace.json").read_text("utf-8"))
    assert [one["name"] for one in found["plugins"]] == ["docx", "pdf"]
    assert [one["version"] for one in found["plugins"]] == ["1.10", "2"]
    assert found["name"] == "mine"
