"""TOML as a text format: the row that hands each question to the module that answers it, imported when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.formats.base import Comment, ForOthers, PlaceQuery, Reader, Sections
from registry_reconciler.formats.blanks import SPACE
from registry_reconciler.model.entry import FieldPath, Json

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import DocumentEdit, Edit, Snippet
    from registry_reconciler.formats.faults import TextFile
    from registry_reconciler.formats.nodes import Document, Node


class TomlFormat(Struct, frozen=True):
    """See :class:`registry_reconciler.formats.base.TextFormat`."""

    name: str = "toml"
    title: str = "TOML"
    suffixes: tuple[str, ...] = (".toml",)
    several_entries: bool = True
    several_documents: bool = False
    comment: Comment | None = Comment("#")
    plain_texts: bool = False
    new_in_place: bool = False

    def read(self, data: bytes, reader: Reader | None = None) -> TextFile:
        """The one document of a text."""
        from registry_reconciler.formats.toml.read.document import read_toml

        return read_toml(data)

    def locate(
        self, data: bytes, places: Sequence[PlaceQuery], sections: Sections = ()
    ) -> list[tuple[int, int]]:
        """Line and column of each place."""
        from registry_reconciler.formats.toml.read.locate import locate

        return locate(data, places)

    def compose(self, text: str) -> list[Document]:
        """The tree of a text."""
        from registry_reconciler.formats.toml.read.tree import compose

        return compose(text)

    def splice(self, data: bytes, edits: Sequence[Edit], sections: Sections = ()) -> bytes:
        """The text with the edits made."""
        from registry_reconciler.formats.toml.edit.window import splice_items

        return splice_items(data, edits)

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
        from registry_reconciler.formats.toml.edit.flat_items import flat_text

        flat = flat_text(value, container) if snippet is None and like is None else None
        if flat is not None:
            return flat.encode()
        from registry_reconciler.formats.toml.edit.texts import new_text

        return new_text(value, container=container, snippet=snippet, like=like)

    def extract(
        self,
        data: bytes,
        places: Sequence[tuple[int, FieldPath]],
        sections: Sections = (),
        values: Sequence[Json] = (),
    ) -> list[Snippet]:
        """The text of entries with their comments."""
        from registry_reconciler.formats.toml.edit.texts import extract

        return extract(data, places)

    def head_comments(self, data: bytes) -> tuple[str, ...]:
        """The comment lines at the top of a file that holds one entry, where nothing parts them from it."""
        rows: list[str] = []
        for line in data.decode("utf-8").removeprefix("\ufeff").split("\n"):
            if not line.startswith("#"):
                return tuple(rows) if line.strip(SPACE) else ()
            rows.append(line.rstrip("\r"))
        return ()

    def apart(self, data: bytes) -> tuple[bytes, bytes]:
        """All of it says values."""
        return data, b""

    def for_others(self, data: bytes) -> ForOthers | None:
        """Python's own reader."""
        return ForOthers("tomllib", data)

    def has_rest(self, data: bytes) -> bool:
        """All of a text is what its documents say."""
        return False

    def rewritten(self, node: Node, value: Json) -> str | None:
        """A scalar in place of another on one line; a date is only the splicer's."""
        from registry_reconciler.formats.toml.edit.spell import Speller
        from registry_reconciler.formats.toml.edit.words import TomlStyle
        from registry_reconciler.formats.toml.read.statements import is_date

        if not isinstance(value, (str, int, float, bool)) or (isinstance(value, str) and is_date(node.text)):
            return None
        return Speller("", TomlStyle(), one_line=True).value(value)


TOML = TomlFormat()
