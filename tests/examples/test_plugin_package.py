"""The example plugin, built and installed in a fresh environment, from where a program and the command use it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from registry_reconciler.schema.packaged import builtin_schemas

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "docs" / "examples" / "plugin_package"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the environment is laid out as on POSIX"),
]

PROGRAM = """\
from registry_reconciler.runtime import open_runtime

runtime = open_runtime(plugins=True)
assert runtime.plugins.failed == {}, runtime.plugins.failed
found = runtime["commands"].require("hi")
print(found.meta.source, runtime.invoke("hi", "you", caps=()).value)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the plugin, and what this one has."""
    place = tmp_path_factory.mktemp("fresh")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)], cwd=PACKAGE, check=True
    )
    (wheel,) = place.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "env")], check=True)
    library = place / "env" / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    with zipfile.ZipFile(wheel) as archive:  # what an installer does with a wheel of Python alone
        archive.extractall(library)
    (library / "what-the-tests-have.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{ROOT / 'src'}\n")
    return place / "env" / "bin" / "python"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    folder = root / ".system" / "registry" / "schemas"
    folder.mkdir(parents=True)
    for kind, content in builtin_schemas().items():
        (folder / f"{kind}.schema.yaml").write_bytes(content)
    return root


def run(python: Path, workspace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), *words], cwd=workspace, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_program_gets_the_items_of_the_plugin(python: Path, workspace: Path) -> None:
    ran = run(python, workspace, "-c", PROGRAM)
    assert (ran.returncode, ran.stdout) == (0, "package:greetings-plugin hello you\n"), ran.stderr


def test_the_command_runs_them_only_when_the_user_says_so(python: Path, workspace: Path) -> None:
    call = ("-m", "registry_reconciler", "run", "greet", "--input", '"you"')
    assert run(python, workspace, *call).returncode == 64
    ran = run(python, workspace, *call, "--plugin", "greetings")
    assert (ran.returncode, ran.stdout) == (0, "hello you\n"), ran.stderr
    assert run(Path(sys.executable), workspace, *call, "--plugin", "greetings").returncode != 0
