"""What of a JSON text stands outside of its strings: brackets, commas and colons, in a few passes over its bytes."""

from __future__ import annotations

import re
from itertools import accumulate

from registry_reconciler.formats.json.quotes import outside_strings, without_escapes

_NOT_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{},:"')
_AFTER_BACKSLASH = b"\\/bfnrtu"
_NOT_IN_ESCAPES = bytes(byte for byte in _NOT_MARKS if byte not in _AFTER_BACKSLASH)
"""What may follow a backslash stays until it is known which backslashes are escaped themselves."""
_NUMBER = re.compile(rb"\\u")
_MARK_BY_NUMBER = re.compile(rb"\\u00(22|2[cC]|3[aA]|[57][bBdD])")
_BACKSLASH_OR_MARK = re.compile(rb"\\\\|" + _MARK_BY_NUMBER.pattern)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ALIKE = bytes.maketrans(b"{}", b"[]")
_STEPS = bytes(1 if byte == 0x5B else 255 for byte in range(256))
_SHALLOW = 32
_CHAINS = ((b"[[[[[[[[]]]]]]]]", 8), (b"[]", 1))
"""Lists with nothing in them but another, and how many levels each has."""


class Outline:
    """The marks of a text that is JSON; of any other text they mean nothing.

    Attributes:
        escaped: whether it has a backslash.
        marks: brackets, commas and colons outside of strings.
        collections: how many lists and objects it has.
        objects: how many objects it has.
        keys: how many keys they have, those that stand twice counted twice.
    """

    def __init__(self, data: bytes) -> None:
        """The outline of a text."""
        self._data = data
        self.escaped = b"\\" in data
        self._left = data.translate(None, _NOT_IN_ESCAPES if self.escaped else _NOT_MARKS)
        quoted = without_escapes(self._left).translate(None, _AFTER_BACKSLASH) if self.escaped else self._left
        # Between two quotes that are side by side nothing is left: both go, and the others stand as they stood.
        self.marks = outside_strings(quoted.replace(b'""', b""))
        self.objects = self.marks.count(b"{")
        self.collections = self.objects + self.marks.count(b"[")
        self.commas = self.marks.count(b",")
        self.keys = self.marks.count(b":")

    def says_the_marks_of(self, written: bytes) -> bool:
        """Whether a value that is written so has all marks of the text, those in strings too: no key stood twice."""
        marks = self._left.translate(None, _AFTER_BACKSLASH) if self.escaped else self._left
        # Those that the text has by their numbers count: else they could stand for what a key lost.
        if self.escaped and _NUMBER.search(self._left) and _MARK_BY_NUMBER.search(self._data):
            named = _BACKSLASH_OR_MARK.sub(
                lambda found: bytes.fromhex((found[1] or b"").decode()), self._data
            )
            marks = named.translate(None, _NOT_MARKS)
        return written.translate(None, _NOT_MARKS) == marks

    def bound(self, depth: int) -> None:
        """Raise :class:`ValueError` where more collections than that may stand inside each other."""
        if self.collections <= depth:
            return
        brackets = self.marks.translate(_ALIKE, _NOT_BRACKETS)
        for _ in range(_SHALLOW):
            # Each time the innermost go.
            for chain, levels in _CHAINS:
                if levels <= depth and chain in brackets:
                    brackets = brackets.replace(chain, b"")
                    depth -= levels
            if not brackets:
                return
        if max(accumulate(memoryview(brackets.translate(_STEPS)).cast("b"))) > depth:
            raise ValueError("too deep")
