"""``registry merge-driver``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer
from registry_reconciler.cli.options import Shared
from registry_reconciler.errors import UsageFailure
from registry_reconciler.files.root import find_root

EXAMPLE = """\
  registry merge-driver %O %A %B %P

  CONFLICT desired/skills.yaml: skill/pdf version: changed on both sides
"""


def command(
    ancestor: Annotated[Path, typer.Argument(metavar="ANCESTOR", help="What git calls %O.")],
    current: Annotated[Path, typer.Argument(metavar="CURRENT", help="%A; the answer is written into it.")],
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="%B.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="%P, the path of the file.")],
    marker_size: Annotated[
        int, typer.Option("--marker-size", min=1, max=200, help="%L, how long marks of conflicts are.")
    ] = 7,
    *,
    shared: Shared,
) -> int:
    """Merge one file for git, by entry and field; git calls this while it merges.

    'registry init --merge-driver' sets it up. What both sides changed is marked around that field only, and the exit
    code is 1. A file that is no fragment, registry, state or output is merged as git does it.
    """
    from registry_reconciler.editing.merge_driver import drive
    from registry_reconciler.merging import Labels

    call = shared.call("merge-driver")
    try:
        driven = drive(ancestor, current, other, path, Labels("ours", "theirs", marker_size))
    except OSError as error:
        find_root(Path.cwd())
        raise UsageFailure(f"{error.filename or path}: {error.strerror or error}") from error
    lines = [f"CONFLICT {visible(path)}: {visible(sentence)}\n" for sentence in driven.conflicts]
    body = {"path": path, "by": driven.by, "conflicts": list(driven.conflicts)}
    return answer(call, "".join(lines), body, exit=1 if driven.conflicts else 0)
