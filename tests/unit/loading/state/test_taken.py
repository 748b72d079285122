"""What was taken over of the old form of the state: a plan of a part knows of the same old files as a whole one."""

from __future__ import annotations

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.loading.state import load_state
from registry_reconciler.loading.state.old import parse_old
from registry_reconciler.loading.state.taken import taken_file

OLD = ".system/registry/state/all.yaml.jsonl"
DATA = b'{"address": "thing/a", "digest": "sha256:0"}\n'


def test_old_files_that_are_there_did_not_go_where_some_files_are_read_alone() -> None:
    path, content = taken_file(parse_old(OLD, DATA), DATA, {})
    tree = MemoryTree({OLD: DATA, path: content})
    assert load_state(tree, ()).taken.newly_gone() == []
    assert load_state(tree, (), only=()).taken.newly_gone() == []
    gone = MemoryTree({path: content})
    assert load_state(gone, ()).taken.newly_gone() == load_state(gone, (), only=()).taken.newly_gone() != []
