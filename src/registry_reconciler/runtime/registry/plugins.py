"""Start-up plugins: Python entry points that push definitions into the builder.

A plugin is a callable that takes a :class:`PluginBuilder`; its id is the name of its entry point. It comes in
whole or, when it fails, not at all. Loading a plugin imports and runs its code: only what is installed in
this Python environment is ever considered, never anything that a workspace names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from registry_reconciler.runtime.errors import DuplicateIdError, RegistryError
from registry_reconciler.runtime.registry.db import RegistryDbBuilder
from registry_reconciler.runtime.registry.items import collected
from registry_reconciler.runtime.registry.meta import HasMeta, Key

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

    def __init__(self, id: str) -> None:
        self.id = id
        self._open = True
        self._items: list[tuple[str, HasMeta]] = []
        self._rows: list[tuple[str, Any]] = []

    def register(self, domain: str, item: HasMeta) -> Key[Any]:
        """As :meth:`RegistryDbBuilder.register`; what is refused is reported when the plugin has finished."""
        self._check_open()
        self._items.append((domain, item))
        return Key(domain, item.meta.id)

    def side(self, table: str, row: Any) -> None:
        """As :meth:`RegistryDbBuilder.side`."""
        self._check_open()
        self._rows.append((table, row))

    def add_module(self, module: ModuleType) -> None:
        """As :meth:`RegistryDbBuilder.add_module`."""
        for domain, definition in collected(module):
            self.register(domain, definition)

    def _check_open(self) -> None:
        if not self._open:
            raise RegistryError(
                f"plugin {self.id!r} pushed after it had finished; register at run time instead"
            )

    def hand_over(self, builder: RegistryDbBuilder) -> int:
        """Give everything to the real builder, or nothing. The number of items."""
        self._open = False
        builder.add_whole(self._items, self._rows)
        return len(self._items)


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What came of each plugin.

    Attributes:
        loaded: plugin id → number of items.
        failed: plugin id → why none of its items is there.
    """

    loaded: dict[str, int]
    failed: dict[str, str]


def installed_plugins() -> tuple[PluginPoint, ...]:
    """The entry points of the group ``registry_reconciler.plugins`` in this Python environment."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


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
    report = PluginReport({}, {})
    for id, point in chosen.items():
        try:
            staged = PluginBuilder(id)
            point.load()(staged)
            report.loaded[id] = staged.hand_over(builder)
        except (
            Exception
        ) as error:  # a plugin is foreign code: whatever it raises is its own failure, not ours
            report.failed[id] = f"{type(error).__name__}: {error}"
    return report
