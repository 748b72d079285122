"""A workspace at run time: opened, reloaded when its files changed, extended by files, invoked.

Guarantee: what is served is one state of the registries. While an apply runs, opening and reloading wait for
it; after an interrupted one they refuse until it is recovered. A reload becomes visible whole or not at all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from registry_reconciler.files.tree import DiskTree
from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.registry.db import DbSnapshot, RuntimeDb
from registry_reconciler.runtime.registry.locks import tell_in_a_fork
from registry_reconciler.runtime.registry.meta import Domain, HasMeta, K, Key, T
from registry_reconciler.runtime.registry.overlay import RuntimeRegistry
from registry_reconciler.runtime.registry.policy import Collision, PolicyLike
from registry_reconciler.runtime.registry.source import (
    EntryItem,
    check_capabilities,
    shared_spaces,
    vocabulary_in,
)
from registry_reconciler.runtime.serve.served_files import ServedFiles, find_root

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from registry_reconciler.runtime.execution.audit import AuditSink
    from registry_reconciler.runtime.execution.context import Handler
    from registry_reconciler.runtime.execution.handlers import RunLimits
    from registry_reconciler.runtime.execution.invocation import Invoker
    from registry_reconciler.runtime.execution.options import CallKeywords
    from registry_reconciler.runtime.execution.results import InvocationResult
    from registry_reconciler.runtime.registry.capabilities import Vocabulary
    from registry_reconciler.runtime.registry.plugins import PluginPoint, PluginReport

R = TypeVar("R")


class WorkspaceRuntime:
    """All kinds of a workspace: one registry a kind, and one for each id space that kinds share.

    Made by :func:`open_runtime`. Safe to use from any thread; readers take no lock.
    """

    def __init__(
        self, root: Path, *, policy: PolicyLike, allow_id_overrides: bool, lock_timeout: float
    ) -> None:
        self.root = root
        self._lock_timeout = lock_timeout
        self._begin()
        self._served = self._consistent(self._files.opened)
        self.db: RuntimeDb = self._served.db.runtime(policy, allow_id_overrides)
        from registry_reconciler.runtime.registry.plugins import PluginReport

        self.plugins = PluginReport()

    def __getstate__(self) -> dict[str, Any]:
        # What is remembered of the files is not needed: the next reload looks at them anew.
        state = dict(vars(self))
        del state["_lock"], state["_files"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._files = ServedFiles(self.root)
        tell_in_a_fork(self)

    def forked(self) -> None:
        """In a forked process: a reload that another thread was in the middle of is not there, and left nothing."""
        if self._lock.acquire(blocking=False):
            self._lock.release()
        else:
            self._begin()

    def _consistent(self, read: Callable[[], R]) -> R:
        from registry_reconciler.apply import reader
        from registry_reconciler.apply.writable import Writable

        with reader(self.root, self._lock_timeout, may_write=Writable(self.root)):
            return read()

    @overload
    def __getitem__(self, kind: Domain[T]) -> RuntimeRegistry[T]: ...

    @overload
    def __getitem__(self, kind: str) -> RuntimeRegistry[Any]: ...

    def __getitem__(self, kind: str) -> RuntimeRegistry[Any]:
        return self.db.registry(kind)

    def snapshot(self) -> DbSnapshot:
        """Everything as it is served now; several lookups that must agree go to one snapshot."""
        return self.db.snapshot()

    def kinds(self) -> tuple[str, ...]:
        """The names of all kinds, in order."""
        return tuple(kind.name for kind in self._served.kinds)

    def get(self, address: str) -> EntryItem | None:
        """The entry at ``kind/key``; the key may be an id, a name or an alias."""
        kind, _, key = address.partition("/")
        snapshot = self.snapshot()
        found = snapshot[kind].get(key) if kind in snapshot else None
        return found if isinstance(found, EntryItem) else None

    @property
    def vocabulary(self) -> Vocabulary:
        """The declared capabilities."""
        return vocabulary_in(self.snapshot())

    def resolve(self, key: Key[K]) -> K:
        """The item of a handle, in the kind that the handle names."""
        return self.db.resolve(key)

    def collisions(self) -> dict[str, tuple[Collision, ...]]:
        """The collisions of every kind, or id space that kinds share, that has some."""
        # What collides within a kind collides in its space too; once is enough.
        shared = shared_spaces(self._served.kinds)
        return {name: found for name, found in self.db.collisions().items() if name not in shared}

    def reload(self) -> bool:
        """Serve what the files say now; whether they had changed. What was registered since stays on top.

        Raises:
            RegistryError: the workspace cannot be served as it is, or an extra does not go with it;
                then what was served before goes on being served.
            LockHeld, InterruptedApply: see ``registry_reconciler.errors``.
        """
        with self._lock:
            before = self._served
            found = self._consistent(lambda: self._files.again(before))
            if found is None:
                return False
            changed = found.changed if self.db.snapshot().base is before.db else None
            try:
                self.db.rebase(found.served.db, changed)
            except BaseException:
                # What was read is not what is served: the next look compares with nothing that was remembered.
                self._files.forget()
                raise
            self._served = found.served
            return True

    def load_extension(self, path: str | os.PathLike[str], *, layer: str = "") -> tuple[str, ...]:
        """Register the entries of a file that is written like a fragment: all of them or none.

        Args:
            path: the file; a relative one from the working directory. Its entries are of source ``runtime``.
            layer: for :meth:`RuntimeDb.drop_layer`; the path as given when absent.

        Returns:
            the addresses that were registered.

        Raises:
            WorkspaceLoadError: the file cannot be read, or an entry does not obey its schema.
            RegistryError: an id, name or alias is refused, or a capability is not declared.
        """
        from registry_reconciler.runtime.serve.planning import read_extension

        kinds, items = read_extension(DiskTree(self.root), Path(path), str(path))
        check_capabilities(items, self.vocabulary)
        spaces = shared_spaces(kinds)
        pairs: list[tuple[str, HasMeta]] = []
        for item in items:
            pairs.append((item.kind, item))
            if item.kind in spaces:
                pairs.append((spaces[item.kind], item))
        self.db.register_many(pairs, layer=layer or str(path))
        return tuple(item.address for item in items)

    def invoker(
        self,
        *,
        audit: AuditSink | None = None,
        allow_python: bool | None = None,
        handlers: Mapping[str, Handler] | None = None,
        limits: RunLimits | None = None,
        spans: bool | Tracer = False,
    ) -> Invoker:
        """What runs the abilities of this workspace; see :class:`registry_reconciler.runtime.Invoker`."""
        from registry_reconciler.runtime.execution.invocation import Invoker

        return Invoker(
            self.db,
            self.root,
            audit=audit,
            allow_python=allow_python,
            handlers=handlers,
            limits=limits,
            spans=spans,
        )

    def invoke(
        self, key: str | Key[Any], payload: Any = None, **options: Unpack[CallKeywords]
    ) -> InvocationResult[Any]:
        """Run an ability with a default invoker; ``options`` are what :meth:`Invoker.invoke` takes."""
        return self.invoker().invoke(key, payload, **options)

    def load_plugins(
        self,
        points: Iterable[PluginPoint] | None = None,
        *,
        only: Callable[[str], bool] | None = None,
    ) -> PluginReport:
        """Run plugins over this workspace: the items of each are a layer of its id, and stay over a reload.

        A domain that there is not yet is made. Arguments as those of :func:`registry_reconciler.runtime.load_plugins`;
        side tables of a workspace take no rows. What came of all so far is in ``plugins``.

        Raises:
            DuplicateIdError: two plugins of one id; then none was run.
        """
        from registry_reconciler.runtime.registry.plugins import PluginReport, failed, run_plugins

        report = PluginReport()
        for staged in run_plugins(report, points, only=only):
            items, rows = staged.taken()
            try:
                if rows:
                    raise RegistryError(f"side tables of a workspace take no rows; {rows[0][0]!r} got one")
                self._add(items, staged.id)
                report.loaded[staged.id] = len(items)
            except RegistryError as error:
                failed(report, staged.id, error)
        self.plugins.loaded.update(report.loaded)
        self.plugins.failed.update(report.failed)
        self.plugins.errors.update(report.errors)
        return report

    def _add(self, items: list[tuple[str, HasMeta]], layer: str) -> None:
        with self._lock:
            for domain in dict.fromkeys(domain for domain, _ in items):
                if domain not in self.db.snapshot():
                    self.db.add_domain(domain)
            self.db.register_many(items, layer=layer)


def open_runtime(
    path: str | os.PathLike[str] = ".",
    *,
    policy: PolicyLike = "by_priority",
    allow_id_overrides: bool = False,
    lock_timeout: float = 10.0,
    plugins: bool | Iterable[str | PluginPoint] = False,
) -> WorkspaceRuntime:
    """Open a workspace for reading and running.

    Args:
        path: the workspace or anything in it.
        policy: who gets a contested name or alias among what is registered at run time.
        allow_id_overrides: whether extensions may take the ids of entries.
        lock_timeout: seconds to wait for an apply to end.
        plugins: true for all that are installed, or which: names of installed ones, or entry points. Importing a
            plugin runs its code. What came of each is in ``plugins`` of the result.

    Raises:
        NoWorkspace: there is none.
        RegistryError: it cannot be served: unreadable files, duplicate or shadowed ids, unknown words.
        LockHeld, InterruptedApply: an apply is running, or was interrupted (``registry_reconciler.errors``).
    """
    runtime = WorkspaceRuntime(
        find_root(path), policy=policy, allow_id_overrides=allow_id_overrides, lock_timeout=lock_timeout
    )
    if plugins is True:
        runtime.load_plugins()
    elif plugins:
        from registry_reconciler.runtime.registry.plugins import chosen_points

        runtime.load_plugins(chosen_points(plugins))
    return runtime
