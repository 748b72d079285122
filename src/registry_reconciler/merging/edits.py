"""A merged file as edits of one side's text: what is there and stays keeps its bytes, what comes brings its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.edits import (
    DocumentEdit,
    Edit,
    Insert,
    InsertDocument,
    Remove,
    RemoveDocument,
    RenameKey,
    Snippet,
    SpliceError,
    Update,
)
from registry_reconciler.merging.shapes import FileSide, Position
from registry_reconciler.merging.values import Fields, MergedDocument, MergedList, Origin, Result, value_of
from registry_reconciler.model.entry import Json, same


class SideText:
    """One side's text on its way to what the merged file says."""

    def __init__(self, form: TextFormat, sides: Sequence[FileSide], number: int) -> None:
        self.form = form
        self.sides = sides
        self.number = number

    def text(self, parts: Sequence[MergedDocument]) -> bytes | None:
        """The text, made to say what was merged; ``None`` where it cannot be."""
        data = self.sides[self.number].data
        if data is None:
            return None
        pairs: list[tuple[Edit, Origin | None]] = []
        for part in parts:
            index = part.indexes[self.number]
            if index is not None:
                pairs += self._edits(part.result, Position(index, ()))
        try:
            return self._with_documents(self._spliced(data, pairs), parts)
        except SpliceError:
            return None

    def _spliced(self, data: bytes, pairs: Sequence[tuple[Edit, Origin | None]]) -> bytes:
        if not pairs:
            return data
        try:
            return self.form.splice(data, list(self._with_texts(pairs)), self.sides[self.number].sections)
        except SpliceError:
            return self.form.splice(data, [edit for edit, _ in pairs], self.sides[self.number].sections)

    def _with_documents(self, data: bytes, parts: Sequence[MergedDocument]) -> bytes:
        count = len(self.sides[self.number].documents)
        kept = {part.indexes[self.number] for part in parts}
        edits: list[DocumentEdit] = [RemoveDocument(at) for at in range(count) if at not in kept]
        before: int | None = None
        coming: list[DocumentEdit] = []
        for part in reversed(parts):
            index = part.indexes[self.number]
            if index is None:
                value = value_of(part.result)
                coming.append(InsertDocument(0, value, before, self._document_text(part.result)))
            else:
                before = index
        edits += reversed(coming)
        return self.form.rearrange(data, edits, count) if edits else data

    def _document_text(self, result: Result) -> Snippet | None:
        source = self.sides[result.origin.side].data
        if source is None:
            return None
        try:
            return self.form.extract(
                source, [(result.origin.position.document, result.origin.position.path)]
            )[0]
        except SpliceError:
            return None

    def _with_texts(self, pairs: Sequence[tuple[Edit, Origin | None]]) -> Iterator[Edit]:
        """The edits, with the texts that the other sides have for what they bring."""
        found: dict[Origin, Snippet] = {}
        for number, side in enumerate(self.sides):
            origins = [
                origin
                for edit, origin in pairs
                if origin is not None and origin.side == number and origin.position.path
            ]
            places = [(origin.position.document, origin.position.path) for origin in origins]
            if places and side.data is not None:
                try:
                    snippets = self.form.extract(side.data, places, side.sections)
                    found.update(zip(origins, snippets, strict=True))
                except SpliceError:
                    continue
        for edit, origin in pairs:
            snippet = found.get(origin) if origin is not None else None
            if snippet is None or not isinstance(edit, Insert | Update):
                yield edit
            else:
                # As its author wrote it, braces and all.
                yield replace(edit, snippet=replace(snippet, kept=True))

    def _edits(self, result: Result, position: Position) -> Iterator[tuple[Edit, Origin | None]]:
        old, new = self.sides[self.number].value(position), value_of(result)
        if same(old, new):
            return
        if isinstance(result, Fields) and isinstance(old, dict):
            yield from self._pairs(result, position, old)
        elif isinstance(result, MergedList) and isinstance(old, list) and self._in_order(result):
            yield from self._items(result, position, old)
        elif isinstance(result, Fields | MergedList) and old is None and position.path:
            yield Update(position.document, position.path, new), None
        else:
            yield Update(position.document, position.path, new), self._origin(result)

    def _origin(self, result: Result) -> Origin | None:
        return result.origin if result.origin.side != self.number else None

    def _in_order(self, result: MergedList) -> bool:
        known = [index for piece in result.pieces if (index := piece.indexes[self.number]) is not None]
        return known == sorted(known)

    def _pairs(
        self, result: Fields, position: Position, old: dict[str, Json]
    ) -> Iterator[tuple[Edit, Origin | None]]:
        kept = {name for member in result.members if (name := member.names[self.number]) in old}
        for name in old:
            if name not in kept:
                yield Remove(position.document, (*position.path, name)), None
        before: str | None = None
        coming: list[tuple[Edit, Origin | None]] = []
        for member in reversed(result.members):
            mine = member.names[self.number]
            if mine is not None and mine in old:
                yield from self._edits(member.result, position.at(mine))
                if mine != member.name:
                    yield RenameKey(position.document, (*position.path, mine), member.name), None
                before = mine
                continue
            edit = Insert(
                position.document,
                position.path,
                value_of(member.result),
                key=member.name,
                before=before,
                container_kind="map",
            )
            coming.append((edit, member.result.origin))
        yield from reversed(coming)

    def _items(
        self, result: MergedList, position: Position, old: list[Json]
    ) -> Iterator[tuple[Edit, Origin | None]]:
        kept = {piece.indexes[self.number] for piece in result.pieces}
        for index in range(len(old)):
            if index not in kept:
                yield Remove(position.document, (*position.path, index)), None
        next_kept: int | None = None
        coming: list[tuple[Edit, Origin | None]] = []
        for piece in reversed(result.pieces):
            mine = piece.indexes[self.number]
            if mine is not None:
                yield from self._edits(piece.result, position.at(mine))
                next_kept = mine
                continue
            edit = Insert(
                position.document,
                position.path,
                value_of(piece.result),
                index=next_kept,
                container_kind="list",
            )
            coming.append((edit, piece.result.origin))
        yield from reversed(coming)
