"""A state file: what was last applied of one fragment, record by record, in the fragment's own order.

::

    registry state 4
    < "desired/payments.yaml"

    @ "module_instance/payments.api" p0SvE1xY < "module_instance/payments.http"
    .
    module_id
     =k3vF0a9Q
    .
    .
    ! "module_instance/payments.*"

Two sides that change, add or remove entries at different places of a fragment do so at different places here, and at
the same place here only where they do in the fragment. A line ``#`` stands where the fragment has a comment, an empty
line, or the name of another kind, between two entries, and ``~`` where it has entries that another file is about: what
is apart there is apart here. The line below the fragment is like no line between records: git would take a first record
that goes for one that stands at that line, which a side changes that renames the fragment.
A further file about a fragment keeps that line as it was made: it would else change where only the fragment is
renamed, and the commit that made it could not be reverted. That is why nothing else stands in such a file: no time, no
count, nothing that a side writes without having changed the fragment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import NamedTuple

from registry_reconciler.errors import NewerFormat
from registry_reconciler.loading.state.shadow import REST, is_apart
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.entry import digest_bytes

SUFFIX = ".state"
GONE_FOLDER = f"{STATE_FOLDER}/gone"
"""An empty file for each entry that an apply deleted or let go, until it comes again.

One side moves an entry to another fragment, and so remembers it there; the other deletes it. Merged, it is remembered
and not there: the file tells that from an entry that somebody removed by hand. So for one that the other side changed
before it let it go: what it made of it is no edit by hand. Such a file is only made or removed, and
git takes no empty file for a renamed one: they never conflict.
"""
LEFT = ".left"
FORMAT, PART_FORMAT = 2, 3
APART_FORMAT, APART_PART_FORMAT = 4, 5
"""Of files with a record in which the names of fields have lines of their own."""
_FORMATS = {
    (False, False): FORMAT,
    (False, True): PART_FORMAT,
    (True, False): APART_FORMAT,
    (True, True): APART_PART_FORMAT,
}
"""By whether names of fields have lines of their own, and whether it is a further file of its fragment."""
BREAK = "#"
"""Between two records: the fragment has a comment or an empty line there, or begins another kind."""
ELSEWHERE = "~"
"""Between two records: the fragment has entries there that another file is about."""
NO_MARKS: Mapping[int, str] = MappingProxyType({})
_MARKS = (BREAK, ELSEWHERE)
_HEAD = "registry state "
_FIRST_LINES = {f"{_HEAD}{number}": apart for (apart, _), number in _FORMATS.items()}
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_HEADLINE = re.compile(rf"({_QUOTED}) ?([A-Za-z0-9+/]{{0,24}})((?: < {_QUOTED})*)\Z")
_PLAIN_HEADLINE = re.compile(r'"([^"\\\n]*/[^"\\\n]*)" ([A-Za-z0-9+/]{0,24})\n\.\n')
_FORMER = re.compile(f" < ({_QUOTED})")
_ADDRESS = re.compile(r'"([^"\\]*)"\Z')


class Applied(NamedTuple):
    """What was applied of one entry: its shadow, and the salt of its digests."""

    salt: str
    text: str


class Record(NamedTuple):
    """What was applied of one entry.

    Attributes:
        former: the addresses that it had before, the last one first. They stand in the line of its address, which a
            rename changes anyway.
    """

    address: str
    applied: Applied
    former: tuple[str, ...] = ()


FORMER_KEPT = 4
"""So many addresses that an entry had before are remembered."""


class StateFile(NamedTuple):
    """One file of the state.

    Attributes:
        fragment: the path of the fragment; empty where the file does not say. Of a further file the first one says it.
        records: in the order of the file.
        protects: the patterns that the fragment protected when it was applied.
        faults: the numbers of lines that mean nothing.
        marks: by the number of a record what stands before it, a ``BREAK`` or ``ELSEWHERE`` each; behind the last
            record by the count of records.
        apart: the names of fields have lines of their own in it, in all records that came since that is so.
        named: what a further file says of its fragment, where the first one says something else by now.
        news: an old file that was taken over, with only what an older program changed since.
    """

    path: str
    fragment: str
    records: tuple[Record, ...]
    protects: tuple[str, ...]
    faults: tuple[int, ...] = ()
    marks: Mapping[int, str] = NO_MARKS
    news: bool = False
    apart: bool = False
    named: str = ""


def quoted(text: str) -> str:
    """A text on one line."""
    return encode_basestring(text)


def unquoted(text: str) -> str | None:
    """The inverse of :func:`quoted`; ``None`` where it is none."""
    plain = _ADDRESS.match(text)
    if plain is not None:
        return plain[1]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def rendered(record: Record) -> str:
    """The lines of a record."""
    address, (salt, text), former = record
    return f"@ {quoted(address)} {salt}{_former_names(former) if former else ''}\n{REST}\n{text}"


def rendered_size(record: Record) -> int:
    """How long :func:`rendered` is."""
    (address, (salt, text), former) = record
    names = _former_names(former) if former else ""
    return len("@ ") + len(quoted(address)) + len(" ") + len(salt) + len(names) + len("\n.\n") + len(text)


def render_file(
    fragment: str,
    records: Sequence[Record],
    protects: Iterable[str],
    marks: Mapping[int, str] = NO_MARKS,
    *,
    part: bool = False,
    apart: bool = True,
) -> bytes:
    """The content of a state file.

    Args:
        marks: as in :class:`StateFile`.
        part: it is not the first one of its fragment. A program that does not know parts stops there.
        apart: as in :class:`StateFile`. An older program stops there too. A file keeps its first line: it is next to
            the one that a side changes that renames the fragment.
    """
    apart = apart or any(is_apart(record.applied.salt) for record in records)
    parts = [f"{_HEAD}{_FORMATS[apart, part]}\n< {quoted(fragment)}\n\n"]
    for at, record in enumerate(records):
        parts += [f"{mark}\n" for mark in marks.get(at, "")]
        parts.append(rendered(record))
    parts += [f"{mark}\n" for mark in marks.get(len(records), "")]
    parts += [f"! {quoted(protect)}\n{REST}\n{REST}\n" for protect in protects]
    return "".join(parts).encode("utf-8", "surrogatepass")


def _former_names(former: Iterable[str]) -> str:
    return "".join(f" < {quoted(name)}" for name in former)


def gone_path(address: str) -> str:
    """The file that says that an apply deleted an entry."""
    return (
        f"{GONE_FOLDER}/{digest_bytes(address.encode('utf-8', 'surrogatepass')).removeprefix('sha256:')[:32]}"
    )


def left_path(address: str) -> str:
    """The file that says that an apply let an entry go, which stayed in its registry."""
    return f"{gone_path(address)}{LEFT}"


def left_of(paths: Iterable[str]) -> list[str]:
    """Those of some files that say that an apply let an entry go."""
    return [path for path in paths if path.endswith(LEFT)]


def new_path(fragment: str, content: bytes) -> str:
    """The path of a new state file. It says its first content: two sides never mean two things by one name."""
    words = re.sub(r"[^a-z0-9]+", "-", fragment.lower().removeprefix("desired/")).strip("-")
    words = re.sub(r"-ya?ml$", "", words)[:40].strip("-")
    digest = digest_bytes(content).removeprefix("sha256:")[:12]
    return f"{STATE_FOLDER}/{words or 'fragment'}-{digest}{SUFFIX}"


def part_path(first: str, content: bytes) -> str:
    """The path of a further file about the fragment that another file is about."""
    digest = digest_bytes(content).removeprefix("sha256:")[:12]
    return f"{first_path(first).removesuffix(SUFFIX)}.{digest}{SUFFIX}"


def first_path(path: str) -> str:
    """The path of the first of the files that were made about a fragment together."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.split('.')[0]}{SUFFIX}"


def parse_file(path: str, data: bytes) -> StateFile:
    """Read one state file, whatever stands in it.

    Raises:
        NewerFormat: it says that its format is newer.
    """
    text = data.decode("utf-8", "surrogateescape")
    text = text.replace("\r\n", "\n") if "\r" in text else text
    first, _, rest = text.partition("\n")
    known = first in _FIRST_LINES
    if first.startswith(_HEAD) and not known:
        raise NewerFormat.of(path, first)
    head, *parts = f"\n{rest}".split("\n@ ")
    faults = [] if known else [1]
    owner, protects = _other_lines(head, 1, faults)
    found_marks = (
        {0: marks} if (marks := "".join(line for line in head.split("\n") if line in _MARKS)) else {}
    )
    records = _plain_records(parts, found_marks) if "!" not in text else None
    if records is None:
        records = _records(head, parts, found_marks, protects, faults)
    if owner is None:
        faults.insert(0, 2)
    return StateFile(
        path,
        owner or "",
        tuple(records),
        tuple(protects),
        tuple(sorted(set(faults))),
        found_marks,
        apart=_FIRST_LINES.get(first, True),
    )


def _plain_records(parts: Sequence[str], found_marks: dict[int, str]) -> list[Record] | None:
    """As :func:`_records` where there is nothing odd, as in most files, in half the time; ``None``: there may be."""
    records: list[Record] = []
    for part in parts:
        found = _PLAIN_HEADLINE.match(part)
        if found is None:
            return None
        text = part[found.end() :]
        if text[-1:] == REST:
            text += "\n"
        else:
            text, marks = _without_marks(text)
            text = text.rstrip("\n") + "\n" if text else ""
            if marks:
                found_marks[len(records) + 1] = marks
        address, salt = found.groups()
        records.append(Record(address, Applied(salt, text)))
    return records


def _records(
    head: str, parts: Sequence[str], found_marks: dict[int, str], protects: list[str], faults: list[int]
) -> list[Record]:
    """The records of a file, and what else stands between them."""
    records: list[Record] = []
    number = head.count("\n") + 2
    for part in parts:
        title, _, applied = part.partition(f"\n{REST}\n")
        at = applied.find("\n! ") if "\n! " in applied else -1
        if at >= 0:
            protects += _other_lines(
                applied[at:], number + title.count("\n") + 1 + applied.count("\n", 0, at), faults
            )[1]
            applied = applied[:at]
        applied, marks = _without_marks(applied)
        found = _HEADLINE.match(title)
        address = unquoted(found[1]) if found else None
        if found is None or address is None or "/" not in address:
            faults.append(number)
        else:
            parsed = Applied(found[2], applied.rstrip("\n") + "\n" if applied else "")
            records.append(Record(address, parsed, _former(found[3]) if found[3] else ()))
        if marks:
            found_marks[len(records)] = marks
        number += part.count("\n") + 1
    return records


def _without_marks(applied: str) -> tuple[str, str]:
    """What stands below the address of a record, and the marks behind it."""
    end = len(applied.rstrip("\n"))
    if applied[end - 1 : end] not in _MARKS:  # a digest ends in neither
        return applied, ""
    text = applied[:end].rstrip("".join(("\n", *_MARKS)))
    lines = applied[len(text) : end].split("\n")
    at, first = len(lines), 1 if text else 0  # the first of these ends a line of the text
    while at > first and (lines[at - 1] in _MARKS or not lines[at - 1]):
        at -= 1
    return text + "\n".join(lines[:at]), "".join(lines[at:])


def _former(text: str) -> tuple[str, ...]:
    return tuple(name for parsed in _FORMER.findall(text) if (name := unquoted(parsed)))


def _other_lines(text: str, number: int, faults: list[int]) -> tuple[str | None, list[str]]:
    """What the lines outside of records say: the fragment, and what it protects."""
    owner: str | None = None
    protects: list[str] = []
    for at, line in enumerate(text.split("\n"), number):
        parsed = unquoted(line[2:]) if line.startswith(("< ", "! ")) else None
        if parsed is not None and line.startswith("< ") and owner is None:
            owner = parsed
        elif parsed is not None and line.startswith("! "):
            protects.append(parsed)
        elif line not in ("", REST, *_MARKS):
            faults.append(at)
    return owner, protects


def sides(data: bytes) -> tuple[bytes, ...]:
    """A file without conflict markers: itself; with them: what our side and what their side says.

    Only a whole triple at line starts is a conflict.
    """
    lines = data.split(b"\n")
    marks = [
        number for number, line in enumerate(lines) if line.startswith((b"<<<<<<<", b"=======", b">>>>>>>"))
    ]
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
        elif line.rstrip(b"\r") == b"=======" or line.startswith(b"======= "):
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
