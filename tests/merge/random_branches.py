"""Random histories of ten branches, more than a test has time for: every format and layout, edits that contradict.

    python -m tests.merge.random_branches 20 --seed 1000

Each history is merged in random order in one of three ways: with the driver, as a server does it with ``registry
resolve`` after it, or by rebasing each branch. What is open is settled by taking one side, as a person does. No line
of a person is lost where nobody contradicted it, no entry is lost or there twice, and every output is right after the
last apply. The driver is asked in this process, through a socket, so that a history takes seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from registry_reconciler.editing.merge_driver import drive
from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.loading.state.files import conflict_line, sides
from registry_reconciler.merging import Labels
from registry_reconciler.workspace import Workspace
from tests.merge.branches import NAMES, Skills

BRANCHES = 10
SHAPES = (
    ("yaml", "list"),
    ("yaml", "map"),
    ("yaml", "file"),
    ("yaml", "documents"),
    ("json", "list"),
    ("json", "map"),
    ("json", "file"),
    ("jsonc", "list"),
    ("jsonc", "map"),
    ("toml", "list"),
    ("toml", "map"),
    ("md", "file"),
)
WAYS = ("driver", "resolve", "rebase", "rebase with the driver")
_ASK = (
    "import socket,sys,json,os;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);"
    "s.sendall(json.dumps(sys.argv[2:]).encode()+b'\\n');sys.exit(int(s.recv(9) or b'9'))"
)


class Driver(threading.Thread):
    """Answers git's merge driver, which is a few lines that ask here."""

    def __init__(self, place: Path) -> None:
        super().__init__(daemon=True)
        self.place = place
        self.asked = 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(place))
        self._socket.listen(8)

    @property
    def command(self) -> str:
        """What git runs."""
        return f'"{sys.executable}" -S -E -c "{_ASK}" "{self.place}" %O %A %B %P'

    def run(self) -> None:
        """Answer until the process ends."""
        while True:
            connection, _ = self._socket.accept()
            with connection:
                words = json.loads(connection.makefile("rb").readline())
                self.asked += 1
                done = drive(Path(words[0]), Path(words[1]), Path(words[2]), words[3], Labels())
                connection.sendall(b"1" if done.conflicts else b"0")


class History:
    """One history.

    Attributes:
        contested: names that two branches contradict each other about: their lines may be lost.
    """

    def __init__(self, root: Path, seed: int, driver: Driver) -> None:
        self.chance = random.Random(seed)
        self.shape = self.chance.choice(SHAPES)
        self.way = self.chance.choice(WAYS)
        self.home = Skills(root, *self.shape)
        self.contested: set[str] = set()
        self.touched: dict[str, str] = {}
        os.chdir(root)
        if "driver" in self.way:
            self.home.use_driver(driver.command)

    def run(self) -> None:
        """Make the branches, and bring them together."""
        branches = [self._branch(number) for number in range(BRANCHES)]
        self.chance.shuffle(branches)
        for branch in branches:
            if self.way.startswith("rebase"):
                self._rebase(branch)
            else:
                self.home.git("checkout", "-q", "main")
                self.home.git("merge", "-q", "--no-edit", branch, fails=True)
                self._settle(partial(self.home.commit, f"merge {branch}"))
            self._readable(branch)
        self._right(branches)

    def _branch(self, number: int) -> str:
        home, branch = self.home, f"b{number}"
        home.git("checkout", "-q", "-b", branch, "main")
        free = [name for name in NAMES if name not in self.touched]
        self.chance.shuffle(free)
        before = set(free)
        home.work(number, self.chance, free)
        self.touched.update(dict.fromkeys(before - set(free), branch))
        for step in range(self.chance.randint(0, 2)):
            self._contradict(branch, f"b{number}c{step}")
        if self.chance.random() < 0.6:
            home.apply()
        home.commit(branch)
        return branch

    def _contradict(self, branch: str, mark: str) -> None:
        """Change, comment or delete an entry, whether somebody else does so or not."""
        home, name = self.home, self.chance.choice(NAMES)
        try:
            path = home.fragment(name)
        except AssertionError:
            return  # this branch renamed it, or let it go
        if self.touched.get(name, branch) != branch:
            self.contested.add(name)
        self.touched[name] = branch
        text = path.read_text("utf-8")
        at = text.index(f"  # about {name}\n")
        own = self._own(text, at)
        how = self.chance.choice(("summary", "version", "comment", "delete"))
        mine = home.written[branch]
        if how == "delete":
            rest = text[:at] + text[at + len(own) :]
            path.write_text(rest if "  - id:" in rest else rest.replace("skill:\n", "skill: []\n"), "utf-8")
            self.contested.add(name)
            return
        if how == "comment":
            new = own.replace("    version:", f"    # Noted by {mark}.\n    version:", 1)
            mine.add(f"# Noted by {mark}.")
        elif how == "version":
            new = own.replace("version: '1'", f"version: '{mark}'", 1)
        else:
            new = own.replace("summary: Does it.", f"summary: Says {mark}.", 1)
        path.write_text(text[:at] + new + text[at + len(own) :], "utf-8")

    @staticmethod
    def _own(text: str, at: int) -> str:
        """The lines of an entry, its comment above it included."""
        lines = text[at:].split("\n")
        end = next(
            (
                number
                for number, line in enumerate(lines[1:], 1)
                if line.startswith(("  # about", "moved:"))
                or (number > 1 and line.startswith("  - "))
                or not line
            ),
            len(lines),
        )
        return "".join(f"{line}\n" for line in lines[:end])

    def _rebase(self, branch: str) -> None:
        home = self.home
        home.git("checkout", "-q", branch)
        home.git("rebase", "-q", "main", fails=True)
        self._settle(lambda: home.git("-c", "core.editor=true", "rebase", "--continue", fails=True))
        assert not (home.root / ".git/rebase-merge").exists(), home.git("status")
        home.git("checkout", "-q", "main")
        home.git("merge", "-q", "--ff-only", branch)

    def _settle(self, go_on: Callable[[], object]) -> None:
        """Settle what is in conflict: by resolve, and what is open by taking a side."""
        home = self.home
        for _ in range(8):
            if not self._unmerged():
                if (home.root / ".git/MERGE_HEAD").exists() or (home.root / ".git/rebase-merge").exists():
                    go_on()
                return
            done = resolve_conflicts(Workspace(home.root))
            # People decide about what is theirs: the rest follows.
            opened = {path for path, _ in done.open} & set(self._unmerged())
            mine = {path for path in opened if path.startswith("desired/")} or opened
            for path in sorted({*mine, *done.by_hand}):
                file = home.root / path
                if not file.exists():
                    home.git("rm", "-q", "--cached", path)
                    continue
                data = file.read_bytes()
                if conflict_line(data) is not None:
                    file.write_bytes(sides(data)[self.chance.randrange(2)])
                home.git("add", path)
        raise AssertionError(f"still in conflict: {self._unmerged()}")

    def _unmerged(self) -> list[str]:
        return self.home.git("diff", "--name-only", "--diff-filter=U").split()

    def _readable(self, branch: str) -> None:
        plan = Workspace(self.home.root).planning()
        bad = [problem for problem in plan.plan.problems if problem.blocking and problem.code != "STA003"]
        assert not bad, (branch, [(problem.code, problem.message, problem.place) for problem in bad][:3])

    def _right(self, branches: list[str]) -> None:
        home = self.home
        lost = [line for line in home.lost(branches) if not any(name in line for name in self.contested)]
        texts = "".join(path.read_text("utf-8") for path in (home.root / "desired").glob("*.yaml"))
        noted = [line for line in lost if line.startswith("# Noted by")]
        assert not [line for line in lost if line not in noted], lost
        # A note goes with an entry that somebody deleted, or with a side that was not taken.
        assert not noted or self.contested, (noted, texts)
        home.apply(overwrite=["skill/*"] if self.contested else [])
        plan = home.plan()
        assert plan.empty, (plan.changes, plan.files)
        assert plan.outputs == (), plan.outputs
        declared = [each.address for each in Workspace(home.root).planning().loaded.fragments.entries]
        assert len(declared) == len(set(declared))
        assert home.registered() == sorted(declared)
        index = home.index()
        assert index["total"] == len(declared)
        assert index["market"] == sorted(address.partition("/")[2] for address in declared)


def main() -> int:
    """Run so many histories, and name those that do not come out right."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("count", type=int)
    asked.add_argument("--seed", type=int, default=0)
    words = asked.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        driver = Driver(Path(folder) / "driver")
        driver.start()
        for seed in range(words.seed, words.seed + words.count):
            began, before = time.monotonic(), driver.asked
            root = Path(folder) / f"h{seed}"
            root.mkdir()
            try:
                history = History(root, seed, driver)
                history.run()
                said = "right"
            except Exception:
                failed.append(seed)
                said = "WRONG\n" + traceback.format_exc(limit=-4)[-3000:]
            finally:
                os.chdir(folder)
            print(
                f"{seed} {'/'.join(history.shape)} {history.way}: {said}"
                f" ({time.monotonic() - began:.0f} s, driver asked {driver.asked - before} times)",
                flush=True,
            )
            if seed not in failed:
                shutil.rmtree(root)
            elif os.environ.get("REGISTRY_KEEP_HISTORIES"):
                shutil.copytree(root, Path(os.environ["REGISTRY_KEEP_HISTORIES"]) / f"h{seed}", symlinks=True)
    print(f"{words.count - len(failed)} of {words.count} are right; wrong: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
