"""Sixteen threads register and read at once. ``REGISTRY_THREAD_SECONDS=10`` runs it as long as the full run
does.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from registry_reconciler.runtime import RegistryDbBuilder, RuntimeRegistry, Snapshot
from tests.unit.runtime.helper import Thing, index, thing

SECONDS = float(os.environ.get("REGISTRY_THREAD_SECONDS", "0.7"))
PATIENCE = max(60.0, SECONDS)
BATCH = 4


def together(*works: Callable[[], None], until: Callable[[], bool]) -> None:
    """Run each work again and again in a thread of its own until the time is up and ``until`` holds, on a
    busy machine for a minute at most; the first error is raised.
    """
    errors: list[BaseException] = []
    start = time.monotonic()

    def going() -> bool:
        spent = time.monotonic() - start
        return not errors and (spent < SECONDS or (spent < PATIENCE and not until()))

    def repeat(work: Callable[[], None]) -> None:
        try:
            while going():
                work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def batch(owner: int, turn: int) -> list[Thing]:
    return [
        thing(f"{owner}.{part}", f"name {owner}.{part}", "shared", priority=turn % 7, source="runtime")
        for part in range(BATCH)
    ]


def check(snapshot: Snapshot[Thing]) -> int:
    """A batch is there whole or not at all, names lead to what is there, and everything agrees."""
    ids = {item.meta.id for item in snapshot.items()}
    for owner in range(8):
        present = {f"{owner}.{part}" for part in range(BATCH)} & ids
        assert len(present) in (0, BATCH), present
        for id in present:
            named = snapshot.get(f"name {id}")
            assert named is not None
            assert named is snapshot.get(id)
    shared = snapshot.get("shared")
    assert (shared is None) == (ids == {"base"})
    assert shared is None or shared.meta.id in ids
    assert len(snapshot) == len(ids)
    return len(ids)


def test_sixteen_threads_register_and_read_and_no_reader_sees_half_a_batch() -> None:
    live = RuntimeRegistry(index(thing("base")))
    turns = [0] * 8
    sizes = set()

    def writer(owner: int) -> Callable[[], None]:
        def work() -> None:
            turns[owner] += 1
            layer = f"layer {owner}"
            keys = live.register_many(batch(owner, turns[owner]), layer=layer)
            for key in keys:
                assert live.resolve(key).meta.id == key.id
            assert len(live.drop_layer(layer)) == BATCH

        return work

    def reader() -> None:
        sizes.add(check(live.snapshot()))
        assert live.require("base").meta.id == "base"

    together(
        *(writer(owner) for owner in range(8)),
        *([reader] * 8),
        until=lambda: min(turns) > 0 and len(sizes) > 1,
    )
    assert min(turns) > 0
    assert len(sizes) > 1, "no reader ever saw a change"
    assert live.items() == live.snapshot().base.items()


def test_domains_of_one_database_change_together() -> None:
    builder = RegistryDbBuilder(domains=["left", "right"])
    live = builder.build().runtime()
    seen = set()

    def writer(owner: int) -> Callable[[], None]:
        def work() -> None:
            one = thing(f"item{owner}")
            pairs: list[tuple[str, Any]] = [("left", one), ("right", one)]
            live.register_many(pairs, layer=str(owner))
            live.drop_layer(str(owner))

        return work

    def reader() -> None:
        snapshot = live.snapshot()
        assert snapshot["left"].items() == snapshot["right"].items()
        seen.add(len(snapshot["left"]))

    together(*(writer(owner) for owner in range(8)), *([reader] * 8), until=lambda: len(seen) > 1)
    assert len(seen) > 1, "no reader ever saw a change"
