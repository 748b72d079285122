"""The program ``registry``: from here on, Ctrl-C ends it with exit code 130 and without a traceback.

Whatever Python's own handler raises, it raises anywhere: in an import, in a destructor, while the interpreter ends.
There it is printed as a traceback or lost. So the program leaves at once instead; nothing that it leaves behind is
half done, as :mod:`registry_reconciler.apply` withstands worse. What comes before this module (the interpreter's own
start) is not in our hands.
"""

import _signal  # type: ignore[import-not-found]
import os
import sys

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    # The first line that can be run. Until the handlers below are there, Ctrl-C ends the program without a word.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

from registry_reconciler.base.interrupts import INTERRUPTED, leave, on_interrupt, say_plainly


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
