"""Words of a field: whether they are all that it may hold, and which look like slips of others. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from registry_reconciler.base.singular import singular
from registry_reconciler.editing.schema_new.guess import FieldShape

_FEW = 2
_RARE = 0.25
"""A slip is rarer than what was meant: so often at most, or so much of it."""
_VERSION = re.compile(r"[A-Za-z]{0,3}[-_ ]?\d[\w.+-]*")


def closed_words(shape: FieldShape) -> list[str]:
    """The words of a field that looks like a closed list of choices; empty where it does not."""
    total = sum(shape.strings.values())
    words = sorted(shape.strings)
    if shape.types != {"string"} or total < 10 or not 2 <= len(words) <= 12 or 10 * len(words) > total:
        return []
    if (
        any(len(word) > 40 or not _is_word(word) or _VERSION.fullmatch(word) for word in words)
        or min(shape.strings.values()) < 2
    ):
        return []
    return words


def slips(shape: FieldShape, *, loose: bool) -> list[tuple[str, str, str]]:
    """Words that look like another, more frequent one: (word, other, why).

    Args:
        loose: a word whose parts are among another's counts too (``ai`` and ``ai-ml``).
    """
    total = sum(shape.strings.values())
    words = [word for word in shape.strings if len(word) <= 40 and _is_word(word)]
    if total < 8 or not 2 <= len(words) <= 150 or 2 * len(shape.strings) > total:
        return []
    ranked = sorted(words, key=lambda word: (-shape.strings[word], word))
    found = []
    for index, word in enumerate(ranked):
        for other in ranked[:index]:
            if shape.strings[word] > max(_FEW, _RARE * shape.strings[other]):
                break  # what many write is meant, and the others are not more frequent than this one
            why = _alike(word, other, loose=loose)
            if why:
                found.append((word, other, why))
                break
    return found


def _is_word(text: str) -> bool:
    return re.fullmatch(r"[^\W\d_][\w .+-]*", text) is not None


def _alike(word: str, other: str, *, loose: bool) -> str:
    left, right = _bare(word), _bare(other)
    if left == right:
        return "the same letters"
    if singular(word.lower()) == singular(other.lower()):
        return "singular and plural"
    if _abbreviates(left, _parts(other)) or _abbreviates(right, _parts(word)):
        return "one shortens the other"
    if loose and min(len(left), len(right)) >= 2:
        mine, theirs = set(_parts(word)), set(_parts(other))
        if mine < theirs or theirs < mine:
            return "one is a part of the other"
    if min(len(left), len(right)) >= 5 and _one_slip(left, right):
        return "one letter apart"
    return ""


def _one_slip(left: str, right: str) -> bool:
    """Whether one letter too many, too few or wrong, or two swapped, make one of the other."""
    if abs(len(left) - len(right)) > 1:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
    mine, other = left[start:], right[start:]
    if mine[:1].isdigit() or other[:1].isdigit():
        return False  # another number is another thing: GPL-2.0 and GPL-3.0
    swapped = mine[:2] == other[:2][::-1] and mine[2:] == other[2:]
    return mine[1:] == other[1:] or mine[1:] == other or mine == other[1:] or swapped


def _bare(word: str) -> str:
    return re.sub(r"[^\w+#]|_", "", word.casefold())


def _parts(word: str) -> list[str]:
    return [part for part in re.split(r"[\W_]+", word.casefold()) if part]


def _abbreviates(short: str, parts: Sequence[str]) -> bool:
    """Whether a word is the beginnings of all parts of another, as ``devtools`` of ``developer-tools``."""
    if len(parts) < 2 or len(short) < 4:
        return False

    def fits(rest: str, index: int) -> bool:
        if index == len(parts):
            return not rest
        sizes = range(min(len(rest), len(parts[index])), 1, -1)
        return any(rest.startswith(parts[index][:size]) and fits(rest[size:], index + 1) for size in sizes)

    return fits(short, 0)
