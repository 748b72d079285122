"""What happens to the parts of a collection of a JSON text."""

from __future__ import annotations

from msgspec import Struct, field

from registry_reconciler.formats.edits import Snippet
from registry_reconciler.formats.notes import NO_NOTES, Note, Notes, notes_of
from registry_reconciler.model.entry import Json


class New(Struct):
    """A part that comes.

    Attributes:
        key: in a mapping.
        snippet: where it came from.
        comments: its comments, where no text of its own has them.
    """

    value: Json
    key: str | None = None
    snippet: Snippet | None = None
    comments: Notes = NO_NOTES

    def notes(self) -> Notes:
        """All its comments."""
        if self.snippet is None:
            return self.comments
        found = notes_of(self.snippet.text)
        own = found.get((), Note())
        return {**found, (): Note((*self.snippet.comments, *own.above), own.behind, own.last)}


class Changed(Struct):
    """What happens to the parts of a collection: those that go, and those that come, by the part they come before."""

    gone: set[int] = field(default_factory=set)
    coming: dict[int, list[New]] = field(default_factory=dict)

    def put(self, before: int, new: New) -> None:
        """A part comes before another one; behind the last at their number."""
        self.coming.setdefault(before, []).append(new)
