"""The texts of entries that leave their places, and of new ones as their authors wrote them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import Json, Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.planning.edit_files.work import EditRun

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Snippet


def extract_all(work: EditRun, changes: Sequence[Change]) -> None:
    """Take the texts of all entries that leave their places in this round: each file is looked at once."""
    leaving: dict[str, list[Place]] = {}
    for change in changes:
        kind = work.now.kinds[change.kind]
        entry = None if change.action is Action.DELETE else work.current(change)
        whole_file = entry is not None and not entry.place.path and kind.name not in work.now.former
        if entry is not None and not whole_file and work.now.leaves(kind, entry, change.after or {}):
            item = work.now.former_layout(kind).item_path(entry.place.path)
            leaving.setdefault(entry.place.file, []).append(replace(entry.place, path=item))
    if not leaving:
        return
    for file, places in leaving.items():
        source = work.now.sources[file]
        if source.data is not None:
            nodes = [(place.document, place.path) for place in places]
            work.now.extracted[file] = dict(
                zip(nodes, source.format.extract(source.data, nodes), strict=True)
            )


def leave_files(work: EditRun, changes: Sequence[Change]) -> None:
    """Take away all files that get another name in this round: one may take the name of another."""
    work.texts.whole_files.clear()
    for change in changes:
        kind = work.now.kinds[change.kind]
        if (
            change.action is Action.DELETE
            or not LAYOUTS[kind.layout].one_a_file
            or kind.name in work.now.former
        ):
            continue
        entry = work.current(change)
        if entry is not None and not entry.place.path and work.now.leaves(kind, entry, change.after or {}):
            work.texts.whole_files[change.address] = entry, work.now.sources[entry.place.file]
    leaving = {source.path for _, source in work.texts.whole_files.values()}
    work.texts.cleared = Recorder(MemoryTree(dict.fromkeys(leaving), work.now.tree)) if leaving else None
    work.now.removed |= leaving


def snippets(fragments: Mapping[str, SourceFile], changes: Sequence[Change]) -> dict[Place, Snippet]:
    """The text of every entry that is written, in its fragment; each fragment is looked at once."""
    wanted: dict[str, list[Place]] = {}
    for change in changes:
        if change.writes and change.action is not Action.DELETE and change.origin is not None:
            wanted.setdefault(change.origin.file, []).append(change.origin)
    if not wanted:
        return {}
    from registry_reconciler.formats.edits import SpliceError

    found: dict[Place, Snippet] = {}
    for file, places in wanted.items():
        source = fragments.get(file)
        if source is not None and source.data is not None:
            with contextlib.suppress(SpliceError):
                nodes = [(place.document, place.path) for place in places]
                values = [source.value(number, path) for number, path in nodes]
                texts = source.format.extract(source.data, nodes, source.sections, values)
                found.update(zip(places, texts, strict=True))
    return found


_MOST_FOLLOWING = 20


def bare_follows(work: EditRun, kind: Kind, change: Change, key: str) -> bool:
    """Whether an entry stands behind a new one in its fragment and has no comments: those above are not its own."""
    from registry_reconciler.formats.edits import SpliceError

    origin = change.origin
    source = work.texts.fragments.get(origin.file) if origin is not None else None
    if origin is None or source is None or source.data is None or not origin.path:
        return False
    *holder, step = origin.path
    if not isinstance(step, int):
        return False
    for number in range(step + 1, step + 1 + _MOST_FOLLOWING):
        path = (*holder, number)
        value = source.value(origin.document, path)
        if isinstance(value, dict) and kind.key_of(value) == key:
            with contextlib.suppress(SpliceError):
                (snippet,) = source.format.extract(source.data, [(origin.document, path)])
                return not snippet.comments
    return False


def node_snippets(
    kinds: Mapping[str, Kind], fragments: Mapping[str, SourceFile], changes: Sequence[Change]
) -> dict[Place, Snippet]:
    """The text of the one field that is all the text of an entry in a registry, with the comments of the entry."""
    wanted: dict[str, list[tuple[Place, str]]] = {}
    for change in changes:
        name = LAYOUTS[kinds[change.kind].layout].written_by(kinds[change.kind])
        if name and change.writes and change.origin is not None and name in (change.after or {}):
            wanted.setdefault(change.origin.file, []).append((change.origin, name))
    found: dict[Place, Snippet] = {}
    for file, bodies in wanted.items():
        source = fragments.get(file)
        if source is None or source.data is None:
            continue
        from registry_reconciler.formats.edits import SpliceError

        with contextlib.suppress(SpliceError):
            inner = [(place.document, (*place.path, name)) for place, name in bodies]
            outer = [(place.document, place.path) for place, _ in bodies]
            parts = source.format.extract(source.data, inner, source.sections)
            wholes = source.format.extract(source.data, outer, source.sections)
            for (place, _), part, whole in zip(bodies, parts, wholes, strict=True):
                found[place] = replace(part, comments=tuple(dict.fromkeys((*whole.comments, *part.comments))))
    return found


def typed_words(kind: Kind, text: str, raw: dict[str, Json]) -> tuple[dict[str, Json], Snippet | None]:
    """What is to be written, as a person typed it, and the text of that: what a fragment is for other entries."""
    from registry_reconciler.formats.edits import SpliceError
    from registry_reconciler.formats.table import YAML
    from registry_reconciler.formats.wrapped import typed

    data = text.encode("utf-8", "surrogateescape")
    documents = YAML.read(data).documents
    if len(documents) != 1:
        return raw, None
    snippet = typed(text, documents[0])
    name = LAYOUTS[kind.layout].written_by(kind)
    if name:
        try:
            (part,) = YAML.extract(data, [(0, (name,))])
        except SpliceError:
            return raw, None
        snippet = replace(part, comments=tuple(dict.fromkeys((*snippet.comments, *part.comments))))
    return kind.texts.as_written(raw, documents[0]), snippet


def is_written_anew(snippet: Snippet | None, *, alone: bool) -> bool:
    """Whether a new entry is laid out like its neighbours, and only the words are those of its fragment.

    Its whole text is kept where it has what layouts have no room for (comments, block scalars), and where there is no
    neighbour to look like.
    An entry in flow style is always written anew: in a registry one line a field reads and merges better.
    """
    if snippet is None or snippet.text.startswith(("{", "[")):
        return True
    telling = snippet.comments or any(_tells(line) for line in snippet.text.split("\n"))
    return not (alone or telling)


def with_comments_of_omitted(snippet: Snippet, written: Json) -> Snippet:
    """The snippet with the comments of fields that the place of the entry says, and its text does not: above it all."""
    if "#" not in snippet.text or not isinstance(snippet.value, dict) or not isinstance(written, dict):
        return snippet
    from registry_reconciler.formats.notes import all_rows, notes_of

    notes = notes_of(snippet.text)
    omitted = {path: note for path, note in notes.items() if path and path[0] not in written}
    return replace(snippet, comments=(*snippet.comments, *all_rows(omitted))) if omitted else snippet


def _tells(line: str) -> bool:
    """Whether a line may hold a comment or open a block scalar (a false yes only keeps the author's text)."""
    return "#" in line or line.rstrip("+-0123456789").endswith((": |", ": >", "- |", "- >"))
