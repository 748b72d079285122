"""Where a schema wants text: a number there that only YAML 1.2 takes for one is the text that others see.

``rev: 869256447e86`` is a number with an exponent in YAML 1.2, and text in YAML 1.1. A schema that says
``type: string`` settles it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registry_reconciler.base.yaml11 import type_11
from registry_reconciler.model.marks import NO_MARKS, Marks, MarkState
from registry_reconciler.model.written import Exact, WrittenFloat, WrittenInt

_NUMBERS = frozenset({"number", "integer"})


class Texts:
    """The places of text of one schema. What there is to know is found out when somebody asks first."""

    def __init__(self, make: Callable[[], Marks] = lambda: NO_MARKS) -> None:
        """``make`` gives the machine that walks the schema beside a value."""
        self._make = make
        self._known: Marks | None = None

    def __eq__(self, other: object) -> bool:
        """They say nothing that the schema does not."""
        return isinstance(other, Texts)

    def __hash__(self) -> int:
        return 0

    @property
    def machine(self) -> Marks:
        """What walks the schema beside a value."""
        if self._known is None:
            self._known = self._make()
        return self._known

    def settled(self, value: dict[str, Any]) -> dict[str, Any]:
        """The value of an entry, every such number its text; the same object where there is none."""
        if not Exact.seen or not _holds_written(value):
            return value
        found: dict[str, Any] = self._settled(value, None)
        return found

    def _settled(self, value: Any, state: MarkState | None) -> Any:
        """``state`` is what is known of the place; ``None``: the top."""
        kind = type(value)
        if kind is dict:
            changed = {
                name: new
                for name, part in value.items()
                if type(part) in _ASKED
                and (new := self._settled(part, self.machine.field(self._at(state), name))) is not part
            }
            return {**value, **changed} if changed else value
        if kind is list:
            if not any(type(part) in _ASKED for part in value):
                return value
            inside = self.machine.item(self._at(state))
            parts = [self._settled(part, inside) for part in value]
            return parts if any(new is not old for new, old in zip(parts, value, strict=True)) else value
        if kind in _WRITTEN and wants_text(self._at(state)) and type_11(value.source) == "text":
            return value.source
        return value

    def as_written(self, value: dict[str, Any], there: Any) -> dict[str, Any]:
        """The inverse of :meth:`settled` for what stays: a text of ``value`` that ``there`` writes as a number."""
        if not Exact.seen or not isinstance(there, dict):
            return value
        found: dict[str, Any] = _as_written(value, there, self.settled(there))
        return found

    def _at(self, state: MarkState | None) -> MarkState:
        return self.machine.start if state is None else state


def _holds_written(value: Any) -> bool:
    """Asked of every entry: most have no such number."""
    for part in value.values() if type(value) is dict else value:
        kind = type(part)
        if kind is WrittenFloat or kind is WrittenInt:
            return True
        if (kind is dict or kind is list) and _holds_written(part):
            return True
    return False


def _as_written(value: Any, there: Any, settled: Any) -> Any:
    if there is settled or type(value) is not type(settled):
        return value
    if isinstance(value, dict):
        return {
            name: _as_written(part, there[name], settled[name]) if name in settled else part
            for name, part in value.items()
        }
    if isinstance(value, list):
        known = {
            new: old for new, old in zip(settled, there, strict=True) if new is not old and type(new) is str
        }
        if any(type(part) in (dict, list) for part in settled) and len(value) == len(settled):
            return [_as_written(*parts) for parts in zip(value, there, settled, strict=True)]
        return [known.get(part, part) if type(part) is str else part for part in value]
    return there if value == settled else value


def wants_text(state: MarkState) -> bool:
    """Whether a schema takes text in a place, and no number."""
    return "string" in state.types and not state.types & _NUMBERS


_WRITTEN = frozenset({WrittenInt, WrittenFloat})
_ASKED = frozenset({dict, list, WrittenInt, WrittenFloat})
NO_TEXTS = Texts()
