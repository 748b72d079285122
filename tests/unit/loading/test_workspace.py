"""Loading: every file is read once, every fault is collected, and none hides another file."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.workspace import Loaded, load
from tests.support import Files, kind_file, thing_kind, with_fragment


def loaded(files: Files) -> Loaded:
    return load(MemoryTree(files))


def codes(found: Loaded) -> list[tuple[str, str]]:
    return sorted((problem.code, problem.place.file) for problem in found.problems)


def test_a_folder_without_anything_is_a_workspace_without_kinds() -> None:
    found = loaded({})
    assert (dict(found.kinds), dict(found.live.entries), found.fragments.entries) == ({}, {}, ())
    assert found.problems == ()


def test_every_fault_is_found_in_one_run() -> None:
    files: Files = {
        **thing_kind(),
        ".system/registry/schemas/broken.schema.yaml": b"x-registry: [\n",
        ".system/registry/config.yaml": b"drift: perhaps\n",
        ".system/registry/baseline.yaml": b"- no\n  baseline: [\n",
        "t.yaml": b"- id: a\n- {id: b, id: c}\n",
        "desired/a.yaml": b"thing: [\n",
        "desired/b.yaml": b"thing:\n- {id: x}\n",
    }
    found = loaded(files)
    assert {file for _, file in codes(found)} == {path for path in files if path != "desired/b.yaml"} - {
        ".system/registry/schemas/thing.schema.yaml"
    }
    assert [entry.address for entry in found.fragments.entries] == ["thing/x"]


def test_a_broken_registry_hides_its_kind_and_no_other() -> None:
    pages: Files = {**kind_file("page", "layout: map, file: p.yaml, key: id"), "p.yaml": b"home: {v: 1}\n"}
    found = loaded({**thing_kind(), **pages, "t.yaml": b"- id: [\n"})
    assert found.live.hidden_kinds == {"thing"}
    assert list(found.live.entries) == ["page/home"]


def test_what_was_asked_of_the_files_is_the_input_of_a_plan() -> None:
    found = loaded(with_fragment({**thing_kind(), "t.yaml": b"- id: a\n", "other.txt": b"x"}, {"thing": []}))
    recorder = found.recorder.inputs
    assert {"t.yaml", "desired/all.yaml", ".system/registry/schemas/thing.schema.yaml"} <= recorder.keys()
    assert "other.txt" not in recorder


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("secrets", "x-secret: true"),
        ("writeOnly", "x-secret: true"),
        ("title", "beside x-registry"),
        ("kye", ""),
    ],
)
def test_what_stands_elsewhere_in_a_schema_file_leads_there(key: str, fix: str) -> None:
    (problem,) = (one for one in loaded(thing_kind(f"{key}: x")).problems if one.code == "KND001")
    assert problem.fix is not None
    assert (fix in problem.fix.description) if fix else ("x-secret" not in problem.fix.description)
    assert ("did you mean" in problem.message.lower()) == (key == "kye")
