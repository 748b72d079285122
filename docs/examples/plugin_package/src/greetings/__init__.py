"""The plugin: what its entry point leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_reconciler.runtime import PluginBuilder


def plug(builder: PluginBuilder) -> None:
    """Push everything that the package declares."""
    builder.add_package("greetings.commands")
