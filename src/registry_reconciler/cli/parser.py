"""The command line as typer parses it, made of the rows of :mod:`registry_reconciler.cli.table`."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Annotated, Any, cast, get_type_hints

import typer
import typer.core
import typer.main

from registry_reconciler.cli.output import put, stdout_is_terminal
from registry_reconciler.cli.table import BY_NAME, COMMANDS, GROUPS, LEADS, CommandRow
from registry_reconciler.errors import UsageFailure

EPILOG = """\b
Exit codes: 0 done; 1 failed; 2 changes or drift (where asked for);
3 blocked by a problem; 64 usage.
"""

_SETTINGS = {"help_option_names": ["-h", "--help"]}
_WIDEST = 1_000
"""As wide as a terminal is may help be there; in a file or a pipe it has 80 columns."""


class _Command(typer.core.TyperCommand):
    """A command whose help has its options in groups: each option says its own (``rich_help_panel``)."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        from registry_reconciler.cli.options import HELP_GROUPS

        groups: dict[str, list[tuple[str, str]]] = {
            name: [] for name in ("Arguments", "Options", *HELP_GROUPS)
        }
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                plain = "Arguments" if parameter.param_type_name == "argument" else "Options"
                groups.setdefault(getattr(parameter, "rich_help_panel", None) or plain, []).append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class _Commands(typer.core.TyperGroup):
    """The commands of the table, each imported when it is asked for."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(BY_NAME)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        row = BY_NAME.get(cmd_name)
        return _load(row) if row is not None else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        if two in BY_NAME:
            return two, self.get_command(ctx, two), args[2:]
        if args[0] not in BY_NAME and not args[0].startswith("-"):
            _family(ctx, args[0], args[1:])
            raise _no_such_command(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        width = max(len(row.name) for row in COMMANDS)
        grouped = {name for _, names in GROUPS for name in names}
        more = tuple(row.name for row in COMMANDS if row.name not in grouped)
        formatter.write_paragraph()
        formatter.write_text("Commands:")
        for title, names in (*GROUPS, ("More", more)):
            rows = [BY_NAME[name] for name in names if name in BY_NAME]
            if rows:
                with formatter.section(title):
                    formatter.write_dl([(row.name.ljust(width), row.summary) for row in rows])


def _family(ctx: Any, word: str, rest: Sequence[str]) -> None:
    names = [name for _, names in GROUPS for name in names if name.startswith(f"{word} ")]
    if names:
        from registry_reconciler.cli.families import refuse

        example = import_module(f"registry_reconciler.cli.commands.{BY_NAME[names[0]].module}").EXAMPLE
        refuse(ctx, word, rest, [(name, BY_NAME[name].summary) for name in names], example)


def _no_such_command(word: str) -> UsageFailure:
    """The failure for a command that there is not: what it is called here, and where its help is."""
    from registry_reconciler.base.suggest import closest, meant

    lead = LEADS.get(word, "")
    near = closest(word, BY_NAME)
    hint = f" Here it is: {lead}" if lead.startswith("registry ") else f" {lead}" if lead else meant(near)
    names = re.findall(r"registry ([a-z-]+)", lead) or ([near] if near else [])
    helps = [
        ("registry", name) if name.startswith("--") else ("registry", name, "--help")
        for name in dict.fromkeys(names)
        if name in BY_NAME or name.startswith("--")
    ]
    return UsageFailure(f"no such command: {word}.{hint}", next=(*helps, ("registry", "--help")))


def _load(row: CommandRow) -> Any:
    module = import_module(f"registry_reconciler.cli.commands.{row.module}")
    app = _app()
    app.command(
        row.name,
        cls=_Command,
        context_settings=_settings(),
        epilog=_verbatim(f"Example:\n{module.EXAMPLE}"),
    )(without_groups(module.command))
    return typer.main.get_command(app)


def without_groups(command: Callable[..., int]) -> Callable[..., int]:
    """The same command as typer has to see it: each option of a group is a parameter of its own.

    A group is a parameter whose type is a struct of options, see :mod:`registry_reconciler.cli.options`.
    """
    from msgspec import Struct

    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {
        name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Struct)
    }

    @functools.wraps(command)
    def called(**arguments: Any) -> int:
        for name, group in groups.items():
            options = {field: arguments.pop(field) for field in group.__struct_fields__}
            arguments[name] = group(**options)
        return command(**arguments)

    parameters = [
        option
        for parameter in inspect.signature(command).parameters.values()
        for option in (
            _options(groups[parameter.name])
            if parameter.name in groups
            else (parameter.replace(annotation=hints[parameter.name]),)
        )
    ]
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    called.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in named}
    return called


def _options(group: Any) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    # Every option of a group has a default.
    for name, default in zip(group.__struct_fields__, group.__struct_defaults__, strict=True):
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[name])


def _verbatim(text: str) -> str:
    """Help text that typer must not wrap anew: it asks for a mark before each paragraph."""
    return "\n\n".join("\b\n" + paragraph for paragraph in text.strip().split("\n\n"))


def _app(cls: Any = None) -> typer.Typer:
    return typer.Typer(
        cls=cls,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=_settings(),
    )


def _settings() -> dict[str, Any]:
    wide = {"max_content_width": _WIDEST} if stdout_is_terminal() else {}
    return {**_SETTINGS, **wide}


def _version(value: bool) -> None:
    if value:
        from registry_reconciler.version import __version__

        put(f"registry {__version__}\n")
        raise typer.Exit(0)


def _pages(no_pager: bool) -> None:
    if no_pager:
        from registry_reconciler.cli.pager import Paging

        Paging.allowed = False


def _top(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
    no_pager: Annotated[
        bool,
        typer.Option("--no-pager", callback=_pages, help="Print long answers without a pager."),
    ] = False,
) -> None:
    """Plan and apply registries kept in YAML, JSON, TOML and front matter."""


def build() -> Any:
    """The command line as an object of typer, for tests and for the reference page."""
    app = _app(_Commands)
    app.callback(epilog=EPILOG)(_top)
    return typer.main.get_command(app)


def run(words: Sequence[str]) -> int:
    """Let typer parse a call and run its command; the exit code."""
    if words and words[0] == "help":
        words = [*words[1:], "--help"]
    # Not app(): it turns an interruption into exit 130 and a full pipe into SystemExit.
    command = build()
    try:
        with command.make_context("registry", list(words)) as context:
            return cast(int, command.invoke(context))
    except typer.Exit as stop:
        return stop.exit_code


_A_PATH = re.compile(r"\b(?:FILE|DIR|PATHS?|FILE_OR_GLOB)\b")
"""What the help writes for a word that names a file or a folder."""


def paths_in(name: str, words: Sequence[str]) -> tuple[str, ...]:
    """Those of a command's words that name a file or a folder, as the command itself would take them.

    Raises:
        UsageFailure: it would not take the words.
    """
    command = _load(BY_NAME[name])
    try:
        with command.make_context(f"registry {name}", list(words)) as context:
            given = [
                context.params[parameter.name] for parameter in command.params if names_a_path(parameter)
            ]
    except typer.TyperException as error:
        from registry_reconciler.cli.failures import as_failure

        raise as_failure(error, name, words) from error
    found = [path for value in given for path in (value if isinstance(value, list | tuple) else [value])]
    return tuple(str(path) for path in found if path not in (None, "", "-"))


def names_a_path(parameter: Any) -> bool:
    """Whether what is typed for an option or an argument names a file or a folder."""
    return bool(_A_PATH.search(parameter.metavar or ""))


def help_text() -> str:
    """The help of ``registry`` itself."""
    command = build()
    with command.make_context("registry", ["--version"], resilient_parsing=True) as context:
        return cast(str, command.get_help(context))
