"""Fragments: declarations and directives as they were written, each with its place; faults beside them."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.fragments import Fragments, fragment_paths
from registry_reconciler.loading.workspace import load
from tests.support import Files, thing_kind


def fragments(text: str, **more: bytes) -> Fragments:
    files: Files = {**thing_kind(), "desired/a.yaml": text.encode(), **more}
    return load(MemoryTree(files)).fragments


def test_declarations_are_in_the_order_of_files_documents_and_lines() -> None:
    files: Files = {
        **thing_kind(),
        "desired/b.yaml": b"thing: [{id: b}]\n",
        "desired/a/z.yml": b"thing: [{id: a2}, {id: a1}]\n---\nthing: [{id: a3}]\n",
    }
    found = load(MemoryTree(files)).fragments
    assert [entry.key for entry in found.entries] == ["a2", "a1", "a3", "b"]
    assert [(entry.place.file, entry.place.document, entry.place.path) for entry in found.entries][2:] == [
        ("desired/a/z.yml", 1, ("thing", 0)),
        ("desired/b.yaml", 0, ("thing", 0)),
    ]


def test_hidden_files_and_other_endings_are_no_fragments() -> None:
    paths = ("a.yaml", "b.yml", "c/d.yaml", ".hidden.yaml", ".folder/x.yaml", "a.yaml~", "notes.md", "x.json")
    tree = MemoryTree({f"desired/{path}": b"" for path in paths})
    assert fragment_paths(tree).fragments == ("desired/a.yaml", "desired/b.yml", "desired/c/d.yaml")


def test_directives_keep_their_places() -> None:
    found = fragments(
        "moved: [{from: thing/a, to: thing/b}]\n"
        "removed: [{address: thing/c, keep: true}]\n"
        "protect: [thing/d]\n"
        "override: [thing/e*]\n"
        "allow: [{address: thing/f, code: REF001, reason: known}]\n"
    )
    assert [(move.source, move.target) for move in found.moves] == [("thing/a", "thing/b")]
    assert [(removal.address, removal.keep) for removal in found.removals] == [("thing/c", True)]
    assert [pattern.text for pattern in (*found.protects, *found.overrides)] == ["thing/d", "thing/e*"]
    assert [(allowance.code, allowance.reason) for allowance in found.allowances] == [("REF001", "known")]
    assert found.allowances[0].place.path == ("allow", 0)
    assert found.directed == {"desired/a.yaml"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("thing: {id: a}\n", "FRG001"),
        ("thing: [a]\n", "FRG001"),
        ("thing: [{v: 1}]\n", "FRG008"),
        ("thingg: []\n", "FRG001"),
        ("moved: [{from: thing/a}]\n", "FRG001"),
        ("- a\n", "FRG001"),
    ],
)
def test_what_is_no_fragment_says_where_and_the_rest_is_read(text: str, code: str) -> None:
    found = fragments(text, **{"desired/b.yaml": b"thing: [{id: b}]\n"})
    assert [(problem.code, problem.place.file) for problem in found.problems] == [(code, "desired/a.yaml")]
    assert [entry.key for entry in found.entries] == ["b"]


def test_a_fragment_that_cannot_be_parsed_is_known_to_be_there() -> None:
    found = fragments("thing: [\n")
    assert found.unreadable == {"desired/a.yaml"}
    assert found.hides("desired/a.yaml")
    assert not found.hides("desired/b.yaml")
