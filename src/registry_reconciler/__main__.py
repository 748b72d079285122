"""``python -m registry_reconciler``: the same command as ``registry``."""

import sys

from registry_reconciler.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
