"""The opinion of deepdiff on what differs between an entry before and after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from registry_reconciler.model.change import FieldChange
from registry_reconciler.model.entry import FieldPath, Json, canonical, same, show_path
from registry_reconciler.planning.field_diff import applied

_MOST = 20_000
"""Of values with more parts deepdiff is not asked: it would take minutes."""


def compares_otherwise(before: Json, after: Json, fields: Iterable[FieldChange]) -> tuple[str, str] | None:
    """What registry shows of a change, and what deepdiff finds; ``None`` where they agree."""
    shown = tuple(fields)
    if not same(applied(before, shown), after):
        return "changes that do not lead to the new value", "that more differs"
    if _size(before) + _size(after) > _MOST:
        return None
    from deepdiff import DeepDiff

    found: Any = DeepDiff(
        _spelled(before), _spelled(after), threshold_to_diff_deeper=0, view="tree", verbose_level=0
    )
    theirs = {
        _as_far_as_lists(tuple(item.path(output_format="list"))) for some in found.values() for item in some
    }
    ours = {_as_far_as_lists(change.path) for change in shown}
    if ours == theirs:
        return None
    return _listed(ours - theirs), _listed(theirs - ours)


def _size(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


def _spelled(value: Json) -> Json:
    """Values that say their type: for deepdiff 1 and true are equal."""
    if isinstance(value, dict):
        return {name: _spelled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_spelled(inner) for inner in value]
    if value is None or isinstance(value, str):
        return value
    kind = bool if isinstance(value, bool) else int if isinstance(value, int) else float
    return f"{kind.__name__} {canonical(value)}"


def _as_far_as_lists(path: FieldPath) -> FieldPath:
    """Items of lists may be matched in several ways that are all true."""
    for index, step in enumerate(path):
        if isinstance(step, int):
            return path[:index]
    return path


def _listed(paths: set[FieldPath]) -> str:
    named = sorted(show_path(path) or "all of it" for path in paths)
    if not named:
        return "that nothing else changes"
    return f"that {', '.join(named[:5])} {'changes' if len(named) == 1 else 'change'}" + (
        f" and {len(named) - 5} more" if len(named) > 5 else ""
    )
