"""Write down a workspace as an older program leaves it: ``python -m tests.upgrade.record [REVISION]``.

The program is the package as it stands in a revision of this repository, run by this Python in an empty
repository. By default that is the last one with the former form of the state: one file for each fragment,
``history.jsonl``, and two lines in ``.gitattributes``. The files that it leaves become ``workspace.json``, path by
path; nothing in them is edited.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HOME = Path(__file__).parents[2]
LEFT = Path(__file__).with_name("workspace.json")
LAST_OF_ITS_FORM = "9c1fa51"

SERVICES = """\
# Ask the platform team before you add one.
services:
  - id: pay        # takes cards
    team: cards
  - id: shop
    team: web
    calls: [pay]
"""
SCHEMA = """\
x-registry:
  kind: service
  layout: list
  file: services.yaml
  at: services
  key: id
  references:
    - {field: "calls[]", kind: service}
type: object
required: [id, team]
properties:
  id: {type: string}
  team: {type: string}
  calls: {type: array, items: {type: string}}
additionalProperties: false
"""
TYPES = """\
module_type:
  # Asked for by the web team.
  - id: http_api
    description: Answers requests.
    outbound: [store]
  - id: store
    description: Keeps data.
    inbound: [http_api]
"""


def leave(folder: Path, package: Path) -> None:
    """What somebody did with the older program: took over a list, made entries, renamed one, deleted one."""

    def run(*words: str) -> None:
        command = [sys.executable, "-m", "registry_reconciler", *words]
        subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(package)},
            check=True,
            capture_output=True,
        )

    def write(path: str, text: str) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")

    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    write("services.yaml", SERVICES)
    run("init", "--kinds", "module_type", "--no-agents-pointer")
    write(".system/registry/schemas/service.schema.yaml", SCHEMA)
    run("adopt", "--all")
    run("apply", "--yes")
    write("desired/types.yaml", TYPES)
    run("apply", "--yes")
    there = (folder / "desired/service.yaml").read_text("utf-8")
    write("desired/service.yaml", there + "  - {id: mail, team: web}\n")
    run("apply", "--yes")
    there = (folder / "desired/service.yaml").read_text("utf-8")
    renamed = there.replace("id: mail", "id: post")
    write("desired/service.yaml", renamed + "moved:\n  - {from: service/mail, to: service/post}\n")
    run("apply", "--yes")


def main(revision: str) -> None:
    """Take the package of a revision, work with it, and write down what it left."""
    with tempfile.TemporaryDirectory() as place:
        package, folder = Path(place) / "program", Path(place) / "workspace"
        packed = subprocess.run(
            ["git", "-C", str(HOME), "archive", revision, "src"], check=True, capture_output=True
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as packed_files:
            packed_files.extractall(package, filter="data")
        leave(folder, package / "src")
        files = sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
        left = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}
    LEFT.write_text(json.dumps({"made_by": revision, "files": left}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main((sys.argv[1:] or [LAST_OF_ITS_FORM])[0])
