"""How code is loaded and called: whose function it is, what it is given, where it runs, what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
import queue
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Optional, Union

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
from registry_reconciler.runtime.execution.handlers import RunLimits
from tests.unit.runtime.helper import Site, runs

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


@pytest.mark.parametrize("wrong", [0, -1, True, "1", float("nan"), float("inf")])
def test_what_is_no_limit_is_refused_by_the_call_the_item_and_the_program(wrong: Any) -> None:
    meta = RegistryMeta("a::b", "b")
    for made in (lambda: run_code(str, timeout=wrong), lambda: Definition(meta, str, timeout=wrong)):
        with pytest.raises(RegistryError, match="timeout is a number of seconds above 0"):
            made()
    with pytest.raises(RegistryError, match="timeout is a number"):
        Invoker(RegistryDbBuilder().build(), limits=RunLimits(wrong))


def invoker_of(target: Callable[..., Any], **more: Any) -> tuple[Invoker, Any]:
    builder = RegistryDbBuilder()
    key = builder.register("d", Definition(RegistryMeta("w", "w"), target, **more))
    return Invoker(builder.build(), audit=lambda line: None), key


@pytest.mark.parametrize(
    "wait", ["time.sleep(600)", "threading.Event().wait()", "queue.Queue().get()", "spin"]
)
def test_a_limit_ends_what_sleeps_or_waits_and_leaves_no_thread(wait: str) -> None:
    """In the main thread it runs in this very thread, and the alarm ends it."""

    def waits(payload: Any) -> None:
        seen.append(threading.get_ident())
        while wait == "spin":
            pass
        eval(wait, {"time": time, "threading": threading, "queue": queue})

    seen: list[int] = []
    before = threading.active_count()
    assert run_code(waits, timeout=0.2).status == "timeout"
    assert threading.active_count() == before
    assert seen == [threading.get_ident()]
    assert run_code(lambda payload: "again", timeout=5).value == "again"


def swallows(seconds: float) -> str:
    try:
        time.sleep(seconds)
    except BaseException:
        return "went on"
    return "done"


def turns_it_into_another(seconds: float) -> str:
    try:
        time.sleep(seconds)
    except BaseException:
        raise ValueError("something else") from None
    return "done"


async def swallows_in_a_loop(seconds: float) -> str:
    try:
        await asyncio.sleep(seconds)
    except BaseException:
        return "went on"
    return "done"


async def blocks_the_loop(seconds: float) -> str:
    time.sleep(seconds / 2)
    return "done"


async def swallows_more_than_once(seconds: float) -> str:
    for _ in range(2):
        with contextlib.suppress(BaseException):
            await asyncio.sleep(seconds)
    return "went on"


@pytest.mark.parametrize("target", [swallows, turns_it_into_another, swallows_in_a_loop, blocks_the_loop])
@pytest.mark.parametrize("way", ["here", "thread", "loop"])
def test_what_goes_on_after_its_limit_is_never_ok(target: Any, way: str) -> None:
    invoker, key = invoker_of(target)
    before = threading.active_count()

    def call() -> InvocationResult[Any]:
        return invoker.invoke(key, 0.5, caps=(), timeout=0.1)

    if way == "loop":
        result = asyncio.run(invoker.ainvoke(key, 0.5, caps=(), timeout=0.1))
    elif way == "thread":
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(call).result(30)
    else:
        result = call()
    assert (result.status, result.value) == ("timeout", None)
    assert "did not return within 0.1 s" in result.error
    end = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_a_coroutine_that_goes_on_is_told_again() -> None:
    invoker, key = invoker_of(swallows_more_than_once)
    result = asyncio.run(invoker.ainvoke(key, 60, caps=(), timeout=0.05))
    assert result.status == "timeout"
    assert result.duration < 50


async def parts_that_block() -> AsyncIterator[int]:
    for number in range(1000):
        time.sleep(0.01)
        yield number


def parts_that_sleep() -> Iterator[int]:
    yield 1
    time.sleep(60)


@pytest.mark.parametrize("target", [parts_that_block, parts_that_sleep])
def test_a_stream_in_a_loop_ends_at_its_limit_and_leaves_no_thread(target: Any) -> None:
    invoker, key = invoker_of(target)

    async def read() -> tuple[int, Any]:
        stream = invoker.stream(key, caps=(), timeout=0.2)
        return len([part async for part in stream]), stream.result

    count, result = asyncio.run(read())
    assert result.status == "timeout"
    assert 1 <= count < 1000
    assert "did not come to its end within 0.2 s" in result.error


def test_an_item_has_a_limit_of_its_own_and_a_call_may_only_narrow_it() -> None:
    invoker, key = invoker_of(lambda payload: time.sleep(600), timeout=0.2)
    assert invoker.invoke(key, caps=()).status == "timeout"
    result = invoker.invoke(key, caps=(), timeout=30)
    assert (result.status, "0.2 s" in result.error) == ("timeout", True)


def stubborn(payload: Any) -> None:
    while True:
        try:
            time.sleep(600)
        except BaseException:
            continue


def test_in_a_process_of_its_own_a_limit_holds_whatever_happens(tmp_path: Path) -> None:
    before = threading.active_count()
    invoker, key = invoker_of(stubborn, process=True)
    found: list[str] = []
    other = threading.Thread(target=lambda: found.append(invoker.invoke(key, caps=(), timeout=0.3).status))
    other.start()
    other.join(60)
    assert found == ["timeout"]
    assert threading.active_count() == before

    def starts(payload: Any) -> int:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        return child.pid

    pid = run_code(starts, process=True).value
    end = time.monotonic() + 20
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not runs(pid)


def test_what_a_process_gives_back() -> None:
    word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="")
    word.set("mine")
    seen: list[int] = []

    def works(payload: Any, context: Context) -> Any:
        seen.append(1)
        return [payload, word.get(), context.id, os.getpid()]

    value = run_code(works, {"a": 1}, process=True).value
    assert value[:3] == [{"a": 1}, "mine", "it"]
    assert value[3] != os.getpid()
    assert seen == []

    def fails(payload: Any) -> None:
        raise KeyError("missing")

    result = run_code(fails, process=True)
    assert (result.status, type(result.exception)) == ("failed", KeyError)
    assert any("In its own process" in note for note in result.exception.__notes__ or ())  # type: ignore[union-attr]
    assert "cannot leave its process" in run_code(lambda payload: lambda: 1, process=True).error
    assert "ended its process" in run_code(lambda payload: os._exit(3), process=True).error
    assert "ended the program" in run_code(lambda payload: sys.exit(3), process=True).error
    assert run_code(lambda payload: (yield 1), process=True).value == [1]

    def uses(payload: Any, context: Context) -> None:
        context.caps.use("e")

    denied = run_code(uses, process=True)
    assert (denied.status, denied.denied) == ("capability_denied", ("e",))


def test_a_function_of_a_workspace_in_a_process_of_its_own(tmp_path: Path) -> None:
    site = site_with(
        tmp_path / "s", "m:go", m="seen = []\ndef go(p):\n    seen.append(1)\n    return len(seen)\n"
    )
    site.abilities(
        {"ability_id": "a", "implementation": {"kind": "python", "function": "m:go", "process": True}}
    )
    assert [value_of(site), value_of(site)] == [1, 1]


def test_ainvoke_does_not_hold_up_the_loop() -> None:
    gate = threading.Event()
    invoker, key = invoker_of(lambda p: gate.wait(60))

    async def both() -> Any:
        waiting = asyncio.create_task(invoker.ainvoke(key, None, caps=()))
        await asyncio.sleep(0)
        gate.set()
        return (await waiting).value

    assert asyncio.run(both()) is True


word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="")


class Acts:
    async def __call__(self, payload: Any) -> Any:
        return await there(payload)


async def there(payload: Any) -> Any:
    await asyncio.sleep(0)
    before = word.get()
    word.set("changed")
    return [id(asyncio.get_running_loop()), threading.get_ident(), before]


def returns_it(payload: Any) -> Any:
    return there(payload)


@pytest.mark.parametrize(
    "target", [there, Acts(), functools.partial(there)], ids=["function", "object", "partial"]
)
def test_a_coroutine_is_awaited_in_the_loop_and_context_of_its_caller(target: Callable[..., Any]) -> None:
    invoker, key = invoker_of(target)

    async def outside() -> Any:
        word.set("mine")
        result = await invoker.ainvoke(key, None, caps=())
        return result.value, id(asyncio.get_running_loop()), word.get()

    (loop, thread, before), own, after = asyncio.run(outside())
    assert (loop, thread, before, after) == (own, threading.get_ident(), "mine", "changed")


def test_a_coroutine_that_a_function_returns_is_awaited_in_the_loop_too() -> None:
    invoker, key = invoker_of(returns_it)

    async def outside() -> Any:
        return (await invoker.ainvoke(key, caps=())).unwrap()[0] == id(asyncio.get_running_loop())

    assert asyncio.run(outside()) is True


def test_a_coroutine_ends_at_its_limit_and_with_its_caller() -> None:
    ended: list[str] = []

    async def waits(payload: Any) -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    invoker, key = invoker_of(waits)

    async def outside() -> str:
        result = await invoker.ainvoke(key, caps=(), timeout=0.1)
        task = asyncio.create_task(invoker.ainvoke(key, caps=()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return result.status

    assert asyncio.run(outside()) == "timeout"
    assert ended == ["cancelled", "cancelled"]

    async def own_timeout(payload: Any) -> None:
        raise TimeoutError("mine")

    invoker, key = invoker_of(own_timeout)
    result = asyncio.run(invoker.ainvoke(key, caps=(), timeout=60))
    assert (result.status, result.error) == ("failed", "TimeoutError: mine")


@pytest.mark.parametrize("is_async", [True, False])
def test_ctrl_c_and_the_end_of_the_program_in_a_loop(is_async: bool) -> None:
    def plain(payload: Any) -> None:
        raise payload

    async def later(payload: Any) -> None:
        raise payload

    invoker, key = invoker_of(later if is_async else plain)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(invoker.ainvoke(key, KeyboardInterrupt(), caps=()))
    assert asyncio.run(invoker.ainvoke(key, SystemExit(3), caps=())).status == "failed"


def test_hooks_are_heard_before_a_coroutine_runs() -> None:
    builder = RegistryDbBuilder()
    key = builder.register("d", Definition(RegistryMeta("w", "w"), later))
    builder.register(
        "hook", Definition(RegistryMeta("g", "g"), lambda event: {"block": True, "message": "no"})
    )
    lines: list[Any] = []
    result = asyncio.run(Invoker(builder.build(), audit=lines.append).ainvoke(key, 1, caps=()))
    assert (result.status, result.messages[0].text, len(lines)) == ("hook_blocked", "no", 1)


@pytest.mark.parametrize("target", [parts, stream], ids=["generator", "async generator"])
def test_parts_come_as_they_are_given(target: Callable[..., Any]) -> None:
    given: list[str] = []

    class Items:
        def __iter__(self) -> Iterator[int]:
            for number in (1, 2, 3):
                given.append(f"made {number}")
                yield number

    invoker, key = invoker_of(target)
    found = invoker.stream(key, Items(), caps=())
    assert found.result is None
    for part in found:
        given.append(f"got {part}")
    assert given == ["made 1", "got 1", "made 2", "got 2", "made 3", "got 3"]
    assert found.result is not None
    assert found.result.ok

    async def inside() -> list[Any]:
        again = invoker.stream(key, [4, 5], caps=())
        parts = [part async for part in again]
        assert again.result is not None
        assert again.result.ok
        return parts

    assert asyncio.run(inside()) == [4, 5]


def test_a_stream_says_how_it_ended() -> None:
    def breaks(payload: Any) -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    def slow(payload: Any) -> Iterator[int]:
        yield 1
        time.sleep(600)
        yield 2

    closed: list[bool] = []

    def endless(payload: Any) -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    cases: tuple[tuple[Callable[..., Any], float | None, str], ...] = (
        (breaks, None, "failed"),
        (slow, 0.2, "timeout"),
        (lambda payload: 1, None, "ok"),
    )
    for target, seconds, status in cases:
        invoker, key = invoker_of(target)
        found = invoker.stream(key, None, caps=(), timeout=seconds)
        assert list(found) == [1]
        assert found.result is not None
        assert found.result.status == status
    invoker, key = invoker_of(endless)
    found = invoker.stream(key, None, caps=())
    for _ in found:
        break
    del _
    import gc

    gc.collect()
    assert closed == [True]
    assert found.result is not None
    assert found.result.error == "its reader stopped"
    denied = invoker.stream("nothing of it", None, caps=())
    assert list(denied) == []
    assert denied.result is not None
    assert denied.result.status == "not_found"


def test_a_stream_is_gone_through_once() -> None:
    calls: list[int] = []

    def count(payload: Any) -> Iterator[int]:
        calls.append(1)
        yield from range(3)

    invoker, key = invoker_of(count)
    stream = invoker.stream(key, None, caps=())
    assert (list(stream), list(stream), calls) == ([0, 1, 2], [], [1])


def test_a_generator_of_a_workspace_streams_json(tmp_path: Path) -> None:
    site = site_with(tmp_path / "s", "m:go", m="def go(p):\n    yield 1\n    yield {2}\n")
    invoker = open_runtime(site.root).invoker(allow_python=True, audit=lambda line: None)
    found = invoker.stream("a", None, caps=())
    assert list(found) == [1]
    assert found.result is not None
    assert "no JSON" in found.result.error


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


class Own(Context):
    pass


@pytest.mark.parametrize(
    "annotation",
    [
        Context,
        Own,
        Optional[Context],  # noqa: UP045  # both ways to write it
        Union[Context, None],  # noqa: UP007
        Optional["Context"],
        Annotated[Context, "how"],
        Context | None,
        "Optional[Context]",
        "Annotated[runtime.Context, 'how']",
    ],
    ids=str,
)
def test_the_context_goes_to_whom_its_annotation_asks_for(annotation: Any) -> None:
    def target(text: str, about: Any = None) -> tuple[str, str]:
        return text, type(about).__name__

    target.__annotations__["about"] = annotation
    assert run_code(target, "x").value == ("x", "Context")


@pytest.mark.parametrize("command", [["no-such-program-at-all"], ["bad"]])
def test_a_program_that_cannot_be_started_is_said(tmp_path: Path, command: list[str]) -> None:
    site = Site(tmp_path)
    if command == ["bad"]:
        place = site.write("scripts/bad", b"#!/no/such/interpreter\n")
        place.chmod(0o755)
        command = ["scripts/bad"]
    site.abilities({"ability_id": "a", "implementation": {"kind": "script", "command": command}})
    result = open_runtime(site.root).invoker(audit=lambda line: None).invoke("a", {}, caps=())
    assert result.status == "failed"
    assert "cannot be started: No such file or directory" in result.error


def test_what_a_failed_script_wrote_to_standard_output_is_told_where_it_wrote_no_errors(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    script = site.script("fails", "import sys\nprint('2 tests failed')\nsys.exit(9)\n")
    site.abilities({"ability_id": "a", "implementation": script})
    result = open_runtime(site.root).invoker(audit=lambda line: None).invoke("a", {}, caps=())
    assert result.error.endswith("ended with exit 9: 2 tests failed")
