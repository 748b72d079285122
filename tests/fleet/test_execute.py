"""The same change in many repositories: what becomes of each, and that a second run does nothing twice."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.cli.main import main
from registry_reconciler.errors import UsageFailure
from registry_reconciler.fleet.execute.command import CHANGING, Order, order_of

SCHEMA = """\
x-registry: {kind: tool, layout: list, file: tools.yaml, key: id, names: {name: name},
  references: [{field: "needs[]", kind: tool}]}
type: object
properties: {id: {type: string}, name: {type: string}, needs: {type: array}}
"""
WRONG = "tool:\n  - {id: hammer, name: Big Hammer}\n  - {id: nail, needs: [Big Hammer]}\n"


Execute = Callable[..., dict[str, dict[str, Any]]]


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def repository(folder: Path, text: str = WRONG) -> Path:
    (folder / ".system/registry/schemas").mkdir(parents=True)
    (folder / ".system/registry/schemas/tool.schema.yaml").write_text(SCHEMA)
    (folder / "desired").mkdir()
    (folder / "desired/tools.yaml").write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def execute(fleet: Path, capsys: pytest.CaptureFixture[str]) -> Execute:
    """The command, and what it says of each repository; its exit code stands under ""."""

    def run(*words: str) -> dict[str, dict[str, Any]]:
        exit = main(["fleet", "exec", "--format", "json", *words])
        rows = json.loads(capsys.readouterr().out)["repositories"]
        return {row["name"]: row for row in rows} | {"": {"exit": exit}}

    return run


def outcomes(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: row["outcome"] for name, row in found.items() if name}


def test_each_repository_gets_its_commit_and_no_checkout_is_touched(fleet: Path, execute: Execute) -> None:
    shop = repository(fleet / "shop")
    (shop / "desired/tools.yaml").write_text(WRONG + "# being edited\n")
    repository(fleet / "done", WRONG.replace("[Big Hammer]", "[hammer]"))
    source = repository(fleet / "source")
    git(fleet, "clone", "-q", "--bare", str(source), "far.git")
    strict = repository(fleet / "strict")
    hook = strict / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho not on fridays >&2\nexit 1\n")
    hook.chmod(0o755)
    repository(fleet / "bad", WRONG + "  - {id: more, needs: [nowhere]}\n")
    (fleet / "plain").mkdir()
    names = ("shop", "done", "strict", "bad", "plain")
    rows = [f"{{name: {name}, path: {name}}}" for name in names] + ["{name: far, git: ./far.git}"]
    (fleet / "fleet.yaml").write_text(f"repositories: [{', '.join(rows)}]\n")
    before = {
        name: git(fleet / name, "status", "--porcelain", "--branch") for name in ("shop", "done", "strict")
    }

    found = execute("--branch", "mend", "--", "registry", "fix", "REF002")
    assert found[""]["exit"] == 1
    assert outcomes(found) == {
        "plain": "failed",
        "bad": "blocked",
        "strict": "blocked",
        "far": "changed",
        "shop": "changed",
        "done": "changed",  # what its fragments say was not applied yet
    }
    assert found["strict"]["why"] == "the commit was refused: not on fridays"
    assert "REF001" in found["bad"]["why"]
    assert found["shop"]["notes"] == ["what is not committed in its checkout is no part of it"]
    assert "needs: [hammer]" in git(shop, "show", "mend:desired/tools.yaml")
    assert git(shop, "rev-parse", "mend^") == git(shop, "rev-parse", "main")
    after = {name: git(fleet / name, "status", "--porcelain", "--branch") for name in before}
    assert after == before
    assert len(git(shop, "worktree", "list").splitlines()) == 1

    again = execute(
        "--branch", "mend", "--only", "shop", "--only", "far", "--push", "--", "registry", "fix", "REF002"
    )
    assert outcomes(again) == {"far": "done_before", "shop": "done_before"}
    assert again["shop"]["commit"] == found["shop"]["commit"]
    assert (again["far"]["pushed"], again["shop"]["pushed"]) == (True, False)
    assert git(fleet / "far.git", "rev-parse", "mend") == found["far"]["commit"]
    assert "no remote" in again["shop"]["notes"][-1]
    other = execute("--branch", "mend", "--only", "shop", "--", "registry", "fmt")
    assert outcomes(other) == {"shop": "blocked"}


def test_where_nothing_is_to_be_done_no_branch_is_made_and_it_is_remembered(
    fleet: Path, execute: Execute
) -> None:
    shop = repository(fleet / "shop", "tool: []\n")
    (fleet / "fleet.yaml").write_text("repositories: [{name: shop, path: shop}]\n")
    words = ("--", "registry", "set", "tool/nail", "name=x")
    first, second = execute(*words), execute(*words)
    assert outcomes(first) == outcomes(second) == {"shop": "unchanged"}
    assert second["shop"]["why"] == "as an earlier run found"
    assert git(shop, "branch", "--format", "%(refname:short)") == "main"


def test_of_two_workspaces_in_one_repository_one_gets_the_branch_that_was_named(
    fleet: Path, execute: Execute
) -> None:
    top = repository(fleet / "mono")
    shutil.copytree(top, top / "inner", ignore=shutil.ignore_patterns(".git"))
    git(top, "add", "-A")
    git(top, "commit", "-qm", "two")
    rows = "[{name: outer, path: mono}, {name: inner, path: mono, root: inner}]"
    (fleet / "fleet.yaml").write_text(f"repositories: {rows}\n")
    named = execute("--branch", "same", "--", "registry", "fix", "REF002")
    assert sorted(outcomes(named).values()) == ["blocked", "changed"]
    derived = execute("--", "registry", "fix", "REF002")
    assert set(outcomes(derived).values()) == {"changed"}
    assert derived["outer"]["branch"] != derived["inner"]["branch"]


def test_nobody_commits_under_a_name_that_was_made_up(
    fleet: Path, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(fleet / "shop")
    (fleet / "fleet.yaml").write_text("repositories: [{name: shop, path: shop}]\n")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{who}_EMAIL")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("EMAIL", raising=False)
    found = execute("--", "registry", "fix", "REF002")
    assert found["shop"]["outcome"] == "blocked"
    assert "user.email" in found["shop"]["why"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no command"),
        (["fix"], "Did you mean 'registry fix'"),
        (["registry"], "alone"),
        (["registry", "plan"], "not one of"),
        (["registry", "run", "x"], "not one of"),
        (["registry", "fix", "--root=/"], "--root"),
        (["registry", "fix", "--report", "json=x"], "--report"),
    ],
)
def test_only_commands_that_stay_in_the_repository_are_run(words: list[str], said: str) -> None:
    with pytest.raises(UsageFailure) as failure:
        order_of(words)
    assert said in failure.value.message


@pytest.mark.parametrize(
    "branch", ["-x", "a..b", "a b", "a.lock", "@", "x/.y", "a@{1}", "x/", "a\nb", "HEAD:x"]
)
def test_a_branch_that_git_does_not_take_is_refused_at_once(branch: str) -> None:
    with pytest.raises(UsageFailure):
        order_of(["registry", "fix"], branch=branch)


def test_the_next_step_pushes_what_was_made_and_nothing_else(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository(fleet / "shop")
    repository(fleet / "other")
    rows = "[{name: shop, path: shop}, {name: other, path: other}]"
    (fleet / "more.yaml").write_text(f"repositories: {rows}\n")
    typed = ["--file", "more.yaml", "--only", "shop", "--branch", "mend"]

    def answered(*words: str) -> dict[str, Any]:
        main(["fleet", "exec", *typed, "-m", "Mend them", "--format", "json", "--", "registry", *words])
        out = capsys.readouterr().out
        assert "hunter98" not in out
        body: dict[str, Any] = json.loads(out)
        return body

    again = ["registry", "fleet", "exec", *typed, "--message", "Mend them", "--push"]
    assert answered("fix", "REF002")["next"] == [[*again, "--", "registry", "fix", "REF002"]]
    typed[-1] = "named"
    assert answered("set", "tool/hammer", "name=hunter98")["next"] == []
    typed[-1] = "whole"
    assert answered("add", "tool", "--entry-json", '{"id": "x", "name": "hunter98"}')["next"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["schema", "new", "x", "--from", "tools.yaml", "--out", "/tmp/x.yaml"], "'/tmp/x.yaml' leads out"),
        (["schema", "new", "x", "--from", "tools.yaml", "--out=a/../../x.yaml"], "leads out"),
        (["schema", "new", "x", "--from", "../*.yaml"], "leads out"),
        (["schema", "new", "x", "--from", "tools.yaml", "--out", ".Git"], "what git keeps"),
        (["schema", "new", "x", "--from", "tools.yaml", "--out", "linked/x.yaml"], "symbolic link"),
        (["add", "tool", "--entry-file", "../x.json"], "leads out"),
        (["add", "tool", "--entry-json", "{}", "--fragment", "/x"], "leads out"),
        (["apply", "/tmp/plan.json"], "leads out"),
        (["fmt", "desired", ".."], "leads out"),
        (["outputs", "new", "../README.md", "--write"], "leads out"),
        (["set", "tool/nail"], "FIELD=VALUE"),
        (["fix", "--nonsense"], "--nonsense"),
    ],
)
def test_no_word_of_a_command_leads_out_of_the_repository(
    fleet: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    (fleet / "fleet.yaml").write_text("repositories: [{name: shop, path: shop}]\n")
    through_a_link = "linked/x.yaml" in words
    if through_a_link:
        shop = repository(fleet / "shop")
        (fleet / "elsewhere").mkdir()
        (shop / "linked").symlink_to(fleet / "elsewhere")
        git(shop, "add", "-A")
        git(shop, "commit", "-qm", "two")
    assert main(["fleet", "exec", "--", "registry", *words]) == (1 if through_a_link else 64)
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert not through_a_link or not list((fleet / "elsewhere").iterdir())


def test_every_option_that_takes_a_path_is_known_as_one() -> None:
    from registry_reconciler.cli.parser import build, names_a_path

    found, besides = set(), set()
    for name in CHANGING:
        for parameter in build().get_command(None, name).params:
            if names_a_path(parameter):
                found.add(f"{name} {parameter.name}")
            elif not getattr(parameter, "is_flag", False) and "file" in (parameter.help or "").lower():
                besides.add(f"{name} {parameter.name}")
            assert names_a_path(parameter) or type(parameter.type).__name__ != "TyperPath"
    # A new one that takes a file has FILE, DIR or PATH as its metavar. These speak of files and take none.
    assert besides == {"adopt by", "schema new at"}
    assert {"schema new out", "add entry_file", "add fragment", "apply file", "outputs new file"} <= found


def test_values_are_left_out_of_the_message_and_the_branch() -> None:
    order = Order(("set", "tool/nail", "token=hunter2"))
    assert "hunter2" not in order.message_for("") + order.branch_for("")
    assert order.branch_for("a") != order.branch_for("b")
