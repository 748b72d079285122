"""PathNames of new files: what a plan refuses and apply would refuse, by one judgement."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from registry_reconciler.apply import FileOp, WorkspaceLock, commit
from registry_reconciler.apply.writable import Writable
from registry_reconciler.errors import WriteFailure
from registry_reconciler.files.names import PathNames, Room, name_fault, spelling, unsafe
from registry_reconciler.files.registry_paths import registry_path_fault
from registry_reconciler.files.tree import DiskTree, MemoryTree, Recorder
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan

NOTE = b'type: object\nx-registry: {kind: note, layout: file, file: "notes/{id}.yaml", key: id}\n'
SCHEMA = ".system/registry/schemas/note.schema.yaml"

REFUSED = [
    "a:b.yaml",
    "a\\b.yaml",
    "a\tb.yaml",
    "a\nb.yaml",
    "a\rb.yaml",
    "a\x7fb.yaml",
    "a\x85b.yaml",
    "a\u2028b.yaml",
    "con.yaml",
    "NUL.yaml",
    "sub./a.yaml",
    "sub /a.yaml",
    "git~1/a.yaml",
    "GIT~2.yaml",
    "a/" + "y" * 251 + ".yaml",
    "é" * 126 + ".yaml",
    "y" * 256 + "/a.yaml",
    os.fsdecode(b"\xff.yaml"),
    "/".join(["y" * 200] * 21),
]


def plan_codes(files: dict[str, bytes | None]) -> list[tuple[str, str]]:
    plan = make_plan(MemoryTree({SCHEMA: NOTE, **files}), PlanOptions()).plan
    assert plan.applicable is not bool(plan.blocking)
    return [(one.code, one.place.file) for one in plan.blocking]


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_some_system_cannot_hold_is_refused(name: str) -> None:
    assert name_fault(f"notes/{name}")
    assert registry_path_fault(f"notes/{name}", MemoryTree({}))


@pytest.mark.parametrize("name", REFUSED)
def test_a_fragment_with_such_a_name_blocks_the_plan_and_says_which(name: str) -> None:
    path = f"desired/{name.removesuffix('.yaml')}.yaml"
    assert ("WRT004", path) in plan_codes({path: b"note: [{id: a}]\n"})


@pytest.mark.parametrize("name", REFUSED)
def test_apply_refuses_the_same_before_anything_is_written(name: str, tmp_path: Path) -> None:
    (tmp_path / ".system/registry").mkdir(parents=True)
    with (
        WorkspaceLock.acquire(tmp_path, command="test", timeout=0) as lock,
        pytest.raises(WriteFailure, match="nothing was written"),
    ):
        commit(tmp_path, [FileOp(f"new/{name}", None, b"x")], lock=lock, inputs={})
    assert os.listdir(tmp_path) == [".system"]
    assert os.listdir(tmp_path / ".system/registry") == []


@pytest.mark.parametrize("name", ["y" * 250 + ".yaml", "ü b-c_1.yaml", "é" * 125 + ".yaml", "console.yaml"])
def test_every_other_name_is_taken(name: str) -> None:
    assert name_fault(f"notes/{name}") is None
    assert plan_codes({f"desired/{name[-120:]}": b"note: [{id: a}]\n"}) == []


def test_lengths_are_bytes_and_the_file_systems() -> None:
    assert name_fault("é" * 72, Room(name=143)) is not None
    assert name_fault("é" * 71, Room(name=143)) is None
    assert name_fault("a/b", Room(path=2)) is not None


def test_a_disk_grants_less_the_deeper_its_workspace_lies(tmp_path: Path) -> None:
    room = DiskTree(tmp_path).room("")
    assert room.name == os.pathconf(tmp_path, "PC_NAME_MAX")
    assert room.path == os.pathconf(tmp_path, "PC_PATH_MAX") - 1 - len(os.fsencode(f"{tmp_path}/"))


def test_a_fragment_with_a_long_name_is_remembered_under_a_short_one() -> None:
    files: dict[str, bytes | None] = {SCHEMA: NOTE, f"desired/{'y' * 245}.yaml": b"note: [{id: a}]\n"}
    assert plan_codes(files) == []
    found = [one.path for one in make_plan(MemoryTree(files)).plan.files if "/state/" in one.path]
    assert found
    assert all(len(one.rpartition("/")[2]) < 80 for one in found)


def test_twins_are_found_beside_each_step_of_a_path() -> None:
    nfc, nfd = (unicodedata.normalize(form, "Grüße") for form in ("NFC", "NFD"))
    tree = MemoryTree({"notes/a.yaml": b"", f"notes/{nfc}.yaml": b"", "Sub/b.yaml": b""})
    names = PathNames(tree)
    for path in ("notes/A.yaml", f"notes/{nfd}.yaml", "Notes/new.yaml", "sub/b.yaml"):
        assert "differs from it" in (names.fault(path) or ""), path
    assert names.fault("notes/new.yaml") is None
    assert names.fault("notes/a.yaml") is None
    assert spelling(nfc.upper()) == spelling(nfd)


def test_a_folder_that_stands_in_both_spellings_can_still_be_written_to() -> None:
    tree = MemoryTree({"a/x.yaml": b"", "A/x.yaml": b""})
    assert PathNames(tree).fault("a/y.yaml") is None
    assert PathNames(tree).fault("A/y.yaml") is None


def test_new_files_of_one_plan_are_held_against_each_other() -> None:
    found = plan_codes({"desired/x.yaml": b"note: [{id: A}, {id: a}]\n"})
    assert found == [("WRT004", "desired/x.yaml")]
    kind = NOTE.replace(b"{id}.yaml", b"{id}/note.yaml")
    files: dict[str, bytes | None] = {SCHEMA: kind, "desired/x.yaml": b"note: [{id: A}, {id: a}]\n"}
    assert plan_codes(files) == [("WRT004", "desired/x.yaml")]


def test_two_fragments_that_some_system_takes_for_one_are_refused() -> None:
    assert plan_codes({"desired/x.yaml": b"note: [{id: a}]\n", "desired/X.yaml": b"note: [{id: b}]\n"}) == [
        ("WRT004", "desired/x.yaml")
    ]


@pytest.mark.parametrize(
    ("there", "said"),
    [("notes", "no folder"), ("notes/a.yaml/b", "a folder is there")],
)
def test_what_is_in_the_way_is_said(there: str, said: str) -> None:
    assert said in (registry_path_fault("notes/a.yaml", Recorder(MemoryTree({there: b""}))) or "")


@pytest.mark.parametrize("there", [".system/registry/history", ".system/registry/.apply"])
def test_what_stands_where_an_apply_keeps_its_own_files_blocks(there: str) -> None:
    found = plan_codes({"desired/x.yaml": b"note: [{id: a}]\n", there: b""})
    assert found == [("WRT004", there)]


def test_a_link_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").symlink_to("/tmp")
    (tmp_path / "gone").symlink_to("nowhere")
    for folder in ("notes", "gone"):
        assert "no folder inside" in (registry_path_fault(f"{folder}/a.yaml", DiskTree(tmp_path)) or "")


def test_a_folder_that_may_not_be_written_to_is_said_to_those_who_could_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".system/registry").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    closed = [str(tmp_path / "notes")]
    monkeypatch.setattr(os, "access", lambda path, _mode: str(path) not in closed)
    recorder = Recorder(DiskTree(tmp_path))
    assert "mode or owner" in (registry_path_fault("notes/deep/a.yaml", recorder) or "")
    assert recorder.inputs == {"notes#writable": "no"}
    closed.append(str(tmp_path / ".system/registry"))
    assert registry_path_fault("notes/deep/a.yaml", Recorder(DiskTree(tmp_path))) is None


@pytest.mark.parametrize("closed", ["notes", "notes/a.yaml"])
@pytest.mark.parametrize("path", ["notes/a.yaml", "link.yaml"])
def test_a_file_is_read_only_by_itself_or_by_the_folder_that_it_really_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str, path: str
) -> None:
    for folder in (".system/registry", "notes"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "notes/a.yaml").write_text("")
    (tmp_path / "link.yaml").symlink_to("notes/a.yaml")
    assert PathNames(DiskTree(tmp_path)).old_fault(path) is None
    refused = [os.path.realpath(tmp_path / closed)]
    monkeypatch.setattr(os, "access", lambda path, _mode: os.path.realpath(path) not in refused)
    recorder = Recorder(DiskTree(tmp_path))
    assert "may not be replaced" in (PathNames(recorder).old_fault(path) or "")
    assert recorder.inputs == {f"{path}#writable": "no"}
    assert PathNames(MemoryTree({"new.yaml": b""}, DiskTree(tmp_path))).old_fault("new.yaml") is None
    refused.append(os.path.realpath(tmp_path / ".system/registry"))
    assert PathNames(DiskTree(tmp_path)).old_fault(path) is None


def test_recovery_still_takes_the_long_names_that_an_older_version_wrote_down(tmp_path: Path) -> None:
    long = f"desired/{'y' * 300}.yaml"
    assert unsafe(long) is None
    assert Writable(tmp_path)(long)


def test_a_name_that_is_too_long_is_not_there_and_no_failure(tmp_path: Path) -> None:
    tree = DiskTree(tmp_path)
    assert tree.read("y" * 256) is None
    assert tree.kind("y" * 256) == "absent"
