"""The command itself, really killed at its file-changing calls: then ``plan`` stops, ``recover`` mends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from registry_reconciler.apply import files
from registry_reconciler.cli.main import main
from tests.crash import faults, scenario
from tests.crash.scenario import Snapshot
from tests.support import FRAGMENT

pytestmark = pytest.mark.skipif(
    not files.DURABLE, reason="a durable apply needs folder descriptors and flock"
)

HISTORY = ".system/registry/history/"


def command(root: Path, *words: str, hook: files.Hook | None = None) -> int:
    """One command in a process of its own, its output thrown away; how it ended."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.chdir(root)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            files.watch(hook)
            code = main(words)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def without_times(tree: Snapshot) -> Snapshot:
    """A tree apart from the history, whose files say the moment."""
    return {path: what for path, what in tree.items() if not path.startswith(HISTORY)}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("command") / "root"
    root.mkdir()
    assert command(root, "init") == 0
    (root / "desired").mkdir(exist_ok=True)
    (root / "desired/pay.yaml").write_text(FRAGMENT, encoding="utf-8")
    return root


def test_a_killed_apply_is_mended_by_one_command(workspace: Path, tmp_path: Path, all_points: bool) -> None:
    before = without_times(scenario.snapshot(workspace))
    root = tmp_path / "root"
    shutil.copytree(workspace, root, symlinks=True)
    counts = tmp_path / "count"

    def count(index: int, _name: str, _arguments: object, call: object) -> object:
        with counts.open("a") as stream:
            stream.write(f"{index}\n")
        assert callable(call)
        return call()

    assert command(root, "apply", "--yes", hook=count) == 0
    after = without_times(scenario.snapshot(root))
    assert after != before
    calls = len(counts.read_text().split())
    stopped = 0
    for number in range(0, calls, 1 if all_points else 13):
        shutil.rmtree(root)
        shutil.copytree(workspace, root, symlinks=True)
        assert command(root, "apply", "--yes", hook=faults.kill_at(number)) == -signal.SIGKILL
        planned = command(root, "plan")
        assert planned in (0, 1)
        stopped += planned
        assert command(root, "recover") == 0
        assert without_times(scenario.snapshot(root)) in (before, after), number
        assert command(root, "plan") == 0
    assert stopped, "no kill came between the commit point and the end"


def test_an_interrupted_apply_is_recovered_by_the_next_one(workspace: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(workspace, root, symlinks=True)

    def hook(_index: int, name: str, arguments: tuple[object, ...], call: object) -> object:
        if name == "unlink" and arguments[0] == "COMMIT":
            faults.kill()
        assert callable(call)
        return call()

    assert command(root, "apply", "--yes", hook=hook) == -signal.SIGKILL
    assert command(root, "plan") == 1
    assert command(root, "apply", "--yes") == 0
    assert command(root, "plan", "--detailed-exitcode") == 0
    with contextlib.suppress(FileNotFoundError):
        assert not os.listdir(root / ".system/registry/.apply")


PLACED = "x-registry: {{kind: t, {}}}\ntype: object\n"
LISTED = "layout: list, file: old/t.yaml, at: t, key: id"
RELOCATED = {
    "another file": "layout: list, file: new/u.yaml, at: t, key: id",
    "a file each": "layout: file, file: 'new/{id}.yaml', key: id",
    "another layout": "layout: map, file: old/t.yaml, at: t, key: id",
}


@pytest.mark.parametrize("spec", RELOCATED.values(), ids=RELOCATED)
def test_a_killed_relocation_is_mended(tmp_path: Path, spec: str, all_points: bool) -> None:
    """A changed place carries entries between files: all of them stand at the one place or at the other."""
    whole, root = tmp_path / "whole", tmp_path / "root"
    whole.mkdir()
    assert command(whole, "init", "--kinds", "none") == 0
    schema = ".system/registry/schemas/t.schema.yaml"
    (whole / schema).write_text(PLACED.format(LISTED))
    (whole / "old").mkdir()
    entries = "".join(f"- id: {key}\n  v: 1  # of {key}\n" for key in "abc")
    (whole / "old/t.yaml").write_text(f"t:\n{entries}")
    (whole / "desired/t.yaml").write_text(f"t:\n{entries}")
    assert command(whole, "apply", "--yes") == 0
    (whole / schema).write_text(PLACED.format(spec))
    (whole / "desired/t.yaml").write_text(f"t:\n{entries}".replace("v: 1", "v: 2", 1))
    before = without_times(scenario.snapshot(whole))

    def again(hook: files.Hook | None) -> int:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(whole, root, symlinks=True)
        return command(root, "apply", "--yes", hook=hook)

    seen = tmp_path / "seen"

    def count(_index: int, _name: str, _arguments: object, call: object) -> object:
        with seen.open("a") as stream:
            stream.write(".")
        assert callable(call)
        return call()

    assert again(count) == 0
    after = without_times(scenario.snapshot(root))
    calls = len(seen.read_text())
    stopped = mended = 0
    for number in range(0, calls, 1 if all_points else 17):
        assert again(faults.kill_at(number)) == -signal.SIGKILL
        stopped += command(root, "plan") == 1
        assert command(root, "recover") == 0
        found = without_times(scenario.snapshot(root))
        assert found in (before, after), number
        mended += found == after
        assert command(root, "apply", "--yes") == 0
        assert without_times(scenario.snapshot(root)) == after, number
        assert command(root, "plan", "--detailed-exitcode") == 0
    assert stopped, "no kill came while files were changed"
    assert mended, "no kill came after the apply was decided"
