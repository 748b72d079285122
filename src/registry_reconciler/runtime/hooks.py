"""Hooks: which ones an event concerns, in which order, and what they say.

A guard is a blocking hook of an event that can be denied. It fails closed: one that crashes, hangs, is
missing, may not run, or cannot tell whether it is concerned denies. Any other hook can neither deny nor
hurt: it is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from registry_reconciler.runtime.handlers import HandlerError
from registry_reconciler.runtime.source import EntryItem

Event = Literal["PromptSubmit", "PreAbilityCreate", "PreAbilityCall", "PostAbilityCall", "SessionStop"]

DENIABLE = frozenset({"PromptSubmit", "PreAbilityCreate", "PreAbilityCall"})

SLOTS = {"PreAbilityCreate": "pre_create", "PreAbilityCall": "pre_call", "PostAbilityCall": "post_call"}

log = logging.getLogger("registry_reconciler.runtime")

RunHook: TypeAlias = Callable[[EntryItem, Mapping[str, Any], Mapping[str, Any]], Any]
"""Runs one hook with its fields and the event; returns what it said or raises."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What happened, as far as it is known; ``None`` where it is not.

    Attributes:
        ability: id of the ability concerned, "" when the event concerns none.
        bound: ids of the hooks that the ability's own slot names.
    """

    event: Event
    ability: str = ""
    bound: tuple[str, ...] = ()
    changed_paths: tuple[str, ...] | None = None
    duration_ms: float | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class HookMessage:
    """What a hook says to the caller."""

    hook: str
    text: str


@dataclass(frozen=True, slots=True)
class HookOutcome:
    """What the hooks of one event came to: the id of the guard that denied, or "", and the messages."""

    blocked_by: str = ""
    messages: tuple[HookMessage, ...] = ()


@dataclass(frozen=True, slots=True)
class Concerned:
    """A hook that an occasion concerns; ``fault`` says why it cannot be run although it should."""

    id: str
    guard: bool
    item: EntryItem | None = None
    fields: Mapping[str, Any] | None = None
    fault: str = ""


def concerned(hooks: Iterable[EntryItem], occasion: Occasion) -> tuple[Concerned, ...]:
    """The hooks that an occasion concerns: higher priority first, then by id; faults before all."""
    found: list[tuple[int, str, Concerned]] = []
    seen = set()
    for item in hooks:
        fields = item.value
        id = item.meta.id
        seen.add(id)
        if fields.get("enabled", True) is False:
            continue
        guard = fields.get("blocking") is True and occasion.event in DENIABLE
        if fields.get("event_type") == occasion.event:
            if _applies(fields, occasion, id, guard):
                found.append((-item.meta.priority, id, Concerned(id, guard, item, fields)))
        elif id in occasion.bound:
            found.append((-item.meta.priority, id, _misbound(id, fields, occasion)))
    missing = [
        Concerned(id, occasion.event in DENIABLE, fault=f"the hook {id!r} is bound and does not exist")
        for id in occasion.bound
        if id not in seen
    ]
    return (*missing, *(one for _, _, one in sorted(found, key=lambda row: row[:2])))


def _misbound(id: str, fields: Mapping[str, Any], occasion: Occasion) -> Concerned:
    fault = (
        f"the hook {id!r} is bound to {SLOTS.get(occasion.event)} and waits for {fields.get('event_type')}"
    )
    return Concerned(id, occasion.event in DENIABLE, fault=fault)


def _applies(fields: Mapping[str, Any], occasion: Occasion, id: str, guard: bool) -> bool:
    match = fields.get("match") or {}
    if not (id in occasion.bound or _in_scope(match, fields.get("ability_ids"), occasion.ability)):
        return False
    # What is not known cannot clear a guard, and does not call anyone else.
    return all(guard if held is None else held for held in _conditions(match, occasion))


def _in_scope(match: Mapping[str, Any], ability_ids: object, ability: str) -> bool:
    scope = _texts(match.get("ability_scope"))
    named = _texts(ability_ids)
    if not scope and not named:
        return True
    return ability in named or _any_glob(scope, [ability])


def _conditions(match: Mapping[str, Any], occasion: Occasion) -> Iterator[bool | None]:
    least = match.get("min_duration_ms")
    if isinstance(least, (int, float)):
        yield None if occasion.duration_ms is None else occasion.duration_ms >= least
    globs = _texts(match.get("only_if_changed_paths"))
    if globs:
        yield None if occasion.changed_paths is None else _any_glob(globs, occasion.changed_paths)
    stages = _texts(match.get("stage"))
    if stages:
        yield None if occasion.stage is None else occasion.stage in stages


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _any_glob(globs: Sequence[str], texts: Iterable[str]) -> bool:
    from registry_reconciler.globs import Glob

    known = [Glob(pattern) for pattern in globs]
    return any(glob.matches(text) for text in texts for glob in known)


def fire(hooks: Iterable[Concerned], event: Mapping[str, Any], run: RunHook) -> HookOutcome:
    """Run hooks in order, up to the first guard that denies."""
    messages: list[HookMessage] = []
    for one in hooks:
        denied, text = _ask(one, event, run)
        if text and one.guard | (event["event"] in DENIABLE):
            messages.append(HookMessage(one.id, text))
        elif text:
            # The caller has got its answer already; what comes after it is for the log.
            log.info("hook %s: %s", one.id, text)
        if denied:
            return HookOutcome(one.id, tuple(messages))
    return HookOutcome("", tuple(messages))


def _ask(one: Concerned, event: Mapping[str, Any], run: RunHook) -> tuple[bool, str]:
    """Whether the hook denies, and what it says."""
    if one.item is None or one.fields is None:
        return _failed(one, one.fault)
    try:
        said = run(one.item, one.fields, {**event, "hook": one.id})
    except HandlerError as error:
        return _failed(one, str(error))
    except Exception as error:  # a Python hook is foreign code: whatever it raises is a crash of the hook
        return _failed(one, f"{type(error).__name__}: {error}")
    if not isinstance(said, Mapping):
        return False, "" if said is None else str(said)
    text = str(said.get("message") or "")
    return one.guard and said.get("block") is True, text


def _failed(one: Concerned, why: str) -> tuple[bool, str]:
    if one.guard:
        return True, why
    log.warning("hook %s failed: %s", one.id, why)
    return False, ""
