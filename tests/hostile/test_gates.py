"""Nothing of a workspace is run, nothing is fetched, and a saved plan says nothing that is obeyed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.model.entry import digest_value
from tests.hostile.helper import copy_of, run, snapshot, unharmed
from tests.support import git

TRAP = "import pathlib; (pathlib.Path({!r}) / 'ran').touch()\n"
SHADOWS = (
    "sitecustomize",
    "usercustomize",
    "yaml",
    "json",
    "typer",
    "rich",
    "jsonschema_rs",
    "registry_reconciler",
    "getpass",
    "conftest",
    "handlers",
)
HANDLERS = """\
ability_low:
- ability_id: evil.python
  summary: Runs.
  implementation: {kind: python, function: "handlers:run"}
- ability_id: evil.script
  summary: Runs.
  implementation: {kind: script, command: [./evil.sh]}
hook:
- id: evil-hook
  event_type: SessionStop
  summary: Runs.
  handler: {kind: python, function: "handlers:run"}
"""
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("check",),
    ("apply", "--yes"),
    ("drift",),
    ("list",),
    ("diff", "HEAD"),
    ("recover",),
    ("run", "evil.python", "--dry-run"),
    ("run", "evil.script", "--dry-run"),
)


@pytest.fixture
def trapped(root: Path) -> Path:
    """A workspace full of things that leave a mark when they are run."""
    trap = TRAP.format(str(root.parent))
    for name in SHADOWS:
        (root / f"{name}.py").write_text(trap)
    (root / "src").mkdir()
    (root / "src/handlers.py").write_text(trap + "def run(): pass\n")
    for name in ("evil.sh", "git", "python3"):
        (root / name).write_text(f"#!/bin/sh\ntouch {root.parent}/ran\n")
        (root / name).chmod(0o755)
    (root / ".env").write_text("PYTHONSTARTUP=sitecustomize.py\n")
    (root / "pyproject.toml").write_text("[tool.registry]\nplugins = ['handlers']\n")
    (root / "desired/evil.yaml").write_text(HANDLERS)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        git(root, *words)
    for name in ("core.fsmonitor", "core.pager", "core.editor", "diff.external", "core.sshCommand"):
        git(root, "config", name, f"{root}/evil.sh")
    git(root, "config", "diff.evil.textconv", f"{root}/evil.sh")
    git(root, "config", "filter.evil.clean", f"{root}/evil.sh")
    (root / ".gitattributes").write_text("* diff=evil filter=evil\n")
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (root / ".git/hooks" / name).write_text(f"#!/bin/sh\ntouch {root.parent}/ran\n")
        (root / ".git/hooks" / name).chmod(0o755)
    return root


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_nothing_of_the_workspace_runs(words: tuple[str, ...], trapped: Path) -> None:
    used = run(trapped, *words)
    unharmed(used)
    assert not (trapped.parent / "ran").exists()


@pytest.mark.parametrize("safely", [True, False])
def test_nothing_runs_with_python_m(safely: bool, trapped: Path) -> None:
    if not safely:
        # What shadows the package itself is found before any line of it runs.
        (trapped / "registry_reconciler.py").unlink()
    done = subprocess.run(
        [sys.executable, *(["-P"] if safely else []), "-m", "registry_reconciler", "plan"],
        cwd=trapped,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 3), done.stderr
    assert not (trapped.parent / "ran").exists()


SPY = """\
import os, socket, sys
def no(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.")):
        sys.stderr.write("NETWORK " + event)
    if event == "open" and isinstance(arguments[0], str) and arguments[0].endswith(".py"):
        if arguments[0].startswith(sys.argv[1]):
            sys.stderr.write("IMPORT " + arguments[0])
    git = event == "subprocess.Popen" and os.path.basename(arguments[0]) == "git"
    if event == "subprocess.Popen" and (not git or arguments[0].startswith(sys.argv[1])):
        sys.stderr.write("PROCESS " + repr(arguments[0]))
sys.addaudithook(no)
from registry_reconciler.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_asks_the_network_or_starts_a_program(words: tuple[str, ...], trapped: Path) -> None:
    schema = trapped / ".system/registry/schemas/remote.schema.yaml"
    schema.write_text("$id: http://127.0.0.1:1/a\n$defs: {a: {$ref: 'http://127.0.0.1:1/b'}}\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", SPY, str(trapped), *words],
        cwd=trapped,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
        env={**os.environ, "REGISTRY_ACTOR": "ada"},
    )
    assert "NETWORK" not in done.stderr
    assert "PROCESS" not in done.stderr
    assert f"IMPORT {trapped}/sitecustomize" not in done.stderr
    assert not (trapped.parent / "ran").exists()


def saved(root: Path) -> dict[str, Any]:
    (root / "desired/more.yaml").write_text("module_type:\n- {id: cron, description: A timer.}\n")
    assert run(root, "plan", "--out", "../plan.json").exit == 0
    data: dict[str, Any] = json.loads((root.parent / "plan.json").read_text())
    return data


def with_checksum(data: dict[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in data.items() if name != "checksum"}
    return {**body, "checksum": digest_value(body)}


def other_target(data: dict[str, Any]) -> dict[str, Any]:
    return {
        **data,
        "inputs": {**data["inputs"], "../../etc/passwd": None, ".git/config": "sha256:" + "0" * 64},
    }


def other_entry(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "changes": {"hook/evil": next(iter(data["changes"].values()))}}


def other_digest(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "changes": dict.fromkeys(data["changes"], "sha256:" + "0" * 64)}


def other_id(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "plan_id": "sha256:" + "0" * 64}


def other_version(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "format_version": "99.0"}


def other_root(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "root": "/"}


def more_options(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "options": {**data["options"], "no_check": True, "allow_mass_delete": True}}


def deep(data: dict[str, Any]) -> dict[str, Any]:
    inner: Any = 1
    for _ in range(900):
        inner = [inner]
    return {**data, "options": inner}


EDITS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (
    other_target,
    other_entry,
    other_digest,
    other_id,
    other_version,
    other_root,
    more_options,
    deep,
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("cover", [False, True], ids=["edited", "edited with its checksum"])
def test_an_edited_plan_writes_nothing(
    edit: Callable[[dict[str, Any]], dict[str, Any]], cover: bool, root: Path
) -> None:
    data = edit(saved(root))
    (root.parent / "plan.json").write_text(json.dumps(with_checksum(data) if cover else data))
    before = snapshot(root)
    used = run(root, "apply", "../plan.json", "--format", "json")
    unharmed(used)
    if cover and edit is other_target and used.exit == 0:
        # Inputs only name what differs; what is written is the plan made anew.
        assert used.json["plan_id"] == data["plan_id"]
        return
    assert used.exit == 1, used.out
    assert used.json["errors"][0]["code"] == "stale_plan"
    assert snapshot(root) == before


@pytest.mark.parametrize("size", [0, 1, 100, 1000, -3])
def test_a_cut_plan_writes_nothing(size: int, root: Path) -> None:
    saved(root)
    whole = (root.parent / "plan.json").read_bytes()
    (root.parent / "plan.json").write_bytes(whole[:size])
    before = snapshot(root)
    used = run(root, "apply", "../plan.json", "--format", "json")
    unharmed(used)
    assert used.exit in (1, 64)
    assert snapshot(root) == before


def test_a_plan_of_another_workspace_writes_nothing(root: Path, base: Path, tmp_path: Path) -> None:
    saved(root)
    other = copy_of(base, tmp_path / "other")
    (other / "desired/all.yaml").write_text("module_type: [{id: http_api, description: Another.}]\n")
    before = snapshot(other)
    used = run(other, "apply", "../plan.json", "--allow-mass-delete", "--format", "json")
    assert used.exit == 64
    used = run(other, "apply", "../plan.json", "--format", "json")
    unharmed(used)
    assert used.exit == 1
    assert snapshot(other) == before


@pytest.mark.parametrize("text", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 5_000_000, b"\xff\xfe", b"NaN"])
def test_what_is_no_plan_is_refused(text: bytes, root: Path) -> None:
    (root.parent / "plan.json").write_bytes(text)
    used = run(root, "apply", "../plan.json", "--format", "json")
    unharmed(used)
    assert used.exit == 64
    for words in (("add", "hook", "--entry-file", "../plan.json"), ("run", "x", "--input", "@../plan.json")):
        used = run(root, *words, "--format", "json")
        unharmed(used)
        assert used.exit in (3, 64)
