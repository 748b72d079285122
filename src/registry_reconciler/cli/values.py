"""Values of entries as text for people: block YAML in which nothing can hide."""

from __future__ import annotations

from registry_reconciler.inert import visible
from registry_reconciler.model import Json, Location


def yaml_lines(value: Json, indent: int) -> list[str]:
    """A value as YAML, one line each."""
    from registry_reconciler.yamltext.emit import dump

    return [visible(line) for line in dump(value, indent=indent).splitlines()]


def location_to_json(location: Location) -> dict[str, Json]:
    """A place as the JSON of every command shows it."""
    return {"path": location.path, "line": location.line, "column": location.column}
