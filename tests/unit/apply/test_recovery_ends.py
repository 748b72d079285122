"""What can be known is known before the commit point, and one recovery ends, whatever it meets."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply import FileOp, WorkspaceLock, commit, files, pending, reader, recover
from registry_reconciler.apply.anchor import Anchor, is_mounted
from registry_reconciler.errors import InterruptedApply, StalePlan, WriteFailure
from registry_reconciler.model.entry import digest_bytes
from tests.crash import faults, names, scenario

pytestmark = pytest.mark.skipif(
    not files.DURABLE, reason="a durable apply needs folder descriptors and flock"
)

APPLY = ".system/registry/.apply"
LONG = f"fresh/{'y' * 255}.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    scenario.build(tmp_path / "root")
    yield tmp_path / "root"
    files.watch(None)


def killed(action: Callable[[], object], when: Callable[[str, tuple[Any, ...]], bool]) -> None:
    """Carry ``action`` out in a process of its own that is killed at the first call that ``when`` is true for."""
    pid = os.fork()
    if pid == 0:

        def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
            if when(name, arguments):
                faults.kill()
            return call()

        files.watch(hook)
        try:
            action()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def refuse(name: str, code: int, *, only: str = "") -> files.Hook:
    def hook(_index: int, called: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if called == name and only in map(str, [*arguments, ""]):
            raise OSError(code, os.strerror(code))
        return call()

    return hook


def test_a_name_that_is_too_long_is_refused_while_nothing_is_touched(root: Path) -> None:
    before = scenario.snapshot(root)
    with pytest.raises(WriteFailure, match=r"nothing was written.*260 bytes"):
        names.apply(root, LONG)
    assert scenario.snapshot(root) == before


@pytest.mark.parametrize("step", ["rename", "place", "unlink"])
def test_one_recovery_ends_what_an_older_version_left_with_such_a_name(root: Path, step: str) -> None:
    before = scenario.snapshot(root)

    def old_version() -> None:
        with names.careless():
            names.apply(root, LONG)

    killed(old_version, lambda name, arguments: name == step and "COMMIT" in (*arguments, "COMMIT"))
    assert recover(root).direction in ("back", "nothing")
    assert scenario.snapshot(root) == before


def test_what_such_a_version_could_not_take_back_is_taken_back(root: Path) -> None:
    """It stopped with a journal that says ``back``, and each of its recoveries stopped there as well."""
    before = scenario.snapshot(root)
    with names.careless(), pytest.raises(WriteFailure):
        names.apply(root, LONG)
    assert scenario.snapshot(root) == before


def test_folders_made_before_the_commit_point_go_again_when_it_is_not_reached(root: Path) -> None:
    before = scenario.snapshot(root)

    def changed_meanwhile(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        result = call()
        if name == "mkdir" and arguments[0] == "deep":
            (root / "desired/pay.yaml").write_bytes(b"route: [x]\n")
        return result

    files.watch(changed_meanwhile)
    with pytest.raises(StalePlan):
        scenario.apply(root)
    files.watch(None)
    (root / "desired/pay.yaml").write_bytes(scenario.OLD["desired/pay.yaml"][1])
    assert scenario.snapshot(root) == before


@pytest.mark.parametrize("folder", ["new", "deep"])
def test_a_kill_between_the_folders_and_the_commit_point_leaves_the_old_tree(root: Path, folder: str) -> None:
    before = scenario.snapshot(root)
    made = {"new": "modules/routes/new", "deep": "modules/routes/new/deep"}[folder]
    killed(
        lambda: scenario.apply(root),
        lambda name, _arguments: name == "fsync" and (root / made).is_dir(),
    )
    assert (root / made).is_dir()
    assert pending(root) is None
    with reader(root, 0) as reading:
        assert reading.warnings == ()
    recover(root)
    assert scenario.snapshot(root) == before


def test_such_a_folder_that_somebody_uses_by_then_stays(root: Path) -> None:
    killed(lambda: scenario.apply(root), lambda name, arguments: name == "rename" and "COMMIT" in arguments)
    (root / "modules/routes/new/mine.txt").write_text("mine")
    recover(root)
    assert (root / "modules/routes/new/mine.txt").read_text() == "mine"
    assert not (root / "modules/routes/new/deep").exists()


def test_the_next_apply_clears_such_folders_away_itself(root: Path) -> None:
    killed(lambda: scenario.apply(root), lambda name, arguments: name == "rename" and "COMMIT" in arguments)
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock:
        op = FileOp("desired/pay.yaml", digest_bytes(scenario.OLD["desired/pay.yaml"][1]), b"x")
        commit(root, [op], lock=lock, inputs={})
    assert not (root / "modules/routes/new").exists()


def test_folders_that_cannot_be_removed_again_are_left_to_recovery(root: Path) -> None:
    before = scenario.snapshot(root)

    def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if (name == "mkdir" and arguments[0] == "deep") or name == "rmdir":
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return call()

    files.watch(hook)
    with pytest.raises(InterruptedApply, match=r"no file was written.*registry recover"):
        scenario.apply(root)
    files.watch(None)
    recover(root)
    assert scenario.snapshot(root) == before


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EROFS, errno.ENAMETOOLONG, errno.EBUSY, errno.ESTALE])
@pytest.mark.parametrize("call", ["place", "exchange", "mkdir"])
def test_recovery_goes_back_where_it_can_never_go_forward(root: Path, call: str, code: int) -> None:
    """Something is mounted in the workspace, say: asking again would never end."""
    before = scenario.snapshot(root)
    killed(
        lambda: scenario.apply(root),
        lambda name, arguments: name == "exchange" and arguments[0] == "0.new",
    )
    if call == "mkdir":
        shutil.rmtree(root / "modules/routes/new")
    files.watch(refuse(call, code))
    result = recover(root)
    files.watch(None)
    assert result.direction == "back"
    assert scenario.snapshot(root) == before


def test_a_folder_that_somebody_replaced_by_a_file_does_not_stop_going_back(root: Path) -> None:
    killed(
        lambda: scenario.apply(root), lambda name, arguments: name == "unlink" and arguments[0] == "COMMIT"
    )
    if (root / ".system/hooks").exists():
        (root / ".system/hooks").rmdir()
    (root / ".system/hooks").write_text("a file")
    folder = next(one for one in (root / APPLY).iterdir() if one.name.startswith("tx-"))
    (folder / "COMMIT").rename(folder / "ABORT")
    result = recover(root)
    assert result.direction == "back"
    assert set(result.conflicts) == {path for path in scenario.OLD if path.startswith(".system/hooks/")}
    kept = {(root / path).read_bytes() for path in result.kept}
    assert kept == {scenario.OLD[path][1] for path in result.conflicts}
    assert (root / ".system/hooks").read_text() == "a file"


def test_one_odd_answer_of_the_disk_is_not_taken_for_an_absent_file(root: Path) -> None:
    with Anchor(root) as anchor:
        for code in (errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG):
            with (
                faults.reads(faults.fail_read(0, code)),
                pytest.raises(OSError, match=re.escape(os.strerror(code))),
            ):
                anchor.state("modules/routes/api.yaml")
            anchor.forget("")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_journal_that_cannot_be_read_lets_nobody_go_on(
    root: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(lambda: scenario.apply(root), lambda name, arguments: name == "place")
    folder = next(one for one in os.listdir(root / APPLY) if one.startswith("tx-"))
    real = os.open

    def closed(path: Any, *arguments: Any, **more: Any) -> int:
        if path == folder:
            raise OSError(code, os.strerror(code))
        return real(path, *arguments, **more)

    monkeypatch.setattr(os, "open", closed)
    with pytest.raises(InterruptedApply, match="as the user who applied"), reader(root, 0):
        pass
    with pytest.raises(WriteFailure, match="recovery stopped"):
        recover(root)
    with pytest.raises(WriteFailure):
        scenario.apply(root)
    monkeypatch.undo()
    assert recover(root).direction == "forward"


def test_a_busy_folder_counts_as_in_use_only_where_something_is_mounted(root: Path) -> None:
    with Anchor(root) as anchor, anchor.held("modules") as above, anchor.held("modules/routes") as folder:
        assert not is_mounted(folder, above)
    if os.path.isdir("/proc/self/fd"):
        slash, proc = os.open("/", os.O_RDONLY), os.open("/proc", os.O_RDONLY)
        assert is_mounted(proc, slash)
        os.close(slash)
        os.close(proc)


def test_a_report_may_have_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125 + ".yaml")
    files.write_report(path, b"x")
    assert path.read_bytes() == b"x"
