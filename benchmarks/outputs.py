"""What outputs add to a plan of 10,000 entries: ``python -m benchmarks.outputs [ENTRIES]``.

Plans of one workspace by turns, each in a process of its own, in processor time of it and of those that it starts:
without outputs, with outputs that are unchanged, and with outputs that are rendered anew. The caches of plans are left
out. Beside them stands the least that rendering could cost: a Python that imports Jinja2 and renders the same table.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
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


PLAN = """\
import sys
from pathlib import Path
from registry_reconciler.cache.output_records import OutputRecords
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.planning.pipeline import make_plan
root = Path(sys.argv[1])
assert make_plan(DiskTree(root), records=OutputRecords(root) if sys.argv[2] == "records" else None).plan.applicable
"""
FLOOR = """\
import jinja2, sys
rows = [{"key": f"skill-{n:06}", "path": f"skills/skill-{n:06}", "summary": f"Does what number {n} does."}
        for n in range(int(sys.argv[2]))]
jinja2.Environment().from_string(sys.argv[1]).render(entries={"skill": rows})
"""
TURNS = 5


def spent() -> float:
    """Seconds of processor time of ended children."""
    used = os.times()
    return used.children_user + used.children_system


def measured(runs: dict[str, list[str]]) -> dict[str, float]:
    """The best of several turns of each program, one after the other."""
    best = dict.fromkeys(runs, 1e9)
    for _ in range(TURNS):
        for name, words in runs.items():
            before = spent()
            subprocess.run([sys.executable, "-c", *words], check=True)
            best[name] = min(best[name], spent() - before)
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
        plain = Path(folder) / "plain"
        shutil.copytree(root, plain)
        (root / ".system/registry/templates").mkdir()
        (root / ".system/registry/templates/table.md.j2").write_text(TABLE)
        (root / ".system/registry/outputs.yaml").write_text(OUTPUTS)
        first = Path(folder) / "first"
        shutil.copytree(root, first)
        workspace.apply(workspace.plan())
        subprocess.run([sys.executable, "-c", PLAN, str(root), "records"], check=True)
        found = measured(
            {
                "without outputs": [PLAN, str(plain), "none"],
                "unchanged": [PLAN, str(root), "records"],
                "rendered again": [PLAN, str(root), "none"],
                "rendered first": [PLAN, str(first), "none"],
                "Jinja2 alone": [FLOOR, TABLE, str(count)],
            }
        )
    print(f"{count:,} entries, 3 outputs; processor seconds of a whole plan")
    without = found.pop("without outputs")
    least = found.pop("Jinja2 alone")
    print(f"without outputs   {without:.2f}")
    for name, seconds in found.items():
        print(f"{name:17} {seconds:.2f}  ({100 * (seconds / without - 1):+.0f} %)")
    print(f"Jinja2 alone      {least:.2f}  ({100 * least / without:.0f} % of a plan)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
