"""What is desired: one declaration an address, and directives that hold together; those that are spent vanish."""

from __future__ import annotations

from collections.abc import Mapping

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.workspace import load
from registry_reconciler.model.change import Action
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.resolve import Desired, resolve
from tests.support import Files, applied, plan_of, thing_kind, with_fragment


def desired(files: Mapping[str, bytes | None]) -> Desired:
    """What the fragments of a workspace say, settled."""
    loaded = load(MemoryTree(files))
    return resolve(loaded.fragments, loaded.state.entries, loaded.live.entries, loaded.kinds)


def managed(*keys: str) -> Files:
    """Things that are applied."""
    return applied(with_fragment(thing_kind(), {"thing": [{"id": key} for key in keys]}))


def test_a_rename_that_was_made_by_hand_too_changes_the_state_only() -> None:
    files = managed("a", "b")
    files["t.yaml"] = b"- id: z\n- id: b\n"
    files = with_fragment(
        files, {"thing": [{"id": "z"}, {"id": "b"}], "moved": [{"from": "thing/a", "to": "thing/z"}]}
    )
    found = plan_of(files)
    assert found.problems == ()
    assert [(one.action, one.address) for one in found.changes] == [(Action.ADOPT, "thing/z")]
    assert [one.address for one in found.heals] == ["thing/a"]
    assert plan_of(applied(files)).empty


def test_a_removal_that_kept_its_entry_says_nothing_afterwards() -> None:
    files = with_fragment(
        managed("a", "b"), {"thing": [{"id": "b"}], "removed": [{"address": "thing/a", "keep": True}]}
    )
    done = applied(files)
    assert done["t.yaml"] == b"- id: a\n- id: b\n"
    assert plan_of(done).problems == ()
    assert plan_of(done).empty


def test_what_is_kept_and_never_was_managed_is_remembered_and_is_no_change() -> None:
    files = {**managed("a", "b"), "t.yaml": b"- id: a\n- id: b\n- id: m\n"}
    keeps = with_fragment(
        files, {"thing": [{"id": "a"}, {"id": "b"}], "removed": [{"address": "thing/m", "keep": True}]}
    )
    found = plan_of(keeps)
    assert ([heal.address for heal in found.heals], found.changes) == (["thing/m"], ())
    assert plan_of(keeps, PlanOptions(target=("thing/a",))).heals == ()
    done = applied(keeps)
    assert done["t.yaml"] == files["t.yaml"]
    assert plan_of(done).empty


def test_a_line_that_keeps_what_nobody_manages_declares_nothing() -> None:
    files = {**managed("a", "b"), "t.yaml": b"- id: a\n- id: b\n- id: m\n"}
    found = plan_of(with_fragment(files, {"removed": [{"address": "thing/m", "keep": True}]}))
    assert "BRK002" in [problem.code for problem in found.problems]


def test_entries_are_in_the_order_of_their_addresses() -> None:
    found = desired(with_fragment(thing_kind(), {"thing": [{"id": "b"}, {"id": "a"}]}))
    assert list(found.entries) == ["thing/a", "thing/b"]
    assert found.problems == ()


def test_the_first_of_two_declarations_counts_and_nothing_is_planned_for_the_address() -> None:
    files = with_fragment(thing_kind(), {"thing": [{"id": "a", "v": 1}, {"id": "b"}]})
    files["desired/later.yaml"] = b"thing:\n- {id: a, v: 2}\n"
    found = desired(files)
    (twice,) = found.problems
    assert (twice.code, twice.place.file, twice.related[0].place.file) == (
        "FRG002",
        "desired/later.yaml",
        "desired/all.yaml",
    )
    assert found.entries["thing/a"].value == {"id": "a", "v": 1}
    assert found.disputed == {"thing/a"}


def test_a_removal_of_what_is_declared_is_refused_and_of_what_is_not_there_says_nothing() -> None:
    removed: list[Json] = [{"address": "thing/a"}, {"address": "thing/gone"}]
    found = desired(with_fragment(managed("a"), {"thing": [{"id": "a"}], "removed": removed}))
    assert [problem.code for problem in found.problems] == ["FRG004"]
    assert found.removals == {}


def test_a_removal_of_an_entry_that_nobody_manages_says_so() -> None:
    files = {**thing_kind(), "t.yaml": b"- id: a\n"}
    found = desired(with_fragment(files, {"removed": [{"address": "thing/a"}]}))
    assert [problem.code for problem in found.problems] == ["FRG005"]
    kept = desired(with_fragment(files, {"removed": [{"address": "thing/a", "keep": True}]}))
    assert kept.problems == ()


def test_a_move_that_is_still_to_be_done_is_a_rename_and_one_that_is_done_vanishes() -> None:
    moved: dict[str, Json] = {"thing": [{"id": "z"}], "moved": [{"from": "thing/a", "to": "thing/z"}]}
    files = with_fragment(managed("a"), moved)
    assert desired(files).renames == {"thing/z": "thing/a"}
    done = applied(files)
    assert desired(done).renames == {}
    assert plan_of(done).empty


def test_protections_are_asked_by_address_and_by_glob() -> None:
    found = desired(with_fragment(thing_kind(), {"protect": ["thing/a", "thing/b*"]}))
    protected = [key for key in ("a", "ab", "b", "bc") if found.protected(f"thing/{key}")]
    assert protected == ["a", "b", "bc"]
