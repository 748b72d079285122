"""The history: one small file for each apply that wrote. No two branches ever write the same one, so none conflicts.

A plan rests on nothing of it. Only the newest are kept (``history: {keep: 500}`` in config.yaml), older ones by git.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.history_conflicts import FORMAT, refuse_newer
from registry_reconciler.loading.state.files import conflict_line
from registry_reconciler.model.change import Change
from registry_reconciler.model.config import (
    HISTORY_BEFORE_PATH,
    HISTORY_FOLDER,
    OLD_HISTORY_PATH,
)
from registry_reconciler.model.entry import Json, digest_bytes
from registry_reconciler.model.plan import Plan
from registry_reconciler.model.problem import Severity, Status

SUFFIX = ".json"
NAME = re.compile(r"\d{8}T\d{6}(?:\d{6})?Z-[0-9a-f]{12}\.json")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")


_MARKED = "has conflict markers; settle it: registry resolve"


def is_whole(data: bytes) -> bool:
    """Whether a text is that of one apply."""
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


class HistoryRecord(Struct, frozen=True):
    """One apply, as the history has it; ``data`` is the content of its file."""

    path: str
    data: Mapping[str, Json]

    @property
    def time(self) -> str:
        """When it was, in UTC."""
        return str(self.data.get("time", ""))

    @property
    def changes(self) -> list[Mapping[str, Json]]:
        """What changed, an item for each address; empty where only counts were kept."""
        found = self.data.get("changes")
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def new_file(plan: Plan, files: Sequence[str]) -> tuple[str, bytes]:
    """The file that an apply of a plan leaves: its path, which nobody else will ever take, and its content.

    Args:
        files: what the apply writes besides.
    """
    now = datetime.now(UTC)
    word = os.urandom(6).hex()
    content = _text(_content(plan, now.strftime("%Y-%m-%dT%H:%M:%SZ"), files), word)
    return _path(now.strftime("%Y%m%dT%H%M%S%fZ"), word), content


def _path(time: str, word: str) -> str:
    return f"{HISTORY_FOLDER}/{time}-{word}{SUFFIX}"


def _text(data: Json, word: str) -> bytes:
    """The content of a file, unlike that of any other.

    Git takes a deleted file for one that was renamed where a new one is half the same. What it then merges is a
    conflict that nobody made: a revert here, an apply there. So half of each file is its own.
    """
    text = _indented({name: part for name, part in data.items() if name != "unlike"})
    size = len(text) // 64 + 2
    own = [digest_bytes(f"{word} {number}".encode()).removeprefix("sha256:") for number in range(size)]
    return text.removesuffix(b"\n}") + b",\n" + _indented({"unlike": own}).removeprefix(b"{\n") + b"\n"


def _indented(data: Json) -> bytes:
    """JSON with an item a line. Python's own encoder takes ten times as long to indent as to write."""
    from msgspec import MsgspecError
    from msgspec.json import format as indent

    try:
        return indent(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"), indent=1)
    except MsgspecError:  # an old line with a number that JSON does not have
        return json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _content(plan: Plan, time: str, files: Sequence[str]) -> dict[str, Json]:
    """What is remembered of an apply: when, what, who, which files and flags, and problems that are only logged."""
    options = plan.options.to_json()
    if not options["target"]:
        del options["target"]
    return {
        "format": FORMAT,
        "time": time,
        "plan": plan.plan_id,
        "who": _who(),
        "changes": [_change(change) for change in plan.changes],
        **({"outputs": named} if (named := [output.id for output in plan.outputs if output.writes]) else {}),
        "healed": len(plan.heals),
        "files": list(files),
        "flags": options,
        "records": [
            {"code": problem.code, "address": problem.address, "message": problem.message}
            for problem in plan.problems
            if problem.severity is Severity.RECORD and problem.status is Status.INTRODUCED
        ],
    }


def _change(change: Change) -> dict[str, Json]:
    data: dict[str, Json] = {"address": change.address, "action": change.action.value}
    if change.from_address:
        data["from"] = change.from_address
    names = dict.fromkeys(str(field.path[0]) for field in change.fields if field.path)
    if names:
        data["fields"] = list(names)
    return data


def _who() -> str:
    import getpass

    for name in ("REGISTRY_ACTOR", "GITHUB_ACTOR"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may run under a user id that nobody named.
        return "unknown"


def carried_over(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files that the lines of the old history become. Two branches that do this make the same files."""
    for line in data.split(b"\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a conflict marker, or half a line
        time = found.get("time") if isinstance(found, dict) else None
        if isinstance(time, str) and _TIME.match(time):
            stamp = time.replace("-", "").replace(":", "")
            word = digest_bytes(line.strip()).removeprefix("sha256:")[:12]
            yield _path(stamp, word), _text({"format": FORMAT, **found}, word)


def paths(tree: Tree) -> list[str]:
    """The files of the history, the oldest first. Raises :class:`UnreadablePath`."""
    return sorted(
        f"{HISTORY_FOLDER}/{name}"
        for name, kind in tree.children(HISTORY_FOLDER)
        if kind == "file" and NAME.fullmatch(name)
    )


def read(tree: Tree, newest: int | None = None) -> tuple[list[HistoryRecord], list[str]]:
    """The applies, the newest first, and what could not be read of them."""
    found: list[HistoryRecord] = []
    faults: list[str] = []
    try:
        names = paths(tree)[::-1]
        olds = [tree.read(path) or b"" for path in (OLD_HISTORY_PATH, HISTORY_BEFORE_PATH)]
    except UnreadablePath as fault:
        return [], [f"{HISTORY_FOLDER} cannot be read: {fault}"]
    for path in names[:newest]:
        try:
            text = tree.read(path) or b""
            refuse_newer(path, text)
            data = json.loads(text)
        except (UnreadablePath, ValueError, RecursionError) as fault:
            marked = not isinstance(fault, UnreadablePath) and conflict_line(text) is not None
            faults.append(f"{path} {_MARKED if marked else f'cannot be read: {fault}'}")
            continue
        if isinstance(data, dict):
            found.append(HistoryRecord(path, data))
        else:
            faults.append(f"{path} holds no apply")
    known = {entry.path for entry in found}
    lines = dict(line for old in olds for line in carried_over(old))
    found += [
        HistoryRecord(path, json.loads(content)) for path, content in lines.items() if path not in known
    ]
    return sorted(found, key=lambda entry: (entry.time, entry.path), reverse=True)[:newest], faults


def surplus(there: Iterable[str], keep: int) -> list[str]:
    """The files that go where so many are kept: the oldest."""
    ordered = sorted(there)
    return ordered[: max(len(ordered) - keep, 0)]
