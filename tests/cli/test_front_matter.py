"""Front matter through the installed command: the block is edited, the text below never."""

from __future__ import annotations

import pytest

from tests.support import Box, installed, lay_out

SCHEMA = """\
x-registry: {kind: skill, layout: file, file: 'skills/{name}/SKILL.md', key: name, body: text}
properties: {name: {type: string}, description: {type: string}, text: {type: string}}
"""
LIVE = b"---\r\nname: a\r\ndescription: old # why\r\n---\r\n\r\n# A\r\n---\r\nmore"


def test_a_block_is_adopted_changed_and_deleted_only_when_the_text_may_go(box: Box) -> None:
    box.write(".system/registry/schemas/skill.schema.yaml", SCHEMA)
    path = box.root / "skills/a/SKILL.md"
    lay_out(box.root, {"skills/a/SKILL.md": LIVE})
    box.write("skills/b/SKILL.md", "no block\n")
    assert installed("adopt", "skill/a", cwd=box.root).exit == 0
    assert path.read_bytes() == LIVE
    fragment = (box.root / "desired/skill.yaml").read_text(encoding="utf-8")
    assert "    description: old # why\n" in fragment
    assert "text" not in fragment
    assert installed("apply", "--yes", cwd=box.root).exit == 0
    assert path.read_bytes() == LIVE
    box.write("desired/skill.yaml", fragment.replace("old", "new"))
    ran = installed("apply", "--yes", cwd=box.root)
    assert ran.exit == 0, ran.out
    changed = LIVE.replace(b"old", b"new")
    assert path.read_bytes() == changed
    assert installed("plan", "--detailed-exitcode", cwd=box.root).exit == 0
    box.write("desired/skill.yaml", "skill: []\n")
    ran = installed("apply", "--yes", "--format", "json", cwd=box.root)
    assert ran.exit == 3
    assert "WRT007" in [one["code"] for one in ran.json["problems"]]
    assert path.read_bytes() == changed
    box.write("desired/skill.yaml", "removed: [{address: skill/a, body: delete}]\n")
    ran = installed("apply", "--yes", cwd=box.root)
    assert ran.exit == 0, ran.out
    assert not path.exists()
    assert (box.root / "skills/b/SKILL.md").read_text(encoding="utf-8") == "no block\n"


def test_a_layout_that_front_matter_cannot_hold_is_refused(box: Box) -> None:
    box.write(".system/registry/schemas/skill.schema.yaml", SCHEMA.replace("layout: file", "layout: list"))
    ran = installed("check", "--format", "json", cwd=box.root)
    assert ran.exit == 3
    assert any("one entry a file" in one["message"] for one in ran.json["problems"])


RULES = """\
x-registry: {kind: rule, layout: file, file: 'rules/{name}.mdc', key: name, lenient: true}
properties:
  name: {type: string}
  description: {type: string}
  globs: {type: string}
  alwaysApply: {type: boolean}
"""
RULE = (
    b"---\r\nname: ts\r\ndescription: How to: write it  \r\nglobs: *.ts\r\n"
    b"alwaysApply: false # rarely\r\n---\r\n# TS\r\n"
)


def test_a_block_that_is_no_yaml_is_read_key_by_key_and_edited_by_the_line(box: Box) -> None:
    box.write(".system/registry/schemas/rule.schema.yaml", RULES)
    path = box.root / "rules/ts.mdc"
    lay_out(box.root, {"rules/ts.mdc": RULE})
    assert installed("adopt", "rule/ts", cwd=box.root).exit == 0
    assert installed("apply", "--yes", cwd=box.root).exit == 0
    assert path.read_bytes() == RULE
    fragment = box.read("desired/rule.yaml")
    assert 'globs: "*.ts"' in fragment
    assert 'description: "How to: write it"' in fragment
    box.write("desired/rule.yaml", fragment.replace('"*.ts"', '"**/*.tsx"').replace("false", "true"))
    ran = installed("apply", "--yes", cwd=box.root)
    assert ran.exit == 0, ran.out
    assert path.read_bytes() == RULE.replace(b"*.ts", b"**/*.tsx").replace(b"false", b"true")
    assert installed("plan", "--detailed-exitcode", cwd=box.root).exit == 0
    assert installed("verify", cwd=box.root).exit == 0


def test_without_lenient_such_a_block_is_a_problem(box: Box) -> None:
    box.write(".system/registry/schemas/rule.schema.yaml", RULES.replace(", lenient: true", ""))
    box.write("rules/ts.mdc", RULE.decode())
    assert installed("check", cwd=box.root).exit == 3


def test_lenient_is_for_front_matter(box: Box) -> None:
    box.write(".system/registry/schemas/rule.schema.yaml", RULES.replace(".mdc", ".yaml"))
    ran = installed("check", "--format", "json", cwd=box.root)
    assert ran.exit == 3
    assert any("only front matter" in one["message"] for one in ran.json["problems"])


def test_files_without_a_block_are_counted(box: Box) -> None:
    box.write(".system/registry/schemas/rule.schema.yaml", RULES)
    box.write("rules/a.mdc", "---\nname: a\n---\n")
    for name in "bcd":
        box.write(f"rules/{name}.mdc", f"# {name}\n")
    box.write("rules/e.mdc", "---\n---\ntext\n")
    box.write("rules/f.mdc", "---\n# nothing yet\n---\n")
    found = installed("plan", "--format", "json", cwd=box.root).json["problems"]
    (one,) = (one for one in found if one["code"] == "LIV008")
    assert one["severity"] == "record"
    assert (
        "5 files have no front matter, or none with a field, and are no entries of rule: "
        "rules/b.mdc, rules/c.mdc, rules/d.mdc and 2 more" in (one["message"])
    )


@pytest.mark.parametrize("name", ["skills/{id}.md", "skills/{id}.yaml"])
def test_an_entry_in_braces_becomes_a_file_in_lines(box: Box, name: str) -> None:
    box.write(
        ".system/registry/schemas/skill.schema.yaml",
        f'x-registry: {{kind: skill, layout: file, file: "{name}", key: id}}\ntype: object\n',
    )
    box.write("desired/s.yaml", 'skill:\n  - {id: plan, globs: "*.ts", tags: [a, b]}\n')
    assert box.run("apply", "--yes").exit == 0
    text = 'id: plan\nglobs: "*.ts"\ntags: [a, b]\n'
    assert box.read(name.replace("{id}", "plan")) == (f"---\n{text}---\n" if name.endswith("md") else text)


@pytest.mark.parametrize("live", [False, True])
def test_a_person_removes_an_entry_with_the_text_below_it(box: Box, live: bool) -> None:
    schema = SCHEMA.replace("body: text", "body: text, truth: live") if live else SCHEMA
    box.write(".system/registry/schemas/skill.schema.yaml", schema)
    text = "---\nname: a\n---\nHow to.\n"
    box.write("skills/a/SKILL.md", text)
    if not live:
        assert box.run("adopt", "skill/a").exit == 0
        assert box.run("apply", "--yes").exit == 0
    refused = box.run("rm", "skill/a", "--apply", "--yes", "--format", "json")
    assert refused.exit == 3
    (fix,) = (found["fix"]["description"] for found in refused.json["problems"] if found["code"] == "WRT007")
    assert "--delete-body" in fix
    assert box.read("skills/a/SKILL.md") == text
    assert box.run("rm", "skill/a", "--delete-body", "--keep").exit == 64
    assert box.run("rm", "skill/a", "--delete-body", "--apply", "--yes").exit == 0
    assert not (box.root / "skills/a").exists()
    assert box.run("plan", "--target", "skill/*", "--detailed-exitcode").exit == 0


@pytest.mark.parametrize(
    ("name", "layout", "text", "left"),
    [
        ("items.json", "list", '{"items": [{"id": "a"}]}', '{"items": []}'),
        ("items.toml", "map", "[items.a]\nn = 1\n", "[items]\n"),
        ("items/{id}.md", "file", "---\nid: a\n---\n", None),
    ],
)
def test_the_last_live_entry_goes_in_a_workspace_without_fragments(
    box: Box, name: str, layout: str, text: str, left: str | None
) -> None:
    at = "" if layout == "file" else ", at: items"
    spec = f"kind: item, layout: {layout}, file: '{name}', key: id, truth: live{at}"
    box.write(".system/registry/schemas/item.schema.yaml", f"x-registry: {{{spec}}}\ntype: object\n")
    path = name.replace("{id}", "a")
    box.write(path, text)
    assert box.run("rm", "item/a", "--apply", "--yes").exit == 0
    assert (box.read(path) if left is not None else None) == left
    assert (box.root / path).exists() is (left is not None)


def test_what_is_broken_below_its_key_is_said_where_it_stands(box: Box) -> None:
    box.write(".system/registry/schemas/rule.schema.yaml", RULES)
    box.write("rules/ts.mdc", "---\ndescription: How to: do\ntags:\n  - x: y: z\n---\n")
    found = box.run("check", "--format", "json").json["problems"]
    assert [one["location"]["line"] for one in found if one["code"] == "YML001"] == [4]
