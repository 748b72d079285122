"""What a plain scalar means in the YAML 1.2 core schema, and when a string may be written plain."""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from registry_reconciler.base.yaml11 import type_11
from registry_reconciler.base.yaml_quotes import FORBIDDEN
from registry_reconciler.model.entry import Json
from registry_reconciler.model.written import WrittenFloat, WrittenInt, decimal

_WORDS: Final[dict[str, Json]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
MAYBE_NOT_TEXT: Final = frozenset({"", *"~nNtTfF+-.0123456789"})
"""First characters of every plain scalar that is not a string; all other plain scalars are strings."""

_INT = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_A_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_FLOAT = re.compile(rf"{_A_FLOAT}\Z")
_ANY_NOT_TEXT = re.compile(rf"\n(?:{'|'.join(_WORDS)}|{_A_FLOAT}|0o[0-7]+|0x[0-9a-fA-F]+)(?=\n)")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


def resolve_plain(text: str, max_int_digits: int = 400) -> Json:
    """The value of a plain scalar without a tag, as YAML 1.2 core has it.

    A number that JSON cannot hold (infinite, not a number, far too long) is its text.
    """
    if text[:1] not in MAYBE_NOT_TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return _integer(text, text, 10, max_int_digits)
    if _FLOAT.match(text):
        number = decimal(text)
        return text if number in _INFINITE else number
    if _BASED.match(text):
        return _integer(text, text[2:], 8 if text[1] == "o" else 16, max_int_digits)
    return text


def resolve_all_plain(texts: Sequence[str], max_int_digits: int) -> Sequence[Json]:
    """As :func:`resolve_plain`, of many scalars, none of which is empty: together they are looked through at once."""
    firsts = map(itemgetter(0), texts)
    if MAYBE_NOT_TEXT.isdisjoint(firsts) or not _ANY_NOT_TEXT.search("\n".join(("", *texts, ""))):
        return texts
    return [resolve_plain(text, max_int_digits) for text in texts]


_INFINITE: Final = (float("inf"), float("-inf"))


def _integer(text: str, digits: str, base: int, max_digits: int) -> Json:
    if len(digits) > max_digits:
        return text
    number = int(digits, base)
    return number if text[0] in _USUAL and base == 10 else _unusual(number, text)


_USUAL: Final = frozenset("123456789")


def _unusual(number: int, text: str) -> int:
    return number if repr(number) == text else WrittenInt(number, text)


def resolve_tagged(tag: str, text: str, max_int_digits: int = 400) -> Json:
    """The value of a scalar with a tag of the core schema.

    Raises:
        KeyError: not a tag of the core schema.
        ValueError: the text is not what the tag says.
    """
    kind = _TAGS[tag]
    if kind is str:
        return text
    value = resolve_plain(text, max_int_digits)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return text
    if kind in (int, float) and isinstance(value, str) and _is_number(text, kind):
        return text
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{shorten(text)!r} is not what its tag says")
    return value


def _is_number(text: str, kind: type) -> bool:
    """Whether a text is a number of a kind, though none that JSON holds."""
    return bool(_INT.match(text) or (kind is float and (_FLOAT.match(text) or _NOT_JSON.match(text))))


CORE: Final = "tag:yaml.org,2002:"
_TAGS: Final[dict[str, type]] = {
    "!": str,
    CORE + "str": str,
    CORE + "int": int,
    CORE + "float": float,
    CORE + "bool": bool,
    CORE + "null": type(None),
}
MAP_TAGS: Final = frozenset({None, "!", CORE + "map"})
SEQ_TAGS: Final = frozenset({None, "!", CORE + "seq"})


def shorten(text: str, width: int = 40) -> str:
    """The text, cut so that a message stays a line."""
    return text if len(text) <= width else text[: width - 1] + "…"


# ---------------------------------------------------------------- writing

_AMBIGUOUS_11 = r"""(?:
        [yYnN] | yes|Yes|YES|no|No|NO | on|On|ON|off|Off|OFF
      | ~ | null|Null|NULL | true|True|TRUE|false|False|FALSE
      | = | << | !
      | [-+]?0b[0-1_]+
      | [-+]?0o?[0-7_]+
      | [-+]?[0-9][0-9_]*
      | [-+]?0x[0-9a-fA-F_]+
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | [-+]?(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?
      | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\ \t].*)?
    )\Z"""
_NEEDS_ESCAPE = f"[{FORBIDDEN}\\t\\n\\r]"
_NEEDS_ESCAPE_IN_BLOCK = f"[{FORBIDDEN}\\r]"
_LETTER = "[A-Za-z0-9_./-]"
_FURTHER = "(?:[ ][A-Za-z0-9_./()-]++)"
_SURELY = rf"(?![eE][-+0-9])(?:[A-Za-z]|\./)(?:{_LETTER}{{5,}}+{_FURTHER}*+|{_LETTER}*+{_FURTHER}++)"
"""Most texts: longer than every word that YAML 1.1 takes for something else or of several ones, and no number of it."""
_SURELY_PLAIN = re.compile(rf"{_SURELY}\Z")
_ALL_SURELY_PLAIN = re.compile(rf"(?:{_SURELY}\n)*+")
_ALL_SURELY_NUMBERS = re.compile(r"(?:[0-9]++(?:\.[0-9]++)?+\n)*+")
_OF_LONG_WORDS = f"{string.ascii_letters}{string.digits}_./- \n".encode()
_LONG_WORDS_BEGIN = frozenset(string.ascii_letters) - frozenset("eE") | frozenset(".")
_LONG_WORD = 7
_UNSAFE_START = frozenset("-?:,[]{}#&*!|>'\"%@` \t=<")
_DOCUMENT_MARK = ("---", "...")


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compiled when it is needed first: who only reads needs none of these, and they take milliseconds."""
    return re.compile(text, re.VERBOSE)


def is_plain_safe(text: str, *, flow: bool, like: str = "") -> bool:
    """Whether a string may stand plain, on one line, and is a string for YAML 1.1 and 1.2 alike.

    With ``like`` it may be that for YAML 1.1 as well: what the neighbours are.

    Careful rather than exact: characters that some parsers trip over make it False.
    """
    if _SURELY_PLAIN.match(text):
        return True
    if (
        not text
        or text[-1] in " \t:"
        or _pattern(_NEEDS_ESCAPE).search(text)
        or text.startswith(_DOCUMENT_MARK)
    ):
        return False
    if text[0] in _UNSAFE_START:
        behind = text[2 if text.startswith("--") else 1 :]
        if text[0] not in "-?" or not behind or behind[0] in " \t,[]{}:-?":
            return False
    if ": " in text or " #" in text or ":\t" in text or "\t#" in text:
        return False
    if flow and any(mark in text for mark in ",[]{}?"):
        return False
    if flow and ":" in text and re.search(r":[,\[\]{}\"']", text):
        return False
    if not _pattern(_AMBIGUOUS_11).match(text):
        return True
    return bool(like) and type_11(text) == like and isinstance(resolve_plain(text), str)


def are_surely_plain(values: Sequence[Json]) -> bool:
    """Whether all of many values are texts of which :func:`is_plain_safe` is true at first sight."""
    if not set(map(type, values)) <= {str}:
        return False
    rows = "\n".join((*values, ""))
    if rows.count("\n") != len(values):
        return False
    return _are_long_words(values, rows) or bool(_ALL_SURELY_PLAIN.fullmatch(rows))


def _are_long_words(values: Sequence[Any], rows: str) -> bool:
    """Whether the pattern takes all texts, where each is longer than the shortest that it takes, and has no sign but
    those: found out without it in a third of the time.
    """
    if not rows.isascii() or rows.encode().translate(None, _OF_LONG_WORDS) or "  " in rows:
        return False
    if not values or "" in values:
        return False
    firsts = set(map(itemgetter(0), values))
    if not firsts <= _LONG_WORDS_BEGIN or " \n" in rows or len(min(values, key=len)) < _LONG_WORD:
        return False
    return "." not in firsts or f"\n{rows}".count("\n.") == f"\n{rows}".count("\n./")


def are_surely_numbers(values: Sequence[Json]) -> bool:
    """Whether all of many values are texts that would be numbers if they stood plain: digits, and a point at most."""
    return set(map(type, values)) <= {str} and bool(_ALL_SURELY_NUMBERS.fullmatch("\n".join((*values, ""))))


def is_block_safe(text: str) -> bool:
    """Whether a string has only characters that a literal block scalar can hold."""
    return not _pattern(_NEEDS_ESCAPE_IN_BLOCK).search(text)


def is_single_line(text: str) -> bool:
    """Whether a string has only characters that a one-line single-quoted scalar can hold."""
    return not _pattern(_NEEDS_ESCAPE).search(text)


def single_quoted(text: str) -> str:
    """The string as a single-quoted scalar; only where :func:`is_single_line`."""
    return "'" + text.replace("'", "''") + "'"


def number_text(value: int | float) -> str:
    """A number as it reads back equal: as it is written where it comes from, else ``1``, ``1.0``, ``1.0e+20``.

    These are numbers for YAML 1.1 and 1.2 alike.
    """
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.source
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, _, exponent = text.partition("e")
    # YAML 1.1 takes a number for a float only with a point before and a sign after the e.
    if "." not in mantissa:
        mantissa += ".0"
    if exponent[0] not in "+-":
        exponent = "+" + exponent
    return f"{mantissa}e{exponent}"
