"""What the catalogue of a fleet costs: ``.venv/bin/python -m benchmarks.catalogue [--repositories N]``.

Three things. Publishing into PostgreSQL beside a COPY of the same rows into the same indexed tables, in turns.
Questions where very many entries are there. And a publication of what is there already beside the first one. A server
of its own is started, as the tests do it.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from registry_reconciler.fleet.catalogue import Publication, Publisher, bulk, open_catalogue, open_publisher
from registry_reconciler.fleet.catalogue.difference import rows_of
from registry_reconciler.fleet.catalogue.impact import impact
from registry_reconciler.fleet.catalogue.place import parse_place
from registry_reconciler.fleet.catalogue.publication import (
    NAME,
    Label,
    PublishedEntry,
    PublishedReference,
    words_of,
)
from registry_reconciler.fleet.catalogue.tables import ENTRIES, LABELS, LINKS
from tests.fleet.catalogue.server import Server, running

COPY_RATIO, AGAIN_RATIO, LOOKUP_MS = 2.0, 1 / 20, 10.0
"""What is to be reached."""

_TOPICS = (
    "payment",
    "invoice",
    "shipping",
    "stock",
    "customer",
    "refund",
    "search",
    "profile",
    "report",
    "audit",
)


def entry(repository: int, number: int) -> PublishedEntry:
    """One entry, such as an ability is: it refers to another one, of the next repository each tenth time."""
    topic = _TOPICS[number % len(_TOPICS)]
    key = f"r{repository}.{topic}.n{number}"
    name = f"{topic.title()} {number} of {repository}"
    far = number % 10 == 0
    target = f"r{repository + far}.{_TOPICS[(number + 1) % len(_TOPICS)]}.n{number + 1}"
    value = {
        "ability_id": key,
        "name": name,
        "summary": f"Takes the {topic} that number {number} names and hands it to whoever asked.",
        "module_ids": [f"{topic}.api"],
        "implementation": {"kind": "script", "command": [f"scripts/{topic}.py", "--number", str(number)]},
        "uses": [target],
    }
    text = json.dumps(value)
    words = " ".join(words_of(key, name, str(value["summary"]), f"{topic}.api script scripts/{topic}.py"))
    digest = sha256(text.encode()).hexdigest()
    labels, links = (Label(NAME, name),), (PublishedReference("uses[0]", ("ability_low",), target, far),)
    return PublishedEntry(
        "ability_low", key, name, "active", text, "desired/all.yaml", number * 9, digest, words, labels, links
    )


def publication(repository: int, count: int, commit: int = 1) -> Publication:
    """What a repository of so many entries says."""
    made = tuple(entry(repository, number) for number in range(count))
    commit_id = sha256(f"{repository} {commit}".encode()).hexdigest()[:40]
    return Publication(f"repository-{repository}", commit_id, commit, made, (), ())


def copied(server: Server, rows: tuple[list[bulk.Row], list[bulk.Row], list[bulk.Row]]) -> float:
    """Seconds of a COPY of prepared rows into new tables of a catalogue."""
    from registry_reconciler.fleet.catalogue.database import engine_for

    url = server.url()
    open_publisher(url)
    with engine_for(parse_place(url), writes=True).connect() as connection:
        began = time.perf_counter()
        for table, some in zip((ENTRIES, LABELS, LINKS), rows, strict=True):
            bulk.insert(connection, table, some)
        connection.commit()
        return time.perf_counter() - began


def published(publisher: Publisher, what: Publication) -> float:
    """Seconds of a publication."""
    began = time.perf_counter()
    publisher.publish(what)
    return time.perf_counter() - began


def beside_copy(server: Server, count: int, times: int = 3) -> dict[str, float]:
    """Publishing so many entries, beside a COPY of the same rows, in turns; and once more what is there."""
    what = publication(0, count)
    rows = rows_of(1, 1, what.entries)
    copies, publications, again = [], [], []
    for _ in range(times):
        copies.append(copied(server, rows))
        publisher = open_publisher(server.url())
        publications.append(published(publisher, what))
        again.append(published(publisher, what))
    found = {
        "copy": statistics.median(copies),
        "publish": statistics.median(publications),
        "again": statistics.median(again),
    }
    ratios = [publish / copy for publish, copy in zip(publications, copies, strict=True)]
    return {**found, "ratio": statistics.median(ratios), "again_ratio": found["again"] / found["publish"]}


def fill(url: str, repositories: int, each: int) -> float:
    """Seconds to publish so many repositories."""
    publisher = open_publisher(url)
    began = time.perf_counter()
    for repository in range(repositories):
        publisher.publish(publication(repository, each))
    publisher.publish(publication(0, each - 1, 2))
    publisher.settle()
    return time.perf_counter() - began


def lookups(url: str, repositories: int, each: int) -> dict[str, float]:
    """Milliseconds of each question, the median of many; each asks about another entry."""
    with open_catalogue(url) as catalogue:
        catalogue.snapshot()

        def timed(ask: Callable[[PublishedEntry], object]) -> float:
            found = []
            for number in range(60):
                some = entry(number * 7 % repositories, number * 31 % (each - 1))
                began = time.perf_counter()
                ask(some)
                found.append((time.perf_counter() - began) * 1_000)
            return statistics.median(found)

        def slip(some: PublishedEntry) -> object:
            return catalogue.near(some.kind, some.key + "x")

        gone = entry(0, each - 1)
        return {
            "who has it": timed(lambda some: catalogue.holders(some.kind, [some.key])),
            "by name": timed(lambda some: catalogue.named(some.kind, some.name)),
            "who had it": timed(lambda _: catalogue.former(gone.kind, gone.key)),
            "who refers to it": timed(lambda some: catalogue.referrers(some.kind, some.key)),
            "what breaks": timed(
                lambda some: impact(
                    catalogue, some.kind, some.key, f"repository-{some.key.split('.')[0][1:]}"
                )
            ),
            "history": timed(lambda some: catalogue.history(some.kind, some.key)),
            "search (two words)": timed(
                lambda some: catalogue.search(f"n{some.line // 9} {some.key.split('.')[0]}")
            ),
            "search (a word in a tenth)": timed(lambda some: catalogue.search(some.key.split(".")[1])),
            "did you mean": timed(slip),
            "state of all": timed(lambda _: catalogue.snapshot()),
        }


def report(entries: int, repositories: int, each: int) -> Iterator[str]:
    """Everything, line by line."""
    with running() as server, tempfile.TemporaryDirectory() as folder:
        found = beside_copy(server, entries)
        yield f"{entries:,} entries: COPY {found['copy']:.2f} s, publish {found['publish']:.2f} s"
        yield f"  ratio {found['ratio']:.2f} (to reach: {COPY_RATIO})"
        yield f"  the same again {found['again'] * 1000:.1f} ms, {found['again_ratio']:.4f} (to reach: {AGAIN_RATIO})"
        urls = {"PostgreSQL": server.url(), "SQLite": f"sqlite:///{Path(folder)}/fleet.db"}
        for name, url in urls.items():
            seconds = fill(url, repositories, each)
            yield f"{name}: {repositories:,} repositories of {each:,} entries published in {seconds:.0f} s"
            for question, took in lookups(url, repositories, each).items():
                yield f"  {question:28} {took:8.2f} ms{'' if took < LOOKUP_MS else f'  (to reach: {LOOKUP_MS:g})'}"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    yield f"most memory of this process: {memory:,} MiB"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--repositories", type=int, default=2_000)
    parser.add_argument("--each", type=int, default=500)
    given = parser.parse_args()
    for line in report(given.entries, given.repositories, given.each):
        print(line, flush=True)


if __name__ == "__main__":
    main()
