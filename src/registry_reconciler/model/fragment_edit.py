"""What an edit of a fragment gives: its new bytes, and what they were computed from."""

from __future__ import annotations

from msgspec import Struct


class FragmentEdit(Struct, frozen=True):
    """A fragment's new content.

    Attributes:
        before: digest of the bytes that it was computed from; ``None``: the file is new.
        content: the new bytes.
    """

    path: str
    before: str | None
    content: bytes
