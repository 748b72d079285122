"""The manifest of hostile workspaces, and what is no file where a file is expected."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hostile.helper import run, snapshot, unharmed
from tests.support import lay_out

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("workspaces.yaml").read_text("utf-8"))
BESIDE = "beside"
SCHEMA = ".system/registry/schemas/skill.schema.yaml"
SKILL = 'type: object\nx-registry: {{kind: skill, layout: file, file: "{}", key: id}}\n'


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_hostile_workspace_is_answered(case: dict[str, Any], root: Path) -> None:
    files = dict(case.get("files", {}))
    if "skill" in case:
        files[SCHEMA] = SKILL.format(case["skill"])
    for path, target in case.get("links", {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    lay_out(root, files)
    before = snapshot(root)
    used = run(root, "apply", "--yes", "--format", "json")
    unharmed(used)
    assert used.exit == case.get("exit", 3), used.out
    assert snapshot(root) == before
    where = [
        (one["code"], f"{at['path']}:{at['line']}:{at['column']}" if at["line"] else at["path"])
        for one in used.json["problems"]
        for at in [one["location"]]
    ]
    assert (case["code"], case["at"]) in where


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_text("")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def link_out(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def folder_out(path: Path) -> None:
    path.symlink_to("/etc")


def folder_beside(path: Path) -> None:
    """A link to an empty folder beside the workspace, into which anything could be written."""
    beside = next(one for one in path.parents if one.name == "work").with_name(BESIDE)
    beside.mkdir()
    path.symlink_to(beside)


def link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**42)


def listening(path: Path) -> None:
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(before)


MAKERS: tuple[Callable[[Path], None], ...] = (
    fifo,
    device,
    folder,
    loop,
    link_out,
    folder_out,
    link_to_nothing,
    endless,
    listening,
)
FILES = {
    "desired/x.yaml": "LIV001",
    "modules/routes/zz.yaml": "LIV001",
    ".system/registry/schemas/zz.schema.yaml": "LIV001",
    ".system/registry/config.yaml": "LIV001",
    ".system/registry/baseline.yaml": "LIV001",
    ".system/registry/state/all.yaml.jsonl": "STA004",
}
REGISTRY = "modules/overview/type_registry.yaml"
HISTORY = ".system/registry/history.jsonl"
MORE = "module_type:\n- {id: cron, description: A timer.}\n"


def put(path: Path, maker: Callable[[Path], None]) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    maker(path)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_what_is_no_file_is_a_problem_wherever_a_file_is_read(
    maker: Callable[[Path], None], root: Path
) -> None:
    for path in FILES:
        put(root / path, maker)
    before = snapshot(root)
    used = run(root, "apply", "--yes", "--format", "json")
    unharmed(used)
    assert used.exit == 3, used.out
    assert snapshot(root) == before
    found = {(one["location"]["path"], one["code"]) for one in used.json["problems"]}
    assert set(FILES.items()) <= found


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_nothing_is_written_through_what_is_no_file(maker: Callable[[Path], None], root: Path) -> None:
    put(root / REGISTRY, maker)
    (root / "desired/x.yaml").write_text(MORE)
    before = snapshot(root)
    used = run(root, "apply", "--yes", "--format", "json")
    unharmed(used)
    assert used.exit in (1, 3)
    assert REGISTRY in used.out
    assert snapshot(root) == before


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_history_of_the_old_form_that_is_no_file_is_left_alone(
    maker: Callable[[Path], None], root: Path
) -> None:
    put(root / HISTORY, maker)
    (root / "desired/x.yaml").write_text(MORE)
    before = snapshot(root)
    used = run(root, "apply", "--yes", "--format", "json")
    unharmed(used)
    assert used.exit == 0, used.out
    after = snapshot(root)
    assert "cron" in (root / REGISTRY).read_text()
    assert {name: what for name, what in after.items() if name.startswith(HISTORY)} == {
        name: what for name, what in before.items() if name.startswith(HISTORY)
    }


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
@pytest.mark.parametrize(
    "words", [("apply", "{}"), ("add", "hook", "--entry-file", "{}"), ("run", "x", "--input", "@{}")], ids=str
)
def test_what_is_no_file_is_refused_in_a_call(
    words: tuple[str, ...], maker: Callable[[Path], None], root: Path
) -> None:
    put(root / "given", maker)
    before = snapshot(root)
    used = run(root, *(word.format("given") for word in words), "--format", "json")
    unharmed(used)
    assert used.exit in (1, 3, 64)
    assert used.json["errors"]
    assert snapshot(root) == before


@pytest.mark.parametrize("place", ["desired", ".system/registry/state", ".system/registry/.apply"])
@pytest.mark.parametrize(
    "maker", [fifo, loop, link_out, folder_out, folder_beside], ids=lambda maker: maker.__name__
)
def test_what_is_no_folder_is_never_written_through(
    place: str, maker: Callable[[Path], None], root: Path
) -> None:
    (root / "desired/x.yaml").write_text(MORE)
    put(root / place, maker)
    before = snapshot(root)
    used = run(root, "apply", "--yes", "--format", "json")
    unharmed(used)
    assert used.exit in (1, 3)
    # Where there is nothing to write, nothing is proved; without fragments or state nothing is planned at all.
    assert used.json["files"] or not place.endswith(".apply")
    paths = {one["location"]["path"] for one in used.json["problems"] if one["blocking"]}
    assert any(path == place or path.startswith(f"{place}/") for path in paths)
    assert snapshot(root) == before
    assert snapshot(root.parent / BESIDE) == {}
