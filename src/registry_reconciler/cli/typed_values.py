"""What was typed as a value, left out of failures: where the call is wrong, nobody knows which field is secret.

The name stays, so that a person finds the word again: ``token=…``. Words of another shape that a command can tell to be
values are for that command not to repeat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from registry_reconciler.base.escape import visible

LEFT_OUT = "…"

_OPTION = re.compile(r"--[a-z][a-z-]*=")
_NAMED = re.compile(r"([^/={\[]*=)(?=.)", re.DOTALL)
_SECRET_NAMED = re.compile(
    r"([^/=:]*(?:token|secret|passw|passphrase|credential|api[_-]?key|private[_-]?key)[^/=:]*:\s*)(?=.)",
    re.DOTALL | re.IGNORECASE,
)


def without_values(text: str, words: Sequence[str]) -> str:
    """A text in which no word of the call that says a value stands with it, in whatever spelling."""
    shown = {
        spelling.casefold(): spelled
        for word in words
        for whole, spelled in _values(word)
        for spelling in _spellings(whole)
    }
    if not shown:
        return text
    longest_first = sorted(shown, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return pattern.sub(lambda found: shown.get(found[0].casefold(), LEFT_OUT), text)


def says_value(word: str) -> bool:
    """Whether a word looks like a field with its value, or like a whole entry."""
    return any(True for _ in _values(word))


def _values(word: str) -> Iterator[tuple[str, str]]:
    """The part of a word that says a value, and how it is shown."""
    option = _OPTION.match(word)
    part = word[option.end() :] if option else "" if word.startswith("-") else word
    if part[:1] in ("{", "[") and part[1:]:
        yield part, part[0] + LEFT_OUT + {"{": "}", "[": "]"}[part[0]]
    else:
        named = _NAMED.match(part) or _SECRET_NAMED.match(part)
        if named is not None:
            yield part, named[1] + LEFT_OUT


def _spellings(part: str) -> Iterator[str]:
    """How messages and reports may write a word."""
    yield part
    yield visible(part)
    # typer's own way of it.
    yield "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in part)
    yield json.dumps(part)[1:-1]
    yield repr(part)[1:-1]
    yield repr(part + "'")[1:-2]
    yield repr(part + "'\"")[1:-4]
