"""What outputs add to a plan of 10,000 entries: ``python -m benchmarks.outputs [ENTRIES [TURNS]] [--instructions]``.

Plans of one workspace by turns, each in a process of its own: processor time of it and of those that it starts, and
elapsed time. Of all turns the lower quartile: what else runs on a machine makes a turn longer and never shorter, and
the least of all is luck. Beside each plan with outputs stands one of the same files without: rendered
for the first time, by the command too, again after one entry changed, and unchanged. The caches of whole plans are
left out, the records of outputs are not. Beside a page that only Jinja2 can render stands what a Python costs that
renders it with Jinja2 alone: no plan can add less. Below stands that in seconds, and a Python that writes the same list
with its own JSON.

``--instructions`` counts instead, with valgrind, which has no noise, the instructions of ``registry plan`` the first
time and after one change. Two things are wrong with them: valgrind shows programs a processor without instructions
for SHA-256, so digests count for several times what they cost; and the process that renders is ended before it is
counted, so the page with an expression shows the plan's own part.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

SCHEMA = """\
type: object
required: [id, path]
properties: {id: {type: string}, path: {type: string}, version: {type: string}, summary: {type: string}}
x-registry: {kind: skill, layout: list, file: skills.yaml, at: skills, key: id}
"""
TABLE = """\
| skill | summary |
| --- | --- |
{% for s in entries.skill %}
| [{{ s.key }}]({{ s.path }}) | {{ s.summary }} |
{% endfor %}
"""
TEMPLATES = {
    "table": TABLE,
    "loud": TABLE.replace("s.summary", "s.summary | upper"),
    "joined": TABLE.replace("s.summary", "s.summary ~ '!'"),
}
"""A page that puts in fields, one with a filter, and one with an expression that only Jinja2 evaluates."""
ITEMS = 'at: plugins, each: skill, item: {name: "{{ key }}", source: "./{{ path }}"}'
LONGER = ITEMS.replace("item: {", 'item: {version: "{{ version }}", ')
SHORT = 'at: plugins, each: skill, key: "{{ key }}", item: {source: "./{{ path }}"}'
ENTRIES = (
    'at: plugins, each: skill, key: "{{ key }}", '
    'item: {source: "./{{ path }}", version: "{{ version }}", summary: "{{ summary }}"}'
)
PAGE = "  - {id: table, file: TABLE.md, template: table.md.j2}"
COUNT = '  - {id: count, file: README.md, region: count, value: "{{ entries.skill | length }}"}'
LIST = f"  - {{id: list, file: list.yaml, {ITEMS}}}"
SETS = {
    "count": [COUNT],
    "page (Markdown)": [PAGE],
    "page with a filter": [PAGE.replace("table", "loud")],
    "page with an expression": [PAGE.replace("table", "joined")],
    "list in YAML": [LIST],
    "list in JSON": [f"  - {{id: list, file: list.json, {ITEMS}}}"],
    "list in TOML": [f"  - {{id: list, file: list.toml, {ITEMS}}}"],
    "list of three in YAML": [f"  - {{id: list, file: list.yaml, {LONGER}}}"],
    "mapping in YAML": [f"  - {{id: map, file: map.yaml, {ENTRIES}}}"],
    "list of three in JSON": [f"  - {{id: list, file: list.json, {LONGER}}}"],
    "mapping in JSON": [f"  - {{id: map, file: map.json, {ENTRIES}}}"],
    "list of three in TOML": [f"  - {{id: list, file: list.toml, {LONGER}}}"],
    "mapping in TOML": [f"  - {{id: map, file: map.toml, {ENTRIES}}}"],
    "mapping of one in TOML": [f"  - {{id: map, file: map.toml, {SHORT}}}"],
    "three: count, page, YAML": [PAGE, COUNT, LIST],
}
STATES = {
    "command": "first time, by registry plan",
    "first": "first time",
    "changed": "one entry changed",
    "command changed": "one entry changed, by registry plan, which looks at everything",
    "unchanged": "unchanged",
}


PLAN = """\
import sys
from pathlib import Path
from registry_reconciler.cache.output_records import OutputRecords
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.planning.pipeline import make_plan
root = Path(sys.argv[1])
assert make_plan(DiskTree(root), records=OutputRecords(root)).plan.applicable
"""
COMMAND = """\
import runpy, sys
sys.argv = ["registry", "plan", "--root", sys.argv[1]]
runpy.run_module("registry_reconciler", run_name="__main__")
"""
ROWS = """\
import sys
rows = [{"key": f"skill-{n:06}", "path": f"skills/skill-{n:06}", "summary": f"Does what number {n} does."}
        for n in range(int(sys.argv[1]))]
"""
JINJA = "Jinja2 alone, the page"
FLOORS = {
    "Python alone": ROWS,
    JINJA: ROWS
    + "import jinja2\njinja2.Environment().from_string(sys.argv[2]).render(entries={'skill': rows})\n",
    "json.dumps alone, the list": ROWS
    + "import json\n"
    + "json.dumps({'plugins': [{'name': r['key'], 'source': './' + r['path']} for r in rows]}, indent=2)\n",
}
LEAST = {"page with an expression": JINJA}
"""The floor of a set of outputs."""
Cost = tuple[float, float]
"""Processor seconds and elapsed seconds."""


def cost_of(code: str, *words: str) -> Cost:
    """What one program costs."""
    before, began = _processor(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *words], check=True, stdout=subprocess.DEVNULL)
    elapsed = time.perf_counter() - began
    return _processor() - before, elapsed


def instructions_of(code: str, *words: str) -> float:
    """How many instructions one program takes."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={counts}"]
        command = [*tool, sys.executable, "-c", code, *words]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        subprocess.run(command, check=True, env=environment, capture_output=True)
        (summary,) = (line for line in counts.read_text().splitlines() if line.startswith("summary:"))
        return float(summary.split()[1])


def _processor() -> float:
    """Processor time of all programs that ended; by the microsecond, which ``os.times`` is not."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    """The workspaces in a folder of their own, and what plans of them cost."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        os.environ["XDG_CACHE_HOME"] = str(self.cache)
        self.count = count
        self.counts_instructions = False
        self.costs: dict[str, list[Cost]] = {}

    def build(self) -> None:
        """Every set of outputs in every state, and the same files without outputs."""
        entries = "".join(
            f"  - id: skill-{number:06}\n    path: skills/skill-{number:06}\n    version: '1.{number}'\n"
            f"    summary: Does what number {number} does.\n"
            for number in range(self.count)
        )
        files = {
            ".system/registry/schemas/skill.schema.yaml": SCHEMA,
            "desired/skills.yaml": f"skill:\n{entries}",
            "README.md": "<!-- registry:begin count -->0<!-- registry:end count -->\n",
        }
        plain = self.folder / "none" / "unchanged"
        for path, text in files.items():
            (plain / path).parent.mkdir(parents=True, exist_ok=True)
            (plain / path).write_text(text)
        self._apply(plain)
        self._with_one_changed(plain)
        for name, outputs in SETS.items():
            first = self.folder / name / "first"
            shutil.copytree(plain, first)
            (first / ".system/registry/templates").mkdir()
            for template, text in TEMPLATES.items():
                (first / f".system/registry/templates/{template}.md.j2").write_text(text)
            (first / ".system/registry/outputs.yaml").write_text("\n".join(["outputs:", *outputs, ""]))
            unchanged = self.folder / name / "unchanged"
            shutil.copytree(first, unchanged)
            self._apply(unchanged)
            cost_of(PLAN, str(unchanged))
            self._with_one_changed(unchanged)
            self._keep(unchanged)

    def _apply(self, root: Path) -> None:
        from registry_reconciler.workspace import Workspace

        workspace = Workspace(root)
        workspace.apply(workspace.plan())

    def _with_one_changed(self, root: Path) -> None:
        changed = root.with_name("changed")
        shutil.copytree(root, changed)
        # The records of outputs are kept by the path of their workspace: the changed one takes turns at that path.
        fragment = changed / "desired/skills.yaml"
        number = f"{self.count // 2:06}"
        fragment.write_text(fragment.read_text().replace(f"skills/skill-{number}", f"moved/skill-{number}"))

    def _keep(self, root: Path) -> None:
        """The records of a workspace that was planned."""
        shutil.move(self.cache, root.with_name("cache"))

    def plan(self, name: str, state: str) -> None:
        """One turn of one plan, from the same files and the same records every time."""
        home, at = self.folder / name, self.folder / name / "unchanged"
        shutil.rmtree(self.cache, ignore_errors=True)
        fresh = state in ("first", "command")
        if not fresh and (home / "cache").exists():
            shutil.copytree(home / "cache", self.cache)
        changed = state.endswith("changed") and state != "unchanged"
        if changed:
            at.rename(home / "aside")
            (home / "changed").rename(at)
        where = home / "first" if fresh and name != "none" else at
        self._take(f"{name} {state}", COMMAND if state.startswith("command") else PLAN, str(where))
        if changed:
            at.rename(home / "changed")
            (home / "aside").rename(at)

    def _take(self, label: str, code: str, *words: str) -> None:
        cost = (instructions_of(code, *words), 0.0) if self.counts_instructions else cost_of(code, *words)
        self.costs.setdefault(label, []).append(cost)

    def turn(self) -> None:
        """One turn of everything."""
        for state in STATES:
            if state != "first":
                self.plan("none", state)
            for name in SETS:
                self.plan(name, state)
        for name, code in FLOORS.items():
            self._take(name, code, str(self.count), TEMPLATES["joined"])

    def cost(self, label: str) -> Cost:
        """The lower quartile of all turns."""
        processor, elapsed = zip(*self.costs[label], strict=True)
        return _lower_quartile(processor), _lower_quartile(elapsed)


def _lower_quartile(found: Sequence[float]) -> float:
    return quantiles(found, n=4, method="inclusive")[0] if len(found) > 1 else found[0]


def count_instructions(count: int) -> None:
    """One turn, counted."""
    states = [state for state in STATES if state.startswith("command")]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), count)
        bench.build()
        for name in ("none", *SETS):
            for state in states:
                bench.plan(name, state)  # what is written once by each program is there then
        bench.costs.clear()
        bench.counts_instructions = True
        for state in states:
            for name in ("none", *SETS):
                bench.plan(name, state)
            least, _ = bench.cost(f"none {state}")
            print(f"{STATES[state]}: without outputs {least / 1e6:,.0f} million instructions")
            for name in SETS:
                found, _ = bench.cost(f"{name} {state}")
                print(f"  {name:26} {found / 1e6:,.0f}  {100 * (found / least - 1):+4.0f} %", flush=True)


def main(count: int, turns: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), count)
        bench.build()
        for _ in range(turns):
            bench.turn()
    print(
        f"{count:,} entries, lower quartile of {turns} turns: seconds of processor time (elapsed), "
        "added to a plan without"
    )
    for state, title in STATES.items():
        least = bench.cost(f"none {'unchanged' if state == 'first' else state}")
        print(f"{title}: without outputs {least[0]:.2f} ({least[1]:.2f})")
        for name in SETS:
            found = bench.cost(f"{name} {state}")
            more, longer = (100 * (mine / its - 1) for mine, its in zip(found, least, strict=True))
            line = f"  {name:26} {found[0]:.2f} ({found[1]:.2f})  {more:+4.0f} % ({longer:+.0f} %)"
            if name in LEAST and state != "unchanged":
                parts = zip(bench.cost(LEAST[name]), least, strict=True)
                alone, beside = (100 * mine / its for mine, its in parts)
                line += f"; Jinja2 alone {alone:+.0f} % ({beside:+.0f} %)"
            print(line)
    least = bench.cost("none unchanged")
    for name in FLOORS:
        found = bench.cost(name)
        print(f"{name:28} {found[0]:.2f} ({found[1]:.2f})  {100 * found[0] / least[0]:.0f} % of a plan")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:] if word.isdigit()]
    if "--instructions" in sys.argv:
        count_instructions(given[0] if given else 10_000)
    else:
        main(given[0] if given else 10_000, given[1] if len(given) > 1 else 9)
