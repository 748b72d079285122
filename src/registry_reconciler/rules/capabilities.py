"""Capabilities: what an ability or hook may do is said, and widening it is said aloud (CAP)."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.model import MISSING, FieldPath, Json, same
from registry_reconciler.problems import Severity
from registry_reconciler.records import dataclass
from registry_reconciler.rules.abilities import ABILITIES
from registry_reconciler.rules.base import Finding, Relation, Rule, Transition
from registry_reconciler.rules.hooks import is_blocking, is_enabled
from registry_reconciler.rules.shapes import finder, listing, part, text, words
from registry_reconciler.world import Item, World

GUARDED = ("pre_create", "pre_call")
"""The slots whose hooks can deny something."""


def _silent(world: World) -> Iterator[Finding]:
    for kind in ABILITIES:
        selector = world.kinds[kind].names.required_caps if kind in world.kinds else None
        find = finder(selector) if selector is not None else None
        for item in world.of(kind) if find is not None else ():
            if find is not None and not any(isinstance(value, list) for _, value in find(item.value)):
                yield Finding(item, f"{item.key} does not say which capabilities it needs.")


@dataclass(frozen=True, slots=True)
class _Pair:
    """An entry before and after a plan."""

    before: Item
    after: Item


def _pairs(transition: Transition, *kinds: str) -> Iterator[_Pair]:
    for change in transition.changes:
        before = transition.before.items.get(change.from_address or change.address)
        after = transition.after.items.get(change.address)
        if before is not None and after is not None and (not kinds or after.kind in kinds):
            yield _Pair(before, after)


def _renames(transition: Transition) -> dict[str, str]:
    """New addresses by old ones: a guard that was only renamed is still there."""
    return {change.from_address: change.address for change in transition.changes if change.from_address}


def _caps(world: World, item: Item) -> list[str]:
    selector = world.kinds[item.kind].names.required_caps
    return [word for _, value in selector.find(item.value) for word in words(value)] if selector else []


def _caps_path(world: World, item: Item) -> FieldPath:
    selector = world.kinds[item.kind].names.required_caps
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


def _guard_unbound(transition: Transition) -> Iterator[Finding]:
    yield from _slot_emptied(transition)
    yield from _scope_narrowed(transition)
    yield from _guard_deleted(transition)


def _slot_emptied(transition: Transition) -> Iterator[Finding]:
    renamed = _renames(transition)
    for pair in _pairs(transition, *ABILITIES):
        for slot in GUARDED:
            bound = {f"hook/{key}" for key in words(pair.after.value, "hooks", slot)}
            for key in words(pair.before.value, "hooks", slot):
                address = f"hook/{key}"
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


def _guards(item: Item) -> bool:
    return is_enabled(item) and is_blocking(item)


def _covers(item: Item) -> list[str]:
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
        if item is None or item.kind != "hook" or item.address in transition.after.items:
            continue
        if _guards(item) and item.address not in renamed:
            yield Finding(item, f"{item.address}, a blocking hook, is deleted.")


def _blocking_off(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook"):
        if is_blocking(pair.before) and not is_blocking(pair.after):
            path: FieldPath = ("blocking",) if part(pair.after.value, "blocking") is not None else ()
            yield Finding(pair.after, f"{pair.after.address} no longer blocks.", path)


def _hook_disabled(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook"):
        if is_enabled(pair.before) and not is_enabled(pair.after):
            yield Finding(pair.after, f"{pair.after.address} is switched off.", ("enabled",))


def _handler_changed(transition: Transition) -> Iterator[Finding]:
    for pair in _pairs(transition, "hook", *ABILITIES):
        field = "handler" if pair.after.kind == "hook" else "implementation"
        before, after = _field(pair.before, field), _field(pair.after, field)
        if not same(before, after):
            yield Finding(
                pair.after,
                f"{pair.after.address} runs {_runs(after)}; it ran {_runs(before)}.",
                (field,) if after is not MISSING else (),
            )


def _field(item: Item, name: str) -> Json:
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


def _ability(rest: str, caps: str = "[net.write]") -> str:
    return f"""\
ability_low:
  - ability_id: payments.capture
    group: payments
    summary: Capture a payment.
    required_caps: {caps}
{rest}"""


def _guard(rest: str, script: str = "guard") -> str:
    return f"""\
hook:
  - id: guard
    event_type: PreAbilityCall
    handler: {{kind: script, command: [scripts/{script}.py]}}
{rest}"""


def _change(before: str, after: str) -> str:
    return f"{before}---\n{after}"


_HINT = "If it is meant, nothing. Set CAP to error in the configuration to forbid it until it is allowed."

RULES = (
    Rule(
        code="CAP001",
        title="An ability does not say which capabilities it needs",
        severity=Severity.ERROR,
        check=_silent,
        summary="Every ability has `required_caps`. An empty list is an answer.",
        why="An ability that was never thought about must not look like one that is harmless.",
        example="""\
ability_low:
  - {ability_id: payments.capture, group: payments, summary: Capture a payment.}
""",
        use_instead="""\
ability_low:
  - {ability_id: payments.capture, group: payments, summary: Capture a payment., required_caps: []}
""",
        fix="Add `required_caps`, with what a caller must be granted, or `[]`.",
    ),
    Rule(
        code="CAP002",
        title="A required capability is dropped",
        severity=Severity.WARNING,
        transition=_capability_dropped,
        summary="A plan removes no word from `required_caps` of an entry.",
        why="From then on callers may use it who were refused before.",
        example=_change(_ability(""), _ability("", caps="[]")),
        use_instead=_change(_ability(""), _ability("", caps="[net.write, fs.read]")),
        fix=_HINT,
    ),
    Rule(
        code="CAP003",
        title="An environment is added",
        severity=Severity.WARNING,
        transition=_environment_added,
        summary="A plan adds no word to `environments` of an ability, and does not remove the field.",
        why="From then on it runs where it did not before, often in production.",
        example=_change(_ability("    environments: [dev]\n"), _ability("    environments: [dev, prod]\n")),
        use_instead=_change(
            _ability("    environments: [dev, prod]\n"), _ability("    environments: [dev]\n")
        ),
        fix=_HINT,
        relations=(Relation("ability and ability", "an environment is added", "what the ability calls"),),
    ),
    Rule(
        code="CAP004",
        title="A guard is unbound",
        severity=Severity.WARNING,
        transition=_guard_unbound,
        summary=(
            "A plan takes no hook out of `pre_create` or `pre_call` of an ability, narrows no blocking hook "
            "to fewer abilities or another event, and deletes none."
        ),
        why="From then on calls go through that somebody wanted looked at.",
        example=_change(_ability("    hooks: {pre_call: [guard]}\n"), _ability("")),
        use_instead=_change(_ability(""), _ability("    hooks: {pre_call: [guard]}\n")),
        fix=_HINT,
        relations=(
            Relation("hook and ability", "a hook is unbound or deleted", "who guards the ability instead"),
        ),
    ),
    Rule(
        code="CAP005",
        title="Blocking is turned off",
        severity=Severity.WARNING,
        transition=_blocking_off,
        needs=("hook",),
        summary="A plan makes no blocking hook one that does not block.",
        why="From then on it watches what it used to stop.",
        example=_change(_guard("    blocking: true\n"), _guard("    blocking: false\n")),
        use_instead=_change(_guard("    blocking: false\n"), _guard("    blocking: true\n")),
        fix=_HINT,
    ),
    Rule(
        code="CAP006",
        title="What an ability or hook runs is changed",
        severity=Severity.WARNING,
        transition=_handler_changed,
        summary="A plan changes no `implementation` of an ability and no `handler` of a hook.",
        why="The same name does something else from then on, with the trust that the old one had earned.",
        example=_change(_guard(""), _guard("", script="audit")),
        use_instead=_change(_guard(""), _guard("    priority: 5\n")),
        fix=_HINT,
    ),
    Rule(
        code="CAP007",
        title="A hook is switched off",
        severity=Severity.WARNING,
        transition=_hook_disabled,
        needs=("hook",),
        summary="A plan sets no hook to `enabled: false`.",
        why="From then on it neither guards nor notes anything.",
        example=_change(_guard("    enabled: true\n"), _guard("    enabled: false\n")),
        use_instead=_change(_guard("    enabled: false\n"), _guard("    enabled: true\n")),
        fix=_HINT,
    ),
)
