"""What a fragment writes is what the registry gets: words, quotes, line breaks and comments, through the commands."""

from __future__ import annotations

import pytest

from tests.cli.helper import Box

SCHEMA = """\
$schema: https://json-schema.org/draft/2020-12/schema
type: object
properties: {id: {type: string}, code: {type: string}}
x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}
"""
LIVE = "things:\n  - id: a\n{}\n  - id: b\n    v: other\n    code: abc\n"


@pytest.fixture
def things(empty: Box) -> Box:
    """An empty workspace with one kind."""
    empty.write(".system/registry/schemas/thing.schema.yaml", SCHEMA)
    return empty


def adopted(box: Box, fields: str) -> str:
    """A registry whose first entry has some fields, adopted and applied."""
    live = LIVE.format(fields)
    box.write("things.yaml", live)
    assert box.run("adopt", "--all").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.read("things.yaml") == live
    return live


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    v: 869256447e86", "    v: 869256447e87"),
        ("    code: 869256447e86", "    code: 869256447e87"),
        ("    v: 1.9", "    v: 1.20"),
        ("    v: 1.1", "    v: 1.10"),
        ("    v: 1", "    v: true"),
        ("    v: 1", "    v: 1.0"),
        ("    v: 1", "    v: '1'"),
        ("    v: null", "    v: ~"),
        ("    v: 7", "    v: 0o17"),
        ("    v: 7", "    v: 012"),
        ("    v: 7", "    v: 0559e0711094"),
        ("    v: 7", "    v: .inf"),
        ("    v: 2024-01-02", "    v: 2024-02-02"),
        ("    v: 12:30:45", "    v: 12:30:46"),
        ("    v: x", "    v: 'x y'"),
        ("    v: x", '    v: "x\\ty"'),
        ("    v: x", "    v: no"),
        ("    v: x", "    v: x\n    on: 1"),
        ("    v: x", "    v: x\n    386: 1"),
        ("    v: !f x", "    v: !g {a: 1}"),
        ("    v: !f\n      a: 1", "    v: !f\n      a: 2 # two"),
        (
            "    v: >-\n      one two\n      three\n      four",
            "    v: >-\n      one TWO\n      three\n      four",
        ),
        ("    v: one\n      two\n      three", "    v: one\n      TWO\n      three"),
        ('    v: "one\n      two\n\n      three"', '    v: "one\n      TWO\n\n      three"'),
        ("    v: |\n      a\n       b", "    v: |\n      a\n       c"),
        ("    v: [a, b]", "    v: [a, b, 'c', 1.10]"),
        ("    v: {a: 1}", '    v: {a: 1, "b": 0x1F}'),
        ("    v:\n      - a\n      - z # cz", "    v:\n      - z # cz\n      - a"),
        ("    v:\n      - a # ca", "    v:\n      - a # ca\n      # above\n      - 'b'   # behind"),
        (
            "    v: x",
            "    v: x\n    # above\n    w:  # head\n      # first\n      k: 'v'  # behind\n      # last\n    z: 1",
        ),
    ],
)
def test_an_edited_field_has_the_text_of_its_fragment(things: Box, old: str, new: str) -> None:
    live = adopted(things, old)
    things.replace("desired/thing.yaml", old, new)
    ran = things.run("apply", "--yes")
    if new == "    v: ~":
        assert (ran.exit, things.read("things.yaml")) == (0, live)
        return
    assert (ran.exit, things.read("things.yaml")) == (0, live.replace(old, new)), ran.out
    assert things.run("plan", "--detailed-exitcode").exit == 0
    things.write("things.yaml", live)
    assert things.run("drift", "--revert", "thing/a").exit == 0
    assert things.read("things.yaml") == live.replace(old, new)
    things.write("things.yaml", live)
    assert things.run("drift", "--accept", "thing/a").exit == 0
    assert things.run("plan", "--detailed-exitcode").exit == 0


def test_integers_of_one_value_are_one(things: Box) -> None:
    adopted(things, "    v: 12")
    things.replace("desired/thing.yaml", "v: 12", "v: 012")
    assert things.run("plan", "--detailed-exitcode").exit == 0


@pytest.mark.parametrize("mark", ["|+", ">+", "x |+", "a: >+"])
def test_a_comment_that_looks_like_a_block_scalar_costs_no_comment(things: Box, mark: str) -> None:
    entry = f"  # about c {mark}\n  - id: c   # key {mark}\n    v: 1  # {mark}\n"
    things.write("things.yaml", f"things:\n{entry}")
    assert things.run("adopt", "--all").exit == 0
    assert things.read("desired/thing.yaml") == f"thing:\n{entry}"
    assert things.run("apply", "--yes").exit == 0
    things.write("desired/thing.yaml", f"thing:\n{entry}{entry.replace('id: c', 'id: d')}")
    assert things.run("apply", "--yes").exit == 0
    assert things.read("things.yaml") == f"things:\n{entry}{entry.replace('id: c', 'id: d')}"


def test_the_comments_of_an_entry_in_flow_style_come_along(things: Box) -> None:
    adopted(things, "    v: x")
    things.write(
        "desired/thing.yaml",
        things.read("desired/thing.yaml")
        + "  # above\n  - {id: c, v: 1.10, # inside\n     w: [a]} # behind\n",
    )
    assert things.run("apply", "--yes").exit == 0
    assert things.read("things.yaml").endswith(
        "  # above\n  # behind\n  - id: c\n    v: 1.10 # inside\n    w: [a]\n"
    )


def test_what_the_schema_calls_text_is_judged_and_keyed_as_text(things: Box) -> None:
    things.write("things.yaml", "things:\n  - id: 0869e5\n    code: 1e3\n  - id: 08\n    code: 12\n")
    ran = things.run("adopt", "--all", "--format", "json")
    assert [one["address"] for one in ran.json["adopted"]] == ["thing/0869e5"]
    assert [one["address"] for one in ran.json["skipped"]] == ["thing/08"]  # 12 is a number for everybody


def test_a_file_is_read_whatever_its_keys_numbers_and_tags_are(things: Box) -> None:
    adopted(things, "    386: x\n    true: y\n    big: 1e999\n    fn: !function x\n    code: !secret name")
    ran = things.run("show", "thing/a", "--format", "json")
    value = ran.json["entry"]["live"]["value"]
    assert value["386"] == "x"
    assert value["true"] == "y"
    assert value["big"] == "1e999"
    assert value["fn"] == {"$opaque": "!function x"}
    assert things.run("check").exit == 0
