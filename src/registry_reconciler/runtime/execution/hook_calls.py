"""One hook is run, and what it answers is read: a script, a function of the workspace, or code of the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.execution import answers
from registry_reconciler.runtime.execution.calling import as_it_is
from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.handlers import Finished, HandlerError
from registry_reconciler.runtime.execution.implementations import Returned, carry_out
from registry_reconciler.runtime.execution.options import CallOptions
from registry_reconciler.runtime.execution.plainjson import json_fault
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta
from registry_reconciler.runtime.registry.source import EntryItem

if TYPE_CHECKING:
    from registry_reconciler.runtime.execution.invocation import Invoker


def run_hook(
    invoker: Invoker, item: HasMeta, fields: Mapping[str, Any], event: Mapping[str, Any], options: CallOptions
) -> answers.Answer:
    """What a hook answers.

    Raises:
        HandlerError: it may not run, or has nothing to call.
        Exception: whatever it raises.
    """
    decision = invoker.decide(item, options)
    if not decision.open:
        words = ", ".join(decision.mutating or decision.missing)
        raise HandlerError(f"the hook {item.meta.id!r} needs capabilities that were not granted: {words}")
    context = Context(invoker, item.meta.id, options, invoker.grant(options), frozenset())
    event = _of_its_own(event)
    if isinstance(item, EntryItem):
        handler = fields.get("handler")
        how = handler if isinstance(handler, Mapping) else {}
        done = carry_out(invoker, how, event, context, {"REGISTRY_HOOK": item.meta.id}, plain=True)
    else:
        target = item.target if isinstance(item, Definition) else item
        if not callable(target):
            raise HandlerError(f"the hook {item.meta.id!r} has nothing to call")
        seconds = invoker.seconds_of_code(options, item)
        process = options.process or (isinstance(item, Definition) and item.process)
        done = Returned(as_it_is(target, event, context, seconds=seconds, process=process))
    if isinstance(done, Finished):
        return answers.of_script(done, item.meta.id)
    return answers.of_function(done.value)


def _of_its_own(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event with a copy of its payload: what one hook changes, neither the next nor the item gets to see.

    What is no JSON may not be copied; only an item in code takes it, from a program that knows both.
    """
    from copy import deepcopy

    payload = event["payload"]
    return event if json_fault(payload) else {**event, "payload": deepcopy(payload)}
