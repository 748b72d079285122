"""What tests of plans of a part share."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_reconciler.cache.incremental import changed_files as touched
from registry_reconciler.cache.incremental import partial_load as part
from registry_reconciler.cache.incremental import plan
from registry_reconciler.cache.store import OFF
from registry_reconciler.cli.main import main
from tests.support import SCHEMAS, lay_out
from tests.unit.cache.incremental.workspace import SCHEMA, fragment, memory_file


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An applied workspace of thirty entries, too old for its times to be doubted, and remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(OFF, raising=False)
    monkeypatch.setattr(plan, "LEAST", 0)
    monkeypatch.setattr(touched, "YOUNG", -(10**12))  # a file of this very moment is old enough
    fragments = {f"desired/f{index}.yaml": fragment(range(index * 10, index * 10 + 10)) for index in range(3)}
    root = lay_out(tmp_path / "work", {f"{SCHEMAS}/service.schema.yaml": SCHEMA, **fragments})
    monkeypatch.chdir(root)
    assert main(["apply", "--yes"]) == 0
    assert memory_file(root).is_file()
    return root


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every plan that is made of a part."""
    count: list[int] = []
    real = part.load_part

    def counting(*arguments: object, **options: object) -> object:
        found = real(*arguments, **options)  # type: ignore[arg-type]
        count.append(1)
        return found

    monkeypatch.setattr(part, "load_part", counting)
    return count
