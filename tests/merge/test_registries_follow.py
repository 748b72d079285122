"""What both sides changed is one conflict to solve: the registry follows what people make of the fragment."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.workspace import Workspace
from tests.merge.branches import use_driver
from tests.outputs.test_branches import Repository

FRAGMENT_PATH = "desired/skills.yaml"
REGISTRY = "skills/_registry.yml"
FRAGMENT = "skill:\n  - id: a\n    path: p\n    version: '1'\n  - id: b\n    path: p\n    version: '1'\n"
FLOW = "skill:\n  - {id: a, path: p, version: '1'}\n  - {id: b, path: p, version: '1'}\n"
GONE = FRAGMENT[: FRAGMENT.index("  - id: b")]


def repository(root: Path, text: str = FRAGMENT) -> Repository:
    registry = "total_skills: 0\nskills:\n" + text.replace("skill:\n", "")
    found = Repository(root, **{FRAGMENT_PATH: text, REGISTRY: registry})
    found.git("init", "-q", "-b", "main")
    found.apply()
    found.commit()
    return found


def branch(home: Repository, name: str, text: str) -> None:
    home.git("checkout", "-q", "-b", name, "main")
    home.write({FRAGMENT_PATH: text})
    home.apply()
    home.commit()


def with_version(version: str, text: str = FRAGMENT) -> str:
    head, tail = text.split("id: b")
    return f"{head}id: b{tail.replace(chr(39) + '1' + chr(39), chr(39) + version + chr(39))}"


def unmerged(home: Repository) -> set[str]:
    return set(home.git("diff", "--name-only", "--diff-filter=U").split())


OPERATIONS = {
    "merge": ("merge", "-q", "--no-edit", "left"),
    "rebase": ("rebase", "-q", "left"),
    "cherry-pick": ("cherry-pick", "left"),
    "squash": ("merge", "--squash", "left"),
    "stash": ("stash", "pop", "-q"),
}


@pytest.mark.parametrize(
    ("operation", "text", "answer", "driver"),
    [
        ("merge", FRAGMENT, "2", False),
        ("merge", FRAGMENT, "3", False),
        ("rebase", FRAGMENT, "4", False),
        ("cherry-pick", FRAGMENT, "3", False),
        ("squash", FRAGMENT, "4", False),
        ("stash", FRAGMENT, "2", False),
        ("merge", FLOW, "3", True),
        ("rebase", FLOW, "2", True),
    ],
)
def test_a_field_that_both_sides_changed_is_one_conflict(
    tmp_path: Path, operation: str, text: str, answer: str, driver: bool
) -> None:
    home = repository(tmp_path, text)
    if driver:
        use_driver(home)
        home.commit()
    branch(home, "left", with_version("2", text))
    if operation == "stash":
        home.git("reset", "-q", "--soft", "main")
        home.git("stash", "push", "-q")
    branch(home, "right", with_version("3", text))
    home.git(*OPERATIONS[operation], fails=True)
    assert {FRAGMENT_PATH, REGISTRY} <= unmerged(home)
    done = resolve_conflicts(Workspace(home.root))
    assert done.open == ((FRAGMENT_PATH, "skill/b version: changed on both sides"),)
    assert done.waiting == (REGISTRY,)
    home.write({FRAGMENT_PATH: with_version(answer, text)})
    home.git("add", FRAGMENT_PATH)
    done = resolve_conflicts(Workspace(home.root))
    assert (done.open, done.waiting) == ((), ())
    assert unmerged(home) == set()
    home.apply()
    assert home.plan().empty
    assert f"version: '{answer}'" in home.text(REGISTRY).split("id: b")[1]
    assert home.said() == []


@pytest.mark.parametrize("mine", [True, False], ids=["removed by ours", "removed by theirs"])
@pytest.mark.parametrize("kept", [True, False])
def test_removed_on_one_side_and_changed_on_the_other(tmp_path: Path, mine: bool, kept: bool) -> None:
    home = repository(tmp_path)
    branch(home, "left", with_version("2") if mine else GONE)
    branch(home, "right", GONE if mine else with_version("2"))
    home.git("merge", "-q", "--no-edit", "left", fails=True)
    done = resolve_conflicts(Workspace(home.root))
    assert [path for path, _ in done.open] == [FRAGMENT_PATH]
    home.write({FRAGMENT_PATH: with_version("2") if kept else GONE})
    assert resolve_conflicts(Workspace(home.root)).open == ()
    home.git("add", FRAGMENT_PATH)
    assert unmerged(home) == set()
    home.apply()
    plan = home.plan()
    assert (plan.empty, plan.unmanaged, plan.drift) == (True, 0, ())
    assert ("id: b" in home.text(REGISTRY)) is kept


def test_what_somebody_edited_in_the_registry_is_theirs_to_decide(tmp_path: Path) -> None:
    home = repository(tmp_path)
    branch(home, "left", with_version("2"))
    home.git("checkout", "-q", "-b", "right", "main")
    home.write({REGISTRY: home.text(REGISTRY)[::-1].replace("'1'", "'3'", 1)[::-1]})
    home.commit()
    home.git("merge", "-q", "--no-edit", "left", fails=True)
    done = resolve_conflicts(Workspace(home.root))
    assert [path for path, _ in done.open] == [REGISTRY]
    assert "(skill/b version)" in home.text(REGISTRY)
