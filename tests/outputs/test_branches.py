"""Outputs and git: what branches bring together is right after an apply, and nothing is called an edit by hand."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.model.problem import Severity, Status
from registry_reconciler.queries.review import review_base
from registry_reconciler.workspace import Workspace
from tests.outputs.helper import OUTPUTS, Home

NAMES = [f"skill-{number:02}" for number in range(20)]


def fragment(name: str, path: str) -> dict[str, str]:
    """A fragment of one skill."""
    return {f"desired/{name}.yaml": f"skill:\n  - id: {name}\n    path: {path}\n    version: '1'\n"}


class Repository(Home):
    """A workspace in git."""

    def git(self, *words: str, fails: bool = False) -> str:
        """Run git."""
        done = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert fails or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self) -> None:
        """Everything that is there."""
        self.git("add", "-A")
        self.git("commit", "-qm", "step", "--allow-empty")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    files = {"desired/skills.yaml": "{}\n", "skills/_registry.yml": "total_skills: 0\nskills: []\n"}
    for name in NAMES:
        files.update(fragment(name, f"skills/{name}"))
    found = Repository(tmp_path, **files)
    found.git("init", "-q", "-b", "main")
    found.apply()
    found.commit()
    return found


def test_branches_that_apply_merge_and_every_output_is_right_after_the_last_apply(
    repository: Repository,
) -> None:
    chance = random.Random(7)
    branches = []
    for number in range(6):
        branch = f"b{number}"
        repository.git("checkout", "-q", "-b", branch, "main")
        name = chance.choice(NAMES)
        new = f"{name}-{number}"
        repository.write(
            fragment(new, f"skills/{new}") if number % 2 else fragment(name, f"skills/of-{number}")
        )
        repository.apply()
        repository.commit()
        branches.append(branch)
    repository.git("checkout", "-q", "main")
    chance.shuffle(branches)
    for branch in branches:
        repository.git("merge", "-q", "--no-edit", branch, fails=True)
        conflicted = repository.git("diff", "--name-only", "--diff-filter=U").split()
        # A person settles their files: here by taking what the other side has of derived and registry files.
        for path in conflicted:
            if not path.startswith(".system/registry/state/"):
                repository.git("checkout", "--theirs", path)
                repository.git("add", path)
        if conflicted:
            resolve_conflicts(Workspace(repository.root))
        overwrite = [f"output:{one.id}" for one in repository.plan().edited_outputs]
        repository.apply(overwrite=["skill/*", *overwrite], adopt=["skill/*"])
        assert repository.plan().outputs == ()
        repository.commit()
    text = repository.text("README.md")
    count = sum(path.name.startswith("skill-") for path in (repository.root / "desired").iterdir())
    assert f">{count}<" in text


def test_two_branches_that_change_different_rows_merge_and_nothing_is_an_edit(repository: Repository) -> None:
    for branch, name in (("left", NAMES[2]), ("right", NAMES[15])):
        repository.git("checkout", "-q", "-b", branch, "main")
        repository.write(fragment(name, f"skills/{branch}"))
        repository.apply()
        repository.commit()
    repository.git("merge", "-q", "--no-edit", "left")
    plan = repository.plan()
    assert (plan.outputs, plan.pending) == ((), False)
    repository.write(fragment(NAMES[8], "skills/third"))
    assert {one.action.value for one in repository.plan().outputs} == {"update"}


def test_a_conflict_in_what_is_remembered_is_settled_by_resolve(repository: Repository) -> None:
    for branch in ("left", "right"):
        repository.git("checkout", "-q", "-b", branch, "main")
        repository.write(fragment(f"new-{branch}", "skills/new"))
        repository.apply()
        repository.commit()
    repository.git("merge", "-q", "--no-edit", "left", fails=True)
    conflicted = repository.git("diff", "--name-only", "--diff-filter=U").split()
    assert any(path.startswith(".system/registry/state/outputs/") for path in conflicted)
    for path in conflicted:
        if not path.startswith(".system/registry/state/"):
            repository.git("checkout", "--ours", path)
            repository.git("add", path)
    resolve_conflicts(Workspace(repository.root))
    plan = repository.plan()
    assert plan.edited_outputs == ()
    assert [one for one in plan.problems if one.code == "YML010"] == []


@pytest.mark.parametrize("words", [("merge",), ("merge", "--squash")])
def test_what_is_derived_in_a_file_with_a_conflict_is_made_anew(
    repository: Repository, words: tuple[str, ...]
) -> None:
    total = '  - {id: sum, file: marketplace.yaml, at: sum, value: "{{ entries.skill | length }}"}\n'
    repository.outputs(OUTPUTS + total)
    repository.apply()
    repository.commit()
    for branch, names in (("left", ("skill-02-a",)), ("right", ("skill-15-a", "skill-15-b"))):
        repository.git("checkout", "-q", "-b", branch, "main")
        for name in names:
            repository.write(fragment(name, f"skills/{name}"))
        repository.apply()
        repository.commit()
    repository.git(*words, "left", fails=True)
    open_files = repository.git("diff", "--name-only", "--diff-filter=U").split()
    assert "marketplace.yaml" in open_files
    assert not any("/plugins-" in path for path in open_files), (
        "what is remembered of the list merges by line"
    )
    resolve_conflicts(Workspace(repository.root))
    plan = repository.plan()
    assert (plan.outputs, plan.pending) == ((), False)
    text = repository.text("marketplace.yaml")
    assert all(name in text for name in ("skill-02-a", "skill-15-a", "skill-15-b"))
    assert "sum: 23" in text


@pytest.mark.parametrize("file", ["README.md", "all.txt", "marketplace.yaml"])
@pytest.mark.parametrize("current", ["applied", "edited"])
def test_what_one_side_edited_by_hand_is_kept_on_either_side(
    repository: Repository, file: str, current: str
) -> None:
    """As an edit, which the next plan says, and not made anew."""
    repository.outputs(OUTPUTS + "  - {id: all, file: all.txt, template: table.md.j2}\n")
    repository.apply()
    repository.commit()
    repository.git("checkout", "-q", "-b", "edited", "main")
    repository.write({file: repository.text(file).replace("skills/skill-04", "skills/by-hand")})
    repository.commit()
    repository.git("checkout", "-q", "-b", "applied", "main")
    repository.write(fragment("skill-04", "skills/applied") | fragment("skill-05-a", "skills/new"))
    repository.apply()
    repository.commit()
    repository.git("checkout", "-q", current)
    repository.git("merge", "edited" if current == "applied" else "applied", fails=True)
    assert repository.git("diff", "--name-only", "--diff-filter=U").split() == [file]
    resolve_conflicts(Workspace(repository.root))
    assert "skills/by-hand" in repository.text(file)
    edited = [change.file for change in repository.plan().edited_outputs]
    assert edited == [file]


def test_a_review_blames_a_branch_only_for_what_it_made_stale(repository: Repository) -> None:
    repository.write({".system/registry/templates/table.md.j2": "stale already\n"})
    repository.commit()
    repository.git("checkout", "-q", "-b", "work")
    plan = review_base(Workspace(repository.root), "main").plan
    assert plan.outputs == ()
    assert [notice.message for notice in plan.notices if notice.title == "Not applied"] == []
    assert not any(one.status is Status.INTRODUCED for one in plan.problems if one.code == "OUT009")
    repository.write(fragment("newer", "skills/newer"))
    review = review_base(Workspace(repository.root), "main").plan
    assert {one.id for one in review.outputs} == {"count", "total", "plugins"}
    (notice,) = [one for one in review.notices if one.title == "Not applied"]
    assert "3 outputs to write" in notice.message
    said = [one for one in review.problems if one.code == "OUT009" and one.status is Status.INTRODUCED]
    assert {(one.identity_extra, one.severity) for one in said} == {
        (name, Severity.WARNING) for name in ("count", "total", "plugins")
    }
    lines = {one.identity_extra: one.location.line for one in said if one.location}
    assert lines == {"count": 3, "total": 4, "plugins": 5}, "where each is defined"
    repository.write({".system/registry/config.yaml": "outputs: after_merge\n"})
    review = review_base(Workspace(repository.root), "main").plan
    assert {one.severity for one in review.problems if one.code == "OUT009"} == {Severity.RECORD}
    assert any("after_merge" in one.message for one in review.notices)
    assert [one.title for one in review.notices if one.title == "Not applied"] == ["Not applied"]
    assert "output" not in next(one.message for one in review.notices if one.title == "Not applied")
    assert not any(one.pending for one in review.outputs)
    repository.write(
        {"README.md": repository.text("README.md").replace("begin count -->", "begin count -->9")}
    )
    review = review_base(Workspace(repository.root), "main").plan
    assert [one.id for one in review.outputs if one.pending] == ["count"], (
        "an edit by hand is no stale output"
    )


def test_a_review_names_outputs_and_templates_that_are_gone_or_changed(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "work")
    text = repository.text(".system/registry/outputs.yaml")
    repository.outputs(
        text.replace("  - {id: count", "  - {id: counted").replace("at: total_skills", "at: total")
    )
    repository.write({".system/registry/templates/table.md.j2": "other\n"})
    titles = {
        (one.title, one.message.split(" ")[0])
        for one in review_base(Workspace(repository.root), "main").plan.notices
    }
    assert ("Output gone", "count") in titles
    assert ("Output changed", "total") in titles
    assert ("Template changed", ".system/registry/templates/table.md.j2") in titles
