"""What the plugin brings."""

from __future__ import annotations

from registry_reconciler.runtime import item


@item("commands", aliases=("hi",), bindings={"normal": ("gh",)})
def greet(name: str) -> str:
    """Greets somebody."""
    return f"hello {name}"
