"""Modules and routes, case by case."""

from __future__ import annotations

import pytest

from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.config import Config
from registry_reconciler.rules.entry_set import EntrySet
from tests.rules.helper import ExampleTree, addresses, entry_set, kinds, messages, problems


def modules(*entries: str) -> str:
    return "module_instance:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def interfaces(*entries: str) -> str:
    return "module_interface:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def routes(*entries: str) -> str:
    return "route:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def documents(*paths: str) -> str:
    return routes(f"id: r, related_docs: [{', '.join(f'{{path: {path!r}}}' for path in paths)}]")


ONE_WAY = "module_type: [{id: web, outbound: [store]}, {id: store, inbound: [web]}]\n"


@pytest.mark.parametrize(
    ("types", "where"),
    [
        ("{id: a, outbound: [b]}, {id: b}", [("module_type/a", ("outbound", 0))]),
        ("{id: a}, {id: b, inbound: [x, a]}", [("module_type/b", ("inbound", 1))]),
        ("{id: a, outbound: [b]}, {id: b, inbound: [a]}", []),
        ("{id: a, outbound: [a], inbound: [a]}", []),
        ("{id: a, outbound: [a]}", [("module_type/a", ("outbound", 0))]),
        ("{id: a, outbound: [missing]}", []),
    ],
)
def test_both_ends_of_a_flow_say_so(types: str, where: list[tuple[str, tuple[str | int, ...]]]) -> None:
    assert [(one.address, one.path) for one in problems("MOD001", f"module_type: [{types}]")] == where


@pytest.mark.parametrize(
    ("types", "allowed"),
    [
        ("{id: web, outbound: [store]}, {id: store}", True),
        ("{id: web}, {id: store, inbound: [web]}", True),
        ("{id: web, inbound: [store]}, {id: store, outbound: [web]}", False),
        ("{id: web}, {id: store}", False),
        ("{id: web}", True),
        ("{id: store}", True),
    ],
)
def test_a_dependency_follows_a_flow_that_either_side_allows(types: str, allowed: bool) -> None:
    text = f"module_type: [{types}]\n" + modules(
        "module_id: a, module_type: web, dependencies: {modules: [b]}", "module_id: b, module_type: store"
    )
    assert (problems("MOD002", text) == []) is allowed


def test_modules_of_one_type_need_a_flow_to_themselves() -> None:
    both = modules(
        "module_id: a, module_type: t, dependencies: {modules: [b]}", "module_id: b, module_type: t"
    )
    assert addresses("MOD002", "module_type: [{id: t}]\n" + both) == ["module_instance/a"]
    assert addresses("MOD002", "module_type: [{id: t, outbound: [t]}]\n" + both) == []


def test_a_consumer_calls_the_module_of_the_interface_and_not_the_other_way_round() -> None:
    both = modules("module_id: a, module_type: web", "module_id: b, module_type: store")
    assert addresses("MOD008", ONE_WAY + both + interfaces("id: i, module_id: b, consumers: [a]")) == []
    assert addresses("MOD008", ONE_WAY + both + interfaces("id: i, module_id: a, consumers: [b]")) == [
        "module_interface/i"
    ]
    assert addresses("MOD008", ONE_WAY + both + interfaces("id: i, module_id: x, consumers: [a, y]")) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("services/payments", ""),
        ("./services/payments/", ""),
        ("services/payments/main.py", ""),
        (".", ""),
        ("services/none", "MOD003"),
        ("..", "MOD004"),
        ("/services", "MOD004"),
        ("services/../../x", "MOD004"),
        ("linked", "MOD004"),
        ("~/x", "MOD004"),
    ],
)
def test_a_path_is_there_missing_or_outside(path: str, code: str) -> None:
    text = modules(f"module_id: m, path: '{path}'")
    assert [one for one in ("MOD003", "MOD004") if problems(one, text)] == ([code] if code else [])


@pytest.mark.parametrize(("status", "missing"), [("planned", False), ("active", True), ("deprecated", True)])
def test_what_is_planned_has_no_path_yet(status: str, missing: bool) -> None:
    assert bool(problems("MOD003", modules(f"module_id: m, path: none, status: {status}"))) is missing


def test_one_path_in_equal_words_is_said_once_where_the_kind_declares_it_unique() -> None:
    text = modules("module_id: a, path: services/shop", "module_id: b, path: services/shop")
    assert problems("MOD005", text) == []
    assert addresses("UNQ001", text) == ["module_instance/b"]


def test_one_path_in_other_words_is_no_value_that_stands_twice() -> None:
    text = modules("module_id: a, path: services/shop", "module_id: b, path: ./services/shop")
    assert addresses("MOD005", text) == ["module_instance/b"]
    assert problems("UNQ001", text) == []


def test_modules_without_a_path_share_none() -> None:
    assert problems("MOD005", modules("module_id: a", "module_id: b", "module_id: c, path: ''")) == []


def test_a_maturity_that_an_unreadable_file_may_hold_is_not_missed() -> None:
    text = modules("module_id: a")
    assert addresses("MOD006", text) == ["module_instance/a"]
    assert problems("MOD006", text, hidden_kinds=frozenset({"module_maturity"})) == []


DEPRECATED = {
    "by status": modules("module_id: m, status: deprecated"),
    "by maturity": modules("module_id: m") + "module_maturity: [{module_id: m, maturity: DEPRECATED}]\n",
}


@pytest.mark.parametrize("way", DEPRECATED)
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", True),
        (", lifecycle: RELEASED", True),
        (", lifecycle: SUNSET", False),
        (", lifecycle: REMOVED", False),
        (", status: deprecated", False),
    ],
)
def test_an_interface_goes_with_its_module(way: str, more: str, told: bool) -> None:
    assert bool(problems("MOD007", DEPRECATED[way] + interfaces(f"id: i, module_id: m{more}"))) is told


@pytest.mark.parametrize("way", DEPRECATED)
def test_a_route_goes_with_its_module(way: str) -> None:
    text = DEPRECATED[way] + routes("id: r, module_id: m", "id: s, module_id: m, status: deprecated", "id: t")
    (found,) = problems("RTE006", text)
    assert found.address == "route/r"
    assert found.related[0].place.path == ("module_instance", 0)


@pytest.mark.parametrize(
    ("lifecycle", "maturity", "early"),
    [
        ("RELEASED", "FUNCTIONAL", True),
        ("RELEASED", "READY_FOR_INTEGRATION", True),
        ("RELEASED", "READY_FOR_RELEASE", False),
        ("RELEASED", "DEPRECATED", False),
        ("READY_FOR_RELEASE", "SCAFFOLDED", False),
        ("SUNSET", "FUNCTIONAL", False),
    ],
)
def test_a_release_needs_a_module_that_is_ready(lifecycle: str, maturity: str, early: bool) -> None:
    text = f"module_maturity: [{{module_id: m, maturity: {maturity}}}]\n"
    found = problems("MOD009", text + interfaces(f"id: i, module_id: m, lifecycle: {lifecycle}"))
    assert bool(found) is early
    assert all(one.related[0].place.path == ("module_maturity", 0, "maturity") for one in found)


def test_a_release_without_any_maturity_is_another_rules_matter() -> None:
    assert problems("MOD009", interfaces("id: i, module_id: m, lifecycle: RELEASED")) == []


def test_rules_of_kinds_that_are_not_there_are_silent() -> None:
    few = {name: kind for name, kind in kinds().items() if name not in ("module_maturity", "route")}
    assert problems("MOD006", modules("module_id: a"), kinds=few) == []
    assert problems("RTE009", modules("module_id: a"), kinds=few) == []


@pytest.mark.parametrize(
    "when", ["", "when_to_use: ''", "when_to_use: ' '", "when_to_use: []", "when_to_use: 3"]
)
def test_an_empty_when_to_use_in_any_form(when: str) -> None:
    assert addresses("RTE001", routes(f"id: r, {when}" if when else "id: r")) == ["route/r"]


def test_when_to_use_may_be_a_list() -> None:
    assert problems("RTE001", routes("id: r, when_to_use: ['', now]")) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("docs/errors.md", ""),
        ("docs/errors.md#top", ""),
        ("docs/guides", ""),
        ("docs/guides/", ""),
        ("docs/none.md", "RTE002"),
        ("docs/none.md#top", "RTE002"),
        ("https://host/x", "RTE003"),
        ("../x.md", "RTE003"),
        ("linked/x.md", "RTE003"),
    ],
)
def test_a_document_is_there_missing_or_outside(path: str, code: str) -> None:
    assert [one for one in ("RTE002", "RTE003") if problems(one, documents(path))] == ([code] if code else [])


def pair(one: str, other: str, owner: str = "m") -> str:
    return routes(
        f"id: a, scope: '{one}', topic: t, module_id: m",
        f"id: b, scope: '{other}', topic: t, module_id: {owner}",
    )


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("api", "api", True),
        ("api.*", "api.x", True),
        ("api.x", "api.*", True),
        ("*", "api", True),
        ("a?i", "api", True),
        ("[ab]pi", "api", True),
        ("api.*", "api.x.*", True),
        ("api.*", "*.*", True),
        ("api", "web", False),
        ("api.*", "web.x", False),
        ("api.*", "api", False),
        ("api.*", "web.*", False),
        ("api*", "app", False),
    ],
)
def test_scopes_overlap_when_one_lies_in_the_others_glob(one: str, other: str, overlap: bool) -> None:
    assert bool(problems("RTE004", pair(one, other, owner="n"))) is overlap
    assert bool(problems("RTE005", pair(one, other))) is overlap
    assert problems("RTE005", pair(one, other, owner="n")) == []
    assert problems("RTE004", pair(one, other)) == []


def test_the_later_address_is_told_and_the_other_one_named() -> None:
    (found,) = problems("RTE004", pair("api.x", "api.*", owner="n"))
    assert found.address == "route/b"
    assert found.related[0].place.path == ("route", 0, "topic")
    assert found.message == (
        "b and a, of n and of m, both answer for 't' in 'api.*' and 'api.x', which overlap."
    )


def test_other_topics_and_routes_without_scope_or_topic_do_not_overlap() -> None:
    assert (
        problems("RTE004", routes("id: a, scope: s, topic: t, module_id: m", "id: b, scope: s, topic: u"))
        == []
    )
    assert problems("RTE005", routes("id: a, topic: t", "id: b, topic: t")) == []
    assert problems("RTE005", routes("id: a, scope: s", "id: b, scope: s")) == []


def test_of_three_routes_each_pair_is_told() -> None:
    text = routes(*(f"id: {one}, scope: s, topic: t, module_id: {one}" for one in "abc"))
    assert addresses("RTE004", text) == ["route/b", "route/c", "route/c"]


def test_very_many_overlapping_routes_are_compared_with_few() -> None:
    text = routes(*(f"id: r{n}, scope: s, topic: t, module_id: m{n}" for n in range(60)))
    assert len(addresses("RTE004", text)) < 60 * 17


@pytest.mark.parametrize(
    ("allowed", "told"), [("[m]", False), ("[n, m]", False), ("[n]", True), ("[]", False), ("null", False)]
)
def test_an_ability_that_names_modules_is_for_their_routes_only(allowed: str, told: bool) -> None:
    text = f"ability_low: [{{ability_id: x, module_ids: {allowed}}}]\n"
    assert bool(problems("RTE007", text + routes("id: r, module_id: m, ability_ids: [x, missing]"))) is told


def test_a_document_in_a_folder_that_a_route_names_is_led_to() -> None:
    assert problems("RTE008", documents("docs")) == []
    assert [one.place.file for one in problems("RTE008", documents("docs/guides/"))] == ["docs/errors.md"]
    assert [one.place.file for one in problems("RTE008", documents("docs/errors.md#top"))] == [
        "docs/guides/first.md"
    ]


def test_documents_are_not_missed_before_there_are_routes_or_while_some_are_hidden() -> None:
    assert problems("RTE008", routes("id: r")) == []
    assert problems("RTE008", documents("docs/errors.md"), hidden_kinds=frozenset({"route"})) == []
    assert problems("RTE008", documents("docs/errors.md"), hidden_text="docs/guides/first.md") == []


def test_what_a_folder_that_cannot_be_listed_hides_is_said() -> None:
    class Closed(ExampleTree):
        def children(self, folder: str) -> tuple[tuple[str, str], ...]:
            raise UnreadablePath("no")

    text = "hook: [{id: h, match: {only_if_changed_paths: ['src/**']}}]\n"
    known = entry_set(documents("docs/errors.md") + text + "skill: [{id: s}]")
    closed = EntrySet(known.kinds, known.config, Closed({}), known.items)
    from registry_reconciler.rules.base import run_entry_set
    from tests.rules.helper import rule_of

    found = list(run_entry_set([rule_of(code) for code in ("RTE008", "PTH003", "HOK003")], closed))
    assert [one.code for one in found] == ["RTE008", "PTH003"]  # of a pattern of a hook the best is believed
    assert all("cannot be told: no." in one.message for one in found)


@pytest.mark.parametrize(
    ("more", "missed"),
    [("", True), (", status: active", True), (", status: planned", False), (", status: deprecated", False)],
)
def test_modules_in_use_have_a_route(more: str, missed: bool) -> None:
    text = modules(f"module_id: m{more}")
    assert bool(problems("RTE009", text)) is missed
    assert problems("RTE009", text + routes("id: r, module_id: m")) == []
    assert problems("RTE009", text, hidden_kinds=frozenset({"route"})) == []
    assert problems("RTE009", text, hidden_text="module_id: m") == []


def test_stages_are_those_of_the_configuration() -> None:
    text = routes("id: r, related_docs: [{path: a, stage: plan}, {path: b, stage: deploy}, {path: c}]")
    assert [one.path for one in problems("RTE010", text)] == [("related_docs", 1, "stage")]
    config = Config(stages=("deploy",))
    assert [one.path for one in problems("RTE010", text, config=config)] == [("related_docs", 0, "stage")]
    assert messages("RTE010", text, config=config) == ["'plan' is no stage; there are deploy."]
