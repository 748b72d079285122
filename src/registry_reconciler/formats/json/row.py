"""JSON and JSONC as text formats: two rows that hand each question to the module that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.formats.base import Comment, ForOthers, PlaceQuery, Reader, Sections
from registry_reconciler.model.entry import FieldPath, Json

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import DocumentEdit, Edit, Snippet
    from registry_reconciler.formats.faults import TextFile
    from registry_reconciler.formats.nodes import Document, Node


class JsonFormat(Struct, frozen=True):
    """See :class:`registry_reconciler.formats.base.TextFormat`."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    comment: Comment | None
    plain_texts: bool = False
    new_in_place: bool = True
    several_entries: bool = True
    several_documents: bool = False

    def read(self, data: bytes, reader: Reader | None = None) -> TextFile:
        """The document of a text."""
        from registry_reconciler.formats.json.read import read_json

        return read_json(data, comments=self.comment is not None)

    def locate(
        self, data: bytes, places: Sequence[PlaceQuery], sections: Sections = ()
    ) -> list[tuple[int, int]]:
        """Line and column of each place."""
        from registry_reconciler.formats.json.source import locate

        return locate(data, places, comments=self.comment is not None)

    def compose(self, text: str) -> list[Document]:
        """The tree of a text."""
        from registry_reconciler.formats.json.source import compose

        return compose(text, comments=self.comment is not None)

    def splice(self, data: bytes, edits: Sequence[Edit], sections: Sections = ()) -> bytes:
        """The text with the edits made."""
        from registry_reconciler.formats.json.usual import written_anew

        anew = written_anew(data, edits) if edits and self.comment is None else None
        if anew is not None:
            return anew
        from registry_reconciler.formats.json.splice import splice

        return splice(data, edits, comments=self.comment is not None)

    def rearrange(self, data: bytes, edits: Sequence[DocumentEdit], count: int) -> bytes:
        """There is one document."""
        from registry_reconciler.formats.edits import SpliceError

        raise SpliceError(f"a file of {self.title} has one document")

    def new_text(
        self,
        value: Json,
        *,
        container: FieldPath = (),
        snippet: Snippet | None = None,
        like: bytes | None = None,
    ) -> bytes:
        """The text of a new file."""
        from registry_reconciler.formats.json.usual import usual_file

        usual = usual_file(value, container) if snippet is None and like is None else None
        if usual is not None:
            return usual
        from registry_reconciler.formats.json.extract import new_text

        return new_text(value, container, snippet, like, comments=self.comment is not None)

    def extract(
        self,
        data: bytes,
        places: Sequence[tuple[int, FieldPath]],
        sections: Sections = (),
        values: Sequence[Json] = (),
    ) -> list[Snippet]:
        """The text of entries with their comments."""
        from registry_reconciler.formats.json.extract import extract

        return extract(data, places, comments=self.comment is not None)

    def head_comments(self, data: bytes) -> tuple[str, ...]:
        """The comments at the head of a file that holds one entry."""
        if self.comment is None:
            return ()
        from registry_reconciler.formats.json.extract import head_comments

        return head_comments(data)

    def apart(self, data: bytes) -> tuple[bytes, bytes]:
        """All of it says values."""
        return data, b""

    def for_others(self, data: bytes) -> ForOthers | None:
        """Python's own reader, which knows no comments."""
        return ForOthers("json" if self.comment is None else "json, without comments", data)

    def has_rest(self, data: bytes) -> bool:
        """All of a text is what its documents say."""
        return False

    def rewritten(self, node: Node, value: Json) -> str | None:
        """A text, number or word in place of another one."""
        from registry_reconciler.formats.json.look import Look, Writer
        from registry_reconciler.formats.json.source import JsonNode

        old = node.raw if isinstance(node, JsonNode) else ""
        return Writer(Look()).scalar(value, old)


JSON = JsonFormat("json", "JSON", (".json",), None)
JSONC = JsonFormat("jsonc", "JSONC", (".jsonc",), Comment("//"))
