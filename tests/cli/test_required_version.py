"""A workspace says which versions of the program may work in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.loading.required_version import satisfies
from registry_reconciler.runtime import open_runtime
from registry_reconciler.runtime.errors import WorkspaceLoadError
from registry_reconciler.version import __version__
from tests.support import FRAGMENT, Box

CONFIG = ".system/registry/config.yaml"
COMMANDS = (
    *(["plan"], ["check"], ["apply", "--yes"], ["drift"], ["show", "route/api.errors"], ["list"], ["fmt"]),
    *(
        ["recover"],
        ["resolve"],
        ["baseline"],
        ["adopt", "route/*"],
        ["fix"],
        ["init"],
        ["log"],
        ["diff", "HEAD", "HEAD"],
    ),
)


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    box = Box(tmp_path, capsys)
    assert box.run("init").exit == 0
    box.git("init", "-q")
    box.git("add", "-A")
    box.git("commit", "-q", "-m", "all")
    box.write("desired/a.yaml", FRAGMENT)
    return box


def files(box: Box) -> dict[str, bytes]:
    return {
        str(one): one.read_bytes() for one in box.root.rglob("*") if one.is_file() and ".git" not in one.parts
    }


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_an_older_program_ends_with_1_and_writes_nothing(box: Box, command: list[str]) -> None:
    # What a newer version may say besides is no reason to say something else.
    box.write(CONFIG, 'required_version: ">=99.3"\nof_the_future: {}\n')
    before = files(box)
    ran = box.run(*command)
    assert ran.exit == 1, ran.out + ran.err
    assert "requires registry >=99.3" in ran.err
    assert f"this is {__version__}" in ran.err
    assert "pip install 'registry-reconciler>=99.3'" in ran.err
    assert files(box) == before


def test_programs_are_told_in_json(box: Box) -> None:
    box.write(CONFIG, 'required_version: ">=99"\n')
    ran = box.run("plan", "--format", "json")
    assert [one["code"] for one in ran.json["errors"]] == ["version_required"]
    with pytest.raises(WorkspaceLoadError, match="requires registry >=99"):
        open_runtime(box.root)


def test_a_version_that_fits_works(box: Box) -> None:
    box.write(CONFIG, f'required_version: ">=0.0.1, <={__version__}"\n')
    assert box.run("apply", "--yes").exit == 0
    box.write(CONFIG, 'required_version: ">=99"\n')
    # What was remembered while it fitted is not given again.
    assert box.run("plan").exit == 1


def test_what_is_no_condition_is_a_problem_of_the_configuration(box: Box) -> None:
    box.write(CONFIG, "required_version: newest\n")
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 3
    assert [one["code"] for one in ran.json["problems"]] == ["CFG001"]


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("0.3.0", ">=0.3", True),
        ("0.3", ">=0.3.0", True),
        ("0.2.9", ">=0.3", False),
        ("0.10.0", ">=0.9", True),
        ("1.0", ">=0.3, <1", False),
        ("1.0", ">=0.3,<=1.0.0", True),
        ("1.0", "!=1", False),
        ("1.0.1", "==1.0", False),
        ("0.3.0.dev4", ">0.2", True),
    ],
)
def test_versions_are_compared_number_by_number(version: str, wanted: str, fits: bool) -> None:
    assert satisfies(version, wanted) is fits
