#!/usr/bin/env python3
"""Random edits of somebody's registries through fragments: nothing but the entries concerned may change.

    python benchmarks/roundtrip_datasets.py PATH --kind language=languages.yml [--seed 1] [--edits 200]

PATH is copied, never written. Its kinds come from its own schema files, or from ``--kind NAME=FILES``, for
which ``registry schema new`` writes them. Everything is adopted; then each edit (change, add, remove, rename)
is made in the fragments and applied, and after each

- every registry entry reads as the edits so far say,
- the lines outside of the entries concerned are the lines from before,
- the plan computed again is empty.

Exits 1 on the first edit that breaks one of these, and says which.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from registry_reconciler.editing.adopt import adopt
from registry_reconciler.editing.amend import overlay, write_fragments
from registry_reconciler.editing.build_baseline import write_baseline
from registry_reconciler.editing.fragment_edit import Drafts
from registry_reconciler.editing.schema_new import new_schema
from registry_reconciler.files.tree import DiskTree, MemoryTree, Recorder, Tree
from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.nodes import Member, child_index, key_of
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.entry import Json, LiveEntry, make_address, same, split_address
from registry_reconciler.model.fields import Selector, with_value, without
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.plan import Plan, PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.workspace import Workspace

OPTIONS = PlanOptions(no_check=True, allow_mass_delete=True)
TEXTS = (
    "no", "1:30", "0o14", "012", "1_000", "~", "null", "2024-01-01", "", " leading", "trailing ", "a: b",
    "# no comment", "- item", "{brace", "it's", 'say "so"', "é ü 漢", "two\nlines", "ends\n", "\n", "x" * 150,
    "[]", "&a", "*a", "!t", "a\tb",
)  # fmt: skip


class Broken(Exception):
    """A promise that was not kept."""


@dataclass
class Tour:
    """One workspace on its way through many edits."""

    tree: Tree
    rng: random.Random
    expected: dict[str, dict[str, Json]]
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    edits: list[str] = field(default_factory=list)


def prepare(source: Path, target: Path, kinds: Sequence[str]) -> Workspace:
    """A copy of a dataset as a workspace in which everything is adopted and applied."""
    shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)
    (target / ".system/registry/schemas").mkdir(parents=True, exist_ok=True)
    for word in kinds:
        name, _, pattern = word.partition("=")
        made = new_schema(DiskTree(target), name, pattern)
        (target / made.path).write_bytes(made.content)
    before = registry_bytes(load(Recorder(DiskTree(target))))
    workspace = Workspace.open(target)
    # What is wrong with the data today is not what is tried here.
    write_baseline(workspace)
    adoption = adopt(DiskTree(target), ["*"])
    write_fragments(workspace, lambda _loaded: adoption.edits, command="roundtrip")
    plan = workspace.plan()
    if not plan.applicable:
        raise Broken(f"what was adopted cannot be applied: {plan.blocking[0].message}")
    workspace.apply(plan)
    if not workspace.plan().empty:
        raise Broken("the plan after adopting and applying is not empty")
    if registry_bytes(load(Recorder(DiskTree(target)))) != before:
        raise Broken("adopting changed a registry file")
    return workspace


def registry_bytes(loaded: Loaded) -> dict[str, bytes | None]:
    """Every registry file."""
    return {path: source.data for path, source in loaded.live.files.items()}


def travel(tree: Tree, seed: int, edits: int) -> Tour:
    """Make random edits, one after the other. Raises :class:`Broken`."""
    loaded = load(Recorder(tree))
    expected = {address: entry.value for address, entry in loaded.live.entries.items()}
    tour = Tour(tree, random.Random(seed), expected)
    if not loaded.fragments.entries:
        raise Broken("nothing was adopted, so there is nothing to edit")
    while sum(tour.done.values()) < edits:
        step(tour)
        if sum(tour.refused.values()) > edits + 20:
            raise Broken(f"too much is refused: {dict(tour.refused)}")
    return tour


def step(tour: Tour) -> None:
    """One edit, from the fragment to the checked registries."""
    loaded = load(Recorder(tour.tree))
    drafts = Drafts(loaded)
    drawn = draw(tour, loaded, drafts)
    if drawn is None:
        return
    what, old, new, value = drawn
    plan = make_plan(overlay(tour.tree, drafts.finish()), OPTIONS).plan
    told = f"{what} {old or new}"
    if not plan.applicable:
        tour.refused[plan.blocking[0].code] += 1
        return
    tour.edits.append(told)
    if old:
        tour.expected.pop(old)
    if new and value is not None:
        tour.expected[new] = value
    after = MemoryTree(
        {
            **{edit.path: edit.content for edit in drafts.finish()},
            **{one.path: one.content for one in plan.files},
        },
        tour.tree,
    )
    verify(tour, loaded, after, plan, {one for one in (old, new) if one}, told)
    tour.tree = flat(after, tour.tree)
    tour.done[what] += 1


def flat(after: MemoryTree, before: Tree) -> MemoryTree:
    """One layer of memory instead of one for each edit."""
    if isinstance(before, MemoryTree):
        return MemoryTree({**before.files, **after.files}, before.below)
    return after


def draw(tour: Tour, loaded: Loaded, drafts: Drafts) -> tuple[str, str, str, dict[str, Json] | None] | None:
    """Choose an edit and draft it: what, the address before, the address after, the value after."""
    rng = tour.rng
    declared = {entry.address: entry for entry in loaded.fragments.entries}
    if not declared:
        return None
    address = rng.choice(sorted(declared))
    kind = loaded.kinds[split_address(address)[0]]
    depths = Nesting(loaded.kinds).depths()
    outer = max(depths.values()) > depths[kind.name]
    what = rng.choice(["change", "change", "change", "add", "remove", "rename"])
    old = declared[address].value
    if what == "remove":
        if outer or len(declared) < 3:
            return None
        drafts.remove(address)
        return what, address, "", None
    value = changed(rng, old, kind) if what == "change" else with_new_key(rng, old, kind)
    new = make_address(kind.name, kind.key_of(value) or "")
    clash = what != "change" and new in tour.expected
    if clash or same(value, old) or not loaded.catalog.schemas.validator(kind).is_valid(value):
        return None
    if what == "rename":
        if outer:
            return None
        fragment = declared[address].place.file
        drafts.remove(address)
        drafts.put(kind, value, fragment)
        drafts.directive("moved", {"from": address, "to": new}, fragment)
        return what, address, new, value
    drafts.put(kind, value)
    return what, address if what == "change" else "", new, value


def with_new_key(rng: random.Random, value: dict[str, Json], kind: Kind) -> dict[str, Json]:
    """The value under another key: its last key field that no place gives gets a new word."""
    own = [one for one in kind.key if one.text not in kind.placeholders] or list(kind.key)
    old = own[-1].get(value)
    new = (
        old + rng.randint(1, 10**6)
        if isinstance(old, int)
        else f"{old}-{rng.choice('abz')}{rng.randint(0, 999)}"
    )
    return with_value(value, own[-1].path, new)


def changed(rng: random.Random, value: dict[str, Json], kind: Kind) -> dict[str, Json]:
    """The value with one part changed, added or taken away; key and place stay."""
    fixed = {one.path[0] for one in kind.key} | {Selector.parse(name).path[0] for name in kind.placeholders}
    names = [name for name in value if name not in fixed]
    roll = rng.random()
    if roll < 0.15 or not names:
        return {
            **value,
            f"x-new{rng.randint(0, 99)}": rng.choice([1, 2.5, True, None, "x", ["a", "b"], {"k": "v"}]),
        }
    name = rng.choice(names)
    if roll < 0.25:
        return without(value, (name,))
    return {**value, name: mutated(rng, value[name])}


def mutated(rng: random.Random, value: Json) -> Json:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice([1, -1, 1000])
    if isinstance(value, str):
        return rng.choice([*TEXTS, f"{value}!", value.upper(), value[: len(value) // 2]])
    if isinstance(value, list):
        return mutated_list(rng, value)
    if isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        return {**value, name: mutated(rng, value[name])}
    return {"k": "v"} if isinstance(value, dict) else "was null"


def mutated_list(rng: random.Random, value: list[Json]) -> list[Json]:
    items = list(value)
    roll = rng.random()
    if not items or roll < 0.3:
        new = mutated(rng, rng.choice(items)) if items else rng.choice(TEXTS)
        items.insert(rng.randint(0, len(items)), new)
    elif roll < 0.6:
        items.pop(rng.randrange(len(items)))
    elif roll < 0.8:
        index = rng.randrange(len(items))
        items[index] = mutated(rng, items[index])
    else:
        rng.shuffle(items)
    return items


# ---------------------------------------------------------------- checks


def verify(tour: Tour, before: Loaded, after: Tree, plan: Plan, addresses: set[str], told: str) -> None:
    """Hold the workspace after an edit against what was promised."""
    loaded = load(Recorder(after))
    known = {(one.code, one.message, one.place) for one in before.live.problems}
    faults = [
        one
        for one in loaded.live.problems
        if one.structural and (one.code, one.message, one.place) not in known
    ]
    if faults:
        raise Broken(f"{told}: {faults[0].message}")
    live = loaded.live.entries
    if live.keys() != tour.expected.keys():
        raise Broken(f"{told}: entries differ: {sorted(live.keys() ^ tour.expected.keys())[:5]}")
    for address, entry in live.items():
        if not same(entry.value, tour.expected[address]):
            raise Broken(f"{told}: {address} reads {entry.value!r}, not {tour.expected[address]!r}")
    if not make_plan(after, OPTIONS).plan.empty:
        raise Broken(f"{told}: the plan computed again is not empty")
    fields = changed_fields(before, loaded, addresses)
    touched = {path for path in (one.path for one in plan.files) if not path.startswith(".system/registry/")}
    for path in sorted(touched):
        rest = [lines_beside(one, path, addresses, fields) for one in (before, loaded)]
        if rest[0] is not None and rest[1] is not None and rest[0] != rest[1]:
            raise Broken(f"{told}: {path} changed beside the entry: {first_difference(rest[0], rest[1])}")
    beside = [
        path for path in touched if not any(_concerns(one, path, addresses) for one in (before, loaded))
    ]
    if beside:
        raise Broken(f"{told}: {beside[0]} was written for no reason")


def _concerns(loaded: Loaded, path: str, addresses: Iterable[str]) -> bool:
    entries = [loaded.live.entries[one] for one in addresses if one in loaded.live.entries]
    return any(entry.place.file == path for entry in entries)


def changed_fields(before: Loaded, after: Loaded, addresses: set[str]) -> set[str] | None:
    """The fields at the top of an entry that an edit changed; ``None``: the whole entry came, went or moved."""
    entries = [one.live.entries.get(address) for address in addresses for one in (before, after)]
    if (
        len(addresses) != 1
        or None in entries
        or any(on_one_line(loaded, addresses) for loaded in (before, after))
    ):
        return None
    old, new = (entry.value for entry in entries if entry is not None)
    names = {*old, *new}
    return {name for name in names if name not in old or name not in new or not same(old[name], new[name])}


def on_one_line(loaded: Loaded, addresses: set[str]) -> bool:
    """Whether an entry stands on one line: its fields have no lines of their own then."""
    for address in addresses:
        entry = loaded.live.entries[address]
        source = loaded.live.files[entry.place.file]
        text = (source.data or b"").decode("utf-8").removeprefix("\ufeff")
        node = source.format.compose(text)[entry.place.document].root
        for step_ in entry.place.path:
            index = child_index(node, step_)
            assert index is not None
            node = node.entries[index].value
        if "\n" not in text[node.start : node.end] and node.end > node.start:
            return True
    return False


def lines_beside(loaded: Loaded, path: str, addresses: set[str], fields: set[str] | None) -> list[str] | None:
    """The lines of a file that belong to none of the entries; blank ones and bare container lines aside."""
    source = loaded.live.files.get(path)
    if source is None or source.data is None:
        return None
    text = source.data.decode("utf-8").removeprefix("\ufeff")
    rows = text.split("\n")
    gone: set[int] = set()
    for address in addresses:
        entry = loaded.live.entries.get(address)
        if entry is not None and entry.place.file == path:
            gone.update(lines_of(source.format, text, rows, entry, fields))
    kept = [row for number, row in enumerate(rows) if number not in gone and not _is_frame(row)]
    # In a flow list the comma behind a neighbour comes and goes with the item after it.
    return [_LAST_COMMA.sub("", row.rstrip("\r")) for row in kept]


_LAST_COMMA = re.compile(r",(?=(?:[ \t]*//.*)?$)")


def _is_frame(row: str) -> bool:
    """A blank line, or one that only opens or closes a container: both may come and go with the last entry."""
    bare = row.strip()
    return not bare.strip("[]{}, ") or (
        bare.rstrip("[]{}, ").endswith((":", "=")) and not bare.startswith("#")
    )


def lines_of(
    form: TextFormat, text: str, rows: Sequence[str], entry: LiveEntry, fields: set[str] | None
) -> Iterator[int]:
    """The lines of an entry, or of some fields of it, with the comments that belong to them."""
    if not entry.place.path and fields is None:
        yield from range(len(rows))
        return
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    node = form.compose(text)[entry.place.document].root
    for step_ in entry.place.path[:-1]:
        index = child_index(node, step_)
        assert index is not None
        node = node.entries[index].value
    if entry.place.path:
        index = child_index(node, entry.place.path[-1])
        assert index is not None
        members = [node.entries[index]]
        node = members[0].value
    if fields is not None and node.kind == "map":
        members = [one for one in node.entries if key_of(one) in fields]
    for member in members:
        for first, last in spans(member):
            yield from with_comments(rows, bisect_right(starts, first) - 1, bisect_right(starts, last) - 1)


def spans(member: Member) -> Iterator[tuple[int, int]]:
    """Where a part stands, and all that is in it: the parts of a table of TOML may lie apart."""
    yield member.start, max(member.start, member.end - 1)
    for inner in member.value.entries:
        yield from spans(inner)


def with_comments(rows: Sequence[str], first: int, last: int) -> range:
    """Some lines with the comments directly above them."""
    indent = rows[first][: len(rows[first]) - len(rows[first].lstrip(" \t"))]
    while first > 0 and rows[first - 1].startswith((f"{indent}#", f"{indent}//")):
        first -= 1
    return range(first, last + 1)


def first_difference(left: Sequence[str], right: Sequence[str]) -> str:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return f"{one!r} became {other!r}"
    return f"{len(left)} lines became {len(right)}"


# ---------------------------------------------------------------- the command


KNOWN: Mapping[str, tuple[str, ...]] = {
    "languages.yml": ("language=languages.yml",),
    "registry.yaml": ("category=registry.yaml", "plugin=registry.yaml", "skill=registry.yaml"),
    "servers": ("server=servers/*/server.yaml",),
}
"""Kinds of the shapes that are tried most, by a name in the folder."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Random edits through fragments: nothing else may change.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--kind", action="append", default=[], metavar="NAME=FILES")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edits", type=int, default=200)
    options = parser.parse_args()
    kinds = options.kind
    if not kinds and not (options.path / ".system/registry/schemas").is_dir():
        kinds = next((words for name, words in KNOWN.items() if (options.path / name).exists()), ())
        if not kinds:
            parser.error("name the kinds: --kind NAME=FILES")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        started = time.perf_counter()
        try:
            workspace = prepare(options.path, root, kinds)
            tour = travel(DiskTree(workspace.root), options.seed, options.edits)
        except Broken as broken:
            print(f"BROKEN with --seed {options.seed}: {broken}")
            return 1
        seconds = time.perf_counter() - started
    counts = ", ".join(f"{count} {what}" for what, count in sorted(tour.done.items()))
    refused = ", ".join(f"{count} {code}" for code, count in sorted(tour.refused.items())) or "none"
    print(f"{sum(tour.done.values())} edits ({counts}) in {seconds:.0f} s; refused: {refused}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
