"""Hyperlinks: how they are written, and which terminals open them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "WarpTerminal"})
_TERMS = ("xterm-kitty", "alacritty", "foot", "xterm-ghostty", "wezterm")
_FIRST_VTE = 5000
_LINK = re.compile(r"\x1b\]8;;[^\x1b]*\x1b\\")


def has_links(environment: Mapping[str, str]) -> bool:
    """Whether the terminal says that it is one of those that open links; ``FORCE_HYPERLINK`` decides before."""
    forced = environment.get("FORCE_HYPERLINK", "")
    if forced:
        return forced != "0"
    version = environment.get("VTE_VERSION", "")
    return (
        environment.get("TERM_PROGRAM") in _PROGRAMS
        or environment.get("TERM", "").startswith(_TERMS)
        or (version.isdecimal() and int(version) >= _FIRST_VTE)
        or any(environment.get(name) for name in ("KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION"))
    )


def link(text: str, address: str) -> str:
    """A text that leads somewhere. ``address`` holds no control characters: it is made by :meth:`Path.as_uri`."""
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"


def without_links(text: str) -> str:
    """The same text without what leads somewhere: for a pager that does not know links."""
    return _LINK.sub("", text)
