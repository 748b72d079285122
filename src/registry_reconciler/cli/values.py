"""Values of entries as text for people: block YAML in which nothing can hide."""

from __future__ import annotations

from registry_reconciler.base.escape import visible
from registry_reconciler.model.entry import Json


def yaml_lines(value: Json, indent: int) -> list[str]:
    """A value as YAML, one line each."""
    from registry_reconciler.formats.yaml.edit.emit import dump

    return [visible(line) for line in dump(value, indent=indent).splitlines()]
