"""Unified diffs of two texts, with everything that cannot be seen made visible."""

from __future__ import annotations

from registry_reconciler.base.escape import visible

NO_END = "\\ No newline at end of file"


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
