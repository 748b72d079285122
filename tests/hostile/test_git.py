"""A repository whose configuration names a program wherever git takes one: no command of ours runs any of them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from registry_reconciler.apply.journal import JournalRecord, JournalStep, encode
from registry_reconciler.files import git_call as gitcall
from registry_reconciler.files.git import blame, commit_of
from registry_reconciler.model.entry import digest_bytes
from tests.hostile.helper import run, unharmed
from tests.support import git

JOURNAL = ".system/registry/.apply/tx-0123456789abcdef"
PROGRAMS = """\
[core]
	repositoryformatversion = 1
	fsmonitor = {run}
	hooksPath = {hooks}
	pager = {run}
	editor = {run}
	askPass = {run}
	sshCommand = {run}
	gitProxy = {run}
	alternateRefsCommand = {run}
	untrackedCache = true
[extensions]
	partialClone = origin
[remote "origin"]
	url = ext::sh -c {run}
	promisor = true
	partialCloneFilter = blob:none
	uploadpack = {run}
	receivepack = {run}
	vcs = ext
[remote "second"]
	url = ssh://host.invalid/x
	promisor = true
[remote "third"]
	url = {here}
	promisor = true
	uploadpack = {run}
[protocol]
	allow = always
[protocol "ext"]
	allow = always
[credential]
	helper = "!{run}"
[gpg]
	program = {run}
[gpg "ssh"]
	program = {run}
	defaultKeyCommand = {run}
[gpg "x509"]
	program = {run}
[log]
	showSignature = true
[diff]
	external = {run}
[diff "evil"]
	textconv = {run}
	command = {run}
	cachetextconv = true
[filter "evil"]
	clean = {run}
	smudge = {run}
	process = {run}
	required = true
[filter "evil=x.y"]
	clean = {run}
	process = {run}
[merge "evil"]
	driver = {run}
[pager]
	blame = {run}
	rev-parse = {run}
	ls-tree = {run}
	config = {run}
[alias]
	rev-parse = "!{run}"
	blame = "!{run}"
	x = "!{run}"
[sequence]
	editor = {run}
[interactive]
	diffFilter = {run}
[uploadpack]
	packObjectsHook = {run}
[trailer "evil"]
	command = {run}
	cmd = {run}
[url "ext::sh -c {run}"]
	insteadOf = https://
[submodule]
	recurse = true
[submodule "evil"]
	url = ext::sh -c {run}
	update = "!{run}"
[fetch]
	recurseSubmodules = true
[gc]
	auto = 1
[maintenance]
	auto = true
[color]
	ui = always
[mailmap]
	file = {run}
[browser "evil"]
	cmd = {run}
[sendemail]
	sendmailCmd = {run}
[trace2]
	eventTarget = {here}/ran
	normalTarget = {here}/ran
"""
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--base", "HEAD~1"),
    ("plan", "--base", "@{-1}"),
    ("diff", "HEAD~1", "HEAD"),
    ("diff", "HEAD"),
    ("check",),
    ("drift",),
    ("apply", "--yes"),
    ("recover",),
    ("list",),
    ("show", "route/api.errors"),
    ("fmt",),
    ("fix",),
    ("baseline",),
    ("init",),
)


def program(path: Path, mark: Path) -> Path:
    """A program that leaves a mark."""
    path.write_text(f"#!/bin/sh\ntouch {mark}\nexit 1\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def armed(root: Path) -> Path:
    """An applied workspace in a partial clone that lacks objects, with a journal that git tracks, all of it hostile."""
    journal = root / JOURNAL
    journal.mkdir(parents=True)
    evil = "modules/routes/new.yaml"
    step = JournalStep(0, evil, evil, None, digest_bytes(b"evil"))
    (journal / "0.new").write_bytes(b"evil")
    (journal / "COMMIT").write_bytes(encode(JournalRecord((step,), (), ())))
    (root / "desired/all.yaml").write_text((root / "desired/all.yaml").read_text() + "# one\n")
    git(root, "init", "-q")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-qm", "first")
    (root / "desired/all.yaml").write_text((root / "desired/all.yaml").read_text() + "# two\n")
    git(root, "commit", "-qam", "second")
    kept = {path: path.read_bytes() for path in (root / ".system").rglob("*") if path.is_file()}
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "desired", "modules")
    for path, data in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    # By hand edited: drift asks git who did it.
    route = root / "modules/routes/api.yaml"
    route.write_text(route.read_text().replace("topic: errors", "topic: by hand"))
    missing = git(
        root, "rev-parse", "HEAD:.system", "HEAD:modules/routes/api.yaml", "HEAD~1:desired/all.yaml"
    )
    for name in missing.split():
        (root / ".git/objects" / name[:2] / name[2:]).unlink()
    arm(root)
    return root


def arm(root: Path) -> None:
    """Name a program wherever git takes one."""
    here = root.parent
    evil = program(here / "evil.sh", here / "ran")
    hooks = here / "hooks"
    hooks.mkdir()
    for name in (
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "pre-auto-gc",
        "fsmonitor-watchman",
    ):
        program(hooks / name, here / "ran")
        program(root / ".git/hooks" / name, here / "ran")
    text = PROGRAMS.format(run=evil, hooks=hooks, here=here)
    with (root / ".git/config").open("a") as file:
        file.write(text)
    (root / ".gitattributes").write_text("*.yaml diff=evil filter=evil merge=evil\n")


def ran(root: Path) -> bool:
    return (root.parent / "ran").exists()


def test_plain_git_would_run_them(armed: Path) -> None:
    """Otherwise the other tests here would prove nothing."""
    subprocess.run(["git", "ls-files"], cwd=armed, capture_output=True, check=False, timeout=60)
    assert ran(armed)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_runs_what_a_repository_names(words: tuple[str, ...], armed: Path) -> None:
    used = run(armed, *words)
    unharmed(used)
    assert not ran(armed), used.err


def test_drift_runs_nothing_where_no_object_is_missing(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    arm(root)
    config = root / ".git/config"
    config.write_text(config.read_text().replace("partialClone = origin", "noop = true"))
    config.write_text(
        config.read_text().replace("repositoryformatversion = 1", "repositoryformatversion = 0")
    )
    route = root / "modules/routes/api.yaml"
    route.write_text(route.read_text().replace("topic: errors", "topic: by hand"))
    assert blame(root, "modules/routes/api.yaml", [1])[1].author == "Ada"
    used = run(root, "drift")
    unharmed(used)
    assert used.exit == 2
    assert not ran(root)


ENVIRONMENT = {
    "GIT_DIR": "elsewhere",
    "GIT_WORK_TREE": "/",
    "GIT_INDEX_FILE": "elsewhere",
    "GIT_OBJECT_DIRECTORY": "elsewhere",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "elsewhere",
    "GIT_COMMON_DIR": "elsewhere",
    "GIT_NAMESPACE": "elsewhere",
    "GIT_EXEC_PATH": "elsewhere",
    "GIT_TEMPLATE_DIR": "elsewhere",
    "GIT_CONFIG": "elsewhere",
    "GIT_CONFIG_GLOBAL": "elsewhere",
    "GIT_CONFIG_SYSTEM": "elsewhere",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.fsmonitor",
    "GIT_CONFIG_VALUE_0": "RUN",
    "GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='RUN'",
    "GIT_EXTERNAL_DIFF": "RUN",
    "GIT_PAGER": "RUN",
    "GIT_EDITOR": "RUN",
    "GIT_ASKPASS": "RUN",
    "GIT_SSH_COMMAND": "RUN",
    "GIT_PROXY_COMMAND": "RUN",
    "GIT_ALLOW_PROTOCOL": "ext",
    "GIT_TRACE": "RUN",
    "GIT_TRACE2_EVENT": "RUN",
    "PAGER": "RUN",
    "EDITOR": "RUN",
    "LD_BIND_NOW": "1",
}


def test_nothing_of_the_callers_environment_changes_what_git_does(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    evil = program(root.parent / "evil.sh", root.parent / "ran")
    head = git(root, "rev-parse", "HEAD").strip()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value.replace("RUN", str(evil)))
    assert commit_of(root, "HEAD") == head
    assert blame(root, "desired/all.yaml", [1])[1].commit == head
    assert not ran(root)
    given = gitcall._environment("/usr/bin", root, ())
    assert not set(ENVIRONMENT) & (set(given) - {"GIT_WORK_TREE", "GIT_CONFIG_COUNT", "GIT_ALLOW_PROTOCOL"})


@pytest.mark.parametrize("path", ["", ".", "bin", "{root}", "{root}/bin"])
def test_git_is_not_taken_from_the_work_tree(path: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "init", "-q")
    (root / "bin").mkdir()
    for place in (root / "git", root / "bin/git"):
        program(place, root.parent / "ran")
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", os.pathsep.join([path.format(root=root), os.environ["PATH"]]))
    gitcall.ask(root, ["rev-parse", "--git-dir"])
    assert not ran(root)
    monkeypatch.setenv("PATH", path.format(root=root))
    with pytest.raises(gitcall.GitFailure, match="not installed"):
        gitcall.ask(root, ["rev-parse", "--git-dir"])


def test_a_repository_among_the_files_of_another_one_is_none(root: Path) -> None:
    """A pull request can bring a bare repository, with a configuration, as ordinary files."""
    git(root.parent, "init", "-q")
    bare = root.parent / "bare"
    git(root, "init", "-q", "--bare", str(bare))
    for name in ("HEAD", "objects", "refs", "config"):
        (bare / name).rename(root / name)
    with pytest.raises(gitcall.GitFailure, match="no git repository"):
        commit_of(root, "HEAD")


def test_another_work_tree_that_a_configuration_names_is_not_taken(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    git(root, "config", "core.worktree", "/")
    assert gitcall.ask(root, ["rev-parse", "--show-toplevel"]) == f"{root.resolve()}\n".encode()


def test_only_commands_that_read_can_be_called_and_two_that_settle_conflicts(root: Path) -> None:
    for command in (
        "fetch",
        "diff",
        "log",
        "status",
        "checkout",
        "gc",
        "-c",
        "x",
        "merge-file",
        *gitcall.WRITERS,
        *gitcall.FETCHERS,
    ):
        with pytest.raises(ValueError, match="may be called"):
            gitcall.ask(root, [command])
    assert {"hash-object", "update-index"} == gitcall.WRITERS
    reading = {"blame", "cat-file", "config", "ls-files", "ls-tree", "merge-base", "rev-list", "rev-parse"}
    assert {*reading, "merge-file"} == gitcall.READERS


def test_a_pipe_in_the_configuration_ends(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "init", "-q")
    os.mkfifo(root.parent / "pipe")
    (root / ".git/config").write_text(f"[include]\n\tpath = {root.parent}/pipe\n")
    monkeypatch.setattr(gitcall, "PATIENCE", 0.5)
    with pytest.raises(gitcall.GitFailure, match="took more than"):
        commit_of(root, "HEAD")


def test_a_repository_of_somebody_else_is_refused_in_gits_own_words(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(os, "getuid") or os.getuid() != 0:
        pytest.skip("only the superuser can give files away")
    git(root, "init", "-q")
    os.chown(root, 12345, 12345)
    os.chown(root / ".git", 12345, 12345)
    monkeypatch.setenv("HOME", str(root.parent))
    used = run(root, "plan", "--base", "HEAD", "--format", "json")
    assert used.exit == 1
    assert "dubious ownership" in json.dumps(used.json["errors"])
