"""From one place to another: definitions, references, symbols."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from lsprotocol import types

from registry_reconciler.base.escape import visible
from registry_reconciler.files.tree import is_safe
from registry_reconciler.lsp.buffers import BufferPlan
from registry_reconciler.lsp.cursor import (
    compose,
    cursor_at,
    entry_at,
    extent,
    is_fragment,
    is_key_field,
    node_of,
    reference_at,
    subject_of,
)
from registry_reconciler.lsp.diagnostics import location_of, page_of, span, uri_of
from registry_reconciler.lsp.offers import base_of_path
from registry_reconciler.lsp.settings import setting_at
from registry_reconciler.lsp.text import in_order
from registry_reconciler.model.config import TEMPLATES_FOLDER
from registry_reconciler.model.entry import DesiredEntry, FieldPath, LiveEntry, Place
from registry_reconciler.model.references import address_of
from registry_reconciler.planning.impact import references_of

MOST_SYMBOLS = 1_000
"""So many symbols of a workspace are given for one question."""


def meant_at(look: BufferPlan, path: str, offset: int) -> tuple[str, bool] | None:
    """The address that is meant at a place, and whether by a reference; ``None`` where none is."""
    text = look.text(path)
    if text is None:
        return None
    documents = compose(look, path, text.source)
    cursor = cursor_at(documents, offset)
    if cursor is None:
        return None
    subject = subject_of(look, path, documents, cursor)
    if subject is not None:
        found = reference_at(subject) if not cursor.on_key else None
        if found is not None:
            sets = look.planning.entry_sets
            address = address_of({*sets.after.items, *sets.before.items}, found[0].kinds, found[1])
            return (address, True) if address else None
        return (subject.address, False) if subject.address else None
    entry = entry_at(look, path, cursor)
    if entry is not None:
        return entry.address, False
    named = cursor.node.text if cursor.node.kind == "scalar" else ""
    known = named in look.loaded.live.entries or named in look.planning.desired.entries
    return (named, True) if known else None


def definition(look: BufferPlan, path: str, offset: int) -> list[types.Location]:
    """Where the thing under the cursor is declared; of an entry at its own place, where it stands on the other side.

    Of a kind that is its schema file, of a code its page or its own file, of a path the file.
    """
    file = _file_meant(look, path, offset)
    if file is not None:
        return [file]
    found = meant_at(look, path, offset)
    if found is None:
        return []
    address, is_reference = found
    places = sides(look, address)
    if not is_reference:
        others = [place for place in places if place.file != path]
        places = others or places
    return [location_of(look, look.location(place)) for place in places]


def _file_meant(look: BufferPlan, path: str, offset: int) -> types.Location | None:
    text = look.text(path)
    documents = compose(look, path, text.source) if text is not None else ()
    cursor = cursor_at(documents, offset)
    if cursor is None or cursor.node.kind != "scalar":
        return None
    word = cursor.node.text
    setting = setting_at(path, documents, cursor)
    if setting is None:
        if is_fragment(path) and cursor.on_key and len(cursor.path) == 1:
            return _schema_of(look, word)
        subject = subject_of(look, path, documents, cursor)
        base = base_of_path(look, subject) if subject is not None and not cursor.on_key else None
        return _top_of(look, posixpath.normpath(posixpath.join(base, word))) if base is not None else None
    if setting.meaning == "kind":
        return _schema_of(look, word)
    if setting.meaning == "code":
        page = page_of(look, word)
        return types.Location(page.href, _TOP) if page is not None else None
    if setting.meaning == "template":
        return _top_of(look, f"{TEMPLATES_FOLDER}/{word}")
    return _top_of(look, word) if setting.meaning == "path" else None


_TOP = types.Range(types.Position(0, 0), types.Position(0, 0))


def _schema_of(look: BufferPlan, name: str) -> types.Location | None:
    kind = look.loaded.kinds.get(name)
    if kind is None:
        return None
    place = Place(kind.schema_path, 0, ("x-registry", "kind"))
    return location_of(look, look.location(place))


def _top_of(look: BufferPlan, path: str) -> types.Location | None:
    """The head of a file of the workspace; ``None`` where there is none, or it lies outside."""
    tree = look.loaded.tree.tree
    return types.Location(uri_of(look, path), _TOP) if is_safe(path) and tree.kind(path) == "file" else None


def sides(look: BufferPlan, address: str) -> list[Place]:
    """Where an entry is declared and where it stands, the owner first."""
    desired = look.planning.desired.entries.get(address)
    live = look.loaded.live.entries.get(address)
    return [entry.place for entry in (desired, live) if entry is not None]


def references(look: BufferPlan, path: str, offset: int, *, declaration: bool) -> list[types.Location]:
    """Every place that refers to an entry, and (with ``declaration``) where it is declared and stands."""
    found = meant_at(look, path, offset)
    if found is None:
        return []
    address = found[0]
    places = list(_referring(look, address))
    if declaration:
        places += sides(look, address)
    locator = look.locator
    places = list(dict.fromkeys(places))
    locator.prepare(places)
    found_at = sorted(
        (locator.location(place) for place in places), key=lambda at: (at.path, at.line, at.column)
    )
    return [location_of(look, at) for at in found_at]


def _referring(look: BufferPlan, address: str) -> Iterator[Place]:
    for entry_set in (look.planning.entry_sets.after, look.planning.entry_sets.before):
        for kind in entry_set.kinds.values():
            if not any(address.partition("/")[0] in reference.kinds for reference in kind.references):
                continue
            for item in entry_set.of(kind.name):
                for field, _, target, _ in references_of(entry_set, item):
                    if target is not None and target.address == address:
                        yield item.place.at(field)


def document_symbols(look: BufferPlan, path: str) -> list[types.DocumentSymbol]:
    """The entries of a file, by kind."""
    text = look.text(path)
    if text is None:
        return []
    documents = compose(look, path, text.source)
    kinds: dict[str, list[types.DocumentSymbol]] = {}
    for address, place, name in entries_of(look, path):
        node = node_of(documents, place.document, place.path)
        if node is None:
            continue
        start, end = extent(node)
        reach = span(text, start, end)
        head = span(text, start, min(end, _line_end(text.source, start)))
        kind, _, key = address.partition("/")
        kinds.setdefault(kind, []).append(
            types.DocumentSymbol(
                name=visible(key) or "(no key)",
                kind=types.SymbolKind.Object,
                range=reach,
                selection_range=head,
                detail=visible(name) or None,
            )
        )
    return [_kind_symbol(kind, symbols) for kind, symbols in kinds.items()]


def _line_end(source: str, start: int) -> int:
    end = source.find("\n", start)
    return end if end >= 0 else len(source)


def _kind_symbol(kind: str, symbols: list[types.DocumentSymbol]) -> types.DocumentSymbol:
    first = min(symbols, key=lambda symbol: (symbol.range.start.line, symbol.range.start.character))
    last = max(symbols, key=lambda symbol: (symbol.range.end.line, symbol.range.end.character))
    return types.DocumentSymbol(
        name=kind,
        kind=types.SymbolKind.Class,
        range=types.Range(first.range.start, last.range.end),
        selection_range=first.selection_range,
        children=symbols,
    )


def entries_of(look: BufferPlan, path: str) -> Iterator[tuple[str, Place, str]]:
    """The entries of a file: address, place and name."""
    seen: set[tuple[int, FieldPath]] = set()
    some: list[DesiredEntry | LiveEntry] = [
        *look.loaded.fragments.entries,
        *look.loaded.live.entries.values(),
    ]
    for entry in some:
        if entry.place.file == path and (entry.place.document, entry.place.path) not in seen:
            seen.add((entry.place.document, entry.place.path))
            yield entry.address, entry.place, _name_of(look, entry.address, entry.value)


def _name_of(look: BufferPlan, address: str, value: object) -> str:
    kind = look.loaded.kinds[address.partition("/")[0]]
    if kind.names.name is None or kind.secrets:
        return ""
    name = kind.names.name.get(value)
    return name if isinstance(name, str) else ""


def workspace_symbols(look: BufferPlan, query: str) -> list[types.WorkspaceSymbol]:
    """Entries whose address or name has the characters of the query in order, the shortest first."""
    hits: list[tuple[int, str, Place]] = []
    for entry in _all_entries(look):
        name = _name_of(look, entry[0], entry[2])
        if in_order(query, entry[0]) or (name and in_order(query, name)):
            hits.append((len(entry[0]), entry[0], entry[1]))
    hits.sort(key=lambda hit: hit[:2])
    locator = look.locator
    locator.prepare(place for _, _, place in hits[:MOST_SYMBOLS])
    return [
        types.WorkspaceSymbol(
            name=visible(address),
            kind=types.SymbolKind.Object,
            location=types.Location(
                uri_of(look, place.file), location_of(look, locator.location(place)).range
            ),
        )
        for _, address, place in hits[:MOST_SYMBOLS]
    ]


def _all_entries(look: BufferPlan) -> Iterable[tuple[str, Place, object]]:
    desired = look.planning.desired.entries
    yield from ((entry.address, entry.place, entry.value) for entry in desired.values())
    yield from (
        (entry.address, entry.place, entry.value)
        for entry in look.loaded.live.entries.values()
        if entry.address not in desired
    )


def renamable(look: BufferPlan, path: str, offset: int) -> tuple[types.Range, str] | None:
    """The key under the cursor, where renaming its entry makes sense: at the key itself, or where it is named."""
    text = look.text(path)
    found = meant_at(look, path, offset)
    documents = compose(look, path, text.source) if text is not None else ()
    cursor = cursor_at(documents, offset)
    if text is None or cursor is None or found is None:
        return None
    subject = subject_of(look, path, documents, cursor)
    reach = span(text, cursor.node.body, cursor.node.end)
    if subject is None:
        return (reach, found[0]) if found[1] else None
    at_key = is_key_field(subject) and not cursor.on_key
    of_map = cursor.on_key and not subject.field
    return (reach, found[0].partition("/")[2]) if found[1] or at_key or of_map else None
