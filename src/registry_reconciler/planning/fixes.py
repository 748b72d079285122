"""Fixes as replacements of bytes: what a rule knows (a value at a place) becomes an edit of a text. Pure."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.model.entry import (
    FieldPath,
    Json,
    Place,
    digest_bytes,
    get_path,
    same,
)
from registry_reconciler.model.problem import Fix, Problem, TextEdit
from registry_reconciler.model.redact import WITHHELD

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Sections, TextFormat
    from registry_reconciler.formats.nodes import Document, Node
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.planning.pipeline import Planning


PATCHES = 50
"""How many patches to look at a plan makes at most: nobody reads more."""

PATCHED_BYTES = 2_000_000
"""How many bytes of files it goes through for them: a patch may have to look through a whole file."""


class _Text(Struct):
    """A file's text, composed once for all the edits in it."""

    data: bytes
    text: str
    documents: Sequence[Document]
    digest: str
    format: TextFormat
    sections: Sections


class Editor:
    """Turns replacements into edits of some files, by path."""

    def __init__(self, files: Mapping[str, SourceFile]) -> None:
        self._files = files
        self._texts: dict[str, _Text | None] = {}

    def edits(self, replacements: Iterable[tuple[Place, Json]]) -> tuple[TextEdit, ...]:
        """One edit for each replacement; none at all where one of them cannot be made."""
        made: list[TextEdit] = []
        for place, value in replacements:
            edit = self._edit(place, value)
            if edit is None:
                return ()
            made.append(edit)
        return tuple(made)

    def _edit(self, place: Place, value: Json) -> TextEdit | None:
        if place.file not in self._texts:
            self._texts[place.file] = _compose(self._files.get(place.file))
        known = self._texts[place.file]
        if known is None or not 0 <= place.document < len(known.documents):
            return None
        node = None if place.on_key else _node_at(known.documents[place.document].root, place)
        if node is not None and _is_simple(known.text, node) and isinstance(value, str | int | float | bool):
            new = known.format.rewritten(node, value)
            if new is not None:
                return _text_edit(known, place.file, node.body, node.end, new)
        return _spliced_edit(known, place, value)


def _compose(source: SourceFile | None) -> _Text | None:
    from registry_reconciler.formats.composed import composed
    from registry_reconciler.formats.nodes import UncomposableText

    data = source.data if source is not None else None
    if source is None or data is None:
        return None
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        trees = composed(source.format, text)
        return _Text(data, text, trees, digest_bytes(data), source.format, source.sections)
    except (UnicodeDecodeError, UncomposableText):
        return None


def _node_at(root: Node, place: Place) -> Node | None:
    from registry_reconciler.formats.nodes import child_index

    node = root
    for step in place.path:
        index = child_index(node, step)
        if index is None:
            return None
        node = node.entries[index].value
    return node


def _is_simple(text: str, node: Node) -> bool:
    """Whether the node is a scalar on one line that nothing else shares."""
    if node.kind != "scalar" or node.is_empty or node.anchor or node.tag or node.style in ("|", ">"):
        return False
    return "\n" not in text[node.body : node.end]


def _text_edit(known: _Text, path: str, start: int, end: int, new: str) -> TextEdit:
    """An edit whose offsets count bytes of the file, a BOM included."""
    text = known.text
    ascii = text.isascii()
    head = len(known.data) - (len(text) if ascii else len(text.encode("utf-8")))
    first = head + (start if ascii else len(text[:start].encode("utf-8")))
    old = known.text[start:end]
    return TextEdit(path, known.digest, first, first + len(old.encode("utf-8")), old, new)


def _spliced_edit(known: _Text, place: Place, value: Json) -> TextEdit | None:
    """The part in which the text that the splicer makes differs."""
    from registry_reconciler.formats.edits import RenameKey, SpliceError, Update

    named = place.on_key and isinstance(value, str)
    edit = RenameKey if named else Update
    try:
        edits = [edit(place.document, place.path, value)]
        new = known.format.splice(known.data, edits, known.sections)
    except SpliceError:
        return None
    after = new.decode("utf-8").removeprefix("\ufeff")
    before = known.text
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    stop = len(before) - end
    return _text_edit(known, place.file, start, stop, after[start : len(after) - end])


def _common(left: str, right: str) -> int:
    """The length of the common start."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


PlaceKey = tuple[str, int, FieldPath, bool]
"""A place as a key: file, document, path, and whether the name of the field is meant."""


def place_key(place: Place) -> PlaceKey:
    """A place as a key."""
    return place.file, place.document, place.path, place.on_key


def stands_twice(
    files: Mapping[str, SourceFile], puts: dict[PlaceKey, Json], others: dict[PlaceKey, Json]
) -> bool:
    """Whether a list gets a value that another of its items says by then, and did not say before.

    Args:
        puts: what one fix puts, and where; ``others``: what is put beside it.
    """
    together = ChainMap(puts, others)
    return any(_stands_beside(files, at, value, together) for at, value in puts.items())


def _stands_beside(
    files: Mapping[str, SourceFile], at: PlaceKey, value: Json, puts: Mapping[PlaceKey, Json]
) -> bool:
    path, document, steps, on_key = at
    source = files.get(path)
    if source is None or on_key or not steps or not document < len(source.documents):
        return False
    items, index = get_path(source.documents[document], steps[:-1]), steps[-1]
    if not isinstance(items, list) or not isinstance(index, int) or not 0 <= index < len(items):
        return False
    return any(
        same(puts.get((path, document, (*steps[:-1], number), False), item), value)
        and not same(item, items[index])
        for number, item in enumerate(items)
        if number != index
    )


def with_edits(problems: Sequence[Problem], files: Mapping[str, SourceFile]) -> tuple[Problem, ...]:
    """The problems, with the replacements of their fixes turned into edits."""
    if not any(problem.fix is not None and problem.fix.replacements for problem in problems):
        return tuple(problems)
    editor = Editor(files)
    patches = seen = 0
    found = []
    for problem in problems:
        if problem.fix is not None and problem.fix.replacements and not problem.fix.edits:
            replacements = problem.fix.replacements
            if stands_twice(files, {place_key(place): value for place, value in replacements}, {}):
                fix = Fix("What is meant stands in the list already: take this one out.")
                found.append(replace(problem, fix=fix))
                continue
            if not problem.fix.safe:
                patches += 1
                seen += sum(_size(files.get(place.file)) for place, _ in replacements)
                if patches > PATCHES or (seen > PATCHED_BYTES and patches > 1):
                    replacements = ()
            fix = replace(problem.fix, edits=editor.edits(replacements), replacements=replacements)
            problem = replace(problem, fix=fix)
        found.append(problem)
    return tuple(found)


def _size(source: SourceFile | None) -> int:
    return len(source.data or b"") if source is not None else 0


def edits_for(planning: Planning, problem: Problem) -> tuple[TextEdit, ...]:
    """The edits that carry out the fix of a problem; none where only a person can."""
    if problem.fix is None:
        return ()
    edits = problem.fix.edits
    if edits and not any(edit.sha256 == WITHHELD for edit in edits):
        return edits
    return Editor(planning.loaded.files).edits(problem.fix.replacements)


def apply_edits(data: bytes, edits: Sequence[TextEdit]) -> bytes:
    """A file's bytes after edits that do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        data = data[: edit.start] + edit.new.encode("utf-8") + data[edit.end :]
    return data
