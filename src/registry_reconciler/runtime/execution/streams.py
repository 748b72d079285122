"""What an item gives part by part, while it runs."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from registry_reconciler.runtime.execution.calling import carried_out, is_stream
from registry_reconciler.runtime.execution.handlers import HandlerTimeout
from registry_reconciler.runtime.execution.limited import LoopLimit, within
from registry_reconciler.runtime.execution.plainjson import json_fault
from registry_reconciler.runtime.execution.results import InvocationRefused, InvocationResult, refusal
from registry_reconciler.runtime.execution.single_call import SingleCall
from registry_reconciler.runtime.execution.spans import settled, span_of_parts

R = TypeVar("R")

_END: Any = object()


async def _nothing() -> AsyncIterator[Any]:
    nothing: tuple[Any, ...] = ()
    for part in nothing:
        yield part


class InvocationStream(Generic[R]):
    """The parts of a generator as they come; of anything else, its one value.

    It is gone through once: whoever asks again gets nothing, and the item does not run again.

    Attributes:
        result: how it ended, once the parts are at their end; ``None`` before. It never raises for what an
            ability, a hook or a caller did wrong: a call that is denied has no parts, and says so here.
    """

    def __init__(self, call: SingleCall) -> None:
        self._call = call
        self._kept: list[Any] | None = None
        self._taken = False
        self.result: InvocationResult[Any] | None = None

    def __iter__(self) -> Iterator[R]:
        return iter(()) if self._is_taken() else self._open()

    def __aiter__(self) -> AsyncIterator[R]:
        return _nothing() if self._is_taken() else self._open_async()

    def _open(self) -> Iterator[R]:
        with span_of_parts(self._call.tracer, *self._call.span()) as span:
            try:
                yield from self._parts()
            finally:
                settled(span, self.result)

    async def _open_async(self) -> AsyncIterator[R]:
        with span_of_parts(self._call.tracer, *self._call.span()) as span:
            parts = self._parts_async()
            try:
                async for part in parts:
                    yield part
            finally:
                await parts.aclose()
                settled(span, self.result)

    def _is_taken(self) -> bool:
        taken, self._taken = self._taken, True
        return taken

    def _begin(self) -> bool:
        self.result = self._call.begin()
        if self._call.has_schema("output_schema"):
            self._kept = []
        return self.result is None

    def _checked(self, part: Any) -> Any:
        own = self._call.is_own
        if not own and (fault := json_fault(part)):
            raise InvocationRefused("failed", f"what {self._call.id} gave is no JSON: {fault}")
        if self._kept is not None:
            self._kept.append(part)
        return part

    def _settled(self, whole: Any) -> None:
        self.result = self._call.settle(whole)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Whatever ends the parts early becomes the result."""
        try:
            yield
        except InvocationRefused as refused:
            self.result = self._call.end(refused)
        except GeneratorExit:
            self.result = self._call.end(InvocationRefused("failed", "its reader stopped"))
            raise
        except Exception as error:
            self.result = self._call.end(refusal(error))

    def _parts(self) -> Iterator[R]:
        if not self._begin():
            return
        value: Any = None
        try:
            with self._ending():
                value = self._call.perform(plain=True)
                if is_stream(value):
                    yield from self._each(value)
                    self._settled(self._kept)
                elif isinstance(value, AsyncIterator):
                    yield from self._each_of_a_loop(value)
                    self._settled(self._kept)
                else:
                    whole = carried_out(value)
                    yield whole
                    self._settled(whole)
        finally:
            if is_stream(value) and hasattr(value, "close"):
                value.close()

    def _each(self, parts: Iterator[Any]) -> Iterator[R]:
        seconds = self._call.seconds()
        end = None if seconds is None else time.monotonic() + seconds
        name = self._call.id
        while True:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise HandlerTimeout(f"{name} did not come to its end within {seconds:g} s")
            part = within(lambda: next(parts, _END), left, name)
            if part is _END:
                return
            yield self._checked(part)

    def _each_of_a_loop(self, parts: AsyncIterator[Any]) -> Iterator[R]:
        import asyncio

        async def following() -> Any:
            return await anext(parts, _END)

        with asyncio.Runner() as runner:
            yield from self._each(iter(lambda: runner.run(following()), _END))

    async def _parts_async(self) -> AsyncGenerator[R, None]:
        import asyncio

        if not await asyncio.to_thread(self._begin):
            return
        with self._ending():
            seconds = self._call.seconds()
            limit = _StreamLimit(seconds, self._call.id)
            async with limit.now():
                value = await self._call.called_in_the_loop()
            if isinstance(value, AsyncIterator):
                async for part in _until(value, limit):
                    yield self._checked(part)
                whole = self._kept
            elif is_stream(value):
                while True:
                    async with limit.now():
                        part = await asyncio.to_thread(self._next, value, limit)
                    if part is _END:
                        break
                    yield self._checked(part)
                whole = self._kept
            else:
                async with limit.now():
                    whole = await value if hasattr(value, "__await__") else value
                yield whole
            self._settled(whole)

    def _next(self, parts: Iterator[Any], limit: _StreamLimit) -> Any:
        # The thread that it runs in is to end as well.
        return within(lambda: next(parts, _END), limit.left(), self._call.id)


class _StreamLimit:
    """The time of a whole stream, of which each part may take what is left."""

    def __init__(self, seconds: float | None, name: str) -> None:
        self._seconds, self._name = seconds, name
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float | None:
        """Seconds until then; asked from any thread."""
        return None if self._end is None else max(0.001, self._end - time.monotonic())

    def now(self) -> LoopLimit:
        return LoopLimit(self.left(), self._name, stated=self._seconds, what="come to its end")


async def _until(parts: AsyncIterator[Any], limit: _StreamLimit) -> AsyncIterator[Any]:
    try:
        while True:
            async with limit.now():
                part = await anext(parts, _END)
            if part is _END:
                return
            yield part
    finally:
        if hasattr(parts, "aclose"):
            await parts.aclose()
