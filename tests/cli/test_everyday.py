"""What is typed every day: lists with conditions, revisions as git writes them, short answers, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROUTES, Box, installed

MORE = """\
route:
  - {id: api.one, scope: api, topic: one, module_id: payments.api, when_to_use: x, priority: 3, tags: [eval, Big]}
  - {id: api.two, scope: api, topic: two, module_id: payments.api, when_to_use: x, priority: 12, status: active}
"""


def test_list_where_and_columns(applied: Box) -> None:
    applied.write("desired/more.yaml", MORE)

    def listed(*where: str) -> list[str]:
        words = [word for one in where for word in ("--where", one)]
        done = installed("list", "route", *words, "--format", "json", cwd=applied.root)
        assert done.exit == 0, done
        return [one["address"].removeprefix("route/") for one in done.json["entries"]]

    assert listed("tags~ev") == ["api.one"]
    assert listed("tags=big") == []
    assert listed("tags~big topic=one") == ["api.one"]
    assert listed("priority>3") == ["api.two"]
    assert listed("priority>=3", "status!=active") == ["api.one"]
    assert listed("!priority") == ["api.errors"]
    assert listed("status") == ["api.two"]
    assert listed("topic!~o") == []
    assert listed('when_to_use="A client gets an error."') == ["api.errors"]
    table = applied.run("list", "route", "--where", "priority", "--columns", "priority,tags,topic").out
    assert table.splitlines() == [
        "               priority  tags       topic",
        "route/api.one  3         eval, Big  one",
        "route/api.two  12                   two",
        "2 entries",
    ]
    told = applied.run("list", "route/api.one", "--columns", "tags[]", "--format", "json").json
    assert told["entries"][0]["columns"] == {"tags[]": ["eval", "Big"]}


@pytest.mark.parametrize("word", ["=x", "a=b=c d", "priority>x", "!a=b", "a[=1", "'a"])
def test_list_says_what_condition_it_cannot_read(applied: Box, word: str) -> None:
    done = applied.run("list", "--where", word)
    if word == "a=b=c d":
        assert done.exit == 0
        return
    assert done.exit == 64
    assert "--where" in done.err
    assert "Traceback" not in done.err


def test_diff_takes_revisions_as_git_writes_them(committed: Box) -> None:
    committed.git("checkout", "-qb", "more")
    committed.write("desired/more.yaml", MORE)
    committed.git("add", "-A")
    committed.git("commit", "-qm", "more")
    committed.git("checkout", "-q", "main")
    committed.replace("desired/all.yaml", "topic: errors", "topic: faults")
    committed.git("commit", "-qam", "faults")
    two = {"route/api.one", "route/api.two"}

    def changed(*words: str) -> set[str]:
        done = installed("diff", *words, "--format", "json", cwd=committed.root)
        assert done.exit == 0, done
        return {one["address"] for one in done.json["changes"]}

    assert changed("main..more") == changed("main", "more") == two | {"route/api.errors"}
    assert changed("main...more") == two
    assert changed("..more") == changed("main..more")
    assert changed("more..") == changed("more", "main")
    assert installed("diff", "main..nowhere", cwd=committed.root).exit == 64


def test_brief_answers_are_short(box: Box) -> None:
    entries = "".join(f"  - {{id: t{n}, description: A type.}}\n" for n in range(300))
    box.write("desired/types.yaml", f"module_type:\n{entries}")
    done = installed("apply", "--yes", "--brief", cwd=box.root)
    assert done.exit == 0
    assert done.out.startswith("APPLICABLE; 304 to create")
    assert done.out.splitlines()[-1].startswith("applied: 304 to create; wrote ")
    assert len(done.out) < 3_200
    box.replace("desired/all.yaml", "module_id: payments.api\n    when", "module_id: paymnts.api\n    when")
    check = installed("check", "--brief", cwd=box.root)
    assert check.exit == 3
    assert check.out.startswith("BLOCKED by 1")
    assert len(check.out) < 3_000
    blocked = installed("apply", "--yes", "--brief", cwd=box.root)
    assert (blocked.exit, blocked.out.startswith("BLOCKED by 1")) == (3, True)
    assert installed("apply", "--brief", "--format", "json", cwd=box.root).exit == 64


def test_apply_shows_the_plan_before_it_writes(box: Box) -> None:
    """Where nothing can be written, the plan is shown all the same."""
    box.write("modules/routes/api.yaml", "routes: []\n")
    (box.root / "modules/routes").chmod(0o500)
    try:
        done = installed("apply", "--yes", cwd=box.root)
    finally:
        (box.root / "modules/routes").chmod(0o700)
    if os.geteuid() != 0:
        assert done.exit == 3
    assert done.out.startswith("module_instance: 1 to create")
    assert done.out.count("Plan: ") == 1


def test_ctrl_c_says_on_a_new_line_that_nothing_was_written(applied: Box) -> None:
    applied.replace("desired/all.yaml", "topic: errors", "topic: faults")
    before = applied.read(ROUTES)
    script = Path(sys.executable).parent / "registry"
    master, slave = pty.openpty()
    with subprocess.Popen(
        [str(script), "apply"], cwd=applied.root, stdin=slave, stdout=slave, stderr=slave, text=True
    ) as running:
        os.close(slave)
        shown = ""
        while "[y/N]" not in shown:
            shown += os.read(master, 4096).decode()
        running.send_signal(signal.SIGINT)
        running.wait(timeout=30)
        try:
            while chunk := os.read(master, 4096).decode():
                shown += chunk
        except OSError:
            pass  # the terminal is gone
    os.close(master)
    assert running.returncode == 130
    assert shown.replace("\r\n", "\n").endswith(
        "[y/N] \nregistry apply: interrupted; nothing was written\n"
    ), shown
    assert applied.read(ROUTES) == before
