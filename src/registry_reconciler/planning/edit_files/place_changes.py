"""Changes → edits: which of them a change asks for, in which file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from registry_reconciler.base.suggest import meant
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import NoRoom, Slot
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.entry import MISSING, FieldPath, Json, LiveEntry, Place, get_path, same
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Related
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.edit_files.entry_texts import (
    bare_follows,
    is_written_anew,
    typed_words,
    with_comments_of_omitted,
)
from registry_reconciler.planning.edit_files.field_edits import field_edits
from registry_reconciler.planning.edit_files.values import cut, skeleton
from registry_reconciler.planning.edit_files.work import EditRun, FilePlan
from registry_reconciler.planning.key_order import ContainerOrder
from registry_reconciler.planning.placement import (
    PlacementError,
    Target,
    find_target,
    no_such_place,
    raw_value,
    require_text,
    restore_unmanaged,
)
from registry_reconciler.planning.slips import slip_of, slip_of_file

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Edit, Insert, Snippet


def plan_change(work: EditRun, plans: dict[str, FilePlan], change: Change) -> None:
    """Add the edits that one change asks for. Raises :class:`PlacementError` where it has no place."""
    kind = work.now.kinds[change.kind]
    leaves = work.texts.whole_files.get(change.address)
    entry = work.current(change) if leaves is None else leaves[0]
    if change.action is Action.DELETE:
        assert entry is not None
        work.result.files[change.address] = entry.place.file
        _plan_removal(work, plans, change, kind, entry)
    elif entry is None:
        _plan_create(work, plans, change, kind, None)
    elif work.now.leaves(kind, entry, change.after or {}):
        _plan_relocation(work, plans, change, kind, entry)
    else:
        work.result.files[change.address] = entry.place.file
        _plan_update(work, plans, change, kind, entry)


def _plan_removal(
    work: EditRun, plans: dict[str, FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    from registry_reconciler.formats.edits import Remove

    inside = work.now.inner_entries(entry)
    if inside and all((entry.kind, entry.address) in work.leaving for entry in inside):
        work.postponed.append(change)
        return
    if inside:
        names = ", ".join(entry.address for entry in inside[:5])
        work.result.fail(
            change,
            "WRT005",
            f"it still holds {names}{' and others' if len(inside) > 5 else ''}.",
            entry.place,
            "Remove those first (in the same plan is fine), or keep this entry.",
            related=tuple(Related(entry.address, entry.place) for entry in inside[:20]),
        )
        return
    path = entry.place.file
    if LAYOUTS[kind.layout].one_a_file and _alone(work.now.sources[path], entry):
        source = work.now.sources[path]
        if (
            source.data is not None
            and source.format.has_rest(source.data)
            and change.address not in work.texts.text_goes
        ):
            work.result.fail(
                change,
                "WRT007",
                f"{path} holds text below the front matter, which would go with it.",
                entry.place,
                f"To delete the text too: registry rm {change.address} --delete-body. In a fragment, under removed: "
                f"{{address: {change.address}, body: delete}}; or keep: true.",
            )
            return
        work.now.removed.add(path)
        work.now.forget_entries(path)
        return
    if LAYOUTS[kind.layout].documents:
        _remove_document(work, plans, change, entry)
        return
    if not entry.place.path:
        raise PlacementError(
            "WRT003",
            f"{path} holds other documents too.",
            f"Write layout: documents in {kind.schema_path}, where each document of a file is an entry.",
        )
    item = LAYOUTS[kind.layout].item_path(entry.place.path)
    _plan_for(plans, path).edits.append((change, Remove(entry.place.document, item)))


def _remove_document(work: EditRun, plans: dict[str, FilePlan], change: Change, entry: LiveEntry) -> None:
    """The document goes; the file with the last one."""
    from registry_reconciler.formats.edits import RemoveDocument

    path = entry.place.file
    plan = _plan_for(plans, path)
    plan.documents.append((change, RemoveDocument(entry.place.document)))
    gone = {edit.document for _, edit in plan.documents if isinstance(edit, RemoveDocument)}
    documents = work.now.sources[path].documents
    if all(document is None or number in gone for number, document in enumerate(documents)):
        del plans[path]
        work.now.removed.add(path)
        work.now.forget_entries(path)


def _alone(source: SourceFile, entry: LiveEntry) -> bool:
    """Whether a file holds nothing but one entry."""
    return len(source.documents) == 1 and skeleton(cut(source.documents[0], [entry.place.path])) is None


def _plan_for(plans: dict[str, FilePlan], path: str) -> FilePlan:
    return plans.setdefault(path, FilePlan())


def _raw_after(
    work: EditRun, change: Change, kind: Kind, entry: LiveEntry, source: SourceFile
) -> dict[str, Json]:
    node = get_path(source.documents[entry.place.document], entry.place.path)
    there = LAYOUTS[kind.layout].fields(kind, node)
    require_text(kind, change.after or {}, entry.carried)
    raw = raw_value(kind, change.after or {}, entry.carried)
    return kind.texts.as_written(restore_unmanaged(raw, there, entry, work.now.nested[kind.name]), there)


def _plan_update(
    work: EditRun, plans: dict[str, FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    from registry_reconciler.formats.edits import RenameKey, Update

    plan = _plan_for(plans, entry.place.file)
    place = entry.place
    raw = _raw_after(work, change, kind, entry, work.now.sources[place.file])
    there = get_path(work.now.sources[place.file].documents[place.document], place.path)
    slot = LAYOUTS[kind.layout].slot(kind, change.after or {})
    label = None if slot is None else slot.label
    if label is not None and label != place.path[-1]:
        plan.edits.append((change, RenameKey(place.document, place.path, label)))
    raw, snippet = _in_its_words(work, change, kind, raw)
    node = _node(kind, raw)
    written_out = isinstance(there, dict) and not isinstance(node, dict)
    if written_out and same(LAYOUTS[kind.layout].fields(kind, raw), raw):
        node = raw  # and stays so
    if same(node, {} if there is None and isinstance(node, dict) else there):
        return
    if change.reason is Reason.EDITED and label in (None, *place.path[-1:]):
        finer = field_edits(place.document, place.path, there, node)
        if any(isinstance(edit, RenameKey) for edit in finer):
            plan.edits += [(change, edit) for edit in finer]
            return
    plan.edits.append((change, Update(place.document, place.path, node, snippet)))


def _node(kind: Kind, fields: dict[str, Json]) -> Json:
    """What stands at the node of an entry with some fields."""
    try:
        return LAYOUTS[kind.layout].node(kind, fields)
    except NoRoom as fault:
        raise PlacementError(
            "WRT003",
            f"an entry in layout {kind.layout} says nothing but {fault.holds}, and {fault.name!r} has no place.",
            f"Take {fault.name!r} out of the entry, or give the kind another layout in {kind.schema_path}.",
        ) from fault


def _in_its_words(
    work: EditRun, change: Change, kind: Kind, raw: dict[str, Json]
) -> tuple[dict[str, Json], Snippet | None]:
    """What is to be written, as its fragment writes it, and the text of that."""
    if change.origin is None:
        typed = work.texts.typed.get(change.address, "")
        return typed_words(kind, typed, raw) if typed else (raw, None)
    snippet = work.texts.snippets.get(change.origin)
    if snippet is None:
        return raw, None
    written = kind.texts.as_written(raw, snippet.value)
    return written, with_comments_of_omitted(work.texts.node_snippets.get(change.origin, snippet), written)


def _plan_relocation(
    work: EditRun, plans: dict[str, FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    """Out of the old place with its comments, into the new one."""
    from registry_reconciler.formats.edits import Remove

    source = work.now.sources[entry.place.file]
    assert source.data is not None
    if LAYOUTS[kind.layout].one_a_file and not entry.place.path and kind.name not in work.now.former:
        _rename_file(work, plans, change, kind, entry)
        return
    where = (entry.place.document, work.now.former_layout(kind).item_path(entry.place.path))
    snippet = work.now.extracted.get(entry.place.file, {}).get(where)
    if snippet is None:
        (snippet,) = source.format.extract(source.data, [where])
    former = work.now.former_layout(kind)
    alone = former.one_a_file and _alone(source, entry)
    if alone and not snippet.comments:
        snippet = replace(snippet, comments=source.format.head_comments(source.data))
    _plan_create(work, plans, change, kind, entry, replace(snippet, kept=True))
    if alone:
        work.now.removed.add(entry.place.file)
        work.now.forget_entries(entry.place.file)
    elif former.documents:
        _remove_document(work, plans, change, entry)
    elif not entry.place.path:
        raise PlacementError(
            "WRT003", f"{entry.place.file} holds other documents too.", "Move the entry by hand."
        )
    else:
        _plan_for(plans, entry.place.file).edits.append((change, Remove(*where)))


def _rename_file(
    work: EditRun, plans: dict[str, FilePlan], change: Change, kind: Kind, entry: LiveEntry
) -> None:
    from registry_reconciler.formats.edits import Update

    old = work.texts.whole_files[change.address][1]
    target = find_target(
        kind,
        change.after or {},
        {},
        work.carried_by(kind),
        work.texts.cleared or work.now.tree,
        work.now.lookups,
    )
    if target.file in work.now.sources and target.file not in work.now.removed:
        raise PlacementError(
            "WRT004", f"{target.file} is there already.", "Remove that file first, or choose another key."
        )
    raw = _raw_after(work, change, kind, entry, old)
    work.now.removed.discard(target.file)
    work.now.forget_entries(entry.place.file)
    work.now.forget_entries(target.file)
    work.now.sources[target.file] = replace(old, path=target.file)
    work.result.files[change.address] = target.file
    _plan_for(plans, target.file).edits.append((change, Update(entry.place.document, (), raw)))


def _plan_create(
    work: EditRun,
    plans: dict[str, FilePlan],
    change: Change,
    kind: Kind,
    entry: LiveEntry | None,
    snippet: Snippet | None = None,
) -> None:
    from registry_reconciler.formats.edits import InsertDocument, Update

    after = change.after or {}
    fragment = change.origin.file if change.origin else ""
    target = find_target(
        kind, after, work.now.remaining(), work.carried_by(kind), work.now.tree, work.now.lookups, fragment
    )
    carried = target.carried | (entry.carried if entry else frozenset())
    raw = raw_value(kind, after, carried)
    if entry is not None:
        node = get_path(work.now.sources[entry.place.file].documents[entry.place.document], entry.place.path)
        there = LAYOUTS[kind.layout].fields(kind, node)
        raw = restore_unmanaged(raw, there, entry, work.now.nested[kind.name])
    _node(kind, raw)  # what has no place is refused before anything is asked for
    _refuse_nowhere(work, kind, target)
    _warn_of_slip(work, change, kind, target)
    work.result.files[change.address] = target.file
    _refuse_taken(work, plans, kind, target)
    plan = _plan_for(plans, target.file)
    slot = LAYOUTS[kind.layout].slot(kind, after) or Slot()
    row = work.now.row(
        target.file, kind.name, Place(target.file, target.document, (*target.path, *slot.holder))
    )
    anew = False
    if snippet is None and entry is None:
        raw, snippet = _in_its_words(work, change, kind, raw)
        anew = is_written_anew(snippet, alone=not row.entries)
        snippet = _of_item(slot, snippet)
    item = slot.item(_node(kind, raw))
    if target.exists and LAYOUTS[kind.layout].one_a_file:
        plan.edits.append((change, Update(target.document, target.path, item, snippet)))
        return
    if not target.exists:
        plan.creates.append((change, target.path, item, snippet))
        named = work.new_files.setdefault(target.file.casefold(), [])
        if target.file not in named:
            named.append(target.file)
        return
    turn = row.slot_for(kind, change.key, change.after)
    if LAYOUTS[kind.layout].documents:
        before = None if turn.position is None else row.entries[turn.position].place.document
        plan.documents.append((change, InsertDocument(target.document, item, before, snippet)))
        return
    edit = replace(_insertion(kind, target, slot, row, turn.position, item), snippet=snippet, anew=anew)
    if entry is None and snippet is not None and snippet.comments and turn.position is not None:
        edit = replace(edit, under=bare_follows(work, kind, change, row.entries[turn.position].key))
    plan.edits.append((change, edit))
    plan.ranks[id(edit)] = (target.document, repr(edit.container), kind.name, *turn.rank)


def _of_item(slot: Slot, snippet: Snippet | None) -> Snippet | None:
    """The text of an item, from that of what stands at the node of its entry."""
    if snippet is None or slot.name is None:
        return snippet
    from registry_reconciler.formats.wrapped import wrapped

    return wrapped(slot.name, snippet)


def _refuse_nowhere(work: EditRun, kind: Kind, target: Target) -> None:
    """An entry inside one of another kind needs that one: it does not make it by the way."""
    for outer, steps in work.outer.get(kind.name, ()):
        row = LAYOUTS[outer.layout]
        depth = sum(2 if step.kind == "item" else 1 for step in steps)
        if depth > len(target.path) or not (row.one_a_file or row.container_type is dict):
            continue  # the items of a list are looked for where the place is found
        holder = target.path[: len(target.path) - depth]
        here = work.now.entries_in(target.file).get(outer.name, []) if target.exists else []
        if (target.document, holder) in {(entry.place.document, entry.place.path) for entry in here}:
            continue
        if row.one_a_file:
            name = "/".join((outer.file.match(target.file) or {"": target.file}).values())
            near = work.now.lookups.near(outer.name, name, partial(_keys, work.now.of(outer.name)))
            raise no_such_place(outer.name, name, near, outer.file.text)
        near = work.now.lookups.near(
            (target.file, outer.name),
            str(holder[-1]),
            partial(_names, here),
        )
        raise no_such_place(outer.name, str(holder[-1]), near, target.file)


def _keys(entries: Iterable[LiveEntry]) -> list[str]:
    return [entry.key for entry in entries]


def _names(entries: Iterable[LiveEntry]) -> list[str]:
    return [str(entry.place.path[-1]) for entry in entries]


def _warn_of_slip(work: EditRun, change: Change, kind: Kind, target: Target) -> None:
    """A place that nobody described is made with the first entry in it, also where its name is a slip."""
    documents = work.now.sources[target.file].documents if target.exists else ()
    slip = None
    if documents:
        slip = slip_of(kind, documents[target.document], target.path, target.file, work.now.lookups)
    where = f" in {target.file}"
    if slip is None and not target.exists:
        slip, where = slip_of_file(kind, target.file, work.now.tree, work.now.lookups), ""
    if slip is None:
        return
    what, name, near = slip
    work.result.warnings[change.address] = problem(
        "WRT006",
        f"{change.address}: There is no {what} {name!r}{where} yet, and it will be made.{meant(near)}",
        change.origin or Place(target.file),
        address=change.address,
        fix=f"Correct the {what}; or apply the plan, if it is intended.",
    )


def _refuse_taken(work: EditRun, plans: Mapping[str, FilePlan], kind: Kind, target: Target) -> None:
    if LAYOUTS[kind.layout].one_a_file and target.exists and _standing(work, target) is not None:
        raise PlacementError(
            "WRT004", f"{target.file} is there already.", "Adopt what it holds, or choose another key."
        )
    edits = plans[target.file].edits if LAYOUTS[kind.layout].one_a_file and target.file in plans else ()
    for other, edit in edits:
        if _where(edit) == (target.document, target.path):
            raise PlacementError("WRT004", f"{other.address} gets {target.file!r}.", "Choose another key.")
    if target.exists:
        return
    for path in work.new_files.get(target.file.casefold(), ()):
        if path != target.file or LAYOUTS[kind.layout].one_a_file:
            raise PlacementError(
                "WRT004",
                f"its file would be {target.file!r}, and {plans[path].creates[0][0].address} gets {path!r}.",
                "Choose another key: on some systems, names that differ only in case are the same file.",
            )


def _where(edit: Edit) -> tuple[int, FieldPath] | None:
    path = getattr(edit, "path", None)
    return None if path is None else (edit.document, path)


def _standing(work: EditRun, target: Target) -> Json:
    """What stands where an entry of layout ``file`` is to go; a null is nothing, as everywhere."""
    documents = work.now.sources[target.file].documents
    found = get_path(documents[target.document], target.path) if documents else None
    return None if found is MISSING else found


def _insertion(
    kind: Kind, target: Target, slot: Slot, row: ContainerOrder, position: int | None, item: Json
) -> Insert:
    """The edit that puts a new entry into its slot, before the neighbour that it sorts before."""
    from registry_reconciler.formats.edits import Insert

    holder = (*target.path, *slot.holder)
    path = () if position is None else LAYOUTS[kind.layout].item_path(row.entries[position].place.path)
    neighbour = path[-1] if path else None
    if slot.key is None:
        index = neighbour if isinstance(neighbour, int) else None
        return Insert(target.document, holder, item, index=index, container_kind="list")
    before = neighbour if isinstance(neighbour, str) else None
    return Insert(target.document, holder, item, key=slot.key, before=before, container_kind="map")
