"""The overlay against a model too simple to be wrong: everything is computed anew from what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.runtime import (
    DuplicateIdError,
    DuplicatePolicy,
    IdShadowingError,
    Key,
    KeyConflictError,
    RegistryError,
    RegistryMeta,
    RuntimeRegistry,
    UnknownKeyError,
)
from tests.unit.runtime.helper import Thing, index

RANK = {"builtin": 0, "package": 1, "runtime": 2}
IDS = "abcd"
WORDS = "abcdpqr"


def strength(item: Thing) -> tuple[int, int]:
    return (item.meta.priority, RANK[item.meta.source])


def better(earlier: Thing, later: Thing, policy: str) -> Thing:
    if policy == "last_wins":
        return later
    if policy != "by_priority":
        return earlier
    if strength(earlier) != strength(later):
        return max(earlier, later, key=strength)
    return later if later.meta.id <= earlier.meta.id else earlier


def best(claimers: Sequence[Thing], policy: str) -> Thing | None:
    winner = None
    for item in claimers:
        winner = item if winner is None else better(winner, item, policy)
    return winner


def names(item: Thing) -> set[str]:
    return {item.meta.name} - {"", item.meta.id}


def aliases(item: Thing) -> set[str]:
    return set(item.meta.aliases) - {"", item.meta.id, item.meta.name}


@dataclass
class Model:
    base: list[Thing]
    policy: str
    may_override: bool = False
    extras: list[tuple[Thing, str]] = field(default_factory=list)

    def holders(self, extras: Iterable[tuple[Thing, str]]) -> dict[str, Thing]:
        held = {item.meta.id: item for item in self.base}
        for item, _ in extras:
            id = item.meta.id
            held[id] = better(held[id], item, self.policy) if id in held else item
        return held

    def register_many(self, batch: Sequence[Thing], *, layer: str) -> None:
        extras = list(self.extras)
        for item in batch:
            everyone = [*self.base, *(one for one, _ in extras)]
            if any(item is other for other in everyone):
                continue
            self.check(item, everyone, self.holders(extras))
            extras.append((item, layer))
        self.extras = extras

    def check(self, item: Thing, everyone: list[Thing], held: dict[str, Thing]) -> None:
        id = item.meta.id
        words = names(item) | aliases(item)
        if words & held.keys():
            raise IdShadowingError("", "", "", "")
        if any(id in names(other) | aliases(other) for other in everyone if other.meta.id != id):
            raise IdShadowingError("", "", "", "")
        if id in held and not self.may_override:
            raise DuplicateIdError("", "")
        if self.policy == "error":
            others = [other for other in everyone if words & (names(other) | aliases(other))]
            if id in held or others:
                raise KeyConflictError("", "", "", "", "")

    def unregister(self, id: str) -> Thing:
        mine = [item for item, _ in self.extras if item.meta.id == id]
        if not mine:
            raise UnknownKeyError("", "")
        held = self.holders(self.extras)[id]
        gone = held if any(held is item for item in mine) else mine[-1]
        self.extras = [pair for pair in self.extras if pair[0] is not gone]
        return gone

    def drop_layer(self, layer: str) -> None:
        self.extras = [pair for pair in self.extras if pair[1] != layer]

    def set_allow_id_overrides(self, allowed: bool) -> None:
        self.may_override = allowed

    def claimers(self, word: str, said: Callable[[Thing], set[str]]) -> tuple[Thing | None, list[Thing]]:
        held = self.holders(self.extras)
        base = [item for item in self.base if held[item.meta.id] is item and word in said(item)]
        mine = [item for item, _ in self.extras if held[item.meta.id] is item and word in said(item)]
        firsts = [one for one in (best(base, "by_priority"), best(mine, self.policy)) if one is not None]
        return best(firsts, self.policy), base + mine

    def get(self, word: str) -> Thing | None:
        held = self.holders(self.extras).get(word)
        if held is not None:
            return held
        named, _ = self.claimers(word, names)
        return named if named is not None else self.claimers(word, aliases)[0]

    def lost(self) -> set[tuple[str, str, str, str]]:
        found = set()
        for word in WORDS:
            named, claim_name = self.claimers(word, names)
            aliased, claim_alias = self.claimers(word, aliases)
            for item in claim_name:
                if item is not named and named is not None:
                    found.add((word, "name", named.meta.id, item.meta.id))
            winner = named if named is not None else aliased
            for item in claim_alias:
                if item is not winner and winner is not None:
                    found.add((word, "alias", winner.meta.id, item.meta.id))
        return found


def things(ids: str = IDS) -> st.SearchStrategy[Thing]:
    return st.builds(
        lambda id, name, more, priority, source: Thing(
            RegistryMeta(id, name, tuple(more), priority=priority, source=source)
        ),
        st.sampled_from(ids),
        st.sampled_from(["", *WORDS[1:]]),
        st.lists(st.sampled_from(WORDS[1:]), max_size=2),
        st.integers(0, 1),
        st.sampled_from(list(RANK)),
    )


def base_of(candidates: list[Thing]) -> list[Thing]:
    kept: list[Thing] = []
    for item in candidates:
        try:
            index(*kept, item)
        except RegistryError:
            continue
        kept.append(item)
    return kept


steps = st.one_of(
    st.tuples(
        st.just("register"), st.lists(things(), min_size=1, max_size=3), st.sampled_from(["", "one", "two"])
    ),
    st.tuples(st.just("again"), st.integers(0, 9)),
    st.tuples(st.just("unregister"), st.sampled_from(IDS)),
    st.tuples(st.just("drop"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("overrides"), st.booleans()),
)


def perform(
    target: Model | RuntimeRegistry[Thing], step: tuple[Any, ...], known: list[Thing]
) -> type[RegistryError] | Thing | None:
    """Do one step to the model or to the registry: what was taken away, or how it was refused."""
    try:
        if step[0] == "register":
            target.register_many(step[1], layer=step[2])
        elif step[0] == "again" and known:
            target.register_many([known[step[1] % len(known)]], layer="")
        elif step[0] == "unregister":
            return target.unregister(step[1])
        elif step[0] == "drop":
            target.drop_layer(step[1])
        elif step[0] == "overrides":
            target.set_allow_id_overrides(step[1])
    except RegistryError as error:
        return type(error)
    return None


policies = st.sampled_from([one.value for one in DuplicatePolicy])


@given(st.lists(things(), max_size=4), policies, st.lists(steps, max_size=12))
def test_any_sequence_of_changes_gives_what_is_computed_anew(
    candidates: list[Thing], policy: Any, sequence: list[tuple[Any, ...]]
) -> None:
    base = base_of(candidates)
    model, live = Model(base, policy), RuntimeRegistry(index(*base), policy)
    known = list(base)
    for step in sequence:
        if step[0] == "register":
            known += step[1]
        assert perform(live, step, known) == perform(model, step, known), step
        held = model.holders(model.extras)
        assert {word: live.get(word) for word in WORDS} == {word: model.get(word) for word in WORDS}
        assert live.items() == tuple(held[id] for id in sorted(held))
        assert len(live) == len(held)
        everyone = [*base, *(item for item, _ in model.extras)]
        assert sorted(map(id, live.items_all())) == sorted(map(id, everyone))
        lost = {
            (one.key, one.key_kind, one.winner, one.loser)
            for one in live.collisions()
            if one.key_kind != "id"
        }
        assert lost == model.lost()
        overridden = [one for one in live.collisions() if one.key_kind == "id"]
        assert len(overridden) == len(everyone) - len(held)


@given(st.lists(things(), max_size=3), policies, st.lists(steps, max_size=10), st.lists(steps, max_size=6))
def test_no_later_change_alters_a_snapshot(
    candidates: list[Thing], policy: Any, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    base = base_of(candidates)
    live = RuntimeRegistry(index(*base), policy, True)
    for step in before:
        perform(live, step, base)
    snapshot = live.snapshot()

    def seen() -> Any:
        return (
            [snapshot.get(word) for word in WORDS],
            snapshot.items(),
            snapshot.items_all(),
            snapshot.collisions(),
            snapshot.layers(),
            [snapshot.generation_of(id) for id in IDS],
        )

    first = seen()
    for step in after:
        perform(live, step, base)
    assert seen() == first


@given(st.lists(things(), max_size=3), policies, st.lists(steps, max_size=12))
def test_a_handle_resolves_exactly_while_its_own_item_holds_the_id(
    candidates: list[Thing], policy: Any, sequence: list[tuple[Any, ...]]
) -> None:
    """Also when that was away in between; and to no other item, whatever came and went."""
    base = base_of(candidates)
    live = RuntimeRegistry(index(*base), policy, True)
    handles: list[tuple[Key[Thing], Thing]] = [(live.key(one.meta.id), one) for one in base]
    known = list(base)
    for step in sequence:
        perform(live, step, known)
        known += step[1] if step[0] == "register" else []
        handles += [(live.key(one.meta.id), one) for one in live.items()]
        for key, item in handles:
            holds = live.get_by_id(key.id) is item
            try:
                assert live.resolve(key) is item
                assert holds
            except RegistryError:
                assert not holds


@given(st.lists(things("abcdefgh"), max_size=8), st.randoms(use_true_random=False))
def test_by_priority_the_order_of_pushes_changes_nothing(candidates: list[Thing], random: Any) -> None:
    items = base_of(candidates)
    shuffled = list(items)
    random.shuffle(shuffled)
    one, two = index(*items), index(*shuffled)
    assert [one.get(word) for word in WORDS] == [two.get(word) for word in WORDS]
    assert one.collisions() == two.collisions()
    assert one.items() == two.items()
