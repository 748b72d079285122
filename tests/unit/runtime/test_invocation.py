"""The laws of invocation, one test each."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    CapabilityDenied,
    Definition,
    InvocationResult,
    Invoker,
    Key,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    UnknownCapabilityError,
    Vocabulary,
    exercise,
    invoke,
    open_runtime,
)
from registry_reconciler.runtime.execution.audit import AuditLine
from registry_reconciler.runtime.execution.handlers import RunLimits
from tests.unit.runtime.helper import ECHO, Site, runs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="scripts and process groups are tested on POSIX")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


class Run:
    """Invokes in a workspace and keeps the audit lines."""

    def __init__(self, site: Site, **settings: Any) -> None:
        self.lines: list[AuditLine] = []
        self._invoker = open_runtime(site.root).invoker(**{"audit": self.lines.append, **settings})

    def __call__(self, key: Any, payload: Any = None, *caps: str, **asked: Any) -> InvocationResult[Any]:
        return self._invoker.invoke(key, payload, caps=caps, **asked)

    @property
    def verdicts(self) -> list[str]:
        return [line.verdict for line in self.lines]


def marker(site: Site, name: str = "ran") -> dict[str, Any]:
    """A script that leaves a file behind when it runs."""
    return site.script(name, f"open({name!r}, 'a').write('x')\n")


def test_an_ability_runs_by_id_name_alias_and_address(site: Site) -> None:
    site.abilities(
        {
            "ability_id": "a.echo",
            "name": "Echo",
            "aliases": ["e"],
            "implementation": site.script("echo", ECHO),
        }
    )
    run = Run(site)
    keys: tuple[Any, ...] = ("a.echo", "Echo", "e", "ability_low/a.echo", Key("ability", "a.echo"))
    for key in keys:
        result = run(key, {"n": 1})
        assert (result.status, result.value, result.id) == ("ok", {"got": {"n": 1}}, "a.echo")
        assert result.duration > 0
    assert run.verdicts == ["allow"] * 5


def test_an_unknown_key_is_not_found_with_what_was_meant(site: Site) -> None:
    site.abilities({"ability_id": "pay.capture"})
    run = Run(site)
    result = run("pay.captur")
    assert result.status == "not_found"
    assert "'pay.capture'" in result.error
    assert run(Key("ability", "gone")).status == "not_found"
    assert run(Key("nowhere", "gone")).status == "not_found"
    assert run.verdicts == ["not_found"] * 3


def test_the_input_is_validated_before_anything_runs(site: Site) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    site.abilities({"ability_id": "a", "input_schema": schema, "implementation": marker(site)})
    run = Run(site)
    payloads: tuple[Any, ...] = ({}, {"n": "1"}, [], None, {"n": float("nan")}, {"n": object()})
    for payload in payloads:
        assert run("a", payload).status == "invalid", payload
    assert not (site.root / "ran").exists()
    assert run("a", {"n": 1}).status == "ok"


def test_the_output_is_validated(site: Site) -> None:
    site.abilities(
        {
            "ability_id": "a",
            "output_schema": {"type": "integer"},
            "implementation": site.script("s", "print('\"x\"')"),
        }
    )
    result = Run(site)("a")
    assert (result.status, result.value) == ("invalid", None)
    assert "the output" in result.error


def test_a_schema_that_cannot_be_used_is_invalid_and_fetches_nothing(site: Site) -> None:
    site.abilities(
        {"ability_id": "a", "input_schema": {"$ref": "http://127.0.0.1:9/x"}, "implementation": marker(site)},
        {"ability_id": "b", "input_schema": {"type": "colour"}, "implementation": marker(site)},
    )
    run = Run(site)
    assert run("a", {}).status == run("b", {}).status == "invalid"
    assert not (site.root / "ran").exists()


def test_capabilities_are_denied_by_default(site: Site) -> None:
    site.abilities(
        {"ability_id": "a", "required_caps": ["net.read", "fs.write"], "implementation": marker(site)}
    )
    run = Run(site)
    result = run("a", None, "net.read")
    assert (result.status, result.denied) == ("capability_denied", ("fs.write",))
    assert not (site.root / "ran").exists()
    assert run("a", None, "net.read", "fs.write").ok


def test_an_ability_that_does_not_say_what_it_needs_is_denied(site: Site) -> None:
    site.write(
        ".system/registry/low-level/g.yaml",
        {"abilities": [{"ability_id": "a", "group": "g", "summary": "s", "implementation": marker(site)}]},
    )
    run = Run(site)
    assert run("a").status == "capability_denied"
    assert "required_caps: []" in run("a").error
    assert run("a", mode="log").ok


def test_log_mode_warns_and_goes_on(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.abilities(
        {"ability_id": "a", "required_caps": ["net.read"], "implementation": site.script("e", ECHO)}
    )
    run = Run(site)
    with caplog.at_level(logging.WARNING):
        assert run("a", mode="log").ok
    assert "net.read" in caplog.text
    assert run.verdicts == ["log"]


@pytest.mark.parametrize("mode", ["enforce", "log"])
def test_readonly_denies_what_mutates_in_either_mode(site: Site, mode: Any) -> None:
    site.abilities(
        {"ability_id": "w", "required_caps": ["fs.write"], "implementation": marker(site)},
        {"ability_id": "r", "required_caps": ["fs.read"], "implementation": site.script("e", ECHO)},
    )
    run = Run(site)
    result = run("w", None, "fs.write", mode=mode, readonly=True)
    assert (result.status, result.denied) == ("readonly_denied", ("fs.write",))
    assert not (site.root / "ran").exists()
    assert run("r", None, "fs.read", mode=mode, readonly=True).ok


def test_readonly_takes_an_undeclared_capability_for_one_that_mutates(site: Site) -> None:
    site.write(".system/registry/config.yaml", {})
    site.abilities({"ability_id": "a", "required_caps": ["who.knows"], "implementation": marker(site)})
    assert Run(site)("a", None, "who.knows", readonly=True).status == "readonly_denied"


def test_an_unknown_granted_capability_mode_or_environment_is_refused(site: Site) -> None:
    site.abilities({"ability_id": "a"})
    run = Run(site)
    with pytest.raises(UnknownCapabilityError):
        run("a", None, "fs.raed")
    with pytest.raises(RegistryError, match="a list of words"):
        open_runtime(site.root).invoke("a", None, caps="fs.read")
    with pytest.raises(RegistryError, match="enforce or log"):
        run("a", None, mode="lax")
    with pytest.raises(RegistryError, match="unknown environment 'moon'"):
        run("a", None, environment="moon")
    assert run.lines == []


def test_an_ability_runs_only_in_its_environments(site: Site) -> None:
    site.abilities({"ability_id": "a", "environments": ["dev"], "implementation": site.script("e", ECHO)})
    run = Run(site)
    assert run("a", environment="dev").ok
    denied = run("a", environment="prod")
    assert (denied.status, denied.denied) == ("capability_denied", ("environment:prod",))
    unsaid = run("a")
    assert (unsaid.status, unsaid.denied) == ("capability_denied", ("environment",))
    assert "--environment dev" in unsaid.error
    assert run("a", dry_run=True).status == "capability_denied"
    assert run("a", mode="log").ok
    assert run.verdicts[-1] == "allow"


def test_an_ability_without_environments_runs_anywhere(site: Site) -> None:
    site.abilities(
        {"ability_id": "a", "implementation": site.script("e", ECHO)},
        {"ability_id": "b", "environments": [], "implementation": site.script("e", ECHO)},
    )
    run = Run(site)
    for id in ("a", "b"):
        assert [run(id).ok, run(id, environment="prod").ok] == [True, True]


def test_the_steps_of_a_workflow_are_held_to_their_environments(site: Site) -> None:
    site.abilities({"ability_id": "a", "environments": ["dev"], "implementation": marker(site)})
    site.flows({"ability_id": "flow", "steps": ["a"]})
    run = Run(site)
    for asked in ({}, {"environment": "prod"}):
        result = run("flow", **asked)
        assert result.status == "capability_denied"
        assert "step a: a " in result.error
    assert not (site.root / "ran").exists()
    assert run("flow", environment="dev").ok


@pytest.mark.parametrize("word", ["production", ["production"], {"prod": True}, 5])
def test_environments_of_another_shape_are_no_open_door(site: Site, word: Any) -> None:
    """Also where no plan has looked at the file: "prod" is no part of the text "production"."""
    site.abilities({"ability_id": "a", "environments": word, "implementation": marker(site)})
    run = Run(site)
    assert run("a", environment="prod").status == run("a").status == "capability_denied"
    assert not (site.root / "ran").exists()


# Guards and other hooks


BLOCK = "import json\nprint(json.dumps({'block': True, 'message': 'not today'}))\n"
PASS = "import json\nprint(json.dumps({'message': 'fine'}))\n"


def guarded(site: Site, source: str = BLOCK, **fields: Any) -> None:
    site.abilities({"ability_id": "pay.a", "implementation": marker(site)})
    site.hook(
        "guard", "PreAbilityCall", **{"blocking": True, "handler": site.script("guard", source), **fields}
    )


def test_a_guard_may_deny_and_says_why(site: Site) -> None:
    guarded(site)
    run = Run(site)
    result = run("pay.a")
    assert result.status == "hook_blocked"
    assert [(one.hook, one.text) for one in result.messages] == [("guard", "not today")]
    assert "not today" in result.error
    assert not (site.root / "ran").exists()
    assert run.verdicts == ["hook_blocked"]


def test_a_guard_that_lets_it_pass_may_speak(site: Site) -> None:
    guarded(site, PASS)
    result = Run(site)("pay.a")
    assert result.ok
    assert [one.text for one in result.messages] == ["fine"]


@pytest.mark.parametrize(
    ("handler", "why"),
    [
        ("raise SystemExit(3)\n", "exit 3"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "signal 9"),
        ("import time\ntime.sleep(60)\n", "stopped after 0.5 s"),
        ("print('x' * 10_000_000)\n", "more than 100000 bytes"),
    ],
    ids=["exit", "signal", "hang", "flood"],
)
def test_a_crashing_or_hanging_guard_denies(site: Site, handler: str, why: str) -> None:
    guarded(site, handler)
    seconds = 0.5 if "sleep" in handler else 60.0
    result = Run(site, limits=RunLimits(seconds, 100_000))("pay.a")
    assert result.status == "hook_blocked"
    assert why in result.error
    assert not (site.root / "ran").exists()


@pytest.mark.parametrize(
    "handler",
    [
        {"kind": "script", "command": ["scripts/absent.py"]},
        {"kind": "script", "command": ["no-such-program-anywhere"]},
        {"kind": "script", "command": ["../outside.py"]},
        {"kind": "python", "function": "not_allowed:guard"},
    ],
    ids=["missing", "unknown", "outside", "python"],
)
def test_a_guard_that_cannot_run_denies(site: Site, handler: dict[str, Any]) -> None:
    guarded(site, handler=handler)
    assert Run(site)("pay.a").status == "hook_blocked"


def test_a_guard_that_needs_what_was_not_granted_denies(site: Site) -> None:
    guarded(site, PASS, required_caps=["net.read"])
    run = Run(site)
    assert run("pay.a").status == "hook_blocked"
    assert run("pay.a", None, "net.read").ok


def test_a_bound_guard_that_is_missing_or_waits_for_another_event_denies(site: Site) -> None:
    site.abilities(
        {"ability_id": "a", "hooks": {"pre_call": ["absent"]}, "implementation": marker(site)},
        {"ability_id": "b", "hooks": {"pre_call": ["late"]}, "implementation": marker(site)},
    )
    site.hook("late", "PostAbilityCall", match={"ability_scope": "none"}, handler=site.script("late", PASS))
    run = Run(site)
    assert "does not exist" in run("a").error
    assert "waits for PostAbilityCall" in run("b").error
    assert not (site.root / "ran").exists()


def test_a_hook_that_does_not_block_can_neither_deny_nor_hurt(site: Site) -> None:
    for number, source in enumerate((BLOCK, "raise SystemExit(1)\n", "import time\ntime.sleep(30)\n")):
        guarded(site, source, blocking=False)
        assert Run(site, limits=RunLimits(0.5))("pay.a").ok
        assert (site.root / "ran").read_text() == "x" * (number + 1)


def test_what_hooks_after_the_call_say_is_ignored_and_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.abilities({"ability_id": "a", "implementation": site.script("e", ECHO)})
    site.hook("after", "PostAbilityCall", blocking=True, handler=site.script("after", BLOCK))
    site.hook("crash", "PostAbilityCall", handler=site.script("crash", "raise SystemExit(9)\n"))
    with caplog.at_level(logging.INFO, "registry_reconciler.runtime"):
        result = Run(site)("a", 1)
    assert (result.status, result.value, result.messages) == ("ok", {"got": 1}, ())
    assert "hook after: not today" in caplog.text
    assert "hook crash failed" in caplog.text


def told(site: Site) -> dict[str, Any]:
    return site.script(
        "tell", "import json, sys\ne = json.load(sys.stdin)\nopen('told', 'a').write(json.dumps(e) + '\\n')\n"
    )


def test_hooks_are_told_what_happened(site: Site) -> None:
    import json

    site.abilities({"ability_id": "a", "implementation": site.script("f", "raise SystemExit(1)")})
    site.hook("after", "PostAbilityCall", handler=told(site))
    assert Run(site)("a", {"n": 1}, caller="me", environment="dev", stage="act").status == "failed"
    event = json.loads((site.root / "told").read_text())
    assert event.pop("duration_ms") > 0
    assert event == {
        "event": "PostAbilityCall",
        "ability": "a",
        "payload": {"n": 1},
        "caller": "me",
        "environment": "dev",
        "readonly": False,
        "stage": "act",
        "status": "failed",
        "hook": "after",
    }


@pytest.mark.parametrize(
    ("match", "extra", "denies"),
    [
        ({}, {}, True),
        ({"ability_scope": ["pay.*"]}, {}, True),
        ({"ability_scope": "pay.?"}, {}, True),
        ({"ability_scope": ["other.*"]}, {}, False),
        ({"ability_scope": ["pay.*"]}, {"enabled": False}, False),
        ({}, {"ability_ids": ["pay.a"]}, True),
        ({}, {"ability_ids": ["pay.b"]}, False),
        ({"ability_scope": ["other.*"]}, {"ability_ids": ["pay.a"]}, True),
        ({"stage": ["act"]}, {}, True),
        ({"stage": ["plan"]}, {}, False),
        ({"only_if_changed_paths": ["src/**"]}, {}, True),
        ({"only_if_changed_paths": ["docs/*.md"]}, {}, False),
        ({"min_duration_ms": 5}, {}, True),
    ],
)
def test_a_guard_runs_when_all_of_its_conditions_hold(
    site: Site, match: dict[str, Any], extra: dict[str, Any], denies: bool
) -> None:
    guarded(site, match=match, **extra)
    result = Run(site)("pay.a", None, stage="act", changed_paths=["src/a/b.py"])
    assert (result.status == "hook_blocked") is denies


def test_what_is_not_known_does_not_clear_a_guard_and_calls_no_one_else(site: Site) -> None:
    guarded(site, match={"stage": ["plan"], "only_if_changed_paths": ["docs/**"]})
    assert Run(site)("pay.a").status == "hook_blocked"
    guarded(site, blocking=False, handler=told(site), match={"stage": ["plan"]})
    assert Run(site)("pay.a").ok
    assert not (site.root / "told").exists()


def test_a_hook_after_the_call_runs_only_when_it_took_long_enough(site: Site) -> None:
    site.abilities(
        {"ability_id": "fast", "implementation": site.script("fast", "")},
        {"ability_id": "slow", "implementation": site.script("slow", "import time\ntime.sleep(0.9)\n")},
    )
    site.hook("after", "PostAbilityCall", match={"min_duration_ms": 800}, handler=told(site))
    run = Run(site)
    run("slow")
    assert (site.root / "told").read_text().count("\n") == 1


def test_hooks_run_by_priority_and_stop_at_the_first_that_denies(site: Site) -> None:
    site.abilities({"ability_id": "a", "hooks": {"pre_call": ["bound"]}, "implementation": marker(site)})
    for id, priority, source in (
        ("low", 1, PASS),
        ("b-high", 9, PASS),
        ("a-high", 9, PASS),
        ("mid", 5, BLOCK),
    ):
        site.hook(id, "PreAbilityCall", blocking=True, priority=priority, handler=site.script(id, source))
    site.hook(
        "bound",
        "PreAbilityCall",
        blocking=True,
        priority=7,
        match={"ability_scope": ["not-a"]},
        handler=site.script("bound", PASS),
    )
    result = Run(site)("a")
    assert [one.hook for one in result.messages] == ["a-high", "b-high", "bound", "mid"]
    assert result.status == "hook_blocked"


@pytest.mark.parametrize("event", ["PromptSubmit", "PreAbilityCreate", "SessionStop"])
def test_events_that_are_no_call_can_be_fired(site: Site, event: Any) -> None:
    site.hook("h", event, blocking=True, handler=site.script("h", BLOCK))
    lines: list[AuditLine] = []
    outcome = open_runtime(site.root).invoker(audit=lines.append).fire(event, {"prompt": "x"})
    assert [(line.id, line.verdict) for line in lines] == [
        (event, "allow" if event == "SessionStop" else "hook_blocked")
    ]
    assert outcome.blocked_by == ("" if event == "SessionStop" else "h")
    assert len(outcome.messages) == (0 if event == "SessionStop" else 1)


def test_an_event_that_can_be_denied_is_denied_when_that_cannot_be_logged(site: Site) -> None:
    invoker = open_runtime(site.root).invoker(audit=refuse)
    assert invoker.fire("PromptSubmit", {}).blocked_by == "audit"
    assert invoker.fire("SessionStop", {}).blocked_by == ""


def test_an_abilitys_own_slot_is_heard_when_it_is_created(site: Site) -> None:
    site.abilities({"ability_id": "a", "hooks": {"pre_create": ["h"]}})
    site.hook(
        "h",
        "PreAbilityCreate",
        blocking=True,
        match={"ability_scope": "zzz"},
        handler=site.script("h", BLOCK),
    )
    invoker = open_runtime(site.root).invoker()
    assert invoker.fire("PreAbilityCreate", {}, ability="a").blocked_by == "h"
    assert invoker.fire("PreAbilityCreate", {}, ability="b").blocked_by == ""


# Scripts


def test_a_script_runs_without_a_shell_in_the_workspace(site: Site) -> None:
    source = "import json, os, sys\nprint(json.dumps([os.path.realpath('.'), sys.argv[1:]]))\n"
    how = site.script("s", source)
    how["command"] += ["$HOME; touch pwned", "*"]
    site.abilities({"ability_id": "a", "implementation": how})
    assert Run(site)("a").value == [os.path.realpath(site.root), ["$HOME; touch pwned", "*"]]
    assert not (site.root / "pwned").exists()


def test_a_script_gets_only_declared_variables(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("PASSED_ON", "yes")
    source = "import json, os\nprint(json.dumps(dict(os.environ)))\n"
    site.abilities(
        {"ability_id": "a", "implementation": {**site.script("s", source), "env": ["PASSED_ON", "ABSENT"]}},
        {"ability_id": "b", "implementation": {**site.script("s", source), "env": {"FIXED": "1"}}},
    )
    run = Run(site)
    first, second = run("a").value, run("b").value
    always = {"PATH", "LANG", "LC_CTYPE", "REGISTRY_ROOT", "REGISTRY_ABILITY"}
    assert set(first) - always == {"PASSED_ON"}
    assert first["REGISTRY_ABILITY"] == "a"
    assert set(second) - always == {"FIXED"}


def test_a_relative_part_of_the_path_is_not_passed_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", "scripts", os.environ["PATH"]]))
    site.abilities(
        {"ability_id": "a", "implementation": site.script("s", "import os\nprint(os.environ['PATH'])\n")}
    )
    parts = Run(site)("a").value.strip().split(os.pathsep)
    assert all(os.path.isabs(part) for part in parts)


def test_the_time_limit_stops_a_script_with_its_children(site: Site) -> None:
    source = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    site.abilities(
        {"ability_id": "a", "implementation": {**site.script("s", source), "timeout_seconds": 1.5}}
    )
    assert Run(site)("a").status == "timeout"
    pid = int((site.root / "pid").read_text())
    end = time.monotonic() + 5
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not runs(pid)


def test_an_entry_may_narrow_its_time_and_never_widen_it() -> None:
    limits = RunLimits(10)
    assert limits.narrowed(2).seconds == 2
    for wider in (11, 0, -1, True, "2", None):
        assert limits.narrowed(wider).seconds == 10


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_script_that_says_too_much_is_stopped(site: Site, stream: str) -> None:
    source = f"import sys\nwhile True: sys.{stream}.write('x' * 65536)\n"
    site.abilities({"ability_id": "a", "implementation": site.script("s", source)})
    result = Run(site, limits=RunLimits(20, 200_000))("a")
    assert result.status == "failed"
    assert "more than 200000 bytes" in result.error


def test_a_script_that_does_not_read_its_input_is_fine(site: Site) -> None:
    site.abilities({"ability_id": "a", "implementation": site.script("s", "print(1)")})
    assert Run(site)("a", "x" * 1_000_000).value == 1


def test_a_failing_script_says_its_last_line(site: Site) -> None:
    source = "import sys\nprint('first', file=sys.stderr)\nsys.exit('no money')\n"
    site.abilities({"ability_id": "a", "implementation": site.script("s", source)})
    result = Run(site)("a")
    assert result.status == "failed"
    assert "exit 1: no money" in result.error


@pytest.mark.parametrize(
    ("said", "value"), [("", None), ("print('[1]')", [1]), ("print('plain words')", "plain words\n")]
)
def test_what_a_script_says_is_json_or_text(site: Site, said: str, value: Any) -> None:
    site.abilities({"ability_id": "a", "implementation": site.script("s", said)})
    assert Run(site)("a").value == value


@pytest.mark.parametrize(
    "command", [["/bin/sh", "-c", "touch pwned"], ["../outside.sh"], ["scripts/link"], []]
)
def test_a_command_outside_the_workspace_does_not_run(site: Site, tmp_path: Path, command: list[str]) -> None:
    outside = tmp_path / "outside.sh"
    outside.write_text("#!/bin/sh\ntouch pwned\n")
    outside.chmod(0o755)
    (site.root / "scripts").mkdir()
    (site.root / "scripts" / "link").symlink_to(outside)
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": command}})
    assert Run(site)("a").status == "failed"
    assert not (site.root / "pwned").exists()


# Python, and what the program brings


PYTHON = """
def double(payload):
    return payload * 2

def careful(payload, context):
    context.caps.use("fs.write")
    return [context.id, context.caller, context.readonly, context.environment, str(context.root)]

def call(payload, context):
    return context.invoke(payload, 4).to_data()

def crash(payload):
    raise ValueError("broken")

def leave(payload):
    raise SystemExit(0)

def hang(payload):
    import time
    time.sleep(3)
"""


def python(site: Site, **abilities: Any) -> None:
    site.write("handlers_of_site.py", PYTHON.encode())
    site.abilities(
        *(
            {
                "ability_id": name,
                "required_caps": caps,
                "implementation": {"kind": "python", "function": f"handlers_of_site.py:{name}"},
            }
            for name, caps in abilities.items()
        )
    )


def test_python_runs_only_when_the_user_says_so(site: Site, own_user_directories: Path) -> None:
    python(site, double=[])
    refused = Run(site)("double", 2)
    assert refused.status == "failed"
    assert "which only you can allow" in refused.error
    assert Run(site, allow_python=True)("double", 2).value == 4
    config = own_user_directories / "config" / "registry-reconciler" / "config.toml"
    config.parent.mkdir(parents=True)
    for text, allowed in (
        ("[run]\nallow_python = true", True),
        (f"[run]\nallow_python = [{str(site.root)!r}]", True),
        ("[run]\nallow_python = ['/elsewhere']", False),
        ("[run]\nallow_python = 'yes'", False),
        ("allow_python = true", False),
        ("not toml [", False),
    ):
        config.write_text(text)
        assert Run(site)("double", 2).ok is allowed, text
    config.write_text("[run]\nallow_python = true")
    assert not Run(site, allow_python=False)("double", 2).ok


def test_a_workspace_cannot_allow_python_for_itself(site: Site) -> None:
    python(site, double=[])
    site.write("config.toml", b"[run]\nallow_python = true\n")
    site.write(".system/registry/config.yaml", {"x-run": {"allow_python": True}})
    assert Run(site)("double", 2).status == "failed"


def test_a_python_function_says_what_it_uses(site: Site) -> None:
    python(site, careful=["fs.read"])
    run = Run(site, allow_python=True)
    denied = run("careful", None, "fs.read")
    assert (denied.status, denied.denied) == ("capability_denied", ("fs.write",))
    asked: dict[str, Any] = {"caller": "me", "environment": "dev"}
    assert run("careful", None, "fs.read", "fs.write", **asked).value == [
        "careful",
        "me",
        False,
        "dev",
        str(site.root),
    ]
    readonly = run("careful", None, "fs.read", "fs.write", readonly=True)
    assert readonly.status == "readonly_denied"


def test_a_crash_of_python_is_a_failure_and_never_an_exception(site: Site) -> None:
    python(site, crash=[], leave=[], hang=[])
    run = Run(site, allow_python=True, limits=RunLimits(0.3))
    assert run("crash").error == "ValueError: broken"
    assert run("leave").status == "failed"
    assert run("hang").status == "timeout"


def test_an_entry_calls_only_what_it_declares(site: Site) -> None:
    python(site, call=[], double=[])
    run = Run(site, allow_python=True)
    result = run("call", "double")
    assert result.value["status"] == "capability_denied"
    assert "does not declare" in result.value["error"]


def test_functions_that_cannot_be_loaded_are_failures(site: Site) -> None:
    site.write("broken_of_site.py", b"raise RuntimeError('at import')\n")
    names = [
        "broken_of_site.py:f",
        "absent_module_x:f",
        "json:absent",
        "json:__name__",
        "nothing",
        "../x.py:f",
    ]
    site.abilities(
        *(
            {"ability_id": f"a{n}", "implementation": {"kind": "python", "function": name}}
            for n, name in enumerate(names)
        )
    )
    run = Run(site, allow_python=True)
    assert {run(f"a{n}").status for n in range(len(names))} == {"failed"}


def test_the_program_brings_its_own_way_to_run_other_kinds(site: Site) -> None:
    site.abilities({"ability_id": "m", "implementation": {"kind": "mcp", "server": "s", "tool": "t"}})
    site.flows({"ability_id": "agent", "type": "agent", "ability_ids": ["m"]})
    assert "there is no MCP server 's'" in Run(site)("m").error
    assert "give the invoker a handler" in Run(site)("agent").error

    def mcp(how: Any, payload: Any, context: Any) -> Any:
        return [how["server"], how["tool"], payload]

    def agent(how: Any, payload: Any, context: Any) -> Any:
        return context.invoke(how["ability_ids"][0], payload).value

    run = Run(site, handlers={"mcp": mcp, "agent": agent})
    assert run("m", 1).value == ["s", "t", 1]
    assert run("agent", 2).value == ["s", "t", 2]


# Workflows


def test_a_workflow_runs_its_steps_in_order_and_gives_the_value_of_the_last(site: Site) -> None:
    source = (
        "import json, sys\nn = json.load(sys.stdin)\nopen('order', 'a').write(str(n))\nprint(json.dumps(n))\n"
    )
    site.abilities({"ability_id": "one", "implementation": site.script("s", source)})
    site.flows(
        {
            "ability_id": "flow",
            "steps": ["one", {"ability_id": "one", "with": {}}, {"ability_id": "one", "when": False}],
        }
    )
    run = Run(site)
    result = run("flow", 7)
    assert (result.status, result.value) == ("ok", {})
    assert (site.root / "order").read_text() == "7{}"
    assert [(line.id, line.caller, line.verdict) for line in run.lines] == [
        ("flow", "", "allow"),
        ("one", "flow", "allow"),
        ("one", "flow", "allow"),
        ("one", "flow", "skipped"),
    ]


def test_a_workflow_lends_no_capability_to_its_steps(site: Site) -> None:
    site.abilities({"ability_id": "w", "required_caps": ["fs.write"], "implementation": marker(site)})
    site.flows({"ability_id": "flow", "required_caps": [], "steps": ["w"]})
    result = Run(site)("flow")
    assert (result.status, result.denied) == ("capability_denied", ("fs.write",))
    assert "step w" in result.error


def test_a_workflow_that_calls_itself_or_cannot_decide_fails(site: Site) -> None:
    site.flows(
        {"ability_id": "loop", "steps": ["other"]},
        {"ability_id": "other", "steps": ["loop"]},
        {"ability_id": "when", "steps": [{"ability_id": "loop", "when": "x > 1"}]},
        {"ability_id": "nothing", "type": "agent"},
    )
    run = Run(site)
    assert "calls itself" in run("loop").error
    assert "cannot be decided" in run("when").error
    assert run("nothing").status == "failed"


# The audit


def test_every_decision_leaves_one_line_without_values(site: Site, own_user_directories: Path) -> None:
    import json

    site.abilities(
        {"ability_id": "a", "required_caps": ["net.read"], "implementation": site.script("e", ECHO)}
    )
    live = open_runtime(site.root)
    live.invoke("a", {"password": "hunter2"}, caps=["net.read", "fs.read"], caller="me", environment="dev")
    live.invoke("a", {"password": "hunter2"}, caps=[], readonly=True)
    file = own_user_directories / "state" / "registry-reconciler" / "audit.jsonl"
    text = file.read_text()
    first, second = (json.loads(line) for line in text.splitlines())
    assert first.pop("time").startswith("20")
    assert first == {
        "id": "a",
        "needed": ["net.read"],
        "granted": ["fs.read", "net.read"],
        "verdict": "allow",
        "mode": "enforce",
        "readonly": False,
        "caller": "me",
        "environment": "dev",
    }
    assert second["verdict"] == "capability_denied"
    assert "hunter2" not in text
    assert file.stat().st_mode & 0o077 == 0


def refuse(line: AuditLine) -> None:
    raise OSError("the disk is full")


def test_enforce_mode_that_cannot_log_denies(site: Site) -> None:
    site.abilities({"ability_id": "a", "implementation": marker(site)})
    result = Run(site, audit=refuse)("a")
    assert result.status == "capability_denied"
    assert "could not be logged: the disk is full" in result.error
    assert not (site.root / "ran").exists()
    assert Run(site, audit=refuse)("a", mode="log").ok


def test_a_denial_for_want_of_a_log_is_logged_when_that_works_again(site: Site) -> None:
    site.abilities({"ability_id": "a", "implementation": marker(site)})
    lines: list[AuditLine] = []

    def once(line: AuditLine) -> None:
        lines.append(line)
        if len(lines) == 1:
            refuse(line)

    assert Run(site, audit=once)("a").status == "capability_denied"
    assert [line.verdict for line in lines] == ["allow", "capability_denied"]


def test_without_a_place_for_the_log_nothing_is_allowed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.abilities({"ability_id": "a", "implementation": marker(site)})
    monkeypatch.setattr("registry_reconciler.runtime.execution.audit.state_dir", lambda: None)
    assert open_runtime(site.root).invoke("a", None, caps=[]).status == "capability_denied"


def test_a_dry_run_decides_everything_and_runs_nothing(site: Site) -> None:
    guarded(site)
    site.hook("after", "PostAbilityCall", handler=told(site))
    run = Run(site)
    result = run("pay.a", dry_run=True)
    assert (result.status, result.would_run) == ("ok", ("hook/guard", "script: pay.a", "hook/after"))
    assert not (site.root / "ran").exists()
    assert not (site.root / "told").exists()
    assert [(line.verdict, line.mode) for line in run.lines] == [("allow", "dry_run")]
    assert run("absent", dry_run=True).status == "not_found"


# Items that are Python


def define(target: Callable[..., Any], *caps: str) -> Definition[..., Any]:
    return Definition(RegistryMeta("own.item", "item", required_caps=caps), target)


def test_a_python_definition_is_gated_like_an_entry() -> None:
    builder = RegistryDbBuilder()
    key = builder.register("actions", define(lambda payload: payload + 1, "fs.write"))
    db = builder.build()
    invoker = Invoker(db, vocabulary=Vocabulary({"fs.write": {"mutates": True}}), audit=lambda line: None)
    assert invoker.invoke(key, 1, caps=["fs.write"]).value == 2
    assert invoker.invoke(key, 1, caps=[]).status == "capability_denied"
    assert invoker.invoke(key, 1, caps=["fs.write"], readonly=True).status == "readonly_denied"
    assert invoke(db, key, 1, caps=["fs.write"]).value == 2


def test_a_stale_handle_is_not_found() -> None:
    builder = RegistryDbBuilder()
    key = builder.register("actions", define(lambda payload: payload))
    live = builder.build().runtime(allow_id_overrides=True)
    live["actions"].register(define(lambda payload: payload))
    result = Invoker(live, audit=lambda line: None).invoke(key, 1, caps=[])
    assert result.status == "not_found"
    assert "another item" in result.error


def test_the_helper_says_which_capabilities_were_unused_and_which_lacked() -> None:
    def careless(payload: Any, context: Any) -> str:
        context.caps.use("fs.read")
        context.caps.use("net.read")
        return "done"

    report = exercise(define(careless, "fs.read", "fs.write"))
    assert (report.unused, report.lacked, report.value, report.exact) == (
        ("fs.write",),
        ("net.read",),
        "done",
        False,
    )
    assert exercise(define(careless, "fs.read", "net.read")).exact
    assert exercise(define(careless, "fs.read"), words=["net.read"]).exact


def test_the_helper_reports_the_items_own_failure_and_unknown_words(site: Site) -> None:
    def broken(payload: Any, context: Any) -> None:
        context.caps.use("nonsense")
        raise KeyError("x")

    report = exercise(define(broken, "nonsense"), vocabulary=Vocabulary(["fs.read"]))
    assert report.lacked == ("nonsense",)
    assert isinstance(report.error, KeyError)
    python(site, careful=["fs.read"])
    entry = open_runtime(site.root)["ability"].require("careful")
    assert exercise(entry, root=site.root).lacked == ("fs.write",)
    site.abilities({"ability_id": "s", "implementation": site.script("e", ECHO)})
    with pytest.raises(TypeError, match="no Python item"):
        exercise(open_runtime(site.root)["ability"].require("s"), root=site.root)


def test_using_a_capability_that_was_not_granted_raises_where_it_happens() -> None:
    seen = []

    def item(payload: Any, context: Any) -> None:
        try:
            context.caps.use("fs.write")
        except CapabilityDenied as denied:
            seen.append(denied.capability)

    builder = RegistryDbBuilder()
    key = builder.register("actions", define(item))
    assert Invoker(builder.build(), audit=lambda line: None).invoke(key, None, caps=[]).ok
    assert seen == ["fs.write"]
