"""Guesses of ``schema new`` about shapes that public registries have."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from registry_reconciler.editing.schema_new.guess import FieldShape
from registry_reconciler.editing.schema_new.words import slips
from registry_reconciler.errors import Blocked
from tests.unit.editing.test_schema_new import made, schema

HOOKS = {
    "model": "x",
    "hooks": {
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "a"}]}],
        "UserPromptSubmit": [{"hooks": [{"type": "command", "command": "b"}]}],
        "SessionEnd": [],
        "Stop": [{"matcher": "*", "hooks": [{"type": "command", "command": "c"}]}],
    },
}


def test_all_events_of_a_hooks_file_are_taken_together() -> None:
    new = made({"s.json": json.dumps(HOOKS)}, "settings_hook", "s.json")
    assert (new.spec["layout"], new.spec["at"], new.entries) == ("list", "hooks.{hook}", 3)


def test_places_that_are_taken_together_are_said() -> None:
    text = "gold: [{t: a}, {t: b}]\nsilver: [{t: c}, {t: d}]\nbronze: []\n"
    doubts = [doubt.message for doubt in made({"s.yml": text}, "sponsor", "s.yml").doubts]
    assert [message for message in doubts if "together: gold (2), silver (2)" in message]
    assert not any("other places" in message for message in doubts)


def test_hooks_without_a_matcher_are_named_by_nothing_and_the_others_by_event_and_matcher() -> None:
    bare = {"hooks": [{"type": "command", "command": "d"}]}
    named = [{"matcher": name, **bare} for name in ("Bash", "Write")]
    hooks = {"PreToolUse": named, "PostToolUse": named[:1], "Stop": [bare, bare]}
    new = made({"s.json": json.dumps({"hooks": hooks})}, "settings_hook", "s.json")
    assert (new.spec["key"], new.entries) == (["hook", "matcher"], 3)
    (doubt,) = [doubt.message for doubt in new.doubts if doubt.decision]
    assert doubt.startswith("2 of 5 entries have no matcher")


MANIFESTS = {
    f"m/{name[0]}/{name.upper()}/{version}/{name}{end}.yaml": f"Id: {name}\nVersion: {version}\nManifestType: {sort}\n"
    for name in ("Alpha", "Beta")
    for version in ("1.0.1", "2.0.1")
    for end, sort in (("", "version"), (".installer", "installer"))
}


def test_what_the_entries_say_of_their_path_is_the_key_where_that_is_enough() -> None:
    new = made(MANIFESTS, "package", "m/*/*/*/*.installer.yaml")
    assert new.spec["file"] == "m/{m}/{folder}/{Version}/{Id}.installer.yaml"
    assert (new.spec["key"], new.entries) == (["Id", "Version"], 4)


def test_files_of_several_sorts_are_said_to_be_of_several_kinds() -> None:
    (doubt,) = [doubt.message for doubt in made(MANIFESTS, "package", "m/**/*.yaml").doubts if doubt.decision]
    assert "of several sorts, by ManifestType: installer (4), version (4)" in doubt


def test_what_is_no_entry_of_the_kind_is_said() -> None:
    text = "things:\n- {name: a, n: 1}\n- {name: b, n: 2}\n- {n: 3}\n"
    (finding,) = made({"t.yml": text}, "thing", "t.yml", key=("name",)).findings
    assert finding[:2] == ("LIV003", "t.yml")


def test_a_field_that_is_a_key_alone_is_the_key() -> None:
    text = "members:\n- {login: a, url: u1}\n- {login: b, url: u2}\n- {login: c, url: u3}\n"
    assert made({"m.yml": text}, "member", "m.yml").spec["key"] == "login"


def test_the_name_of_an_entry_goes_before_the_id_of_what_lies_inside() -> None:
    files = {f"p/{name}/package.yaml": f"name: {name}\nsource: {{id: 'pkg:{name}@1'}}\n" for name in "abc"}
    new = made(files, "package", "p/*/package.yaml")
    assert (new.spec["file"], new.spec["key"]) == ("p/{name}/package.yaml", "name")


@pytest.mark.parametrize("field", ["packageId", "PackageIdentifier", "package-id"])
def test_ids_are_known_in_any_way_to_write_them(field: str) -> None:
    text = json.dumps([{"version": str(number), field: f"x{number}"} for number in range(3)])
    assert made({"r.json": text}, "thing", "r.json").spec["key"] == field


@pytest.mark.parametrize("kind", ["dependency", "other"])
def test_a_mapping_of_mappings_and_other_values_is_pairs(kind: str) -> None:
    more = "".join(f'd{number} = {{version = "1"}}\n' for number in range(20))
    new = made({"c.toml": f'[package]\nname = "x"\n[dependencies]\nserde = "1"\n{more}'}, kind, "c.toml")
    assert (new.spec["layout"], new.spec["at"], new.entries) == ("pairs", "dependencies", 21)
    assert any("1 of 21 values are no mappings (serde)" in doubt.message for doubt in new.doubts)


def test_one_pair_under_the_name_of_the_kind_is_found() -> None:
    text = '[project]\nname = "x"\nauthors = [{name = "A"}]\n[project.scripts]\nrun = "x:main"\n'
    new = made({"pyproject.toml": text}, "script", "pyproject.toml")
    assert (new.spec["layout"], new.spec["at"], new.entries) == ("pairs", "project.scripts", 1)


def test_a_list_of_one_goes_behind_a_list_of_many() -> None:
    text = json.dumps({"badges": [{"href": "h"}], "contributes": {"views": [{"id": "a"}, {"id": "b"}]}})
    assert made({"package.json": text}, "thing", "package.json").spec["at"] == "contributes.views"


def test_files_with_one_service_count_as_well() -> None:
    some = "services:\n" + "".join(
        f"  s{n}: {{restart: {'always' if n % 2 else 'never'}}}\n" for n in range(4)
    )
    files = {f"p{number}/compose.yaml": some for number in range(5)}
    files["one/compose.yaml"] = "services:\n  api: {restart: 'no'}\n"
    new = made(files, "service", "{project}/compose.yaml")
    assert (new.entries, new.findings) == (21, ())


def test_the_folder_of_an_entry_refers_to_no_entry() -> None:
    files = {f"k/{name}/SKILL.md": f"---\nname: {name}\nlevel: 1\n---\n" for name in ("a", "b", "c", "d")}
    assert "references" not in made(files, "skill", "k/{dir}/SKILL.md").spec


def test_the_root_alone_is_no_path() -> None:
    text = json.dumps({"plugins": [{"name": "a", "source": "./"}, {"name": "b", "source": "."}]})
    assert "paths" not in made({"m.json": text}, "plugin", "m.json").spec


def test_names_that_people_choose_may_hold_texts_and_mappings() -> None:
    def value(field: int, number: int) -> object:
        return {"version": "1"} if field > 20 or (field > 10 and number % 2) else "1"

    files = {
        f"c/{number}.json": json.dumps(
            {"deps": {f"d{(number + n) % 40}": value((number + n) % 40, number) for n in range(8)}}
        )
        for number in range(40)
    }
    properties = schema(made(files, "crate", "c/{name}.json"))["properties"]
    assert isinstance(properties, dict)
    assert "properties" not in properties["deps"]


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("integration", '["a/b", "c/d", "e/f"]\n', "json"),
        ("hints", '{\n  // why\n  "hints": {"a": {"x": 1}, "b": {"x": 2}},\n}\n', "jsonc"),
        ("Pipfile", '[[hints]]\nname = "a"\n[[hints]]\nname = "b"\n', "toml"),
        ("hint.html", "---\nname: a\n---\n<p>\n", "frontmatter"),
        ("hints.list", "- {name: a}\n- {name: b}\n", None),
    ],
)
def test_the_format_of_a_file_whose_name_says_none(name: str, text: str, form: str | None) -> None:
    assert made({name: text}, "hint", name).spec.get("format") == form


@pytest.mark.parametrize("text", ["", "# nothing\n", "just text\n"])
def test_a_file_that_holds_nothing_is_of_no_format(text: str) -> None:
    with pytest.raises(Blocked):
        made({"hints": text}, "hint", "hints")


def test_letters_of_every_script_are_letters() -> None:
    strings = Counter({"ƒ": 5, "лв": 3, "дин": 3, "Kč": 1, "K": 9, "с": 1})
    words = FieldShape(types={"string"}, strings=strings)
    assert slips(words, loose=True) == []
