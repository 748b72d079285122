"""Two levels down."""

from dataclasses import dataclass

from registry_reconciler.runtime import item


@item("actions")
@dataclass
class Mark:
    """A class is an item too."""

    row: int


@item("actions", id="deeper::double", timeout=30.0)
def double(number: int) -> int:
    """Doubles."""
    return number * 2
