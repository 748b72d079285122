"""What the package ships as data: the schema files of the built-in kinds, published schemas, templates."""

from __future__ import annotations

import json

from registry_reconciler.model.entry import Json

KINDS = (
    "module_type",
    "module_instance",
    "module_maturity",
    "module_interface",
    "route",
    "ability_low",
    "ability_high",
    "hook",
)
"""The built-in kinds, those first that others refer to."""


def _read(name: str) -> bytes:
    # As importlib.resources, of which the import alone takes as long as reading all the files.
    from pkgutil import get_data

    data = get_data("registry_reconciler", f"schema/data/{name}")
    if data is None:
        raise FileNotFoundError(name)
    return data


def _json(name: str) -> dict[str, Json]:
    value: dict[str, Json] = json.loads(_read(name))
    return value


def builtin_schemas() -> dict[str, bytes]:
    """The schema files of the built-in kinds, by kind, byte for byte as ``init`` places them."""
    return {kind: _read(f"schemas/{kind}.schema.yaml") for kind in KINDS}


def packaged_schema(kind: str) -> bytes | None:
    """The schema file of one built-in kind; ``None`` where there is no such kind."""
    return _read(f"schemas/{kind}.schema.yaml") if kind in KINDS else None


def template(name: str) -> bytes:
    """A file that ``init`` places, e.g. ``config.yaml``. Raises :class:`FileNotFoundError`."""
    return _read(name)


def x_registry_schema() -> dict[str, Json]:
    """The published JSON Schema of the keyword ``x-registry``.

    The words for layouts and text formats are those of their tables: what is added there is known here.
    """
    from registry_reconciler.formats.table import FORMATS
    from registry_reconciler.layouts import LAYOUTS

    schema = _json("x-registry.schema.json")
    fields = schema["properties"]
    fields["layout"] = {
        "enum": list(LAYOUTS),
        "description": " ".join(f"{row.name}: {row.meaning}" for row in LAYOUTS.values()),
    }
    named = [f"{row.name} for {' and '.join(row.suffixes)}" for row in FORMATS.values() if row.suffixes]
    fields["format"] = {
        "enum": list(FORMATS),
        "description": "How the text of the files is written. Absent: as their names say "
        f"({', '.join(named)}), and YAML where they say nothing.",
    }
    return schema


def config_schema() -> dict[str, Json]:
    """The JSON Schema of ``.system/registry/config.yaml``."""
    return _json("config.schema.json")


def rule_schema() -> dict[str, Json]:
    """The JSON Schema of ``.system/registry/rules/<CODE>.yaml``."""
    return _json("rule.schema.json")


def directives_schema() -> dict[str, Json]:
    """The schema of a fragment's directives: ``moved``, ``removed``, ``protect``, ``override``, ``allow``."""
    return _json("fragment-directives.schema.json")


def plan_schema() -> dict[str, Json]:
    """The JSON Schema of the plan, as ``registry schema plan`` prints it."""
    return _json("plan.schema.json")


def outputs_schema() -> dict[str, Json]:
    """The JSON Schema of ``.system/registry/outputs.yaml``."""
    return _json("outputs.schema.json")


def fleet_schema() -> dict[str, Json]:
    """The JSON Schema of ``fleet.yaml``."""
    return _json("fleet.schema.json")
