"""Capabilities: what an ability or hook may do is said, and widening it is said aloud (CAP)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from registry_reconciler.model.entry import MISSING, FieldPath, Json, same
from registry_reconciler.model.fields import finder
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.abilities import ABILITIES, is_ability
from registry_reconciler.rules.base import Finding, Relation, Rule, Transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.hooks import is_blocking, is_enabled
from registry_reconciler.rules.shapes import listing, part, text, words

GUARDED = ("pre_create", "pre_call")
"""The slots whose hooks can deny something."""


def _is_ability_or_hook(kind: Kind) -> bool:
    return is_ability(kind) or kind.role == "hook"


def _silent(entry_set: EntrySet) -> Iterator[Finding]:
    for kind in entry_set.kinds_of(*ABILITIES):
        selector = entry_set.kinds[kind].names.required_caps
        find = finder(selector) if selector is not None else None
        for item in entry_set.of(kind) if find is not None else ():
            if find is not None and not any(isinstance(value, list) for _, value in find(item.value)):
                yield Finding(item, f"{item.key} does not say which capabilities it needs.")


CAP001 = Rule(
    "CAP001",
    "An ability does not say which capabilities it needs",
    Severity.ERROR,
    check=_silent,
    concerns=is_ability,
)


class _BeforeAndAfter(Struct, frozen=True):
    """An entry before and after a plan."""

    before: Entry
    after: Entry


def _pairs(transition: Transition, *roles: str) -> Iterator[_BeforeAndAfter]:
    for change in transition.changes:
        before = transition.before.items.get(change.from_address or change.address)
        after = transition.after.items.get(change.address)
        if before is not None and after is not None and (not roles or transition.after.is_a(after, *roles)):
            yield _BeforeAndAfter(before, after)


def _renames(transition: Transition) -> dict[str, str]:
    """New addresses by old ones: a guard that was only renamed is still there."""
    return {change.from_address: change.address for change in transition.changes if change.from_address}


def _caps(entry_set: EntrySet, item: Entry) -> list[str]:
    selector = entry_set.kinds[item.kind].names.required_caps
    return [word for _, value in selector.find(item.value) for word in words(value)] if selector else []


def _caps_path(entry_set: EntrySet, item: Entry) -> FieldPath:
    selector = entry_set.kinds[item.kind].names.required_caps
    return next((path for path, _ in selector.find(item.value)), ()) if selector else ()


def _capability_dropped(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition):
        kept = _caps(transition.after, pair.after)
        dropped = [word for word in _caps(transition.before, pair.before) if word not in kept]
        if dropped:
            yield Finding(
                pair.after,
                f"{pair.after.address} no longer requires {listing(dropped)}.",
                _caps_path(transition.after, pair.after),
            )


CAP002 = Rule(
    "CAP002",
    "A required capability is dropped",
    Severity.WARNING,
    transition=_capability_dropped,
    supports_incremental=True,
    widens_capability=True,
)


def _environment_added(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, *ABILITIES):
        before, after = part(pair.before.value, "environments"), part(pair.after.value, "environments")
        if not isinstance(before, list):
            continue
        if after is None:
            yield Finding(pair.after, f"{pair.after.address} may run in every environment.")
            continue
        added = [word for word in words(after) if word not in before]
        if added:
            yield Finding(
                pair.after, f"{pair.after.address} may also run in {listing(added)}.", ("environments",)
            )


CAP003 = Rule(
    "CAP003",
    "An environment is added",
    Severity.WARNING,
    transition=_environment_added,
    concerns=is_ability,
    relations=(Relation("ability and ability", "an environment is added", "what the ability calls"),),
    widens_capability=True,
)


def _guard_unbound(transition: Transition) -> Iterator[Finding]:
    yield from _slot_emptied(transition)
    yield from _scope_narrowed(transition)
    yield from _guard_deleted(transition)


CAP004 = Rule(
    "CAP004",
    "A guard is unbound",
    Severity.WARNING,
    transition=_guard_unbound,
    concerns=_is_ability_or_hook,
    relations=(
        Relation("hook and ability", "a hook is unbound or deleted", "who guards the ability instead"),
    ),
    widens_capability=True,
)


def _slot_emptied(transition: Transition) -> Iterator[Finding]:
    renamed = _renames(transition)
    kind = next(iter(transition.after.kinds_of("hook")), "hook")
    for pair in _pairs(transition, *ABILITIES):
        for slot in GUARDED:
            bound = {f"{kind}/{key}" for key in words(pair.after.value, "hooks", slot)}
            for key in words(pair.before.value, "hooks", slot):
                address = f"{kind}/{key}"
                if address not in bound and renamed.get(address, address) not in bound:
                    path: FieldPath = (
                        ("hooks", slot) if part(pair.after.value, "hooks", slot) is not None else ()
                    )
                    yield Finding(
                        pair.after,
                        f"{pair.after.address} is no longer guarded by {key} ({slot}).",
                        path,
                        extra=key,
                    )


def _guards(item: Entry) -> bool:
    return is_enabled(item) and is_blocking(item)


def _covers(item: Entry) -> list[str]:
    """What a hook says that it is for; nothing said means everything."""
    return [*words(item.value, "match", "ability_scope"), *words(item.value, "ability_ids")]


def _scope_narrowed(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook"):
        if not (_guards(pair.before) and _guards(pair.after)):
            continue
        before, after = _covers(pair.before), _covers(pair.after)
        lost = [pattern for pattern in before if after and pattern not in after]
        old_event, new_event = text(pair.before.value, "event_type"), text(pair.after.value, "event_type")
        if old_event != new_event:
            yield Finding(
                pair.after,
                f"{pair.after.address} guards {new_event} and no longer {old_event}.",
                ("event_type",),
            )
        elif after and not before:
            yield Finding(
                pair.after, f"{pair.after.address} guards only {listing(after)} from now on.", ("match",)
            )
        elif lost:
            yield Finding(pair.after, f"{pair.after.address} no longer guards {listing(lost)}.", ("match",))


def _guard_deleted(transition: Transition) -> Iterator[Finding]:
    renamed = _renames(transition)
    for change in transition.changes:
        item = transition.before.items.get(change.address)
        if item is None or not transition.before.is_a(item, "hook") or item.address in transition.after.items:
            continue
        if _guards(item) and item.address not in renamed:
            yield Finding(item, f"{item.address}, a blocking hook, is deleted.")


def _blocking_off(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook"):
        if is_blocking(pair.before) and not is_blocking(pair.after):
            path: FieldPath = ("blocking",) if part(pair.after.value, "blocking") is not None else ()
            yield Finding(pair.after, f"{pair.after.address} no longer blocks.", path)


CAP005 = Rule(
    "CAP005",
    "Blocking is turned off",
    Severity.WARNING,
    transition=_blocking_off,
    needs=("hook",),
    widens_capability=True,
)


def _hook_disabled(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook"):
        if is_enabled(pair.before) and not is_enabled(pair.after):
            yield Finding(pair.after, f"{pair.after.address} is switched off.", ("enabled",))


CAP007 = Rule(
    "CAP007",
    "A hook is switched off",
    Severity.WARNING,
    transition=_hook_disabled,
    needs=("hook",),
    widens_capability=True,
)


def _handler_changed(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook", *ABILITIES):
        field = "handler" if transition.after.is_a(pair.after, "hook") else "implementation"
        before, after = _field(pair.before, field), _field(pair.after, field)
        if not same(before, after):
            yield Finding(
                pair.after,
                f"{pair.after.address} runs {_runs(after)}; it ran {_runs(before)}.",
                (field,) if after is not MISSING else (),
            )


CAP006 = Rule(
    "CAP006",
    "What an ability or hook runs is changed",
    Severity.WARNING,
    transition=_handler_changed,
    concerns=_is_ability_or_hook,
    widens_capability=True,
)


def _field(item: Entry, name: str) -> Json:
    return item.value.get(name, MISSING)


def _runs(handler: Json) -> str:
    """A handler in a few words."""
    if not isinstance(handler, dict):
        return "nothing"
    for name in ("command", "function", "endpoint"):
        if name in handler:
            return repr(" ".join(words(handler, name)))
    if "tool" in handler:
        return repr(f"{text(handler, 'server')} {text(handler, 'tool')}")
    return "something else"


RULES = (
    CAP001,
    CAP002,
    CAP003,
    CAP004,
    CAP005,
    CAP006,
    CAP007,
)
