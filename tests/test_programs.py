"""Which modules may start a program, held over the syntax tree: git by one of them, and no other way around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import parsed

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / ".ci").rglob("*.py"), ROOT / "dev.py"])
MAY_START = {
    "src/registry_reconciler/base/child.py",
    "src/registry_reconciler/cli/editor.py",
    "src/registry_reconciler/cli/pager.py",
    "src/registry_reconciler/editing/merge_driver.py",
    "src/registry_reconciler/files/git_call.py",
    "src/registry_reconciler/fleet/run/cluster.py",
    "src/registry_reconciler/fleet/run/forks.py",
    "src/registry_reconciler/fleet/execute/command.py",
    "src/registry_reconciler/mcp/calls.py",
    "src/registry_reconciler/runtime/execution/handlers.py",
    "src/registry_reconciler/runtime/execution/limited.py",
    "src/registry_reconciler/runtime/execution/supervise.py",
    ".ci/action/publish.py",
    ".ci/action/report.py",
    ".ci/release.py",
    "dev.py",
}
"""The editor and the pager that the environment of the person names; git, where it has to merge what is not understood;
registry itself, for each repository of a fleet and each call of an agent; what an ability
asked a process of its own for; the check of a release.
Git; what renders outputs; what each repository of a fleet is forked from; what abilities and hooks name;
the commit of a bot; registry itself; the tasks of this repository."""

GIT = "src/registry_reconciler/files/git_call.py"
STARTERS = {"subprocess", "_posixsubprocess", "multiprocessing", "pty", "popen2", "commands", "webbrowser"}
OF_OS = ("system", "popen", "exec", "spawn", "posix_spawn", "fork", "startfile")
OF_ASYNCIO = ("create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell")
CODE = ("exec", "eval", "compile", "__import__")


def starts(tree: ast.AST) -> Iterator[str]:
    """What in a module can start a program."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.split(".")[0] in STARTERS)
            case ast.ImportFrom(module=str(module), names=names):
                if module.split(".")[0] in STARTERS:
                    yield module
                if module in ("os", "posix", "nt"):
                    yield from (one.name for one in names if one.name.startswith(OF_OS))
            case ast.Attribute(value=ast.Name(id="os" | "posix" | "nt"), attr=attr):
                if attr.startswith(OF_OS):
                    yield attr
            case ast.Attribute(attr=attr) if attr in OF_ASYNCIO:
                yield attr
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module"), args=[ast.Constant(value=str(name))]
            ):
                if name.split(".")[0] in STARTERS:
                    yield name


def runs_git(tree: ast.AST) -> Iterator[int]:
    """Lines of lists and calls that begin with the name of git."""
    for node in ast.walk(tree):
        first: ast.expr | None = None
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            first = node.elts[0]
        elif isinstance(node, ast.Call) and node.args:
            first = node.args[0]
        text = first.value if isinstance(first, ast.Constant) else None
        if isinstance(text, str) and text.split(" ")[0].rpartition("/")[2] in ("git", "git.exe"):
            yield node.lineno  # type: ignore[attr-defined]


def test_only_these_modules_start_programs() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in FILES if list(starts(parsed(path)))}
    assert found == MAY_START


def test_no_other_module_names_git_as_a_program() -> None:
    found = {path.relative_to(ROOT).as_posix(): list(runs_git(parsed(path))) for path in FILES}
    # These only say what a user may type.
    told = found.pop("src/registry_reconciler/files/git.py")
    told += found.pop("src/registry_reconciler/editing/fragment_edit.py")
    told += found.pop("src/registry_reconciler/cli/commands/resolve.py")
    told += found.pop("src/registry_reconciler/cli/commands/log.py")
    bot = found.pop(".ci/action/publish.py")
    assert len(told) == 7
    assert len(found.pop(".ci/release.py")) == 1  # of a checkout that CI has made
    # Each call of the bot's is closed to hooks, watchers and transports of the checkout.
    text = (ROOT / ".ci/action/publish.py").read_text("utf-8")
    assert len(bot) == text.count('"git", *CLOSED') == 3
    del found[GIT]
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_git_is_started_at_one_place() -> None:
    calls = [
        node
        for node in ast.walk(parsed(ROOT / GIT))
        if isinstance(node, ast.Attribute)
        and node.attr in ("Popen", "run", "call", "check_call", "check_output")
    ]
    # One call, and the type of what it gives.
    assert [node.attr for node in calls] == ["Popen"]


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess",
        "def f():\n  from subprocess import run",
        "import os\nos.execv('git', [])",
        "from os import system",
        "import asyncio\nasyncio.create_subprocess_exec('git')",
        "__import__('subprocess')",
        "from importlib import import_module\nimport_module('subprocess')",
    ],
)
def test_the_look_finds_each_way(text: str) -> None:
    assert list(starts(ast.parse(text)))


@pytest.mark.parametrize("text", ["run(['git', 'log'])", "f('git log')", "x = ('/usr/bin/git', 'x')"])
def test_the_look_finds_git(text: str) -> None:
    assert list(runs_git(ast.parse(text)))
