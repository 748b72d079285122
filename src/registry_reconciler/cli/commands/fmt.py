"""``registry fmt``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import answer, warn
from registry_reconciler.cli.options import Diff, Shared
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.editing.fmt import Formatting
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.fragment_edit import FragmentEdit
    from registry_reconciler.workspace import Workspace

EXAMPLE = """\
  registry fmt --check

  Would format desired/docs.yaml
  1 fragment would be formatted, 3 are formatted already.
"""


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATHS]...", help="Fragments, or folders of them; all of them by default."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 2 when something would be formatted.")
    ] = False,
    diff: Diff = False,
    *,
    shared: Shared,
) -> int:
    """Bring fragments into canonical order and style; what they say stays the same.

    Registries are never formatted.
    """
    from registry_reconciler.editing.amend import write_fragments
    from registry_reconciler.editing.fmt import format_fragments
    from registry_reconciler.entries.common import load_workspace

    call = shared.call("fmt")
    workspace = call.workspace()
    loaded = load_workspace(workspace)
    formatting = format_fragments(loaded, _chosen(workspace, loaded, paths))
    dry = check or diff
    written: tuple[str, ...] = ()
    if formatting.edits and not formatting.refused and not dry:
        amendment = write_fragments(workspace, lambda _loaded: formatting.edits, command="registry fmt")
        written = amendment.written
        warn(amendment.warnings)
    body: dict[str, Json] = {
        "changed": [edit.path for edit in formatting.edits],
        "refused": [{"path": path, "message": why} for path, why in formatting.refused.items()],
        "unchanged": formatting.formatted,
        "written": list(written),
    }
    if diff:
        body["diff"] = "".join(_diffs(loaded, formatting.edits))
    exit = 3 if formatting.refused else 2 if check and formatting.edits else 0
    next_ = [["registry", "fmt"]] if dry and formatting.edits and not formatting.refused else []
    return answer(call, _text(formatting, dry, str(body.get("diff", ""))), body, exit=exit, next=next_)


def _chosen(workspace: Workspace, loaded: Loaded, paths: Sequence[str] | None) -> list[str]:
    """The fragments that were named, as files or folders, from here or from the root."""
    known = list(loaded.fragments.files)
    if not paths:
        return [path for path in known if not loaded.fragments.files[path].hidden]
    chosen: list[str] = []
    for typed in paths:
        names = {_from_root(workspace.root, Path(typed)), typed.rstrip("/")}
        found = [path for path in known if any(path == name or path.startswith(f"{name}/") for name in names)]
        if not found:
            from registry_reconciler.base.suggest import did_you_mean

            raise UsageFailure(
                f"{typed} is no fragment and no folder of fragments, which lie below desired/."
                f"{did_you_mean(typed, known)}"
            )
        chosen += found
    return chosen


def _from_root(root: Path, path: Path) -> str:
    return Path(os.path.relpath(os.path.realpath(path), os.path.realpath(root))).as_posix()


def _diffs(loaded: Loaded, edits: Sequence[FragmentEdit]) -> Iterator[str]:
    from registry_reconciler.base.text_diff import unified
    from registry_reconciler.planning.masked_text import Hider

    hider = Hider(loaded)
    for edit in edits:
        old = loaded.fragments.files[edit.path].data or b""
        yield unified(edit.path, hider.without(edit.path, old), hider.without(edit.path, edit.content))


def _text(formatting: Formatting, dry: bool, diff: str) -> str:
    lines = [diff.rstrip("\n")] if diff else []
    verb = "Would format" if dry else "Formatted"
    if formatting.refused:
        verb = "Not formatted:"
    lines += [f"{verb} {visible(edit.path)}" for edit in formatting.edits]
    lines += [f"Left as it is: {visible(path)}: {visible(why)}" for path, why in formatting.refused.items()]
    lines.append(_summary(formatting, dry))
    return "\n".join(lines) + "\n"


def _summary(formatting: Formatting, dry: bool) -> str:
    count, already = len(formatting.edits), formatting.formatted
    what = "1 fragment" if count == 1 else f"{count:,} fragments"
    rest = f"{already:,} {'is' if already == 1 else 'are'} formatted already"
    if formatting.refused:
        return "Nothing was written."
    if not count:
        return f"Nothing to format: {rest}."
    done = "would be formatted" if dry else "formatted"
    return f"{what} {done}, {rest}."
