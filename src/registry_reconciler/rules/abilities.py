"""Abilities: what they call, what guards them and what does the work fit together (ABL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from registry_reconciler.model import FieldPath, Json
from registry_reconciler.problems import Severity
from registry_reconciler.rules.base import Finding, Relation, Rule
from registry_reconciler.rules.disk import function_fault, program_fault
from registry_reconciler.rules.links import links, referrers
from registry_reconciler.rules.shapes import (
    Finder,
    finder,
    hint_at,
    listing,
    part,
    related,
    slip,
    text,
    texts,
    words,
)
from registry_reconciler.world import Item, World

ABILITIES = ("ability_low", "ability_high")

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


def _environments(world: World) -> Iterator[Finding]:
    for link in links(world).resolved:
        item, target = link.item, link.target
        if item.kind != "ability_high" or link.path[0] not in CALLS or target is None:
            continue
        offered = part(target.value, "environments")
        # An ability that does not name environments works in all of them.
        missing = [
            one
            for one in words(item.value, "environments")
            if isinstance(offered, list) and one not in offered
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


def _slots(world: World) -> Iterator[Finding]:
    for item in world.of(*ABILITIES):
        hooks = part(item.value, "hooks")
        if not isinstance(hooks, dict):
            continue
        for slot, event in SLOTS.items():
            for path, key in texts(item.value, "hooks", slot):
                hook = world.get("hook", key)
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


def _implementations(world: World) -> dict[str, list[tuple[Item, dict[str, Json]]]]:
    """What does the work of the abilities, by its kind."""
    found: dict[str, list[tuple[Item, dict[str, Json]]]] = {}
    for item in world.of(*ABILITIES):
        implementation = item.value.get("implementation")
        if isinstance(implementation, dict):
            found.setdefault(text(implementation, "kind"), []).append((item, implementation))
    return found


def _script_rule(fault: str) -> Callable[[World], Iterator[Finding]]:
    def check(world: World) -> Iterator[Finding]:
        for item, implementation in world.memo(_implementations).get("script", ()):
            command = implementation.get("command")
            found, message = program_fault(world, command)
            if found == fault:
                yield Finding(
                    item, message, ("implementation", "command", *([0] if isinstance(command, list) else []))
                )

    return check


def _functions(world: World) -> Iterator[Finding]:
    for item, implementation in world.memo(_implementations).get("python", ()):
        function = text(implementation, "function")
        message = function_fault(world, function) if function else ""
        if message:
            yield Finding(item, message, ("implementation", "function"))


def _schemas(world: World) -> Iterator[Finding]:
    for item in world.of(*ABILITIES):
        for name in ("input_schema", "output_schema"):
            schema = part(item.value, name)
            if isinstance(schema, dict):
                path, message = _schema_fault(schema)
                if message:
                    yield Finding(item, f"The {name} is not valid JSON Schema: {message}", (name, *path))


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


def _values_of(item: Item, find: Finder) -> Iterator[tuple[FieldPath, str]]:
    for path, value in find(item.value):
        for index, one in enumerate(value) if isinstance(value, list) else ():
            if isinstance(one, str):
                yield (*path, index), one


def _unknown_capabilities(world: World) -> Iterator[Finding]:
    known = world.config.capabilities
    for kind in world.kinds.values() if known is not None else ():
        if kind.names.required_caps is None:
            continue
        find = finder(kind.names.required_caps)
        for item in world.of(kind.name):
            for path, word in _values_of(item, find):
                if known is not None and word not in known:
                    yield _unknown(item, path, word, "capability", tuple(known))


def _unknown_environments(world: World) -> Iterator[Finding]:
    known = world.config.environments
    for item in world.of(*ABILITIES) if known is not None else ():
        for path, word in texts(item.value, "environments"):
            if known is not None and word not in known:
                yield _unknown(item, path, word, "environment", known)


def _unknown(item: Item, path: FieldPath, word: str, what: str, known: Sequence[str]) -> Finding:
    from registry_reconciler.suggest import closest

    near = next(iter(closest(word, known)), None)
    message = f"{word!r} is no {what} of this workspace.{hint_at(near)}"
    return Finding(item, message, path, extra=word, replacements=slip(item, path, near))


def _nameless(world: World) -> Iterator[Finding]:
    if world.hidden_kinds & {"route", "hook", *ABILITIES} or not world.of(*ABILITIES):
        return
    named = referrers(world)
    for item in world.of(*ABILITIES):
        by = (link.item for link in named.get(item.address, ()))
        if not any(one.kind in ("route", "hook", *ABILITIES) and one is not item for one in by):
            yield Finding(item, f"No route, ability or hook names {item.key}.")


def _low(rest: str) -> str:
    return f"""\
ability_low:
  - ability_id: payments.capture
    group: payments
    summary: Capture a payment.
    required_caps: []
{rest}"""


def _script(command: str) -> str:
    return _low(f"    implementation: {{kind: script, command: [{command}]}}\n")


RULES = (
    Rule(
        code="ABL001",
        title="An ability calls one that is not there in all its environments",
        severity=Severity.ERROR,
        check=_environments,
        needs=("ability_high",),
        summary=(
            "The `environments` of what a high-level ability calls include its own. An ability without the "
            "field works everywhere; one that names none has nothing to hold the others to."
        ),
        why="It would be offered in an environment in which one of its steps cannot run.",
        example=_low("    environments: [dev]\n")
        + """\
ability_high:
  - ability_id: payments.flow
    group: payments
    type: workflow
    summary: Take a payment.
    required_caps: []
    environments: [dev, prod]
    steps: [payments.capture]
""",
        use_instead=_low("    environments: [dev, prod]\n")
        + """\
ability_high:
  - ability_id: payments.flow
    group: payments
    type: workflow
    summary: Take a payment.
    required_caps: []
    environments: [dev, prod]
    steps: [payments.capture]
""",
        fix="Remove the environment here, or add it to the ability that is called.",
        relations=(
            Relation(
                "ability and ability", "the `environments` of an ability change", "the abilities that call it"
            ),
        ),
    ),
    Rule(
        code="ABL002",
        title="A hook stands in the wrong slot",
        severity=Severity.ERROR,
        check=_slots,
        needs=("hook",),
        summary=(
            "Under `hooks`, `pre_create` holds hooks of PreAbilityCreate, `pre_call` of PreAbilityCall and "
            "`post_call` of PostAbilityCall."
        ),
        why="The hook waits for another event and would never run: a guard that is not there.",
        example="""\
hook:
  - {id: audit, event_type: PostAbilityCall, handler: {kind: script, command: [logger]}}
"""
        + _low("    hooks: {pre_call: [audit]}\n"),
        use_instead="""\
hook:
  - {id: audit, event_type: PostAbilityCall, handler: {kind: script, command: [logger]}}
"""
        + _low("    hooks: {post_call: [audit]}\n"),
        fix="Move the hook to the slot of its event, or name a hook of the right event.",
        relations=(
            Relation(
                "hook and ability", "the `event_type` of a hook changes", "the slots that name the hook"
            ),
        ),
    ),
    Rule(
        code="ABL003",
        title="The script does not exist",
        severity=Severity.ERROR,
        check=_script_rule("missing"),
        summary=(
            "The program of a script is a file of the workspace. A bare name without a slash, such as "
            "`python3`, is looked up nowhere: what stands on the search path differs from machine to "
            "machine."
        ),
        why="The ability fails when it is called.",
        example=_script("scripts/captrue.py"),
        use_instead=_script("scripts/capture.py"),
        fix="Correct the path, or add the script.",
        relations=(
            Relation("ability and disk", "a script moves or goes", "the `implementation` of abilities"),
        ),
    ),
    Rule(
        code="ABL004",
        title="The script lies outside the workspace",
        severity=Severity.ERROR,
        check=_script_rule("outside"),
        summary="The path of a script is relative and neither `..` nor a link leads it out of the workspace.",
        why="What lies elsewhere is not reviewed with the workspace and is not there on another machine.",
        example=_script("../tools/capture.py"),
        use_instead=_script("scripts/capture.py"),
        fix="Bring the script into the workspace.",
    ),
    Rule(
        code="ABL005",
        title="The script is not executable",
        severity=Severity.ERROR,
        check=_script_rule("not executable"),
        summary="The file that a script names has the executable bit.",
        why="The ability fails when it is called.",
        example=_script("scripts/notes.txt"),
        use_instead=_script("scripts/capture.py"),
        fix="Set the bit (`chmod +x`, and `git add --chmod=+x`), or name the interpreter first.",
    ),
    Rule(
        code="ABL006",
        title="The Python function is not found",
        severity=Severity.ERROR,
        check=_functions,
        summary=(
            "`package.module:function` names something that a module of the workspace, at its root or below "
            "`src`, defines or imports. The module is parsed and never imported or run."
        ),
        why="The ability fails when it is called.",
        example=_low('    implementation: {kind: python, function: "app.payments:captrue"}\n'),
        use_instead=_low('    implementation: {kind: python, function: "app.payments:capture"}\n'),
        fix="Correct the name, or add the function.",
        relations=(
            Relation("ability and disk", "a function is renamed", "the `implementation` of abilities"),
        ),
    ),
    Rule(
        code="ABL007",
        title="An input or output schema is not valid",
        severity=Severity.ERROR,
        check=_schemas,
        summary=(
            "`input_schema` and `output_schema` are valid JSON Schema themselves (2020-12 unless `$schema` "
            "says so)."
        ),
        why="Values cannot be held to a schema that is broken; callers would be checked by nothing.",
        example=_low("    input_schema: {type: objekt}\n"),
        use_instead=_low("    input_schema: {type: object}\n"),
        fix="Correct the schema at the place shown.",
    ),
    Rule(
        code="ABL008",
        title="A capability is not known",
        severity=Severity.ERROR,
        check=_unknown_capabilities,
        summary=(
            "Every word under `required_caps`, of any kind, is a capability that the configuration declares. "
            "Without a vocabulary there any word is known."
        ),
        why=(
            "Nobody can be granted a capability that does not exist, or worse, somebody grants the misspelt "
            "one."
        ),
        example="""\
ability_low:
  - {ability_id: payments.capture, group: payments, summary: Capture a payment., required_caps: [net.wirte]}
""",
        use_instead="""\
ability_low:
  - {ability_id: payments.capture, group: payments, summary: Capture a payment., required_caps: [net.write]}
""",
        fix="Correct the word, or declare it under `vocabularies.capabilities` of the configuration.",
    ),
    Rule(
        code="ABL009",
        title="An environment is not known",
        severity=Severity.ERROR,
        check=_unknown_environments,
        summary=(
            "Every word under `environments` of an ability is one that the configuration declares. Without a "
            "vocabulary there any word is known."
        ),
        why="The ability would be offered in an environment that does not exist.",
        example=_low("    environments: [prodution]\n"),
        use_instead=_low("    environments: [prod]\n"),
        fix="Correct the word, or declare it under `vocabularies.environments` of the configuration.",
    ),
    Rule(
        code="ABL010",
        title="Nothing names the ability",
        severity=Severity.RECORD,
        check=_nameless,
        summary="Every ability is named by a route, by a hook or by an ability that calls it.",
        why="Nobody is led to it; it may be a leftover.",
        example=_low(""),
        use_instead=_low("")
        + """\
route:
  - id: api.capture
    scope: api
    topic: capture
    module_id: payments
    when_to_use: A payment must be captured.
    ability_ids: [payments.capture]
""",
        fix="Name it in a route, or remove it.",
        relations=(
            Relation("route and ability", "an ability is added", "that a route, ability or hook names it"),
        ),
    ),
)
