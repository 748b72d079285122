"""The files that other tools read: the action, the workflows, the hooks; and the workflows of ``docs/ci.md``."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runner import ACTION, ROOT
from tests.support import Box, installed

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PAGE = (ROOT / "docs/ci.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SHOWN = [text for text in BLOCKS if text.startswith("name:")]
HOOKS: dict[str, dict[str, Any]] = {
    one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
}


def check(schema: str, *files: Path) -> None:
    """Validate with the schemas that check-jsonschema ships."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_obeys_its_schema() -> None:
    check("vendor.github-actions", ROOT / "action.yml", ROOT / "publish/action.yml")


def test_the_workflows_obey_their_schema(tmp_path: Path) -> None:
    files = list(WORKFLOWS)
    for number, text in enumerate(SHOWN):
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(text, "utf-8")
    assert len(WORKFLOWS) >= 2
    assert len(SHOWN) >= 3
    check("vendor.github-workflows", *files)


def steps() -> list[Any]:
    texts = [*(path.read_text("utf-8") for path in WORKFLOWS), *SHOWN]
    jobs = [job for text in texts for job in yaml.safe_load(text)["jobs"].values()]
    return [step for job in jobs for step in job["steps"]]


def test_what_is_passed_to_the_action_are_inputs_of_it() -> None:
    using = [one for one in steps() if one.get("uses", "").startswith(("./", "OWNER/registry@"))]
    assert len(using) >= 4
    for step in using:
        assert step.get("with", {}).keys() <= ACTION["inputs"].keys()


def test_no_script_of_a_workflow_holds_an_expression() -> None:
    assert [one["run"] for one in steps() if "${{" in one.get("run", "")] == []


def test_outputs_that_are_used_exist() -> None:
    texts = "".join([*(path.read_text("utf-8") for path in WORKFLOWS), *SHOWN])
    used = set(re.findall(r"steps\.registry\.outputs\.([\w-]+)", texts))
    assert used
    assert used <= ACTION["outputs"].keys()


def test_every_workflow_says_what_its_token_may_do() -> None:
    for text in [*(path.read_text("utf-8") for path in WORKFLOWS), *SHOWN]:
        assert yaml.safe_load(text)["permissions"], text


# The hooks, as pre-commit runs them


def hook(name: str, box: Box, *staged: str) -> int:
    """Run a hook; ``staged`` are the files of the commit."""
    one = HOOKS[name]
    files = [path for path in staged if re.search(one.get("files", ""), path)]
    if not files and not one.get("always_run"):
        return 0
    words = shlex.split(one["entry"])
    assert words[0] == "python"
    if one.get("pass_filenames", True):
        words += files
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=box.root, capture_output=True, check=False, timeout=60
    )
    return done.returncode


def test_the_hooks_obey_their_schema(tmp_path: Path) -> None:
    # check-jsonschema ships none for hooks; these are the fields that pre-commit asks for.
    for one in HOOKS.values():
        assert {"id", "name", "entry", "language", "description", "minimum_pre_commit_version"} <= one.keys()
        assert one["language"] == "python"
        assert one["require_serial"] is True
    assert list(HOOKS) == ["registry-check", "registry-applied", "registry-fmt"]


def test_the_check_fails_a_commit_that_breaks_an_entry_elsewhere(committed: Box) -> None:
    assert hook("registry-check", committed, "README.md") == 0
    committed.replace("desired/all.yaml", "  - id: http_api", "  - id: other_api")
    assert hook("registry-check", committed, "README.md") == 3


def test_a_commit_fails_where_apply_was_forgotten(committed: Box) -> None:
    assert hook("registry-applied", committed, "README.md") == 0
    committed.replace("desired/all.yaml", "topic: errors", "topic: faults")
    assert hook("registry-check", committed, "desired/all.yaml") == 0
    assert hook("registry-applied", committed, "desired/all.yaml") == 2
    committed.run("apply", "--yes")
    assert hook("registry-applied", committed, "desired/all.yaml") == 0
    # As pre-commit puts what is not added aside: the fragment is part of the commit, the registry is not.
    committed.git("add", "desired")
    committed.git("stash", "-q", "--keep-index", "--include-untracked")
    assert hook("registry-applied", committed, "desired/all.yaml") == 2
    committed.git("stash", "pop", "-q")
    committed.git("add", "-A")
    assert hook("registry-applied", committed, "desired/all.yaml") == 0
    committed.replace("desired/all.yaml", "module_type: http_api", "module_type: http_ap")
    assert hook("registry-applied", committed, "desired/all.yaml") == 3


def test_the_formatter_formats_what_is_committed(committed: Box) -> None:
    committed.write("desired/other.yaml", "module_type:\n- {description: B, id: batch}\n")
    committed.write("desired/left.yaml", "module_type:\n- {description: B, id: left}\n")
    before = committed.read("desired/left.yaml")
    assert hook("registry-fmt", committed, "desired/other.yaml", "modules/x.yaml", "README.md") == 0
    assert "  - {description: B, id: batch}\n" in committed.read("desired/other.yaml")
    assert committed.read("desired/left.yaml") == before


@pytest.mark.parametrize("path", ["modules/routes/api.yaml", ".system/registry/config.yaml", "README.md"])
def test_the_formatter_is_for_fragments_only(path: str) -> None:
    assert not re.search(HOOKS["registry-fmt"]["files"], path)


def test_the_formatter_takes_paths_from_the_git_root(committed: Box) -> None:
    (committed.root / "services").mkdir()
    committed.git("mv", ".system", "desired", "modules", "services/")
    committed.write("services/desired/other.yaml", "module_type:\n- {description: B, id: batch}\n")
    ran = installed("fmt", "--root", "services", "services/desired/other.yaml", cwd=committed.root)
    assert ran.exit == 0, ran.err
    assert "  - {description: B, id: batch}\n" in committed.read("services/desired/other.yaml")
