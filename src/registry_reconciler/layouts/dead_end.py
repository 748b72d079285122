"""Where the steps of a kind's ``at`` lead no further: what stands there, and which steps would go on.

A slip in ``at`` must not look like an empty registry, and the commonest one is to step over a list as if it were a
mapping (``landscape.*`` for ``landscape[name={category}]``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.singular import singular
from registry_reconciler.base.suggest import closest
from registry_reconciler.layouts.walk import walk
from registry_reconciler.model.entry import Json
from registry_reconciler.model.kind import Kind, Step

_MOST_LOOKED_AT = 200
_NAMED = 5
_TELLING = ("name", "id", "key", "slug", "title", "code")


class DeadEnd(Struct, frozen=True):
    """Where no step leads on.

    Attributes:
        what: what stands at the last step that matched.
        at: the steps that would lead to something; "" where nobody can tell.
        impassable: what stands there can never hold what the steps ask for; else it is only not there yet.
    """

    what: str
    at: str
    impassable: bool = False

    def fix(self, kind: Kind) -> str:
        """What to write instead; "" where nobody can tell."""
        return f"Write at: {_quoted(self.at)} in {kind.schema_path}." if self.at else ""


def _quoted(at: str) -> str:
    """Steps as they can be written in a schema file, in braces too: most signs of theirs mean something to YAML."""
    if re.fullmatch(r"[A-Za-z_][\w.-]*", at):
        return at
    return "'" + at.replace("'", "''") + "'"


def at_text(steps: Sequence[Step]) -> str:
    """Steps as they are written in ``at``."""
    return ".".join(map(_step_text, steps))


def _step_text(step: Step) -> str:
    if step.kind == "any":
        return "*"
    if step.kind == "placeholder":
        return f"{{{step.name}}}"
    plain = re.fullmatch(r'[^.\[\]{}*"]+', step.name) is not None
    escaped = step.name.replace("\\", "\\\\").replace('"', '\\"')
    name = step.name if plain else f'"{escaped}"'
    if step.kind == "name":
        return name
    return f"{name}[{step.by}={f'{{{step.binds}}}' if step.binds else step.literal}]"


def dead_end(kind: Kind, documents: Iterable[Json]) -> DeadEnd | None:
    """Where the steps of a kind end in its files; ``None`` where they lead to a container, or there is no file."""
    documents = [document for document in documents if document is not None]
    if not documents or not kind.at:
        return None
    steps = list(kind.at)
    first: DeadEnd | None = None
    size = 0
    while size < len(steps):
        size += 1
        if _reached(steps[:size], documents):
            continue
        stands = _reached(steps[: size - 1], documents)
        first = first or DeadEnd(
            _what_stands(steps, size - 1, stands), "", any(_bars(steps[size - 1], item) for item in stands)
        )
        better = _instead(steps, size - 1, stands)
        if better is None:
            return first
        steps, size = better
    return replace(first, at=at_text(steps)) if first is not None else None


def _bars(step: Step, value: Json) -> bool:
    """Whether a step can never lead on from a value: it is of another shape."""
    if value is None:
        return False
    if not isinstance(value, dict):
        return True
    inner = value.get(step.name) if step.kind == "item" else None
    return inner is not None and not isinstance(inner, list)


def _reached(steps: Sequence[Step], documents: Sequence[Json]) -> list[Json]:
    found: list[Json] = []
    for document in documents:
        for _, _, value in walk(steps, document, {}):
            found.append(value)
            if len(found) >= _MOST_LOOKED_AT:
                return found
    return found


def _what_stands(steps: Sequence[Step], at: int, stands: Sequence[Json]) -> str:
    """In words: the place, what is there, and what was looked for."""
    where = repr(at_text(steps[:at])) if at else "the file"
    step = steps[at]
    if step.kind == "item" and any(isinstance(item, dict) and step.name in item for item in stands):
        inner = [item[step.name] for item in stands if isinstance(item, dict) and step.name in item]
        where = repr(at_text([*steps[:at], Step("name", step.name)]))
        lists = [item for item in inner if isinstance(item, list)]
        fields = {name for siblings in lists for item in siblings if isinstance(item, dict) for name in item}
        if not lists:
            return f"{where} is {_words(inner)}, not a list"
        return (
            f"no item of {where} has the {step.by} that is asked for (their fields: {_some(sorted(fields))})"
        )
    mappings = [item for item in stands if isinstance(item, dict)]
    if not mappings:
        return f"{where} is {_words(stands)}, which {_step_text(step)!r} does not step over"
    names = _names(mappings)
    return f"{where} has no {step.name!r}; it has {_some(names)}" if names else f"{where} is empty"


def _names(values: Sequence[Json]) -> list[str]:
    return list(dict.fromkeys(str(name) for value in values if isinstance(value, dict) for name in value))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:_NAMED]))
    return f"{shown} and {len(names) - _NAMED:,} more" if len(names) > _NAMED else shown or "none"


def _words(values: Sequence[Json]) -> str:
    for value in values:
        if isinstance(value, list):
            return f"a list of {len(value):,} {'item' if len(value) == 1 else 'items'}"
        if value is not None:
            return "text or a number" if not isinstance(value, dict) else "a mapping"
    return "empty"


def _instead(steps: Sequence[Step], at: int, stands: Sequence[Json]) -> tuple[list[Step], int] | None:
    """The steps with the one that leads nowhere mended, and how many of them lead somewhere then."""
    step = steps[at]
    lists = [node for node in stands if isinstance(node, list)]
    if lists and at and steps[at - 1].kind == "name" and step.kind in ("any", "placeholder"):
        by = _telling_field(lists)
        if by is None:
            return None
        items = [item for siblings in lists for item in siblings if isinstance(item, dict)]
        holder = step.name or _holder(items, steps[at - 1].name)
        item = Step("item", steps[at - 1].name, by, holder)
        return [*steps[: at - 1], item, *steps[at + 1 :]], at
    near = closest(step.name, _names(stands)) if step.kind in ("name", "item") else None
    if near is not None:
        return [*steps[:at], replace(step, name=near), *steps[at + 1 :]], at
    if step.kind == "item":
        inner = [node[step.name] for node in stands if isinstance(node, dict) and step.name in node]
        if any(isinstance(node, dict) for node in inner):
            over = Step("placeholder", step.binds) if step.binds else Step("name", step.literal or "")
            return [*steps[:at], Step("name", step.name), over, *steps[at + 1 :]], at + 2
        by = _telling_field([node for node in inner if isinstance(node, list)])
        if by is not None and step.binds and by != step.by:
            return [*steps[:at], Step("item", step.name, by, step.binds), *steps[at + 1 :]], at + 1
    return None


def _telling_field(lists: Sequence[list[Json]]) -> str | None:
    """The field that tells the items of a list apart: every item has it, and no two of one list share it."""
    items = [item for siblings in lists for item in siblings if isinstance(item, dict)]
    if not items or len(items) != sum(map(len, lists)):
        return None
    names = [name for name, part in items[0].items() if isinstance(part, str | int) and part != ""]
    for name in sorted(
        names, key=lambda candidate: _TELLING.index(candidate) if candidate in _TELLING else len(_TELLING)
    ):
        if all(_tells_apart(name, siblings) for siblings in lists):
            return str(name)
    return None


def _tells_apart(name: str, items: list[Json]) -> bool:
    values = [item.get(name) for item in items if isinstance(item, dict)]
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in values):
        return False
    return not values or Counter(map(str, values)).most_common(1)[0][1] == 1


def _holder(items: Sequence[dict[str, Json]], name: str) -> str:
    """A name for what an item of a list is: a key without a value says it (``- category:``), else the list does."""
    empty = [key for key, part in items[0].items() if part is None and all(key in item for item in items)]
    wanted = re.sub(r"[^A-Za-z0-9_]+", "_", empty[0] if empty else singular(name)).strip("_") or "item"
    return f"_{wanted}" if wanted[0].isdigit() else wanted
