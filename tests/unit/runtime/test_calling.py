"""How code is loaded and called: whose function it is, what it is given, where it runs, what comes of it."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry_reconciler.runtime import (
    Context,
    Definition,
    InvocationResult,
    Invoker,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    Vocabulary,
    open_runtime,
)
from tests.unit.runtime.helper import Site

pytestmark = pytest.mark.skipif(os.name != "posix", reason="workspaces of this test are run on POSIX")


def run_code(target: Callable[..., Any], payload: Any = None, **asked: Any) -> InvocationResult[Any]:
    builder = RegistryDbBuilder()
    key = builder.register("actions", Definition(RegistryMeta("it", "it"), target))
    invoker = Invoker(builder.build(), audit=lambda line: None)
    return invoker.invoke(key, payload, caps=(), **asked)


def site_with(root: Path, function: str, **files: str) -> Site:
    site = Site(root)
    for name, source in files.items():
        site.write(name.replace("__", "/") + ".py", source.encode())
    site.abilities({"ability_id": "a", "implementation": {"kind": "python", "function": function}})
    return site


def value_of(site: Site, payload: Any = None) -> Any:
    result = (
        open_runtime(site.root)
        .invoker(allow_python=True, audit=lambda line: None)
        .invoke("a", payload, caps=())
    )
    assert result.ok, result.error
    return result.value


WHO = "import helper\ndef who(payload):\n    from helper import late\n    return [{name!r}, helper.NAME, late()]\n"
HELPER = "NAME = {name!r}\ndef late():\n    return NAME\n"


def test_two_workspaces_of_one_process_run_their_own_functions(tmp_path: Path) -> None:
    before = list(sys.path)
    sites = [
        site_with(tmp_path / name, "who:who", who=WHO.format(name=name), helper=HELPER.format(name=name))
        for name in ("one", "two")
    ]
    for _ in range(2):
        for site in sites:
            assert value_of(site) == [site.root.name] * 3
    assert sys.path == before
    assert not {"who", "helper"} & set(sys.modules)
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    "function",
    ["app.deep.code:go", "app.deep.code.go", "src/app/deep/code.py:go", "tools-of/x.py:go", "json:dumps"],
)
def test_each_form_of_a_function_is_found(tmp_path: Path, function: str) -> None:
    site = site_with(
        tmp_path / "s",
        function,
        src__app__deep__code="from .near import A\nimport app.deep.near as n\ndef go(payload): return A + n.A\n",
        src__app__deep__near="A = 1\n",
    )
    site.write("tools-of/x.py", b"def go(payload): return 2\n")
    assert value_of(site, 2) == ("2" if function == "json:dumps" else 2)


def test_a_function_that_changed_is_read_anew_and_else_keeps_its_state(tmp_path: Path) -> None:
    site = site_with(
        tmp_path / "s", "m:go", m="seen = []\ndef go(p):\n    seen.append(p)\n    return len(seen)\n"
    )
    assert [value_of(site), value_of(site)] == [1, 2]
    place = site.write("m.py", b"seen = []\ndef go(p):\n    seen.append(p)\n    return -1 * len(seen)\n")
    os.utime(place, ns=(1, 1))
    assert value_of(site) == -1


def test_a_dataclass_with_texts_for_types_can_be_loaded(tmp_path: Path) -> None:
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import ClassVar\n"
        "@dataclass\nclass P:\n    x: int\n    y: ClassVar[int] = 2\ndef go(p): return P(1).x + P.y\n"
    )
    assert value_of(site_with(tmp_path / "s", "m:go", m=source)) == 3


async def later(payload: Any) -> Any:
    await asyncio.sleep(0)
    return payload


def parts(payload: Any) -> Iterator[Any]:
    yield from payload


async def stream(payload: Any) -> AsyncIterator[Any]:
    for one in payload:
        yield one


@pytest.mark.parametrize("target", [later, parts, stream], ids=lambda one: one.__name__)
def test_what_is_returned_is_carried_out(target: Callable[..., Any]) -> None:
    assert run_code(target, [1, 2]).value == [1, 2]

    async def inside_of_a_loop() -> Any:
        return run_code(target, [1, 2]).value

    assert asyncio.run(inside_of_a_loop()) == [1, 2]


def test_a_failure_after_the_first_part_is_a_failure() -> None:
    def broken(payload: Any) -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    result = run_code(broken)
    assert (result.status, result.error) == ("failed", "ValueError: no more")
    assert isinstance(result.exception, ValueError)
    assert result.exception.__traceback__ is not None


def test_functions_of_a_workspace_are_carried_out_and_have_to_give_json(tmp_path: Path) -> None:
    site = site_with(
        tmp_path / "s",
        "m:go",
        m="async def go(p): return [p]\ndef parts(p):\n    yield p\ndef odd(p): return {1}\n",
    )
    assert value_of(site, 1) == [1]
    site.abilities(
        *(
            {"ability_id": name, "implementation": {"kind": "python", "function": f"m:{name}"}}
            for name in ("parts", "odd")
        )
    )
    invoker = open_runtime(site.root).invoker(allow_python=True)
    assert invoker.invoke("parts", 1, caps=()).value == [1]
    odd = invoker.invoke("odd", 1, caps=())
    assert odd.status == "failed"
    assert "no JSON" in odd.error


def test_the_context_goes_only_where_it_is_asked_for() -> None:
    def count(text: str, count: int = 1) -> Any:
        return text * count

    def named(text: str, *, ctx: Any) -> Any:
        return ctx.id

    def annotated(text: str, where: Context | None = None) -> Any:
        return where.id if where else None

    def first(context: Any, text: str) -> Any:
        return context.id + text

    def by_place(text: str, context: Any, /) -> Any:
        return context.id

    def nothing() -> str:
        return "none"

    found = [run_code(one, "x").value for one in (count, named, annotated, first, by_place, nothing)]
    assert found == ["x", "it", "it", "itx", "it", "none"]
    assert run_code(lambda text, *more: len(more), "x").value == 0


def test_a_definition_runs_in_the_thread_and_context_of_its_caller() -> None:
    word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="")
    word.set("mine")
    with sqlite3.connect(":memory:") as db:
        result = run_code(lambda p: [db.execute("select 1").fetchone()[0], word.get(), threading.get_ident()])
    assert result.value == [1, "mine", threading.get_ident()]

    def interrupted(payload: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_code(interrupted)
    assert run_code(lambda p: sys.exit(3)).status == "failed"


def test_a_limit_is_asked_for_by_the_call_and_leaves_no_thread_that_runs_python() -> None:
    def forever(payload: Any) -> None:
        while True:
            time.sleep(0.001)

    before = threading.active_count()
    assert run_code(forever, timeout=0.2).status == "timeout"
    end = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() == before
    for wrong in (0, -1, True, float("nan")):
        with pytest.raises(RegistryError, match="timeout"):
            run_code(forever, timeout=wrong)


def test_ainvoke_does_not_hold_up_the_loop() -> None:
    builder = RegistryDbBuilder()
    gate = threading.Event()
    key = builder.register("d", Definition(RegistryMeta("w", "w"), lambda p: gate.wait(60)))
    invoker = Invoker(builder.build(), audit=lambda line: None)

    async def both() -> Any:
        waiting = asyncio.create_task(invoker.ainvoke(key, None, caps=()))
        await asyncio.sleep(0)
        gate.set()
        return (await waiting).value

    assert asyncio.run(both()) is True


def test_log_mode_warns_of_what_is_used_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def use(payload: Any, context: Any) -> str:
        context.caps.use("e")
        return "done"

    assert run_code(use, mode="log").value == "done"
    assert "'e' was used and not granted" in caplog.text
    assert run_code(use).status == "capability_denied"
    builder = RegistryDbBuilder()
    key = builder.register("d", Definition(RegistryMeta("u", "u"), use))
    words = Vocabulary({"e": {"mutates": True}})
    invoker = Invoker(builder.build(), vocabulary=words, audit=lambda line: None)
    assert invoker.invoke(key, None, caps=(), mode="log", readonly=True).status == "readonly_denied"
