"""The command line as typer sees it: help, and every call that is not typed plainly.

Imported only for those; see :mod:`registry_reconciler.cli.options`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

import typer
import typer.core
import typer.main

from registry_reconciler.cli.main import BY_NAME, COMMANDS, Row
from registry_reconciler.cli.options import Argument, Option
from registry_reconciler.cli.output import put

EPILOG = """\b
Exit codes: 0 done; 1 failed; 2 changes or drift (where asked for);
3 blocked by a problem; 64 usage.
"""

_SETTINGS = {"help_option_names": ["-h", "--help"]}


class _Commands(typer.core.TyperGroup):
    """The commands of the table, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        row = BY_NAME.get(cmd_name)
        return _load(row) if row is not None else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        if two in BY_NAME:
            return two, self.get_command(ctx, two), args[2:]
        if args[0] not in BY_NAME and not args[0].startswith("-"):
            from registry_reconciler.suggest import did_you_mean

            ctx.fail(f"no such command: {args[0]}.{did_you_mean(args[0], BY_NAME)}")
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
    )(as_typer_declares(module.command))
    return typer.main.get_command(app)


def as_typer_declares(command: Callable[..., int]) -> Callable[..., int]:
    """The same command with typer's options in its signature instead of ours."""

    @functools.wraps(command)
    def told(**arguments: Any) -> int:
        return command(**arguments)

    hints = {name: _told(hint) for name, hint in get_type_hints(command, include_extras=True).items()}
    signature = inspect.signature(command)
    parameters = [one.replace(annotation=hints[one.name]) for one in signature.parameters.values()]
    told.__annotations__ = hints
    told.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return told


def _told(hint: Any) -> Any:
    if get_origin(hint) is not Annotated:
        return hint
    base, declared = get_args(hint)
    if isinstance(declared, Option):
        declared = typer.Option(*declared.names, **declared.settings)
    elif isinstance(declared, Argument):
        declared = typer.Argument(**declared.settings)
    return Annotated[base, declared]


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


def run(words: Sequence[str]) -> int:
    """Let typer parse a call and run its command; the exit code."""
    # Not app(): it turns an interruption into exit 130 and a full pipe into SystemExit.
    command = build()
    try:
        with command.make_context("registry", list(words)) as context:
            return cast(int, command.invoke(context))
    except typer.Exit as stop:
        return stop.exit_code


def help_text() -> str:
    """The help of ``registry`` itself."""
    command = build()
    with command.make_context("registry", ["--version"], resilient_parsing=True) as context:
        return cast(str, command.get_help(context))
