"""Make a release as far as it can be made at a desk: ``python3 dev.py release``.

Builds wheel and sdist twice, from two checkouts with other times and permissions, and compares the bytes; builds the
wheel once more from the sdist; lets the usual tools check them; installs the wheel with pip, pipx and uv on every
supported Python that is there, and uses it. What passed is in ``dist/``. Publishing is the workflow's part.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def main() -> int:
    """Build, compare, check, install. The exit code is 1 where anything is not as it has to be."""
    dist = ROOT / "dist"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first, second = (built(home / name, umask) for name, umask in (("one", 0o022), ("two", 0o077)))
        differ = [name for name in first if first[name] != second.get(name)]
        if differ or first.keys() != second.keys():
            return failed(f"two builds differ: {', '.join(differ) or 'they have other names'}")
        again = wheel_of_sdist(home)
        if again != {name: digest for name, digest in first.items() if name.endswith(".whl")}:
            return failed("the wheel that is built from the sdist is another one")
        shutil.rmtree(dist, ignore_errors=True)
        shutil.copytree(home / "one/dist", dist)
        files = sorted(map(str, dist.iterdir()))
        run(sys.executable, "-m", "twine", "check", "--strict", *files)
        wheel = next(name for name in files if name.endswith(".whl"))
        # W002: an __init__ of one line may be like another.
        run(sys.executable, "-m", "check_wheel_contents", "--ignore", "W002", wheel)
        faults = list(unwanted(Path(wheel), next(Path(name) for name in files if name.endswith(".tar.gz"))))
        if faults:
            return failed("; ".join(faults))
        for number, python in enumerate(pythons()):
            install(home / f"install{number}", python, wheel)
    for name, digest in first.items():
        print(f"{digest}  {name}")
    return 0


def built(home: Path, umask: int) -> dict[str, str]:
    """The digests of what is built from a fresh checkout of HEAD."""
    source = home / "source"
    source.mkdir(parents=True)
    before = os.umask(umask)
    try:
        packed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "--no-same-permissions"], cwd=source, check=True, input=packed.stdout)
        run(sys.executable, "-m", "hatchling", "build", "--directory", str(home / "dist"), cwd=source)
    finally:
        os.umask(before)
    return digests(home / "dist")


def wheel_of_sdist(home: Path) -> dict[str, str]:
    """The digest of the wheel that is built from the sdist, as an installer would do it."""
    (packed,) = (home / "one/dist").glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(home / "sdist", filter="data")
    (source,) = (home / "sdist").iterdir()
    run(
        sys.executable,
        *("-m", "hatchling", "build", "--target", "wheel", "--directory", str(home / "third")),
        cwd=source,
    )
    return digests(home / "third")


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 by the name of the file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def unwanted(wheel: Path, sdist: Path) -> Iterator[str]:
    """What is in the files that should not be, or is missing."""
    names = zipfile.ZipFile(wheel).namelist()
    strangers = {name.split("/")[0] for name in names if not name.startswith("registry_reconciler")}
    if strangers:
        yield f"the wheel has {', '.join(sorted(strangers))}"
    if not any(name.endswith("licenses/LICENSE") for name in names):
        yield "the wheel has no licence"
    with tarfile.open(sdist) as archive:
        parts = {name.partition("/")[2] for name in archive.getnames()}
    missing = {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "pyproject.toml",
        "src/registry_reconciler/py.typed",
    } - parts
    if missing:
        yield f"the sdist lacks {', '.join(sorted(missing))}"


def pythons() -> Iterator[str]:
    """The supported Pythons that are on this machine; at least the one that runs this."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield sys.executable
    for version in PYTHONS:
        found = shutil.which(f"python{version}")
        works = (
            found and subprocess.run([found, "--version"], check=False, capture_output=True).returncode == 0
        )
        if found and works and version != own:
            yield found


def install(home: Path, python: str, wheel: str) -> None:
    """Install the wheel with pip, pipx and uv for one Python, and use what was installed."""
    home.mkdir()
    run(python, "-m", "venv", str(home / "venv"))
    run(str(home / "venv/bin/python"), "-m", "pip", "install", "--quiet", wheel)
    use(home / "venv/bin/registry", home)
    boxes = {"PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "pipx-bin")}
    run(sys.executable, "-m", "pipx", "install", "--quiet", "--python", python, wheel, env=boxes)
    use(home / "pipx-bin/registry", home)
    boxes = {"UV_TOOL_DIR": str(home / "uv"), "UV_TOOL_BIN_DIR": str(home / "uv-bin")}
    run(sys.executable, "-m", "uv", "tool", "install", "--quiet", "--python", python, wheel, env=boxes)
    use(home / "uv-bin/registry", home)


def use(command: Path, home: Path) -> None:
    """A command that was installed makes a workspace and plans it."""
    work = Path(tempfile.mkdtemp(dir=home))
    run(str(command), "--version")
    run(str(command), "init", "--kinds", "module_type", cwd=work)
    (work / "desired/types.yaml").write_text("module_type:\n  - {id: api, description: Answers.}\n", "utf-8")
    run(str(command), "apply", "--yes", cwd=work)
    run(str(command), "plan", "--detailed-exitcode", cwd=work)


def run(*words: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a step; when it fails, so does everything."""
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **(env or {})}, check=False, capture_output=True, text=True
    )
    print(f"{'ok' if not done.returncode else 'failed'}  {_short(words)}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise SystemExit(1)


def _short(words: Sequence[str]) -> str:
    return " ".join(Path(word).name if os.path.isabs(word) else word for word in words)


def failed(why: str) -> int:
    """Say why there is no release."""
    print(f"no release: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
