"""``registry allow`` and ``registry override``: what a fragment says of an entry beside its fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lsp.editor import workspace
from tests.support import Box

DOCS = "desired/docs.yaml"
ADDRESS = "route/api.errors"


@pytest.fixture
def box(tmp_path: Path, capsys: Any) -> Box:
    """A workspace whose fragment is applied."""
    return Box(workspace(tmp_path), capsys)


def test_a_problem_is_allowed_where_the_entry_is_declared_and_no_longer_blocks(box: Box) -> None:
    box.replace(DOCS, "module_id: payments.api\n    when", "module_id: gone\n    when")
    assert box.run("check").exit == 3
    done = box.run("allow", ADDRESS, "REF001", "--reason", "it comes in March")
    assert done.exit == 0, done.out + done.err
    written = "allow:\n  - address: route/api.errors\n    code: REF001\n    reason: it comes in March\n"
    assert written in box.read(DOCS)
    assert box.run("check").exit == 0
    before = box.read(DOCS)
    again = box.run("allow", ADDRESS, "REF001", "--reason", "another one")
    assert "allowed for route/api.errors already" in again.err
    assert box.read(DOCS) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("allow", ADDRESS, "REF001"), "--reason"),
        (("allow", ADDRESS, "REF001", "--reason", " "), "--reason"),
        (("allow", ADDRESS, "FRG001", "--reason", "x"), "cannot be allowed"),
        (("allow", ADDRESS, "REF0001", "--reason", "x"), "there is no code"),
        (("allow", "route/api.error", "REF001", "--reason", "x"), "Did you mean 'route/api.errors'?"),
        (("override", "route/api.error"), "Did you mean 'route/api.errors'?"),
        (("override", "rout/api.errors"), "there is no kind"),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(box: Box, words: tuple[str, ...], said: str) -> None:
    before = box.read(DOCS)
    done = box.run(*words)
    assert done.exit == 64
    assert said in done.err
    assert box.read(DOCS) == before


def test_an_override_is_written_once_and_a_dry_run_writes_nothing(box: Box) -> None:
    before = box.read(DOCS)
    assert box.run("override", ADDRESS, "--dry-run").exit == 0
    assert box.read(DOCS) == before
    for _ in range(2):
        assert box.run("override", ADDRESS).exit == 0
    assert box.read(DOCS).count("  - route/api.errors\n") == 1
