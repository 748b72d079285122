"""``python -m registry_reconciler``: the same command as ``registry``."""

import _signal  # type: ignore[import-not-found]
import os
import sys

if __name__ == "__main__" and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    # Until the program says how it ends, Ctrl-C ends it without a word.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.path.realpath(os.curdir):
    # ``-m`` puts the working directory first, where a workspace may have a yaml.py of its own.
    del sys.path[0]

if __name__ == "__main__":
    import registry_reconciler.cli.program  # noqa: F401 - from here on Ctrl-C ends it with its own exit code

if __name__ == "__main__":
    import gc

    # What is imported stays: the collector would look at it twenty times and find nothing.
    gc.disable()

from registry_reconciler.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
