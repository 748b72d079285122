"""The commands that the program comes with."""

from __future__ import annotations

from registry_reconciler.runtime import Context, item

SAVED: list[str] = []


@item("commands", aliases=("cp",), bindings={"normal": ("yy", "<c-c>")})
def copy(name: str, *, times: str = "1") -> str:
    """Copies a file."""
    return " ".join([name] * int(times))


@item("commands", aliases=("w",), bindings={"normal": ("<c-s>",)}, required_caps=("files.write",))
def save(name: str, context: Context) -> str:
    """Saves a file."""
    context.caps.use("files.write")
    SAVED.append(name)
    return f"saved {name}"


@item("commands", name="close all", aliases=("qa",), bindings={"normal": ("ZZ",)})
def close_all() -> str:
    """Closes everything."""
    return "closed"
