"""The set-up that the pages show for agents' clients and editors: it parses, and what it starts is this program."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.cli.table import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(json|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READERS = {"json": json.loads, "toml": tomllib.loads}


def snippets(page: str) -> list[Any]:
    """The blocks of a page, read."""
    return [READERS[form](text) for form, text in BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))]


def commands(value: Any) -> Iterator[list[str]]:
    """The programs that a snippet starts, with their words."""
    if isinstance(value, dict):
        program = value.get("command", value.get("path"))
        words: list[str] = value.get("args") or value.get("arguments") or []
        if isinstance(program, str):
            yield [program, *words]
        for part in value.values():
            yield from commands(part)
    elif isinstance(value, list):
        for part in value:
            yield from commands(part)


@pytest.mark.parametrize(
    ("page", "name", "keys"),
    [
        (
            "agents/mcp.md",
            "mcp",
            ["mcpServers", "servers", "mcp_servers", "context_servers", "mcpServers"],
        ),
        ("editors.md", "lsp", ["language-server", "lsp"]),
    ],
)
def test_what_a_snippet_starts_is_this_program(page: str, name: str, keys: list[str]) -> None:
    found = snippets(page)
    assert [next(iter(snippet)) for snippet in found] == keys
    started = [words for snippet in found for words in commands(snippet)]
    assert started
    options = {"mcp", "lsp", "--root", "--write", ".", "${workspaceFolder}"}
    for words in started:
        assert words[:2] == ["registry", name]
        assert set(words[1:]) <= options
    assert name in {row.name for row in COMMANDS}
