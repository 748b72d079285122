"""The marks of a conflict left in one file of ours: said by every command, nothing is written beside them, and the
printed fix works. And ``fmt``, ``adopt`` and ``resolve`` where a sparse checkout hides files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.files.tree import DiskTree, Recorder
from registry_reconciler.loading.history_conflicts import LOOKED_AT, history_conflicts
from tests.merge.helper import FRAGMENT, applied, committed, listed, nothing_to_do
from tests.support import Box


@pytest.fixture
def box(box: Box) -> Box:
    """Two applies, each committed."""
    applied(box, "one", listed(a=1, b=1))
    applied(box, "two", listed(a=2, b=1))
    return box


def newest_history(box: Box) -> str:
    return max(path for path in box.files() if path.startswith(".system/registry/history/"))


def state(box: Box) -> str:
    (path,) = [path for path in box.files() if path.endswith(".state")]
    return path


def place(_: Box) -> str:
    return ".system/registry/state/places/t.place"


def mark(box: Box, path: str) -> None:
    text = box.read(path)
    before = box.git("show", f"HEAD~1:{path}") if path.endswith(".state") else text.replace('"a"', '"b"')
    if path.endswith(".place"):
        before = text.replace('"t.yaml"', '"u.yaml"')
    box.write(path, f"<<<<<<< HEAD\n{text}=======\n{before}>>>>>>> other\n")


@pytest.mark.parametrize("which", [newest_history, state, place])
@pytest.mark.parametrize("committed_so", [True, False])
def test_marks_are_said_and_nothing_is_written_beside_them(
    box: Box, which: Callable[[Box], str], committed_so: bool
) -> None:
    assert box.run("plan").exit == 0, "an answer that is remembered"
    path = which(box)
    mark(box, path)
    if committed_so:
        committed(box, "with marks")
    box.write(FRAGMENT, listed(a=3, b=1))
    before = box.files()
    for words in (("check",), ("plan",), ("apply", "--yes")):
        ran = box.run(*words, "--format", "json")
        assert ran.exit == 3
        problems = ran.json.get("problems") or ran.json["plan"]["problems"]
        (problem,) = [one for one in problems if one["code"] == "YML010"]
        assert problem["location"]["path"] == path
        fix = problem["fix"]["description"]
    assert box.files() == before
    found = re.search(r"registry (resolve)$", fix)
    assert found is not None
    ran = box.run(*shlex.split(found[1]))
    assert ran.exit == 0, ran.out + ran.err
    assert "<<<<<<<" not in box.read(path)
    assert box.run("apply", "--yes").exit == 0
    nothing_to_do(box)
    assert box.run("log").exit == 0


def test_an_answer_from_before_the_marks_is_not_given_again(box: Box) -> None:
    assert box.run("check").exit == 0
    assert box.run("check").exit == 0
    mark(box, newest_history(box))
    assert box.run("check").exit == 3
    assert "registry resolve" in box.run("log").out


def test_the_history_is_no_input_of_a_plan(box: Box) -> None:
    plan = box.run("plan", "--format", "json").json
    assert not [path for path in plan["inputs"] if path.startswith(".system/registry/history")]


class _Counting(DiskTree):
    reads = 0

    def read(self, path: str) -> bytes | None:
        self.reads += 1
        return super().read(path)


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_plan_reads_no_more_of_a_long_history(box: Box, count: int) -> None:
    text = box.read(newest_history(box))
    for number in range(count):
        box.write(f".system/registry/history/20200101T{number:06}Z-{number:012x}.json", text)
    tree = _Counting(box.root)
    assert list(history_conflicts(Recorder(tree))) == []
    assert tree.reads == min(count + 2, LOOKED_AT)


def test_older_answers_of_log_come_from_git(box: Box) -> None:
    box.write(".system/registry/config.yaml", "history: {keep: 2}\n")
    for number in range(3, 7):
        applied(box, f"number {number}", listed(a=number, b=1))
    there = [path for path in box.files() if path.startswith(".system/registry/history/")]
    assert len(there) == 2
    told = box.run("log", "t/a", "--format", "json").json
    assert len(told["applies"]) == 6, json.dumps(told)[:500]
    assert [one["time"] for one in told["applies"]] == sorted(
        (one["time"] for one in told["applies"]), reverse=True
    )
    assert len(box.run("log", "t/a", "--limit", "3", "--format", "json").json["applies"]) == 3
    assert len(box.run("log", "t/b", "--format", "json").json["applies"]) == 1
    assert "older ones (--limit" in box.run("log", "t/a", "--limit", "5").out
    assert "older" not in box.run("log", "t/a", "--limit", "6").out


def test_log_says_what_a_shallow_clone_lacks(box: Box, tmp_path: Path) -> None:
    box.write(".system/registry/config.yaml", "history: {keep: 2}\n")
    for number in range(3, 7):
        applied(box, f"number {number}", listed(a=number, b=1))
    clone = str(tmp_path / "clone")
    box.git("clone", "-q", "--depth", "1", box.root.as_uri(), clone)
    told = box.run("log", "--root", clone, "--format", "json").json
    assert (len(told["applies"]), told["next"]) == (2, [["git", "fetch", "--unshallow"]])
    assert "not fetched: git fetch --unshallow" in box.run("log", "--root", clone).out
    assert box.run("log", "--root", clone, "--limit", "1", "--format", "json").json["next"] == []
    box.git("-C", clone, *told["next"][0][1:])
    told = box.run("log", "--root", clone, "--format", "json").json
    assert (len(told["applies"]), told["next"]) == (6, [])


# --- in a sparse checkout --------------------------------------------------------------------------------------


@pytest.fixture
def sparse(box: Box) -> Box:
    """A second fragment and an entry that nobody manages; the first fragment is hidden."""
    box.write("desired/other.yaml", "t:\n- {id: o,   v: 1}\n")
    box.replace("t.yaml", "t:\n", "t:\n  - id: free\n    v: 1\n")
    applied(box, "more")
    box.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{FRAGMENT}")
    assert not (box.root / FRAGMENT).exists()
    return box


def test_fmt_writes_what_is_there_and_nothing_else(sparse: Box) -> None:
    sparse.write("desired/other.yaml", "t:\n-   id: o\n    v: 1\n")
    ran = sparse.run("fmt")
    assert ran.exit == 0, ran.out + ran.err
    assert sparse.read("desired/other.yaml") == "t:\n  - id: o\n    v: 1\n"
    assert not (sparse.root / FRAGMENT).exists()
    sparse.git("sparse-checkout", "disable")
    nothing_to_do(sparse)


def test_adopt_does_not_take_what_a_hidden_fragment_owns(sparse: Box) -> None:
    ran = sparse.run("adopt", "--all")
    assert ran.exit in (0, 3), ran.out + ran.err
    written = "".join(
        data.decode()
        for path, data in sparse.files().items()
        if path.startswith("desired/") and path.endswith(".yaml")
    )
    assert "id: a" not in written
    assert "id: b" not in written
    if ran.exit == 0:
        assert "id: free" in written
    assert not (sparse.root / FRAGMENT).exists()
    sparse.git("sparse-checkout", "disable")
    assert sparse.run("apply", "--yes").exit == 0
    nothing_to_do(sparse)


def test_resolve_leaves_what_is_hidden(sparse: Box) -> None:
    before = sparse.files()
    ran = sparse.run("resolve")
    assert ran.exit == 0, ran.out + ran.err
    assert sparse.files() == before
    sparse.git("sparse-checkout", "disable")
    nothing_to_do(sparse)
    assert "id: a" in sparse.read("t.yaml")
