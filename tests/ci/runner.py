"""A CI runner in small: runs the steps of ``action.yml`` in a shell, with the files and variables of a runner."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BASE: str = getattr(sys, "_base_executable", sys.executable)
"""The Python that the environment of the tests was made from; it has pip."""

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]

# Stands for a Python that has to be installed into: its environments are this one, its pip only takes notes. What it
# stands for is started all the same, in the same place and with the same options, so that it imports what it would.
PYTHON = """\
#!/usr/bin/env bash
own=()
for one in "$@"; do case "$one" in -m|-c) break;; -*) own+=("$one");; *) break;; esac; done
rest=("${{@:${{#own[@]}}+1}}")
case "${{rest[0]}} ${{rest[1]}}" in
  "-m venv")
    "{base}" "${{own[@]}}" -m venv --help >/dev/null || exit
    home="${{@: -1}}"; mkdir -p "$home/bin" "$home/site"; cp "$0" "$home/bin/python"; exit;;
  "-m pip")
    "{base}" "${{own[@]}}" -m pip --version >/dev/null || exit
    printf '%s\\n' "$*" >>"{notes}"; exit;;
esac
case "${{rest[1]}}" in *sysconfig*)
  "{base}" "$@" >/dev/null || exit
  printf '%s\\n' "$(dirname "$(dirname "$0")")/site"; exit;;
esac
exec "{real}" "$@"
"""


@dataclass(frozen=True)
class Job:
    """What a job did; ``path`` and ``set`` are the search path and the variables of the steps that follow."""

    exit: int
    log: str
    summary: str
    outputs: dict[str, str]
    path: list[str]
    set: dict[str, str]

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.log.splitlines() if re.match(r"::(error|warning|notice) ", line)]


@dataclass
class Runner:
    """One machine. ``api``: where the service is; ``event``: what the workflow runs for."""

    home: Path
    checkout: Path
    api: str = "http://127.0.0.1:9"
    event: dict[str, Any] = field(default_factory=dict)
    base_ref: str = "main"
    action: Path = ROOT / "action.yml"
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, **inputs: str) -> Job:
        """All steps of the action, until one fails."""
        self.home.mkdir(exist_ok=True)
        action = yaml.safe_load(self.action.read_text("utf-8"))
        values = {name: one.get("default", "") for name, one in action["inputs"].items()}
        values |= {"python": str(self._python())}
        values |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {"github.token": "the-token"}
        known |= {f"inputs.{name}": _resolve(value, known) for name, value in values.items()}
        env = self._environment()
        log, code = "", 0
        given: dict[str, str] = {}
        for number, step in enumerate(action["runs"]["steps"]):
            files = self._files(number)
            own = {name: _resolve(str(value), known) for name, value in step.get("env", {}).items()}
            script = self.home / f"{number}.sh"
            script.write_text(step["run"], "utf-8")
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=self.checkout,
                env={**env, **own, **{name: str(path) for name, path in files.items()}},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=120,
            )
            log += done.stdout.decode()
            given |= _pairs(files["GITHUB_ENV"])
            env |= given
            for one in files["GITHUB_PATH"].read_text().split():
                env["PATH"] = f"{one}{os.pathsep}{env['PATH']}"
            outputs = _pairs(files["GITHUB_OUTPUT"])
            known |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in outputs.items()}
            code = done.returncode
            if code:
                break
        named = {name: _resolve(one["value"], known) for name, one in action["outputs"].items()}
        summary = "".join(path.read_text("utf-8") for path in sorted(self.home.glob("*.GITHUB_STEP_SUMMARY")))
        return Job(code, log, summary, named, env["PATH"].split(os.pathsep), given)

    @property
    def notes(self) -> str:
        """What pip was asked for."""
        path = self.home / "pip"
        return path.read_text("utf-8") if path.exists() else ""

    def _python(self) -> Path:
        path = self.home / "python3"
        path.write_text(PYTHON.format(notes=self.home / "pip", real=sys.executable, base=BASE), "utf-8")
        path.chmod(0o755)
        return path

    def _environment(self) -> dict[str, str]:
        event = self.home / "event.json"
        event.write_text(json.dumps(self.event), "utf-8")
        temp = self.home / "temp"
        temp.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action.parent),
            "GITHUB_API_URL": self.api,
            "GITHUB_BASE_REF": self.base_ref,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_GRAPHQL_URL": f"{self.api}/graphql",
            "GITHUB_REPOSITORY": "shop/shop",
            "GITHUB_SERVER_URL": "https://git.example",
            "GITHUB_SHA": "0a1b2c3",
            "PYTHONDONTWRITEBYTECODE": "1",
            "REGISTRY_RETRY_SECONDS": "0",
            "RUNNER_TEMP": str(temp),
            **self.variables,
        }

    def _files(self, number: int) -> dict[str, Path]:
        names = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        files = {name: self.home / f"{number}.{name}" for name in names}
        for path in files.values():
            path.write_text("")
        return files


def _resolve(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: known.get(found[1], ""), text)


def _pairs(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}
