"""What readers of YAML 1.1 take a plain text for: most programs that read YAML are such readers."""

from __future__ import annotations

import functools
import re
from typing import Final, Literal, TypeAlias

Type11: TypeAlias = Literal["text", "number", "truth value", "null", "date", "merge"]

_NUMERIC: Final = frozenset("+-.0123456789")
_TRUTH: Final = (
    *("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"),
    *("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"),
)
_WORDS: Final[dict[str, Type11]] = {
    **dict.fromkeys(_TRUTH, "truth value"),
    **dict.fromkeys(("~", "null", "Null", "NULL", ""), "null"),
    **dict.fromkeys(("<<", "="), "merge"),
}


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Numbers, and dates: compiled for the first text that begins like one."""
    number = re.compile(
        r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
        r"|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
        r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
        r"|[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    )
    date = re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
        r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
        r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
    )
    return number, date


def type_11(text: str) -> Type11:
    """What a plain scalar without a tag is in YAML 1.1."""
    word = _WORDS.get(text)
    if word is not None or text[0] not in _NUMERIC:
        return word or "text"
    number, date = _patterns()
    if number.fullmatch(text):
        return "number"
    return "date" if date.fullmatch(text) else "text"
