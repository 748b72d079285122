"""Runs the editor in a terminal: ``python -m docs.examples.editor FILE [--readonly]``, from the repository
root.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs.examples.editor.modal.core import Editor
from docs.examples.editor.modal.plugins import backup
from docs.examples.editor.modal.text import Buffer

KEYS = {"\x1b": "<esc>", "\r": "<cr>", "\n": "<cr>", "\x7f": "<bs>"}


def show(editor: Editor) -> None:
    """Draw the screen."""
    colours = editor.registry("theme").require(editor.options["theme"]).value["colours"]
    *lines, status = editor.render()
    shown = "".join(
        character if character.isprintable() or character == "\n" else "?" for character in "\n".join(lines)
    )
    screen = shown.replace("\n", "\r\n")
    gutter = 4 if editor.options["number"] else 0
    cursor = f"\x1b[{editor.buffer.row + 1};{editor.buffer.col + 1 + gutter}H"
    sys.stdout.write(f"\x1b[2J\x1b[H{screen}\r\n\x1b[{colours['status']}m{status}\x1b[0m{cursor}")
    sys.stdout.flush()


def main() -> None:
    """Edit one file until ``ZZ``, ``ZQ`` or ``:q``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--readonly", action="store_true")
    options = parser.parse_args()
    file: Path = options.file
    text = file.read_text("utf-8") if file.exists() else ""
    buffer = Buffer.of(text, name=file.name, readonly=options.readonly)

    def write(one: Buffer) -> None:
        file.write_text(one.text, "utf-8")

    editor = Editor(buffer, write=write)
    backup(editor)
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        while editor.running:
            show(editor)
            key = sys.stdin.read(1)
            editor.type(KEYS.get(key, key))
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stdout.write("\x1b[2J\x1b[H")


if __name__ == "__main__":
    main()
