"""Secret fields (``x-secret``) out of everything that is shown or kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from registry_reconciler.changes import Change, Drift, FieldChange
from registry_reconciler.fields import Selector
from registry_reconciler.kinds import Kind
from registry_reconciler.model import MISSING, DesiredEntry, FieldPath, Json, LiveEntry
from registry_reconciler.problems import Fix, Problem

MASK = "«secret»"

_LEAST = 4
"""Characters of a text that is looked for in messages; shorter ones would be found everywhere."""


def mask_change(kinds: Mapping[str, Kind], change: Change) -> Change:
    """The change as it may be shown."""
    secrets = _secrets(kinds, change.kind)
    if not secrets:
        return change
    return replace(
        change,
        before=mask(change.before, secrets),
        after=mask(change.after, secrets),
        fields=_mask_fields(change.fields, secrets),
    )


def mask_drift(kinds: Mapping[str, Kind], drift: Drift) -> Drift:
    """The drift as it may be shown."""
    secrets = _secrets(kinds, drift.address.partition("/")[0])
    return replace(drift, fields=_mask_fields(drift.fields, secrets)) if secrets else drift


def _mask_fields(fields: Iterable[FieldChange], secrets: tuple[Selector, ...]) -> tuple[FieldChange, ...]:
    # Several changes inside one secret become the same one.
    return tuple({one.path: one for one in (_mask_field(one, secrets) for one in fields)}.values())


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
        if rest == () and len(change.path) > len(selector.steps):
            # The keys inside are as secret as the values.
            return FieldChange(change.path[: len(selector.steps)], "update", MASK, MASK)
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


def mask_problems(
    problems: Sequence[Problem], kinds: Mapping[str, Kind], entries: Iterable[LiveEntry | DesiredEntry]
) -> tuple[Problem, ...]:
    """The problems as they may be shown: a rule that knows nothing of secrets may have named one."""
    if not any(kind.secrets for kind in kinds.values()):
        return tuple(problems)
    texts = {
        text
        for entry in entries
        for selector in _secrets(kinds, entry.kind)
        for part in _parts(entry.value, selector.steps)
        for text in _texts(part)
        if len(text) >= _LEAST
    }
    # The longest first: one may be part of another.
    ordered = sorted(texts, key=lambda text: (-len(text), text))
    return tuple(_mask_problem(one, ordered) for one in problems) if ordered else tuple(problems)


def _parts(value: Json, steps: tuple[str | None, ...]) -> Iterator[Json]:
    if not steps:
        yield value
    elif steps[0] is None:
        for part in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
            yield from _parts(part, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _parts(value[steps[0]], steps[1:])


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _mask_problem(problem: Problem, texts: Sequence[str]) -> Problem:
    said = [problem.message, *(one.message for one in problem.related)]
    fix = problem.fix
    if fix is not None:
        said += [fix.description, *(part for edit in fix.edits for part in (edit.old, edit.new))]
    joined = "\0".join(said)
    found = [text for text in texts if text in joined]
    if not found:
        return problem
    return replace(
        problem,
        message=_without(problem.message, found),
        related=tuple(replace(one, message=_without(one.message, found)) for one in problem.related),
        # Edits with a mask in them would write the mask.
        fix=None if fix is None else Fix(_without(fix.description, found)),
    )


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
