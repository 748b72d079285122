"""The decorator that is quick to import makes what the standard one makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from registry_reconciler import records

Decorator = Callable[..., Any]


def declare(dataclass: Decorator, **options: bool) -> Any:
    """One class as the decorator makes it."""

    @dataclass(**options)
    class Sample:
        """A sample."""

        name: str
        size: int = 3
        tags: list[str] = dataclasses.field(default_factory=list, compare=False)
        note: str = dataclasses.field(default="n", repr=False)

        def loud(self) -> str:
            return self.name.upper()

        @property
        def twice(self) -> int:
            return self.size * 2

    return Sample


def told(call: Callable[[], Any]) -> Any:
    """What a call gives, or the kind of its failure."""
    try:
        return call()
    except Exception as error:
        return type(error)


OPTIONS = [
    {"frozen": frozen, "slots": slots, "order": order}
    for frozen in (False, True)
    for slots in (False, True)
    for order in (False, True)
]
BOTH = pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda one: "-".join(k for k in one if one[k]) or "plain"
)


def observations(cls: Any) -> list[Any]:
    """Everything that can be seen of a class and its instances, in the order in which it is asked."""
    one, same, other = cls("a"), cls("a", 3, ["not compared"]), cls(size=4, name="a", note="m")

    def put(target: Any, name: str) -> Any:
        setattr(target, name, "new")
        return getattr(target, name)

    def drop(target: Any) -> bool:
        del target.name
        return hasattr(target, "name")

    return [
        repr(one),
        one == same,
        one == other,
        one != other,
        one == ("a", 3, "n"),
        told(lambda: hash(one) == hash(same)),
        told(lambda: hash(one) == hash(("a", 3, "n"))),
        told(lambda: sorted([other, one])[0] is one),
        told(lambda: (one < other, one <= same, one > other, other >= one)),
        told(lambda: one < "a"),
        one.tags is same.tags,
        cls("b").tags is cls("b").tags,
        one.loud(),
        one.twice,
        told(lambda: cls()),
        told(lambda: cls("a", unknown=1)),
        told(lambda: cls("a", 1, [], "n", "more")),
        repr(dataclasses.replace(one, size=9)),
        dataclasses.asdict(other),
        [(field.name, field.type, field.compare, field.repr) for field in dataclasses.fields(cls)],
        repr(copy.copy(other)),
        copy.deepcopy(other) == other,
        cls.__match_args__,
        cls.__qualname__,
        cls.__module__,
        getattr(cls, "__slots__", None),
        told(lambda: put(copy.copy(one), "name")),
        told(lambda: drop(copy.copy(one))),
        told(lambda: put(copy.copy(one), "unknown")) if not hasattr(cls, "__slots__") else None,
    ]


@BOTH
def test_a_record_is_what_the_standard_decorator_makes(options: dict[str, bool]) -> None:
    assert observations(declare(records.dataclass, **options)) == observations(
        declare(dataclasses.dataclass, **options)
    )


@BOTH
def test_methods_are_the_same_when_they_are_compiled(options: dict[str, bool]) -> None:
    cls = declare(records.dataclass, **options)
    assert observations(cls) == observations(cls)


def test_a_frozen_record_refuses_by_the_standard_exception() -> None:
    one = declare(records.dataclass, frozen=True, slots=True)("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name


def test_methods_that_a_class_has_itself_stay() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Named:
        """It prints its name."""

        name: str

        def __repr__(self) -> str:
            return f"<{self.name}>"

    assert repr(Named("a")) == "<a>"


def test_a_record_may_be_declared_without_options() -> None:
    @records.dataclass
    class Plain:
        name: str

    one = Plain("a")
    one.name = "b"
    assert (one.name, Plain.__doc__) == ("b", Plain.__name__)
    assert list(inspect.signature(Plain.__init__).parameters) == ["self", "name"]
