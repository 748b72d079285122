"""The commands of the catalogue: what is published is what is committed, and what they say of it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.catalogue.server import PASSWORD
from tests.support import Box, lay_out

_KIND = """\
x-registry:
  kind: skill
  layout: list
  file: skills.yaml
  key: id
  truth: live
  names: {name: title, status: status}
  references: [{field: "uses[]", kind: skill, in: fleet}]
type: object
description: What people can do.
properties:
  id: {type: string}
  title: {type: string}
  status: {type: string}
  uses: {type: array}
  token: {type: string, x-secret: true}
"""


def _commit(folder: Path, skills: str) -> None:
    lay_out(folder, {".system/registry/schemas/skill.schema.yaml": _KIND, "skills.yaml": skills})
    git = ("git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "what people can do")):
        subprocess.run([*git, *words], check=True)


@pytest.fixture
def fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """Two repositories, one of which refers to the other."""
    _commit(
        tmp_path / "shop", "- {id: checkout, title: Checkout, uses: [pay]}\n- {id: cart, uses: [checkout]}\n"
    )
    _commit(tmp_path / "billing", "- {id: pay, title: Payments, token: hunter2-hunter2}\n- {id: refund}\n")
    (tmp_path / "fleet.yaml").write_text(
        "repositories:\n- {name: shop, path: shop}\n- {name: billing, path: billing}\n"
    )
    return Box(tmp_path, capsys)


def test_another_folder_and_another_repository_are_not_called_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("mono/a", "mono/b"):
        lay_out(
            tmp_path / folder,
            {".system/registry/schemas/skill.schema.yaml": _KIND, "skills.yaml": f"- {{id: {folder[-1]}}}\n"},
        )
    _commit(tmp_path / "mono", "[]\n")
    _commit(tmp_path / "other", "- {id: c}\n")
    box = Box(tmp_path, capsys)

    def publish(row: str, *words: str) -> tuple[int, dict[str, Any], str]:
        (tmp_path / "fleet.yaml").write_text(f"repositories: [{{name: shop, {row}}}]\n")
        typed = ("--catalog", f"sqlite:///{tmp_path}/c.db", "--workers", "1", "--format", "json", *words)
        ran = box.run("fleet", "publish", *typed)
        return ran.exit, ran.json["repositories"][0], ran.out

    assert publish("path: mono, root: a")[1]["outcome"] == "published"
    exit, moved, _ = publish("path: mono, root: b")
    assert (exit, moved["outcome"], moved["new"], moved["gone"]) == (0, "published", 1, 1)
    assert publish("path: mono, root: b")[1]["outcome"] == "unchanged"
    exit, another, out = publish("path: other")
    assert (exit, another["outcome"]) == (1, "another")
    assert f"from {tmp_path}/mono" in out
    exit, replaced, _ = publish("path: other", "--replace")
    assert (exit, replaced["outcome"], replaced["gone"]) == (0, "published", 1)


def test_a_fleet_is_published_and_asked(fleet: Box, url: str) -> None:
    catalog = ("--catalog", url)

    def ask(*words: str) -> Any:
        ran = fleet.run("fleet", *words, *catalog, "--format", "json")
        assert PASSWORD not in ran.out + ran.err
        assert "hunter" not in ran.out + ran.err
        return ran.json

    first = ask("publish", "--workers", "1")
    assert [(row["repository"], row["outcome"], row["new"]) for row in first["repositories"]] == [
        ("billing", "published", 2),
        ("shop", "published", 2),
    ]
    (shown,) = ask("show", "skill/pay")["entries"]
    assert (shown["repository"], shown["value"]["token"], shown["line"]) == ("billing", "«secret»", 1)
    assert [entry["address"] for entry in ask("search", "chec")["entries"]] == [
        "skill/checkout",
        "skill/cart",
    ]
    assert [link["address"] for link in ask("references", "skill/pay")["references"]] == ["skill/checkout"]
    assert [link["repository"] for link in ask("impact", "skill/pay")["breaks"]] == ["shop"]
    assert ask("impact", "skill/checkout")["breaks"] == []  # what refers to it does so in its own repository
    assert ask("show", "skill/pya")["errors"][0]["message"].endswith("Did you mean 'pay'?")

    # What lies in the work tree is not published until it is committed.
    (fleet.root / "billing/skills.yaml").write_text("- {id: payment}\n")
    assert {row["outcome"] for row in ask("publish", "--workers", "1")["repositories"]} == {"unchanged"}
    _commit(fleet.root / "billing", "- {id: payment}\n")
    ask("publish", "--workers", "1", "--only", "billing")
    assert "billing had it until commit" in ask("show", "skill/pay")["errors"][0]["message"]
    (span,) = ask("show", "skill/pay", "--history")["history"]
    assert (span["repository"], span["gone"]) == ("billing", True)

    (fleet.root / "fleet.yaml").write_text("repositories:\n- {name: shop, path: shop}\n")
    assert ask("publish", "--workers", "1", "--prune")["taken_out"] == ["billing"]
    assert ask("search", "payment")["entries"] == []
