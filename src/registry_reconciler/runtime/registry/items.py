"""Definitions in Python: a function or class with metadata, and the decorator that makes them a module's
builtins.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

from registry_reconciler.runtime.registry.meta import Key, RegistryMeta, Source

P = ParamSpec("P")
R = TypeVar("R")

_COLLECTED = "__registry_items__"


# No slots: with them, Python 3.11 cannot make one through a subscripted name, as in Definition[P, R](...).
@dataclass(frozen=True)
class Definition(Generic[P, R]):
    """An item that is a Python callable (or any object, then without calling it).

    Attributes:
        meta: identity and standing.
        target: what the item does.
    """

    meta: RegistryMeta
    target: Callable[P, R] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the target. No capability is checked here; :func:`registry_reconciler.runtime.invoke` does."""
        if self.target is None:
            raise TypeError(f"{self.meta.id} has nothing to call")
        return self.target(*args, **kwargs)


def item(
    domain: str,
    *,
    id: str = "",
    name: str = "",
    aliases: tuple[str, ...] = (),
    description: str = "",
    short_description: str = "",
    priority: int = 0,
    source: Source = "builtin",
    required_caps: tuple[str, ...] = (),
    flags: tuple[str, ...] = (),
) -> Callable[[Callable[P, R]], Key[Definition[P, R]]]:
    """Declare a function or class as a builtin of its module; the decorated name becomes the typed handle.

    The id is ``package::name`` unless given, the name is that of the function, the description its docstring.
    Nothing is registered yet: :meth:`RegistryDbBuilder.add_module` takes what a module declares.

    Example:
        >>> @item("commands", aliases=("w",))
        ... def write(text: str) -> str:
        ...     return text.upper()
        >>> write.registry, write.id.endswith("::write")
        ('commands', True)
    """

    def declare(target: Callable[P, R]) -> Key[Definition[P, R]]:
        own = str(getattr(target, "__name__", name))
        package = str(target.__module__).partition(".")[0]
        text = description or (target.__doc__ or "").strip().partition("\n")[0]
        meta = RegistryMeta(
            id or f"{package}::{name or own}",
            name or own,
            aliases,
            text,
            short_description,
            priority,
            source,
            required_caps,
            flags,
        )
        _collected_of(target)[domain, getattr(target, "__qualname__", own), meta.id] = Definition(
            meta, target
        )
        return Key(domain, meta.id)

    return declare


def _collected_of(target: Any) -> dict[tuple[str, str, str], Definition[Any, Any]]:
    # Kept in the module that declares, not in a registry of ours: importing a module fills nothing but
    # itself.
    space = getattr(target, "__globals__", None)
    if space is None:
        space = vars(sys.modules[target.__module__])
    found: dict[tuple[str, str, str], Definition[Any, Any]] = space.setdefault(_COLLECTED, {})
    return found


def collected(module: ModuleType) -> Iterator[tuple[str, Definition[Any, Any]]]:
    """What a module declares with :func:`item`, as domain and definition, in the order of declaration."""
    for (domain, _, _), definition in vars(module).get(_COLLECTED, {}).items():
        yield domain, definition
