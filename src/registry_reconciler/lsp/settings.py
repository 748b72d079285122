"""What stands where no entry does: directives, schema files, the configuration, outputs, rules of the workspace's own.

Each has a published schema, which says the fields and words. What a word names (a kind, a code, an entry, a file) no
JSON Schema can say: the table here does.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from registry_reconciler.files.root import SCHEMAS
from registry_reconciler.formats.nodes import Document, to_value
from registry_reconciler.loading.directives import DIRECTIVES
from registry_reconciler.lsp.cursor import Cursor, is_fragment
from registry_reconciler.model.config import CONFIG_PATH, OUTPUTS_PATH, RULES_FOLDER
from registry_reconciler.model.entry import FieldPath
from registry_reconciler.schema.view import View

Sort = Literal["directives", "config", "outputs", "rule", "kind"]
Meaning = Literal["kind", "code", "address", "path", "template", "field"]

_MEANT: Mapping[Sort, Mapping[tuple[str | None, ...], Meaning]] = {
    "directives": {
        ("moved", None, "from"): "address",
        ("moved", None, "to"): "address",
        ("removed", None): "address",
        ("removed", None, "address"): "address",
        ("protect", None): "address",
        ("override", None): "address",
        ("allow", None, "address"): "address",
        ("allow", None, "code"): "code",
    },
    "outputs": {
        ("outputs", None, "each"): "kind",
        ("outputs", None, "file"): "path",
        ("outputs", None, "template"): "template",
    },
    "rule": {
        ("for",): "kind",
        ("for", None): "kind",
        ("at",): "field",
    },
    "kind": {
        ("references", None, "kind"): "kind",
        ("references", None, "kind", None): "kind",
        ("references", None, "field"): "field",
        ("mirrors", None, "kind"): "kind",
        ("mirrors", None, "field"): "field",
        ("paths", None, "field"): "field",
        ("names", None): "field",
        ("key",): "field",
        ("key", None): "field",
        ("unique", None): "field",
        ("unique", None, None): "field",
        ("acyclic", None): "field",
        ("live_fields", None): "field",
    },
    "config": {},
}
_KEYS_MEANT: Mapping[Sort, Mapping[tuple[str | None, ...], Meaning]] = {
    "config": {("severities", None): "code"},
}


class Setting(Struct, frozen=True):
    """A place that a published schema describes.

    Attributes:
        view: that schema.
        field: the steps from what it describes to the place.
        meaning: what the word there names; ``None``: nothing but itself.
        fields: of a schema file, the fields that its entries may have.
    """

    sort: Sort
    view: View
    field: FieldPath
    meaning: Meaning | None
    fields: tuple[str, ...] = ()


def setting_at(path: str, documents: Sequence[Document], cursor: Cursor) -> Setting | None:
    """What a cursor says something of where it lies in no entry; ``None`` where no published schema speaks of it."""
    sort = _sort(path, cursor)
    if sort is None:
        return None
    inside = cursor.path[1:] if sort == "kind" else cursor.path
    table = _KEYS_MEANT if cursor.on_key else _MEANT
    meaning = _meant(table.get(sort, {}), inside)
    fields = _own_fields(documents, cursor) if sort == "kind" else ()
    return Setting(sort, _view(sort), inside, meaning, fields)


def _sort(path: str, cursor: Cursor) -> Sort | None:
    if is_fragment(path):
        return "directives" if cursor.path and cursor.path[0] in DIRECTIVES else None
    if path == CONFIG_PATH:
        return "config"
    if path == OUTPUTS_PATH:
        return "outputs"
    if path.startswith(f"{RULES_FOLDER}/"):
        return "rule"
    if path.startswith(f"{SCHEMAS}/"):
        return "kind" if cursor.path[:1] == ("x-registry",) and len(cursor.path) > 1 else None
    return None


def _meant(table: Mapping[tuple[str | None, ...], Meaning], path: FieldPath) -> Meaning | None:
    for pattern, meaning in table.items():
        if len(pattern) == len(path) and all(
            name is None or name == step for name, step in zip(pattern, path, strict=True)
        ):
            return meaning
    return None


def _own_fields(documents: Sequence[Document], cursor: Cursor) -> tuple[str, ...]:
    schema = to_value(documents[cursor.document].root)
    named = schema.get("properties") if isinstance(schema, dict) else None
    return tuple(named) if isinstance(named, dict) else ()


@functools.cache
def _view(sort: Sort) -> View:
    from registry_reconciler.schema import packaged
    from registry_reconciler.schema.validator import published

    schemas = {
        "directives": packaged.directives_schema,
        "config": packaged.config_schema,
        "outputs": packaged.outputs_schema,
        "rule": packaged.rule_schema,
        "kind": packaged.x_registry_schema,
    }
    return published(f"{sort}.schema.json", schemas[sort]).view
