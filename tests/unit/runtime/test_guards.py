"""A guard goes on only by an answer that is clear. What else it does, or leaves undone, denies, with words."""

from __future__ import annotations

import enum
import logging
import os
import sys
import time
import warnings
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Definition,
    InvocationResult,
    Invoker,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    open_runtime,
)
from registry_reconciler.runtime.execution.handlers import RunLimits
from tests.unit.runtime.helper import Site

pytestmark = pytest.mark.skipif(os.name != "posix", reason="scripts are tested on POSIX")

EVENTS = ("PromptSubmit", "PreAbilityCreate", "PreAbilityCall")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "site")
    made.abilities({"ability_id": "a", "implementation": made.script("ran", "open('ran', 'a').write('x')\n")})
    return made


def shell(site: Site, source: str) -> dict[str, Any]:
    place = site.write("scripts/guard.sh", f"#!/bin/sh\n{source}\n".encode())
    place.chmod(0o755)
    return {"kind": "script", "command": ["scripts/guard.sh"]}


def answers(site: Site, said: bytes) -> dict[str, Any]:
    """A script that writes these very bytes to standard output and ends well."""
    site.write("said", said)
    return shell(site, "cat said")


def invoke(site: Site, **settings: Any) -> InvocationResult[Any]:
    live = open_runtime(site.root)
    return live.invoker(audit=lambda line: None, **settings).invoke("a", {"n": 1}, caps=[])


def denied(site: Site, result: InvocationResult[Any]) -> str:
    """That nothing ran, and why."""
    assert result.status == "hook_blocked"
    assert not (site.root / "ran").exists()
    assert result.error.startswith("the hook guard denied it: ")
    assert result.messages[-1].hook == "guard"
    assert result.messages[-1].text in result.error
    assert result.error.isprintable()
    return result.error


GO_ON = [
    b"",
    b" \n\t\r\n",
    b"{}",
    b'{"block": false}',
    b'\n {"block":\tfalse} \r\n',
    b'{"message": "fine"}',
    b'{"message": "gr\xc3\xbcn", "block": false}',
]


@pytest.mark.parametrize("said", GO_ON)
def test_a_clear_answer_of_a_script_goes_on(site: Site, said: bytes) -> None:
    site.hook("guard", "PreAbilityCall", blocking=True, handler=answers(site, said))
    assert invoke(site).ok
    assert (site.root / "ran").exists()


UNCLEAR = {
    b'{"block": 1}': "'block' is neither true nor false",
    b'{"block": 0}': "'block' is neither true nor false",
    b'{"block": "true"}': "'block' is neither",
    b'{"block": "false"}': "'block' is neither",
    b'{"block": null}': "'block' is neither",
    b'{"block": []}': "'block' is neither",
    b'{"block": {"block": false}}': "'block' is neither",
    b'{"Block": true}': "unknown key 'Block'",
    b'{"BLOCK": false}': "unknown key 'BLOCK'",
    b'{"blocked": true}': "unknown key 'blocked'",
    b'{"block ": true}': "unknown key 'block '",
    b'{"decision": "deny"}': "unknown key 'decision'",
    b'{"block": false, "blocked": true}': "unknown key 'blocked'",
    b'{"block": false, "message": 5}': "'message' is no text",
    b'{"block": false, "message": null}': "'message' is no text",
    b'{"block": true, "block": false}': "the key 'block' stands twice",
    b'{"block": false, "message": "\\ud800"}': "half of a surrogate pair",
    b'[{"block": true}]': "no object",
    b"[]": "no object",
    b"true": "no object",
    b"false": "no object",
    b"null": "no object",
    b"0": "no object",
    b'"go on"': "no object",
    b"NaN": "NaN is no number",
    b'{"message": "x", "n": NaN}': "NaN is no number",
    b"-Infinity": "-Infinity is no number",
    b"no": "not one JSON object",
    b"ok": "not one JSON object",
    b'checking ...\n{"block": true}': "not one JSON object",
    b'{"block": true}\ndone': "not one JSON object",
    b'{"block": false}\n{"block": true}': "not one JSON object",
    b'{"block": false} {"block": false}': "not one JSON object",
    b'{"block": true': "not one JSON object",
    b"{'block': True}": "not one JSON object",
    b'{"block": false,}': "not one JSON object",
    b'{"block": False}': "not one JSON object",
    b"block: true": "not one JSON object",
    b'\xef\xbb\xbf{"block": false}': "not one JSON object",
    b'{"block": false}\x00': "not one JSON object",
    b"\x00": "not one JSON object",
    b'{"block": false, "message": "\xff"}': "not UTF-8",
    '{"block": false}'.encode("utf-16"): "not UTF-8",
    b'{"message": ' + b"[" * 100_000 + b"]" * 100_000 + b"}": "nested deeper than 200",
    b'{"message": ' + b"[" * 300 + b"]" * 300 + b"}": "nested deeper than 200",
    b'{"block": ' + b"9" * 5_000 + b"}": "no",
    b"\x1b[2J\xe2\x80\xaeno": "not one JSON object",
}


@pytest.mark.parametrize(("said", "why"), UNCLEAR.items(), ids=[repr(one)[:40] for one in UNCLEAR])
def test_an_answer_of_a_script_that_is_not_clear_denies(site: Site, said: bytes, why: str) -> None:
    site.hook("guard", "PreAbilityCall", blocking=True, handler=answers(site, said))
    error = denied(site, invoke(site))
    assert why in error
    assert 'To go on, it exits with 0 and prints nothing or {"block": false}' in error
    assert len(error) < 700


def test_an_unclear_answer_is_shown_escaped_and_short(site: Site) -> None:
    site.hook("guard", "PreAbilityCall", blocking=True, handler=answers(site, b"no \x1b[2J" + b"x" * 10_000))
    error = denied(site, invoke(site))
    assert r"no \x1b[2Jxxx" in error
    assert "…" in error


ENDINGS = {
    "exit 1": ("exit 1", "exit 1"),
    "exit 255": ("exit 255", "exit 255"),
    "echo '{\"block\": false}'; exit 1": ("exit 1", "exit 1"),
    'echo \'{"block": true, "message": "too dear"}\'; exit 2': ("exit 2: too dear", "exit 2"),
    "echo first; echo too dear; exit 1": ("exit 1: too dear", "exit 1"),
    "echo out; echo too dear >&2; exit 1": ("exit 1: too dear", "exit 1"),
    "printf '\\033[2Jno' ; exit 1": (r"exit 1: \x1b[2Jno", "exit 1"),
    "printf '\\033[2Jno' >&2; exit 1": (r"exit 1: \x1b[2Jno", "exit 1"),
    "printf '\\377' ; exit 1": ("exit 1", "exit 1"),
    "kill -9 $$": ("signal 9", "signal 9"),
    "kill -TERM $$": ("signal 15", "signal 15"),
    "echo '{\"block\": false}'; kill -SEGV $$": ("signal 11", "signal 11"),
    "echo '{\"block\": false}'; sleep 60": ("stopped after 1 s", "stopped"),
    "echo '{\"block\": false}'; yes": ("more than 100000 bytes", "more than"),
    "exec no-such-program": ("exit 127", "exit 127"),
}


@pytest.mark.parametrize("source", ENDINGS)
@pytest.mark.parametrize("blocking", [True, False])
def test_how_a_script_ends_decides_for_a_guard_and_is_told_of_others(
    site: Site, source: str, blocking: bool, caplog: pytest.LogCaptureFixture
) -> None:
    handler = shell(site, source)
    if "sleep" in source:
        handler["timeout_seconds"] = 1
    site.hook("guard", "PreAbilityCall", blocking=blocking, handler=handler)
    result = invoke(site, limits=RunLimits(30, 100_000))
    why, short = ENDINGS[source]
    if blocking:
        assert why in denied(site, result)
        return
    assert result.ok
    assert (site.root / "ran").exists()
    assert short in result.messages[0].text
    assert "hook guard failed: " in caplog.text
    assert short in caplog.text


def cannot_start(site: Site) -> dict[str, dict[str, Any]]:
    (site.root / "folder").mkdir(exist_ok=True)
    site.write("plain", b"no program\n").chmod(0o755)
    site.write("closed", b"#!/bin/sh\n").chmod(0o644)
    script = {"kind": "script"}
    return {
        "missing": {**script, "command": ["scripts/absent"]},
        "unknown": {**script, "command": ["no-such-program-anywhere"]},
        "folder": {**script, "command": ["./folder"]},
        "not executable": {**script, "command": ["./closed"]},
        "no program": {**script, "command": ["./plain"]},
        "outside": {**script, "command": ["../x"]},
        "empty": {**script, "command": []},
        "no command": script,
        "NUL": {**script, "command": ["cat", "a\x00b"]},
        "variable": {**script, "command": ["cat"], "env": {"A=B": "c"}},
        "no kind": {},
        "a text": "scripts/guard.sh",  # type: ignore[dict-item]
        "unknown kind": {"kind": "mcp"},
        "python": {"kind": "python", "function": "guard.py:guard"},
    }


CANNOT_START = (
    "missing",
    "unknown",
    "folder",
    "not executable",
    "no program",
    "outside",
    "empty",
    "no command",
    "NUL",
    "variable",
    "no kind",
    "a text",
    "unknown kind",
    "python",
)


@pytest.mark.parametrize("name", CANNOT_START)
def test_a_hook_that_cannot_start_denies_when_it_is_a_guard(
    site: Site, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.hook("guard", "PreAbilityCall", blocking=True, handler=cannot_start(site)[name])
    denied(site, invoke(site))
    site.hook("guard", "PreAbilityCall", blocking=False, handler=cannot_start(site)[name])
    assert invoke(site).ok
    assert "hook guard failed: " in caplog.text


@pytest.mark.parametrize(
    "said", [b"all is well\n", b"[1, 2]", b'{"block": true, "message": "hm"}', b'{"n": 1}']
)
def test_who_does_not_guard_may_say_anything(site: Site, said: bytes) -> None:
    site.hook("guard", "PreAbilityCall", handler=answers(site, said))
    result = invoke(site)
    assert result.ok
    told = {b"all is well\n": ["all is well\n"], b"[1, 2]": ["[1, 2]"], b'{"n": 1}': []}.get(said, ["hm"])
    assert [one.text for one in result.messages] == told


# What was not checked by a plan is served as well


@pytest.mark.parametrize(
    "fields",
    [
        {"blocking": "true"},
        {"blocking": "yes"},
        {"blocking": 1},
        {"blocking": None},
        {"blocking": True, "enabled": "no"},
        {"blocking": True, "enabled": None},
        {"blocking": True, "match": "a"},
        {"blocking": True, "match": ["a"]},
        {"blocking": True, "match": {"stage": "act"}},
        {"blocking": True, "match": {"only_if_changed_paths": ["docs/**"]}},
        {"blocking": True, "match": {"min_duration_ms": 5}},
        {"blocking": True, "match": {"ability_scope": ["ability_low/a"]}},
        {"blocking": True, "match": {"ability_scope": ["ability_*/*"]}},
        {"blocking": True, "event_type": None},
        {"blocking": True, "event_type": ["PreAbilityCall"]},
        {"blocking": True, "event_type": "PreAbilityCal"},
        {"blocking": True, "event_type": "Deploy"},
        {"blocking": True, "match": {"ability_scope": [1]}},
        {"blocking": True, "match": {"ability_scope": [""]}},
        {"blocking": True, "match": {"ability_scope": {"zzz": 1}}},
        {"blocking": True, "match": {"stage": {"act": 1}}},
        {"blocking": True, "match": {"min_duration_ms": "5"}},
        {"blocking": True, "match": {"min_duration_ms": True}},
        {"blocking": True, "ability_ids": "x", "match": {"ability_scope": [["zzz"]]}},
        {"blocking": True, "ability_ids": [1]},
        {"blocking": True, "ability_ids": {"zzz": 1}},
        {"Blocking": True},
        {"bloking": True},
    ],
    ids=str,
)
def test_a_hook_that_cannot_be_judged_counts_as_a_guard_that_is_concerned(
    site: Site, fields: dict[str, Any]
) -> None:
    whole = {"event_type": "PreAbilityCall", "handler": shell(site, "exit 1"), **fields}
    site.write(".system/hooks/guard.yaml", {"id": "guard", "required_caps": [], **whole})
    denied(site, invoke(site))


def test_a_hook_whose_tag_nobody_knows_counts_as_a_guard(site: Site) -> None:
    site.write(".system/hooks/guard.yaml", b"!guard {id: guard, event_type: PreAbilityCall}\n")
    assert "tag" in denied(site, invoke(site))


@pytest.mark.parametrize(
    "fields",
    [
        {"environments": None},
        {"environments": False},
        {"environments": [1]},
        {"environments": {}},
        {"Environments": ["prod"]},
        {"environment": ["prod"]},
        {"hook": {"pre_call": ["guard"]}},
        {"hooks": {"precall": ["guard"]}},
        {"hooks": {"pre_calls": ["guard"]}},
    ],
    ids=str,
)
def test_an_ability_whose_limits_cannot_be_read_does_not_run(site: Site, fields: dict[str, Any]) -> None:
    script = site.script("ran", "open('ran', 'a').write('x')\n")
    site.abilities({"ability_id": "a", "implementation": script, **fields})
    assert invoke(site).status in ("capability_denied", "hook_blocked")
    assert not (site.root / "ran").exists()


def test_who_does_not_guard_and_waits_for_nothing_is_not_called(site: Site) -> None:
    whole = {"id": "guard", "event_type": "PreAbilityCal", "handler": shell(site, "exit 1")}
    site.write(".system/hooks/guard.yaml", whole)
    assert (invoke(site).status, invoke(site).messages) == ("ok", ())


@pytest.mark.parametrize("slots", ["guard", {"pre_call": "guard"}, {"pre_call": ["guard"]}, ["guard"], 5])
def test_slots_of_another_shape_bind_all_the_same(site: Site, slots: Any) -> None:
    site.abilities(
        {"ability_id": "a", "hooks": slots, "implementation": site.script("ran", "open('ran', 'w')")}
    )
    site.hook(
        "guard", "PreAbilityCall", blocking=True, match={"ability_scope": "b"}, handler=shell(site, "exit 1")
    )
    assert invoke(site).status == "hook_blocked"
    assert not (site.root / "ran").exists()


@pytest.mark.parametrize(
    ("paths", "concerned"),
    [
        (["docs/a.md"], True),
        (["./docs/a.md"], True),
        (["src//../docs/a.md"], True),
        (["docs\\a.md"], True),
        (["src/a.py"], False),
        ([], False),
        (["/home/me/site/docs/a.md"], True),
        (["../site/docs/a.md"], True),
        (None, True),
    ],
    ids=str,
)
def test_changed_paths_are_judged_however_they_are_spelt(
    site: Site, paths: list[str] | None, concerned: bool
) -> None:
    match = {"only_if_changed_paths": ["docs/*.md"]}
    site.hook("guard", "PreAbilityCall", blocking=True, match=match, handler=shell(site, "exit 1"))
    invoker = open_runtime(site.root).invoker(audit=lambda line: None)
    result = invoker.invoke("a", None, caps=[], changed_paths=paths)
    assert (result.status == "hook_blocked") is concerned
    with pytest.raises(RegistryError, match="a list of paths"):
        invoker.invoke("a", None, caps=[], changed_paths="docs/a.md")


def test_a_star_of_a_scope_means_what_it_means_to_the_plan(site: Site) -> None:
    site.abilities({"ability_id": "pay/card.a", "implementation": site.script("ran", "open('ran', 'w')")})
    scope = {"ability_scope": ["pay*"]}
    site.hook("guard", "PreAbilityCall", blocking=True, match=scope, handler=shell(site, "exit 1"))
    live = open_runtime(site.root).invoker(audit=lambda line: None)
    assert live.invoke("pay/card.a", None, caps=[]).status == "hook_blocked"


# Events


@pytest.mark.parametrize("event", ["PromptSubmitt", "", "promptsubmit", "hook"])
def test_an_event_that_no_hook_can_have_is_an_error(site: Site, event: str) -> None:
    invoker = open_runtime(site.root).invoker(audit=lambda line: None)
    with pytest.raises(RegistryError, match=f"there is no event {event!r}") as failure:
        invoker.fire(event, {})
    if event == "PromptSubmitt":
        assert "Did you mean 'PromptSubmit'?" in str(failure.value)
    with pytest.raises(RegistryError, match="there is no event"):
        Invoker(RegistryDbBuilder().build(), audit=lambda line: None).fire(event, {})


def test_an_event_of_the_workspaces_own_can_be_guarded(site: Site) -> None:
    site.write(
        ".system/hooks/guard.yaml",
        {"id": "guard", "event_type": "Deploy", "blocking": True, "handler": shell(site, "exit 1")},
    )
    site.write(
        ".system/registry/config.yaml", {"vocabularies": {"event_types": ["PreAbilityCall", "Deploy"]}}
    )
    for _ in ("read", "from the prepared index"):
        invoker = open_runtime(site.root).invoker(audit=lambda line: None)
        assert invoker.fire("Deploy", {}).blocked_by == "guard"
        assert invoker.fire("PromptSubmit", {}).blocked_by == ""
        assert invoker.invoke("a", None, caps=[]).ok
    with pytest.raises(RegistryError, match=r"PreAbilityCall, .*, Deploy"):
        invoker.fire("Undeploy", {})


@pytest.mark.parametrize("event", EVENTS)
def test_a_scope_does_not_clear_a_guard_when_the_ability_is_not_told(site: Site, event: str) -> None:
    scope = {"ability_scope": ["a*"]}
    site.hook("guard", event, blocking=True, match=scope, handler=shell(site, "exit 1"))
    invoker = open_runtime(site.root).invoker(audit=lambda line: None)
    assert invoker.fire(event, {}).blocked_by == "guard"
    assert invoker.fire(event, {}, ability="a").blocked_by == "guard"
    assert invoker.fire(event, {}, ability="b").blocked_by == ""


def test_an_ability_that_is_told_by_name_is_the_one_with_its_id(site: Site) -> None:
    site.abilities({"ability_id": "a", "name": "Pay", "hooks": {"pre_create": []}})
    scope = {"ability_scope": ["a"]}
    site.hook("guard", "PreAbilityCreate", blocking=True, match=scope, handler=shell(site, "exit 1"))
    invoker = open_runtime(site.root).invoker(audit=lambda line: None)
    assert invoker.fire("PreAbilityCreate", {}, ability="Pay").blocked_by == "guard"


# Hooks in code


def guarded(hook: Any, *flags: str, **meta: Any) -> tuple[InvocationResult[Any], list[Any]]:
    """What comes of an item that a hook in code is registered beside, and what ran."""
    ran: list[Any] = []
    builder = RegistryDbBuilder()
    builder.register("hook", Definition(RegistryMeta("guard", "guard", flags=flags, **meta), hook))
    key = builder.register("ability", Definition(RegistryMeta("a", "a"), ran.append))
    invoker = Invoker(builder.build(), audit=lambda line: None)
    return invoker.invoke(key, {"n": 1}, caps=[]), ran


def test_a_hook_in_code_guards_like_one_of_a_workspace() -> None:
    result, ran = guarded(lambda event: {"block": True, "message": "not today"})
    assert (result.status, ran) == ("hook_blocked", [])
    assert result.error == "the hook guard denied it: not today"
    seen: list[Any] = []

    def hook(event: Any, context: Any) -> dict[str, Any]:
        seen.append((event["event"], event["ability"], event["payload"], event["hook"], context.id))
        return {"block": False, "message": "fine"}

    result, ran = guarded(hook)
    assert (result.status, ran) == ("ok", [{"n": 1}])
    assert [one.text for one in result.messages] == ["fine"]
    assert seen == [("PreAbilityCall", "a", {"n": 1}, "guard", "guard")]


def test_the_flags_of_a_hook_in_code_say_what_it_waits_for() -> None:
    def no(event: Any) -> dict[str, Any]:
        return {"block": True}

    assert guarded(no, "PreAbilityCall")[0].status == "hook_blocked"
    assert guarded(no, "PromptSubmit")[0].ok
    assert guarded(no, "PostAbilityCall")[0].ok
    assert guarded(no, "PreAbilityCal")[0].status == "hook_blocked"
    assert guarded(no, "observer")[0].ok
    builder = RegistryDbBuilder()
    builder.register("hook", Definition(RegistryMeta("guard", "guard"), no))
    invoker = Invoker(builder.build(), audit=lambda line: None)
    assert [invoker.fire(event, {}).blocked_by for event in (*EVENTS, "SessionStop")] == [*["guard"] * 3, ""]


def test_a_hook_in_code_needs_its_capabilities_and_something_to_call() -> None:
    result, ran = guarded(lambda event: {"block": False}, required_caps=("net.read",))
    assert (result.status, ran) == ("hook_blocked", [])
    result, ran = guarded(None)
    assert (result.status, ran) == ("hook_blocked", [])
    assert "nothing to call" in result.error


def test_hooks_in_code_and_of_a_workspace_go_by_one_order(site: Site) -> None:
    site.hook(
        "guard", "PreAbilityCall", blocking=True, priority=5, handler=answers(site, b'{"message": "file"}')
    )
    live = open_runtime(site.root)
    for id, priority in (("low", 1), ("high", 9)):
        hook = Definition(
            RegistryMeta(id, id, priority=priority), lambda event: {"block": False, "message": event["hook"]}
        )
        live["hook"].register(hook)
    result = live.invoker(audit=lambda line: None).invoke("a", None, caps=[])
    assert [one.text for one in result.messages] == ["high", "file", "low"]


def test_what_a_hook_does_to_its_event_stays_with_it(site: Site) -> None:
    """Else an observer could change what a guard has looked at."""

    def meddle(event: Any) -> dict[str, Any]:
        event["payload"]["n"] = 2
        event["payload"]["more"] = True
        event["ability"] = "other"
        return {"block": False}

    assert guarded(meddle)[1] == [{"n": 1}]
    assert guarded(meddle, "observer")[1] == [{"n": 1}]
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": ["cat"]}})
    live = open_runtime(site.root)
    live["hook"].register(Definition(RegistryMeta("meddle", "meddle", priority=9), meddle))
    given = {"n": 1}
    assert live.invoker(audit=lambda line: None).invoke("a", given, caps=[]).value == {"n": 1}
    assert given == {"n": 1}


class Loud(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


class Yes(enum.IntEnum):
    NO = 0
    YES = 1


class Dict(dict[str, Any]):
    pass


def raising(error: BaseException) -> Callable[[Any], Any]:
    def hook(event: Any) -> None:
        raise error

    return hook


async def coroutine(event: Any) -> dict[str, Any]:
    return {"block": True}


def generator(event: Any) -> Iterator[dict[str, Any]]:
    yield {"block": True}


async def stream(event: Any) -> AsyncIterator[dict[str, Any]]:
    yield {"block": True}


def deep(event: Any) -> Any:
    return deep(event)


IN_CODE: dict[str, tuple[Callable[..., Any], str]] = {
    "None": (lambda event: None, "no object with the key 'block': None"),
    "True": (lambda event: True, "no object"),
    "False": (lambda event: False, "no object"),
    "0": (lambda event: 0, "no object"),
    "list": (lambda event: [], "no object"),
    "text": (lambda event: '{"block": false}', "no object"),
    "bytes": (lambda event: b"{}", "no object"),
    "pair": (lambda event: ({"block": False},), "no object"),
    "type": (lambda event: dict, "no object"),
    "object": (lambda event: Odd(), "no object with the key 'block': '<Odd>'"),
    "other mapping": (lambda event: OrderedDict(block=False), "no object"),
    "dict of one's own": (lambda event: Dict(block=False), "no object"),
    "block None": (lambda event: {"block": None}, "neither true nor false"),
    "block 0": (lambda event: {"block": 0}, "neither true nor false"),
    "block text": (lambda event: {"block": "false"}, "neither true nor false"),
    "like a bool": (lambda event: {"block": Yes.NO}, "neither true nor false"),
    "NaN": (lambda event: {"block": float("nan")}, "neither true nor false"),
    "other key": (lambda event: {"blocked": True}, "unknown key 'blocked'"),
    "odd key": (lambda event: {Odd(): 1}, "unknown key '<Odd>'"),
    "number key": (lambda event: {"block": False, 1: 2}, "unknown key 1"),
    "message": (lambda event: {"block": False, "message": Odd()}, "'message' is no text"),
    "surrogate": (lambda event: {"block": False, "message": "\ud800"}, "'message' is no text"),
    "coroutine": (coroutine, "it returned a coroutine, so none of it ran"),
    "generator": (generator, "it returned a generator, so none of it ran"),
    "async generator": (stream, "it returned an async generator, so none of it ran"),
    "raises": (raising(ValueError("too dear")), "ValueError: too dear"),
    "raises at length": (raising(ValueError("\x1b[2J" + "x" * 9999)), r"ValueError: \x1b[2Jxxx"),
    "raises without text": (raising(AssertionError()), "AssertionError"),
    "raises without a text that can be shown": (raising(Loud()), "Loud: its text cannot be shown"),
    "exits": (raising(SystemExit(0)), "ended the program: SystemExit"),
    "recursion": (deep, "RecursionError"),
    "wants more": (lambda event, context, more: {"block": False}, "TypeError"),
}


@pytest.mark.parametrize("name", IN_CODE)
def test_an_answer_of_a_function_that_is_not_clear_denies(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    hook, why = IN_CODE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result, ran = guarded(hook)
    assert (result.status, ran) == ("hook_blocked", [])
    assert why in result.error
    assert result.error.startswith("the hook guard denied it: ")
    assert result.error.isprintable()
    assert len(result.error) < 1200
    result, ran = guarded(hook, "observer")
    assert (result.status, ran) == ("ok", [{"n": 1}])
    fails = any(word in why for word in ("ran", "Error", "ended", "Loud"))
    assert ("hook guard failed: " in caplog.text) is fails
    assert any("failed: " in one.text for one in result.messages) is fails


def test_ctrl_c_in_a_guard_ends_the_program_and_nothing_runs() -> None:
    ran: list[Any] = []
    builder = RegistryDbBuilder()
    builder.register("hook", Definition(RegistryMeta("guard", "guard"), raising(KeyboardInterrupt())))
    key = builder.register("ability", Definition(RegistryMeta("a", "a"), ran.append))
    with pytest.raises(KeyboardInterrupt):
        Invoker(builder.build(), audit=lambda line: None).invoke(key, {"n": 1}, caps=[])
    assert ran == []


@pytest.mark.parametrize(
    "answer", [{}, {"block": False}, {"message": "x"}, {"block": False, "message": ""}], ids=str
)
def test_a_clear_answer_of_a_function_goes_on(answer: dict[str, Any]) -> None:
    assert guarded(lambda event: answer)[0].ok


def test_a_function_of_the_workspace_is_asked_alike(site: Site) -> None:
    site.write(
        "g.py",
        b"async def no(event):\n    return {'block': True}\ndef yes(event):\n    return {'block': False}\n",
    )
    for name, ok in (("no", False), ("yes", True)):
        handler = {"kind": "python", "function": f"g.py:{name}"}
        site.hook("guard", "PreAbilityCall", blocking=True, handler=handler)
        assert invoke(site, allow_python=True).ok is ok


def test_what_hooks_say_after_the_call_is_logged_escaped(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.hook("after", "PostAbilityCall", handler=answers(site, b"\x1b[2Jx"))
    with caplog.at_level(logging.INFO, "registry_reconciler.runtime"):
        assert invoke(site).messages == ()
    assert r"hook after: \x1b[2Jx" in caplog.text
    site.hook("after", "PostAbilityCall", handler=shell(site, "printf '\\033[2Jy' >&2; exit 1"))
    assert invoke(site).messages == ()
    assert r"hook after failed: after ended with exit 1: \x1b[2Jy" in caplog.text
    assert "\x1b" not in caplog.text


@pytest.mark.parametrize("more", [{"timeout": 0.3}, {"timeout": 0.3, "process": True}])
def test_the_limit_of_a_hook_in_code_holds(more: dict[str, Any]) -> None:
    builder = RegistryDbBuilder()
    key = builder.register("actions", Definition(RegistryMeta("a", "a"), lambda payload: "ran"))

    def slow(event: Any) -> dict[str, Any]:
        time.sleep(20)
        return {}

    builder.register("hook", Definition(RegistryMeta("slow", "slow"), slow, **more))
    result = Invoker(builder.build(), audit=lambda line: None).invoke(key, caps=())
    assert result.status == "hook_blocked"
    assert "did not return within 0.3 s" in result.error


def test_a_guard_that_leaves_the_program_says_why() -> None:
    result, ran = guarded(lambda event: sys.exit("the freeze is on"))
    assert (result.status, ran) == ("hook_blocked", [])
    assert "the freeze is on" in result.error
