"""What twenty rules of a workspace's own cost: ``python3 dev.py bench -m benchmarks.own_rules [--entries N]``.

Beside the cold plan of the same entries without them, in the same run; and a plan of a part with the rules, two of
which look other entries up, and without. Processor time of whole processes, children included.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.data import make
from benchmarks.plan import Bench, registry

ALONE = (
    'self.id.startsWith("svc.")',
    'self.name != ""',
    "size(self.aliases) >= 1",
    "self.limits.cpu <= 64 && self.limits.memory >= 128",
    'self.tags.exists(tag, tag.startsWith("tier-"))',
    'self.owner.team.startsWith("team-")',
    "self.depends_on.all(other, other != key)",
    'has(self.description) && self.description.endsWith(".")',
    'self.shard.matches("^s[0-9]$")',
    "!has(self.priority) || self.priority > 0",
)
ACROSS = (
    'self.depends_on.all(other, has_ref("service", other))',
    'size(entries("service", "name", self.name)) == 1',
)
CHECKS = (*(ALONE * 2)[:18], *ACROSS)


def write_rules(root: Path, checks: tuple[str, ...]) -> None:
    """One rule file for each check."""
    folder = root / ".system/registry/rules"
    folder.mkdir(parents=True, exist_ok=True)
    for number, check in enumerate(checks, 1):
        code = f"COST{number:03}"
        text = f"code: {code}\ntitle: It holds\nfor: service\ncheck: '{check}'\nmessage: '{{key}}'\n"
        (folder / f"{code}.yaml").write_text(text, encoding="utf-8")


def workspace(home: Path, name: str, total: int, checks: tuple[str, ...]) -> Path:
    """A workspace with some rules, everything applied."""
    root = home / name
    make(root, total, changed=0)
    write_rules(root, checks)
    return root


def change(root: Path, turn: int) -> None:
    """Edit one fragment."""
    path = root / "desired/part-00000.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("of its area", f"of its area {turn}", 1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), arguments.repeats)
        plain = workspace(bench.home, "plain", arguments.entries, ())
        ruled = workspace(bench.home, "ruled", arguments.entries, CHECKS)
        plan = registry("plan")
        ours, theirs = bench.medians(lambda: bench.run(plan, ruled), lambda: bench.run(plan, plain))
        bench.within(
            f"20 own rules, {arguments.entries:,} entries",
            "cold plan without",
            ours.seconds,
            theirs.seconds,
            2,
        )
        for name, root, whole in (("20 own rules", ruled, ours), ("no rule", plain, theirs)):
            bench.run(plan, root, cache=True)
            change(root, 1)
            bench.run(plan, root, cache=True)
            change(root, 2)
            part = bench.run(plan, root, cache=True)
            bench.within(f"one fragment changed, {name}", "its cold plan", part.seconds, whole.seconds, 0.1)


if __name__ == "__main__":
    main()
