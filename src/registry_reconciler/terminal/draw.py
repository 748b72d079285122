"""A thing of rich's as text, the same on every machine."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_reconciler.terminal import Screen


_STYLES = {"markdown.code": "bold cyan"}
"""Where rich's own styles assume a dark terminal: its code in a line stands on black."""

_BLANK_END = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)


class _Paper(StringIO):
    """What is drawn on; its encoding tells rich whether lines and corners can be shown."""

    encoding: Any = "utf-8"


class _PlainPaper(_Paper):
    encoding = "ascii"


def drawn(screen: Screen, what: Any, *, width: int = 0) -> str:
    """What ``what`` looks like on this screen: lines without blanks at their ends, the last with a line end.

    Args:
        width: where what is drawn keeps to the screen by itself, the room that its longest words take.
    """
    from rich.console import Console
    from rich.theme import Theme

    paper = _Paper() if screen.unicode else _PlainPaper()
    # Nothing of the environment: what it says of colours and width, the command line has decided.
    console = Console(
        file=paper,
        width=max(width, screen.width),
        force_terminal=screen.color,
        color_system="standard" if screen.color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        theme=Theme(_STYLES),
        _environ={},
    )
    console.print(what, crop=False)
    return _BLANK_END.sub(r"\1", paper.getvalue())
