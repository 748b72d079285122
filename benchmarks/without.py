"""What each of the means to be fast gains: ``python3 dev.py bench -m benchmarks.without [--real FOLDER]``.

A cold plan without one of them, beside the same plan with all: processor time in a process of its own each, the least
of several turns. The answer is the same; a ratio below 1.02 says that it does not pay on such data.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks import data, prose
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.workspace import Workspace

TURNS = 2
Switch = Callable[[], None]


def _reading_by_items() -> None:
    from registry_reconciler.formats.yaml.read.reader import ChunkReader

    ChunkReader._by_items = lambda _self, _data: None  # type: ignore[method-assign]


def _simple_items() -> None:
    from registry_reconciler.formats.yaml.read.simple import SimpleReader

    SimpleReader.read = lambda _self, _item, _column: None  # type: ignore[method-assign]


def _shapes() -> None:
    from registry_reconciler.formats.yaml.read.simple import SimpleReader

    SimpleReader._learn = lambda _self, _size, _rows: None  # type: ignore[method-assign]


def _flow_values() -> None:
    from registry_reconciler.formats.yaml.read import simple

    simple._MOST_FLOWS = 0


def _nothing_left() -> None:
    from registry_reconciler.formats.yaml.read.reader import ChunkReader

    ChunkReader._nothing_left = lambda _self, _data, _sections: None  # type: ignore[method-assign]


def _windows() -> None:
    from registry_reconciler.formats.yaml.edit import window

    window.open_window = lambda *_args, **_named: None  # type: ignore[assignment]


def _texts_as_they_stand() -> None:
    from registry_reconciler.formats.yaml.edit import window

    window.plain_items = lambda _data, _sections, places, _values: [None] * len(places)


def _earlier_entries() -> None:
    from registry_reconciler.planning import pipeline

    build = pipeline.build_entry_sets

    def alone(*args: Any, **named: Any) -> Any:
        sets = build(*args, **named)
        return replace(sets, after=replace(sets.after, earlier=None, touched=frozenset()))

    pipeline.build_entry_sets = alone


def _recent_texts() -> None:
    from registry_reconciler.formats.composed import Recent

    Recent.get = lambda _self, _form, _text, make: make()  # type: ignore[method-assign]


def _collector() -> None:
    from registry_reconciler.planning import pipeline

    @contextlib.contextmanager
    def left_on() -> Iterator[None]:
        yield

    gc.enable()
    pipeline.collector_off = left_on


MEANS: dict[str, Switch] = {
    "reading by items (`chunks.py`)": _reading_by_items,
    "simple items (`simple.py`)": _simple_items,
    "shapes (`shape.py`)": _shapes,
    "flow values known by their text": _flow_values,
    "files of which nothing is left to parse": _nothing_left,
    "windows (`window.py`)": _windows,
    "texts taken as they stand (`own_text.py`)": _texts_as_they_stand,
    "the second entry set knows the first": _earlier_entries,
    "texts looked at a moment ago (`composed.py`)": _recent_texts,
    "no cyclic collector": _collector,
}


def _seconds(root: Path, switch: Switch | None) -> float:
    """Processor time of a plan, in a child that may be changed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        gc.disable()
        if switch is not None:
            switch()
        start = time.process_time()
        make_plan(DiskTree(root))
        with os.fdopen(writing, "wb") as out:
            pickle.dump(time.process_time() - start, out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as found:
        told = found.read()
    os.waitpid(child, 0)
    seconds: float = pickle.loads(told) if told else float("nan")
    return seconds


def _workspaces(home: Path, real: Path | None) -> Iterator[tuple[str, Path]]:
    data.make(home / "small", 10_000)
    yield "10,000 small entries", home / "small"
    sorts = {"prose": prose.registries(), "real": prose.real(real) if real else {}}
    for sort, found in sorts.items():
        for name, items in found.items():
            root = home / f"{sort}-{name}"
            prose.lay_out(root, name, items)
            Workspace(root).apply_now(PlanOptions())
            for path, text in prose.fragments(name, items, changed=True):
                (root / path).write_text(text, "utf-8")
            yield f"{sort}, {name}", root


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, help="a folder of real YAML files")
    real = parser.parse_args().real
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as home:
        places = dict(_workspaces(Path(home), real))
        print(f"| without | {' | '.join(places)} |\n|{' --- |' * (len(places) + 1)}")
        least: dict[tuple[str, str], float] = {}
        for _ in range(TURNS):
            for where, root in places.items():
                for name, switch in {"": None, **MEANS}.items():
                    least[name, where] = min(least.get((name, where), 1e9), _seconds(root, switch))
        for name in MEANS:
            ratios = (f"{least[name, where] / least['', where]:.2f}" for where in places)
            print(f"| {name} | {' | '.join(ratios)} |")


if __name__ == "__main__":
    main()
