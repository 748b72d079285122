"""A YAML file whose text is JSON stays one: it is edited as JSON is, so that what is new looks like its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.formats.edits import Edit, SpliceError
from registry_reconciler.formats.project import projected
from registry_reconciler.formats.yaml.edit.wording import Wording
from registry_reconciler.model.entry import same


def spliced_as_json(data: bytes, edits: Sequence[Edit]) -> bytes | None:
    """The text with the edits made; ``None`` where it is no JSON, or something is to be said that JSON cannot say."""
    if any(map(_has_comments, edits)):
        return None
    from registry_reconciler.formats.json.row import JSON
    from registry_reconciler.formats.yaml.read.document import read_yaml

    if JSON.read(data).faults:
        return None
    try:
        text = JSON.splice(data, edits)
        wanted = projected(read_yaml(data).documents, edits)
    except SpliceError:
        return None
    found = read_yaml(text)
    return text if not found.faults and same(list(found.documents), wanted) else None


def _has_comments(edit: Edit) -> bool:
    snippet = getattr(edit, "snippet", None)
    if snippet is None or not (snippet.comments or "#" in snippet.text):
        return False
    wording = Wording.of(snippet)
    return bool(snippet.comments) or wording is None or wording.commented()
