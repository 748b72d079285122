"""What is remembered after a conflict: settled by entry, from the three sides; doubt never deletes."""

from __future__ import annotations

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.state.files import StateFile, parse_file
from registry_reconciler.loading.workspace import load
from registry_reconciler.model.entry import Json
from registry_reconciler.planning.resolve import resolve
from registry_reconciler.planning.settle_state import Accounts, settled_files
from tests.support import Files, applied, plan_of, thing_kind, with_fragment

Things = dict[str, int]

BASE: Things = {"a": 1, "b": 1, "c": 1}


def workspace(things: Things, files: Files | None = None) -> Files:
    """A workspace in which these things are applied, on top of another one."""
    declared: list[Json] = [{"id": key, "v": value} for key, value in things.items()]
    return applied(with_fragment(files or thing_kind(), {"thing": declared}))


def state_file(files: Files) -> StateFile:
    """What a workspace remembers."""
    (found,) = [parse_file(path, data) for path, data in files.items() if path.endswith(".state") and data]
    return found


def settled(merged: Files, base: Files, one: Files, other: Files) -> Files:
    """A workspace whose fragments and registries people merged, once what is remembered is settled."""
    remembered = [state_file(files) for files in (base, one, other)]
    path = remembered[1].path
    loaded = load(MemoryTree({**merged, path: None}))
    desired = resolve(loaded.fragments, loaded.state.entries, loaded.live.entries, loaded.kinds)
    changes = settled_files(loaded, desired, {path: Accounts(*remembered)})
    return {**merged, **{change.path: change.content for change in changes}}


def merge(one: Things, other: Things, merged: Things) -> Files:
    """Two branches off ``BASE``, merged so that fragments and registry have ``merged``."""
    base = workspace(BASE)
    sides = [workspace(things, base) for things in (one, other)]
    return settled(workspace(merged, base), base, *sides)


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        ({**BASE, "a": 2}, {**BASE, "b": 2}, {**BASE, "a": 2, "b": 2}),
        ({**BASE, "d": 1}, {**BASE, "e": 1}, {**BASE, "d": 1, "e": 1}),
        ({**BASE, "a": 2}, {"a": 1, "c": 1}, {"a": 2, "c": 1}),
        ({**BASE, "a": 2}, {**BASE, "a": 3}, {**BASE, "a": 3}),
        ({**BASE, "a": 2}, {"b": 1, "c": 1}, {**BASE, "a": 2}),
    ],
    ids=[
        "each changes",
        "each adds",
        "one changes and one deletes",
        "both change the same",
        "kept against a deletion",
    ],
)
def test_where_people_merged_fragment_and_registry_nothing_is_left_to_do(
    one: Things, other: Things, merged: Things
) -> None:
    plan = plan_of(merge(one, other, merged))
    assert (plan.changes, plan.drift, plan.problems) == ((), (), ())
    assert plan.empty
    assert plan.unmanaged == 0


def test_an_entry_that_one_side_let_go_and_no_fragment_declares_is_let_go_and_stays() -> None:
    base = workspace(BASE)
    let_go = with_fragment(
        base,
        {
            "thing": [{"id": "a", "v": 1}, {"id": "b", "v": 1}],
            "removed": [{"address": "thing/c", "keep": True}],
        },
    )
    one, other = applied(let_go), workspace({**BASE, "c": 2}, base)
    merged = {**one, "t.yaml": other["t.yaml"]}
    plan = plan_of(settled(merged, base, one, other))
    assert plan.changes == ()
    assert plan.unmanaged == 1
