"""What the addition of a layout touches: one module in ``layouts/`` and one row in its table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house import grouped_layout
from tests.house.copy import House

SCHEMA = """\
# yaml-language-server: $schema=none
x-registry: {kind: member, layout: grouped, file: teams.yaml, at: teams, key: [team, id]}
type: object
required: [id, team]
additionalProperties: false
properties:
  id: {type: string}
  team: {type: string}
  role: {type: string}
  token: {type: string, x-secret: true}
"""

LIVE = """\
# Who is where.
teams:
  red:
    # The first one.
    - id: ann   # since May
      role: cook
    - id: bob
  blue:
    - id: cid
      token: hunter2-hunter2
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The copy with a layout that is a mapping of lists, and a kind that is kept so."""
    made = House(tmp_path)
    module = Path(grouped_layout.__file__).read_text(encoding="utf-8")
    (made.package / "layouts/grouped_layout.py").write_text(module, encoding="utf-8")
    made.add_row(
        "layouts/__init__.py",
        (
            "from registry_reconciler.layouts.file_layout import FILE\n",
            "from registry_reconciler.layouts.grouped_layout import GROUPED\n",
        ),
        ("(LIST, MAP, FILE", ", GROUPED"),
    )
    made.write(".system/registry/schemas/member.schema.yaml", SCHEMA)
    made.write("teams.yaml", LIVE)
    return made


def test_it_is_published_read_listed_shown_and_adopted(house: House) -> None:
    layout = json.loads(house.registry("schema", "x-registry"))["properties"]["layout"]
    assert layout["enum"][:4] == ["list", "map", "file", "grouped"]
    assert "grouped: the container is a mapping of sequences of entries" in layout["description"]
    (kind,) = house.json("list", "--kinds")["kinds"]
    assert (kind["layout"], kind["entries"]) == ("grouped", 3)
    shown = house.registry("show", "member/red/ann")
    assert "teams.yaml:5" in shown
    assert "hunter2" not in house.registry("show", "member/blue/cid")
    house.registry("adopt", "--all")
    house.registry("apply", "--yes")
    assert house.read("teams.yaml") == LIVE
    assert house.json("plan")["changes"] == []


def test_its_entries_are_made_changed_moved_and_removed(house: House) -> None:
    house.registry("adopt", "--all")
    house.registry("apply", "--yes")
    house.registry("add", "member", "--entry-json", '{"team": "red", "id": "abe"}', "--apply")
    house.registry("set", "member/red/ann", "role=baker", "--apply", "--yes")
    house.registry("rename", "member/red/bob", "green/bob", "--apply", "--yes")
    assert (
        house.read("teams.yaml")
        == """\
# Who is where.
teams:
  red:
    - id: abe
    # The first one.
    - id: ann   # since May
      role: baker
  blue:
    - id: cid
      token: hunter2-hunter2
  green:
    - id: bob
"""
    )
    house.registry("rm", "member/red/abe", "--apply", "--yes")
    house.registry("rm", "member/green/bob", "--apply", "--yes")
    text = house.read("teams.yaml")
    assert "abe" not in text
    assert text.endswith("  green: []\n")
    assert house.json("plan")["changes"] == []


def test_its_drift_is_found_with_its_line_and_accepted(house: House) -> None:
    house.registry("adopt", "--all")
    house.registry("apply", "--yes")
    house.write("teams.yaml", LIVE.replace("cook", "thief").replace("hunter2-hunter2", "hunter3-hunter3"))
    said = house.registry("drift", exits=2)
    assert "teams.yaml:5" in said
    assert "hunter" not in said
    house.registry("drift", "--accept", "member/*")
    assert house.json("drift")["drift"] == []


def test_a_file_and_a_container_that_are_not_there_are_made(house: House) -> None:
    (house.box / "teams.yaml").unlink()
    house.write(
        "desired/a.yaml", "member:\n- {team: red, id: ann}\n- {team: blue, id: cid}\n- {team: red, id: bob}\n"
    )
    house.registry("apply", "--yes")
    assert (
        house.read("teams.yaml")
        == """\
teams:
  blue:
    - {id: cid}
  red:
    - {id: ann}
    - {id: bob}
"""
    )


def test_a_container_of_another_shape_is_a_problem_and_shows_no_secret(house: House) -> None:
    house.write("teams.yaml", "teams:\n- {id: ann, token: hunter2-hunter2}\n")
    said = house.registry("check", exits=3)
    assert "LIV005" in said
    assert "must be a mapping" in said
    assert "hunter2" not in said
