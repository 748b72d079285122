"""``schema new`` over shapes that it once guessed wrong; what it writes is adopted without a changed byte."""

from __future__ import annotations

from typing import Any

import pytest

from registry_reconciler.formats.yaml.read.document import read_yaml
from tests.support import Box

Files = dict[str, str]


def spec(box: Box, kind: str) -> dict[str, Any]:
    """What was written for a kind."""
    (document,) = read_yaml(box.read(f".system/registry/schemas/{kind}.schema.yaml").encode()).documents
    assert isinstance(document, dict)
    return document


def packages(numbers: range) -> str:
    return "".join(f"pkg{n}:\n  ubuntu: [lib{n}]\n  debian: {{buster: [x{n}]}}\n" for n in numbers)


SHAPES: dict[str, tuple[Files, list[str], dict[str, Any]]] = {
    "maps over a glob": (
        {"rosdep/base.yaml": packages(range(300)), "rosdep/python.yaml": packages(range(300, 500))},
        ["--from", "rosdep/*.yaml"],
        {"layout": "map", "file": "rosdep/{rosdep}.yaml", "key": "name"},
    ),
    "an id in the path": (
        {"data/a.yaml": "size: 1\n", "data/b.yaml": "size: 2\n"},
        ["--from", "data/{id}.yaml"],
        {"layout": "file", "file": "data/{id}.yaml", "key": "id"},
    ),
    "an id in the path and in the text": (
        {"data/a.yaml": "id: a\nsize: 1\n", "data/b.yaml": "id: b\nsize: 2\n"},
        ["--from", "data/{id}.yaml"],
        {"layout": "file", "file": "data/{id}.yaml", "key": "id"},
    ),
    "the only part of the path that tells": (
        {"data/x/a.yaml": "size: 1\n", "data/x/b.yaml": "size: 2\n", "data/y/c.yaml": "size: 2\n"},
        ["--from", "data/{group}/{slug}.yaml"],
        {"layout": "file", "file": "data/{group}/{slug}.yaml", "key": "slug"},
    ),
    "type, name and variant": (
        {f"d/{path}.yaml": "size: 1\n" for path in ("a/one/x", "a/one/y", "b/one/x", "b/two/y")},
        ["--from", "d/{type}/{name}/{variant}.yaml"],
        {"layout": "file", "file": "d/{type}/{name}/{variant}.yaml", "key": ["type", "name", "variant"]},
    ),
    "a placeholder in --at": (
        {"r.yaml": "domains:\n  x: {skills: [{id: a}, {id: b}]}\n  y: {skills: [{id: c}]}\n"},
        ["--from", "r.yaml", "--at", "domains.{domain}.skills"],
        {"layout": "list", "file": "r.yaml", "at": "domains.{domain}.skills", "key": "id"},
    ),
    "one entry where the plural of the kind stands, beside more that look like entries": (
        {"r.yaml": "paths: {/a: {get: {}}, /b: {get: {}}}\nparts:\n  things:\n    Pet: {type: object}\n"},
        ["--from", "r.yaml"],
        {"layout": "map", "file": "r.yaml", "at": "parts.things", "key": "name"},
    ),
    "key to text": (
        {"r.yaml": "things:\n  a.c: Ada\n  b.c: Bob\n  c.c: Carl\n"},
        ["--from", "r.yaml"],
        {"layout": "pairs", "file": "r.yaml", "at": "things", "key": "name"},
    ),
    "key to text, and nothing else in the file": (
        {"r.yaml": "a.py: reads\nb.py: writes\nc.py: both\n"},
        ["--from", "r.yaml"],
        {"layout": "pairs", "file": "r.yaml", "key": "name"},
    ),
    "key to text, two of them, in JSON": (
        {"r.json": '{"files": {"a.py": "reads", "b.py": "writes"}}\n'},
        ["--from", "r.json"],
        {"layout": "pairs", "file": "r.json", "at": "files", "key": "name"},
    ),
    "one entry that says its name": (
        {"r.yaml": "name: x\nversion: 1.0.0\nauthor: me\n"},
        ["--from", "r.yaml"],
        {"layout": "file", "file": "r.yaml", "key": "name"},
    ),
    "key to text, by --at": (
        {"r.yaml": "list: [{id: a}, {id: b}]\nowners: {a.c: Ada, b.c: Bob}\n"},
        ["--from", "r.yaml", "--at", "owners"],
        {"layout": "pairs", "file": "r.yaml", "at": "owners", "key": "name"},
    ),
    "plain texts": (
        {"r.yaml": "words: [alpha, beta, gamma]\n"},
        ["--from", "r.yaml", "--at", "words"],
        {"layout": "texts", "file": "r.yaml", "at": "words", "key": "name"},
    ),
    "key to text over a glob": (
        {
            f"own/{name}.yaml": "".join(f"src/{name}/{n}.py: {'ab'[n % 2]}d\n" for n in range(6))
            for name in ("x", "y")
        },
        ["--from", "own/*.yaml"],
        {"layout": "pairs", "file": "own/{own}.yaml", "key": "name"},
    ),
    "documents of a file": (
        {"r.yaml": "---\n".join(f"metadata: {{name: n{n}}}\nspec: {{size: {n}}}\n" for n in range(4))},
        ["--from", "r.yaml"],
        {"layout": "documents", "file": "r.yaml", "key": "metadata.name"},
    ),
    "items of one key": (
        {"r.yaml": "nav:\n  - Home: {page: a.md}\n  - Guide: {page: b.md}\n"},
        ["--from", "r.yaml", "--at", "nav"],
        {"layout": "named", "file": "r.yaml", "at": "nav", "key": "name"},
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_the_shape_is_seen_and_adopting_changes_no_byte(box: Box, case: str) -> None:
    files, words, wanted = SHAPES[case]
    for path, text in files.items():
        box.write(path, text)
    assert box.run("schema", "new", "thing", *words).exit == 0
    made = spec(box, "thing")["x-registry"]
    assert {name: made.get(name) for name in wanted} == wanted
    assert box.run("adopt", "thing/*").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert {path: box.read(path) for path in files} == files
    assert box.run("plan", "--detailed-exitcode").exit == 0
    ran = box.run("list", "thing/*", "--format", "json").json
    assert ran["entries"]
    assert all(entry["managed"] for entry in ran["entries"])


def test_maps_with_keys_of_data_do_not_become_thousands_of_fields(box: Box) -> None:
    inner = "".join(f"    key{n}: {{v: {n}}}\n" for n in range(200))
    box.write("r.yaml", f"items:\n- id: a\n  of:\n{inner}- id: b\n  of:\n{inner}")
    assert box.run("schema", "new", "item", "--from", "r.yaml").exit == 0
    assert len(box.read(".system/registry/schemas/item.schema.yaml").splitlines()) < 60


def test_versions_are_no_closed_words(box: Box) -> None:
    rows = "".join(
        f"- {{id: i{n}, ver: v{n % 3}.0, level: {'low' if n % 2 else 'high'}}}\n" for n in range(40)
    )
    box.write("r.yaml", rows)
    assert box.run("schema", "new", "item", "--from", "r.yaml").exit == 0
    fields = spec(box, "item")["properties"]
    assert "enum" not in fields["ver"]
    assert fields["level"]["enum"] == ["high", "low"]


def test_a_parent_does_not_require_what_becomes_a_kind_of_its_own(box: Box) -> None:
    for parts in ("[{id: s1}, {id: s2}]", "{s1: {v: 1}, s2: {v: 2}}"):
        rows = "".join(f"- {{id: p{n}, title: t, skills: {parts}}}\n" for n in range(4))
        box.write("r.yaml", f"plugins:\n{rows}")
        assert box.run("schema", "new", "plugin", "--from", "r.yaml", "--out", "-").exit == 0
        made = box.run("schema", "new", "plugin", "--from", "r.yaml", "--out", "-", "--format", "json").json
        (document,) = read_yaml(made["content"].encode()).documents
        assert isinstance(document, dict)
        assert document["required"] == ["id", "title"]


def test_references_by_title_are_asked_about(box: Box) -> None:
    box.write("c.yaml", "".join(f"- {{id: c{n}, title: Category {n}}}\n" for n in range(4)))
    assert box.run("schema", "new", "category", "--from", "c.yaml").exit == 0
    box.write("i.yaml", "".join(f"- {{id: i{n}, in: Category {n % 4}, by: c{n % 4}}}\n" for n in range(9)))
    assert box.run("schema", "new", "item", "--from", "i.yaml").exit == 0
    text = box.read(".system/registry/schemas/item.schema.yaml")
    assert "#? These are names (title) of category" in text
    assert spec(box, "item")["x-registry"]["references"] == [{"field": "by", "kind": "category"}]


@pytest.mark.parametrize("form", ["yaml", "json", "toml"])
def test_a_file_that_cannot_be_read_is_left_out_and_said(box: Box, form: str) -> None:
    row = {
        "yaml": "id: {}\nsize: 1\n",
        "json": '{{"id": "{}", "size": 1}}\n',
        "toml": 'id = "{}"\nsize = 1\n',
    }[form]
    for name in "abc":
        box.write(f"data/{name}.{form}", row.format(name))
    box.write(f"data/bad.{form}", '"x\ny" =\n')
    ran = box.run("schema", "new", "part", "--from", f"data/*.{form}")
    assert ran.exit == 0
    assert "1 of 4 files cannot be read and was not looked at" in " ".join(ran.err.split())
    assert f"data/bad.{form}:" in ran.err
    assert spec(box, "part")["x-registry"]["key"] == "id"
    for name in "abc":
        box.write(f"data/{name}.{form}", '"x\ny" =\n')
    assert box.run("schema", "new", "other", "--from", f"data/*.{form}").exit == 3


def test_what_holds_the_entries_of_a_kind_that_is_there_is_no_field(box: Box) -> None:
    items = ",".join(f'{{"id": "s{n}", "v": 1}}' for n in range(3))
    box.write(
        "r.json", f'{{"plugins": [{{"name": "p", "skills": [{items}]}}, {{"name": "q", "skills": []}}]}}\n'
    )
    place = "plugins[name={plugin}].skills"
    assert box.run("schema", "new", "skill", "--from", "r.json", "--at", place).exit == 0
    ran = box.run("schema", "new", "plugin", "--from", "r.json", "--at", "plugins")
    assert "kind of their own" not in ran.err
    assert "skills" not in spec(box, "plugin")["properties"]
    assert box.run("adopt", "--all").exit == 0
    assert box.run("apply", "--yes").exit == 0
