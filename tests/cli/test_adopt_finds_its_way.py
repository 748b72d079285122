"""Adopting in spite of what stands in the way, and where new entries go among those that are there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Box

SCHEMAS = ".system/registry/schemas"


def kind(box: Box, name: str, spec: str) -> None:
    box.write(f"{SCHEMAS}/{name}.schema.yaml", f"type: object\nx-registry: {{kind: {name}, {spec}}}\n")


def problem(box: Box, code: str) -> dict[str, Any]:
    """The only problem with a code."""
    (found,) = (one for one in box.run("plan", "--format", "json").json["problems"] if one["code"] == code)
    return dict(found)


def test_what_collides_on_a_unique_value_is_skipped_and_the_rest_is_adopted(box: Box) -> None:
    kind(box, "item", "layout: list, file: reg.yaml, key: id, unique: [[path]]")
    box.write("reg.yaml", "- {id: a, path: x}\n- {id: b, path: x}\n- {id: c, path: y}\n- {id: d, path: z}\n")
    ran = box.run("adopt", "--all", "--format", "json")
    assert ran.exit == 0
    assert [one["address"] for one in ran.json["adopted"]] == ["item/c", "item/d"]
    skipped = {one["address"]: one for one in ran.json["skipped"]}
    assert {address: one["code"] for address, one in skipped.items()} == {
        "item/a": "UNQ001",
        "item/b": "UNQ001",
    }
    assert "item/b" in skipped["item/a"]["message"]
    assert box.run("apply", "--yes").exit == 0


def test_what_leads_on_is_no_command_that_is_blocked(box: Box) -> None:
    kind(box, "item", "layout: list, file: reg.yaml, key: id")
    box.write("reg.yaml", "- {id: a}\n- {id: b, v: 1}\n")
    box.write("desired/b.yaml", "item: [{id: b, v: 2}]\n")
    ran = box.run("adopt", "item/a", "--format", "json")
    assert ran.json["written"] == ["desired/item.yaml"]
    (command,) = ran.json["next"]
    assert command == ["registry", "plan", "--adopt", "item/b"]
    assert box.run(*command[1:]).exit == 0
    kind(box, "other", "layout: list, file: other.yaml, key: id")
    box.write("other.yaml", "- {id: z}\n")
    said = box.run("adopt", "other/*").out
    assert "Next: registry plan --adopt item/b" in said
    assert "1 problem was there before, and blocks the next apply" in said


def test_an_old_error_in_an_entry_that_the_plan_leaves_alone_does_not_block_it(box: Box) -> None:
    kind(box, "item", "layout: list, file: reg.yaml, key: id")
    box.write("desired/a.yaml", "item: [{id: a, v: 1}, {id: b, v: 1}]\n")
    assert box.run("apply", "--yes").exit == 0
    schema = (
        "type: object\nrequired: [owner]\nx-registry: {kind: item, layout: list, file: reg.yaml, key: id}\n"
    )
    box.write(f"{SCHEMAS}/item.schema.yaml", schema)
    assert box.run("check").exit == 3
    assert box.run("check", "--brief").exit == 3
    assert box.run("plan").exit == 0
    box.write("desired/a.yaml", "item: [{id: a, v: 1}, {id: b, v: 2}]\n")
    blocked = box.run("plan", "--format", "json").json
    assert [one["address"] for one in blocked["problems"] if one["blocking"]] == ["item/b"]
    box.write("desired/a.yaml", "item: [{id: a, v: 1}, {id: b, v: 2, owner: me}]\n")
    assert box.run("apply", "--yes").exit == 0
    assert box.read("reg.yaml") == "- {id: a, v: 1}\n- {id: b, v: 2, owner: me}\n"
    assert box.run("check").exit == 3


LISTS = {
    "ignoring case": (["Alpha", "beta", "Delta", "omega"], "charlie", "Delta"),
    "as numbers": (["v1", "v2", "v10", "v20"], "v9", "v10"),
    "by code point": (["A", "B", "a", "b"], "C", "a"),
    "nearly sorted": ([*(f"k{number:03}" for number in range(60)), "zz", "k999"], "k030a", "k031"),
    "not sorted": (["c", "a", "d", "b"], "bb", None),
}


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("layout", ["list", "map"])
def test_a_new_entry_goes_to_its_place_in_the_order_that_is_there(box: Box, case: str, layout: str) -> None:
    keys, new, before = LISTS[case]
    kind(box, "item", f"layout: {layout}, file: reg.yaml, key: id")
    row = "- {{id: {}, v: 1}}" if layout == "list" else "{}: {{v: 1}}"
    rows = [row.format(key) for key in keys]
    box.write("reg.yaml", "".join(f"{one}\n" for one in rows))
    box.write("desired/a.yaml", f"item: [{{id: {new}, v: 1}}]\n")
    assert box.run("apply", "--yes").exit == 0
    at = len(keys) if before is None else keys.index(before)
    assert box.read("reg.yaml").splitlines() == [*rows[:at], row.format(new), *rows[at:]]


def test_several_new_entries_come_in_the_order_of_the_list(box: Box) -> None:
    kind(box, "item", "layout: map, file: reg.yaml, key: id")
    box.write("reg.yaml", "v1: {x: 1}\nv2: {x: 1}\nv10: {x: 1}\n")
    box.write("desired/a.yaml", "item: [{id: v11, x: 1}, {id: v3, x: 1}, {id: v9, x: 1}, {id: v100, x: 1}]\n")
    assert box.run("apply", "--yes").exit == 0
    assert [row.split(":")[0] for row in box.read("reg.yaml").splitlines()] == [
        "v1", "v2", "v3", "v9", "v10", "v11", "v100",
    ]  # fmt: skip


GROUPS = """\
# ---- fruits ----
- id: pear
  group: fruit
- id: plum
  group: fruit

# ---- beasts ----
- id: ant
  group: beast
- id: cow
  group: beast
"""


def test_a_new_entry_stays_inside_its_group_and_above_the_banner_of_the_next(box: Box) -> None:
    kind(box, "item", "layout: list, file: reg.yaml, key: id")
    box.write("reg.yaml", GROUPS)
    box.write(
        "desired/a.yaml",
        "item: [{id: quince, group: fruit}, {id: bat, group: beast}, {id: dog, group: beast}]\n",
    )
    assert box.run("apply", "--yes").exit == 0
    assert box.read("reg.yaml") == (
        GROUPS.replace(
            "plum\n  group: fruit\n", "plum\n  group: fruit\n- id: quince\n  group: fruit\n"
        ).replace("- id: cow", "- id: bat\n  group: beast\n- id: cow")
        + "- id: dog\n  group: beast\n"
    )


def test_a_fragment_says_by_its_own_place_where_an_entry_of_a_glob_goes(box: Box) -> None:
    kind(box, "dep", "layout: map, file: rosdep/*.yaml, key: name")
    kind(box, "srv", "layout: file, file: 'servers/*/server.yaml', key: name")
    box.write("rosdep/base.yaml", "a: {v: 1}\n")
    box.write("rosdep/python.yaml", "b: {v: 1}\n")
    box.write("servers/x/server.yaml", "name: x\n")
    box.write("desired/dep.yaml", "dep: [{name: lost, v: 1}]\n")
    lost = problem(box, "WRT003")
    assert "desired/rosdep/base.yaml for rosdep/base.yaml" in lost["fix"]["description"]
    (box.root / "desired/dep.yaml").unlink()
    box.write("desired/rosdep/python.yaml", "dep: [{name: c, v: 2}]\n")
    box.write("desired/rosdep/ruby.yaml", "dep: [{name: d, v: 3}]\n")
    box.write("desired/servers/y/server.yaml", "srv: [{name: y}]\n")
    assert box.run("apply", "--yes").exit == 0
    assert box.read("rosdep/python.yaml") == "b: {v: 1}\nc: {v: 2}\n"
    assert box.read("rosdep/ruby.yaml") == "d: {v: 3}\n"
    assert box.read("rosdep/base.yaml") == "a: {v: 1}\n"
    assert box.read("servers/y/server.yaml") == "name: y\n"  # as its neighbour, not as the fragment
    assert box.run("plan", "--detailed-exitcode").exit == 0


LANDSCAPE = """\
landscape:
  - category:
    name: Apps
    items: [{id: a}]
  - category:
    name: Data
    items: [{id: b}]
"""

PLACES = {
    "landscape.*.items": "landscape[name={category}].items",
    "landscape.{part}.items": "landscape[name={part}].items",
    "landscap.*.itms": "landscape[name={category}].items",
    "landscape[nam={part}].items": "landscape[name={part}].items",
}


@pytest.mark.parametrize("at", PLACES)
def test_a_place_that_leads_nowhere_says_what_stands_there_and_what_to_write(box: Box, at: str) -> None:
    kind(box, "item", f"layout: list, file: land.yml, key: id, at: '{at}'")
    box.write("land.yml", LANDSCAPE)
    empty = problem(box, "KND002")
    assert f"Write at: '{PLACES[at]}' in " in empty["fix"]["description"]
    kind(box, "item", f"layout: list, file: land.yml, key: id, at: '{PLACES[at]}'")
    assert box.run("plan", "--format", "json").json["summary"]["unmanaged"] == 2


def test_a_new_entry_for_a_place_that_leads_nowhere_says_what_to_write(box: Box) -> None:
    box.write("land.yml", LANDSCAPE)
    for at, holder in (("landscape.*.items", "category"), ("landscape.{part}.items", "part")):
        kind(box, "item", f"layout: list, file: land.yml, key: id, at: '{at}'")
        box.write("desired/a.yaml", "item: [{id: c, part: Apps}]\n")
        refused = problem(box, "WRT003")
        assert "'landscape' is a list of 2 items" in refused["message"]
        assert f"landscape[name={{{holder}}}].items" in refused["fix"]["description"]


def test_what_a_fragment_lets_go_of_is_taken_back_by_its_name_only(box: Box) -> None:
    kind(box, "item", "layout: list, file: reg.yaml, key: id")
    box.write("reg.yaml", "- {id: a, v: 1}\n- {id: b}\n- {id: c}\n")
    assert box.run("adopt", "item/*").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.run("rm", "item/a", "item/b", "--keep", "--apply", "--yes").exit == 0
    ran = box.run("adopt", "item/*")
    assert "item/a (reg.yaml:1:3) FRG004: desired/item.yaml:4:5 says that nobody manages it" in ran.out
    assert "registry adopt item/a" in ran.out
    assert box.run("adopt", "item/a").exit == 0
    assert box.read("desired/item.yaml") == (
        "item:\n  - {id: a, v: 1}\n  - {id: c}\nremoved:\n  - address: item/b\n    keep: true\n"
    )
    assert box.run("adopt", "item/b").exit == 0
    assert box.read("desired/item.yaml") == "item:\n  - {id: a, v: 1}\n  - {id: b}\n  - {id: c}\n"
    assert box.run("apply", "--yes").exit == 0
    assert box.run("plan", "--detailed-exitcode").exit == 0


def test_a_kind_alone_names_no_entry(box: Box) -> None:
    kind(box, "item", "layout: list, file: reg.yaml, key: id")
    ran = box.run("adopt", "item")
    assert ran.exit == 64
    assert "'item' is a kind, and no entry. All entries of it: 'item/*'" in ran.err
