"""``schema migrate``: entries follow a changed schema, in fragments and in registries whose truth is live."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.editing.verbs import parse_renames
from registry_reconciler.errors import UsageFailure
from registry_reconciler.formats.edits import Insert, RenameKey
from registry_reconciler.planning.edit_files.field_edits import field_edits
from tests.support import Installed, git

SCHEMA = (
    "x-registry: {{kind: {kind}, {spec}, key: name}}\ntype: object\n"
    "properties: {{name: {{type: string}}, summary: {{type: string}}, tier: {{type: integer}}, m: {{type: object}}}}\n"
    "additionalProperties: false\n"
)
KINDS = {
    "page": "layout: file, truth: live, file: 'pages/{name}.md'",
    "json": "layout: list, truth: live, file: j.json, at: js",
    "toml": "layout: list, truth: live, file: t.toml, at: ts",
    "map": "layout: map, truth: live, file: m.yaml, at: ms",
    "owned": "layout: list, file: owned.yaml, at: all",
}
REGISTRIES = {
    "pages/a.md": '---\nname: a\n# what\ndescription: "Does: it"   # short\nm: {x: 1, y: 2}\n---\n# A\n',
    "j.json": '{"js": [\n  {"name": "a", "description": "\\u2014 it", "m": {"x": 1.10}},\n  {"name": "b"}\n]}\n',
    "t.toml": '[[ts]]\nname = "a"\n# what\ndescription = "Does"   # short\n\n[ts.m]\nx = 1\n',
    "m.yaml": "ms:\n  a: {description: 'x y', m: {x: 1}}\n  b:\n    description: |\n      long\n"
    "    m:\n      x: 2   # two\n",
    "owned.yaml": "all:\n  - name: a\n",
}
RENAMES = ("--rename", "description=summary", "--rename", "m.x=m.z", "--default", "tier=2")


@pytest.fixture
def work(tmp_path: Path) -> Installed:
    made = Installed(tmp_path)
    git(tmp_path, "init", "-q")
    assert made.run("init", "--kinds", "none").exit == 0
    for kind, spec in KINDS.items():
        made.write(f".system/registry/schemas/{kind}.schema.yaml", SCHEMA.format(kind=kind, spec=spec))
    for path, text in REGISTRIES.items():
        made.write(path, text)
    return made


def test_what_is_live_is_called_otherwise_and_nothing_else_changes(work: Installed) -> None:
    for kind, path in {"page": "pages/a.md", "json": "j.json", "toml": "t.toml", "map": "m.yaml"}.items():
        done = work.run("schema", "migrate", kind, *RENAMES, "--apply", "--yes", "--no-check")
        assert done.exit == 0, done.out + done.err
        expected = REGISTRIES[path].replace("description", "summary")
        for old, new in (
            ("x: 1", "z: 1"),
            ("x: 2 ", "z: 2 "),
            ("x = 1", "z = 1"),
            ('"x": 1.10', '"z": 1.10'),
        ):
            expected = expected.replace(old, new)
        after = work.read(path)
        for brought in (', "tier": 2', ", tier: 2", "    tier: 2\n", "tier: 2\n", "tier = 2\n"):
            after = after.replace(brought, "")
        assert after == expected


def test_fragments_keep_every_other_byte(work: Installed) -> None:
    text = (
        "owned:\n  - name: a\n    # who\n    description: >\n      Long\n      text.\n    m: {x: 1}   # first\n"
        "  - {name: b, tier: 7}\n"
    )
    work.write("desired/owned.yaml", text)
    done = work.run("schema", "migrate", "owned", *RENAMES, "--apply", "--yes", "--no-check")
    assert done.exit == 3  # what is live is not what the fragments say, and nobody adopted it
    assert work.read("desired/owned.yaml") == text
    work.write("owned.yaml", "all: []\n")
    shown = work.run("schema", "migrate", "owned", *RENAMES, "--dry-run")
    assert shown.exit == 0
    assert work.read("desired/owned.yaml") == text
    assert work.run("schema", "migrate", "owned", *RENAMES).exit == 0
    expected = text.replace("description", "summary").replace(
        "{x: 1}   # first", "{z: 1}   # first\n    tier: 2"
    )
    assert work.read("desired/owned.yaml") == expected
    again = work.run("schema", "migrate", "owned", *RENAMES)
    assert (again.exit, again.out) == (0, "Nothing to do: it is so already.\n")


@pytest.mark.parametrize("kind", ["map", "owned"])
def test_an_inner_field_follows_in_either_order(work: Installed, kind: str) -> None:
    work.write("owned.yaml", "all: []\n")
    text = "all:\n  a:\n    q: {x: 1}\n" if kind == "map" else "owned:\n  - name: a\n    q: {x: 1}\n"
    path = "m.yaml" if kind == "map" else "desired/owned.yaml"
    text = text.replace("all:", "ms:")
    renames = ["q=m", "q.x=q.z"]
    for words in (renames, renames[::-1]):
        work.write(path, text)
        options = [option for word in words for option in ("--rename", word)]
        work.run("schema", "migrate", kind, *options, "--default", "m.w=2", "--apply", "--yes", "--no-check")
        assert "m: {z: 1, w: 2}" in work.read(path), work.read(path)


WRONG: list[tuple[list[str], str]] = [
    (["nope", "--default", "a=1"], "there is no kind 'nope'"),
    (["map"], "say what changed: --rename OLD=NEW, or --default FIELD=VALUE"),
    (["map", "--rename", "name=id"], "name is the key of map"),
    (["map", "--rename", "descriptoin=summary"], "Did you mean 'description'?"),
    (["map", "--rename", "description=m"], "has description and m: say first which of the two stays"),
    (["map", "--rename", "description=z", "--rename", "m=z"], "and both cannot be called z"),
    (["map", "--rename", "m.x=y.z"], "A field stays inside the mapping that it stands in"),
    (["map", "--rename", "description"], "has no '='"),
    (["map", "--rename", "m[0]=x"], "write OLD=NEW, two names of fields"),
    (["map", "--default", "tier="], "write FIELD=VALUE"),
    (["owned", "--default", "tier=1", "--rename", "x=y"], "no entry of owned has a field 'x'"),
]


def test_wrong_words_say_what_to_write(work: Installed) -> None:
    for words, message in WRONG:
        done = work.run("schema", "migrate", *words)
        assert done.exit == 64
        assert message in " ".join(done.err.split())


def test_a_field_that_keeps_its_value_is_renamed_in_the_order_of_both() -> None:
    found = field_edits(
        0,
        ("a",),
        {"k": 1, "x": 2, "y": 2, "in": {"b": []}},
        {"k": 1, "p": 2, "q": 2, "in": {"c": []}, "n": 3},
    )
    assert found == [
        RenameKey(0, ("a", "x"), "p"),
        RenameKey(0, ("a", "y"), "q"),
        RenameKey(0, ("a", "in", "b"), "c"),
        Insert(0, ("a",), 3, key="n"),
    ]


def test_renames_are_two_names_in_one_mapping() -> None:
    assert [rename.target for rename in parse_renames(["a=b", "a.b=c", "a.b=a.c"])] == [
        ("b",),
        ("a", "c"),
        ("a", "c"),
    ]
    with pytest.raises(UsageFailure):
        parse_renames(["a="])
