"""Runs a line, or lists the commands: ``python -m docs.examples.palette [LINE]``, from the repository root."""

from __future__ import annotations

import sys

from docs.examples.palette.palette import Palette


def main() -> int:
    """One line, or all commands."""
    palette = Palette(caps=["files.write"])
    if len(sys.argv) < 2:
        for row in palette.rows():
            sys.stdout.write(f"{row.name:<12} {' '.join(row.keys):<12} {row.description}\n")
        return 0
    result = palette.run(" ".join(sys.argv[1:]))
    sys.stdout.write(f"{result.value if result.ok else result.error}\n")
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
