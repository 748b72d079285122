"""How two texts differ, with everything that cannot be seen made visible."""

from __future__ import annotations

from registry_reconciler.base.escape import visible

NO_END = "\\ No newline at end of file"

_CONTEXT = 24
"""Characters kept on each side of what differs inside one long line."""


def unified(path: str, before: bytes, after: bytes) -> str:
    """The diff that ``git diff`` would show; "" where nothing differs."""
    import difflib

    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    rows = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
    return "".join(_row(row) for row in rows)


def _row(row: str) -> str:
    body = row.rstrip("\r\n")
    end = "" if row.endswith("\n") else f"\n{NO_END}"
    return f"{visible(body)}{end}\n"


def around(old: str, new: str) -> tuple[str, str]:
    """Two long lines without most of what they have in common at both ends."""
    start = 0
    limit = min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    low = start - _CONTEXT if start > _CONTEXT + 1 else 0
    high = end - _CONTEXT if end > _CONTEXT + 1 else 0

    def part(text: str) -> str:
        return ("…" if low else "") + text[low : len(text) - high] + ("…" if high else "")

    return part(old), part(new)


def in_short(old: str, new: str, width: int) -> tuple[str, str]:
    """Two values that differ in about ``width`` characters each: where one must be cut, what differs is kept."""
    if max(len(old), len(new)) <= width:
        return old, new
    old, new = around(old, new)
    return _cut(old, width), _cut(new, width)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
