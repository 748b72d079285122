"""The registries at run time: look up, layer and invoke what was applied.

Importing this loads neither the planning side nor a YAML parser. Lookup and layers are here at once; what
reads a workspace or runs an ability is imported when it is first named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry_reconciler.runtime.errors import (
    CapabilityDenied,
    DuplicateIdError,
    GoneHandleError,
    HandleError,
    IdShadowingError,
    KeyConflictError,
    LinkError,
    RegistryError,
    StaleHandleError,
    UnknownCapabilityError,
    UnknownKeyError,
    WorkspaceLoadError,
)
from registry_reconciler.runtime.registry.db import DbSnapshot, RegistryDb, RegistryDbBuilder, RuntimeDb
from registry_reconciler.runtime.registry.index import RegistryBuilder, RegistryIndex
from registry_reconciler.runtime.registry.items import Definition, ItemHandle, item
from registry_reconciler.runtime.registry.linking import link
from registry_reconciler.runtime.registry.meta import Domain, HasMeta, Key, RegistryMeta
from registry_reconciler.runtime.registry.overlay import RuntimeRegistry
from registry_reconciler.runtime.registry.policy import Collision, DuplicatePolicy
from registry_reconciler.runtime.registry.snapshot import Snapshot

if TYPE_CHECKING:
    from registry_reconciler.runtime.execution.calling import Arguments
    from registry_reconciler.runtime.execution.context import Context
    from registry_reconciler.runtime.execution.invocation import Invoker, invoke
    from registry_reconciler.runtime.execution.results import InvocationFailed, InvocationResult
    from registry_reconciler.runtime.execution.streams import InvocationStream
    from registry_reconciler.runtime.registry.capabilities import Grant, Vocabulary
    from registry_reconciler.runtime.registry.plugins import PluginBuilder, PluginReport, load_plugins
    from registry_reconciler.runtime.registry.source import EntryItem
    from registry_reconciler.runtime.serve.workspace import WorkspaceRuntime, open_runtime
    from registry_reconciler.runtime.testing import CapabilityReport, exercise

_LATER = {
    "Arguments": "execution.calling",
    "CapabilityReport": "testing",
    "Context": "execution.context",
    "EntryItem": "registry.source",
    "Grant": "registry.capabilities",
    "InvocationFailed": "execution.results",
    "InvocationResult": "execution.results",
    "InvocationStream": "execution.streams",
    "Invoker": "execution.invocation",
    "PluginBuilder": "registry.plugins",
    "PluginReport": "registry.plugins",
    "Vocabulary": "registry.capabilities",
    "WorkspaceRuntime": "serve.workspace",
    "exercise": "testing",
    "invoke": "execution.invocation",
    "load_plugins": "registry.plugins",
    "open_runtime": "serve.workspace",
}

__all__ = [
    "Arguments",
    "CapabilityDenied",
    "CapabilityReport",
    "Collision",
    "Context",
    "DbSnapshot",
    "Definition",
    "Domain",
    "DuplicateIdError",
    "DuplicatePolicy",
    "EntryItem",
    "GoneHandleError",
    "Grant",
    "HandleError",
    "HasMeta",
    "IdShadowingError",
    "InvocationFailed",
    "InvocationResult",
    "InvocationStream",
    "Invoker",
    "ItemHandle",
    "Key",
    "KeyConflictError",
    "LinkError",
    "PluginBuilder",
    "PluginReport",
    "RegistryBuilder",
    "RegistryDb",
    "RegistryDbBuilder",
    "RegistryError",
    "RegistryIndex",
    "RegistryMeta",
    "RuntimeDb",
    "RuntimeRegistry",
    "Snapshot",
    "StaleHandleError",
    "UnknownCapabilityError",
    "UnknownKeyError",
    "Vocabulary",
    "WorkspaceLoadError",
    "WorkspaceRuntime",
    "exercise",
    "invoke",
    "item",
    "link",
    "load_plugins",
    "open_runtime",
]


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
