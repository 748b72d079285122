"""A small workspace that is remembered as if it were a large one."""

from __future__ import annotations

import os
from pathlib import Path

from registry_reconciler.cache.incremental import store

SCHEMA = """\
x-registry:
  kind: service
  layout: list
  file: registries/{shard}.yaml
  at: services
  key: id
  names: {name: name, aliases: aliases}
  references: [{field: "depends_on[]", kind: service}]
type: object
required: [id, shard]
properties: {id: {type: string}, shard: {type: string}}
"""


def entry(number: int, name: str = "") -> str:
    return (
        f"  # The service number {number}.\n  - id: s{number:02}\n    shard: {'xz'[number % 2]}\n"
        f"    name: {name or f'Service {number}'}\n    depends_on: [s{number // 2:02}]\n"
    )


def fragment(numbers: range, **names: str) -> str:
    return "service:\n" + "".join(entry(number, names.get(f"s{number:02}", "")) for number in numbers)


def memory_file(root: Path) -> Path:
    place = store.place_of(os.path.realpath(root))
    assert place is not None
    return place
