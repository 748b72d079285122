"""A module that declares a method, which nothing can call without an object."""

from registry_reconciler.runtime import item


class Held:
    """Has a method."""

    def __init__(self, number: int) -> None:
        self.number = number

    @item("actions")
    def give(self, more: int) -> int:
        return self.number + more
