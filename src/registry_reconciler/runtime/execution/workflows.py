"""Workflows: steps in order, each with what earlier ones gave, all decided by a schema before the first runs.

A step gets its ``with``, in which ``{"$from": "steps.NAME.output.field"}`` and ``{"$from": "input.field"}`` stand for
what is there, and without ``with`` the workflow's own input. ``when`` is true or false, or a JSON Schema that is
held against ``{"input": ..., "steps": {name: {"status": ..., "output": ...}}}``. References and schemas that cannot
be meant are refused before step one.

Steps with ``parallel: true`` that follow each other run at the same time, each with what was known before the first
of them. All of them come to their end before the workflow goes on, or fails as the first of them did.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.handlers import HandlerError
from registry_reconciler.runtime.execution.hooks import misspelt
from registry_reconciler.runtime.execution.lookup import schema_fault, unusable_schema
from registry_reconciler.runtime.execution.results import InvocationRefused, InvocationResult
from registry_reconciler.runtime.execution.spans import settled, span_of

FROM = "$from"
DEFAULT_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """One step, read.

    Attributes:
        name: what later steps call it; the ability's id where it has none.
        attempts: how often it is tried at most.
        pause: seconds before the second attempt; twice as many before each further one.
        parallel: whether it runs at the same time as its neighbours that say so too.
    """

    name: str
    ability: str
    when: Any = True
    given: Mapping[str, Any] | None = None
    attempts: int = 1
    pause: float = DEFAULT_PAUSE
    continue_on_error: bool = False
    parallel: bool = False


_MOST_AT_ONCE = 16
"""So many steps run at the same time; the others wait for one of them."""

NO_STEP = "a step names an ability that is not there:"


@dataclass(slots=True)
class _WorkflowRun:
    """What is known while a workflow runs."""

    input: Any
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        return {"input": self.input, "steps": self.steps}


def steps_of(fields: Mapping[str, Any]) -> tuple[WorkflowStep, ...]:
    """The steps of a workflow.

    Raises:
        HandlerError: a step cannot be meant: a condition that is no schema, a reference to no earlier step.
    """
    read: list[WorkflowStep] = []
    before: set[str] = set()
    for spec in fields.get("steps") or fields.get("ability_ids") or ():
        step = _step(spec)
        if not (step.parallel and read and read[-1].parallel):
            before = {earlier.name for earlier in read}
        beside = {earlier.name for earlier in read} - before
        _check(step, before, beside, isinstance(spec, Mapping) and bool(spec.get("name")))
        read.append(step)
    return tuple(read)


def _groups(steps: Iterable[WorkflowStep]) -> Iterator[tuple[WorkflowStep, ...]]:
    """Those that run at the same time together; every other one by itself."""
    group: list[WorkflowStep] = []
    for step in steps:
        if group and not (step.parallel and group[-1].parallel):
            yield tuple(group)
            group = []
        group.append(step)
    if group:
        yield tuple(group)


def _step(spec: Any) -> WorkflowStep:
    if isinstance(spec, str):
        return WorkflowStep(spec, spec)
    if not isinstance(spec, Mapping) or not isinstance(spec.get("ability_id"), str):
        raise HandlerError(f"a step is an id or has an ability_id: {spec!r}")
    ability = spec["ability_id"]
    retry = spec.get("retry", {})
    retry = {"attempts": retry} if isinstance(retry, int) else retry
    attempts = retry.get("attempts", 1) if isinstance(retry, Mapping) else 0
    pause = retry.get("seconds", DEFAULT_PAUSE) if isinstance(retry, Mapping) else 0
    name = spec.get("name") or ability
    if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= 100:
        raise HandlerError(
            f"retry of step {name} is a number of attempts from 1 to 100: {spec.get('retry')!r}"
        )
    if isinstance(pause, bool) or not isinstance(pause, (int, float)) or not 0 <= pause <= _LONGEST_PAUSE:
        raise HandlerError(f"retry.seconds of step {name} is a number from 0 to 60: {pause!r}")
    given = spec.get("with")
    going_on = spec.get("continue_on_error", False)
    if going_on is not True and going_on is not False:
        raise HandlerError(f"continue_on_error of step {name} is true or false, not {going_on!r}")
    parallel = spec.get("parallel", False)
    if parallel is not True and parallel is not False:
        raise HandlerError(f"parallel of step {name} is true or false, not {parallel!r}")
    return WorkflowStep(
        name, ability, spec.get("when", True), given, attempts, float(pause), going_on, parallel
    )


def _check(step: WorkflowStep, earlier: set[str], beside: set[str], named: bool) -> None:
    if step.name in beside or (named and step.name in earlier):
        # Of two that run at the same time nobody could say whose output has the name.
        raise HandlerError(f"two steps are called {step.name}; give one of them another name")
    for reference in _references(step.given):
        head, name, *_ = [*_parts(reference, earlier | beside), ""]
        if head == "steps" and name in beside:
            raise HandlerError(f"step {step.name} needs {reference!r}, and {name} runs at the same time")
        if head == "steps" and name not in earlier:
            raise HandlerError(
                f"step {step.name} needs {reference!r}, and no step before it is called {name!r}"
            )
        if head not in ("input", "steps"):
            raise HandlerError(
                f"step {step.name} needs {reference!r}: write input.FIELD or steps.NAME.output.FIELD"
            )
    if isinstance(step.when, bool):
        return
    if not isinstance(step.when, Mapping):
        raise HandlerError(
            f"the condition of step {step.name} cannot be decided here: "
            f"{step.when!r} is neither true or false nor a schema"
        )
    fault = unusable_schema(step.when) or _means_nothing(step.when, earlier)
    if fault:
        raise HandlerError(f"the condition of step {step.name} cannot be decided here: {fault}")


def _means_nothing(when: Mapping[str, Any], earlier: set[str]) -> str:
    """Why a condition would be true, or false, whatever came before; "" when it is about something."""
    odd = misspelt(when, ("properties", "required"))
    if odd:
        return f"it has {odd!r}, which may be properties or required misspelt"
    if strange := _not_among(when, {"input", "steps"}):
        return f"it is about {strange!r}, and there are input and steps"
    properties = when.get("properties")
    steps = properties.get("steps") if isinstance(properties, Mapping) else None
    if isinstance(steps, Mapping) and (strange := _not_among(steps, earlier)):
        return f"no step before it is called {strange!r}"
    return ""


def _not_among(schema: Mapping[str, Any], known: set[str]) -> str:
    """The first name that a schema speaks of and that is none of those."""
    properties, required = schema.get("properties"), schema.get("required")
    names: list[Any] = [
        *(properties if isinstance(properties, Mapping) else ()),
        *(required if isinstance(required, list) else ()),
    ]
    return next((str(name) for name in names if name not in known), "")


def _references(given: Any) -> list[str]:
    if isinstance(given, Mapping):
        if set(given) == {FROM}:
            return [str(given[FROM])]
        return [found for part in given.values() for found in _references(part)]
    if isinstance(given, list):
        return [found for part in given for found in _references(part)]
    return []


def _parts(reference: str, names: Sequence[str] | set[str]) -> list[str]:
    """The parts of a reference; a name of a step may hold dots itself."""
    head, _, rest = reference.partition(".")
    if head == "steps":
        for name in sorted(names, key=len, reverse=True):
            if rest == name or rest.startswith(name + "."):
                return [head, name, *filter(None, rest[len(name) + 1 :].split("."))]
    return [head, *filter(None, rest.split("."))]


def _filled(given: Any, progress: _WorkflowRun) -> Any:
    if isinstance(given, Mapping):
        if set(given) == {FROM}:
            return _look_up(str(given[FROM]), progress)
        return {key: _filled(part, progress) for key, part in given.items()}
    return [_filled(part, progress) for part in given] if isinstance(given, list) else given


def _look_up(reference: str, progress: _WorkflowRun) -> Any:
    value: Any = progress.data()
    for part in _parts(reference, set(progress.steps)):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise HandlerError(f"{reference!r} leads nowhere: there is no {part!r}")
    return value


def run_workflow(fields: Mapping[str, Any], payload: Any, context: Context) -> Any:
    """Run the steps; the value is that of the last one that ran.

    Raises:
        HandlerError: a step cannot be meant, or a reference leads nowhere.
        InvocationRefused: a step did not come to its end, and the workflow does not go on then.
    """
    progress, value = _WorkflowRun(payload), None
    steps = steps_of(fields)
    for missing in context.unknown(step.ability for step in steps if step.when is not False):
        raise InvocationRefused("not_found", f"{NO_STEP} {missing!r}, and none of the steps was run")
    for group in _groups(steps):
        for step, result in _carried_out(group, progress, context):
            progress.steps[step.name] = {"status": result.status, "output": result.value}
            if result.ok:
                value = result.value
            elif not step.continue_on_error:
                why = f"step {step.name}: {result.error}"
                raise InvocationRefused(result.status, why, denied=result.denied, exception=result.exception)
    return value


def _carried_out(
    group: Sequence[WorkflowStep], progress: _WorkflowRun, context: Context
) -> list[tuple[WorkflowStep, InvocationResult[Any]]]:
    """What came of the steps of a group that were not skipped."""
    calls: list[tuple[WorkflowStep, Any]] = []
    for step in group:
        if step.when is False or (
            isinstance(step.when, Mapping) and schema_fault(step.when, progress.data())
        ):
            progress.steps[step.name] = {"status": "skipped", "output": None}
            context.log(step.ability, "skipped")
        else:
            calls.append((step, progress.input if step.given is None else _filled(step.given, progress)))
    if len(calls) == 1:
        return [(step, _attempts(step, given, context)) for step, given in calls]
    return _at_once(calls, context)


def _at_once(
    calls: Sequence[tuple[WorkflowStep, Any]], context: Context
) -> list[tuple[WorkflowStep, InvocationResult[Any]]]:
    """Each in a thread of its own with a copy of the context; the first fault of the program is raised."""
    found: dict[int, InvocationResult[Any] | BaseException] = {}
    places = threading.BoundedSemaphore(_MOST_AT_ONCE)

    def run(number: int, step: WorkflowStep, given: Any) -> None:
        with places:
            try:
                found[number] = _attempts(step, given, context)
            except BaseException as error:
                found[number] = error

    threads = [
        threading.Thread(
            target=contextvars.copy_context().run,
            args=(run, number, *call),
            daemon=True,
            name="registry-step",
        )
        for number, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done: list[tuple[WorkflowStep, InvocationResult[Any]]] = []
    for number, (step, _) in enumerate(calls):
        result = found[number]
        if isinstance(result, BaseException):
            raise result
        done.append((step, result))
    return done


def _attempts(step: WorkflowStep, given: Any, context: Context) -> InvocationResult[Any]:
    """Only what may come out otherwise is tried again: a denial stays one."""
    pause = step.pause
    with span_of(context.tracer, f"step {step.name}", {"step": step.name, "id": step.ability}) as span:
        for attempt in range(1, step.attempts + 1):
            result = context.invoke(step.ability, given)
            if result.status not in ("failed", "timeout") or attempt == step.attempts:
                break
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        if span is not None:
            span.set_attribute("registry.attempts", attempt)
        settled(span, result)
    return result
