"""The recorded order of syncs and renames obeys the protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash import reorder, scenario, sweep
from tests.crash.reorder import NAMES, Op

APPLY = ".system/registry/.apply"


@pytest.fixture(scope="module")
def log() -> Iterator[list[Op]]:
    with sweep.Ground() as ground:
        root = ground.fresh()
        yield reorder.record(ground, root, lambda: scenario.apply(root), reorder.disk_of(ground.old))


def position(log: list[Op], name: str, end: str, *, other: bool = False) -> int:
    found = [
        at for at, op in enumerate(log) if op.name == name and (op.other if other else op.path).endswith(end)
    ]
    assert len(found) == 1, (name, end, found)
    return found[0]


def commit_point(log: list[Op]) -> int:
    return position(log, "rename", "/COMMIT", other=True)


def outside(op: Op) -> bool:
    return op.name in NAMES and not all(path.startswith(APPLY) for path in (op.path, op.other) if path)


def test_no_file_outside_the_journal_changes_before_the_commit_point_is_durable(log: list[Op]) -> None:
    at = commit_point(log)
    assert log[at + 1] == Op("sync folder", log[at].other.rpartition("/")[0])
    assert {op.name for op in log[: at + 2] if outside(op)} == {"mkdir"}
    assert [op for op in log[at + 2 :] if outside(op)]


def test_missing_folders_are_made_between_the_durable_record_and_the_commit_point(log: list[Op]) -> None:
    at = commit_point(log)
    made = [index for index, op in enumerate(log) if op.name == "mkdir" and outside(op)]
    recorded = max(index for index, op in enumerate(log[:at]) if op.name in ("create", "write"))
    assert made
    assert max(made) < at
    folder = log[at].path.rpartition("/")[0]
    assert Op("sync folder", folder) in log[recorded : min(made)]
    for index in made:
        assert Op("sync folder", log[index].path.rpartition("/")[0]) in log[index:at]


def test_all_content_and_the_record_are_synced_before_the_commit_point(log: list[Op]) -> None:
    at = commit_point(log)
    staged = {op.inode for op in log[:at] if op.name == "create" and "/tx-" in op.path}
    assert len(staged) == 1 + sum(content is not None for content in scenario.CHANGES.values())
    for inode in staged:
        last = max(
            index
            for index, op in enumerate(log[:at])
            if op.inode == inode and op.name in ("write", "create", "chmod")
        )
        assert Op("sync file", inode=inode) in log[last:at]


def test_the_journals_names_are_synced_up_to_a_folder_that_was_there(log: list[Op]) -> None:
    at = commit_point(log)
    folder = log[at].path.rpartition("/")[0]
    last = max(index for index, op in enumerate(log[:at]) if op.name == "create")
    synced = {op.path for op in log[last:at] if op.name == "sync folder"}
    assert {folder, APPLY, ".system/registry"} <= synced


def test_the_record_goes_only_when_every_changed_folder_is_synced(log: list[Op]) -> None:
    gone = position(log, "unlink", "/COMMIT")
    for index, op in enumerate(log[:gone]):
        if outside(op):
            for folder in {path.rpartition("/")[0] for path in (op.path, op.other) if path}:
                removed = any(later.name == "rmdir" and later.path == folder for later in log[index:gone])
                assert removed or Op("sync folder", folder) in log[index:gone], (op, folder)


def test_staged_and_old_contents_go_only_when_the_removal_of_the_record_is_durable(log: list[Op]) -> None:
    gone = position(log, "unlink", "/COMMIT")
    assert log[gone + 1] == Op("sync folder", log[gone].path.rpartition("/")[0])
    slots = [
        index for index, op in enumerate(log) if op.name == "unlink" and "/tx-" in op.path and index != gone
    ]
    assert slots
    assert min(slots) > gone + 1


def test_a_folder_is_durable_before_a_file_moves_into_it(log: list[Op]) -> None:
    made = [
        (index, op.path)
        for index, op in enumerate(log)
        if op.name == "mkdir" and not op.path.startswith(APPLY)
    ]
    assert len(made) == 2
    for index, path in made:
        moved = next(
            at for at, op in enumerate(log) if op.name == "rename" and op.other.startswith(path + "/")
        )
        assert Op("sync folder", path.rpartition("/")[0]) in log[index:moved]


def test_the_direction_is_durable_before_anything_is_undone() -> None:
    with sweep.Ground() as ground:
        log = reorder.record_refused(ground, ground.fresh())
    at = position(log, "rename", "/ABORT", other=True)
    assert log[at + 1] == Op("sync folder", log[at].other.rpartition("/")[0])
    assert [op for op in log[at + 2 :] if outside(op)]
    gone = position(log, "unlink", "/ABORT")
    undone = [index for index, op in enumerate(log) if outside(op)]
    assert max(undone) < gone
    assert Op("sync folder", "modules/routes") in log[max(undone) : gone]
