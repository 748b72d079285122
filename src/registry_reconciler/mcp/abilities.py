"""The abilities of the workspace as tools, and whether they are still those that the server was started with.

Whoever starts the server grants abilities as they are then. An agent that may write could give one another script, or
take the capabilities away that it needs; so where abilities or hooks change, none is run until somebody starts the
server anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from registry_reconciler.base.escape import visible
from registry_reconciler.files.tree import DiskTree, Recorder
from registry_reconciler.loading.catalog import load_catalog
from registry_reconciler.loading.registries import load_live
from registry_reconciler.mcp.calls import dump
from registry_reconciler.mcp.tools import Arguments, Command, Tool
from registry_reconciler.model.entry import Json, LiveEntry, canonical
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.redact import mask

PREFIX = "ability_"
_RUN = ("ability_low", "ability_high")
_NAMES = (*_RUN, "hook")


def entries(root: Path) -> list[tuple[Kind, LiveEntry]]:
    """Every live ability and hook."""
    tree = Recorder(DiskTree(root))
    kinds = {
        name: kind for name, kind in load_catalog(tree).kinds.items() if name in _NAMES or kind.role in _NAMES
    }
    live = load_live(tree, kinds)
    return [(kinds[entry.kind], entry) for entry in (*live.entries.values(), *live.clashes)]


def digest(root: Path) -> str:
    """The same as long as no ability and no hook is another one."""
    text = "\n".join(f"{entry.address} {canonical(entry.value)}" for _, entry in entries(root))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def ability_tools(root: Path) -> Iterator[Tool]:
    """Each ability as a tool; where two would be called the same, their names say which is which."""
    found = [
        (entry.key, mask(entry.value, kind.secrets))
        for kind, entry in entries(root)
        if kind.name in _RUN or kind.role in _RUN
    ]
    counts = Counter(_name(id) for id, _ in found)
    for id, value in found:
        name = _name(id)
        if counts[name] > 1:
            name = f"{name}_{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        yield _tool(id, name, value)


def _name(id: str) -> str:
    return PREFIX + re.sub(r"[^A-Za-z0-9_-]", "_", id)[:47]


def _tool(id: str, name: str, value: Json) -> Tool:
    def command(arguments: Arguments) -> Command:
        words = ("run", "--format=json", "--input=-", "--", id)
        return Command(words, json.dumps(arguments.get("input", {}), ensure_ascii=False))

    about = next((value[field] for field in ("summary", "description", "name") if value.get(field)), id)
    schema = shown_schema(value.get("input_schema"))
    # What it takes is held against the schema where it runs: a pattern of the workspace could be slow to match.
    return Tool(
        name,
        f"Ability {dump(id)}: {dump(about)}."[:_LONGEST_ABOUT],
        {"input": {"type": "object"}},
        command,
        ("input",) if schema is not None and schema.get("required") else (),
        shown={"input": schema} if schema is not None else {},
    )


_LONGEST_ABOUT = 1_000
_LONGEST_SCHEMA = 4_000
_LONGEST_TEXT = 240
_REBASED = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef"})
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Below these a key is a name, and no keyword."""
_HERE = "#/properties/input"


def shown_schema(schema: Json) -> dict[str, Json] | None:
    """The schema of an ability's input as a part of the tool's; ``None`` where it has none that can be shown.

    References within it are led to where it stands now. One that names itself, or is too long, is left to the ability.
    """
    if not isinstance(schema, dict) or len(dump(schema)) > _LONGEST_SCHEMA:
        return None
    found = _moved(schema)
    if not isinstance(found, dict) or found.get("type", "object") != "object":
        return None
    from registry_reconciler.schema.validator import SchemaFault, standalone

    try:
        standalone(schema, "input.json")
    except SchemaFault:
        return None
    return {"type": "object", **found}


def _moved(part: Json) -> Json | None:
    if isinstance(part, list):
        items = [_moved(item) for item in part]
        return None if any(item is None is not old for item, old in zip(items, part, strict=True)) else items
    if not isinstance(part, dict):
        return visible(part)[:_LONGEST_TEXT] if isinstance(part, str) else part
    made: dict[str, Json] = {}
    for name, value in part.items():
        if name in _REBASED:
            return None
        if name == "$schema":
            continue
        if name == "$ref":
            if not isinstance(value, str) or not (value == "#" or value.startswith("#/")):
                return None
            made[name] = _HERE + value[1:]
        elif name in ("const", "enum", "pattern", "default"):
            made[name] = value
        elif name in _NAMED and isinstance(value, dict):
            schemas = {key: _moved(schema) for key, schema in value.items()}
            if any(schema is None for schema in schemas.values()):
                return None
            made[name] = schemas
        else:
            moved = _moved(value)
            if moved is None and value is not None:
                return None
            made[name] = moved
    return made
