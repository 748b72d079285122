"""Random texts with front matter: a YAML block, and below it anything."""

from __future__ import annotations

import random

from tests.property.yaml_texts import Text

BODIES = (
    "",
    "\n# Title\n\n---\n\nmore\n",
    "no last line end",
    "---\n",
    "a\r\nb\n",
    "\u2028\x07 <<<<<<< ours\n",
    "\n\n",
)


def text(seed: int) -> bytes:
    """A random text."""
    rng = random.Random(seed)
    block = b"---"
    while b"---" in block or b"..." in block or b"%" in block:
        block = Text(rng.randrange(2**32), shares=False).data.removeprefix(b"\xef\xbb\xbf")
    newline = b"\r\n" if b"\r\n" in block else b"\n"
    if not block.endswith(b"\n"):
        block += newline
    bom = b"\xef\xbb\xbf" if rng.random() < 0.1 else b""
    return bom + b"---" + newline + block + b"---" + newline + rng.choice(BODIES).encode()
