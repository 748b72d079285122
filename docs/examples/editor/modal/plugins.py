"""Two plugins. One takes a name by its higher priority, one takes an id because it was explicitly allowed
to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docs.examples.editor.modal.core import Editor
from docs.examples.editor.modal.tables import BoundAction, BoundCommand
from registry_reconciler.runtime import RegistryMeta

if TYPE_CHECKING:
    from registry_reconciler.runtime import Context


def backup(editor: Editor) -> list[str]:
    """``:write`` keeps a copy first: a command of the same name that wins. ``:w`` still leads to the old
    one.
    """
    copies: list[str] = []

    def save(editor: Any, context: Context) -> None:
        context.caps.use("file.write")
        copies.append(editor.buffer.text)
        editor.write(editor.buffer)
        editor.happened("saved", f"{editor.buffer.name} with a copy")

    action = BoundAction(
        RegistryMeta("backup::save", "save with a copy", source="package", required_caps=("file.write",)),
        save,
        keys={"normal": ("ZB",)},
    )
    command = BoundCommand(
        RegistryMeta("backup::write", "write", priority=10, source="package"), action="backup::save"
    )
    editor.plug("backup", actions=[action], commands=[command])
    return copies


def gentle(editor: Editor) -> None:
    """``x`` replaces the character by a blank instead of closing the gap: the same id, explicitly
    overridden.
    """

    def blank(editor: Any, context: Context) -> None:
        context.caps.use("buffer.write")
        buffer = editor.buffer
        line = buffer.line
        buffer.lines[buffer.row] = line[: buffer.col] + " " * bool(line) + line[buffer.col + 1 :]

    action = BoundAction(
        RegistryMeta("core::delete-char", "blank char", source="package", required_caps=("buffer.write",)),
        blank,
        keys={"normal": ("x",)},
    )
    editor.plug("gentle", actions=[action], may_override_ids=True)
