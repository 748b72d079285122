"""The new texts held against what was promised, entry by entry, and everything that stands beside the entries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING

from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.entry import Json, LiveEntry, Place, same
from registry_reconciler.model.fields import Selector, without
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.edit_files.current_files import (
    CurrentFiles,
    files_over,
    old_bytes,
    unread_in,
)
from registry_reconciler.planning.edit_files.new_texts import REPORT
from registry_reconciler.planning.edit_files.shared_values import container_paths
from registry_reconciler.planning.edit_files.values import cut, skeleton
from registry_reconciler.planning.edit_files.work import EditRun

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Update


def verify(
    work: EditRun,
    live: Live,
    changes: Sequence[Change],
    files: Mapping[str, bytes | None],
    managed: Collection[str],
) -> Iterator[Problem]:
    """Hold the new texts against what was promised."""
    now, result = work.now, work.result
    promised: dict[str, dict[str, Json]] = {}
    gone: set[str] = set()
    for change in changes:
        if change.address in result.failed or not change.writes:
            continue
        gone.add(change.from_address or change.address)
        if change.action is not Action.DELETE and change.after is not None:
            promised[change.address] = change.after
    old = CurrentFiles(now.kinds, now.tree, files_over(live.files), now.nested, now.former)
    # A promise that no byte was changed for is looked at too: it may be one that the file cannot keep.
    placed = result.files
    untouched = {placed[a]: old_bytes(live, placed[a]) for a in promised if placed[a] not in files}
    files = {**untouched, **files}
    there = _by_file(work, live, files, managed)
    concerned: dict[str, list[Change]] = {path: [] for path in files}
    for change in changes:
        concerned.setdefault(placed.get(change.address, ""), []).append(change)
    for path, data in files.items():
        expected = {address: entry for address, entry in there[path].items() if entry.address not in gone}
        found = {} if data is None else {e.address: e for es in now.entries_in(path).values() for e in es}
        wrong = _mismatch(
            expected,
            found,
            promised,
            {entry.address for entry in concerned[path] if entry.address in promised},
        )
        wrong = wrong or _beside(work, old, path, data) or _left_out(work, old, path, data)
        if wrong:
            fix = _carried_fix(work, wrong) or REPORT
            blamed = [change for change in concerned[path] if change.address not in result.failed]
            if sum(change.writes for change in blamed) > 1:
                result.together.update(change.address for change in blamed)
            for change in blamed:
                if change.address not in result.failed:
                    result.failed[change.address] = problem(
                        "WRT001",
                        f"{path} would not come out as planned: {wrong}.",
                        change.origin or Place(path),
                        address=change.address,
                        fix=fix,
                    )
                    yield result.failed[change.address]


def _carried_fix(work: EditRun, wrong: str) -> str:
    """What to do where entries inside a renamed one are called otherwise with it."""
    renamed = [
        f"{{from: {old}, to: {new}}}"
        for (_, old), (_, new) in sorted(work.carried_along.items())
        if old != new and wrong.startswith((f"{old} ", f"{new} "))
    ]
    if not renamed:
        return ""
    return f"It is called otherwise with what it lies in: declare it by its new name ({renamed[0]})."


def _by_file(
    work: EditRun, live: Live, files: Mapping[str, bytes | None], managed: Collection[str]
) -> dict[str, dict[str, LiveEntry]]:
    """The entries of some files as they are now, by the addresses that they have once what is around them moved."""
    found: dict[str, dict[str, LiveEntry]] = {path: {} for path in files}
    for entry in (*live.entries.values(), *live.clashes):
        file, address = entry.place.file, entry.address
        if work.carried_along:
            file, now = work.carried_along.get((entry.kind, address), (file, address))
            address = address if address in managed else now
        if file in found:
            found[file][address] = entry
    return found


def _mismatch(
    expected: Mapping[str, LiveEntry],
    found: Mapping[str, LiveEntry],
    promised: Mapping[str, dict[str, Json]],
    here: set[str],
) -> str:
    for address in sorted(here):
        if address not in found:
            return f"{address} would be missing"
        if not same(found[address].value, promised[address]):
            return f"{address} would not read back as declared"
    for address, entry in expected.items():
        other = found.get(address)
        if other is None:
            return f"{address} would be lost"
        if not (_is_kept(entry, other) and _same_live_only(other, entry)):
            return f"{address} would change"
    extra = sorted(set(found) - set(expected) - here)
    return f"{extra[0]} would appear" if extra else ""


def _same_live_only(entry: LiveEntry, other: LiveEntry) -> bool:
    left, right = dict(entry.live_only), dict(other.live_only)
    return left.keys() == right.keys() and all(same(part, right[path]) for path, part in left.items())


def _is_kept(before: LiveEntry, after: LiveEntry) -> bool:
    """Whether an entry that no change is about stayed what it was, but for the names of what it lies in."""
    if before.address == after.address:
        return same(before.value, after.value)
    values = [before.value, after.value]
    for name, _ in before.bound:
        values = [without(value, Selector.parse(name).path) for value in values]
    return same(*values)


def _beside(work: EditRun, old: CurrentFiles, path: str, data: bytes | None) -> str:
    """Whether what stands beside the entries would change."""
    if data is None or path not in old.sources:
        return ""
    undone = work.result.undone_beside.get(path, ())
    before = [skeleton(beside) for beside in _without_entries(work.now, old.sources[path], undone)]
    after = [skeleton(beside) for beside in _without_entries(work.now, work.now.sources[path])]
    while before and before[-1] is None:
        before.pop()
    while after and after[-1] is None:
        after.pop()
    return "" if same(before, after) else "what stands beside the entries would change"


def _left_out(work: EditRun, old: CurrentFiles, path: str, data: bytes | None) -> str:
    """Whether an item that nobody read would go, come, or change its place among the others."""
    if data is None or path not in old.sources:
        return ""
    before, after = (list(unread_in(files.sources[path].documents)) for files in (old, work.now))
    same_ones = len(before) == len(after) and all(map(is_, before, after))
    return "" if same_ones else "an entry that no change is about would be touched"


def _without_entries(now: CurrentFiles, source: SourceFile, undone: Sequence[Update] = ()) -> Iterator[Json]:
    """What stands beside the entries, with what shared values got back."""
    from registry_reconciler.formats.project import projected

    drop = container_paths(now, source)
    for index, document in enumerate(projected(source.documents, undone) if undone else source.documents):
        yield cut(document, drop.get(index, ()))
