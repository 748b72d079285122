"""Conditions on entries, as ``registry list --where`` takes them: ``status=active tags~eval``.

A condition names a field; every one of them has to hold. Of a list any item may fulfil it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json, canonical
from registry_reconciler.model.fields import Selector

_FORM = re.compile(
    r"(?P<not>!?)(?P<field>[^=!~<>]+?)(?:(?P<sign>!=|!~|<=|>=|==|=|~|<|>)(?P<text>.*))?", re.DOTALL
)

_SIGN = re.compile(r"[=!~<>]")


class Condition(Struct, frozen=True):
    """One condition. ``sign``: ``=``, ``!=``, ``~`` (holds the text, in any case), ``!~``, ``<`` …; "": is there.

    Attributes:
        behind: the field that stands alone before it in one word: ``token VALUE`` may be meant as ``token=VALUE``, so
            no message repeats what comes behind.
    """

    field: Selector
    sign: str
    text: str
    absent: bool = False
    behind: str = ""

    def holds(self, value: Mapping[str, Json]) -> bool:
        """Whether an entry fulfils it."""
        found = [leaf for _, part in self.field.find(value) for leaf in _leaves(part)]
        if not self.sign:
            return bool(found) is not self.absent
        test = _TESTS[self.sign.removeprefix("!") if self.sign != "!=" else "="]
        hit = any(test(item, self.text) for item in found)
        return not hit if self.sign.startswith("!") else hit


def _leaves(value: Json) -> Iterable[Json]:
    return value if isinstance(value, list) else [value]


def shown(value: Json) -> str:
    """A value as one is typed and compared: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else canonical(value)


def _compared(way: Callable[[Decimal, Decimal], bool]) -> Callable[[Json, str], bool]:
    def test(value: Json, text: str) -> bool:
        try:
            return not isinstance(value, bool) and way(Decimal(str(value)), Decimal(text))
        except InvalidOperation:
            return False

    return test


_TESTS: Mapping[str, Callable[[Json, str], bool]] = {
    "=": lambda value, text: shown(value) == text,
    "~": lambda value, text: text.casefold() in shown(value).casefold(),
    "<": _compared(lambda left, right: left < right),
    "<=": _compared(lambda left, right: left <= right),
    ">": _compared(lambda left, right: left > right),
    ">=": _compared(lambda left, right: left >= right),
}


def parse_where(words: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions of some words, several in one parted by blanks.

    Raises:
        UsageFailure: one cannot be understood.
    """
    found = []
    for word in words:
        try:
            parts = shlex.split(word)
        except ValueError as error:
            raise UsageFailure("--where: a quote is opened and not closed.") from error
        behind = ""
        for part in parts:
            found.append(condition := _condition(part, behind))
            behind = "" if condition.sign else part
    return tuple(found)


def _condition(text: str, behind: str) -> Condition:
    match = _FORM.fullmatch(text)
    sign = (match["sign"] or "") if match else ""
    sign = "=" if sign == "==" else sign
    if match is None or (match["not"] and sign):
        raise _misread(text, behind)
    try:
        field = Selector.parse(match["field"])
    except ValueError as error:
        raise _misread(text, behind) from error
    if sign[:1] in ("<", ">"):
        try:
            Decimal(match["text"])
        except InvalidOperation as error:
            at = f" behind {behind!r}" if behind else f" {match['field']!r}"
            raise UsageFailure(f"--where{at}: {sign} compares numbers.") from error
    return Condition(field, sign, match["text"] or "", bool(match["not"]), "" if sign else behind)


def _misread(text: str, behind: str) -> UsageFailure:
    """What was typed is shown as far as it is the name of a field, and not what it is compared with."""
    sign = _SIGN.search(text, text.startswith("!"))
    shown = text if sign is None else f"{text[: sign.end()]}…"
    at = f"what stands behind {behind!r}" if behind else repr(shown)
    return UsageFailure(
        f"--where {at} cannot be understood: write FIELD=TEXT, FIELD!=TEXT, FIELD~PART, FIELD!~PART, FIELD<NUMBER, "
        "FIELD (is there) or !FIELD (is not there)."
    )
