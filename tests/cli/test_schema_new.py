"""``schema new``: a schema file that works unchanged, from files as they are found."""

from __future__ import annotations

from tests.support import Box

TOOLS = {
    name: f"name: {name}\ntype: {kind}\nmeta:\n  category: {category}\n"
    for name, kind, category in [
        ("alpha", "server", "database"),
        ("beta", "server", "database"),
        ("gamma", "remote", "developer-tools"),
        ("delta", "remote", "devtools"),
    ]
}


def tools(box: Box) -> None:
    for name, text in TOOLS.items():
        box.write(f"tools/{name}/tool.yaml", text)


def test_it_works_unchanged_and_adopting_changes_no_registry(box: Box) -> None:
    tools(box)
    ran = box.run("schema", "new", "tool", "--from", "tools/*/tool.yaml", "--format", "json")
    assert ran.exit == 0, ran.err
    assert ran.json["x_registry"] == {
        "kind": "tool",
        "layout": "file",
        "file": "tools/{name}/tool.yaml",
        "key": "name",
    }
    assert (ran.json["entries"], ran.json["findings"]) == (4, [])
    before = {path: data for path, data in box.files().items() if path.startswith("tools/")}
    assert box.run("adopt", "tool/*").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert {path: data for path, data in box.files().items() if path.startswith("tools/")} == before


def test_doubts_name_lines_of_the_file_and_go_to_standard_error(box: Box) -> None:
    box.write("a.yaml", "things:\n  - {title: x, size: 1}\n  - {title: x, size: 1}\n")
    ran = box.run("schema", "new", "thing", "--from", "a.yaml", "--format", "json")
    (doubt,) = [one for one in ran.json["doubts"] if one["decision"]]
    rows = box.read(".system/registry/schemas/thing.schema.yaml").splitlines()
    assert rows[doubt["line"] - 1].strip().startswith("key:")
    assert rows[doubt["line"] - 2].strip().startswith("#? DECIDE:")
    assert box.run("schema", "new", "thing2", "--from", "a.yaml", "--out", "x.yaml").err.count(
        "x.yaml:"
    ) == len(ran.json["doubts"])


def test_out_dash_prints_and_writes_nothing(box: Box) -> None:
    tools(box)
    before = box.files()
    ran = box.run("schema", "new", "tool", "--from", "tools/{name}/tool.yaml", "--out", "-")
    assert ran.out.startswith("# Made by")
    assert box.files() == before


def test_nothing_is_overwritten_and_wrong_words_are_usage_errors(box: Box) -> None:
    tools(box)
    source = ("--from", "tools/*/tool.yaml")
    assert box.run("schema", "new", "route", *source).exit == 64
    assert box.run("schema", "new", "moved", *source).exit == 64
    assert box.run("schema", "new", "tool", "--from", "../x.yaml").exit == 64
    assert box.run("schema", "new", "tool", "--from", "nothing/*.yaml").exit == 3
    assert box.run("schema", "new", "tool", *source, "--at", "nowhere").exit == 64
    box.write("bad.yaml", "a: [")
    assert box.run("schema", "new", "tool", "--from", "bad.yaml").exit == 3
