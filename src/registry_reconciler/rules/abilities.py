"""Abilities: what they call, what guards them and what does the work fit together (ABL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from registry_reconciler.base.addresses import not_an_address
from registry_reconciler.base.suggest import meant
from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.fields import Finder, finder
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import NO_FAULT, function_fault, program_fault
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.links import links, referrers
from registry_reconciler.rules.shapes import (
    listing,
    part,
    related,
    slip,
    text,
    texts,
    words,
)

ABILITIES = ("ability_low", "ability_high")


def is_ability(kind: Kind) -> bool:
    """Whether a kind is one of abilities."""
    return kind.role in ABILITIES


CALLS = ("ability_ids", "steps")
"""The fields of an ability_high that say what it calls."""

SLOTS = {"pre_create": "PreAbilityCreate", "pre_call": "PreAbilityCall", "post_call": "PostAbilityCall"}
"""The event that a hook must have to stand in a slot of an ability."""

DIALECTS = (
    *(f"json-schema.org/draft-0{draft}/schema" for draft in (4, 6, 7)),
    "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft/2020-12/schema",
)
"""The JSON Schema dialects that can be checked without fetching anything."""

_DIALECT_URIS = frozenset(f"{scheme}://{name}" for scheme in ("http", "https") for name in DIALECTS)


def _environments(entry_set: EntrySet) -> Iterator[Finding]:
    for link in links(entry_set).resolved:
        item, target = link.item, link.target
        if not entry_set.is_a(item, "ability_high") or link.path[0] not in CALLS or target is None:
            continue
        offered = part(target.value, "environments")
        # An ability that does not name environments works in all of them.
        missing = [
            word
            for word in words(item.value, "environments")
            if isinstance(offered, list) and word not in offered
        ]
        if missing:
            yield Finding(
                item,
                f"{item.key} works in {listing(missing)}, and {target.key}, which it calls, does not.",
                link.path,
                related=(related(target, "the ability that it calls", ("environments",)),),
                extra=target.address,
                others=(target,),
            )


ABL001 = Rule(
    "ABL001",
    "An ability calls one that is not there in all its environments",
    Severity.ERROR,
    check=_environments,
    needs=("ability_high",),
    relations=(
        Relation(
            "ability and ability", "the `environments` of an ability change", "the abilities that call it"
        ),
    ),
)


def _slots(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting(*ABILITIES):
        hooks = part(item.value, "hooks")
        if not isinstance(hooks, dict):
            continue
        for slot, event in SLOTS.items():
            for path, key in texts(item.value, "hooks", slot):
                hook = entry_set.as_role("hook", key)
                found = text(hook.value, "event_type") if hook is not None else event
                if hook is not None and found != event:
                    yield Finding(
                        item,
                        f"{key} is a hook of {found or 'no event'}, and {slot} takes hooks of {event}.",
                        path,
                        related=(related(hook, "the hook", ("event_type",)),),
                        extra=key,
                        others=(hook,),
                    )


ABL002 = Rule(
    "ABL002",
    "A hook stands in the wrong slot",
    Severity.ERROR,
    check=_slots,
    needs=("hook",),
    relations=(
        Relation("hook and ability", "the `event_type` of a hook changes", "the slots that name the hook"),
    ),
)


def _implementations(entry_set: EntrySet) -> dict[str, list[tuple[Entry, dict[str, Json]]]]:
    """What does the work of the abilities, by its kind."""
    found: dict[str, list[tuple[Entry, dict[str, Json]]]] = {}
    for item in entry_set.acting(*ABILITIES):
        implementation = item.value.get("implementation")
        if isinstance(implementation, dict):
            found.setdefault(text(implementation, "kind"), []).append((item, implementation))
    return found


def _script_rule(fault: str) -> Callable[[EntrySet], Iterator[Finding]]:
    def check(entry_set: EntrySet) -> Iterator[Finding]:
        for item, implementation in entry_set.memo(_implementations).get("script", ()):
            command = implementation.get("command")
            found = program_fault(entry_set, command)
            if found.what == fault:
                at: FieldPath = ("command", 0) if isinstance(command, list) else ("command",)
                yield Finding(item, found.message, ("implementation", *at), cause=found.cause)

    return check


ABL003 = Rule(
    "ABL003",
    "The script does not exist",
    Severity.ERROR,
    check=_script_rule("missing"),
    concerns=is_ability,
    relations=(Relation("ability and disk", "a script moves or goes", "the `implementation` of abilities"),),
)

ABL004 = Rule(
    "ABL004",
    "The script lies outside the workspace",
    Severity.ERROR,
    check=_script_rule("outside"),
    concerns=is_ability,
)

ABL005 = Rule(
    "ABL005",
    "The script is not executable",
    Severity.ERROR,
    check=_script_rule("not executable"),
    concerns=is_ability,
)


def _functions(entry_set: EntrySet) -> Iterator[Finding]:
    for item, implementation in entry_set.memo(_implementations).get("python", ()):
        function = text(implementation, "function")
        fault = function_fault(entry_set, function) if function else NO_FAULT
        if fault.message:
            yield Finding(item, fault.message, ("implementation", "function"), cause=fault.cause)


ABL006 = Rule(
    "ABL006",
    "The Python function is not found",
    Severity.ERROR,
    check=_functions,
    concerns=is_ability,
    relations=(Relation("ability and disk", "a function is renamed", "the `implementation` of abilities"),),
)


def _schemas(entry_set: EntrySet) -> Iterator[Finding]:
    for item in entry_set.acting(*ABILITIES):
        for name in ("input_schema", "output_schema"):
            schema = part(item.value, name)
            if isinstance(schema, dict):
                path, message = _schema_fault(schema)
                if message:
                    yield Finding(item, f"The {name} is not valid JSON Schema: {message}", (name, *path))


ABL007 = Rule(
    "ABL007",
    "An input or output schema is not valid",
    Severity.ERROR,
    check=_schemas,
    concerns=is_ability,
)


def _schema_fault(schema: dict[str, Json]) -> tuple[FieldPath, str]:
    import jsonschema_rs

    dialect = schema.get("$schema")
    if dialect is not None and not _known_dialect(dialect):
        # Asked about another dialect, the validator would fetch it from the network.
        return ("$schema",), f"{dialect!r} is no dialect that is known here."
    try:
        if jsonschema_rs.meta.is_valid(schema):
            return (), ""
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return tuple(error.instance_path), f"{error.message}."
    except (ValueError, OverflowError, RecursionError, jsonschema_rs.ReferencingError) as error:
        return (), f"{error}."
    return (), ""


def _known_dialect(dialect: Json) -> bool:
    """Whether a dialect is one of those exactly: anything else would be looked for on the network."""
    return isinstance(dialect, str) and dialect.rstrip("#") in _DIALECT_URIS


def _values_of(item: Entry, find: Finder) -> Iterator[tuple[FieldPath, str]]:
    for path, value in find(item.value):
        for index, word in enumerate(value) if isinstance(value, list) else ():
            if isinstance(word, str):
                yield (*path, index), word


def _unknown_capabilities(entry_set: EntrySet) -> Iterator[Finding]:
    known = entry_set.config.capabilities
    for kind in entry_set.kinds.values() if known is not None else ():
        if kind.names.required_caps is None:
            continue
        find = finder(kind.names.required_caps)
        for item in entry_set.of(kind.name):
            for path, word in _values_of(item, find):
                if known is not None and word not in known:
                    yield _unknown(item, path, word, "capability", tuple(known))


ABL008 = Rule(
    "ABL008",
    "A capability is not known",
    Severity.ERROR,
    check=_unknown_capabilities,
    supports_incremental=True,
)


def _unknown_environments(entry_set: EntrySet) -> Iterator[Finding]:
    known = entry_set.config.environments
    for item in entry_set.acting(*ABILITIES) if known is not None else ():
        for path, word in texts(item.value, "environments"):
            if known is not None and word not in known:
                yield _unknown(item, path, word, "environment", known)


ABL009 = Rule(
    "ABL009",
    "An environment is not known",
    Severity.ERROR,
    check=_unknown_environments,
    concerns=is_ability,
)


def _unknown(item: Entry, path: FieldPath, word: str, what: str, known: Sequence[str]) -> Finding:
    from registry_reconciler.base.suggest import closest

    near = closest(word, known)
    message = f"{word!r} is no {what} of this workspace.{meant(near)}"
    return Finding(item, message, path, extra=word, replacements=slip(item, path, near))


def _nameless(entry_set: EntrySet) -> Iterator[Finding]:
    if entry_set.role_hidden("route", "hook", *ABILITIES) or not entry_set.acting(*ABILITIES):
        return
    named = referrers(entry_set)
    for item in entry_set.acting(*ABILITIES):
        by = (link.item for link in named.get(item.address, ()))
        if not any(entry_set.is_a(entry, "route", "hook", *ABILITIES) and entry is not item for entry in by):
            yield Finding(item, f"No route, ability or hook names {item.key}.")


ABL010 = Rule(
    "ABL010",
    "Nothing names the ability",
    Severity.RECORD,
    check=_nameless,
    concerns=is_ability,
    relations=(
        Relation("route and ability", "an ability is added", "that a route, ability or hook names it"),
    ),
)


def _unreachable(entry_set: EntrySet) -> Iterator[Finding]:
    from registry_reconciler.base.suggest import closest

    servers = tuple(entry_set.config.mcp_servers)
    by_kind = entry_set.memo(_implementations)
    for item, implementation in by_kind.get("mcp", ()):
        server = text(implementation, "server")
        if server and server not in servers:
            near = closest(server, servers)
            path = ("implementation", "server")
            message = (
                f"There is no tool server {server!r} under mcp_servers of the configuration.{meant(near)}"
            )
            yield Finding(item, message, path, extra=server, replacements=slip(item, path, near))
    for item, implementation in by_kind.get("api", ()):
        endpoint = text(implementation, "endpoint")
        fault = not_an_address(endpoint) if endpoint else ""
        if fault:
            message = f"{endpoint!r} {fault}, so nothing here can call it."
            yield Finding(item, message, ("implementation", "endpoint"))


ABL011 = Rule(
    "ABL011",
    "Nothing here can run the ability",
    Severity.WARNING,
    check=_unreachable,
    concerns=is_ability,
)


RULES = (
    ABL001,
    ABL002,
    ABL003,
    ABL004,
    ABL005,
    ABL006,
    ABL007,
    ABL008,
    ABL009,
    ABL010,
    ABL011,
)
