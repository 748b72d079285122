"""From what fragments say to what is desired: one declaration an address, and directives that hold together.

Pure: reads no file. Directives that are spent (a move whose source is gone, a removal of what is not there)
vanish here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct

from registry_reconciler.base.globs import MOST_ALIKE, Patterns, is_wild, too_many_alike
from registry_reconciler.files.names import short
from registry_reconciler.loading.fragments import Allowance, Fragments, Move, Pattern, Removal
from registry_reconciler.loading.state import StateEntry
from registry_reconciler.model.entry import DesiredEntry, LiveEntry, split_address
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.model.structural import problem


class Desired(Struct, frozen=True):
    """What should be registered.

    Attributes:
        entries: by address, in address order.
        renames: the address before, by the address after; only moves that are still to be done.
        removals: by address; only those of entries that are managed.
        exact: addresses that look like globs; a pattern that is one of them means that entry and no other.
        guards: the patterns of ``protects``, ready to be asked.
        disputed: addresses about which fragments contradict each other or say what they may not; nothing is planned
            for them.
    """

    entries: Mapping[str, DesiredEntry]
    renames: Mapping[str, str]
    moves: Mapping[str, Move]
    removals: Mapping[str, Removal]
    protects: tuple[Pattern, ...]
    overrides: tuple[Pattern, ...]
    allowances: tuple[Allowance, ...]
    disputed: frozenset[str]
    problems: tuple[Problem, ...]
    exact: frozenset[str] = frozenset()
    guards: Patterns = Patterns(())

    def protected(self, address: str) -> bool:
        """Whether a fragment protects the address."""
        return address in self.guards


def exact_ones(patterns: Iterable[str], *known: Container[str]) -> frozenset[str]:
    """The patterns that are addresses although they look like globs."""
    return frozenset(one for one in patterns if is_wild(one) and any(one in group for group in known))


def resolve(fragments: Fragments, state: Mapping[str, StateEntry], live: Mapping[str, LiveEntry]) -> Desired:
    """Settle declarations and directives against each other and against what is there."""
    problems: list[Problem] = []
    entries, disputed = _unique(fragments.entries, problems)
    disputed.update(one.address for one in fragments.problems if one.address)
    chains = _moves(fragments.moves, entries, problems)
    renames = dict(_open_moves(chains, entries, state, live, problems))
    removals = dict(_removals(fragments.removals, entries, state, live, problems))
    exact = exact_ones(_patterns(fragments), entries, state, live)
    protects = _bounded(
        "protect", fragments.protects, (one.text for one in fragments.protects), exact, problems
    )
    overrides = _bounded(
        "override", fragments.overrides, (one.text for one in fragments.overrides), exact, problems
    )
    allowances = _bounded(
        "allow", fragments.allowances, (one.address for one in fragments.allowances), exact, problems
    )
    return Desired(
        entries=entries,
        renames=renames,
        moves={target: chains[source] for target, source in renames.items()},
        removals=removals,
        protects=protects,
        overrides=overrides,
        allowances=allowances,
        disputed=frozenset(disputed | {one for found in problems for one in _concerned(found, entries)}),
        problems=tuple(problems),
        exact=exact,
        guards=Patterns((one.text for one in protects), exact),
    )


_P = TypeVar("_P", Pattern, Allowance)


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
    for entry in sorted(declared, key=lambda one: (one.address, one.place)):
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


def _bad_move(move: Move, why: str, fix: str) -> Problem:
    return problem(
        "FRG003",
        f"{move.source} cannot be moved to {move.target}: {why}.",
        move.place,
        address=move.target,
        fix=fix,
        extra=move.source,
    )


def _moves(
    moves: Iterable[Move], entries: Mapping[str, DesiredEntry], problems: list[Problem]
) -> dict[str, Move]:
    """The moves that make sense by themselves, by source."""
    by_source: dict[str, Move] = {}
    for move in sorted(moves, key=lambda one: one.place):
        fault = _move_fault(move, by_source, entries)
        if fault is None:
            by_source.setdefault(move.source, move)
        else:
            problems.append(_bad_move(move, *fault))
    for source in _circular(by_source):
        circle = by_source.pop(source)
        problems.append(
            _bad_move(circle, "the moves go in a circle", "Remove one of the moves of the circle.")
        )
    return by_source


def _move_fault(
    move: Move, seen: Mapping[str, Move], entries: Mapping[str, DesiredEntry]
) -> tuple[str, str] | None:
    if split_address(move.source)[0] != split_address(move.target)[0]:
        return "they are of different kinds", "An entry keeps its kind; remove the one and declare the other."
    if move.source == move.target:
        return "both ends are the same", "Remove the move."
    if move.source in seen and seen[move.source].target != move.target:
        return f"it is also moved to {seen[move.source].target}", "Keep one of the two moves."
    if move.source in entries:
        place = entries[move.source].place
        return (
            f"{move.source} is still declared in {place.file}",
            "Rename the declaration too, or drop the move.",
        )
    return None


def _circular(moves: Mapping[str, Move]) -> list[str]:
    """The first source of each circle: without it the others come to an end. Every move is followed once."""
    found: list[str] = []
    seen: dict[str, str] = {}
    for start in sorted(moves):
        way: list[str] = []
        at = start
        while at in moves and at not in seen:
            seen[at] = start
            way.append(at)
            at = moves[at].target
        if seen.get(at) == start:
            found.append(min(way[way.index(at) :]))
    return sorted(found)


def _ends(moves: Mapping[str, Move]) -> dict[str, str]:
    """Where each move leads in the end; chains are followed once. There are no circles."""
    ends: dict[str, str] = {}
    for start in moves:
        way: list[str] = []
        at = start
        while at in moves and at not in ends:
            way.append(at)
            at = moves[at].target
        end = ends.get(at, at)
        ends.update(dict.fromkeys(way, end))
    return ends


def _open_moves(
    moves: Mapping[str, Move],
    entries: Mapping[str, DesiredEntry],
    state: Mapping[str, StateEntry],
    live: Mapping[str, LiveEntry],
    problems: list[Problem],
) -> Iterator[tuple[str, str]]:
    """Moves that are still to be done, as (target, source); chains are followed to their end."""
    taken: dict[str, str] = {}
    ends = _ends(moves)
    for source in sorted(moves):
        target = ends[source]
        if target not in entries or (source not in live and source not in state):
            continue
        if source in live and target in live:
            problems.append(
                _bad_move(
                    moves[source],
                    "both are in the registries",
                    f"Remove one of the two entries, or the move. {source} stays where it is until then.",
                )
            )
        elif source not in live and (target in state or target in live):
            continue  # done already, by an apply or by hand
        elif target in taken:
            problems.append(
                _bad_move(moves[source], f"{taken[target]} is moved there too", "Keep one of the two moves.")
            )
        else:
            taken[target] = source
            yield target, source


def _removals(
    removals: Iterable[Removal],
    entries: Mapping[str, DesiredEntry],
    state: Mapping[str, StateEntry],
    live: Mapping[str, LiveEntry],
    problems: list[Problem],
) -> Iterator[tuple[str, Removal]]:
    for removal in sorted(removals, key=lambda one: one.place):
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
        elif address in state:
            yield address, removal
        elif address in live and not removal.keep:
            problems.append(
                problem(
                    "FRG005",
                    f"{address} is in the registries but not managed, so removing it changes nothing.",
                    removal.place,
                    address=address,
                    fix=f"Remove the entry by hand, or adopt it first: registry adopt {address}",
                )
            )
