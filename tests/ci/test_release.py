"""What a release is made of: the same bytes each time, and nothing that should not be in it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.ci.runner import ROOT


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The script of the task."""
    spec = importlib.util.spec_from_file_location("release_script", ROOT / ".ci/release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_two_builds_are_the_same_bytes(release: ModuleType, tmp_path: Path) -> None:
    first = release.built(tmp_path / "one", 0o022)
    assert sorted(name.rpartition(".")[2] for name in first) == ["gz", "whl"]
    assert first == release.built(tmp_path / "two", 0o077)
    (wheel,) = (tmp_path / "one/dist").glob("*.whl")
    assert release.wheel_of_sdist(tmp_path) == {wheel.name: first[wheel.name]}
    (sdist,) = (tmp_path / "one/dist").glob("*.tar.gz")
    assert list(release.unwanted(wheel, sdist)) == []


def test_it_is_published_by_a_trusted_publisher_and_no_password() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    publish = workflow["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"] == "release"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text("utf-8")
    # What makes the files may not publish them.
    assert "permissions" not in workflow["jobs"]["build"]
    assert workflow["permissions"] == {"contents": "read"}
