"""The entry of ``registry``, and what becomes of every way a command can end.

Start-up time is a feature. An answer that is known is given before anything else is imported
(:mod:`registry_reconciler.cli.memory`); every other call goes to the parser, which has the table of commands.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from registry_reconciler.cli import ending, interrupt, memory
from registry_reconciler.cli.output import abandon_stdout, put, say


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Raises nothing.

    Args:
        arguments: what was typed behind ``registry``; ``None``: what this process was started with, and it ends then.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        ending.begin_program()
        interrupt.begin(typed_command(words), words)
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
        if arguments is None:
            interrupt.end()
        ending.end_program()
        if collecting:
            gc.enable()


def typed_command(words: Sequence[str]) -> str:
    """The command as it was typed, known before the parser is: for the words of an interruption."""
    first, second = [*words[:2], "", ""][:2]
    if second in _SECOND_WORDS.get(first, ()) or (first == "fleet" and second.isascii() and second.isalpha()):
        return f"{first} {second}"
    return first if first.isascii() and first.replace("-", "").isalpha() and first[0] != "-" else "registry"


_SECOND_WORDS = {
    "schema": ("new", "check", "migrate"),
    "rule": ("new", "test", "eval"),
    "outputs": ("new",),
}


def _guarded(words: list[str]) -> int:
    try:
        return _run(words)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        try:
            from registry_reconciler.cli.failures import answer_failure, as_failure
            from registry_reconciler.cli.table import command_of

            return answer_failure(command_of(words), words, as_failure(error, command_of(words), words))
        except BrokenPipeError:
            raise
        except (OSError, ImportError) as second:
            return _plain_failure(typed_command(words), error, second)


def _plain_failure(command: str, error: BaseException, second: OSError | ImportError) -> int:
    """Answer where not even the modules that word a failure can be read: no file more, or a disk that is gone."""
    from registry_reconciler.errors import RegistryFailure

    name = "registry" if command == "registry" else f"registry {command}"
    if isinstance(error, RegistryFailure):
        say(f"{name}: {error.message}")
        return error.exit_code
    reason = second.strerror if isinstance(second, OSError) else "some are missing or cannot be opened"
    say(f"{name}: the files of registry itself cannot be read: {reason}")
    return 1


def _run(words: list[str]) -> int:
    known = memory.begin(words)
    if known is not None:
        put(known[0], long=True)
        return known[1]
    from registry_reconciler.cli import parser

    if not words:
        from registry_reconciler.cli.failures import USAGE

        say(parser.help_text())
        return USAGE
    code = parser.run(words)
    memory.end(words, code)
    return code
