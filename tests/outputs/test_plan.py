"""Outputs in a plan and an apply: stale, edited, remembered, forgotten; one owner for each byte."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.base.child import Child
from registry_reconciler.errors import Blocked
from registry_reconciler.model.entry import Location
from registry_reconciler.outputs.limits import MOST_TEMPLATE
from registry_reconciler.outputs.memory import DIGESTS, Form, parse
from registry_reconciler.outputs.memory import render as render_account
from registry_reconciler.outputs.render import RenderInput, render
from registry_reconciler.outputs.rendered import Rendered
from registry_reconciler.planning.judging import Judging
from tests.outputs.helper import FRAGMENT, OUTPUTS, README, REGISTRY, SCHEMA, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_an_apply_writes_regions_values_and_containers_and_nothing_else(home: Home) -> None:
    plan = home.apply()
    assert {one.id: one.action.value for one in plan.outputs} == {
        "table": "update",
        "count": "update",
        "total": "update",
        "plugins": "create",
    }
    rows = "| skill | path |\n| --- | --- |\n| docx | skills/docx |\n| pdf | skills/pdf |\n"
    filled = README.replace("begin table -->\n<!--", f"begin table -->\n{rows}<!--", 1)
    assert home.text("README.md") == filled.replace(">0<", ">2<")
    assert home.text("skills/_registry.yml") == REGISTRY.replace("total_skills: 0 ", "total_skills: 2 ")
    assert "1.10" in home.text("marketplace.yaml")
    again = home.plan()
    assert (again.empty, again.outputs, again.pending) == (True, (), False)


def test_a_change_of_an_entry_makes_outputs_stale_in_the_same_plan(home: Home) -> None:
    home.apply()
    home.write({"desired/skills.yaml": FRAGMENT + "  - {id: xlsx, path: skills/xlsx, version: '3'}\n"})
    assert home.actions() == dict.fromkeys(("table", "count", "total", "plugins"), "update")
    assert "+| xlsx | skills/xlsx |" in home.change("table").diff
    home.apply()
    assert ">3<" in home.text("README.md")
    assert home.text("skills/_registry.yml").startswith(
        "# Kept by hand until today.\ntotal_skills: 3   # counted\n"
    )
    assert home.plan().empty


def test_an_edited_output_is_left_until_it_is_overwritten(home: Home) -> None:
    home.apply()
    home.write({"README.md": home.text("README.md").replace("| pdf |", "| PDF |")})
    plan = home.plan()
    assert [(one.id, one.action.value) for one in plan.outputs] == [("table", "edited")]
    assert (plan.applicable, plan.pending, plan.empty) == (True, True, True)
    assert [code for code, _ in home.said()] == ["OUT005"]
    home.write({"desired/skills.yaml": FRAGMENT + "  - {id: xlsx, path: skills/xlsx, version: '3'}\n"})
    home.apply()
    assert "| PDF |" in home.text("README.md")
    assert ">3<" in home.text("README.md")
    home.apply(overwrite=["output:table"])
    assert "| PDF |" not in home.text("README.md")
    assert home.plan().empty


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "column"),
    [
        ("skills/_registry.yml", "total_skills: 2", "total_skills: 7", 2, 1),
        ("marketplace.yaml", "source: ./skills/pdf", "source: ./elsewhere", 1, 1),
        ("README.md", "| pdf |", "| PDF |", 5, 1),
    ],
)
def test_an_edited_output_has_its_place(
    home: Home, file: str, old: str, new: str, line: int, column: int
) -> None:
    home.apply()
    home.write({file: home.text(file).replace(old, new)})
    (found,) = [problem for problem in home.plan().problems if problem.code == "OUT005"]
    assert found.location == Location(file, line, column)


def test_a_template_that_is_not_there_is_one_that_is_misspelt(home: Home) -> None:
    home.write(
        {
            ".system/registry/templates/parts/row.j2": "",
            ".system/registry/templates/page.j2": "{% include 'part/row.j2' %}",
            ".system/registry/templates/p.j2": "{% include 'q.j2' %}",
        }
    )
    home.outputs(
        "outputs:\n"
        "  - {id: slip, file: a.md, template: tabel.md.j2}\n"
        "  - {id: folder, file: b.md, template: row.j2}\n"
        "  - {id: inner, file: c.md, template: page.j2}\n"
        "  - {id: other, file: d.md, template: nothing-like-it}\n"
        "  - {id: itself, file: e.md, template: p.j2}\n"
    )
    lies = "in .system/registry/templates/."
    assert [message.partition(" there is ")[2] for _, message in home.said()] == [
        f"no template 'tabel.md.j2' {lies} Did you mean 'table.md.j2'?",
        f"no template 'row.j2' {lies} Did you mean 'parts/row.j2'?",
        f"no template 'nothing-like-it' {lies}",
        f"no template 'q.j2' {lies}",
        f"no template 'part/row.j2' {lies} Did you mean 'parts/row.j2'?",
    ]


def test_drift_may_block_or_be_undone(home: Home) -> None:
    home.apply()
    home.write({"README.md": home.text("README.md").replace("| pdf |", "| PDF |")})
    home.write({".system/registry/config.yaml": "drift: block\n"})
    assert not home.plan().applicable
    home.write({".system/registry/config.yaml": "drift: undo\n"})
    assert home.actions() == {"table": "update"}


def test_a_file_that_a_person_wrote_is_no_output_until_somebody_says_so(home: Home) -> None:
    home.outputs("outputs:\n  - {id: page, file: docs/page.md, value: 'made'}\n")
    home.write({"docs/page.md": "Mine.\n"})
    assert home.actions()["page"] == "edited"
    home.apply(overwrite=["output:page"])
    assert home.text("docs/page.md") == "made"


def test_a_right_output_is_only_remembered(home: Home) -> None:
    home.outputs("outputs:\n  - {id: page, file: docs/page.md, value: 'made'}\n")
    home.write({"docs/page.md": "made"})
    plan = home.plan()
    assert [(one.id, one.action.value) for one in plan.outputs] == [("page", "adopt")]
    assert plan.pending
    home.apply()
    home.outputs("outputs:\n  - {id: page, file: docs/page.md, value: 'made anew'}\n")
    assert home.actions() == {"page": "update"}


def test_an_output_that_nobody_defines_is_forgotten_and_its_text_stays(home: Home) -> None:
    home.apply()
    text = home.text("README.md")
    home.outputs("outputs: []\n")
    assert set(home.actions().values()) == {"forget"}
    home.apply()
    assert home.text("README.md") == text
    assert home.plan().empty
    assert not list((home.root / ".system/registry/state/outputs").glob("*"))


def test_line_ends_and_a_byte_order_mark_stay(home: Home) -> None:
    home.write({"README.md": "\ufeff" + README.replace("\n", "\r\n")})
    home.apply()
    text = home.text("README.md")
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n")
    assert home.plan().empty


def test_the_plan_id_knows_definitions_and_templates_and_not_the_text(home: Home) -> None:
    first = home.plan().plan_id
    home.write({"README.md": README.replace("of them", "of these")})
    assert home.plan().plan_id == first
    home.write({".system/registry/templates/table.md.j2": "other\n"})
    assert home.plan().plan_id != first
    inputs = home.plan().inputs
    assert {
        ".system/registry/templates/table.md.j2",
        ".system/registry/outputs.yaml",
        "README.md",
    } <= inputs.keys()


def test_where_an_item_is_misspelt_no_template_is_asked_for(home: Home) -> None:
    home.outputs("outputs:\n  - {id: a, file: x.yaml, at: p, each: skill, itme: x}\n")
    assert [problem.message for problem in home.plan().problems if problem.code == "OUT001"] == [
        "outputs[0] needs the field 'item'",
        "'itme' is no field of outputs[0]. Did you mean 'item'?",
    ]


@pytest.mark.parametrize(
    ("field", "meant"), [("valeu", "value"), ("tmplate", "template"), ("vlaue", "value")]
)
def test_a_misspelt_field_says_which_form_is_meant(home: Home, field: str, meant: str) -> None:
    home.outputs(f"outputs:\n  - {{id: a, file: x.md, {field}: x}}\n")
    assert home.said() == [("OUT001", f"'{field}' is no field of outputs[0]. Did you mean '{meant}'?")]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("x.json", "[1,]", "x.json cannot be read as JSON: line 1, a comma stands before the closing ']'"),
        ("x.JSON", "[1", "x.JSON cannot be read as JSON: line 1, "),
        ("x.yaml", "a: [", "x.yaml cannot be read as YAML: line 2, "),
        ("x.toml", "a = \n", "x.toml cannot be read as TOML: line 1, "),
        ("x.md", "---\na: [\n---\ntext", "x.md cannot be read as "),
        ("x.json", "[1]", ""),
        ("x.jsonc", "[1,] // one", ""),
        ("x.txt", "[1", ""),
        ("x.md", "# [1", ""),
        ("x.md", "---\na: b\n", "x.md cannot be read as "),
    ],
)
def test_a_whole_file_that_is_not_of_its_format_is_said_as_long_as_it_is_so(
    home: Home, file: str, text: str, words: str
) -> None:
    home.outputs(f"outputs:\n  - {{id: a, file: {file}, template: a.j2}}\n")
    home.write({".system/registry/templates/a.j2": text})
    for _ in range(2):
        found = home.said()
        assert [code for code, _ in found] == (["OUT010"] if words else [])
        assert all(words in message for _, message in found), found
        home.apply()
        assert home.text(file) == text
        home.plan()
        home.plan()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a.md", "b.md", "has moved to b.md; what was rendered before stays in a.md."),
        ("LIST.md, region: one", "LIST.md, region: two", "stays in the region 'one' of LIST.md."),
        (
            "v.yaml, at: m.one",
            "v.yaml, at: m.two",
            "has moved to m.two of v.yaml; what was rendered before stays in",
        ),
    ],
)
def test_an_output_that_moves_says_where_its_old_text_stays(
    home: Home, old: str, new: str, words: str
) -> None:
    home.write(
        {
            "LIST.md": "".join(
                f"<!-- registry:begin {n} -->\n<!-- registry:end {n} -->\n" for n in ("one", "two")
            )
        }
    )
    home.outputs(f"outputs:\n  - {{id: a, file: {old}, value: some text}}\n")
    home.apply()
    home.outputs(f"outputs:\n  - {{id: a, file: {new}, value: other text}}\n")
    ((code, message),) = home.said()
    assert (code, words in message) == ("OUT011", True), message
    home.apply()
    assert home.said() == []


@pytest.mark.parametrize(
    "where", ["[" * 100_000, '["\\ud800.md","",""]', "null"], ids=["deep", "half", "null"]
)
def test_a_former_place_that_nobody_can_understand_is_none(home: Home, where: str) -> None:
    home.outputs("outputs:\n  - {id: a, file: a.md, value: x}\n")
    home.apply()
    home.outputs("outputs:\n  - {id: a, file: b.md, value: y}\n")
    (path,) = (home.root / ".system/registry/state/outputs").glob("a-*.lines")
    text = path.read_text()
    assert '["a.md","",""]' in text
    path.write_text(text.replace('["a.md","",""]', where))
    assert home.said() == []


@pytest.mark.parametrize(
    "where", ["[" * 100_000, "{}", "[1]", '["../../x","",""]', '["/etc/hostname","",""]', "null"]
)
def test_a_state_that_says_no_place_leads_nowhere(home: Home, where: str) -> None:
    home.outputs("outputs:\n  - {id: a, file: a.md, value: x}\n")
    home.apply()
    (path,) = (home.root / ".system/registry/state/outputs").glob("a-*")
    text = path.read_text()
    assert '["a.md","",""]' in text
    path.write_text(text.replace('["a.md","",""]', where))
    home.outputs("outputs:\n  - {id: a, file: b.md, value: x}\n")
    assert home.said() == []


def test_what_an_older_program_remembered_in_digests_stays_in_digests(home: Home) -> None:
    home.outputs('outputs:\n  - {id: a, file: a.md, value: "x\\ny"}\n')
    home.apply()
    (path,) = (home.root / ".system/registry/state/outputs").glob("a-*")
    account = parse("", path.read_bytes())
    assert account is not None
    path.write_bytes(
        render_account("a", Form(account.form.salt, DIGESTS), account.version, "x\ny", account.where)
    )
    assert home.said() == []
    home.outputs('outputs:\n  - {id: a, file: a.md, value: "x\\nz"}\n')
    home.apply()
    assert path.read_text().startswith("registry output 1 a ")
    assert home.said() == []
    home.write({"a.md": "x\nby hand"})
    assert [code for code, _ in home.said()] == ["OUT005"]


def test_of_an_output_that_moved_with_its_file_nothing_stays(home: Home) -> None:
    home.outputs("outputs:\n  - {id: a, file: a.md, value: x}\n")
    home.apply()
    (home.root / "a.md").rename(home.root / "b.md")
    home.outputs("outputs:\n  - {id: a, file: b.md, value: y}\n")
    assert home.said() == []
    home.write({"a.md": "by hand\n"})
    assert home.said() == []
    home.outputs("outputs:\n  - {id: a, file: b.md, value: x}\n  - {id: b, file: a.md, value: x}\n")
    home.write({"a.md": "x"})
    assert [code for code, _ in home.said()] == []


@pytest.mark.parametrize(
    ("definitions", "code", "words"),
    [
        ("- {id: a, file: README.md, regoin: x, value: y}", "OUT001", "regoin"),
        ("- {id: a, file: x.md}", "OUT001", "needs one of 'template', 'value' or 'each'"),
        ("- {id: a, file: x.md, text: y}", "OUT001", "needs one of 'template', 'value' or 'each'"),
        ("- {id: a, file: x.md, value: y, template: z.j2}", "OUT001", "has 'template' and 'value', which"),
        ("- {id: a, file: x.md, value: y}\n- {id: a, file: z.md, value: y}", "OUT001", "taken already"),
        ("- {id: a, file: x.yaml, at: p, each: skil, item: x}", "OUT001", "Did you mean 'skill'?"),
        ("- {id: a, file: ../x.md, value: y}", "OUT001", "no file of this workspace"),
        ("- {id: a, file: desired/x.yaml, value: y}", "OUT001", "belongs to registry itself"),
        ("- {id: a, file: .git/hooks/x, value: y}", "OUT001", "git"),
        ("- {id: a, file: x.md, template: ../config.yaml}", "OUT001", "does not lie in"),
        ("- {id: a, file: x.md, template: nope.j2}", "OUT002", "there is no template 'nope.j2'"),
        ("- {id: a, file: README.md, region: tabel, value: y}", "OUT003", "Did you mean 'table'?"),
        ("- {id: a, file: nope.md, region: x, value: y}", "OUT003", "nope.md is not there."),
        ("- {id: a, file: REDME.md, region: x, value: y}", "OUT003", "not there. Did you mean 'README.md'?"),
        (
            "- {id: a, file: skils/_registy.yml, region: x, value: y}",
            "OUT003",
            "not there. Did you mean 'skills/_registry.yml'?",
        ),
        (
            """- {id: a, file: x.md, value: "{{ '1e999' | float | tojson }}"}""",
            "OUT002",
            "it gives a number that JSON cannot hold",
        ),
        ('- {id: a, file: x.md, value: "{{ -1e999 }}"}', "OUT002", "it gives a number that JSON cannot hold"),
        (
            "- {id: a, file: skills/_registry.yml, at: total_skils.x, value: y}",
            "OUT003",
            "Did you mean 'total_skills'?",
        ),
        ("- {id: a, file: skills/_registry.yml, at: skills, value: y}", "OUT004", "the registry of skill"),
        ("- {id: a, file: skills/_registry.yml, value: y}", "OUT004", "the registry of skill"),
        (
            "- {id: a, file: README.md, region: table, value: y}\n- {id: b, file: README.md, region: table, value: y}",
            "OUT004",
            "the output a",
        ),
        (
            "- {id: a, file: README.md, value: y}\n- {id: b, file: readme.md, value: y}",
            "OUT004",
            "the output a",
        ),
        (
            "- {id: a, file: o.yaml, at: x, value: y}\n- {id: b, file: o.yaml, at: x.z, value: y}",
            "OUT004",
            "output a",
        ),
        ('- {id: a, file: x.md, value: "{{ entries.skil }}"}', "OUT002", "Did you mean 'skill'?"),
        ('- {id: a, file: x.md, value: "{{ entries.skill }}"}', "OUT002", "a list"),
        ('- {id: a, file: README.md, region: count, value: "a\\nb"}', "OUT003", "inside one line"),
        (
            '- {id: a, file: README.md, region: table, value: "x\\n<!-- registry:end table -->\\ny"}',
            "OUT003",
            "could not be found again",
        ),
        (
            '- {id: a, file: README.md, region: table, value: "<!-- registry:begin count -->"}',
            "OUT003",
            "would break the region count",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    home: Home, definitions: str, code: str, words: str
) -> None:
    before = {path: home.text(path) for path in ("README.md", "skills/_registry.yml")}
    home.outputs("outputs:\n" + "".join(f"  {line}\n" for line in definitions.split("\n")))
    assert any(found == code and words in message for found, message in home.said()), home.said()
    with contextlib.suppress(Blocked):
        home.apply()
    assert {path: home.text(path) for path in before} == before


@pytest.mark.parametrize(
    ("data", "words"), [(b"a\n\xff", "is no UTF 8 text"), (b" " * (MOST_TEMPLATE + 1), "is too large")]
)
def test_a_template_that_cannot_be_used_is_said(home: Home, data: bytes, words: str) -> None:
    path = ".system/registry/templates/table.md.j2"
    (home.root / path).write_bytes(data)
    (found,) = [one for one in home.plan().problems if one.code == "OUT002"]
    assert (found.message, found.location and found.location.path) == (
        f"output table: this template {words}.",
        path,
    )


def test_a_byte_order_mark_of_a_template_is_no_part_of_it(home: Home) -> None:
    home.write({".system/registry/templates/table.md.j2": "\ufeff{{ entries.skill | length }}\n"})
    home.apply()
    assert "-->\n2\n<!--" in home.text("README.md")


def test_an_output_that_moves_to_another_region_was_never_rendered_there(home: Home) -> None:
    home.apply()
    home.outputs(OUTPUTS.replace("id: table, file: README.md", "id: table, file: LIST.md"))
    home.write({"LIST.md": "<!-- registry:begin table -->\n<!-- registry:end table -->\n"})
    assert home.actions()["table"] == "update"
    home.apply()
    assert home.plan().empty
    assert "| docx | skills/docx |" in home.text("LIST.md")
    home.write({"LIST.md": home.text("LIST.md").replace("docx", "by hand")})
    assert home.actions()["table"] == "edited"


def test_a_text_that_moves_with_its_output_is_remembered_at_its_new_place(home: Home) -> None:
    home.apply()
    home.outputs(OUTPUTS.replace("id: table, file: README.md", "id: table, file: LIST.md"))
    home.write({"LIST.md": home.text("README.md")})
    assert home.actions()["table"] == "adopt"
    home.apply()
    home.write({"LIST.md": home.text("LIST.md").replace("docx", "by hand")})
    assert home.actions()["table"] == "edited"


def test_a_stale_output_that_gets_another_id_is_brought_up_to_date(home: Home) -> None:
    home.outputs(OUTPUTS + '  - {id: all, file: all.txt, value: "{{ entries.skill | length }}"}\n')
    home.apply()
    home.outputs(OUTPUTS + '  - {id: every, file: all.txt, value: "all: {{ entries.skill | length }}"}\n')
    assert {name: home.actions()[name] for name in ("all", "every")} == {"all": "forget", "every": "update"}
    home.write({"all.txt": "by hand\n"})
    assert home.actions()["every"] == "edited"


def test_how_to_mend_it_stands_in_one_line(home: Home) -> None:
    home.outputs(
        "outputs:\n  - {id: a, file: nope.md, region: x, value: y}\n"
        '  - {id: b, file: README.md, region: count, value: "a\\nb"}\n'
    )
    fixes = [one.fix.description for one in home.plan().problems if one.code == "OUT003" and one.fix]
    assert len(fixes) == 2
    assert not any("\n" in fix for fix in fixes)


def test_an_error_of_a_template_names_its_file_and_line(home: Home) -> None:
    home.write(
        {".system/registry/templates/table.md.j2": "\n\n{% for s in entries.skill %}{{ s.pth }}{% endfor %}"}
    )
    (found,) = [one for one in home.plan().problems if one.code == "OUT002"]
    assert (found.location.path, found.location.line) == (".system/registry/templates/table.md.j2", 3)  # type: ignore[union-attr]
    assert "Did you mean 'path'?" in found.message


def test_a_template_that_includes_one_outside_of_the_folder_is_named_with_its_line(home: Home) -> None:
    home.write(
        {
            ".system/registry/schemas/skill.schema.yaml": SCHEMA,
            ".system/registry/templates/table.md.j2": "\n{% include '../../README.md' %}",
        }
    )
    (found,) = [one for one in home.plan().problems if one.code == "OUT002"]
    assert (found.location.path, found.location.line) == (".system/registry/templates/table.md.j2", 2)  # type: ignore[union-attr]


def test_a_whole_file_has_the_last_line_end_that_its_definition_has(home: Home) -> None:
    home.outputs(
        "outputs:\n  - {id: one, file: one.txt, value: '{{ entries.skill | length }}'}\n"
        '  - {id: two, file: two.txt, value: "{{ entries.skill | length }}\\n"}\n'
        "  - id: three\n    file: three.txt\n    value: |\n      {{ entries.skill[0].key }}\n"
        '  - {id: four, file: four.json, at: n, value: "{{ entries.skill | length }}\\n"}\n'
    )
    home.apply()
    assert [home.text(f"{name}.txt") for name in ("one", "two", "three")] == ["2", "2\n", "docx\n"]
    assert home.text("four.json") == '{\n  "n": 2\n}\n'


@pytest.mark.parametrize(
    "template",
    [
        "{% for s in entries.skill %}{{ s.token }}{% endfor %}",
        "{% for s in entries.skill %}{% if false %}{{ s['token'] }}{% endif %}{% endfor %}",
        "{{ entries.skill | map(attribute='token') | join }}",
        "{{ entries.skill[0].values | tojson }}",
        "{{ entries.skill | tojson }}",
        "{% for s in entries.skill %}{{ s.values.token }}{% endfor %}",
    ],
)
def test_no_secret_is_read_whether_an_entry_has_one_or_not(home: Home, template: str) -> None:
    home.write(
        {
            ".system/registry/schemas/skill.schema.yaml": SCHEMA,
            ".system/registry/templates/table.md.j2": template,
            "skills/_registry.yml": REGISTRY + "    token: hush\n",
            "desired/skills.yaml": FRAGMENT.replace('"1.10"}', '"1.10", token: hush}'),
        }
    )
    assert [code for code, _ in home.said()] == ["OUT006"]
    assert not home.plan().applicable


def test_of_a_kind_with_a_file_that_cannot_be_read_nothing_is_rendered(home: Home) -> None:
    home.apply()
    text = home.text("README.md")
    home.write({"desired/more.yaml": "skill:\n  - {id: xlsx, path: [\n"})
    assert {code for code, _ in home.said()} == {"OUT007"}
    assert home.text("README.md") == text


def test_two_accounts_of_one_output_both_count_and_become_one(home: Home) -> None:
    """Two branches that begin to remember an output make two files."""
    home.apply()
    folder = home.root / ".system/registry/state/outputs"
    (mine,) = [one for one in folder.iterdir() if one.name.startswith("count-")]
    other = home.root / "other"
    Home(other, **{"desired/skills.yaml": "skill: []\n", "skills/_registry.yml": "skills: []\n"}).apply()
    (theirs,) = [
        one for one in (other / ".system/registry/state/outputs").iterdir() if one.name.startswith("count-")
    ]
    assert mine.name != theirs.name
    (folder / theirs.name).write_bytes(theirs.read_bytes())
    home.write({"README.md": home.text("README.md").replace(">2<", ">0<")})
    assert home.actions() == {"count": "update"}
    home.apply()
    assert len([one for one in folder.iterdir() if one.name.startswith("count-")]) == 1


def test_an_unchanged_output_is_not_rendered_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry_reconciler.outputs import render as rendering

    monkeypatch.setenv("XDG_CACHE_HOME", str(home.root.parent / "cache"))
    from registry_reconciler.workspace import Workspace

    asked: list[list[str]] = []

    def counted(jobs: list[dict[str, str]], source: RenderInput, *more: Any) -> dict[str, Rendered]:
        asked.append([str(one["id"]) for one in jobs])
        return render(jobs, source, *more)

    monkeypatch.setattr(rendering, "render", counted)
    # With an expression, which no other process evaluates.
    home.write({".system/registry/templates/table.md.j2": "{{ 1 + 1 }}\n"})
    workspace = Workspace(home.root, use_cache=True)
    workspace.apply(workspace.plan())
    assert asked[-1] == ["table"]
    asked.clear()
    assert workspace.plan().outputs == ()
    assert asked in ([], [[]])
    home.write({".system/registry/templates/table.md.j2": "{{ 1 + 2 }}\n"})
    assert [one.id for one in workspace.plan().outputs] == ["table"]
    assert asked[-1] == ["table"]


def test_items_and_loops_may_be_in_the_order_of_the_files(home: Home) -> None:
    """Also of what the same plan creates: where it will stand."""
    first, second = (
        REGISTRY.split("  - id: docx\n")[0],
        '  - id: pdf\n    path: skills/pdf\n    version: "1.10"\n',
    )
    home.write(
        {
            "skills/_registry.yml": f'{first}{second}  - id: docx\n    path: skills/docx\n    version: "2"\n',
            "desired/new.yaml": "skill:\n  - {id: apt, path: skills/apt, version: '1'}\n",
            ".system/registry/templates/table.md.j2": "{% for s in entries.skill | sort(attribute='place.position') %}"
            "\n{{ s.place.position }} {{ s.key }}\n{% endfor %}\n",
        }
    )
    home.outputs(OUTPUTS.replace("each: skill\n", "each: skill\n    order: file\n"))
    home.apply()
    assert "-->\n0 pdf\n1 docx\n2 apt\n<!--" in home.text("README.md")
    names = [line for line in home.text("marketplace.yaml").split("\n") if "name:" in line]
    assert [line.split()[-1] for line in names] == ["pdf", "docx", "apt"]
    assert home.plan().outputs == ()


def test_an_item_that_reads_a_field_which_an_entry_has_not_is_told_which(home: Home) -> None:
    home.outputs(OUTPUTS.replace("{{ homepage | default(omit) }}", "{{ homepage }}"))
    ((code, message),) = home.said()
    assert (code, "skill/docx has no field 'homepage'; write homepage | default(…)" in message) == (
        "OUT002",
        True,
    )


def test_a_value_is_that_of_the_document_which_has_it(home: Home) -> None:
    home.write({"two.yaml": "first: 1\n---\n# second\ntotal: 0\nplugins: []\n"})
    home.outputs(
        "outputs:\n  - {id: total, file: two.yaml, at: total, value: '{{ entries.skill | length }}'}\n"
        "  - {id: plugins, file: two.yaml, at: plugins, each: skill, item: '{{ key }}'}\n"
        "  - {id: more, file: two.yaml, at: more, value: x}\n"
    )
    home.apply()
    assert home.text("two.yaml") == (
        "first: 1\nmore: x\n---\n# second\ntotal: 2\nplugins:\n  - docx\n  - pdf\n"
    )


def test_what_an_output_owns_of_the_text_below_an_entry_is_no_input(home: Home) -> None:
    home.write(
        {
            ".system/registry/schemas/page.schema.yaml": (
                "type: object\nproperties: {name: {type: string}}\n"
                "x-registry: {kind: page, layout: file, file: 'pages/{name}.md', key: name, body: text, truth: live}\n"
            ),
            "pages/a.md": "---\nname: a\n---\nA <!-- registry:begin size -->0<!-- registry:end size --> page.\n",
        }
    )
    home.outputs(
        "outputs:\n  - {id: size, file: pages/a.md, region: size, value: '{{ entries.page[0].text | length }}'}\n"
    )
    home.apply()
    size = len("A <!-- registry:begin size --><!-- registry:end size --> page.\n")
    assert f"-->{size}<!--" in home.text("pages/a.md")
    assert home.plan().outputs == ()


def test_an_interrupted_plan_leaves_no_process_that_renders(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = "{% for i in range(100000) %}{% for j in range(20) %}{% endfor %}{% endfor %}"
    home.write({".system/registry/templates/table.md.j2": loops * 2})
    ended: list[Child] = []
    end = Child.end

    def noted(child: Child) -> None:
        ended.append(child)
        end(child)

    monkeypatch.setattr(Child, "end", noted)

    def interrupted(_judging: Judging) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Judging, "judge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        home.plan()
    for thread in threading.enumerate():
        if type(thread).__name__ == "Beside":
            thread.join(30)
            assert not thread.is_alive()
    assert ended
    assert all(child._process is not None and child._process.poll() is not None for child in ended)


@pytest.mark.parametrize("suffix", ["yaml", "json", "toml"])
def test_line_ends_of_a_file_with_values_stay_as_they_are(home: Home, suffix: str) -> None:
    home.outputs(OUTPUTS.replace("marketplace.yaml", f"marketplace.{suffix}"))
    home.apply()
    before = home.text(f"marketplace.{suffix}").replace("\n", "\r\n")
    home.write({f"marketplace.{suffix}": before})
    home.write({"desired/skills.yaml": FRAGMENT.replace("skills/pdf", "moved/pdf")})
    assert home.actions()["plugins"] == "update"
    home.apply()
    assert home.text(f"marketplace.{suffix}") == before.replace("skills/pdf", "moved/pdf")
