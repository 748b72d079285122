"""Kinds of implementations that need an extra of this package."""

from __future__ import annotations

EXTRAS = {"api": "httpx", "mcp": "mcp"}
"""Kind → the module that it needs; the extra has the name of the kind."""


def missing_extra(kind: str) -> str:
    """Why an implementation of this kind cannot run for want of an extra; "" when it can."""
    from importlib.util import find_spec

    if kind not in EXTRAS or find_spec(EXTRAS[kind]) is not None:
        return ""
    return f"{kind} abilities need an extra: pip install 'registry-reconciler[{kind}]'"
