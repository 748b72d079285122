"""A kind whose schema points elsewhere now: its entries go there, with their texts. Pure; asks the tree.

All of them go, also those that nobody manages: an entry that stays behind would belong to no kind any more, and nobody
would see it again. What comes out is taken for the registries of the plan, as if somebody had moved them by hand
before. What cannot be carried byte for byte blocks (``KND005``), and nothing of the kind moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.globs import Patterns
from registry_reconciler.files.registry_paths import FORMER_PREFIX
from registry_reconciler.files.tree import MemoryTree, Recorder
from registry_reconciler.formats.table import format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.loading.registries import Live, load_live
from registry_reconciler.loading.settings import load_config
from registry_reconciler.loading.state.places import KindPlace
from registry_reconciler.loading.workspace import put_together
from registry_reconciler.model.change import Action, Change, Reason
from registry_reconciler.model.entry import LiveEntry, Place, same
from registry_reconciler.model.kind import FilePattern, Kind
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.edit_files import write_elsewhere
from registry_reconciler.planning.old_places import changed_places, kind_at
from registry_reconciler.planning.whole_files import (
    emptied,
    in_place_of,
    is_wholly_of,
    lost_comments,
    renamed_whole,
)

if TYPE_CHECKING:
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.plan import PlanOptions


class Relocation(Struct, frozen=True):
    """What was carried from old places to new ones.

    Attributes:
        files: new bytes by path; ``None``: the file goes.
        changes: one for each entry that was carried.
        kinds: the kinds of which nothing stands in the old place any more.
        blocked: the kinds that could not be carried.
    """

    files: Mapping[str, bytes | None] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    kinds: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


NOTHING_RELOCATED = Relocation()


class _Stay(Exception):
    """Why the entries of a kind cannot be carried."""


class _Old(Struct, frozen=True):
    """One kind whose place changed.

    Attributes:
        strays: the entries that only the old place has, under the addresses that they have now.
        copies: those that the new one has too.
        nameless: why one has no address now; "": each has one.
    """

    kind: Kind
    former: Kind
    before: KindPlace
    live: Live
    strays: Mapping[str, LiveEntry]
    copies: tuple[str, ...]
    nameless: str = ""


def relocate(loaded: Loaded, options: PlanOptions) -> tuple[Loaded, Relocation]:
    """The workspace with all entries where their kinds have them now, and what was carried for that."""
    done = NOTHING_RELOCATED
    overwritten = Patterns(options.overwrite, frozenset(loaded.state.entries))
    managed_kinds = {address.partition("/")[0] for address in loaded.state.entries}
    for kind, before in list(changed_places(loaded.state, loaded.kinds)):
        if kind.name not in managed_kinds:
            continue  # all was let go: what stands there is nobody's
        old = _at_old_place(loaded, kind, before)
        if old is None or not (old.strays or old.copies or old.live.hidden_kinds):
            continue
        try:
            some = old.strays or old.live.hidden_kinds
            loaded, relocation = _carried(loaded, old, options) if some else (loaded, Relocation())
        except _Stay as why:
            if options.overwrite and all(
                stray in overwritten for stray in old.strays if stray in loaded.state.entries
            ):
                continue
            managed = [entry for entry in loaded.state.entries if entry.partition("/")[0] == kind.name]
            relocation = Relocation(
                problems=(_stays(old, managed, str(why)),), blocked=frozenset({kind.name})
            )
        left = tuple(_left(old, relocation)) if not relocation.blocked else ()
        done = Relocation(
            {**done.files, **relocation.files},
            (*done.changes, *relocation.changes),
            (*done.problems, *relocation.problems, *left),
            done.kinds | relocation.kinds,
            done.blocked | relocation.blocked,
        )
    return loaded, done


def _at_old_place(loaded: Loaded, kind: Kind, before: KindPlace) -> _Old | None:
    """What stands where a kind was; ``None`` where that cannot be told."""
    former = kind_at(kind, before)
    if former is None:
        return None
    live = load_live(loaded.tree, {kind.name: former}, reader=loaded.reader)
    live, nameless = _called_as_now(kind, former, live)
    new = {
        _spot(entry): entry
        for entry in (*loaded.live.entries.values(), *loaded.live.clashes)
        if entry.kind == kind.name
    }
    apart = {address: entry for address, entry in live.entries.items() if _spot(entry) not in new}
    strays = {address: entry for address, entry in apart.items() if address not in loaded.live.entries}
    copies = tuple(address for address in apart if address in loaded.live.entries)
    # Another layout may read the same place as something else.
    strays |= {
        address: entry
        for address, entry in live.entries.items()
        if LAYOUTS[former.layout] != LAYOUTS[kind.layout]
        and _spot(entry) in new
        and not same(new[_spot(entry)].value, entry.value)
    }
    return _Old(kind, former, before, live, strays, copies, nameless)


def _spot(entry: LiveEntry) -> tuple[object, ...]:
    return entry.place.file, entry.place.document, entry.place.path


def _called_as_now(kind: Kind, former: Kind, live: Live) -> tuple[Live, str]:
    """The entries of the old place with the fields and addresses that they have now, and why one has none."""
    if (kind.key, kind.value, kind.body) == (former.key, former.value, former.body):
        return live, ""
    found: dict[str, LiveEntry] = {}
    for entry in live.entries.values():
        value = {_field_as_now(kind, former, name): part for name, part in entry.value.items()}
        key = kind.key_of(value)
        if key is None:
            return (
                live,
                f"{entry.address} has no {' or no '.join(field.text for field in kind.key)}, which is its key now",
            )
        address = f"{kind.name}/{key}"
        if address in found:
            return live, f"two entries of the old place are called {address} now"
        found[address] = replace(entry, address=address, key=key, value=value)
    return replace(live, entries=found), ""


def _field_as_now(kind: Kind, former: Kind, name: str) -> str:
    """What is read of the text itself, and no name of it stands there, has the name that the schema gives it now."""
    for was, now in ((former.value, kind.value), (former.body, kind.body)):
        if was and now and name == was:
            return now
    return name


def _carried(loaded: Loaded, old: _Old, options: PlanOptions) -> tuple[Loaded, Relocation]:
    """Raises :class:`_Stay`."""
    _refuse(loaded, old, options)
    files = None if old.copies else renamed_whole(loaded, old.kind, old.former, old.live)
    if files is not None:
        try:
            return _read_there(loaded, old, files)
        except _Stay:
            pass  # the texts as they are cannot be read there
    return _read_there(loaded, old, _entry_by_entry(loaded, old))


def _read_there(loaded: Loaded, old: _Old, files: dict[str, bytes | None]) -> tuple[Loaded, Relocation]:
    """What comes out, where every entry is read at its new place as it was at the old one. Raises :class:`_Stay`."""
    tree = overlaid(files, loaded.tree)
    live = load_live(tree, loaded.kinds, reader=loaded.reader)
    for address, entry in old.strays.items():
        there = live.entries.get(address)
        if there is None or not same(there.value, entry.value):
            raise _Stay(f"{address} would not be read there as it is")
    changes = tuple(_changes(loaded, old, live))
    disk = loaded.recorder
    loaded = put_together(
        tree,
        loaded.reader,
        load_config(tree),
        loaded.catalog,
        live,
        loaded.fragments,
        loaded.state,
        loaded.rule_files,
    )
    return replace(loaded, disk=disk), Relocation(files, changes, (), frozenset({old.kind.name}))


def overlaid(files: Mapping[str, bytes | None], below: Recorder) -> Recorder:
    """A tree in which some files are different. What is asked below stays an input of the plan."""
    tree = Recorder(MemoryTree(files, below))
    tree.inputs.update((path, digest) for path, digest in below.inputs.items() if path not in files)
    return tree


def _refuse(loaded: Loaded, old: _Old, options: PlanOptions) -> None:
    """Raise :class:`_Stay` where carrying would not be safe."""
    if options.target or options.exclude:
        raise _Stay("a plan of some entries does not carry the others along")
    name = old.kind.name
    rows = (LAYOUTS[old.former.layout], LAYOUTS[old.kind.layout])
    if old.nameless:
        raise _Stay(old.nameless)
    if rows[0] != rows[1] and any(row.reads_by_the_kind for row in rows) and not old.before.key:
        raise _Stay(
            f"how {' and '.join(row.name for row in rows)} read a value depends on more than is remembered"
        )
    if old.live.hidden_kinds or any(not source.readable for source in old.live.files.values()):
        raise _Stay("not everything can be read that stands there")
    if any(not loaded.live.files[path].readable for path in loaded.live.files_of.get(name, ())) and not (
        _in_place(old)
    ):
        raise _Stay("not everything can be read that stands at the new place")
    if old.live.clashes:
        raise _Stay(f"{old.live.clashes[0].address} stands there twice")
    if old.live.problems:
        raise _Stay(f"something is wrong there: {old.live.problems[0].message}")
    for kinds in (loaded.kinds, {**loaded.kinds, name: old.former}):
        nesting = Nesting(kinds)
        if nesting.inside(kinds[name]) or nesting.around().get(name):
            raise _Stay("kinds stand inside each other there")
    other = _shared(loaded, old)
    if other:
        raise _Stay(f"the kind {other!r} has its entries there")


def _shared(loaded: Loaded, old: _Old) -> str:
    """Another kind that has entries where strays stand, or inside them, or around; "" where there is none."""
    places = {(entry.place.file, entry.place.document, entry.place.path) for entry in old.strays.values()}
    above = {(file, number, path[:size]) for file, number, path in places for size in range(len(path))}
    for entry in (*loaded.live.entries.values(), *loaded.live.clashes):
        file, number, path = entry.place.file, entry.place.document, entry.place.path
        if entry.kind == old.kind.name or file not in old.live.files:
            continue
        if (file, number, path) in above or any(
            (file, number, path[:size]) in places for size in range(len(path) + 1)
        ):
            return entry.kind
    return ""


def _in_place(old: _Old) -> bool:
    """Whether the new text takes the place of the old one, as it does for another layout or format of one file."""
    same_format = all(
        source.format.name == format_of(path, old.kind).name for path, source in old.live.files.items()
    )
    same_container = old.kind.at == old.former.at and LAYOUTS[old.kind.layout] != LAYOUTS[old.former.layout]
    mine = [path for path in old.live.files if old.kind.file.match(path) is not None]
    return bool(mine) and (not same_format or same_container)


def _entry_by_entry(loaded: Loaded, old: _Old) -> dict[str, bytes | None]:
    """The entries alone go; what stands beside them stays."""
    for path, source in old.live.files.items():
        if source.data and source.format.has_rest(source.data):
            raise _Stay(f"the text below the front matter of {path} would be lost")
    former, before, strays = old.former, dict(old.live.files), dict(old.strays)
    if _in_place(old):
        former, before, strays = _aside(old)
    there = {
        path: source
        for path, source in loaded.live.files.items()
        if not (_in_place(old) and path in old.live.files)
    }
    standing = {
        address: entry for address, entry in loaded.live.entries.items() if entry.place.file in there
    } | strays
    live = replace(
        loaded.live,
        entries=standing,
        clashes=(),
        files={**there, **before},
        files_of={
            **loaded.live.files_of,
            old.kind.name: tuple(
                dict.fromkeys((*loaded.live.files_of.get(old.kind.name, ()), *sorted(before)))
            ),
        },
    )
    changes = [_change(entry, entry.place.file, loaded) for entry in strays.values()]
    tree = overlaid(dict.fromkeys(old.live.files) if _in_place(old) else {}, loaded.tree)
    written = write_elsewhere(replace(loaded, live=live, tree=tree), {old.kind.name: former}, changes)
    if written.problems:
        raise _Stay(written.problems[0].message.rstrip("."))
    files = dict(written.files)
    if _in_place(old):
        files = in_place_of(
            old.kind,
            old.live.files,
            {path: data for path, data in files.items() if not path.startswith(FORMER_PREFIX)},
        )
        files.update((path, None) for path in old.live.files if path not in files)
    else:
        files.update(
            (path, None) for path in old.live.files if emptied(files.get(path), old.live.files[path].format)
        )
    lost = lost_comments(loaded.tree, old.kind, old.live.files, files)
    if lost:
        raise _Stay(f"the comment {lost!r} would be lost")
    return files


def _aside(old: _Old) -> tuple[Kind, dict[str, SourceFile], dict[str, LiveEntry]]:
    """The old texts under names that no file has: what is made of them takes their place.

    Raises:
        _Stay: something else stands in them too.
    """
    for path, source in old.live.files.items():
        if not is_wholly_of(old.former, source):
            raise _Stay(f"{path} would be written anew, and holds more than the entries of {old.kind.name}")
    former = replace(old.former, file=FilePattern.parse(FORMER_PREFIX + old.former.file.text))
    files = {
        FORMER_PREFIX + path: replace(source, path=FORMER_PREFIX + path)
        for path, source in old.live.files.items()
    }
    strays = {
        address: replace(entry, place=replace(entry.place, file=FORMER_PREFIX + entry.place.file))
        for address, entry in old.live.entries.items()
    }
    return former, files, strays


def _changes(loaded: Loaded, old: _Old, live: Live) -> Iterator[Change]:
    for address, entry in old.strays.items():
        yield _change(entry, live.entries[address].place.file, loaded)


def _change(entry: LiveEntry, file: str, loaded: Loaded) -> Change:
    managed = entry.address in loaded.state.entries
    note = f"it stood in {entry.place.file}"
    return Change(
        address=entry.address,
        kind=entry.kind,
        key=entry.key,
        action=Action.MOVE,
        reason=Reason.MOVED,
        file=file,
        live=entry.place,
        before=entry.value,
        after=entry.value,
        note=note if managed else f"{note}, and stays not managed",
        carried=True,
    )


def _stays(old: _Old, managed: list[str], why: str) -> Problem:
    from registry_reconciler.planning.changed_place import other_place

    found = other_place(old.kind, managed, old.before)
    return replace(found, message=f"{found.message} They cannot be carried there: {why}.")


def _left(old: _Old, relocation: Relocation) -> Iterator[Problem]:
    """What stays beside the entries at the old place, although nothing looks there any more."""
    copies = {old.live.entries[address].place.file for address in old.copies}
    stay = [
        path
        for path in sorted(old.live.files)
        if relocation.files.get(path) is not None and path not in copies and old.kind.file.match(path) is None
    ]
    if stay:
        yield problem(
            "KND006",
            f"the place of the kind {old.kind.name!r} changed, and at the old one ({old.before.words()}) "
            f"there is still what stands beside the entries in {first_few(stay, 5)}.",
            Place(old.kind.schema_path, 0, ("x-registry", "file")),
            fix="Nothing looks there any more: remove by hand what is of no use.",
            extra=old.kind.name,
        )


def together(carried: Sequence[Change], planned: Sequence[Change]) -> tuple[Change, ...]:
    """All changes in address order: what is planned for an entry besides says that it is carried too."""
    notes = {carry.address: carry for carry in carried}
    found = []
    for change in planned:
        carry = notes.pop(change.from_address or change.address, None)
        note = "; ".join(filter(None, (change.note, carry.note if carry else "")))
        found.append(replace(change, note=note))
    return tuple(sorted((*found, *notes.values()), key=lambda change: change.address))
