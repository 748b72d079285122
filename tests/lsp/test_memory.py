"""A day of typing: what the server keeps does not grow with the number of edits."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from registry_reconciler.lsp.buffers import PLANS_A_READER, Buffers, OpenText
from registry_reconciler.lsp.diagnostics import diagnostics
from registry_reconciler.lsp.text import Text
from tests.lsp.editor import workspace

FRAGMENT = "desired/docs.yaml"


@pytest.mark.skipif(sys.platform == "win32", reason="the workspace is made through the installed script")
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
