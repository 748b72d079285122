"""For tests of items: does an item declare the capabilities that it uses, no more and no fewer?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_reconciler.runtime.execution.calling import call
from registry_reconciler.runtime.execution.context import Context
from registry_reconciler.runtime.execution.invocation import Invoker
from registry_reconciler.runtime.execution.loading import load_function
from registry_reconciler.runtime.execution.options import CallOptions
from registry_reconciler.runtime.registry.capabilities import Grant, Vocabulary
from registry_reconciler.runtime.registry.db import RegistryDbBuilder
from registry_reconciler.runtime.registry.items import Definition
from registry_reconciler.runtime.registry.meta import HasMeta
from registry_reconciler.runtime.registry.source import EntryItem


@dataclass(frozen=True, slots=True)
class CapabilityReport:
    """What an item did with its capabilities in one run.

    Attributes:
        unused: declared and never used in this run.
        lacked: used and not declared. The run went on, so that all of them are seen.
        value: what the item returned.
        error: what it raised, if it did.
    """

    unused: tuple[str, ...]
    lacked: tuple[str, ...]
    value: Any = None
    error: Exception | None = None

    @property
    def exact(self) -> bool:
        """Whether the declaration is what was used."""
        return not self.unused and not self.lacked


class _Recording(Grant):
    """Notes what is lacking instead of stopping at the first."""

    def use(self, capability: str) -> None:
        """See :meth:`Grant.use`; never raises."""
        self.used.add(capability)
        if not self.allows(capability):
            self.lacked.add(capability)


def exercise(
    item: HasMeta,
    payload: Any = None,
    *,
    root: Path | None = None,
    vocabulary: Vocabulary | None = None,
    words: Iterable[str] = (),
    seconds: float = 60.0,
) -> CapabilityReport:
    """Run a Python item with exactly its declared capabilities and report the difference.

    Only what the item says by ``context.caps.use(...)`` is seen. The code of a workspace's ``python``
    implementation
    is imported and run: use it in the workspace's own tests.

    Args:
        item: a :class:`Definition`, or an entry with a ``python`` implementation.
        root: the workspace of an entry.
        vocabulary: where given, a used or declared word that it does not know is reported as lacking.
        words: what is declared, where the item itself does not say.

    Raises:
        TypeError: it is no Python item.
        HandlerError: the function of an entry cannot be loaded.
    """
    declared = frozenset((*item.meta.required_caps, *words))
    known = vocabulary or Vocabulary()
    grant = _Recording((word for word in declared if word in known), known)
    db = RegistryDbBuilder().build().runtime()
    invoker = Invoker(db, root, vocabulary=known, audit=lambda _line: None)
    context = Context(invoker, item.meta.id, CallOptions(db.snapshot(), known, declared), grant, None)
    function = _function(item, root)
    value, error = None, None
    try:
        value = call(function, payload, context, seconds=seconds)
    except Exception as raised:  # the item's own failure belongs into the report
        error = raised
    return CapabilityReport(tuple(sorted(declared - grant.used)), tuple(sorted(grant.lacked)), value, error)


def _function(item: HasMeta, root: Path | None) -> Any:
    if isinstance(item, Definition) and item.target is not None:
        return item.target
    if isinstance(item, EntryItem) and root is not None:
        how = item.value.get("implementation") or {}
        if how.get("kind") == "python":
            return load_function(root, how.get("function"))
    raise TypeError(f"{item.meta.id} is no Python item; what a script uses cannot be seen from here")
