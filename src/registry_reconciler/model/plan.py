"""The plan: data that rendering and applying read, and nothing else.

One predicate, :attr:`Plan.applicable`, decides whether it may be applied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.model.change import Action, Change, Drift, Heal
from registry_reconciler.model.entry import Json, canonical
from registry_reconciler.model.output import OutputAction, OutputChange
from registry_reconciler.model.problem import Problem, Severity, Status

if TYPE_CHECKING:
    from registry_reconciler.model.kind import Kind


class PlanOptions(Struct, frozen=True):
    """What the person asked for beyond the files. All of it is part of the plan's identity.

    Attributes:
        target, exclude, adopt, overwrite: addresses or globs.
        allow_mass_delete: lifts the brake on large deletions.
        no_check: skips the coordination rules (never the structural ones).
        leave_outputs: writes no output, also where it is stale.
    """

    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()
    allow_mass_delete: bool = False
    no_check: bool = False
    leave_outputs: bool = False

    def to_json(self) -> dict[str, Json]:
        """As it stands in the plan's JSON; everything that is not the default, and always ``target``."""
        data: dict[str, Json] = {"target": list(self.target)}
        for name in ("exclude", "adopt", "overwrite"):
            if getattr(self, name):
                data[name] = list(getattr(self, name))
        for name in ("allow_mass_delete", "no_check", "leave_outputs"):
            if getattr(self, name):
                data[name] = True
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> PlanOptions:
        """The inverse of :meth:`to_json`."""
        return cls(
            target=tuple(data.get("target", ())),
            exclude=tuple(data.get("exclude", ())),
            adopt=tuple(data.get("adopt", ())),
            overwrite=tuple(data.get("overwrite", ())),
            allow_mass_delete=bool(data.get("allow_mass_delete", False)),
            no_check=bool(data.get("no_check", False)),
            leave_outputs=bool(data.get("leave_outputs", False)),
        )


class CachePolicy(Struct, frozen=True):
    """How plans deal with what is remembered of their workspace.

    Attributes:
        read: look only at what may have changed since, where that tells enough.
        write: remember a plan of the whole.
        contents: all files of the plan are to have theirs, as an apply needs them; else some have none.
    """

    read: bool = True
    write: bool = True
    contents: bool = True


class FileChange(Struct, frozen=True):
    """A file that apply would write: digests before and after (``None``: not there), and the new bytes."""

    path: str
    before: str | None
    after: str | None
    content: bytes | None = None


class Notice(Struct, frozen=True):
    """A line at the head of the plan: a weakened check, a widened capability, a skipped rule."""

    title: str
    message: str


class RuleText(Struct, frozen=True):
    """A rule of the workspace's own in words."""

    title: str
    severity: Severity
    summary: str
    why: str
    fix: str


class Plan(Struct, frozen=True, dict=True):
    """Changes, problems and the digests of everything they were computed from.

    Attributes:
        changes: by address.
        problems: in the fixed order of :func:`registry_reconciler.model.problem.sort_key`; fixed ones included.
        files: every file that apply writes, registries and state (history is added when applying).
        inputs: digest by path; ``None`` for a path that was asked about and is not there.
        unchanged, unmanaged: counts of entries.
        notices: what stands at the head of the plan.
        withheld: the files that hold secrets: their digests are not told.
        heals: what is remembered and does not fit; mended by the next apply, and no change.
        own_rules: what the workspace's own rules say of themselves, by code: reports describe them.
        outputs: those that are not as they were left, by id.
        derived_files: every file that an output is in.
        former_files: files that entries leave, or come to, since their kinds have them elsewhere now.
    """

    options: PlanOptions
    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    problems: tuple[Problem, ...]
    files: tuple[FileChange, ...]
    inputs: Mapping[str, str | None]
    unchanged: int = 0
    unmanaged: int = 0
    notices: tuple[Notice, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    heals: tuple[Heal, ...] = ()
    own_rules: Mapping[str, RuleText] = field(default_factory=dict)
    outputs: tuple[OutputChange, ...] = ()
    derived_files: frozenset[str] = frozenset()
    former_files: frozenset[str] = frozenset()

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """The problems that forbid applying."""
        return tuple(problem for problem in self.problems if problem.blocking)

    @property
    def applicable(self) -> bool:
        """Whether apply may write: nothing blocks."""
        return not any(problem.blocking for problem in self.problems)

    def checked(self) -> Plan:
        """The plan for a gate: what is wrong with managed entries fails it, also where no plan would change them."""
        from msgspec.structs import replace

        problems = tuple(
            replace(problem, untouched=False) if problem.untouched else problem for problem in self.problems
        )
        return replace(self, problems=problems)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.changes and not self.files

    @property
    def exit_code(self) -> int:
        """0 when nothing blocks, else 3."""
        return 0 if self.applicable else 3

    @property
    def pending(self) -> bool:
        """Whether there is something to do, as ``--detailed-exitcode`` has it: healing alone is nothing."""
        return bool(self.changes) or any(output.pending for output in self.outputs)

    @property
    def edited_outputs(self) -> tuple[OutputChange, ...]:
        """The outputs that somebody edited by hand, and that are left."""
        return tuple(output for output in self.outputs if output.action is OutputAction.EDITED)

    def count_outputs(self) -> int:
        """How many outputs an apply does something about."""
        return sum(output.writes for output in self.outputs)

    def count(self, action: Action) -> int:
        """How many changes of one action."""
        return sum(change.action is action for change in self.changes)

    def count_problems(self, severity: Severity) -> int:
        """How many problems of one severity stand (fixed and suppressed ones left out)."""
        return sum(
            problem.severity is severity and problem.status is not Status.FIXED and problem.suppressed is None
            for problem in self.problems
        )

    @property
    def plan_id(self) -> str:
        """The identity of what would be done: unrelated merges do not change it."""
        return self._identity

    @cached_property
    def _identity(self) -> str:
        """Told in reports and in the history: of many changes it takes as long as writing them down."""
        rest: dict[str, Json] = {
            "options": self.options.to_json(),
            **({"outputs": named} if (named := self._outputs_told()) else {}),
            "problems": sorted(
                [
                    problem.code,
                    problem.address or problem.place.file,
                    list(problem.path),
                    problem.identity_extra,
                ]
                for problem in self.problems
                if problem.status is Status.INTRODUCED
            ),
        }
        # The canonical text of all together, whose first key is that of the changes.
        digest = hashlib.sha256(b'{"changes":[')
        before = ""
        for change in self.changes:
            digest.update(f"{before}{_identity_of(change)}".encode("utf-8", "surrogatepass"))
            before = ","
        digest.update(f"],{canonical(rest)[1:]}".encode("utf-8", "surrogatepass"))
        return "sha256:" + digest.hexdigest()

    def _outputs_told(self) -> list[list[str]]:
        """What is done about outputs, without their texts: these follow from the rest."""
        return [[output.id, output.action.value, output.digest] for output in self.outputs if output.writes]

    def to_json(self) -> dict[str, Json]:
        """The public JSON (contract: ``registry schema plan``); converted, never a dump of internals."""
        from registry_reconciler.model.plan_json import plan_to_json

        return plan_to_json(self)


def _identity_of(change: Change) -> str:
    """A change as the identity of a plan has it."""
    head = canonical([change.address, change.action.value, change.from_address])[:-1]
    before = canonical(change.before)
    # What is taken over as it is has one value, which is written once.
    after = before if change.after is change.before else canonical(change.after)
    place = f",{canonical(change.file)}" if change.carried else ""
    return f"{head},{before},{after}{place}]"
