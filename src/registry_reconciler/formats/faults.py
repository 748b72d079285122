"""What a reader finds wrong in a YAML text, and the limits it reads under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.formats.yaml.read.chunks import ListSection


class TextFault(Struct, frozen=True):
    """One finding about a file's text.

    Attributes:
        code: one of :data:`registry_reconciler.formats.yaml.read.codes.TITLES`.
        line: from 1, as is ``column`` (which counts characters).
        fix: how to get rid of it, for people.
        related_line: another line that belongs to it (the first of two duplicate keys), or 0.
        fatal: the file gives no documents; False: a warning.
    """

    code: str
    message: str
    line: int
    column: int
    fix: str = ""
    related_line: int = 0
    fatal: bool = True


class TextFile(Struct, frozen=True, eq=False):
    """A file as read: its documents, unless a fault is fatal, and all faults in order of place.

    ``documents`` is empty for an empty file; an empty document (``---``) is ``None``. What aliases bring is
    shared between its places, so values must not be changed in place.

    ``sections`` says where the items of its long lists stand, if that is proven; no part of what the file says.
    """

    documents: tuple[Json, ...]
    faults: tuple[TextFault, ...]
    sections: tuple[ListSection, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TextFile):
            return NotImplemented
        return (self.documents, self.faults) == (other.documents, other.faults)

    @property
    def readable(self) -> bool:
        """Whether ``documents`` is what the file says."""
        return not any(fault.fatal for fault in self.faults)


class ReadingLimits(Struct, frozen=True):
    """Where reading stops, so that no input costs more than seconds and a few times its own size.

    Attributes:
        max_bytes: size of the file; a fifth of a million entries fits.
        max_depth: how deep collections may nest.
        max_documents: documents in one file.
        max_int_digits: digits of one integer.
        max_nodes: values in one file, each mapping and list and what they hold; a plan takes a kilobyte for each.
        max_scalar: characters of one scalar; far more than any text of a registry, and parsers keep it several times.
        max_alias_nodes: nodes that aliases and merges may add in all; text counts a node for 16 characters.
        max_alias_ratio: how many times the file's own nodes aliases may add, once past ``free_alias_nodes``.
        max_faults: findings after which one file is not read on.
    """

    max_bytes: int = 80 * 1024 * 1024
    max_depth: int = 200
    max_documents: int = 100
    max_int_digits: int = 400
    max_nodes: int = 4_000_000
    max_scalar: int = 1024 * 1024
    max_alias_nodes: int = 1_000_000
    max_alias_ratio: int = 100
    free_alias_nodes: int = 20_000
    max_faults: int = 50


DEFAULT_LIMITS = ReadingLimits()
