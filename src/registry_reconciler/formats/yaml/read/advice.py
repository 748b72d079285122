"""What to do about what the YAML parser finds wrong, by the words that it says it in."""

from __future__ import annotations

FLATTER = "write it with fewer levels"
NO_ANCHOR = "quote the text if it is no alias; else name the anchor that it is to stand for"
_RESERVED = "quote the text: it begins with a character that YAML reserves"
_TAG = "quote the text: it begins with '!', which begins a tag"
_DIRECTIVE = "quote the text, or remove the line: what begins a line with '%' is a directive"
_HELP = (
    (
        "<document start>",
        "write '---' on a line of its own before it, or take away what ends the document above",
    ),
    ("irective", _DIRECTIVE),
    ("scanning a tag", _TAG),
    ("parsing a tag", _TAG),
    ("tag handle", _TAG),
    (
        "block sequence entries are not allowed",
        "begin a list on the line below its key; quote a text that begins with '- '",
    ),
    ("mapping keys are not allowed", "quote the text if it begins with '? '; else check the indentation"),
    (
        "did not find expected node content",
        "write a value there, or quote the text; else close the bracket before it",
    ),
    (
        "scanning a block scalar, did not find",
        "begin the text on the line below, or quote it: it begins with '|' or '>'",
    ),
    (
        "indentation indicator",
        "write the blanks that the lines are indented by, from 1 to 9, or leave the number out",
    ),
    ("found a tab", "indent with blanks"),
    ("unknown escape", "write two backslashes, or take single quotes"),
    ("found unexpected ':'", "put a blank behind the colon, or quote the text"),
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
    """The way out."""
    return next((help for words, help in _HELP if words in message), "correct the text there, or just before")
