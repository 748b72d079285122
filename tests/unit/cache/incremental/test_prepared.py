"""An apply that read only a part leaves programs an index of the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler import Workspace
from registry_reconciler.cli.main import main
from registry_reconciler.runtime.serve import planning, prepared
from tests.unit.cache.incremental.workspace import entry, fragment


def served(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything that a program can see of the services, and where their names lead."""
    registry = Workspace.open(root).runtime()["service"]
    found: dict[str, tuple[object, ...]] = {}
    for item in registry.items():
        leads_to = registry.get(item.meta.name)
        found[item.key] = (item.meta, item.value, leads_to.key if leads_to is not None else None)
    return found


LAST = range(20, 30)
CHANGES = {
    "another text": fragment(LAST).replace("shard: z\n", "shard: z\n    text: new\n", 1),
    "another name": fragment(LAST, s23="Another name"),
    "one more": fragment(LAST) + entry(50),
    "one less": fragment(LAST[:-1]),
    "another key": fragment(LAST[:-1]) + entry(51),
    "two names in turn": fragment(LAST, s24="Service 23", s23="Service 24"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_index_is_that_of_a_reading_of_all(
    work: Path, change: str, parts: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = served(work)  # with an index, whatever made it
    (work / "desired/f2.yaml").write_text(CHANGES[change])
    assert main(["apply", "--yes"]) == 0
    assert len(parts) == 2
    with monkeypatch.context() as patch:
        patch.setattr(planning, "read_workspace", lambda *_: pytest.fail("everything was read"))
        quick = served(work)
    place = prepared.place_of(work)
    assert place is not None
    place.unlink()
    assert quick == served(work) != before
