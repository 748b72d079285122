"""What ``tomllib`` finds wrong, in words for people, and the way out."""

from __future__ import annotations

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
        "a key must stand here, on this line",
        "a table in braces stands on one line and ends without a comma (TOML 1.0; lines inside came with 1.1)",
    ),
    "Invalid statement": Advice("neither a key nor a header begins here", "write key = value or [table]"),
}
_OTHER = Advice("", "correct the text there, or just before")


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
