"""References, cycles, unique values and declared paths, case by case."""

from __future__ import annotations

import pytest

from registry_reconciler.model.config import Config
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.links import acyclic_graphs, cycles, links, referrers
from tests.rules.helper import FRAGMENT, addresses, entry_set, messages, problems

E, W = Severity.ERROR, Severity.WARNING


def skills(*entries: str) -> str:
    return "skill:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def test_the_severity_of_a_dangling_reference_is_the_references_own() -> None:
    found = problems("REF001", skills("id: a, requires: [b], links: {next: c}"))
    assert {one.path: one.severity for one in found} == {("requires", 0): W, ("links", "next"): E}


def test_the_configuration_wins_over_the_references_own_severity() -> None:
    config = Config(severities={"REF001": Severity.RECORD})
    found = problems("REF001", skills("id: a, requires: [b], links: {next: c}"), config=config)
    assert {one.severity for one in found} == {Severity.RECORD}


def test_an_allowed_value_needs_no_entry() -> None:
    assert problems("REF001", skills("id: a, requires: [any]")) == []


def test_a_value_that_is_allowed_and_an_id_leads_to_the_entry() -> None:
    (link,) = links(entry_set(skills("id: any", "id: a, requires: [any]"))).resolved
    assert link.target is not None
    assert link.target.address == "skill/any"


def test_a_reference_to_several_kinds_takes_keys_and_addresses() -> None:
    text = skills("id: a, links: {next: t}", "id: b, links: {next: module_type/t}", "id: c, links: {next: a}")
    assert problems("REF001", text + "module_type: [{id: t}]\n") == []
    (found,) = problems("REF001", skills("id: d, links: {next: hook/h}") + "hook: [{id: h}]\n")
    assert found.message == "There is no skill or module_type 'hook/h'."


def test_whole_numbers_are_keys_and_other_values_are_left_to_the_schema() -> None:
    text = skills("id: 7", "id: a, requires: [7, 8, true, null, 1.5, [x], {y: z}]")
    assert messages("REF001", text) == ["There is no skill '8'."]


def test_each_step_of_a_workflow_is_a_reference_as_text_and_as_mapping() -> None:
    text = "ability_high: [{ability_id: a, steps: [x, {ability_id: y}]}]"
    assert [one.path for one in problems("REF001", text)] == [("steps", 0), ("steps", 1, "ability_id")]


@pytest.mark.parametrize(
    "hidden",
    [
        {"hidden_kinds": frozenset({"skill"})},
        {"hidden_addresses": frozenset({"skill/b"})},
        {"hidden_text": "skill:\n  - id: b\n"},
    ],
)
def test_nothing_is_dangling_that_an_unreadable_file_may_hold(hidden: dict[str, object]) -> None:
    assert problems("REF001", skills("id: a, requires: [b]"), **hidden) == []
    assert addresses("REF001", skills("id: a, requires: [b]"), hidden_text="c") == ["skill/a"]


def test_only_the_first_of_many_dangling_references_get_a_suggestion() -> None:
    many = skills("id: skill1", *(f"id: s{n}, requires: [skil{n}]" for n in range(100, 130)))
    asked = [message for message in messages("REF001", many) if "Did you mean" in message]
    assert len(asked) <= 20


def test_a_reference_by_alias_says_the_id_and_how_to_replace_it() -> None:
    text = "module_type: [{id: t, aliases: [n]}]\nmodule_instance: [{module_id: m, module_type: n}]"
    (found,) = problems("REF002", text)
    assert problems("REF001", text) == []
    assert found.fix is not None
    assert found.fix.safe
    ((place, value),) = found.fix.replacements
    assert (place.file, place.path, value) == (FRAGMENT, ("module_instance", 0, "module_type"), "t")


def test_a_reference_by_a_name_that_several_have_leads_to_the_winner() -> None:
    text = (
        "module_type: [{id: a, name: n}, {id: b, name: n, priority: 1}]\n"
        "module_instance: [{module_id: m, module_type: n}]"
    )
    assert "'n' is a name of module_type/b" in messages("REF002", text)[0]


def test_a_name_of_another_kind_does_not_count() -> None:
    text = "hook: [{id: h, name: n}]\nmodule_instance: [{module_id: m, module_type: n}]"
    assert problems("REF002", text) == []
    assert len(problems("REF001", text)) == 1


MODULE = "module_instance: [{module_id: m, module_type: t%s}]\n"


@pytest.mark.parametrize(
    ("target", "own", "deprecated", "planned"),
    [
        ("deprecated", "", True, False),
        ("deprecated", ", status: active", True, False),
        ("deprecated", ", status: planned", True, False),
        ("deprecated", ", status: deprecated", False, False),
        ("planned", "", False, True),
        ("planned", ", status: active", False, True),
        ("planned", ", status: planned", False, False),
        ("planned", ", status: deprecated", False, False),
        ("active", "", False, False),
    ],
)
def test_the_statuses_of_both_ends_decide(target: str, own: str, deprecated: bool, planned: bool) -> None:
    text = f"module_type: [{{id: t, status: {target}}}]\n" + MODULE % own
    assert bool(problems("REF003", text)) is deprecated
    assert bool(problems("REF004", text)) is planned


def test_a_kind_without_a_status_is_not_in_use() -> None:
    text = "module_type: [{id: t, status: planned}]\n" + skills("id: a, links: {next: t}")
    assert problems("REF004", text) == []


def test_what_describes_an_entry_under_its_id_may_do_so_when_it_is_deprecated_or_planned() -> None:
    text = "module_instance: [{module_id: m, status: %s}]\nmodule_maturity: [{module_id: m}]"
    assert problems("REF003", text % "deprecated") == []
    assert problems("REF004", text % "planned") == []


def test_routes_and_interfaces_of_deprecated_modules_have_rules_of_their_own() -> None:
    text = "module_instance: [{module_id: m, status: deprecated}]\nroute: [{id: r, module_id: m}]\n"
    assert problems("REF003", text + "module_interface: [{id: i, module_id: m}]") == []
    assert len(problems("REF003", text + "module_interface: [{id: i, module_id: x, consumers: [m]}]")) == 1


def test_a_circle_of_one_is_a_circle() -> None:
    (found,) = problems("REF005", skills("id: a, requires: [a]"))
    assert found.message == "This goes round in a circle: a → a."
    assert found.path == ("requires", 0)


def test_a_long_circle_names_every_member_in_order() -> None:
    text = skills("id: c, requires: [a]", "id: a, requires: [x, b]", "id: b, requires: [c]", "id: x")
    (found,) = problems("REF005", text)
    assert (found.address, found.path) == ("skill/a", ("requires", 1))
    assert found.message.endswith("a → b → c → a.")
    assert [one.message for one in found.related] == ["leads on to skill/c", "leads on to skill/a"]


def test_of_a_knot_the_shortest_circle_from_its_smallest_address_is_shown() -> None:
    text = skills("id: a, requires: [b, c]", "id: b, requires: [c]", "id: c, requires: [a]")
    assert messages("REF005", text) == ["This goes round in a circle: a → c → a."]


def test_circles_that_do_not_touch_are_two_problems() -> None:
    text = skills(
        "id: a, requires: [b]", "id: b, requires: [a]", "id: c, requires: [d]", "id: d, requires: [c]"
    )
    assert addresses("REF005", text) == ["skill/a", "skill/c"]


def test_two_ways_to_one_end_are_no_circle() -> None:
    text = skills("id: a, requires: [b, c]", "id: b, requires: [d]", "id: c, requires: [d]", "id: d")
    assert problems("REF005", text) == []


def test_abilities_that_call_each_other_in_steps_and_lists_are_a_circle() -> None:
    text = "ability_high: [{ability_id: a, steps: [{ability_id: b}]}, {ability_id: b, ability_ids: [a]}]"
    (found,) = problems("REF005", text)
    assert found.path == ("steps", 0, "ability_id")


def test_a_deep_chain_is_no_recursion() -> None:
    text = skills(
        *(f"id: s{n:05}, requires: [s{n + 1:05}]" for n in range(3_000)), "id: s03000, requires: [s00000]"
    )
    (graph,) = [one for one in acyclic_graphs(entry_set(text)).values() if one]
    (cycle,) = cycles(graph)
    assert len(cycle) == 3_001


MODULES = "module_instance: [{module_id: m, module_type: t}, {module_id: n, module_type: %s}]\n"
REFERRED = "module_type: [{id: t}]\n" + MODULES % "t"


def test_all_that_refer_to_a_deleted_entry_are_named() -> None:
    after = "---\n" + MODULES % "t"
    (found,) = problems("REF006", REFERRED + after)
    assert found.message.endswith("still referred to by module_instance/m and module_instance/n.")
    assert [one.place.path for one in found.related] == [
        ("module_instance", 0, "module_type"),
        ("module_instance", 1, "module_type"),
    ]


def test_what_goes_or_changes_in_the_same_plan_does_not_count() -> None:
    after = "---\nmodule_type: [{id: u}]\nmodule_instance: [{module_id: n, module_type: u}]\n"
    assert problems("REF006", REFERRED + after) == []


def test_deleting_what_only_warns_is_a_warning() -> None:
    before = skills("id: a", "id: b, requires: [a]")
    (found,) = problems("REF006", before + "---\n" + skills("id: b, requires: [x, a]"))
    assert found.severity is W
    assert found.related[0].place.path == ("skill", 0, "requires", 1)


def test_the_worst_reference_gives_the_severity() -> None:
    before = skills("id: a", "id: b, requires: [a]", "id: c, links: {next: a}")
    (found,) = problems(
        "REF006", before + "---\n" + skills("id: b, requires: [a]", "id: c, links: {next: a}")
    )
    assert found.severity is E


def test_a_renamed_entry_gives_the_new_id_for_each_reference() -> None:
    moved = "moved: [{from: module_type/t, to: module_type/u}]\n"
    after = "---\nmodule_type: [{id: u}]\n" + MODULES % "u" + moved
    (found,) = problems("REF007", REFERRED + after)
    assert problems("REF006", REFERRED + after) == []
    assert found.message == "module_type/t becomes module_type/u, and still referred to by module_instance/m."
    assert found.fix is not None
    ((place, value),) = found.fix.replacements
    assert (place.path, value) == (("module_instance", 0, "module_type"), "u")


def test_a_reference_by_address_gets_the_new_address() -> None:
    before = skills("id: a", "id: b, links: {next: skill/a}")
    after = skills("id: c", "id: b, links: {next: skill/a}") + "moved: [{from: skill/a, to: skill/c}]\n"
    (found,) = problems("REF007", before + "---\n" + after)
    assert found.fix is not None
    assert found.fix.replacements[0][1] == "skill/c"


def test_a_renamed_entry_that_refers_to_itself_is_found_under_its_new_id() -> None:
    before = skills("id: a, requires: [a]")
    after = skills("id: b, requires: [a]") + "moved: [{from: skill/a, to: skill/b}]\n"
    (found,) = problems("REF007", before + "---\n" + after)
    assert found.message.endswith("still referred to by skill/b.")


def test_who_refers_to_an_entry_is_known_by_its_address() -> None:
    found = referrers(entry_set(REFERRED))
    assert [link.item.address for link in found["module_type/t"]] == [
        "module_instance/m",
        "module_instance/n",
    ]


def test_a_value_of_several_fields_is_unique_together() -> None:
    text = skills("id: a, team: x, rank: 1", "id: b, team: x, rank: 2", "id: c, team: x, rank: 1")
    (found,) = problems("UNQ001", text)
    assert (found.address, found.path) == ("skill/c", ("team",))
    assert found.message == 'team and rank is ["x",1] in skill/a as well.'


def test_a_value_that_stands_twice_is_shown_as_it_is_written() -> None:
    assert messages("UNQ001", skills("id: a, path: x", "id: b, path: x")) == [
        "path is 'x' in skill/a as well."
    ]


@pytest.mark.parametrize(
    "other", ["path: null", "path: 1", "team: x", "team: x, rank: null", "path: A", "team: x, rank: '1'"]
)
def test_what_is_absent_or_of_another_type_is_not_equal(other: str) -> None:
    text = skills("id: a, path: '1', team: x, rank: 1", f"id: b, {other}")
    assert problems("UNQ001", text) == []


def test_true_is_not_one() -> None:
    assert problems("UNQ001", skills("id: a, path: true", "id: b, path: 1", "id: c, path: 1.0")) == []


@pytest.mark.parametrize("path", ["skills/plan", "./skills/plan/", "skills/plan/SKILL.md"])
def test_a_folder_lists_what_lies_in_it(path: str) -> None:
    assert problems("PTH001", skills(f"id: a, path: {path}")) == []
    assert [one.place.file for one in problems("PTH003", skills(f"id: a, path: {path}"))] == [
        "skills/review/SKILL.md"
    ]


@pytest.mark.parametrize("path", ["/etc/hosts", "../x", "a/../../x", "C:/x", "linked/file", "a\\b"])
def test_a_path_that_leaves_the_workspace_is_not_merely_missing(path: str) -> None:
    text = skills(f"id: a, path: '{path}'")
    assert addresses("PTH002", text) == ["skill/a"]
    assert problems("PTH001", text) == []


def test_files_are_not_unlisted_while_entries_may_be_hidden() -> None:
    assert len(problems("PTH003", skills("id: a"))) == 2
    assert problems("PTH003", skills("id: a"), hidden_kinds=frozenset({"skill"})) == []
    assert len(problems("PTH003", skills("id: a"), hidden_text="path: skills/plan/SKILL.md")) == 1
