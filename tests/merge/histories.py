"""Random histories under real git, and the laws of the state after every operation.

``python -m tests.merge.histories N [--seed S] [--attributes]`` runs N of them and says what was covered.

Every value is written once in a history, so it says who wrote it: ``a…`` was applied, ``h…`` was written into a
registry by hand. A commit holds what was applied, so that a merge of commits has to hold it too.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import yaml

from registry_reconciler import Plan, PlanOptions, Workspace
from registry_reconciler.editing.resolve_conflicts import resolve_conflicts
from registry_reconciler.errors import Blocked, WriteFailure
from registry_reconciler.loading.state import STOP_PATH
from registry_reconciler.loading.state.files import left_path
from registry_reconciler.model.entry import digest_value
from registry_reconciler.planning import state_shares

REGISTRY = "t.yaml"
FRAGMENTS = ("desired/one.yaml", "desired/two.yaml", "desired/three.yaml")
OWN = (
    ".system/registry/state/",
    ".system/registry/history/",
    ".system/registry/history.jsonl",
    ".system/registry/history.before.jsonl",
)
SCHEMA = "x-registry: {kind: t, layout: list, file: t.yaml, at: t, key: id}\ntype: object\n"
NAMES = [first + second for first in "bcdfghkm" for second in "aeiou"]
_COMMENT = re.compile(r"^# (.*)\n\n- id: (.*)$", re.MULTILINE)
_HUNK = re.compile(r"^<{7} [^\0]*?^\|{7}.*\n([^\0]*?)^={7}\n[^\0]*?^>{7}.*\n(.*)$", re.MULTILINE)
"""A conflict in a file: what the base has there, and the line behind it."""
_RECORD = re.compile(r'^@ "t/(.*?)" (\S+)', re.MULTILINE)
"""A record of the state: its key and its salt."""
_MARKED = re.compile(r'^#\n[#~\n]*@ "t/(.*?)"', re.MULTILINE)
_ENV = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}

Entry = dict[str, Any]


class Broken(AssertionError):
    """A law does not hold."""


@dataclass
class Fragment:
    """A fragment as a person keeps it: entries in an order of its own, and directives."""

    entries: list[Entry] = field(default_factory=list)
    moved: list[dict[str, str]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    """By the id of the entry below them."""

    def without(self, at: int) -> Entry:
        """Take an entry out; the comment above it stays."""
        entry = self.entries.pop(at)
        comment = self.comments.pop(entry["id"], "")
        if comment and at < len(self.entries):
            self.comments.setdefault(self.entries[at]["id"], comment)
        return entry


@dataclass
class History:
    """One random history."""

    root: Path
    random: random.Random
    covered: Counter[str] = field(default_factory=Counter)
    count: int = 0
    log: list[str] = field(default_factory=list)
    values: dict[str, set[str]] = field(default_factory=dict)
    begun_old: bool = False
    older: str = ""
    """The branch on which an older program goes on, until the new form comes to it."""
    squashed: bool = False
    renamed_away: set[str] = field(default_factory=set)
    """Fragments that were renamed."""
    chance: Random = field(default_factory=lambda: Random(0))
    """Decides what came to be decided later: the other decisions of a seed stay as they were."""
    centre: int = 0
    """Of large fragments: edits are made near this entry, so that they meet."""

    # --- git -------------------------------------------------------------------------------------------------

    def git(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=_ENV, capture_output=True, text=True, timeout=60
        )
        if check and done.returncode:
            raise RuntimeError(f"git {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def commit(self, why: str, *options: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", why, *options)

    def branch(self) -> str:
        return self.git("symbolic-ref", "--short", "HEAD").stdout.strip()

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").stdout.split()

    def commits(self, of: str) -> list[str]:
        """Commits that may be reverted and picked: not the first, and none that carries the old form over."""
        found = self.git(
            "rev-list", "--no-merges", "--max-count=8", "--invert-grep", "--grep=^as an older program", of
        ).stdout.split()[:-1]
        if not self.begun_old:
            return found
        carried = self.git("log", "--format=%H", "--diff-filter=AD", of, "--", STOP_PATH).stdout.split()
        return [each for each in found if each not in carried]

    # --- files -----------------------------------------------------------------------------------------------

    def value(self, sort: str = "a") -> str:
        self.count += 1
        return f"{sort}{self.count}"

    def read(self, path: str) -> Fragment:
        file = self.root / path
        text = file.read_text() if file.exists() else ""
        data = loaded(text) or {}
        comments = {name: comment for comment, name in _COMMENT.findall(text)}
        return Fragment(data.get("t") or [], data.get("moved") or [], data.get("removed") or [], comments)

    def write(self, path: str, fragment: Fragment) -> None:
        file = self.root / path
        text = ""
        if fragment.entries:
            text += "t:\n"
            for entry in fragment.entries:
                comment = fragment.comments.get(entry["id"])
                text += (f"\n# {comment}\n\n" if comment else "") + emit(entry)
        for name, rows in (("moved", fragment.moved), ("removed", fragment.removed)):
            if rows:
                text += f"{name}:\n" + "".join(f"- {json.dumps(row)}\n" for row in rows)
        if text:
            file.write_text(text)
        elif file.exists():
            file.unlink()

    def declared(self) -> dict[str, tuple[str, Entry]]:
        return {one["id"]: (path, one) for path in FRAGMENTS for one in self.read(path).entries}

    def live(self) -> dict[str, Entry]:
        data = loaded((self.root / REGISTRY).read_text())
        return {one["id"]: one for one in data["t"] or []}

    # --- the product -----------------------------------------------------------------------------------------

    def plan(self, **options: Any) -> Plan:
        return Workspace.open(self.root).planning(PlanOptions(**options)).plan

    def is_older(self) -> bool:
        """Whether an older program is in use here."""
        return bool(self.older) and self.branch() == self.older and not (self.root / STOP_PATH).exists()

    def apply(self) -> None:
        older = self.is_older()
        try:
            Workspace.open(self.root).apply_now(PlanOptions(allow_mass_delete=True))
        except WriteFailure as error:
            raise Broken(f"an apply refuses what it wrote: {error}") from error
        if older:
            self.covered["an apply of an older program"] += 1
            as_older(self)

    def settle(self, why: str) -> None:
        """Apply what the fragments say and commit."""
        self.apply()
        self.commit(why)


@lru_cache(64)
def _loaded(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)


def loaded(text: str) -> Any:
    """What a YAML text says; each time anew, since edits change it in place."""
    return copy.deepcopy(_loaded(text))


def emit(entry: Entry) -> str:
    """An entry as a person writes it."""
    lines = []
    for key, value in entry.items():
        if key != "id":
            # Two sides may change any two fields, also neighbours: a line between them stays.
            lines.append(f"# of {key}")
        if isinstance(value, list):
            lines.append(f"{key}:")
            lines += [f"- {item}" for item in value]
        elif isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {name}: {item}" for name, item in value.items()]
        elif isinstance(value, str) and "\n" in value:
            lines.append(f"{key}: |")
            lines += [f"  {line}" for line in value.rstrip("\n").split("\n")]
        else:
            lines.append(f"{key}: {value}")
    return "- " + "\n  ".join(lines) + "\n"


# --- what people do --------------------------------------------------------------------------------------------

Edit = Callable[[History], bool]


def _some_declared(one: History) -> tuple[str, Fragment, int] | None:
    paths = [path for path in FRAGMENTS if one.read(path).entries]
    if not paths:
        return None
    if one.random.random() < 0.3:
        # Sides that edit one entry meet more often than those that edit any.
        fragment = one.read(paths[0])
        return paths[0], fragment, min(one.centre, len(fragment.entries) - 1)
    path = one.random.choice(paths)
    fragment = one.read(path)
    return path, fragment, _near(one, len(fragment.entries))


def _near(one: History, count: int) -> int:
    """A place in a list; in a large one near its centre."""
    if count < 100:
        return one.random.randrange(count)
    return min(count - 1, max(0, one.centre + one.random.randrange(-6, 7)))


def change_field(one: History) -> bool:
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    entry = fragment.entries[at]
    key = one.random.choice([key for key in entry if key != "id"])
    entry[key] = _other(one, entry[key])
    one.write(path, fragment)
    return True


def _other(one: History, value: Any) -> Any:
    if isinstance(value, list):
        at = one.random.randrange(len(value) + 1)
        how = one.random.choice(["insert", "replace", "remove"])
        if how == "insert" or not value:
            return [*value[:at], one.value(), *value[at:]]
        at = min(at, len(value) - 1)
        middle = [one.value()] if how == "replace" or len(value) == 1 else []
        return [*value[:at], *middle, *value[at + 1 :]]
    if isinstance(value, dict):
        return {**value, one.random.choice(list(value)): one.value()}
    if isinstance(value, str) and "\n" in value:
        lines = value.rstrip("\n").split("\n")
        lines[one.random.randrange(len(lines))] = f"line {one.value()} of the text"
        return "\n".join(lines) + "\n"
    return one.value()


def add_field(one: History) -> bool:
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    free = [key for key in ("kk", "ll", "mm") if key not in fragment.entries[at]]
    if not free:
        return False
    items = list(fragment.entries[at].items())
    items.insert(one.random.randrange(1, len(items) + 1), (one.random.choice(free), one.value()))
    fragment.entries[at] = dict(items)
    one.write(path, fragment)
    return True


def drop_field(one: History) -> bool:
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    there = [key for key in ("kk", "ll", "mm") if key in fragment.entries[at]]
    if not there:
        return False
    del fragment.entries[at][one.random.choice(there)]
    one.write(path, fragment)
    return True


def new_entry(one: History, name: str) -> Entry:
    text = "".join(f"line {one.value()} of the text\n" for _ in range(4))
    return {
        "id": name,
        "v": one.value(),
        "tags": [one.value() for _ in range(3)],
        "w": one.value(),
        "at": {"x": one.value(), "y": one.value()},
        "text": text,
        "z": one.value(),
    }


def add_entry(one: History) -> bool:
    taken = {*one.declared(), *one.live()}
    free = [name for name in NAMES if name not in taken]
    path = one.random.choice(FRAGMENTS)
    fragment = one.read(path)
    at = _near(one, len(fragment.entries) + 1)
    fragment.entries.insert(at, new_entry(one, one.random.choice(free)))
    one.write(path, fragment)
    return True


def delete_entry(one: History) -> bool:
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    fragment.without(at)
    one.write(path, fragment)
    return True


def adopt_entry(one: History) -> bool:
    declared = one.declared()
    free = [entry for name, entry in one.live().items() if name not in declared]
    if not free:
        return False
    path = one.random.choice(FRAGMENTS)
    fragment = one.read(path)
    fragment.entries.insert(_near(one, len(fragment.entries) + 1), one.random.choice(free))
    one.write(path, fragment)
    return True


def keep_entry(one: History) -> bool:
    """Stop managing an entry."""
    found = _some_declared(one)
    if found is None:
        return False
    path, _, at = found
    let_go(one, path, at)
    return True


def let_go(one: History, path: str, at: int) -> None:
    """Stop managing an entry of a fragment, and drop the line that said so."""
    fragment = one.read(path)
    name = fragment.without(at)["id"]
    fragment.removed.append({"address": f"t/{name}", "keep": True})
    one.write(path, fragment)
    one.apply()
    fragment = one.read(path)
    fragment.removed = [row for row in fragment.removed if row["address"] != f"t/{name}"]
    one.write(path, fragment)
    if any(change.address == f"t/{name}" for change in one.plan().changes):
        raise Broken(f"{name} was let go, and is planned all the same")


def rename_entry(one: History) -> bool:
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    taken = {*one.declared(), *one.live()}
    old = fragment.entries[at]["id"]
    new = one.random.choice([name for name in NAMES if name not in taken])
    fragment.entries[at]["id"] = new
    if old in fragment.comments:
        fragment.comments[new] = fragment.comments.pop(old)
    fragment.moved.append({"from": f"t/{old}", "to": f"t/{new}"})
    one.write(path, fragment)
    one.apply()
    fragment = one.read(path)
    fragment.moved = []
    one.write(path, fragment)
    return True


def move_entry(one: History) -> bool:
    """Move an entry into another fragment."""
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    other = one.random.choice([name for name in FRAGMENTS if name != path])
    target = one.read(other)
    target.entries.insert(_near(one, len(target.entries) + 1), fragment.without(at))
    one.write(path, fragment)
    one.write(other, target)
    return True


def reorder(one: History) -> bool:
    """Move an entry within its fragment: that changes the state alone, with what is applied next."""
    found = _some_declared(one)
    if found is None or len(found[1].entries) < 2:
        return False
    path, fragment, at = found
    fragment.entries.insert(_near(one, len(fragment.entries)), fragment.without(at))
    one.write(path, fragment)
    return change_field(one)


def comment(one: History) -> bool:
    """Add or drop a comment between two entries, or change one."""
    found = _some_declared(one)
    if found is None:
        return False
    path, fragment, at = found
    name = fragment.entries[at]["id"]
    if name in fragment.comments and one.random.random() < 0.5:
        del fragment.comments[name]
    else:
        fragment.comments[name] = f"section {one.value()}"
    one.write(path, fragment)
    return True


def rename_fragment(one: History) -> bool:
    there = [path for path in FRAGMENTS if (one.root / path).exists()]
    free = [path for path in FRAGMENTS if not (one.root / path).exists()]
    if not there or not free:
        return False
    old = one.random.choice(there)
    one.git("mv", old, one.random.choice(free))
    one.renamed_away.add(old)
    return True


def touch_unmanaged(one: History) -> bool:
    """Edit an entry by hand that nobody manages."""
    declared = one.declared()
    free = [name for name in one.live() if name not in declared]
    if not free:
        return False
    hand_edit(one, one.random.choice(free), "v", one.value("h"))
    return True


def hand_edit(one: History, name: str, key: str, value: str) -> None:
    """Write a value into a registry by hand, where the field has one on its own line."""
    file = one.root / REGISTRY
    lines = file.read_text().split("\n")
    at = lines.index(f"- id: {name}")
    while not lines[at].startswith(f"  {key}:"):
        at += 1
        if lines[at].startswith("- "):
            raise ValueError(key)
    lines[at] = f"  {key}: {value}"
    file.write_text("\n".join(lines))


EDITS: dict[str, tuple[Edit, int]] = {
    "change": (change_field, 8),
    "add field": (add_field, 2),
    "drop field": (drop_field, 1),
    "add": (add_entry, 4),
    "delete": (delete_entry, 3),
    "adopt": (adopt_entry, 3),
    "keep": (keep_entry, 2),
    "rename": (rename_entry, 2),
    "move": (move_entry, 3),
    "rename fragment": (rename_fragment, 1),
    "reorder": (reorder, 1),
    "comment": (comment, 2),
    "unmanaged": (touch_unmanaged, 1),
}


def edit(one: History) -> str:
    """Some edit of the fragments, applied and not committed; its name."""
    names = list(EDITS)
    while True:
        name = one.random.choices(names, [EDITS[each][1] for each in names])[0]
        before = one.git("rev-parse", "HEAD").stdout
        try:
            if EDITS[name][0](one):
                one.apply()
                remember(one)
                one.covered[f"edit: {name}"] += 1
                one.log.append(f"{one.branch()}: {name}")
                return name
        except Blocked:
            one.covered["edit: refused"] += 1
        one.git("reset", "-q", "--hard", before.strip())
        one.git("clean", "-qfd")


# --- what git does ---------------------------------------------------------------------------------------------


def _others(one: History) -> list[str]:
    here = one.branch()
    return [name for name in one.branches() if name != here]


def merge(one: History) -> tuple[str, ...]:
    return "merge", "-q", "--no-edit", one.random.choice(_others(one))


def squash(one: History) -> tuple[str, ...]:
    return "merge", "-q", "--squash", one.random.choice(_others(one))


def octopus(one: History) -> tuple[str, ...]:
    return "merge", "-q", "--no-edit", *one.random.sample(_others(one), 2)


def revert(one: History) -> tuple[str, ...]:
    return "revert", "--no-edit", one.random.choice(one.commits("HEAD"))


def cherry_pick(one: History) -> tuple[str, ...]:
    other = one.random.choice(_others(one))
    return "cherry-pick", "--allow-empty", "--keep-redundant-commits", one.random.choice(one.commits(other))


def rebase(one: History) -> tuple[str, ...]:
    return "rebase", "-q", one.random.choice(_others(one))


def queue(one: History) -> tuple[str, ...]:
    """What a merge queue does: B is put on main and A, where A was merged and nothing applied in between."""
    first, second = one.random.sample(_others(one), 2)
    one.log.append(f"{one.branch()}: in a queue {first}")
    one.git("merge", "-q", "--no-edit", first, check=False)
    if not _conflicts(one):
        laws(one)
    return "merge", "-q", "--no-edit", second


def unapplied(one: History) -> tuple[str, ...]:
    """A commit declares what stands in a registry, and nobody applies: one side does then, the other lets it go."""
    declared = one.declared()
    # What was let go before has its file already, which the side that applies removes (decision 7).
    before = {name for name in one.live() if (one.root / left_path(f"t/{name}")).exists()}
    free = [name for name in one.live() if name not in declared and name not in before]
    if not free or one.is_older():
        return merge(one)
    name, path, here = one.chance.choice(free), one.chance.choice(FRAGMENTS), one.branch()
    fragment = one.read(path)
    at = one.chance.randrange(len(fragment.entries) + 1)
    fragment.entries.insert(at, one.live()[name])
    one.write(path, fragment)
    one.commit("declared and not applied")
    one.git("checkout", "-q", "-b", "keeps")
    let_go(one, path, at)
    one.commit("let go")
    kept = one.git("rev-parse", "HEAD").stdout.strip()
    one.git("checkout", "-q", here)
    one.git("branch", "-q", "-D", "keeps")
    one.settle("adopted")
    one.covered["applied here, let go there"] += 1
    return "merge", "-q", "--no-edit", kept


OPERATIONS: dict[str, tuple[Callable[[History], tuple[str, ...]], int]] = {
    "merge": (merge, 6),
    "squash": (squash, 2),
    "octopus": (octopus, 1),
    "queue": (queue, 2),
    "revert": (revert, 5),
    "cherry-pick": (cherry_pick, 4),
    "rebase": (rebase, 3),
    "stash": (lambda one: ("stash", "pop", "-q"), 2),
}


def operate(one: History) -> None:
    """One operation of git, and the laws after it."""
    name = one.random.choices(list(OPERATIONS), [weight for _, weight in OPERATIONS.values()])[0]
    if name in ("octopus", "queue") and len(_others(one)) < 2:
        name = "merge"
    if name == "stash":
        edit(one)
        one.git("stash", "push", "-q", "-u")
        laws(one)
        edit(one)
        one.commit("while something was put aside")
    before = one.git("rev-parse", "HEAD").stdout.strip()
    words = unapplied(one) if name == "merge" and one.chance.random() < 0.2 else OPERATIONS[name][0](one)
    one.squashed |= name == "squash"
    if name == "queue" and _conflicts(one):
        _judge(one, name, "the first of a queue", "", before)
        return
    one.log.append(f"{one.branch()}: git {' '.join(words)}")
    done = one.git(*words, check=False)
    if name == "squash" and not done.returncode:
        one.git("commit", "-q", "--allow-empty", "-m", "squash")
    if done.returncode or _conflicts(one):
        _judge(one, name, " ".join(words), done.stdout + done.stderr, before)
        return
    one.covered[f"{name}: clean"] += 1
    laws(one)
    probe(one)
    settle(one, before)


def _conflicts(one: History) -> list[str]:
    status = one.git("status", "--porcelain").stdout.splitlines()
    return [line[3:] for line in status if _is_conflict(line)]


def _judge(one: History, name: str, words: str, output: str, before: str) -> None:
    """What did not merge: some file of people's has to be among it. It is given up.

    Where git cannot merge the state, it is known why (decision 7), and ``registry resolve`` settles it.
    """
    conflicts = _conflicts(one)
    mine = [path for path in conflicts if path.strip('"').startswith(OWN)]
    alone = bool(mine) and mine == conflicts
    why = _known(one, name, mine) if alone else ""
    if alone and not why:
        raise Broken(f"{words}: only files of registry conflict: {mine}\n{output}")
    one.covered[f"{name}: conflict" if conflicts else f"{name}: refused"] += 1
    one.covered["conflicts of registry's own beside people's"] += bool(mine) and not alone
    if alone:
        one.covered[f"settled by resolve: {why}"] += 1
        settled = resolve_conflicts(Workspace.open(one.root))
        if settled.open or _conflicts(one):
            raise Broken(f"{words}: registry resolve leaves {_conflicts(one)} {settled.open}")
        laws(one)
    _give_up(one, name)
    one.git("reset", "-q", "--hard", before)


def _known(one: History, name: str, conflicts: list[str]) -> str:
    """Why git cannot merge the state where it merges what people wrote; "" where it has to."""
    if one.renamed_away and any(path in one.renamed_away for path in FRAGMENTS if _ever_there(one, path)):
        return "the name of a fragment was taken again"
    if one.begun_old and one.squashed:
        return "a squash merge after branches carried over apart"
    if name != "merge" and all(path.endswith(".jsonl") for path in conflicts):
        return "what two applies of an older program wrote"
    if one.begun_old and name == "cherry-pick":
        return "a pick from one form to the other"
    if state_shares.FULL < 2_000 and all(_is_of_one_record(one, path) for path in conflicts):
        return "a record that is alone in its file moved"
    if name == "octopus" and all(_owner(one, path) in one.renamed_away for path in conflicts):
        return "an octopus, which follows no rename"
    if one.older and all(_owner(one, path) in one.renamed_away for path in conflicts):
        return "an older program renamed a fragment"
    if all(_is_at_comment(one, path) for path in conflicts):
        return "a comment that no apply had seen"
    if _is_of_state_alone(one):
        return "a commit of the state alone"
    if all(_is_at_record_made_anew(one, path) for path in conflicts):
        return "a record that went and came again"
    return ""


def _is_of_state_alone(one: History) -> bool:
    """Whether the commit that is picked or reverted is what an apply mended: nothing of people's tells where."""
    for head in ("REVERT_HEAD", "CHERRY_PICK_HEAD"):
        found = one.git("diff-tree", "--no-commit-id", "--name-only", "-r", head, check=False).stdout
        if found and all(path.startswith(OWN) for path in found.splitlines()):
            return True
    return False


def _is_at_record_made_anew(one: History, path: str) -> bool:
    """Whether each conflict is at a record that has another salt on one side: its entry was let go and taken over."""
    base, *sides = (one.git("show", f":{stage}:{path}", check=False).stdout for stage in (1, 2, 3))
    salts = [dict(_RECORD.findall(text)) for text in (base, *sides)]
    anew = [
        f'@ "t/{name}" {salt}'
        for name, salt in salts[0].items()
        if any(side.get(name, salt) != salt for side in salts[1:])
    ]
    hunks = _hunks(one, path) if base and all(sides) else []
    return bool(hunks) and all(any(line in "".join(hunk) for line in anew) for hunk in hunks)


def _hunks(one: History, path: str) -> list[tuple[str, str]]:
    """The conflicts in a file: what the base has there, and the line behind it."""
    file = one.root / path
    merged = file.read_bytes()
    one.git("checkout", "-q", "--conflict=diff3", path)
    found = _HUNK.findall(file.read_text())
    file.write_bytes(merged)
    return found


def _is_of_one_record(one: History, path: str) -> bool:
    """Whether a file of the state in conflict has one record at most: files are that small here alone."""
    texts = [one.git("show", f":{stage}:{path}", check=False).stdout for stage in (1, 2, 3)]
    return path.endswith(".state") and all(text.count("\n@ ") < 2 for text in texts)


def _owner(one: History, path: str) -> str:
    """The fragment that a file of the state is about in the common base."""
    found = re.search('^< "(.*)"$', one.git("show", f":1:{path}", check=False).stdout, re.MULTILINE)
    return found[1] if found else ""


def _is_at_comment(one: History, path: str) -> bool:
    """Whether each conflict is where the base has a comment in the fragment, and no line for it in the state."""
    stages = one.git("ls-files", "--unmerged", "--", path).stdout.splitlines()
    if len(stages) < 3 or not path.endswith(".state"):
        return False
    base = one.git("show", f":1:{path}").stdout
    hunks = _hunks(one, path)
    lines = [f'@ "t/{name}" ' for name in _unseen_comments(one, path, base)]
    return bool(hunks) and all(any(line in "".join(hunk) for line in lines) for hunk in hunks)


def _unseen_comments(one: History, path: str, base: str) -> set[str]:
    """The entries below a comment of their fragment that came between two records: the state has no line for it yet."""
    blob, owner = one.git("rev-parse", f":1:{path}").stdout, _owner(one, path)
    marked = _MARKED.findall(base)
    found: set[tuple[str, str]] = set()
    without: set[tuple[str, str]] = set()
    for commit in one.git("rev-list", "--all", "--reflog").stdout.split():
        text = one.git("show", f"{commit}:{owner}", check=False).stdout
        names = [""] + [entry["id"] for entry in (loaded(text) or {}).get("t") or []]
        below = {name for _, name in _COMMENT.findall(text)}
        without.update(pair for pair in pairwise(names) if pair[1] not in below)
        if one.git("rev-parse", f"{commit}:{path}", check=False).stdout == blob:
            found.update(pair for pair in pairwise(names) if pair[1] in below.difference(marked))
    return {name for above, name in found & without}


def _ever_there(one: History, path: str) -> bool:
    """Whether some commit makes a fragment whose name was free: git then sees no rename, and the state follows one."""
    found = one.git("log", "--all", "--format=%h", "--diff-filter=A", "--no-renames", "--", path).stdout
    return len(found.split()) > 1


def _is_conflict(line: str) -> bool:
    return line[:2] in ("DD", "AU", "UD", "UA", "DU", "AA", "UU")


def _give_up(one: History, name: str) -> None:
    for word in ("merge", "revert", "cherry-pick", "rebase"):
        one.git(word, "--abort", check=False)
    one.git("reset", "-q", "--hard")
    one.git("clean", "-qfd")
    if name == "stash":
        one.git("stash", "drop", "-q", check=False)


# --- the laws --------------------------------------------------------------------------------------------------


def laws(one: History) -> None:
    """What holds of a tree that git put together from trees that were applied."""
    plan = one.plan()
    declared, live = one.declared(), one.live()
    twice = [
        name for name in declared if sum(name == e["id"] for p in FRAGMENTS for e in one.read(p).entries) > 1
    ]
    deleted = [change.address for change in plan.changes if change.action.value == "delete"]
    if deleted:
        raise Broken(f"planned for deletion although no fragment that was applied says so: {deleted}")
    edited = {f"t/{name}" for name, (_, entry) in declared.items() if _is_by_hand(live.get(name), entry)}
    # Where git takes back what was written by hand before the entry was adopted, nobody applied that either.
    touched = edited | {
        f"t/{name}" for name, (_, entry) in declared.items() if _is_by_hand(entry, live.get(name))
    }
    by_hand = [drift.address for drift in plan.drift if drift.address not in touched]
    told = [
        one.address
        for one in plan.problems
        if one.code in ("STA001", "STA002") and one.address not in touched
    ]
    missed = edited - {drift.address for drift in plan.drift} - {one.address for one in plan.problems}
    if missed - {change.address for change in plan.changes if change.action.value == "create"}:
        raise Broken(f"edited by hand, and that is not found: {missed}")
    one.covered["law: an edit by hand found"] += bool(edited)
    if by_hand or told:
        raise Broken(f"called an edit by hand, and nobody made one: {by_hand or told}")
    for change in plan.changes:
        name = change.key
        agreed = name in declared and live.get(name) == declared[name][1] and name not in twice
        if agreed and change.action.value != "adopt":
            raise Broken(f"fragment and registry agree, and the plan wants to {change.action.value} {name}")
        if agreed:
            one.covered["law: adopted anew"] += 1
        if name not in declared:
            raise Broken(f"no fragment says {name}, and the plan wants to {change.action.value} it")
    one.covered["law: plan empty"] += not plan.changes
    one.covered["law: plan not empty"] += bool(plan.changes)


def _is_by_hand(side: Entry | None, other: Entry | None) -> bool:
    """Whether a side has a field that somebody wrote into a registry by hand, and the other one says something else."""
    return (
        side is not None
        and other is not None
        and any(
            str(value).startswith("h") and other.get(key) != value
            for key, value in side.items()
            if key != "id"
        )
    )


def probe(one: History) -> None:
    """An edit by hand is found: also one that brings an old value back."""
    declared, live = one.declared(), one.live()
    names = [name for name in declared if live.get(name) == declared[name][1]]
    if not names:
        return
    plan = one.plan()
    if any(problem.blocking for problem in plan.problems):
        return
    unknown = {change.key for change in plan.changes}
    fields = [(name, key) for name in names if name not in unknown for key in ("v", "w", "z")]
    if not fields:
        return
    past = {
        field: sorted(one.values.get(".".join(field), set()) - {live[field[0]][field[1]]}) for field in fields
    }
    changed = [field for field in fields if past[field]]
    name, key = one.random.choice(changed if changed and one.random.random() < 0.8 else fields)
    now, old = live[name][key], past[name, key]
    value = one.random.choice(old) if old else one.value("h")
    one.covered["probe: an old value" if old else "probe: a new value"] += 1
    before = (one.root / REGISTRY).read_bytes()
    hand_edit(one, name, key, value)
    plan = one.plan()
    # What one side let go and the other moved is not managed before the next apply: then that is what is said.
    unmanaged = f"t/{name}" in [problem.address for problem in plan.problems if problem.code == "STA003"]
    one.covered["probe: found, and not managed"] += unmanaged
    if f"t/{name}" not in [drift.address for drift in plan.drift] and not unmanaged:
        raise Broken(f"{name}.{key} was {now} and is {value} by hand, and that is not found: {plan.changes}")
    if any(change.key == name for change in plan.changes):
        raise Broken(f"an edit by hand of {name} would be written over")
    (one.root / REGISTRY).write_bytes(before)


def settle(one: History, before: str) -> None:
    """Apply what an operation left to do, and commit; where it blocks, go back to where it began."""
    try:
        one.settle("settled")
    except Blocked:
        one.covered["settle: blocked"] += 1
        one.git("reset", "-q", "--hard", before)
        one.git("clean", "-qfd")
        return
    plan = one.plan()
    if not plan.empty and not one.is_older():
        raise Broken(f"after an apply the plan is not empty: {plan.changes} {plan.heals}")
    remember(one)


def remember(one: History) -> None:
    """The values that the fields have had: an edit by hand may bring one back."""
    for name, entry in one.live().items():
        for key in ("v", "w", "z"):
            one.values.setdefault(f"{name}.{key}", set()).add(entry[key])


# --- a whole history -------------------------------------------------------------------------------------------


def _many(count: int) -> list[str]:
    return [f"n{number:04}" for number in range(count)]


def begin(one: History, *, attributes: bool, large: int = 0) -> None:
    """A committed workspace with entries of three fragments, and some that nobody manages."""
    one.git("init", "-q", "-b", "main")
    (one.root / ".system/registry/schemas").mkdir(parents=True)
    (one.root / ".system/registry/schemas/t.schema.yaml").write_text(SCHEMA)
    (one.root / "desired").mkdir()
    (one.root / "desired/README.md").write_text("Fragments.\n")
    if attributes:
        (one.root / ".gitattributes").write_text(
            ".system/registry/state/** merge=union\n.system/registry/history.jsonl merge=union\n"
        )
    names = one.random.sample(NAMES, 9)
    entries = {name: new_entry(one, name) for name in names}
    many = {name: {"id": name, **{key: one.value() for key in "vwz"}} for name in _many(large)}
    standing = entries | many
    (one.root / REGISTRY).write_text("t:\n" + "".join(emit(standing[name]) for name in sorted(standing)))
    managed = names[:6]
    for path in FRAGMENTS[:2]:
        mine = [name for name in managed if one.random.random() < 0.5] if path == FRAGMENTS[0] else managed
        managed = [name for name in managed if name not in mine]
        more = list(many.values()) if path == FRAGMENTS[0] else []
        one.centre = one.random.randrange(len(more)) if more else one.centre
        one.write(path, Fragment([*(entries[name] for name in mine), *more]))
    one.settle("begin")
    remember(one)


def old_form(one: History) -> None:
    """The state and history as an older program would have left them: every branch carries them over by itself."""
    as_older(one)
    one.commit("as an older program leaves it")


def as_older(one: History) -> None:
    """Make what an apply left what an older program leaves: a line an entry, and one more in the history."""
    state, history = one.root / ".system/registry/state", one.root / OWN[2]
    old = one.git("show", f"HEAD:{OWN[2]}", check=False).stdout
    shutil.rmtree(state)
    shutil.rmtree(one.root / ".system/registry/history", ignore_errors=True)
    state.mkdir()
    for path in FRAGMENTS:
        entries = sorted(one.read(path).entries, key=lambda entry: str(entry["id"]))
        rows = [json.dumps({"address": f"t/{each['id']}", "digest": digest_value(each)}) for each in entries]
        if rows:
            name = path.removeprefix("desired/")
            (state / f"{name}.jsonl").write_text("".join(f"{row}\n" for row in rows))
    history.write_text(f'{old}{{"time": "2026-01-01T00:00:00Z", "who": "{one.value()}"}}\n')
    taken_over = one.root / OWN[3]
    if one.git("show", f"HEAD:{OWN[3]}", check=False).returncode and taken_over.exists():
        taken_over.unlink()
    one.git("checkout", "-q", "HEAD", "--", ".gitattributes", check=False)


def run(
    seed: int,
    *,
    steps: int = 14,
    attributes: bool = False,
    folder: Path | None = None,
    old: float = 0.25,
    parts: float = 0.5,
    large: float = 0.03,
) -> Counter[str]:
    """One history; what it covered. Raises :class:`Broken`, with the history so far.

    Args:
        attributes: git has the merge attributes that ``init`` once wrote; without, it is as on a server.
        old: how often a history begins with the state in its old form.
        parts: how often the files of the state are full with two or three records, so that fragments have several.
        large: how often a fragment has more than a thousand entries, and so several files of the state as they are.
    """
    root = Path(tempfile.mkdtemp(prefix="history-", dir=folder))
    one = History(root, random.Random(seed), chance=random.Random(f"later {seed}"))
    chance = random.Random(f"parts {seed}")
    small = chance.random() < parts
    full = chance.choice((900, 1_600))
    many = 1_200 if not small and chance.random() < large / max(0.01, 1 - parts) else 0
    one.covered["fragments with more than a thousand entries"] += bool(many)
    one.covered["files of the state that are soon full"] += small
    sizes = (state_shares.FILLED, state_shares.FULL, state_shares.MOST)
    try:
        if small:
            state_shares.FILLED, state_shares.FULL, state_shares.MOST = 900, full, 1_000_000
        begin(one, attributes=attributes, large=many)
        if one.random.random() < old:
            old_form(one)
            one.begun_old = True
            one.covered["begun in the old form"] += 1
        for number in range(one.random.choice([1, 2, 3])):
            one.git("branch", "-q", f"b{number}")
        if one.begun_old and chance.random() < 0.6:
            one.older = chance.choice(one.branches())
        for _ in range(steps):
            one.git("checkout", "-q", one.random.choice(one.branches()))
            if one.random.random() < 0.6:
                edit(one)
                one.commit(
                    one.log[-1], *(["--amend"] if one.random.random() < 0.1 and one.commits("HEAD") else [])
                )
            else:
                if not one.commits("HEAD"):
                    continue
                try:
                    operate(one)
                except IndexError:
                    continue
    except Broken as broken:
        raise Broken(f"seed {seed}: {broken}\n  " + "\n  ".join(one.log) + f"\n  {root}") from None
    finally:
        one.covered["parts of the state of one fragment"] += len(
            list(root.glob(".system/registry/state/*.*.state"))
        )
        state_shares.FILLED, state_shares.FULL, state_shares.MOST = sizes
    shutil.rmtree(root)
    return one.covered


def neighbours(folder: Path) -> Counter[str]:
    """Two sides change two fields that are neighbours in the state, which random histories seldom do; they merge."""
    one = History(Path(tempfile.mkdtemp(prefix="neighbours-", dir=folder)), random.Random(0))
    begin(one, attributes=False)
    path, fragment, _ = next(found for found in (_some_declared(one) for _ in range(9)) if found)
    fields = list(fragment.entries[0])
    for first, second in pairwise(fields[1:]):
        one.git("branch", "-q", "-f", "other")
        for branch, key in (("other", second), ("main", first)):
            one.git("checkout", "-q", branch)
            fragment = one.read(path)
            value = fragment.entries[0][key]
            fragment.entries[0][key] = (
                [*value[:-1], one.value()] if isinstance(value, list) else _other(one, value)
            )
            one.write(path, fragment)
            try:
                one.settle(key)
            except Blocked as error:
                raise Broken(f"{key} was changed in its fragment, and that blocks: {error}") from error
        before = one.git("rev-parse", "HEAD").stdout.strip()
        done = one.git("merge", "-q", "--no-edit", "other", check=False)
        if done.returncode:
            _judge(one, "merge", f"{first} here and {second} there", done.stdout + done.stderr, before)
            continue
        one.covered["merge: clean"] += 1
        laws(one)
    shutil.rmtree(one.root)
    return one.covered


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("histories", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=14)
    parser.add_argument("--attributes", action="store_true")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="begin no other history after them"
    )
    given = parser.parse_args()
    covered: Counter[str] = Counter()
    broken = ran = 0
    begun = time.monotonic()
    for seed in range(given.seed, given.seed + given.histories):
        if time.monotonic() - begun > given.seconds:
            break
        ran += 1
        try:
            covered += run(seed, steps=given.steps, attributes=given.attributes)
        except Broken as found:
            broken += 1
            print(found, flush=True)
            if not given.keep_going:
                return 1
    print(f"{ran:,} histories, {broken:,} broken")
    for name, count in sorted(covered.items()):
        print(f"{count:7,} {name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
