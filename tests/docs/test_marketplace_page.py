"""docs/outputs-marketplace.md: its files, set up as they stand there, give what the page shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

from registry_reconciler.workspace import Workspace

PAGE = Path(__file__).parents[2] / "docs/outputs-marketplace.md"
BLOCK = re.compile(r"^```\w+ (file|result)=(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_page_gives_what_it_shows(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    for word, path, text in blocks:
        if word == "file":
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, "utf-8")
    workspace = Workspace(tmp_path)
    plan = workspace.plan()
    assert plan.problems == ()
    workspace.apply(plan)
    results = {path: text for word, path, text in blocks if word == "result"}
    assert {path: (tmp_path / path).read_text("utf-8") for path in results} == results
    assert len(results) == 2
    plugins = json.loads(results[".claude-plugin/marketplace.json"])["plugins"]
    assert [plugin["name"] for plugin in plugins] == ["note-taker", "bench"]
    assert plugins[1]["agents"] == ["./agents/measurer.md"]
    assert workspace.plan().empty
