"""``paths`` with ``base``: paths that are written from the registry file, or from a folder."""

from __future__ import annotations

import pytest

from tests.support import Box

SCHEMA = """\
x-registry:
  kind: plugin
  layout: {layout}
  file: "{file}"
  key: name
  paths: [{{field: "skills[]", missing: error, base: "{base}", unlisted: "plugins/*/skills/*/SKILL.md"}}]
type: object
required: [name]
properties: {{name: {{type: string}}, skills: {{type: array, items: {{type: string}}}}}}
"""


def box_with(box: Box, base: str, skills: list[str], file: str = "plugins/{name}/plugin.json") -> list[str]:
    """The messages about paths of one plugin, whose skills are `a` and `b`."""
    layout = "file" if "{name}" in file else "list"
    box.write(
        ".system/registry/schemas/plugin.schema.yaml", SCHEMA.format(base=base, file=file, layout=layout)
    )
    for name in "ab":
        box.write(f"plugins/p/skills/{name}/SKILL.md", "---\nname: x\n---\n")
    box.write("desired/p.yaml", f"plugin:\n  - {{name: p, skills: {skills}}}\n")
    found = box.run("plan", "--format", "json").json["problems"]
    stands = [one for one in found if one["code"].startswith("PTH") and one["status"] != "fixed"]
    return [f"{one['code']} {one['message']}" for one in stands]


@pytest.mark.parametrize(
    ("base", "skills"),
    [
        (".", ["plugins/p/skills/a", "./plugins/p/skills/b/"]),
        ("file", ["./skills/a", "skills/x/../b"]),
        ("plugins", ["p/skills/a", "./p/skills/b/SKILL.md"]),
        ("./plugins/p/", ["skills"]),
    ],
)
def test_paths_begin_at_their_base(box: Box, base: str, skills: list[str]) -> None:
    assert box_with(box, base, skills) == []


def test_what_is_missing_is_named_from_the_root_and_as_it_is_written(box: Box) -> None:
    found = box_with(box, "file", ["./skills/a", "skills/c", "../q/skills/b"])
    assert found == [
        "PTH001 There is no file or folder 'plugins/p/skills/c' (written 'skills/c') in the workspace.",
        "PTH001 There is no file or folder 'plugins/q/skills/b' (written '../q/skills/b') in the workspace: "
        "there is no folder 'plugins/q'.",
        "PTH003 No plugin lists plugins/p/skills/b/SKILL.md (skills[]).",
    ]


def test_what_leads_out_of_the_workspace_is_told(box: Box) -> None:
    found = box_with(box, "file", ["../../../x", "/etc/passwd", "./skills/a", "./skills/b"])
    assert [one.split(" leads")[0] for one in found] == [
        "PTH002 '../x' (written '../../../x')",
        "PTH002 '/etc/passwd'",
    ]


def test_the_folder_is_that_of_the_file_which_the_entry_stands_in_after_the_plan(box: Box) -> None:
    assert box_with(box, "file", ["skills/a", "skills/b"]) == []
    assert box.run("apply", "--yes").exit == 0
    box.write("plugins/q/skills/a/SKILL.md", "")
    moved = "plugin:\n  - {name: q, skills: [skills/a, skills/b]}\nmoved: [{from: plugin/p, to: plugin/q}]\n"
    box.write("desired/p.yaml", moved)
    found = box.run("plan", "--format", "json").json["problems"]
    missing = [one["message"] for one in found if one["code"] == "PTH001" and one["status"] == "introduced"]
    assert missing == [
        "There is no file or folder 'plugins/q/skills/b' (written 'skills/b') in the workspace."
    ]


@pytest.mark.parametrize("base", ["/x", "../x", "a/../b", "a\\\\b"])
def test_a_base_outside_of_the_workspace_is_refused(box: Box, base: str) -> None:
    box_with(box, base, [])
    done = box.run("plan")
    assert done.exit == 3
    assert "is no folder of the workspace" in " ".join(done.out.split())
