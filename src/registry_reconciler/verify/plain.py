"""The opinion of Python's own readers, json and tomllib, on texts in JSON (also with comments) and TOML."""

from __future__ import annotations

import math
import re
from typing import Any

from registry_reconciler.model.entry import Json

_Said = tuple[str, str, str]


_PIECES = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMAS = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])', re.DOTALL)


def jsonc_reads_otherwise(data: bytes, ours: Json) -> _Said | None:
    """The same of a text with comments and last commas, once both are taken out of it."""
    text = data.decode("utf-8-sig")
    for pattern in (_PIECES, _LAST_COMMAS):
        text = pattern.sub(lambda found: found[1] or " ", text)
    return json_reads_otherwise(text.encode(), ours)


def json_reads_otherwise(data: bytes, ours: Json) -> _Said | None:
    """The first place where ``json`` reads another value: where, what registry reads, what it reads."""
    import json

    try:
        theirs = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return "", "a readable text", f"that it cannot be read ({str(error).splitlines()[0]})"
    return _differs(theirs, ours, "")


def toml_reads_otherwise(data: bytes, ours: Json) -> _Said | None:
    """The same of ``tomllib``."""
    import tomllib

    try:
        theirs = tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        return "", "a readable text", f"that it cannot be read ({str(error).splitlines()[0]})"
    return _differs(theirs, ours, "")


def _differs(theirs: Any, ours: Json, where: str) -> _Said | None:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if theirs.keys() != ours.keys():
            return where, _names(ours.keys() - theirs.keys()), _names(theirs.keys() - ours.keys())
        steps: list[tuple[str, Any, Json]] = [(f".{name}", theirs[name], ours[name]) for name in theirs]
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            return where, f"{len(ours)} items", f"{len(theirs)} items"
        pairs = zip(theirs, ours, strict=True)
        steps = [(f"[{index}]", item, mine) for index, (item, mine) in enumerate(pairs)]
    else:
        return None if _agree(theirs, ours) else (where, _shown(ours), _shown(theirs))
    for step, item, mine in steps:
        inner = f"{where}{step}" if where or step.startswith("[") else f", {step[1:]}"
        found = _differs(item, mine, inner)
        if found is not None:
            return found
    return None


def _agree(theirs: Any, ours: Json) -> bool:
    """Whether a scalar is the same; what JSON has no word for is its text: dates, and numbers that are too large."""
    if isinstance(theirs, float) and isinstance(ours, str):
        return not math.isfinite(theirs) and _is_number(ours)
    if type(theirs).__module__ == "datetime":
        return isinstance(ours, str) and _date(ours) == theirs
    return type(theirs) is type(ours) and bool(theirs == ours)


def _is_number(text: str) -> bool:
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False


def _date(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"v = {text}\n")["v"]
    except tomllib.TOMLDecodeError:
        return None


def _names(names: Any) -> str:
    return f"the field {min(names)!r}" if names else "no other field"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
