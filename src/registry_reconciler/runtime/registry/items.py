"""Definitions in Python: a function or class with metadata, and the decorator that makes them a module's
builtins.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import WRAPPER_ASSIGNMENTS
from types import MappingProxyType, ModuleType
from typing import Any, Generic, ParamSpec, TypeVar

from registry_reconciler.runtime.errors import RegistryError
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
        bindings: key sequences that lead to it, by mode; :mod:`registry_reconciler.runtime.bindings` reads them.
        timeout: seconds that it may take; a call may ask for less.
        process: whether it runs in a process of its own, where its limit holds whatever it does.
    """

    meta: RegistryMeta
    target: Callable[P, R] | None = None
    bindings: Mapping[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True, hash=False)
    timeout: float | None = field(default=None, kw_only=True)
    process: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        bound = {mode: _sequences(self.meta.id, mode, keys) for mode, keys in self.bindings.items()}
        object.__setattr__(self, "bindings", MappingProxyType(bound))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the target. No capability is checked here; :func:`registry_reconciler.runtime.invoke` does."""
        if self.target is None:
            raise TypeError(f"{self.meta.id} has nothing to call")
        return self.target(*args, **kwargs)

    def __reduce__(self) -> Any:
        declared = _global(self.target)
        if isinstance(declared, ItemHandle) and declared.definition is self:
            # The name of the function leads to its handle, so the function cannot be written down by itself.
            return _definition_of, (declared,)
        state = {**vars(self), "bindings": dict(self.bindings)}
        if isinstance(declared, ItemHandle):
            state["target"] = declared
        return _restored, (type(self), state)


def _sequences(id: str, mode: str, keys: object) -> tuple[str, ...]:
    if isinstance(keys, str):
        # It would silently become one binding for each letter.
        raise RegistryError(f"{id}: the bindings of {mode!r} are a tuple of key sequences, not a text")
    if not isinstance(keys, (tuple, list)) or not all(isinstance(key, str) and key for key in keys):
        raise RegistryError(f"{id}: the bindings of {mode!r} are a tuple of key sequences")
    return tuple(keys)


def _restored(kind: type[Definition[..., Any]], state: dict[str, Any]) -> Definition[..., Any]:
    made = kind.__new__(kind)
    target = state["target"]
    if isinstance(target, ItemHandle):
        state = {**state, "target": target.definition.target}
    for name, value in state.items():
        object.__setattr__(made, name, MappingProxyType(value) if name == "bindings" else value)
    return made


def _definition_of(handle: ItemHandle[..., Any]) -> Definition[..., Any]:
    return handle.definition


def _global(target: object) -> object:
    """What the name leads to under which a function or class was defined; ``None`` where that is nothing."""
    found: Any = sys.modules.get(getattr(target, "__module__", None) or "")
    for part in str(getattr(target, "__qualname__", "")).split("."):
        found = getattr(found, part, None)
    return found


class ItemHandle(Key[Definition[P, R]], Generic[P, R]):
    """What ``@item`` makes of a function: its handle, which can be called like the function itself."""

    definition: Definition[P, R]
    __wrapped__: Callable[P, R]

    def __init__(self, domain: str, definition: Definition[P, R], target: Callable[P, R]) -> None:
        super().__init__(domain, definition.meta.id)
        for name in WRAPPER_ASSIGNMENTS:
            if hasattr(target, name):
                object.__setattr__(self, name, getattr(target, name))
        object.__setattr__(self, "definition", definition)
        object.__setattr__(self, "__wrapped__", target)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function. No capability is checked here."""
        return self.__wrapped__(*args, **kwargs)

    def __reduce__(self) -> Any:
        if _global(self) is self:
            return self.__qualname__
        # Of a function inside of another only what resolves is left.
        return Key, (self.registry, self.id, self.generation)

    __qualname__: str

    def __repr__(self) -> str:
        return f"ItemHandle(registry={self.registry!r}, id={self.id!r})"


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
    bindings: Mapping[str, tuple[str, ...]] | None = None,
    timeout: float | None = None,
    process: bool = False,
) -> Callable[[Callable[P, R]], ItemHandle[P, R]]:
    """Declare a function or class as a builtin of its module; the decorated name can be called as before, and
    is the typed handle as well.

    The id is ``package::name`` unless given, the name is that of the function, the description its docstring.
    Nothing is registered yet: :meth:`RegistryDbBuilder.add_module` takes what a module declares.
    ``bindings``, ``timeout`` and ``process``: see :class:`Definition`.

    Example:
        >>> @item("commands", aliases=("w",))
        ... def write(text: str) -> str:
        ...     return text.upper()
        >>> write.registry, write.id.endswith("::write"), write("a")
        ('commands', True, 'A')
    """

    def declare(target: Callable[P, R]) -> ItemHandle[P, R]:
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
        made = Definition(meta, target, bindings=bindings or {}, timeout=timeout, process=process)
        _collected_of(target)[domain, getattr(target, "__qualname__", own), meta.id] = made
        return ItemHandle(domain, made, target)

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


def collected_in(package: ModuleType | str) -> Iterator[tuple[str, Definition[Any, Any]]]:
    """What a package and all modules below it declare. Imports them, in the order of their names.

    Raises:
        RegistryError: one of them cannot be imported.
    """
    from importlib import import_module
    from pkgutil import walk_packages

    try:
        top = import_module(package) if isinstance(package, str) else package
    except Exception as error:
        raise RegistryError(f"{package} cannot be imported: {type(error).__name__}: {error}") from error
    names: list[str] = []
    for found in walk_packages(getattr(top, "__path__", ()), f"{top.__name__}.", onerror=_cannot_import):
        if found.name.rpartition(".")[2] != "__main__":  # it would run the program
            names.append(found.name)
    yield from collected(top)
    for name in sorted(names):
        try:
            module = import_module(name)
        except Exception as error:
            raise RegistryError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
        yield from collected(module)


def _cannot_import(name: str) -> None:
    error = sys.exc_info()[1]
    raise RegistryError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
