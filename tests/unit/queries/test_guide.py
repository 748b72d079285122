"""The generated documents: whole, true to rules and kinds, and the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.loading.rule_files import DeclaredRule
from registry_reconciler.model.config import Config
from registry_reconciler.model.kind import Kind, parse_kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.outputs.names import AGENTS_PATH, COORDINATION_PATH
from registry_reconciler.outputs.pages import SECTIONS, agents_page, coordination_page
from registry_reconciler.queries.guide import (
    explain,
    main,
    rule_files,
    rule_index,
    rule_page,
    stale,
    write,
)
from registry_reconciler.rules import FAMILIES, RULES, all_rules
from registry_reconciler.rules.base import Rule
from tests.rules.helper import kinds, rule_of

REPOSITORY = Path(__file__).parents[3]


def builtin() -> dict[str, Kind]:
    return {name: kind for name, kind in kinds().items() if name not in ("skill", "plugin")}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_a_page_and_an_explanation_have_every_part(rule: Rule) -> None:
    page, text = rule_page(rule), explain(rule)
    for part in (rule.title, rule.severity.value):
        assert part in page
        assert part in text
    for part in (rule.page.summary, rule.page.why, rule.page.fix, *(one.check for one in rule.relations)):
        assert part in page
        assert " ".join(part.split()) in " ".join(text.split()) or part in {
            one.check for one in rule.relations
        }
    assert ("Structural" in page) is rule.structural
    assert ("## Use instead" in page) is bool(rule.page.use_instead)
    assert ("Before the plan, and after it" in page) is (rule.transition is not None)
    assert all(character.isprintable() or character == "\n" for character in page + text)


def test_every_code_has_its_page_and_every_page_its_code() -> None:
    pages = {path.stem for path in (REPOSITORY / "docs/rules").glob("*.md")} - {"README"}
    assert pages == {rule.code for rule in all_rules()}
    assert stale(REPOSITORY, rule_files()) == []


def test_the_index_lists_every_code_once_under_its_family() -> None:
    index = rule_index()
    for rule in all_rules():
        assert index.count(f"]({rule.code}.md)") == 1
        assert (f"]({rule.code}.md)*" in index) is rule.structural
    for family in FAMILIES:
        assert {rule.family for rule in family.rules} == {family.letters}


def test_every_relation_of_a_rule_has_a_section() -> None:
    known = {section.between for section in SECTIONS}
    used = {relation.between for rule in RULES for relation in rule.relations}
    assert used == known


def test_the_coordination_page_says_what_each_relation_does() -> None:
    page = coordination_page(builtin())
    for title in ("Ability ↔ module instance", "Route ↔ module instance", "Hook ↔ ability", "Hook ↔ route"):
        assert f"## {title}\n" in page
    assert "## Interface ↔ module\n" in page
    assert "## Maturity ↔ instance\n" in page
    for rule in RULES:
        for relation in rule.relations:
            assert f"| {relation.when} | {relation.check} | {rule.code}: {rule.title} |" in page
    assert "| `module_type` | `module_instance.module_type` | REF001 | fails the write |" in page


def test_the_coordination_page_follows_the_configuration() -> None:
    (relation,) = rule_of("MOD006").relations
    row = f"| {relation.when} | {relation.check} | MOD006: {rule_of('MOD006').title} |"
    assert f"{row} warns |" in coordination_page(builtin())
    raised = Config(severities={"MOD006": Severity.ERROR})
    assert f"{row} fails the write |" in coordination_page(builtin(), raised)
    lowered = Config(severities={"MOD": Severity.RECORD})
    assert f"{row} records |" in coordination_page(builtin(), lowered)


def test_the_coordination_page_of_other_kinds_speaks_of_no_built_in_one() -> None:
    page = coordination_page({"skill": kinds()["skill"]})
    assert "module_instance" not in page
    assert "Ability" not in page
    assert "| `skill` | `skill.requires[]` | REF001 | warns |" in page
    assert "PTH001" in page


def test_the_guide_for_agents_names_every_kind_with_schema_files_key_and_purpose() -> None:
    page = agents_page(builtin())
    for kind in builtin().values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind.name}` |"))
        for part in (kind.schema_path, kind.file.text, kind.key[0].text):
            assert f"`{part}`" in row
        assert row.split(" | ")[-1].strip(" |")
    assert "--no-check` is not for agents" in page
    for number in ("0", "1", "2", "3", "64"):
        assert f"\n| {number} | " in page


@pytest.mark.parametrize(
    ("title", "words"),
    [("A skill", "A skill. Truth is live: "), ("", "Truth is live: "), ("It.", "It. Truth is live: ")],
)
def test_who_owns_a_kind_stands_behind_its_purpose(title: str, words: str) -> None:
    schema = {
        "title": title,
        "x-registry": {"kind": "k", "layout": "list", "file": "k.yaml", "key": "id", "truth": "live"},
    }
    page = agents_page({"k": parse_kind(schema, "k.schema.yaml")})
    (row,) = [line for line in page.splitlines() if line.startswith("| `k` |")]
    assert row.split(" | ")[-1].startswith(words)


def test_what_stands_in_a_schema_stays_text() -> None:
    hostile = {
        "description": "a | b\n# <script> @team [x](http://host)",
        "x-registry": {"kind": "k", "layout": "list", "file": "k.yaml", "key": "id"},
    }
    page = agents_page({"k": parse_kind(hostile, "k.schema.yaml")})
    (row,) = [line for line in page.splitlines() if line.startswith("| `k` |")]
    assert row.replace("\\|", "").count("|") == 6
    assert "`<script>`" in row
    assert "`@team`" in row


def test_pages_are_the_same_whatever_the_order_of_kinds() -> None:
    turned = dict(reversed(builtin().items()))
    assert coordination_page(turned) == coordination_page(builtin())
    assert agents_page(turned) == agents_page(builtin())


def test_checking_finds_what_is_missing_changed_or_left_over_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", str(tmp_path)]) == 1
    assert main(["--write", str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    capsys.readouterr()
    (tmp_path / "docs/rules/REF001.md").write_text("edited")
    (tmp_path / "docs/rules/REF999.md").write_text("left over")
    assert main(["--check", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "not as generated: docs/rules/REF001.md",
        "not as generated: docs/rules/REF999.md",
    ]
    assert write(tmp_path, rule_files()) == ["docs/rules/REF001.md", "docs/rules/REF999.md"]
    assert not (tmp_path / "docs/rules/REF999.md").exists()
    assert main(["--check", str(tmp_path)]) == 0


def test_a_workspace_gets_its_two_files(tmp_path: Path) -> None:
    from registry_reconciler.schema.packaged import builtin_schemas

    folder = tmp_path / ".system/registry/schemas"
    folder.mkdir(parents=True)
    for name, data in builtin_schemas().items():
        (folder / f"{name}.schema.yaml").write_bytes(data)
    assert main(["--write", str(tmp_path)]) == 0
    assert (tmp_path / COORDINATION_PATH).read_text(encoding="utf-8") == coordination_page(builtin())
    agents = (tmp_path / AGENTS_PATH).read_text(encoding="utf-8")
    assert "`.system/registry/schemas/hook.schema.yaml`" in agents


def test_the_coordination_page_tells_the_rules_of_the_workspaces_own() -> None:
    own = [
        DeclaredRule(
            "TEAM001", "An active team | has *somebody* on call", Severity.WARNING, ("team", "person")
        ),
        DeclaredRule("TEAM002", "A team has a name", Severity.ERROR, ("team",)),
    ]
    page = coordination_page(kinds(), Config(severities={"TEAM002": Severity.RECORD}), own)
    assert "## Rules of this workspace" in page
    assert (
        "| `team` or `person` changes | An active team `\\|` has `*somebody*` on call | TEAM001 | warns |"
        in page
    )
    assert "| `team` changes | A team has a name | TEAM002 | records |" in page
    assert "Rules of this workspace" not in coordination_page(kinds())


def test_the_paragraphs_of_a_page_stay_apart() -> None:
    further = {
        paragraph: explain(rule)
        for rule in all_rules()
        for part in (rule.page.summary, rule.page.why, rule.page.fix)
        for paragraph in part.split("\n\n")[1:]
    }
    assert further
    for paragraph, text in further.items():
        assert " ".join(paragraph.split()) in [" ".join(block.split()) for block in text.split("\n\n")]
