"""Secret fields (``x-secret``) out of everything that is shown or kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from registry_reconciler.changes import Change, Drift, FieldChange
from registry_reconciler.fields import Selector
from registry_reconciler.kinds import Kind
from registry_reconciler.model import MISSING, FieldPath, Json

MASK = "«secret»"


def mask_change(kinds: Mapping[str, Kind], change: Change) -> Change:
    """The change as it may be shown."""
    secrets = _secrets(kinds, change.kind)
    if not secrets:
        return change
    return replace(
        change,
        before=mask(change.before, secrets),
        after=mask(change.after, secrets),
        fields=tuple(_mask_field(one, secrets) for one in change.fields),
    )


def mask_drift(kinds: Mapping[str, Kind], drift: Drift) -> Drift:
    """The drift as it may be shown."""
    secrets = _secrets(kinds, drift.address.partition("/")[0])
    return (
        replace(drift, fields=tuple(_mask_field(one, secrets) for one in drift.fields)) if secrets else drift
    )


def _secrets(kinds: Mapping[str, Kind], kind: str) -> tuple[Selector, ...]:
    return kinds[kind].secrets if kind in kinds else ()


def mask(value: Json, secrets: tuple[Selector, ...]) -> Json:
    """A value with every secret part replaced."""
    for selector in secrets:
        value = _mask(value, selector.steps)
    return value


def _mask_field(change: FieldChange, secrets: tuple[Selector, ...]) -> FieldChange:
    before, after = change.before, change.after
    for selector in secrets:
        rest = _below(selector.steps, change.path)
        if rest is not None:
            before = before if before is MISSING else _mask(before, rest)
            after = after if after is MISSING else _mask(after, rest)
    return replace(change, before=before, after=after)


def _below(steps: tuple[str | None, ...], path: FieldPath) -> tuple[str | None, ...] | None:
    """What is left of a selector after a path; ``()`` where the path is at or inside the secret, ``None`` elsewhere."""
    for index, step in enumerate(path):
        if index >= len(steps):
            return ()
        if steps[index] is not None and steps[index] != step:
            return None
    return steps[len(path) :]


def _mask(value: Json, steps: tuple[str | None, ...]) -> Json:
    if not steps:
        return MASK
    step, rest = steps[0], steps[1:]
    if step is None:
        if isinstance(value, list):
            return [_mask(item, rest) for item in value]
        return {name: _mask(item, rest) for name, item in value.items()} if isinstance(value, dict) else value
    if isinstance(value, dict) and step in value:
        return {**value, step: _mask(value[step], rest)}
    return value
