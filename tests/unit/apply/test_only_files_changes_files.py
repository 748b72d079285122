"""No module but ``apply/files.py`` creates, writes, renames or removes a file: read from the syntax tree."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import registry_reconciler
from tests.support import parsed

SOURCE = Path(registry_reconciler.__file__).parent
THE_ONE = SOURCE / "apply" / "files.py"
NOT_PART_OF_AN_APPLY = frozenset(
    # The runtime imports nothing of the writing half; it appends a line when an ability is called, and
    # writes into the pipes of what it starts. An interruption is told of on the two standard streams, past buffers
    # that may be in the middle of a write. An editor is given a copy in a temporary folder, and what a server of
    # tools says on standard error goes to a file without a name. What a repository of a fleet gives comes through a
    # pipe, and its clone in the cache goes when no run asks for it any more. Where the same is changed in many
    # repositories, each has a work tree in the cache, and a lock beside it; the catalogue of a fleet is a database,
    # which SQLAlchemy writes.
    (
        SOURCE / "base" / "interrupts.py",
        SOURCE / "cli" / "commands" / "edit.py",
        SOURCE / "cli" / "editor.py",
        SOURCE / "files" / "git_work.py",
        SOURCE / "fleet" / "catalogue" / "database.py",
        SOURCE / "fleet" / "execute" / "repository.py",
        SOURCE / "fleet" / "fetching.py",
        SOURCE / "fleet" / "run" / "forks.py",
        SOURCE / "runtime" / "execution" / "audit.py",
        SOURCE / "runtime" / "execution" / "handlers.py",
        SOURCE / "runtime" / "execution" / "limited.py",
        SOURCE / "runtime" / "execution" / "supervise.py",
        SOURCE / "runtime" / "execution" / "tools.py",
    )
)

OS_CALLS = frozenset(
    [
        "rename",
        "renames",
        "replace",
        "unlink",
        "remove",
        "removedirs",
        "mkdir",
        "makedirs",
        "rmdir",
        "link",
        "symlink",
        "truncate",
        "ftruncate",
        "write",
        "writev",
        "pwrite",
        "pwritev",
        "fsync",
        "fdatasync",
        "sync",
        "chmod",
        "fchmod",
        "lchmod",
        "chown",
        "fchown",
        "lchown",
        "utime",
        "mkfifo",
        "mknod",
        "sendfile",
        "copy_file_range",
        "setxattr",
        "removexattr",
        "posix_fallocate",
    ]
)
METHODS = frozenset(
    [
        "write_text",
        "write_bytes",
        "touch",
        "mkdir",
        "unlink",
        "rmdir",
        "rename",
        "symlink_to",
        "hardlink_to",
        "chmod",
        "lchmod",
    ]
)
MODULES = frozenset(["shutil", "tempfile", "sqlite3", "shelve", "dbm"])
READING = frozenset(("get_terminal_size", "which"))
WRITING_FLAGS = frozenset(["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"])


def offences(tree: ast.AST) -> list[str]:
    """What in a module changes files itself."""
    found = []
    harmless = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.args[0]) == "os.devnull"
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in harmless:
            continue
        if isinstance(node, ast.Import) and any(one.name.split(".")[0] in MODULES for one in node.names):
            found.append(f"line {node.lineno}: imports {node.names[0].name}")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {*MODULES, "os"}:
            found += [
                f"line {node.lineno}: imports {one.name}"
                for one in node.names
                if one.name in OS_CALLS or (node.module != "os" and one.name not in READING)
            ]
        elif isinstance(node, ast.Attribute) and node.attr in WRITING_FLAGS:
            found.append(f"line {node.lineno}: {node.attr}")
        elif isinstance(node, ast.Call):
            reason = changes_files(node)
            if reason:
                found.append(f"line {node.lineno}: {reason}")
    return found


def changes_files(call: ast.Call) -> str | None:
    """Why a call changes files, or ``None``."""
    function = call.func
    if isinstance(function, ast.Name):
        return "open for writing" if function.id == "open" and writes(call, 1) else None
    if not isinstance(function, ast.Attribute):
        return None
    base = function.value.id if isinstance(function.value, ast.Name) else ""
    if base == "os" and function.attr in OS_CALLS:
        return f"os.{function.attr}"
    if base in ("files", "formatter"):  # the formatter writes help into a text of its own
        return None
    if function.attr in METHODS:
        return f".{function.attr}()"
    if function.attr == "replace" and len(call.args) == 1 and not call.keywords:
        return ".replace() of a path"
    if function.attr in ("open", "fdopen") and writes(
        call, 1 if base in ("os", "io", "codecs", "gzip") else 0
    ):
        return f".{function.attr}() for writing"
    return None


def writes(call: ast.Call, position: int) -> bool:
    """Whether the mode of an ``open`` lets it write."""
    given = [one.value for one in call.keywords if one.arg == "mode"] + call.args[position : position + 1]
    return any(isinstance(one, ast.Constant) and set(str(one.value)) & set("wax+") for one in given[:1])


def test_only_one_module_changes_files() -> None:
    found = {
        str(path.relative_to(SOURCE)): offences(parsed(path))
        for path in SOURCE.rglob("*.py")
        if path != THE_ONE and path not in NOT_PART_OF_AN_APPLY
    }
    assert len(found) > 5
    assert {path: what for path, what in found.items() if what} == {}


def test_an_interruption_is_told_of_on_the_standard_streams_and_changes_no_file() -> None:
    tree = ast.parse((SOURCE / "base" / "interrupts.py").read_text(encoding="utf-8"))
    assert {one.partition(": ")[2] for one in offences(tree)} == {"os.write"}
    writes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write"
    ]
    assert {ast.unparse(node.args[0]) for node in writes} == {"1", "2"}


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.replace('a', 'b')",
        "from os import unlink",
        "import shutil",
        "open('a', 'w')",
        "open('a', mode='ab')",
        "path.open('w')",
        "path.write_text('x')",
        "path.replace(other)",
        "path.unlink(missing_ok=True)",
        "os.open('a', os.O_RDWR)",
        "os.fdopen(fd, 'wb')",
    ],
)
def test_a_module_that_would_is_found(code: str) -> None:
    assert offences(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "from shutil import which",
        "os.open(os.devnull, os.O_WRONLY)",
        "'a'.replace('b', 'c')",
        "open('a')",
        "path.open('rb')",
        "files.unlink('a', 3)",
    ],
)
def test_a_module_that_would_not_is_not(code: str) -> None:
    assert not offences(ast.parse(code))
