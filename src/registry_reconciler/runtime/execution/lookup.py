"""What a database says of an item that is to run: which it is, its hooks, what it may call, its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.errors import HandleError, RegistryError, or_meant
from registry_reconciler.runtime.execution.hooks import (
    SLOTS,
    Concerned,
    HookEvent,
    concerned,
    events_of,
    texts,
)
from registry_reconciler.runtime.registry.meta import HasMeta, Key
from registry_reconciler.runtime.registry.source import EntryItem

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot

ABILITY_DOMAINS = ("ability", "ability_low", "ability_high")

HOOK_DOMAIN = "hook"


def find(snapshot: DbSnapshot, key: str | Key[Any]) -> Any:
    """The item of a handle, or of an ability's id, name, alias or address; ``None`` when there is none.

    Raises:
        HandleError: the handle is stale, gone, or of a registry that is not here.
    """
    if isinstance(key, Key):
        if key.registry not in snapshot:
            raise HandleError(f"the handle for {key.id!r} belongs to {key.registry}, which is not here")
        return snapshot.resolve(key)
    for domain in ABILITY_DOMAINS:
        if domain in snapshot:
            found = snapshot[domain].get(key)
            if found is not None:
                return found
    kind, slash, rest = key.partition("/")
    if slash and kind in ABILITY_DOMAINS and kind in snapshot:
        return snapshot[kind].get_by_id(rest)
    return None


def meant(snapshot: DbSnapshot, key: str) -> str:
    """What was probably meant by a key that leads nowhere, as a sentence; "" where nothing is near."""
    from registry_reconciler.runtime.registry.index import probably_meant

    known = [item.meta.id for domain in ABILITY_DOMAINS if domain in snapshot for item in snapshot[domain]]
    near = tuple(dict.fromkeys(probably_meant(key, known)))
    return or_meant(near)


def bound_hooks(item: Any, event: str) -> tuple[str, ...]:
    """Ids of the hooks that an ability binds to an event itself."""
    return hooks_in(item.value, event) if isinstance(item, EntryItem) else ()


def hooks_in(fields: Mapping[str, Any], event: str) -> tuple[str, ...]:
    """Ids of the hooks that the fields of an ability bind to an event."""
    slots = fields.get("hooks")
    if isinstance(slots, Mapping | None):
        # A slot that there is not may be this one misspelt: as a hook that does not exist, it denies.
        odd = [f"hooks.{name}" for name in slots or () if name not in SLOTS.values() and event in SLOTS]
        return (*texts((slots or {}).get(SLOTS.get(event, ""))), *odd)
    # Something is bound and cannot be read: as the id of a hook that does not exist, it denies.
    return texts(slots) if event in SLOTS else ()


def check_event(event: str, snapshot: DbSnapshot) -> None:
    """Raise RegistryError unless there is such an event."""
    known = events_of(snapshot)
    if event not in known:
        from registry_reconciler.base.suggest import did_you_mean

        raise RegistryError(
            f"there is no event {event!r}, so no hook can wait for it; there are {', '.join(known)}."
            + did_you_mean(event, known)
        )


def hooks_of(snapshot: DbSnapshot, hook_event: HookEvent) -> tuple[Concerned, ...]:
    """The hooks of the database that an event concerns, in order."""
    known: Iterable[HasMeta] = snapshot.get(HOOK_DOMAIN, ())
    return concerned(known, hook_event, events_of(snapshot))


def called_by(fields: Mapping[str, Any]) -> frozenset[str]:
    """The ids that an entry declares to call."""
    steps = fields.get("steps") or ()
    named = (step if isinstance(step, str) else step.get("ability_id", "") for step in steps)
    return frozenset((*named, *(fields.get("ability_ids") or ())))


def schema_fault(schema: Any, value: Any) -> str:
    """What is wrong with a value by its schema, "" when nothing is. A schema that cannot be used is wrong
    too.
    """
    from registry_reconciler.model.entry import show_path
    from registry_reconciler.schema.compiled import SchemaFault, check_value
    from registry_reconciler.schema.validator import standalone

    try:
        plain = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    try:
        found = check_value(standalone(schema), plain)
    except SchemaFault as fault:
        return f"the schema itself cannot be used: {fault.message}"
    shown = [
        f"{show_path(violation.path)}: {violation.message}" if violation.path else violation.message
        for violation in found[:3]
    ]
    return "; ".join(shown) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
