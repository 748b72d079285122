"""A workspace of items with one kind, and the installed command in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.support import Installed

SCHEMA = """\
$schema: https://json-schema.org/draft/2020-12/schema
x-registry:
  kind: item
  layout: list
  file: items.yaml
  at: items
  key: id
  references: [{{field: "needs[]", kind: item}}]
type: object
required: {required}
properties:
  id: {{type: string}}
  v: {{}}
  owner: {{type: string}}
  needs: {{type: array, items: {{type: string}}}}
"""


class Shop(Installed):
    """A workspace with one kind, and the installed command in it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.schema()

    def schema(self, required: str = "[id]") -> None:
        self.write(".system/registry/schemas/item.schema.yaml", SCHEMA.format(required=required))

    def items(self, *items: Mapping[str, object]) -> None:
        self.write("desired/items.yaml", json.dumps({"item": items}, indent=1, ensure_ascii=False))

    def apply(self) -> None:
        done = self.run("apply", "--yes", "--allow-mass-delete")
        assert done.exit == 0, done.out + done.err
