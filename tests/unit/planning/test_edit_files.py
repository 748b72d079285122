"""Changes become new bytes of the registry files: only what changes, read back, and no refusal takes others along."""

from __future__ import annotations

import pytest

from registry_reconciler.model.change import Action
from registry_reconciler.model.entry import Json
from tests.support import Files, after, applied, kind_file, plan_of, thing_kind, with_fragment, written_files

LIVE = b"""\
# Kept by hand.
- id: a   # the first
  v: 1

- id: b
  v: 'two'  # in words
"""
A: dict[str, Json] = {"id": "a", "v": 1}
B: dict[str, Json] = {"id": "b", "v": "two"}


def managed() -> Files:
    """Two things, managed, with their comments."""
    return applied(with_fragment({**thing_kind(), "t.yaml": LIVE}, {"thing": [A, B]}))


def text_after(files: Files, content: dict[str, Json]) -> bytes | None:
    """The registry once a fragment was applied."""
    return applied(with_fragment(files, content))["t.yaml"]


def test_adopting_writes_no_registry() -> None:
    assert managed()["t.yaml"] == LIVE


@pytest.mark.parametrize(
    ("declared", "old", "new"),
    [
        ([{**A, "v": 2}, B], b"v: 1\n", b"v: 2\n"),
        ([A, {**B, "v": "three"}], b"'two'", b"three"),
        ([A], b"\n- id: b\n  v: 'two'  # in words\n", b""),
        ([A, B, {"id": "c"}], b"# in words\n", b"# in words\n\n- id: c\n"),
    ],
    ids=["a number", "a quoted word", "a deletion", "a new item"],
)
def test_a_change_leaves_every_other_byte(declared: list[Json], old: bytes, new: bytes) -> None:
    assert old in LIVE
    assert text_after(managed(), {"thing": declared}) == LIVE.replace(old, new)


def test_an_order_of_fields_in_the_fragment_is_no_change() -> None:
    plan = plan_of(with_fragment(managed(), {"thing": [{"v": 1, "id": "a"}, B]}))
    assert plan.empty
    assert written_files(plan) == {}


def test_a_change_that_cannot_be_written_takes_no_other_with_it() -> None:
    files = {
        **managed(),
        **kind_file("page", "layout: file, file: 'pages/{id}.yaml', key: id, exclude: ['pages/_*']"),
    }
    plan = plan_of(with_fragment(files, {"thing": [{**A, "v": 2}, B], "page": [{"id": "_x"}, {"id": "y"}]}))
    assert [(problem.code, problem.address) for problem in plan.blocking] == [("WRT003", "page/_x")]
    assert [(change.action, change.address) for change in plan.changes] == [
        (Action.CREATE, "page/y"),
        (Action.UPDATE, "thing/a"),
    ]


def test_the_file_of_a_deleted_entry_goes_and_one_of_many_stays_as_an_empty_list() -> None:
    files = {**thing_kind(), **kind_file("page", "layout: file, file: 'pages/{id}.yaml', key: id")}
    both = applied(with_fragment(files, {"thing": [A], "page": [{"id": "x"}, {"id": "y"}]}))
    assert both["pages/x.yaml"] == b"id: x\n"
    plan = plan_of(with_fragment(both, {"page": [{"id": "y"}]}))
    done = after(with_fragment(both, {"page": [{"id": "y"}]}), plan)
    assert done["pages/x.yaml"] is None
    assert done["t.yaml"] == b"[]\n"


def test_line_ends_of_a_file_are_kept() -> None:
    files = {**thing_kind(), "t.yaml": LIVE.replace(b"\n", b"\r\n")}
    files = applied(with_fragment(files, {"thing": [A, B]}))
    assert text_after(files, {"thing": [{**A, "v": 2}, B]}) == LIVE.replace(b"v: 1", b"v: 2").replace(
        b"\n", b"\r\n"
    )


@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("n: null", "Leave the field out, or give it a value, then plan again."),
        ("n: !what x", "Say the value without it, then plan again."),
    ],
)
def test_what_a_format_cannot_say_is_not_left_to_be_done_by_hand(field: str, fix: str) -> None:
    files: Files = {**kind_file("thing", "layout: list, file: t.toml, at: things, key: id")}
    live = b'[[things]]\nid = "a"\nn = 1\n'
    files = applied({**files, "t.toml": live, "desired/all.yaml": b"thing: [{id: a, n: 1}]\n"})
    (found,) = plan_of({**files, "desired/all.yaml": f"thing: [{{id: a, {field}}}]\n".encode()}).blocking
    assert (found.code, found.fix.description if found.fix else "") == ("WRT001", fix)
