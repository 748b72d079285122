"""What actions, motions and text objects do. Joined to their entries by id; see ``link`` in core.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from docs.examples.editor.modal import text
from docs.examples.editor.modal.text import Buffer, Position

if TYPE_CHECKING:
    from docs.examples.editor.modal.core import Editor
    from registry_reconciler.runtime import Context

Action: TypeAlias = "Callable[[Editor, Context], Any]"

MOTIONS: dict[str, Callable[[Buffer], Position]] = {
    "motion::left": lambda b: (b.row, b.col - 1),
    "motion::right": lambda b: (b.row, b.col + 1),
    "motion::up": lambda b: (b.row - 1, b.col),
    "motion::down": lambda b: (b.row + 1, b.col),
    "motion::word": text.next_word,
    "motion::back": text.previous_word,
    "motion::line-start": lambda b: (b.row, 0),
    "motion::line-end": lambda b: (b.row, len(b.line)),
    "motion::first-line": lambda b: (0, 0),
    "motion::last-line": lambda b: (len(b.lines) - 1, 0),
}

TEXT_OBJECTS: dict[str, Callable[[Buffer], tuple[Position, Position] | None]] = {
    "object::inner-word": text.inner_word,
    "object::inner-quotes": text.inner_quotes,
    "object::line": lambda b: ((b.row, 0), (b.row, len(b.line))),
}


def insert(editor: Editor, context: Context) -> None:
    """Type before the cursor."""
    editor.mode = "insert"


def append(editor: Editor, context: Context) -> None:
    """Type after the cursor."""
    buffer = editor.buffer
    buffer.go((buffer.row, buffer.col + 1), past_end=True)
    editor.mode = "insert"


def open_below(editor: Editor, context: Context) -> None:
    """Type on a new line below."""
    context.caps.use("buffer.write")
    buffer = editor.buffer
    buffer.lines.insert(buffer.row + 1, "")
    buffer.go((buffer.row + 1, 0))
    editor.mode = "insert"


def leave_insert(editor: Editor, context: Context) -> None:
    """Back to normal mode."""
    buffer = editor.buffer
    buffer.go((buffer.row, buffer.col - 1))
    editor.mode = "normal"


def type_text(editor: Editor, context: Context) -> None:
    """Put what was typed before the cursor; a backspace takes one character."""
    context.caps.use("buffer.write")
    buffer = editor.buffer
    if editor.typed == "\b":
        row, col = buffer.row, buffer.col
        if col:
            buffer.take((row, col - 1), (row, col))
            buffer.go((row, col - 1), past_end=True)
        return
    buffer.insert(editor.typed)


def operator(name: str) -> Action:
    """An action that waits for what it is to work on."""

    def start(editor: Editor, context: Context) -> None:
        editor.operator = name
        editor.mode = "operator"

    return start


def delete_char(editor: Editor, context: Context) -> None:
    """Delete the character under the cursor."""
    context.caps.use("buffer.write")
    buffer = editor.buffer
    editor.register = buffer.take((buffer.row, buffer.col), (buffer.row, buffer.col + 1))


def paste(editor: Editor, context: Context) -> None:
    """Put what was deleted or copied after the cursor."""
    context.caps.use("buffer.write")
    buffer, what = editor.buffer, editor.register
    if what.endswith("\n"):
        buffer.lines[buffer.row + 1 : buffer.row + 1] = what[:-1].split("\n")
        buffer.go((buffer.row + 1, 0))
        return
    buffer.go((buffer.row, buffer.col + 1), past_end=True)
    buffer.insert(what)
    buffer.go((buffer.row, buffer.col - 1))


def undo(editor: Editor, context: Context) -> None:
    """Take the last change back."""
    context.caps.use("buffer.write")
    editor.buffer.undo()


def join(editor: Editor, context: Context) -> None:
    """Join the next line to this one."""
    context.caps.use("buffer.write")
    buffer = editor.buffer
    if buffer.row + 1 < len(buffer.lines):
        following = buffer.lines.pop(buffer.row + 1).lstrip()
        buffer.lines[buffer.row] = f"{buffer.line.rstrip()} {following}".rstrip()


def command_line(editor: Editor, context: Context) -> None:
    """Type a command."""
    editor.mode, editor.command = "command", ""


def save(editor: Editor, context: Context) -> None:
    """Write the file and tell the hooks."""
    context.caps.use("file.write")
    editor.write(editor.buffer)
    editor.happened("saved", editor.buffer.name)


def leave(editor: Editor, context: Context) -> None:
    """End the editor."""
    context.caps.use("app.quit")
    editor.running = False


def save_and_leave(editor: Editor, context: Context) -> None:
    """Write the file and end the editor."""
    save(editor, context)
    leave(editor, context)


def toggle_numbers(editor: Editor, context: Context) -> None:
    """Show or hide the line numbers."""
    editor.options["number"] = not editor.options["number"]


ACTIONS: dict[str, Action] = {
    "core::insert": insert,
    "core::append": append,
    "core::open-below": open_below,
    "core::leave-insert": leave_insert,
    "core::type": type_text,
    "core::delete": operator("delete"),
    "core::change": operator("change"),
    "core::yank": operator("yank"),
    "core::delete-char": delete_char,
    "core::paste": paste,
    "core::undo": undo,
    "core::join": join,
    "core::command-line": command_line,
    "core::save": save,
    "core::quit": leave,
    "core::save-quit": save_and_leave,
    "core::toggle-numbers": toggle_numbers,
}
