#!/usr/bin/env python3
"""Set this repository up and run one of its tasks: ``python3 dev.py TASK [ARGUMENTS]``.

Needs Python 3.11 or newer with pip, and git; nothing else has to be there. The first run makes a virtual
environment from a lock file with hashes, later runs find it ready. Arguments go to the task's last command.

The environment is ready only when its stamp says so, and the stamp is written last: an interrupted set-up is
done again, and two set-ups at once wait for each other.

Neither this script nor what it starts looks for modules in the working directory or beside it: a file there that is
named like a module of Python's would be run in its place.
"""

# Not even "from __future__" may stand before this: it is an import.
import sys

if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False) and not sys.flags.isolated:
    del sys.path[0]

import contextlib
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this has not installed anything yet
    sys.exit(f"dev.py: needs Python 3.11 or newer; this is {sys.version.split()[0]}, {sys.executable}")

ROOT = Path(__file__).resolve().parent
Command = tuple[str, ...]


class Task(NamedTuple):
    """What a task is for, the lock file it needs, and its commands (arguments of Python), run in order."""

    help: str
    lock: str
    commands: tuple[Command, ...]


PLAN: Command = ("-m", "registry_reconciler", "plan")
VERIFY: Command = ("-m", "registry_reconciler", "verify")
# One process more than there are cores: tests that wait for a child or a clock leave theirs to another.
PROCESSES = str(min(4, (os.cpu_count() or 1) + 1))
TEST: Command = ("-m", "pytest", "--numprocesses", PROCESSES, "--dist", "worksteal", "-m", "not slow")
SLOW: Command = (*TEST[:-1], "slow")
FORMAT: Command = ("-m", "ruff", "format", "--check", ".")
LINT: Command = ("-m", "ruff", "check", ".")
TYPES: Command = ("-m", "mypy")
SITE: Command = (
    *("-m", "sphinx", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"),
    *("--conf-dir", "docs/site", "--builder", "html", ".", "build/site"),
)
CATALOGUE: Command = ("-m", "registry_reconciler", "site", "--out", "build/catalogue", "--title", "registry")
GENERATED: tuple[Command, ...] = (
    ("-m", "registry_reconciler.queries.guide", "--check", "."),
    ("-m", "registry_reconciler.cli.reference", "--check"),
)

TASKS = {
    "plan": Task("show what `registry apply` would change in this repository", "dev", (PLAN,)),
    "test": Task("run the tests", "dev", (TEST,)),
    "slow": Task("run the tests that take long", "dev", (SLOW,)),
    "lint": Task("check format and style", "dev", (FORMAT, LINT)),
    "types": Task("check the types", "dev", (TYPES,)),
    "generated": Task("check that generated files are up to date", "dev", GENERATED),
    "verify": Task("ask other readers, validators and comparers about this repository", "dev", (VERIFY,)),
    "all": Task(
        "all of the above, as CI does",
        "dev",
        (TEST, SLOW, FORMAT, LINT, TYPES, *GENERATED, VERIFY, (*PLAN, "--detailed-exitcode")),
    ),
    "browser": Task(
        "look at the pages in a real browser (chromium)",
        "browser",
        (("-m", "pytest", "-p", "no:xdist", "tests/browser"),),
    ),
    "docs": Task(
        "build the documentation site into build/site, strictly, and the catalogue into build/catalogue",
        "docs",
        (SITE, CATALOGUE),
    ),
    "release": Task(
        "build, check and install wheel and sdist, as a release does", "release", ((".ci/release.py",),)
    ),
    "bench": Task("run Python where the benchmarks' peers are installed", "bench", ((),)),
    "mutate": Task(
        "run mutmut, e.g. `dev.py mutate run 'registry_reconciler.planning.diff*'`",
        "mutation",
        (("-m", "mutmut"),),
    ),
}


def main(arguments: list[str]) -> int:
    """Run the task that the first argument names; the exit code is that of its first failing command."""
    if not arguments or arguments[0] not in TASKS:
        print("usage: python3 dev.py TASK [ARGUMENTS]\n", file=sys.stderr)
        for name, task in TASKS.items():
            print(f"  {name:<10} {task.help}", file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 64
    name, *extra = arguments
    python = environment(TASKS[name].lock)
    commands = list(TASKS[name].commands)
    commands[-1] += tuple(extra)
    for command in commands:
        code = run(python, command)
        if code:
            return code
    return 0


def run(python: Path, command: Command) -> int:
    """Run Python with these arguments as if the environment were activated."""
    variables = surroundings()
    variables["VIRTUAL_ENV"] = str(python.parent.parent)
    variables["PATH"] = os.pathsep.join([str(python.parent), variables.get("PATH", os.defpath)])
    with contextlib.suppress(KeyboardInterrupt):  # the child got the signal as well, and answers it
        return subprocess.run([str(python), *command], cwd=ROOT, env=variables, check=False).returncode
    return 130


def surroundings() -> dict[str, str]:
    """The environment without what tells Python where to look, and with the word that it looks only where it should."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("PYTHON")}
    return {**kept, "PYTHONSAFEPATH": "1", "PYTHONNOUSERSITE": "1"}


def environment(lock: str) -> Path:
    """The Python of the environment that has what ``requirements/<lock>.txt`` pins, made if need be."""
    home = ROOT / (".venv" if lock == "dev" else f".venv-{lock}")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = home / "made-by-dev.py"
    wanted = fingerprint(ROOT / "requirements" / f"{lock}.txt")
    with one_at_a_time(ROOT / f".venv-{lock}.lock"):
        if not (python.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
            if home.exists() and any(home.iterdir()) and not stamp.is_file():
                sys.exit(f"dev.py: {home} is there but dev.py did not make it; move it away and try again")
            print(f"dev.py: setting up {home.name} from requirements/{lock}.txt ...", file=sys.stderr)
            build(home, python, stamp, lock)
            stamp.write_text(wanted, encoding="utf-8")
    return python


def build(home: Path, python: Path, stamp: Path, lock: str) -> None:
    """Make the environment from nothing; its stamp stays empty until it is whole."""
    # The stamp goes first and comes back first, so that a half-made environment is known as ours.
    if home.exists():
        stamp.write_text("", encoding="utf-8")
        for part in home.iterdir():
            if part != stamp:
                shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()
    home.mkdir(exist_ok=True)
    stamp.write_text("", encoding="utf-8")
    # Without ensurepip, which some systems package apart: the pip at hand serves the new environment.
    finished([sys.executable, "-I", "-m", "venv", "--without-pip", str(home)])
    # Python compiles what is imported when it is; most of what is installed never is.
    pip = [sys.executable, "-I", "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    requirements = str(ROOT / "requirements" / f"{lock}.txt")
    finished([*pip, "--require-hashes", "--only-binary", ":all:", "-r", requirements])
    finished([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    # Tests and benchmarks are found behind everything else, so that nothing here is taken for a module of Python's.
    site = subprocess.run(
        [str(python), "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        cwd=home,
        env=surroundings(),
        capture_output=True,
        check=True,
        text=True,
    )
    Path(site.stdout.strip(), "dev.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def finished(command: list[str]) -> None:
    """Run a step of the set-up; when it fails, so does everything, with its exit code."""
    # It inherits the lock: killed alone, dev.py leaves a pip behind that still writes into the environment.
    variables = {**surroundings(), "PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    code = subprocess.run(command, cwd=ROOT, env=variables, close_fds=False, check=False).returncode
    if code:
        print(f"dev.py: set-up failed at: {' '.join(command)}", file=sys.stderr)
        sys.exit(code)


def fingerprint(lock: Path) -> str:
    """A digest of all that an environment is made from: lock, metadata, interpreter, place."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    made_from = (
        lock.read_text(encoding="utf-8"),
        (ROOT / "src/registry_reconciler/version.py").read_text(encoding="utf-8"),
        [project["build-system"], project["project"], project["tool"]["hatch"]],
        [sys.version, sys.base_prefix, str(ROOT)],
        "dev.pth",
    )
    return hashlib.sha256(repr(made_from).encode()).hexdigest()


@contextlib.contextmanager
def one_at_a_time(path: Path) -> "Iterator[None]":
    """Hold the operating system's lock on a file: it goes with those who hold it, however they end."""
    with path.open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:  # gives up after ten seconds each time; a set-up takes longer
                with contextlib.suppress(OSError):
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            os.set_inheritable(file.fileno(), True)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
