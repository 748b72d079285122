"""Mirrors through the command line: two entries that say the same, the fix, and kinds that own their files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.support import Box

MARKET = """\
x-registry:
  kind: plugin
  layout: list
  file: marketplace.json
  at: plugins
  key: name
  truth: live
  mirrors:
    - {field: version, kind: manifest, at: version, key: source, missing: error}
    - {field: description, kind: skill}
type: object
required: [name]
properties:
  name: {type: string}
  source: {type: string}
  version: {type: string}
  description: {type: string}
"""
MANIFEST = """\
x-registry: {kind: manifest, layout: file, file: "plugins/*/plugin.json", key: id, truth: live}
type: object
required: [id]
properties: {id: {type: string}, version: {type: string}}
"""
SKILL = """\
x-registry: {kind: skill, layout: list, file: skills.yaml, at: skills, key: id}
type: object
required: [id]
properties: {id: {type: string}, description: {type: string}}
"""
PLUGINS = """\
{
  "name": "tools",
  "plugins": [
    {"name": "review", "source": "p/review", "version": "1.2.0", "description": "Reads changes."},
    {"name": "lint",   "source": "p/lnt",    "version": "2.0.0", "description": "Reads style."}
  ]
}
"""


@pytest.fixture
def market(box: Box) -> Box:
    for name, text in (("plugin", MARKET), ("manifest", MANIFEST), ("skill", SKILL)):
        box.write(f".system/registry/schemas/{name}.schema.yaml", text)
    box.write("marketplace.json", PLUGINS)
    box.write("plugins/review/plugin.json", '{"id": "p/review",\t"version": "1.1.0"}\n')
    box.write("plugins/lint/plugin.json", '{"id": "p/lint", "version": "2.0.0"}\n')
    box.write("skills.yaml", "# by hand\nskills: []\n")
    box.write(
        "desired/s.yaml",
        "skill:\n  - id: review\n    description: Looks at changes.  # short\n"
        "  - id: lint\n    description: Reads style.\n",
    )
    return box


def messages(box: Box) -> list[tuple[str, str, str]]:
    found = box.run("plan", "--format", "json").json["problems"]
    mirrors = (one for one in found if one["code"].startswith("MIR") and one["status"] != "fixed")
    return sorted((one["code"], one["severity"], one["message"]) for one in mirrors)


def test_what_differs_and_what_is_missing_is_said(market: Box) -> None:
    assert messages(market) == [
        (
            "MIR001",
            "error",
            'description is "Reads changes.", and skill/review description is "Looks at changes.".',
        ),
        ("MIR001", "error", 'version is "1.2.0", and manifest/p/review version is "1.1.0".'),
        ("MIR002", "error", "there is no manifest 'p/lnt' that mirrors it. Did you mean 'p/lint'?"),
    ]


def test_the_fix_writes_the_source_into_its_partner_and_nothing_else(market: Box) -> None:
    done = market.run("fix", "MIR001")
    assert done.exit == 0, done
    assert market.read("marketplace.json") == PLUGINS
    assert market.read("plugins/review/plugin.json") == '{"id": "p/review",\t"version": "1.2.0"}\n'
    assert "    description: Reads changes.  # short\n" in market.read("desired/s.yaml")
    assert [code for code, _, _ in messages(market)] == ["MIR002"]


def test_where_the_partner_is_nobodys_the_source_follows(market: Box) -> None:
    market.write("desired/s.yaml", "")
    market.write("skills.yaml", "skills:\n  - {id: review, description: Looks at changes.}\n")
    assert market.run("fix", "MIR001").exit == 0
    assert market.read("skills.yaml") == "skills:\n  - {id: review, description: Looks at changes.}\n"
    assert '"description": "Looks at changes."}' in market.read("marketplace.json")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: manifest, at: version", "kind: manifst, at: version", "mirrors: there is no kind 'manifst'."),
        ("kind: manifest, at: version", "kind: manifest, at: token", "is marked x-secret"),
        ("field: version", "field: 'versions[]'", "mirrors[0].field"),
    ],
)
def test_a_mirror_that_cannot_hold_is_refused(market: Box, old: str, new: str, expected: str) -> None:
    secret = MANIFEST.replace(
        "version: {type: string}", "version: {type: string}, token: {type: string, x-secret: true}"
    )
    market.write(".system/registry/schemas/manifest.schema.yaml", secret)
    market.write(".system/registry/schemas/plugin.schema.yaml", MARKET.replace(old, new))
    done = market.run("plan")
    assert done.exit == 3
    assert expected in " ".join((done.out + done.err).split())


def test_an_absent_field_is_said_and_left_to_a_person(market: Box) -> None:
    market.write("plugins/review/plugin.json", '{"id": "p/review"}\n')
    (found,) = (one for one in messages(market) if "manifest" in one[2] and one[0] == "MIR001")
    assert found[2] == 'version is "1.2.0", and manifest/p/review has no version.'
    market.run("fix", "MIR001")
    assert market.read("plugins/review/plugin.json") == '{"id": "p/review"}\n'
    assert Path(market.root / "marketplace.json").read_text() == PLUGINS
    problems = market.run("plan", "--format", "json").json["problems"]
    (fix,) = (one["fix"]["description"] for one in problems if one["message"] == found[2])
    command = shlex.split(fix.partition("registry ")[2])
    assert market.run(*command, "--yes").exit == 0
    assert market.read("plugins/review/plugin.json") == '{"id": "p/review", "version": "1.2.0"}\n'


def test_of_two_that_nobody_owns_the_files_are_named(market: Box) -> None:
    schema = market.read(".system/registry/schemas/plugin.schema.yaml")
    market.write(".system/registry/schemas/plugin.schema.yaml", schema.replace("  truth: live\n", ""))
    market.write("desired/s.yaml", "")
    market.write("skills.yaml", "skills:\n  - {id: review, description: Looks at changes.}\n")
    problems = market.run("plan", "--format", "json").json["problems"]
    (fix,) = (one["fix"]["description"] for one in problems if one["message"].startswith("description"))
    assert (
        fix == "No fragment owns either of the two: say the same in both by hand, "
        "in skills.yaml or marketplace.json."
    )


def test_values_of_any_type_are_shown_as_the_files_write_them(market: Box) -> None:
    market.write(
        ".system/registry/schemas/manifest.schema.yaml", MANIFEST.replace("{type: string}}\n", "{}}\n")
    )
    market.write(
        "plugins/review/plugin.json", '{"id": "p/review", "version": {"a": [true, null], "b": "c\\\\d"}}\n'
    )
    told = [message for _, _, message in messages(market)]
    assert (
        'version is "1.2.0", and manifest/p/review version is {"a": [true, null], "b": "c\\\\d"}.' in told
    ), told
    long = "word " * 40
    market.write("plugins/review/plugin.json", f'{{"id": "p/review", "version": "{long}END"}}\n')
    market.write("marketplace.json", market.read("marketplace.json").replace("1.2.0", f"{long}OTHER"))
    (message,) = (message for _, _, message in messages(market) if message.startswith("version"))
    assert 'word OTHER"' in message
    assert 'word END"' in message


def test_an_edit_of_one_side_takes_the_other_one_along(market: Box) -> None:
    """Each edit alone would break the mirror, and be blocked by it."""
    assert market.run("fix", "MIR001").exit == 0
    assert market.run("apply", "--yes").exit == 0
    manifest = "plugins/review/plugin.json"
    for number, address in enumerate(("plugin/review", "manifest/p/review")):
        done = market.run("set", address, f"version=2.{number}.0")
        assert done.exit == 0, done
        assert "goes along" in done.err
        assert f'"version": "2.{number}.0"' in market.read(manifest)
        assert f'"version": "2.{number}.0"' in market.read("marketplace.json")
    assert market.run("set", "plugin/review", "version=").exit == 0
    assert market.read(manifest) == '{"id": "p/review"}\n'
    for number, address in enumerate(("skill/review", "plugin/review")):
        assert market.run("set", address, f"description=Text {number}.", "--apply", "--yes").exit == 0
        assert f"description: Text {number}.  # short" in market.read("desired/s.yaml")
        assert f'"description": "Text {number}."' in market.read("marketplace.json")
        assert f"description: Text {number}." in market.read("skills.yaml")
    shown = market.run("set", "plugin/review", "description=Other", "--dry-run")
    assert "~ skill/review" in shown.out
    assert "Other" not in market.read("marketplace.json")
    # What differed before is no edit's to settle: both ways are said, and MIR001 says what differs.
    market.write(manifest, '{"id": "p/review", "version": "9"}\n')
    assert market.run("set", "plugin/review", "version=8").exit == 3
    assert market.read(manifest) == '{"id": "p/review", "version": "9"}\n'
    assert market.run("set", "plugin/review", "version=9").exit == 0


SHELF = """\
{
  "name": "tools", "total": 2,
  "plugins": [
    {"name": "review", "source": "./plugins/review", "version": "1.2.0", "skills": ["look"],
     "description": "Reads \\u2014 and says."},
    { "name": "lint", "source": "./plugins/lint", "version": "2.0.0", "skills": [ "tidy" ], "description": "Style." }
  ]
}
"""


@pytest.fixture
def shelf(box: Box) -> Box:
    """A marketplace, its plugin files and their skills, all of them the truth: there is no fragment."""
    listed, own, below = (
        "marketplace.json",
        "plugins/{name}/plugin.json",
        "plugins/{plugin}/skills/{dir}/SKILL.md",
    )
    kinds = {
        "plugin": f"layout: list, file: {listed}, at: plugins, key: name, "
        'paths: [{field: source, missing: error, unlisted: "plugins/*"}]',
        "manifest": f'layout: file, file: "{own}", key: name, '
        "mirrors: [{field: version, kind: plugin, missing: error}, {field: description, kind: plugin}]",
        "skill": f'layout: file, file: "{below}", key: name, references: [{{field: plugin, kind: plugin}}]',
    }
    for name, said in kinds.items():
        text = f"x-registry: {{kind: {name}, truth: live, {said}}}\ntype: object\n"
        box.write(f".system/registry/schemas/{name}.schema.yaml", text)
    box.write(listed, SHELF)
    box.write(
        "plugins/review/plugin.json",
        '{"name": "review", "version": "1.3.0", "description": "Reads. \\u2713"}',
    )
    box.write(
        "plugins/lint/plugin.json",
        '{\r\n\t"name": "lint",\r\n\t"version": "2.0.0",\r\n\t"description": "Style."\r\n}',
    )
    box.write(
        "plugins/review/skills/look/SKILL.md",
        "---\nname: look\ndescription: 'Looks.'  # short\n---\n# Look\n",
    )
    box.write("plugins/lint/skills/tidy/SKILL.md", "---\nname: tidy\n---\n---\nbody: no yaml: at all\n")
    return box


def test_a_marketplace_is_kept_right_without_one_fragment(shelf: Box) -> None:
    files = shelf.files()
    found = messages(shelf)
    assert found == [
        (
            "MIR001",
            "error",
            'description is "Reads. ✓", and plugin/review description is "Reads — and says.".',
        ),
        ("MIR001", "error", 'version is "1.3.0", and plugin/review version is "1.2.0".'),
    ]
    assert shelf.run("fix", "MIR001").exit == 0
    right = SHELF.replace("1.2.0", "1.3.0").replace("Reads \\u2014 and says.", "Reads. \\u2713")
    assert shelf.read("marketplace.json") == right
    kept = [
        path for path in files if not path.startswith((".system/", "desired/")) and path != "marketplace.json"
    ]
    assert [path for path in kept if shelf.files()[path] != files[path]] == []
    assert "error" not in shelf.run("check").out
    of_entries = (
        ".system/registry/state/plugin",
        ".system/registry/state/manifest",
        ".system/registry/state/skill",
    )
    assert shelf.files()["desired/all.yaml"] == files["desired/all.yaml"]
    assert [path for path in shelf.files() if path.startswith(of_entries)] == []


def test_a_release_that_bumps_a_plugin_makes_its_line_of_the_marketplace_follow(shelf: Box) -> None:
    assert shelf.run("fix", "MIR001").exit == 0
    before = shelf.read("marketplace.json")
    shelf.replace("plugins/lint/plugin.json", "2.0.0", "2.1.0")
    assert shelf.run("fix", "MIR001").exit == 0
    assert shelf.read("marketplace.json") == before.replace("2.0.0", "2.1.0")
