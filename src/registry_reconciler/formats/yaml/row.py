"""YAML as a text format: the row that hands each question to the module that answers it, imported when it is asked."""

from __future__ import annotations

from codecs import BOM_UTF8
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


class YamlFormat(Struct, frozen=True):
    """See :class:`registry_reconciler.formats.base.TextFormat`."""

    name: str = "yaml"
    title: str = "YAML"
    suffixes: tuple[str, ...] = (".yaml", ".yml")
    several_entries: bool = True
    several_documents: bool = True
    comment: Comment | None = Comment("#")
    plain_texts: bool = True
    new_in_place: bool = True

    def read(self, data: bytes, reader: Reader | None = None) -> TextFile:
        """All documents of a text; a reader parses what several of them say only once."""
        from registry_reconciler.formats.yaml.read.document import read_yaml

        return reader.read(data) if reader is not None else read_yaml(data)

    def locate(
        self, data: bytes, places: Sequence[PlaceQuery], sections: Sections = ()
    ) -> list[tuple[int, int]]:
        """Line and column of each place."""
        from registry_reconciler.formats.yaml.edit.window import locate_items

        return locate_items(data, sections, places)

    def compose(self, text: str) -> list[Document]:
        """The trees of the documents of a text."""
        from registry_reconciler.formats.yaml.read.nodes import compose

        return compose(text)

    def splice(self, data: bytes, edits: Sequence[Edit], sections: Sections = ()) -> bytes:
        """The text with the edits made."""
        if edits and _may_be_json(data):
            from registry_reconciler.formats.yaml.edit.json_text import spliced_as_json

            text = spliced_as_json(data, edits)
            if text is not None:
                return text
        from registry_reconciler.formats.yaml.edit.window import splice_items

        return splice_items(data, sections, edits)

    def rearrange(self, data: bytes, edits: Sequence[DocumentEdit], count: int) -> bytes:
        """The text with documents taken out and put in."""
        from registry_reconciler.formats.yaml.edit.documents import rearranged

        return rearranged(data, edits, count)

    def new_text(
        self,
        value: Json,
        *,
        container: FieldPath = (),
        snippet: Snippet | None = None,
        like: bytes | None = None,
    ) -> bytes:
        """The text of a new file."""
        if like is not None and _may_be_json(like):
            from registry_reconciler.formats.yaml.edit.json_text import new_as_json

            text = new_as_json(value, container, snippet, like)
            if text is not None:
                return text
        if snippet is None:
            from registry_reconciler.formats.yaml.edit.new_file import file_text

            return file_text(value, container=container, like=like)
        from registry_reconciler.formats.yaml.edit.splice import new_file

        return new_file(value, container=container, snippet=snippet, like=like)

    def extract(
        self,
        data: bytes,
        places: Sequence[tuple[int, FieldPath]],
        sections: Sections = (),
        values: Sequence[Json] = (),
    ) -> list[Snippet]:
        """The text of entries with their comments."""
        from registry_reconciler.formats.yaml.edit.window import extract_items

        return extract_items(data, sections, places, values)

    def head_comments(self, data: bytes) -> tuple[str, ...]:
        """The comment lines at the top of a file that holds one entry, where nothing parts them from it."""
        rows: list[str] = []
        for line in data.decode("utf-8").removeprefix("\ufeff").splitlines():
            if not line.startswith("#"):
                return tuple(rows) if line.strip(SPACE) and not line.startswith(("---", "%")) else ()
            if "yaml-language-server:" not in line:
                rows.append(line)
        return ()

    def apart(self, data: bytes) -> tuple[bytes, bytes]:
        """All of it says values."""
        return data, b""

    def for_others(self, data: bytes) -> ForOthers | None:
        """The second opinion on YAML."""
        return ForOthers("ruamel.yaml", data)

    def has_rest(self, data: bytes) -> bool:
        """All of a text is what its documents say."""
        return False

    def rewritten(self, node: Node, value: Json) -> str | None:
        """A scalar in the style of the one that it replaces."""
        from registry_reconciler.formats.yaml.edit.emit import Emitter
        from registry_reconciler.formats.yaml.edit.style import Style

        return Emitter(Style()).restyled(value, node.style, flow=node.flow)


def _may_be_json(data: bytes) -> bool:
    return data.removeprefix(BOM_UTF8).lstrip(SPACE.encode())[:1] in (b"{", b"[")


YAML = YamlFormat()
