"""What happens to the parts of a collection of a JSON text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.formats.edits import Edit, Insert, RenameKey, Snippet, refuse_twice
from registry_reconciler.formats.json.source import JsonNode
from registry_reconciler.formats.nodes import key_of
from registry_reconciler.formats.notes import NO_NOTES, Note, Notes, above, notes_of, without_above
from registry_reconciler.model.entry import FieldPath, Json, get_path, same

Own = list[tuple[FieldPath, Edit]]
"""Edits, each with its path from the part that it is looked at from."""


class New(Struct):
    """A part that comes.

    Attributes:
        key: in a mapping.
        snippet: where it came from.
        comments: its comments, where no text of its own has them.
        under: what follows it in its source has no comments above it. Where what follows it here has the same ones as
            it, they are its own now.
        models: how the same field is written beside.
    """

    value: Json
    key: str | None = None
    snippet: Snippet | None = None
    comments: Notes = NO_NOTES
    under: bool = False
    models: Sequence[JsonNode] = ()

    def notes(self) -> Notes:
        """All its comments."""
        if self.snippet is None:
            return self.comments
        found = notes_of(self.snippet.text)
        own = found.get((), Note())
        rows, behind = self.snippet.comments, own.behind
        if self.snippet.behind and rows and not behind:
            rows, behind = rows[:-1], rows[-1]
        return {**found, (): Note((*rows, *own.above), behind, own.last)}

    def bare(self) -> New:
        """The same without the comments above it."""
        snippet, comments = without_above(self.snippet, self.comments)
        return replace(self, snippet=snippet, comments=comments)

    def taking(self) -> tuple[str, ...] | None:
        """The comments above it, with which it may take over the same ones; ``None`` where it may not."""
        return above(self.notes()) if self.under else None


class Changed(Struct):
    """What happens to the parts of a collection: those that go, and those that come, by the part they come before."""

    gone: set[int] = field(default_factory=set)
    coming: dict[int, list[New]] = field(default_factory=dict)

    def refuse_twice(self, node: JsonNode, own: Mapping[str | int, Sequence[tuple[FieldPath, Edit]]]) -> None:
        """Refuse other names of keys that are there already."""
        edits = [(step, edit) for step, inner in own.items() for path, edit in inner if not path]
        names = {step: edit.new_key for step, edit in edits if isinstance(edit, RenameKey)}
        if node.kind == "map" and (names or self.coming):
            kept = [key_of(entry) for number, entry in enumerate(node.entries) if number not in self.gone]
            come = [str(new.key) for news in self.coming.values() for new in news]
            refuse_twice([*(names.get(str(key), str(key)) for key in kept), *come])

    def put(self, before: int, new: New) -> None:
        """A part comes before another one; behind the last at their number."""
        self.coming.setdefault(before, []).append(new)


def notes_of_new(own: Own, made: Json, *, kept: bool) -> Notes:
    """The comments of entries that come where nothing is yet, by their places in what is made of them all.

    Args:
        kept: there are comments in the format.
    """
    found: dict[FieldPath, Note] = {}
    counts: Counter[FieldPath] = Counter()
    for path, edit in own:
        if not isinstance(edit, Insert) or not kept:
            continue
        place = (*path, counts[path] if edit.kind == "list" else str(edit.key))
        counts[path] += 1
        if same(get_path(made, place), edit.value):
            notes = New(edit.value, None, edit.snippet).notes()
            found.update({(*place, *inner): note for inner, note in notes.items()})
    return found


def joined(parts: Sequence[tuple[str, str]], before: str, after: str, *, comma: bool) -> str:
    """New parts with the commas between them and the comments behind those."""
    count = len(parts)
    return "".join(
        before + text + ("," if comma or number + 1 < count else "") + behind + after
        for number, (text, behind) in enumerate(parts)
    )
