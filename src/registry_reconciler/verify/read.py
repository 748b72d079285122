"""The opinion of ruamel.yaml on a text: its structure, its scalars, its anchors and merges.

Its composer is asked, which gives nodes with their tags; what they mean in YAML 1.2 core is said here, in few lines.
Where ruamel.yaml is known to leave YAML 1.2 core (decision 2), the text of the scalar settles it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from registry_reconciler.model.entry import Json

_DEPARTURES = re.compile(
    r"""[-+]?(0b[01_]+ | 0[xo][0-9a-fA-F_]+ | [0-9_.]*_[0-9_.]*([eE][-+]?[0-9]+)?)   # bases with signs, underscores
    | [-+]?\.[0-9]+[eE][-+]?[0-9]+                                                   # .1e1
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*                                                # dates
    | [-+]?[0-9]+[eE][-+]?[0-9]+ | [-+]?[0-9.]+[eE][0-9]+                             # a commit id, for YAML 1.1
    | [-+]?0[0-9]+""",
    re.VERBOSE,
)
"""Plain scalars that ruamel.yaml may take for another type than registry does."""

_TEXTS = ("str", "timestamp", "value", "merge")
"""Tags of plain scalars that are text in YAML 1.2 core: a date, and where no key stands also ``=`` and ``<<``."""

_UNTAGGED = ("map", "seq", "str", "int", "float", "bool", "null")
"""Tags of nodes that need not say them."""

_TAG = "tag:yaml.org,2002:"
_Said = tuple[str, str, str]


def reads_otherwise(data: bytes, documents: Sequence[Json]) -> _Said | None:
    """The first place where ruamel.yaml reads another value: where, what registry reads, what it reads."""
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    parser: Any = YAML(typ="safe", pure=True)
    parser.version = (1, 2)
    try:
        nodes = list(parser.compose_all(StringIO(data.decode("utf-8").removeprefix("\ufeff"), newline="")))
    except (YAMLError, ValueError, AttributeError, RecursionError) as error:
        return "", "a readable text", f"that it cannot be read ({str(error).splitlines()[0]})"
    if len(nodes) != len(documents):
        return "", f"{len(documents)} documents", f"{len(nodes)} documents"
    for number, (node, ours) in enumerate(zip(nodes, documents, strict=True)):
        found = None if node is None and ours is None else _differs(node, ours, "")
        if found is not None:
            where, mine, theirs = found
            return (f", document {number + 1}" if len(nodes) > 1 else "") + where, mine, theirs
    return None


def _differs(node: Any, ours: Json, where: str) -> _Said | None:
    kind = type(node).__name__
    tag = str(node.tag or _TAG)
    if not tag.startswith(_TAG) or (_is_opaque(ours) and tag.removeprefix(_TAG) not in _UNTAGGED):
        return None  # a tag that registry does not know: what is below it is nobody's business
    if kind == "MappingNode":
        return _mapping_differs(node, ours, where)
    if kind == "SequenceNode":
        if not isinstance(ours, list):
            return where, _word(ours), "a list"
        if len(node.value) != len(ours):
            return where, f"{len(ours)} items", f"{len(node.value)} items"
        for index, (item, mine) in enumerate(zip(node.value, ours, strict=True)):
            found = _differs(item, mine, f"{where}[{index}]")
            if found is not None:
                return found
        return None
    return None if _scalar_agrees(node, ours) else (where, _word(ours), _scalar_word(node))


def _is_opaque(ours: Json) -> bool:
    return isinstance(ours, dict) and ours.keys() == {"$opaque"}


def _mapping_differs(node: Any, ours: Json, where: str) -> _Said | None:
    if not isinstance(ours, dict):
        return where, _word(ours), "a mapping"
    pairs, twice = _pairs(node, merged="<<" not in ours)
    if twice is not None:
        return where, "one field of each name", f"the field {twice!r} twice"
    if pairs.keys() != ours.keys():
        missing = sorted(ours.keys() - pairs.keys())
        more = sorted(pairs.keys() - ours.keys())
        return where, f"the field {(missing or ['no more'])[0]!r}", f"the field {(more or ['no more'])[0]!r}"
    for name, inner in pairs.items():
        found = _differs(inner, ours[name], f"{where}.{name}" if where else f", {name}")
        if found is not None:
            return found
    return None


def _pairs(node: Any, *, merged: bool) -> tuple[dict[str, Any], str | None]:
    """The fields of a mapping, its merge keys followed: what is nearer wins."""
    own: dict[str, Any] = {}
    below: list[Any] = []
    for key, value in node.value:
        name = str(key.value)
        if merged and name == "<<" and key.style is None:
            below += value.value if type(value).__name__ == "SequenceNode" else [value]
        elif name in own:
            return own, name
        else:
            own[name] = value
    for item in below:
        for name, value in _pairs(item, merged=True)[0].items():
            own.setdefault(name, value)
    return own, None


def _scalar_agrees(node: Any, ours: Json) -> bool:
    text, tag = str(node.value), str(node.tag).removeprefix(_TAG)
    if isinstance(ours, str) and ours == text:
        if node.style is None and _DEPARTURES.fullmatch(text) is not None:
            return isinstance(_core(text), str)
        return tag in _TEXTS or not _holdable(tag, text)
    if node.style in ("'", '"', "|", ">") or isinstance(ours, dict | list):
        return False
    if ours is None:
        return tag == "null"
    if isinstance(ours, bool):
        return tag == "bool" and (text.casefold() == "true") is ours
    if isinstance(ours, int | float):
        return _number_agrees(text, tag, ours)
    return False


def _number_agrees(text: str, tag: str, ours: float) -> bool:
    if _DEPARTURES.fullmatch(text) is not None:
        wanted = _core(text)
        return type(wanted) is type(ours) and wanted == ours
    if tag == "int":
        return isinstance(ours, int) and int(ours) == int(text)
    return tag == "float" and math.isclose(float(ours), float(text), rel_tol=0, abs_tol=0)


def _core(text: str) -> int | float | str:
    """What a scalar of :data:`_DEPARTURES` is in YAML 1.2 core, whoever says otherwise."""
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+|0x[0-9a-fA-F]+", text):
        return int(text, 0)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _holdable(tag: str, text: str) -> bool:
    """Whether JSON has such a number."""
    return tag != "float" or text.lower().lstrip("+-.") not in ("inf", "nan")


def _word(value: Json) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return _cut(json.dumps(value, ensure_ascii=True))


def _scalar_word(node: Any) -> str:
    tag = str(node.tag).removeprefix(_TAG)
    return _cut(f"{json.dumps(str(node.value))} ({tag})")


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
