"""What importing the run time brings along."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.runtime.helper import Site

HEAVY = {
    "yaml",
    "ruamel",
    "jsonschema",
    "jsonschema_rs",
    "deepdiff",
    "rich",
    "typer",
    "click",
    "subprocess",
    "logging",
}
ALLOWED = {"registry_reconciler.version", "registry_reconciler.runtime"}


def modules_after(code: str) -> set[str]:
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_loads_neither_the_planning_side_nor_a_parser() -> None:
    loaded = modules_after("import registry_reconciler.runtime")
    assert not loaded & HEAVY
    own = {name for name in loaded if name.startswith("registry_reconciler.")}
    assert {name for name in own if not name.startswith("registry_reconciler.runtime.")} <= ALLOWED


def test_a_prepared_workspace_opens_without_a_parser(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.abilities({"ability_id": "a"})
    code = (
        "from registry_reconciler.runtime import open_runtime\n"
        f"assert open_runtime({str(site.root)!r})['ability'].get('a')"
    )
    modules_after(code)
    assert not modules_after(code) & {"yaml", "ruamel", "jsonschema", "jsonschema_rs", "deepdiff", "rich"}


def test_every_public_name_is_there() -> None:
    import registry_reconciler.runtime as runtime

    for name in runtime.__all__:
        assert getattr(runtime, name) is not None
    assert callable(runtime.invoke)
