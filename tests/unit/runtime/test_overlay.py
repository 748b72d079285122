"""The laws of the overlay, one test each."""

from __future__ import annotations

from typing import Any

import pytest

from registry_reconciler.runtime import (
    Collision,
    DuplicateIdError,
    GoneHandleError,
    IdShadowingError,
    KeyConflictError,
    RegistryError,
    RuntimeRegistry,
    StaleHandleError,
    UnknownKeyError,
)
from tests.unit.runtime.helper import Thing, index, thing

BASE = thing("base", "Save", "s", priority=5)
OTHER = thing("other", "Open", "o")


def registry(policy: Any = "by_priority", overrides: bool = False) -> RuntimeRegistry[Thing]:
    return RuntimeRegistry(index(BASE, OTHER), policy, overrides)


def state(one: RuntimeRegistry[Thing], words: str = "base other Save s Open o x y X Y") -> Any:
    return (
        one.items(),
        one.items_all(),
        one.collisions(),
        one.layers(),
        len(one),
        [one.get(word) for word in words.split()],
    )


def test_extras_come_first_within_a_namespace() -> None:
    live = registry("last_wins")
    extra = thing("x", "Save", "o")
    live.register(extra)
    assert live.get("Save") is extra
    assert live.get("o") is extra
    assert live.get("base") is BASE


def test_a_base_name_comes_before_an_extra_alias() -> None:
    live = registry("last_wins")
    live.register(thing("x", "X", "Save", priority=99))
    assert live.get("Save") is BASE
    assert Collision("Save", "alias", "base", "x", "name_before_alias") in live.collisions()


def test_a_name_that_loses_to_a_base_item_does_not_enter_the_overlay() -> None:
    live = registry()
    weak = thing("x", "Save", "s", priority=1)
    live.register(weak)
    assert live.get("Save") is BASE
    assert live.get("s") is BASE
    assert live.get("x") is weak
    assert Collision("Save", "name", "base", "x", "higher_priority") in live.collisions()


def test_a_name_that_wins_enters_and_the_collision_is_recorded() -> None:
    live = registry()
    strong = thing("x", "Save", priority=9)
    live.register(strong)
    assert live.get("Save") is strong
    assert live.get("s") is BASE
    assert live.collisions() == (Collision("Save", "name", "x", "base", "higher_priority"),)


@pytest.mark.parametrize(
    "bad",
    [
        (thing("base"), DuplicateIdError),
        (thing("x"), DuplicateIdError),
        (thing("z", "other"), IdShadowingError),
        (thing("z", "Z", "x"), IdShadowingError),
        (thing("Save"), IdShadowingError),
        (thing("o"), IdShadowingError),
        (thing("X"), IdShadowingError),
    ],
    ids=lambda pair: pair[0].meta.id + " " + pair[1].__name__ if isinstance(pair, tuple) else None,
)
def test_register_many_is_all_or_nothing(bad: tuple[Thing, type[RegistryError]]) -> None:
    live = registry()
    live.register(thing("x", "X", "ex", priority=3), layer="one")
    before = state(live)
    snapshot = live.snapshot()
    with pytest.raises(bad[1]):
        live.register_many([thing("y", "Save", "X", priority=9), bad[0]], layer="two")
    assert state(live) == before
    assert live.snapshot() is snapshot


def test_a_batch_that_contradicts_itself_is_refused_whole() -> None:
    live = registry()
    with pytest.raises(DuplicateIdError):
        live.register_many([thing("x"), thing("x")])
    with pytest.raises(IdShadowingError):
        live.register_many([thing("x"), thing("y", "x")])
    assert len(live) == 2


def test_the_same_object_again_is_a_no_op() -> None:
    live = registry()
    one = thing("x", "Save")
    first = live.register(one)
    before = live.snapshot()
    assert live.register(one) == first
    assert live.register_many([one, BASE]) == (first, live.key("base"))
    assert live.snapshot() is before


def test_ids_of_base_items_cannot_be_taken_unless_overrides_are_allowed() -> None:
    live = registry()
    newer = thing("base", "New", priority=9)
    with pytest.raises(DuplicateIdError):
        live.register(newer)
    live.set_allow_id_overrides(True)
    live.register(newer)
    assert live.get("base") is newer
    assert live.items() == (newer, OTHER)
    assert live.items_all() == (newer, BASE, OTHER)
    assert live.collisions() == (Collision("base", "id", "base", "base", "replaced"),)
    assert len(live) == 2


def test_an_overridden_item_is_shadowed_with_its_names() -> None:
    live = registry(overrides=True)
    live.register(thing("base", "New", priority=9))
    assert live.get("Save") is None
    assert live.get("s") is None
    with pytest.raises(UnknownKeyError):
        live.require("Save")


def test_who_lost_a_name_to_a_shadowed_item_gets_it() -> None:
    live = registry(overrides=True)
    weak = thing("x", "Save", priority=1)
    live.register(weak)
    assert live.get("Save") is BASE
    live.register(thing("base", "New", priority=9))
    assert live.get("Save") is weak


@pytest.mark.parametrize("policy", ["by_priority", "first_wins"])
def test_an_override_that_loses_by_the_policy_is_the_shadowed_one(policy: str) -> None:
    live = registry(policy, True)
    weak = thing("base", "Weak", priority=1)
    live.register(weak)
    assert live.get("base") is BASE
    assert live.get("Weak") is None
    assert live.collisions() == (Collision("base", "id", "base", "base", "kept"),)
    assert weak in live.items_all()
    assert weak not in live.items()


def test_an_override_under_the_policy_error_is_refused() -> None:
    live = registry("error", True)
    with pytest.raises(KeyConflictError):
        live.register(thing("base", "New"))
    with pytest.raises(KeyConflictError):
        live.register(thing("x", "Save"))
    assert len(live) == 2


def test_names_of_an_override_still_may_not_shadow_an_unrelated_id() -> None:
    live = registry(overrides=True)
    with pytest.raises(IdShadowingError):
        live.register(thing("base", "other", priority=9))
    assert live.get("base") is BASE


def test_a_shadowed_item_keeps_its_claim_on_words_that_would_shadow_it_when_it_is_back() -> None:
    live = registry(overrides=True)
    live.register(thing("base", "New", priority=9))
    with pytest.raises(IdShadowingError):
        live.register(thing("Save"))
    live.unregister("base")
    assert live.get("Save") is BASE


def test_a_shadowed_extra_keeps_its_claims_too() -> None:
    live = registry(overrides=True)
    live.register(thing("x", "word"))
    live.register(thing("x", "X", priority=1))
    with pytest.raises(IdShadowingError):
        live.register(thing("word"))


def test_unregister_is_as_if_it_had_never_come() -> None:
    live = registry(overrides=True)
    first = thing("x", "X", priority=1)
    live.register(first)
    before = state(live)
    for gone in (
        thing("y", "X", "Save", priority=9),
        thing("base", "X", priority=9),
        thing("x", "Q", priority=9),
    ):
        live.register(gone)
        assert state(live) != before
        assert live.unregister(gone.meta.id) is gone
        assert state(live) == before


def test_only_extras_can_be_unregistered() -> None:
    live = registry()
    for id in ("base", "nobody"):
        with pytest.raises(UnknownKeyError, match="extras of things"):
            live.unregister(id)


def test_a_layer_is_dropped_whole() -> None:
    live = registry(overrides=True)
    before = state(live)
    items = (thing("p1", "Save", priority=9), thing("base", "New", priority=9), thing("p2"))
    live.register_many(items, layer="plugin")
    assert live.layers() == ("plugin",)
    assert live.drop_layer("plugin") == items
    assert state(live) == before
    assert live.drop_layer("plugin") == ()


def test_a_snapshot_never_changes() -> None:
    live = registry(overrides=True)
    live.register(thing("x", "X"))
    old = live.snapshot()
    seen = (old.items(), old.items_all(), old.collisions(), len(old), old.get("Save"), old.get("base"))
    live.register(thing("base", "Save", priority=9))
    live.unregister("x")
    live.register(thing("y", "Save", "s", priority=10))
    assert (
        old.items(),
        old.items_all(),
        old.collisions(),
        len(old),
        old.get("Save"),
        old.get("base"),
    ) == seen
    assert live.get("Save") is not old.get("Save")


def test_a_handle_survives_unrelated_changes() -> None:
    live = registry(overrides=True)
    one = thing("x", "X")
    mine, base = live.register(one), live.key("base")
    live.register(thing("y", "X", "Save", priority=9))
    live.unregister("y")
    live.register(thing("other", "Q", priority=9))
    assert live.resolve(mine) is one
    assert live.resolve(base) is BASE


def test_a_handle_tells_stale_from_gone() -> None:
    live = registry(overrides=True)
    key = live.register(thing("x", "X"))
    live.unregister("x")
    with pytest.raises(GoneHandleError):
        live.resolve(key)
    live.register(thing("x", "X"))
    with pytest.raises(StaleHandleError):
        live.resolve(key)
    base = live.key("base")
    live.register(thing("base", "New", priority=9))
    with pytest.raises(StaleHandleError):
        live.resolve(base)
    assert live.resolve(live.key("base")).meta.name == "New"


def test_a_handle_leads_to_its_item_again_when_that_is_back() -> None:
    live = registry(overrides=True)
    base = live.key("base")
    newer = thing("base", "New", priority=9)
    over = live.register(newer)
    for _ in range(3):
        assert live.resolve(over) is newer
        with pytest.raises(StaleHandleError):
            live.resolve(base)
        live.unregister("base")
        assert live.resolve(base) is BASE
        with pytest.raises(StaleHandleError):
            live.resolve(over)
        assert live.register(newer) == over
    extra = thing("x", "X")
    key = live.register(extra)
    live.unregister("x")
    live.register(thing("x", "X"))
    live.unregister("x")
    assert live.register(extra) == key
    assert live.resolve(key) is extra


def test_what_came_of_each_of_a_batch_is_said(caplog: pytest.LogCaptureFixture) -> None:
    live = registry(overrides=True)
    taker, loser = thing("base", "New", priority=9), thing("other", "Late", priority=-1)
    new = thing("x", "Open", priority=9)
    batch = live.register_many([taker, loser, new, OTHER, new])
    actions = ["replaced", "lost", "inserted", "unchanged", "unchanged"]
    assert [one.action for one in batch.outcomes] == actions
    assert [one.key for one in batch.outcomes] == list(batch)
    assert batch.outcomes[0].replaced is BASE
    assert batch.outcomes[1].lost_to is OTHER
    assert batch.outcomes[2].collisions == (Collision("Open", "name", "x", "other", "higher_priority"),)
    assert "'other' was registered and lost its id" in caplog.text
    weak = live.register_many([thing("y", "Open")]).outcomes[0]
    assert weak.action == "inserted"
    assert [(one.winner, one.loser) for one in weak.collisions] == [("x", "y")]


def test_the_policy_of_the_index_decides_within_the_index() -> None:
    first, second = thing("b", "word"), thing("a", "word")
    live = RuntimeRegistry(index(first, second, policy="first_wins"))
    live.register(thing("z", "word"))
    assert live.get("word") is first


def test_rebase_keeps_extras_and_their_handles() -> None:
    live = registry()
    extra = thing("x", "Save", priority=9)
    mine, base, other = live.register(extra), live.key("base"), live.key("other")
    live.rebase(index(BASE, thing("new")))
    assert live.resolve(mine) is extra
    assert live.resolve(base) is BASE
    assert live.get("new") is not None
    with pytest.raises(GoneHandleError):
        live.resolve(other)


def test_a_rebase_that_does_not_fit_leaves_everything() -> None:
    live = registry()
    live.register(thing("x", "X"))
    before = live.snapshot()
    for refused in (index(thing("x")), index(thing("X")), index(thing("q", "x"))):
        with pytest.raises(RegistryError):
            live.rebase(refused)
        assert live.snapshot() is before
