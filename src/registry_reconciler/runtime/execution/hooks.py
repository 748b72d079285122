"""Hooks: which ones an event concerns, in which order, and what they say.

A guard is a blocking hook of an event that can be denied. It fails closed: one that crashes, hangs, is
missing, may not run, cannot tell whether it is concerned, or gives no clear answer denies
(:mod:`registry_reconciler.runtime.execution.answers`). Any other hook can neither deny nor hurt: its failure is told
and logged.

A hook that is code (an item of the domain ``hook`` that is no entry) says by its flags what it waits for:
the names of events. Without one it guards every event that can be denied. ``observer`` among them makes it
one that does not block.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from registry_reconciler.base.escape import visible
from registry_reconciler.runtime.execution.answers import Answer, shown
from registry_reconciler.runtime.execution.handlers import HandlerError
from registry_reconciler.runtime.registry.meta import HasMeta
from registry_reconciler.runtime.registry.source import EntryItem, SideTables, event_types_in

Event = Literal["PromptSubmit", "PreAbilityCreate", "PreAbilityCall", "PostAbilityCall", "SessionStop"]

EVENTS: tuple[str, ...] = get_args(Event)

TOO_LATE = frozenset({"PostAbilityCall", "SessionStop"})
"""What these tell of has happened, and cannot be denied any more."""

OBSERVER = "observer"

SLOTS = {"PreAbilityCreate": "pre_create", "PreAbilityCall": "pre_call", "PostAbilityCall": "post_call"}

OPAQUE = "$opaque"
"""The one field of a value whose tag nobody knows."""

_LONGEST_REASON = 1000

_MOST_KNOWN = 4096
"""Of so many abilities and events it is kept whom they concern."""

_ABILITY_KINDS = ("ability_low", "ability_high")

log = logging.getLogger("registry_reconciler.runtime")

RunHook: TypeAlias = Callable[[HasMeta, Mapping[str, Any], Mapping[str, Any]], Answer]
"""Runs one hook with its fields and the event; returns what it said or raises."""


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What happened, as far as it is known; ``None`` where it is not.

    Attributes:
        ability: id of the ability concerned, "" when none is known.
        bound: ids of the hooks that the ability's own slot names.
    """

    event: str
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
    """A hook that an event concerns; ``fault`` says why it cannot be run although it should."""

    id: str
    guard: bool
    item: HasMeta | None = None
    fields: Mapping[str, Any] | None = None
    fault: str = ""


def deniable(event: str) -> bool:
    """Whether guards are asked before it happens."""
    return event not in TOO_LATE


def events_of(db: SideTables) -> tuple[str, ...]:
    """The events that can happen: those that are built in, and those that the configuration declares."""
    return tuple(dict.fromkeys((*EVENTS, *event_types_in(db))))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hook as far as event, ability and slots decide about it. ``match`` is asked anew in each call."""

    rank: tuple[int, str]
    concerned: Concerned
    match: Mapping[str, Any] | None = None


class HookIndex:
    """The hooks of one moment: each read once, and what does not concern an ability is asked once.

    Args:
        events: those that can happen. A guard that waits for another may be meant for this one.
    """

    def __init__(self, hooks: Iterable[HasMeta], events: Iterable[str] = EVENTS) -> None:
        self._hooks = [
            (item, item.meta.id, item.value if isinstance(item, EntryItem) else None) for item in hooks
        ]
        self._ids = {id for _, id, _ in self._hooks}
        self._events = frozenset(events)
        self._known: dict[tuple[str, str, tuple[str, ...]], tuple[Candidate, ...]] = {}

    def concerned(self, hook_event: HookEvent) -> tuple[Concerned, ...]:
        """The hooks that an event concerns: higher priority first, then by id; faults before all."""
        found = self.candidates(hook_event.event, hook_event.ability, hook_event.bound)
        return tuple(
            candidate.concerned
            for candidate in found
            if candidate.match is None or _holds(candidate.match, hook_event, candidate.concerned.guard)
        )

    def candidates(self, event: str, ability: str, bound: tuple[str, ...]) -> tuple[Candidate, ...]:
        """The hooks that may be concerned, whatever else is known of a call."""
        if not self._hooks and not bound:
            return ()
        key = (event, ability, bound)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known = {}
            found = self._known[key] = self._candidates(HookEvent(event, ability, bound))
        return found

    def _candidates(self, hook_event: HookEvent) -> tuple[Candidate, ...]:
        found = []
        for item, id, fields in self._hooks:
            rank = (-item.meta.priority, id)
            if fields is not None:
                candidate = _entry(item, id, fields, hook_event, self._events, rank)
            else:
                code = _code(item, id, hook_event, self._events)
                candidate = None if code is None else Candidate(rank, code)
            if candidate is not None:
                found.append(candidate)
        missing = [
            Candidate(
                (0, id),
                Concerned(
                    id, deniable(hook_event.event), fault=f"the hook {id!r} is bound and does not exist"
                ),
            )
            for id in hook_event.bound
            if id not in self._ids
        ]
        return (*missing, *sorted(found, key=lambda candidate: candidate.rank))


def _entry(
    item: HasMeta,
    id: str,
    fields: Mapping[str, Any],
    hook_event: HookEvent,
    events: frozenset[str],
    rank: tuple[int, str],
) -> Candidate | None:
    """A hook of a workspace. Its file may hold anything: what was not checked by a plan is served as well."""
    if fields.get("enabled", True) is False:
        return None
    if OPAQUE in fields:
        fault = f"the hook {id!r} cannot be judged: nobody knows what its tag means"
        return Candidate(rank, Concerned(id, deniable(hook_event.event), fault=fault))
    # A guard unless it says, in the one way there is, that it is none.
    says_so = fields.get("blocking", bool(misspelt(fields, ("blocking",))))
    guard = says_so is not False and deniable(hook_event.event)
    waits_for = fields.get("event_type")
    bound = id in hook_event.bound
    if not isinstance(waits_for, str) or waits_for not in events:
        fault = f"the hook {id!r} cannot be judged: its event_type {shown(repr(waits_for))} is no event"
        return Candidate(rank, Concerned(id, guard, fault=fault)) if guard or bound else None
    if waits_for != hook_event.event:
        return Candidate(rank, _misbound(id, waits_for, hook_event)) if bound else None
    match = fields.get("match")
    if not isinstance(match, Mapping | None):
        fault = f"the hook {id!r} cannot be judged: its match is no mapping"
        return Candidate(rank, Concerned(id, guard, fault=fault))
    match = match or {}
    held = None if bound else _in_scope(match, fields.get("ability_ids"), hook_event.ability)
    if bound or (guard if held is None else held):
        return Candidate(rank, Concerned(id, guard, item, fields), match or None)
    return None


def _holds(match: Mapping[str, Any], hook_event: HookEvent, guard: bool) -> bool:
    # What is not known cannot clear a guard, and does not call anyone else.
    return all(guard if held is None else held for held in _conditions(match, hook_event))


def _code(item: HasMeta, id: str, hook_event: HookEvent, events: frozenset[str]) -> Concerned | None:
    flags = item.meta.flags
    waits_for = [flag for flag in flags if flag in events]
    if hook_event.event in waits_for if waits_for else deniable(hook_event.event):
        return Concerned(id, OBSERVER not in flags and deniable(hook_event.event), item, {})
    return _misbound(id, ", ".join(waits_for), hook_event) if id in hook_event.bound else None


def _misbound(id: str, waits_for: str, hook_event: HookEvent) -> Concerned:
    slot = SLOTS.get(hook_event.event)
    fault = f"the hook {id!r} is bound to {slot} and waits for {waits_for or 'what can be denied'}"
    return Concerned(id, deniable(hook_event.event), fault=fault)


def _in_scope(match: Mapping[str, Any], ability_ids: object, ability: str) -> bool | None:
    scope = texts(match.get("ability_scope"))
    named = texts(ability_ids)
    if not (readable(match.get("ability_scope")) and readable(ability_ids)):
        return None
    if not scope and not named:
        return True
    if not ability:
        return None
    return ability in named or any(_scope_matches(pattern, ability) for pattern in scope)


def _scope_matches(pattern: str, ability: str) -> bool:
    """Whether an id, or the address, of an ability matches; rule HOK003 reads patterns alike."""
    from registry_reconciler.base.globs import is_wild, matches_address

    kind, slash, rest = pattern.partition("/")
    by_address = slash and any(matches_address(kind, ability_kind) for ability_kind in _ABILITY_KINDS)
    return any(
        part == ability or (is_wild(part) and matches_address(f"*/{part}", f"ability/{ability}"))
        for part in ([pattern, rest] if by_address else [pattern])
    )


def _conditions(match: Mapping[str, Any], hook_event: HookEvent) -> Iterator[bool | None]:
    least = match.get("min_duration_ms")
    if least is not None:
        known = hook_event.duration_ms is not None and is_number(least)
        yield hook_event.duration_ms >= least if known else None
    globs = texts(match.get("only_if_changed_paths"))
    if globs:
        known = hook_event.changed_paths is not None and readable(match["only_if_changed_paths"])
        yield _any_changed(globs, hook_event.changed_paths or ()) if known else None
    stages = texts(match.get("stage"))
    if stages:
        known = hook_event.stage is not None and readable(match["stage"])
        yield hook_event.stage in stages if known else None


def is_number(value: object) -> bool:
    """Whether a limit is one: a number that can be compared, and neither true nor false."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def readable(value: object) -> bool:
    """Whether a field is absent, a text, or a list of texts. Of anything else nobody knows what it was to mean."""
    if isinstance(value, list):
        return all(isinstance(item, str) and item for item in value)
    return value is None or (isinstance(value, str) and bool(value))


def misspelt(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """A field that may be one of ``names`` misspelt, which is not there itself; "" where there is none."""
    from registry_reconciler.base.suggest import closest

    missing = tuple(name for name in names if name not in fields)
    return next((field for field in fields if field not in names and closest(field, missing)), "")


def texts(value: object) -> tuple[str, ...]:
    """The words of a field that is one text or a list; of anything else that is there, its own text."""
    if value is None or value is False:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def _any_changed(globs: Sequence[str], paths: Iterable[str]) -> bool | None:
    """Whether one of the paths matches; ``None`` where none does and one is not from the root."""
    from registry_reconciler.base.globs import Glob

    known = [Glob(pattern) for pattern in globs]
    plain = [posixpath.normpath(path.replace("\\", "/")) for path in paths]
    if any(glob.matches(path) for path in plain for glob in known):
        return True
    return None if any(path.startswith(("/", "../")) for path in plain) else False


def fire(hooks: Iterable[Concerned], event: Mapping[str, Any], run: RunHook) -> HookOutcome:
    """Run hooks in order, up to the first guard that denies."""
    messages: list[HookMessage] = []
    for hook in hooks:
        denied, text = _ask(hook, event, run)
        if text and deniable(event["event"]):
            messages.append(HookMessage(hook.id, text))
        elif text:
            # The caller has got its answer already; what comes after it is for the log.
            log.info("hook %s: %s", visible(hook.id), visible(text))
        if denied:
            return HookOutcome(hook.id, tuple(messages))
    return HookOutcome("", tuple(messages))


def _ask(concerned: Concerned, event: Mapping[str, Any], run: RunHook) -> tuple[bool, str]:
    """Whether the hook denies, and what it says."""
    answer, why = None, concerned.fault
    if concerned.item is not None and concerned.fields is not None:
        try:
            answer = run(concerned.item, concerned.fields, {**event, "hook": concerned.id})
            why = answer.unclear if concerned.guard or answer.failed else ""
        except Exception as error:  # a Python hook is foreign code: whatever it raises is a crash of the hook
            why = visible(message_of(error)[:_LONGEST_REASON])
    if answer is not None and not why:
        return concerned.guard and answer.block, answer.message
    if concerned.guard:
        return True, why
    log.warning("hook %s failed: %s", visible(concerned.id), visible(why))
    return False, f"failed: {why}" if deniable(event["event"]) else ""


def message_of(error: Exception) -> str:
    """What an exception of foreign code says; its text is foreign code as well."""
    try:
        text = str(error)
    except Exception:
        text = "its text cannot be shown"
    if isinstance(error, HandlerError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
