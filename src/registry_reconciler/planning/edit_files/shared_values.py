"""What several entries share, edited by hand: undone where it stands, not with a literal in each entry.

An anchor that stands beside the entries belongs to none of them, so nobody edits it for one of them. Where a plan
undoes edits by hand in entries that use it, and they all want one value of it, that value is what it had: it gets it
back, and the aliases stay. No entry that no change is about changes by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.layouts.walk import containers
from registry_reconciler.loading.source import SourceFile
from registry_reconciler.model.change import Reason
from registry_reconciler.model.entry import MISSING, FieldPath, Json, Missing, get_path, same
from registry_reconciler.planning.edit_files.current_files import CurrentFiles
from registry_reconciler.planning.edit_files.work import FilePlan

if TYPE_CHECKING:
    from registry_reconciler.formats.edits import Update
    from registry_reconciler.formats.nodes import Document, Node


def container_paths(now: CurrentFiles, source: SourceFile) -> dict[int, list[FieldPath]]:
    """Where the entries of all kinds stand in a file, by document: everything else stands beside them."""
    found: dict[int, list[FieldPath]] = {}
    for kind in (*now.kinds.values(), *now.former.values()):
        bound = kind.file.match(source.path)
        if bound is not None:
            for container in containers(kind, source.documents, bound):
                found.setdefault(container.document, []).append(container.path)
    return found


def undone_beside(now: CurrentFiles, path: str, plan: FilePlan) -> list[Update]:
    """The edits that give shared values back what they were, in the text as it is at this moment."""
    from registry_reconciler.formats.edits import Update
    from registry_reconciler.formats.nodes import UncomposableText

    source = now.sources[path]
    if source.data is None or b"&" not in source.data:
        return []
    if not any(change.reason is Reason.LIVE_CHANGED for change, _ in plan.edits):
        return []
    try:
        documents = source.format.compose(source.data.decode("utf-8").removeprefix("\ufeff"))
    except UncomposableText:
        return []
    taken = container_paths(now, source)
    found: list[Update] = []
    for number, document in enumerate(documents):
        if document.aliases:
            shared = _Shared(document, _edited(plan, number), taken.get(number, ()))
            found += [Update(number, where, value) for where, value in shared.wanted().items()]
    return found


class _Wanted(Struct, frozen=True):
    """What is to stand at one place.

    Attributes:
        value: of an entry that goes, ``MISSING``.
        undone: it is what was there before somebody edited it by hand.
    """

    value: Json | Missing
    undone: bool


def _edited(plan: FilePlan, number: int) -> dict[FieldPath, _Wanted]:
    """What the changes of a plan want at the places of their entries."""
    from registry_reconciler.formats.edits import Remove, Update

    found: dict[FieldPath, _Wanted] = {}
    for change, edit in plan.edits:
        if edit.document != number:
            continue
        if isinstance(edit, Update):
            found[edit.path] = _Wanted(edit.value, change.reason is Reason.LIVE_CHANGED)
        elif isinstance(edit, Remove):
            found[edit.path] = _Wanted(MISSING, undone=False)
    return found


class _Opinion(Struct):
    """What one user of an anchor wants it to be.

    Attributes:
        whole: all of it, where the user is an alias for it.
        parts: where the user merges it, what it gets from there; ``MISSING``: it gets no such key.
        extra: what nothing gives the user that merges it.
        beside: the user is an anchor beside the entries itself.
    """

    whole: Json | Missing = MISSING
    parts: dict[str, Json | Missing] = field(default_factory=dict)
    extra: dict[str, Json] = field(default_factory=dict)
    beside: bool = False


class _Shared:
    """The anchors of one document that stand beside the entries."""

    def __init__(
        self, document: Document, edited: Mapping[FieldPath, _Wanted], taken: Sequence[FieldPath]
    ) -> None:
        from registry_reconciler.formats.nodes import walk

        self._document = document
        self._edited = edited
        self._taken = taken
        self._paths: dict[int, FieldPath] = {id(node): where for node, where in walk(document.root)}
        self._back: dict[FieldPath, Json] = {}
        self._merging: dict[int, Node] = {
            id(part): node
            for node in document.merges
            for entry in node.entries
            if entry.merge
            for part, _ in walk(entry.value)
        }

    def wanted(self) -> dict[FieldPath, Json]:
        """What is to stand beside the entries: at anchors that get their values back, and where those are used."""
        users: dict[int, list[Node]] = {}
        anchors: list[Node] = []
        for alias in self._document.aliases:
            if alias.target is not None:
                if id(alias.target) not in users:
                    anchors.append(alias.target)
                users.setdefault(id(alias.target), []).append(alias)
        # What stands behind an anchor may use it, so it is settled first.
        for anchor in sorted(anchors, key=lambda node: node.start, reverse=True):
            where = self._paths.get(id(anchor))
            if where is not None and "<<" not in where and self._is_beside(where):
                self._settle(anchor, where, users[id(anchor)])
        followers = self._followers()
        if followers is None:
            self._back.clear()
            followers = self._followers()
        return {**(followers or {}), **self._back}

    def _followers(self) -> dict[FieldPath, Json] | None:
        """What uses a value that is undone and stands beside the entries itself: it was edited by the same hand.

        ``None`` where an entry would change that no change is about.
        """
        from registry_reconciler.formats.nodes import to_value

        found: dict[FieldPath, Json] = {}
        for alias in self._document.aliases:
            node = self._merging.get(id(alias)) or alias
            where = self._paths.get(id(node), ())
            if alias.target is None or self._owner(where) is not None:
                continue
            value = self._new(node)
            if same(value, to_value(node)):
                continue
            if not self._is_beside(where):
                return None
            found[where] = value
        return found

    def _new(self, node: Node) -> Json:
        """What a node will say once everything is undone."""
        from registry_reconciler.formats.nodes import key_of, to_value

        where = self._paths.get(id(node), ())
        owner = self._owner(where)
        if owner is not None:
            value = self._down(owner[1].value, owner[0], where) if owner[1].undone else MISSING
            return to_value(node) if isinstance(value, Missing) else value
        if node.kind == "alias" and node.target is not None:
            return self._new(node.target)
        if node.kind == "seq":
            return [self._new(entry.value) for entry in node.entries]
        if node.kind != "map":
            return to_value(node)
        own = {str(key_of(entry)): self._new(entry.value) for entry in node.entries if not entry.merge}
        return {**_brought(node, self._new), **own}

    def _is_beside(self, where: FieldPath) -> bool:
        return not any(where[: len(path)] == path for path in self._taken)

    def _settle(self, anchor: Node, where: FieldPath, users: Sequence[Node]) -> None:
        from registry_reconciler.formats.nodes import to_value

        opinions = [opinion for user in users if (opinion := self._opinion(user, anchor)) is not None]
        of_entries = sum(not self._is_beside(self._paths.get(id(user), ())) for user in users)
        if of_entries == 1 < len(users) and not any(opinion.beside for opinion in opinions):
            return  # The one entry may have been given its alias by hand just now.
        value = _agreed(opinions, to_value(anchor))
        if isinstance(value, Missing) or same(value, to_value(anchor)):
            return
        inside = [path for path in self._back if path[: len(where)] == where]
        if all(_is_at(value, path[len(where) :], self._back[path]) for path in inside):
            for path in inside:
                del self._back[path]
            self._back[where] = value

    def _owner(self, where: FieldPath) -> tuple[FieldPath, _Wanted] | None:
        """The place around another one of which it is known what is to stand there."""
        for size in range(len(where) + 1):
            if where[:size] in self._edited:
                return where[:size], self._edited[where[:size]]
            if where[:size] in self._back:
                return where[:size], _Wanted(self._back[where[:size]], undone=True)
        return None

    def _opinion(self, user: Node, anchor: Node) -> _Opinion | None:
        from registry_reconciler.formats.nodes import key_of, merge_sources, to_value

        merging = self._merging.get(id(user))
        node = merging or user
        where = self._paths.get(id(node), ())
        owner = self._owner(where)
        if owner is None or not owner[1].undone:
            return None
        value = self._down(owner[1].value, owner[0], where)
        if isinstance(value, Missing):
            return None
        if merging is None:
            return _Opinion(whole=value, beside=owner[0] in self._back)
        if not isinstance(value, dict):
            return None
        own = {key_of(entry) for entry in merging.entries if not entry.merge}
        sources = [source for entry in merging.entries if entry.merge for source in merge_sources(entry)]
        brought = [to_value(source) for source in sources]
        at = next((index for index, source in enumerate(sources) if source is anchor), None)
        if at is None:
            return None
        before = {key for part in brought[:at] for key in part}
        anywhere = {key for part in brought for key in part}
        return _Opinion(
            parts={key: value.get(key, MISSING) for key in brought[at] if key not in own | before},
            extra={key: part for key, part in value.items() if at == 0 and key not in own | anywhere},
            beside=owner[0] in self._back,
        )

    def _down(self, value: Json | Missing, start: FieldPath, where: FieldPath) -> Json | Missing:
        """What is to stand at a place inside another; nothing where lists of other lengths lie between."""
        from registry_reconciler.formats.nodes import child_index

        node = self._document.root
        for size, step in enumerate(where):
            if size >= len(start):
                if isinstance(value, list) and len(value) != len(node.entries):
                    return MISSING
                value = MISSING if isinstance(value, Missing) else get_path(value, (step,))
            index = child_index(node, step)
            if index is None:
                return MISSING
            node = node.entries[index].value
        return value


def _brought(merging: Node, value_of: Callable[[Node], Json]) -> dict[str, Json]:
    """What the merges of a mapping bring it."""
    from registry_reconciler.formats.nodes import key_of, merge_sources

    own = {key_of(entry) for entry in merging.entries if not entry.merge}
    found: dict[str, Json] = {}
    for entry in merging.entries:
        for source in merge_sources(entry) if entry.merge else ():
            part = value_of(source)
            for key, inner in part.items() if isinstance(part, dict) else ():
                if key not in own:
                    found.setdefault(key, inner)
    return found


def _is_at(value: Json, path: FieldPath, wanted: Json) -> bool:
    found = get_path(value, path)
    return not isinstance(found, Missing) and same(found, wanted)


def _agreed(opinions: Sequence[_Opinion], current: Json) -> Json | Missing:
    """The one value that all users want; nothing where they do not agree."""
    value = current
    whole = [opinion.whole for opinion in opinions if not isinstance(opinion.whole, Missing)]
    parts = [opinion for opinion in opinions if isinstance(opinion.whole, Missing)]
    if whole:
        value = whole[0]
        if not all(same(value, other) for other in whole):
            return MISSING
    if not parts:
        return value
    if not isinstance(value, dict):
        return MISSING
    agreed: dict[str, Json | Missing] = {}
    for opinion in parts:
        for key, part in opinion.parts.items():
            if not _alike(agreed.setdefault(key, part), part):
                return MISSING
    if whole:
        fits = all(_alike(value.get(key, MISSING), part) for key, part in agreed.items())
        return value if fits else MISSING
    added = dict(parts[0].extra) if len(parts) > 1 else {}
    for opinion in parts:
        added = {key: part for key, part in added.items() if _alike(opinion.extra.get(key, MISSING), part)}
    merged = {key: agreed.get(key, part) for key, part in {**value, **added}.items()}
    return {key: part for key, part in merged.items() if not isinstance(part, Missing)}


def _alike(left: Json | Missing, right: Json | Missing) -> bool:
    if isinstance(left, Missing) or isinstance(right, Missing):
        return left is right
    return same(left, right)
