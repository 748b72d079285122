"""What a fragment writes is what the registry gets: words, quotes, line breaks and comments, through the commands."""

from __future__ import annotations

import json
import re
import sys

import pytest

from registry_reconciler.formats.edits import Insert, Update
from registry_reconciler.formats.table import YAML
from tests.support import Box

SCHEMA = """\
$schema: https://json-schema.org/draft/2020-12/schema
type: object
properties: {id: {type: string}, code: {type: string}}
x-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}
"""
LIVE = "things:\n  - id: a\n{}\n  - id: b\n    v: other\n    code: abc\n"


@pytest.fixture
def things(empty: Box) -> Box:
    """An empty workspace with one kind."""
    empty.write(".system/registry/schemas/thing.schema.yaml", SCHEMA)
    return empty


def adopted(box: Box, fields: str) -> str:
    """A registry whose first entry has some fields, adopted and applied."""
    live = LIVE.format(fields)
    box.write("things.yaml", live)
    assert box.run("adopt", "--all").exit == 0
    assert box.run("apply", "--yes").exit == 0
    assert box.read("things.yaml") == live
    return live


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    v: 869256447e86", "    v: 869256447e87"),
        ("    code: 869256447e86", "    code: 869256447e87"),
        ("    v: 1.9", "    v: 1.20"),
        ("    v: 1.1", "    v: 1.10"),
        ("    v: 1", "    v: true"),
        ("    v: 1", "    v: 1.0"),
        ("    v: 1", "    v: '1'"),
        ("    v: null", "    v: ~"),
        ("    v: 7", "    v: 0o17"),
        ("    v: 7", "    v: 012"),
        ("    v: 7", "    v: 0559e0711094"),
        ("    v: 7", "    v: .inf"),
        ("    v: 2024-01-02", "    v: 2024-02-02"),
        ("    v: 12:30:45", "    v: 12:30:46"),
        ("    v: x", "    v: 'x y'"),
        ("    v: x", '    v: "x\\ty"'),
        ("    v: x", "    v: no"),
        ("    v: x", "    v: x\n    on: 1"),
        ("    v: x", "    v: x\n    386: 1"),
        ("    v: !f x", "    v: !g {a: 1}"),
        ("    v: !f\n      a: 1", "    v: !f\n      a: 2 # two"),
        (
            "    v: >-\n      one two\n      three\n      four",
            "    v: >-\n      one TWO\n      three\n      four",
        ),
        ("    v: one\n      two\n      three", "    v: one\n      TWO\n      three"),
        ('    v: "one\n      two\n\n      three"', '    v: "one\n      TWO\n\n      three"'),
        ("    v: |\n      a\n       b", "    v: |\n      a\n       c"),
        ("    v: [a, b]", "    v: [a, b, 'c', 1.10]"),
        ("    v: {a: 1}", '    v: {a: 1, "b": 0x1F}'),
        ("    v:\n      - a\n      - z # cz", "    v:\n      - z # cz\n      - a"),
        ("    v:\n      - a # ca", "    v:\n      - a # ca\n      # above\n      - 'b'   # behind"),
        ("    v: |+\n      a\n\n    w: 1", "    v: >+\n      a\n      b\n\n\n    w: 1"),
        ("    v: x  # v1", "    v: y  # v2"),
        ("    v: x", "    # above\n    v:  # behind\n      - 1"),
        ("    v: x", "    v:  # behind\n    w: |\n    x: 1"),
        ("    v: x", "    v: { a: 1, b: [ 1 ] }"),
        (
            "    v: x",
            "    v: x\n    # above\n    w:  # head\n      # first\n      k: 'v'  # behind\n      # last\n    z: 1",
        ),
    ],
)
def test_an_edited_field_has_the_text_of_its_fragment(things: Box, old: str, new: str) -> None:
    live = adopted(things, old)
    things.replace("desired/thing.yaml", old, new)
    ran = things.run("apply", "--yes")
    if new == "    v: ~":
        assert (ran.exit, things.read("things.yaml")) == (0, live)
        return
    assert (ran.exit, things.read("things.yaml")) == (0, live.replace(old, new)), ran.out
    assert things.run("plan", "--detailed-exitcode").exit == 0
    things.write("things.yaml", live)
    assert things.run("drift", "--revert", "thing/a").exit == 0
    assert things.read("things.yaml") == live.replace(old, new)
    things.write("things.yaml", live)
    assert things.run("drift", "--accept", "thing/a").exit == 0
    assert things.run("plan", "--detailed-exitcode").exit == 0


def test_integers_of_one_value_are_one(things: Box) -> None:
    adopted(things, "    v: 12")
    things.replace("desired/thing.yaml", "v: 12", "v: 012")
    assert things.run("plan", "--detailed-exitcode").exit == 0


@pytest.mark.parametrize("mark", ["|+", ">+", "x |+", "a: >+"])
def test_a_comment_that_looks_like_a_block_scalar_costs_no_comment(things: Box, mark: str) -> None:
    entry = f"  # about c {mark}\n  - id: c   # key {mark}\n    v: 1  # {mark}\n"
    things.write("things.yaml", f"things:\n{entry}")
    assert things.run("adopt", "--all").exit == 0
    assert things.read("desired/thing.yaml") == f"thing:\n{entry}"
    assert things.run("apply", "--yes").exit == 0
    things.write("desired/thing.yaml", f"thing:\n{entry}{entry.replace('id: c', 'id: d')}")
    assert things.run("apply", "--yes").exit == 0
    assert things.read("things.yaml") == f"things:\n{entry}{entry.replace('id: c', 'id: d')}"


def test_the_comments_of_an_entry_in_flow_style_come_along(things: Box) -> None:
    adopted(things, "    v: x")
    things.write(
        "desired/thing.yaml",
        things.read("desired/thing.yaml")
        + "  # above\n  - {id: c, v: 1.10, # inside\n     w: [a]} # behind\n",
    )
    assert things.run("apply", "--yes").exit == 0
    assert things.read("things.yaml").endswith(
        "  # above\n  # behind\n  - id: c\n    v: 1.10 # inside\n    w: [a]\n"
    )


def test_what_the_schema_calls_text_is_judged_and_keyed_as_text(things: Box) -> None:
    things.write("things.yaml", "things:\n  - id: 0869e5\n    code: 1e3\n  - id: 08\n    code: 12\n")
    ran = things.run("adopt", "--all", "--format", "json")
    assert [one["address"] for one in ran.json["adopted"]] == ["thing/0869e5"]
    assert [one["address"] for one in ran.json["skipped"]] == ["thing/08"]  # 12 is a number for everybody


def test_a_file_is_read_whatever_its_keys_numbers_and_tags_are(things: Box) -> None:
    adopted(things, "    386: x\n    true: y\n    big: 1e999\n    fn: !function x\n    code: !secret name")
    ran = things.run("show", "thing/a", "--format", "json")
    value = ran.json["entry"]["live"]["value"]
    assert value["386"] == "x"
    assert value["true"] == "y"
    assert value["big"] == "1e999"
    assert value["fn"] == {"$opaque": "!function x"}
    assert things.run("check").exit == 0


FILES = """\
$schema: https://json-schema.org/draft/2020-12/schema
type: object
x-registry: {kind: one, layout: file, file: "ones/*.yaml", key: id}
"""
MAP = """\
$schema: https://json-schema.org/draft/2020-12/schema
type: object
x-registry: {kind: pair, layout: map, file: pairs.yaml, key: name}
"""


def test_a_head_comment_is_adopted_once_and_with_its_own_document(empty: Box) -> None:
    empty.write(".system/registry/schemas/one.schema.yaml", FILES)
    empty.write("ones/a.yaml", "# yaml-language-server: $schema=x\n# Head of a.\nid: a # key\nv: 1\n")
    empty.write("ones/b.yaml", "# Head of file.\n---\n# about b\nid: b\n---\nid: c\n...\n")
    assert empty.run("adopt", "--all").exit == 0
    assert empty.read("desired/one.yaml") == (
        "one:\n  # Head of a.\n  - id: a # key\n    v: 1\n  # about b\n  - id: b\n  - id: c\n"
    )


def test_what_heads_a_file_or_section_stays_when_its_first_entry_goes(empty: Box) -> None:
    empty.write(".system/registry/schemas/pair.schema.yaml", MAP)
    empty.write(".system/registry/schemas/thing.schema.yaml", SCHEMA)
    empty.write("pairs.yaml", "# License\n# of this file\na: {v: 1}\nb: {v: 2}\n")
    banner = "things:\n  # ---- Payments ----\n"
    empty.write("things.yaml", f"{banner}  - id: a\n  # about b\n  - id: b\n  - id: c\n")
    assert empty.run("adopt", "--all").exit == 0
    assert empty.run("apply", "--yes").exit == 0
    assert "Payments" not in empty.read("desired/thing.yaml")
    empty.write("desired/pair.yaml", "pair:\n  - name: b\n    v: 2\n")
    empty.write("desired/thing.yaml", "thing:\n  - id: c\n")
    assert empty.run("apply", "--yes", "--allow-mass-delete").exit == 0
    assert empty.read("pairs.yaml") == "# License\n# of this file\nb: {v: 2}\n"
    assert empty.read("things.yaml") == f"{banner}  - id: c\n"


def test_a_text_is_quoted_only_where_its_neighbours_are_something_else_to_others() -> None:
    def written(before: str, value: str) -> str:
        data = f"l:\n  - v: {before}\n".encode()
        return YAML.splice(data, [Insert(0, ("l",), {"v": value})]).decode().splitlines()[-1].strip("- ")

    assert written("2024-01-02", "2024-02-02") == "v: 2024-02-02"
    assert written("12:30:45", "12:30:46") == "v: 12:30:46"
    assert written("off", "on") == "v: on"
    assert written("abc", "2024-02-02") == 'v: "2024-02-02"'
    assert written("abc", "no") == 'v: "no"'
    assert written("2024-01-02", "no") == 'v: "no"'
    assert written("12", "13") == 'v: "13"'
    changed = YAML.splice(b"v: 2024-01-02\n", [Update(0, ("v",), "2024-02-02")])
    assert changed == b"v: 2024-02-02\n"


def test_a_plain_text_that_others_take_for_something_else_is_told_and_quoted(things: Box) -> None:
    adopted(things, "    code: NO\n    free: NO")
    (one,) = [
        row for row in things.run("plan", "--format", "json").json["problems"] if row["code"] == "TYP001"
    ]
    assert (one["severity"], one["address"], one["path"]) == ("warning", "thing/a", ["code"])
    assert "a truth value" in one["message"]
    assert things.run("fix").exit == 0
    assert 'code: "NO"\n    free: NO\n' in things.read("desired/thing.yaml")
    assert "TYP001" not in things.run("check").out
    assert things.run("plan", "--detailed-exitcode").exit == 0


@pytest.mark.parametrize("text", ["on", "2024-01-02", "12:30", "869256447e86", "08", "~x", "null x"])
def test_only_what_some_reader_takes_for_something_else_is_told(things: Box, text: str) -> None:
    adopted(things, f"    code: {text}")
    told = "TYP001" in things.run("plan").out
    assert told == (text not in ("~x", "null x"))


def test_a_comment_of_a_fragment_that_is_not_carried_is_told(things: Box) -> None:
    adopted(things, "    v: x # why")
    assert "CMT001" not in things.run("plan", "--format", "json").out
    things.replace("desired/thing.yaml", "# why", "# because")
    (one,) = things.run("plan", "--format", "json").json["problems"]
    assert (one["code"], one["severity"], one["address"]) == ("CMT001", "record", "thing/a")
    assert "'# because'" in one["message"]
    things.replace("desired/thing.yaml", "v: x # because", "v: 'x # because'")
    assert things.run("apply", "--yes").exit == 0
    assert "CMT001" not in things.run("plan", "--format", "json").out


def test_a_number_is_said_as_it_is_written_and_only_what_fix_does_is_promised(things: Box) -> None:
    schema = "type: object\nproperties: {v: {type: string}, d: {type: string}}\n"
    spec = "x-registry: {kind: text, layout: list, file: texts.yaml, key: id}\n"
    things.write(".system/registry/schemas/text.schema.yaml", schema + spec)
    things.write("texts.yaml", "- {id: a, v: 1.10, d: 2024-01-02}\n- {id: b, v: 2.50, d: 2024-01-03}\n")
    out = things.run("plan").out
    assert "v is a number (1.10), and text is expected" in out
    assert "v is a number (2.50)" in " ".join(out.split())
    assert out.count("warning TYP001") == 1
    # Nobody manages it, so `fix` leaves the registry alone.
    assert "safe; registry fix does or shows it" in out
    assert "A person has to look at 2 problems" in things.run("fix", "TYP001").out
    things.write("desired/text.yaml", "text:\n  - {id: c, d: 2024-01-02}\n")
    assert "safe; registry fix does it" in things.run("plan", "--full").out
    assert things.run("fix", "TYP001").exit == 0
    assert '"2024-01-02"' in things.read("desired/text.yaml")


@pytest.mark.parametrize("name", ["skills/{id}/SKILL.md", "skills.yaml"])
def test_a_fix_that_says_so_has_quoted_the_texts_of_live_entries_too(empty: Box, name: str) -> None:
    """A value that stays what it is was no edit, so that 'Fixed' was said and nothing written."""
    schema = {
        "x-registry": {
            "kind": "skill",
            "layout": "file" if "{" in name else "list",
            "file": name,
            "key": "id",
            "truth": "live",
        },
        "type": "object",
        "properties": {"id": {"type": "string"}, "day": {"type": "string"}},
    }
    assert empty.run("init", "--kinds", "none").exit == 0
    empty.write(".system/registry/schemas/skill.schema.yaml", json.dumps(schema))
    texts = {
        "skills/{id}/SKILL.md": "---\r\nid: {key}\r\nday: 2026-04-2{n}   # Monday\r\n---\r\nText: on\r\n",
        "skills.yaml": "- id: {key}\n  day: 2026-04-2{n}   # Monday\n",
    }
    written = [(key, texts[name].replace("{key}", key).replace("{n}", str(n))) for n, key in enumerate("abc")]
    files = {name.replace("{id}", key): "" for key, _ in written}
    for key, text in written:
        files[name.replace("{id}", key)] += text
    for path, text in files.items():
        (empty.root / path).parent.mkdir(parents=True, exist_ok=True)
        (empty.root / path).write_bytes(text.encode())
    told = empty.run("fix", "TYP001", "--diff").out
    assert told.count('+day: "2026-04-2') + told.count('+  day: "2026-04-2') == 3
    done = empty.run("fix", "TYP001", "--format", "json").json
    assert sorted(done["written"]) == sorted(files)
    for path, text in files.items():
        assert (empty.root / path).read_bytes().decode() == re.sub(r"(2026-04-2\d)", r'"\1"', text)
    assert "TYP001" not in empty.run("check").out


def typed(box: Box, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> str:
    """``registry edit thing/a`` with an editor that replaces a text; what it says on standard error."""
    script = (
        f"import sys; p = sys.argv[1]; t = open(p).read(); open(p, 'w').write(t.replace({old!r}, {new!r}))"
    )
    box.write("editor.py", script + "\n")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {box.root / 'editor.py'}")
    ran = box.run("edit", "thing/a", "--apply", "--yes")
    assert ran.exit == 0, ran.out + ran.err
    return ran.err


def test_edit_keeps_nodes_with_tags_and_the_blank_lines_of_a_text(
    things: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = adopted(things, "    f: !function x\n    v: 1\n    t: |+\n      a\n\n")
    typed(things, monkeypatch, "v: 1", "v: '2'  # why")
    assert things.read("things.yaml") == live.replace("v: 1", "v: '2'  # why")


EDITED = {
    "things.yaml": "things:\n  - id: a\n    v: 1\n  - id: b\n    v: 1\n",
    "things.jsonc": '{"things": [\n  {\n    "id": "a",\n    "v": 1\n  }\n]}\n',
    "things.toml": '[[things]]\nid = "a"\nv = 1\n',
    "{id}.md": "---\nid: a\nv: 1\n---\ntext\n",
}


@pytest.mark.parametrize("name", EDITED)
def test_edit_of_a_live_entry_takes_the_words_that_were_typed(
    empty: Box, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place = f"layout: {'file' if '{' in name else 'list, at: things'}, file: '{name}', key: id, truth: live"
    empty.write(
        ".system/registry/schemas/thing.schema.yaml", f"type: object\nx-registry: {{kind: thing, {place}}}\n"
    )
    path = name.replace("{id}", "a")
    empty.write(path, EDITED[name])
    typed(empty, monkeypatch, "v: 1\n", "v: 1\nw: 'x'  # why\nn: 1.20\n")
    text = empty.read(path)
    assert text.count("why") == 1
    assert "1.20" in text
    if name.endswith((".yaml", ".md")):
        assert "w: 'x'  # why\n" in text
    assert f"edit {path} by hand" in typed(empty, monkeypatch, "1.20", "1.20  # only this")
    assert empty.read(path) == text
    # A comment beside what does not change stays behind, and that is said also where something else changes.
    noted = typed(empty, monkeypatch, "v: 1\n", "v: 1  # behind\nlast: 1\n")
    assert "last" in empty.read(path)
    assert "behind" in empty.read(path) or f"edit {path} by hand" in noted


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_wrapped_text_in_brackets_keeps_its_quotes(things: Box, quote: str) -> None:
    adopted(things, "    v: [x]")
    things.replace("desired/thing.yaml", "[x]", f"[{quote}one\n      two{quote}, y]")
    assert things.run("apply", "--yes").exit == 0
    assert f"    v: [{quote}one two{quote}, y]\n" in things.read("things.yaml")
    assert things.run("plan", "--detailed-exitcode").exit == 0


def test_brackets_become_lines_where_only_lines_say_the_words(things: Box) -> None:
    adopted(things, "    v: [x, y]\n    w: [a]  # behind")
    words = "    v:\n      - x\n      - >-\n        one\n        two\n      - z\n        w\n"
    things.replace("desired/thing.yaml", "    v: [x, y]\n", words)
    assert things.run("apply", "--yes").exit == 0
    assert words + "    w: [a]  # behind\n" in things.read("things.yaml")


@pytest.mark.parametrize("text", ["\u00a0", "\u3000x\u3000", "x\u00a0", "\u2003y"])
def test_blanks_that_yaml_does_not_know_are_part_of_a_text(things: Box, text: str) -> None:
    live = adopted(things, f"    v: {text}\n    w: [{text}, 1]\n    x: 1")
    for command in (["x=2"], ["n=" + text], [f'm={{"k": ["{text}"]}}']):
        assert things.run("set", "thing/a", *command, "--apply", "--yes").exit == 0
    value = things.run("show", "thing/a", "--format", "json").json["entry"]["live"]["value"]
    assert value == {"id": "a", "v": text, "w": [text, 1], "x": 2, "n": text, "m": {"k": [text]}}
    assert things.read("things.yaml").startswith(live[: live.index("    x: 1")])


def test_a_key_that_only_its_place_says_is_adopted_plain(empty: Box) -> None:
    empty.write(".system/registry/schemas/pair.schema.yaml", MAP)
    empty.write("pairs.yaml", "a:\n  'v': 'x'\n'1.10':\n  v: 1\n")
    assert empty.run("adopt", "--all").exit == 0
    assert empty.read("desired/pair.yaml") == (
        "pair:\n  - name: \"1.10\"\n    v: 1\n  - name: a\n    'v': 'x'\n"
    )
