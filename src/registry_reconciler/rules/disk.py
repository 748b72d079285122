"""Questions about files that several families ask: what is at a path, can a program run, is a name there.

All of them go through the tree of the entry set: every answer is an input of the plan, and nothing is imported or run.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from msgspec import Struct, field

from registry_reconciler.files.tree import Tree, is_safe
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import Json
from registry_reconciler.rules.entry_set import EntrySet
from registry_reconciler.rules.shapes import words

PYTHON_ROOTS = ("", "src/")
"""Where modules of a workspace lie."""

LARGEST_MODULE = 500_000
"""Bytes of Python that are still parsed; longer files are believed."""


def normal(path: str) -> str:
    """A path without what says nothing: ``./`` in front and ``/`` at the end. The root itself is ""."""
    while path.startswith("./"):
        path = path[2:]
    path = path.rstrip("/") if path != "/" else path
    return "" if path == "." else path


def kind_at(entry_set: EntrySet, path: str) -> str:
    """``file``, ``dir``, ``absent``, ``other``, or ``outside`` for a path that leaves the workspace."""
    known = entry_set.memo(_kinds_by_path)
    if path not in known:
        plain = normal(path)
        known[path] = "outside" if plain and not is_safe(plain) else entry_set.tree.kind(plain)
    return known[path]


def absence(entry_set: EntrySet, what: str, path: str) -> tuple[str, str]:
    """That nothing is at a path, and the cause: of all that lies in a folder which is not there, the folder."""
    gone = path
    steps = normal(path).split("/")
    for depth in range(1, len(steps)):
        folder = "/".join(steps[:depth])
        if kind_at(entry_set, folder) == "absent":
            gone = folder
            break
    why = f": there is no folder {gone!r}" if gone != path else ""
    return f"There is no {what} {path!r} in the workspace{why}.", f"missing path {gone}"


def _kinds_by_path(_entry_set: EntrySet) -> dict[str, str]:
    """Filled as somebody asks: many entries name the same few files, and several rules ask about each."""
    return {}


class _Modules(Struct):
    """The names that each module defines, as far as somebody asked; ``None``: there is no such module."""

    known: dict[str, frozenset[str] | None] = field(default_factory=dict)


def _modules(_entry_set: EntrySet) -> _Modules:
    return _Modules()


class HandlerFault(Struct, frozen=True):
    """What keeps a program or function from being run; all empty where nothing does.

    Attributes:
        what: ``missing``, ``outside`` or ``not executable``.
        message: the same as a sentence.
        cause: what is behind it, where the sentence does not tell.
    """

    what: str = ""
    message: str = ""
    cause: str = ""


NO_FAULT = HandlerFault()


def program_fault(entry_set: EntrySet, command: Json) -> HandlerFault:
    """What keeps a command from being run.

    A bare program name, without a slash, is accepted: whether it is on
    somebody's search path is theirs to know, and a plan must come out the same on any machine.
    """
    program = next(iter(words(command)), "")
    if "/" not in program and "\\" not in program:
        return NO_FAULT
    found = kind_at(entry_set, program)
    if found == "outside":
        return HandlerFault("outside", f"{program!r} lies outside the workspace.")
    if found != "file":
        return HandlerFault("missing", *absence(entry_set, "file", program))
    if not entry_set.tree.executable(normal(program)):
        return HandlerFault("not executable", f"{program!r} is not executable.")
    return NO_FAULT


def function_fault(entry_set: EntrySet, function: str) -> HandlerFault:
    """What keeps a Python function from being found.

    The forms are those that the run time takes: ``package.module:function``, the same with a dot, and
    ``folder/file.py:function``. A module that Python has, or that is installed, is believed.
    """
    module, colon, names = function.partition(":")
    if not colon:
        module, _, names = function.rpartition(".")
    by_path = bool(colon) and module.endswith(".py")
    parts = (*([] if by_path else module.split(".")), *names.split("."))
    if not module or not all(part.isidentifier() for part in parts):
        forms = "'package.module:function' or 'folder/file.py:function'"
        return HandlerFault("missing", f"{function!r} names no function: write {forms}.")
    if by_path and kind_at(entry_set, module) == "outside":
        return HandlerFault("outside", f"{module!r} lies outside the workspace.")
    known = entry_set.memo(_modules).known
    if module not in known:
        paths = (normal(module),) if by_path else tuple(_paths(module))
        known[module] = _definitions(entry_set.tree, paths)
    defined = known[module]
    if defined is None and by_path:
        return HandlerFault("missing", *absence(entry_set, "file", module))
    if defined is None:
        if _is_elsewhere(entry_set.tree, module):
            return NO_FAULT
        return HandlerFault(
            "missing",
            f"There is no module {module!r} in the workspace, neither at its root nor below src, "
            "and none is installed.",
        )
    if names not in defined and "*" not in defined:
        return HandlerFault("missing", f"The module {module!r} does not define {names!r}.")
    return NO_FAULT


def _is_elsewhere(tree: Tree, module: str) -> bool:
    """Whether a module is Python's own or an installed one. Nothing is imported."""
    import sys

    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    if any(
        tree.kind(f"{root}{top}") == "dir" or tree.kind(f"{root}{top}.py") == "file" for root in PYTHON_ROOTS
    ):
        return False
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.loader is not None


def _paths(module: str) -> Iterator[str]:
    for root in PYTHON_ROOTS:
        stem = root + module.replace(".", "/")
        yield from (f"{stem}.py", f"{stem}/__init__.py")


def _definitions(tree: Tree, paths: tuple[str, ...]) -> frozenset[str] | None:
    for path in paths:
        if tree.kind(path) == "file":
            return _defined_in(tree, path)
    return None


def _defined_in(tree: Tree, path: str) -> frozenset[str]:
    try:
        source = tree.read(path) or b""
        if len(source) > LARGEST_MODULE:
            return frozenset("*")
        with warnings.catch_warnings():
            # The parser would print its own about the text, on standard error.
            warnings.simplefilter("ignore")
            return frozenset(_names(ast.parse(source).body, ""))
    except (UnreadablePath, SyntaxError, ValueError, RecursionError, MemoryError):
        # Nothing can be found in what cannot be parsed; the caller says which function is missing.
        return frozenset()


def _names(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield prefix + node.name
            yield from _names(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (prefix + (alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _names(node.body, prefix)
            for branch in ("orelse", "finalbody"):
                yield from _names(getattr(node, branch, []), prefix)
            for handler in getattr(node, "handlers", []):
                yield from _names(handler.body, prefix)
