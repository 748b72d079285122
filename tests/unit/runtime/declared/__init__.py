"""A package that declares items, for tests that walk it."""

from registry_reconciler.runtime import item


@item("commands", aliases=("w",), bindings={"normal": ("zz", "<c-s>")})
def write(name: str, *, force: bool = False, copies: str = "1") -> str:
    """Writes it."""
    return f"{name} {force} {copies}"


@item("kept", id="kept::Panel")
class Panel:
    """A class that is used as one."""

    SIZE = 3

    @item("kept", id="kept::Part")
    class Part:
        """A class in a class."""

        def __eq__(self, other: object) -> bool:
            return type(self) is type(other)

        def __hash__(self) -> int:
            return 1

    def __init__(self, size: int) -> None:
        self.size = size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Panel) and other.size == self.size

    def __hash__(self) -> int:
        return self.size

    @classmethod
    def large(cls) -> "Panel":
        """One that is large."""
        return cls(9)


class Tool:
    """What stands in a class."""

    @item("commands", id="kept::twice")
    @staticmethod
    def twice(text: str) -> str:
        """Needs no object."""
        return text * 2

    @classmethod
    @item("commands", id="kept::named")
    def named(cls, text: str) -> str:
        """Needs the class."""
        return f"{cls.__name__} {text}"


@item("kept", id="kept::twofold")
@item("commands", id="kept::twofold")
def twofold(text: str) -> str:
    """Stands in two domains."""
    return text
