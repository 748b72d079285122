"""Hooks: they wait for events that exist, run what exists, and block only what can be stopped (HOK)."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence

from registry_reconciler.base.globs import is_wild, matches_address
from registry_reconciler.base.suggest import meant
from registry_reconciler.files.tree import find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.model.entry import FieldPath, Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.abilities import ABILITIES
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import NO_FAULT, function_fault, program_fault
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.routes import STAGES
from registry_reconciler.rules.shapes import listing, part, related, slip, text, texts

EVENTS = ("PromptSubmit", "PreAbilityCreate", "PreAbilityCall", "PostAbilityCall", "SessionStop")
"""The events, where the workspace's configuration declares no others."""

TOO_LATE = ("PostAbilityCall", "SessionStop")
"""Events of the infrastructure alone: what they tell of has happened, and nothing can be denied any more."""


def is_enabled(item: Entry) -> bool:
    """Whether a hook runs at all; it does unless it says no."""
    return part(item.value, "enabled") is not False


def is_blocking(item: Entry) -> bool:
    """Whether a hook may deny what it is asked about."""
    return part(item.value, "blocking") is True


def _unknown_event(entry_set: EntrySet) -> Iterator[Finding]:
    from registry_reconciler.base.suggest import closest

    events = tuple(dict.fromkeys((*EVENTS, *(entry_set.config.event_types or ()))))
    for item in entry_set.acting("hook"):
        event = text(item.value, "event_type")
        if event and event not in events:
            near = closest(event, events)
            yield Finding(
                item,
                f"{event!r} is no event; there are {listing(list(events))}.{meant(near)}",
                ("event_type",),
                replacements=slip(item, ("event_type",), near),
            )


HOK001 = Rule(
    "HOK001",
    "The event is not known",
    Severity.ERROR,
    check=_unknown_event,
    needs=("hook",),
)


def _unknown_stage(entry_set: EntrySet) -> Iterator[Finding]:
    stages = entry_set.config.stages if entry_set.config.stages is not None else STAGES
    for item in entry_set.acting("hook"):
        for path, stage in texts(item.value, "match", "stage"):
            if stage not in stages:
                yield Finding(
                    item, f"{stage!r} is no stage; there are {listing(list(stages))}.", path, extra=stage
                )


HOK002 = Rule(
    "HOK002",
    "The routing stage is not known",
    Severity.ERROR,
    check=_unknown_stage,
    needs=("hook",),
    relations=(
        Relation("hook and route", "the stages of the configuration change", "the `match.stage` of hooks"),
    ),
)


def _globs(entry_set: EntrySet) -> Iterator[Finding]:
    yield from _scopes(entry_set)
    yield from _path_globs(entry_set)


HOK003 = Rule(
    "HOK003",
    "A glob matches nothing",
    Severity.WARNING,
    check=_globs,
    needs=("hook",),
    relations=(
        Relation("hook and ability", "an ability is added, renamed or deleted", "the `match` globs of hooks"),
        Relation("hook and disk", "folders move", "the `only_if_changed_paths` of hooks"),
    ),
)


def _scopes(entry_set: EntrySet) -> Iterator[Finding]:
    if entry_set.role_hidden(*ABILITIES) or entry_set.hidden_text or entry_set.hidden_all:
        return
    keys: list[str] = []
    known: dict[str, bool] = {}
    for item in entry_set.acting("hook"):
        for path, pattern in texts(item.value, "match", "ability_scope"):
            if pattern not in known:
                keys = keys or sorted(item.key for item in entry_set.acting(*ABILITIES))
                known[pattern] = _matches_any(pattern, keys, entry_set.kinds_of(*ABILITIES))
            if not known[pattern]:
                yield Finding(item, f"No ability matches {pattern!r}.", path, extra=pattern)


def _matches_any(pattern: str, keys: list[str], kinds: Sequence[str]) -> bool:
    """Whether an ability's id, or its address, matches; only ids with the glob's beginning are looked at."""
    kind, slash, rest = pattern.partition("/")
    patterns = [pattern, rest] if slash and any(matches_address(kind, glob) for glob in kinds) else [pattern]
    for tried in patterns:
        beginning = re.split(r"[*?\[]", tried, maxsplit=1)[0]
        for key in keys[bisect.bisect_left(keys, beginning) :]:
            if not key.startswith(beginning):
                break
            if key == tried or (is_wild(tried) and matches_address(f"*/{tried}", f"ability/{key}")):
                return True
    return False


def _path_globs(entry_set: EntrySet) -> Iterator[Finding]:
    known: dict[str, bool] = {}
    for item in entry_set.acting("hook"):
        for path, pattern in texts(item.value, "match", "only_if_changed_paths"):
            if pattern not in known:
                known[pattern] = _finds_any(entry_set, pattern)
            if not known[pattern]:
                yield Finding(item, f"No file of the workspace matches {pattern!r}.", path, extra=pattern)


def _finds_any(entry_set: EntrySet, pattern: str) -> bool:
    try:
        return next(find(entry_set.tree, pattern), None) is not None
    except UnreadablePath:
        return True


def _blocks_too_late(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("hook"):
        event = text(item.value, "event_type")
        if is_blocking(item) and event in TOO_LATE:
            yield Finding(
                item, f"{event} tells of what has happened; there is nothing left to block.", ("blocking",)
            )


HOK004 = Rule(
    "HOK004",
    "A hook blocks what has happened already",
    Severity.ERROR,
    check=_blocks_too_late,
    needs=("hook",),
)


def _handlers(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting("hook"):
        kind = text(item.value, "handler", "kind")
        command = part(item.value, "handler", "command")
        function = text(item.value, "handler", "function")
        if kind == "script":
            fault = program_fault(entry_set, command)
            path: FieldPath = ("handler", "command", *([0] if isinstance(command, list) else []))
        else:
            fault = function_fault(entry_set, function) if kind == "python" and function else NO_FAULT
            path = ("handler", "function")
        if fault.message:
            yield Finding(item, fault.message, path, cause=fault.cause)


HOK005 = Rule(
    "HOK005",
    "The handler cannot be run",
    Severity.ERROR,
    check=_handlers,
    needs=("hook",),
    relations=(Relation("hook and disk", "a script or function moves", "the `handler` of hooks"),),
)


def _own_file(entry_set: EntrySet) -> Iterator[Finding]:
    first_in: dict[str, Entry] = {}
    for item in entry_set.acting("hook"):
        if item.live_place is None:
            continue
        file = item.live_place.file
        if entry_set.tree.kind(file) != "file":
            continue  # The plan moves the hook elsewhere.
        first = first_in.setdefault(file, item)
        if first is not item:
            yield Finding(
                item,
                f"{file} holds {first.key} as well; each hook has a file of its own.",
                place=item.live_place,
                related=(related(first, "the other hook"),),
                extra=first.key,
                others=(first,),
            )
        elif not _named_by_id(entry_set.kinds[item.kind], file, item.key):
            yield Finding(
                item,
                f"{item.key} stands in {file}, which is not named by its id.",
                place=Place(file),
                cause="hooks in files of other names",
            )


HOK006 = Rule(
    "HOK006",
    "A hook is not in a file of its own",
    Severity.WARNING,
    check=_own_file,
    needs=("hook",),
)


def _named_by_id(kind: Kind, file: str, key: str) -> bool:
    bound = kind.file.match(file)
    if bound:
        return key in bound.values()
    return file.rsplit("/", 1)[-1].rsplit(".", 1)[0] == key


def _order(entry_set: EntrySet) -> Iterator[Finding]:
    first_of: dict[tuple[str, int], Entry] = {}
    for item in entry_set.acting("hook"):
        event = text(item.value, "event_type")
        if not (event and is_enabled(item) and is_blocking(item)):
            continue
        priority = part(item.value, "priority")
        number = priority if isinstance(priority, int) and not isinstance(priority, bool) else 0
        first = first_of.setdefault((event, number), item)
        if first is not item:
            yield Finding(
                item,
                f"{item.key} and {first.key} both block {event} with priority {number}: "
                "which of the two runs first is not determined.",
                ("priority",),
                related=(related(first, "the other hook", ("priority",)),),
                others=(first,),
                cause=f"open order {event} {number}",
            )


HOK007 = Rule(
    "HOK007",
    "The order of two blocking hooks is not determined",
    Severity.WARNING,
    check=_order,
    needs=("hook",),
    relations=(
        Relation("hook and hook", "a blocking hook is added", "the priorities of others of its event"),
    ),
)


RULES = (
    HOK001,
    HOK002,
    HOK003,
    HOK004,
    HOK005,
    HOK006,
    HOK007,
)
