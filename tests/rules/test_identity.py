"""Identity, case by case."""

from __future__ import annotations

import pytest

from registry_reconciler.model.config import Config
from registry_reconciler.model.problem import Severity
from tests.rules.helper import addresses, messages, problems


def types(*entries: str) -> str:
    return "module_type:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def test_one_id_in_two_kinds_of_one_space_names_the_other_entry() -> None:
    (found,) = problems("IDN001", "ability_low: [{ability_id: a}]\nability_high: [{ability_id: a}]")
    assert found.related[0].place.path == ("ability_high", 0)
    assert "ability_high/a" in found.message


def test_one_id_in_two_kinds_of_two_spaces_is_fine() -> None:
    assert problems("IDN001", "hook: [{id: a}]\nroute: [{id: a}]\nmodule_instance: [{module_id: a}]") == []


@pytest.mark.parametrize("own", ["name: a", "aliases: [a]"])
def test_an_entry_never_collides_with_itself(own: str) -> None:
    text = types(f"id: a, {own}")
    assert problems("IDN002", text) == []
    assert problems("IDN003", text) == []


def test_a_name_and_an_alias_of_one_entry_may_be_equal() -> None:
    assert problems("IDN003", types("id: a, name: n, aliases: [n, n]")) == []


def test_a_name_hides_an_id_of_the_other_ability_kind() -> None:
    text = "ability_low: [{ability_id: a}]\nability_high: [{ability_id: b, name: a}]"
    (found,) = problems("IDN002", text)
    assert (found.address, found.path) == ("ability_high/b", ("name",))
    assert found.related[0].place.path == ("ability_low", 0)


def test_a_name_that_is_the_id_of_another_kind_is_fine() -> None:
    assert problems("IDN002", "hook: [{id: a}]\nroute: [{id: b, name: a}]") == []


def test_every_entry_that_hides_an_id_is_named() -> None:
    assert addresses("IDN002", types("id: a", "id: b, name: a", "id: c, aliases: [x, a]")) == [
        "module_type/b",
        "module_type/c",
    ]


def test_hiding_an_id_cannot_be_lowered() -> None:
    config = Config(severities={"IDN": Severity.RECORD})
    (found,) = problems("IDN002", types("id: a", "id: b, name: a"), config=config)
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("one", "other", "loser"),
    [
        pytest.param("id: a, name: n", "id: b, name: n", "b", id="the smaller id wins"),
        pytest.param("id: a, name: n", "id: b, name: n, priority: 1", "a", id="the higher priority wins"),
        pytest.param("id: a, name: n, priority: -1", "id: b, name: n", "a", id="none is priority 0"),
        pytest.param(
            "id: a, name: n", "id: b, name: n, source: runtime", "a", id="runtime wins over builtin"
        ),
        pytest.param(
            "id: a, name: n, source: package",
            "id: b, name: n, source: runtime",
            "a",
            id="runtime wins over package",
        ),
        pytest.param(
            "id: a, name: n", "id: b, name: n, source: package", "a", id="package wins over builtin"
        ),
        pytest.param(
            "id: a, name: n, source: runtime",
            "id: b, name: n, source: builtin, priority: 1",
            "a",
            id="the priority goes before the source",
        ),
        pytest.param(
            "id: a, aliases: [n], priority: 9", "id: b, name: n", "a", id="a name goes before an alias"
        ),
        pytest.param("id: a, aliases: [n]", "id: b, aliases: [n]", "b", id="aliases collide as names do"),
    ],
)
def test_a_collision_is_told_at_the_loser_and_names_the_winner(one: str, other: str, loser: str) -> None:
    (found,) = problems("IDN003", types(one, other))
    winner = {"a": "b", "b": "a"}[loser]
    assert found.address == f"module_type/{loser}"
    assert f"module_type/{winner}, which wins" in found.message


def test_of_three_that_share_a_name_two_lose() -> None:
    text = types("id: a, name: n", "id: b, name: n", "id: c, aliases: [n]")
    assert addresses("IDN003", text) == ["module_type/b", "module_type/c"]


def test_the_place_of_a_collision_is_the_alias_itself() -> None:
    (found,) = problems("IDN003", types("id: a, name: n", "id: b, aliases: [x, n]"))
    assert found.path == ("aliases", 1)
    assert found.related[0].place.path == ("module_type", 0, "name")


def test_an_override_of_another_entry_changes_nothing() -> None:
    text = types("id: a, name: n", "id: b, name: n", "id: c") + "override: [module_type/c]\n"
    assert addresses("IDN003", text) == ["module_type/b"]
    assert addresses("IDN004", text) == []


@pytest.mark.parametrize("address", ["module_type/a", "module_type/b"])
def test_an_override_of_either_entry_makes_it_a_record(address: str) -> None:
    text = types("id: a, name: n", "id: b, name: n") + f"override: [{address}]\n"
    assert problems("IDN003", text) == []
    assert [one.severity for one in problems("IDN004", text)] == [Severity.RECORD]


@pytest.mark.parametrize(
    ("one", "other"), [("strasse", "straße"), ("ﬁle", "file"), ("A", "a"), ("E\u0301", "\u00e9"), ("Ａ", "a")]
)
def test_ids_that_differ_only_in_case_or_unicode_form_look_alike(one: str, other: str) -> None:
    assert len(problems("IDN005", types(f"id: {one}", f"id: {other}"))) == 1


def test_ids_that_are_the_same_letters_or_look_the_same_are_errors() -> None:
    def found(*ids: str) -> list[tuple[str, str]]:
        text = types(*(f"id: {one}" for one in ids))
        return [(one.code, one.severity.value) for one in problems("IDN007", text)]

    assert found("re\u0301gion", "r\u00e9gion") == [("IDN007", "error")]
    assert found("paypal", "p\u0430ypal") == [("IDN007", "error")]
    assert found("val", "va\u04cf") == [("IDN007", "error")]
    assert found("node", "\u0578ode") == [("IDN007", "error")]
    assert found("HELLO", "\u13bbELLO") == [("IDN007", "error")]
    assert found("cop", "\u0441\u043e\u0440") == [("IDN007", "warning")]  # no id mixes scripts
    assert found("\u043f\u0438\u0440", "\u041f\u0418\u0420") == []  # case alone
    assert found("r\u00e9gion", "region") == []
    assert found("b1", "\u04321") == []  # looks like b in neither case
    (said,) = problems("IDN007", types("id: paypal", "id: p\u0430ypal"))
    assert "'p\\u0430ypal' and 'paypal' look the same, with letters of Cyrillic and Latin" in said.message


def test_ids_that_differ_in_more_do_not_look_alike() -> None:
    assert problems("IDN005", types("id: a1", "id: a2", "id: ä")) == []


def test_look_alikes_are_seen_across_the_kinds_of_a_space() -> None:
    text = "ability_low: [{ability_id: Pay}]\nability_high: [{ability_id: pay}]"
    assert len(problems("IDN005", text)) == 1
    assert problems("IDN005", "hook: [{id: Pay}]\nroute: [{id: pay}]") == []


def change(before: str, after: str) -> str:
    return f"{before}---\n{after}"


def test_a_name_leads_elsewhere_when_its_entry_goes_and_another_has_it() -> None:
    before = types("id: a, name: n", "id: b, aliases: [n]")
    (message,) = messages("IDN006", change(before, types("id: b, aliases: [n]")))
    assert message == "'n' led to module_type/a and will lead to module_type/b."


def test_a_name_leads_elsewhere_when_a_priority_changes() -> None:
    before = types("id: a, name: n", "id: b, name: n")
    after = types("id: a, name: n, priority: -1", "id: b, name: n")
    assert addresses("IDN006", change(before, after)) == ["module_type/b"]


def test_a_renamed_entry_keeps_its_name() -> None:
    moved = "moved: [{from: module_type/a, to: module_type/b}]\n"
    before, after = types("id: a, name: n"), types("id: b, name: n")
    assert problems("IDN006", change(before, after + moved)) == []
    assert addresses("IDN006", change(before, after)) == ["module_type/b"]


def test_a_name_that_is_new_or_gone_leads_nowhere_else() -> None:
    assert problems("IDN006", change(types("id: a"), types("id: a, name: n"))) == []
    assert problems("IDN006", change(types("id: a, name: n"), types("id: a"))) == []


def test_names_that_come_and_go_do_not_hide_one_that_leads_elsewhere() -> None:
    before = types("id: a, name: n", "id: b, aliases: [n, a-gone]", "id: c")
    after = types("id: b, aliases: [n]", "id: c, name: a-new")
    assert addresses("IDN006", change(before, after)) == ["module_type/b"]
