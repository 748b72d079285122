"""What a plan would do to entries: small frozen values between ``diff`` and everything after it."""

from __future__ import annotations

import enum

from msgspec import Struct

from registry_reconciler.model.entry import FieldPath, Json, Location, Place, same


class Action(enum.Enum):
    """What happens to an entry. ``adopt`` and ``forget`` change the state only (``adopt`` on demand also fields)."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"
    ADOPT = "adopt"
    FORGET = "forget"


class Reason(enum.Enum):
    """Why it happens."""

    DESIRED_CHANGED = "desired_changed"
    LIVE_CHANGED = "live_changed"
    BOTH_CHANGED = "both_changed"
    NOT_IN_REGISTRY = "not_in_registry"
    NOT_IN_FRAGMENTS = "not_in_fragments"
    MOVED = "moved"
    REMOVED = "removed"
    ADOPTED = "adopted"
    EDITED = "edited"
    SECRET_DIFFERS = "secret_differs"


class FieldChange(Struct, frozen=True):
    """One part of an entry that differs. ``before`` or ``after`` is ``MISSING`` where the part is not there."""

    path: FieldPath
    action: str  # "create" | "update" | "delete"
    before: Json
    after: Json


class Change(Struct, frozen=True):
    """One planned change of one entry.

    Attributes:
        from_address: the address before, where it differs (a move).
        file: the registry file that the entry is (or will be) in.
        origin: where the fragment says so; for a removal the directive, or ``None``.
        live: where the entry stands now.
        before, after: whole values; ``None`` for not there.
        impact: addresses that depend on the entry; of very many the nearest ones.
        impact_total: how many depend on it.
        impact_counted: whether all were counted; if not, there are at least ``impact_total``.
        carried: its text goes to another place as it stands.
        note: one more thing a reader should know, e.g. that only the owner fragment changed.
    """

    address: str
    kind: str
    key: str
    action: Action
    reason: Reason
    file: str
    from_address: str | None = None
    origin: Place | None = None
    live: Place | None = None
    fields: tuple[FieldChange, ...] = ()
    before: dict[str, Json] | None = None
    after: dict[str, Json] | None = None
    impact: tuple[str, ...] = ()
    impact_total: int = 0
    impact_counted: bool = True
    note: str = ""
    origin_location: Location | None = None
    carried: bool = False

    @property
    def writes(self) -> bool:
        """Whether a registry file changes (and not only the state)."""
        return (
            self.carried
            or self.action in (Action.CREATE, Action.DELETE)
            or (
                self.action in (Action.UPDATE, Action.MOVE, Action.ADOPT)
                and not same(self.before, self.after)
            )
        )


class Heal(Struct, frozen=True):
    """What is remembered does not fit, although nothing of an entry changes: an apply mends it.

    Attributes:
        address: the entry; empty where it is about all of a fragment.
        fragment: the fragment that owns or owned it.
    """

    address: str
    fragment: str
    why: str


class Drift(Struct, frozen=True):
    """A managed live entry that no longer is what was last applied.

    Attributes:
        fields: from what the fragment still says (``before``) to what is there (``after``).
        gone: the entry is not there any more.
        applied_known: the fragment still says what was applied, so ``before`` is the applied value.
    """

    address: str
    file: str
    fields: tuple[FieldChange, ...]
    place: Place
    gone: bool = False
    applied_known: bool = True
    location: Location | None = None
