"""The entry of ``registry``: the table of commands, and what becomes of every way a command can end.

Start-up time is a feature: a row's module is imported when its command is called, and no other one.

To add a command: a module here with a function ``command(...) -> int`` (its docstring is the help, its result
the exit code) and a text ``EXAMPLE``, and its row in :data:`COMMANDS`. The conventions stand in
:mod:`registry_reconciler.cli.common`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, cast

import typer
import typer.core
import typer.main

from registry_reconciler.cli import memory
from registry_reconciler.cli.failures import USAGE, answer_failure, as_failure
from registry_reconciler.cli.output import abandon_stdout, put, say
from registry_reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A command: what is typed, the module that does it, and one line for the list of commands."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Row("init", "init", "Make a workspace here."),
    Row("plan", "plan", "Show what apply would do, and every problem."),
    Row("apply", "apply", "Make the registries what the fragments say."),
    Row("check", "check", "Show problems only."),
    Row("drift", "drift", "List managed entries that were edited by hand."),
    Row("diff", "diff", "Compare what two revisions say should be registered."),
    Row("add", "add", "Write an entry into the fragment that owns it."),
    Row("adopt", "adopt", "Write fragments for live entries that nobody manages."),
    Row("show", "show", "Show one entry: desired, live, applied, references."),
    Row("list", "list", "List entries, or kinds."),
    Row("graph", "graph", "Show what refers to what."),
    Row("explain", "explain", "Explain a problem code, a kind or an address."),
    Row("fix", "fix", "Apply the fixes that are safe, to fragments only."),
    Row("fmt", "fmt", "Bring fragments into canonical order and style."),
    Row("schema", "schema", "Print a JSON Schema."),
    Row("schema new", "schema_new", "Write the schema file of a new kind from files that are there."),
    Row("baseline", "baseline", "Accept the problems of today, so that only new ones block."),
    Row("recover", "recover", "Finish or undo an interrupted apply."),
    Row("run", "run", "Run an ability of the registries."),
    Row("collisions", "collisions", "List names and aliases that several entries claim."),
)
"""Every command, in the order of the help."""

EPILOG = """\b
Exit codes: 0 done; 1 failed; 2 changes or drift (where asked for);
3 blocked by a problem; 64 usage.
"""

_BY_NAME = {row.name: row for row in COMMANDS}
_SETTINGS = {"help_option_names": ["-h", "--help"]}


class _Commands(typer.core.TyperGroup):
    """The commands of the table, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        row = _BY_NAME.get(cmd_name)
        return _load(row) if row is not None else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        if two in _BY_NAME:
            return two, self.get_command(ctx, two), args[2:]
        if args[0] not in _BY_NAME and not args[0].startswith("-"):
            from registry_reconciler.suggest import did_you_mean

            ctx.fail(f"no such command: {args[0]}.{did_you_mean(args[0], _BY_NAME)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(row.name, row.summary) for row in COMMANDS])


def _load(row: Row) -> Any:
    module = import_module(f"registry_reconciler.cli.{row.module}")
    app = _app()
    app.command(
        row.name,
        context_settings=_SETTINGS,
        epilog=_verbatim(f"Example:\n{module.EXAMPLE}"),
    )(module.command)
    return typer.main.get_command(app)


def _verbatim(text: str) -> str:
    """Help text that typer must not wrap anew: it asks for a mark before each paragraph."""
    return "\n\n".join("\b\n" + paragraph for paragraph in text.strip().split("\n\n"))


def _app(cls: Any = None) -> typer.Typer:
    return typer.Typer(
        cls=cls,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=_SETTINGS,
    )


def _version(value: bool) -> None:
    if value:
        from registry_reconciler.version import __version__

        put(f"registry {__version__}\n")
        raise typer.Exit(0)


def _top(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
) -> None:
    """Plan and apply registries kept as YAML."""


def build() -> Any:
    """The command line as an object of typer, for tests and for the reference page."""
    app = _app(_Commands)
    app.callback(epilog=EPILOG)(_top)
    return typer.main.get_command(app)


def command_of(words: Sequence[str]) -> str:
    """The command that was typed, as far as it can be known; ``registry`` when none was."""
    plain = [word for word in words if not word.startswith("-")]
    two = " ".join(words[:2])
    if two in _BY_NAME:
        return two
    return plain[0] if plain and plain[0] in _BY_NAME else "registry"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Raises nothing."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # One command makes little garbage in cycles, and a plan makes millions of values that are none.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _guarded(words)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        abandon_stdout()
        return 0
    finally:
        if collecting:
            gc.enable()


def _guarded(words: list[str]) -> int:
    if not words:
        say(_help())
        return USAGE
    try:
        return _run(words)
    except typer.Exit as stop:
        return stop.exit_code
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        return answer_failure(command_of(words), words, as_failure(error, command_of(words)))


def _run(words: list[str]) -> int:
    known = memory.begin(words)
    if known is not None:
        put(known[0])
        return known[1]
    # Not app(): it turns an interruption into exit 130 and a full pipe into SystemExit.
    command = build()
    with command.make_context("registry", list(words)) as context:
        code = cast(int, command.invoke(context))
    memory.end(words, code)
    return code


def _help() -> str:
    command = build()
    with command.make_context("registry", ["--version"], resilient_parsing=True) as context:
        return cast(str, command.get_help(context))
