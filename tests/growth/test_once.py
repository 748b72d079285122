"""What there may be very many of is gone through once, and not once for each of something else: counted, not timed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from registry_reconciler.editing.fragment_edit import Drafts
from registry_reconciler.editing.propose_output import nearly
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.formats.edits import Edit, Insert
from registry_reconciler.formats.nodes import Document
from registry_reconciler.formats.yaml.edit.intents import Intents
from registry_reconciler.loading.workspace import load
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.notices import likely_renames
from registry_reconciler.planning.pipeline import plan_loaded
from registry_reconciler.planning.selection import Selection

SCHEMA = b'x-registry: {kind: item, layout: list, file: "items.yaml", at: items, key: id}\ntype: object\n'


class Counted(tuple[Any, ...]):
    """A tuple that knows how often somebody went through it."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        Counted.times += 1
        return super().__iter__()


def workspace(fragments: int) -> MemoryTree:
    files = {
        f"desired/f{number}.yaml": f"item: [{{id: k{number}}}]\n".encode() for number in range(fragments)
    }
    return MemoryTree({".system/registry/schemas/item.schema.yaml": SCHEMA, **files})


def test_declarations_are_gone_through_once_however_many_entries_are_drawn_up() -> None:
    loaded = load(Recorder(workspace(5)))
    loaded = replace(loaded, fragments=replace(loaded.fragments, entries=Counted(loaded.fragments.entries)))
    drafts = Drafts(loaded)
    Counted.times = 0
    found = [drafts.owner(f"item/k{number}") for number in range(8)]
    assert [entry is not None for entry in found] == [True] * 5 + [False] * 3
    assert Counted.times == 1


def _passes(fragments: int) -> int:
    """How often the declarations are gone through in a plan that makes a file of the state for each fragment."""
    loaded = load(Recorder(workspace(fragments)))
    loaded = replace(loaded, fragments=replace(loaded.fragments, entries=Counted(loaded.fragments.entries)))
    Counted.times = 0
    plan = plan_loaded(loaded, PlanOptions()).plan
    assert sum(file.path.endswith(".state") for file in plan.files) == fragments
    return Counted.times


def test_declarations_are_not_gone_through_for_each_fragment() -> None:
    assert _passes(20) == _passes(2)


def test_changes_are_not_gone_through_for_each_kind() -> None:
    def change(number: int, action: Action) -> Change:
        kind, sides = f"kind{number}", {"text": "the very same words on both sides of it"}
        gone = sides if action is Action.DELETE else None
        new = sides if action is Action.CREATE else None
        address = f"{kind}/{action.value}"
        return Change(
            address, kind, action.value, action, Reason.DESIRED_CHANGED, "x.yaml", before=gone, after=new
        )

    pairs = ((number, action) for number in range(30) for action in (Action.DELETE, Action.CREATE))
    changes = Counted(change(number, action) for number, action in pairs)
    Counted.times = 0
    assert len(list(likely_renames(changes))) == 30
    assert Counted.times == 1


def test_the_keys_of_a_likeness_are_not_gone_through_for_each_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def passes(entries: int) -> int:
        rows: Any = load(Recorder(workspace(entries))).fragments.entries
        monkeypatch.setattr(nearly, "fields_of", lambda rows: {"id": [row.key for row in rows]})
        found = nearly._paired([row.value for row in rows], [row.key for row in rows], rows)
        assert found is not None
        Counted.times = 0
        nearly._sentence("items", "item", replace(found, keys=Counted(found.keys)), [rows])
        return Counted.times

    assert passes(40) == passes(4)


def test_a_new_list_is_not_copied_for_each_of_its_items() -> None:
    intents = Intents(Document(0, False), 0)
    items: list[Edit] = [
        Insert(0, ("item",), {"id": f"k{number}"}, container_kind="list") for number in range(9)
    ]
    intents.add(items[:2])
    intent = intents.of(intents.document.root)
    assert intent is not None
    made = intent.value["item"]
    intents.add(items[2:])
    assert intent.value["item"] is made
    assert len(made) == 9


def test_what_moves_together_is_asked_about_once_and_not_for_each_of_it() -> None:
    together = Counted(f"item/k{number}" for number in range(50))
    selection = Selection(
        PlanOptions(target=("item/z",), exclude=("item/y",)), frozenset(), dict.fromkeys(together, together)
    )
    Counted.times = 0
    assert [selection.has(f"item/k{number}") for number in range(50)] == [False] * 50
    assert selection.has("item/z")
    assert Counted.times == 1


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        (PlanOptions(), {"item/a", "item/b", "item/c"}),
        (PlanOptions(target=("item/a",)), {"item/a", "item/b"}),
        (PlanOptions(exclude=("item/b",)), {"item/c"}),
        (PlanOptions(target=("item/*",), exclude=("item/c",)), {"item/a", "item/b"}),
    ],
)
def test_what_moves_together_is_meant_together(options: PlanOptions, meant: set[str]) -> None:
    group = frozenset({"item/a", "item/b"})
    selection = Selection(options, frozenset(), dict.fromkeys(group, group))
    assert {address for address in ("item/a", "item/b", "item/c") if selection.has(address)} == meant
