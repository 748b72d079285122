"""Plain texts that other readers of YAML take for something else (TYP)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from registry_reconciler.base.yaml11 import Type11, type_11
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.nodes import Document, Node, child_index
from registry_reconciler.formats.nodes import Unreadable as NotComposed
from registry_reconciler.formats.table import format_of
from registry_reconciler.formats.yaml.read.scalars import resolve_plain
from registry_reconciler.model.entry import FieldPath, Json, Place
from registry_reconciler.model.marks import Marks, State
from registry_reconciler.model.problem import Fix, Severity
from registry_reconciler.model.texts import wants_text
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import EntrySet

_WORDS = frozenset(
    word for one in ("y", "yes", "n", "no", "on", "off") for word in (one, one.capitalize(), one.upper())
) | {"~", "<<", "=", "true", "false", "null"}
_SIGNS = frozenset("+-.0123456789")
_A = {
    "number": "a number",
    "truth value": "a truth value",
    "null": "null",
    "date": "a date",
    "merge": "a merge key",
}


def _other(text: str) -> Type11 | None:
    """What some reader takes a plain text for; ``None``: all take it for text."""
    if text[:1] in _SIGNS:
        found = type_11(text)
        return found if found != "text" else None if isinstance(resolve_plain(text), str) else "number"
    return type_11(text) if text in _WORDS else None


def _texts(machine: Marks, value: Json, state: State, path: FieldPath) -> Iterator[tuple[FieldPath, Type11]]:
    """The texts of an entry that could be taken for something else where its schema wants text."""
    if isinstance(value, str):
        other = _other(value)
        if other is not None and wants_text(state):
            yield path, other
    elif isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, dict | list) or (
                isinstance(part, str) and len(part) < _LONGEST and _other(part)
            ):
                yield from _texts(machine, part, machine.field(state, name), (*path, name))
    elif isinstance(value, list):
        inside = machine.item(state)
        for index, part in enumerate(value):
            yield from _texts(machine, part, inside, (*path, index))


_LONGEST = 60
"""No number or date of interest is longer."""


class _Files:
    """The composed texts of one world."""

    def __init__(self, world: EntrySet) -> None:
        self._world = world
        self._known: dict[str, Sequence[Document]] = {}

    def is_plain(self, place: Place, form: TextFormat) -> bool:
        """Whether what stands in a place is a plain scalar."""
        if place.file not in self._known:
            self._known[place.file] = self._composed(place.file, form)
        documents = self._known[place.file]
        if not 0 <= place.document < len(documents):
            return False
        node: Node = documents[place.document].root
        for step in place.path:
            index = child_index(node, step)
            if index is None:
                return False
            node = node.entries[index].value
        return node.kind == "scalar" and not node.style and node.tag is None

    def _composed(self, path: str, form: TextFormat) -> Sequence[Document]:
        try:
            data = self._world.tree.read(path)
            return form.compose((data or b"").decode("utf-8").removeprefix("\ufeff"))
        except (Unreadable, NotComposed, UnicodeDecodeError):
            return ()


def _files(world: EntrySet) -> _Files:
    return _Files(world)


def _plain(world: EntrySet) -> Iterator[Finding]:
    for kind in world.kinds.values():
        for item in world.of(kind.name):
            if not _worth_a_look(item.value):
                continue
            form = format_of(item.place.file)
            if form.name != "yaml":
                continue
            machine = kind.texts.machine
            for path, other in _texts(machine, item.value, machine.start, ()):
                place = item.place.at(path)
                if world.memo(_files).is_plain(place, form):
                    text = _part(item.value, path)
                    yield Finding(
                        item,
                        f"{text} stands without quotes, and other readers of YAML take it for {_A[other]}; the schema "
                        "wants text.",
                        path,
                        fix=Fix("Put it into quotes.", safe=True, replacements=((place, text),)),
                    )


def _worth_a_look(value: Mapping[str, Json]) -> bool:
    """Whether any part may be such a text: most entries have none."""
    for part in value.values():
        if isinstance(part, dict | list) or (isinstance(part, str) and len(part) < _LONGEST and _other(part)):
            return True
    return False


def _part(value: Json, path: FieldPath) -> Json:
    for step in path:
        value = value[step]
    return value


TYP001 = Rule(
    "TYP001",
    "Other readers take a plain text for something else",
    Severity.WARNING,
    check=_plain,
    supports_incremental=True,
)


RULES = (TYP001,)
