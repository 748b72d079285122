"""What is remembered of where a kind had its entries may be of a newer program, or of nobody: then it says nothing."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.state.places import KindPlace, parse_place, place_path
from registry_reconciler.model.plan import Plan
from registry_reconciler.planning.pipeline import make_plan

SCHEMA = """\
x-registry: {kind: skill, layout: list, file: new.yaml, at: skills, key: id}
title: Skill
type: object
properties: {id: {type: string}}
"""
PLACE = {"file": '"old.yaml"', "at": '"skills"', "layout": '"list"', "key": '"id"'}
STATE = b'registry state 4\n< "desired/s.yaml"\n\n@ "skill/gone" ZOk62b/J\n.\nid\n =X9R8tn45\n.\n.\n'
"""One entry was managed: of a kind that nobody manages nothing is carried."""
SKILLS = b"skills:\n  - id: a\n"


def place(**words: str) -> bytes:
    lines = [f"skill: {name} {word}\n.\n.\n" for name, word in {**PLACE, **words}.items()]
    return "".join(("registry place 1\n.\n.\n", *lines)).encode()


def plan_of(**words: str) -> Plan:
    tree = MemoryTree(
        {
            ".system/registry/schemas/skill.schema.yaml": SCHEMA.encode(),
            place_path("skill"): place(**words),
            ".system/registry/state/s.state": STATE,
            "old.yaml": SKILLS,
            "new.yaml": SKILLS.replace(b"a", b"b"),
        }
    )
    return make_plan(tree).plan


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("format", '"hcl"'),
        ("key", '"a["'),
        ("body", '"a["'),
        ("layout", '"tree"'),
    ],
    ids=["format", "key", "body", "layout"],
)
def test_a_place_that_cannot_be_understood_is_none(name: str, word: str) -> None:
    plan = plan_of(**{name: word})
    assert plan.problems == ()
    assert "old.yaml" not in {file.path for file in plan.files}


def test_a_key_that_no_program_wrote_is_none() -> None:
    assert KindPlace("a.yaml", "", "list", key="[" * 100_000).keys == ()


def test_a_place_that_can_be_understood_is_looked_at() -> None:
    assert "old.yaml" in {file.path for file in plan_of().files}


def test_half_a_character_is_no_place() -> None:
    assert parse_place(place_path("skill"), place()) is not None
    assert parse_place(place_path("skill"), place(file='"\\ud800.yaml"')) is None
