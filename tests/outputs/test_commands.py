"""Outputs through the commands: what an edit by hand, and a newer program alone, make of exit codes and reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.files.tree import DiskTree
from registry_reconciler.outputs.memory import Form, load_memory, render
from registry_reconciler.version import __version__
from tests.outputs.helper import FILES
from tests.support import Box

AGENTS = ".system/registry/AGENTS.md"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    found = Box.started(tmp_path, capsys, FILES)
    assert found.run("apply", "--yes").exit == 0
    assert found.run("plan", "--detailed-exitcode").exit == 0
    return found


def test_an_edited_output_is_drift_for_plan_and_drift_until_it_is_settled(box: Box) -> None:
    right = box.read("README.md")
    box.replace("README.md", ">2<", ">3<")
    ran = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert (ran.exit, ran.json["next"]) == (2, [["registry", "drift"]])
    assert [output["action"] for output in ran.json["outputs"]] == ["edited"]
    shown = box.run("plan", "--format", "markdown").out
    assert "Next:" in shown
    assert "To apply exactly this" not in shown, "drift applies nothing"
    assert box.run("plan").exit == 0, "an edit blocks nothing"
    assert box.run("check").exit == 0
    assert box.run("drift", "output:count").exit == 2
    assert box.run("drift", "output:table").exit == 0
    assert box.run("drift", "--accept", "output:count").exit == 64
    ran = box.run("drift", "--accept", "output:cuont")
    assert (ran.exit, "output:count" in ran.err or "'count'" in ran.err) == (64, True)
    ran = box.run("drift", "--revert", "output:count")
    assert (ran.exit, box.read("README.md")) == (0, right), ran.out
    assert box.run("plan", "--detailed-exitcode").exit == 0


def test_a_newer_program_alone_makes_a_page_stale_as_a_record(box: Box) -> None:
    page = box.read(AGENTS)
    older = page + "\nSomething that an older program said.\n"
    tree = DiskTree(box.root)
    (path,) = [path for path, said in load_memory(tree).files.items() if said[0].id == "registry-agents"]
    box.write(path, render("registry-agents", Form("s"), "0.0.1", older, "").decode())
    box.write(AGENTS, older)
    box.git("add", "-A")
    box.git("commit", "-qm", "as an older program left it")
    for words in (("plan", "--detailed-exitcode"), ("check",), ("drift",), ("plan", "--base", "HEAD")):
        ran = box.run(*words, "--format", "json") if words != ("drift",) else box.run(*words)
        assert ran.exit == 0, (words, ran.out)
    ran = box.run("plan", "--format", "json")
    (said,) = [problem for problem in ran.json["problems"] if problem["code"] == "OUT008"]
    assert (said["severity"], said["blocking"], said["location"]["path"]) == ("record", False, AGENTS)
    assert box.run("apply", "--yes").exit == 0
    assert box.read(AGENTS) == page
    assert f"% {__version__} s" in box.read(path)
    assert box.run("plan", "--format", "json").json["outputs"] == []


def test_a_page_that_somebody_wrote_before_is_left_and_is_no_reason_for_exit_2(box: Box) -> None:
    tree = DiskTree(box.root)
    for path, said in load_memory(tree).files.items():
        if said[0].id == "registry-agents":
            (box.root / path).unlink()
    box.write(AGENTS, "# Ours\n")
    ran = box.run("plan", "--detailed-exitcode", "--format", "json")
    assert ran.exit == 0
    assert [output["action"] for output in ran.json["outputs"]] == ["edited"]
