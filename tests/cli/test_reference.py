"""``docs/reference/commands.md`` is as the commands say."""

from __future__ import annotations

from pathlib import Path

from registry_reconciler.cli.reference import PAGE, page
from registry_reconciler.cli.table import COMMANDS

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_up_to_date() -> None:
    command = "python -m registry_reconciler.cli.reference --write"
    assert (ROOT / PAGE).read_text("utf-8") == page(), f"make it anew: {command}"


def test_the_page_has_every_command_and_its_example() -> None:
    text = page()
    for row in COMMANDS:
        section = text.partition(f"## registry {row.name}\n")[2].partition("\n## ")[0]
        assert "Example:" in section
        assert "--root DIR" in section or row.name == "lsp", "the editor says which workspace"
