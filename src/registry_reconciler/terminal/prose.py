"""Lines of sentences at the width of a terminal: no word is broken, and commands stay whole, to be copied."""

from __future__ import annotations

from registry_reconciler.report.values import columns, wrap

_COMMANDS = ("Next: ", "      registry ")
_HANG = 4


def prose(text: str, width: int) -> str:
    """The same text, with lines that are too long continued below themselves, a little further in."""
    lines: list[str] = []
    for line in text.split("\n"):
        if columns(line) <= width or line.startswith(_COMMANDS):
            lines.append(line)
            continue
        plain = line.lstrip(" ")
        indent = len(line) - len(plain)
        first, *more = wrap(plain, max(width - indent - _HANG, 20))
        # The first line has the room of its continuation, so that nothing is wrapped twice.
        lines += [" " * indent + first, *(" " * (indent + _HANG) + part for part in more)]
    return "\n".join(lines)
