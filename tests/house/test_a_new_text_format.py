"""What the addition of a text format touches: one package in ``formats/`` and one line of its table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house.copy import House

ROW = '''\
"""Loose JSON, made up by a test: comments begin with ``//``, as in JSONC."""

from __future__ import annotations

from registry_reconciler.formats.base import Comment
from registry_reconciler.formats.json.row import JsonFormat

LOOSE = JsonFormat("loose", "Loose JSON", (".loose",), Comment("//"))
'''

LIVE = """\
{
  // Who is here.
  "members": [
    {"id": "ann"}, // since May
    {"id": "cid"}
  ]
}
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The copy with a format, a kind whose files have its ending, and one that names it."""
    made = House(tmp_path)
    package = made.package / "formats/loose"
    package.mkdir()
    (package / "__init__.py").write_text('"""Loose JSON."""\n', encoding="utf-8")
    (package / "row.py").write_text(ROW, encoding="utf-8")
    made.add_row(
        "formats/table.py",
        (
            "from registry_reconciler.formats.json.row import JSON, JSONC\n",
            "from registry_reconciler.formats.loose.row import LOOSE\n",
        ),
        ("(YAML, JSON, JSONC, TOML, FRONTMATTER", ", LOOSE"),
    )
    schemas = ".system/registry/schemas"
    made.write(
        f"{schemas}/member.schema.yaml",
        "x-registry: {kind: member, layout: list, file: a.loose, at: members, key: id}\n",
    )
    made.write(
        f"{schemas}/guest.schema.yaml",
        "x-registry: {kind: guest, layout: map, file: guests.txt, at: '', key: id, format: loose}\n",
    )
    made.write("a.loose", LIVE)
    return made


def test_it_is_published_read_edited_and_made(house: House) -> None:
    published = json.loads(house.registry("schema", "x-registry"))["properties"]["format"]
    assert "loose" in published["enum"]
    assert "loose for .loose" in published["description"]
    house.registry("adopt", "--all")
    house.registry("apply", "--yes")
    assert house.read("a.loose") == LIVE
    house.write(
        "desired/more.yaml", "member:\n- {id: bob}\n\nguest:\n- {id: eve}\n- {id: dan, note: says 'so'}\n"
    )
    house.registry("apply", "--yes")
    assert house.read("a.loose") == LIVE.replace(" // since May\n", ' // since May\n    {"id": "bob"},\n')
    assert json.loads(house.read("guests.txt")) == {"eve": {}, "dan": {"note": "says 'so'"}}
    house.write("a.loose", house.read("a.loose").replace('"cid"', '"cid", "role": "cook"'))
    assert "a.loose:6" in house.registry("drift", exits=2)
    assert house.json("plan")["changes"] == []


def test_what_cannot_be_read_is_said_with_its_place(house: House) -> None:
    house.write("a.loose", LIVE.replace('"ann"', "ann"))
    found = [one["location"] for one in house.json("check", exits=3)["problems"] if one["code"] == "JSN001"]
    assert [(one["path"], one["line"]) for one in found] == [("a.loose", 4)]
