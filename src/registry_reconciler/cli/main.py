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
from typing import cast

from registry_reconciler.cli import ending, memory
from registry_reconciler.cli.failures import USAGE, answer_failure, as_failure
from registry_reconciler.cli.options import plain_arguments
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
    Row("log", "log", "Show what was applied, when, by whom and by which plan."),
    Row("resolve", "resolve", "Settle state and history after a merge that left conflicts."),
    Row("recover", "recover", "Finish or undo an interrupted apply."),
    Row("run", "run", "Run an ability of the registries."),
    Row("collisions", "collisions", "List names and aliases that several entries claim."),
)
"""Every command, in the order of the help."""

BY_NAME = {row.name: row for row in COMMANDS}
"""The rows by what is typed."""


def command_of(words: Sequence[str]) -> str:
    """The command that was typed, as far as it can be known; ``registry`` when none was."""
    plain = [word for word in words if not word.startswith("-")]
    two = " ".join(words[:2])
    if two in BY_NAME:
        return two
    return plain[0] if plain and plain[0] in BY_NAME else "registry"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Raises nothing.

    Args:
        arguments: what was typed behind ``registry``; ``None``: what this process was started with, and it ends then.
    """
    if arguments is None:
        ending.begin_program()
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
        ending.end_program()
        if collecting:
            gc.enable()


def _guarded(words: list[str]) -> int:
    if not words:
        from registry_reconciler.cli.parser import help_text

        say(help_text())
        return USAGE
    try:
        return _run(words)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        return answer_failure(command_of(words), words, as_failure(error, command_of(words)))


def _run(words: list[str]) -> int:
    known = memory.begin(words)
    if known is not None:
        put(known[0])
        return known[1]
    code = _run_plainly(words)
    if code is None:
        from registry_reconciler.cli.parser import run

        code = run(words)
    memory.end(words, code)
    return code


def _run_plainly(words: Sequence[str]) -> int | None:
    """The exit code of a call that is typed plainly; ``None``: it has not run, and typer has to look at it."""
    two = " ".join(words[:2])
    row = BY_NAME.get(two) or BY_NAME.get(words[0])
    if row is None:
        return None
    command = import_module(f"registry_reconciler.cli.{row.module}").command
    arguments = plain_arguments(command, words[2 if row.name == two else 1 :])
    return None if arguments is None else cast(int, command(**arguments))
