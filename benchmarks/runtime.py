"""How fast the run time is, as ratios to something everyone knows. Run it: ``python benchmarks/runtime.py``.

Three comparisons, each measured beside the other in this run: a lookup and a dict lookup; opening an applied
workspace that did not change and PyYAML's CSafeLoader reading the same files; importing it and nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from registry_reconciler.runtime import Definition

    Item: TypeAlias = Definition[[], None]

SCHEMA = """\
x-registry:
  kind: tool
  layout: list
  file: tools/{group}.yaml
  at: tools
  key: id
  names: {name: name, aliases: aliases, priority: priority, required_caps: required_caps}
type: object
"""

ENTRY = """\
  # Tool number {n}: the comment stays.
  - id: group{g}.tool-{n:06d}
    name: Tool {n}
    aliases: [t{n}, tool-{n}]
    summary: Does the work of tool {n} in group {g} and says so in a sentence.
    priority: {p}
    required_caps: [fs.read]
    owner: {{team: team-{t}, contact: team-{t}@example.org}}
    limits:
      seconds: {s}
      retries: 3
    tags: [alpha, beta-{t}]
"""


def best(work: Callable[[], Any], repeats: int) -> float:
    """The median of several runs, in seconds, each without the garbage of the one before."""
    times = []
    for _ in range(repeats):
        gc.collect()
        started = time.perf_counter()
        kept = work()
        times.append(time.perf_counter() - started)
        del kept
    return statistics.median(times)


def make_workspace(root: Path, entries: int, files: int) -> list[Path]:
    schemas = root / ".system" / "registry" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "tool.schema.yaml").write_text(SCHEMA)
    (root / ".system/registry/config.yaml").write_text("vocabularies: {capabilities: [fs.read]}\n")
    (root / "tools").mkdir()
    made = []
    for group in range(files):
        body = "".join(
            ENTRY.format(n=n, g=group, p=n % 5, t=n % 97, s=n % 60) for n in range(group, entries, files)
        )
        place = root / "tools" / f"g{group}.yaml"
        place.write_text(f"tools:\n{body}")
        made.append(place)
    return made


def lookup(count: int) -> tuple[float, float]:
    """Seconds for ``count`` lookups in an index and in a dict of as many items, in the same random order."""
    from registry_reconciler.runtime import Definition, RegistryBuilder, RegistryIndex, RegistryMeta

    items: list[Item] = [
        Definition(RegistryMeta(f"package::item-{n:06d}", f"Item {n}", (f"i{n}",))) for n in range(count)
    ]
    index: RegistryIndex[Item] = RegistryBuilder[Any]("items").push_many(items).build()
    plain = {item.meta.id: item for item in items}
    keys = list(plain)
    random.Random(0).shuffle(keys)
    get, dict_get = index.get, plain.get

    def of(function: Callable[[str], Any]) -> Callable[[], None]:
        def work() -> None:
            for key in keys:
                function(key)

        return work

    return best(of(get), 7), best(of(dict_get), 7)


def opening(root: Path, files: list[Path]) -> tuple[float, float, float]:
    """Seconds to open for the first time, to open again unchanged, and for CSafeLoader to read the same
    files.
    """
    from yaml import CSafeLoader, load

    from registry_reconciler.runtime import open_runtime

    started = time.perf_counter()
    assert len(open_runtime(root)["tool"]) > 0
    first = time.perf_counter() - started
    again = best(lambda: open_runtime(root), 5)
    loader = best(lambda: [load(file.read_bytes(), CSafeLoader) for file in files], 1)
    return first, again, loader


def starting(code: str) -> float:
    """Seconds of a whole Python process, median of many, compiled modules in a cache of their own."""
    times = []
    for _ in range(15):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["XDG_CACHE_HOME"] = str(place / "cache")
        os.environ["PYTHONPYCACHEPREFIX"] = str(place / "compiled")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        files = make_workspace(place / "workspace", options.entries, options.files)
        size = sum(file.stat().st_size for file in files)
        starting("import registry_reconciler.runtime")
        bare, imported = starting("pass"), starting("import registry_reconciler.runtime")
        ours, plain = lookup(options.entries)
        first, again, loader = opening(place / "workspace", files)
    rows = [
        ("get, against dict.get", ours / plain, "times as long", "at most 5"),
        ("open unchanged, against CSafeLoader", loader / again, "times as fast", "at least 10"),
        ("open the first time, against CSafeLoader", loader / first, "times as fast", "-"),
        ("import, more than bare Python", (imported - bare) * 1000, "ms", "at most 60"),
    ]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, {platform.machine()}, {os.cpu_count()} CPUs")
    print(f"{options.entries} entries in {options.files} files, {size / 1e6:.1f} MB")
    print(
        f"get {ours / options.entries * 1e9:.0f} ns, dict {plain / options.entries * 1e9:.0f} ns; "
        f"open {again:.2f} s, first {first:.2f} s, CSafeLoader {loader:.2f} s; "
        f"import {imported * 1000:.0f} ms, bare {bare * 1000:.0f} ms"
    )
    for name, value, unit, goal in rows:
        print(f"{name:<42} {value:8.1f} {unit:<14} {goal}")
    if options.json:
        options.json.write_text(
            json.dumps({name: round(value, 2) for name, value, _, _ in rows}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
