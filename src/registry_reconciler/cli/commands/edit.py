"""``registry edit``."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry_reconciler.cli.common import Call, answer
from registry_reconciler.cli.options import DisplayOptions, Shared
from registry_reconciler.cli.verbs import Going, carry_out
from registry_reconciler.errors import Blocked

if TYPE_CHECKING:
    from registry_reconciler.editing.verbs import EntryText
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.workspace import Workspace

EXAMPLE = """\
  registry edit route/api.errors

  --- a/desired/docs.yaml
  +++ b/desired/docs.yaml
  @@ -10,3 +10,3 @@
  -    topic: errors
  +    topic: faults
    wrote desired/docs.yaml
"""


def command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="kind/key")],
    *,
    going: Going,
    shared: Shared,
    look: DisplayOptions,
) -> int:
    """Open an entry in $EDITOR, and plan the edit.

    The text is checked when the editor closes. If something is wrong, the editor opens again with
    the problem at the top. If the text is unchanged, nothing happens.
    """
    from registry_reconciler.editing.verbs import entry_text

    call = shared.call("edit", look)
    going.require()
    workspace = call.workspace()
    entry = entry_text(_loaded(workspace), address)
    folder = Path(tempfile.mkdtemp(prefix="registry-edit-"))
    try:
        text = _edited(workspace, address, entry, folder / "entry.yaml", no_check=going.no_check)
    except BaseException as error:
        if not isinstance(error, _GivenUp):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    if text is None:
        return answer(call, "Nothing to do: the text is what it was.\n", {"applied": False, "written": []})
    return _carry_out(call, address, text, going)


def _carry_out(call: Call, address: str, text: str, going: Going) -> int:
    from registry_reconciler.editing.verbs import editing

    return carry_out(call, editing(address, text), going, ("edit", address))


_MOST_ROUNDS = 20
"""An editor that is a script may write another faulty text each time, without end."""


class _GivenUp(Blocked):
    """A faulty text came back, or nothing else ever: the person has given up, and may go on with the file."""


def _loaded(workspace: Workspace) -> Loaded:
    from registry_reconciler.files.tree import DiskTree, Recorder
    from registry_reconciler.loading.workspace import load

    return load(Recorder(DiskTree(workspace.root)))


def _edited(
    workspace: Workspace, address: str, entry: EntryText, path: Path, *, no_check: bool
) -> str | None:
    """The text that a person made of an entry, once it can be written; ``None``: nothing changed."""
    from registry_reconciler.cli.editor import edited
    from registry_reconciler.editing.verbs.edit_text import plain

    text = entry.text
    faults: list[str] = []
    for _ in range(_MOST_ROUNDS):
        made = edited(path, _head(address, entry, faults) + text)
        body = plain(made)
        if not faults and body in ("", plain(text)):
            return None
        if faults and body in ("", plain(text)):
            raise _GivenUp(f"nothing was written: {faults[0]} What was typed is in {path}.")
        text = body
        faults = _faults(workspace, address, text, no_check=no_check)
        if not faults:
            return text
    raise _GivenUp(
        f"nothing was written: {faults[0]} The editor was opened {_MOST_ROUNDS} times, and each text was "
        f"wrong. The last one is in {path}."
    )


def _head(address: str, entry: EntryText, faults: Sequence[str]) -> str:
    from registry_reconciler.base.escape import visible
    from registry_reconciler.editing.verbs.edit_text import REMARK

    lines = [f"{address} in {entry.file}. Lines that begin with '{REMARK}' are left out."]
    if faults:
        lines += [
            "It cannot be written like this (an unchanged text gives up):",
            *(f"- {fault}" for fault in faults),
        ]
    return "".join(f"{REMARK} {visible(line)}\n" for line in lines)


def _faults(workspace: Workspace, address: str, text: str, *, no_check: bool) -> list[str]:
    """What forbids to write a text: no entry, or the problems that it brings."""
    from registry_reconciler.editing.amend import preview
    from registry_reconciler.editing.verbs import BadText, editing
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.model.plan import PlanOptions

    try:
        options = PlanOptions(no_check=no_check)
        amendment = preview(DiskTree(workspace.root), editing(address, text), options)
    except BadText as error:
        return [error.message]
    except Blocked as error:
        return [error.message]
    found = []
    for problem in amendment.introduced:
        if problem.blocking:
            fix = f" {problem.fix.description}" if problem.fix is not None and problem.fix.description else ""
            found.append(f"{problem.code}: {problem.message.rstrip('.')}.{fix}")
    return found
