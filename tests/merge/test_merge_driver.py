"""The merge driver as git calls it, ``init --merge-driver``, and ``resolve`` in a rebase and after removals."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from registry_reconciler.cli.main import main
from registry_reconciler.editing.merge_driver import drive
from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.merging import Labels
from registry_reconciler.workspace import Workspace
from tests.outputs.test_branches import Repository

FRAGMENT = "skill:\n  - id: a\n    path: p\n    version: '1'\n  - id: b\n    path: p\n    version: '1'\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    files = {"desired/skills.yaml": FRAGMENT, "skills/_registry.yml": "total_skills: 0\nskills: []\n"}
    found = Repository(tmp_path / "home", **files)
    found.git("init", "-q", "-b", "main")
    found.apply()
    found.commit()
    return found


def sides(folder: Path, before: str, ours: str, theirs: str) -> list[Path]:
    files = []
    for name, text in (("o", before), ("a", ours), ("b", theirs)):
        (folder / name).write_bytes(text.encode())
        files.append(folder / name)
    return files


def test_the_driver_writes_the_answer_and_says_what_is_open(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repository.root)
    ours, theirs = FRAGMENT + "  - {id: n, path: p}\n", FRAGMENT + "  - {id: m, path: p}\n"
    files = sides(tmp_path, FRAGMENT, ours, theirs)
    words = ["merge-driver", *map(str, files), "desired/skills.yaml", "--format", "json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["by"] == "registry"
    assert files[1].read_text("utf-8") == FRAGMENT + "  - {id: m, path: p}\n  - {id: n, path: p}\n"
    files = sides(tmp_path, FRAGMENT, FRAGMENT.replace("'1'", "'2'", 1), FRAGMENT.replace("'1'", "'3'", 1))
    assert main(["merge-driver", "--marker-size", "9", *map(str, files), "desired/skills.yaml"]) == 1
    assert "CONFLICT desired/skills.yaml: skill/a version: changed on both sides" in capsys.readouterr().out
    assert "<<<<<<<<< ours (skill/a version)\n    version: '2'\n" in files[1].read_text("utf-8")


def test_the_driver_keeps_what_the_branch_that_is_merged_edited_by_hand(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git tells the driver the commit by a variable; without it ours stays, as of every output in conflict."""
    before = repository.text("README.md")
    repository.git("checkout", "-q", "-b", "edited")
    repository.write({"README.md": before.replace("| a | p |", "| a | by hand |")})
    repository.commit()
    theirs = repository.text("README.md")
    edited = repository.git("rev-parse", "HEAD").strip()
    repository.git("checkout", "-q", "main")
    repository.write({"desired/skills.yaml": FRAGMENT.replace("path: p", "path: q")})
    repository.apply()
    repository.commit()
    ours = repository.text("README.md")
    monkeypatch.chdir(repository.root)
    for variable, kept in (("OTHER", ours), (f"GITHEAD_{edited}", theirs)):
        monkeypatch.setenv(variable, "edited")
        files = sides(tmp_path, before, ours, theirs)
        assert drive(files[0], files[1], files[2], "README.md", Labels()).conflicts == ()
        assert files[1].read_text("utf-8") == kept


def test_what_is_not_understood_is_merged_as_git_does_it(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root)
    text = "one\ntwo\nthree\nfour\n"
    files = sides(tmp_path, text, text.replace("one", "ONE"), text.replace("four", "FOUR"))
    assert drive(files[0], files[1], files[2], "notes.txt", Labels()).by == "git"
    assert files[1].read_text("utf-8") == "ONE\ntwo\nthree\nFOUR\n"
    files = sides(tmp_path, text, text.replace("one", "ONE"), text.replace("one", "1"))
    assert drive(files[0], files[1], files[2], "notes.txt", Labels()).conflicts
    assert files[1].read_text("utf-8").startswith("<<<<<<< ours\nONE\n=======\n1\n>>>>>>> theirs\n")
    # Lines that merge, and an entry twice: that is a conflict, and both sides are there.
    bad = FRAGMENT + "  - &x {id: z, path: p}\nx-more: [*x]\n"
    twice = "skill:\n  - {id: q, path: p}\n" + FRAGMENT.removeprefix("skill:\n")
    files = sides(tmp_path, FRAGMENT, twice, bad)
    done = drive(files[0], files[1], files[2], "desired/skills.yaml", Labels())
    left = files[1].read_text("utf-8")
    assert "id: q" in left
    assert "id: z" in left
    assert done.by in ("git", "registry")


def test_init_names_the_files_and_the_driver_and_says_it_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root)
    assert main(["init", "--merge-driver"]) == 0
    lines = repository.text(".gitattributes")
    for path in (
        "desired/**/*.yaml",
        "skills/_registry.yml",
        ".system/registry/state/**",
        "/README.md",
        "/marketplace.yaml",
    ):
        assert f"{path} merge=registry\n" in lines
    assert main(["init", "--merge-driver"]) == 0
    assert repository.text(".gitattributes") == lines
    assert (
        repository.git("config", "merge.registry.driver")
        == "registry merge-driver --marker-size %L %O %A %B %P\n"
    )
    said = repository.git("check-attr", "merge", "desired/x/y.yaml", "README.md", "docs/README.md")
    assert said.count("merge: registry") == 2


def test_resolve_in_a_rebase_goes_on(repository: Repository) -> None:
    for branch in ("left", "right"):
        repository.git("checkout", "-q", "-b", branch, "main")
        repository.write(
            {"desired/skills.yaml": FRAGMENT + f"  # {branch}\n  - {{id: {branch}, path: p, version: x}}\n"}
        )
        repository.apply()
        repository.commit()
    repository.git("rebase", "-q", "left", fails=True)
    done = resolve_conflicts(Workspace(repository.root))
    assert done.open == ()
    assert repository.git("diff", "--name-only") == ""
    subprocess.run(
        [
            "git",
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "core.editor=true",
            "rebase",
            "--continue",
        ],
        cwd=repository.root,
        check=True,
        capture_output=True,
    )
    text = repository.text("desired/skills.yaml")
    assert text.count("# left") == text.count("# right") == 1
    assert repository.plan().empty
    assert "| right |" in repository.text("README.md")


def test_a_fragment_that_one_side_removed_and_the_other_added_to(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "right", "main")
    repository.write({"desired/skills.yaml": FRAGMENT + "  - {id: n, path: p}\n"})
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.git("rm", "-q", "desired/skills.yaml")
    repository.write({"desired/other.yaml": "{}\n"})
    repository.commit()
    repository.git("merge", "-q", "right", fails=True)
    assert resolve_conflicts(Workspace(repository.root)).open == ()
    text = repository.text("desired/skills.yaml")
    assert "id: n" in text
    assert "id: a" not in text
    assert repository.git("diff", "--name-only", "--diff-filter=U") == ""


@pytest.mark.parametrize(
    ("newline", "last", "style"), [("\r\n", "\r\n", "merge"), ("\n", "", "merge"), ("\r\n", "", "zdiff3")]
)
def test_a_conflict_is_known_as_git_left_it_whatever_the_line_ends_are(
    repository: Repository, newline: str, last: str, style: str
) -> None:
    def save(text: str, branch: str) -> None:
        text = text.removesuffix("\n").replace("\n", newline) + last
        repository.write({"desired/skills.yaml": text})
        repository.commit()
        repository.git("branch", branch)

    repository.git("config", "merge.conflictStyle", style)
    save(FRAGMENT, "begin")
    repository.git("checkout", "-q", "begin")
    save(FRAGMENT.removesuffix("'1'\n") + "'2'\n", "right")
    repository.git("checkout", "-q", "main")
    save(FRAGMENT + "  - id: n\n    path: p\n", "left")
    repository.git("merge", "-q", "right", fails=True)
    assert "=======" in repository.text("desired/skills.yaml")
    assert resolve_conflicts(Workspace(repository.root)).open == ()
    text = FRAGMENT.removesuffix("'1'\n") + "'2'\n  - id: n\n    path: p"
    assert repository.text("desired/skills.yaml") == text.replace("\n", newline) + last


def test_a_file_that_somebody_edited_is_left_alone(repository: Repository) -> None:
    for branch, version in (("left", "2"), ("right", "3")):
        repository.git("checkout", "-q", "-b", branch, "main")
        repository.write({"desired/skills.yaml": FRAGMENT.replace("'1'", f"'{version}'", 1)})
        repository.commit()
    repository.git("merge", "-q", "left", fails=True)
    done = resolve_conflicts(Workspace(repository.root))
    assert done.open == (("desired/skills.yaml", "skill/a version: changed on both sides"),)
    marked = repository.text("desired/skills.yaml")
    assert resolve_conflicts(Workspace(repository.root)).open == done.open
    assert repository.text("desired/skills.yaml") == marked
    repository.write({"desired/skills.yaml": marked + "# mine\n"})
    assert "edited since" in resolve_conflicts(Workspace(repository.root)).open[0][1]
    assert repository.text("desired/skills.yaml").endswith("# mine\n")
    repository.write({"desired/skills.yaml": FRAGMENT.replace("'1'", "'3'", 1)})
    assert resolve_conflicts(Workspace(repository.root)).by_hand == ("desired/skills.yaml",)
