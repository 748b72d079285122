#!/usr/bin/env python3
"""One changed value in a text of each format: time, and bytes that changed although nobody asked.

    python benchmarks/formats.py [--entries 300]

A row for each text format beside the library that a person would take for it. A library that is not installed is left
out, and that is said. The bytes are those of the lines that differ, without the one line that was asked for. Then what
reading costs: of 10 MB of JSON, and of ``--side`` entries in each format, as a plan reads them.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import json
import random
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator

import yaml

from registry_reconciler.base.collector import collector_off
from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.edits import Update
from registry_reconciler.formats.table import FORMATS
from registry_reconciler.loading.registries import load_live
from registry_reconciler.loading.workspace import load

Make = Callable[[bytes, int], bytes]


def yaml_text(count: int) -> bytes:
    rows = [
        f"  # Number {n}.\n  - id: item-{n}\n    text: 'Says {n}'   # kept\n    tags: [a,  b]\n"
        for n in range(count)
    ]
    return ("# All\nitems:\n" + "\n".join(rows)).encode()


def json_text(count: int) -> bytes:
    rows = [
        f'    {{"id": "item-{n}", "text": "Says \\u2014 {n}",\n     "tags": ["a", "b"]}}'
        for n in range(count)
    ]
    return ('{\n  "items": [\n' + ",\n".join(rows) + "\n  ]\n}\n").encode()


def toml_text(count: int) -> bytes:
    rows = [
        f"# Number {n}.\n[[items]]\nid = 'item-{n}'\ntext = 'Says {n}'   # kept\ntags = [ 'a', 'b' ]\n"
        for n in range(count)
    ]
    return ("# All\r\n" + "\n".join(rows).replace("\n", "\r\n")).encode()


def jsonc_text(count: int) -> bytes:
    rows = [
        f'    // Number {n}.\n    {{"id": "item-{n}", "text": "Says {n}", "tags": ["a"]}},'
        for n in range(count)
    ]
    return ('{\n  "items": [\n' + "\n".join(rows) + "\n  ],\n}\n").encode()


def frontmatter_text(count: int) -> bytes:
    """One skill with so many tags, and a text below."""
    tags = "".join(f"  - 'tag {n}'   # kept\n" for n in range(count))
    body = "".join(f"Line {n}.\n\n" for n in range(count))
    return f"---\nname: plan\ntext: 'Says'   # short\ntags:\n{tags}---\n# Plan\n\n{body}".encode()


def ours_front(data: bytes, number: int) -> bytes:
    return FORMATS["frontmatter"].splice(data, [Update(0, ("tags", number), "changed")])


def with_frontmatter(data: bytes, number: int) -> bytes:
    library = importlib.import_module("frontmatter")
    post = library.loads(data.decode())
    post["tags"][number] = "changed"
    return str(library.dumps(post)).encode() + b"\n"


def with_json5(data: bytes, number: int) -> bytes:
    library = importlib.import_module("json5")
    value = library.loads(data.decode())
    value["items"][number]["text"] = "changed"
    return (json.dumps(value, indent=2) + "\n").encode()


def ours(name: str) -> Make:
    return lambda data, number: FORMATS[name].splice(data, [Update(0, ("items", number, "text"), "changed")])


def with_json(data: bytes, number: int) -> bytes:
    value = json.loads(data)
    value["items"][number]["text"] = "changed"
    return (json.dumps(value, indent=2) + "\n").encode()


def with_tomlkit(data: bytes, number: int) -> bytes:
    tomlkit = importlib.import_module("tomlkit")
    value = tomlkit.parse(data.decode())
    value["items"][number]["text"] = "changed"
    return str(tomlkit.dumps(value)).encode()


def with_ruamel(data: bytes, number: int) -> bytes:
    yaml = importlib.import_module("ruamel.yaml").YAML()
    value = yaml.load(data)
    value["items"][number]["text"] = "changed"
    stream = io.BytesIO()
    yaml.dump(value, stream)
    return stream.getvalue()


ROWS: tuple[tuple[str, str, Callable[[int], bytes], Make], ...] = (
    ("yaml", "registry", yaml_text, ours("yaml")),
    ("yaml", "ruamel.yaml", yaml_text, with_ruamel),
    ("json", "registry", json_text, ours("json")),
    ("json", "json, written anew", json_text, with_json),
    ("jsonc", "registry", jsonc_text, ours("jsonc")),
    ("jsonc", "json5, written anew", jsonc_text, with_json5),
    ("matter", "registry", frontmatter_text, ours_front),
    ("matter", "python-frontmatter", frontmatter_text, with_frontmatter),
    ("toml", "registry", toml_text, ours("toml")),
    ("toml", "tomlkit", toml_text, with_tomlkit),
)


def unasked(before: bytes, after: bytes) -> int:
    """How many bytes of the old text are gone, without those of the line that was asked for."""
    gone = Counter(before.splitlines(keepends=True)) - Counter(after.splitlines(keepends=True))
    sizes = [len(line) for line in gone.elements()]
    return sum(sizes) - max(sizes, default=0)


SIZE = 10_000_000
_RANDOM = random.Random(1)
_WORDS = (
    "reads",
    "writes",
    "the",
    "files",
    "of",
    "a",
    "service",
    "and",
    "checks",
    "[links](docs)",
    "it's",
    "(all)",
)
PIECES: dict[str, Callable[[int], str]] = {
    "usual decimals": lambda _: repr(_RANDOM.uniform(0, 10)),
    "prices": lambda n: f'{{"id": "item-{n}", "price": {_RANDOM.uniform(0, 100):.2f}}}',
    "unusual decimals": lambda n: ("1.10", "1E5", "2.50", "0.100")[n % 4],
    "seven places": lambda _: f"{_RANDOM.uniform(0, 180):.7f}",
    "pairs of six places": lambda _: f"[{_RANDOM.uniform(-90, 90):.6f}, {_RANDOM.uniform(0, 180):.6f}]",
    "decimals and integers": lambda n: (
        str(_RANDOM.randrange(10**9)) if n % 2 else f"{_RANDOM.uniform(0, 180):.7f}"
    ),
    "small decimals": lambda _: f"{10 ** _RANDOM.uniform(-9, 3):.9f}",
    "zeros at the end": lambda _: f"{_RANDOM.uniform(0, 1000):.4f}00",
    "small ones, all below 1e-4": lambda _: f"0.0000{_RANDOM.randrange(1000, 10000)}",
    "two places and a zero": lambda _: f"{_RANDOM.uniform(0, 1000):.2f}0",
    "small ones and others": lambda _: f"{10 ** _RANDOM.uniform(-6, -3.5):.8f}",
    "decimals and exponents": lambda _: (
        f"{_RANDOM.uniform(0, 10):{'.6e' if _RANDOM.random() < 0.5 else '.6f'}}"
    ),
    "beside integers of 25": lambda n: (
        str(_RANDOM.randrange(10**24, 10**25)) if n % 2 else f"{_RANDOM.uniform(0, 180):.7f}"
    ),
    "any floats": lambda _: repr(_RANDOM.random()),
    "exponents": lambda _: f"{_RANDOM.uniform(-1e9, 1e9):.6e}",
    "prices, all distinct": lambda n: f'{{"id": "item-{n}", "price": {_RANDOM.uniform(0, 1e5):.2f}}}',
    "places of texts": lambda n: (
        f'{{"name": "Place {n}", "lat": {_RANDOM.uniform(-90, 90)!r}, "lon": {_RANDOM.uniform(0, 180)!r}}}'
    ),
    "features": lambda n: (
        f'{{"type": "Feature", "id": {n}, "geometry": {{"type": "Point", '
        f'"coordinates": [{_RANDOM.uniform(-90, 90):.5f}, {_RANDOM.uniform(0, 180):.5f}]}}}}'
    ),
    "measurements": lambda n: f'{{"t": {n}, "v": {_RANDOM.gauss(0, 1e-3):.8g}, "ok": true}}',
    "costs": lambda n: f'{{"model": "m-{n}", "in": {_RANDOM.uniform(0, 1e-5):.3e}, "out": 3e-06}}',
    "lists in lists": lambda n: "[" * 20 + f"{n + 10**30}" + "]" * 20,
    "plugins": lambda n: (
        f'{{\n  "name": "plugin-{n}",\n  "source": "https://example.org/plugins/{n}.git",\n  "description": "'
        f'{" ".join(_RANDOM.choices(_WORDS, k=25))}: {n}.",\n  "tags": ["tools", "{_RANDOM.choice(_WORDS)}"]\n}}'
    ),
    "other scripts": lambda n: f'{{"id": "entry-{n}", "text": "{"Описание записи, " * 8}{n}"}}',
    "lists of texts in lists": lambda _: "[" * 20 + '"a short text", "another one"' + "]" * 20,
    "translations": lambda n: json.dumps(
        {f"key_{n}_{at}": f"ஒரு சிறிய உரை {at}, " * 3 for at in range(60)}, ensure_ascii=False
    ),
    "letters with accents": lambda n: json.dumps(
        {f"key_{n}_{at}": f"Příliš žluťoučký kůň {at}, " * 2 for at in range(20)}, ensure_ascii=False
    ),
    "commands with quotes": lambda n: (
        f'{{"name": "step-{n}", "run": "tool --name \\"{n}\\" --path \\"out/{n}\\" && echo done"}}'
    ),
    "pages in texts": lambda n: json.dumps(
        {"path": f"docs/{n}.md", "content": f"# Page {n}\n\nA text.\n" * 60}
    ),
    "escapes": lambda n: f'{{"text": "\\u00e9\\u2014\\n {n}"}}',
}
"""Texts of other shapes, by one item of a list."""


def list_of(piece: Callable[[int], str]) -> bytes:
    rows: list[str] = []
    size = 0
    while size < SIZE:
        rows.append(piece(len(rows)))
        size += len(rows[-1]) + 2
    return f'{{"items": [{", ".join(rows)}]}}'.encode()


def reading() -> Iterator[str]:
    """What reading JSON costs beside the standard library, which keeps no digits and says no duplicate keys."""
    yield reading_of("objects of texts", json_text(SIZE // len(json_text(1000)) * 1000))
    for name, piece in PIECES.items():
        yield reading_of(name, list_of(piece))


def fresh(data: bytes) -> bytes:
    """The same bytes as another object: the text that was read last is known."""
    return bytes(bytearray(data))


def reading_of(name: str, data: bytes) -> str:
    """One shape."""
    spent: dict[Callable[[bytes], object], list[float]] = {FORMATS["json"].read: [], json.loads: []}
    for _ in range(4):
        # In turns: what else the machine does meets both.
        for read, runs in spent.items():
            text = fresh(data)
            start = time.process_time()
            read(text)
            runs.append(time.process_time() - start)
    ours, theirs = map(min, spent.values())
    return (
        f"reading {len(data) / 1e6:4.1f} MB of JSON, {name:26}{ours:7.3f} s, json.loads {theirs:.3f} s, "
        f"{ours / theirs:.2f} times"
    )


def entry(number: int) -> dict[str, object]:
    return {
        "id": f"service-{number}",
        "version": f"1.{number % 40}.{number % 7}",
        "port": number % 65536,
        "enabled": number % 3 > 0,
        "owner": {"team": f"team-{number % 97}", "mail": f"t{number % 97}@example.com"},
        "tags": ["a", f"t{number % 13}", "web"],
        "text": f"Takes what comes in for number {number} and hands it on to the next of them.",
        "weight": number % 1000 / 8,
    }


def toml_entry(number: int) -> str:
    rows = [f"{name} = {json.dumps(part)}\n" for name, part in entry(number).items() if name != "owner"]
    team = number % 97
    return f'[[items]]\n{"".join(rows)}owner = {{ team = "team-{team}", mail = "t{team}@example.com" }}\n\n'


def frontmatter_entry(number: int) -> str:
    rows = [
        f"{name}: {part if isinstance(part, str) else json.dumps(part)}\n"
        for name, part in entry(number).items()
    ]
    return f"---\n{''.join(rows)}---\n# Service {number}\n\nText.\n"


def side(count: int) -> Iterator[str]:
    """The registry side of a plan beside the parser that a person would take, on the same bytes; both without
    the collector, which a command switches off."""
    as_json = json.dumps({"items": [entry(number) for number in range(count)]}, indent=2).encode()
    as_toml = "".join(map(toml_entry, range(count))).encode()
    matter = {f"skills/{n // 1000}/{n}.md": frontmatter_entry(n).encode() for n in range(count)}
    yield side_of("json", "json.loads", {"items.json": as_json}, json.loads)
    yield side_of("toml", "tomllib", {"items.toml": as_toml}, lambda data: tomllib.loads(data.decode()))
    yield side_of("matter", "CSafeLoader", matter, _matter)


def _matter(data: bytes) -> object:
    return yaml.load(data.split(b"---\n", 2)[1], yaml.CSafeLoader)


def side_of(name: str, peer: str, files: dict[str, bytes], parse: Callable[[bytes], object]) -> str:
    where = (
        "layout: file, file: skills/*/*.md"
        if name == "matter"
        else f"layout: list, file: items.{name}, at: items"
    )
    schema = f"x-registry: {{kind: item, {where}, key: id}}\n".encode()
    path = ".system/registry/schemas/item.schema.yaml"
    kinds, tree = load(MemoryTree({path: schema})).kinds, MemoryTree(files)
    assert load_live(tree, kinds).entries
    works: tuple[Callable[[], object], ...] = (
        lambda: load_live(tree, kinds),
        lambda: [parse(data) for data in files.values()],
    )
    spent: list[list[float]] = [[], []]
    for _ in range(3):
        for work, runs in zip(works, spent, strict=True):
            tree = MemoryTree({path: fresh(data) for path, data in files.items()})
            with collector_off():
                start = time.process_time()
                work()
                runs.append(time.process_time() - start)
            gc.collect()
    ours, theirs = map(min, spent)
    size = sum(map(len, files.values())) / 1e6
    return f"registry side, {size:4.1f} MB of {name:8}{ours:7.3f} s, {peer} {theirs:.3f} s, {ours / theirs:.2f} times"


def measured(count: int) -> Iterator[str]:
    """The table, a line at a time."""
    yield f"{'format':8}{'by':22}{'kB':>8}{'ms':>10}{'bytes nobody asked for':>26}"
    for name, by, text, make in ROWS:
        data = text(count)
        try:
            make(data, 0)
        except ModuleNotFoundError as error:
            yield f"{name:8}{by:22}{error.name} is not installed"
            continue
        start = time.perf_counter()
        result = make(data, count // 2)
        spent = (time.perf_counter() - start) * 1000
        yield f"{name:8}{by:22}{len(data) / 1000:8.0f}{spent:10.1f}{unasked(data, result):26}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, default=300)
    parser.add_argument("--side", type=int, default=100_000)
    chosen = parser.parse_args()
    for line in measured(chosen.entries):
        print(line)
    for line in reading():
        print(line)
    for line in side(chosen.side):
        print(line)


if __name__ == "__main__":
    main()
