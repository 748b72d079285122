"""What stands where the cursor is: the node, the entry that it lies in, and the field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from registry_reconciler.formats.composed import composed
from registry_reconciler.formats.nodes import Document, Node, UncomposableText, key_of, to_value
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import DesiredEntry, FieldPath, Json, LiveEntry
from registry_reconciler.model.field_roles import Reference
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.references import references_in


class Cursor(Struct, frozen=True):
    """A node of a text.

    Attributes:
        document: which document of the file.
        path: steps from the document's root to it; of a key, to what it is the key of.
        on_key: it is a key.
    """

    document: int
    path: FieldPath
    on_key: bool
    node: Node


class Subject(Struct, frozen=True):
    """What a cursor says something of.

    Attributes:
        kind: the kind of the entry that it lies in.
        field: steps from the entry to it.
        value: what the entry says in this text.
        address: the entry's, "" where it has none yet.
        start: steps from the document's root to the entry.
        declared: it lies in a fragment.
    """

    kind: Kind
    field: FieldPath
    value: Json
    address: str
    start: FieldPath
    declared: bool


def is_fragment(path: str) -> bool:
    """Whether a file lies where fragments do."""
    return path.startswith(f"{DESIRED_FOLDER}/")


def compose(look: BufferPlan, path: str, source: str) -> Sequence[Document]:
    """The trees of a text; none where it cannot be read."""
    try:
        return composed(look.format(path), source)
    except (UncomposableText, UnicodeEncodeError):  # half of a character is in no file, but may be in a text
        return []


def cursor_at(documents: Sequence[Document], offset: int) -> Cursor | None:
    """The smallest node around a place."""
    found: Cursor | None = None
    for number, document in enumerate(documents):
        root = document.root
        if root.start <= offset <= max(root.end, document.end):
            found = _inside(number, root, offset)
            break
    if found is not None and not found.node.entries:
        return found
    # A table that stands in several places begins where it ends: what is in it lies outside of it.
    inside = (
        cursor for cursor in cursors(documents) if not cursor.node.entries and _holds(cursor.node, offset)
    )
    return min(inside, key=lambda cursor: cursor.node.end - cursor.node.start, default=found)


def _holds(node: Node, offset: int) -> bool:
    return node.start <= offset <= node.end and node.end > node.start


def _inside(number: int, root: Node, offset: int) -> Cursor:
    path: list[str | int] = []
    node = root
    while True:
        found = None
        for index, entry in enumerate(node.entries):
            step: str | int = index if node.kind == "seq" else "<<" if entry.merge else str(key_of(entry))
            if entry.key is not None and entry.key.start <= offset <= entry.key.end:
                return Cursor(number, (*path, step), True, entry.key)
            if entry.value.start <= offset <= entry.value.end:
                found = (step, entry.value)
        if found is None:
            return Cursor(number, tuple(path), False, node)
        path.append(found[0])
        node = found[1]


def cursors(documents: Sequence[Document]) -> Iterator[Cursor]:
    """Every node and every key."""
    for number, document in enumerate(documents):
        waiting: list[tuple[Node, FieldPath]] = [(document.root, ())]
        while waiting:
            node, path = waiting.pop()
            yield Cursor(number, path, False, node)
            for index, entry in enumerate(node.entries):
                step: str | int = index if node.kind == "seq" else "<<" if entry.merge else str(key_of(entry))
                if entry.key is not None:
                    yield Cursor(number, (*path, step), True, entry.key)
                waiting.append((entry.value, (*path, step)))


def node_of(documents: Sequence[Document], document: int, path: FieldPath) -> Node | None:
    """The node at a place."""
    from registry_reconciler.formats.nodes import child_index

    if not 0 <= document < len(documents):
        return None
    node = documents[document].root
    for step in path:
        index = child_index(node, step)
        if index is None:
            return None
        node = node.entries[index].value
    return node


def extent(node: Node) -> tuple[int, int]:
    """From the first to the last character of a node; a table that stands in several places has them all inside."""
    start, end = node.start, node.end
    waiting = [node]
    while waiting:
        for entry in waiting.pop().entries:
            start = min(start, entry.value.start, entry.key.start if entry.key is not None else start)
            end = max(end, entry.value.end)
            waiting.append(entry.value)
    return start, end


def subject_of(look: BufferPlan, path: str, documents: Sequence[Document], cursor: Cursor) -> Subject | None:
    """The entry that a cursor lies in; ``None`` for directives, and for what lies in no entry."""
    found = _declared(look, cursor) if is_fragment(path) else _live(look, path, documents, cursor)
    if found is None:
        return None
    kind, start, declared = found
    node = node_of(documents, cursor.document, start)
    value = to_value(node) if node is not None else None
    if not declared and isinstance(value, dict):
        value = {**_given(look, kind, path, cursor, start), **value}
    key = kind.key_of(value) if isinstance(value, dict) else None
    address = f"{kind.name}/{key}" if key else ""
    return Subject(kind, cursor.path[len(start) :], value, address, start, declared)


def _declared(look: BufferPlan, cursor: Cursor) -> tuple[Kind, FieldPath, bool] | None:
    if len(cursor.path) < 2 or cursor.path[0] in DIRECTIVES or not isinstance(cursor.path[1], int):
        return None
    kind = look.loaded.kinds.get(str(cursor.path[0]))
    return (kind, cursor.path[:2], True) if kind is not None else None


def _live(
    look: BufferPlan, path: str, documents: Sequence[Document], cursor: Cursor
) -> tuple[Kind, FieldPath, bool] | None:
    """The innermost entry of a registry around a cursor; an entry that is not one yet is taken for its neighbours'."""
    best: LiveEntry | None = None
    beside: LiveEntry | None = None
    for entry in _entries_in(look, path):
        place = entry.place.path
        if entry.place.document != cursor.document:
            continue
        if cursor.path[: len(place)] == place and (best is None or len(place) >= len(best.place.path)):
            best = entry
        if _is_beside(cursor.path, place) and (beside is None or len(place) > len(beside.place.path)):
            beside = entry
    if best is not None and (beside is None or len(beside.place.path) <= len(best.place.path)):
        return look.loaded.kinds[best.kind], best.place.path, False
    if beside is not None:
        return look.loaded.kinds[beside.kind], cursor.path[: len(beside.place.path)], False
    return _by_layout(look, path, documents, cursor)


def _by_layout(
    look: BufferPlan, path: str, documents: Sequence[Document], cursor: Cursor
) -> tuple[Kind, FieldPath, bool] | None:
    """The same where no entry is known: a text that could not be read until now, or whose first entry is written."""
    from registry_reconciler.layouts import LAYOUTS
    from registry_reconciler.layouts.walk import containers

    best: tuple[Kind, FieldPath, bool] | None = None
    values: list[Json] = []
    for kind in look.loaded.kinds.values():
        bound = kind.file.match(path)
        if bound is None:
            continue
        values = values or [to_value(document.root) for document in documents]
        row = LAYOUTS[kind.layout]
        for container in containers(kind, values, bound):
            if container.document != cursor.document or type(container.value) is not row.container_type:
                continue
            for raw in row.entries(kind, container.value):
                start = (*container.path, *raw.path)
                if cursor.path[: len(start)] == start and (best is None or len(start) > len(best[1])):
                    best = kind, start, False
    return best


def _is_beside(path: FieldPath, place: FieldPath) -> bool:
    """Whether a path leads into the container of an entry, to something of the same sort."""
    if not place or len(path) < len(place) or path[: len(place) - 1] != place[:-1]:
        return False
    return type(path[len(place) - 1]) is type(place[-1])


def _given(look: BufferPlan, kind: Kind, path: str, cursor: Cursor, start: FieldPath) -> dict[str, Json]:
    """The fields that only its place gives a live entry."""
    for entry in _entries_in(look, path):
        if entry.kind == kind.name and entry.place.path == start and entry.place.document == cursor.document:
            return dict(entry.bound) | {
                name: part
                for name, part in entry.value.items()
                if len(kind.key) == 1 and name == kind.key[0].text
            }
    return {}


def _entries_in(look: BufferPlan, path: str) -> Iterator[LiveEntry]:
    names = {name for name, files in look.loaded.live.files_of.items() if path in files}
    for entry in (*look.loaded.live.entries.values(), *look.loaded.live.clashes):
        if entry.kind in names and entry.place.file == path:
            yield entry


def entry_at(look: BufferPlan, path: str, cursor: Cursor) -> DesiredEntry | LiveEntry | None:
    """The entry of the plan that a cursor lies in."""
    some: Iterator[DesiredEntry | LiveEntry]
    if is_fragment(path):
        some = (entry for entry in look.loaded.fragments.entries if entry.place.file == path)
    else:
        some = _entries_in(look, path)
    best: DesiredEntry | LiveEntry | None = None
    for entry in some:
        place = entry.place
        inside = place.document == cursor.document and cursor.path[: len(place.path)] == place.path
        if inside and (best is None or len(place.path) >= len(best.place.path)):
            best = entry
    return best


def reference_at(subject: Subject) -> tuple[Reference, str] | None:
    """The reference that a field of an entry is, and the key that stands there."""
    for reference in subject.kind.references:
        for path, key in references_in(reference, subject.value):
            if path == subject.field:
                return reference, key
    return None


def is_key_field(subject: Subject) -> bool:
    """Whether a field is (a part of) the key of its entry."""
    return any(selector.path == subject.field for selector in subject.kind.key)
