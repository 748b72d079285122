"""Definitions in Python: a function or class with metadata, and the decorator that makes them a module's
builtins.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import WRAPPER_ASSIGNMENTS
from types import MappingProxyType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeAlias, TypeVar

from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.registry.meta import Key, RegistryMeta, Source

P = ParamSpec("P")
R = TypeVar("R")

Keys: TypeAlias = str | tuple[str, ...]
"""A key sequence: a text, or the names of its keys."""

_COLLECTED = "__registry_items__"

_WRAPPED = ".__wrapped__"
"""Where a decorated class is found: below its handle, which has the name that it had."""


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
    bindings: Mapping[str, tuple[Keys, ...]] = field(default_factory=dict, kw_only=True, hash=False)
    timeout: float | None = field(default=None, kw_only=True)
    process: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        bound = {mode: sequences(self.meta.id, mode, keys) for mode, keys in self.bindings.items()}
        object.__setattr__(self, "bindings", MappingProxyType(bound))
        if self.timeout is not None:
            check_seconds(self.timeout, f"{self.meta.id}: ")

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


def check_seconds(timeout: object, whose: str = "") -> None:
    """Refuse what is no time limit.

    Raises:
        RegistryError: it is no number above 0, or more than can be waited for.
    """
    is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not is_number or not 0 < timeout <= threading.TIMEOUT_MAX:  # type: ignore[operator]
        raise RegistryError(f"{whose}timeout is a number of seconds above 0, not {timeout!r}")


def sequences(id: str, mode: str, given: object) -> tuple[Keys, ...]:
    """The key sequences of a mode.

    Raises:
        RegistryError: they are none.
    """
    if isinstance(given, str):
        # It would silently become one binding for each letter.
        raise RegistryError(f"{id}: the bindings of {mode!r} are a tuple of key sequences, not a text")
    if not isinstance(given, (tuple, list)):
        raise RegistryError(f"{id}: the bindings of {mode!r} are a tuple of key sequences")
    found: list[Keys] = []
    for keys in given:
        names = (keys,) if isinstance(keys, str) else keys
        if (
            not isinstance(names, (tuple, list))
            or not names
            or not all(isinstance(name, str) and name for name in names)
        ):
            raise RegistryError(
                f"{id}: a key sequence of {mode!r} is a text, or a tuple of the names of keys, not {keys!r}"
            )
        found.append(keys if isinstance(keys, str) else tuple(names))
    return tuple(found)


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


def _named(target: object) -> object:
    """What the name leads to under which a function or class was defined; ``None`` where that is nothing."""
    if isinstance(target, MethodType):
        target = target.__func__
    found: Any = sys.modules.get(getattr(target, "__module__", None) or "")
    for part in str(getattr(target, "__qualname__", "")).removesuffix(_WRAPPED).split("."):
        found = getattr(found, part, None)
    return found


def _global(target: object) -> object:
    """As :func:`_named`; of a method of a class, what was decorated."""
    found = _named(target)
    return found.__func__ if isinstance(found, MethodType) else found


def _method_handle(method: MethodType) -> Any:
    return method.__func__


class ItemHandle(Key[Definition[P, R]], Generic[P, R]):
    """What ``@item`` makes of a function or class: its handle, which can be used like that itself.

    A function is called and bound to objects as before; a class is made objects of, derived from, asked for in
    ``isinstance``, and its attributes are there.
    """

    definition: Definition[P, R]
    __wrapped__: Callable[P, R]

    def __init__(self, domain: str, definition: Definition[P, R], target: Callable[P, R]) -> None:
        super().__init__(domain, definition.meta.id)
        for name in WRAPPER_ASSIGNMENTS:
            if hasattr(target, name):
                object.__setattr__(self, name, getattr(target, name))
        object.__setattr__(self, "__qualname__", _place_of(target))
        object.__setattr__(self, "definition", definition)
        object.__setattr__(self, "__wrapped__", target)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function. No capability is checked here."""
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        binds = _owner_of(self.__qualname__) and not isinstance(self.__wrapped__, (type, staticmethod))
        return MethodType(self, instance) if binds and instance is not None else self

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self.__wrapped__,)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(self.__wrapped__, type) and isinstance(instance, self.__wrapped__)

    def __subclasscheck__(self, kind: type) -> bool:
        return isinstance(self.__wrapped__, type) and issubclass(kind, self.__wrapped__)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            target = vars(self).get("__wrapped__")
            if target is None or name.startswith("__"):
                raise AttributeError(name)
            try:
                return getattr(target, name)
            except AttributeError:
                raise AttributeError(f"{target!r} has no attribute {name!r}") from None

    def __reduce__(self) -> Any:
        if _global(self) is self:
            bound = _named(self)
            return (_method_handle, (bound,)) if isinstance(bound, MethodType) else self.__qualname__
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
    bindings: Mapping[str, tuple[Keys, ...]] | None = None,
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
        if isinstance(target, ItemHandle):
            target = target.__wrapped__
        if not callable(target):
            # A class method, a property: what they are of does not exist yet.
            words = f"{type(target).__name__}s are no items: write @{type(target).__name__} above @item"
            raise RegistryError(f"{getattr(target, '__qualname__', target)}: {words}")
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
        handle = ItemHandle(domain, made, target)
        _collected_of(target)[domain, handle.__qualname__, meta.id] = made
        if isinstance(target, type) and _named(target) is not target:
            # Its name is the handle's from now on; objects of it are written down by the class's own.
            with contextlib.suppress(TypeError):
                target.__qualname__ = handle.__qualname__ + _WRAPPED
        return handle

    return declare


def _place_of(target: object) -> str:
    """The name under which something was defined, in its module."""
    name = getattr(target, "__qualname__", "") or getattr(target, "__name__", "")
    return str(name).removesuffix(_WRAPPED)


def _owner_of(place: str) -> str:
    """The class in whose body something was defined; "" where it was defined in none."""
    owner = place.rpartition(".")[0]
    return "" if owner.endswith("<locals>") else owner


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
    declared: dict[tuple[str, str, str], Definition[Any, Any]] = vars(module).get(_COLLECTED, {})
    for place, definition in list(declared.items()):
        declared[place] = _by_itself(module, place[1], definition)
        yield place[0], declared[place]


def _by_itself(module: ModuleType, place: str, definition: Definition[Any, Any]) -> Definition[Any, Any]:
    """The definition, of a class method with its class.

    Raises:
        RegistryError: it is a method, and there is no object to call it on.
    """
    owner: Any = module
    for part in _owner_of(place).split(".") if _owner_of(place) else ():
        owner = getattr(owner, part, None)
    if owner is module or owner is None or isinstance(definition.target, (type, staticmethod, MethodType)):
        return definition
    owner = owner.__wrapped__ if isinstance(owner, ItemHandle) else owner
    raw = vars(owner).get(place.rpartition(".")[2])
    if isinstance(raw, classmethod):
        method = getattr(owner, place.rpartition(".")[2])
        bound: Definition[Any, Any] = replace(definition, target=method)
        handle = getattr(method, "__func__", None)
        if isinstance(handle, ItemHandle) and handle.definition is definition:
            object.__setattr__(handle, "definition", bound)
        return bound
    if isinstance(raw, ItemHandle):
        raise RegistryError(
            f"{place} is a method, and there is no object to call it on: declare a function or a static "
            f"method, or register Definition(meta, object.{place.rpartition('.')[2]})"
        )
    return definition


def collected_in(package: ModuleType | str) -> Iterator[tuple[str, Definition[Any, Any]]]:
    """What a package and all modules below it declare. Imports them, in the order of their names.

    Raises:
        RegistryError: one of them cannot be imported.
    """
    from importlib import import_module
    from pkgutil import walk_packages

    with _importing(str(package)):
        top = import_module(package) if isinstance(package, str) else package
    names: list[str] = []
    # It imports packages to look into them.
    with _importing(f"a package below {top.__name__}"):
        for found in walk_packages(getattr(top, "__path__", ()), f"{top.__name__}.", onerror=_cannot_import):
            if found.name.rpartition(".")[2] != "__main__":  # it would run the program
                names.append(found.name)
    yield from collected(top)
    for name in sorted(names):
        with _importing(name):
            module = import_module(name)
        yield from collected(module)


@contextlib.contextmanager
def _importing(name: str) -> Iterator[None]:
    try:
        yield
    except RegistryError:
        raise
    except (Exception, SystemExit, GeneratorExit) as error:
        # A module is foreign code; to end the program is its own failure.
        raise RegistryError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


def _cannot_import(name: str) -> None:
    error = sys.exc_info()[1]
    raise RegistryError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
