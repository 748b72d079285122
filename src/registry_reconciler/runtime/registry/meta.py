"""What every item of a run-time registry says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from registry_reconciler.runtime.errors import RegistryError

Source = Literal["builtin", "package", "runtime"]

SOURCE_RANK: dict[str, int] = {"builtin": 0, "package": 1, "runtime": 2}
"""A later source is stronger: what is added while running wins over a package, and that over a builtin."""

PACKAGE = "package:"
"""In front of the name of the package that an item of a plugin comes from."""


def source_rank(source: str) -> int:
    """How strong a source is; -1 when there is no such source."""
    known = SOURCE_RANK.get(source)
    if known is not None:
        return known
    return SOURCE_RANK["package"] if str(source).startswith(PACKAGE) else -1


@dataclass(frozen=True, slots=True)
class RegistryMeta:
    """Identity and standing of an item.

    Attributes:
        id: for machines; unique in its registry.
        name: for people; "" means that the item has none.
        aliases: further names; weaker than names.
        priority: the higher one wins a contested name.
        source: ``builtin`` < ``package`` < ``runtime``. Of a plugin it is ``package:`` and the package's name,
            as strong as ``package``.
        required_caps: capabilities that a caller must hold.
        flags: free words of the domain.

    Raises:
        RegistryError: the id is empty or the source is not one of the three.
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    short_description: str = ""
    priority: int = 0
    source: Source | str = "builtin"
    required_caps: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.id:
            raise RegistryError("an item needs an id that is not empty")
        if source_rank(self.source) < 0:
            raise RegistryError(f"{self.id}: source is builtin, package or runtime, not {self.source!r}")
        for field in ("aliases", "required_caps", "flags"):
            words = getattr(self, field)
            if type(words) is not tuple:
                object.__setattr__(self, field, _words(self.id, field, words))

    def names(self) -> tuple[str, ...]:
        """The name, unless it is empty or the item's own id: neither can collide with anything."""
        return (self.name,) if self.name and self.name != self.id else ()

    def other_names(self) -> Iterator[str]:
        """Aliases that lead somewhere on their own: once each, without the item's own id and name."""
        for alias in dict.fromkeys(self.aliases):
            if alias and alias != self.id and alias != self.name:
                yield alias

    def words(self) -> Iterator[str]:
        """All names and aliases that are not the id."""
        yield from self.names()
        yield from self.other_names()


def _words(id: str, field: str, words: object) -> tuple[str, ...]:
    # A bare string would silently become one alias for each letter.
    if not isinstance(words, (list, set, frozenset)):
        raise RegistryError(f"{id}: {field} is a tuple of strings")
    return tuple(sorted(words)) if isinstance(words, (set, frozenset)) else tuple(words)


class HasMeta(Protocol):
    """Anything with a ``meta`` can be an item."""

    @property
    def meta(self) -> RegistryMeta:
        """Identity and standing."""


T = TypeVar("T", bound=HasMeta)
K = TypeVar("K")


class Domain(str, Generic[T]):
    """The name of a domain that knows what is in it: ``Domain[Tool]("tools")``.

    It is the text itself, so it goes wherever a name goes. A type checker knows then what
    ``db[tools].require("hammer")`` is.
    """

    __slots__ = ()


# No slots: with them, Python 3.11 cannot make one through a subscripted name, as in Key[Item](...).
@dataclass(frozen=True, eq=False)
class Key(Generic[K]):
    """A handle: plain data that resolves later with ``registry.resolve(key)``.

    Attributes:
        registry: label of the registry (the domain).
        id: the item's id.
        generation: which holder of the id is meant; 0 is the one that the registry started with.
    """

    registry: str
    id: str
    generation: int = 0

    # Not those of a dataclass: the name that @item decorates is a handle of a class of its own.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        mine: tuple[Any, ...] = (self.registry, self.id, self.generation)
        return mine == (other.registry, other.id, other.generation)

    def __hash__(self) -> int:
        return hash((self.registry, self.id, self.generation))
