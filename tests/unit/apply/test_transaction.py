"""What a transaction promises when nothing is killed; what is killed is under tests/crash."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply import FileOp, Receipt, WorkspaceLock, commit, files, pending, reader, recover
from registry_reconciler.errors import InterruptedApply, LockHeld, RegistryFailure, StalePlan, WriteFailure
from registry_reconciler.model.entry import digest_bytes
from tests.crash import faults, scenario

pytestmark = pytest.mark.skipif(
    not files.DURABLE, reason="a durable apply needs folder descriptors and flock"
)


NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    scenario.build(tmp_path / "root")
    yield tmp_path / "root"
    files.watch(None)


def do(root: Path, changes: Mapping[str, bytes | None], **more: Any) -> Receipt:
    """Commit changes against what stands there now."""
    ops = []
    for path, content in changes.items():
        there = root / path
        ops.append(FileOp(path, digest_bytes(there.read_bytes()) if there.is_file() else None, content))
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock:
        return commit(root, ops, lock=lock, inputs=more.pop("inputs", {}), **more)


def interrupted(root: Path) -> None:
    """Leave a committed transaction of the scenario behind, killed in its middle."""
    pid = os.fork()
    if pid == 0:

        def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
            if name == "exchange" and arguments[0] == "1.new":
                faults.kill()
            return call()

        files.watch(hook)
        try:
            scenario.apply(root)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


# What is written


def test_the_receipt_says_what_was_done(root: Path) -> None:
    receipt = scenario.apply(root)
    assert receipt == Receipt(
        written=tuple(list(scenario.CHANGES)[:4]),
        created=tuple(
            path for path in scenario.CHANGES if path not in scenario.OLD and path not in scenario.LINKS
        ),
        deleted=tuple(path for path, content in scenario.CHANGES.items() if content is None),
    )
    for path, content in scenario.CHANGES.items():
        assert (root / path).read_bytes() == content if content is not None else not (root / path).exists()
    assert not (root / ".system/hooks/old").exists()


def test_mode_is_kept_and_a_new_file_gets_the_usual_one(root: Path) -> None:
    scenario.apply(root)
    assert (root / "modules/routes/big.yaml").stat().st_mode & 0o777 == 0o600
    assert (root / "linked/real.yaml").stat().st_mode & 0o777 == 0o755
    umask = os.umask(0)
    os.umask(umask)
    assert (root / "modules/routes/new/two.yaml").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(root: Path) -> None:
    os.chown(root / "desired/pay.yaml", 1234, 4321)
    do(root, {"desired/pay.yaml": b"route: [x]\n"})
    info = (root / "desired/pay.yaml").stat()
    assert (info.st_uid, info.st_gid) == (1234, 4321)


def test_an_owner_that_cannot_be_kept_stops_the_apply(root: Path) -> None:
    before = scenario.snapshot(root)

    def hook(_index: int, name: str, _arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name == "chown":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        return call()

    if os.getuid() != 0:
        pytest.skip("only root can make a file of another owner")
    os.chown(root / "desired/pay.yaml", 1234, 4321)
    files.watch(hook)
    with pytest.raises(WriteFailure, match="nothing was written"):
        do(root, {"desired/pay.yaml": b"x"})
    assert scenario.snapshot(root) == before


def test_a_link_inside_the_workspace_stays_a_link_and_its_file_gets_the_content(root: Path) -> None:
    do(root, {"modules/types.yaml": b"types: [x]\n"})
    assert os.readlink(root / "modules/types.yaml") == "../linked/real.yaml"
    assert (root / "linked/real.yaml").read_bytes() == b"types: [x]\n"


def test_links_to_folders_and_absolute_ones_inside_are_followed(root: Path) -> None:
    (root / "far").symlink_to(root / "modules" / "routes")
    do(root, {"far/api.yaml": b"routes: []\n", "far/deep/new.yaml": b"routes: []\n"})
    assert (root / "modules/routes/api.yaml").read_bytes() == b"routes: []\n"
    assert (root / "modules/routes/deep/new.yaml").exists()


@pytest.mark.parametrize(
    "target", ["../outside.yaml", "/etc/hostname", "loop.yaml", "../root/../outside.yaml", ".git/x"]
)
def test_a_link_that_leads_elsewhere_is_refused(root: Path, target: str) -> None:
    (root.parent / "outside.yaml").write_bytes(b"outside")
    (root / "loop.yaml").symlink_to(target)
    before = scenario.snapshot(root.parent)
    with pytest.raises(WriteFailure, match=r"refused: .*link"):
        do(root, {"loop.yaml": b"x"})
    assert scenario.snapshot(root.parent) == before


def test_a_folder_link_out_of_the_workspace_is_refused(root: Path) -> None:
    (root.parent / "outside").mkdir()
    (root / "modules/out").symlink_to("../../outside")
    with pytest.raises(WriteFailure, match="out of the workspace"):
        do(root, {"modules/out/new.yaml": b"x"})
    assert list((root.parent / "outside").iterdir()) == []


def test_deleting_through_a_link_is_refused(root: Path) -> None:
    with pytest.raises(WriteFailure, match="remove the link by hand"):
        do(root, {"modules/types.yaml": None})
    assert (root / "linked/real.yaml").exists()


def test_two_paths_of_one_file_are_refused(root: Path) -> None:
    with pytest.raises(WriteFailure, match="the same file"):
        do(root, {"modules/types.yaml": b"a", "linked/real.yaml": b"b"})


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "C:/x", "c:x", "a\\b", "a./b", "a /b", "x\0y",
     "a\nb", ".git/config", "a/.GIT/x", "GIT~1/x", ".system/registry/.apply/x",
     ".system/registry/.APPLY", "~/x", "a/"],
)  # fmt: skip
def test_an_unsafe_path_is_refused(root: Path, path: str) -> None:
    before = scenario.snapshot(root)
    with (
        WorkspaceLock.acquire(root, command="test", timeout=0) as lock,
        pytest.raises(WriteFailure, match="refused"),
    ):
        commit(root, [FileOp(path, None, b"x")], lock=lock, inputs={})
    assert scenario.snapshot(root) == before


def test_a_path_that_no_apply_writes_is_refused(root: Path) -> None:
    with pytest.raises(WriteFailure, match="not a path that an apply writes"):
        do(root, {"third/party.txt": b"x"}, may_write=lambda path: path.startswith("modules/"))


def test_an_apply_that_changes_nothing_writes_nothing(root: Path) -> None:
    before = scenario.snapshot(root)
    count = faults.Count()
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock:
        files.watch(count)
        same = FileOp("desired/pay.yaml", digest_bytes(b"route: []\n"), b"route: []\n")
        assert commit(root, [same], lock=lock, inputs={}) == Receipt()
        assert commit(root, [], lock=lock, inputs={}) == Receipt()
        assert count.names == []
    files.watch(None)
    assert scenario.snapshot(root) == before


def test_a_folder_that_is_not_empty_stays(root: Path) -> None:
    do(root, {".system/hooks/old/two.yaml": None}, remove_empty=[".system/hooks/old", "third"])
    assert (root / ".system/hooks/old/three.yaml").exists()
    assert (root / "third/party.txt").exists()


def test_the_lock_has_to_be_held(root: Path) -> None:
    lock = WorkspaceLock.acquire(root, command="test", timeout=0)
    lock.release()
    with pytest.raises(WriteFailure, match="does not hold"):
        commit(root, [], lock=lock, inputs={})
    with (
        WorkspaceLock.acquire(root, command="test", timeout=0, shared=True) as shared,
        pytest.raises(WriteFailure, match="does not hold"),
    ):
        commit(root, [], lock=shared, inputs={})


def test_a_thousand_files(root: Path) -> None:
    changes: dict[str, bytes | None] = {f"modules/many/{n % 50}/{n}.yaml": b"%d" % n for n in range(1000)}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
    try:
        do(root, changes)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all((root / path).read_bytes() == content for path, content in changes.items())


# What is not what it was


def test_a_file_that_changed_is_reported_and_nothing_written(root: Path) -> None:
    before = scenario.snapshot(root)
    ops = [FileOp("desired/pay.yaml", digest_bytes(b"other"), b"x"), FileOp("modules/new.yaml", None, b"y")]
    with WorkspaceLock.acquire(root, command="test", timeout=0) as lock, pytest.raises(StalePlan) as told:
        commit(root, ops, lock=lock, inputs={})
    assert told.value.entries == ("desired/pay.yaml",)
    assert scenario.snapshot(root) == before


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("desired/pay.yaml", digest_bytes(b"other")),
        ("desired/pay.yaml", None),
        ("desired/none.yaml", digest_bytes(b"")),
        ("desired", "file"),
        ("desired/pay.yaml", "dir"),
        ("desired/pay.yaml", "unreadable"),
        ("desired/pay.yaml#executable", "yes"),
        ("linked/real.yaml#executable", None),
    ],
)
def test_an_input_that_changed_is_reported_and_nothing_written(
    root: Path, path: str, expected: str | None
) -> None:
    before = scenario.snapshot(root)
    with pytest.raises(StalePlan) as told:
        do(root, {"modules/new.yaml": b"x"}, inputs={"desired": "dir", path: expected})
    assert told.value.entries == (path,)
    assert scenario.snapshot(root) == before


def test_inputs_that_are_as_they_were_pass(root: Path) -> None:
    (root / "folder.yaml").mkdir()
    inputs = {
        "desired/pay.yaml": digest_bytes(b"route: []\n"),
        "desired/none.yaml": None,
        "desired": "dir",
        "folder.yaml": "unreadable",
        "linked/real.yaml#executable": "yes",
        "desired/pay.yaml#executable": None,
    }
    assert do(root, {"modules/new.yaml": b"x"}, inputs=inputs).created == ("modules/new.yaml",)


def test_an_input_is_looked_at_again_just_before_the_commit_point(root: Path) -> None:
    """Staging is done by then: only the rename of the record is left."""
    before = scenario.snapshot(root)
    inputs = {"desired/pay.yaml": digest_bytes(b"route: []\n")}
    records: list[int] = []

    def hook(index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name == "create" and arguments[0] == "RECORD":
            records.append(index)
            (root / "desired/pay.yaml").write_bytes(b"by hand\n")
        return call()

    files.watch(hook)
    with pytest.raises(StalePlan, match=r"desired/pay\.yaml"):
        do(root, {"modules/new.yaml": b"x"}, inputs=inputs)
    assert records
    before["desired/pay.yaml"] = ("file", 0o644, b"by hand\n")
    assert scenario.snapshot(root) == before


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_what_is_no_file_is_refused(root: Path, kind: str) -> None:
    path = root / "modules/odd.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    with (
        WorkspaceLock.acquire(root, command="test", timeout=0) as lock,
        pytest.raises(WriteFailure, match="not a regular file"),
    ):
        commit(root, [FileOp("modules/odd.yaml", None, b"x")], lock=lock, inputs={})


def test_bytes_written_through_an_open_descriptor_after_the_exchange_come_back(root: Path) -> None:
    path = root / "desired/pay.yaml"
    editor = os.open(path, os.O_WRONLY)

    def verify() -> None:
        os.pwrite(editor, b"by hand!!\n", 0)

    with pytest.raises(StalePlan):
        do(root, {"desired/pay.yaml": b"new\n", "modules/new.yaml": b"x"}, verify=verify)
    os.close(editor)
    assert path.read_bytes() == b"by hand!!\n"
    assert not (root / "modules/new.yaml").exists()


@pytest.mark.parametrize(
    "path", ["modules/routes/api.yaml", "modules/routes/go.yaml", "modules/routes/gone_there.yaml"]
)
def test_an_edit_in_the_very_moment_of_a_files_turn_is_not_lost(root: Path, path: str) -> None:
    """Between the look at the file and the call that replaces, takes or places it."""
    before = scenario.snapshot(root)
    turns: list[str] = []

    def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        slot = list(scenario.CHANGES).index(path)
        if (
            not turns
            and name in ("exchange", "place", "rename")
            and {f"{slot}.new", f"{slot}.gone"} & set(arguments)
        ):
            turns.append(name)
            (root / path).write_bytes(b"by hand\n")
        return call()

    files.watch(hook)
    with pytest.raises(StalePlan) as told:
        scenario.apply(root)
    assert turns
    assert told.value.entries == (path,)
    before[path] = ("file", 0o644, b"by hand\n")
    assert scenario.snapshot(root) == before


# Verification and refusals


class NotEmpty(RegistryFailure):
    """What a caller may raise."""


@pytest.mark.parametrize(
    "raised", [NotEmpty("the plan is not empty"), ValueError("a bug"), OSError(5, "a disk")]
)
def test_a_verification_that_raises_takes_everything_back(root: Path, raised: Exception) -> None:
    before = scenario.snapshot(root)

    def verify() -> None:
        assert (root / "modules/routes/new/deep/one.yaml").exists()
        assert not (root / ".system/hooks/old").exists()
        raise raised

    with pytest.raises((NotEmpty, ValueError, WriteFailure)) as told:
        scenario.apply(root, verify)
    assert told.value is raised or "as they were before" in str(told.value)
    assert scenario.snapshot(root) == before


def test_a_folder_that_somebody_else_uses_by_now_stays_when_an_apply_is_taken_back(root: Path) -> None:
    def verify() -> None:
        (root / "modules/fresh/theirs.txt").write_bytes(b"theirs")
        raise NotEmpty("no")

    with pytest.raises(NotEmpty):
        do(root, {"modules/fresh/ours.yaml": b"x"}, verify=verify)
    assert [one.name for one in (root / "modules/fresh").iterdir()] == ["theirs.txt"]


def test_an_edit_after_a_file_was_installed_stays_and_its_old_bytes_are_kept(root: Path) -> None:
    def verify() -> None:
        (root / "desired/pay.yaml").write_bytes(b"by hand\n")
        raise NotEmpty("no")

    with pytest.raises(WriteFailure, match=r"'desired/pay\.yaml' was edited by hand") as told:
        do(root, {"desired/pay.yaml": b"new\n", "modules/routes/api.yaml": b"new\n"}, verify=verify)
    assert (root / "desired/pay.yaml").read_bytes() == b"by hand\n"
    assert (root / "modules/routes/api.yaml").read_bytes() == scenario.OLD["modules/routes/api.yaml"][1]
    kept = list((root / ".system/registry/.apply").glob("kept-*"))
    assert [one.read_bytes() for one in kept] == [b"route: []\n"]
    assert kept[0].name in told.value.message


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A workspace that belongs to an ordinary user also when the tests run as root."""
    home = scenario.scratch()
    home.chmod(0o755)
    scenario.build(home / "root")
    if os.getuid() == 0:
        for above, folders, names in os.walk(home):
            for name in (*folders, *names, "."):
                os.chown(os.path.join(above, name), NOBODY, NOBODY, follow_symlinks=False)
    yield home / "root"
    shutil.rmtree(home)


def become_nobody() -> None:
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


@pytest.mark.parametrize("what", ["modules/routes", "modules/routes/api.yaml", ".system/registry"])
def test_a_read_only_place_is_refused_before_anything_is_written(nobodys: Path, what: str) -> None:
    mode = (nobodys / what).stat().st_mode
    (nobodys / what).chmod(mode & 0o555)
    before = scenario.snapshot(nobodys)

    def work() -> None:
        become_nobody()
        with pytest.raises(WriteFailure, match=r"nothing was written.*change its mode"):
            do(nobodys, {"modules/routes/api.yaml": b"x"})
        os._exit(0)

    assert in_child(work) == 0
    assert scenario.snapshot(nobodys) == before
    (nobodys / what).chmod(mode)


def test_a_read_only_checkout_can_be_read_under_the_lock_and_nothing_is_written(nobodys: Path) -> None:
    for above, folders, names in os.walk(nobodys):
        for name in (*folders, *names, "."):
            if not os.path.islink(os.path.join(above, name)):
                os.chmod(os.path.join(above, name), 0o555)
    before = scenario.snapshot(nobodys)

    def work() -> None:
        become_nobody()
        with reader(nobodys, 0):
            assert pending(nobodys) is None
            with pytest.raises(LockHeld):  # it is really locked
                WorkspaceLock.acquire(nobodys, command="apply", timeout=0)
        os._exit(0)

    assert in_child(work) == 0
    assert scenario.snapshot(nobodys) == before
    for above, folders, _ in os.walk(nobodys):
        for name in (*folders, "."):
            if not os.path.islink(os.path.join(above, name)):
                os.chmod(os.path.join(above, name), 0o755)


def test_too_many_open_files_is_a_clear_failure_and_nothing_changes(root: Path) -> None:
    before = scenario.snapshot(root)

    def work() -> None:
        used = len(os.listdir("/dev/fd"))
        for limit in range(used, used + 12):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
            with pytest.raises(RegistryFailure, match=r"(?i)open"):
                scenario.apply(root)
        os._exit(0)

    assert in_child(work) == 0
    recover(root)
    assert scenario.snapshot(root) == before


def in_child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_caller_verifies_takes_everything_back_at_once(root: Path, number: int) -> None:
    before = scenario.snapshot(root)
    handler = signal.getsignal(number)
    reached = []

    def verify() -> None:
        os.kill(os.getpid(), number)
        reached.append("too far")

    with pytest.raises(WriteFailure, match=f"interrupted by {signal.Signals(number).name}"):
        scenario.apply(root, verify)
    assert not reached
    assert scenario.snapshot(root) == before
    assert signal.getsignal(number) is handler


def test_a_signal_that_comes_too_late_is_a_warning(root: Path) -> None:
    def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name == "unlink" and arguments[0] == "COMMIT":
            os.kill(os.getpid(), signal.SIGTERM)
        return call()

    files.watch(hook)
    receipt = scenario.apply(root)
    assert receipt.warnings == ("SIGTERM came too late: the apply was done already",)
    assert receipt.created


# After an interruption


def test_after_an_interruption_readers_and_writers_stop_and_recovery_finishes(root: Path) -> None:
    trial = root.parent / "trial"
    shutil.copytree(root, trial, symlinks=True)
    scenario.apply(trial)
    interrupted(root)
    with pytest.raises(InterruptedApply, match="registry recover") as told, reader(root, 0):
        pass
    assert told.value.next == (("registry", "recover"),)
    with pytest.raises(InterruptedApply):
        do(root, {"modules/other.yaml": b"x"})
    found = pending(root)
    assert found is not None
    assert (found.direction, found.files) == ("forward", tuple(scenario.CHANGES))
    result = recover(root, may_write=scenario.CHANGES.__contains__)
    assert (result.direction, result.files, result.conflicts) == ("forward", tuple(scenario.CHANGES), ())
    assert scenario.snapshot(root) == scenario.snapshot(trial)
    assert pending(root) is None
    assert recover(root).direction == "nothing"


def test_a_file_that_was_edited_before_its_turn_sends_recovery_back(root: Path) -> None:
    before = scenario.snapshot(root)
    interrupted(root)
    (root / "modules/routes/big.yaml").write_bytes(b"by hand\n")
    result = recover(root)
    assert result.direction == "back"
    before["modules/routes/big.yaml"] = ("file", 0o600, b"by hand\n")
    assert scenario.snapshot(root) == before


def test_a_file_that_was_edited_after_its_turn_stays_when_recovery_goes_forward(root: Path) -> None:
    interrupted(root)
    (root / "modules/routes/api.yaml").write_bytes(b"by hand\n")
    result = recover(root)
    assert (result.direction, result.conflicts) == ("forward", ("modules/routes/api.yaml",))
    assert (root / "modules/routes/api.yaml").read_bytes() == b"by hand\n"
    assert (root / "modules/types.yaml").read_bytes() == scenario.CHANGES["modules/types.yaml"]


def test_an_edit_that_an_exchange_took_out_comes_back_when_the_apply_is_killed_right_then(root: Path) -> None:
    before = scenario.snapshot(root)
    path = root / "modules/routes/big.yaml"
    pid = os.fork()
    if pid == 0:

        def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
            if name == "exchange" and arguments[0] == "1.new":
                path.write_bytes(b"by hand\n")
                call()
                faults.kill()
            return call()

        files.watch(hook)
        try:
            scenario.apply(root)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert path.read_bytes() != b"by hand\n"
    assert recover(root).direction == "back"
    before["modules/routes/big.yaml"] = ("file", 0o600, b"by hand\n")
    assert scenario.snapshot(root) == before


def test_after_a_failed_sync_the_record_stays_and_recovery_decides(root: Path) -> None:
    """The kernel forgets lost pages once it has told of them: a later sync that works proves nothing."""
    before = scenario.snapshot(root)
    done: list[str] = []

    def hook(_index: int, name: str, arguments: tuple[Any, ...], call: Callable[[], Any]) -> Any:
        if name == "fsync" and done.count("exchange") == 4 and "failed" not in done:
            done.append("failed")
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done.append(name)
        return call()

    files.watch(hook)
    with pytest.raises(InterruptedApply, match="registry recover"):
        scenario.apply(root)
    files.watch(None)
    assert "failed" in done
    found = pending(root)
    assert found is not None
    assert found.direction == "back"
    assert recover(root).direction == "back"
    assert scenario.snapshot(root) == before


def test_recovery_needs_the_writers_lock(root: Path) -> None:
    with (
        WorkspaceLock.acquire(root, command="test", timeout=0, shared=True) as lock,
        pytest.raises(WriteFailure, match="writer's lock"),
    ):
        recover(root, lock=lock)
