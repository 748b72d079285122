"""``schema check``: what a changed schema newly finds, and whether jsonschema agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.verb_helper import Work
from tests.support import installed

PLUGIN = ".system/registry/schemas/plugin.schema.yaml"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    (tmp_path / "work").mkdir()
    return Work(tmp_path / "work")


def test_a_changed_schema_and_todays_entries(work: Work) -> None:
    same = work.ok("schema", "check")
    assert same.out.startswith("No schema file differs from HEAD.\njsonschema judged 6 schemas and ")
    assert same.out.endswith("and agrees.\n")
    work.write(PLUGIN, work.read(PLUGIN) + "required: [name, port]\n")
    done = work.run("schema", "check", "--format", "json")
    assert (done.exit, done.json["changed"]) == (3, [PLUGIN])
    assert [(one["code"], one["address"]) for one in done.json["found"]] == [("SCH001", "plugin/writer")]
    assert done.json["next"] == [["registry", "explain", "SCH001"]]
    assert "Newly found, 1 problem:\n  error SCH001 desired/plugin.yaml:" in work.run("schema", "check").out
    work.commit()
    assert work.run("schema", "check").exit == 0
    assert work.run("schema", "check", "--base", "HEAD~1").exit == 3
    work.write(PLUGIN, work.read(PLUGIN).replace("required: [name, port]\n", "required: [name]\n"))
    eased = work.ok("schema", "check", "--format", "json").json
    assert [one["code"] for one in eased["settled"]] == ["SCH001"]


def test_references_count_and_kinds_that_came_or_went(work: Work) -> None:
    work.write(PLUGIN, work.read(PLUGIN).replace("kind: group}]", "kind: owner}]"))
    found = work.run("schema", "check", "--format", "json").json["found"]
    assert {one["code"] for one in found} == {
        "REF001",
        "OUT008",
    }  # the page that names the kinds is stale as well
    work.write(PLUGIN, "x-registry: {kind: plugin}\n")
    assert work.run("schema", "check").exit == 3
    assert work.run("schema", "check", "--base", "nowhere").exit == 64


def test_a_schema_that_cannot_be_read_is_named(work: Work) -> None:
    (work.root / PLUGIN).unlink()
    (work.root / PLUGIN).symlink_to("plugin.schema.yaml")
    done = work.run("schema", "check")
    assert done.exit == 1
    assert PLUGIN in done.err


def test_outside_of_git(work: Work, tmp_path: Path) -> None:
    (work.root / ".git").rename(tmp_path / "gone")
    done = installed("schema", "check", cwd=work.root, env={"GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert done.exit == 1
    assert "Traceback" not in done.err
