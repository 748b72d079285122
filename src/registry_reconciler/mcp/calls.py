"""Running a command for a tool, and cutting its answer to what an agent reads.

Every text of an entry stays a string of a JSON value, in the structured answer and in the text beside it: nothing that
somebody wrote into a registry stands there as if the tool had said it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from registry_reconciler.mcp.answers import MOST_TOKENS, tokens
from registry_reconciler.mcp.tools import Command
from registry_reconciler.model.entry import Json, show_path

MOST_AT_ONCE = 8
"""So many commands run at a time; an agent may ask for more at once."""

LIMIT = 20
_FIELDS = 4


_PLACES: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


async def answer_of(root: Path, command: Command, *, extra: Sequence[str] = ()) -> dict[str, Json]:
    """The JSON of a command; where it has none, what it said instead."""
    head, dashes, behind = _parted(command.words)
    words = [*head, *extra, f"--root={root}", *dashes, *behind]
    async with _PLACES.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST_AT_ONCE)):
        return await _answer(root, words, command.stdin)


async def _answer(root: Path, words: Sequence[str], stdin: str) -> dict[str, Json]:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",  # nothing of the workspace, and of nobody else, is imported
            "-c",
            _START,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=root,
        )
    except OSError as error:
        return _failed(f"the command could not be started: {error}")
    # Everybody on the machine sees the words of a process, and a value of an entry may be a secret.
    given = json.dumps(words).encode() + b"\n" + stdin.encode("utf-8", "surrogatepass")
    try:
        out, err = await process.communicate(given)
    except BaseException:
        # The caller lost interest. A command that is stopped leaves everything old or new.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        raise
    try:
        data = json.loads(out)
    except ValueError:
        data = None
    if isinstance(data, dict):
        return {name: _sendable(value) for name, value in data.items()}
    text = (err or out).decode("utf-8", "replace").strip()
    return _failed(text or f"the command ended with {process.returncode} and said nothing")


def _sendable(value: Json) -> Json:
    """A value without halves of characters, which a file's name may have and no message can carry."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    if isinstance(value, dict):
        return {str(_sendable(name)): _sendable(part) for name, part in value.items()}
    return value


def _failed(message: str) -> dict[str, Json]:
    return {"exit": 1, "errors": [{"code": "failed", "message": message}], "next": []}


_HOME = str(Path(__file__).resolve().parents[2])
_START = f"""\
import json, sys
sys.path.append({_HOME!r})
sys.argv[:] = ["registry", *json.loads(sys.stdin.buffer.readline())]
from registry_reconciler.cli.program import main
sys.exit(main())
"""
"""What the process runs: its words come in first, as a line of JSON, and behind them what the command reads."""


def _parted(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    if "--" not in words:
        return words, (), ()
    place = list(words).index("--")
    return words[:place], ("--",), words[place + 1 :]


def cut(data: Mapping[str, Json], arguments: Mapping[str, Any]) -> dict[str, Json]:
    """An answer as an agent reads it: a page of each list, short texts, and how much there is."""
    offset, limit = int(arguments.get("offset", 0)), int(arguments.get("limit", LIMIT))
    size = _SIZES[-1] if arguments.get("detail", False) else _SIZES[-2]
    sizes = [*reversed(_SIZES[: _SIZES.index(size) + 1])]
    while True:
        made = _page(data, offset, limit, size)
        if tokens(dump(made)) <= MOST_TOKENS:
            return made
        if limit > 1:
            limit = max(1, limit // 2)
        elif size != sizes[-1]:
            size = sizes[sizes.index(size) + 1]
        else:
            return _stump(made)


def dump(data: Json) -> str:
    """A value as the text of an answer."""
    return json.dumps(data, ensure_ascii=True, separators=(", ", ": "))


class _Size(NamedTuple):
    """How much of an answer is there: everything, or texts and inner lists up to a length."""

    whole: bool
    text: int
    items: int


_SIZES = (_Size(False, 40, 3), _Size(False, 100, 12), _Size(False, 240, 50), _Size(True, 0, 0))


def _page(data: Mapping[str, Json], offset: int, limit: int, size: _Size) -> dict[str, Json]:
    made: dict[str, Json] = {}
    pages: dict[str, Json] = {}
    for name, value in data.items():
        if name in _LEFT_OUT and not size.whole:
            continue
        if isinstance(value, list) and name not in ("errors", "next"):
            items = [item if size.whole else _brief(name, item) for item in value[offset : offset + limit]]
            if items or name in _ALWAYS:
                made[name] = items if size.whole else [_short(item, size) for item in items]
            if len(value) > len(items):
                pages[name] = {"offset": offset, "items": len(items), "of": len(value)}
        elif name in ("errors", "next"):
            made[name] = _short(value[:10], _SIZES[-2]) if isinstance(value, list) else value
        else:
            made[name] = value if size.whole else _short(value, size)
    if pages:
        made["pages"] = pages
    return made


_LEFT_OUT = frozenset({"format_version", "inputs", "files", "heals", "options", "kinds", "tool", "notices"})
"""What says nothing to an agent; with ``detail`` it is there."""

_ALWAYS = frozenset({"changes", "problems", "entries"})


def _brief(name: str, item: Json) -> Json:
    if not isinstance(item, dict):
        return item
    if name == "changes" and "action" in item:
        return _change(item)
    if name == "problems" and "code" in item:
        return _problem(item)
    return item


def _change(item: Mapping[str, Json]) -> dict[str, Json]:
    made = {"action": item["action"], "address": item.get("address")}
    if item.get("from"):
        made["from"] = item["from"]
    fields = item.get("fields") or []
    made["fields"] = [_field(field) for field in fields[:_FIELDS]]
    if len(fields) > _FIELDS:
        made["more_fields"] = len(fields) - _FIELDS
    return {key: value for key, value in made.items() if value not in (None, [])}


def _field(field: Mapping[str, Json]) -> dict[str, Json]:
    path = field.get("path")
    named = show_path(tuple(path)) if isinstance(path, list) else path
    return {"field": named, **{side: field[side] for side in ("before", "after") if side in field}}


def _problem(item: Mapping[str, Json]) -> dict[str, Json]:
    location = item.get("location") or {}
    fix = item.get("fix") or {}
    made = {
        "code": item["code"],
        "severity": item.get("severity"),
        "blocking": item.get("blocking"),
        "status": item.get("status"),
        "address": item.get("address"),
        "at": f"{location.get('path', '')}:{location.get('line', 0)}",
        "message": item.get("message"),
        "fix": fix.get("description"),
        "fix_is_safe": fix.get("safe"),
        "suppressed": item.get("suppressed"),
    }
    return {key: value for key, value in made.items() if value not in (None, "", False)}


def _short(value: Json, size: _Size) -> Json:
    if isinstance(value, str):
        return value if len(value) <= size.text else value[: size.text - 1] + "…"
    if isinstance(value, list):
        kept = [_short(item, size) for item in value[: size.items]]
        return [*kept, f"… and {len(value) - size.items} more"] if len(value) > size.items else kept
    if isinstance(value, dict):
        return {name: _short(part, size) for name, part in value.items()}
    return value


def _stump(data: Mapping[str, Json]) -> dict[str, Json]:
    """What is left of an answer whose single items are too large: its head, and where the rest is."""
    kept: dict[str, Json] = {}
    left: list[Json] = []
    room = MOST_TOKENS // 2
    for name, value in data.items():
        cost = tokens(dump({name: value}))
        if cost <= min(room, MOST_TOKENS // 8):
            kept[name] = value
            room -= cost
        elif len(left) < _MOST_LEFT and tokens(name) < _MOST_LEFT:
            left.append(name)
    return {**kept, "too_large": left, "hint": _HINT}


_MOST_LEFT = 20
_HINT = "ask for fewer with limit, or for one entry with show; all of it is in the resource registry://entry/KIND/KEY"
