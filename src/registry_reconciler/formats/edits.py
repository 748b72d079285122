"""What can be asked of a text of any format. Every edit is addressed against the text as it was before any of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json, show_path
from registry_reconciler.model.written import Exact, Opaque


class Snippet(Struct, frozen=True):
    """The source text of an entry, to be reused elsewhere.

    Attributes:
        comments: the comment lines directly above it, without indentation and line ends; each begins with ``#``.
        text: the value as a YAML text of its own: column 0, LF, no last line end, without anchors and aliases.
        value: what ``text`` says.
        behind: the last comment stands behind it, on its line, where it comes from.
        kept: it goes from registry to registry: a mapping in braces stays one.
        native: the name of another format and the entry's text in it, where it came from there.
    """

    comments: tuple[str, ...]
    text: str
    value: Json
    native: tuple[str, str] | None = None
    kept: bool = False
    behind: bool = False


class Update(Struct, frozen=True):
    """What stands at ``path`` becomes equal to ``value``; parts that are equal already keep their text.

    Attributes:
        snippet: a text that says ``value``, whose words and comments are taken for what is new.
    """

    document: int
    path: FieldPath
    value: Json
    snippet: Snippet | None = None


class Insert(Struct, frozen=True):
    """A new item in the list (or pair in the mapping) at ``container``, which is created where it is missing.

    Attributes:
        index: for a list: the original item it goes before; ``None``: the end. Several at one place keep
            their order.
        key: for a mapping: the key of the pair.
        before: for a mapping: the original key it goes before; ``None``: the end.
        snippet: text to reuse for it, comments included; it is made equal to ``value``.
        anew: it is laid out as its neighbours are, and only words and comments are the snippet's.
        container_kind: what the container is to be; "list" unless a key is given.
        under: what follows it in its fragment has no comments of its own. Where what follows it here has the same ones
            as it, they are its own now.
    """

    document: int
    container: FieldPath
    value: Json
    index: int | None = None
    key: str | None = None
    before: str | None = None
    snippet: Snippet | None = None
    container_kind: Literal["list", "map"] | None = None
    anew: bool = False
    under: bool = False

    @property
    def kind(self) -> Literal["list", "map"]:
        """What the container is to be."""
        return self.container_kind or ("list" if self.key is None else "map")


class Remove(Struct, frozen=True):
    """The item or pair at ``path`` goes with its own comments; the last one leaves ``[]`` or ``{}``."""

    document: int
    path: FieldPath


class RenameKey(Struct, frozen=True):
    """The pair at ``path`` gets another key and keeps its place, value and comments."""

    document: int
    path: FieldPath
    new_key: str


class ReplaceDocument(Struct, frozen=True):
    """A whole document becomes equal to ``value``; parts that are equal already keep their text."""

    document: int
    value: Json


class InsertDocument(Struct, frozen=True):
    """A new document; see :func:`.documents.rearranged`.

    Attributes:
        before: the original document that it stands before; ``None``: the end.
    """

    document: int
    value: Json
    before: int | None = None
    snippet: Snippet | None = None


class RemoveDocument(Struct, frozen=True):
    """A document goes with its marker and comments; the others stay as they are."""

    document: int


DocumentEdit: TypeAlias = InsertDocument | RemoveDocument

Edit: TypeAlias = Update | Insert | Remove | RenameKey | ReplaceDocument


def refuse_twice(keys: Iterable[str]) -> None:
    """Refuse a mapping in which a key stands twice."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise SpliceError(f"there is a key {key!r} already")
        seen.add(key)


def refuse_tags(value: Json, title: str, base: FieldPath = ()) -> None:
    """Refuse what only YAML can say: a node whose tag nobody knows.

    Raises:
        SpliceError: there is one.
    """
    waiting: list[tuple[FieldPath, Json]] = [((), value)] if Exact.seen else []
    while waiting:
        path, part = waiting.pop()
        if type(part) is Opaque:
            tag = part.source.split(None, 1)[0]
            name = f"{show_path(path)} has the tag {tag}" if path else f"it has the tag {tag}"
            raise SpliceError(f"{name}, and {title} has no tags; say the value without it", 0, base)
        if isinstance(part, dict):
            waiting += [((*path, key), inner) for key, inner in part.items()]
        elif isinstance(part, list):
            waiting += [((*path, number), inner) for number, inner in enumerate(part)]


def refuse_tags_in(edits: Sequence[Edit], title: str) -> None:
    """As :func:`refuse_tags`, for all that some edits put in."""
    for edit in edits:
        if isinstance(edit, Update | Insert | ReplaceDocument):
            base = getattr(edit, "path", getattr(edit, "container", ()))
            refuse_tags(edit.value, title, base)


class SpliceError(Exception):
    """An edit that cannot be made without changing what nobody asked to change.

    What stands in its message behind a semicolon is what to do about it.

    Attributes:
        document, path: where.
        related: places that stand against it, such as the users of an anchor.
    """

    def __init__(
        self,
        message: str,
        document: int = 0,
        path: FieldPath = (),
        related: tuple[tuple[int, FieldPath], ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.document = document
        self.path = path
        self.related = related
