"""What is apart in a fragment is apart in its state: where that has several files, and where comments or kinds part it.

Each entry has a registry file of its own, so that only fragments and state can conflict; where the fragment merges, the
state has to.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

import pytest

from registry_reconciler.planning import state_shares
from tests.support import Box

FRAGMENT = "desired/t.yaml"
STATE = ".system/registry/state"
BETWEEN = "<between>"

Lines = list[str]


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """A workspace with two kinds."""
    box = Box(tmp_path, capsys)
    assert box.run("init", "--kinds", "none").exit == 0
    for kind in "tu":
        schema = (
            f"x-registry: {{kind: {kind}, layout: file, file: '{kind}/{{id}}.yaml', key: id}}\ntype: object\n"
        )
        box.write(f".system/registry/schemas/{kind}.schema.yaml", schema)
    box.git("init", "-q")
    return box


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the state that are full with a few records."""
    for name, size in (("FILLED", 300), ("FULL", 300), ("MOST", 100_000)):
        monkeypatch.setattr(state_shares, name, size)


def entry(name: str, value: int = 1) -> str:
    return f"- id: {name}\n  kept: 1\n  v: {value}\n"


def listed(names: Iterable[str]) -> str:
    """A fragment: an entry for each name; what is no name of one stands as it is."""
    return "t:\n" + "".join(entry(name) if name.isalnum() else f"{name}\n" for name in names)


def applied(box: Box, why: str, text: str) -> str:
    """Write the fragment, apply, commit; the commit."""
    box.write(FRAGMENT, text)
    ran = box.run("apply", "--yes", "--allow-mass-delete")
    assert ran.exit == 0, ran.out + ran.err
    box.git("add", "-A")
    box.git("commit", "-q", "--allow-empty", "-m", why)
    return box.git("rev-parse", "HEAD").strip()


def files_of_the_state(box: Box) -> dict[str, str]:
    return {path.name: path.read_text() for path in (box.root / STATE).glob("*.state")}


def merges(box: Box, *words: str, expected: str) -> None:
    """A git command that merges cleanly, and leaves nothing to do."""
    try:
        box.git(*words)
    except subprocess.CalledProcessError as error:
        conflicts = box.git("diff", "--name-only", "--diff-filter=U")
        raise AssertionError(f"conflicts in {conflicts}\n{box.git('diff')}") from error
    assert box.read(FRAGMENT) == expected
    ran = box.run("plan", "--detailed-exitcode", "--leave-outputs")
    assert ran.exit == 0, ran.out


def two_sides(
    box: Box, base: Iterable[str], ours: Iterable[str], theirs: Iterable[str], merged: Iterable[str]
) -> None:
    """Two branches edit one fragment, and are merged."""
    applied(box, "base", listed(base))
    box.git("checkout", "-q", "-b", "theirs")
    applied(box, "theirs", listed(theirs))
    box.git("checkout", "-q", "-")
    applied(box, "ours", listed(ours))
    merges(box, "merge", "-q", "--no-edit", "theirs", expected=listed(merged))


@pytest.mark.parametrize("size", ["a few", "thousands"])
def test_a_deletion_here_and_a_restoration_there_with_an_entry_between(
    box: Box, size: str, request: pytest.FixtureRequest
) -> None:
    """The entry between them stands in another file of the state, since theirs was full."""
    few = size == "a few"
    if few:
        request.getfixturevalue("small")
    names = ["e0000", "e0001", "e0001m", *(f"e{number:04}" for number in range(2, 4 if few else 2_000))]
    more = [] if few else [f"e0003x{number:04}" for number in range(600)]
    applied(box, "base", listed(names))
    full = [*names[:5], *more, *names[5:]]
    applied(box, "full", listed(full))
    applied(box, "n", listed(with_behind("e0001m", "e0001n", base=full)))
    assert len(files_of_the_state(box)) > 2
    gone = applied(box, "m goes", listed(with_behind("e0001", "e0001n", base=without("e0001m", base=full))))
    box.git("checkout", "-q", "-b", "restored")
    box.git("revert", "--no-edit", gone)
    box.git("checkout", "-q", "-")
    rest = without("e0001m", "e0002", base=full)
    applied(box, "its neighbour goes", listed(with_behind("e0001", "e0001n", base=rest)))
    merged = with_behind("e0001", "e0001m", "e0001n", base=rest)
    merges(box, "merge", "-q", "--no-edit", "restored", expected=listed(merged))


PARTED = ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "c2", "c3", "c4"]


def without(*names: str, base: Iterable[str] = PARTED) -> Lines:
    return [name for name in base if name not in names]


def with_behind(name: str, *new: str, base: Iterable[str] = PARTED) -> Lines:
    base = list(base)
    at = base.index(name) + 1
    return [*base[:at], *new, *base[at:]]


EDITS: dict[str, Callable[[Lines], Lines]] = {
    "delete the last of a file": lambda base: without("a4", base=base),
    "delete the first of a file": lambda base: without("b1", base=base),
    "add in a full file": lambda base: with_behind("a1", "x1", base=base),
    "add many in a full file": lambda base: with_behind(
        "a2", *(f"x{number}" for number in range(9)), base=base
    ),
    "add at the end of a file": lambda base: with_behind("b4", "y1", base=base),
    "add at the end": lambda base: [*base, "z1"],
    "move to another file": lambda base: with_behind("c1", "a3", base=without("a3", base=base)),
    "move the first": lambda base: with_behind("b2", "a1", base=without("a1", base=base)),
    "move the last of a file": lambda base: with_behind("b2", "a4", base=without("a4", base=base)),
    "move a whole file": lambda base: [*(name for name in base if name[0] != "b"), "b1", "b2", "b3", "b4"],
    "delete what was added": lambda base: without("n1", base=base),
    "delete beside it": lambda base: without("a2", base=base),
    "delete behind it": lambda base: without("a3", base=base),
    "delete the first": lambda base: without("a1", base=base),
    "delete a file": lambda base: without("b1", "b2", "b3", "b4", base=base),
    "add where it begins": lambda base: ["z0", *base],
}


PAIRS = [
    pair for number, pair in enumerate(product(EDITS, repeat=2)) if number % 7 == 0 and pair[0] != pair[1]
]
"""A part of all, which were run once; random histories meet the others."""


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_state_merges_where_the_fragment_does(box: Box, ours: str, theirs: str) -> None:
    """With an entry between two that stands in a file of its own, as in the fragments of thousands."""
    applied(box, "before", listed(PARTED))
    base = with_behind("a2", "n1")
    applied(box, "base", listed(base))
    box.git("checkout", "-q", "-b", "theirs")
    applied(box, "theirs", listed(EDITS[theirs](base)))
    box.git("checkout", "-q", "-")
    applied(box, "ours", listed(EDITS[ours](base)))
    try:
        box.git("merge", "-q", "--no-edit", "theirs")
    except subprocess.CalledProcessError:
        assert FRAGMENT in box.git("diff", "--name-only", "--diff-filter=U").split(), box.git("diff")
        return
    names = [
        line.removeprefix("- id: ") for line in box.read(FRAGMENT).split("\n") if line.startswith("- id")
    ]
    if len(names) > len(set(names)):
        return  # both moved one entry, to two places: people have to say where it is to be
    assert box.run("drift").exit == 0
    plan = box.run("plan", "--format", "json").json
    assert plan["summary"]["applicable"]
    # What one side moved and the other one deleted is declared, and gone.
    assert {(one["action"], (box.root / one["file"]).exists()) for one in plan["changes"]} <= {
        ("create", False)
    }
    applied(box, "merged", box.read(FRAGMENT))
    assert box.run("plan", "--detailed-exitcode").exit == 0


@pytest.mark.usefixtures("small")
def test_a_renamed_entry_stays_in_its_file(box: Box) -> None:
    applied(box, "base", listed(PARTED))
    changed = applied(box, "changed", listed(PARTED).replace(entry("b1"), entry("b1", 2)))
    renamed = listed(PARTED).replace(entry("b1"), entry("b9", 2)) + "moved:\n- {from: t/b1, to: t/b9}\n"
    before = files_of_the_state(box)
    applied(box, "renamed", renamed)
    after = files_of_the_state(box)
    assert before.keys() == after.keys()
    (name,) = (name for name in before if before[name] != after[name])
    assert '"t/b1"' in before[name]
    merges(box, "revert", "--no-edit", changed, expected=renamed.replace(entry("b9", 2), entry("b9")))


def test_two_insertions_on_both_sides_of_a_comment(box: Box) -> None:
    base = ["a1", "a2", "", "# the others", "", "b1", "b2"]
    two_sides(
        box,
        base,
        with_behind("a2", "x1", base=base),
        ["a1", "a2", "", "# the others", "", "y1", "b1", "b2"],
        ["a1", "a2", "x1", "", "# the others", "", "y1", "b1", "b2"],
    )


def test_deletions_on_both_sides_of_a_comment(box: Box) -> None:
    base = ["a1", "a2", "", "# the others", "", "b1", "b2"]
    two_sides(box, base, without("a2", base=base), without("b1", base=base), without("a2", "b1", base=base))


def test_the_comment_of_an_entry_goes_with_it(box: Box) -> None:
    base = ["a1", "# about a2", "a2", "a3", "a4"]
    two_sides(
        box, base, ["a1", "a3", "a4"], ["a1", "# about a2", "a2", "a3", "a4", "x1"], ["a1", "a3", "a4", "x1"]
    )


def test_the_last_of_one_kind_and_the_first_of_another(box: Box) -> None:
    text = listed(["a1", "a2"]) + "u:\n" + entry("b1") + entry("b2")
    applied(box, "base", text)
    box.git("checkout", "-q", "-b", "theirs")
    theirs = text.replace("u:\n", "u:\n" + entry("y1"))
    applied(box, "theirs", theirs)
    box.git("checkout", "-q", "-")
    applied(box, "ours", text.replace("u:\n", entry("x1") + "u:\n"))
    merges(box, "merge", "-q", "--no-edit", "theirs", expected=theirs.replace("u:\n", entry("x1") + "u:\n"))


def test_a_comment_alone_changes_nothing_of_the_state(box: Box) -> None:
    """It comes and goes where somebody else adds or deletes."""
    applied(box, "base", listed(["a1", "a2", "a3"]))
    before = files_of_the_state(box)
    applied(box, "a comment", listed(["a1", "# now", "a2", "a3"]) + "# at the end\n")
    assert files_of_the_state(box) == before


@pytest.mark.usefixtures("small")
def test_marks_are_read_as_they_were_written(box: Box) -> None:
    applied(box, "base", listed(["a1", "# c", "a2", "a3", "b1", "b2"]))
    applied(box, "between", listed(["a1", "# c", "a2", "n1", "n2", "n3", "n4", "a3", "b1", "b2"]))
    found = files_of_the_state(box)
    assert any("\n#\n@ " in text for text in found.values())
    assert any("\n~\n@ " in text for text in found.values())
    changed = listed(["a1", "# c", "a2", "n1", "n2", "n3", "n4", "a3", "b1", "b2"]).replace(
        entry("b2"), entry("b2", 2)
    )
    applied(box, "changed", changed)
    after = files_of_the_state(box)
    (name,) = (name for name in found if found[name] != after[name])
    assert found[name].count("\n~\n") == after[name].count("\n~\n")
    assert box.run("check").exit == 0


@pytest.mark.usefixtures("small")
def test_the_last_of_a_fragment_that_moves_here_and_is_let_go_there(box: Box) -> None:
    """git would take the new file of the one fragment for that of the other, renamed, were they alike."""
    box.write("desired/other.yaml", listed(["m1"]))
    applied(box, "base", listed(PARTED))
    box.git("checkout", "-q", "-b", "theirs")
    box.write("desired/other.yaml", "removed: [{address: t/m1, keep: true}]\n")
    applied(box, "let go", listed(PARTED))
    (box.root / "desired/other.yaml").unlink()
    applied(box, "the line is spent", listed(PARTED))
    box.git("checkout", "-q", "-")
    (box.root / "desired/other.yaml").unlink()
    moved = listed(with_behind("a2", "m1"))
    applied(box, "moved", moved)
    merges(box, "merge", "-q", "--no-edit", "theirs", expected=moved)
