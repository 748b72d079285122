"""The laws of the immutable index, one test each."""

from __future__ import annotations

import itertools

import pytest

from registry_reconciler.runtime import (
    Collision,
    DuplicateIdError,
    GoneHandleError,
    HandleError,
    IdShadowingError,
    Key,
    KeyConflictError,
    RegistryBuilder,
    RegistryError,
    RegistryMeta,
    UnknownKeyError,
)
from tests.unit.runtime.helper import Thing, index, thing

POLICIES = ("error", "first_wins", "last_wins", "by_priority")


@pytest.mark.parametrize("policy", POLICIES)
def test_duplicate_ids_are_fatal_whatever_the_policy(policy: str) -> None:
    builder = RegistryBuilder[Thing]("things", policy)  # type: ignore[arg-type]
    builder.push(thing("a"))
    with pytest.raises(DuplicateIdError, match="things: the id 'a' is taken"):
        builder.push(thing("a"))
    assert len(builder) == 1


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shadow", [thing("b", "a"), thing("b", "B", "a")])
def test_a_name_or_alias_that_equals_another_id_is_fatal_in_either_order(policy: str, shadow: Thing) -> None:
    for first, second in ((thing("a"), shadow), (shadow, thing("a"))):
        builder = RegistryBuilder[Thing]("things", policy)  # type: ignore[arg-type]
        builder.push(first)
        with pytest.raises(IdShadowingError) as caught:
            builder.push(second)
        assert (caught.value.key, caught.value.claimer, caught.value.owner) == ("a", "b", "a")
        assert len(builder) == 1


def test_an_item_never_collides_with_itself() -> None:
    one = thing("a", "a", "a", "x", "x")
    built = index(one, policy="error")
    assert built.collisions() == ()
    assert built.get("x") is one


def test_lookup_asks_ids_then_names_then_aliases() -> None:
    named = thing("n", "word")
    aliased = thing("l", "Other", "word", "more")
    built = index(named, aliased)
    assert built.get("n") is named
    assert built.get("word") is named
    assert built.get("more") is aliased
    assert built.collisions() == (Collision("word", "alias", "n", "l", "name_before_alias"),)


def test_get_by_id_does_not_ask_names() -> None:
    built = index(thing("a", "word"))
    assert built.get("word") is not None
    assert built.get_by_id("word") is None


def test_unknown_is_none_and_require_says_what_was_meant() -> None:
    built = index(thing("payments.capture", "Capture"), thing("payments.refund", "Refund"))
    assert built.get("payments.captur") is None
    with pytest.raises(UnknownKeyError) as caught:
        built.require("payments.captur")
    assert caught.value.suggestions[0] == "payments.capture"
    assert str(caught.value).startswith(
        "things: there is no 'payments.captur'; did you mean 'payments.capture'"
    )
    with pytest.raises(UnknownKeyError, match="did you mean 'Refund'"):
        built.require("refund")
    assert isinstance(caught.value, KeyError)


@pytest.mark.parametrize(
    ("policy", "winner", "action"),
    [("first_wins", "b", "first_wins"), ("last_wins", "a", "last_wins"), ("by_priority", "a", "smaller_id")],
)
def test_a_contested_name_goes_where_the_policy_says_and_is_recorded(
    policy: str, winner: str, action: str
) -> None:
    built = index(thing("b", "word"), thing("a", "word"), policy=policy)
    loser = "b" if winner == "a" else "a"
    assert built.require("word").meta.id == winner
    assert built.collisions() == (Collision("word", "name", winner, loser, action),)


@pytest.mark.parametrize("other", [thing("b", "word"), thing("b", "B", "word")])
def test_policy_error_refuses_a_contested_name_or_alias(other: Thing) -> None:
    builder = RegistryBuilder[Thing]("things", "error").push(thing("a", "word"))
    with pytest.raises(KeyConflictError, match="'a' and 'b' both claim"):
        builder.push(other)
    assert issubclass(KeyConflictError, RegistryError)
    assert len(builder) == 1


def test_by_priority_asks_priority_then_source_then_the_smaller_id() -> None:
    low, high = thing("a", "w", priority=1), thing("b", "w", priority=2)
    builtin, runtime = thing("c", "s", source="builtin"), thing("d", "s", source="runtime")
    package = thing("e", "s", source="package")
    built = index(low, high, builtin, runtime, package, thing("g", "i"), thing("f", "i"))
    assert built.get("w") is high
    assert built.get("s") is runtime
    assert built.require("i").meta.id == "f"
    assert {one.action for one in built.collisions()} == {"higher_priority", "higher_source", "smaller_id"}


def test_by_priority_does_not_depend_on_the_order_of_pushes() -> None:
    things = [
        thing("a", "w", "x", priority=1),
        thing("b", "w", "x", source="package"),
        thing("c", "x", "w", source="runtime"),
        thing("d", "y", "w", "x", priority=1),
    ]
    seen = set()
    for order in itertools.permutations(things):
        built = index(*order)
        words = tuple(built.require(word).meta.id for word in ("w", "x", "y"))
        seen.add((words, built.collisions(), tuple(one.meta.id for one in built)))
    assert len(seen) == 1


def test_iteration_and_items_are_in_id_order() -> None:
    built = index(thing("c"), thing("a"), thing("b"))
    assert [one.meta.id for one in built] == ["a", "b", "c"]
    assert built.items() == built.items_all() == tuple(built)
    assert len(built) == 3
    assert "a" in built
    assert "z" not in built


def test_an_index_does_not_change_when_its_builder_goes_on() -> None:
    builder = RegistryBuilder[Thing]("things").push(thing("a", "word"))
    before = builder.build()
    builder.push(thing("0", "word"))
    assert len(before) == 1
    assert before.require("word").meta.id == "a"
    assert builder.build().require("word").meta.id == "0"


def test_a_falsy_item_is_an_item() -> None:
    class Empty(Thing):
        def __len__(self) -> int:
            return 0

    builder = RegistryBuilder[Thing]("things").push(Empty(RegistryMeta("a", "word")))
    with pytest.raises(IdShadowingError):
        builder.push(thing("word"))
    assert builder.build().require("word").meta.id == "a"


def test_a_handle_resolves_only_where_it_belongs() -> None:
    built = index(thing("a"))
    assert built.resolve(built.key("a")).meta.id == "a"
    with pytest.raises(HandleError, match="belongs to other"):
        built.resolve(Key("other", "a"))
    with pytest.raises(GoneHandleError):
        built.resolve(Key("things", "b"))
    with pytest.raises(UnknownKeyError):
        built.key("b")


def test_metadata_is_checked_where_it_is_made() -> None:
    with pytest.raises(RegistryError, match="not empty"):
        RegistryMeta("", "x")
    with pytest.raises(RegistryError, match="builtin, package or runtime"):
        RegistryMeta("a", "x", source="plugin")
    with pytest.raises(RegistryError, match="tuple of strings"):
        RegistryMeta("a", "x", aliases="abc")  # type: ignore[arg-type]
    assert RegistryMeta("a", "x", ["p", "q"]).aliases == ("p", "q")  # type: ignore[arg-type]


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(RegistryError, match="choose one of error, first_wins"):
        RegistryBuilder[Thing]("things", "newest")  # type: ignore[arg-type]
