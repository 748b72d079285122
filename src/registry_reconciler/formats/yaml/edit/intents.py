"""From edits to what happens to each node of the tree: kept, replaced, removed, renamed, given new parts.

Nothing of text is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from registry_reconciler.base.sequences import first_behind
from registry_reconciler.formats.align import align
from registry_reconciler.formats.edits import (
    Edit,
    Insert,
    Remove,
    RenameKey,
    ReplaceDocument,
    SpliceError,
    Update,
)
from registry_reconciler.formats.nodes import Document, Node, child_index, key_of, merge_entry, to_value
from registry_reconciler.formats.project import contradiction, path_of, project_value
from registry_reconciler.formats.yaml.edit.emit import Piece
from registry_reconciler.formats.yaml.edit.intent_table import Intent, NewNode
from registry_reconciler.formats.yaml.edit.shared_nodes import SharedIntents
from registry_reconciler.formats.yaml.edit.wording import WordedValue, Wording, in_words, part_of
from registry_reconciler.model.entry import FieldPath, Json, Missing, canonical, same
from registry_reconciler.model.written import Opaque


def _item(edit: Insert) -> Any:
    """What an insert puts in, with its text."""
    if edit.snippet is None:
        return edit.value
    return in_words(edit.value, edit.snippet) if edit.anew else Piece(edit.value, edit.snippet)


class Intents(SharedIntents):
    """All intents for one document, from the edits that ask for them."""

    def __init__(self, document: Document, number: int, text: str = "") -> None:
        super().__init__(document, number, text)
        self._detours: dict[int, tuple[Node, tuple[Node, ...], list[tuple[FieldPath, Edit]]]] = {}
        self._made: dict[int, dict[str, NewNode]] = {}
        self._grown: dict[int, list[Any] | dict[str, Any]] = {}
        """The containers that were made here, by identity: they grow in place, however many edits go into one."""

    def add(self, edits: Sequence[Edit]) -> None:
        """Takes all edits of the document.

        Raises:
            SpliceError: an edit addresses what is not there, two contradict each other, or an anchor that
                others use would go or change.
        """
        for node in self.document.merges:
            own = {key_of(entry) for entry in node.entries if not entry.merge}
            self._merged[id(node)] = {key: part for key, part in to_value(node).items() if key not in own}
        updates: dict[FieldPath, Json] = {}
        for edit in edits:
            if isinstance(edit, Update):
                if edit.path not in updates:
                    updates[edit.path] = edit.value
                elif same(updates[edit.path], edit.value):
                    continue
                else:
                    raise contradiction(edit)
            self._take(edit)
        for node, trail, parts in self._detours.values():
            self._lower(node, project_value(to_value(node), parts), trail, only_changes=True)
        if self._shares and self._by_node:
            self._settle()

    def _take(self, edit: Edit) -> None:
        path = path_of(edit)
        node: Node = self.document.root
        trail: tuple[Node, ...] = ()
        stop = len(path) - (1 if isinstance(edit, (Remove, RenameKey)) else 0)
        if stop < 0:
            raise SpliceError("a document cannot be removed or renamed", self.number)
        for depth in range(stop):
            if node.kind == "alias":
                self._detour(node, trail, path[depth:], edit)
                return
            index = child_index(node, path[depth])
            if index is None:
                self._beyond(node, trail, path, depth, edit)
                return
            intent = self.of(node)
            if intent is not None and index in intent.removed:
                raise SpliceError("an edit lies in what another removes", self.number, path)
            trail = (*trail, node)
            node = node.entries[index].value
        rest = path[stop:]
        if node.kind == "alias" and not isinstance(edit, (Update, ReplaceDocument)):
            self._detour(node, trail, rest, edit)
        elif isinstance(edit, (Update, ReplaceDocument)):
            wording = Wording.of(edit.snippet) if isinstance(edit, Update) else None
            self._lower(node, edit.value, trail, wording)
        elif isinstance(edit, Insert):
            self._insert(node, trail, edit)
        else:
            self._entry_edit(node, trail, rest[0], edit)

    def _detour(self, node: Node, trail: tuple[Node, ...], rest: FieldPath, edit: Edit) -> None:
        self._detours.setdefault(id(node), (node, trail, []))[2].append((rest, edit))

    def _beyond(self, node: Node, trail: tuple[Node, ...], path: FieldPath, depth: int, edit: Edit) -> None:
        """The path leads to what the text does not have: a merge brings it, or it is to be made."""
        step = path[depth]
        if node.kind == "map" and isinstance(step, str) and merge_entry(node, step) is not None:
            self._detour(node, trail, path[depth:], edit)
            return
        if isinstance(edit, (Remove, RenameKey)):
            raise SpliceError("there is nothing to remove or rename", self.number, path)
        value = self._new_container(edit) if isinstance(edit, Insert) else edit.value
        self._make(node, trail, path[depth:], edit, value)

    @staticmethod
    def _new_container(edit: Insert) -> Any:
        item = _item(edit)
        return [item] if edit.kind == "list" else {str(edit.key): item}

    def _make(self, node: Node, trail: tuple[Node, ...], rest: FieldPath, edit: Edit, value: Any) -> None:
        """Creates mappings for ``rest`` below ``node``, sharing those that an earlier edit makes."""
        intent = self._touch(node, trail)
        if isinstance(intent.value, Missing) and node.kind == "map" and node.entries:
            home = self._new_pair(node, str(rest[0]))
            if home is None:
                self._add_pair(
                    node, intent, NewNode(len(node.entries), str(rest[0]), _nested(rest[1:], value))
                )
            else:
                home.value = self._joined(home.value, rest[1:], value, edit)
            return
        current = intent.value if not isinstance(intent.value, Missing) else to_value(node)
        intent.value = self._joined(current, rest, value, edit)

    def _joined(self, current: Any, rest: FieldPath, value: Any, edit: Edit) -> Any:
        if not rest:
            if current is None:
                return value
            if isinstance(current, list) and isinstance(value, list) and isinstance(edit, Insert):
                items = self._own(current)
                items.extend(value)
                return items
            if isinstance(current, dict) and isinstance(value, dict) and isinstance(edit, Insert):
                pairs = self._own(current)
                pairs.update(value)
                return pairs
        elif current is None:
            return _nested(rest, value)
        elif isinstance(current, dict) and isinstance(rest[0], str):
            inner = self._joined(current.get(rest[0]), rest[1:], value, edit)
            pairs = self._own(current)
            pairs[rest[0]] = inner
            return pairs
        raise SpliceError("what stands there has no room for this", self.number, path_of(edit))

    def _own(self, container: Any) -> Any:
        """A container that may be changed in place: itself where it was made here, else a copy of it."""
        if id(container) in self._grown:
            return container
        made = container.copy()
        self._grown[id(made)] = made
        return made

    def _insert(self, node: Node, trail: tuple[Node, ...], edit: Insert) -> None:
        wanted = "seq" if edit.kind == "list" else "map"
        if node.kind == "scalar" or not node.entries:
            if to_value(node) is not None and node.kind != wanted:
                raise SpliceError(f"what stands there is not a {edit.kind}", self.number, edit.container)
            intent = self._touch(node, trail)
            current = None if isinstance(intent.value, Missing) else intent.value
            intent.value = self._joined(current, (), self._new_container(edit), edit)
            return
        if node.kind != wanted:
            raise SpliceError(f"what stands there is not a {edit.kind}", self.number, edit.container)
        intent = self._touch(node, trail)
        if not isinstance(intent.value, Missing):
            raise SpliceError("an insert goes into what another edit replaces", self.number, edit.container)
        item = _item(edit)
        if wanted == "seq":
            index = len(node.entries) if edit.index is None else max(0, min(edit.index, len(node.entries)))
            intent.inserts.append(NewNode(index, None, item, edit.under))
            return
        key = str(edit.key)
        taken = child_index(node, key)
        leaves = taken in intent.removed or taken in intent.renames
        if (taken is not None and not leaves) or self._new_pair(node, key) is not None:
            raise SpliceError(f"there is a {key!r} already", self.number, (*edit.container, key))
        before = None if edit.before is None else child_index(node, edit.before)
        self._add_pair(
            node, intent, NewNode(len(node.entries) if before is None else before, key, item, edit.under)
        )

    def _new_pair(self, node: Node, key: str) -> NewNode | None:
        """The pair with a key that an earlier edit adds to a mapping."""
        return self._made.get(id(node), {}).get(key)

    def _add_pair(self, node: Node, intent: Intent, new: NewNode) -> None:
        intent.inserts.append(new)
        self._made.setdefault(id(node), {})[str(new.key)] = new

    def _entry_edit(
        self, node: Node, trail: tuple[Node, ...], step: str | int, edit: Remove | RenameKey
    ) -> None:
        index = child_index(node, step)
        if index is None:
            if node.kind == "map" and isinstance(step, str) and merge_entry(node, step) is not None:
                self._detour(node, trail, (step,), edit)
                return
            raise SpliceError("there is nothing to remove or rename", self.number, edit.path)
        intent = self._touch(node, trail)
        if isinstance(edit, Remove):
            intent.removed.add(index)
        elif node.kind == "map":
            intent.renames[index] = edit.new_key
        else:
            raise SpliceError("only the pairs of a mapping have keys", self.number, edit.path)

    def _lower(
        self,
        node: Node,
        value: Json,
        trail: tuple[Node, ...],
        wording: Wording | None = None,
        *,
        only_changes: bool = False,
    ) -> None:
        """Asks for ``value`` at ``node`` with the fewest changes of nodes.

        What an alias brings is asked for even where it is right already, as its anchor may change; with
        ``only_changes`` it is not, so that other edits for parts of ``node`` keep their say.
        """
        current = to_value(node)
        if node.kind == "alias":
            unasked = only_changes or self.of(node) is not None
            if not (unasked and same(current, value)):
                self._touch(node, trail).value = value if wording is None else WordedValue(value, wording)
            return
        if same(current, value) and (only_changes or not self._shares):
            return
        if wording is not None and self._has_no_room(node, trail, wording, current, value):
            self._touch(node, trail).value = WordedValue(value, wording)
        elif node.kind == "map" and isinstance(value, dict) and node.entries and type(value) is not Opaque:
            self._lower_map(node, value, trail, wording, only_changes)
        elif node.kind == "seq" and isinstance(value, list) and node.entries:
            self._lower_seq(node, current, value, trail, wording, only_changes)
        elif not same(current, value):
            self._touch(node, trail).value = value if wording is None else WordedValue(value, wording)

    def _has_no_room(
        self, node: Node, trail: tuple[Node, ...], wording: Wording, current: Json, value: Json
    ) -> bool:
        """Whether brackets or braces are to say what only lines can: they become lines, unless that costs a comment."""
        if self._shares or not node.flow or not node.entries or wording.flow or not wording.node.entries:
            return False
        if not self.text or (trail and trail[-1].flow):
            return False
        if _has_none_of(current, value):
            return wording.commented() or wording.needs_lines()
        return "#" not in self.text[node.start : node.end] and wording.needs_lines()

    def _lower_map(
        self,
        node: Node,
        value: dict[str, Json],
        trail: tuple[Node, ...],
        wording: Wording | None,
        only_changes: bool,
    ) -> None:
        below = (*trail, node)
        own = {str(key_of(entry)): number for number, entry in enumerate(node.entries) if not entry.merge}
        merged = self._merged.get(id(node), {})
        removed = [number for key, number in own.items() if key not in value]
        added: list[NewNode] = []
        names = [str(key_of(entry)) for entry in wording.node.entries] if wording is not None else []
        behind = first_behind(names, own) if value.keys() - own.keys() else {}
        position = _first_place(node)
        for key, part in value.items():
            if key in own:
                inner = wording.part(key) if wording is not None else None
                self._lower(node.entries[own[key]].value, part, below, inner, only_changes=only_changes)
                position = own[key] + 1
            elif key not in merged:
                added.append(
                    NewNode(position, key, part_of(part, wording, key), _is_bare(wording, behind.get(key)))
                )
        if removed or added:
            intent = self._touch(node, trail)
            intent.removed.update(removed)
            for new in added:
                self._add_pair(node, intent, new)
        if id(node) in self._merged:
            self._touch(node, trail)
            self._merged[id(node)] = {key: value[key] for key in merged if key in value}
            if wording is not None:
                self._words[id(node)] = wording

    def _lower_seq(
        self,
        node: Node,
        current: list[Json],
        value: list[Json],
        trail: tuple[Node, ...],
        wording: Wording | None,
        only_changes: bool,
    ) -> None:
        below = (*trail, node)
        if self._shares:
            # What an anchor will say, where that is known already: its alias stays what it is in the list.
            current = [self.project(entry.value) for entry in node.entries]
        if wording is not None and len(wording.node.entries) != len(value):
            wording = None
        steps = align(current, value)
        kept = {old for old, _ in steps if old is not None}
        removed = set(range(len(current))) - kept
        leaving = {number: canonical(current[number]) for number in sorted(removed, reverse=True)}
        by_text = {text: number for number, text in leaving.items()}
        here = Wording(self.text, node)
        added: list[NewNode] = []
        stay = {new for old, new in steps if old is not None}
        behind = first_behind(range(len(value)), stay) if wording is not None else {}
        position = 0
        for old, new in steps:
            if old is None:
                moved = by_text.pop(canonical(value[new]), None)
                words = part_of(value[new], wording, new, len(value))
                if moved is not None and self.text and node.entries[moved].value.kind != "alias":
                    # What only moves keeps its own words and comments.
                    words = part_of(value[new], here, moved, len(node.entries))
                added.append(NewNode(position, None, words, _is_bare(wording, behind.get(new))))
            else:
                inner = wording.part(new) if wording is not None else None
                self._lower(node.entries[old].value, value[new], below, inner, only_changes=only_changes)
                position = old + 1
        if removed or added:
            intent = self._touch(node, trail)
            intent.removed |= removed
            intent.inserts.extend(added)


def _has_none_of(current: Json, value: Json) -> bool:
    """Whether no part of a collection stays what it is."""
    if isinstance(current, dict) and isinstance(value, dict):
        return not any(name in value and same(part, value[name]) for name, part in current.items())
    if isinstance(current, list) and isinstance(value, list):
        return not {canonical(part) for part in current} & {canonical(part) for part in value}
    return True


def _is_bare(wording: Wording | None, step: str | int | None) -> bool:
    """Whether a part has no comments above it in a text."""
    part = None if wording is None or step is None else wording.part(step)
    return part is not None and not part.own()


def _nested(rest: FieldPath, value: Any) -> Any:
    for step in reversed(rest):
        if not isinstance(step, str):
            raise SpliceError("a list item cannot be made by a path")
        value = {step: value}
    return value


def _first_place(node: Node) -> int:
    """Where a key goes that comes before all others: in front, but behind a leading ``<<``."""
    return 1 if node.entries[0].merge else 0
