"""Which fields of the kinds that are there name the entries of the new kind, and by which of their fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from registry_reconciler.editing.schema_new.draft import HOLDS, Work
from registry_reconciler.editing.schema_new.guess import FoundEntry, shape_of
from registry_reconciler.editing.schema_new.relations import selector_text
from registry_reconciler.model.entry import LiveEntry
from registry_reconciler.model.fields import Selector

_LEAST_WORDS = 3
"""Fewer different words agree by chance."""


class ReferringField(Struct, frozen=True):
    """A field of a kind that is there, which refers to nothing yet, and how often it has each word."""

    kind: str
    schema_path: str
    field: str
    words: Mapping[str, int]

    def names(self, keys: set[str]) -> bool:
        """Whether its words are the keys of the new kind."""
        hits = sum(count for word, count in self.words.items() if word in keys)
        return hits >= HOLDS * sum(self.words.values())


def referrers(work: Work, container: str, files: Collection[str]) -> Iterator[ReferringField]:
    """Every field of words that may be keys of another kind.

    Args:
        container: the field that holds the new entries where they lie inside entries of these files.
    """
    by_kind: dict[str, list[LiveEntry]] = {}
    for live in work.loaded.live.entries.values():
        by_kind.setdefault(live.kind, []).append(live)
    for name, entries in sorted(by_kind.items()):
        kind = work.loaded.kinds[name]
        taken = {reference.field.text for reference in kind.references}
        taken |= {selector.text for selector in kind.key}
        shape = shape_of(
            [FoundEntry(live.place.file, dict(live.value)) for live in entries],
            [live.key for live in entries],
        )
        for steps, part in shape.walk():
            if container in steps and any(live.place.file in files for live in entries):
                continue  # these are the new entries themselves
            words = {word: count for word, count in part.strings.items() if word}
            field = selector_text(steps)
            copied = "[]" not in steps and sum(words.values()) == len(words)  # the same said twice
            if copied or len(words) < _LEAST_WORDS or field in taken:
                continue
            if not kind.secrets.touches(Selector.parse(field)):
                yield ReferringField(name, kind.schema_path, field, words)


def best_key(
    found: Sequence[ReferringField], entries: Sequence[FoundEntry], unique: Sequence[str]
) -> tuple[str, ReferringField | None]:
    """The field by which other kinds name the entries, and a field that does; the likeliest key first."""
    best: tuple[str, list[ReferringField]] = ("", [])
    for name in unique:
        keys = {entry.text(name) or "" for entry in entries}
        by = [referrer for referrer in found if referrer.names(keys)]
        best = (name, by) if len(by) > len(best[1]) else best
    return best[0], next(iter(best[1]), None)


def tell_referrers(work: Work, found: Sequence[ReferringField], keys: Sequence[str]) -> None:
    """Say which fields elsewhere name the entries of the new kind: their schema files are the place for it."""
    known = set(keys)
    by_kind: dict[str, list[ReferringField]] = {}
    for referrer in found:
        if referrer.names(known):
            by_kind.setdefault(referrer.kind, []).append(referrer)
    for kind, some in by_kind.items():
        rows = ", ".join(f"{{field: {referrer.field!r}, kind: {work.kind}}}" for referrer in some)
        work.doubt(
            "x-registry.kind",
            f"{kind} names entries of this kind: add to references in {some[0].schema_path}: {rows}.",
        )
