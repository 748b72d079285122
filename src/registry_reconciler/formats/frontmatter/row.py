"""Front matter as a text format: the row that hands each question to :mod:`.document`, imported when it is asked."""

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


class FrontMatter(Struct, frozen=True):
    """See :class:`registry_reconciler.formats.base.TextFormat`.

    Attributes:
        body: the field that the text below the block is given as; "": it is not given.
        lenient: a block that is no YAML is read key by key.
    """

    body: str = ""
    lenient: bool = False
    name: str = "frontmatter"
    title: str = "YAML"
    suffixes: tuple[str, ...] = (".md", ".mdc", ".markdown")
    several_entries: bool = False
    several_documents: bool = False
    comment: Comment | None = Comment("#")
    plain_texts: bool = True
    new_in_place: bool = True

    def read(self, data: bytes, reader: Reader | None = None) -> TextFile:
        """The document of the block; none where there is no block."""
        from registry_reconciler.formats.frontmatter.document import read

        return read(data, self.body, self.lenient)

    def locate(
        self, data: bytes, places: Sequence[PlaceQuery], sections: Sections = ()
    ) -> list[tuple[int, int]]:
        """Line and column of each place."""
        from registry_reconciler.formats.frontmatter.document import locate

        return locate(data, places, self.lenient)

    def compose(self, text: str) -> list[Document]:
        """The tree of the block."""
        from registry_reconciler.formats.frontmatter.document import block_of
        from registry_reconciler.formats.yaml.read.nodes import compose

        return compose(block_of(text, self.lenient))

    def splice(self, data: bytes, edits: Sequence[Edit], sections: Sections = ()) -> bytes:
        """The text with the edits made in its block."""
        from registry_reconciler.formats.frontmatter.document import splice

        return splice(data, edits, self.body, self.lenient)

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
        from registry_reconciler.formats.frontmatter.document import new_text

        return new_text(value, container, snippet, like, self.body)

    def extract(
        self,
        data: bytes,
        places: Sequence[tuple[int, FieldPath]],
        sections: Sections = (),
        values: Sequence[Json] = (),
    ) -> list[Snippet]:
        """The text of the block with its comments."""
        from registry_reconciler.formats.frontmatter.document import extract

        return extract(data, places, self.lenient)

    def head_comments(self, data: bytes) -> tuple[str, ...]:
        """The comments at the head of the block."""
        from registry_reconciler.formats.frontmatter.document import head_comments

        return head_comments(data, self.lenient)

    def apart(self, data: bytes) -> tuple[bytes, bytes] | None:
        """The block with its two lines, and the text below."""
        from registry_reconciler.formats.frontmatter.parts import split

        try:
            parts = split(data)
        except ValueError:
            return None
        if parts is None:
            return None
        return data[: len(data) - len(parts.body)], parts.body

    def for_others(self, data: bytes) -> ForOthers | None:
        """The block, where it is YAML."""
        from registry_reconciler.formats.frontmatter.parts import split

        parts = None if self.lenient else split(data)
        return None if parts is None else ForOthers("ruamel.yaml", parts.block, self.body)

    def has_rest(self, data: bytes) -> bool:
        """Whether anything stands below the block."""
        from registry_reconciler.formats.frontmatter.document import has_rest

        return has_rest(data)

    def rewritten(self, node: Node, value: Json) -> str | None:
        """A scalar in the style of the one that it replaces."""
        from registry_reconciler.formats.yaml.row import YAML

        return YAML.rewritten(node, value)


FRONTMATTER = FrontMatter()
