#!/usr/bin/env python3
"""One changed value in a text of each format: time, and bytes that changed although nobody asked.

    python benchmarks/formats.py [--entries 300]

A row for each text format beside the library that a person would take for it. A library that is not installed is left
out, and that is said. The bytes are those of the lines that differ, without the one line that was asked for.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator

from registry_reconciler.formats.edits import Update
from registry_reconciler.formats.table import FORMATS

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
    ("toml", "registry", toml_text, ours("toml")),
    ("toml", "tomlkit", toml_text, with_tomlkit),
)


def unasked(before: bytes, after: bytes) -> int:
    """How many bytes of the old text are gone, without those of the line that was asked for."""
    gone = Counter(before.splitlines(keepends=True)) - Counter(after.splitlines(keepends=True))
    sizes = [len(line) for line in gone.elements()]
    return sum(sizes) - max(sizes, default=0)


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
    for line in measured(parser.parse_args().entries):
        print(line)


if __name__ == "__main__":
    main()
