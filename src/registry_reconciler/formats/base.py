"""What a text format can do: everything that the stages above ask of one, and nothing else.

A format is one package with one row (an object that fits :class:`TextFormat`) in :mod:`.table`. No module above
``formats/`` asks which format a text has: it takes the row that the file was read with and calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import DocumentEdit, Edit, Snippet
    from registry_reconciler.formats.faults import TextFile
    from registry_reconciler.formats.nodes import Document, Node

PlaceQuery = tuple[int, FieldPath, bool]
"""A place that is asked for: document, path, and whether the key of the last step is meant."""

Sections = Sequence[Any]
"""What :attr:`.faults.TextFile.sections` says: where the items of long lists stand. Only the format that found them
can read them; formats without them give and take none."""


class Reader(Protocol):
    """Reads the files of one run and remembers what they have in common. The answers are those of the format."""

    def read(self, data: bytes) -> TextFile:
        """What the format's own ``read`` says of a text."""


class Comment(Struct, frozen=True):
    """How a comment is written on a line of its own.

    Attributes:
        opening: what begins it.
        closing: what ends it; "" where the line end does.
    """

    opening: str
    closing: str = ""


class ForOthers(Struct, frozen=True):
    """What a reader that is not ours is given, to hear what it says of a text.

    Attributes:
        reader: who: ``ruamel.yaml``, ``json`` (``json, without comments``) or ``tomllib``.
        text: what it is given.
        beside: a field that our values have from elsewhere; "": none.
    """

    reader: str
    text: bytes
    beside: str = ""


class TextFormat(Protocol):
    """One text format.

    A text is a sequence of documents, and a document is a JSON value; most formats have one document a file. A place
    in it is the index of its document and a path of keys and list indexes. All of it is pure: bytes in, bytes out.
    """

    @property
    def name(self) -> str:
        """As in ``format:`` of ``x-registry``."""

    @property
    def title(self) -> str:
        """For people: "YAML"."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The ends of the names of files that are taken for it, in lower case."""

    @property
    def several_entries(self) -> bool:
        """Whether a file of it can hold more than one entry, in a list or a mapping."""

    @property
    def several_documents(self) -> bool:
        """Whether a file of it can hold more than one document."""

    @property
    def comment(self) -> Comment | None:
        """How a comment is written; ``None`` where the format has none."""

    @property
    def plain_texts(self) -> bool:
        """Whether a text may stand without quotes, so that other readers may take it for something else."""

    @property
    def new_in_place(self) -> bool:
        """Whether an update puts a new pair where its value has it, and not behind all others."""

    def read(self, data: bytes, reader: Reader | None = None) -> TextFile:
        """All documents of a text, and everything that is wrong with it. Never raises; linear in time.

        Args:
            reader: may be used for texts that share much with others; see :func:`.table.new_reader`.
        """

    def locate(
        self, data: bytes, places: Sequence[PlaceQuery], sections: Sections = ()
    ) -> list[tuple[int, int]]:
        """Line and column, from 1, of each place; the nearest part that is there, of those that are not.

        A text that cannot be read gives (1, 1) for all of them.
        """

    def compose(self, text: str) -> list[Document]:
        """The trees of the documents of a text without a BOM, whose nodes know where they stand in it.

        This is what masks secrets and proposes fixes: ``start`` and ``end`` of every node, ``entries`` of those that
        have parts, keys with their text. A value that is not written in one piece (a table that stands in several
        places) is a node that begins where it ends, with its parts where they are.

        Raises:
            UncomposableText: it is no text of this format.
        """

    def splice(self, data: bytes, edits: Sequence[Edit], sections: Sections = ()) -> bytes:
        """The text with the edits made, all addressed against ``data``; every other byte stays.

        What comes out reads as :func:`.project.projected` says. An empty text is given its first document.

        Raises:
            SpliceError: an edit addresses what is not there, two contradict each other, or the format cannot say
                what is asked, or not without touching what nobody asked to change.
        """

    def rearrange(self, data: bytes, edits: Sequence[DocumentEdit], count: int) -> bytes:
        """The text with documents taken out and put in; ``count`` is how many it has.

        Raises:
            SpliceError: a text of this format has one document, or they cannot be told apart safely.
        """

    def new_text(
        self,
        value: Json,
        *,
        container: FieldPath = (),
        snippet: Snippet | None = None,
        like: bytes | None = None,
    ) -> bytes:
        """The text of a new file that says ``value``, or has it at ``container`` (what leads there is made).

        Args:
            snippet: where the value came from, to be reused.
            like: the text of a file whose look is taken, where there is one of the kind.

        Raises:
            SpliceError: the format cannot say it.
        """

    def extract(
        self,
        data: bytes,
        places: Sequence[tuple[int, FieldPath]],
        sections: Sections = (),
        values: Sequence[Json] = (),
    ) -> list[Snippet]:
        """The text of entries with their comments, to be put somewhere else.

        ``Snippet.text`` is what a person would write of it in a fragment, so it is YAML in every format, and
        ``Snippet.comments`` are lines that begin with ``#``. ``Snippet.native`` keeps the text as it stands here for
        a move within the format.

        Args:
            values: what was read at each place, if the caller has read it; it need not be read again then.

        Raises:
            SpliceError: there is nothing at one of the places.
        """

    def head_comments(self, data: bytes) -> tuple[str, ...]:
        """The comments at the head of a file that holds one entry and nothing else, each beginning with ``#``."""

    def apart(self, data: bytes) -> tuple[bytes, bytes] | None:
        """What says the values, and what stands below for people alone; ``None`` where a text has no such parts."""

    def for_others(self, data: bytes) -> ForOthers | None:
        """What another reader is given of a text that can be read; ``None`` where nobody else reads such."""

    def has_rest(self, data: bytes) -> bool:
        """Whether a text holds what no document says and what would be lost with the file."""

    def rewritten(self, node: Node, value: Json) -> str | None:
        """The text of a simple value in place of another one on one line; ``None``: only :meth:`splice` knows."""
