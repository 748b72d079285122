"""Conditions that examples leave open, one by one: each test is here because a wrong condition once passed."""

from __future__ import annotations

import pytest
from msgspec import structs

from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import Place
from registry_reconciler.model.field_roles import Names, Reference
from registry_reconciler.model.fields import Selector, finder
from registry_reconciler.model.kind import FilePattern, Kind, parse_kind
from registry_reconciler.model.problem import Problem
from registry_reconciler.rules.base import run_entry_set, run_transition
from registry_reconciler.rules.disk import normal
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import acyclic_graphs
from registry_reconciler.rules.modules import flows
from registry_reconciler.rules.shapes import listing, texts
from registry_reconciler.rules.shapes import text as text_at
from tests.rules.helper import (
    CONFIG,
    ExampleTree,
    addresses,
    change_between,
    entry_set,
    kinds,
    messages,
    problems,
    rule_of,
)


def change(before: str, after: str) -> str:
    return f"{before}---\n{after}"


def entries(kind: str, *texts: str) -> str:
    return f"{kind}:\n" + "".join(f"  - {{{text}}}\n" for text in texts)


def types(*texts: str) -> str:
    return entries("module_type", *texts)


def skills(*texts: str) -> str:
    return entries("skill", *texts)


def hooks(*texts: str) -> str:
    return entries("hook", *texts)


def abilities(*texts: str) -> str:
    return entries("ability_low", *texts)


def changed_kind(name: str, **fields: object) -> dict[str, Kind]:
    """The kinds, with fields of one of them replaced."""
    return {**kinds(), name: structs.replace(kinds()[name], **fields)}


def all_unmanaged_but(known: EntrySet, *managed: str) -> EntrySet:
    items = {
        name: structs.replace(item, managed=name in managed, live_place=item.place)
        for name, item in known.items.items()
    }
    return structs.replace(known, items=items, _by_kind={}, _memo={})


def judged(code: str, known: EntrySet) -> list[Problem]:
    return list(run_entry_set([rule_of(code)], known))


# References


def test_exactly_the_first_twenty_dangling_ids_get_a_suggestion_wherever_they_stand() -> None:
    ids = [f"skill{one}{other}" for one in "abcde" for other in "uvwxyz"]
    many = skills("id: skill", *(f"id: s{n}, requires: [{one}]" for n, one in enumerate(ids, 100)))
    assert ["Did you mean" in message for message in messages("REF001", many)] == [True] * 20 + [False] * 10
    one = skills("id: skill", *(f"id: s{n}, requires: [skil]" for n in range(100, 130)))
    assert ["Did you mean" in message for message in messages("REF001", one)] == [True] * 30


def test_a_name_that_an_unreadable_file_may_declare_as_an_id_is_not_told() -> None:
    text = types("id: t, name: n") + "module_instance: [{module_id: m, module_type: n}]"
    assert addresses("REF002", text, hidden_text="id: x") == ["module_instance/m"]
    assert addresses("REF002", text, hidden_text="id: n") == []


@pytest.mark.parametrize(("status", "code"), [("deprecated", "REF003"), ("planned", "REF004")])
@pytest.mark.parametrize("order", [list, reversed])
def test_only_what_is_meant_is_told_among_references_that_are_fine(
    status: str, code: str, order: type[list[str]]
) -> None:
    text = (
        types(f"id: old, status: {status}", "id: new")
        + f"""\
module_instance:
  - {{module_id: m, module_type: new, status: {status}}}
  - {{module_id: n, module_type: new}}
  - {{module_id: o, module_type: old}}
module_maturity: [{{module_id: m}}]
module_interface: [{{id: i, module_id: n, consumers: [n, m]}}]
"""
    )
    ordered = {name: kinds()[name] for name in order(list(kinds()))}
    found = {(one.address, one.path) for one in problems(code, text, kinds=ordered)}
    assert found == {
        ("module_instance/o", ("module_type",)),
        ("module_interface/i", ("consumers", 1)),
    }


@pytest.mark.parametrize("order", [list, reversed])
def test_the_owner_of_an_interface_that_is_deprecated_does_not_hide_a_consumer_that_is(
    order: type[list[str]],
) -> None:
    text = """\
module_instance: [{module_id: m, status: deprecated}]
module_interface: [{id: i, module_id: m, consumers: [m]}]
module_maturity: [{module_id: m}]
ability_low: [{ability_id: a, module_ids: [m]}]
"""
    ordered = {name: kinds()[name] for name in order(list(kinds()))}
    assert [one.path for one in problems("REF003", text, kinds=ordered)] == [
        ("module_ids", 0),
        ("consumers", 0),
    ]


def test_an_entry_that_is_only_changed_is_neither_deleted_nor_renamed() -> None:
    modules = "module_instance: [{module_id: m, module_type: t}]\n"
    text = change(types("id: t") + modules, types("id: t, description: new") + modules)
    assert problems("REF006", text) == []
    assert problems("REF007", text) == []


def test_an_old_id_that_another_entry_takes_over_is_not_left_behind() -> None:
    before = skills("id: a", "id: b, requires: [a]")
    after = skills("id: a", "id: b, requires: [a]", "id: c")
    assert problems("REF007", change(before, after + "moved: [{from: skill/a, to: skill/c}]\n")) == []


def test_a_rename_that_was_done_long_ago_does_not_hide_one_that_is_new() -> None:
    before = skills("id: b", "id: z, requires: [b]")
    after = skills("id: a", "id: c", "id: z, requires: [b]")
    moved = "moved: [{from: skill/0, to: skill/a}, {from: skill/b, to: skill/c}]\n"
    assert addresses("REF007", change(before, after + moved)) == ["skill/c"]


def test_a_value_that_is_no_key_does_not_hide_a_reference_after_it() -> None:
    assert [one.path for one in problems("REF001", skills("id: a, requires: [true, b]"))] == [("requires", 1)]


# Identity


def pair_kind() -> Kind:
    """A kind whose key is made of two fields."""
    spec = {"kind": "pair", "layout": "list", "file": "pairs.yaml", "key": ["left", "right"]}
    return parse_kind({"x-registry": spec}, "schemas/pair.schema.yaml")


def test_an_id_of_several_fields_has_no_field_of_its_own() -> None:
    values = ({"left": "a", "right": "b"}, {"left": "A", "right": "b"})
    items = {}
    for index, value in enumerate(values):
        key = f"{value['left']}/{value['right']}"
        items[f"pair/{key}"] = Entry("pair", key, f"pair/{key}", value, Place("pairs.yaml", 0, (index,)))
    (found,) = judged("IDN005", EntrySet({"pair": pair_kind()}, CONFIG, ExampleTree({}), items))
    assert (found.address, found.path) == ("pair/A/b", ())


def test_a_kind_alone_in_its_space_does_not_hide_ids_that_two_kinds_share() -> None:
    alone = {**kinds(), "aaa": structs.replace(pair_kind(), name="aaa", space="aaa")}
    text = "ability_low: [{ability_id: a}]\nability_high: [{ability_id: a}]"
    assert len(problems("IDN001", text, kinds=alone)) == 1


def test_a_name_inside_a_longer_name_is_not_where_it_is_claimed() -> None:
    (found,) = problems("IDN003", types("id: a, name: n", "id: b, name: nn, aliases: [n]"))
    assert found.path == ("aliases", 0)


def test_a_kind_may_have_aliases_and_no_names() -> None:
    nameless = changed_kind("hook", names=structs.replace(kinds()["hook"].names, name=None))
    (found,) = problems("IDN003", hooks("id: a, aliases: [n]", "id: b, aliases: [n]"), kinds=nameless)
    assert (found.address, found.path) == ("hook/b", ("aliases", 0))


def test_a_changed_entry_that_keeps_its_name_is_still_found_by_it() -> None:
    before, after = types("id: a, name: n"), types("id: a, name: n, priority: 1")
    assert problems("IDN006", change(before, after)) == []


def test_the_names_of_a_kind_that_comes_or_goes_lead_nowhere_else() -> None:
    without = {name: kind for name, kind in kinds().items() if name != "hook"}
    one, other = entry_set("hook: []", kinds=without), entry_set(hooks("id: h, name: n"))
    for transition in (change_between(one, other), change_between(other, one)):
        assert list(run_transition([rule_of("IDN006")], transition)) == []


# Modules


def test_types_that_nobody_knows_allow_nothing() -> None:
    known = flows(entry_set(types("id: a, outbound: [b]")))
    assert known.allowed("a", "b")
    assert not known.allowed("b", "a")
    assert not known.allowed("x", "y")


def test_dependencies_and_consumers_that_do_not_exist_are_another_rules_matter() -> None:
    text = types("id: t") + (
        "module_instance: [{module_id: m, module_type: t, dependencies: {modules: [gone]}}]\n"
        "module_interface: [{id: i, module_id: m, consumers: [gone]}]\n"
    )
    assert problems("MOD002", text) == []
    assert problems("MOD008", text) == []


def test_what_is_neither_file_nor_folder_does_not_count_as_there() -> None:
    assert addresses("MOD003", "module_instance: [{module_id: m, path: pipe}]") == ["module_instance/m"]
    assert addresses("PTH001", skills("id: a, path: pipe")) == ["skill/a"]
    assert addresses("RTE002", "route: [{id: r, related_docs: [{path: pipe}]}]") == ["route/r"]


def test_the_root_of_the_disk_is_not_the_root_of_the_workspace() -> None:
    assert normal("/") == "/"
    assert normal("./") == ""
    assert addresses("MOD004", "module_instance: [{module_id: m, path: /}]") == ["module_instance/m"]
    assert addresses("MOD004", "module_instance: [{module_id: m, path: ./}]") == []


def test_a_maturity_that_an_unreadable_fragment_may_declare_is_not_missed() -> None:
    text = "module_instance: [{module_id: shop}]"
    assert addresses("MOD006", text, hidden_text="module_id: bank") == ["module_instance/shop"]
    assert addresses("MOD006", text, hidden_text="module_id: shop") == []


OF_DEPRECATED = [
    ("MOD007", "module_interface", "module_interface: [{id: i, module_id: m}]\n"),
    ("RTE006", "route", "route: [{id: i, module_id: m}]\n"),
]


@pytest.mark.parametrize(("code", "kind", "text"), OF_DEPRECATED)
def test_the_deprecated_module_is_named_and_answers_for_the_problem(code: str, kind: str, text: str) -> None:
    known = entry_set(text + "module_instance: [{module_id: m, status: deprecated}]\n")
    for managed in ((), (f"{kind}/i",), ("module_instance/m",)):
        (found,) = judged(code, all_unmanaged_but(known, *managed))
        assert found.managed is bool(managed)
        assert [one.place.path for one in found.related] == [("module_instance", 0)]


@pytest.mark.parametrize(("code", "kind", "text"), OF_DEPRECATED)
def test_a_module_that_only_its_maturity_knows_can_be_deprecated_too(code: str, kind: str, text: str) -> None:
    known = entry_set(text + "module_maturity: [{module_id: m, maturity: DEPRECATED}]\n")
    (found,) = judged(code, all_unmanaged_but(known))
    assert (found.address, found.related, found.managed) == (f"{kind}/i", (), False)


@pytest.mark.parametrize(
    ("maturity", "said"), [("", "of no maturity"), (", maturity: FUNCTIONAL", "FUNCTIONAL")]
)
def test_a_release_that_is_early_says_how_far_the_module_is(maturity: str, said: str) -> None:
    text = f"module_maturity: [{{module_id: m{maturity}}}]\n"
    assert messages("MOD009", text + "module_interface: [{id: i, module_id: m, lifecycle: RELEASED}]") == [
        f"Released, and its module is {said}: it needs READY_FOR_RELEASE."
    ]


# Routes and paths


def test_a_document_may_have_a_number_sign_in_its_name() -> None:
    text = "route: [{id: r, related_docs: [{path: 'docs/c#.md'}]}]"
    assert problems("RTE002", text, files={"docs/c#.md": b""}) == []
    assert addresses("RTE002", text) == ["route/r"]


def test_a_route_that_an_unreadable_fragment_owns_may_be_the_modules() -> None:
    text = "module_instance: [{module_id: m}]"
    assert problems("RTE009", text, hidden_addresses=frozenset({"route/m"})) == []


def test_each_path_of_a_list_is_looked_at() -> None:
    text = skills("id: a, path: [skills/plan, skills/none, ../x, 3]")
    assert [one.path for one in problems("PTH001", text)] == [("path", 1)]
    assert [one.path for one in problems("PTH002", text)] == [("path", 2)]
    assert [one.place.file for one in problems("PTH003", text)] == ["skills/review/SKILL.md"]


def test_a_kind_may_ask_only_for_what_is_unlisted_or_only_for_what_is_missing() -> None:
    (rule,) = kinds()["skill"].paths
    text = skills("id: a, path: skills/none")
    unlisted = changed_kind("skill", paths=(structs.replace(rule, missing=None),))
    assert problems("PTH001", text, kinds=unlisted) == []
    assert len(problems("PTH003", text, kinds=unlisted)) == 2
    missing = structs.replace(rule, unlisted=None)
    assert problems("PTH003", text, kinds=changed_kind("skill", paths=(missing,))) == []
    assert len(problems("PTH003", text, kinds=changed_kind("skill", paths=(missing, rule)))) == 2


def test_a_folder_that_cannot_be_listed_does_not_hide_files_of_another() -> None:
    class Closed(ExampleTree):
        def children(self, folder: str) -> tuple[tuple[str, str], ...]:
            if folder.startswith("closed"):
                raise UnreadablePath("no")
            return super().children(folder)

    (rule,) = kinds()["skill"].paths
    closed = structs.replace(rule, unlisted="closed/*")
    known = entry_set("skill: []", kinds=changed_kind("skill", paths=(closed, rule)))
    tree = Closed({"closed/a": b"", "skills/plan/SKILL.md": b""})
    found = judged("PTH003", structs.replace(known, tree=tree, _by_kind={}, _memo={}))
    assert [one.place.file for one in found][1:] == ["skills/plan/SKILL.md"]
    assert "closed/*" in found[0].message  # it is said that not all was looked at


# Abilities


@pytest.mark.parametrize(
    "caller",
    [
        "ability_high: [{ability_id: a, environments: [prod], module_ids: [m]}]",
        "ability_high: [{ability_id: a, environments: [prod], hooks: {pre_call: [h]}}]",
        "hook: [{id: a, environments: [prod], ability_ids: [x]}]",
    ],
)
def test_only_what_a_high_level_ability_calls_has_to_work_where_it_does(caller: str) -> None:
    called = "module_instance: [{module_id: m, environments: [dev]}]\n" + abilities(
        "ability_id: x, environments: [dev]"
    )
    more = hooks("id: h, environments: [dev]") if "hook:" not in caller else ""
    assert problems("ABL001", called + more + caller) == []


@pytest.mark.parametrize(
    "handler", ["{kind: python}", "{kind: python, function: ''}", "{kind: api, function: 'no:no'}", "{}"]
)
def test_what_is_not_named_is_left_to_the_schema(handler: str) -> None:
    assert problems("ABL006", abilities(f"ability_id: a, implementation: {handler}")) == []
    assert problems("HOK005", hooks(f"id: a, handler: {handler}")) == []


@pytest.mark.parametrize("caps", ["fs.read", "3", "{fs: read}", "null"])
def test_capabilities_that_are_no_list_are_left_to_the_schema(caps: str) -> None:
    assert problems("ABL008", abilities(f"ability_id: a, required_caps: {caps}")) == []


def test_a_dialect_is_known_by_its_whole_name() -> None:
    text = "ability_id: a, input_schema: {$schema: 'http://json-schema.org/draft-07/schema%s'}"
    assert problems("ABL007", abilities(text % "#")) == []
    (found,) = problems("ABL007", abilities(text % "X"))
    assert found.path == ("input_schema", "$schema")


# Hooks


def test_a_scope_that_begins_like_an_id_has_to_match_to_its_end() -> None:
    text = abilities("ability_id: pay.take") + hooks("id: h, match: {ability_scope: ['pay.*e', 'pay.*x']}")
    assert [one.path for one in problems("HOK003", text)] == [("match", "ability_scope", 1)]


@pytest.mark.parametrize(("command", "more"), [("a/b", ()), ("[a/b]", (0,))])
def test_the_place_of_a_hooks_command_is_its_first_word(command: str, more: tuple[int, ...]) -> None:
    (found,) = problems("HOK005", hooks(f"id: h, handler: {{kind: script, command: {command}}}"))
    assert found.path == ("handler", "command", *more)


@pytest.mark.parametrize(
    ("key", "file", "told"),
    [
        ("a", "some/where/a.yml", False),
        ("a", "a.yml", False),
        ("a.b", "hooks/a.b.yml", False),
        ("a", "hooks/a.b.yml", True),
        ("where/a", "some/where/a.yml", True),
    ],
)
def test_a_file_of_another_place_is_named_by_the_id_too(key: str, file: str, told: bool) -> None:
    base = entry_set("", files={file: b""})
    item = Entry("hook", key, f"hook/{key}", {"id": key}, Place(file), Place(file))
    found = judged("HOK006", EntrySet(base.kinds, base.config, base.tree, {item.address: item}))
    assert bool(found) is told


# Capabilities


def test_abilities_are_asked_for_capabilities_where_their_kind_is_there_and_has_them() -> None:
    text = abilities("ability_id: a")
    few = {name: kind for name, kind in kinds().items() if name != "ability_high"}
    assert addresses("CAP001", text, kinds=few) == ["ability_low/a"]
    assert problems("CAP001", text, kinds=changed_kind("ability_low", names=Names())) == []


def test_a_kind_that_loses_its_capabilities_drops_those_of_its_entries() -> None:
    text = abilities("ability_id: a, required_caps: [net.write]%s")
    after = entry_set(text % ", x: 1", kinds=changed_kind("ability_low", names=Names()))
    (found,) = run_transition([rule_of("CAP002")], change_between(entry_set(text % ""), after))
    assert (found.address, found.path) == ("ability_low/a", ())


@pytest.mark.parametrize(
    ("hooks_after", "path"),
    [(", hooks: {pre_call: [other]}", ("hooks", "pre_call")), (", hooks: {post_call: [g]}", ()), ("", ())],
)
def test_the_place_of_an_unbound_guard_is_its_slot_while_that_is_there(
    hooks_after: str, path: tuple[str, ...]
) -> None:
    before = abilities("ability_id: x, hooks: {pre_call: [g]}")
    (found,) = problems("CAP004", change(before, abilities(f"ability_id: x{hooks_after}")))
    assert found.path == path


def test_a_hook_that_only_watches_does_not_hide_a_guard_that_is_narrowed() -> None:
    before = hooks("id: a, ability_ids: [x, y]", "id: b, blocking: true, ability_ids: [x, y]")
    after = hooks("id: a, ability_ids: [x]", "id: b, blocking: true, ability_ids: [x]")
    assert addresses("CAP004", change(before, after)) == ["hook/b"]


def test_a_hook_that_never_blocked_is_not_turned_off() -> None:
    assert problems("CAP005", change(hooks("id: h"), hooks("id: h, priority: 1"))) == []


@pytest.mark.parametrize(
    ("after", "path"), [("", ()), (", handler: {kind: script, command: b}", ("handler",))]
)
def test_the_place_of_a_changed_handler_is_the_handler_while_there_is_one(
    after: str, path: tuple[str, ...]
) -> None:
    before = hooks("id: h, handler: {kind: script, command: a}")
    (found,) = problems("CAP006", change(before, hooks(f"id: h{after}")))
    assert found.path == path


# What the rules share


@pytest.mark.parametrize("acyclic", ["requires", "requires[]"])
def test_a_circle_follows_references_to_the_kinds_that_they_name(acyclic: str) -> None:
    lead_to_hooks = changed_kind(
        "skill",
        references=(Reference(Selector.parse("requires[]"), ("hook",)),),
        acyclic=(Selector.parse(acyclic),),
    )
    text = skills("id: a, requires: [b]", "id: b, requires: [a]") + hooks("id: a", "id: b")
    assert problems("REF005", text, kinds=lead_to_hooks) == []
    assert addresses("REF005", text) == ["skill/a"]


def test_circles_are_looked_for_in_each_id_space() -> None:
    assert set(acyclic_graphs(entry_set(""))) == {"module_instance", "ability", "skill"}


def test_a_value_that_only_looks_like_an_id_leads_round_no_circle() -> None:
    assert problems("REF005", skills("id: 'True', requires: [true]")) == []


@pytest.mark.parametrize("field", ["a", "a.b", "a[]", "a.b[]", "a[].b", "a[][]", "a[].b[]", "a[].b[][].c"])
@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        {"a": [1, 2]},
        {"a": {"b": [3, [4]]}},
        {"a": [{"b": [5, [{"c": 6}]]}, {"b": 7}]},
        {"a": [[8, 9], {"x": 10}]},
        {"a": {"x": {"b": 11}}, "b": [12]},
        {},
        [13],
    ],
)
def test_the_quick_way_to_a_field_finds_what_the_selector_finds(field: str, value: object) -> None:
    selector = Selector.parse(field)
    assert finder(selector)(value) == list(selector.find(value))


def test_a_text_is_not_read_where_something_else_stands() -> None:
    assert text_at({"a": {"b": "c"}}, "a", "b") == "c"
    assert [text_at({"a": value}, "a") for value in (None, 3, True, ["c"], {"b": "c"})] == [""] * 5


def test_texts_of_a_list_are_its_texts_with_their_places() -> None:
    assert list(texts({"a": ["b", 3, None, ["c"], "d"]}, "a")) == [(("a", 0), "b"), (("a", 4), "d")]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
    ],
)
def test_a_listing_names_as_many_as_it_may(names: list[str], shown: str) -> None:
    assert listing(names, 3) == shown


def test_a_pair_of_another_owner_does_not_hide_one_of_the_same() -> None:
    text = entries(
        "route",
        "id: a, scope: s, topic: t, module_id: m",
        "id: b, scope: s, topic: t, module_id: n",
        "id: c, scope: s, topic: t, module_id: n",
        "id: d, scope: s, topic: t, module_id: m",
    )
    assert messages("RTE005", text) == [
        "c and b, both of n, both answer for 't' in 's'.",
        "d and a, both of m, both answer for 't' in 's'.",
    ]
    assert addresses("RTE004", text) == ["route/b", "route/c", "route/d", "route/d"]


def test_a_deleted_entry_is_not_to_be_mended_by_writing_its_id() -> None:
    (found,) = problems(
        "REF006", change(skills("id: a", "id: b, requires: [a]"), skills("id: b, requires: [a]"))
    )
    assert found.fix is not None
    assert (found.fix.safe, found.fix.replacements) == (False, ())


def test_references_of_unmanaged_entries_are_named_and_not_rewritten() -> None:
    before = entry_set(skills("id: a", "id: b, requires: [a]", "id: d, requires: [a]"))
    after = entry_set(skills("id: b, requires: [a]", "id: c", "id: d, requires: [a]"))
    move = [("skill/a", "skill/c")]
    changed = change_between(before, all_unmanaged_but(after, "skill/c", "skill/d"), move)
    (found,) = run_transition([rule_of("REF007")], changed)
    assert found.message.endswith("still referred to by skill/b and skill/d.")
    assert found.fix is not None
    assert [place.path for place, _ in found.fix.replacements] == [("skill", 2, "requires", 0)]


def test_a_status_that_is_no_text_is_none() -> None:
    text = types("id: t, status: [deprecated]") + "module_instance: [{module_id: m, module_type: t}]"
    assert problems("REF003", text) == []


def test_modules_without_a_path_share_none() -> None:
    free = changed_kind("module_instance", unique=())
    assert problems("MOD005", "module_instance: [{module_id: a}, {module_id: b}]", kinds=free) == []


def test_a_related_document_without_a_path_leads_nowhere() -> None:
    assert problems("RTE008", "route: [{id: r, related_docs: [{stage: plan}]}]") == []


def test_capabilities_that_are_no_words_are_left_to_the_schema() -> None:
    text = abilities("ability_id: a, required_caps: [3, {fs: read}, [fs.read], magic]")
    assert [one.path for one in problems("ABL008", text)] == [("required_caps", 3)]


@pytest.mark.parametrize(("key", "told"), [("a", False), ("hook", True)])
def test_a_hook_may_be_named_by_its_folder(key: str, told: bool) -> None:
    file = "hooks/a/hook.yaml"
    placed = changed_kind("hook", file=FilePattern.parse("hooks/{id}/hook.yaml"))
    base = entry_set("", files={file: b""}, kinds=placed)
    item = Entry("hook", key, f"hook/{key}", {"id": key}, Place(file), Place(file))
    found = judged("HOK006", EntrySet(base.kinds, base.config, base.tree, {item.address: item}))
    assert bool(found) is told


def test_what_a_module_assigns_to_parts_of_things_is_no_name_of_it() -> None:
    files: dict[str, bytes | None] = {"parts.py": b"x.y = 1\nz['k'] = 2\ndef go(): ...\n"}
    text = "ability_id: a, implementation: {kind: python, function: 'parts:%s'}"
    assert problems("ABL006", abilities(text % "go"), files=files) == []
    assert addresses("ABL006", abilities(text % "y"), files=files) == ["ability_low/a"]
