"""What an agent may read beside its tools: kinds, schemas, entries, rules, AGENTS.md."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from registry_reconciler.files.tree import DiskTree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.mcp.calls import answer_of, dump
from registry_reconciler.mcp.tools import Command

PREFIX = "registry://"
FIXED = {
    "kinds": "The kinds of entries: files, how many, how many are managed.",
    "plan": "What apply would do, and every problem.",
    "agents": "AGENTS.md: the kinds, their files, and how to work with them.",
}
"""Resources with one name, and what they are."""

TEMPLATES = {
    "entry/{+address}": "One entry: desired, live, applied, references.",
    "schema/{kind}": "The JSON Schema of a kind.",
    "rule/{code}": "What a problem code means.",
}

_AGENTS = (".system/registry/AGENTS.md", "AGENTS.md")
"""Where it may stand: the one that is derived from the registries comes first."""

_PAUSE = 1.0
"""Seconds between two looks at the files."""


class UnknownResource(Exception):
    """There is no such resource."""


async def read(root: Path, uri: str) -> tuple[str, str]:
    """The text of a resource, and its media type. Raises :class:`UnknownResource`."""
    name, _, rest = uri.removeprefix(PREFIX).partition("/")
    if not uri.startswith(PREFIX):
        raise UnknownResource(f"there is no resource {uri}")
    if name == "agents" and not rest:
        return _agents(root), "text/markdown"
    words = {
        "kinds": ("list", "--kinds"),
        "plan": ("plan",),
    }
    if name in words and not rest:
        return await _json(root, words[name], ())
    if rest and name == "entry":
        return await _json(root, ("show",), (rest,))
    if rest and name == "schema":
        return await _json(root, ("schema",), (rest,))
    if rest and name == "rule":
        return await _json(root, ("explain",), (rest,))
    raise UnknownResource(f"there is no resource {uri}")


async def _json(root: Path, words: tuple[str, ...], behind: tuple[str, ...]) -> tuple[str, str]:
    command = Command((*words, "--format=json", *(("--", *behind) if behind else ())))
    return dump(await answer_of(root, command)), "application/json"


def named(root: Path) -> dict[str, str]:
    """The resources with one name that the workspace has."""
    there = any((root / path).is_file() for path in _AGENTS)
    return {name: about for name, about in FIXED.items() if name != "agents" or there}


def _agents(root: Path) -> str:
    for path in _AGENTS:
        try:
            data = DiskTree(root).read(path)
        except UnreadablePath as fault:
            raise UnknownResource(f"{path}: {fault}") from fault
        if data is not None:
            return data.decode("utf-8", "replace")
    raise UnknownResource("the workspace has no AGENTS.md")


async def changes(root: Path) -> AsyncIterator[None]:
    """One item each time that files of the workspace changed."""
    before = await asyncio.to_thread(_stamps, root)
    while True:
        await asyncio.sleep(_PAUSE)
        now = await asyncio.to_thread(_stamps, root)
        if now != before:
            before = now
            yield


def _stamps(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the files that entries are declared, described and remembered in."""
    tree = DiskTree(root)
    found: dict[str, tuple[int, int]] = {}
    for pattern in ("desired/**/*", ".system/registry/**/*", _AGENTS[-1]):
        try:
            paths = list(find(tree, pattern))
        except UnreadablePath:
            continue
        for path in paths:
            try:
                info = os.stat(root / path)
            except OSError:
                continue
            found[path] = (info.st_size, info.st_mtime_ns)
    return found
