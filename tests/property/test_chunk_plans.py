"""Laws of plans over shared values and windows: nothing is changed in place, and nothing depends on the shortcut."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.faults import TextFile
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from tests.property.test_plan_laws import Case, cases


@settings(max_examples=60)
@given(cases)
def test_planning_changes_no_value_that_was_read(case: Case) -> None:
    read: list[tuple[Any, Any]] = []
    real = ChunkReader.read

    def noting(self: ChunkReader, data: bytes) -> TextFile:
        file = real(self, data)
        read.append((file.documents, deepcopy(file.documents)))
        return file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChunkReader, "read", noting)
        make_plan(MemoryTree(case.files), PlanOptions())
    assert read
    for documents, copy in read:
        assert repr(documents) == repr(copy)


@settings(max_examples=60)
@given(cases)
def test_a_plan_is_the_same_without_the_shortcut(case: Case) -> None:
    short = make_plan(MemoryTree(case.files), PlanOptions()).plan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChunkReader, "read", lambda self, data: read_yaml(data))
        plain = make_plan(MemoryTree(case.files), PlanOptions()).plan
    assert short == plain
