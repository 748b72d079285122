"""A YAML file whose text is JSON stays one: it is edited as JSON is, so that what is new looks like its neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from registry_reconciler.base.yaml_quotes import FORBIDDEN
from registry_reconciler.formats.edits import Edit, Snippet, SpliceError
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.edit.wording import Wording
from registry_reconciler.model.entry import FieldPath, Json, same

_UNLIKE = re.compile(rf"\\u(d[89ab]..)\\u(d[c-f]..)|\\.|(?!\A|\r)[{FORBIDDEN}]", re.IGNORECASE | re.DOTALL)
"""What a text in quotes may say in JSON and not in YAML; any other escape, so that no half of one is taken for it."""


def spliced_as_json(data: bytes, edits: Sequence[Edit]) -> bytes | None:
    """The text with the edits made; ``None`` where it is no JSON, or something is to be said that JSON cannot say."""
    if any(map(_has_comments, edits)):
        return None
    from registry_reconciler.formats.json.row import JSON
    from registry_reconciler.formats.yaml.read.document import read_yaml

    if not _is_json(data):
        return None
    try:
        text = _as_both(JSON.splice(data, edits))
        wanted = projected(read_yaml(data).documents, edits)
    except SpliceError:
        return None
    found = read_yaml(text)
    return text if not found.faults and same(list(found.documents), wanted) else None


def new_as_json(value: Json, container: FieldPath, snippet: Snippet | None, like: bytes) -> bytes | None:
    """The text of a new file beside one that is JSON; ``None`` where that is none, or JSON cannot say it."""
    from registry_reconciler.formats.json.row import JSON
    from registry_reconciler.formats.json.usual import at_container
    from registry_reconciler.formats.yaml.read.document import read_yaml

    if _commented(snippet) or not _is_json(like):
        return None
    try:
        text = _as_both(JSON.new_text(value, container=container, snippet=snippet, like=like))
    except SpliceError:
        return None
    found = read_yaml(text)
    return (
        text if not found.faults and same(list(found.documents), [at_container(value, container)]) else None
    )


def _as_both(data: bytes) -> bytes:
    """A JSON text in the escapes that YAML has too. What YAML could read before stays as it is."""
    return _UNLIKE.sub(_escape_of_both, data.decode("utf-8")).encode()


def _escape_of_both(match: re.Match[str]) -> str:
    text = match.group()
    if match.group(1):
        whole: str = json.loads(f'"{text}"')
        return whole
    return text if text[0] == "\\" else f"\\u{ord(text):04x}"


def _is_json(data: bytes) -> bool:
    """Whether a text is JSON beyond doubt.

    What holds nothing says of no file how it is written: that is left of a file in lines too.
    """
    from registry_reconciler.formats.json.row import JSON

    file = JSON.read(data)
    return not file.faults and any(isinstance(value, dict | list) and value for value in file.documents)


def _has_comments(edit: Edit) -> bool:
    return _commented(getattr(edit, "snippet", None))


def _commented(snippet: Snippet | None) -> bool:
    if snippet is None or not (snippet.comments or "#" in snippet.text):
        return False
    wording = Wording.of(snippet)
    return bool(snippet.comments) or wording is None or wording.commented()
