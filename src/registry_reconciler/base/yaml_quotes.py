"""A text as YAML in quotes, on one line, for whoever writes a line of YAML. JSON's quotes are not YAML's.

YAML takes no pair of surrogates for a character, and no control or separator as it is.
"""

from __future__ import annotations

import functools
import re
from typing import Final

FORBIDDEN: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff"
"""Characters that stand in no scalar as they are, for a set of a pattern."""

_SHORT: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0", "\x1b": "\\e"}


@functools.cache
def _to_escape() -> re.Pattern[str]:
    return re.compile(f'[{FORBIDDEN}\\t\\n\\r"\\\\]')


def double_quoted(text: str) -> str:
    """The string as a one-line double-quoted scalar, which can hold any string."""
    return '"' + _to_escape().sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
