"""What one repository tells of itself for the others: what it gives, and what it asks of them. Plain, small data."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from registry_reconciler.model.entry import canonical
from registry_reconciler.planning.pipeline import Planning
from registry_reconciler.rules.entry_set import EntrySet
from registry_reconciler.rules.links import links
from registry_reconciler.rules.unique import values_of_group


def described(planning: Planning) -> dict[str, Any]:
    """What a plan was made of, as the others need it: by kind packed, as few kinds are ever looked at.

    ``gives``: for each kind the entries (key, file, deprecated, names). ``claims``: values that are unique in the
    fleet, by kind and fields. ``asks``: kinds and keys of references that nothing here answers. ``unread``: kinds
    that may have more entries.
    """
    entry_set = planning.entry_sets.after
    return {
        "gives": {kind: _packed(list(_entries(entry_set, kind))) for kind in entry_set.kinds},
        "claims": {kind: fields for kind in entry_set.kinds if (fields := _claims(entry_set, kind))},
        "asks": sorted({(link.reference.kinds, link.value) for link in links(entry_set).abroad}),
        "unread": sorted(entry_set.hidden_kinds),
    }


def _entries(entry_set: EntrySet, kind: str) -> Iterator[tuple[str, str, bool, Sequence[str]]]:
    for item in entry_set.of(kind):
        name = entry_set.name(item)
        names = [*([name] if name else ()), *entry_set.aliases(item)]
        yield item.key, item.place.file, entry_set.status(item) == "deprecated", names


def _claims(entry_set: EntrySet, kind: str) -> dict[str, str]:
    """By fields: the values and the keys of the entries that have them, packed."""
    spec = entry_set.kinds[kind]
    found: dict[str, str] = {}
    for number in sorted(spec.unique_in_fleet):
        fields = " and ".join(selector.text for selector in spec.unique[number])
        values = [
            (canonical(value), item.key, item.place.file)
            for item in entry_set.of(kind)
            for _, value in values_of_group(entry_set, item, number)
        ]
        if values:
            found[fields] = _packed(values)
    return found


def _packed(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode(), 1)).decode()


def unpacked(text: str) -> Any:
    """The inverse of what packs."""
    return json.loads(zlib.decompress(base64.b85decode(text)))
