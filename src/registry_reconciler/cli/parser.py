"""The command line: the table of commands, and typer, which parses every call.

A row's module is imported when its command is called, and no other one.

To add a command: a module here with a function ``command(...) -> int`` (its docstring is the help, its result
the exit code) and a text ``EXAMPLE``, and its row in :data:`COMMANDS`. The conventions stand in
:mod:`registry_reconciler.cli.common`, the options that commands share in :mod:`registry_reconciler.cli.options`.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Annotated, Any, NamedTuple, cast, get_type_hints

import typer
import typer.core
import typer.main

from registry_reconciler.cli.output import put, stdout_is_terminal
from registry_reconciler.errors import UsageFailure


class CommandRow(NamedTuple):
    """A command: what is typed, the module that does it, and one line for the list of commands."""

    name: str
    module: str
    summary: str


COMMANDS = (
    CommandRow("init", "init", "Make a workspace here."),
    CommandRow("plan", "plan", "Show what apply would do, and every problem."),
    CommandRow("apply", "apply", "Make the registries what the fragments say."),
    CommandRow("check", "check", "Show problems only."),
    CommandRow("drift", "drift", "List managed entries that were edited by hand."),
    CommandRow("diff", "diff", "Compare what two revisions say should be registered."),
    CommandRow("add", "add", "Write an entry into the fragment that owns it."),
    CommandRow("set", "set", "Set fields of an entry."),
    CommandRow("edit", "edit", "Open an entry in $EDITOR."),
    CommandRow("rename", "rename", "Give an entry another key."),
    CommandRow("rm", "rm", "Take entries out of the fragments that own them."),
    CommandRow("allow", "allow", "Accept a problem of an entry: it no longer blocks."),
    CommandRow(
        "override", "override", "Let an entry take a name or an alias that another one has, on purpose."
    ),
    CommandRow("adopt", "adopt", "Write fragments for live entries that nobody manages."),
    CommandRow("show", "show", "Show one entry: desired, live, applied, references."),
    CommandRow("list", "list", "List entries, or kinds."),
    CommandRow(
        "outputs", "outputs", "List the outputs derived from the registries, and whether they are current."
    ),
    CommandRow("outputs new", "outputs_new", "Propose an output for a file."),
    CommandRow("graph", "graph", "Show what refers to what."),
    CommandRow("site", "site", "Write a catalogue of the workspace for the browser."),
    CommandRow("explain", "explain", "Explain a problem code, a kind or an address."),
    CommandRow("fix", "fix", "Apply the safe fixes to fragments."),
    CommandRow("fmt", "fmt", "Bring fragments into canonical order and style."),
    CommandRow("schema", "schema", "Print a JSON Schema."),
    CommandRow("schema new", "schema_new", "Write the schema file of a new kind from files that are there."),
    CommandRow(
        "schema check",
        "schema_check",
        "Show the problems that a changed schema newly finds in today's entries.",
    ),
    CommandRow("schema migrate", "schema_migrate", "Let the entries of a kind follow its changed schema."),
    CommandRow("rule new", "rule_new", "Write the file of a new rule for this workspace."),
    CommandRow("rule test", "rule_test", "Try the workspace's own rules on their examples."),
    CommandRow("rule eval", "rule_eval", "Show what each part of a rule gives for an entry."),
    CommandRow("baseline", "baseline", "Accept the problems of today, so that only new ones block."),
    CommandRow("log", "log", "Show what was applied, when, by whom and by which plan."),
    CommandRow("resolve", "resolve", "Settle what a merge, rebase or cherry-pick left in conflict."),
    CommandRow("merge-driver", "merge_driver", "Merge one file for git, by entry and field."),
    CommandRow("recover", "recover", "Finish or undo an interrupted apply."),
    CommandRow("run", "run", "Run an ability of the registries."),
    CommandRow("verify", "verify", "Compare what registry reads and decides with other implementations."),
    CommandRow("fleet exec", "fleet_exec", "Make the same change in many repositories."),
    CommandRow("fleet list", "fleet_list", "List the repositories of a fleet."),
    CommandRow("fleet add", "fleet_add", "Add a repository to fleet.yaml."),
    CommandRow(
        "fleet plan",
        "fleet_plan",
        "Show what apply would do in each repository of a fleet, and every problem.",
    ),
    CommandRow("fleet check", "fleet_check", "Show the problems of each repository of a fleet."),
    CommandRow(
        "fleet drift",
        "fleet_drift",
        "List the repositories of a fleet with entries that were edited by hand.",
    ),
    CommandRow("fleet publish", "fleet_publish", "Publish what every repository has into a catalogue."),
    CommandRow("fleet show", "fleet_show", "Show an entry as every repository has it, and what it was."),
    CommandRow("fleet search", "fleet_search", "Search the entries of all repositories."),
    CommandRow(
        "fleet references", "fleet_references", "List who refers to an entry, in whatever repository."
    ),
    CommandRow("fleet impact", "fleet_impact", "Show what a rename would break in other repositories."),
    CommandRow("fleet site", "fleet_site", "Write a catalogue of all repositories for the browser."),
    CommandRow(
        "lsp", "lsp", "Serve an editor: problems while typing, completion, hover, rename, fixes, formatting."
    ),
    CommandRow("mcp", "mcp", "Serve an agent: plan, check, explain, show, list, search and more as tools."),
    CommandRow("collisions", "collisions", "List names and aliases that several entries claim."),
    CommandRow(
        "completion",
        "completion",
        "Print the script that lets a shell complete commands, options, kinds, addresses and codes.",
    ),
)
"""Every command, in the order of the help."""

GROUPS = (
    ("Every day", ("plan", "apply", "check", "drift", "diff", "fix", "log")),
    ("Edit entries", ("add", "set", "edit", "rename", "rm", "allow", "override", "adopt", "fmt")),
    ("Look", ("show", "list", "outputs", "graph", "site", "explain", "collisions")),
    (
        "Set up",
        (
            "init",
            "schema",
            "schema new",
            "schema check",
            "schema migrate",
            "rule new",
            "rule test",
            "rule eval",
            "outputs new",
            "baseline",
            "completion",
            "lsp",
            "mcp",
        ),
    ),
    (
        "Many repositories",
        (
            "fleet list",
            "fleet add",
            "fleet plan",
            "fleet check",
            "fleet drift",
            "fleet publish",
            "fleet show",
            "fleet search",
            "fleet references",
            "fleet impact",
            "fleet site",
            "fleet exec",
        ),
    ),
    ("At run time", ("run",)),
    ("After a merge or a fault", ("resolve", "merge-driver", "recover", "verify")),
)
"""The commands as the help shows them; what stands in no group comes last, under ``More``."""

BY_NAME = {row.name: row for row in COMMANDS}
"""The rows by what is typed."""


def command_of(words: Sequence[str]) -> str:
    """The command that was typed, as far as it can be known; ``registry`` when none was."""
    plain = [word for word in words if not word.startswith("-")]
    two = " ".join(words[:2])
    if two in BY_NAME:
        return two
    return plain[0] if plain and plain[0] in BY_NAME else "registry"


LEADS = {
    "version": "registry --version",
    "status": "What apply would do: registry plan. What was edited by hand: registry drift",
    "validate": "Problems only: registry check",
    "lint": "Problems only: registry check",
    "test": "Problems only: registry check",
    "verify-plan": "A second opinion: registry verify",
    "remove": "registry rm ADDRESS",
    "delete": "registry rm ADDRESS",
    "destroy": "registry rm ADDRESS",
    "mv": "registry rename ADDRESS NEW",
    "move": "registry rename ADDRESS NEW",
    "import": "Fragments for live entries: registry adopt",
    "sync": "registry plan, then registry apply",
    "history": "registry log",
    "ls": "registry list",
    "get": "registry show ADDRESS",
    "create": "registry add KIND",
    "new": "registry add KIND",
    "format": "registry fmt",
    "update": "registry set ADDRESS FIELD=VALUE, or registry edit ADDRESS",
    "describe": "registry show ADDRESS",
    "inspect": "registry show ADDRESS",
    "cat": "registry show ADDRESS",
    "find": "registry list --where 'FIELD=VALUE'",
    "search": "registry list --where 'FIELD=VALUE'",
    "revert": "To undo what was edited by hand: registry drift --revert ADDRESS",
    "undo": "To undo what was edited by hand: registry drift --revert ADDRESS",
    "deploy": "registry apply",
    "refresh": "What was edited by hand: registry drift",
    "state": "What was edited by hand: registry drift. One entry on all sides: registry show ADDRESS",
    "kinds": "registry list --kinds",
    "rules": "What a code means: registry explain CODE. Rules of your own: registry rule new CODE",
    "codes": "What a code means: registry explain CODE",
    "accept": "registry drift --accept ADDRESS",
    "doctor": "Problems only: registry check",
    "merge": "After a conflict in git: registry resolve",
    "docs": "registry explain CODE, and registry help",
    "man": "registry help",
}
"""What people type who know other programs, and what it is called here."""


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
