"""A day of typing: what the server keeps does not grow with the number of edits."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.lsp.buffers import PLANS_A_READER, Buffers, OpenText
from registry_reconciler.lsp.diagnostics import diagnostics
from registry_reconciler.lsp.text import Text
from registry_reconciler.planning import pipeline
from tests.lsp.editor import workspace

FRAGMENT = "desired/docs.yaml"


def test_memory_is_flat_over_many_edits(tmp_path: Path) -> None:
    buffers = Buffers(workspace(tmp_path))
    source = (tmp_path / FRAGMENT).read_text()

    def type_on(times: int, start: int) -> int:
        for number in range(start, start + times):
            text = source.replace("topic: errors", f"topic: errors {number} {'é' * (number % 50)}")
            buffers.put(FRAGMENT, OpenText(Text(text), (tmp_path / FRAGMENT).as_uri(), number))
            diagnostics(buffers.look())
        gc.collect()
        return len(gc.get_objects())

    warm = type_on(2 * PLANS_A_READER, 0)
    after = type_on(3 * PLANS_A_READER, 2 * PLANS_A_READER)
    assert after - warm < warm // 100


def test_a_plan_during_which_the_disk_changed_is_not_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffers = Buffers(workspace(tmp_path))
    made = pipeline.make_plan

    def slow(*arguments: Any, **more: Any) -> Any:
        found = made(*arguments, **more)
        (tmp_path / "desired/more.yaml").write_text("module_type:\n  - {id: late, description: x}\n")
        buffers.forget()
        return found

    monkeypatch.setattr(pipeline, "make_plan", slow)
    assert "module_type/late" not in buffers.look().planning.desired.entries
    monkeypatch.setattr(pipeline, "make_plan", made)
    assert "module_type/late" in buffers.look().planning.desired.entries
