"""A fixed sample of random histories; thousands by ``python -m tests.merge.histories N``. Faults put in are caught."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.apply import FileOp, receipts
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.loading.state.files import left_path
from registry_reconciler.loading.state.shadow import REST, new_salt, short_salt, whole
from registry_reconciler.loading.state.shadow import shadow as real_shadow
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.config import HISTORY_FOLDER
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.planning import state_changes
from registry_reconciler.planning.diff import records
from tests.merge.histories import Broken, neighbours, run

SAMPLE = range(1000, 1006)
LARGE = 1100
"""With a fragment of more than a thousand entries."""


def sample(folder: Path) -> Counter[str]:
    """What the sample covers; every law held in it."""
    found: Counter[str] = Counter()
    for seed in SAMPLE:
        found += run(seed, attributes=seed % 4 == 0, folder=folder)
    for seed in range(1200, 1230):
        # A queue needs three branches that all merge.
        if found["queue: clean"]:
            break
        found += run(seed, folder=folder, old=0)
    return found + run(LARGE, folder=folder, old=0, parts=0, large=1)


COVERED = (
    *(
        f"edit: {name}"
        for name in ("change", "add field", "add", "delete", "adopt", "keep", "rename", "move")
    ),
    *(f"edit: {name}" for name in ("reorder", "comment")),
    *(f"{name}: clean" for name in ("merge", "squash", "queue", "revert", "cherry-pick", "rebase", "stash")),
    "merge: conflict",
    "applied here, let go there",
    "law: plan empty",
    "probe: an old value",
    "begun in the old form",
    "files of the state that are soon full",
    "parts of the state of one fragment",
    "fragments with more than a thousand entries",
)


@pytest.mark.slow
def test_the_laws_hold_in_the_sample_and_it_covers_what_can_happen(tmp_path: Path) -> None:
    """One test: what draws the sample takes minutes, and two tests may run in two processes."""
    covered = sample(tmp_path)
    assert [what for what in COVERED if not covered[what]] == [], sorted(covered.items())
    clean = sum(count for name, count in covered.items() if name.endswith(": clean"))
    conflicts = sum(count for name, count in covered.items() if name.endswith(": conflict"))
    assert clean > conflicts > 0


def one_digest(patch: pytest.MonkeyPatch) -> None:
    """One digest an entry: two sides that change different fields conflict."""

    def told(value: Any, salt: str) -> str:
        return whole(new_salt(f"{salt} {sorted(value.items())}"))

    patch.setattr("registry_reconciler.loading.state.shadow", told)
    patch.setattr(
        "registry_reconciler.loading.state.says",
        lambda applied, kind, value: applied.text == told(value, applied.salt),
    )


def no_line_between(patch: pytest.MonkeyPatch) -> None:
    """Neighbouring fields stand line by line."""
    patch.setattr(
        "registry_reconciler.loading.state.shadow",
        lambda value, salt: real_shadow(value, short_salt(salt)).replace(f"{REST}\n", ""),
    )


def one_history(patch: pytest.MonkeyPatch) -> None:
    """Two branches write one file of the history, each anew."""
    real = receipts._history

    def in_one(tree: Any, new: dict[str, bytes]) -> Any:
        path = f"{HISTORY_FOLDER}/20260101T000000000000Z-000000000000.json"
        old = tree.read(path)
        yield FileOp(path, None if old is None else digest_bytes(old), b"".join(new.values()))
        yield from real(tree, {})

    patch.setattr(receipts, "_history", in_one)


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """What is remembered is not brought up to date by an update: edits by hand to old values are not found."""
    real = state_changes.StateChanges._put

    def put(self: Any, address: str, kind: str, value: Any, source: str | None = None) -> None:
        known = self.loaded.state.entries.get(source or address)
        real(self, address, kind, value, source)
        if known is not None:
            self.put[address] = self.put[address][0], known.applied[0]

    patch.setattr(state_changes.StateChanges, "_put", put)
    patch.setattr(records, "is_unfit", lambda *_: False)


def kept_on(patch: pytest.MonkeyPatch) -> None:
    """What a fragment lets go stays remembered, and nothing remembers that it was let go."""
    real = state_changes.StateChanges.change

    def apply_change(self: Any, change: Change) -> None:
        real(self, change)
        if change.action in (Action.DELETE, Action.FORGET):
            self.gone.discard(change.address)
            self.marked.discard(left_path(change.address))

    patch.setattr(state_changes.StateChanges, "change", apply_change)


def anything_fits(patch: pytest.MonkeyPatch) -> None:
    """Every value counts as applied once there is a record."""
    patch.setattr(StateEntry, "says", lambda self, kind, value: True)


FAULTS = [one_digest, no_line_between, one_history, forgetful, kept_on, anything_fits]


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_in_the_state_is_caught(fault: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fault(monkeypatch)
    with pytest.raises(Broken):
        _some_histories(tmp_path)


def _some_histories(folder: Path) -> None:
    neighbours(folder)
    for seed in range(2000, 2030):
        run(seed, folder=folder, old=0, parts=0, large=0)


@pytest.mark.slow
def test_two_sides_may_change_fields_that_are_neighbours(tmp_path: Path) -> None:
    assert neighbours(tmp_path)["merge: clean"] >= 4
