"""Which fields tell the entries of a kind apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from msgspec.structs import replace

from registry_reconciler.editing.schema_new.draft import Work
from registry_reconciler.editing.schema_new.guess import (
    FoundEntry,
    PlaceCandidate,
    duplicates,
    is_key_word,
    is_keyish,
    quoted,
    unique_fields,
)
from registry_reconciler.editing.schema_new.referrers import ReferringField, best_key
from registry_reconciler.layouts import LAYOUTS

_SORTS = 8
"""So many words in a field may be the sorts of what has it."""


def choose_key(
    work: Work,
    chosen: PlaceCandidate,
    entries: Sequence[FoundEntry],
    asked: Sequence[str],
    named_by: Sequence[ReferringField] = (),
) -> list[str]:
    """The key fields: those asked for, else guessed. Of a mapping, its keys become a field of the entries.

    Args:
        named_by: the fields of other kinds that may name the entries.
    """
    names = list(asked) or _guessed_key(work, chosen, entries, named_by)
    if chosen.keyed:
        for number, entry in enumerate(entries):
            given = dict(entry.bound).get("", "")
            holder = [name for name in names if name not in entry.place][-1]
            entries[number] = replace(entry, bound=(*entry.bound, (holder, given)))  # type: ignore[index]
    _doubt_duplicates(work, entries, names, whole=LAYOUTS[chosen.layout].one_a_file)
    return names


def _doubt_duplicates(
    work: Work, entries: Sequence[FoundEntry], names: Sequence[str], *, whole: bool
) -> None:
    """Say where a key is missing, or stands twice."""
    bare = [name for name in names if any(entry.text(name) is None for entry in entries)]
    without = sum(any(entry.text(name) is None for name in bare) for entry in entries)
    if without:
        which = "has no" if without == 1 else "have no"
        work.doubt(
            "x-registry.key",
            f"{without} of {len(entries)} entries {which} {' or '.join(bare)} that could name them, so plan leaves "
            "them out (LIV003). Give them one, name other fields with --key, or leave them to who wrote them.",
            decision=True,
        )
    twice = [key for key in duplicates(entries, names) if key]
    if twice:
        shown = ", ".join(map(repr, twice[:5]))
        work.doubt(
            "x-registry.key",
            f"No field tells all entries apart. By {', '.join(names)}, several have {shown}"
            f"{' and others' if len(twice) > 5 else ''}. "
            f"{_sorts(entries) if whole else ''}Name the fields that do, or correct the entries.",
            decision=True,
        )


def _sorts(entries: Sequence[FoundEntry]) -> str:
    """What sorts of files there are, where a field says it: each sort is a kind of its own."""
    for name in entries[0].value:
        words = Counter(entry.text(name) for entry in entries)
        is_sort = name.lower().endswith(("type", "kind")) and None not in words
        if is_sort and 1 < len(words) <= _SORTS:
            shown = ", ".join(f"{word} ({count:,})" for word, count in words.most_common())
            return f"The files are of several sorts, by {name}: {shown}. Make a kind of each, of its files alone. Or: "
    return ""


def _guessed_key(
    work: Work, chosen: PlaceCandidate, entries: Sequence[FoundEntry], named_by: Sequence[ReferringField]
) -> list[str]:
    holders = list(dict.fromkeys(name for entry in entries for name in entry.place))
    if chosen.keyed:
        inside = {name for entry in entries for name in entry.value}
        name = next(
            candidate for candidate in ("name", "id", "key", f"{work.kind}_key") if candidate not in inside
        )
        work.doubt("x-registry.key", f"No field of the entries holds their key; it is called {name} here.")
        given = _keys_repeat(entries)
        return [*holders, name] if given else [name]
    unique = unique_fields(entries, work.kind)
    named, referrer = best_key(named_by, entries, unique)
    if referrer is not None:
        if named != unique[0]:
            message = f"{named} is the key because {referrer.kind}.{referrer.field} names the entries by it."
            work.doubt("x-registry.key", message)
        return [named]
    whole = LAYOUTS[chosen.layout].one_a_file
    filed = [holder for holder in holders if holder in unique]
    if whole and len(holders) == 1 and filed and unique[0].endswith(("_id", "-id")):
        return filed  # people call an entry what they call its file, not by a number of elsewhere
    if unique and is_key_word(unique[0], work.kind):
        return [unique[0]]
    joined = _joined_key(work, entries, holders, whole=whole)
    if joined:
        return joined
    if not unique:
        return (
            _pair(work, entries, holders)
            or _key_fields(work, entries)[:1]
            or _of_those_that_have_it(entries, holders)
            or [next((name for name, value in entries[0].value.items() if is_keyish(value)), "id")]
        )
    others = ", ".join(unique[1:4])
    more = f" ({others} would also work)" if others else ""
    work.doubt("x-registry.key", f"{unique[0]} is the key because no two entries share it{more}.")
    return [unique[0]]


def _keys_repeat(entries: Sequence[FoundEntry]) -> bool:
    """Whether the same key stands in several mappings."""
    keys = [dict(entry.bound).get("", "") for entry in entries]
    return len(set(keys)) < len(keys)


def _joined_key(
    work: Work, entries: Sequence[FoundEntry], holders: Sequence[str], *, whole: bool
) -> list[str]:
    """A key of what the place says and a field, else nothing.

    Args:
        whole: each file is an entry, so that all that its path says is its natural name.
    """
    fields = _key_fields(work, entries)
    alone = [holder for holder in holders if not duplicates(entries, (holder,))]
    if alone:
        return [alone[-1]]
    if whole and len(holders) > 1 and not duplicates(entries, holders):
        return _said_by_entries(work, entries, holders) or list(holders)
    for holder in reversed(holders):
        for name in fields:
            if not duplicates(entries, (holder, name)):
                work.doubt("x-registry.key", f"{name} alone is not unique, {holder} and {name} together are.")
                return [holder, name]
    for name in fields:
        if holders and not duplicates(entries, (*holders, name)):
            return [*holders, name]
    for size in range(2, len(holders) + 1):
        for some in combinations(holders, size):
            if not duplicates(entries, some):
                return list(some)
    return []


def _said_by_entries(work: Work, entries: Sequence[FoundEntry], holders: Sequence[str]) -> list[str]:
    """What the path says and the entries say too, where that is enough; what names them before what else is said."""
    own = [name for name in holders if all(name in entry.value for entry in entries)]
    if len(own) < 2 or duplicates(entries, own):
        return []
    return sorted(own, key=lambda name: not is_key_word(name, work.kind))


def _key_fields(work: Work, entries: Sequence[FoundEntry]) -> list[str]:
    """The fields that every entry has and whose names say that they are keys, whether they are or not."""
    return [name for name in ("id", "name", "key", f"{work.kind}_id", "title") if _all_have(entries, name)]


def _pair(work: Work, entries: Sequence[FoundEntry], holders: Sequence[str]) -> list[str]:
    """Two fields that tell the entries apart together, what the place says before others; else nothing."""
    given = [
        name
        for name, value in entries[0].value.items()
        if isinstance(value, str) and quoted(name) == name and _short(entries, name)
    ]
    for first, second in combinations([*holders, *given], 2):
        if not duplicates(entries, (first, second)):
            message = f"{second} alone is not unique, {first} and {second} together are."
            work.doubt("x-registry.key", message)
            return [first, second]
    return []


def _of_those_that_have_it(entries: Sequence[FoundEntry], holders: Sequence[str]) -> list[str]:
    """A field that tells apart the entries that have it, with what the place says; the one that most have."""
    counts = Counter(
        name
        for entry in entries
        for name, value in entry.value.items()
        if quoted(name) == name and is_keyish(value)
    )
    for name, _ in counts.most_common():
        some = [entry for entry in entries if is_keyish(entry.value.get(name))]
        if len(some) > 1 and _short(some, name) and not duplicates(some, (*holders, name)):
            return [*holders, name]
    return []


def _short(entries: Sequence[FoundEntry], name: str) -> bool:
    """Whether every entry has a short text there: a long one describes, and names nothing."""
    return all(is_keyish(entry.value.get(name)) and len(entry.text(name) or "") <= 60 for entry in entries)


def _all_have(entries: Sequence[FoundEntry], name: str) -> bool:
    return all(entry.text(name) is not None for entry in entries)
