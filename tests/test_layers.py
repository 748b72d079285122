"""Imports point down only: each package may import those below it, and no two modules import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "registry_reconciler"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE

LAYERS = (
    "base",
    "errors",
    "version",
    "expressions",
    "model",
    "files",
    "formats",
    "layouts",
    "schema",
    "loading",
    "rules",
    "outputs",
    "planning",
    "verify",
    "apply",
    "report",
    "cache",
    "runtime",
    "workspace",
    "queries",
    "editing",
    "entries",
    "cli",
    "__init__",
    "__main__",
)
"""The rows of ARCHITECTURE.md, lowest first."""


def modules() -> dict[str, Path]:
    """Every module by its name below the package; a package counts as its ``__init__``."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What a module imports of the package at run time, also inside of functions. Types alone do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or id(node) in typing_only:
            continue
        if node.module == PACKAGE or (node.module or "").startswith(PACKAGE + "."):
            home = (node.module or "")[len(PACKAGE) + 1 :]
            for alias in node.names:
                inner = f"{home}.{alias.name}".lstrip(".")
                yield inner if inner in known else home or "__init__"


def test_imports_point_down_only() -> None:
    known = modules()
    assert {name.partition(".")[0] for name in known} == set(LAYERS)
    rank = {name: number for number, name in enumerate(LAYERS)}
    upwards = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imports(path, known)
        if rank[other.partition(".")[0]] > rank[name.partition(".")[0]]
    ]
    assert upwards == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = modules()
    below = {name: set(imports(path, known)) - {name} for name, path in known.items()}
    while True:  # what nothing imports, or what imports nothing, is in no circle
        imported = {other for others in below.values() for other in others}
        outside = {name for name, others in below.items() if not others or name not in imported}
        if not outside:
            break
        below = {name: others - outside for name, others in below.items() if name not in outside}
    assert below == {}, "these import each other: " + ", ".join(sorted(below))


def test_no_module_asks_for_a_layout_by_name() -> None:
    """What a layout does differently stands in its row."""
    asked = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        and any(
            isinstance(one, ast.Attribute) and one.attr == "layout" for one in (node.left, *node.comparators)
        )
        and name != "editing.schema_new"  # chooses the layout that it proposes
    ]
    assert asked == []
