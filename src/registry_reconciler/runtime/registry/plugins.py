"""Start-up plugins: Python entry points that push definitions into the builder.

A plugin is a callable that takes a :class:`PluginBuilder`; its id is the name of its entry point. It comes in
whole or, when it fails, not at all. Loading a plugin imports and runs its code: only what is installed in
this Python environment is ever considered, never anything that a workspace names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, is_dataclass, replace
from types import ModuleType
from typing import Any, Protocol

from registry_reconciler.runtime.errors import DuplicateIdError, RegistryError, or_meant
from registry_reconciler.runtime.registry.db import RegistryDbBuilder
from registry_reconciler.runtime.registry.items import collected, collected_in
from registry_reconciler.runtime.registry.meta import PACKAGE, HasMeta, Key
from registry_reconciler.runtime.registry.near import probably_meant

GROUP = "registry_reconciler.plugins"


class PluginPoint(Protocol):
    """What is needed of an entry point."""

    @property
    def name(self) -> str:
        """The plugin's id."""

    @property
    def value(self) -> str:
        """What is loaded, as ``module:attribute``."""

    def load(self) -> Any:
        """Import it."""


class PluginBuilder:
    """What a plugin gets: it takes definitions, and hands them on only when the plugin has finished."""

    def __init__(self, id: str, package: str = "") -> None:
        self.id = id
        self.package = package
        self._open = True
        self._items: list[tuple[str, HasMeta]] = []
        self._rows: list[tuple[str, Any]] = []

    def register(self, domain: str, item: HasMeta) -> Key[Any]:
        """As :meth:`RegistryDbBuilder.register`; what is refused is reported when the plugin has finished."""
        self._check_open()
        self._items.append((domain, _of_package(item, self.package) if self.package else item))
        return Key(domain, item.meta.id)

    def side(self, table: str, row: Any) -> None:
        """As :meth:`RegistryDbBuilder.side`."""
        self._check_open()
        self._rows.append((table, row))

    def add_module(self, module: ModuleType) -> None:
        """As :meth:`RegistryDbBuilder.add_module`."""
        for domain, definition in collected(module):
            self.register(domain, definition)

    def add_package(self, package: ModuleType | str) -> None:
        """As :meth:`RegistryDbBuilder.add_package`."""
        for domain, definition in collected_in(package):
            self.register(domain, definition)

    def _check_open(self) -> None:
        if not self._open:
            raise RegistryError(
                f"plugin {self.id!r} pushed after it had finished; register at run time instead"
            )

    def hand_over(self, builder: RegistryDbBuilder) -> int:
        """Give everything to the real builder, or nothing. The number of items."""
        items, rows = self.taken()
        builder.add_whole(items, rows)
        return len(items)

    def taken(self) -> tuple[list[tuple[str, HasMeta]], list[tuple[str, Any]]]:
        """Everything that was pushed: items, and rows of side tables. Nothing can be pushed any more."""
        self._open = False
        return self._items, self._rows


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What came of each plugin.

    Attributes:
        loaded: plugin id → number of items.
        failed: plugin id → why none of its items is there.
        errors: plugin id → what it raised, with its traceback.
    """

    loaded: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)


def _of_package(item: HasMeta, package: str) -> Any:
    """The item with its package for a source. One that cannot be copied, or says another source, stays."""
    if item.meta.source not in ("builtin", "package") or not is_dataclass(item) or isinstance(item, type):
        return item
    try:
        return replace(item, meta=replace(item.meta, source=PACKAGE + package))
    except TypeError:
        return item


def installed_plugins() -> tuple[PluginPoint, ...]:
    """The entry points of the group ``registry_reconciler.plugins`` in this Python environment."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def chosen_points(chosen: Iterable[str | PluginPoint]) -> list[PluginPoint]:
    """The plugins that are meant: names of installed ones, or entry points.

    Raises:
        RegistryError: none of a name is installed.
    """
    named = tuple(chosen)
    names = {plugin for plugin in named if isinstance(plugin, str)}
    installed = installed_plugins() if names else ()
    for name in sorted(names - {point.name for point in installed}):
        near = or_meant(probably_meant(name, [point.name for point in installed]))
        raise RegistryError(f"no plugin {name!r} is installed{near}")
    points = [plugin for plugin in named if not isinstance(plugin, str)]
    return [*points, *(point for point in installed if point.name in names)]


def load_plugins(
    builder: RegistryDbBuilder,
    points: Iterable[PluginPoint] | None = None,
    *,
    only: Callable[[str], bool] | None = None,
) -> PluginReport:
    """Run the plugins in order of their ids; a failing one is reported and the others go on.

    Args:
        builder: receives the items of each plugin that succeeds.
        points: instead of the installed ones.
        only: whether a plugin id may run.

    Raises:
        DuplicateIdError: two plugins of one id; then none was run.
    """
    report = PluginReport()
    for staged in run_plugins(report, points, only=only):
        try:
            report.loaded[staged.id] = staged.hand_over(builder)
        except RegistryError as error:
            failed(report, staged.id, error)
    return report


def run_plugins(
    report: PluginReport,
    points: Iterable[PluginPoint] | None = None,
    *,
    only: Callable[[str], bool] | None = None,
) -> Iterator[PluginBuilder]:
    """What each plugin pushed, one after the other, in order of their ids. One that fails is in the report, and
    logged. Raises as :func:`load_plugins`, before any runs.
    """
    chosen: dict[str, PluginPoint] = {}
    for point in sorted(
        installed_plugins() if points is None else points, key=lambda installed_plugin: installed_plugin.name
    ):
        other = chosen.get(point.name)
        if other is not None:
            detail = f"{other.value} and {point.value} both take it; uninstall one of them"
            raise DuplicateIdError("plugins", point.name, detail)
        if only is None or only(point.name):
            chosen[point.name] = point
    for id, point in chosen.items():
        try:
            staged = PluginBuilder(id, package_of(point))
            _nothing_left(point.load()(staged))
        except (Exception, SystemExit, GeneratorExit) as error:
            # A plugin is foreign code: whatever it raises, also to end the program, is its own failure.
            failed(report, id, error)
        else:
            yield staged


def _nothing_left(returned: object) -> None:
    """Of a coroutine or generator nothing ran. Raises :class:`TypeError`."""
    if isinstance(returned, (Awaitable, Iterator, AsyncIterator)):
        close = getattr(returned, "close", None)
        if close is not None:
            close()
        kind = type(returned).__name__
        raise TypeError(f"it returned a {kind}, so none of it ran: a plugin is a plain function")


def package_of(point: PluginPoint) -> str:
    """The name of the package that an entry point comes from; its own where none is known."""
    name = getattr(getattr(point, "dist", None), "name", None)
    return str(name or point.name)


def failed(report: PluginReport, id: str, error: BaseException) -> None:
    """Keep and log that a plugin failed."""
    import logging  # lookup alone does not load it

    report.failed[id] = f"{type(error).__name__}: {error}"
    report.errors[id] = error
    log = logging.getLogger("registry_reconciler.runtime")
    log.error("the plugin %r failed, and nothing of it is there", id, exc_info=error)
