"""The texts of the codes that the stages themselves find: what ``explain`` and the pages say of them.

A stage raises them through :mod:`registry_reconciler.structural`, whose table gives titles and severities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from registry_reconciler.problems import Severity
from registry_reconciler.records import dataclass
from registry_reconciler.rules.base import Rule
from registry_reconciler.structural import CODES, LOWERABLE
from registry_reconciler.yamltext.codes import CODES as YAML_CODES

YAML_WARNINGS = frozenset({"YML009"})
"""Faults of a YAML text that leave it readable."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a page says: what is checked, why, a violating example, the same mended, how to get rid of it."""

    summary: str
    why: str
    fix: str
    example: str = ""
    use_instead: str = ""


TEXTS: Mapping[str, Text] = {
    "BRK001": Text(
        "A plan does not delete more than a share of a kind's managed entries: 30 % of ten or more, "
        "unless the configuration's `brakes` say otherwise.",
        "A large deletion is more often a lost fragment or a wrong branch than a decision.",
        "Look at the deletions. If they are meant, plan with `--allow-mass-delete`.",
        example="# 4 of the 12 hooks that desired/hooks.yaml declared are not in it any more\n",
    ),
    "BRK002": Text(
        "A plan does not delete every managed entry because no fragment is left under `desired/`.",
        "An empty `desired/` is nearly always a checkout that went wrong.",
        "Bring the fragments back. If all is meant to go, plan with `--allow-mass-delete`.",
        example="# desired/ is empty, and the state remembers 41 entries\n",
    ),
    "CFG001": Text(
        "`.system/registry/config.yaml` fits its schema, and its severities name codes and families "
        "that exist and may be set.",
        "A setting that is misspelt would be silently without effect.",
        "Correct the setting at the place shown; `registry schema config` prints what may stand there.",
        example="severities: {REF0001: warning}\n",
        use_instead="severities: {REF003: error}\n",
    ),
    "CFG002": Text(
        "`.system/registry/baseline.yaml` holds a list of known problems, each with a code, an address "
        "and a path.",
        "A baseline that cannot be read hides nothing, and every old problem would block at once.",
        "Write the file anew with `registry baseline`.",
        example="problems: REF001\n",
        use_instead="problems:\n  - {code: REF001, address: route/api.errors, path: [module_id]}\n",
    ),
    "FRG001": Text(
        "A fragment is a mapping. Each key is a kind of the workspace with a list of entries, or a "
        "directive (`moved`, `removed`, `protect`, `override`, `allow`) with a list of what belongs "
        "there.",
        "What stands under a misspelt key would silently not be registered.",
        "Correct the key, or write a list below it.",
        example="hooks:\n  - {id: audit}\n",
        use_instead="hook:\n  - {id: audit}\n",
    ),
    "FRG002": Text(
        "An address is declared once, in one fragment. The two ability kinds share their ids, but not "
        "their addresses.",
        "Two declarations say two things, and which one is registered would be an accident.",
        "Remove one of the two.",
        example=(
            "hook:\n  - {id: audit, event_type: SessionStop}\n  - {id: audit, event_type: PromptSubmit}\n"
        ),
        use_instead="hook:\n  - {id: audit, event_type: SessionStop}\n",
    ),
    "FRG003": Text(
        "A `moved` line leads from an address to another one of the same kind; not both are live, no "
        "moves go round in a circle, and no two start or end at one address.",
        "A rename that cannot be followed would become a deletion and a creation, and lose place and "
        "comments.",
        "Correct the addresses, or remove the line.",
        example="moved:\n  - {from: hook/audit, to: route/audit}\n",
        use_instead="moved:\n  - {from: hook/audit, to: hook/audit-log}\n",
    ),
    "FRG004": Text(
        "No address stands under `removed` and is declared as well.",
        "The fragments say that the entry should be there and that it should not.",
        "Remove the directive or the declaration.",
        example="hook:\n  - {id: audit}\nremoved:\n  - {address: hook/audit}\n",
        use_instead="removed:\n  - {address: hook/audit}\n",
    ),
    "FRG005": Text(
        "What stands under `removed` is managed, or was removed before.",
        "An entry that is not managed is never touched, so the line is without effect.",
        "Remove the line; or adopt the entry first, if it is to be deleted.",
        example="removed:\n  - {address: hook/never-managed}\n",
        use_instead="removed: []\n",
    ),
    "FRG006": Text(
        "Every line under `allow` accepts a problem that is there.",
        "An allowance that outlives its problem will one day accept a new one that nobody looked at.",
        "Remove the line.",
        example=(
            "allow:\n  - {address: hook/audit, code: HOK004, reason: there is no such problem any more}\n"
        ),
        use_instead="allow: []\n",
    ),
    "FRG007": Text(
        "A fragment does not set fields that the kind lists as `live_fields`, nor the keys that only "
        "directives have.",
        "Such fields are kept as they are in the registry; what the fragment says would be without effect.",
        "Remove the field from the fragment.",
        example="repository:\n  - {id: registry, stars: 12}\n",
        use_instead="repository:\n  - {id: registry}\n",
    ),
    "FRG008": Text(
        "Every entry in a fragment is a mapping with the fields that make its key.",
        "Without a key it has no address, and nothing can be planned for it.",
        "Add the field that the kind's `x-registry` names as `key`.",
        example="hook:\n  - {event_type: SessionStop}\n",
        use_instead="hook:\n  - {id: goodbye, event_type: SessionStop}\n",
    ),
    "KND001": Text(
        "The `x-registry` of a schema file fits its published schema, its parts can be understood, and "
        "no two files define one kind.",
        "Without it nobody knows where entries of the kind stand; nothing of it is planned.",
        "Correct the part that is shown; docs/reference/x-registry.md describes each.",
        example="x-registry: {kind: skill, layout: lists, file: skills.yaml, key: id}\n",
        use_instead="x-registry: {kind: skill, layout: list, file: skills.yaml, key: id}\n",
    ),
    "KND002": Text(
        "The `file` of a kind matches files, and its `at` leads to a container in them, once the kind "
        "has entries somewhere or says a place with globs.",
        "A typing slip must not look like an empty registry.",
        "Correct `file` or `at`, or create the file.",
        example="x-registry: {kind: skill, layout: list, file: skils/*.yaml, key: id}\n",
        use_instead="x-registry: {kind: skill, layout: list, file: skills/*.yaml, key: id}\n",
    ),
    "LIV001": Text(
        "Every file of the workspace that is read is a regular file, can be read, and no link leads it "
        "out of the workspace.",
        "Nothing is known of what the file holds; nothing that it owns is planned for deletion.",
        "Put a readable regular file there, or remove it.",
        example="# modules/overview/interfaces.yaml is a link to /etc/hosts\n",
    ),
    "LIV002": Text(
        "No two live entries have one address.",
        "Which of them a change would be for, and which one is found, would be an accident.",
        "Remove or rename one of them in the registry file.",
        example="types:\n  - {id: http_api}\n  - {id: http_api}\n",
        use_instead="types:\n  - {id: http_api}\n  - {id: grpc_api}\n",
    ),
    "LIV003": Text(
        "Every item of a container is a mapping with the fields that make its key.",
        "Without a key it has no address; it can neither be found nor managed.",
        "Add the key field, or remove the item.",
        example="types:\n  - {name: HTTP API}\n",
        use_instead="types:\n  - {id: http_api, name: HTTP API}\n",
    ),
    "LIV004": Text(
        "Where an entry carries a field that its place gives too, both say the same. The text of the "
        "entry wins.",
        "Who looks for the entry at the place that its fields tell does not find it.",
        "Move the entry, or change the field.",
        example="# modules/routes/api.yaml\nroutes:\n  - {id: errors, scope: web}\n",
        use_instead="# modules/routes/api.yaml\nroutes:\n  - {id: errors, scope: api}\n",
    ),
    "LIV005": Text(
        "The container of a kind is a sequence in layout `list` and a mapping in layout `map`; nothing "
        "at all counts as empty.",
        "Entries cannot be read from it, nor written into it.",
        "Correct the container, or the kind's `layout` and `at`.",
        example="types:\n  http_api: {}\n",
        use_instead="types:\n  - {id: http_api}\n",
    ),
    "SCH001": Text(
        "Every entry, declared or live, fits the schema of its kind.",
        "Readers of the registry rely on the fields and types that the schema promises.",
        "Correct the field at the place shown; `registry schema KIND` prints what may stand there.",
        example="hook:\n  - {id: audit, event_type: PostAbilityCall, blockng: true}\n",
        use_instead="hook:\n  - {id: audit, event_type: PostAbilityCall, blocking: true}\n",
    ),
    "SCH002": Text(
        "Every schema file is valid JSON Schema 2020-12, and its `$ref` stay inside the schemas folder "
        "and go round in no circle.",
        "Entries cannot be held to a schema that is broken; nothing of the kind is planned.",
        "Correct the schema at the place shown.",
        example="type: objekt\n",
        use_instead="type: object\n",
    ),
    "STA001": Text(
        "A managed entry is as it was last applied.",
        "Somebody edited the registry by hand. The edit is left as it is, and so is not what the fragment says. "
        "`drift: block` in config.yaml makes it an error, `drift: undo` lets the plan undo it.",
        "Take the edit over with `registry drift --accept ADDRESS`, or undo it with "
        "`registry drift --revert ADDRESS`.",
        example=(
            "# desired/hooks.yaml and the state say blocking: true, .system/hooks/audit.yaml says "
            "blocking: false\n"
        ),
    ),
    "STA002": Text(
        "An entry was not changed in a fragment and in the registry by hand since the last apply.",
        "One of the two changes would be lost without anybody deciding which.",
        "Take over the hand edit (`registry drift --accept ADDRESS`), or plan with `--overwrite ADDRESS`.",
        example=(
            "# applied: priority 1; desired/hooks.yaml: priority 2; .system/hooks/audit.yaml: priority 3\n"
        ),
    ),
    "STA003": Text(
        "An entry that is declared and was live before, unmanaged, is declared as it is.",
        "Applying would overwrite what somebody keeps by hand.",
        "Declare the entry as it is, or plan with `--adopt ADDRESS` to change it.",
        example=(
            "# desired/hooks.yaml says priority: 2, .system/hooks/audit.yaml, not managed so far, says "
            "priority: 1\n"
        ),
    ),
    "STA004": Text(
        "Every line of the state can be read.",
        "What was last applied is not known any more, so drift and decisions cannot be told apart.",
        "Bring the file back from version control, or let `registry resolve` write it anew from what can be read.",
        example='@ "hook/audit\n',
    ),
    "STA005": Text(
        "A plan deletes nothing that `protect` holds, in a fragment or in the last applied state.",
        "Somebody said that this must not go by accident. Lifting it takes an apply of its own.",
        "Keep the entry; or remove the line under `protect`, apply, and delete then.",
        example="protect:\n  - hook/audit\nhook: []\n",
        use_instead="protect:\n  - hook/audit\nhook:\n  - {id: audit, event_type: PostAbilityCall}\n",
    ),
    "STA006": Text(
        "It can be told of every entry that the state knows whether it is managed.",
        "Two branches kept the state of one fragment apart, and only one of them knows the entry. The other may have "
        "let it go on purpose, so it is not deleted: it counts as not managed.",
        "Adopt the entry with `registry adopt ADDRESS`, or remove it from its registry by hand.",
        example="# two files below .system/registry/state/ are about desired/hooks.yaml; one has hook/audit\n",
    ),
    "WRT001": Text(
        "The text that would be written, read again, holds just the entries that the plan says.",
        "A file that would not say what was planned is never written.",
        "Simplify the text around the entry, for instance its anchors and flow style, and plan again.",
        example="# the entry stands in a construction that cannot be edited in place\n",
    ),
    "WRT002": Text(
        "What a plan removes holds no anchor that other parts of the file use.",
        "The aliases would lead nowhere, or silently mean something else.",
        "Write the values out where the alias stands.",
        example="types:\n  - &base {id: http_api, tags: [web]}\n  - {<<: *base, id: grpc_api}\n",
        use_instead="types:\n  - {id: http_api, tags: [web]}\n  - {id: grpc_api, tags: [web]}\n",
    ),
    "WRT003": Text(
        "The place of a new entry follows from its kind and fields: one file and one container are possible.",
        "A guess would put the entry where nobody looks for it.",
        "Add the entry by hand where it belongs and declare it, or make `file` and `at` of the kind "
        "definite.",
        example="# file: skills/*/registry.yaml, and two such files are there\n",
    ),
    "WRT004": Text(
        "Every path that would be written stays inside the workspace, on every system, and is none of "
        "`.git` or of the tool's own files.",
        "A field of an entry must not be able to choose a file elsewhere.",
        "Change the field that makes the path.",
        example="route:\n  - {id: errors, scope: ../../etc, topic: errors, module_id: payments}\n",
        use_instead="route:\n  - {id: errors, scope: api, topic: errors, module_id: payments}\n",
    ),
    "WRT005": Text(
        "An entry that is deleted or moved holds no entries of another kind inside.",
        "They would vanish with it although nobody planned that.",
        "Delete or move the inner entries first.",
        example=(
            "# plugins[] has an entry of kind plugin to be deleted, whose skills are entries of kind skill\n"
        ),
    ),
}


def _structural() -> Iterator[Rule]:
    for code, (title, severity) in CODES.items():
        text = TEXTS[code]
        yield Rule(
            code=code,
            title=title,
            severity=severity,
            summary=text.summary,
            why=text.why,
            example=text.example,
            fix=text.fix,
            use_instead=text.use_instead,
            structural=code not in LOWERABLE,
        )


def _yaml() -> Iterator[Rule]:
    for row in YAML_CODES.values():
        severity = Severity.WARNING if row.code in YAML_WARNINGS else Severity.ERROR
        yield Rule(
            row.code,
            row.title,
            severity,
            row.checks,
            row.why,
            row.example,
            row.fix,
            row.instead,
            structural=True,
        )


STRUCTURAL: tuple[Rule, ...] = (*_yaml(), *_structural())
"""The codes of the stages, without checks: reading, schemas, fragments, state, writing, brakes."""
