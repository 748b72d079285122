"""A journal may lead nowhere but where an apply in this workspace could write."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.apply.writable import Writable
from registry_reconciler.schema.packaged import builtin_schemas


@pytest.fixture
def writable(tmp_path: Path) -> Writable:
    schemas = tmp_path / ".system/registry/schemas"
    schemas.mkdir(parents=True)
    for kind, data in builtin_schemas().items():
        (schemas / f"{kind}.schema.yaml").write_bytes(data)
    return Writable(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "desired/a/b.yaml",
        "modules/overview/type_registry.yaml",
        "modules/routes/api.yaml",
        ".system/hooks/guard.yaml",
        ".system/registry/state/a.yaml.jsonl",
        ".system/registry/history.jsonl",
        ".gitattributes",
        "AGENTS.md",
    ],
)
def test_what_an_apply_writes_may_be_recovered(writable: Writable, path: str) -> None:
    assert writable(path)


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".git/hooks/pre-commit",
        "src/main.py",
        "../outside",
        "/etc/passwd",
        ".system/registry/.apply/tx/COMMIT",
        "modules/overview/other.yaml",
        "modules/routes/deep/api.yaml",
        ".bashrc",
    ],
)
def test_nothing_else_may(writable: Writable, path: str) -> None:
    assert not writable(path)
