"""What a database says of an item that is to run: which it is, its hooks, what it may call, its schemas."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.errors import HandleError, RegistryError, UnknownKeyError, or_meant
from registry_reconciler.runtime.execution.hooks import (
    SLOTS,
    Concerned,
    HookEvent,
    HookIndex,
    events_of,
    texts,
)
from registry_reconciler.runtime.registry.meta import Key
from registry_reconciler.runtime.registry.source import EntryItem

if TYPE_CHECKING:
    from registry_reconciler.runtime.registry.db import DbSnapshot
    from registry_reconciler.schema.compiled import Validator

ABILITY_DOMAINS = ("ability", "ability_low", "ability_high")

HOOK_DOMAIN = "hook"


def unknown(snapshot: DbSnapshot, keys: Iterable[str]) -> list[str]:
    """Those of some ids, names or aliases that nothing has."""
    missing = []
    for key in keys:
        with contextlib.suppress(HandleError):  # it leads to several, and the call says so
            if find(snapshot, key) is None:
                missing.append(key)
    return missing


def find(snapshot: DbSnapshot, key: str | Key[Any], domain: str = "") -> Any:
    """The item of a handle, or of an id, name, alias or address; ``None`` when there is none.

    Abilities come first. What is in none of their domains is looked for in all others; there it has to be
    something that can be called.

    Raises:
        HandleError: the handle is stale, gone, or of a registry that is not here; the key leads to several items.
    """
    if isinstance(key, Key):
        try:
            return snapshot.resolve(key)
        except UnknownKeyError:
            raise HandleError(
                f"the handle for {key.id!r} belongs to {key.registry}, which is not here"
            ) from None
    if domain:
        return snapshot[domain].get(key) if domain in snapshot else None
    for name in ABILITY_DOMAINS:
        if name in snapshot:
            found = snapshot[name].get(key)
            if found is not None:
                return found
    place, slash, rest = key.partition("/")
    if slash and place in snapshot:
        found = snapshot[place].get(rest)
        if found is not None and (place in ABILITY_DOMAINS or _can_be_called(found)):
            return found
    return _in_any(snapshot, key)


def _can_be_called(item: Any) -> bool:
    return "implementation" in item.value if isinstance(item, EntryItem) else True


def _in_any(snapshot: DbSnapshot, key: str) -> Any:
    places: dict[str, Any] = {}
    for name in snapshot:
        if name not in ABILITY_DOMAINS and name != HOOK_DOMAIN:
            found = snapshot[name].get(key)
            if found is not None and _can_be_called(found):
                places[name] = found
    if len({id(item) for item in places.values()}) > 1:
        ways = " or ".join(f"{name}/{item.meta.id}" for name, item in places.items())
        raise HandleError(f"{key!r} leads to several items: write {ways}")
    return next(iter(places.values()), None)


def meant(snapshot: DbSnapshot, key: str, domain: str = "") -> str:
    """What was probably meant by a key that leads nowhere, as a sentence; "" where nothing is near."""
    from registry_reconciler.runtime.registry.near import probably_meant

    if domain and domain not in snapshot:
        return or_meant(probably_meant(domain, snapshot))
    domains = (domain,) if domain else tuple(name for name in snapshot if name != HOOK_DOMAIN)
    abilities = [name for name in domains if name in ABILITY_DOMAINS] or domains
    known = [word for name in abilities for word in snapshot[name].meant(key)]
    best = (*probably_meant(key, known), *known)
    return or_meant(tuple(dict.fromkeys(_id_of(snapshot, abilities, word) for word in best))[:3])


def not_there(snapshot: DbSnapshot, key: str, domain: str = "") -> str:
    """What to say of a key that leads nowhere."""
    if domain and domain not in snapshot:
        what = f"there is no domain {domain!r}"
    else:
        what = f"{domain} has no {key!r}" if domain else f"there is no ability {key!r}"
    return what + meant(snapshot, key, domain)


def _id_of(snapshot: DbSnapshot, domains: Iterable[str], word: str) -> str:
    for name in domains:
        found = snapshot[name].get(word)
        if found is not None:
            return str(found.meta.id)
    return word


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
    return hook_index(snapshot).concerned(hook_event)


def hook_index(snapshot: DbSnapshot) -> HookIndex:
    """The hooks of a snapshot."""
    index: HookIndex | None = snapshot.memo.get(HOOK_DOMAIN)
    if index is None:
        index = snapshot.memo[HOOK_DOMAIN] = _index(snapshot)
    return index


def _index(snapshot: DbSnapshot) -> HookIndex:
    """The index of the hooks that there are now: it outlives changes of other domains."""
    events = events_of(snapshot)
    if HOOK_DOMAIN not in snapshot:
        return HookIndex((), events)
    hooks = snapshot[HOOK_DOMAIN]
    index: HookIndex | None = hooks.memo.get(events)
    if index is None:
        index = hooks.memo[events] = HookIndex(hooks, events)
    return index


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

    try:
        plain = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    try:
        found = check_value(_validator(json.dumps(schema)), plain)
    except SchemaFault as fault:
        return f"the schema itself cannot be used: {fault.message}"
    shown = [
        f"{show_path(violation.path)}: {violation.message}" if violation.path else violation.message
        for violation in found[:3]
    ]
    return "; ".join(shown) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")


def unusable_schema(schema: Any) -> str:
    """Why a schema cannot be used, "" when it can."""
    from registry_reconciler.schema.compiled import SchemaFault

    try:
        _validator(json.dumps(schema))
    except SchemaFault as fault:
        return fault.message
    return ""


@lru_cache(maxsize=512)
def _validator(text: str) -> Validator:
    """The validator of a schema, by its text: one that is asked for again is not made again."""
    from registry_reconciler.schema.validator import standalone

    return standalone(json.loads(text))
