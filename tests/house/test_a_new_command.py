"""What the addition of a command touches: one module in ``cli/commands/`` and one row in the table of the parser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.copy import House

MODULE = '''\
"""``registry shout``, made up by a test."""

from __future__ import annotations

from typing import Annotated

import typer

from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared

EXAMPLE = """\\
  registry shout route

  ROUTE!
"""


def command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What to shout.")],
    *,
    shared: Shared,
) -> int:
    """Say a kind out loud."""
    call = shared.call("shout")
    return answer(call, f"{kind.upper()}!\\n", {"said": kind.upper()})
'''


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The copy with a command that nobody needs."""
    made = House(tmp_path)
    (made.package / "cli/commands/shout.py").write_text(MODULE, encoding="utf-8")
    made.add_row(
        "cli/table.py",
        (
            '    CommandRow("run", "run", "Run an ability of the registries."),\n',
            '    CommandRow("shout", "shout", "Say a kind out loud."),\n',
        ),
    )
    made.registry("init")
    return made


def test_it_is_listed_explained_called_and_documented(house: House) -> None:
    assert re.search(r"^  shout +Say a kind out loud\.$", house.registry("--help"), re.MULTILINE)
    assert "Example:\n    registry shout route" in house.registry("shout", "--help")
    assert house.registry("shout", "route") == "ROUTE!\n"
    said = house.json("shout", "route")
    assert (said["command"], said["said"], said["exit"]) == ("shout", "ROUTE", 0)
    assert house.registry("shout", exits=64) == ""
