"""A change that cannot be made says why in the words that help, and takes no other change with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import SCHEMAS, Ran, installed, lay_out

SKILL = """\
$schema: https://json-schema.org/draft/2020-12/schema
x-registry:
  kind: skill
  layout: list
  file: reg.yaml
  at: "{at}"
  key: id
  references: {references}
type: object
properties:
  id: {{type: string}}
  domain: {{type: string}}
  v: {{}}
"""
DOMAIN = """\
$schema: https://json-schema.org/draft/2020-12/schema
x-registry: {{kind: domain, layout: {layout}, file: reg.yaml, at: domains, key: {key}}}
type: object
"""
BY_NAME = """\
domains:
  esoteric:
    title: E
    skills:
    - id: tarot
    - id: runes
    - id: dice
"""
AS_ITEMS = """\
domains:
- name: esoteric
  skills:
  - id: tarot
  - id: runes
  - id: dice
"""


def workspace(
    root: Path, text: str, at: str, *, domain: tuple[str, str] | None, references: str = "[]"
) -> None:
    files = {f"{SCHEMAS}/skill.schema.yaml": SKILL.format(at=at, references=references), "reg.yaml": text}
    if domain is not None:
        files[f"{SCHEMAS}/domain.schema.yaml"] = DOMAIN.format(layout=domain[0], key=domain[1])
    lay_out(root, files)
    for words in (("adopt", "--all"), ("apply", "--yes")):
        done = installed(*words, cwd=root)
        assert done.exit == 0, done.out + done.err
    fragment = root / "desired/skill.yaml"
    told = fragment.read_text()
    assert "  - id: runes\n    domain: esoteric\n" in told
    told = told.replace("  - id: runes\n    domain: esoteric\n", "")
    fragment.write_text(told.replace("id: tarot\n    domain: esoteric", "id: tarot\n    domain: esotheric"))


def plan(root: Path) -> Ran:
    return installed("plan", cwd=root)


@pytest.mark.parametrize(
    ("text", "at", "domain"),
    [
        (BY_NAME, "domains.{domain}.skills", ("map", "id")),
        (AS_ITEMS, "domains[name={domain}].skills", ("list", "name")),
        (AS_ITEMS, "domains[name={domain}].skills", None),
    ],
    ids=["a map of another kind", "a list of another kind", "a list of no kind"],
)
def test_a_place_that_does_not_exist_is_named_with_what_is_near(
    tmp_path: Path, text: str, at: str, domain: tuple[str, str] | None
) -> None:
    workspace(tmp_path, text, at, domain=domain)
    ran = plan(tmp_path)
    assert ran.exit == 3
    words = " ".join(ran.out.split())
    assert "There is no domain 'esotheric'. Did you mean 'esoteric'?" in words
    assert "report the file" not in words
    assert "- skill/runes" in ran.out  # the deletion beside it stays in the plan


def test_what_a_rule_says_comes_before_the_refusal_and_is_one_cause_with_it(tmp_path: Path) -> None:
    workspace(
        tmp_path,
        BY_NAME,
        "domains.{domain}.skills",
        domain=("map", "id"),
        references="[{field: domain, kind: domain}]",
    )
    out = plan(tmp_path).out
    assert out.count("error ") == 1
    assert "error REF001" in out
    assert "- skill/runes" in out


def test_a_new_place_that_looks_like_a_slip_is_a_warning(tmp_path: Path) -> None:
    workspace(tmp_path, BY_NAME, "domains.{domain}.skills", domain=None)
    ran = plan(tmp_path)
    assert ran.exit == 0
    assert "warning WRT006" in ran.out
    assert "Did you mean 'esoteric'?" in ran.out


def test_an_anchor_that_is_in_use_keeps_only_its_own_entry(tmp_path: Path) -> None:
    items = "".join(f"- {{id: s{number}, v: 1}}\n" for number in range(9))
    files = {
        f"{SCHEMAS}/skill.schema.yaml": SKILL.format(at="skills", references="[]"),
        "reg.yaml": "skills:\n- id: a\n  v: &v [1]\n- id: b\n  v: *v\n" + items,
    }
    lay_out(tmp_path, files)
    for words in (("adopt", "--all"), ("apply", "--yes")):
        assert installed(*words, cwd=tmp_path).exit == 0
    fragment = tmp_path / "desired/skill.yaml"
    blocks = ["  - id" + one for one in fragment.read_text().split("  - id")[1:]]
    kept = [one.replace("v: 1", "v: 2") for one in blocks if ": a\n" not in one]
    fragment.write_text("skill:\n" + "".join(kept))
    out = plan(tmp_path).out
    assert out.count("error WRT002") == 1
    assert "9 to update" in out
    assert "skill: 9 to update\n" in out  # and not the deletion of a
