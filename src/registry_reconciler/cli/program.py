"""The program ``registry``: from here on, Ctrl-C ends it with exit code 130 and without a traceback.

Whatever Python's own handler raises, it raises anywhere: in an import, in a destructor, while the interpreter ends.
There it is printed as a traceback or lost. So the program leaves at once instead; nothing that it leaves behind is
half done, as :mod:`registry_reconciler.apply` withstands worse. What comes before this module (the interpreter's own
start) is not in our hands.
"""

import _signal  # type: ignore[import-not-found]
import os
import sys


def _early(*_: object, write: object = os.write, leave: object = os._exit) -> None:
    try:
        write(2, b"registry: interrupted; nothing was written\n")  # type: ignore[operator]
    finally:
        leave(130)  # type: ignore[operator]


_early.of_registry = True  # type: ignore[attr-defined]
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    # The first line that can be run. It stands until the modules are there that the handlers below need.
    _signal.signal(_signal.SIGINT, _early)

from registry_reconciler.base.interrupts import INTERRUPTED, leave, on_interrupt, say_plainly  # noqa: E402


def _stop(*_: object) -> None:
    try:
        words = sys.argv[1:]
        say_plainly(words[0] if words and words[0].isalpha() else "registry", words)
    finally:
        os._exit(INTERRUPTED)


on_interrupt(leave)


def main() -> int:
    """Run the command that this process was started with."""
    on_interrupt(_stop)
    from registry_reconciler.cli.main import main as command

    return command()
