"""``python -m registry_reconciler``: the same command as ``registry``."""

import os
import sys

if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) == os.path.realpath(os.curdir):
    # ``-m`` puts the working directory first, where a workspace may have a yaml.py of its own.
    del sys.path[0]

if __name__ == "__main__":
    import gc

    import registry_reconciler.program  # noqa: F401 - from here on Ctrl-C ends it without a traceback

    # What is imported stays: the collector would look at it twenty times and find nothing.
    gc.disable()

from registry_reconciler.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
