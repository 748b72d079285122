"""Looking up, calling and registering beside what Python programs use: dict, pluggy, stevedore, catalogue, click.

Each tool does the same with the same names in this very run. What a call does besides differs: here it asks the
gate, hears the guards and writes a line of the audit (to nowhere).
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple


class Row(NamedTuple):
    """Seconds of one tool, each for one."""

    tool: str
    get: float
    call: float
    register: float


def seconds_each(work: Callable[[Any], Any], values: list[Any], repeats: int = 5) -> float:
    """The quickest of several runs over the same values, divided by their number."""
    times = []
    for _ in range(repeats):
        gc.collect()
        started = time.perf_counter()
        for value in values:
            work(value)
        times.append(time.perf_counter() - started)
    return min(times) / len(values)


def once(work: Callable[[], Any], number: int) -> float:
    """Seconds of one run, divided by what it did."""
    gc.collect()
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / number


def echo(payload: Any) -> Any:
    """What is called."""
    return payload


def names(count: int) -> list[str]:
    """As many names, in no order."""
    found = [f"item {number}" for number in range(count)]
    random.Random(0).shuffle(found)
    return found


def of_dict(words: list[str]) -> Row:
    """A plain dict of functions."""
    table: dict[str, Callable[[Any], Any]] = {}

    def fill() -> None:
        for word in words:
            table[word] = echo

    registered = once(fill, len(words))
    return Row(
        "dict", seconds_each(table.get, words), seconds_each(lambda word: table[word](1), words), registered
    )


def pluggy_manager() -> Any:
    """pluggy with one hook that has one implementation."""
    import pluggy

    spec, implementation = pluggy.HookspecMarker("bench"), pluggy.HookimplMarker("bench")

    class Specs:
        @spec
        def run(self, payload: Any) -> Any:
            """What is called."""

    class Plugin:
        @implementation
        def run(self, payload: Any) -> Any:
            return payload

    manager = pluggy.PluginManager("bench")
    manager.add_hookspecs(Specs)
    manager.register(Plugin(), "one")
    return manager


def of_pluggy(words: list[str]) -> Row:
    """pluggy: a plugin by its name, a call of one hook with one implementation, registering a plugin."""

    class Empty:
        """A plugin without hooks."""

    manager = pluggy_manager()
    some = words[:2000]

    def fill() -> None:
        for word in some:
            manager.register(Empty(), word)

    registered = once(fill, len(some))
    run = manager.hook.run
    return Row(
        "pluggy",
        seconds_each(manager.get_plugin, some),
        seconds_each(lambda _: run(payload=1), words),
        registered,
    )


def of_stevedore(words: list[str]) -> Row:
    """stevedore: an extension by its name, and calling what it leads to. It registers all at once."""
    from stevedore.extension import Extension, ExtensionManager

    def fill() -> Any:
        return ExtensionManager.make_test_instance([Extension(word, None, echo, None) for word in words])

    registered = once(fill, len(words))
    manager = fill()
    return Row(
        "stevedore",
        seconds_each(manager.__getitem__, words),
        seconds_each(lambda word: manager[word].plugin(1), words),
        registered,
    )


def of_catalogue(words: list[str]) -> Row:
    """catalogue: a function by its name."""
    import catalogue

    registry = catalogue.create("bench", f"run{time.monotonic_ns()}")
    some = words[:2000]

    def fill() -> None:
        for word in some:
            registry.register(word, func=echo)

    registered = once(fill, len(some))
    return Row(
        "catalogue",
        seconds_each(registry.get, some),
        seconds_each(lambda word: registry.get(word)(1), some),
        registered,
    )


def of_click(words: list[str]) -> Row:
    """click: a command of a group, and invoking it in a context."""
    import click

    group = click.Group("bench")
    commands = [click.Command(word, callback=echo, params=[click.Argument(["payload"])]) for word in words]

    def fill() -> None:
        for command in commands:
            group.add_command(command)

    registered = once(fill, len(words))
    context = click.Context(group)
    command = commands[0]
    return Row(
        "click",
        seconds_each(lambda word: group.get_command(context, word), words),
        seconds_each(lambda _: context.invoke(command, payload=1), words[:2000]),
        registered,
    )


def of_ours(words: list[str]) -> Row:
    """This package: by name in a snapshot with extras, an invocation through gate, guards and audit."""
    from registry_reconciler.runtime import Definition, Invoker, RegistryDbBuilder, RegistryMeta

    items = [Definition(RegistryMeta(f"bench::{word}", word), echo) for word in words]
    builder = RegistryDbBuilder(domains=["items"])
    live = builder.build().runtime()

    def fill() -> None:
        live["items"].register_many(items)

    registered = once(fill, len(words))
    invoker = Invoker(live, audit=lambda _line: None)
    key = live["items"].key(items[0].meta.id)
    return Row(
        "registry",
        seconds_each(live["items"].snapshot().get, words),
        seconds_each(lambda _: invoker.invoke(key, 1, caps=()), words[:5000]),
        registered,
    )


TOOLS: tuple[Callable[[list[str]], Row], ...] = (
    of_dict,
    of_pluggy,
    of_stevedore,
    of_catalogue,
    of_click,
    of_ours,
)


def measured(count: int) -> Iterable[Row]:
    """Every tool, with as many names."""
    words = names(count)
    for tool in TOOLS:
        yield tool(words)
