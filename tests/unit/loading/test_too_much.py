"""An entry of a fragment holds at most so many values; more are refused in words, and nothing that is there goes."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading import too_much
from registry_reconciler.planning.pipeline import make_plan
from tests.support import written_files

SCHEMA = b"type: object\nx-registry: {kind: item, layout: list, file: items.yaml, at: items, key: id}\n"
MOST = 50


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(too_much, "MOST_VALUES", MOST)


def planned(fragment: str, **more: bytes) -> tuple[list[str], dict[str, bytes | None]]:
    files = {".system/registry/schemas/item.schema.yaml": SCHEMA, "desired/a.yaml": fragment.encode(), **more}
    plan = make_plan(MemoryTree(files)).plan
    wrong = [one.message for one in plan.blocking]
    return wrong, {} if wrong else dict(written_files(plan))


@pytest.mark.parametrize(
    "value",
    [
        "[" + ", ".join("1" * MOST) + "]",
        "{" + ", ".join(f"k{number}: 1" for number in range(MOST)) + "}",
        "\n" + "  - 1\n" * MOST,
        "[" + ", ".join(["[1]"] * (MOST // 2)) + "]",
        "[" * MOST + "]" * MOST,
        "\n  " + "- " * MOST + "1",
        "[&a [" + ", ".join("1" * (MOST // 4)) + "], *a, *a, *a, *a]",
    ],
    ids=["list", "mapping", "block", "lists", "deep", "deep block", "aliases"],
)
def test_an_entry_of_more_values_is_refused(value: str) -> None:
    wrong, _ = planned(f"item:\n- id: b\n- id: a\n  l: {value}\n")
    assert len(wrong) == 1
    assert "item/a has more than" in wrong[0]


def test_as_many_as_may_be_are_written_and_go_on_being_no_change() -> None:
    # The entry itself, its key, its list and the rest.
    fragment = f"item:\n- id: a\n  l: [{', '.join('1' * (MOST - 3))}]\n"
    wrong, written = planned(fragment)
    assert wrong == []
    assert b"items" in (written["items.yaml"] or b"")
    again, rest = planned(fragment, **{path: data for path, data in written.items() if data is not None})
    assert (again, rest) == ([], {})


def test_what_such_an_entry_owned_is_not_deleted() -> None:
    _, written = planned("item:\n- id: a\n  l: [1]\n")
    kept = {path: data for path, data in written.items() if data is not None}
    files = {".system/registry/schemas/item.schema.yaml": SCHEMA, **kept}
    fragment = f"item:\n- id: a\n  l: [{', '.join('1' * MOST)}]\n"
    plan = make_plan(MemoryTree({**files, "desired/a.yaml": fragment.encode()})).plan
    assert plan.changes == ()
    assert not plan.applicable


def test_a_registry_may_hold_more() -> None:
    live = f"items:\n- id: b\n  l: [{', '.join('1' * MOST)}]\n"
    wrong, written = planned("item:\n- id: a\n", **{"items.yaml": live.encode()})
    assert wrong == []
    assert b"id: a" in (written["items.yaml"] or b"")
