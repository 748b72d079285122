"""Plans, and compares with the base, for the action: annotations, reports, the job summary, the outputs.

What people may name as they like (branches, labels, paths) comes from the environment and goes into lists of
arguments; no shell reads it. This step fails only when it is called wrongly: the verdict is an output, so that
the comment is written first.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from registry_reconciler.base.escape import workflow

PRECEDENCE = (64, 1, 3, 2, 0)
FAIL_ON = {"error", "warning", "changes"}


def main() -> int:
    """Run the commands, write summary and outputs."""
    fail_on = {word.strip() for word in os.environ["INPUT_FAIL_ON"].split(",")} - {""}
    if fail_on != {"never"} and not fail_on <= FAIL_ON:
        print("::error title=registry::fail-on takes error, warning, changes, separated by commas; or never")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="registry-", dir=os.environ["RUNNER_TEMP"]))
    plan = Run(folder / "plan", "github", "--detailed-exitcode", *words(os.environ["INPUT_ARGS"]))
    review = None
    base = revision()
    if base:
        print("::group::What the branch does")
        review = Run(folder / "review", "text", f"--base={base}")
        print("::endgroup::", flush=True)
        if review.data["errors"]:
            print(f"::error title=registry::{workflow(review.data['errors'][0]['message'])}")
    # What blocks is shown first, whichever of the two it is in.
    shown = review if review is not None and (review.exit in (1, 3, 64) or plan.exit in (0, 2)) else plan
    summarise(shown)
    runs = [plan] if review is None else [plan, review]
    write_outputs(
        {
            "exit": str(min((run.exit for run in runs), key=precedence)),
            "plan-id": plan.plan_id,
            "changes": plan.changes,
            "branch-changes": review.changes if review else "",
            "sarif": plan.file("sarif"),
            "markdown": shown.file("md"),
            "json": plan.file("json"),
            "html": shown.file("html"),
            "quiet": "yes" if all(run.quiet for run in runs) else "no",
            "failed": "yes" if any(run.fails(fail_on) for run in runs) else "no",
        }
    )
    return 0


class Run:
    """One ``registry plan`` that has run, and what it wrote."""

    def __init__(self, stem: Path, form: str, *options: str) -> None:
        self.stem = stem
        files = {"json": "json", "sarif": "sarif", "markdown": "md", "summary": "summary.md", "html": "html"}
        command = [sys.executable, "-I", "-m", "registry_reconciler", "plan"]
        command += [*options, f"--root={os.environ['INPUT_ROOT']}", f"--label={os.environ['INPUT_LABEL']}"]
        command += ["--format", form]
        for name, suffix in files.items():
            command += ["--report", f"{name}={stem}.{suffix}"]
        sys.stdout.flush()
        self.exit = subprocess.run(command, check=False, stderr=subprocess.STDOUT).returncode
        if self.exit not in PRECEDENCE:
            self.exit = 1
        path = Path(f"{stem}.json")
        text = path.read_text("utf-8") if path.exists() else '{"errors": [{"message": "there is no report"}]}'
        self.data: dict[str, Any] = json.loads(text)

    def file(self, suffix: str) -> str:
        """The path of a report, or "" where there is none."""
        path = Path(f"{self.stem}.{suffix}")
        return str(path) if path.exists() else ""

    @property
    def plan_id(self) -> str:
        """The id of a plan that may be applied and would write something."""
        summary = self.data.get("summary", {})
        return str(self.data.get("plan_id") or "") if summary.get("applicable") and self.exit == 2 else ""

    @property
    def changes(self) -> str:
        """How many entries change, or ""."""
        return str(len(self.data["changes"])) if "changes" in self.data else ""

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell anybody."""
        said = ("changes", "notices", "drift")
        counts = self.data.get("summary", {"error": 1})
        return self.exit == 0 and not any(
            [*(self.data.get(name) for name in said), counts["error"], counts["warning"]]
        )

    def fails(self, fail_on: set[str]) -> bool:
        """Whether the job fails by this run."""
        if self.exit in (1, 64):
            return True
        warned = "warning" in fail_on and self.data["summary"]["warning"] > 0
        return (
            warned or (self.exit == 3 and "never" not in fail_on) or (self.exit == 2 and "changes" in fail_on)
        )


def precedence(code: int) -> int:
    """The place of an exit code in the order in which they count."""
    return PRECEDENCE.index(code)


def words(text: str) -> list[str]:
    """One word a line; empty lines are none."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def revision() -> str:
    """What to compare with, or "".

    Of a pull request the branch that it goes to. A merge queue names the commit that its group was put on, and no
    branch: that of the pull requests before it, which no branch has yet.
    """
    asked = os.environ["INPUT_BASE"].strip()
    target = os.environ.get("GITHUB_BASE_REF", "")
    return "" if asked == "none" else asked or (f"origin/{target}" if target else queued_on())


def queued_on() -> str:
    """The commit that a merge group was put on; "" where the workflow runs for something else."""
    path = Path(os.environ.get("GITHUB_EVENT_PATH", ""))
    event = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    commit = (event.get("merge_group") or {}).get("base_sha") or ""
    return commit if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit) else ""


def summarise(run: Run) -> None:
    """Append the report to the job summary."""
    text = next(
        (Path(path).read_text("utf-8") for path in (run.file("summary.md"), run.file("md")) if path), ""
    )
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as summary:
        summary.write(text)


def write_outputs(values: dict[str, str]) -> None:
    """Set the outputs of the step: numbers, digests and our paths. A line end in one would set another output."""
    for name, value in values.items():
        if len(value.splitlines()) > 1 or value != value.strip():
            raise ValueError(f"the output {name} is more than one line")
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main())
