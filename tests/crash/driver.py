"""The scenario as a command of its own: ``python -m tests.crash.driver apply|recover|read|count ROOT``.

``count`` applies and prints how many file-changing calls passed the seam. Exit 0 when done, 1 with a message
on a failure.
"""

from __future__ import annotations

import sys
from pathlib import Path

from registry_reconciler.apply import files, reader, recover
from registry_reconciler.errors import RegistryFailure
from tests.crash import faults, scenario


def main() -> int:
    """The command line."""
    word, root = sys.argv[1], Path(sys.argv[2])
    try:
        if word == "build":
            scenario.build(root)
        elif word == "apply":
            # With a hook, syncs come one by one from this thread: outside observers see each in its order.
            files.watch(lambda _index, _name, _arguments, call: call())
            scenario.apply(root)
        elif word == "recover":
            print(recover(root))
        elif word == "read":
            with reader(root, 5):
                print(len(scenario.snapshot(root)))
        elif word == "count":
            count = faults.Count()
            files.watch(count)
            scenario.apply(root)
            files.watch(None)
            print(len(count.names))
    except RegistryFailure as failure:
        print(failure, file=sys.stderr)
        return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
