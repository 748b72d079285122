"""What outputs add to a plan of 10,000 entries: ``python -m benchmarks.outputs [ENTRIES]``.

Three plans of one workspace, in processor time of this process and of those that it starts: without outputs, with
outputs that are unchanged, and with outputs that are rendered anew. The caches of plans are left out.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

SCHEMA = """\
type: object
required: [id, path]
properties: {id: {type: string}, path: {type: string}, version: {type: string}, summary: {type: string}}
x-registry: {kind: skill, layout: list, file: skills.yaml, at: skills, key: id}
"""
OUTPUTS = """\
outputs:
  - {id: table, file: TABLE.md, template: table.md.j2}
  - {id: count, file: README.md, region: count, value: "{{ entries.skill | length }}"}
  - {id: list, file: list.yaml, at: plugins, each: skill, item: {name: "{{ key }}", source: "./{{ path }}"}}
"""
TABLE = """\
| skill | summary |
| --- | --- |
{% for s in entries.skill %}
| [{{ s.key }}]({{ s.path }}) | {{ s.summary }} |
{% endfor %}
"""


def spent() -> float:
    """Seconds of processor time, of ended children too."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


def measured(root: Path, *, records: bool) -> float:
    """The best of three plans of everything."""
    from registry_reconciler.cache.output_records import OutputRecords
    from registry_reconciler.files.tree import DiskTree
    from registry_reconciler.planning.pipeline import make_plan

    best = 1e9
    for _ in range(3):
        before = spent()
        plan = make_plan(DiskTree(root), records=OutputRecords(root) if records else None).plan
        best = min(best, spent() - before)
        assert plan.applicable
    return best


def main(count: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        root = Path(folder) / "home"
        entries = "".join(
            f"  - id: skill-{number:06}\n    path: skills/skill-{number:06}\n    version: '1.{number}'\n"
            f"    summary: Does what number {number} does.\n"
            for number in range(count)
        )
        files = {
            ".system/registry/schemas/skill.schema.yaml": SCHEMA,
            "desired/skills.yaml": f"skill:\n{entries}",
            "README.md": "<!-- registry:begin count -->0<!-- registry:end count -->\n",
        }
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        from registry_reconciler.workspace import Workspace

        workspace = Workspace(root)
        workspace.apply(workspace.plan())
        without = measured(root, records=False)
        (root / ".system/registry/templates").mkdir()
        (root / ".system/registry/templates/table.md.j2").write_text(TABLE)
        (root / ".system/registry/outputs.yaml").write_text(OUTPUTS)
        started = time.perf_counter()
        workspace.apply(workspace.plan())
        applied = time.perf_counter() - started
        rendered = measured(root, records=False)
        unchanged = measured(root, records=True)
    print(f"{count:,} entries, 3 outputs; processor seconds of a whole plan")
    print(f"without outputs   {without:.2f}")
    print(f"unchanged         {unchanged:.2f}  ({100 * (unchanged / without - 1):+.0f} %)")
    print(f"all rendered      {rendered:.2f}  ({100 * (rendered / without - 1):+.0f} %)")
    print(f"first apply       {applied:.2f} seconds by the clock")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
