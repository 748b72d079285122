"""Imports point down only: each package may import those below it, and no two modules import each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from registry_reconciler.formats.table import FORMATS
from registry_reconciler.layouts import LAYOUTS
from tests.support import parsed

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
    "merging",
    "verify",
    "apply",
    "web",
    "report",
    "cache",
    "runtime",
    "workspace",
    "queries",
    "picture",
    "site",
    "editing",
    "entries",
    "fleet",
    "lsp",
    "mcp",
    "terminal",
    "cli",
    "__init__",
    "__main__",
)
"""The rows of ARCHITECTURE.md, lowest first."""


@cache
def modules() -> dict[str, Path]:
    """Every module by its name below the package; a package counts as its ``__init__``."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


@cache
def imports(path: Path) -> tuple[str, ...]:
    """What a module imports of the package at run time, also inside of functions. Types alone do not count."""
    return tuple(_imports(parsed(path), modules()))


def _imports(tree: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
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


def test_the_root_holds_the_public_face_and_the_rows_of_the_architecture() -> None:
    files = {path.name for path in SOURCE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "errors.py", "version.py", "workspace.py", "py.typed"}
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    text = (SOURCE.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE) == [one for one in LAYERS if one in packages]


def test_nothing_is_compiled_from_text_while_the_program_runs() -> None:
    called = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("exec", "eval")
    ]
    assert called == []


def test_imports_point_down_only() -> None:
    known = modules()
    assert {name.partition(".")[0] for name in known} == set(LAYERS)
    rank = {name: number for number, name in enumerate(LAYERS)}
    upwards = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imports(path)
        if rank[other.partition(".")[0]] > rank[name.partition(".")[0]]
    ]
    assert upwards == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = modules()
    below = {name: set(imports(path)) - {name} for name, path in known.items()}
    while True:  # what nothing imports, or what imports nothing, is in no circle
        imported = {other for others in below.values() for other in others}
        outside = {name for name, others in below.items() if not others or name not in imported}
        if not outside:
            break
        below = {name: others - outside for name, others in below.items() if name not in outside}
    assert below == {}, "these import each other: " + ", ".join(sorted(below))


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that say a layout's word: ``kind.layout``, and what was named ``layout``."""
    for one in ast.walk(node):
        if (isinstance(one, ast.Attribute) and one.attr == "layout") or (
            isinstance(one, ast.Name) and one.id == "layout"
        ):
            yield one


def asks_for_layouts(tree: ast.AST) -> Iterator[int]:
    """The lines of a module that decide by a layout's word instead of by its row in the table."""
    words = set(LAYOUTS)
    for node in ast.walk(tree):
        decides = False
        if isinstance(node, ast.Compare):
            # Equal to, in, or the other way round; and a row that is asked for its name.
            named = [one for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value in words]
            rows = [one for one in ast.walk(node) if isinstance(one, ast.Name) and one.id == "LAYOUTS"]
            decides = (any(_loaded(node)) and not rows) or bool(named and rows)
        elif isinstance(node, ast.Match):
            decides = any(_loaded(node.subject))
        elif isinstance(node, ast.Subscript):
            # The table is the one mapping by layouts, and nobody takes a row out of it by a word of his own.
            table = isinstance(node.value, ast.Name) and node.value.id == "LAYOUTS"
            decides = isinstance(node.slice, ast.Constant) if table else any(_loaded(node.slice))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            looked_up = node.func.attr in ("get", "startswith", "endswith", "index", "count", "pop")
            decides = looked_up and any(any(_loaded(one)) for one in (node.func, *node.args))
        elif isinstance(node, ast.Dict | ast.Set | ast.Tuple | ast.List):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            decides = len(words & {one.value for one in items if isinstance(one, ast.Constant)}) >= 3
        elif isinstance(node, ast.ImportFrom):
            # The rows themselves: ``row is LIST``.
            decides = bool(re.search(r"layouts\.\w+_layout$", node.module or ""))
        if decides:
            yield node.lineno  # type: ignore[attr-defined]


def found_outside(package: str, lines: Callable[[ast.AST], Iterator[int]]) -> list[str]:
    """The lines that a check finds in the modules that are not of a package."""
    return [
        f"{name}:{line}"
        for name, path in modules().items()
        if not name.startswith(package)
        for line in lines(parsed(path))
    ]


def test_no_module_asks_for_a_layout_by_name() -> None:
    """What a layout does differently stands in its row."""
    assert found_outside("layouts", asks_for_layouts) == []


def asks_for_formats(tree: ast.AST) -> Iterator[int]:
    """The lines of a module that decide by which text format something has, instead of by what its row says.

    YAML is the format of fragments and schemas, so its own reader and writer may be used; not the question.
    """
    rows = ("YAML", "JSON", "JSONC", "TOML", "FRONTMATTER")
    own = {name for name in FORMATS if name not in REPORTS}
    for node in ast.walk(tree):
        decides = False
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            named = [side for side in sides if isinstance(side, ast.Name) and side.id in rows]
            words = any(isinstance(part, ast.Constant) and part.value in FORMATS for part in ast.walk(node))
            decides = bool(named) or (words and any(_row_name(part) for part in ast.walk(node)))
        elif isinstance(node, ast.Match):
            decides = any(_row_name(part) for part in ast.walk(node.subject))
        elif isinstance(node, ast.Subscript):
            decides = _row_name(node.slice) and not _is_table(node.value)
        elif isinstance(node, ast.Call):
            # The key of a cache is no question; a table by names of formats is found by its words.
            kind = isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "type")
            decides = kind and any("Format" in ast.dump(part) for part in node.args[1:])
        elif isinstance(node, ast.ImportFrom):
            inner = re.search(r"\bformats\.(\w+)\.", f"{node.module}.")
            decides = bool(inner) and inner[1] in {name for name in FORMATS if name != "yaml"}  # type: ignore[index]
            decides = decides or any(alias.name in rows[1:] for alias in node.names)
        elif isinstance(node, ast.Constant):
            decides = node.value in own and isinstance(node.value, str)
        if decides:
            yield node.lineno  # type: ignore[attr-defined]


REPORTS = ("yaml", "json")
"""Words of formats that mean others too: of reports, or of what a command prints."""


def _row_name(node: ast.AST) -> bool:
    """``form.name``, ``source.format.name``, ``kind.format``."""
    if not isinstance(node, ast.Attribute):
        return False
    if node.attr == "name":
        inner = node.value
        return (isinstance(inner, ast.Attribute) and inner.attr == "format") or (
            isinstance(inner, ast.Name) and inner.id in ("form", "text_format", "row_format")
        )
    return node.attr == "format" and isinstance(node.value, ast.Name) and "kind" in node.value.id


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "FORMATS"


def test_nothing_above_the_formats_asks_which_one_a_text_has() -> None:
    """What a format does differently stands in its row."""
    assert found_outside("formats", asks_for_formats) == []


@pytest.mark.parametrize(
    "line",
    [
        "if source.format.name == 'json': pass",
        "if form.name in ('json', 'toml'): pass",
        "if form is JSON: pass",
        "if kind.format == 'yaml': pass",
        "readers[source.format.name]",
        "{'toml': 1}.get(form.name)",
        "isinstance(form, JsonFormat)",
        "from registry_reconciler.formats.toml.row import TOML",
        "from registry_reconciler.formats.frontmatter.parts import split",
        "words = {'frontmatter': 1}",
    ],
)
def test_the_question_is_recognised(line: str) -> None:
    assert list(asks_for_formats(ast.parse(line)))


LONGEST = 450
"""Lines of a module: what does not fit is two things, and gets two names."""


def test_no_module_is_longer_than_can_be_kept_in_mind() -> None:
    long = {
        name: lines
        for name, path in modules().items()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


@pytest.mark.parametrize(
    "text",
    [
        "kind.layout == 'map'",
        "'map' == kind.layout",
        "kind.layout in ('list', 'map')",
        "kind.layout is not LIST",
        "layout = kind.layout\nlayout == 'file'",
        "match kind.layout:\n    case 'list': pass",
        "{'list': 1, 'map': 2, 'file': 3}",
        "WORDS[kind.layout]",
        "WORDS.get(kind.layout)",
        "kind.layout.startswith('m')",
        "LAYOUTS['map']",
        "LAYOUTS[kind.layout].name == 'map'",
        "from registry_reconciler.layouts.map_layout import MAP",
    ],
)
def test_that_test_sees_every_way_to_ask(text: str) -> None:
    assert list(asks_for_layouts(ast.parse(text)))


@pytest.mark.parametrize("text", ["LAYOUTS[kind.layout].one_a_file", "Row(kind.layout)", "f'{kind.layout}'"])
def test_and_not_what_goes_through_the_table(text: str) -> None:
    assert not list(asks_for_layouts(ast.parse(text)))
