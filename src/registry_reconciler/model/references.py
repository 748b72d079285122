"""References: which parts of a value refer to other entries, and to which. Every reader of references asks here."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from registry_reconciler.model.entry import FieldPath, Json
from registry_reconciler.model.field_roles import Reference


def reference_key(value: Json) -> str | None:
    """The key that a value refers by: a text, or a whole number as people write it; ``None`` for all else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def keys_in(value: Json) -> Iterator[tuple[FieldPath, str]]:
    """The keys that the value of a reference's field refers by: its own, or those of a list."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            key = reference_key(item)
            if key is not None:
                yield (index,), key
        return
    key = reference_key(value)
    if key is not None:
        yield (), key


def references_in(reference: Reference, value: Json) -> Iterator[tuple[FieldPath, str]]:
    """Where in an entry's value a reference stands, and the key there."""
    for path, found in reference.field.find(value):
        for inner, key in keys_in(found):
            yield (*path, *inner), key


def address_of(known: Container[str], kinds: Sequence[str], key: str) -> str:
    """The address among ``known`` that a reference to one of some kinds leads to; "" where it leads nowhere.

    Where it may lead to several kinds, an address is understood as well as a key.
    """
    for kind in kinds:
        address = f"{kind}/{key}"
        if address in known:
            return address
    if len(kinds) > 1 and key.partition("/")[0] in kinds and key in known:
        return key
    return ""


def written_like(old: Json, key: str) -> Json:
    """A key as it is written in place of another value: what was a number stays one."""
    is_number = isinstance(old, int) and not isinstance(old, bool) and re.fullmatch(r"0|-?[1-9]\d*", key)
    return int(key) if is_number else key
