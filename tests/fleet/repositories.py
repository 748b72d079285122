"""Small repositories for the tests of a fleet: a work tree that is committed, and its bare clone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support import git

SCHEMA = """\
x-registry: {kind: thing, layout: list, file: t.yaml, at: things, key: id}
type: object
required: [id, text]
properties: {id: {type: string}, text: {type: string}}
"""
FILES = {
    ".system/registry/schemas/thing.schema.yaml": SCHEMA,
    "t.yaml": "things: []\n",
    "desired/a.yaml": "thing:\n  - {id: one, text: first}\n",
}


def repository(folder: Path, files: Mapping[str, str | bytes] | None = None) -> str:
    """A committed repository with these files beside the usual ones; its commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    return committed(folder, {**FILES, **(files or {})})


def committed(folder: Path, files: Mapping[str, str | bytes]) -> str:
    """Commit files; the commit."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "step")
    return git(folder, "rev-parse", "HEAD").strip()


def bare(folder: Path, files: Mapping[str, str | bytes] | None = None) -> str:
    """A bare repository, without the work tree that it was made from; its commit."""
    work = folder.with_name(folder.name + ".work")
    commit = repository(work, files)
    git(work, "clone", "-q", "--bare", ".", str(folder))
    shutil.rmtree(work)
    return commit


def fleet_file(folder: Path, names: Mapping[str, str]) -> Path:
    """A fleet's file: what stands behind each name, in braces."""
    rows = "".join(f"  - {{name: {name}, {more}}}\n" for name, more in names.items())
    path = folder / "fleet.yaml"
    path.write_text(f"repositories:\n{rows}")
    return path


def runs(pid: int) -> bool:
    """Whether a process does something: one that has ended, and that nobody has asked about, does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:
        return not Path("/proc").is_dir()
    return state != "Z"
