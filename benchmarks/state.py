"""What the form of the state costs: ``python3 dev.py bench -m benchmarks.state [--entries N]``.

Two things. A plan with nothing changed, of a whole process without its cache, in turns: the commit before the state was
kept as it is now, and the one with which it was; everything else is the same in both. Beside them this code, with the
state as it writes it. And how many bytes of state an apply of one entry writes now, where fragments have 100 entries
and where one has thousands.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from benchmarks import data
from registry_reconciler import PlanOptions, Workspace

ROOT = Path(__file__).resolve().parent.parent
BEFORE, AFTER = "9855a06", "1cf3df9"
STATE = ".system/registry/state"
MOST = 100_000
RATIO = 1.2
PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from registry_reconciler.cli.main import main; sys.exit(main())",
]


def code_of(revision: str, target: Path) -> Path:
    """The files of a revision of this repository."""
    done = subprocess.run(["git", "archive", revision], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")
    return target


def seconds(code: Path, root: Path) -> float:
    """Processor time of one cold plan."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(code / "src"),
        "REGISTRY_NO_CACHE": "1",
        "PYTHONHASHSEED": "0",
    }
    process = subprocess.Popen([*PROGRAM, "plan"], cwd=root, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"plan in {root} with {code}: exit {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def side_by_side(home: Path, entries: int, repeats: int) -> bool:
    """The same plan by both, and by this code."""
    codes = [*(code_of(one, home / one) for one in (BEFORE, AFTER)), ROOT]
    roots = [home / name for name in ("old", "new", "now")]
    for code, root in zip(codes, roots, strict=True):
        # Each by its own code: the form was changed again since.
        environment = {**os.environ, "PYTHONPATH": f"{code / 'src'}{os.pathsep}{code}"}
        words = [
            sys.executable,
            "-m",
            "benchmarks.data",
            str(root),
            "--entries",
            str(entries),
            "--changed",
            "0",
        ]
        subprocess.run(words, env=environment, cwd=code, check=True)
        if root != roots[0]:
            # These make the earlier form: their first apply carries that over, which is no part of a plan after it.
            subprocess.run(
                [*PROGRAM, "apply", "--yes"], env=environment, cwd=root, check=True, stdout=subprocess.DEVNULL
            )
    drop_old_form(roots[-1])
    turns = [[seconds(code, root) for code, root in zip(codes, roots, strict=True)] for _ in range(repeats)]
    before, after, now = (statistics.median(one) for one in zip(*turns, strict=True))
    ratio = after / before
    print(f"{entries:,} entries, nothing changed: {before:.2f} s before, {after:.2f} s after: {ratio:.2f} times "
          f"(≤ {RATIO}: {'holds' if ratio <= RATIO else 'does not hold'}); this code {now:.2f} s: "
          f"{now / before:.2f} times")  # fmt: skip
    return ratio <= RATIO


def drop_old_form(root: Path) -> None:
    """What goes where no branch has the earlier form any more."""
    shutil.rmtree(root / STATE / "taken", ignore_errors=True)
    for path in (root / STATE).glob("*.jsonl"):
        if path.name != "format.jsonl":
            path.unlink()


def written(root: Path, fragment: str, old: str, new: str) -> int:
    """The bytes of state that an apply writes after one edit of a fragment."""
    path = root / fragment
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    files = {one: one.read_bytes() for one in root.glob(f"{STATE}/**/*") if one.is_file()}
    Workspace.open(root).apply_now(PlanOptions())
    now = {one: one.read_bytes() for one in root.glob(f"{STATE}/**/*") if one.is_file()}
    return sum(len(content) for one, content in now.items() if files.get(one) != content)


def one_entry(home: Path, entries: int, label: str, *, fragment: int) -> bool:
    """What an update, a new entry and a deletion write."""
    root = home / f"apply-{fragment}"
    before, data.FRAGMENT = data.FRAGMENT, fragment
    try:
        data.make(root, entries, changed=0)
    finally:
        data.FRAGMENT = before
    middle = min(fragment, entries) // 2
    text = data.entry(middle, entries)
    path = "desired/part-00000.yaml"
    told = {"carried over": written(root, path, f"    name: Service {middle - 1:07}", "    name: Another")}
    told["update"] = written(root, path, f"    name: Service {middle:07}", "    name: Other")
    text = text.replace(f"Service {middle:07}", "Other")
    added = text.replace(f"{middle:07}", f"{middle:07}b").replace(f"service-{middle}]", f"service-{middle}b]")
    added = added.replace("name: Other", "name: New").replace(f"[s{middle:07}b,", f"[n{middle:07},")
    told["create"] = written(root, path, text, text + added)
    told["delete"] = written(root, path, added, "")
    carried = told.pop("carried over")
    holds = max(told.values()) < MOST
    words = ", ".join(f"{what} {count:,}" for what, count in told.items())
    print(f"{label}: bytes of state written by one apply: {words} (< {MOST:,}: "
          f"{'holds' if holds else 'does not hold'}); the first one, of a state in one file, {carried:,}")  # fmt: skip
    return holds


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="registry-state-") as folder:
        home = Path(folder)
        held = [
            one_entry(home, given.entries // 10, "fragments of 100", fragment=100),
            one_entry(
                home, given.entries // 10, f"one fragment of {given.entries // 10:,}", fragment=given.entries
            ),
            side_by_side(home, given.entries, given.repeats),
        ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
