"""Values that a kind declares unique (UNQ)."""

from __future__ import annotations

from collections.abc import Iterator

from registry_reconciler.model.entry import FieldPath, canonical
from registry_reconciler.model.problem import Severity
from registry_reconciler.rules.base import Finding, Rule
from registry_reconciler.rules.entry_set import Entry, EntrySet
from registry_reconciler.rules.shapes import related


def values_of_group(entry_set: EntrySet, item: Entry, group: int) -> Iterator[tuple[FieldPath, object]]:
    """What an entry has in the fields of a group of ``unique``: where, and the value."""
    selectors = entry_set.kinds[item.kind].unique[group]
    if len(selectors) == 1:
        yield from ((path, value) for path, value in selectors[0].find(item.value) if value is not None)
        return
    first = [next(selector.find(item.value), None) for selector in selectors]
    found = [pair for pair in first if pair is not None and pair[1] is not None]
    if len(found) == len(selectors):
        yield found[0][0], [value for _, value in found]


def _unique(entry_set: EntrySet) -> Iterator[Finding]:
    for kind in entry_set.kinds.values():
        for group, selectors in enumerate(kind.unique):
            label = " and ".join(selector.text for selector in selectors)
            first_of: dict[str, Entry] = {}
            for item in entry_set.of(kind.name):
                for path, value in values_of_group(entry_set, item, group):
                    shown = value if isinstance(value, str) else canonical(value)
                    first = first_of.setdefault(canonical(value), item)
                    if first is not item:
                        words = repr(shown) if isinstance(value, str) else shown
                        yield Finding(
                            item,
                            f"{label} is {words} in {first.address} as well.",
                            path,
                            related=(related(first, "the other entry", path),),
                            extra=f"{label}={shown}",
                            others=(first,),
                        )


UNQ001 = Rule(
    "UNQ001",
    "A value that is unique stands twice",
    Severity.ERROR,
    check=_unique,
    supports_incremental=True,
)


RULES = (UNQ001,)
