"""How fast the run time is, as ratios to something everyone knows. Run it: ``python benchmarks/runtime.py``.

Each comparison is measured beside the other in this run: a lookup and a dict lookup; opening an applied workspace
that did not change and PyYAML's CSafeLoader reading the same files; importing it and nothing; a call and one of
pluggy, with and without hooks that do not concern it; a reload and opening; single registrations and one batch. Then
the table of what looking up, calling and registering cost beside dict, pluggy, stevedore, catalogue and click
(dependency group ``bench``).
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
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.peers.registries import echo, measured, names, pluggy_manager, seconds_each

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


def calling() -> tuple[float, float]:
    """How many times as long as a pluggy call an invocation without hooks takes; and, as that, one with 1,000 hooks.

    The hooks do not concern it, and the audit goes nowhere. The three take turns: a machine is not as quick in one
    second as in the next.
    """
    from registry_reconciler.runtime import Definition, Invoker, RegistryDbBuilder, RegistryMeta

    run = pluggy_manager().hook.run
    calls: list[Callable[[Any], Any]] = [lambda _: run(payload=1)]
    for hooks in (0, 1_000):
        builder = RegistryDbBuilder()
        key = builder.register("items", Definition(RegistryMeta("bench::it", "it"), echo))
        for number in range(hooks):
            meta = RegistryMeta(f"hook{number}", f"hook{number}", flags=("SessionStop",))
            builder.register("hook", Definition(meta, echo))
        invoker = Invoker(builder.build(), audit=lambda _line: None)
        calls.append(lambda _, run=invoker, it=key: run.invoke(it, 1, caps=()))
    turns = [[seconds_each(call, list(range(2_000)), 1) for call in calls] for _ in range(21)]
    return (
        statistics.median(alone / plain for plain, alone, _ in turns),
        statistics.median(among / alone for _, alone, among in turns),
    )


def in_a_snapshot(count: int) -> tuple[float, float]:
    """Seconds of a lookup by name in a snapshot with an extra, and in a dict of as many keys."""
    from registry_reconciler.runtime import Definition, RegistryBuilder, RegistryMeta, RuntimeRegistry

    items = [Definition(RegistryMeta(f"bench::{name}", name), echo) for name in names(count)]
    live = RuntimeRegistry(RegistryBuilder[Any]("items").push_many(items).build())
    live.register(Definition(RegistryMeta("bench::extra", "extra"), echo))
    plain = {word: item for item in items for word in (item.meta.id, item.meta.name)}
    words = [item.meta.name for item in items]
    return seconds_each(live.snapshot().get, words), seconds_each(plain.get, words)


def registering(count: int) -> tuple[float, float]:
    """Seconds of as many single registrations, and of one batch."""
    from registry_reconciler.runtime import Definition, RegistryBuilder, RegistryMeta, RuntimeRegistry

    items = [Definition(RegistryMeta(f"bench::{name}", name), echo) for name in names(count)]

    def one_by_one() -> None:
        live = RuntimeRegistry(RegistryBuilder[Any]("items").build())
        for item in items:
            live.register(item)

    def at_once() -> None:
        RuntimeRegistry(RegistryBuilder[Any]("items").build()).register_many(items)

    return best(one_by_one, 3), best(at_once, 3)


def reloading(root: Path) -> tuple[float, float, float]:
    """Seconds to open, to reload after one entry changed, and what 99 of 100 readers waited at most.

    The readers look up without a pause while another entry is reloaded: they take half of the processor, so their
    reload is not the one that is timed.
    """
    from registry_reconciler.runtime import open_runtime

    os.environ["XDG_CACHE_HOME"] = str(root.parent / "cache-of-reloads")
    started = time.perf_counter()
    runtime = open_runtime(root)
    opened = time.perf_counter() - started
    file = sorted((root / "tools").iterdir())[0]
    file.write_text(file.read_text().replace("seconds: 0", "seconds: 61", 1))
    started = time.perf_counter()
    assert runtime.reload()
    reloaded = time.perf_counter() - started
    file.write_text(file.read_text().replace("seconds: 0", "seconds: 62", 1))
    waits, ended = [], threading.Event()

    def read() -> None:
        while not ended.is_set():
            begun = time.perf_counter()
            runtime["tool"].get("Tool 7")
            waits.append(time.perf_counter() - begun)

    reader = threading.Thread(target=read)
    reader.start()
    assert runtime.reload()
    ended.set()
    reader.join()
    return opened, reloaded, sorted(waits)[int(len(waits) * 0.99)]


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
    parser.add_argument("--names", type=int, default=20_000, help="names for the table of the tools")
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
        make_workspace(place / "smaller", 20_000, options.files)
        opened, reloaded, waited = reloading(place / "smaller")
    peers = list(measured(options.names))
    alone, among = calling()
    named, named_plain = in_a_snapshot(options.names)
    singles, batch = registering(8_000)
    rows = [
        ("get, against dict.get", ours / plain, "times as long", "at most 5"),
        ("open unchanged, against CSafeLoader", loader / again, "times as fast", "at least 10"),
        ("open the first time, against CSafeLoader", loader / first, "times as fast", "-"),
        ("import, more than bare Python", (imported - bare) * 1000, "ms", "at most 60"),
        ("invoke, against a pluggy call", alone, "times as long", "at most 10"),
        ("invoke with 1,000 unrelated hooks, against none", among, "times as long", "at most 1.2"),
        ("get by name in a snapshot, against dict.get", named / named_plain, "times as long", "at most 3"),
        ("reload after one of 20,000, against opening", reloaded / opened, "times as long", "under 0.1"),
        ("99 of 100 readers meanwhile wait", waited * 1000, "ms", "under 20"),
        ("8,000 single registrations, against a batch", singles / batch, "times as long", "at most 3"),
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
        print(f"{name:<48} {value:8.2f} {unit:<14} {goal}")
    print(f"\n{'nanoseconds':<12} {'look up':>10} {'call':>10} {'register':>10}")
    for tool, get, call, register in peers:
        print(f"{tool:<12} {get * 1e9:10.0f} {call * 1e9:10.0f} {register * 1e9:10.0f}")
    if options.json:
        options.json.write_text(
            json.dumps({name: round(value, 2) for name, value, _, _ in rows}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
