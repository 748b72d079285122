"""``python -m registry_reconciler``: the same command as ``registry``."""

import _signal  # type: ignore[import-not-found]
import os
import sys


def _early(*_: object, write: object = os.write, leave: object = os._exit) -> None:
    try:
        write(2, b"registry: interrupted; nothing was written\n")  # type: ignore[operator]
    finally:
        leave(130)  # type: ignore[operator]


_early.of_registry = True  # type: ignore[attr-defined]
if __name__ == "__main__" and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    # As the installed script does it in cli/program.py, whose import takes a moment.
    _signal.signal(_signal.SIGINT, _early)

if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.path.realpath(os.curdir):
    # ``-m`` puts the working directory first, where a workspace may have a yaml.py of its own.
    del sys.path[0]

if __name__ == "__main__":
    import registry_reconciler.cli.program  # noqa: F401 - from here on Ctrl-C ends it with its own exit code

if __name__ == "__main__":
    import gc

    # What is imported stays: the collector would look at it twenty times and find nothing.
    gc.disable()

from registry_reconciler.cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
