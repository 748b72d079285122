"""Path and address patterns: ``*`` and ``?`` inside one segment, ``**`` across segments, ``[...]`` sets.

One meaning for ``file`` patterns, ``--target``, ``protect``, ``exclude`` and hook scopes. Python 3.11 has no
``glob.translate``, and ``fnmatch`` lets ``*`` cross ``/``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Container, Iterable, Sequence

_LONGEST = 4096
"""Characters of a pattern that can still match: no path is longer."""

_NOTHING = re.compile(r"(?!)")

SLASH = "\x1f"
"""What stands for a slash inside a key: keys are no folders."""


def is_wild(pattern: str) -> bool:
    """Whether a pattern is more than a literal path."""
    return any(character in pattern for character in "*?[")


def translate(pattern: str) -> str:
    """The regular expression (to be matched whole) of a glob, segment by segment.

    Matching takes time in proportion to pattern times text, whatever both are: of several stars, each but the last
    takes the first place that fits and keeps it, because the next star can take up the rest.
    """
    segments = pattern.split("/")
    last = len(segments) - 1
    parts = [""]
    crossing = []
    for index, segment in enumerate(segments):
        if segment == "**" and index < last:
            parts.append("")
            crossing.append("(?:[^/]+/)*")
        else:
            parts[-1] += ".*" if segment == "**" else _segment(segment) + ("" if index == last else "/")
    return parts[0] + _joined(list(zip(crossing, parts[1:], strict=True)))


def _joined(pairs: list[tuple[str, str]]) -> str:
    """Stars with what follows each: all but the last pair keep their first fit."""
    first = "".join(f"(?>{star}?{fixed})" for star, fixed in pairs[:-1])
    return first + "".join(pairs[-1]) if pairs else ""


def _segment(segment: str) -> str:
    parts = [""]
    index = 0
    while index < len(segment):
        character = segment[index]
        if character == "*":
            # Runs of stars mean one star.
            if len(parts) == 1 or parts[-1]:
                parts.append("")
        elif character == "?":
            parts[-1] += "[^/]"
        elif character == "[" and (end := segment.find("]", index + 2)) > 0:
            body = segment[index + 1 : end]
            parts[-1] += f"[^/{_set(body[1:])}]" if body[0] in "!^" else f"[{_set(body)}]"
            index = end
        else:
            parts[-1] += re.escape(character)
        index += 1
    return parts[0] + _joined([("[^/]*", fixed) for fixed in parts[1:]])


def _set(body: str) -> str:
    """The inside of a set: single characters and ranges, with all escaped that an expression might read otherwise."""
    found, index = "", 0
    while index < len(body):
        found += _in_set(body[index])
        if body[index + 1 : index + 2] == "-" and index + 2 < len(body):
            found += "-" + _in_set(body[index + 2])
            index += 2
        index += 1
    return found


def _in_set(character: str) -> str:
    return f"\\{character}" if character in "\\[]&~|-^" else character


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > _LONGEST:
        return _NOTHING
    try:
        return re.compile(translate(pattern), re.DOTALL)
    except re.error:
        # A set that is no set, e.g. "[z-a]": then the brackets stand for themselves.
        return re.compile(re.escape(pattern))


class Glob:
    """A compiled pattern."""

    __slots__ = ("_regex", "pattern", "root", "wild")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.wild = is_wild(pattern)
        self._regex = _compiled(pattern)
        literal = []
        for segment in pattern.split("/")[:-1]:
            if is_wild(segment):
                break
            literal.append(segment)
        self.root = "/".join(literal)
        """The folder below which everything that matches lies."""

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._regex.fullmatch(text) is not None

    def may_match_below(self, folder: str) -> bool:
        """Whether something inside ``folder`` can match: prunes walks."""
        mine = self.pattern.split("/")
        theirs = folder.split("/")
        for index, segment in enumerate(theirs):
            if index >= len(mine):
                return False
            if mine[index] == "**":
                return True
            if not _compiled(mine[index]).fullmatch(segment):
                return False
        return len(theirs) < len(mine)


def matches_address(pattern: str, address: str) -> bool:
    """Whether an address is meant. An exact address wins over its reading as a glob; ``*`` crosses ``/`` in keys."""
    if pattern == address:
        return True
    if not is_wild(pattern):
        return False
    kind_glob, slash, key_glob = pattern.partition("/")
    kind, _, key = address.partition("/")
    if not slash:
        return _compiled(kind_glob).fullmatch(kind) is not None
    # Keys may hold slashes of their own (keys of several fields), and people do not think of them as folders.
    return bool(
        _compiled(kind_glob).fullmatch(kind)
        and _compiled(key_glob.replace("/", SLASH)).fullmatch(key.replace("/", SLASH))
    )


def any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether one of several globs matches a path whole: they are made one expression, which is asked once."""
    return _any_of(tuple(patterns))


@functools.lru_cache(maxsize=256)
def _any_of(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    if not patterns:
        return lambda _text: False
    regex = re.compile("|".join(f"(?:{_source(pattern)})" for pattern in patterns), re.DOTALL)
    return lambda text: regex.fullmatch(text) is not None


class Patterns:
    """Many addresses and globs of addresses, asked about many addresses: the answers of :func:`matches_address`.

    An exact address is looked up. Globs are grouped by what they begin with, and each group is one expression.

    Args:
        exact: addresses that look like globs; a pattern that is one of them is not read as a glob.
    """

    def __init__(self, patterns: Iterable[str], exact: Container[str] = ()) -> None:
        self._same: dict[str, list[int]] = {}
        groups: dict[str, list[tuple[int, str]]] = {}
        for number, pattern in enumerate(patterns):
            self._same.setdefault(pattern, []).append(number)
            if is_wild(pattern) and pattern not in exact:
                groups.setdefault(beginning(pattern), []).append((number, _of_address(pattern)))
        self._groups = {
            start: ([number for number, _ in group], re.compile(_one_of(group), re.DOTALL))
            for start, group in groups.items()
        }
        self._lengths = sorted({len(start) for start in groups})

    def first(self, address: str) -> int | None:
        """The number of the first pattern that means an address."""
        return min(self.some(address), default=None)

    def some(self, address: str) -> list[int]:
        """The numbers of patterns that mean an address: all equal ones, and the first glob of each group."""
        found = list(self._same.get(address, ()))
        for length in self._lengths:
            if length > len(address):
                break
            group = self._groups.get(address[:length])
            match = group[1].fullmatch(_subject(address)) if group is not None else None
            if group is not None and match is not None:
                found.append(group[0][(match.lastindex or 1) - 1])
        return sorted(set(found))

    def __contains__(self, address: str) -> bool:
        return bool(self.some(address))


MOST_ALIKE = 1_000
"""So many globs of one list may begin alike: what begins as they do is held against each of them."""


def too_many_alike(patterns: Iterable[str]) -> tuple[int, str] | None:
    """The number of the first glob before which :data:`MOST_ALIKE` others begin as it does, and that beginning."""
    counts: dict[str, set[str]] = {}
    for number, pattern in enumerate(patterns):
        if is_wild(pattern):
            alike = counts.setdefault(beginning(pattern), set())
            alike.add(pattern)
            if len(alike) > MOST_ALIKE:
                return number, beginning(pattern)
    return None


def beginning(pattern: str) -> str:
    """What everything that a glob means begins with."""
    match = re.match(r"[^*?\[]*", pattern)
    return match.group() if match else ""


def _one_of(group: Iterable[tuple[int, str]]) -> str:
    # The empty group behind each says which one it was.
    return "|".join(f"(?:{regex})()" for _, regex in group)


def _subject(address: str) -> str:
    kind, _, key = address.partition("/")
    return f"{kind}/{key.replace('/', SLASH)}"


def _of_address(pattern: str) -> str:
    """The expression for the texts that :func:`_subject` gives."""
    kind, slash, key = pattern.partition("/")
    inside = _source(key.replace("/", SLASH)) if slash else ".*"
    return f"(?:{_source(kind)})/(?:{inside})"


def _source(pattern: str) -> str:
    """The expression of a glob; only one with sets needs to be compiled to know whether it is one."""
    return _compiled(pattern).pattern if "[" in pattern or len(pattern) > _LONGEST else translate(pattern)
