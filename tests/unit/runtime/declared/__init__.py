"""A package that declares items, for tests that walk it."""

from registry_reconciler.runtime import item


@item("commands", aliases=("w",), bindings={"normal": ("zz", "<c-s>")})
def write(name: str, *, force: bool = False, copies: str = "1") -> str:
    """Writes it."""
    return f"{name} {force} {copies}"
