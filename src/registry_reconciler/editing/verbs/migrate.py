"""Entries follow a changed schema: a field is called otherwise in all of them, or those that lack one get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from registry_reconciler.editing.verbs.session import EditSession
from registry_reconciler.editing.verbs.set_fields import Assignment, assigned, parse_assignments
from registry_reconciler.errors import UsageFailure
from registry_reconciler.model.entry import MISSING, FieldPath, Json, get_path, show_path

if TYPE_CHECKING:
    from registry_reconciler.editing.amend import Edits
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.model.kind import Kind


class FieldRename(Struct, frozen=True):
    """A field that is called otherwise from now on, in the mapping that it stands in."""

    path: FieldPath
    name: str

    @property
    def target(self) -> FieldPath:
        """Where it stands then."""
        return (*self.path[:-1], self.name)


def parse_renames(words: Sequence[str]) -> tuple[FieldRename, ...]:
    """``OLD=NEW``, taken apart. Raises :class:`~registry_reconciler.errors.UsageFailure`."""
    found = []
    for word in words:
        if "=" not in word:
            raise UsageFailure("--rename has no '=': write OLD=NEW, two names of fields.")
    for assignment in parse_assignments(words) if words else ():
        new = parse_assignments((f"{assignment.text}=x",))[0].path if assignment.way == "set" else ()
        inside = new[:-1] in ((), assignment.path[:-1])
        if not new or not inside or not all(isinstance(step, str) for step in (*assignment.path, *new)):
            raise UsageFailure(
                f"{assignment.typed}={assignment.text}: write OLD=NEW, two names of fields. A field stays inside the "
                "mapping that it stands in: a.b=a.c"
            )
        found.append(FieldRename(assignment.path, str(new[-1])))
    return tuple(found)


def migrating(
    kind: str, renames: Sequence[FieldRename], defaults: Sequence[Assignment]
) -> Callable[[Loaded], Edits]:
    """The draft that lets all entries of a kind follow.

    It raises :class:`~registry_reconciler.errors.UsageFailure` for a kind or field that is not there, for a key, and
    where an entry has both fields of a rename.
    """

    def draft(loaded: Loaded) -> Edits:
        session = EditSession.of(loaded)
        described = _kind(loaded, kind)
        for rename in renames:
            _refuse(described, rename)
        addresses = _owned(session, described)
        values = {address: session.value(address) for address in addresses}
        for rename in renames:
            _known(described, rename, values)
        _one_each(renames, values)
        for address, value in values.items():
            _follow(session, described, address, value, renames, defaults)
        return session.finish()

    return draft


def _kind(loaded: Loaded, name: str) -> Kind:
    from registry_reconciler.base.suggest import did_you_mean

    if name not in loaded.kinds:
        raise UsageFailure(
            f"there is no kind {name!r}.{did_you_mean(name, tuple(loaded.kinds))}",
            next=(("registry", "list", "--kinds"),),
        )
    return loaded.kinds[name]


def _refuse(kind: Kind, rename: FieldRename) -> None:
    for selector in kind.key:
        if selector.path[: len(rename.path)] in (rename.path, rename.target):
            raise UsageFailure(
                f"{selector.text} is the key of {kind.name}. Another name for it is a change of the schema alone: "
                f"`key` in {kind.schema_path}; then rename the field in the files by hand."
            )
    for selector in kind.live_fields:
        if selector.path[: len(rename.path)] == rename.path:
            raise UsageFailure(
                f"{selector.text} of {kind.name} stays as it is in the registry (live_fields); no fragment has it."
            )


def _owned(session: EditSession, kind: Kind) -> list[str]:
    """The entries that may be edited: those of fragments, or of the registry itself where its truth is live."""
    if kind.truth == "live":
        return sorted(
            entry.address for entry in session.loaded.live.entries.values() if entry.kind == kind.name
        )
    declared = sorted(entry.address for entry in session.loaded.fragments.entries if entry.kind == kind.name)
    known = set(declared)
    left = sum(
        entry.kind == kind.name and entry.address not in known
        for entry in session.loaded.live.entries.values()
    )
    if left:
        session.notes.append(
            f"{left:,} {'entry' if left == 1 else 'entries'} of {kind.name} that no fragment owns "
            f"{'is' if left == 1 else 'are'} left: registry adopt '{kind.name}/*'"
        )
    return declared


def _known(kind: Kind, rename: FieldRename, values: dict[str, dict[str, Json]]) -> None:
    from registry_reconciler.base.suggest import did_you_mean

    old = show_path(rename.path)
    there = [address for address, value in values.items() if get_path(value, rename.path) is not MISSING]
    both = [address for address in there if get_path(values[address], rename.target) is not MISSING]
    if both:
        more = f" and {len(both) - 1:,} more" if len(both) > 1 else ""
        raise UsageFailure(
            f"{both[0]}{more} has {old} and {show_path(rename.target)}: say first which of the two stays, e.g. "
            f"registry set {both[0]} {old}=",
        )
    if not there and not any(get_path(value, rename.target) is not MISSING for value in values.values()):
        names = sorted({name for value in values.values() for name in value})
        raise UsageFailure(f"no entry of {kind.name} has a field {old!r}.{did_you_mean(old, names)}")


def _one_each(renames: Sequence[FieldRename], values: dict[str, dict[str, Json]]) -> None:
    """Two fields of one entry cannot get one name. Raises :class:`UsageFailure`."""
    for address, value in values.items():
        sources: dict[FieldPath, FieldRename] = {}
        for rename in renames:
            if get_path(value, rename.path) is MISSING:
                continue
            first = sources.setdefault(rename.target, rename)
            if first is not rename:
                raise UsageFailure(
                    f"{address} has {show_path(first.path)} and {show_path(rename.path)}, and both cannot be called "
                    f"{show_path(rename.target)}: say first which of the two stays, e.g. "
                    f"registry set {address} {show_path(rename.path)}="
                )


def _follow(
    session: EditSession,
    kind: Kind,
    address: str,
    value: dict[str, Json],
    renames: Sequence[FieldRename],
    defaults: Sequence[Assignment],
) -> None:
    # Inner fields first: their paths are those of the entry as it is.
    mine = sorted(
        (rename for rename in renames if get_path(value, rename.path) is not MISSING),
        key=lambda rename: -len(rename.path),
    )
    made: Json = value
    for rename in mine:
        made = _renamed(made, rename.path, rename.name)
    assert isinstance(made, dict)
    lacking = [default for default in defaults if get_path(made, default.path) is MISSING]
    if lacking:
        made = assigned(session.loaded, kind, address, made, lacking)
    if not mine and not lacking:
        return
    if session.owned_by_live(address):
        session.put(address, made)
        return
    _edit_declaration(session, address, mine, made, lacking)


def _edit_declaration(
    session: EditSession,
    address: str,
    renames: Sequence[FieldRename],
    made: dict[str, Json],
    defaults: Sequence[Assignment],
) -> None:
    """Only the names, and what is new: every other byte of the fragment stays, comments with the field."""
    from registry_reconciler.formats.edits import Insert, RenameKey

    place = session.owner(address).place
    for rename in renames:
        session.drafts.edit(place.file, RenameKey(place.document, (*place.path, *rename.path), rename.name))
    for default in defaults:
        holder, name = (*place.path, *_before(default.path[:-1], renames)), default.path[-1]
        part: Any = get_path(made, default.path)
        session.drafts.edit(place.file, Insert(place.document, holder, part, key=str(name)))
    session.also.add(address)


def _before(path: FieldPath, renames: Sequence[FieldRename]) -> FieldPath:
    """What a path was called before the renames, the outermost of which comes last."""
    for rename in reversed(renames):
        if path[: len(rename.target)] == rename.target:
            path = (*rename.path, *path[len(rename.target) :])
    return path


def _renamed(value: Json, path: FieldPath, name: str) -> Json:
    """A copy in which a field has another name, at its place."""
    assert isinstance(value, dict)
    step, *rest = path
    if not rest:
        return {name if field == step else field: item for field, item in value.items()}
    return {
        field: _renamed(item, tuple(rest), name) if field == step else item for field, item in value.items()
    }
