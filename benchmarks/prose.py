"""Registries of long prose, made up, or of real files (``--real FOLDER`` of :mod:`benchmarks.plan`).

Made up are three: one of files (14 MB), one of lists (5 MB), one map (1 MB); their texts are folded, literal, quoted
and plain over several lines, as people write them. A folder of real YAML gives three as well: what each file is decides
where it goes. What is small is repeated under other names up to a megabyte, since a start would be all of it else.
Both sides say the same bytes; each entry is applied, and one in a hundred is changed.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from benchmarks.plan import Bench, Cost

PEER = Path(__file__).resolve().parent / "peers" / "safe.py"
_TEXT = """\
the a registry of services keeps what its teams asked for and says where each of them stands today before an entry can
be changed somebody has to read it so long texts explain how requests are routed which limits hold and what happens
when a region is lost see also handbook chapter seven for operators on call at night
"""
_WORDS = _TEXT.split()
_LEAST = 1_000_000
_CHANGED = 100
_MANY = 20
"""So many in a file make it a list or a map; fewer are fields of one entry."""
_EACH = {"files": 20, "lists": 50, "map": 50}
"""So many entries a fragment."""


class Item(NamedTuple):
    """An entry: its id, and its fields as lines without indentation."""

    id: str
    text: str


def _prose(chance: random.Random, words: int) -> str:
    told = chance.choices(_WORDS, k=words)
    for at in range(0, words, 12):
        told[at] = told[at].capitalize()
        told[at - 1] += "."
    return " ".join(told)


def _block(mark: str, text: str) -> str:
    return f"{mark}\n{textwrap.indent(text, '  ')}"


def _readme(chance: random.Random, parts: int) -> str:
    return "\n".join(
        f"## Part {number}\n\n{textwrap.fill(_prose(chance, 70), 100)}\n\n- `first`: {_prose(chance, 6)}\n- second"
        for number in range(parts)
    )


def made_up(name: str, number: int) -> Item:
    """The entry of so many of a registry."""
    chance = random.Random(f"{name} {number}")
    parts = {"files": 19, "lists": 3, "map": 0}[name]
    lines = [
        f"title: Service {number}: what it is for".replace(": what", ", what"),
        f"description: {_block('>', textwrap.fill(_prose(chance, 60), 90))}",
        f'summary: "It says \\"{_prose(chance, 9)}\\" — and no more"',
        f"owner:\n  team: team-{number % 97}\n  contact: team-{number % 97}@example.org",
        f"note: {textwrap.indent(textwrap.fill(_prose(chance, 40), 80), '  ').strip()}",
        f"tags: [area-{number % 97}, tier-{number % 3}]",
        f"links:\n- url: https://example.org/{number}\n  text: {_prose(chance, 8)}\n- url: https://example.org/a",
    ]
    if parts:
        lines.append(f"readme: {_block('|', _readme(chance, parts))}")
    return Item(f"e{number:06}", "\n".join(lines))


def registries() -> dict[str, list[Item]]:
    """The three that are made up."""
    counts = {"files": 1_190, "lists": 2_000, "map": 1_000}
    return {name: [made_up(name, number) for number in range(count)] for name, count in counts.items()}


_HEAD = re.compile(r"^(?=[^\s#])", re.MULTILINE)


def real(folder: Path) -> dict[str, list[Item]]:
    """What stands in a folder: each YAML file is an entry, or a map of many, or has lists of them."""
    found: dict[str, list[Item]] = {"files": [], "lists": [], "map": []}
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        text = path.read_text("utf-8").replace("\t", "  ").removeprefix("---\n")
        name, items = _taken_apart(text)
        found[name] += items or [Item("e", text.rstrip("\n"))]
    return {name: _repeated(items) for name, items in found.items() if items}


def _taken_apart(text: str) -> tuple[str, list[Item]]:
    """Where the entries of a file go, and they; none: it is one."""
    blocks = [
        block for block in _HEAD.split(re.sub(r"^---\n", "", text, flags=re.MULTILINE)) if block.strip()
    ]
    inside = [textwrap.dedent(block.partition("\n")[2]).rstrip("\n") for block in blocks]
    plain = [block.partition("\n")[0].rstrip().endswith(":") for block in blocks]
    if sum(plain) >= _MANY and all(plain[1:]):
        return "map", [Item("e", block) for block in inside if block and block[0] not in "- "]
    items = [
        Item("e", textwrap.dedent(f"  {item}").rstrip("\n"))
        for block, is_plain in zip(inside, plain, strict=True)
        if is_plain and block.lstrip("\n").startswith("- ")
        for item in re.split(r"^- ", block.lstrip("\n"), flags=re.MULTILINE)[1:]
        if "\n" in item
    ]
    return ("lists", items) if len(items) >= _MANY else ("files", [])


def _repeated(items: list[Item]) -> list[Item]:
    size = max(1, sum(len(item.text) for item in items))
    times = -(-_LEAST // size)
    return [
        Item(f"e{number:06}", item.text)
        for number, item in enumerate(item for _ in range(times) for item in items)
    ]


def lay_out(root: Path, name: str, items: list[Item]) -> None:
    """A workspace with one of them on both sides."""
    where = {
        "files": "layout: file, file: 'registry/{id}.yaml', key: id",
        "lists": "layout: list, file: 'registry/{part}.yaml', at: items, key: id",
        "map": "layout: map, file: registry.yaml, at: items, key: id",
    }[name]
    _write(
        root,
        ".system/registry/schemas/item.schema.yaml",
        f"x-registry: {{kind: item, {where}}}\ntype: object\n",
    )
    for path, text in _live(name, items):
        _write(root, path, text)
    for path, text in fragments(name, items, changed=False):
        _write(root, path, text)


def _part(number: int) -> str:
    return f"p{number % 5}"


def _keyed(name: str, number: int, item: Item) -> str:
    part = f"part: {_part(number)}\n" if name == "lists" else ""
    return f"id: {item.id}\n{part}{item.text}\n"


def _as_item(text: str) -> str:
    return f"  - {textwrap.indent(text, '    ').lstrip(' ')}"


def _live(name: str, items: list[Item]) -> Iterator[tuple[str, str]]:
    if name == "files":
        yield from ((f"registry/{item.id}.yaml", _keyed(name, 0, item)) for item in items)
    elif name == "map":
        told = "".join(f"  {item.id}:\n{textwrap.indent(item.text, '    ')}\n" for item in items)
        yield "registry.yaml", f"items:\n{told}"
    else:
        parts: dict[str, list[str]] = {}
        for number, item in enumerate(items):
            parts.setdefault(_part(number), []).append(_as_item(_keyed(name, number, item)))
        yield from ((f"registry/{part}.yaml", f"items:\n{''.join(texts)}") for part, texts in parts.items())


def fragments(name: str, items: list[Item], *, changed: bool) -> Iterator[tuple[str, str]]:
    """What is desired: the same, or one in a hundred with one field more."""
    each = _EACH[name]
    for first in range(0, len(items), each):
        texts = (
            _as_item(
                _keyed(name, number, item) + "zz_reviewed: true\n" * (changed and number % _CHANGED == 0)
            )
            for number, item in enumerate(items[first : first + each], first)
        )
        yield f"desired/part-{first:06}.yaml", f"item:\n{''.join(texts)}"


def _write(root: Path, path: str, text: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


def measure(bench: Bench, folder: Path | None = None, *, short: bool = False) -> None:
    """Cold plans of all of them, beside PyYAML's CSafeLoader of the same bytes; ``short``: of the map alone."""
    made = registries()
    sorts: dict[str, dict[str, list[Item]]] = {"prose": {"map": made["map"]} if short else made}
    if folder is not None:
        sorts["real text"] = real(folder)
    for sort, found in sorts.items():
        for name, items in found.items():
            _measure(bench, sort, name, items)


def _measure(bench: Bench, sort: str, name: str, items: list[Item]) -> None:
    from benchmarks.plan import registry

    root = bench.home / f"{sort.replace(' ', '-')}-{name}"
    lay_out(root, name, items)
    bench.run(registry("apply", "--yes"), root)
    for path, text in fragments(name, items, changed=True):
        _write(root, path, text)
    sides = [*(root / "desired").rglob("*.yaml"), *root.glob("registry*"), *root.glob("registry/*")]
    read = sum(path.stat().st_size for path in sides if path.is_file()) / 1e6
    command = [sys.executable, str(PEER), str(root)]
    ours, theirs = bench.medians(lambda: bench.run(registry("plan"), root), lambda: bench.run(command, root))
    what = f"cold plan, {sort}, {name}, {len(items):,} entries of {read / 2:.1f} MB"
    bench.within(what, "PyYAML CSafeLoader of both sides", ours.seconds, theirs.seconds, 1.0)
    bench.slowest(root, "plan")
    _memory(bench, what, ours, read)
    shutil.rmtree(root)


def _memory(bench: Bench, what: str, ours: Cost, read: float) -> None:
    bench.within(what.replace("cold plan", "memory, cold"), "bytes read (MB)", ours.memory / 1e6, read, None)
