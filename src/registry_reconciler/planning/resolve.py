"""From what fragments say to what is desired: one declaration an address, and directives that hold together.

Pure: reads no file. Directives that are spent (a move whose source is gone, a removal of what is not there)
vanish here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct, field

from registry_reconciler.base.globs import MOST_ALIKE, Patterns, is_wild, too_many_alike
from registry_reconciler.files.names import short
from registry_reconciler.loading.directives import AddressPattern, Allowance, Removal
from registry_reconciler.loading.fragments import Fragments
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.entry import DesiredEntry, LiveEntry
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem, Related, Severity
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.known_entries import KnownEntries
from registry_reconciler.planning.moves import find_renames


class Desired(Struct, frozen=True):
    """What should be registered.

    Attributes:
        entries: by address, in address order.
        renames: the address before, by the address after; only moves that are still to be done.
        groups: by address all addresses that move with it, where it is no move of one entry alone.
        implied: there are renames that no fragment says in so many words.
        removals: by address; only those of entries that are managed, and of those that are to be kept.
        exact: addresses that look like globs; a pattern that is one of them means that entry and no other.
        guards: the patterns of ``protects``, ready to be asked.
        disputed: addresses about which fragments contradict each other or say what they may not; nothing is planned
            for them.
    """

    entries: Mapping[str, DesiredEntry]
    renames: Mapping[str, str]
    removals: Mapping[str, Removal]
    protects: tuple[AddressPattern, ...]
    overrides: tuple[AddressPattern, ...]
    allowances: tuple[Allowance, ...]
    disputed: frozenset[str]
    problems: tuple[Problem, ...]
    exact: frozenset[str] = frozenset()
    guards: Patterns = Patterns(())
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    implied: bool = False

    def protected(self, address: str) -> bool:
        """Whether a fragment protects the address."""
        return address in self.guards


def exact_ones(patterns: Iterable[str], *known: Container[str]) -> frozenset[str]:
    """The patterns that are addresses although they look like globs."""
    return frozenset(
        pattern for pattern in patterns if is_wild(pattern) and any(pattern in group for group in known)
    )


def resolve(
    fragments: Fragments,
    state: Mapping[str, StateEntry],
    live: Mapping[str, LiveEntry],
    kinds: Mapping[str, Kind],
) -> Desired:
    """Settle declarations and directives against each other and against what is there."""
    problems: list[Problem] = []
    entries, disputed = _unique(fragments.entries, problems)
    disputed.update(problem.address for problem in fragments.problems if problem.address and _bars(problem))
    renames = find_renames(fragments.moves, KnownEntries(kinds, entries, state, live), problems)
    removals = dict(_removals(fragments.removals, entries, state, live, problems))
    exact = exact_ones(_patterns(fragments), entries, state, live)
    protects = _bounded(
        "protect", fragments.protects, (protect.text for protect in fragments.protects), exact, problems
    )
    overrides = _bounded(
        "override", fragments.overrides, (override.text for override in fragments.overrides), exact, problems
    )
    allowances = _bounded(
        "allow",
        fragments.allowances,
        (allowance.address for allowance in fragments.allowances),
        exact,
        problems,
    )
    return Desired(
        entries=entries,
        renames=renames.sources,
        groups=renames.groups,
        implied=renames.implied,
        removals=removals,
        protects=protects,
        overrides=overrides,
        allowances=allowances,
        disputed=frozenset(
            disputed
            | {address for found in problems if _bars(found) for address in _concerned(found, entries)}
        ),
        problems=tuple(problems),
        exact=exact,
        guards=Patterns((protect.text for protect in protects), exact),
    )


def _bars(found: Problem) -> bool:
    """Whether nothing may be planned for the entries that a problem is about; a warning is only said."""
    return found.severity is Severity.ERROR


_P = TypeVar("_P", AddressPattern, Allowance)


def _bounded(
    name: str, found: tuple[_P, ...], texts: Iterable[str], exact: frozenset[str], problems: list[Problem]
) -> tuple[_P, ...]:
    """The items of a directive as far as they are looked at; more blocks, so nothing is lost by their absence."""
    many = too_many_alike("" if text in exact else text for text in texts)
    if many is None:
        return found
    number, start = many
    problems.append(
        problem(
            "FRG001",
            f"more than {MOST_ALIKE:,} globs of {name!r} begin with {short(start)}; the others are not looked at.",
            found[number].place,
            fix="Name entries by their addresses, write more of the beginnings, or use fewer and wider globs.",
            extra=f"{name}#{start}",
        )
    )
    return found[:number]


def _patterns(fragments: Fragments) -> Iterator[str]:
    for pattern in (*fragments.protects, *fragments.overrides):
        yield pattern.text
    for allowance in fragments.allowances:
        yield allowance.address


def _concerned(found: Problem, entries: Mapping[str, DesiredEntry]) -> Iterator[str]:
    """The addresses for which nothing is planned: of a move that cannot be done also what it would move."""
    yield found.address
    if found.code == "FRG003" and found.identity_extra not in entries:
        yield found.identity_extra


def _unique(
    declared: Iterable[DesiredEntry], problems: list[Problem]
) -> tuple[dict[str, DesiredEntry], set[str]]:
    entries: dict[str, DesiredEntry] = {}
    disputed: set[str] = set()
    for entry in sorted(declared, key=lambda entry: (entry.address, entry.place)):
        first = entries.setdefault(entry.address, entry)
        if first is entry:
            continue
        disputed.add(entry.address)
        problems.append(
            problem(
                "FRG002",
                f"{entry.address} is declared in {first.place.file} and again in {entry.place.file}.",
                entry.place,
                address=entry.address,
                related=(Related("declared here first", first.place),),
                fix="Keep one of the two declarations: a fragment owns its entries whole.",
                extra=f"{entry.place.file}#{entry.place.document}#{entry.place.path}",
            )
        )
    return entries, disputed


def _removals(
    removals: Iterable[Removal],
    entries: Mapping[str, DesiredEntry],
    state: Mapping[str, StateEntry],
    live: Mapping[str, LiveEntry],
    problems: list[Problem],
) -> Iterator[tuple[str, Removal]]:
    for removal in sorted(removals, key=lambda removal: removal.place):
        address = removal.address
        if address in entries:
            problems.append(
                problem(
                    "FRG004",
                    f"{address} is removed here and declared in {entries[address].place.file}.",
                    removal.place,
                    address=address,
                    related=(Related("declared here", entries[address].place),),
                    fix="Drop the removal or the declaration.",
                )
            )
        elif address in state or (removal.keep and address in live):
            yield address, removal
        elif address in live:
            problems.append(
                problem(
                    "FRG005",
                    f"{address} is in the registries but not managed, so removing it changes nothing.",
                    removal.place,
                    address=address,
                    fix="Drop the line and remove the entry by hand; or drop the line, let a fragment own the entry "
                    f"(registry adopt {address}), apply, and take it out of the fragment.",
                )
            )
