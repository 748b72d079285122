"""The files of the state that remember outputs."""

from __future__ import annotations

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.memory import load_memory
from registry_reconciler.outputs.memory_files import memory_files
from registry_reconciler.outputs.targets import DesiredContent

OUTPUT = Output("table", "README.md")


def test_line_ends_that_git_checks_out_are_no_reason_to_write() -> None:
    empty = MemoryTree({})
    (made,) = memory_files(empty, load_memory(empty), [(OUTPUT, DesiredContent("a\nb\n"))], None)
    assert made.content is not None
    checked_out = MemoryTree({made.path: made.content.replace(b"\n", b"\r\n")})
    memory = load_memory(checked_out)
    assert list(memory_files(checked_out, memory, [(OUTPUT, DesiredContent("a\nb\n"))], None)) == []
    assert len(list(memory_files(checked_out, memory, [(OUTPUT, DesiredContent("a\nc\n"))], None))) == 1
