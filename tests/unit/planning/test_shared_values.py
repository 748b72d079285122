"""An anchor that somebody edited by hand, undone: it gets its value back, and what uses it stays an alias."""

from __future__ import annotations

import json

import pytest

from registry_reconciler.formats.table import YAML
from registry_reconciler.model.plan import PlanOptions
from tests.support import SCHEMAS, Files, after, plan_of

LIST = "type: object\nx-registry: {kind: thing, layout: list, file: things.yaml, at: things, key: id}\n"
MAP = LIST.replace("layout: list", "layout: map")
TWO = "things:\n  - id: a\n    v: *a\n  - id: b\n    v: *a\n"
MERGED = "things:\n  - id: a\n    <<: *a\n  - id: b\n    <<: *a\n    r: 3\n"


def adopted(schema: str, live: str) -> Files:
    """A workspace whose registry is all managed; its fragment knows no aliases."""
    found = YAML.read(live.encode()).documents[0]["things"]
    items = found if isinstance(found, list) else [{"id": key, **value} for key, value in found.items()]
    files: Files = {
        f"{SCHEMAS}/thing.schema.yaml": schema.encode(),
        "things.yaml": live.encode(),
        "desired/thing.yaml": json.dumps({"thing": items}).encode(),
    }
    files = after(files, plan_of(files))
    assert files["things.yaml"] == live.encode()
    return files


def undone(files: Files, edited: str) -> str:
    """The registry after a hand edit that is undone, and which leaves nothing to do."""
    files = {**files, "things.yaml": edited.encode()}
    files = after(files, plan_of(files, PlanOptions(overwrite=("thing/*",))))
    again = plan_of(files)
    assert not again.changes
    assert not again.drift
    return (files["things.yaml"] or b"").decode().replace('"', "")  # those of the fragment, which is JSON


@pytest.mark.parametrize(
    ("schema", "live", "old", "new"),
    [
        (LIST, "x: &a {p: 1, q: 2}\n" + TWO, "p: 1", "p: 9"),
        (LIST, "x: &a\n  p: 1 # one\n  q: 2\n" + TWO, "p: 1", "p: 9"),
        (LIST, "x: &a one\n" + TWO, "&a one", "&a two"),
        (LIST, "x: &a [1, 2]\n" + TWO, "[1, 2]", "[1, 2, 3]"),
        (LIST, "x: &a [1, 2]\n" + TWO, "[1, 2]", "[2]"),
        (LIST, "x: &a {p: 1, q: 2}\n" + TWO, "p: 1, ", ""),
        (LIST, "x: &a {p: 1, q: 2}\n" + MERGED, "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1, q: 2}\n" + MERGED, ", q: 2", ""),
        (LIST, "x: &a {p: 1, q: 2}\n" + MERGED, "q: 2", "q: 2, s: 4"),
        (LIST, "x: &a {p: 1, q: 2}\n" + MERGED.replace("r: 3", "q: 3"), "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1, q: 2}\n" + MERGED.replace("r: 3", "p: 3"), "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1}\ny: &b {q: 2}\n" + MERGED.replace("*a", "[*b, *a]"), "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1}\ny: &b {<<: *a, q: 2}\n" + MERGED.replace("*a", "*b"), "p: 1", "p: 9"),
        (LIST, "x: &a {p: {s: &c 1}, q: *c}\n" + MERGED, "&c 1", "&c 9"),
        (LIST, "x: &a one\n" + TWO.replace("v: *a", "v: [*a, two, *a]"), "&a one", "&a two"),
        (LIST, "x: [&a one, &b two]\n" + TWO.replace("v: *a", "v: {k: [*b, *a]}"), "two", "three"),
        (LIST, "x: &a {id: a, p: 1}\nthings:\n  - *a\n  - id: b\n    <<: *a\n", "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1}\n" + TWO + "last: *a\n", "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1}\n" + TWO + "last:\n  <<: *a\n  z: 1\n", "p: 1", "p: 9"),
        (LIST, "x: &a {p: 1}\nthings:\n  - id: a\n    <<: *a\n", "p: 1", "p: 9"),
        (LIST, "things:\n  - id: a\n    v: &a {p: 1}\n  - id: b\n    v: *a\nlast: *a\n", "p: 1", "p: 9"),
        (MAP, "x: &a {p: 1}\nthings:\n  a:\n    <<: *a\n    r: 1\n  b: *a\n", "p: 1", "p: 9"),
    ],
)
def test_a_shared_value_gets_back_what_it_was(schema: str, live: str, old: str, new: str) -> None:
    edited = live.replace(old, new, 1)
    assert edited != live
    assert undone(adopted(schema, live), edited) == live
    ends = live.replace("\n", "\r\n"), edited.replace("\n", "\r\n")
    assert undone(adopted(schema, ends[0]), ends[1]) == ends[0]


def test_what_an_entry_without_a_change_uses_stays() -> None:
    live = "x: &a {p: 1, q: 2}\n" + TWO
    files = adopted(LIST, live)
    unmanaged = "  - id: c\n    v: *a\n"
    edited = live.replace("p: 1", "p: 9") + unmanaged
    literal = edited.replace(TWO, TWO.replace("*a", "{p: 1, q: 2}"))
    assert undone(files, edited) == literal


def test_an_alias_that_was_written_by_hand_does_not_change_what_it_stands_for() -> None:
    live = "x: &a {p: 1}\nlast: *a\nthings:\n  - id: a\n    v: {p: 2}\n"
    assert undone(adopted(LIST, live), live.replace("{p: 2}", "*a")) == live
    two = live + "  - id: b\n    v: *a\n"
    assert undone(adopted(LIST, two), two.replace("{p: 2}", "*a")) == two


def test_users_that_want_different_values_get_their_own() -> None:
    live = "x: &a {p: 1}\n" + TWO
    files = adopted(LIST, live)
    edited = live.replace("x: &a {p: 1}", "x: &a {p: 9}")
    fragment = (files["desired/thing.yaml"] or b"").replace(b'"p": 1', b'"p": 5', 1)
    other: Files = {**files, "desired/thing.yaml": fragment}
    # The one whose fragment changed as well wants something else; the other one decides.
    assert undone(other, edited) == live.replace("v: *a", "v: {p: 5}", 1)
