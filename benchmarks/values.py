"""What msgspec gives: ``python3 dev.py bench -m benchmarks.values``.

The values of ``model/`` are defined anew as the standard library's dataclasses, with the same fields and defaults, and
what the cache of a plan of 20,000 entries keeps is written and read as JSON by the standard library. Processor time,
the best of several rounds that take turns.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
import time
from collections.abc import Callable
from typing import Any

import msgspec

import registry_reconciler.model as model

ROUNDS = 7
ENTRIES = 20_000
Columns = dict[str, list[Any]]


def structs() -> list[type[msgspec.Struct]]:
    """Every struct of ``model/`` without another struct above it."""
    found: dict[str, type[msgspec.Struct]] = {}
    for info in pkgutil.iter_modules(model.__path__):
        module = importlib.import_module(f"{model.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and value.__bases__ == (msgspec.Struct,):
                found[f"{value.__module__}.{value.__name__}"] = value
    return list(found.values())


def as_struct(cls: type[msgspec.Struct]) -> type[Any]:
    """The same fields as a struct."""
    return msgspec.defstruct(cls.__name__, [(name, Any, None) for name in cls.__struct_fields__], frozen=True)


def as_dataclass(cls: type[msgspec.Struct]) -> type[Any]:
    """The same fields as a dataclass."""
    fields = [(name, Any, dataclasses.field(default=None)) for name in cls.__struct_fields__]
    return dataclasses.make_dataclass(cls.__name__, fields, frozen=True, slots=True)


def columns() -> Columns:
    """As a cache keeps entries: addresses, digests, places, references."""
    numbers = range(ENTRIES)
    return {
        "addresses": [f"service/area-{number % 97}.service-{number}" for number in numbers],
        "digests": [f"{number:064x}" for number in numbers],
        "lines": list(numbers),
        "references": [[f"service/area-{number % 97}.service-{number // 2}"] for number in numbers],
    }


def best(*works: Callable[[], object]) -> list[float]:
    """The least processor time of each, in milliseconds; they take turns."""
    least = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            begun = time.process_time_ns()
            work()
            least[number] = min(least[number], (time.process_time_ns() - begun) / 1e6)
    return least


def main() -> None:
    """Print the table."""
    classes, kept = structs(), columns()
    struct, plain = as_struct(classes[0]), as_dataclass(classes[0])
    packed, text = msgspec.msgpack.encode(kept), json.dumps(kept)
    rows = {
        f"define {len(classes)} classes": best(
            lambda: [as_struct(cls) for cls in classes], lambda: [as_dataclass(cls) for cls in classes]
        ),
        "make 100,000 values": best(
            lambda: [struct() for _ in range(100_000)], lambda: [plain() for _ in range(100_000)]
        ),
        f"write the columns of {ENTRIES:,} entries": best(
            lambda: msgspec.msgpack.encode(kept), lambda: json.dumps(kept)
        ),
        "read them": best(lambda: msgspec.msgpack.decode(packed), lambda: json.loads(text)),
    }
    print("| | msgspec | standard library | ratio |\n| --- | --- | --- | --- |")
    for what, (ours, theirs) in rows.items():
        print(f"| {what} | {ours:.1f} ms | {theirs:.1f} ms | {theirs / ours:.1f} |")
    print(f"| bytes of the columns | {len(packed):,} | {len(text):,} | {len(text) / len(packed):.2f} |")


if __name__ == "__main__":
    main()
