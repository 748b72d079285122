"""Addresses that a person typed: known, or answered with what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from registry_reconciler.base.globs import Patterns, is_wild
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.output import PREFIX
from registry_reconciler.model.unknown import unknown_address, unknown_kind
from registry_reconciler.planning.resolve import exact_ones

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning


def known_addresses(planning: Planning) -> frozenset[str]:
    """Every address that a fragment, a registry, the state or a directive names."""
    desired, loaded = planning.desired, planning.loaded
    directives = {word for move in loaded.fragments.moves for word in (move.source, move.target)}
    directives.update(removal.address for removal in loaded.fragments.removals)
    return frozenset({*desired.entries, *loaded.live.entries, *loaded.state.entries, *directives})


def require_known(planning: Planning, patterns: Iterable[str], *, wild: bool = True) -> None:
    """Hold addresses and globs to what there is.

    Args:
        wild: whether a glob will do.

    Raises:
        UsageFailure: an exact address that nothing has, or a glob of a kind that there is not.
    """
    if planning.loaded.fragments.unreadable or planning.loaded.live.hidden_kinds:
        # The address may stand in a file that cannot be read, and that is the problem to report.
        return
    known: frozenset[str] | None = None
    for pattern in patterns:
        if pattern.startswith(PREFIX):
            _require_output(planning, pattern)
            continue
        kind = pattern.partition("/")[0]
        if not kind:
            raise UsageFailure(
                f"{pattern!r} is no address and no glob: write KIND/KEY, or 'KIND/*'.",
                next=(("registry", "list"),),
            )
        if (
            not is_wild(kind)
            and kind not in planning.loaded.kinds
            and kind not in planning.loaded.catalog.broken
        ):
            raise unknown_kind(pattern, planning.loaded.kinds)
        if is_wild(pattern) and wild:
            continue
        if pattern in planning.loaded.kinds:
            raise UsageFailure(f"{pattern!r} is a kind, and no entry. All entries of it: '{pattern}/*'")
        known = known_addresses(planning) if known is None else known
        if pattern not in known:
            raise unknown_address(pattern, known)


def _require_output(planning: Planning, pattern: str) -> None:
    name = pattern.removeprefix(PREFIX)
    known = [output.id for output in planning.outputs]
    if not is_wild(name) and name not in known:
        raise UsageFailure(
            f"there is no output {name!r}.{did_you_mean(name, known)}", next=(("registry", "outputs"),)
        )


def select(patterns: Iterable[str], addresses: Iterable[str]) -> list[str]:
    """The addresses that any of the patterns means, sorted; a bare kind means all of its entries."""
    known = frozenset(addresses)
    wanted = tuple(
        pattern if "/" in pattern or is_wild(pattern) or pattern in known else f"{pattern}/*"
        for pattern in patterns
    )
    asked = Patterns(wanted, exact_ones(wanted, known))
    return sorted(address for address in known if address in asked)
