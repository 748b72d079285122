"""A TOML text as its statements: headers and pairs, each with where it stands.

The text is known to be good TOML (``tomllib`` judges that), so this only has to find where things begin and end. It
must never find something else than ``tomllib`` does; the splicer compares the two before it relies on it.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator
from typing import Final

from registry_reconciler.formats.nodes import UncomposableText
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import WrittenInt, decimal

MAX_DEPTH: Final = 200

_BLANK = re.compile(r"[ \t]*+")
_SPACE = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE = re.compile(r"[A-Za-z0-9_-]++")
_STRING = re.compile(
    r"\"\"\"(?:[^\"\\]++|\\[\s\S]|\"(?!\"\"))*+\"{3,5}"
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    r"|\"(?:[^\"\\\n]++|\\[^\n])*+\""
    r"|'[^'\n]*+'"
)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?)?|\d\d:\d\d:\d\d(?:\.\d+)?"
)
_WORD = re.compile(r"[^\s,\]}#]++")
_LINE_END = re.compile(r"[ \t]*+(?:#[^\n]*+)?(?:\n|\r\n|\Z)")
_INTEGER = re.compile(r"[+-]?\d[\d_]*+\Z|0[xob][0-9A-Fa-f_]++\Z")


class KeyPart:
    """One part of a key."""

    __slots__ = ("end", "name", "start")

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end


class Pair:
    """A key, which may be dotted, and its value."""

    __slots__ = ("keys", "value")

    def __init__(self, keys: list[KeyPart], value: Value) -> None:
        self.keys = keys
        self.value = value

    @property
    def start(self) -> int:
        """Where its key begins."""
        return self.keys[0].start

    @property
    def end(self) -> int:
        """Where its value ends."""
        return self.value.end


class Value:
    """A value in one piece.

    Attributes:
        kind: ``string``, ``integer``, ``float``, ``boolean``, ``date``, ``array`` or ``inline``.
        plain: of a scalar: its JSON value.
        items: of an array.
        pairs: of an inline table.
    """

    __slots__ = ("end", "items", "kind", "pairs", "plain", "start")

    def __init__(self, kind: str, start: int, end: int, plain: Json = None) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.plain = plain
        self.items: list[Value] = []
        self.pairs: list[Pair] = []


class Statement:
    """A header or a pair on lines of its own.

    Attributes:
        kind: ``pair``, ``table`` or ``item`` (of an array of tables).
        start: where its key or bracket begins, ``end``: where its value or bracket ends.
        line: where its first line begins.
        lead: where the comments begin that belong to it; ``line`` without any.
        stop: behind its last line's end.
    """

    __slots__ = ("end", "keys", "kind", "lead", "line", "start", "stop", "value")

    def __init__(self, kind: str, start: int, keys: list[KeyPart], line: int) -> None:
        self.kind = kind
        self.start = start
        self.keys = keys
        self.value: Value | None = None
        self.line = self.lead = line
        self.end = self.stop = start


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, what: str) -> UncomposableText:
        return UncomposableText(f"{what} at character {self.at}")

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        assert found is not None  # every pattern that is skipped matches nothing too
        self.at = found.end()

    def keys(self) -> list[KeyPart]:
        found: list[KeyPart] = []
        while True:
            self.skip(_BLANK)
            match = _BARE.match(self.text, self.at) or _STRING.match(self.text, self.at)
            if match is None:
                raise self.fail("no key")
            start, self.at = match.span()
            written = match.group()
            found.append(KeyPart(written if written[0] not in "\"'" else unquoted(written), start, self.at))
            end = self.at
            self.skip(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                self.at = end
                if len(found) > MAX_DEPTH:
                    raise TooDeep(f"a key of {len(found)} parts", found[0].start)
                return found
            self.at += 1

    def pair(self, depth: int) -> Pair:
        keys = self.keys()
        self.skip(_BLANK)
        if self.text[self.at : self.at + 1] != "=":
            raise self.fail("no equals sign")
        self.at += 1
        self.skip(_BLANK)
        return Pair(keys, self.value(depth))

    def value(self, depth: int) -> Value:
        text, start = self.text, self.at
        if depth > MAX_DEPTH:
            raise TooDeep(f"more than {MAX_DEPTH} levels", start)
        first = text[start : start + 1]
        if first == "[":
            return self.array(depth)
        if first == "{":
            return self.inline(depth)
        match = _STRING.match(text, start) if first in ('"', "'") else _MOMENT.match(text, start)
        if match is not None:
            self.at = match.end()
            written = match.group()
            if first in ('"', "'"):
                return Value("string", start, self.at, unquoted(written))
            return Value("date", start, self.at, written)
        match = _WORD.match(text, start)
        if match is None:
            raise self.fail("no value")
        self.at = match.end()
        kind, plain = _word(match.group())
        return Value(kind, start, self.at, plain)

    def array(self, depth: int) -> Value:
        found = Value("array", self.at, self.at)
        for _ in self._each("]", "an array"):
            found.items.append(self.value(depth + 1))
        found.end = self.at
        return found

    def inline(self, depth: int) -> Value:
        found = Value("inline", self.at, self.at)
        for _ in self._each("}", "an inline table"):
            found.pairs.append(self.pair(depth + 1))
        found.end = self.at
        return found

    def _each(self, end: str, name: str) -> Iterator[None]:
        """Once before each part between brackets that commas part, and past the last bracket."""
        self.at += 1
        while True:
            self.skip(_SPACE)
            if self.text[self.at : self.at + 1] == end:
                self.at += 1
                return
            yield
            self.skip(_SPACE)
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
            elif self.text[self.at : self.at + 1] != end:
                raise self.fail(f"{name} that does not end")


class TooDeep(UncomposableText):
    """Values nest deeper than is read."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def statements(text: str) -> list[Statement]:
    """All statements of a text (without a BOM), in order.

    Raises:
        UncomposableText: it is not TOML.
    """
    scanner = _Scanner(text)
    found: list[Statement] = []
    lead = -1
    size = len(text)
    while scanner.at < size:
        line = scanner.at
        scanner.skip(_BLANK)
        start = scanner.at
        first = text[start : start + 1]
        if first in ("", "\n", "\r", "#"):
            end = text.find("\n", start)
            scanner.at = size if end < 0 else end + 1
            lead = (line if lead < 0 else lead) if first == "#" else -1
            continue
        statement = _statement(scanner, start, line)
        statement.lead = _own_lead(text, lead, line, start - line) if lead >= 0 else line
        lead = -1
        end_of_line = _LINE_END.match(text, statement.end)
        if end_of_line is None:
            raise scanner.fail("something behind a statement")
        statement.stop = scanner.at = end_of_line.end()
        found.append(statement)
    return found


def _own_lead(text: str, lead: int, line: int, column: int) -> int:
    """Where the comments begin that stand in a statement's own column, without any other between."""
    begin = line
    while begin > lead:
        above = text.rfind("\n", 0, begin - 1) + 1
        if _BLANK.match(text, above).end() - above != column:  # type: ignore[union-attr]
            break
        begin = above
    return begin


def _statement(scanner: _Scanner, start: int, line: int) -> Statement:
    text = scanner.text
    if text[start] != "[":
        pair = scanner.pair(1)
        statement = Statement("pair", start, pair.keys, line)
        statement.value = pair.value
        statement.end = scanner.at
        return statement
    closing = "]]" if text.startswith("[[", start) else "]"
    scanner.at = start + len(closing)
    statement = Statement("item" if closing == "]]" else "table", start, scanner.keys(), line)
    scanner.skip(_BLANK)
    if not text.startswith(closing, scanner.at):
        raise scanner.fail("a header that does not end")
    scanner.at += len(closing)
    statement.end = scanner.at
    return statement


def unquoted(written: str) -> str:
    """What a string says."""
    if written[0] == "'" and written[:3] != "'''":
        return written[1:-1]
    if "\\" not in written and written[:3] != '"""' and written[:3] != "'''":
        return written[1:-1]
    try:
        return str(tomllib.loads(f"v={written}")["v"])
    except tomllib.TOMLDecodeError as error:
        raise UncomposableText(str(error)) from None


def _word(word: str) -> tuple[str, Json]:
    if word in ("true", "false"):
        return "boolean", word == "true"
    try:
        if _INTEGER.match(word):
            return "integer", _integer(word.replace("_", ""))
        return "float", float_value(word)
    except ValueError:
        raise UncomposableText(f"{word[:40]!r} is no value") from None


def _integer(digits: str) -> int:
    """A whole number; one that is written in a way that YAML has too knows it."""
    value = int(digits, 0)
    return WrittenInt(value, digits) if digits.startswith(("0x", "0o", "+")) else value


def float_value(written: str) -> float | str:
    """A float as JSON has it; its text where JSON has none (``inf``, ``nan`` and what is too large)."""
    value = decimal(written.replace("_", ""))
    return value if value - value == 0 else written


def is_date(text: str) -> bool:
    """Whether a text is a date, a time or both, as TOML writes them."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return False
    try:
        value = tomllib.loads(f"v={text}")["v"]
    except (tomllib.TOMLDecodeError, ValueError):
        return False
    return isinstance(value, (datetime.date, datetime.time))
