"""A repository with a module of every name that a step could import: none of them is imported.

The names are those of Python's own library and of everything that is installed here, as files and as packages.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from tests.ci.runner import BASE, ROOT, Runner
from tests.support import Box

NAMES = sorted(
    {
        *sys.stdlib_module_names,
        *packages_distributions(),
        *(path.stem for path in Path(sysconfig.get_path("purelib")).iterdir() if path.suffix != ".pth"),
        *(
            "registry_reconciler",
            "pip",
            "setuptools",
            "pkg_resources",
            "wheel",
            "distutils",
            "ensurepip",
            "_distutils_hack",
        ),
        *(
            "sitecustomize",
            "usercustomize",
            "__main__",
            "site",
            "coverage",
            "_virtualenv",
            "report",
            "comment",
            "dev",
        ),
    }
)
NAMES = [name for name in NAMES if name.isidentifier()]
FORMS = ("module", "package")


def plant(folder: Path, form: str, mark: Path) -> None:
    """A module of every name that leaves a mark when it is imported, unless something else stands there."""
    text = f"import builtins\nbuiltins.open({str(mark)!r}, 'a').write(__file__ + '\\n')\n"
    for name in NAMES:
        if form == "module" and not (folder / f"{name}.py").exists():
            (folder / f"{name}.py").write_text(text)
        elif form == "package" and not (folder / name).exists():
            (folder / name).mkdir()
            for part in ("__init__.py", "__main__.py"):
                (folder / name / part).write_text(text)


def marked(mark: Path) -> str:
    return mark.read_text() if mark.exists() else ""


@pytest.mark.parametrize("form", FORMS)
def test_what_is_planted_would_be_imported(form: str, tmp_path: Path) -> None:
    """Otherwise the other tests here would prove nothing."""
    plant(tmp_path, form, tmp_path / "ran")
    # Without what `dev.py` sets for its tasks, which is what the other tests rely on.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for words in (["-m", "pip"], ["-m", "venv"], ["-c", "import sysconfig"], ["-m", "registry_reconciler"]):
        (tmp_path / "ran").unlink(missing_ok=True)
        subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=bare, capture_output=True, check=False, timeout=60
        )
        assert marked(tmp_path / "ran"), words
    assert {"venv", "pip", "sysconfig", "yaml", "typer", "json", "urllib", "subprocess", "tempfile"} <= set(
        NAMES
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("inputs", [{}, {"base": "none"}, {"version": "1.2.3"}], ids=str)
def test_the_action_imports_nothing_of_the_checkout(
    form: str, inputs: dict[str, str], branch: Box, runner: Runner, tmp_path: Path
) -> None:
    plant(branch.root, form, tmp_path / "ran")
    (branch.root / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:1/\n")
    (branch.root / ".python-version").write_text("../../../evil\n")
    (branch.root / "pyvenv.cfg").write_text(f"home = {branch.root}\n")
    (branch.root / "evil.pth").write_text("import sitecustomize\n")
    # What a job may have set for its own tests.
    runner.variables = {"PYTHONPATH": ".", "PYTHONSTARTUP": "site.py", "PYTHONHOME": ""}
    job = runner.run(**inputs)
    assert marked(tmp_path / "ran") == ""
    assert job.outputs["exit"] == "0", job.log
    # Nothing is set for the steps that follow but the command itself.
    assert job.set == {}
    command = next(Path(one, "registry") for one in job.path if Path(one, "registry").is_file())
    assert str(command).startswith(str(runner.home))
    done = subprocess.run(
        [str(command), "plan"],
        cwd=branch.root,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert marked(tmp_path / "ran") == ""


@pytest.mark.parametrize("form", FORMS)
def test_the_hooks_import_nothing_of_the_repository(form: str, committed: Box, tmp_path: Path) -> None:
    plant(committed.root, form, tmp_path / "ran")
    for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")):
        words = shlex.split(one["entry"])
        done = subprocess.run(
            [sys.executable, *words[1:]],
            cwd=committed.root,
            env={**os.environ, "PYTHONPATH": "."},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (words[0], done.returncode) == ("python", 0), done.stderr
    assert marked(tmp_path / "ran") == ""


@pytest.mark.parametrize("form", FORMS)
def test_the_tasks_of_this_repository_import_nothing_beside_them(form: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(ROOT / "dev.py", copy)
    for name in ("pyproject.toml", "requirements/dev.txt", "src/registry_reconciler/version.py"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    (copy / "tests").mkdir()
    (copy / "tests/test_one.py").write_text(
        "import json, sysconfig, venv\n\ndef test_one() -> None:\n    assert json.loads('1') == 1\n"
    )
    # An environment that is there already; what makes one is tried below.
    ready(copy)
    plant(copy, form, tmp_path / "ran")
    done = subprocess.run(
        [sys.executable, "dev.py", "test", "tests", "-q"],
        cwd=copy,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-2000:]
    assert marked(tmp_path / "ran") == ""
    if form != FORMS[0]:
        return  # making an environment takes long, and knows no more of one form than of the other
    # Set-up: the lock file asks for nothing, so pip has nothing to fetch, and then fails at the package itself.
    shutil.rmtree(copy / ".venv")
    (copy / "requirements/dev.txt").write_text("")
    done = subprocess.run([BASE, "dev.py", "lint"], cwd=copy, capture_output=True, check=False, timeout=300)
    assert b"set-up failed at" in done.stderr
    assert (copy / ".venv/pyvenv.cfg").exists()
    assert marked(tmp_path / "ran") == ""


def ready(copy: Path) -> None:
    """An environment that dev.py takes for its own, with what is installed here."""
    code = (
        "import sys, pathlib, os; sys.path.insert(0, '.'); import dev;"
        "home = pathlib.Path('.venv'); (home / 'bin').mkdir(parents=True);"
        "(home / 'bin/python').write_text('#!/bin/sh\\nexec ' + os.environ['REAL'] + ' \"$@\"\\n');"
        "(home / 'bin/python').chmod(0o755);"
        "(home / 'made-by-dev.py').write_text(dev.fingerprint(pathlib.Path('requirements/dev.txt')))"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=copy,
        env={**os.environ, "REAL": sys.executable},
        check=True,
        timeout=60,
    )
