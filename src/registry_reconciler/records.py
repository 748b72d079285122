"""Dataclasses that are quick to define: start-up time is a feature, and the program defines more than a hundred.

:func:`dataclasses.dataclass` compiles up to seven methods of every class while its module is imported, which took a
quarter of the time of a small plan. Here a method is compiled when it is first called, and most never are. Otherwise
the classes are what the standard decorator makes of them: ``replace``, ``fields`` and ``field`` of :mod:`dataclasses`
work as ever, and tests hold the two decorators to each other.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, order=False):
        """A dataclass; of the options of the standard decorator those that the program uses."""

        def define(plain):
            return _define(plain, frozen, slots, order)

        return define if cls is None else define(cls)


_COMPARISONS = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def _define(plain: type, frozen: bool, slots: bool, order: bool) -> type:
    # The standard decorator looks for the signature of a class without a docstring, which takes long.
    plain.__doc__ = plain.__doc__ or plain.__name__
    dataclasses.dataclass(init=False, repr=False, eq=False)(plain)
    fields = dataclasses.fields(plain)
    own = set(plain.__dict__)
    cls = _slotted(plain, fields) if slots else plain
    compared = [one.name for one in fields if one.compare]
    sources = {
        "__init__": lambda: _init_source(cls, fields, frozen),
        "__repr__": lambda: _repr_source([one.name for one in fields if one.repr]),
        "__eq__": lambda: _comparison_source(compared, "__eq__", "=="),
    }
    if frozen:
        sources["__hash__"] = lambda: _hash_source(compared)
    if order:
        sources |= {name: _ordering(compared, name) for name in _COMPARISONS}
    for name in sources.keys() - own:
        setattr(cls, name, _compiled_later(cls, name, sources[name]))
    if frozen:
        cls.__setattr__ = _refuse_to_set  # type: ignore[assignment, method-assign]
        cls.__delattr__ = _refuse_to_delete  # type: ignore[assignment, method-assign]
    elif "__hash__" not in own:
        cls.__hash__ = None  # type: ignore[assignment]
    return cls


def _slotted(plain: type, fields: Sequence[dataclasses.Field[Any]]) -> type:
    """The same class with a slot for each field: slots can only be given to a class while it is made."""
    names = tuple(one.name for one in fields)
    inside = {
        name: value
        for name, value in plain.__dict__.items()
        if name not in names and name not in ("__dict__", "__weakref__")
    }
    inside |= {"__slots__": names, "__getstate__": _state, "__setstate__": _set_state}
    made = type(plain)(plain.__name__, plain.__bases__, inside)
    made.__qualname__ = plain.__qualname__
    return made


def _compiled_later(cls: type, name: str, source: Callable[[], tuple[str, dict[str, Any]]]) -> Any:
    """A method that replaces itself by its compiled form when it is first called."""

    def method(self: Any, *args: Any, **named: Any) -> Any:
        text, names = source()
        made: dict[str, Any] = {}
        exec(text, names, made)
        made[name].__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, made[name])
        return made[name](self, *args, **named)

    return method


def _init_source(
    cls: type, fields: Sequence[dataclasses.Field[Any]], frozen: bool
) -> tuple[str, dict[str, Any]]:
    names: dict[str, Any] = {"_unset": dataclasses.MISSING, "_set": object.__setattr__}
    parameters, lines = ["self"], ["pass"]
    for one in fields:
        name = value = one.name
        if one.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        elif one.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = one.default_factory
            parameters.append(f"{name}=_unset")
            value = f"_make_{name}() if {name} is _unset else {name}"
        else:
            parameters.append(name)
        slot: Any = cls.__dict__.get(name)
        if not frozen:
            lines.append(f"self.{name} = {value}")
        elif hasattr(slot, "__set__"):
            # A third faster than object.__setattr__, which looks for the slot each time.
            names[f"_set_{name}"] = slot.__set__
            lines.append(f"_set_{name}(self, {value})")
        else:
            lines.append(f"_set(self, {name!r}, {value})")
    body = "\n".join(f"    {line}" for line in lines)
    return f"def __init__({', '.join(parameters)}):\n{body}", names


def _values(owner: str, names: Sequence[str]) -> str:
    return f"({''.join(f'{owner}.{name}, ' for name in names)})"


def _comparison_source(names: Sequence[str], name: str, sign: str) -> tuple[str, dict[str, Any]]:
    text = (
        f"def {name}(self, other):\n"
        "    if other.__class__ is self.__class__:\n"
        f"        return {_values('self', names)} {sign} {_values('other', names)}\n"
        "    return NotImplemented"
    )
    return text, {}


def _ordering(names: Sequence[str], name: str) -> Callable[[], tuple[str, dict[str, Any]]]:
    return lambda: _comparison_source(names, name, _COMPARISONS[name])


def _hash_source(names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    return f"def __hash__(self):\n    return hash({_values('self', names)})", {}


def _repr_source(names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    shown = ", ".join(f"{name}={{self.{name}!r}}" for name in names)
    text = f"def __repr__(self):\n    return self.__class__.__qualname__ + f'({shown})'"
    return text, {}


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
