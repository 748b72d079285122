"""Which entries are called otherwise now: what ``moved`` says, what follows from it, and renames taken back. Pure.

A set of moves that shifts or swaps keys is one move: an end may be live as long as it moves away itself. Where a source
is declared again, its line may also be one that was carried out long ago. The state tells: a record knows which
addresses it had before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from registry_reconciler.loading.directives import Move
from registry_reconciler.loading.state.shadow import new_salt
from registry_reconciler.model.entry import split_address
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.known_entries import KnownEntries
from registry_reconciler.planning.subtrees import carried_names


class Renames(Struct):
    """Moves that are still to be done.

    Attributes:
        sources: the address before, by the address after.
        moves: what says so, by the address after.
        groups: by address all addresses that move with it, where it is no move of one entry alone.
        implied: some of them no fragment says: renames taken back, and entries inside of what is renamed.
    """

    sources: dict[str, str] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    implied: bool = False


def find_renames(moves: Iterable[Move], known: KnownEntries, problems: list[Problem]) -> Renames:
    """The moves that are still to be done; what is wrong with others is added to ``problems``."""
    by_source = _valid(moves, problems)
    ends = _ends(by_source, known)
    _refuse_circles(by_source, ends, known, problems)
    graph = _Graph(known, {start: end for start, end in ends.items() if end and end != start})
    _refuse_declared(by_source, ends, graph, problems)
    done = Renames()
    for source, target in _open(graph, by_source, problems):
        done.sources[target] = source
        done.moves[target] = by_source[source]
    _take_back(known, graph, done)
    near: list[tuple[str, str]] = []
    for source, target, around in carried_names(known, done.sources, by_source):
        _imply(done, known, source, target)
        near.append((target, around))
    done.groups = _groups(done.sources, near)
    _say_unknown(by_source, known, done, problems)
    return done


def _say_unknown(
    by_source: Mapping[str, Move], known: KnownEntries, done: Renames, problems: list[Problem]
) -> None:
    """A move whose entry comes new, and whose old name nobody knows: it moves nothing, and was meant to."""
    from registry_reconciler.base.suggest import did_you_mean

    for source, move in by_source.items():
        sides = (known.live, known.state)
        if any(source in group or move.target in group for group in sides) or source in known.entries:
            continue
        kind = f"{split_address(source)[0]}/"
        there = [address for address in {*known.live, *known.state} if address.startswith(kind)]
        if there and move.target in known.entries and move.target not in done.moves:
            problems.append(
                problem(
                    "FRG010",
                    f"{move.source} is not known here, so {move.target} is created as a new entry."
                    f"{did_you_mean(source, sorted(there))}",
                    move.place,
                    address=move.target,
                    fix="Correct the old name, or remove the line.",
                    extra=move.source,
                )
            )


def _imply(done: Renames, known: KnownEntries, source: str, target: str) -> None:
    done.sources[target] = source
    done.moves[target] = Move(source, target, known.entries[target].place)
    done.implied = True


def bad_move(move: Move, why: str, fix: str) -> Problem:
    """A move that cannot be done."""
    return problem(
        "FRG003",
        f"{move.source} cannot be moved to {move.target}: {why}.",
        move.place,
        address=move.target,
        fix=fix,
        extra=move.source,
    )


def _valid(moves: Iterable[Move], problems: list[Problem]) -> dict[str, Move]:
    """The moves that make sense by themselves, by source."""
    by_source: dict[str, Move] = {}
    for move in sorted(moves, key=lambda move: move.place):
        first = by_source.get(move.source)
        if split_address(move.source)[0] != split_address(move.target)[0]:
            why = (
                "they are of different kinds",
                "An entry keeps its kind; remove the one and declare the other.",
            )
        elif move.source == move.target:
            why = "both ends are the same", "Remove the move."
        elif first is not None and first.target != move.target:
            why = f"it is also moved to {first.target}", "Keep one of the two moves."
        else:
            by_source.setdefault(move.source, move)
            continue
        problems.append(bad_move(move, *why))
    return by_source


def _ends(moves: Mapping[str, Move], known: KnownEntries) -> dict[str, str | None]:
    """Where each move leads: along the chain to the first address that is declared, each step taken once."""
    ends: dict[str, str | None] = {}
    for start in moves:
        way: dict[str, None] = {}
        at = start
        while at in moves and at not in ends and at not in way:
            way[at] = None
            at = moves[at].target
            if at in known.entries:
                break
        end = at if at in known.entries else ends.get(at)
        ends.update(dict.fromkeys(way, end))
    return ends


def _refuse_circles(
    moves: Mapping[str, Move],
    ends: Mapping[str, str | None],
    known: KnownEntries,
    problems: list[Problem],
) -> None:
    """Moves that come back to themselves, of addresses that nobody knows."""
    seen: set[str] = set()
    for start in sorted(moves):
        way: list[str] = []
        at = start
        while at in moves and at not in seen:
            seen.add(at)
            way.append(at)
            at = moves[at].target
        circle = way[way.index(at) :] if at in way else []
        if circle and not any(ends[address] or known.known(address) for address in circle):
            problems.append(
                bad_move(
                    moves[min(circle)], "the moves go in a circle", "Remove one of the moves of the circle."
                )
            )


class _Graph(Struct):
    """Moves from each source to its end, and which of them can be done."""

    known: KnownEntries
    ends: Mapping[str, str]
    into: dict[str, list[str]] = field(default_factory=dict)
    circles: list[list[str]] = field(default_factory=list)
    can: dict[str, bool] = field(default_factory=dict)
    """By source whether it is there, and its end free or about to be."""

    def __post_init__(self) -> None:
        for source, target in sorted(self.ends.items()):
            self.into.setdefault(target, []).append(source)
        for start in sorted(self.ends):
            self._follow(start)

    def _follow(self, start: str) -> None:
        way: dict[str, None] = {}
        at = start
        while at in self.ends and at not in self.can and at not in way:
            way[at] = None
            at = self.ends[at]
        steps = list(way)
        if at in way:
            circle = steps[steps.index(at) :]
            self.circles.append(circle)
            self.can.update(dict.fromkeys(circle, False))
            steps = steps[: steps.index(at)]
        for source in reversed(steps):
            self.can[source] = self._is_free(source, self.ends[source])

    def _is_free(self, source: str, target: str) -> bool:
        known = self.known
        if self.can.get(target, False):
            return known.known(source)
        if source in known.live:
            return target not in known.live
        return source in known.state and not known.known(target)

    def opened(self) -> Iterator[str]:
        """The sources of moves that are to be done, from those that nobody declares onwards; circles whole."""
        done: set[str] = set()
        waiting = deque(end for end in sorted(self.ends) if end not in self.known.entries and self.can[end])
        for circle in self.circles:
            if self.is_open(circle):
                done.update(circle)
                yield from circle
        while waiting:
            source = waiting.popleft()
            if source in done:
                continue
            done.add(source)
            yield source
            if self.can.get(self.ends[source], False):
                waiting.append(self.ends[source])

    def is_open(self, circle: list[str]) -> bool:
        """Whether a circle of moves is still to be done: all its addresses are declared before and after."""
        known = self.known
        in_place = all(map(known.in_place, circle))
        fits = all(known.fits(source, self.ends[source]) for source in circle)
        if in_place != fits:
            return fits
        if any(known.was(self.ends[source], source) for source in circle):
            return False
        return all(source in known.state for source in circle)


def _refuse_declared(
    moves: Mapping[str, Move], ends: Mapping[str, str | None], graph: _Graph, problems: list[Problem]
) -> None:
    """A source that stays declared, although nothing moves there."""
    known = graph.known
    opened = set(graph.opened())
    on_circles = {address for circle in graph.circles for address in circle}
    for source, move in sorted(moves.items()):
        end = ends[source]
        if source not in known.entries or source in opened or source in on_circles or end == source:
            continue
        refilled = any(address in opened for address in graph.into.get(source, ()))
        spent = end is not None and (
            known.was(end, source) or (source in graph.into and (known.known(end) or not known.known(source)))
        )
        if spent or (refilled and end is not None):
            continue
        place = known.entries[source].place
        problems.append(
            bad_move(
                move,
                f"{source} is still declared in {place.file}",
                "Rename the declaration too, or drop the move.",
            )
        )


def _stays(move: Move) -> Problem:
    return bad_move(
        move,
        "both are in the registries",
        f"Remove one of the two entries, or the move. {move.source} stays where it is until then.",
    )


def _open(graph: _Graph, moves: Mapping[str, Move], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """The moves to be done as (source, target)."""
    known = graph.known
    taken: dict[str, str] = {}
    for source in graph.opened():
        target = graph.ends[source]
        if target in taken:
            problems.append(
                bad_move(moves[source], f"{taken[target]} is moved there too", "Keep one of the two moves.")
            )
            continue
        taken[target] = source
        yield source, target
    for source, target in sorted(graph.ends.items()):
        stuck = source in known.live and target in known.live and not graph.can[source]
        if stuck and source not in known.entries:
            problems.append(_stays(moves[source]))


def _take_back(known: KnownEntries, lines: _Graph, done: Renames) -> None:
    """Renames that a fragment took back without saying so: a revert of the fragment alone."""
    used = {*done.sources, *done.sources.values()}
    back: dict[str, str] = {}
    for address, before in _before(known):
        spent_line = address in known.entries and lines.ends.get(before) == address
        if not spent_line and not {address, before} & used:
            back.setdefault(address, before)
    if not back:
        return
    graph = _Graph(known, back)
    taken: set[str] = set()
    for circle in graph.circles:
        if any(known.fits(address, back[address]) for address in circle) and not any(
            map(known.in_place, circle)
        ):
            taken.update(circle)
    heads = deque(address for address in sorted(back) if address not in known.entries and graph.can[address])
    while heads:
        renamed = heads.popleft()
        free = back[renamed] not in known.state or graph.can.get(back[renamed], False)
        if free and renamed not in taken and not any(other in taken for other in graph.into[back[renamed]]):
            taken.add(renamed)
            heads.extend([back[renamed]] if graph.can.get(back[renamed], False) else [])
    for renamed in sorted(taken):
        _imply(done, known, renamed, back[renamed])


def _before(known: KnownEntries) -> Iterator[tuple[str, str]]:
    """Managed entries with an address that they had before and that a fragment declares."""
    orphans: list[str] = []
    for address, entry in known.state.items():
        for before in entry.former:
            if before in known.entries and split_address(before)[0] == split_address(address)[0]:
                yield address, before
                break
        else:
            if address not in known.entries:
                orphans.append(address)
    if not orphans:
        return
    # A record that was renamed before records knew their names keeps the salt of its first one.
    salts = {
        (split_address(entry)[0], new_salt(entry)): entry for entry in known.entries if not known.known(entry)
    }
    for address in orphans if salts else ():
        salt = known.state[address].applied[0].salt
        first = salts.get((split_address(address)[0], salt))
        if salt and first is not None:
            yield address, first


def _groups(sources: Mapping[str, str], inside: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """What moves together, because one takes the place or the name of another, or lies inside of it."""
    near: dict[str, set[str]] = {}
    for target, source in (*sources.items(), *inside):
        near.setdefault(source, set()).add(target)
        near.setdefault(target, set()).add(source)
    found: dict[str, frozenset[str]] = {}
    for start in near:
        if start in found:
            continue
        group, waiting = {start}, [start]
        while waiting:
            for address in near[waiting.pop()] - group:
                group.add(address)
                waiting.append(address)
        found.update(dict.fromkeys(group, frozenset(group)))
    return {start: group for start, group in found.items() if len(group) > 2 or _swaps(group, sources)}


def _swaps(group: frozenset[str], sources: Mapping[str, str]) -> bool:
    return all(address in sources for address in group)
