"""Three sides of a file of the state: merged by address, and an entry that both sides applied field by field. Pure.

An entry that one side let go is let go, whatever the other did with it: what nobody remembers is managed by nobody, and
is never deleted. ``registry resolve``, which sees all files, settles such entries better.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry_reconciler.loading.state.files import (
    Record,
    StateFile,
    first_path,
    parse_file,
    render_file,
)
from registry_reconciler.merging.order import merged_order
from registry_reconciler.planning.settle_state import merged


def merge_state(path: str, before: bytes | None, ours: bytes, theirs: bytes) -> bytes | None:
    """The merged file; ``None`` where a side cannot be read."""
    sides = [parse_file(path, data or b"") for data in (before, ours, theirs)]
    if any(side.faults for side in (sides[1:] if before is None else sides)):
        return None
    records = [{record.address: record for record in side.records} for side in sides]
    if any(len(known) != len(side.records) for known, side in zip(records, sides, strict=True)):
        return None
    above = [_above(side) for side in sides]
    kept: list[Record] = []
    marks: dict[int, str] = {}
    for address in (*merged_order(*(list(known) for known in records)), _END):
        record = _record(*(known.get(address) for known in records))
        if record is not None or address == _END:
            before_it, *others = (lines.get(address) for lines in above)
            one, other = (before_it if lines is None else lines for lines in others)
            marks[len(kept)] = _three(before_it or "", one or "", other or "")
        if record is not None:
            kept.append(record)
    fragment = _three(*(side.fragment for side in sides))
    part = path != first_path(path)
    return render_file(fragment, kept, _protects(sides), marks, part=part, apart=sides[1].apart)


_END = ""
"""Stands for the end of a file, among addresses."""


def _above(side: StateFile) -> dict[str, str]:
    """By address the lines that part a record from the one before it."""
    addresses = (*(record.address for record in side.records), _END)
    return {address: side.marks.get(number, "") for number, address in enumerate(addresses)}


def _three(before: str, ours: str, theirs: str) -> str:
    return theirs if before == ours else ours


def _record(before: Record | None, ours: Record | None, theirs: Record | None) -> Record | None:
    if ours == theirs or before == theirs:
        return ours
    if before == ours:
        return theirs
    if ours is None or theirs is None:
        return None
    applied = merged(before.applied if before else None, ours.applied, theirs.applied)
    former = theirs.former if before is not None and ours.former == before.former else ours.former
    return Record(ours.address, applied, former)


def _protects(sides: Sequence[StateFile]) -> list[str]:
    before, ours, theirs = (side.protects for side in sides)
    return [
        pattern
        for pattern in merged_order(before, ours, theirs)
        if (pattern in ours and pattern in theirs) or (pattern not in before)
    ]
