"""What a plan shows to people before they say yes: no value behind others, no cause twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shop import Shop


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
