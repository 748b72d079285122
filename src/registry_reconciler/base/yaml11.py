"""What readers of YAML 1.1 take a plain text for: most programs that read YAML are such readers."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Type11: TypeAlias = Literal["text", "number", "truth value", "null", "date", "merge"]

_FIRST: Final = frozenset("yYnNoOtTfF~<=.+-0123456789")
_BOOL = re.compile(r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF")
_NULL = re.compile(r"~|null|Null|NULL|")
_NUMBER = re.compile(
    r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
    r"|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
    r"|[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
)


def type_11(text: str) -> Type11:
    """What a plain scalar without a tag is in YAML 1.1."""
    if text and text[0] not in _FIRST:
        return "text"
    if _BOOL.fullmatch(text):
        return "truth value"
    if _NULL.fullmatch(text):
        return "null"
    if _NUMBER.fullmatch(text):
        return "number"
    if _DATE.fullmatch(text):
        return "date"
    return "merge" if text in ("<<", "=") else "text"
