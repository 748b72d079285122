"""What a plan shows to people before they say yes: no value behind others, no cause twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shop import Shop
from tests.support import git


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def numbered(count: int, v: object) -> list[dict[str, object]]:
    return [{"id": f"i{number:02}", "v": v} for number in range(count)]


def test_one_odd_value_among_many_equal_ones_is_shown_before_the_question(shop: Shop) -> None:
    shop.items(*numbered(30, 1))
    shop.apply()
    some = numbered(30, 2)
    some[17]["v"] = 666
    shop.items(*some)
    for ran in (shop.run("plan"), shop.run("apply", "--yes")):
        assert "v: 1 → 666" in ran.out
        assert "… and 26 more like these" in ran.out


FORMATS = [(), ("--brief",), ("--format", "markdown")]


@pytest.mark.parametrize("format", FORMATS, ids=" ".join)
def test_one_odd_value_among_many_new_entries_is_shown(shop: Shop, format: tuple[str, ...]) -> None:
    some = numbered(40, 1)
    some[33]["v"] = 666
    shop.items(*some)
    out = shop.run("plan", *format).out
    assert "v: 666" in out
    assert all(f"item/i{number:02}" in out for number in range(40))
    for number, one in enumerate(some):
        one["v"] = number * 1000
    shop.items(*some)
    out = shop.run("plan", *format).out
    assert all(f"v: {number}000" in out for number in range(1, 40))


@pytest.mark.parametrize("format", FORMATS, ids=" ".join)
def test_what_differs_deep_inside_a_long_text_is_shown(shop: Shop, format: tuple[str, ...]) -> None:
    long = "word " * 300
    lines = [f"{number} {long}" for number in range(5)]
    shop.items({"id": "one", "v": long}, {"id": "many", "v": "\n".join(lines)})
    shop.apply()
    lines[3] += "ANOTHER"
    shop.items({"id": "one", "v": f"{long}OTHER{long}"}, {"id": "many", "v": "\n".join(lines)})
    out = shop.run("plan", *format).out
    assert "ANOTHER" in out
    assert " OTHER" in out.replace("ANOTHER", "")
    shop.items({"id": "new", "v": f"{long}END"})
    assert 'END"' in shop.run("plan", "--allow-mass-delete", *format).out


@pytest.mark.parametrize("format", FORMATS, ids=" ".join)
def test_a_field_that_goes_behind_many_that_change_is_named(shop: Shop, format: tuple[str, ...]) -> None:
    shop.items({"id": "a", **{f"f{number:02}": 1 for number in range(60)}})
    shop.apply()
    shop.items({"id": "a", **{f"f{number:02}": 2 for number in range(59)}})
    assert "- f59" in shop.run("plan", *format).out


@pytest.mark.parametrize("format", FORMATS, ids=" ".join)
def test_moves_are_folded_by_their_values_only(shop: Shop, format: tuple[str, ...]) -> None:
    shop.items(*numbered(30, 1))
    shop.apply()
    some = [{**item, "id": f"n{item['id']}"} for item in numbered(30, 1)]
    moved = [{"from": f"item/i{number:02}", "to": f"item/ni{number:02}"} for number in range(30)]
    shop.write("desired/items.yaml", json.dumps({"item": some, "moved": moved}))
    out = shop.run("plan", *format).out
    assert all(f"item/i{number:02}" in out and f"item/ni{number:02}" in out for number in range(30))
    for item in some[17:18]:
        item["v"] = 666
    shop.write("desired/items.yaml", json.dumps({"item": some, "moved": moved}))
    assert "666" in shop.run("plan", *format).out


@pytest.mark.parametrize("format", FORMATS, ids=" ".join)
def test_what_an_adoption_overwrites_is_shown(shop: Shop, format: tuple[str, ...]) -> None:
    live = numbered(30, 1)
    live[17]["v"] = 666
    shop.write("items.yaml", json.dumps({"items": live}))
    shop.items(*numbered(30, 2))
    out = shop.run("plan", "--adopt", "item/*", *format).out
    assert "666" in out
    assert "item/i17" in out


def test_a_comparison_of_two_revisions_folds_nothing_else(shop: Shop) -> None:
    shop.items(*numbered(30, 1))
    shop.apply()
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        git(shop.root, *words)
    some = numbered(29, 2)
    some[17]["v"] = 666
    shop.items(*some)
    for command in (("plan", "--base", "HEAD"), ("diff", "HEAD")):
        out = shop.run(*command).out
        assert "1 → 666" in out
        assert "- item/i29" in out


def test_each_deletion_and_each_lost_value_is_named(shop: Shop) -> None:
    shop.items(*numbered(60, 1))
    shop.apply()
    shop.items(*({"id": f"i{number:02}"} for number in range(40)))
    out = shop.run("plan", "--allow-mass-delete").out
    assert all(f"item/i{number:02}" in out for number in range(60)), out


def test_one_renamed_entry_that_many_need_is_one_problem(shop: Shop) -> None:
    users = [{"id": f"u{number}", "needs": ["skill"]} for number in range(8)]
    shop.items({"id": "skill"}, *users)
    shop.apply()
    shop.items({"id": "skills"}, *users)
    ran = shop.run("plan")
    assert ran.out.count("\nerror ") == 1
    assert "item/skill is deleted, and still referred to by item/u0," in " ".join(ran.out.split())
    assert "item/skill and 8 more" in ran.out
    assert "… and 6 places more" in ran.out
    data = shop.run("plan", "--format", "json").json
    assert sorted(one["code"] for one in data["problems"]) == ["REF001"] * 8 + ["REF006"]
    assert len({one["group"] for one in data["problems"]}) == 1
    assert shop.run("plan", "--format", "github").out.count("::error ") == 1


def test_a_new_required_field_is_one_problem_that_nobody_calls_old(shop: Shop) -> None:
    shop.items(*numbered(37, 1))
    shop.apply()
    shop.schema("[id, owner]")
    out = shop.run("plan").out
    assert out.count("error SCH001") == 1
    assert "item/i00 and 36 more" in out
    assert "there before" not in out


@pytest.mark.slow
def test_more_than_a_thousand_dependents_are_counted(shop: Shop) -> None:
    users = [{"id": f"u{number:04}", "needs": ["skill"]} for number in range(1491)]
    shop.items({"id": "skill", "v": 1}, *users)
    shop.apply()
    shop.items({"id": "skill", "v": 2}, *users)
    assert "affects item/u0000, item/u0001, item/u0002 and 1,488 more" in " ".join(
        shop.run("plan").out.split()
    )
    change = shop.run("plan", "--format", "json").json["changes"][0]
    assert (len(change["impact"]), change["impact_total"]) == (1000, 1491)


def test_what_a_changed_schema_asks_can_be_baselined_and_set_everywhere(shop: Shop) -> None:
    shop.items(*numbered(37, 1))
    shop.apply()
    shop.schema("[id, owner]")
    assert shop.run("check").exit == 3
    assert shop.run("plan").exit == 0  # it changes none of these entries
    assert shop.run("baseline").exit == 0
    ran = shop.run("check")
    assert (ran.exit, "37 suppressed" in ran.out) == (0, True)
    shop.items(*numbered(38, 1))  # the new one has to have it
    ran = shop.run("plan")
    assert ran.exit == 3
    assert "1 error, 37 suppressed" in ran.out
    shop.items(*numbered(37, 1))
    shop.schema("[id, owner, v, needs]")
    out = shop.run("plan").out
    assert out.count("error SCH001") == 1  # the other field that is missing now is not known
    assert "needs the field 'needs'" in " ".join(out.split())
    assert shop.run("fix", "--set", "needs=[]", "--diff").exit == 0
    assert shop.run("check").exit == 3
    assert shop.run("fix", "--set", "owner=TBD", "--set", "needs=[]").exit == 0
    assert shop.run("check").exit == 0
    shop.apply()
    assert (shop.root / "items.yaml").read_text().count("TBD") == 37
    assert "No entry has a problem with that." in shop.run("fix", "--set", "owner=x").out


def test_two_missing_fields_are_two_problems(shop: Shop) -> None:
    shop.schema("[id, owner, v]")
    shop.items({"id": "a"})
    words = " ".join(shop.run("plan").out.split())
    assert "needs the field 'owner'" in words
    assert "needs the field 'v'" in words
