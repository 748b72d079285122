"""Write the expectations of all golden scenarios anew: ``python -m tests.golden.update [NAME…]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.golden.scenario import SCENARIOS, run


def main() -> None:
    for folder in SCENARIOS:
        if len(sys.argv) == 1 or folder.name in sys.argv[1:]:
            with tempfile.TemporaryDirectory() as root:
                run(folder, Path(root)).write(folder)


if __name__ == "__main__":
    main()
