"""What ``schema new`` makes of shapes that people keep."""

from __future__ import annotations

from collections import Counter

import pytest

from registry_reconciler.base.singular import singular
from registry_reconciler.editing.schema_new import NewSchema, new_schema
from registry_reconciler.editing.schema_new.guess import FieldShape, matches
from registry_reconciler.editing.schema_new.words import closed_words, slips
from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.yaml.read.document import read_yaml


def made(files: dict[str, str], kind: str, source: str, at: str = "", key: tuple[str, ...] = ()) -> NewSchema:
    tree = MemoryTree({path: text.encode() for path, text in files.items()})
    return new_schema(tree, kind, source, at=at, key=key)


def schema(new: NewSchema) -> dict[str, object]:
    (document,) = read_yaml(new.content).documents
    assert isinstance(document, dict)
    return document


TEAM = "x-registry: {kind: team, layout: list, file: t.yaml, key: id}\ntype: object\n"
LIST = "version: 1\nroutes:\n  - {id: a, to: x}\n  - {id: b, to: y, n: 1}\n"
MAP = "# head\nA:\n  type: x\n  parent: B\nB: {type: x}\nC: {type: y, parent: A}\nD: {type: y, parent: B}\n"
NESTED = """\
plugins:
  - {name: p, skills: [{name: run, path: s/run.md}, {name: go, path: s/go.md}]}
  - {name: q, skills: [{name: run, path: s/no.md}]}
"""
NESTED_WITH_TEXTS = """\
plugins:
  - {name: p, skills: [{name: run, text: Runs.}, {name: go, text: Goes.}]}
  - {name: q, skills: [{name: run, text: Runs too.}]}
"""
DOMAINS = "domains:\n  pay: {skills: [{id: a}, {id: b}]}\n  ship: {skills: [{id: c}]}\n"

SHAPES: dict[str, tuple[dict[str, str], str, str, dict[str, object], int]] = {
    "a list under a name": (
        {"r.yaml": LIST},
        "route",
        "r.yaml",
        {"layout": "list", "at": "routes", "key": "id"},
        2,
    ),
    "a list as the whole file": (
        {"r.yaml": "- {name: a}\n- {name: b}\n"},
        "thing",
        "r.yaml",
        {"layout": "list", "key": "name"},
        2,
    ),
    "a mapping as the whole file": ({"m.yml": MAP}, "language", "m.yml", {"layout": "map", "key": "name"}, 4),
    "a mapping under a name": (
        {"m.yml": "categories:\n  a: {name: A}\n  b: {name: B}\nx: 1\n"},
        "category",
        "m.yml",
        {"layout": "map", "at": "categories", "key": "id"},
        2,
    ),
    "a list inside the items of a list": (
        {"p.yaml": NESTED},
        "skill",
        "p.yaml",
        {"layout": "list", "at": "plugins[name={plugin}].skills", "key": ["plugin", "name"]},
        3,
    ),
    "a list inside a mapping": (
        {"d.yaml": DOMAINS},
        "skill",
        "d.yaml",
        {"layout": "list", "at": "domains.{domain}.skills", "key": "id"},
        3,
    ),
    "one entry a file, the key in its path": (
        {f"t/{name}/tool.yaml": f"name: {name}\nsize: 1\n" for name in "ab"},
        "tool",
        "t/*/tool.yaml",
        {"layout": "file", "file": "t/{name}/tool.yaml", "key": "name"},
        2,
    ),
    "one entry a file, the key in its path alone": (
        {f"tools/{name}.yaml": "size: 1\n" for name in "ab"},
        "tool",
        "tools/*.yaml",
        {"layout": "file", "file": "tools/{tool}.yaml", "key": "tool"},
        2,
    ),
    "many files with a list each": (
        {f"routes/{name}.yaml": f"routes:\n  - {{id: {name}1, scope: {name}}}\n" for name in "ab"},
        "route",
        "routes/*.yaml",
        {"layout": "list", "file": "routes/{scope}.yaml", "at": "routes", "key": "id"},
        2,
    ),
    "a single file with a single entry": (
        {"app.yaml": "name: x\nsize: 1\n"},
        "app",
        "app.yaml",
        {"layout": "file", "file": "app.yaml", "key": "name"},
        1,
    ),
    "a key one level down": (
        {f"k/{name}.yaml": f"kind: T\nmetadata: {{name: {name}}}\n" for name in ("x1", "x2")},
        "res",
        "k/*.yaml",
        {"layout": "file", "file": "k/{metadata.name}.yaml", "key": "metadata.name"},
        2,
    ),
    "several documents in a file": (
        {"k.yaml": "metadata: {name: a}\n---\nmetadata: {name: b}\n"},
        "res",
        "k.yaml",
        {"layout": "documents", "file": "k.yaml", "key": "metadata.name"},
        2,
    ),
    "a list for each group": (
        {"t.yaml": "front: [{id: a, n: 1}]\nback: [{id: b, n: 2}, {id: c, n: 3}]\n"},
        "team",
        "t.yaml",
        {"layout": "list", "at": "{group}", "key": "id"},
        3,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_found_and_the_file_works_unchanged(name: str) -> None:
    files, kind, source, spec, count = SHAPES[name]
    new = made(files, kind, source)
    assert {field: new.spec.get(field) for field in spec} == spec
    assert new.entries == count
    assert not any(doubt.decision for doubt in new.doubts)
    assert not [one for one in new.findings if one[0].startswith(("SCH", "LIV", "KND"))]


def test_types_and_what_is_required() -> None:
    document = schema(made({"r.yaml": LIST}, "route", "r.yaml"))
    assert document["required"] == ["id", "to"]
    assert document["properties"] == {
        "id": {"type": "string"},
        "to": {"type": "string"},
        "n": {"type": "integer"},
    }


def test_references_that_hold_are_declared_and_those_that_do_not_are_told() -> None:
    new = made({"m.yml": MAP}, "language", "m.yml")
    assert new.spec["references"] == [{"field": "parent", "kind": "language"}]
    many = "".join(
        f"L{number}: {{type: x, parent: {'L0' if number % 2 else 'L1'}}}\n" for number in range(20)
    )
    broken = made({"m.yml": many + "M: {type: x, parent: l0}\n"}, "language", "m.yml")
    assert broken.spec["references"] == [{"field": "parent", "kind": "language"}]
    assert any("'l0' (of M)" in doubt.message for doubt in broken.doubts)
    assert [one[:2] for one in broken.findings] == [("REF001", "language/M")]


def test_references_to_kinds_that_are_there() -> None:
    files = {
        ".system/registry/schemas/team.schema.yaml": TEAM,
        "t.yaml": "- {id: red}\n- {id: blue}\n",
        "apps.yaml": "".join(f"- {{id: a{n}, owner: {'red' if n % 2 else 'blue'}}}\n" for n in range(6)),
    }
    assert made(files, "app", "apps.yaml").spec["references"] == [{"field": "owner", "kind": "team"}]


TOOLS = """\
x-registry: {kind: tool, layout: list, file: tools.yaml, key: name}
type: object
"""
TOOL_LIST = (
    "- {name: a, licenses: [MIT, GPL-3.0]}\n- {name: b, licenses: [ISC]}\n- {name: c, licenses: [MIT]}\n"
)
LICENSES = (
    "- {name: Do what you like, identifier: MIT}\n- {name: Share alike, identifier: GPL-3.0}\n"
    "- {name: Short, identifier: ISC}\n"
)


def test_the_key_is_the_field_by_which_other_kinds_name_the_entries() -> None:
    new = made(
        {
            "tools.yaml": TOOL_LIST,
            "licenses.yaml": LICENSES,
            ".system/registry/schemas/tool.schema.yaml": TOOLS,
        },
        "license",
        "licenses.yaml",
    )
    assert new.spec["key"] == "identifier"
    told = " ".join(doubt.message for doubt in new.doubts)
    assert "{field: 'licenses[]', kind: license}" in told
    assert "tool.schema.yaml" in told


def test_a_field_called_as_the_kind_is_the_key_before_a_title() -> None:
    rows = "- {command: ext.run, title: Run it}\n- {command: ext.stop, title: Stop it}\n"
    assert made({"c.yaml": rows}, "command", "c.yaml").spec["key"] == "command"
    assert made({"c.yaml": rows}, "ext_command", "c.yaml").spec["key"] == "command"


def test_many_names_with_one_of_few_fields_each_are_a_mapping() -> None:
    kinds = ("redirect: x", "tombstone: {}", "deprecation: {}")
    rows = "".join(f"  m{row}: {{{kinds[row % 3]}}}\n" for row in range(12))
    new = made({"r.yml": f"version: 1\nmodules:\n{rows}"}, "module", "r.yml")
    assert (new.spec["layout"], new.spec["at"], new.entries) == ("map", "modules", 12)


def test_a_text_that_is_said_twice_is_no_key() -> None:
    rows = [f"- {{name: {name}, description: Does {name}.}}\n" for name in ("a", "b", "c")]
    schema_file = "x-registry: {kind: plugin, layout: list, file: p.yaml, key: name}\ntype: object\n"
    files = {f"{name}/m.yaml": row[2:] for name, row in zip("abc", rows, strict=True)}
    files |= {"p.yaml": "".join(rows), ".system/registry/schemas/plugin.schema.yaml": schema_file}
    assert made(files, "manifest", "*/m.yaml").spec["key"] == "name"


def test_what_lies_inside_the_entries_of_another_kind_names_nothing_there() -> None:
    plugins = "x-registry: {kind: plugin, layout: list, file: p.yaml, at: plugins, key: name}\ntype: object\n"
    files = {"p.yaml": NESTED_WITH_TEXTS, ".system/registry/schemas/plugin.schema.yaml": plugins}
    new = made(files, "skill", "p.yaml")
    assert new.spec["key"] == ["plugin", "name"]
    assert not any("names entries" in doubt.message for doubt in new.doubts)


def test_the_field_that_names_the_file_is_the_key_before_a_number_of_elsewhere() -> None:
    files = {f"people/{name}.toml": f'name = "{name}"\ngithub-id = {len(name)}\n' for name in ("al", "bob")}
    assert made(files, "person", "people/*.toml").spec["key"] == "name"


@pytest.mark.parametrize("names", [("2026-01", "2026-02", "2026-03"), ("1.0", "1.1", "2.0")])
def test_dates_and_versions_are_no_fields(names: tuple[str, ...]) -> None:
    counts = "{" + ", ".join(f"'{name}': 3" for name in names) + "}"
    text = f"- {{id: a, months: {counts}}}\n- {{id: b, months: {counts}}}\n"
    properties = schema(made({"r.yaml": text}, "thing", "r.yaml"))["properties"]
    assert isinstance(properties, dict)
    assert properties["months"] == {"type": "object", "additionalProperties": {"type": "integer"}}


def test_names_that_people_choose_may_stand_beside_fields() -> None:
    rows = (f"p{row}: {{downloads: {row}, updated: 1, v{row}.0: 2, v{row}.1: 3}}\n" for row in range(20))
    document = schema(made({"stats.yaml": "".join(rows)}, "stat", "stats.yaml"))
    assert isinstance(document["properties"], dict)
    assert list(document["properties"]) == ["name", "downloads", "updated"]
    assert document["additionalProperties"] == {"type": "integer"}


def test_paths_that_exist_are_declared() -> None:
    files = {"p.yaml": NESTED, "s/run.md": "", "s/go.md": "", "s/no.md": ""}
    assert made(files, "skill", "p.yaml").spec["paths"] == [{"field": "path", "missing": "error"}]
    assert "paths" not in made({"p.yaml": NESTED}, "skill", "p.yaml").spec


def test_an_outer_kind_does_not_demand_what_lies_inside_it() -> None:
    text = (
        NESTED.replace("path: s/run.md", "path: x, v: 1")
        + "  - {name: r, skills: [{name: a, path: y, v: 1}]}\n"
    )
    document = schema(made({"p.yaml": text}, "plugin", "p.yaml"))
    assert document["required"] == ["name"]


def test_a_key_that_is_not_unique_needs_a_decision_at_its_line() -> None:
    new = made({"r.yaml": "- {title: a}\n- {title: a}\n"}, "thing", "r.yaml")
    (doubt,) = [one for one in new.doubts if one.decision]
    assert "'a'" in doubt.message
    assert new.content.decode().splitlines()[doubt.line - 1].startswith("  key:")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("- {eco: pip, dir: /}\n- {eco: npm, dir: /}\n- {eco: npm, dir: /web}\n", ["eco", "dir"]),
        ("- {eco: pip, n: 1}\n- {eco: npm, n: 1}\n- {eco: npm, n: 2}\n", "eco"),
    ],
    ids=["two texts", "a number is no name"],
)
def test_two_fields_that_tell_entries_apart_together_are_the_key(text: str, key: object) -> None:
    registry = schema(made({"u.yml": f"updates:\n{text}"}, "update", "u.yml"))["x-registry"]
    assert isinstance(registry, dict)
    assert registry["key"] == key


def test_a_mapping_that_a_plural_names_holds_entries_however_little_they_are_alike() -> None:
    text = '{"mcpServers": {"a": {"command": "npx", "args": ["x"]}, "b": {"type": "http", "url": "u"}}}\n'
    new = made({".mcp.json": text}, "mcp", ".mcp.json")
    assert (new.spec["layout"], new.spec["at"], new.entries) == ("map", "mcpServers", 2)


def test_front_matter_in_another_language_is_refused_by_name() -> None:
    with pytest.raises(Blocked, match=r"p/a\.md:1:1 cannot be read: .* is TOML"):
        made({"p/a.md": '+++\ntitle = "A"\n+++\nText\n'}, "post", "p/*.md")


def test_place_and_key_can_be_named() -> None:
    text = "one: [{id: a, code: x}, {id: d, code: z}]\ntwos: [{id: b, code: y}, {id: c, code: x}]\n"
    new = made({"r.yaml": text}, "thing", "r.yaml", at="twos", key=("code",))
    assert (new.spec["at"], new.spec["key"], new.entries) == ("twos", "code", 2)
    assert any("one" in doubt.message for doubt in made({"r.yaml": text}, "other", "r.yaml").doubts)


@pytest.mark.parametrize(
    ("files", "source", "error"),
    [
        ({}, "x.yaml", Blocked),
        ({"x.yaml": "a: ["}, "x.yaml", Blocked),
        ({"x.yaml": "[1, 2]"}, "x.yaml", Blocked),
        ({"x.yaml": "[{id: a}]"}, "/x.yaml", UsageFailure),
        ({"x.yaml": "[{id: a}]"}, "../x.yaml", UsageFailure),
    ],
)
def test_what_cannot_be_looked_at(files: dict[str, str], source: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        made(files, "thing", source)


def words(**counts: int) -> FieldShape:
    strings = Counter({name.replace("_", "-"): count for name, count in counts.items()})
    total = sum(counts.values())
    return FieldShape(owners=total, count=total, types={"string"}, strings=strings)


def test_closed_vocabularies() -> None:
    assert closed_words(words(read=12, write=9)) == ["read", "write"]
    assert closed_words(words(read=3, write=2)) == [], "too few to tell"
    assert closed_words(words(read=30, write=1)) == [], "a word that stands once may be a slip"
    assert closed_words(words(**{f"w{number}": 2 for number in range(20)})) == [], "too many"


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("ai-ml", "ai"),
        ("devtools", "developer-tools"),
        ("Finance", "finance"),
        ("tool", "tools"),
        ("databse", "database"),
        ("monitroing", "monitoring"),
    ],
)
def test_slips_are_suspected(word: str, other: str) -> None:
    shape = FieldShape(types={"string"}, strings=Counter({word: 1, other: 9, "quite-else": 5}))
    assert [(one, two) for one, two, _ in slips(shape, loose=True)] == [(word, other)]


def test_words_that_only_look_alike_are_left_alone() -> None:
    shape = FieldShape(types={"string"}, strings=Counter({"read": 9, "lead": 2, "write": 5, "search": 3}))
    assert slips(shape, loose=True) == []


@pytest.mark.parametrize(
    ("strings", "why"),
    [
        ({"AGPL-3.0": 30, "GPL-3.0": 22}, "both are frequent"),
        ({"GPL-3.0": 30, "GPL-2.0": 1}, "another number"),
        ({"C": 30, "C++": 1}, "a sign is a letter too"),
    ],
)
def test_words_that_are_meant_are_no_slips(strings: dict[str, int], why: str) -> None:
    shape = FieldShape(types={"string"}, strings=Counter({**strings, "quite-else": 9}))
    assert slips(shape, loose=True) == [], why


def test_plurals() -> None:
    pairs = {"skills": "skill", "categories": "category", "boxes": "box", "class": "class", "hooks": "hook"}
    pairs |= {"kubernetes": "kubernetes", "status": "status", "apis": "api"}
    assert {word: singular(word) for word in pairs} == pairs
    assert matches("module_instance", "instances")
    assert matches("skill", "skills")
    assert not matches("skill", "plugins")
    assert not matches("skill", "")
