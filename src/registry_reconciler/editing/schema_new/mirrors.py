"""Which fields say the same as a field of the entry of another kind, and how many of them do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from registry_reconciler.base.first_few import first_few
from registry_reconciler.editing.schema_new.draft import HOLDS, Work
from registry_reconciler.editing.schema_new.guess import FoundEntry, path_of, quoted
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.model.entry import MISSING, Json, LiveEntry, canonical, get_path, same
from registry_reconciler.model.fields import Selector
from registry_reconciler.model.kind import Kind

_PARTNERS = 0.5
"""Of the kind that has fewer entries, so many must have a partner: less is chance."""
_SOME = 0.25
"""Fields of one name that agree so often, and more often than chance would have it, were meant to be the same."""
_MOST_SHOWN = 5
_MOST_FIELDS = 40
"""Of more fields, those that most entries have: the others are keys that people chose."""
_LEAST_WORDS = 3

_Name = TypeVar("_Name", bound=Hashable)

_Partner = tuple[str, Mapping[str, Json], Mapping[str, Json]]
"""A key of ours, what we say, what the partner says."""


class _Match(Struct):
    """How a field of ours and one of theirs compare.

    Attributes:
        asked: how many pairs have one of the two; ``equal``: how many say the same.
        apart: the keys of those that do not.
    """

    field: str
    at: str
    asked: int
    equal: int
    apart: list[str]
    chance: float

    @property
    def holds(self) -> bool:
        """Whether it holds but for slips."""
        return self.equal >= HOLDS * self.asked


def add_mirrors(work: Work, entries: Sequence[FoundEntry], keys: Sequence[str], key: Sequence[str]) -> None:
    """Propose ``mirrors`` to kinds that are there, with how many agree and which do not."""
    found: list[dict[str, Json]] = []
    for kind in sorted(work.loaded.kinds.values(), key=lambda kind: kind.name):
        theirs = {live.key: live for live in work.loaded.live.entries.values() if live.kind == kind.name}
        for by, partners in _partners(entries, keys, theirs):
            matches = list(_matches(kind, partners, {*key, by}))
            lacking = len(partners) < HOLDS * len(entries)
            for match in matches:
                found.append(_mirror(kind, match, by, lacking=lacking))
            if matches:
                _tell(work, kind, matches)
                break
    if found:
        work.spec["mirrors"] = found


def _partners(
    entries: Sequence[FoundEntry], keys: Sequence[str], theirs: Mapping[str, LiveEntry]
) -> Iterator[tuple[str, list[_Partner]]]:
    """The entries that have a partner: by their own key (""), then by each field that holds its key."""
    for by in ("", *(_own_fields(entries))):
        named = keys if not by else [entry.text(by) or "" for entry in entries]
        if by and len(set(named)) < len(named):
            continue
        pairs: list[_Partner] = [
            (own, entry.value, theirs[other].value)
            for own, other, entry in zip(keys, named, entries, strict=True)
            if other in theirs and theirs[other].place.file != entry.file
        ]
        if len(pairs) >= max(2, _PARTNERS * min(len(entries), len(theirs))):
            yield by, pairs


def _own_fields(entries: Sequence[FoundEntry]) -> list[str]:
    """The fields at the top that every entry has as a text."""
    first = entries[0].value if entries else {}
    return [
        quoted(name) for name in first if all(isinstance(entry.value.get(name), str) for entry in entries)
    ]


def _matches(kind: Kind, pairs: Sequence[_Partner], known: set[str]) -> Iterator[_Match]:
    """The fields that agree; of a field inside another one that agrees whole, nothing."""
    ours, theirs = _fields(pair[1] for pair in pairs), _fields(pair[2] for pair in pairs)
    keys = {selector.text for selector in kind.key}
    taken: list[str] = []
    for field in ours:
        if field in known or any(field.startswith(f"{outer}.") for outer in taken):
            continue
        for at in sorted(theirs, key=lambda name: name != field):
            if at in keys or kind.secrets.touches(Selector.parse(at)):
                continue
            match = _compared(pairs, field, at)
            if _is_meant(match, pairs):
                taken.append(field)
                yield match
                break


def _fields(values: Iterator[Mapping[str, Json]]) -> list[str]:
    """The fields at the top, then those one level down, in the order in which they are met."""
    top: Counter[str] = Counter()
    inner: Counter[tuple[str, str]] = Counter()
    for value in values:
        for name, part in value.items():
            top[name] += 1
            for below in part if isinstance(part, dict) else ():
                inner[name, below] += 1
    return [
        *(quoted(name) for name in _frequent(top)),
        *(f"{quoted(name)}.{quoted(below)}" for name, below in _frequent(inner)),
    ]


def _frequent(names: Counter[_Name]) -> list[_Name]:
    """The names that are not too many, in their order."""
    often = {name for name, _ in names.most_common(_MOST_FIELDS)}
    return [name for name in names if name in often]


def _compared(pairs: Sequence[_Partner], field: str, at: str) -> _Match:
    left, right = path_of(field), path_of(at)
    match = _Match(field, at, 0, 0, [], 0.0)
    mine: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for key, ours, theirs in pairs:
        left_value, right_value = get_path(ours, left), get_path(theirs, right)
        if left_value is MISSING and right_value is MISSING:
            continue
        match.asked += 1
        mine[_text(left_value)] += 1
        other[_text(right_value)] += 1
        if left_value is not MISSING and right_value is not MISSING and same(left_value, right_value):
            match.equal += 1
        else:
            match.apart.append(key)
    if match.asked:
        match.chance = sum(count * other[text] for text, count in mine.items()) / match.asked**2
    return match


def _text(value: Json) -> str:
    return "" if value is MISSING else canonical(value)


def _is_meant(match: _Match, pairs: Sequence[_Partner]) -> bool:
    """Whether two fields agree because somebody wants them to."""
    if match.equal < 2:
        return False
    if match.field == match.at:
        return match.holds or match.equal >= max(_SOME, 2 * match.chance) * match.asked
    words = {value for _, ours, _ in pairs if isinstance(value := get_path(ours, path_of(match.field)), str)}
    return match.holds and len(words) >= _LEAST_WORDS and 2 * match.chance < 1


def _mirror(kind: Kind, match: _Match, by: str, *, lacking: bool) -> dict[str, Json]:
    return {
        "field": match.field,
        "kind": kind.name,
        **({"at": match.at} if match.at != match.field else {}),
        **({"key": by} if by else {}),
        **({"missing": "record"} if lacking else {}),
        **({} if match.holds else {"differs": "warning"}),
    }


def _tell(work: Work, kind: Kind, matches: Sequence[_Match]) -> None:
    """How many agree with the other kind, which do not, and who is the source."""
    for match in matches:
        where = f"{kind.name} ({match.at})" if match.at != match.field else kind.name
        if not match.apart:
            work.doubt("x-registry.mirrors", f"{match.field}: all {match.asked} agree with {where}.")
            continue
        work.doubt(
            "x-registry.mirrors",
            f"{match.field}: {match.equal} of {match.asked} agree with {where}; "
            f"not {first_few(match.apart, _MOST_SHOWN)}.",
        )
    if LAYOUTS[kind.layout].one_a_file and any(match.apart for match in matches):
        work.doubt(
            "x-registry.mirrors",
            f"This kind is the source of what differs. Where the files of {kind.name} are, "
            f"say it in {kind.schema_path} instead.",
        )
