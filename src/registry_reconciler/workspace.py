"""The public face: open a workspace, plan it, apply the plan. It composes the stages and does nothing else.

>>> from registry_reconciler import Workspace
>>> workspace = Workspace.open(".")           # doctest: +SKIP
>>> plan = workspace.plan(target=["route/*"])  # doctest: +SKIP
>>> if plan.applicable:                        # doctest: +SKIP
...     workspace.apply(plan)
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.progress import phase
from registry_reconciler.errors import Blocked, OthersDisagree, StalePlan, WriteFailure
from registry_reconciler.files.root import find_root as find_root
from registry_reconciler.files.tree import DiskTree
from registry_reconciler.loading.required_version import require_version
from registry_reconciler.model.plan import CachePolicy, Plan, PlanOptions

if TYPE_CHECKING:
    from registry_reconciler.apply import Receipt, RecoverResult, WorkspaceLock, WriteSession
    from registry_reconciler.cache.incremental.plan import RememberedWorkspace
    from registry_reconciler.formats.base import Reader
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.fleet_view import FleetSource
    from registry_reconciler.outputs.sources import Records
    from registry_reconciler.planning.pipeline import Planning
    from registry_reconciler.runtime.serve.workspace import WorkspaceRuntime

DEFAULT_LOCK_TIMEOUT = 10.0
"""Seconds to wait for another process that is applying."""


class ApplyResult(Struct, frozen=True):
    """What an apply did.

    Attributes:
        plan: the plan that was carried out, computed under the lock.
        written: every file that was written, created or deleted, history included; empty when there was nothing to do.
        recovered: an interrupted apply was found and recovered first; what was done then.
    """

    plan: Plan
    written: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    recovered: RecoverResult | None = None


class Workspace:
    """A directory with registries, fragments and state."""

    def __init__(
        self,
        root: Path,
        *,
        lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
        use_cache: bool = False,
        fleet: FleetSource | None = None,
    ) -> None:
        self.root = root
        self.fleet = fleet
        """Tells what the other repositories of a fleet have, where a kind refers to them."""
        self.lock_timeout = lock_timeout
        require_version(root)
        self.use_cache = use_cache
        """Plans use what is remembered of the workspace in the user's cache directory, and remember."""

    @classmethod
    def open(
        cls, path: str | os.PathLike[str] = ".", *, lock_timeout: float = DEFAULT_LOCK_TIMEOUT
    ) -> Workspace:
        """Open the workspace that ``path`` lies in.

        Args:
            lock_timeout: seconds to wait while another process applies.

        Raises:
            NoWorkspace: there is none.
        """
        return cls(find_root(Path(path)), lock_timeout=lock_timeout)

    def plan(
        self,
        *,
        target: Sequence[str] = (),
        exclude: Sequence[str] = (),
        adopt: Sequence[str] = (),
        overwrite: Sequence[str] = (),
        allow_mass_delete: bool = False,
        no_check: bool = False,
        leave_outputs: bool = False,
    ) -> Plan:
        """Compute what apply would do, and every problem. Writes nothing.

        Args:
            target, exclude: plan only, or not, for these addresses or globs.
            adopt: take over these live entries although they differ.
            overwrite: let the fragment win for these entries that changed on both sides.
            allow_mass_delete: allow larger deletions than the configured limits do.
            no_check: skip the coordination rules.
            leave_outputs: write no output, also where it is stale.

        Raises:
            LockHeld: another process is applying, longer than ``lock_timeout``.
            InterruptedApply: an apply was interrupted and has to be recovered first.
        """
        options = PlanOptions(
            tuple(target),
            tuple(exclude),
            tuple(adopt),
            tuple(overwrite),
            allow_mass_delete,
            no_check,
            leave_outputs,
        )
        return self.planning(options).plan

    def planning(self, options: PlanOptions | None = None) -> Planning:
        """A plan with everything it was made from. Raises as :meth:`plan`."""
        from registry_reconciler.apply import reader
        from registry_reconciler.apply.writable import Writable

        with reader(self.root, self.lock_timeout, may_write=Writable(self.root)):
            return self._planning(options or PlanOptions())

    def quick_planning(self, options: PlanOptions | None = None, *, contents: bool = True) -> Planning:
        """As :meth:`planning`, but what it was made from may be a part; its plan is always that of the whole.

        Args:
            contents: all files of the plan are to have theirs; else only the digests of some may be known.
        """
        from registry_reconciler.apply import reader
        from registry_reconciler.apply.writable import Writable

        with reader(self.root, self.lock_timeout, may_write=Writable(self.root)):
            return self._quick(options or PlanOptions(), CachePolicy(contents=contents))[0]

    def _quick(
        self,
        options: PlanOptions,
        use_cache: CachePolicy,
        reader: Reader | None = None,
        kept: RememberedWorkspace | None = None,
    ) -> tuple[Planning, bool]:
        """A plan, and whether it was made from a part of the workspace."""
        if not self.use_cache:
            return self._planning(options, reader), False
        from registry_reconciler.cache.incremental.plan import quick_plan

        return quick_plan(self.root, options, use_cache, reader, self.fleet, kept)

    def _planning(self, options: PlanOptions, reader: Reader | None = None) -> Planning:
        from registry_reconciler.planning.pipeline import make_plan

        return make_plan(DiskTree(self.root), options, reader, self._records(), fleet=self.fleet)

    def _records(self) -> Records | None:
        if not self.use_cache:
            return None
        from registry_reconciler.cache.output_records import OutputRecords

        return OutputRecords(self.root)

    def lock(self, command: str) -> WorkspaceLock:
        """The writer's lock, a context manager. Raises :class:`~registry_reconciler.errors.LockHeld`."""
        from registry_reconciler.apply import WorkspaceLock

        return WorkspaceLock.acquire(self.root, command=command, timeout=self.lock_timeout)

    def write_session(
        self, command: str, *, recovers: bool = True
    ) -> contextlib.AbstractContextManager[WriteSession]:
        """As :func:`registry_reconciler.apply.write_session`."""
        from registry_reconciler.apply import write_session

        return write_session(self.root, command, self.lock_timeout, recovers=recovers)

    def recover(self) -> RecoverResult:
        """Finish or undo an interrupted apply. Harmless when there is none."""
        from registry_reconciler.apply import recover
        from registry_reconciler.apply.writable import Writable

        return recover(self.root, may_write=Writable(self.root), timeout=self.lock_timeout)

    def apply(self, plan: Plan, *, command: str = "registry apply", verify: bool = False) -> ApplyResult:
        """Carry out a plan: all of it or nothing.

        With ``verify``, or where the workspace says so, others are asked about it first (:mod:`.verify`).

        The plan is made anew under the lock and has to be the same; it is that new plan which is written. Afterwards it
        is made once more and has to be empty, otherwise the old files come back.

        Raises:
            StalePlan: the workspace changed since; nothing was written, ``entries`` names what differs.
            Blocked: a problem blocks; nothing was written.
            WriteFailure: writing failed; the text says how the workspace is left.
            LockHeld: another process is applying.
            OthersDisagree: the other implementations say something else; nothing was written.
        """
        with self.write_session(command) as session:
            return self._carry_out(
                plan.options, session, lambda fresh: _require_same(plan, fresh), verify=verify
            )

    def apply_now(
        self,
        options: PlanOptions,
        *,
        command: str = "registry apply",
        expect: str | None = None,
        show: Callable[[Plan], None] | None = None,
        verify: bool = False,
    ) -> ApplyResult:
        """Plan and apply under one lock. Raises as :meth:`apply`.

        Args:
            expect: the id that the plan must have.
            show: told the plan before anything is written; once, where nothing changes in between.
        """
        from registry_reconciler.report.saved_plan import require_expected

        def look(plan: Plan) -> None:
            if expect is not None:
                require_expected(expect, plan)
            if show is not None and plan.applicable:
                show(plan)

        with self.write_session(command) as session:
            return self._carry_out(options, session, look, verify=verify)

    def _carry_out(
        self,
        options: PlanOptions,
        session: WriteSession,
        require: Callable[[Plan], None],
        *,
        verify: bool = False,
    ) -> ApplyResult:
        from registry_reconciler.apply import check_inputs
        from registry_reconciler.cache.incremental.plan import RememberedWorkspace

        reader, kept = _reader(), RememberedWorkspace()
        planning, is_part = self._quick(options, CachePolicy(write=False), reader, kept)
        verify = verify or planning.loaded.config.verify
        if is_part and not verify:
            try:
                require(planning.plan)
                if not planning.plan.applicable or not planning.plan.files:
                    check_inputs(self.root, planning.plan.inputs)  # else the commit does
                return self._write(planning.plan, session, reader, kept)
            except StalePlan:
                # Nothing was written. Either somebody's plan is stale (`require`), or the times of a file hid that it
                # changed (the inputs, here or before the commit): only a plan of all bytes can tell which.
                planning = self._planning(options, reader=reader)
        elif is_part:
            # The others are asked about whole files.
            planning = self._planning(options, reader=reader)
        require(planning.plan)
        if verify and planning.plan.applicable:
            ask_others(planning)
        plan = planning.plan
        del planning  # what was written is read anew: all entries would be held twice
        return self._write(plan, session, reader, None)

    def _write(
        self,
        plan: Plan,
        session: WriteSession,
        reader: Reader,
        kept: RememberedWorkspace | None,
    ) -> ApplyResult:
        """Carry a plan out; ``kept``: what is remembered tells enough to verify it."""
        from registry_reconciler.apply.receipts import file_ops, removable_folders

        if not plan.applicable:
            raise Blocked(_blocked_text(plan), plan=plan)
        if not plan.files:
            return ApplyResult(plan, recovered=session.recovered)
        from registry_reconciler.cache.fingerprint import Moment

        after: list[tuple[Planning, bool]] = []
        since = Moment.now()
        try:
            receipt = session.commit(
                file_ops(self.root, plan),
                inputs=plan.inputs,
                remove_empty=removable_folders(plan),
                verify=lambda: after.append(self._verify(plan, reader, kept)),
            )
        except StalePlan as stale:
            raise _edited_meanwhile(plan, stale) from stale
        while after:
            planning, is_part = after.pop()
            if self.use_cache and not is_part:
                from registry_reconciler.cache.incremental.plan import remember

                remember(self.root, planning, since)
            loaded = planning.loaded
            del planning  # its entry sets are not asked any more
            self._prepare(plan, loaded, is_part)
        return ApplyResult(plan, _touched(receipt), receipt.warnings, session.recovered)

    def _verify(self, plan: Plan, reader: Reader, kept: RememberedWorkspace | None) -> tuple[Planning, bool]:
        # What was written is read again; the reader only spares parsing the same text twice.
        with phase("looking at what was written"):
            use_cache = CachePolicy(read=kept is not None, write=False)
            planning, is_part = self._quick(plan.options, use_cache, reader, kept)
        again = planning.plan
        if again.empty:
            return planning, is_part
        left = ", ".join(change.address for change in again.changes[:5]) or ", ".join(
            file.path for file in again.files
        )
        raise WriteFailure(
            f"after writing, the same plan was computed again and was not empty ({left}). "
            "Nothing was kept. This is a fault of registry, or the files are being edited right now: run plan again."
        )

    def _prepare(self, plan: Plan, loaded: Loaded, is_part: bool) -> None:
        """Leave the index that programs open; it is a cache, so nothing about it can make an apply fail."""
        from registry_reconciler.runtime.serve.served_files import prepare_after, prepare_from

        with contextlib.suppress(OSError):
            if is_part:
                prepare_after(self.root, plan, loaded)
            else:
                prepare_from(self.root, loaded)

    def runtime(self) -> WorkspaceRuntime:
        """The applied registries for programs: lookup by id, name and alias (:mod:`registry_reconciler.runtime`)."""
        from registry_reconciler.runtime import open_runtime

        return open_runtime(self.root)


def ask_others(planning: Planning) -> None:
    """Ask the other implementations about a plan before it is written.

    Raises:
        OthersDisagree: one of them says something else.
    """
    from registry_reconciler.verify import of_plan

    found = of_plan(planning).disagreements
    if found:
        listed = "; ".join(disagreement.text for disagreement in found[:5])
        more = f"; and {len(found) - 5:,} more" if len(found) > 5 else ""
        raise OthersDisagree(
            f"nothing was written, because a second opinion differs. {listed}{more}. One of the two is wrong: look at "
            "the place, write the value so that both read it alike (quotes help), and please report it."
        )


def _reader() -> Reader:
    from registry_reconciler.formats.table import new_reader

    return new_reader()


def _touched(receipt: Receipt) -> tuple[str, ...]:
    return tuple(sorted({*receipt.written, *receipt.created, *receipt.deleted}))


def _blocked_text(plan: Plan) -> str:
    count = len(plan.blocking)
    first = plan.blocking[0]
    where = first.where(column=False)
    return (
        f"nothing was written: {count} problem{'s' if count != 1 else ''} block{'s' if count == 1 else ''}. "
        f"The first: {first.code} at {where}: {first.message}"
    )


def plan_differences(first: Plan, other: Plan) -> tuple[str, ...]:
    """The addresses whose planned change is not the same in both, and the entries of problems that only one has."""
    left = {change.address: (change.action, change.before, change.after) for change in first.changes}
    right = {change.address: (change.action, change.before, change.after) for change in other.changes}
    found = {address for address in {*left, *right} if left.get(address) != right.get(address)}
    mine_of, theirs_of = ({each.id: each.action for each in plan.outputs} for plan in (first, other))
    found.update(
        f"output:{name}" for name in {*mine_of, *theirs_of} if mine_of.get(name) != theirs_of.get(name)
    )
    mine = {problem.identity for problem in first.problems}
    theirs = {problem.identity for problem in other.problems}
    found.update(str(identity[1]) for identity in mine ^ theirs)
    return tuple(sorted(found))


def _require_same(plan: Plan, fresh: Plan) -> None:
    if fresh.plan_id == plan.plan_id:
        return
    entries = plan_differences(plan, fresh)
    raise StalePlan(
        f"nothing was written: the workspace changed since the plan was made ({_few(entries)}). Plan again.",
        entries=entries,
        next=(("registry", "plan"),),
    )


def _edited_meanwhile(plan: Plan, stale: StalePlan) -> StalePlan:
    """The transaction names files; people think in entries."""
    entries = [change.address for change in plan.changes if change.file in stale.entries]
    entries += [path for path in stale.entries if all(change.file != path for change in plan.changes)]
    return StalePlan(
        f"nothing was written: somebody edited {_few(stale.entries)} in the meantime; "
        f"concerned: {_few(entries)}. Plan again.",
        entries=tuple(entries),
        next=(("registry", "plan"),),
    )


def _few(words: Iterable[str]) -> str:
    return first_few(list(words), 5) or "its options"
