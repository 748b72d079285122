"""What ``tomllib`` finds wrong, in words for people, and the way out."""

from __future__ import annotations

import re
from typing import NamedTuple


class Advice(NamedTuple):
    """A sentence instead of the parser's own, if that says too little, and what to do."""

    message: str
    fix: str


_QUOTES = "close the quote; a text of several lines stands in three quotes"
_ADVICE = {
    "Illegal character '\\n'": Advice("the text in quotes does not end on its line", _QUOTES),
    "Illegal character '\\r'": Advice(
        "a carriage return stands in a text or comment", "save it with LF or CRLF"
    ),
    "Illegal character": Advice("", "remove it, or write it as an escape in double quotes: \\u0000"),
    'Expected "\'"': Advice("the text in quotes does not end on its line", _QUOTES),
    "Expected \"'''\"": Advice("the text in three quotes does not end", "close the three quotes"),
    "Unterminated string": Advice("", "close the three quotes"),
    "Unclosed array": Advice("", "close the bracket, or separate the items with commas"),
    "Unclosed inline table": Advice("", "close the brace, or separate the pairs with commas"),
    "Invalid value": Advice("", "write texts in quotes; TOML knows true and false, and has no null"),
    "Invalid date": Advice("", "write a date that there is, or a text in quotes"),
    "Escaped character": Advice("half of a surrogate pair: it is no character", "write the character itself"),
    "Unescaped": Advice("", "write two backslashes, or take single quotes"),
    "Expected '=' after a key": Advice("", "write key = value; a key of several words stands in quotes"),
    "Expected ']": Advice("", "close the header with as many brackets as open it"),
    "Expected newline": Advice(
        "more stands behind the value", "put it on a line of its own, or write a text in quotes"
    ),
    "Invalid initial character for a key": Advice(
        "a key must stand here, on this line", "write key = value; a key of other characters stands in quotes"
    ),
    "Invalid statement": Advice("neither a key nor a header begins here", "write key = value or [table]"),
}
_NEWER = "{} came with TOML 1.1, and what is read here is TOML 1.0"
_IN_BRACES = ("Invalid initial character for a key", "Unclosed inline table")
_ESCAPE = re.compile(r"\\(?:e|x[0-9A-Fa-f]{2})")
_NO_SECONDS = re.compile(r"(?:[Tt]|(?<![\d:]))\d\d:\d\d(?![\d:])")
_OTHER = Advice("", "correct the text there, or just before")


def newer(message: str, row: str, column: int) -> Advice | None:
    """What to tell of something that TOML 1.1 has, if that is what stands there.

    Args:
        row: the line of its place.
        column: where in it, from 1.
    """
    at = row[column - 1 :].strip()
    if message.startswith(_IN_BRACES) and "{" in row and at[:1] in ("", "#", "}"):
        what = "a comma before the closing brace" if at[:1] == "}" else "a table in braces on several lines"
        return Advice(_NEWER.format(what), "write it on one line, without a comma at its end, or as [table]")
    if message.startswith("Unescaped") and _stands_at(_ESCAPE, row, column):
        return Advice(_NEWER.format("\\e and \\x"), "write the character with four digits, as in \\u001b")
    if message.startswith(("Expected newline", "Unclosed")) and _stands_at(_NO_SECONDS, row, column):
        return Advice(_NEWER.format("a time without seconds"), "write the seconds: 07:32:00")
    return None


def _stands_at(pattern: re.Pattern[str], row: str, column: int) -> bool:
    return any(match.start() < column <= match.end() + 1 for match in pattern.finditer(row))


def advice(message: str, at: str) -> Advice:
    """What to tell of something that the parser says.

    Args:
        at: the character at its place.
    """
    if at == "\ufeff":
        return Advice("a byte order mark (U+FEFF) that is not at the start of the file", "remove it")
    if at == "\r":
        return Advice("a carriage return without a line feed", "save the file with LF or CRLF line ends")
    found = next((known for begin, known in _ADVICE.items() if message.startswith(begin)), _OTHER)
    return found if found.message else Advice(f"{message[:1].lower()}{message[1:]}", found.fix)
