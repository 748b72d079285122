"""Spans of OpenTelemetry: what they are of, how they hang together, and that nobody pays who did not ask."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace

from registry_reconciler.runtime import (
    Definition,
    Invoker,
    RegistryDbBuilder,
    RegistryError,
    RegistryMeta,
    open_runtime,
)
from tests.unit.runtime.helper import ECHO, Site


class Kept(trace.NonRecordingSpan):
    """A span that remembers what it was told."""

    def __init__(self, name: str, said: Any, above: str) -> None:
        super().__init__(trace.SpanContext(1, 1, False))
        self.name, self.said, self.above = name, dict(said or {}), above
        self.failed = self.over = False

    def set_attribute(self, key: str, value: Any) -> None:
        self.said[key] = value

    def set_status(self, status: Any, description: str | None = None) -> None:
        self.failed = not status.is_ok

    def end(self, end_time: int | None = None) -> None:
        self.over = True


class Keeps(trace.Tracer):
    """A tracer that keeps its spans."""

    def __init__(self) -> None:
        self.spans: list[Kept] = []

    def start_span(self, name: str, *_: Any, attributes: Any = None, **__: Any) -> Kept:
        self.spans.append(Kept(name, attributes, getattr(trace.get_current_span(), "name", "")))
        return self.spans[-1]

    @contextmanager
    def start_as_current_span(self, name: str, *_: Any, **more: Any) -> Iterator[Kept]:  # type: ignore[override]
        span = self.start_span(name, attributes=more["attributes"])
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield span

    def tree(self) -> list[tuple[str, str, Any, bool]]:
        assert all(span.over for span in self.spans)
        return sorted(
            (span.name, span.above, span.said.get("registry.status"), span.failed) for span in self.spans
        )


def invoker(tracer: Any, target: Any, *hooks: Any) -> Invoker:
    builder = RegistryDbBuilder()
    builder.register("actions", Definition(RegistryMeta("it", "it"), target))
    for hook in hooks:
        builder.register("hook", Definition(RegistryMeta(hook.__name__, ""), hook))
    return Invoker(builder.build(), audit=lambda line: None, spans=tracer)


def goes_on(event: Any) -> Any:
    return {"block": False}


def denies(event: Any) -> Any:
    return {"block": True}


def fails(payload: Any) -> Any:
    raise ValueError("a secret")


async def waits(payload: Any) -> Any:
    await asyncio.sleep(0)
    return payload


def test_a_call_and_its_hooks_are_told_and_never_a_value() -> None:
    tracer = Keeps()
    assert invoker(tracer, str.upper, goes_on).invoke("it", "hidden", caps=(), caller="me").ok
    assert tracer.tree() == [("hook goes_on", "invoke it", None, False), ("invoke it", "", "ok", False)]
    assert tracer.spans[0].said["registry.caller"] == "me"
    assert tracer.spans[1].said["registry.block"] is False
    invoker(tracer, fails).invoke("it", "hidden", caps=())
    assert tracer.spans[-1].said["error.type"] == "ValueError"
    invoker(tracer, str.upper, denies).invoke("it", "hidden", caps=())
    assert tracer.spans[-2].said["registry.status"] == "hook_blocked"
    everything = repr([(span.name, span.said) for span in tracer.spans])
    assert "hidden" not in everything
    assert "secret" not in everything


def test_a_call_in_a_loop_and_a_stream_are_told_once() -> None:
    tracer = Keeps()
    asyncio.run(invoker(tracer, waits, goes_on).ainvoke("it", 1, caps=()))
    assert tracer.tree() == [("hook goes_on", "invoke it", None, False), ("invoke it", "", "ok", False)]
    tracer = Keeps()
    assert list(invoker(tracer, iter).stream("it", [1, 2], caps=())) == [1, 2]

    async def read() -> None:
        async for _ in invoker(tracer, fails).stream("it", caps=()):
            pass

    asyncio.run(read())
    assert tracer.tree() == [("invoke it", "", "failed", True), ("invoke it", "", "ok", False)]


@pytest.mark.skipif(os.name != "posix", reason="scripts of this test are run on POSIX")
def test_steps_are_told_with_what_they_call(tmp_path: Path) -> None:
    site = Site(tmp_path / "s")
    site.abilities({"ability_id": "echo", "implementation": site.script("echo", ECHO)})
    steps = [{"ability_id": "echo", "name": name, "parallel": True} for name in ("a", "b")]
    site.flows({"ability_id": "flow", "steps": steps})
    tracer = Keeps()
    assert (
        open_runtime(site.root).invoker(audit=lambda line: None, spans=tracer).invoke("flow", {}, caps=()).ok
    )
    assert tracer.tree() == [
        ("invoke echo", "step a", "ok", False),
        ("invoke echo", "step b", "ok", False),
        ("invoke flow", "", "ok", False),
        ("step a", "invoke flow", "ok", False),
        ("step b", "invoke flow", "ok", False),
    ]


def test_who_does_not_ask_imports_nothing_and_who_does_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = (
        "import sys\n"
        "from registry_reconciler.runtime import *\n"
        "from registry_reconciler.runtime import Invoker\n"
        "b = RegistryDbBuilder(); b.register('a', Definition(RegistryMeta('x', 'x'), str))\n"
        "assert Invoker(b.build(), audit=print).invoke('x', 1, caps=()).ok\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    assert (
        invoker(True, str).invoke("it", 1, caps=()).ok
    )  # the provider of the program, which does nothing here
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(RegistryError, match="pip install opentelemetry-api"):
        invoker(True, str)
