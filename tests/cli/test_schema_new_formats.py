"""``schema new`` over the text formats: layout, place, key, types, references, paths, words, and mirrors that hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from tests.support import Box

TEAMS = "teams:\n  - {id: red, name: Red}\n  - {id: blue, name: Blue}\n"
SERVICES = [
    {
        "id": f"s{n}",
        "team": ("red", "blue")[n % 2],
        "level": ("low", "high")[n % 2],
        "size": n,
        "docs": "docs/a.md",
    }
    for n in range(20)
]


def as_toml(header: str, value: Mapping[str, object]) -> str:
    rows = [f"{name} = {json.dumps(part)}" for name, part in value.items()]
    return "\n".join([header, *rows, "", ""])


LISTS = {
    "services.json": json.dumps({"version": 1, "services": SERVICES}, indent=2),
    "services.jsonc": "// All\n" + json.dumps({"version": 1, "services": SERVICES}, indent=2),
    "services.toml": "version = 1\n" + "".join(as_toml("[[services]]", one) for one in SERVICES),
    "services.yaml": json.dumps({"version": 1, "services": SERVICES}),
}


@pytest.mark.parametrize("file", LISTS)
def test_a_list_is_found_alike_in_every_format(box: Box, file: str) -> None:
    box.write("teams.yaml", TEAMS)
    box.write("docs/a.md", "")
    box.write(file, LISTS[file])
    assert box.run("schema", "new", "team", "--from", "teams.yaml").exit == 0
    ran = box.run("schema", "new", "service", "--from", file, "--format", "json")
    assert ran.json["x_registry"] == {
        "kind": "service",
        "layout": "list",
        "file": file,
        "at": "services",
        "key": "id",
        "references": [{"field": "team", "kind": "team"}],
        "paths": [{"field": "docs", "missing": "error"}],
    }
    assert (ran.json["entries"], ran.json["findings"]) == (20, [])
    properties = box.run("schema", "service", "--format", "json").json["schema"]["properties"]
    assert properties["size"] == {"type": "integer"}
    assert properties["level"] == {"type": "string", "enum": ["high", "low"]}
    assert box.run("adopt", "service/*").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.read(file) == LISTS[file]


def front(value: Mapping[str, object]) -> str:
    return "---\n" + "".join(f"{name}: {part}\n" for name, part in value.items()) + "---\nText.\n"


FILES: dict[str, Callable[[Mapping[str, object]], str]] = {
    "x/{id}/s.md": front,
    "x/{id}/s.json": lambda value: json.dumps(value) + "\n",
    "x/{id}/s.toml": lambda value: as_toml("", value),
}


@pytest.mark.parametrize("pattern", FILES)
def test_one_entry_a_file_is_found_alike_in_every_format(box: Box, pattern: str) -> None:
    box.write("teams.yaml", TEAMS)
    for one in SERVICES:
        box.write(pattern.format(**one), FILES[pattern]({**one, "docs": "../../docs/a.md"}))
    box.write("docs/a.md", "")
    assert box.run("schema", "new", "team", "--from", "teams.yaml").exit == 0
    before = {path: data for path, data in box.files().items() if path.startswith("x/")}
    ran = box.run("schema", "new", "service", "--from", pattern.replace("{id}", "*"), "--format", "json")
    assert ran.json["x_registry"] == {
        "kind": "service",
        "layout": "file",
        "file": pattern,
        "key": "id",
        "references": [{"field": "team", "kind": "team"}],
        "paths": [{"field": "docs", "missing": "error", "base": "file"}],
    }
    assert (ran.json["entries"], ran.json["findings"]) == (20, [])
    assert box.run("adopt", "service/*").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert {path: data for path, data in box.files().items() if path.startswith("x/")} == before


MARKET = [
    {"name": name, "version": version, "description": f"Says {name}.", "license": "MIT"}
    for name, version in (("a", "1.0"), ("b", "1.1"), ("c", "2.0"), ("d", "3.0"), ("e", "1.4"), ("f", "9"))
]
STALE = {"a": "0.9", "b": "1.0", "c": "1.9", "d": "2.9"}


def market(box: Box) -> None:
    """A marketplace whose descriptions hold, whose versions mostly do not; one plugin lies elsewhere."""
    box.write("market.json", json.dumps({"plugins": MARKET}))
    for one in MARKET[:5]:
        name = str(one["name"])
        value = {"id": name, "version": STALE.get(name, one["version"]), "summary": one["description"]}
        box.write(f"plugins/{name}/plugin.toml", as_toml("", {**value, "license": "MIT", "level": 3}))
    assert box.run("schema", "new", "manifest", "--from", "plugins/*/plugin.toml").exit == 0


def test_mirrors_that_hold_are_proposed_with_how_many_agree(box: Box) -> None:
    market(box)
    stale = [one for one in MARKET if one["name"] in "ae"]
    box.write("market.json", json.dumps({"plugins": [*MARKET[1:4], *stale]}))
    for name, version in (("b", "1.1"), ("c", "2.0"), ("d", "3.0")):
        text = box.read(f"plugins/{name}/plugin.toml")
        box.write(f"plugins/{name}/plugin.toml", text.replace(STALE[name], version))
    ran = box.run("schema", "new", "plugin", "--from", "market.json", "--format", "json")
    assert ran.json["x_registry"]["mirrors"] == [
        {"field": "version", "kind": "manifest", "differs": "warning"},
        {"field": "description", "kind": "manifest", "at": "summary"},
        {"field": "license", "kind": "manifest"},
    ]
    told = [one["message"] for one in ran.json["doubts"] if one["where"] == "x-registry.mirrors"]
    assert told == [
        "version: 4 of 5 agree with manifest; not a.",
        "description: all 5 agree with manifest (summary).",
        "license: all 5 agree with manifest.",
        "This kind is the source of what differs. Where the files of manifest are, say it in "
        ".system/registry/schemas/manifest.schema.yaml instead.",
    ]
    assert [(one["code"], one["address"]) for one in ran.json["findings"]] == [("MIR001", "plugin/a")]


def test_a_partner_that_many_lack_is_a_record(box: Box) -> None:
    market(box)
    ran = box.run("schema", "new", "plugin", "--from", "market.json", "--format", "json")
    assert {one.get("missing") for one in ran.json["x_registry"]["mirrors"]} == {"record"}


def test_fields_that_agree_by_chance_are_no_mirrors(box: Box) -> None:
    rows = [{"id": f"k{n}", "on": n % 3 == 0, "size": n % 4} for n in range(12)]
    others = [{"id": f"k{n}", "on": n % 2 == 0, "size": (n * 7) % 5} for n in range(12)]
    box.write("a.json", json.dumps({"rows": rows}))
    box.write("b.json", json.dumps({"others": others}))
    assert box.run("schema", "new", "row", "--from", "a.json").exit == 0
    ran = box.run("schema", "new", "other", "--from", "b.json", "--format", "json")
    assert "mirrors" not in ran.json["x_registry"]


def test_a_field_with_the_keys_of_the_others_leads_to_the_partners(box: Box) -> None:
    box.write(
        "a.toml", "".join(as_toml("[[tools]]", {"id": f"t{n}", "text": f"Does {n}."}) for n in range(4))
    )
    box.write(
        "b.json",
        json.dumps(
            {"pages": [{"slug": f"page-{n}", "tool": f"t{n}", "text": f"Does {n}."} for n in range(4)]}
        ),
    )
    assert box.run("schema", "new", "tool", "--from", "a.toml").exit == 0
    ran = box.run("schema", "new", "page", "--from", "b.json", "--format", "json")
    assert ran.json["x_registry"]["mirrors"] == [{"field": "text", "kind": "tool", "key": "tool"}]
    assert box.run("check").exit == 0


def test_front_matter_that_is_no_yaml_is_read_key_by_key(box: Box) -> None:
    for n in range(3):
        box.write(f"rules/r{n}.mdc", f"---\ndescription: Rule {n}: strict\nglobs: *.ts\n---\nText\n")
    box.write("rules/r3.mdc", "---\ndescription: Plain\nglobs: x\n---\nText\n")
    ran = box.run("schema", "new", "rule", "--from", "rules/*.mdc", "--format", "json")
    assert ran.json["x_registry"]["lenient"] is True
    (why,) = [one["message"] for one in ran.json["doubts"] if one["where"] == "x-registry.lenient"]
    assert why.startswith("3 of 4 files cannot be read otherwise, e.g. rules/r0.mdc: ")
    assert (ran.json["entries"], ran.json["findings"]) == (4, [])


def test_json_with_comments_is_read_as_jsonc(box: Box) -> None:
    box.write("a.json", '{"things": [\n  // first\n  {"id": "a"},\n  {"id": "b"},\n]}\n')
    ran = box.run("schema", "new", "thing", "--from", "a.json", "--format", "json")
    assert ran.json["x_registry"]["format"] == "jsonc"
    assert ran.json["entries"] == 2


def test_what_no_way_reads_is_named_with_its_line(box: Box) -> None:
    box.write("a.json", '{"things": [\n  {"id": "a"} {"id": "b"}\n]}\n')
    ran = box.run("schema", "new", "thing", "--from", "a.json")
    assert ran.exit == 3
    assert "a.json:2:15 cannot be read" in ran.err


def test_a_pattern_that_is_none_is_a_usage_error(box: Box) -> None:
    ran = box.run("schema", "new", "thing", "--from", "{a,b}/*.json")
    assert ran.exit == 64
    assert "is no placeholder" in ran.err


def test_the_folder_of_a_file_can_be_a_reference(box: Box) -> None:
    box.write("market.json", json.dumps({"plugins": [{"name": "pa", "v": 1}, {"name": "pb", "v": 2}]}))
    for plugin, name in (("pa", "run"), ("pa", "stop"), ("pb", "go"), ("pb", "run")):
        box.write(f"p/{plugin}/skills/{name}/SKILL.md", f"---\nname: {name}\n---\n")
    assert box.run("schema", "new", "plugin", "--from", "market.json").exit == 0
    ran = box.run("schema", "new", "skill", "--from", "p/*/skills/*/SKILL.md", "--format", "json")
    assert ran.json["x_registry"]["key"] == ["p", "name"]
    assert [one["kind"] for one in ran.json["x_registry"]["references"]] == ["plugin"]
    assert ran.json["findings"] == []


def test_a_file_that_shows_nothing_by_itself_is_read_as_the_others_are(box: Box) -> None:
    group = [{"matcher": "x", "hooks": []}]
    box.write("p/a/hooks.json", json.dumps({"hooks": {"Stop": group, "Start": group}}))
    box.write("p/b/hooks.json", json.dumps({"hooks": {"Stop": group}}))
    ran = box.run("schema", "new", "event_hook", "--from", "p/*/hooks.json", "--format", "json")
    assert ran.json["entries"] == 3
    assert len(ran.json["x_registry"]["key"]) == 2
    assert ran.json["findings"] == []
