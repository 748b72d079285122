"""``fleet check`` across repositories: those of which something has to be said are looked at a second time.

Most need no second look: of each is known what it asks, and the others have it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from registry_reconciler.fleet.across.fleet import Fleet, Former, view_of
from registry_reconciler.fleet.manifest import Repository
from registry_reconciler.fleet.outcome import RepositoryOutcome
from registry_reconciler.fleet.run.jobs import OWN
from registry_reconciler.model.config import Config
from registry_reconciler.model.fleet_view import FleetView

if TYPE_CHECKING:
    from registry_reconciler.planning.pipeline import Planning

TELL = "tell"
"""The option of a job that asks a repository to tell of itself, and the key of its result where that stands."""

ANSWERS = "answers"
"""The option of a job with what the others told, as far as its repository asks that."""

Look = Callable[[Sequence[Repository], dict[str, Any]], list[RepositoryOutcome]]
"""Looks at some repositories, with these options of the job."""


class OtherRepositories:
    """What the others told, for the plan of one (a :class:`~registry_reconciler.model.fleet_view.FleetSource`)."""

    named = True

    def __init__(self, answers: dict[str, Any], own: str) -> None:
        self._view = view_of(answers, own)

    def __call__(self, config: Config, addresses: Collection[str]) -> FleetView:
        """See the class."""
        del config, addresses  # whatever the settings name, and whoever it is: what was told is at hand
        return self._view


def source_of(options: dict[str, Any], own: str) -> OtherRepositories | None:
    """What the options of a job say of the others."""
    return OtherRepositories(options[ANSWERS], own) if ANSWERS in options else None


def described_by(planning: Planning, options: dict[str, Any]) -> dict[str, Any]:
    """What a repository tells of itself, where the options ask that; to be put into the result of a job."""
    from registry_reconciler.fleet.across.description import described

    return {TELL: described(planning)} if options.get(TELL) else {}


def judged(
    outcomes: Sequence[RepositoryOutcome],
    repositories: Sequence[Repository],
    others: Sequence[Repository],
    look: Look,
    former: Former | None = None,
) -> list[RepositoryOutcome]:
    """The outcomes of repositories that told of themselves, judged by what all of them told.

    Args:
        repositories: those of the outcomes.
        others: the rest of the fleet, which is looked at where somebody asks about it.
    """
    found = {outcome.name: outcome for outcome in outcomes}
    if not any(_asks(outcome) for outcome in outcomes):
        return [_plain(outcome) for outcome in outcomes]
    fleet = Fleet()
    for outcome in (*outcomes, *(look(others, {TELL: True}) if others else ())):
        if outcome.error is None and TELL in outcome.result:
            fleet.add(outcome.name, outcome.result[TELL])
        else:
            fleet.miss(outcome.name)
    settled = fleet.settle(former)
    concerned = [name for name in settled.concerned() if name in found]
    again = [repository for repository in repositories if repository.name in set(concerned)]
    if again:
        own = {repository.name: {ANSWERS: settled.answers(repository.name)} for repository in again}
        found |= {outcome.name: outcome for outcome in look(again, {OWN: own})}
    return [_plain(found[outcome.name]) for outcome in outcomes]


def _asks(outcome: RepositoryOutcome) -> bool:
    description = outcome.result.get(TELL) if outcome.error is None else None
    return bool(description and (description["asks"] or description["claims"]))


def _plain(outcome: RepositoryOutcome) -> RepositoryOutcome:
    """The outcome as a report shows it."""
    if outcome.error is not None or TELL not in outcome.result:
        return outcome
    return replace(outcome, result={name: part for name, part in outcome.result.items() if name != TELL})
