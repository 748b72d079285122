"""Spans of OpenTelemetry: of each invocation, of its hooks and of the steps of a workflow. Off unless asked for.

With the package ``opentelemetry-api``, which is imported when somebody asks. A span says which item ran for whom and
how that ended; never what went in or came out, nor the text of an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.errors import RegistryError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

    from registry_reconciler.runtime.execution.results import InvocationResult

_NAME = "registry_reconciler"


def tracer_of(spans: bool | Tracer) -> Tracer | None:
    """The tracer that was asked for: one of the program, or that of its tracer provider; ``None``: no spans.

    Raises:
        RegistryError: the package is not installed.
    """
    if spans is False:
        return None
    if spans is not True:
        return spans
    try:
        from opentelemetry.trace import get_tracer
    except ImportError as error:
        raise RegistryError("spans need a package: pip install opentelemetry-api") from error
    return get_tracer(_NAME)


@contextmanager
def span_of(tracer: Tracer | None, name: str, attributes: Mapping[str, Any]) -> Iterator[Span | None]:
    """A span for what runs in it, below the one that is current; nothing without a tracer."""
    if tracer is None:
        yield None
        return
    with tracer.start_as_current_span(
        name, attributes=_attributes(attributes), record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            failed(span, type(error).__name__)
            raise


def _attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"registry.{name}": value for name, value in values.items() if value not in ("", None)}


def failed(span: Span, kind: str) -> None:
    """Say that what a span is of failed."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def settled(span: Span | None, result: InvocationResult[Any] | None) -> None:
    """Say how an invocation ended."""
    if span is None or result is None:
        return
    span.set_attribute("registry.id", result.id)
    span.set_attribute("registry.status", result.status)
    if result.denied:
        span.set_attribute("registry.denied", result.denied)
    if not result.ok:
        failed(span, type(result.exception).__name__ if result.exception else result.status)


@contextmanager
def span_of_parts(tracer: Tracer | None, name: str, attributes: Mapping[str, Any]) -> Iterator[Span | None]:
    """As :func:`span_of`, for what is left and entered again between its parts: it is nowhere the current one."""
    if tracer is None:
        yield None
        return
    span = tracer.start_span(name, attributes=_attributes(attributes))
    try:
        yield span
    finally:
        span.end()
