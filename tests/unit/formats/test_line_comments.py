"""A comment up to the end of its line never takes in what comes, or what follows something that goes."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.edits import Edit, Insert, Remove, Update
from registry_reconciler.formats.json.row import JSONC
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.row import YAML

CASES: list[tuple[str, list[Edit], str]] = [
    ("[1, // c\n]", [Insert(0, (), 9)], "[1, // c\n  9,\n]"),
    ("[1 // c\n]", [Insert(0, (), 9)], "[1, // c\n  9\n]"),
    ('{"a": 1 // c\n, }', [Insert(0, (), 9, key="b")], '{"a": 1 // c\n,\n  "b": 9, }'),
    ('["a", // c\n "b"]', [Remove(0, (1,))], '["a" // c\n]'),
    ('{"a": 1, // c\n "b": 2}', [Remove(0, ("b",))], '{"a": 1 // c\n}'),
    ("[1, // c\n 2,\n 3 /* d */]", [Remove(0, (1,)), Remove(0, (2,))], "[1 // c\n /* d */]"),
    ("[ // c\n 1 /* d */]", [Remove(0, (0,))], "[ // c\n /* d */]"),
    ('{"k": { // c\n "a": 1 }, "z": 2}', [Update(0, ("k",), {})], '{"k": { // c\n }, "z": 2}'),
]


IN_YAML: list[tuple[str, list[Edit], str]] = [
    ("[ # c\n  # d\n  1, 2]\n", [Remove(0, (0,))], "[ # c\n  2]\n"),
    ("[ # c\n\n  1]\n", [Remove(0, (0,))], "[ # c\n]\n"),
    ("[1, # c\n\n  2, 3]\n", [Remove(0, (1,))], "[1, # c\n 3]\n"),
    ("{ # c\n\n  a: 1, b: 2}\n", [Remove(0, ("a",))], "{ # c\n b: 2}\n"),
]


@pytest.mark.parametrize(
    ("form", "text", "edits", "wanted"),
    [*((JSONC, *case) for case in CASES), *((YAML, *case) for case in IN_YAML)],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_comes_and_goes_stays_out_of_comments(
    form: TextFormat, text: str, edits: list[Edit], wanted: str, newline: str
) -> None:
    data = text.replace("\n", newline).encode()
    made = form.splice(data, edits)
    assert made.decode() == wanted.replace("\n", newline)
    assert list(form.read(made).documents) == projected(form.read(data).documents, edits)
