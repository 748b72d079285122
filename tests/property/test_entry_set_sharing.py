"""Laws of an entry set that knows an earlier one: whatever it takes over from there, its answers are its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.entry import Place
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.model.problem import Problem
from registry_reconciler.planning.check import EntrySets
from registry_reconciler.planning.judging import Judging
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.rules import RULES
from registry_reconciler.rules.base import run_entry_set
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import links
from registry_reconciler.rules.naming import names
from tests.property.test_rules_robust import entries, entry_set, parts


def alone(one: EntrySet) -> EntrySet:
    """The same entry set, and nothing known of it."""
    return structs.replace(one, earlier=None, touched=frozenset(), _by_kind={}, _memo={})


@st.composite
def two_worlds(draw: st.DrawFn) -> EntrySet:
    """An entry set that knows an earlier one."""
    drawn: dict[str, Any] = draw(parts())
    before: Mapping[str, Entry] = drawn["items"]
    new = {item.address: item for item in draw(st.lists(entries(), max_size=4))}
    gone = draw(st.sets(st.sampled_from(sorted(before)), max_size=3)) if before else set()
    after = {**{address: item for address, item in before.items() if address not in gone}, **new}
    return structs.replace(
        entry_set({**drawn, "items": dict(sorted(after.items()))}),
        earlier=entry_set(drawn),
        touched=frozenset(gone.union(new)),
    )


@settings(max_examples=150, deadline=None)
@given(two_worlds())
def test_the_references_are_those_of_the_world_alone(after: EntrySet) -> None:
    told, plain = links(after), links(alone(after))
    assert told.resolved == plain.resolved
    assert told.dangling == plain.dangling
    for link in told.resolved:
        assert link.item is after.items[link.item.address]
        assert link.target is not None
        assert link.target is after.items[link.target.address]


@settings(max_examples=150, deadline=None)
@given(two_worlds())
def test_the_names_are_those_of_the_world_alone(after: EntrySet) -> None:
    told, plain = names(after), names(alone(after))
    assert told.keys() == plain.keys()
    for space, claimed in plain.items():
        assert told[space].owners == claimed.owners
        assert told[space].clashes == claimed.clashes


@settings(max_examples=150, deadline=None)
@given(two_worlds())
def test_the_problems_are_those_of_the_world_alone(after: EntrySet) -> None:
    told, plain = run_entry_set(RULES, after), run_entry_set(RULES, alone(after))
    assert sorted(map(_without_cause, told)) == sorted(map(_without_cause, plain))


def _without_cause(problem: Problem) -> str:
    """The cause of a reference to nothing is what it led to in the earlier entry set."""
    return repr(structs.replace(problem, cause=""))


def test_an_entry_that_is_new_is_found_by_its_address() -> None:
    place = Place("desired/any.yaml")
    route = Entry("route", "r", "route/r", {"id": "r", "ability_ids": ["ability_high/a"]}, place)
    ability = Entry("ability_high", "a", "ability_high/a", {"ability_id": "a"}, place)
    before = entry_set({"items": {route.address: route}})
    after = structs.replace(
        entry_set({"items": {ability.address: ability, route.address: route}}),
        earlier=before,
        touched=frozenset([ability.address]),
    )
    assert [link.value for link in links(before).dangling] == ["ability_high/a"]
    assert [link.target for link in links(after).resolved] == [ability]
    assert not links(after).dangling


THINGS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2", "x"]))
SCHEMA = b"""\
x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id, names: {name: n}}
type: object
properties: {n: {type: integer}}
"""


def listed(key: str, things: dict[str, str]) -> bytes:
    return "".join([f"{key}:\n", *(f"  - {{id: {one}, n: {n}}}\n" for one, n in things.items())]).encode()


@settings(max_examples=100, deadline=None)
@given(THINGS, THINGS)
def test_what_does_not_fit_its_schema_is_found_as_in_each_world_alone(
    live: dict[str, str], wanted: dict[str, str]
) -> None:
    files: dict[str, bytes | None] = {
        ".system/registry/schemas/thing.schema.yaml": SCHEMA,
        "things.yaml": listed("things", live),
        "desired/things.yaml": listed("thing", wanted),
    }
    planning = make_plan(MemoryTree(files), PlanOptions(adopt=("*",)))
    entry_sets = planning.entry_sets
    plain = EntrySets(alone(entry_sets.before), alone(entry_sets.after), entry_sets.changes)
    if entry_sets.before is entry_sets.after:
        plain = EntrySets(plain.after, plain.after, entry_sets.changes)
    shared, apart = (Judging(planning.loaded, sets, ()) for sets in (entry_sets, plain))
    shared.judge()
    apart.judge()
    assert shared.with_files({}) == apart.with_files({})
