"""How large the patterns of schemas are, and the engine that is safe for them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from registry_reconciler.model.entry import FieldPath
from registry_reconciler.schema.view import Violation
from registry_reconciler.schema.walk import At, Reach, patterns

_BACKTRACKS = 1_000

_SIZES = (256_000, 1_000_000, 10_000_000)

_PATTERN_BUDGET = 100_000_000


def check_patterns(reached: Reach, path: str) -> list[Violation]:
    """Every pattern must compile, and all together must stay small."""
    found = []
    spent = 0
    counted: set[str] = set()
    for at, steps, text in _all_patterns(reached):
        size = _pattern_size(text)
        if text not in counted:
            counted.add(text)
            spent += size or 0
        if at.file != path:
            continue
        place = at.path + steps
        if size is None:
            message = f"'{text[:60]}' is no regular expression that can be used here"
            fix = "Write a valid one, and keep counted repetitions small."
            found.append(Violation(place, False, message, fix, "pattern"))
        elif spent > _PATTERN_BUDGET:
            message = "the patterns of this schema are too large together"
            found.append(Violation(place, False, message, "Use fewer counted repetitions.", "pattern"))
            break
    return found


def _all_patterns(reached: Reach) -> Iterable[tuple[At, FieldPath, str]]:
    for at in sorted(reached.schemas, key=lambda schema: (schema.file, repr(schema.path))):
        for steps, text in patterns(reached.schemas[at]):
            yield at, steps, text


@functools.lru_cache(maxsize=4096)
def _linear_size(text: str) -> int | None:
    """The smallest limit of :data:`_SIZES` that a pattern fits in the linear engine; ``None`` where it fits none."""
    import jsonschema_rs

    return next(
        (size for size in _SIZES if _compiles(text, jsonschema_rs.RegexOptions(size_limit=size))), None
    )


@functools.lru_cache(maxsize=4096)
def _pattern_size(text: str) -> int | None:
    """The limit of :data:`_SIZES` that a pattern is counted with; ``None`` where it cannot be used at all."""
    return _linear_size(text) or (_SIZES[1] if _compiles(text, _backtracking()) else None)


def _compiles(text: str, options: Any) -> bool:
    import jsonschema_rs

    try:
        jsonschema_rs.Draft202012Validator({"pattern": text}, offline=True, pattern_options=options)
    except ValueError:
        return False
    return True


def _backtracking() -> Any:
    import jsonschema_rs

    return jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS, size_limit=_SIZES[-1])


def engine_of(reached: Reach) -> Any:
    """The linear engine; where a pattern looks around or back, the other one, with a limit on steps."""
    import jsonschema_rs

    if all(_linear_size(text) for schema in reached.schemas.values() for _, text in patterns(schema)):
        return jsonschema_rs.RegexOptions(size_limit=_SIZES[-1])
    return _backtracking()
