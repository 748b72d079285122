"""The JSON Schemas that ``registry schema`` prints: of formats, of kinds, and of fragments for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import Json, split_address
from registry_reconciler.schema import packaged as builtin

if TYPE_CHECKING:
    from registry_reconciler.model.kind import Kind
    from registry_reconciler.planning.pipeline import Planning

PUBLISHED = {
    "plan": builtin.plan_schema,
    "rule": builtin.rule_schema,
    "x-registry": builtin.x_registry_schema,
    "config": builtin.config_schema,
    "outputs": builtin.outputs_schema,
    "fleet": builtin.fleet_schema,
}
"""Schemas that are the same in every workspace."""

MODELINE = "# yaml-language-server: $schema="


def schema_of(planning: Planning, name: str) -> Json:
    """The schema of ``fragment`` or of a kind of the workspace. Raises :class:`UsageFailure`."""
    if name == "fragment":
        return fragment(planning)
    return dict(kind_of(planning, name).schema)


def kind_of(planning: Planning, name: str) -> Kind:
    """A kind by name. Raises :class:`UsageFailure`."""
    kinds = planning.loaded.kinds
    if name in kinds:
        return kinds[name]
    if name in planning.loaded.catalog.broken:
        raise UsageFailure(f"the schema of {name!r} is broken", next=(("registry", "check"),))
    options = [*PUBLISHED, "fragment", *kinds]
    raise UsageFailure(
        f"there is no schema {name!r}.{did_you_mean(name, options)}", next=(("registry", "list", "--kinds"),)
    )


def fragment(planning: Planning) -> dict[str, Json]:
    """The schema of this workspace's fragments, with the ids that there are as the words of references."""
    from registry_reconciler.schema.catalog import fragment_schema

    loaded = planning.loaded
    ids: dict[str, list[str]] = {name: [] for name in loaded.kinds}
    for address in planning.entry_sets.after.items:
        kind, key = split_address(address)
        ids.setdefault(kind, []).append(key)
    return fragment_schema(loaded.kinds.values(), files=_schema_files(planning), ids=ids)


def _schema_files(planning: Planning) -> dict[str, Json]:
    files = planning.loaded.catalog.files
    return {
        path: source.documents[0] for path, source in files.items() if source.readable and source.documents
    }


def example_fragment(planning: Planning, name: str) -> str:
    """A fragment with one small entry of a kind, as YAML text."""
    from registry_reconciler.formats.yaml.edit.emit import dump
    from registry_reconciler.schema.catalog import example

    kind = kind_of(planning, name)
    return dump({kind.name: [example(kind, _schema_files(planning))]})
