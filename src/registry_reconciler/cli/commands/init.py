"""``registry init``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, warn
from registry_reconciler.cli.options import Shared
from registry_reconciler.cli.output import stdin_is_terminal
from registry_reconciler.errors import NoWorkspace, UsageFailure
from registry_reconciler.model.config import STATE_FOLDER

EXAMPLE = """\
  registry init --kinds route,ability_low

  Made:
    .system/registry/config.yaml
    .system/registry/schemas/ability_low.schema.yaml
    .system/registry/schemas/route.schema.yaml
  Next: registry plan
"""

_HEADS = {
    "made": "Made:",
    "extended": "Added lines to:",
    "there": "There already:",
    "differs": "There already, and kept although it is not what init would make:",
}


def command(
    kinds: Annotated[
        str | None,
        typer.Option(
            "--kinds",
            metavar="all|none|LIST",
            help="Which built-in kinds, separated by commas. By default all of them, and in a workspace that is "
            "there none that it has not.",
            show_default=False,
        ),
    ] = None,
    agents_pointer: Annotated[
        bool | None,
        typer.Option(
            "--agents-pointer/--no-agents-pointer",
            help="Whether to write into AGENTS.md of this folder where agents find the registries.",
            show_default=False,
        ),
    ] = None,
    merge_driver: Annotated[
        bool,
        typer.Option(
            "--merge-driver",
            help="Merges of git go by entry and field in fragments, registries, state and outputs: lines in "
            ".gitattributes, and the driver in the configuration of this clone.",
        ),
    ] = False,
    *,
    shared: Shared,
) -> int:
    """Make a workspace here. It overwrites nothing, so it is safe to run again."""
    from registry_reconciler.editing.init import chosen_kinds, default_kinds, placements, write_placements
    from registry_reconciler.files.tree import DiskTree

    call = shared.call("init")
    typed = None if kinds is None else chosen_kinds(kinds)
    folder = _folder(call.root)
    tree = DiskTree(folder)
    chosen = default_kinds(tree) if typed is None else typed
    pointer = _wants_pointer(folder) if agents_pointer is None else agents_pointer
    found = placements(tree, chosen, pointer=pointer)
    if merge_driver:
        from registry_reconciler.editing.merge_setup import install_driver, with_attributes

        found = with_attributes(tree, found)
        install_driver(folder)
    receipt = write_placements(folder, found, call.lock_timeout)
    warn(receipt.warnings)
    shown = [placement for placement in found if not placement.path.startswith(f"{STATE_FOLDER}/")]
    groups = {
        outcome: [placement.path for placement in shown if placement.outcome == outcome] for outcome in _HEADS
    }
    body = {"kinds": list(chosen), **groups}
    return answer(call, _text(groups), body, next=[["registry", "list", "--kinds"], ["registry", "plan"]])


def _folder(root: Path | None) -> Path:
    """The folder to make a workspace of; one inside another is only made on demand."""
    from registry_reconciler.files.root import find_root

    folder = Path(os.path.abspath(root or "."))
    if not folder.is_dir():
        raise UsageFailure(f"{root} is no folder. Make it first: mkdir -p {root}")
    if root is None:
        try:
            above = find_root(folder)
        except NoWorkspace:
            return folder
        if above != folder:
            raise UsageFailure(
                f"this folder lies in the workspace {above}; for one of its own: registry init --root .",
                next=(("registry", "init", "--root", "."),),
            )
    return folder


def _wants_pointer(folder: Path) -> bool:
    """Ask, where somebody can answer and there is something to add."""
    from registry_reconciler.editing.init import AGENTS_PATH, POINTER_PATH
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.files.unreadable import UnreadablePath

    if not stdin_is_terminal():
        return False
    try:
        if AGENTS_PATH.encode() in (DiskTree(folder).read(POINTER_PATH) or b""):
            return True
    except UnreadablePath:
        pass
    sys.stderr.write(f"Add a line to {POINTER_PATH} that leads agents to {AGENTS_PATH}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _text(groups: dict[str, list[str]]) -> str:
    lines: list[str] = []
    for outcome, head in _HEADS.items():
        if groups[outcome]:
            lines += [head, *_listed(groups[outcome])]
    return "\n".join([*lines, "Next: registry list --kinds"]) + "\n"


def _listed(paths: Sequence[str]) -> list[str]:
    return [f"  {visible(path)}" for path in paths]
