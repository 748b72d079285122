"""What to do about what the YAML parser finds wrong, by the words that it says it in."""

from __future__ import annotations

FLATTER = "write it with fewer levels"
_RESERVED = "quote the text: it begins with a character that YAML reserves"
_HELP = (
    ("while scanning a quoted scalar", "close the quote"),
    ("while scanning an alias", _RESERVED),
    ("while scanning an anchor", _RESERVED),
    ("did not find expected ',' or", "close the bracket, or separate the items with commas"),
    ("mapping values are not allowed", 'quote the text if it holds ": "; else check the indentation'),
    ("did not find expected key", "check the indentation: it must be the same for all keys of a mapping"),
    (
        "did not find expected '-' indicator",
        "check the indentation: it must be the same for all items of a list",
    ),
    ("could not find expected ':'", 'a key needs ": " after it'),
    ("that cannot start any token", _RESERVED),
    ("incompatible YAML document", "write %YAML 1.2, or remove that line"),
)


def advice(message: str) -> str:
    """The way out; "" where none is known."""
    return next((help for words, help in _HELP if words in message), "")
