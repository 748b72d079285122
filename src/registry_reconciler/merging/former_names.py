"""Which entries of a side are called otherwise on the common base: as lines of ``moved`` say, and as their texts show.

A key may be another entry's on one side (`a` is called `b` now, and `b` is called `d`). What the other side changed of
the former holder must not go to the new one. Where nobody can tell whose a key is, that is said. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from registry_reconciler.merging.shapes import Name, NamedPart, SideParts
from registry_reconciler.model.entry import canonical, same

_Pair = tuple[str, str]
"""The name of an entry on a side, and on the base."""


class FormerlyNamed(NamedTuple):
    """A side in which every entry that was renamed is called by its former name.

    Attributes:
        unsure: the former names of entries that may have handed on their key, or not.
    """

    shape: SideParts
    unsure: frozenset[str] = frozenset()


def with_former_names(
    base: SideParts, side: SideParts, moves: Mapping[str, str], earlier: Mapping[str, str]
) -> FormerlyNamed:
    """Call the entries of a side as the base calls them.

    Args:
        moves: the former name of an entry by the new one, as fragments of that side say.
        earlier: what they said on the base already.
    """
    new_lines = {name: source for name, source in moves.items() if earlier.get(name) != source}
    former: dict[str, str] = {}
    unsure: set[str] = set()
    in_chains: set[str] = set()
    for pairs in _chains(base, side, new_lines):
        names = {name for pair in pairs for name in pair}
        in_chains |= names
        handed_on = _are_handed_on(base, side, pairs, new_lines)
        if handed_on:
            former.update(pairs)
        elif handed_on is None:
            unsure |= names & set(base.items)
    gone = [name for name in base.items if name not in side.items and name not in in_chains]
    new = [name for name in side.items if name not in base.items and name not in in_chains]
    if gone and new:
        former.update(_renamed(base, side, gone, new, moves))
    return FormerlyNamed(_with_names(side, former), frozenset(unsure))


def _with_names(side: SideParts, former: Mapping[str, str]) -> SideParts:
    if not former:
        return side
    taken = set(former.values())
    items: dict[str, NamedPart] = {}
    for name, item in side.items.items():
        known = former.get(name, f"{name} made anew" if name in taken else name)
        items[known] = item if known == name else replace(item, identity=known)
    return SideParts(items, side.homes, side.heads, side.documents)


def _chains(base: SideParts, side: SideParts, lines: Mapping[str, str]) -> Iterator[list[_Pair]]:
    """The renames that hand on a key, those that depend on one another together."""
    pairs = dict(_by_text(base, side))
    pairs.update((name, source) for name in side.items if (source := _source(name, base, lines)) is not None)
    heads: dict[str, str] = {}

    def head(name: str) -> str:
        while heads.get(name, name) != name:
            name = heads[name]
        return name

    for name, source in pairs.items():
        heads[head(name)] = head(source)
    found: dict[str, list[_Pair]] = {}
    for pair in pairs.items():
        found.setdefault(head(pair[0]), []).append(pair)
    for chain in found.values():
        if any(name in base.items or source in side.items for name, source in chain):
            yield chain


def _source(name: str, base: SideParts, lines: Mapping[str, str]) -> str | None:
    """The name of an entry on the base, as lines say, also where it was renamed more than once."""
    seen = {name}
    source = lines.get(name)
    while source is not None and source not in base.items and source not in seen:
        seen.add(source)
        source = lines.get(source)
    return source if source in base.items and source != name else None


def _by_text(base: SideParts, side: SideParts) -> Iterator[_Pair]:
    """The entries that say on a side what another one said, which does not say it there any more."""
    changed = [name for name, item in base.items.items() if item.body and not _says(side, name, item)]
    if len(changed) < 2 and not any(name not in side.items for name in changed):
        return
    sources: dict[tuple[Name, str], list[str]] = {}
    for name in changed:
        sources.setdefault(_text(base.items[name]), []).append(name)
    holders: dict[tuple[Name, str], list[str]] = {}
    for name, item in side.items.items():
        if item.body and (name not in base.items or not _says(base, name, item)):
            holders.setdefault(_text(item), []).append(name)
    for text, names in holders.items():
        if len(names) == len(sources.get(text, ())) == 1:
            yield names[0], sources[text][0]


def _text(item: NamedPart) -> tuple[Name, str]:
    return item.home, canonical(item.body)


def _says(shape: SideParts, name: str, item: NamedPart) -> bool:
    return name in shape.items and same(shape.items[name].body, item.body)


def _are_handed_on(
    base: SideParts, side: SideParts, pairs: Sequence[_Pair], lines: Mapping[str, str]
) -> bool | None:
    """Whether keys went on from entry to entry; ``None``: nobody can tell.

    A line may be one that was spent before, and came back with a revert. So the texts have to agree with it; or the
    last key is new and the first one gone, which only happens once.
    """
    by_lines = [pair for pair in pairs if _source(pair[0], base, lines) == pair[1]]
    names = {name for pair in pairs for name in pair}
    moved = [pair for pair in pairs if _says(base, pair[1], side.items[pair[0]])]
    stayed = [name for name in names if name in side.items and _says(base, name, side.items[name])]
    both = {name for name, _ in moved} & set(stayed)
    if len(by_lines) < len(pairs):
        return None
    if len(both) < len(stayed):
        return None if len(both) < len(moved) else False
    opens = any(name not in base.items for name, _ in pairs)
    closes = any(source not in side.items for _, source in pairs)
    return True if len(both) < len(moved) or (opens and closes) else None


def _renamed(
    base: SideParts, side: SideParts, gone: Collection[str], new: Collection[str], moves: Mapping[str, str]
) -> Iterator[_Pair]:
    """The pairs of a new name and the former one: as somebody says, or where all but the key is the same."""
    left = dict.fromkeys(gone)
    for name in new:
        source = moves.get(name)
        if source in left:
            del left[source]
            yield name, source
    bodies: dict[tuple[Name, str], list[str]] = {}
    for name in left:
        item = base.items[name]
        if item.kind is not None and item.body:
            bodies.setdefault(_text(item), []).append(name)
    coming: dict[tuple[Name, str], list[str]] = {}
    for name in new:
        item = side.items[name]
        if item.kind is not None and name not in moves:
            coming.setdefault(_text(item), []).append(name)
    for about, names in coming.items():
        sources = bodies.get(about, [])
        if len(names) == len(sources) == 1:
            yield names[0], sources[0]
