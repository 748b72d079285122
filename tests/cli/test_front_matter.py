"""Front matter through the installed command: the block is edited, the text below never."""

from __future__ import annotations

from tests.cli.helper import Box, installed

SCHEMA = """\
x-registry: {kind: skill, layout: file, file: 'skills/{name}/SKILL.md', key: name, body: text}
properties: {name: {type: string}, description: {type: string}, text: {type: string}}
"""
LIVE = b"---\r\nname: a\r\ndescription: old # why\r\n---\r\n\r\n# A\r\n---\r\nmore"


def test_a_block_is_adopted_changed_and_deleted_only_when_the_text_may_go(box: Box) -> None:
    box.write(".system/registry/schemas/skill.schema.yaml", SCHEMA)
    path = box.root / "skills/a/SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_bytes(LIVE)
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
