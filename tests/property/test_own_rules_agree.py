"""Law: what a built-in rule says, the same rule written in CEL says too, whatever the workspace."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.plan_json import dumps
from registry_reconciler.planning.pipeline import make_plan

TEAM = """\
x-registry: {kind: team, layout: list, file: teams.yaml, at: teams, key: id}
type: object
properties: {id: {type: string}}
"""
SKILL = """\
x-registry:
  kind: skill
  layout: list
  file: skills.yaml
  at: skills
  key: id
  managed: all
  references: [{field: team, kind: team}, {field: "helpers[]", kind: team}]
  unique: [[slot]]
  paths: [{field: path, missing: error}]
type: object
properties:
  id: {type: string}
  team: {type: string}
  helpers: {type: array, items: {type: string}}
  slot: {type: string}
  path: {type: string}
"""
PAIRS = {
    "REF001": (
        'has(self.team) && !has_ref("team", self.team)'
        ' || has(self.helpers) && self.helpers.exists(one, !has_ref("team", one))'
    ),
    "UNQ001": 'has(self.slot) && entries("skill", "slot", self.slot)[0].id != key',
    "PTH001": "has(self.path) && !path_exists(self.path)",
    "UNM001": 'fragment == ""',
}
"""Each built-in rule, and what must not be true of an entry. UNQ001 names all but the first by address."""

names = st.sampled_from(["a", "b", "c", "d"])
paths = st.sampled_from(["docs", "docs/a.md", "docs/b.md", "docs/nope.md", "elsewhere"])
skill = st.fixed_dictionaries(
    {"id": st.sampled_from(["one", "two", "three", "four"])},
    optional={"team": names, "helpers": st.lists(names, max_size=3), "slot": names, "path": paths},
)
skills = st.lists(skill, max_size=4, unique_by=lambda one: one["id"])


def plan(declared: list[Any], live: list[Any], teams: list[str]) -> Plan:
    fragment = {"skill": declared, "team": [{"id": name} for name in teams]}
    known = {one["id"] for one in declared}
    standing = {"skills": [one for one in live if one["id"] not in known]}
    files = {
        ".system/registry/schemas/team.schema.yaml": TEAM,
        ".system/registry/schemas/skill.schema.yaml": SKILL,
        "desired/all.yaml": dumps(fragment),
        "skills.yaml": dumps(standing),
        "docs/a.md": "",
        "docs/b.md": "",
    }
    for number, wrong in enumerate(PAIRS.values(), 1):
        code = f"SAME{number:03}"
        text = {
            "code": code,
            "title": "As the built-in one",
            "for": "skill",
            "check": f"!({wrong})",
            "message": "{key}",
        }
        files[f".system/registry/rules/{code}.yaml"] = dumps(text)
    return make_plan(MemoryTree({path: text.encode() for path, text in files.items()})).plan


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(skills, skills, st.lists(names, unique=True))
def test_built_in_rules_and_the_same_in_cel_agree(
    declared: list[Any], live: list[Any], teams: list[str]
) -> None:
    problems = plan(declared, live, teams).problems
    assert not [one for one in problems if one.code.startswith("RUL")]

    def found(code: str) -> set[tuple[str, str]]:
        told = [one for one in problems if one.code == code and one.address.startswith("skill/")]
        return {(one.address, one.status.value) for one in told}

    for number, code in enumerate(PAIRS, 1):
        assert {address for address, _ in found(f"SAME{number:03}")} == {
            address for address, _ in found(code)
        }, code
