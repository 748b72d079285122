"""The text of a value under a key of its own, from the text of the value alone, and the other way round."""

from __future__ import annotations

import re

from registry_reconciler.base.yaml_quotes import double_quoted
from registry_reconciler.formats.edits import Snippet
from registry_reconciler.model.entry import Json, same

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


def typed(text: str, value: Json) -> Snippet:
    """A text that somebody typed: the comments above an entry, and what says ``value``."""
    lines = text.removesuffix("\n").split("\n")
    size = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return Snippet(tuple(lines[:size]), "\n".join(lines[size:]), value)


def wrapped(key: str, snippet: Snippet) -> Snippet | None:
    """``- a`` as ``key:`` above it; ``None`` where that does not read as meant, which then is laid out anew."""
    from registry_reconciler.formats.table import YAML

    name = key if _PLAIN_KEY.fullmatch(key) else double_quoted(key)
    value = {key: snippet.value}
    below = isinstance(snippet.value, dict | list) and snippet.text[:1] not in ("{", "[")
    rows = snippet.text.split("\n")
    if below:
        text = "\n".join((f"{name}:", *(f"  {row}" if row else "" for row in rows)))
    else:
        step = "" if rows[0][:1] in ("|", ">") else "  "
        text = "\n".join((f"{name}: {rows[0]}", *(f"{step}{row}" if row else "" for row in rows[1:])))
    read = YAML.read(f"{text}\n".encode("utf-8", "surrogatepass"))
    if not (read.readable and len(read.documents) == 1 and same(read.documents[0], value)):
        return None
    return Snippet(snippet.comments, text, value)
