"""Path and address patterns: ``*`` and ``?`` inside one segment, ``**`` across segments, ``[...]`` sets.

One meaning for ``file`` patterns, ``--target``, ``protect``, ``exclude`` and hook scopes. Python 3.11 has no
``glob.translate``, and ``fnmatch`` lets ``*`` cross ``/``.
"""

from __future__ import annotations

import functools
import re

_LONGEST = 4096
"""Characters of a pattern that can still match: no path is longer."""

_NOTHING = re.compile(r"(?!)")


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
            body = re.sub(r"[\\\[&~|]", r"\\\g<0>", segment[index + 1 : end])
            body = "^/" + body[1:] if body[0] in "!^" else body
            parts[-1] += f"[{body}]"
            index = end
        else:
            parts[-1] += re.escape(character)
        index += 1
    return parts[0] + _joined([("[^/]*", fixed) for fixed in parts[1:]])


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
        and _compiled(key_glob.replace("/", "\x1f")).fullmatch(key.replace("/", "\x1f"))
    )
