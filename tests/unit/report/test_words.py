"""Words that reports share."""

from __future__ import annotations

from registry_reconciler.report.words import written_lines


def test_of_very_many_files_of_one_folder_the_first_are_named_and_the_others_counted() -> None:
    states = [f"state/{number:03}" for number in range(100)]
    paths = ["items.yaml", *states, "z.yaml"]
    assert written_lines(paths, full=False) == [
        "  wrote items.yaml",
        "  wrote state/000",
        "  wrote state/001",
        "  wrote state/002",
        "  … and 97 more in state (--full shows all)",
        "  wrote z.yaml",
    ]
    assert written_lines(paths, full=True) == [f"  wrote {path}" for path in paths]
