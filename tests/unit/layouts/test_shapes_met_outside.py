"""Small registries in shapes that are met outside: adopted without a byte changed, then edited at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.roundtrip_datasets import Broken, Tour, prepare, step, travel
from registry_reconciler.files.tree import DiskTree, MemoryTree
from registry_reconciler.formats.yaml.edit import splice as splicer
from tests.support import lay_out

LANGUAGES = """\
# All languages.
#
# name - of the language
---
"A+":
  type: data
  color: "#814CCC"
  extensions:
  - ".apl"
  tm_scope: source.a
  language_id: 7
Basic:
  type: programming
  aliases:
  - bas
  - "no"
  group: Fortran
  language_id: 12
# Of old.
Fortran: {type: programming, language_id: 3, extensions: [".f", ".for"]}
Zed:
  type: programming
  wrap: true
  language_id: 4   # last
"""

PLUGINS = """\
# Source of truth.
name: skills
owner: {name: somebody}

categories:
  eval:
    name: Evaluation
    description: How good it is
  docs:
    name: Documents
    description: What it says

plugins:

  - name: judge
    description: >
      Folded text
      of two lines.
    version: "1.0"
    tags: [eval, docs]
    category: eval
    # Its skills.
    skills:
      - name: run
        description: Runs it.
        user-invocable: true
      # Compares.
      - name: compare
        description: |
          Compares
            two runs.
        user-invocable: false

  - name: writer
    description: Writes.
    version: '2.1'
    tags: []
    category: docs
    skills:
      - name: run
        description: Writes it.
        user-invocable: true
      - {name: check, description: "Checks.", user-invocable: false}
"""


SERVICES = """\
defaults: &d
  timeout: 30
  retries: 2
services:
  a:
    <<: *d
    port: 1
    tags: &t [x, y]
  b:
    <<: *d
    retries: 5   # more
    port: 2
    tags: *t
  c:
    port: 3
    note: |+
      kept

  d: {port: 4, <<: *d}
"""

ITEMS = """\
{
  "version": 3,
  "items": [
    {"id": "a", "n": 1.0, "list": []},
    {"id": "b", "n": 2,
     "list": ["x"]},
    {"id": "c", "n": 1e3}
  ]
}
"""

TEAMS = """\
frontend:
- id: a
  name: Alpha   # x
- id: b
  name: Beta

# the back
backend:
- {id: c, name: C}
- id: d
  name: "D"
  tags: [x, y]"""


def server(name: str, category: str) -> str:
    return (
        f"# {name}\nname: {name}\nimage: mcp/{name}\nmeta:\n  category: {category}\n  tags:\n    - one\n"
        f"    - two\nabout:\n  title: The {name}\nrun:\n    command: [go, --fast]   # quickly\n"
    )


SHAPES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "map": ({"languages.yml": LANGUAGES}, ("language=languages.yml",)),
    "map-crlf": ({"languages.yml": LANGUAGES.replace("\n", "\r\n")}, ("language=languages.yml",)),
    "nested": (
        {"registry.yaml": PLUGINS},
        ("category=registry.yaml", "plugin=registry.yaml", "skill=registry.yaml"),
    ),
    "anchors": ({"services.yaml": SERVICES}, ("service=services.yaml",)),
    "json": ({"items.json": ITEMS}, ("item=items.json",)),
    "groups, no last line end": ({"teams.yaml": TEAMS}, ("team=teams.yaml",)),
    "file": (
        {
            f"servers/{name}/server.yaml": server(name, category)
            for name, category in [("a", "ai"), ("b", "web"), ("c", "web"), ("d", "ai")]
        },
        ("server=servers/*/server.yaml",),
    ),
}


def made(tmp_path: Path, shape: str) -> DiskTree:
    files, kinds = SHAPES[shape]
    source = lay_out(tmp_path / "source", files)
    return DiskTree(prepare(source, tmp_path / "workspace", kinds).root)


@pytest.mark.parametrize("shape", SHAPES)
def test_random_edits_change_only_the_entries_concerned(tmp_path: Path, shape: str) -> None:
    tour = travel(made(tmp_path, shape), seed=sum(map(ord, shape)), edits=25)
    assert len(tour.done) >= 3, tour.done
    assert sum(tour.refused.values()) <= 3, tour.refused


def test_the_harness_notices_a_splicer_that_touches_a_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that cannot fail shows nothing."""
    tree = made(tmp_path, "map")
    honest = splicer.splice

    def careless(data: bytes, edits: object) -> bytes:
        return honest(data, edits).replace(b"# Of old.", b"# of old.")  # type: ignore[arg-type]

    monkeypatch.setattr(splicer, "splice", careless)
    with pytest.raises(Broken, match="changed beside the entry"):
        travel(MemoryTree({}, tree), seed=3, edits=20)


def test_steps_leave_the_disk_alone(tmp_path: Path) -> None:
    tree = made(tmp_path, "file")
    before = tree.read("servers/a/server.yaml")
    tour: Tour = travel(tree, seed=5, edits=3)
    step(tour)
    assert tree.read("servers/a/server.yaml") == before
