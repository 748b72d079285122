"""The digest of bytes, in a module of its own: a known answer is given again without the values of a plan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def digest_bytes(data: bytes) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_parts(parts: Iterable[str]) -> str:
    """The digest of a text that comes a part a line, and is never there as a whole."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\n")
    return f"sha256:{digest.hexdigest()}"
