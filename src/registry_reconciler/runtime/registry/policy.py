"""Who gets a name that several items claim. Pure: everything here is decided from metadata and order."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from registry_reconciler.runtime.errors import RegistryError
from registry_reconciler.runtime.registry.meta import RegistryMeta, T, source_rank

KeyKind = Literal["id", "name", "alias"]


class DuplicatePolicy(enum.Enum):
    """What happens when two items claim one name or one alias. Ids are never up for grabs."""

    ERROR = "error"
    FIRST_WINS = "first_wins"
    LAST_WINS = "last_wins"
    BY_PRIORITY = "by_priority"


PolicyLike: TypeAlias = DuplicatePolicy | Literal["error", "first_wins", "last_wins", "by_priority"]


def as_policy(policy: PolicyLike) -> DuplicatePolicy:
    """The policy for its word.

    Raises:
        RegistryError: there is no such policy.
    """
    try:
        return DuplicatePolicy(policy)
    except ValueError:
        known = ", ".join(duplicate_policy.value for duplicate_policy in DuplicatePolicy)
        raise RegistryError(f"there is no policy {policy!r}; choose one of {known}") from None


@dataclass(frozen=True, slots=True, order=True)
class Collision:
    """One claim that did not win.

    Attributes:
        key: what both claim.
        key_kind: how the loser claims it.
        winner: id of the item that the key leads to.
        loser: id of the item that it does not lead to.
        action: what decided. For names and aliases ``higher_priority``, ``higher_source``, ``smaller_id``,
            ``first_wins``, ``last_wins`` or ``name_before_alias``; for ids ``replaced`` (the item that came
            later holds the id now, the earlier is shadowed) or ``kept`` (the earlier holds it, the later is
            shadowed).
    """

    key: str
    key_kind: KeyKind
    winner: str
    loser: str
    action: str


def _strength(meta: RegistryMeta) -> tuple[int, int, str]:
    return (-meta.priority, -source_rank(meta.source), meta.id)


def ranked(claimers: Sequence[T], policy: DuplicatePolicy) -> tuple[T, ...]:
    """Claimers of one key, given in the order they came, best first.

    Under ``by_priority`` the order they came in matters only between two items of one id (an override):
    then the later is first.
    """
    if policy is DuplicatePolicy.BY_PRIORITY:
        later_first = list(claimers)[::-1]
        return tuple(sorted(later_first, key=lambda item: _strength(item.meta)))
    if policy is DuplicatePolicy.LAST_WINS:
        return tuple(reversed(claimers))
    return tuple(claimers)


def later_wins(earlier: RegistryMeta, later: RegistryMeta, policy: DuplicatePolicy) -> bool:
    """Whether of two claimers the later one gets the key."""
    if policy is DuplicatePolicy.BY_PRIORITY:
        return _strength(later) <= _strength(earlier)
    return policy is DuplicatePolicy.LAST_WINS


def _decided_by(winner: RegistryMeta, loser: RegistryMeta, policy: DuplicatePolicy) -> str:
    if policy is not DuplicatePolicy.BY_PRIORITY:
        return str(policy.value)
    if winner.priority != loser.priority:
        return "higher_priority"
    return "higher_source" if source_rank(winner.source) != source_rank(loser.source) else "smaller_id"


def losses(
    word: str, named: Sequence[T], aliased: Sequence[T], policy: DuplicatePolicy
) -> Iterator[Collision]:
    """The collisions of one word; both sequences are ranked.

    A name comes before an alias whatever the policy, because lookup asks for names first.
    """
    for kind, claimers in (("name", named), ("alias", aliased)):
        if kind == "alias" and named:
            winner = named[0].meta
            for item in aliased:
                if item is not named[0]:
                    yield Collision(word, "alias", winner.id, item.meta.id, "name_before_alias")
            return
        for item in claimers[1:]:
            best = claimers[0].meta
            yield Collision(
                word,
                "name" if kind == "name" else "alias",
                best.id,
                item.meta.id,
                _decided_by(best, item.meta, policy),
            )
