"""Whether what somebody typed holds a secret: then no report repeats it as what to type next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Amendment


def holds_secret(amendment: Amendment, words: Sequence[str]) -> bool:
    """Whether words say the value of a field that is marked secret in a kind whose entries they change."""
    plan, loaded = amendment.plan, amendment.loaded
    if plan is None or loaded is None:
        return False
    names = dict.fromkeys(change.kind for change in plan.changes)
    marks = [
        loaded.kinds[name].secrets for name in names if name in loaded.kinds and loaded.kinds[name].secrets
    ]
    return any(any(True for _ in secrets.hidden(value)) for secrets in marks for value in _typed(words))


def _typed(words: Sequence[str]) -> Iterator[Json]:
    """The values that words say: of fields (``a.b=VALUE``) and of whole entries."""
    from registry_reconciler.editing.verbs import parse_assignments

    for word in words:
        if word.startswith("{"):
            yield _value(word)
        elif "=" in word and not word.startswith("-"):
            try:
                (assignment,) = parse_assignments([word])
            except UsageFailure:
                continue
            value = _value(assignment.text) if assignment.text else None
            for step in reversed(assignment.path):
                value = {step: value} if isinstance(step, str) else [value]
            yield value


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text
