"""Made-up registries of any size: ``python -m benchmarks.data DIR --entries N [--reordered] [--changed PER_CENT]``.

Entries of about 350 bytes with nested fields, comments, references, names and aliases; live in five files, or more of
20,000 entries each; desired in fragments of 100, one per cent changed. Deterministic: the same arguments give the same
bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from registry_reconciler.formats.yaml.read.document import value_of
from registry_reconciler.loading.state import STOP_PATH, Record, applied_shadow
from registry_reconciler.loading.state.files import new_path, render_file
from registry_reconciler.loading.state.old import STOP
from registry_reconciler.loading.state.shadow import new_salt

FRAGMENT = 100
SHARDS = 5
MOST_IN_SHARD = 20_000
"""A file may have 4,000,000 values, which are some 115,000 of these entries."""

SCHEMA = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Service
x-registry:
  kind: service
  layout: list
  file: registries/{shard}.yaml
  at: services
  key: id
  names: {name: name, aliases: aliases, priority: priority}
  references:
    - {field: "depends_on[]", kind: service}
type: object
additionalProperties: false
required: [id, shard, name, owner]
properties:
  id: {type: string, pattern: '^[a-z0-9.]+$'}
  shard: {type: string}
  name: {type: string}
  aliases: {type: array, items: {type: string}}
  description: {type: string}
  priority: {type: integer}
  owner:
    type: object
    additionalProperties: false
    required: [team]
    properties: {team: {type: string}, contact: {type: string}}
  depends_on: {type: array, items: {type: string}}
  limits:
    type: object
    properties: {cpu: {type: integer}, memory: {type: integer}}
  tags: {type: array, items: {type: string}}
"""


def shards(total: int) -> int:
    """How many registry files there are."""
    return max(SHARDS, total // MOST_IN_SHARD)


def entry(number: int, total: int, *, changed: bool = False, reordered: bool = False) -> str:
    """The text of one item of a list, indented by two."""
    team = number % 97
    # Services of one area of twenty depend on each other, as teams' services do; never on themselves.
    area = number - number % 20
    near, far = (area + (number + step) % 20 for step in (1, 7))
    near, far = min(near, total - 1), min(far, total - 1)
    lines = [
        f"  # Asked for by team {team}; see the handbook.",
        f"  - id: svc.{number:07}",
        f"    shard: s{number % shards(total)}",
        f"    name: Service {number:07}",
        f"    aliases: [s{number:07}, service-{number}]",
        "    description: Takes the requests of its area and keeps what comes of them"
        + (" for ten years." if changed else "."),
        "    owner:",
        f"      team: team-{team}",
        f"      contact: team-{team}@example.org",
        f"    depends_on: [svc.{near:07}, svc.{far:07}]",
        f"    limits: {{cpu: {number % 8 + 1}, memory: {(number % 16 + 1) * 256}}}",
        f"    tags: [area-{team}, tier-{number % 3}]",
    ]
    if reordered:
        lines = [*lines[:2], *lines[9:], *lines[2:9]]
    return "\n".join(lines) + "\n"


def live_files(total: int) -> Iterator[tuple[str, str]]:
    """The registry files."""
    for shard in range(shards(total)):
        items = "".join(entry(number, total) for number in range(shard, total, shards(total)))
        yield f"registries/s{shard}.yaml", f"# Services of shard {shard}.\nservices:\n{items}"


def fragments(total: int, every: int, *, reordered: bool) -> Iterator[tuple[str, str]]:
    """Fragments of 100; each ``every``-th entry is changed (0: none)."""
    for first in range(0, total, FRAGMENT):
        items = "".join(
            entry(number, total, changed=bool(every) and number % every == 0, reordered=reordered)
            for number in range(first, min(first + FRAGMENT, total))
        )
        yield f"desired/part-{first // FRAGMENT:05}.yaml", f"service:\n{items}"


def state_files(total: int) -> Iterator[tuple[str, str]]:
    """The state as an apply of the unchanged fragments leaves it."""
    yield STOP_PATH, STOP
    for first in range(0, total, FRAGMENT):
        numbers = range(first, min(first + FRAGMENT, total))
        values = value_of(("i:\n" + "".join(entry(number, total) for number in numbers)).encode())["i"]
        records = [
            Record(address, applied_shadow(None, value, new_salt(address)))
            for value in values
            for address in [f"service/{value['id']}"]
        ]
        fragment = f"desired/part-{first // FRAGMENT:05}.yaml"
        content = render_file(fragment, records, ())
        yield new_path(fragment, content), content.decode()


def make(root: Path, total: int, *, changed: float = 1.0, reordered: bool = False) -> None:
    """Lay a workspace out."""
    every = round(100 / changed) if changed else 0
    schema = [(".system/registry/schemas/service.schema.yaml", SCHEMA)]
    for path, text in (
        *schema,
        *live_files(total),
        *fragments(total, every, reordered=reordered),
        *state_files(total),
    ):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--changed", type=float, default=1.0, help="per cent")
    parser.add_argument("--reordered", action="store_true")
    arguments = parser.parse_args()
    make(arguments.root, arguments.entries, changed=arguments.changed, reordered=arguments.reordered)


if __name__ == "__main__":
    main()
