"""The state: which fragment owns which entry, and the digest of what was last applied.

One file a fragment below ``.system/registry/state/``, one JSON line an entry, sorted by address, so that git merges
branches line by line. Several lines for one entry are normal after a union merge: the one that equals the live entry
counts. Values never stand here, so secrets cannot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from registry_reconciler.config import DESIRED_FOLDER, STATE_FOLDER
from registry_reconciler.kinds import Kind
from registry_reconciler.masks import mask
from registry_reconciler.model import Json, LiveEntry, Location, Place, digest_value
from registry_reconciler.problems import Problem
from registry_reconciler.records import dataclass
from registry_reconciler.structural import problem
from registry_reconciler.tree import Tree, Unreadable, find

SUFFIX = ".jsonl"
_quoted = json.encoder.encode_basestring
_LINES = re.compile(
    r'^\{"address": "([^"\\\x00-\x1f]*/[^"\\\x00-\x1f]*)", "digest": "([^"\\\x00-\x1f]*)"(, "protect": true)?\}$',
    re.MULTILINE,
)
"""Lines as they are written here, but for those with something escaped."""


class StateEntry(NamedTuple):
    """What is remembered of one managed entry.

    Attributes:
        fragment: path of the fragment that owns it.
        digest: of the value that was applied.
        protect: a fragment said so when it was applied.
    """

    address: str
    fragment: str
    digest: str
    protect: bool = False

    def line(self) -> str:
        """The line in the state file, without its end."""
        protect = ', "protect": true' if self.protect else ""
        return f'{{"address": {_quoted(self.address)}, "digest": {_quoted(self.digest)}{protect}}}'


@dataclass(frozen=True, slots=True)
class State:
    """All that is remembered.

    Attributes:
        entries: the line that counts, by address.
        lines: every line as read, by state file.
        repeated: addresses with more than one line.
    """

    entries: Mapping[str, StateEntry]
    lines: Mapping[str, tuple[StateEntry, ...]]
    problems: tuple[Problem, ...] = ()
    repeated: frozenset[str] = frozenset()


def state_path(fragment: str) -> str:
    """The state file of a fragment: ``desired/a/b.yaml`` → ``.system/registry/state/a/b.yaml.jsonl``."""
    return f"{STATE_FOLDER}/{fragment.removeprefix(DESIRED_FOLDER + '/')}{SUFFIX}"


def fragment_of(path: str) -> str:
    """The inverse of :func:`state_path`."""
    return f"{DESIRED_FOLDER}/{path.removeprefix(STATE_FOLDER + '/').removesuffix(SUFFIX)}"


def applied_digest(kind: Kind | None, value: dict[str, Json]) -> str:
    """The digest that the state keeps of a value. Secret fields are left out: a digest of few bits can be guessed."""
    return digest_value(mask(value, kind.secrets) if kind is not None and kind.secrets else value)


def state_paths(tree: Tree) -> list[str]:
    """The paths of all state files. Raises :class:`Unreadable`."""
    return list(find(tree, f"{STATE_FOLDER}/**/*{SUFFIX}"))


def load_state(
    tree: Tree,
    kinds: Mapping[str, Kind],
    live: Mapping[str, LiveEntry],
    fragments: frozenset[str],
    only: Sequence[str] | None = None,
) -> State:
    """Read all state files, or only some.

    ``live`` decides between several lines of one entry, ``fragments`` breaks ties.
    """
    lines: dict[str, tuple[StateEntry, ...]] = {}
    problems: list[Problem] = []
    try:
        paths = state_paths(tree) if only is None else only
    except Unreadable as fault:
        return State({}, {}, (_unreadable(STATE_FOLDER, str(fault)),))
    for path in paths:
        try:
            data = tree.read(path)
        except Unreadable as fault:
            problems.append(_unreadable(path, str(fault)))
            continue
        found, faults = _parse(path, data or b"")
        lines[path] = tuple(found)
        problems.extend(faults)
    chosen = {entry.address: entry for entries in lines.values() for entry in entries}
    repeated = _repeated(lines) if len(chosen) < sum(map(len, lines.values())) else {}
    for address, entries in repeated.items():
        chosen[address] = _best(entries, kinds, live.get(address), fragments)
    return State(dict(sorted(chosen.items())), lines, tuple(problems), frozenset(repeated))


def _unreadable(path: str, why: str) -> Problem:
    return problem("STA004", f"{path} cannot be read: {why}.", Place(path), fix="Restore it from git.")


def _parse(path: str, data: bytes) -> tuple[list[StateEntry], list[Problem]]:
    fragment = fragment_of(path)
    plain = _as_written(data, fragment)
    if plain is not None:
        return plain, []
    found: list[StateEntry] = []
    problems: list[Problem] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        line = line.strip()
        if not line:
            continue
        if line.startswith((b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")):
            problems.append(_conflict(path, number))
            continue
        entry = _entry(line, fragment)
        if entry is None:
            problems.append(_bad_line(path, number))
        else:
            found.append(entry)
    return found, problems


def _as_written(data: bytes, fragment: str) -> list[StateEntry] | None:
    """The lines of a file in which every line is as :meth:`StateEntry.line` writes it; else ``None``."""
    if not data.endswith(b"\n"):
        return None
    try:
        rows = _LINES.findall(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if len(rows) != data.count(b"\n"):
        return None
    return [StateEntry(address, fragment, digest, bool(protect)) for address, digest, protect in rows]


def _entry(line: bytes, fragment: str) -> StateEntry | None:
    try:
        data = json.loads(line)
        address, digest, protect = data["address"], data["digest"], data.get("protect", False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not (isinstance(address, str) and isinstance(digest, str) and isinstance(protect, bool)):
        return None
    return StateEntry(address, fragment, digest, protect) if "/" in address else None


def _bad_line(path: str, number: int) -> Problem:
    from dataclasses import replace

    found = problem(
        "STA004",
        f"line {number} of {path} is no line of state.",
        Place(path),
        fix="Remove the line, or restore the file from git; an entry that is not remembered is adopted anew.",
        extra=str(number),
    )
    return replace(found, location=Location(path, number, 1))


def _conflict(path: str, number: int) -> Problem:
    from registry_reconciler.problems import Fix, Severity
    from registry_reconciler.yamltext.codes import TITLES

    return Problem(
        code="YML010",
        title=TITLES["YML010"],
        severity=Severity.ERROR,
        message=f"line {number} of {path} is a conflict marker of git.",
        place=Place(path),
        location=Location(path, number, 1),
        fix=Fix(
            "Resolve `desired/` by hand, take the live files and the state together from one side, then run"
            " `registry apply`."
        ),
        structural=True,
        identity_extra=str(number),
    )


def _repeated(lines: Mapping[str, Iterable[StateEntry]]) -> dict[str, list[StateEntry]]:
    """The lines of every address that has several."""
    groups: dict[str, list[StateEntry]] = {}
    for entries in lines.values():
        for entry in entries:
            groups.setdefault(entry.address, []).append(entry)
    return {address: entries for address, entries in groups.items() if len(entries) > 1}


def _best(
    entries: list[StateEntry], kinds: Mapping[str, Kind], live: LiveEntry | None, fragments: frozenset[str]
) -> StateEntry:
    digest = applied_digest(kinds.get(live.kind), live.value) if live else ""
    best = min(entries, key=lambda one: (one.digest != digest, one.fragment not in fragments, one))
    if any(one.protect for one in entries) and not best.protect:
        # Protection that either branch asked for holds until an apply of its own lifts it.
        return StateEntry(best.address, best.fragment, best.digest, True)
    return best


def render_state(entries: Iterable[StateEntry]) -> bytes:
    """The content of one state file."""
    return b"".join(line.encode("utf-8") + b"\n" for line in _sorted_lines(entries))


def _sorted_lines(entries: Iterable[StateEntry]) -> Iterator[str]:
    for entry in sorted(entries):
        yield entry.line()
