"""One helper for all rule tests: an entry set from a short YAML text, and what the rules say of it.

The text is a fragment (kinds with entries, ``override`` and ``moved``); for rules about a change it is two
documents, the workspace before and after. A text with ``# .system/hooks/…`` or ``# skills/…`` on top is a live file.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.config import Capability, Config
from registry_reconciler.model.entry import FieldPath, Place, make_address, split_address
from registry_reconciler.model.fleet_view import Holder, MemoryView
from registry_reconciler.model.kind import Kind, parse_kind
from registry_reconciler.model.problem import Problem
from registry_reconciler.rules import RULES
from registry_reconciler.rules.base import Rule, Transition, run_entry_set, run_transition
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.schema.packaged import builtin_schemas
from registry_reconciler.schema.validator import SchemaSet

FRAGMENT = "desired/example.yaml"
LIVE = "modules/example.yaml"
"""What holds the entries of an example about two texts; without comments."""
DIRECTIVES = ("moved", "override")

FILES = {
    "docs/errors.md": b"# Errors\n",
    "docs/guides/first.md": b"# First steps\n",
    "scripts/audit.py": b"#!/usr/bin/env python3\n",
    "scripts/capture.py": b"#!/usr/bin/env python3\n",
    "scripts/guard.py": b"#!/usr/bin/env python3\n",
    "scripts/notes.txt": b"not a program\n",
    "services/payments/main.py": b"",
    "services/shop/main.py": b"",
    "skills/plan/SKILL.md": b"# Plan\n",
    "skills/review/SKILL.md": b"# Review\n",
    "src/app/payments.py": (
        b"from os import path as where\nimport json\nLIMIT = 3\nCOUNT: int = 0\n"
        b"def capture(): ...\nasync def settle(): ...\n"
        b"class Desk:\n    def open(self): ...\n"
        b"if LIMIT:\n    def only_if(): ...\nelse:\n    def otherwise(): ...\n"
        b"try:\n    def tried(): ...\nexcept OSError:\n    def rescued(): ...\n"
        b"finally:\n    def at_last(): ...\n"
    ),
    "src/app/broken.py": b"def (:\n",
    "src/app/__init__.py": b"def start(): ...\n",
    "tool.py": b"def run(): ...\n",
}

SKILL = {
    "title": "Skill",
    "x-registry": {
        "kind": "skill",
        "layout": "list",
        "file": "skills/_registry.yaml",
        "at": "skills",
        "key": "id",
        "references": [
            {"field": "requires[]", "kind": "skill", "missing": "warning", "allow": ["any"]},
            {"field": "links.next", "kind": ["skill", "module_type"]},
            {"field": "uses", "kind": "ability_low", "in": "fleet"},
        ],
        "paths": [{"field": "path", "missing": "error", "unlisted": "skills/*/SKILL.md"}],
        "unique": [["path"], ["team", "rank"], {"fields": "slot", "in": "fleet"}],
        "acyclic": ["requires"],
        "managed": "all",
    },
}

PLUGIN = {
    "title": "Plugin",
    "x-registry": {
        "kind": "plugin",
        "layout": "list",
        "file": "plugins.yaml",
        "at": "plugins",
        "key": "name",
        "mirrors": [{"field": "description", "kind": "skill"}],
    },
}

CAPTURE = Holder("payments", "ability_low/payments.capture")
TAKE = Holder("payments", "ability_low/payments.take", deprecated=True)
FLEET = MemoryView(
    id="example",
    entries={"ability_low": {holder.key: (holder,) for holder in (CAPTURE, TAKE)}},
    names={"ability_low": {"Capture a payment": (CAPTURE,)}},
    values={("skill", "slot"): {"7": (Holder("billing", "skill/invoice", path="skills.yaml", line=3),)}},
    gone={
        "ability_low": {"payments.refund": Holder("billing", "ability_low/payments.refund", until="1f" * 20)}
    },
)
"""What other repositories have, in every example."""
DOWN = "# A plan with --catalog, while the database is down."

CONFIG = Config(
    capabilities={name: Capability(name) for name in ("fs.read", "fs.write", "net.write")},
    environments=("dev", "staging", "prod"),
)


class ExampleTree(MemoryTree):
    """Files in memory: the scripts are executable, ``linked`` leads out, ``pipe`` is no file and no folder."""

    def kind(self, path: str) -> str:
        if path == "pipe":
            return "other"
        return "outside" if path == "linked" or path.startswith("linked/") else super().kind(path)

    def executable(self, path: str) -> bool:
        return path.startswith("scripts/") and path.endswith(".py")


@functools.cache
def kinds() -> dict[str, Kind]:
    """The built-in kinds, and ``skill`` and ``plugin``, which use what they do not."""
    files = {f"schemas/{name}.schema.yaml": yaml.safe_load(data) for name, data in builtin_schemas().items()}
    schemas = SchemaSet(files)
    found = [parse_kind(schema, path, texts=schemas.texts(path)) for path, schema in files.items()]
    own = [parse_kind(SKILL, "schemas/skill.schema.yaml"), parse_kind(PLUGIN, "schemas/plugin.schema.yaml")]
    return {kind.name: kind for kind in (*found, *own)}


@dataclass(frozen=True)
class Known:
    """One document of a text as an entry set, and its moves."""

    entry_set: EntrySet
    moves: tuple[tuple[str, str], ...] = ()


def entry_set(
    text: str, *, config: Config = CONFIG, files: dict[str, bytes | None] | None = None, **more: Any
) -> EntrySet:
    """The entry set of a text of one document. ``more`` goes to :class:`EntrySet`."""
    return _known(text, 0, config, files, **more).entry_set


def _known(
    text: str, index: int, config: Config, files: dict[str, bytes | None] | None, **more: Any
) -> Known:
    code = more.pop("code", "")
    view = MemoryView(fault="nothing listens there") if text.startswith(DOWN) else FLEET
    data = (list(yaml.safe_load_all(text)) or [{}])[index] or {}
    tree: dict[str, bytes | None] = {**FILES, **(files or {})}
    items: dict[str, Entry] = {}
    if text.startswith("# .system/hooks/"):
        file = text.splitlines()[0].removeprefix("# ")
        tree[file] = text.encode()
        items = dict([_item("hook", data, Place(file), live=Place(file))])
    elif text.startswith("# skills/"):
        file = text.splitlines()[0].removeprefix("# ")
        places = [Place(file, 0, ("skills", at)) for at in range(len(data["skills"]))]
        items = dict(
            _item("skill", value, place, live=place)
            for value, place in zip(data["skills"], places, strict=True)
        )
    else:
        for kind, entries in data.items():
            for at, value in enumerate(entries if kind not in DIRECTIVES else ()):
                live = Place(LIVE, 0, (kind, at)) if code == "CMT001" else None
                made_item = _item(kind, value, Place(FRAGMENT, index, (kind, at)), live)
                items.update([made_item])
        if code in ("CMT001", "TYP001"):
            tree |= {FRAGMENT: text.encode(), LIVE: yaml.safe_dump(data).encode()}
    made = EntrySet(
        kinds=more.pop("kinds", kinds()),
        config=config,
        tree=ExampleTree(tree),
        items=dict(sorted(items.items())),
        overrides=frozenset(data.get("override", ())),
        fleet=more.pop("fleet", view),
        **more,
    )
    return Known(made, tuple((move["from"], move["to"]) for move in data.get("moved", ())))


def _item(kind: str, value: dict[str, Any], place: Place, live: Place | None = None) -> tuple[str, Entry]:
    key = kinds()[kind].key_of(value) or ""
    address = make_address(kind, key)
    return address, Entry(kind, key, address, value, place, live, managed=live is None)


def transition(text: str, *, config: Config = CONFIG, **more: Any) -> Transition:
    """The change between the two documents of a text. ``more`` goes to each :class:`EntrySet`."""
    before, after = (_known(text, index, config, None, **more) for index in (0, 1))
    return change_between(before.entry_set, after.entry_set, after.moves)


def change_between(before: EntrySet, after: EntrySet, moves: Iterable[tuple[str, str]] = ()) -> Transition:
    """The change between two entry sets."""
    renamed = {new: old for old, new in moves}
    changes = []
    for address in sorted({*before.items, *after.items}):
        old = before.items.get(renamed.get(address, address))
        new = after.items.get(address)
        if address in renamed.values() or (old and new and old.value == new.value and address not in renamed):
            continue
        kind, key = split_address(address)
        action = Action.MOVE if address in renamed else Action.DELETE if new is None else Action.UPDATE
        changes.append(
            Change(
                address,
                kind,
                key,
                action if old else Action.CREATE,
                Reason.DESIRED_CHANGED,
                "",
                from_address=renamed.get(address),
                before=dict(old.value) if old else None,
                after=dict(new.value) if new else None,
            )
        )
    return Transition(before, after, tuple(changes))


def problems(code: str, text: str, **more: Any) -> list[Problem]:
    """What the rule of a code says of a text, in the order of addresses."""
    rule = rule_of(code)
    if rule.transition is not None:
        found = list(run_transition([rule], transition(text, **more)))
    else:
        found = list(run_entry_set([rule], entry_set(text, code=code, **more)))
    return sorted(found, key=lambda one: (one.address, one.place, one.path, one.message))


def rule_of(code: str) -> Rule:
    """The coordination rule of a code."""
    return next(rule for rule in RULES if rule.code == code)


def addresses(code: str, text: str, **more: Any) -> list[str]:
    """The addresses that the rule of a code complains about."""
    return [problem.address for problem in problems(code, text, **more)]


def messages(code: str, text: str, **more: Any) -> list[str]:
    """What the rule of a code says."""
    return [problem.message for problem in problems(code, text, **more)]


def line_of(text: str, problem: Problem) -> str:
    """The line of a text that a problem points at: of its field, or of the nearest part that is there."""
    nodes = list(yaml.compose_all(text))
    return text.splitlines()[_mark(nodes[problem.place.document], problem.place.path)].strip()


def _mark(node: Any, path: FieldPath) -> int:
    line = int(node.start_mark.line)
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return line
