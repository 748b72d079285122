"""Replacements as edits of bytes."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.entry import FieldPath, Json, Place, digest_bytes
from registry_reconciler.model.problem import Fix, Problem, Severity
from registry_reconciler.planning.fixes import PATCHES, Editor, apply_edits, with_edits

TEXT = """\
# ünï
a:
  - {id: "x",  ref: old}  # keep
  - id: y
    ref: 'old'
    folded: >-
      old
      text
    anchored: &a old
    list: [old, b]
    nothing:
"""


def files(data: dict[str, bytes | None]) -> dict[str, SourceFile]:
    """Texts as files that were read."""
    return {path: SourceFile(path, one, (), True) for path, one in data.items()}


@pytest.mark.parametrize("head", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("a", 0, "ref"), "new", "old", "new"),
        (("a", 0, "ref"), "a, b", "old", '"a, b"'),
        (("a", 0, "id"), "é", '"x"', '"é"'),
        (("a", 1, "ref"), "it's", "'old'", "'it''s'"),
        (("a", 1, "ref"), 3, "'old'", "3"),
        (("a", 1, "ref"), "yes", "'old'", "'yes'"),
        (("a", 1, "list", 0), "no", "old", '"no"'),
    ],
)
def test_a_scalar_is_replaced_in_its_own_quotes(
    head: str, newline: str, path: FieldPath, value: Json, old: str, new: str
) -> None:
    data = (head + TEXT.replace("\n", newline)).encode()
    (edit,) = Editor(files({"f": data})).edits([(Place("f", 0, path), value)])
    assert (edit.old, edit.new, edit.sha256) == (old, new, digest_bytes(data))
    assert data[edit.start : edit.end] == old.encode()
    assert read(apply_edits(data, [edit]), path) == value


@pytest.mark.parametrize(
    "path", [("a", 1, "folded"), ("a", 1, "nothing"), ("a", 1, "list"), ("a", 1, "anchored")]
)
def test_anything_else_is_replaced_as_the_splicer_would(path: FieldPath) -> None:
    data = TEXT.encode()
    (edit,) = Editor(files({"f": data})).edits([(Place("f", 0, path), "new")])
    after = apply_edits(data, [edit])
    assert read(after, path) == "new"
    assert data[edit.start : edit.end] == edit.old.encode()
    assert len(edit.old) < 20


def read(data: bytes, path: FieldPath) -> Json:
    value = read_yaml(data).documents[0]
    for step in path:
        value = value[step]
    return value


def test_what_cannot_be_made_makes_nothing_of_the_fix() -> None:
    editor = Editor(files({"f": TEXT.encode(), "bad": b"a: [", "none": None}))
    good = (Place("f", 0, ("a", 0, "ref")), "new")
    for bad in (Place("bad", 0, ("a",)), Place("none"), Place("else"), Place("f", 3, ("a",))):
        assert editor.edits([good, (bad, "new")]) == ()
    assert len(editor.edits([good])) == 1


def test_several_edits_of_one_file_fit_together() -> None:
    data = TEXT.encode()
    places = [(Place("f", 0, ("a", number, "ref")), f"new{number}") for number in (0, 1)]
    edits = Editor(files({"f": data})).edits(places)
    after = read_yaml(apply_edits(data, edits)).documents[0]
    assert [one["ref"] for one in after["a"]] == ["new0", "new1"]


def test_problems_get_the_edits_of_their_fixes() -> None:
    place = Place("f", 0, ("a", 0, "ref"))
    bare = Problem("REF002", "t", Severity.ERROR, "m", place)
    fixable = Problem(
        "REF002", "t", Severity.ERROR, "m", place, fix=Fix("do", True, replacements=((place, "new"),))
    )
    first, second = with_edits([bare, fixable], files({"f": TEXT.encode()}))
    assert first is bare
    assert second.fix is not None
    assert [edit.new for edit in second.fix.edits] == ["new"]


@pytest.mark.parametrize(("padding", "made"), [(0, PATCHES), (300_000, 6), (3_000_000, 1)])
def test_only_so_many_patches_are_made_and_every_safe_edit(padding: int, made: int) -> None:
    text = b"route:\n" + b"- {id: x, module_id: y}\n" * 200 + b"#" * padding
    data: dict[str, bytes | None] = {"desired/a.yaml": text}
    problems = [
        Problem(
            "SCH001",
            "t",
            Severity.ERROR,
            "m",
            Place("desired/a.yaml", 0, ("route", number)),
            fix=Fix("f", safe, replacements=((Place("desired/a.yaml", 0, ("route", number, "id")), "z"),)),
        )
        for safe in (False, True)
        for number in range(100)
    ]
    found = with_edits(problems, files(data))
    edited = [one.fix is not None and bool(one.fix.edits) for one in found]
    assert edited == [True] * made + [False] * (100 - made) + [True] * 100
    assert all(one.fix is not None and bool(one.fix.replacements) == bool(one.fix.edits) for one in found)
