"""Edits → the new text of one file, read again at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.table import format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Change
from registry_reconciler.model.entry import Place
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Related
from registry_reconciler.planning.edit_files.shared_values import undone_beside
from registry_reconciler.planning.edit_files.values import slot_of
from registry_reconciler.planning.edit_files.work import EditRun, FilePlan

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Edit, SpliceError


def splice_file(work: EditRun, path: str, plan: FilePlan) -> None:
    """Run one round of one file; on failure every change of it is refused."""
    from registry_reconciler.formats.edits import Insert, SpliceError

    source = work.now.sources.get(path)
    data = source.data if source else None
    form = source.format if source else _new_format(work, path, plan)
    try:
        if plan.creates:
            data = _new_text(work, form, plan)
            source = _parsed(work, form, path, data)
            work.now.removed.discard(path)
        if plan.edits and source is not None and data is not None:
            # What leaves a place makes room for what comes there.
            edits = sorted(
                (edit for _, edit in plan.edits),
                key=lambda edit: (isinstance(edit, Insert), plan.ranks.get(id(edit), ())),
            )
            data = _spliced(work, path, plan, edits)
            source = _parsed(work, form, path, data)
        if plan.documents and source is not None and data is not None:
            data = form.rearrange(data, [edit for _, edit in plan.documents], len(source.documents))
            source = _parsed(work, form, path, data)
    except SpliceError as error:
        _refuse(work, path, plan, error)
        return
    assert source is not None
    if not source.readable:
        first = source.problems[0]
        _refused_together(work, plan)
        for change in _changes_of(plan):
            work.result.fail(
                change,
                "WRT001",
                f"the new text of {path} would not be valid {form.title}: {first.message}",
                Place(path),
                REPORT,
            )
        return
    work.now.sources[path] = source
    work.now.forget_entries(path)


def _spliced(work: EditRun, path: str, plan: FilePlan, edits: Sequence[Edit]) -> bytes:
    """The text with its edits, shared values undone where they stand if that can be."""
    from registry_reconciler.formats.edits import SpliceError

    source = work.now.sources[path]
    assert source.data is not None
    shared = undone_beside(work.now, path, plan)
    if shared:
        with contextlib.suppress(SpliceError):
            data = source.format.splice(source.data, [*shared, *edits], source.sections)
            work.result.undone_beside.setdefault(path, []).extend(shared)
            return data
    return source.format.splice(source.data, edits, source.sections)


REPORT = "Make the change by hand, then run plan again; and please report the file that led here."


def _new_format(work: EditRun, path: str, plan: FilePlan) -> TextFormat:
    """The format of a file that is not there yet: that of the kind for which it is made."""
    return format_of(path, work.now.kinds[plan.creates[0][0].kind])


def _parsed(work: EditRun, form: TextFormat, path: str, data: bytes) -> SourceFile:
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.loading.source import read_source

    source = read_source(MemoryTree({path: data}), path, work.reader, form)
    assert source is not None
    return source


def _new_text(work: EditRun, form: TextFormat, plan: FilePlan) -> bytes:
    """The text of a file that is not there yet, with the first entry; the others follow as insertions."""
    from registry_reconciler.formats.edits import Insert, InsertDocument

    first, *rest = plan.creates
    change, container, raw, snippet = first
    kind = work.now.kinds[change.kind]
    slot = LAYOUTS[kind.layout].slot(kind, change.after or {})
    where = () if slot is None else (*slot.holder, 0 if slot.key is None else slot.key)
    data = form.new_text(
        raw, container=(*container, *where), snippet=snippet, like=_sibling(work, kind, form)
    )
    if rest and LAYOUTS[kind.layout].documents:
        new = [InsertDocument(0, other, None, piece) for _, _, other, piece in rest]
        return form.rearrange(data, new, 1)
    if rest:
        edits = []
        for created, holder, value, piece in rest:
            slot = slot_of(work.now.kinds[created.kind], created)
            edits.append(
                Insert(
                    0,
                    (*holder, *slot.holder),
                    value,
                    key=slot.key,
                    snippet=piece,
                    container_kind="list" if slot.key is None else "map",
                )
            )
        data = form.splice(data, edits)
    return data


def _sibling(work: EditRun, kind: Kind, form: TextFormat) -> bytes | None:
    """The text of another file of a kind, whose look a new one takes."""
    paths = work.now.live.files_of.get(kind.name, ()) if work.now.live is not None else ()
    files = work.now.live.files if work.now.live is not None else {}
    found = (files[path] for path in paths if path in files)
    return next(
        (source.data for source in found if source.readable and source.data and source.format == form), None
    )


def _changes_of(plan: FilePlan) -> Iterator[Change]:
    seen: set[str] = set()
    edited = (*(change for change, _ in plan.edits), *(change for change, _ in plan.documents))
    for change in (*edited, *(create[0] for create in plan.creates)):
        if change.address not in seen:
            seen.add(change.address)
            yield change


def _refused_together(work: EditRun, plan: FilePlan) -> None:
    addresses = [change.address for change in _changes_of(plan)]
    if len(addresses) > 1:
        work.result.together.update(addresses)


def _refuse(work: EditRun, path: str, plan: FilePlan, error: SpliceError) -> None:
    code = "WRT002" if error.related else "WRT001"
    related = tuple(Related("used here", Place(path, document, where)) for document, where in error.related)
    place = Place(path, error.document, error.path)
    culprits = [
        change
        for change, edit in plan.edits
        if getattr(edit, "path", getattr(edit, "container", None))
        == error.path[: len(getattr(edit, "path", ()))]
    ]
    why, _, way_out = error.message.partition("; ")
    way_out = way_out or "make the change by hand"
    if related:
        way_out = "write out the value in the places that use the anchor"
    fix = f"{way_out[0].upper()}{way_out[1:]}, then plan again."
    _refused_together(work, plan)
    guilty = {change.address for change in culprits}
    # Many changes that are refused for one reason do not each list everything that stands against them.
    shown = related if len(guilty) == 1 else related[:_RELATED_SHOWN]
    for change in list(_changes_of(plan)):
        blamed = not guilty or change.address in guilty
        message = f"{path} cannot be edited there: {why}" if blamed else f"{path} cannot be written: {why}"
        work.result.fail(change, code, message, place, fix, related=shown if blamed else ())


_RELATED_SHOWN = 20
