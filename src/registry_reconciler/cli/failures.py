"""How a command that failed ends: one message, the exit code, and JSON where it was asked for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_reconciler.base.escape import visible
from registry_reconciler.base.interrupts import INTERRUPTED
from registry_reconciler.base.interrupts import message as interruption
from registry_reconciler.cli.output import AnswerFailure, put, say, write_file
from registry_reconciler.cli.seen import seen
from registry_reconciler.cli.typed_values import says_value, without_values
from registry_reconciler.errors import Blocked, RegistryFailure, UsageFailure
from registry_reconciler.files.unreadable import UnreadablePath

if TYPE_CHECKING:
    from registry_reconciler.model.plan import Plan

USAGE = 64
DEBUG = "REGISTRY_DEBUG"


class Interrupted(RegistryFailure):
    """Somebody pressed Ctrl-C."""

    exit_code = INTERRUPTED
    code = "interrupted"


class SystemRefused(RegistryFailure):
    """The operating system said no: a permission, a full disk, no memory."""

    code = "io"


class Unexpected(RegistryFailure):
    """A fault of registry itself."""

    code = "internal"


def as_failure(error: BaseException, command: str, typed: Sequence[str] = ()) -> RegistryFailure:
    """Whatever was raised, as a failure with an exit code and a sentence.

    Args:
        typed: the words of the call.
    """
    if isinstance(error, RegistryFailure):
        return error
    # An exception of typer can only be there where typer is imported already.
    typer = sys.modules.get("typer")
    if typer is not None and isinstance(error, typer.TyperException):
        words = ("registry", *(command.split() if command != "registry" else ()), "--help")
        return UsageFailure(_in_our_words(error, command, typed), next=(words,))
    if isinstance(error, KeyboardInterrupt) or (typer is not None and isinstance(error, typer.Abort)):
        return Interrupted(interruption(command))
    if seen.interrupted:
        # Python wraps what is raised while a class is made, and libraries what is raised in their callbacks.
        return Interrupted(interruption(command))
    if isinstance(error, UnreadablePath):
        return SystemRefused(f"a file of the workspace cannot be read: {error}")
    if isinstance(error, FileNotFoundError) and error.filename is None and _is_nowhere():
        return SystemRefused(
            "the folder that this was called in is gone: change to one that is there, or name --root DIR"
        )
    if isinstance(error, OSError):
        where = f"{visible(error.filename)}: " if isinstance(error.filename, str) else ""
        return SystemRefused(f"{where}{error.strerror or error}")
    if isinstance(error, MemoryError) or str(error) == _NO_THREAD:
        return SystemRefused(_TOO_LITTLE)
    if os.environ.get(DEBUG):
        import traceback

        say(traceback.format_exc())
    text = _raised_at(error) if isinstance(error, _REPEAT_VALUES) else f": {error}"
    what = " ".join(f"{type(error).__name__}{text}".split())[:300]
    return Unexpected(
        f"this is a fault of registry ({what}). Please report it with what {DEBUG}=1 prints before this line"
    )


def _is_nowhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


_NO_THREAD = "can't start new thread"
"""What Python says, as an error that any program may raise."""
_TOO_LITTLE = (
    "the system gives this process too little memory, or no thread more. "
    "What it may take is shown by ulimit -v and ulimit -u, and set by the limits of a container."
)

OPTION_LEADS = {
    "--auto-approve": "--yes",
    "--dry-run": "'registry plan' shows what would be done and writes nothing",
    "--force": "--overwrite ADDRESS, --allow-mass-delete or --yes, whichever is meant",
    "--json": "--format json",
    "--quiet": "--brief",
    "--verbose": "--full",
    "-v": "--full",
    "--output": "--out FILE, or --report FORMAT=FILE",
    "-o": "--out FILE, or --report FORMAT=FILE",
    "-q": "--brief",
    "-f": "--yes",
}
"""Options of other programs, and what is meant here."""


def _in_our_words(error: Any, command: str, typed: Sequence[str]) -> str:
    """What the parser complains of, in a sentence that says what to type."""
    text = str(error.format_message())
    option = getattr(error, "option_name", "")
    if text.startswith("No such option") and isinstance(option, str):
        return _no_such_option(option, error.ctx, command, typed)
    if text.startswith("Got unexpected extra argument"):
        words = without_values(text[text.find(" (") + 2 : text.rfind(")")], typed)
        return f"one command at a time, and no more words than it takes: {words!r} is too much"
    text = re.sub(r"is not a valid (int|integer)( range)?\.", "is no whole number.", text)
    text = re.sub(r"is not a valid float( range)?\.", "is no number.", text)
    text = re.sub(r"is not in the range x>=(\S+?)\.", r"is out of range: \1 or more.", text)
    return re.sub(
        r"is not in the range (\S+?)<=x<=(\S+?)\.",
        lambda found: f"is out of range: from {found[1]} to {found[2]}.",
        text,
    )


def _no_such_option(option: str, context: Any, command: str, typed: Sequence[str]) -> str:
    """An option that there is not, and the one that is meant: before the command there are hardly any."""
    short = option[:2] if option[:1] == "-" != option[1:2] else ""
    from registry_reconciler.base.suggest import did_you_mean

    # The parser reads -target as -t -a -r ...
    long = next((word.partition("=")[0] for word in typed if short and word.startswith(short)), "")
    if long and len(set(long[1:])) > 1:
        return (
            f"there is no option {long} here. Options of more than one letter begin with two dashes: -{long}"
        )
    text = f"there is no option {option} here."
    if command == "registry":
        if option in ("-v", "-V"):
            return f"{text} Which version this is: registry --version"
        return f"{text} Options come after the command: registry plan --root DIR"
    if option in OPTION_LEADS:
        return f"{text} Did you mean: {OPTION_LEADS[option]}"
    parameters = context.command.get_params(context) if context is not None else ()
    names = [name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)]
    return f"{text}{did_you_mean(option, [name for name in names if name.startswith('--')])}"


_REPEAT_VALUES = (LookupError, ValueError, AssertionError)
"""Errors whose text is often a value, which may be secret; where they came from is said instead."""


def _raised_at(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def answer_failure(command: str, words: Sequence[str], failure: RegistryFailure) -> int:
    """Tell people on standard error and programs where they asked for JSON; returns the exit code."""
    from registry_reconciler.model.plan_json import dumps, envelope, error_to_json
    from registry_reconciler.report.words import command_line

    name = "registry" if command == "registry" else f"registry {command}"
    if isinstance(failure, UsageFailure) and not failure.next:
        failure.next = ((*name.split(), "--help"),)
    failure.message = without_values(failure.message, words)
    failure.next = tuple(step for step in failure.next if not any(map(says_value, step)))
    lines = [
        f"{name}: {failure.message}",
        *(f"  try: {command_line(arguments)}" for arguments in failure.next[:3]),
    ]
    say("\n".join(lines))
    reports: dict[str, Callable[[], str]] = {
        "json": lambda: dumps(envelope(command, failure.exit_code, [error_to_json(failure)], failure.next)),
        "github": lambda: _annotation(name, failure),
    }
    if command in ("plan", "apply", "check", "diff"):
        reports["markdown"] = lambda: _comment("markdown", command, words, failure)
    if command in ("plan", "apply", "check", "diff", "drift"):
        reports["html"] = lambda: _comment("html", command, words, failure)
    problems = _problems_of_fleet(command, failure)
    if problems is not None:
        reports.update(_as_check(command, failure, problems))
    form = last_value(words, "--format")
    if form in ("json", "github") or (problems is not None and form in reports):
        try:
            put(reports[form]())
        except BrokenPipeError:
            raise
        except AnswerFailure as second:
            say(f"{name}: {second.message}")
    for value in values(words, "--report"):
        form, _, path = value.partition("=")
        if form in reports and path:
            try:
                write_file(Path(path), reports[form]())
            except RegistryFailure as second:
                if second.message != failure.message:
                    say(f"{name}: {second.message}")
    return failure.exit_code


def _problems_of_fleet(command: str, failure: RegistryFailure) -> Plan | None:
    """What is wrong with the file of a fleet: the message names the first of it, a report has all."""
    return failure.plan if isinstance(failure, Blocked) and command.startswith("fleet ") else None


def _as_check(
    command: str, failure: RegistryFailure, problems: Plan
) -> Iterator[tuple[str, Callable[[], str]]]:
    from registry_reconciler.model.plan_json import dumps, envelope, error_to_json, problem_to_json
    from registry_reconciler.report import FORMATS, RenderOptions, render

    body = [problem_to_json(problem) for problem in problems.problems]
    whole = envelope(command, failure.exit_code, [error_to_json(failure)], failure.next, problems=body)
    options = RenderOptions(label=command, command="check")
    for form in FORMATS.keys() - {"text"}:
        yield form, partial(render, problems, form, options)
    yield "json", partial(dumps, whole)


def _annotation(name: str, failure: RegistryFailure) -> str:
    from registry_reconciler.base.escape import workflow

    return f"::error title=registry::{workflow(f'{name}: {failure.message}')}\n"


def _comment(form: str, command: str, words: Sequence[str], failure: RegistryFailure) -> str:
    """A comment on a pull request, or a page, that is no longer true is worse than one that says so."""
    from importlib import import_module

    from registry_reconciler.cli.plans import path_prefix
    from registry_reconciler.files.root import find_root
    from registry_reconciler.report.options import RenderOptions

    root = Path(last_value(words, "--root") or os.curdir)
    if not last_value(words, "--root"):
        with suppress(RegistryFailure, OSError):
            root = find_root(Path.cwd())
    label = last_value(words, "--label")
    options = RenderOptions(label=label, path_prefix=path_prefix(root), command=command)
    text: str = import_module(f"registry_reconciler.report.{form}").failed(failure.message, options)
    return text


def values(words: Sequence[str], option: str) -> Iterator[str]:
    """What was typed behind an option, also where the rest of the call could not be understood."""
    for index, word in enumerate(words):
        if word == "--":
            return
        if word == option and index + 1 < len(words):
            yield words[index + 1]
        elif word.startswith(option + "="):
            yield word.partition("=")[2]


def last_value(words: Sequence[str], option: str) -> str:
    """The value that counts, or ""."""
    return ["", *values(words, option)][-1]
