"""Small workspaces, for every test that needs one: in memory, or on a disk with the command.

In memory: files by path (``Files``), their plan (``plan_of``), and what an apply leaves (``after``, ``applied``). On a
disk: ``Folder``, and with the command in it ``Box`` (in this process, so it is quick) or ``Installed`` (the script, as
users have it). A long example stands beside the test that reads it and is handed to what stands here.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from registry_reconciler.cli.main import main
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.yaml.edit.splice import dump
from registry_reconciler.model.entry import Json
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import Planning, make_plan
from registry_reconciler.schema.packaged import builtin_schemas

Files = dict[str, bytes | None]
"""A workspace: bytes by path; ``None``: the file is not there."""

SCHEMAS = ".system/registry/schemas"


def builtin_files() -> Files:
    """The schema files of the built-in kinds."""
    return {f"{SCHEMAS}/{kind}.schema.yaml": data for kind, data in builtin_schemas().items()}


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module. Tests that look at the program read every module, each once a process."""
    return ast.parse(path.read_text(encoding="utf-8"))


def planning_of(files: Mapping[str, bytes | None], options: PlanOptions | None = None) -> Planning:
    """The plan of a workspace, with all that was loaded for it."""
    return make_plan(MemoryTree(files), options or PlanOptions())


def plan_of(files: Mapping[str, bytes | None], options: PlanOptions | None = None) -> Plan:
    """The plan of a workspace."""
    return planning_of(files, options).plan


def kind_file(name: str, spec: str, schema: str = "type: object") -> Files:
    """The schema file of a kind: ``spec`` is what stands in ``x-registry`` beside its name, without the braces."""
    text = f"x-registry: {{kind: {name}, {spec}}}\n{schema}\n"
    return {f"{SCHEMAS}/{name}.schema.yaml": text.encode()}


def with_fragment(files: Mapping[str, bytes | None], content: Mapping[str, Json]) -> Files:
    """A workspace whose one fragment ``desired/all.yaml`` says this."""
    return {**files, "desired/all.yaml": dump(dict(content)).encode()}


def thing_kind(more: str = "") -> Files:
    """The kind ``thing``: a list in ``t.yaml``, by ``id``; ``more`` stands in its ``x-registry`` too."""
    return kind_file("thing", "layout: list, file: t.yaml, key: id" + (f", {more}" if more else ""))


def written_files(plan: Plan) -> Files:
    """The files of a plan with their new bytes; ``None`` where one goes."""
    return {file.path: file.content for file in plan.files}


def after(files: Mapping[str, bytes | None], plan: Plan) -> Files:
    """The workspace once a plan was applied, which must be possible."""
    assert plan.applicable, [(problem.code, problem.message) for problem in plan.blocking]
    return {**files, **written_files(plan)}


def applied(files: Mapping[str, bytes | None], options: PlanOptions | None = None) -> Files:
    """The workspace once its plan was applied; nothing may be left to be done."""
    done = after(files, plan_of(files, options))
    assert options is not None or plan_of(done).empty
    return done


FRAGMENT = """\
module_type:
  - id: http_api
    description: An API.
module_instance:
  - module_id: payments.api
    module_type: http_api
    module_level: 1
    description: Takes card payments.
module_maturity:
  - module_id: payments.api
    maturity: FUNCTIONAL
route:
  # When something goes wrong.
  - id: api.errors
    scope: api
    topic: errors
    module_id: payments.api
    when_to_use: A client gets an error.
"""

EVERYTHING = (
    "module_instance/payments.api",
    "module_maturity/payments.api",
    "module_type/http_api",
    "route/api.errors",
)
ROUTES = "modules/routes/api.yaml"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as JSON; every command's envelope is checked on the way."""
        data: dict[str, Any] = json.loads(self.out)
        assert {"format_version", "command", "exit", "errors", "next"} <= data.keys()
        assert data["exit"] == self.exit
        return data


def lay_out(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Write files below a folder, with the bytes or the line ends that are given; the folder."""
    for path, content in files.items():
        if content is not None:
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


class Folder:
    """A workspace on the disk: its files, and git in it."""

    def __init__(self, root: Path, files: Mapping[str, str] | None = None) -> None:
        self.root = lay_out(root, files or {})

    def write(self, path: str, text: str) -> None:
        """A file of the workspace, with the line ends that the text has."""
        lay_out(self.root, {path: text})

    def read(self, path: str) -> str:
        """A file of the workspace, its line ends as they are."""
        return (self.root / path).read_bytes().decode()

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file; ``old`` has to be there."""
        text = self.read(path)
        assert old in text
        self.write(path, text.replace(old, new))

    def files(self) -> dict[str, bytes]:
        """Every file with its bytes, those of git left out."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".git" not in path.parts
        }

    def git(self, *words: str) -> str:
        """A git command in the workspace."""
        return git(self.root, *words)

    def commit(self, why: str = "step") -> str:
        """Commit everything; the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", why)
        return self.git("rev-parse", "HEAD").strip()


class Box(Folder):
    """A workspace, and the command line run in it, in this process."""

    def __init__(self, root: Path, capsys: Any, files: Mapping[str, str] | None = None) -> None:
        super().__init__(root, files)
        self.capsys = capsys

    @classmethod
    def started(cls, root: Path, capsys: Any, files: Mapping[str, str] | None = None) -> Box:
        """A workspace in git after ``init --kinds none``, with these files; nothing is applied or committed."""
        root.mkdir(parents=True, exist_ok=True)
        box = cls(root, capsys)
        assert box.run("init", "--kinds", "none").exit == 0
        box.git("init", "-q")
        lay_out(root, files or {})
        return box

    def run(self, *words: str) -> Ran:
        """One command, in this process."""
        before = os.getcwd()
        os.chdir(self.root)
        self.capsys.readouterr()
        try:
            code = main(words)
        finally:
            os.chdir(before)
        printed = self.capsys.readouterr()
        return Ran(code, printed.out, printed.err)


class Installed(Folder):
    """A workspace, and the installed command run in it, as a process of its own."""

    def run(self, *words: str, **more: Any) -> Ran:
        """One command; ``more`` goes to :func:`installed`."""
        return installed(*words, cwd=self.root, **more)


def git(folder: Path, *words: str) -> str:
    """A git command that depends on nothing of the machine."""
    settings = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"]
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *settings, *words], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


def installed(*words: str, cwd: Path, stdin: str | None = None, env: dict[str, str] | None = None) -> Ran:
    """A command through the installed script."""
    script = Path(sys.executable).parent / ("registry.exe" if os.name == "nt" else "registry")
    done = subprocess.run(
        [str(script), *words],
        cwd=cwd,
        input=stdin.encode() if stdin is not None else None,
        stdin=subprocess.DEVNULL if stdin is None else None,
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
