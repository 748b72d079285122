"""The process that renders: begun early where it is needed, not where it is not, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from registry_reconciler.base.child import Child, _Clock
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.loading import workspace
from registry_reconciler.loading.registries import Live, load_live
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from tests.outputs.helper import FRAGMENT, Home

LOUD = "{% for s in entries.skill %}\n{{ s.key | upper | string }}\n{% endfor %}\n"
OUTPUT = "outputs: [{id: table, file: README.md, region: table, template: table.md.j2}]\n"


class Records:
    """What outputs were made of, in memory."""

    def __init__(self) -> None:
        self.known: dict[str, object] = {}

    def load(self) -> dict[str, object]:
        return self.known

    def save(self, records: dict[str, object]) -> None:
        self.known = {**self.known, **records}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.outputs(OUTPUT)
    found.write({".system/registry/templates/table.md.j2": LOUD})
    return found


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened, in its order: a process was begun, entries were read, a process was ended."""
    found: list[str] = []
    start, end = Child.start, Child.end

    def starting(child: Child) -> Child:
        found.append("begun")
        return start(child)

    def ending(child: Child) -> None:
        found.append("ended")
        end(child)

    def loading(*given: object, **more: object) -> Live:
        found.append("read")
        return load_live(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Child, "start", starting)
    monkeypatch.setattr(Child, "end", ending)
    monkeypatch.setattr(workspace, "load_live", loading)
    return found


def plan(home: Home, records: Records | None = None) -> str:
    """What a plan would write into the page."""
    found = make_plan(DiskTree(home.root), PlanOptions(), records=records).plan  # type: ignore[arg-type]
    return next((file.content or b"" for file in found.files if file.path == "README.md"), b"").decode()


def test_it_is_begun_before_entries_are_read_where_nothing_is_known_of_an_output(
    home: Home, happened: list[str]
) -> None:
    assert "\nDOCX\nPDF\n" in plan(home, Records())
    assert happened[:2] == ["begun", "read"]
    assert (happened.count("begun"), "ended" in happened) == (1, True)


def test_it_is_begun_once_a_change_is_certain(home: Home, happened: list[str]) -> None:
    home.apply()
    records = Records()
    plan(home, records)
    happened.clear()
    home.write({"desired/skills.yaml": FRAGMENT + "  - {id: xlsx, path: skills/xlsx}\n"})
    assert "\nXLSX\n" in plan(home, records)
    assert happened[:2] == ["read", "begun"]
    happened.clear()
    assert "\nXLSX\n" in plan(home, records)
    assert happened[:2] == ["read", "begun"]  # what stands there is not yet what was rendered


@pytest.mark.parametrize(
    ("outputs", "template"),
    [
        (OUTPUT, LOUD.replace(" | upper | string", "")),
        (OUTPUT + "  - broken: [", LOUD),
        (OUTPUT.replace("table.md.j2", "../table.md.j2"), LOUD),
        (OUTPUT.replace("README.md, region: table", "skills/_registry.yml"), LOUD),
        (OUTPUT.replace("region: table", "region: nowhere"), LOUD),
    ],
    ids=["only names", "no YAML", "a template elsewhere", "the file of a registry", "no such region"],
)
def test_it_is_not_begun_where_nothing_is_rendered_by_it(
    home: Home, happened: list[str], outputs: str, template: str
) -> None:
    home.outputs(outputs)
    home.write({".system/registry/templates/table.md.j2": template})
    plan(home)
    assert happened == ["read"]


def test_it_is_not_begun_where_nothing_changed(home: Home, happened: list[str]) -> None:
    home.apply()
    records = Records()
    plan(home, records)
    happened.clear()
    home.write({"desired/skills.yaml": FRAGMENT + "# A comment.\n"})
    assert not plan(home, records)
    assert happened == ["read"]


@pytest.mark.parametrize("stage", ["put_together", "load_fragments"])
def test_a_failure_in_between_leaves_none_behind(
    home: Home, happened: list[str], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def interrupted(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workspace, stage, interrupted)
    with pytest.raises(KeyboardInterrupt):
        plan(home)
    assert happened == ["begun", "read", "ended"]


def test_what_was_not_made_ready_is_answered_by_who_waits(home: Home) -> None:
    home.write(
        {
            ".system/registry/templates/table.md.j2": '{% include "row.md.j2" %}\n',
            ".system/registry/templates/row.md.j2": '{% for s in entries["skill"] | sort(attribute="place.position")'
            " %}{{ s.key | upper }} {% endfor %}",
            "desired/skills.yaml": FRAGMENT,
        }
    )
    assert "DOCX PDF" in plan(home)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_ends_by_itself_when_the_command_is_killed(home: Home) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from registry_reconciler.files.tree import DiskTree\n"
        "from registry_reconciler.loading import workspace\n"
        "from registry_reconciler.outputs import beside\n"
        "from registry_reconciler.planning.pipeline import make_plan\n"
        "def killed(*_given, **_more):\n"
        "    print(READY._child._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "class Noted(beside.ReadyProcess):\n"
        "    def __init__(self, records):\n"
        "        global READY\n"
        "        READY = self\n"
        "        super().__init__(records)\n"
        "beside.ReadyProcess = Noted\n"
        "workspace.load_live = killed\n"
        "make_plan(DiskTree(Path(sys.argv[1])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    until = time.monotonic() + 60
    while _is_there(int(done.stdout)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_there(int(done.stdout))


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_the_time_of_a_process_stands_still_while_it_waits_for_somebody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("registry_reconciler.base.child.time.monotonic", lambda: now[0])
    late: list[float] = []
    clock = _Clock(60, lambda: late.append(now[0]))
    now[0] += 50
    with clock.stopped():
        now[0] += 500
        clock._look()
    now[0] += 9
    clock._look()
    assert (clock.spent, late) == (59, [])
    now[0] += 2
    clock._look()
    clock.stop()
    assert late == [now[0]]
