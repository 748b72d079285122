"""What a sparse checkout or a folder that cannot be listed hides is not gone: nothing of it is planned."""

from __future__ import annotations

import os
from typing import Any

import pytest

from registry_reconciler.files.git_index import hidden
from tests.merge.helper import SCHEMA, applied, committed, listed, nothing_to_do
from tests.support import SCHEMAS, Box

STATE = ".system/registry/state"


@pytest.fixture
def box(box: Box) -> Box:
    """Two kinds, three fragments; all is applied and committed."""
    box.write(
        ".system/registry/schemas/u.schema.yaml",
        SCHEMA.replace("kind: t", "kind: u").replace("t.yaml", "u.yaml"),
    )
    box.write("desired/one.yaml", listed(a=1, b=1))
    box.write("desired/k/two.yaml", listed(c=1, d=1))
    box.write("desired/three.yaml", listed(x=1, y=1).replace("t:", "u:"))
    applied(box, "all")
    return box


def hide(box: Box, *patterns: str) -> None:
    box.git("sparse-checkout", "set", "--no-cone", "/*", *(f"!{one}" for one in patterns))


def planned(box: Box) -> dict[str, Any]:
    data: dict[str, Any] = box.run("plan", "--format", "json").json
    return data


def codes(plan: dict[str, Any]) -> list[str]:
    return [one["code"] for one in plan["problems"]]


HIDDEN = {
    "fragment": ("/desired/k/", ["LIV006"]),
    "all fragments": ("/desired/", ["LIV006"]),
    "registry": ("/t.yaml", ["LIV006"]),
    "schema": ("/.system/registry/schemas/t.schema.yaml", ["LIV006"]),
    "state": (f"/{STATE}/", ["STA004"] * 6),
    "configuration": ("/.system/registry/config.yaml", ["LIV001"]),
}


@pytest.mark.parametrize("what", HIDDEN)
def test_nothing_is_planned_of_what_a_sparse_checkout_hides_and_it_is_said(box: Box, what: str) -> None:
    pattern, expected = HIDDEN[what]
    hide(box, pattern)
    assert not (box.root / pattern.strip("/")).exists()
    plan = planned(box)
    assert plan["changes"] == [] == plan["drift"] == plan.get("heals", [])
    assert plan.get("outputs", []) == []
    assert codes(plan) == expected
    assert pattern.strip("/") in " ".join(one["message"] for one in plan["problems"])
    assert {one for one in plan["inputs"].values() if one == "hidden"}
    (advice,) = {one["fix"]["description"].rpartition(": ")[2] for one in plan["problems"]}
    assert box.run("plan").exit == plan["exit"] == (0 if expected == ["LIV006"] else 3)
    box.git(*advice.split()[1:])
    nothing_to_do(box)
    assert codes(planned(box)) == []


def test_what_is_not_hidden_is_planned_and_applied(box: Box) -> None:
    hide(box, "/desired/k/")
    for command in (["drift"], ["list"], ["show", "t/a"]):
        ran = box.run(*command)
        assert ran.exit == 0
        assert "a sparse checkout hides a file: desired/k/two.yaml" in ran.err
    box.replace("desired/one.yaml", "v: 1", "v: 2")
    assert box.run("apply", "--yes").exit == 0
    assert box.read("t.yaml").count("v: 2") == 2
    committed(box, "changed")
    box.git("sparse-checkout", "disable")
    nothing_to_do(box)


def test_an_entry_that_a_hidden_fragment_may_declare_now_is_not_deleted(box: Box) -> None:
    box.write("desired/one.yaml", listed(a=1))
    box.write("desired/k/two.yaml", listed(b=1, c=1, d=1))
    committed(box, "b moves, and that is not applied")
    hide(box, "/desired/k/")
    plan = planned(box)
    assert plan["changes"] == []
    assert sorted(codes(plan)) == ["LIV006", "STA006"]
    box.write("desired/go.yaml", "removed:\n- address: t/b\n")
    assert [one["action"] for one in planned(box)["changes"]] == ["delete"]


def test_a_reference_to_what_is_hidden_is_not_dangling(box: Box) -> None:
    schema = box.read(".system/registry/schemas/u.schema.yaml")
    box.write(
        ".system/registry/schemas/u.schema.yaml",
        schema.replace("key: id}", "key: id, references: [{field: see, to: [t]}]}"),
    )
    box.write("desired/three.yaml", "u:\n- id: x\n  see: new\n")
    box.write("desired/k/two.yaml", listed(c=1, d=1, new=1))
    committed(box, "a new entry and a reference to it")
    assert "REF001" not in codes(planned(box))
    hide(box, "/desired/k/")
    assert "REF001" not in codes(planned(box))


def test_a_file_that_is_marked_and_there_is_read(box: Box) -> None:
    hide(box, "/desired/k/")
    box.write("desired/k/two.yaml", listed(c=1, d=2))
    assert hidden(box.root)
    plan = planned(box)
    assert [one["address"] for one in plan["changes"]] == ["t/d"]
    assert codes(plan) == []


@pytest.mark.parametrize("form", ["cone", "sparse index", "split index", "version 4"])
def test_every_form_of_the_index_tells_what_is_hidden(box: Box, form: str) -> None:
    if form == "split index":
        box.git("update-index", "--split-index")
    if form == "version 4":
        box.git("update-index", "--index-version", "4")
    if form in ("cone", "sparse index"):
        more = ["--sparse-index"] if form == "sparse index" else ["--no-sparse-index"]
        box.git("sparse-checkout", "set", "--cone", *more, "desired", ".system")
        box.git("sparse-checkout", "set", "--cone", *more, ".system")
    else:
        hide(box, "/desired/k/", "/desired/one.yaml", "/desired/three.yaml")
    assert not (box.root / "desired/k").exists()
    told = {row[2:] for row in box.git("ls-files", "-t").splitlines() if row.startswith("S ")}
    assert set(hidden(box.root)) == told
    assert "desired/k/two.yaml" in told
    plan = planned(box)
    assert plan["changes"] == []
    assert codes(plan) == ["LIV006"]


def test_a_folder_of_a_sparse_index_hides_what_is_in_it_also_without_git(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.git("sparse-checkout", "set", "--cone", "--sparse-index", ".system")
    monkeypatch.setenv("PATH", "")
    plan = planned(box)
    assert plan["changes"] == []
    assert codes(plan) == ["LIV001"]
    assert "a sparse checkout hides it" in plan["problems"][0]["message"]


def test_the_base_of_a_comparison_sees_everything(box: Box) -> None:
    hide(box, "/desired/k/")
    box.git("checkout", "-q", "-b", "topic")
    box.replace("desired/one.yaml", "v: 1", "v: 2")
    committed(box, "changed")
    ran = box.run("plan", "--base", "main", "--format", "json")
    assert {one["action"] for one in ran.json["changes"]} == {"update"}
    assert {one["address"] for one in ran.json["changes"]} == {"t/a", "t/b"}


@pytest.mark.parametrize("what", HIDDEN)
def test_a_comparison_tells_of_no_deletion_of_what_is_hidden(box: Box, what: str) -> None:
    """What the fragments say is compared all the same, as far as it can be seen."""
    box.git("checkout", "-q", "-b", "topic")
    box.write("desired/one.yaml", listed(a=2, n=1))
    committed(box, "changed, removed and added")
    hide(box, HIDDEN[what][0])
    plan = box.run("plan", "--base", "main", "--format", "json").json
    found = {(one["action"], one["address"]) for one in plan["changes"]}
    assert {address for action, address in found if action == "delete"} <= {"t/b"}
    if what in ("registry", "fragment"):
        assert found - {("delete", "t/b")} == {("update", "t/a"), ("create", "t/n")}
    assert [one for one in plan.get("notices", []) if one["title"] == "Schema changed"] == []


@pytest.mark.parametrize("path", ["t.yaml", f"{SCHEMAS}/t.schema.yaml"])
def test_a_comparison_tells_of_no_deletion_where_a_file_cannot_be_read(box: Box, path: str) -> None:
    box.write(path, box.read(path) + "x: [\n")
    plan = box.run("plan", "--base", "main", "--format", "json").json
    assert (plan["exit"], plan["changes"]) == (3, [])
    committed(box, "it cannot be read")
    box.git("checkout", "-q", "-b", "mended")
    box.git("revert", "--no-edit", "HEAD")
    assert box.run("plan", "--base", "main", "--format", "json").json["changes"] == []


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Folders that cannot be listed, by the ends of their paths: root may list whatever its mode says."""
    ends: set[str] = set()
    scan = os.scandir

    def scandir(path: Any = ".") -> Any:
        if isinstance(path, str) and any(path.endswith(end) for end in ends):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return ends


@pytest.mark.parametrize("folder", ["/desired", "/desired/k", f"/{STATE}", "/schemas"])
@pytest.mark.parametrize("command", [["plan"], ["plan", "--format", "json"], ["check"]])
def test_a_folder_that_cannot_be_listed_is_said_and_never_remembered(
    box: Box, locked: set[str], folder: str, command: list[str]
) -> None:
    before = box.run(*command)
    assert before.exit == 0
    locked.add(folder)
    # A report that was kept while all was well is not given, as the folder cannot be looked at.
    for _ in range(2):
        ran = box.run(*command)
        assert ran.exit == 3
        assert "cannot be" in ran.out
        assert folder.strip("/") in "".join(ran.out.split())
    plan = planned(box)
    assert plan["changes"] == [] == plan["drift"] == plan.get("outputs", [])
    locked.clear()
    for _ in range(2):
        ran = box.run(*command)
        assert (ran.exit, ran.out) == (0, before.out)
