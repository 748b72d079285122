"""The second opinion: it agrees with what registry does, and each of the three notices a fault that is put in."""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

import pytest

from registry_reconciler.formats.yaml.read import scalars
from registry_reconciler.model.change import FieldChange
from registry_reconciler.model.entry import Json
from registry_reconciler.verify import Disagreement
from registry_reconciler.verify.compare import compares_otherwise
from registry_reconciler.verify.judge import SchemaJudge
from registry_reconciler.verify.read import reads_otherwise
from tests.support import ROUTES, Box, installed


def test_the_others_agree_and_the_apply_is_made(box: Box) -> None:
    ran = box.run("apply", "--yes", "--verify")
    assert ran.exit == 0, ran.err
    assert (box.root / ROUTES).is_file()
    box.replace("desired/all.yaml", "topic: errors", "topic: faults")
    assert installed("apply", "--yes", "--verify", cwd=box.root).exit == 0
    assert "topic: faults" in box.read(ROUTES)


def test_a_workspace_is_verified_whole(applied: Box) -> None:
    ran = applied.run("verify", "--format", "json")
    assert (ran.exit, ran.json["disagreements"]) == (0, [])
    asked = ran.json["asked"]
    assert asked["schemas"] == 8
    assert asked["entries"] == 8
    assert asked["files"] >= 13
    assert "They agree with registry." in applied.run("verify").out


@pytest.mark.parametrize("asked_by", ["option", "config"])
def test_a_fault_of_the_reader_writes_nothing(
    applied: Box, monkeypatch: pytest.MonkeyPatch, asked_by: str
) -> None:
    """The reader and so the writer take `faults` in the registry for `errors`: only ruamel.yaml notices."""
    from msgspec.structs import replace

    opinions: Any = importlib.import_module("registry_reconciler.verify.opinions")

    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    if asked_by == "config":
        applied.write(".system/registry/config.yaml", "verify: true\n")
    before = applied.files()
    real = opinions.read_source

    def reading(*words: object) -> object:
        source = real(*words)
        assert source is not None
        document = source.documents[0]
        if "routes" in document:
            document = {"routes": [{**document["routes"][0], "topic": "errors"}]}
        return replace(source, documents=(document,))

    monkeypatch.setattr(opinions, "read_source", reading)
    ran = applied.run("apply", "--yes", *(["--verify"] if asked_by == "option" else []))
    assert ran.exit == 1
    assert "nothing was written" in ran.err
    assert 'registry says "errors"; ruamel.yaml says "faults" (str)' in ran.err
    assert f"{ROUTES}, routes[0].topic" in ran.err
    assert applied.files() == before


ITEM = """\
x-registry: {{kind: item, layout: {layout}, file: '{file}'{more}, key: id}}
type: object
"""


def items(box: Box, layout: str, file: str, at: str, *rows: dict[str, Json]) -> None:
    """Entries of a kind of their own, and nothing else."""
    more = f", at: {at}" if at else ""
    box.write(".system/registry/schemas/item.schema.yaml", ITEM.format(layout=layout, file=file, more=more))
    box.write("desired/all.yaml", json.dumps({"item": rows}))


@pytest.mark.parametrize(
    ("name", "wrong", "text", "theirs"),
    [
        ("_WORDS", {**scalars._WORDS, "no": False}, "no", '"no" (str)'),
        ("_FLOAT", re.compile(r"[0-9.]+\Z"), "1.2", ""),
        ("_INT", re.compile(r"(0|-?[1-9][0-9]*)\Z"), "012", '"012" (int)'),
        ("_INT", re.compile(r"[-+]?[0-9_]+\Z"), "1_000", '"1_000" ('),
    ],
    ids=["a word of YAML 1.1", "no fault", "zeros in front", "underscores"],
)
def test_what_the_reader_of_scalars_misreads_is_noticed_in_a_real_apply(
    box: Box, monkeypatch: pytest.MonkeyPatch, name: str, wrong: object, text: str, theirs: str
) -> None:
    """Fragment, writer and read-back agree on the wrong value: registry alone would write it."""
    items(box, "list", "items.yaml", "items")
    box.write("desired/all.yaml", f"item:\n- id: a\n  v: {text}\n")
    monkeypatch.setattr(scalars, name, wrong)
    before = box.files()
    ran = box.run("apply", "--yes", "--verify")
    if not theirs:
        assert ran.exit == 0, ran.err
        return
    assert (ran.exit, box.files() == before) == (1, True), ran.out
    assert f"ruamel.yaml says {theirs}" in ran.err
    assert "registry says" in ran.err
    assert box.run("apply", "--yes").exit == 0  # without a second opinion nobody notices


def test_a_number_that_is_taken_for_text_where_no_schema_wants_text_is_noticed(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the schema says text it is text, and nobody disagrees."""
    from registry_reconciler.model import texts

    items(box, "list", "items.yaml", "items")
    schema = ".system/registry/schemas/item.schema.yaml"
    box.write(schema, box.read(schema) + "properties: {rev: {type: string}, v: {}}\n")
    box.write("desired/all.yaml", "item:\n- {id: a, rev: 12e3, v: 12e3}\n- {id: b, rev: 0o17, v: [0o17]}\n")
    with monkeypatch.context() as wrong:
        wrong.setattr(texts, "wants_text", lambda state: True)
        before = box.files()
        ran = box.run("apply", "--yes", "--verify")
        assert (ran.exit, box.files() == before) == (1, True), ran.out
        assert (
            "item/a, v: registry says that it is the text 12e3; jsonschema says that a number fits" in ran.err
        )
        assert "item/b, v[0]: registry says that it is the text 0o17" in ran.err
        assert ", rev: " not in ran.err
    assert box.run("apply", "--yes", "--verify").exit == 0
    assert "v: 12e3" in box.read("items.yaml")
    assert box.run("verify").exit == 0


@pytest.mark.parametrize(
    ("layout", "file", "at", "reader", "who", "text"),
    [
        ("list", "items.json", "items", "registry_reconciler.formats.json.read.read_json", "Python's json",
         '{\n  "items": [\n    {"id": "a", "v": "TRUE"},\n    {"id": "b", "v": 1}\n  ]\n}\n'),
        ("list", "items.jsonc", "items", "registry_reconciler.formats.json.read.read_json", "Python's json",
         '// a "note", and { more\n{\n  "items": [\n    {"id": "a", "v": "TRUE",}, /* , ] */\n'
         '    {"id": "b", "v": 1},\n  ]\n}\n'),
        ("list", "items.toml", "items", "registry_reconciler.formats.toml.read.document.read_toml",
         "Python's tomllib", '[[items]]\nid = "a"\nv = "TRUE"\n\n[[items]]\nid = "b"\nv = 1\n'),
    ],
    ids=["json", "jsonc", "toml"],
)  # fmt: skip
def test_what_the_readers_of_other_formats_misread_is_noticed(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    layout: str,
    file: str,
    at: str,
    reader: str,
    who: str,
    text: str,
) -> None:
    """The reader takes the text TRUE for a boolean, so the fragment seems to say what is there."""
    from msgspec.structs import replace

    rows: list[dict[str, Json]] = [{"id": "a", "v": True}, {"id": "b", "v": 2}]
    items(box, layout, file, at, *rows)
    box.write(file, text)
    module, _, name = reader.rpartition(".")
    real = getattr(importlib.import_module(module), name)

    def misreading(*words: object, **more: object) -> object:
        found = real(*words, **more)
        return replace(found, documents=tuple(map(_true_for_text, found.documents)))

    monkeypatch.setattr(importlib.import_module(module), name, misreading)
    ran = box.run("apply", "--yes", "--verify", "--adopt", "item/*")
    assert ran.exit == 1, ran.out + ran.err
    assert f"{who} says" in ran.err
    assert box.read(file) == text
    monkeypatch.undo()
    assert box.run("apply", "--yes", "--verify", "--adopt", "item/*").exit == 0


def test_the_block_of_front_matter_is_read_as_the_yaml_that_it_is(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    items(box, "file", "items/{id}.md", "")
    box.write("desired/all.yaml", "item:\n- id: b\n  v: 2\n")
    box.write("items/b.md", "---\nid: b\nv: 1\nx-old: no\n---\nThis is: no yaml: {\n")
    box.replace(
        ".system/registry/schemas/item.schema.yaml", "key: id", "key: id, live_fields: [x-old], body: text"
    )
    monkeypatch.setattr(scalars, "_WORDS", {**scalars._WORDS, "no": False})
    before = box.files()
    ran = box.run("apply", "--yes", "--verify", "--adopt", "item/*")
    assert (ran.exit, box.files() == before) == (1, True), ran.out
    assert 'items/b.md, x-old: registry says false; ruamel.yaml says "no" (str)' in ran.err
    monkeypatch.undo()
    assert box.run("apply", "--yes", "--verify", "--adopt", "item/*").exit == 0
    assert box.run("verify").exit == 0


def _true_for_text(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _true_for_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_true_for_text(part) for part in value]
    return True if value == "TRUE" else value


def test_a_file_with_an_output_in_it_is_read_too(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    items(box, "list", "items.yaml", "items", {"id": "a"})
    box.write("total.yaml", "total: 0\nold: no\n")
    box.write(
        ".system/registry/outputs.yaml",
        "outputs: [{id: total, file: total.yaml, at: total, value: '{{ entries.item | length }}'}]\n",
    )
    monkeypatch.setattr(scalars, "_WORDS", {**scalars._WORDS, "no": False})
    ran = box.run("apply", "--yes", "--verify")
    assert ran.exit == 1
    assert "total.yaml, old: registry says false; ruamel.yaml says" in ran.err


def test_every_command_that_applies_asks_where_the_workspace_says_so(
    applied: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied.write(".system/registry/config.yaml", "verify: true\n")
    applied.run("apply", "--yes")
    monkeypatch.setattr(scalars, "_WORDS", {**scalars._WORDS, "no": False})
    applied.replace("desired/all.yaml", "scope: api\n", "scope: api\n    x-old: no\n")
    types = "modules/overview/type_registry.yaml"
    applied.write(types, applied.read(types) + "  - id: other\n    description: Another.\n    x-old: no\n")
    for words in (
        ("apply", "--yes"),
        ("set", "route/api.errors", "topic=faults", "--apply", "--yes"),
        ("add", "module_type", "--entry-json", '{"id": "x", "description": "An X."}', "--apply"),
    ):
        before = applied.files()
        ran = applied.run(*words)
        assert "ruamel.yaml says" in ran.err, (words, ran)
        assert (ran.exit, applied.files() == before) == (1, True)
    ran = applied.run("verify", "--format", "json")
    assert ran.exit == 1
    assert {one["who"] for one in ran.json["disagreements"]} == {"ruamel.yaml"}


def test_dates_and_numbers_of_toml_and_json_are_no_disagreement(box: Box) -> None:
    items(box, "list", "items.toml", "items")
    box.write(
        "items.toml", "[[items]]\nid = 'a'\nd = 2024-01-02\nt = 2024-01-02T03:04:05Z\nf = inf\nn = 1e5\n"
    )
    assert box.run("verify").exit == 0
    items(box, "list", "items.json", "items")
    box.write(
        "items.json",
        '{"items": [{"id": "a", "n": 1.10, "i": 123456789012345678901234567890}]}\n',
    )
    ran = box.run("verify")
    assert (ran.exit, "json and tomllib 1 file" in ran.out) == (0, True), ran.out


def test_a_fault_of_the_validator_writes_nothing(applied: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema asks for a text, and registry's validator lets a number pass: only jsonschema notices."""
    from registry_reconciler.schema.compiled import Validator

    applied.replace("desired/all.yaml", "topic: errors", "topic: 5")
    before = applied.files()
    monkeypatch.setattr(Validator, "is_valid", lambda *_: True)
    monkeypatch.setattr(Validator, "violations", lambda *_: [])
    ran = applied.run("apply", "--yes", "--verify")
    assert ran.exit == 1
    assert (
        "route/api.errors: registry says that it fits its schema; jsonschema says that it does not fit"
        in ran.err
    )
    assert applied.files() == before


def test_a_fault_of_the_comparison_writes_nothing(applied: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that leaves out one of two changes: only deepdiff notices."""
    diff: Any = importlib.import_module("registry_reconciler.planning.diff.decide")

    real = diff.diff_values

    def forgetful(before: Json, after: Json) -> tuple[FieldChange, ...]:
        found: tuple[FieldChange, ...] = real(before, after)
        return found[:1]

    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    applied.replace("desired/all.yaml", "A client gets an error.", "A client meets an error.")
    before = applied.files()
    monkeypatch.setattr(diff, "diff_values", forgetful)
    ran = applied.run("apply", "--yes", "--verify")
    assert ran.exit == 1
    assert "route/api.errors: registry says" in ran.err
    assert "deepdiff says" in ran.err
    assert applied.files() == before
    monkeypatch.undo()
    assert applied.run("apply", "--yes", "--verify").exit == 0


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("a: no\nb: 012\nc: 0o14\nd: 1_000\ne: 2024-01-02\nf: ~\ng: 1e3\n",
         [{"a": "no", "b": 12, "c": 12, "d": "1_000", "e": "2024-01-02", "f": None, "g": 1000.0}]),
        ("rev: 8692564e470\nbig: .inf\n", [{"rev": "8692564e470", "big": ".inf"}]),
        ("x: &a {p: 1, q: [1, 2]}\ny:\n  <<: *a\n  p: 2\n", [{"x": {"p": 1, "q": [1, 2]}, "y": {"p": 2, "q": [1, 2]}}]),
        ("- |+\n  a\n\n- >-\n  b\n  c\n", [["a\n\n", "b c"]]),
        ("a: 1\n---\nb: true\n", [{"a": 1}, {"b": True}]),
        ("s: !!set {a, b}\nf: !f [1]\n", [{"s": {"$opaque": "!!set {a, b}"}, "f": {"$opaque": "!f [1]"}}]),
        ("a: <<\nb: =\nc: [=, <<]\n", [{"a": "<<", "b": "=", "c": ["=", "<<"]}]),
    ],
)  # fmt: skip
def test_where_ruamel_yaml_is_known_to_leave_yaml_1_2_nobody_disagrees(
    text: str, documents: list[Json]
) -> None:
    assert reads_otherwise(text.encode(), documents) is None


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("a: 1\n", [{"a": "1"}]),
        ("a: {b: 1}\n", [{"a": {"$opaque": "x"}}]),
        ("a: '1'\n", [{"a": 1}]),
        ("a: 1\n", [{"a": True}]),
        ("a: 1.5\n", [{"a": 1.25}]),
        ("a: 0o14\n", [{"a": 14}]),
        ("a: 0o17\n", [{"a": "0o17"}]),
        ("a: 12e3\n", [{"a": "12e3"}]),
        ("a: 869256447e86\n", [{"a": "869256447e86"}]),
        ("a: 1_000\n", [{"a": 1000}]),
        ("a: 2024-01-02\n", [{"a": None}]),
        ("a: b\n", [{"a": "b", "c": None}]),
        ("a: [1, 2]\n", [{"a": [1]}]),
        ("a: 1\na: 2\n", [{"a": 2}]),
        ("? [a]\n: 1\n- b\n", [{"a": 1}]),
        ("a: b\n", [{"a": "b"}, {}]),
    ],
)
def test_another_value_is_a_disagreement(text: str, documents: list[Json]) -> None:
    assert reads_otherwise(text.encode(), documents) is not None


def test_what_nobody_else_reads_is_counted(box: Box) -> None:
    items(box, "file", "items/{id}.md", "")
    schema = ".system/registry/schemas/item.schema.yaml"
    box.write(schema, box.read(schema).replace("key: id", "key: id, lenient: true"))
    box.write("desired/all.yaml", "")
    box.write("items/a.md", "---\nid: a\nv: x: y: z\n---\n")
    ran = box.run("verify")
    assert (ran.exit, "Nobody else reads 1 file: lenient front matter." in ran.out) == (0, True), ran.out


def test_jsonschema_follows_references_and_is_not_held_up_by_patterns() -> None:
    judge = SchemaJudge(
        {
            "s/a.yaml": {"properties": {"x": {"$ref": "b.yaml#/$defs/n"}, "y": {"pattern": "(a+)+$"}}},
            "s/b.yaml": {"$defs": {"n": {"type": "integer"}}},
            "s/bad.yaml": {"type": 5},
        }
    )
    assert judge.is_valid("s/a.yaml", {"x": 1}) is True
    assert judge.is_valid("s/a.yaml", {"x": "1"}) is False
    assert judge.is_valid("s/a.yaml", {"y": "a" * 40 + "b"}) is None
    assert judge.schema_fault("s/bad.yaml")
    assert not judge.schema_fault("s/a.yaml")


def test_deepdiff_is_compared_by_what_differs_and_by_what_it_leads_to() -> None:
    before: Json = {"a": 1, "b": {"c": [1, 2, 3]}, "d": "x"}
    after: Json = {"a": True, "b": {"c": [3, 1, 2]}}
    from registry_reconciler.planning.field_diff import diff_values

    fields = diff_values(before, after)
    assert compares_otherwise(before, after, fields) is None
    assert compares_otherwise(before, after, fields[1:]) is not None
    more = (*fields, FieldChange(("e",), "create", before, 1))
    assert compares_otherwise(before, after, more) is not None


def test_a_disagreement_says_who_said_what() -> None:
    one = Disagreement("a.yaml, x", "ruamel.yaml", '"1"', "1 (int)")
    assert one.text == 'a.yaml, x: registry says "1"; ruamel.yaml says 1 (int)'
