"""Plain texts that other readers of YAML take for something else (TYP)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from registry_reconciler.base.yaml11 import Type11, type_11
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.nodes import Document, Node, UncomposableText, child_index
from registry_reconciler.formats.table import YAML, format_of
from registry_reconciler.formats.yaml.read.scalars import resolve_plain
from registry_reconciler.model.entry import FieldPath, Json, Place
from registry_reconciler.model.marks import Marks, MarkState
from registry_reconciler.model.problem import Fix, Severity
from registry_reconciler.model.texts import wants_text
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import EntrySet

_WORDS = frozenset(
    word
    for spelling in ("y", "yes", "n", "no", "on", "off")
    for word in (spelling, spelling.capitalize(), spelling.upper())
) | {"~", "<<", "=", "true", "false", "null"}
_SIGNS = frozenset("+-.0123456789")
_FIRST = _SIGNS | {word[0] for word in _WORDS}
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


_Found = list[tuple[FieldPath, Type11]]


def _may_have_some(value: Json) -> bool:
    """What one look at each text tells; asked of every entry, and no of nearly all."""
    for part in value.values() if type(value) is dict else value:
        kind = type(part)
        if kind is str:
            if part[:1] in _FIRST and (part[0] in _SIGNS or part in _WORDS):
                return True
        elif (kind is dict or kind is list) and _may_have_some(part):
            return True
    return False


def _texts(machine: Marks, value: Json, state: MarkState, path: FieldPath, found: _Found) -> None:
    """Gather the texts in a mapping or list that could be taken for something else where the schema wants text."""
    parts: Iterable[tuple[Any, Json]] = value.items() if type(value) is dict else enumerate(value)
    item = None if type(value) is dict else machine.item(state)
    for step, part in parts:
        kind = type(part)
        if kind is str:
            if (
                part[:1] in _FIRST
                and (part[0] in _SIGNS or part in _WORDS)
                and len(part) < _LONGEST
                and wants_text(item or machine.field(state, step))
            ):
                other = _other(part)
                if other is not None:
                    found.append(((*path, step), other))
        elif kind is dict or kind is list:
            inside = item or machine.field(state, step)
            if inside.nodes:  # of what no schema speaks, nothing is wanted
                _texts(machine, part, inside, (*path, step), found)


_LONGEST = 60
"""No number or date of interest is longer."""


class _ComposedTexts:
    """The composed texts of one entry set."""

    def __init__(self, entry_set: EntrySet) -> None:
        self._entry_set = entry_set
        self._known: dict[str, Sequence[Document]] = {}
        self._words: dict[str, frozenset[bytes]] = {}

    def is_plain(self, place: Place, form: TextFormat, text: str) -> bool:
        """Whether what stands in a place, and says a text, is a plain scalar."""
        if place.file not in self._words:
            self._words[place.file] = _words_of(self._read(place.file))
        # To compose a file takes long, and most texts of this sort stand in quotes.
        if text.split()[0].encode() not in self._words[place.file]:
            return False
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

    def _read(self, path: str) -> bytes:
        try:
            return self._entry_set.tree.read(path) or b""
        except UnreadablePath:
            return b""

    def _composed(self, path: str, form: TextFormat) -> Sequence[Document]:
        try:
            data = self._entry_set.tree.read(path)
            earlier = self._entry_set.earlier
            if earlier is not None:
                known = earlier.memo(_ComposedTexts)._known
                if path in known and earlier.tree.read(path) == data:
                    return known[path]
            return form.compose((data or b"").decode("utf-8").removeprefix("\ufeff"))
        except (UnreadablePath, UncomposableText, UnicodeDecodeError):
            return ()


_BETWEEN = bytes(0x20 if byte in b",[]{}" else byte for byte in range(256))


def _words_of(data: bytes) -> frozenset[bytes]:
    """What stands between white space and brackets: a scalar of one word that has no quotes is among that."""
    return frozenset(data.replace(b'":', b'" ').replace(b"':", b"' ").translate(_BETWEEN).split())


def _harmless(_entry_set: EntrySet) -> defaultdict[str, set[int]]:
    """By kind the values of the earlier entries, by identity, that have no such text. Most stand in both sets."""
    return defaultdict(set)


def _plain(entry_set: EntrySet) -> Iterator[Finding]:
    judged = entry_set.rest.judged
    for kind in entry_set.kinds.values():
        machine = kind.texts.machine
        harmless = (entry_set.earlier or entry_set).memo(_harmless)[kind.name]
        for item in entry_set.of(kind.name):
            if id(item.value) in harmless or (judged is not None and item.address not in judged):
                continue
            dubious: _Found = []
            if _may_have_some(item.value):
                _texts(machine, item.value, machine.start, (), dubious)
            # What was planned may be gone when the earlier entries are judged, which comes later.
            if not dubious and item.address not in entry_set.touched:
                harmless.add(id(item.value))
            for path, other in dubious:
                place = item.place.at(path)
                # A fragment is YAML whatever the registry is; in front matter texts are as plain as in YAML.
                form = format_of(place.file, kind) if item.place == item.live_place else YAML
                text = _part(item.value, path)
                if form.plain_texts and entry_set.memo(_ComposedTexts).is_plain(place, form, text):
                    yield Finding(
                        item,
                        f"{text} stands without quotes, and other readers of YAML take it for {_A[other]}; the schema "
                        "wants text.",
                        path,
                        fix=Fix("Put it into quotes.", safe=True, replacements=((place, text),)),
                        cause=f"TYP001 {kind.name} {_field(path)} {other}",
                    )


def _field(path: FieldPath) -> str:
    """The field that a path is about, of whatever item: the schema says one thing of all of them."""
    return ".".join("[]" if isinstance(step, int) else step for step in path)


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
