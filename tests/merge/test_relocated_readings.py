"""A kind whose place changes together with how its texts are read: key, value, body, lenient. It goes, or says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.loading.state.places import KindPlace, parse_place, render_place
from tests.support import Box

SCHEMA = ".system/registry/schemas/t.schema.yaml"
PLACE = ".system/registry/state/places/t.place"
PAIRS = "layout: pairs, file: t.yaml, at: t, key: id, value: url"
MAP = "layout: map, file: t.yaml, at: t, key: id"
LIST = "layout: list, file: t.yaml, at: t, key: id"
MD = "layout: file, file: 'd/{id}.md', key: id"
NAMED = "layout: named, file: t.yaml, at: t, key: id, value: url"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    box = Box(tmp_path, capsys)
    assert box.run("init", "--kinds", "none").exit == 0
    return box


def schema(box: Box, spec: str) -> None:
    box.write(SCHEMA, f"x-registry: {{kind: t, {spec}}}\ntype: object\n")


def adopted(box: Box, spec: str, files: dict[str, str]) -> None:
    """A workspace whose entries are all managed, and applied."""
    schema(box, spec)
    for path, text in files.items():
        box.write(path, text)
    ran = box.run("adopt", "t/*")
    assert ran.exit == 0, ran.out + ran.err
    ran = box.run("apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    assert box.run("plan", "--detailed-exitcode").exit == 0


def carried(box: Box, spec: str, *edits: tuple[str, str]) -> None:
    """The entries are where the schema has them now; nothing is left to do."""
    schema(box, spec)
    for edit in edits:
        box.replace("desired/t.yaml", *edit)
    ran = box.run("plan", "--format", "json")
    assert ran.exit == 0, ran.json["problems"]
    ran = box.run("apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    assert box.run("plan", "--detailed-exitcode").exit == 0
    assert box.run("drift").exit == 0


def blocked(box: Box, spec: str, why: str) -> None:
    """The plan blocks with these words, and apply writes nothing."""
    schema(box, spec)
    before = box.files()
    plan = box.run("plan", "--format", "json").json
    assert plan["exit"] == 3
    (problem,) = [one for one in plan["problems"] if one["code"] == "KND005"]
    assert why in problem["message"], problem["message"]
    assert box.run("apply", "--yes").exit == 3
    assert box.files() == before


@pytest.mark.parametrize(
    ("was", "now", "files", "path", "lines"),
    [
        (PAIRS, MAP, {"t.yaml": "t:\n  a: x # c\n  b: w\n"}, "t.yaml", ["url: x", "url: w", "# c"]),
        (
            PAIRS,
            LIST.replace("t.yaml", "u.yaml"),
            {"t.yaml": "t:\n  a: x\n"},
            "u.yaml",
            ["- id: a", "url: x"],
        ),
        (PAIRS, MD, {"t.yaml": "t:\n  a: x\n"}, "d/a.md", ["url: x"]),
        (PAIRS, PAIRS.replace("t.yaml", "u.yaml"), {"t.yaml": "t:\n  a: x # c\n"}, "u.yaml", ["  a: x # c"]),
        (
            PAIRS,
            PAIRS.replace("t.yaml", "u.toml"),
            {"t.yaml": "t:\n  a: x\n"},
            "u.toml",
            ['a = "x"'],
        ),
        (MAP, PAIRS, {"t.yaml": "t:\n  a: {url: x}\n"}, "t.yaml", ["  a: x"]),
        (LIST, PAIRS, {"t.yaml": "t:\n- id: a\n  url: x\n"}, "t.yaml", ["a:"]),
        (LIST, NAMED, {"t.yaml": "t:\n- id: a\n  url: x\n"}, "t.yaml", ["- a:"]),
        (NAMED, LIST, {"t.yaml": "t:\n- a: x\n"}, "t.yaml", ["- id: a", "url: x"]),
    ],
)
def test_a_value_that_is_no_mapping_goes_along(
    box: Box, was: str, now: str, files: dict[str, str], path: str, lines: list[str]
) -> None:
    adopted(box, was, files)
    carried(box, now)
    for line in lines:
        assert line in box.read(path)


def test_the_field_of_a_value_has_another_name_at_the_new_place(box: Box) -> None:
    adopted(box, PAIRS, {"t.yaml": "t:\n  a: x\n"})
    carried(box, PAIRS.replace("value: url", "value: href").replace("t.yaml", "u.yaml"), ("url:", "href:"))
    assert box.read("u.yaml") == "t:\n  a: x\n"


@pytest.mark.parametrize(
    ("was", "now", "text", "line"),
    [
        (LIST, "layout: map, file: t.yaml, at: t, key: name", "t:\n- id: a\n  name: alpha\n", "  alpha:"),
        (LIST, "layout: list, file: u.yaml, at: t, key: name", "t:\n- id: a\n  name: alpha\n", "- id: a"),
        (
            LIST,
            "layout: list, file: u.yaml, at: t, key: [id, name]",
            "t:\n- id: a\n  name: alpha\n",
            "name: alpha",
        ),
        (MAP, "layout: list, file: t.yaml, at: t, key: name", "t:\n  a: {name: alpha}\n", "name: alpha"),
    ],
)
def test_another_key_at_another_place(box: Box, was: str, now: str, text: str, line: str) -> None:
    adopted(box, was, {"t.yaml": text})
    carried(box, now)
    assert line in box.read("u.yaml" if "u.yaml" in now else "t.yaml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("t:\n- id: a\n  v: 1\n", "t/a has no name, which is its key now"),
        ("t:\n- {id: a, name: x}\n- {id: b, name: x}\n", "two entries of the old place are called t/x now"),
    ],
)
def test_a_key_that_is_not_there_blocks(box: Box, text: str, why: str) -> None:
    adopted(box, LIST, {"t.yaml": text})
    blocked(box, "layout: map, file: t.yaml, at: t, key: name", why)


NOTE = "---\nid: a\nv: 1\n---\n# Text\n\nbelow\n"


@pytest.mark.parametrize("body", ["", ", body: text"])
@pytest.mark.parametrize("body_now", ["", ", body: text", ", body: words"])
def test_text_below_front_matter_goes_along(box: Box, body: str, body_now: str) -> None:
    adopted(box, MD + body, {"d/a.md": NOTE})
    carried(box, MD.replace("d/{id}.md", "e/{id}/NOTE.md") + body_now)
    assert box.read("e/a/NOTE.md") == NOTE


def test_a_folder_of_a_field(box: Box) -> None:
    adopted(box, MD + ", body: text", {"d/a.md": NOTE.replace("v: 1", "team: red")})
    carried(box, MD.replace("d/{id}.md", "e/{team}/{id}.md") + ", body: text")
    assert box.read("e/red/a.md") == NOTE.replace("v: 1", "team: red")


@pytest.mark.parametrize("body", ["", ", body: text"])
@pytest.mark.parametrize("now", [LIST, MAP, "layout: file, file: 'd/{id}.yaml', key: id"])
def test_text_below_front_matter_that_has_no_place_blocks(box: Box, body: str, now: str) -> None:
    adopted(box, MD + body, {"d/a.md": NOTE})
    blocked(box, now, "the text below the front matter of d/a.md would be lost")


LENIENT = "---\nid: a\nwhat: a: b: c\n---\n"


@pytest.mark.parametrize(
    ("now", "path", "line"),
    [
        (LIST, "t.yaml", "what: 'a: b: c'"),
        (MD.replace("d/", "e/") + ", lenient: true", "e/a.md", "what: a: b: c"),
        (MD.replace("d/", "e/"), "e/a.md", "what: 'a: b: c'"),
    ],
)
def test_a_block_that_is_no_yaml_goes_along(box: Box, now: str, path: str, line: str) -> None:
    adopted(box, MD + ", lenient: true", {"d/a.md": LENIENT})
    carried(box, now)
    assert line in box.read(path).replace('"', "'")
    assert not (box.root / "d/a.md").exists()


def test_a_block_that_is_no_yaml_with_text_below_blocks_where_it_cannot_be_read(box: Box) -> None:
    adopted(box, MD + ", lenient: true", {"d/a.md": LENIENT + "Text.\n"})
    blocked(box, MD.replace("d/", "e/"), "the text below the front matter of d/a.md would be lost")


def test_what_an_older_program_did_not_say_blocks_where_it_is_needed(box: Box) -> None:
    adopted(box, PAIRS, {"t.yaml": "t:\n  a: x\n"})
    text = box.read(PLACE)
    box.write(
        PLACE, "".join(part for part in text.split("\n.\n.\n") if "key" not in part and "value" not in part)
    )
    box.write(PLACE, text.split("\n.\n.\nt: key")[0] + "\n")
    blocked(box, MAP, "depends on more than is remembered")


@pytest.mark.parametrize(
    "place",
    [
        KindPlace("a.yaml", "t", "list", key="id"),
        KindPlace("a.yaml", "", "file", "yaml", "b.yaml", '["a", "b.c"]', "url", "text", "yes"),
    ],
)
def test_places_are_read_as_they_were_written(place: KindPlace) -> None:
    assert parse_place("", render_place("t", place)) == place
    assert KindPlace("", "", "", key='["a", "b.c"]').keys == ("a", "b.c")
