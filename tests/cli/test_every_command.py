"""What holds for every command of the table: help, envelope, usage errors, lazy start."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from registry_reconciler.cli.main import main, typed_command
from registry_reconciler.cli.table import COMMANDS, CommandRow
from registry_reconciler.version import __version__
from tests.support import ROUTES, Box

# A call of each command that succeeds in an applied workspace.
CALLS: dict[str, tuple[str, ...]] = {
    "init": (),
    "plan": (),
    "apply": ("--yes",),
    "check": (),
    "drift": (),
    "diff": ("HEAD",),
    "add": ("module_type", "--entry-json", '{"id": "cron", "description": "A timer."}'),
    "set": ("route/api.errors", "topic=faults"),
    "edit": ("route/api.errors",),
    "rename": ("route/api.errors", "api.faults"),
    "rm": ("route/api.errors",),
    "allow": ("route/api.errors", "RTE004", "--reason", "shared until March"),
    "override": ("route/api.errors",),
    "adopt": ("--all", "--dry-run"),
    "show": ("route/api.errors",),
    "list": (),
    "outputs": (),
    "outputs new": ("--template", "table", "--kind", "route"),
    "graph": (),
    "site": ("--out", "build/catalogue"),
    "explain": ("REF001",),
    "fix": (),
    "fmt": ("--check",),
    "schema": ("plan",),
    "schema new": ("skill", "--from", ROUTES),
    "schema check": (),
    "schema migrate": ("route", "--default", "topic=t"),
    "rule new": ("TEAM001", "--for", "module_type"),
    "rule test": (),
    "rule eval": ("TEAM001", "module_type/http_api"),
    "baseline": (),
    "log": (),
    "resolve": (),
    "merge-driver": (ROUTES, ROUTES, ROUTES, ROUTES),
    "recover": (),
    "run": ("nothing.like.that",),
    "verify": (),
    "fleet exec": (),
    "fleet list": (),
    "fleet add": ("shop", "--path", ".", "--file", "fleet.yaml"),
    "fleet plan": (),
    "fleet check": (),
    "fleet drift": (),
    "fleet publish": ("--catalog", "sqlite:///fleet.db"),
    "fleet show": ("thing/a", "--catalog", "sqlite:///fleet.db"),
    "fleet search": ("a", "--catalog", "sqlite:///fleet.db"),
    "fleet references": ("thing/a", "--catalog", "sqlite:///fleet.db"),
    "fleet impact": ("thing/a", "--catalog", "sqlite:///fleet.db"),
    "fleet site": ("--out", "build/fleet", "--catalog", "sqlite:///fleet.db"),
    "collisions": (),
    "completion": ("bash",),
}
SERVERS = {"lsp", "mcp"}
"""They talk to a program until it says goodbye, and give no answer of their own: tests/lsp, tests/mcp."""
ASKED = [row for row in COMMANDS if row.name not in SERVERS]
ASKS_CATALOGUE = {"fleet show", "fleet search", "fleet references", "fleet impact", "fleet site"}
LOOKS_AT_FLEET = {name: {1} for name in ("fleet plan", "fleet check", "fleet drift", "fleet publish")}
EXITS = {"fmt": {0, 2}, "run": {64}, "rule eval": {64}, "fleet exec": {64}, **LOOKS_AT_FLEET}

ids = [row.name for row in COMMANDS]


@pytest.fixture(autouse=True)
def no_repositories(request: pytest.FixtureRequest) -> None:
    """A fleet of one that is not there beside the workspace: its commands answer without a cluster."""
    if "committed" in request.fixturenames:
        committed: Box = request.getfixturevalue("committed")
        (committed.root / "fleet.yaml").write_text("repositories: [{name: gone, path: gone}]\n")
        row = request.node.callspec.params.get("row")
        if isinstance(row, CommandRow) and row.name in ASKS_CATALOGUE:
            from registry_reconciler.fleet.catalogue import open_publisher
            from tests.fleet.catalogue.helper import made

            open_publisher(f"sqlite:///{committed.root}/fleet.db").publish(made(1, "{id: a}"))


def words(row: CommandRow) -> tuple[str, ...]:
    return tuple(row.name.split())


def test_the_table_of_calls_is_complete() -> None:
    assert list(CALLS) == [row.name for row in ASKED]


@pytest.mark.parametrize("row", COMMANDS, ids=ids)
def test_help_shows_one_worked_example(row: CommandRow, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words(row), "-h"]) == 0
    said = capsys.readouterr().out
    module = import_module(f"registry_reconciler.cli.commands.{row.module}")
    assert f"Example:\n    registry {row.name}" in said
    for line in module.EXAMPLE.splitlines():
        assert line.strip() in said
        assert len(line) <= 90


@pytest.mark.parametrize("row", COMMANDS, ids=ids)
def test_the_list_of_commands_says_what_the_command_says(row: CommandRow) -> None:
    module = import_module(f"registry_reconciler.cli.commands.{row.module}")
    first = " ".join((inspect.getdoc(module.command) or "").split("\n\n")[0].split())
    assert first.startswith(row.summary.removesuffix("."))


@pytest.mark.parametrize("row", ASKED, ids=[row.name for row in ASKED])
def test_json_has_the_envelope_when_it_succeeds(row: CommandRow, committed: Box) -> None:
    ran = committed.run(*words(row), *CALLS[row.name], "--format", "json")
    assert ran.exit in EXITS.get(row.name, {0})
    assert ran.json["command"] == row.name
    assert ran.json["format_version"].startswith("1.")
    assert (ran.json["errors"] == []) is (ran.exit in (0, 2))


@pytest.mark.parametrize("row", ASKED, ids=[row.name for row in ASKED])
def test_a_usage_error_exits_64_with_json_on_stdout_and_words_on_stderr(
    row: CommandRow, committed: Box
) -> None:
    ran = committed.run(*words(row), "--no-such-option", "--format", "json")
    assert ran.exit == 64
    assert ran.json["command"] == row.name
    assert ran.json["errors"][0]["code"] == "usage"
    assert "--no-such-option" in ran.err
    assert ran.json["next"] == [["registry", *words(row), "--help"]]


@pytest.mark.parametrize("row", ASKED, ids=[row.name for row in ASKED])
def test_json_has_the_envelope_outside_of_a_workspace(row: CommandRow, empty: Box) -> None:
    ran = empty.run(*words(row), *CALLS[row.name], "--format", "json")
    if row.name in ("init", "explain", "schema", "completion", "fleet add"):
        assert ran.exit == 0
        return
    if row.name in ASKS_CATALOGUE:
        assert (ran.exit, ran.json["errors"][0]["code"]) == (1, "no_catalogue")
        return
    assert ran.exit == 64
    if row.name.startswith("fleet "):
        assert "fleet.yaml" in ran.json["errors"][0]["message"]
        return
    assert ran.json["errors"][0]["code"] == "no_workspace"
    assert ran.json["next"] == [["registry", "init"]]


@pytest.mark.parametrize("row", ASKED, ids=[row.name for row in ASKED])
def test_text_ends_in_a_line_end_and_has_no_colour_for_a_pipe(row: CommandRow, committed: Box) -> None:
    ran = committed.run(*words(row), *CALLS[row.name])
    assert ran.out.endswith("\n") or ran.out == ""
    assert "\x1b" not in ran.out + ran.err


def test_root_names_another_workspace_and_is_not_searched_upwards(applied: Box, empty: Box) -> None:
    elsewhere = Box(applied.root.parent, applied.capsys)
    assert elsewhere.run("list", "--root", "work", "--format", "json").json["entries"]
    ran = elsewhere.run("list", "--root", "work/desired", "--format", "json")
    assert (ran.exit, ran.json["errors"][0]["code"]) == (64, "no_workspace")


def test_a_workspace_is_found_from_below(applied: Box) -> None:
    below = Box(applied.root / "modules" / "routes", applied.capsys)
    assert below.run("plan", "--detailed-exitcode").exit == 0


def test_no_command_and_an_unknown_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 64
    assert "Commands:" in capsys.readouterr().err
    assert main(["plam"]) == 64
    assert "'plan'" in capsys.readouterr().err
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(row.summary in " ".join(said.split()) for row in COMMANDS)


def test_help_is_a_word_too_and_comes_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    said = capsys.readouterr().out
    assert "Every day:" in said
    assert "Edit entries:" in said
    assert main(["help", "schema", "new"]) == 0
    assert "Example:\n    registry schema new" in capsys.readouterr().out


def test_options_before_the_command_get_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", "x", "plan"]) == 64
    assert "come after the command" in capsys.readouterr().err
    assert main(["plan", "--lock-timeout", "nan"]) == 64


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"registry {__version__}\n"


@pytest.mark.parametrize("command", ["plan", "check"])
def test_a_command_starts_without_what_it_does_not_need(command: str, applied: Box) -> None:
    code = (
        "import sys; from registry_reconciler.cli.main import main; "
        f"code = main([{command!r}]); "
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules}), "
        "*sorted(n for n in sys.modules if n.startswith('registry_reconciler.cli.')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=applied.root, capture_output=True, text=True, check=True
    )
    found = done.stderr.split()
    assert found[0] == "0"
    assert {"rich", "deepdiff", "jsonschema", "ruamel", "pydantic"}.isdisjoint(found)
    others = {f"registry_reconciler.cli.commands.{row.module}" for row in COMMANDS} - {
        f"registry_reconciler.cli.commands.{command}"
    }
    assert others.isdisjoint(found)


@pytest.mark.parametrize("words", [("rule", "--help"), ("rule", "-h"), ("help", "rule")])
def test_the_first_word_of_commands_of_two_lists_them_with_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words]) == 0
    shown = capsys.readouterr().out
    listed = [line.split("  ")[1] for line in shown.splitlines() if line.startswith("  rule ")]
    assert listed == [row.name for row in COMMANDS if row.name.startswith("rule ")]
    assert "registry rule new TEAM001" in shown


@pytest.mark.parametrize("row", COMMANDS, ids=[row.name for row in COMMANDS])
def test_an_interruption_knows_the_command_before_the_table_is_read(row: CommandRow) -> None:
    assert typed_command([*row.name.split(), "x"]) == row.name
