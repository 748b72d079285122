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
    said = "\n".join(f"{entry.address} {canonical(entry.value)}" for _, entry in entries(root))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


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
    schema = value.get("input_schema")
    shown = f" Its input: {dump(schema)}" if isinstance(schema, dict) else ""
    return Tool(
        name, f"Ability {dump(id)}: {dump(about)}.{shown}"[:1_500], {"input": {"type": "object"}}, command
    )
