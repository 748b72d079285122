"""The package as it is installed: version, start-up, what is shipped; and the locks it is tested with."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata, resources
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import registry_reconciler
from registry_reconciler.rules import all_rules

ROOT = Path(__file__).parent.parent
LOCKS = ("run", "dev", "docs", "release", "bench", "mutation", "browser")


def lock_text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, Version]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock_text(name), re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in found}


def wanted(name: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    group = project["dependency-groups"].get(name, [])
    return [Requirement(text) for text in project["project"]["dependencies"] + group if isinstance(text, str)]


def test_the_version_is_that_of_the_metadata() -> None:
    assert metadata.version("registry-reconciler") == registry_reconciler.__version__


def test_the_package_says_that_it_is_typed() -> None:
    assert resources.files(registry_reconciler).joinpath("py.typed").is_file()


def test_the_command_is_installed() -> None:
    (command,) = metadata.entry_points(group="console_scripts", name="registry")
    assert command.value == "registry_reconciler.cli.program:main"


def test_what_is_installed_has_every_page_of_a_rule(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for rule in all_rules():
        assert f"registry_reconciler/rules/pages/{rule.code}.md" in names


def test_importing_the_package_imports_no_dependency() -> None:
    code = "import sys, registry_reconciler; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"yaml", "ruamel", "jsonschema", "jsonschema_rs", "deepdiff", "rich", "typer"}
    assert heavy.isdisjoint(result.stdout.split())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_what_the_metadata_asks_for(lock: str) -> None:
    pinned = pins(lock)
    for requirement in wanted(lock):
        version = pinned[canonicalize_name(requirement.name)]
        assert version in requirement.specifier, f"{requirement} is pinned to {version}: make the lock again"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_lock_names_an_index(lock: str) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock_text(lock), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in lock_text(lock)


@pytest.mark.parametrize("lock", ["dev", "bench", "mutation"])
def test_every_environment_runs_what_is_shipped(lock: str) -> None:
    pinned = pins(lock)
    assert {name: pinned.get(name) for name in pins("run")} == pins("run")
