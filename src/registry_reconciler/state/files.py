"""A state file: what was last applied of one fragment, record by record, in the fragment's own order.

::

    registry state 2
    < "desired/payments.yaml"
    .
    @ "module_instance/payments.api" p0SvE1
    .
    module_id=k3vF0a9Q
    .
    .
    ! "module_instance/payments.*"

Two sides that change, add or remove entries at different places of a fragment do so at different places here, and at
the same place here only where they do in the fragment. That is why nothing else stands in such a file: no time, no
count, nothing that a side writes without having changed the fragment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from registry_reconciler.config import STATE_FOLDER
from registry_reconciler.errors import NewerFormat
from registry_reconciler.model import digest_bytes
from registry_reconciler.state.shadow import REST

SUFFIX = ".state"
FORMAT = 2
_HEAD = "registry state "
_RECORD = re.compile(r'^@ ("(?:[^"\\\n]|\\.)*") ?([A-Za-z0-9_-]{0,24})\n\.\n((?:(?![@!<]).*\n)*)', re.MULTILINE)
_ADDRESS = re.compile(r'"([^"\\]*)"\Z')
_MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?: .*)?$")


class Applied(NamedTuple):
    """What was applied of one entry: its shadow, and the salt of its digests."""

    salt: str
    text: str


class Record(NamedTuple):
    """What was applied of one entry."""

    address: str
    applied: Applied


class StateFile(NamedTuple):
    """One file of the state.

    Attributes:
        fragment: the path of the fragment; empty where the file does not say.
        records: in the order of the file.
        protects: the patterns that the fragment protected when it was applied.
        faults: the numbers of lines that mean nothing.
    """

    path: str
    fragment: str
    records: tuple[Record, ...]
    protects: tuple[str, ...]
    faults: tuple[int, ...] = ()


def quoted(text: str) -> str:
    """A text on one line."""
    return json.dumps(text, ensure_ascii=False)


def _unquoted(text: str) -> str | None:
    plain = _ADDRESS.match(text)
    if plain is not None:
        return plain[1]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def render_file(fragment: str, records: Iterable[Record], protects: Iterable[str]) -> bytes:
    """The content of a state file."""
    parts = [f"{_HEAD}{FORMAT}\n< {quoted(fragment)}\n{REST}\n"]
    parts += [f"@ {quoted(address)} {salt}\n{REST}\n{text}" for address, (salt, text) in records]
    parts += [f"! {quoted(one)}\n{REST}\n{REST}\n" for one in protects]
    return "".join(parts).encode("utf-8", "surrogatepass")


def new_path(fragment: str, content: bytes) -> str:
    """The path of a new state file. It says its first content: two sides never mean two things by one name."""
    words = re.sub(r"[^a-z0-9]+", "-", fragment.lower().removeprefix("desired/")).strip("-")
    words = re.sub(r"-ya?ml$", "", words)[:40].strip("-")
    digest = digest_bytes(content).removeprefix("sha256:")[:12]
    return f"{STATE_FOLDER}/{words or 'fragment'}-{digest}{SUFFIX}"


def parse_file(path: str, data: bytes) -> StateFile:
    """Read one state file, whatever stands in it.

    Raises:
        NewerFormat: it says that its format is newer.
    """
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    first, _, rest = text.partition("\n")
    if first.startswith(_HEAD) and first != f"{_HEAD}{FORMAT}":
        raise NewerFormat(
            f"{path} was written by a newer version of registry ({first[:60]}); nothing was read or written. "
            "Use the version that your colleagues use."
        )
    if not rest.endswith("\n"):
        rest += "\n"
    fragment, _, body = rest.partition("\n")
    owner = _unquoted(fragment[2:]) if fragment.startswith("< ") else None
    records: list[Record] = []
    covered = 0
    for found in _RECORD.finditer(body):
        address = _unquoted(found[1])
        if address is not None and "/" in address:
            records.append(Record(address, Applied(found[2], found[3])))
            covered += found[0].count("\n")
    protects, faults = [], []
    others = _others(body) if covered + 1 < body.count("\n") else ()
    for number, line in others:
        pattern = _unquoted(line[2:]) if line.startswith("! ") else None
        if pattern is not None:
            protects.append(pattern)
        elif line not in ("", REST):
            faults.append(number + 2)
    if first != f"{_HEAD}{FORMAT}" or owner is None:
        faults.insert(0, 1)
    return StateFile(path, owner or "", tuple(records), tuple(protects), tuple(faults))


def _others(body: str) -> Iterator[tuple[int, str]]:
    """The lines outside of records, with their numbers."""
    end, number = 0, 1
    for found in (*_RECORD.finditer(body), None):
        start = found.start() if found else len(body)
        between = body[end:start]
        for line in between.split("\n")[: between.count("\n")]:
            yield number, line
            number += 1
        if found is not None:
            number += found[0].count("\n")
            end = found.end()


def sides(data: bytes) -> tuple[bytes, ...]:
    """A file without conflict markers: itself; with them: what our side and what their side says.

    Only a whole triple at line starts is a conflict.
    """
    lines = data.split(b"\n")
    marks = [number for number, line in enumerate(lines) if line.startswith((b"<<<<<<<", b"=======", b">>>>>>>"))]
    if len(marks) < 3:
        return (data,)
    ours: list[bytes] = []
    theirs: list[bytes] = []
    at: Sequence[list[bytes]] = (ours, theirs)
    found = False
    for line in lines:
        if line.startswith(b"<<<<<<<"):
            at = (ours,)
        elif line.startswith(b"|||||||") and at == (ours,):
            at = ()
        elif line == b"=======" or line.startswith(b"======= "):
            at = (theirs,)
        elif line.startswith(b">>>>>>>"):
            found, at = True, (ours, theirs)
        else:
            for side in at:
                side.append(line)
    return (b"\n".join(ours), b"\n".join(theirs)) if found else (data,)


def conflict_line(data: bytes) -> int | None:
    """The number of the first line of a conflict that git left; ``None`` where there is none."""
    if b"<<<<<<<" not in data or b">>>>>>>" not in data:
        return None
    start = middle = None
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.startswith(b"<<<<<<<"):
            start, middle = number, None
        elif line.rstrip(b"\r") == b"=======" and start:
            middle = number
        elif line.startswith(b">>>>>>>") and middle:
            return start
    return None
