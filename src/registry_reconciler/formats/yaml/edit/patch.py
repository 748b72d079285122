"""Intents to replacements of text: where each change begins and ends, and what stands there then.

Block collections are changed by whole lines, flow collections by what lies between their items, scalars in
place. Replacements never overlap, and what lies between them is never looked at again.
"""

from __future__ import annotations

from typing import Literal

from registry_reconciler.formats.edits import refuse_twice
from registry_reconciler.formats.nodes import Member, Node, key_of
from registry_reconciler.formats.yaml.edit.entry_patch import EntryPatcher, nearest
from registry_reconciler.formats.yaml.edit.intent_table import Intent
from registry_reconciler.formats.yaml.edit.intents import Intents
from registry_reconciler.formats.yaml.edit.style import Style, column_of
from registry_reconciler.formats.yaml.edit.value_patch import ValueSlot
from registry_reconciler.model.entry import Missing


class Patcher(EntryPatcher):
    """Collects the replacements for one document of a text, which must end with a line end."""

    def __init__(self, text: str, intents: Intents, style: Style) -> None:
        super().__init__(text, intents, style)
        self._by_key: dict[int, dict[str, list[Node]]] = {}

    def visit(self, node: Node, slot: ValueSlot) -> None:
        """Records what happens at and below a node."""
        if id(node) not in self.intents.dirty:
            return
        intent = self.intents.of(node)
        if intent is not None and not isinstance(intent.value, Missing):
            self._replace(node, slot, intent.value)
            return
        if intent is not None and self._must_rewrite(node, intent):
            self._replace(node, slot, self.intents.project(node))
            return
        # Inner changes first: where an inner and an outer list both grow at one place, that is their order.
        dirty = self.intents.dirty
        for number, entry in enumerate(node.entries):
            if id(entry.value) in dirty and (intent is None or number not in intent.removed):
                self.visit(entry.value, self._slot(node, number, entry, slot))
        if intent is not None:
            self._reshape(node, slot, intent)

    def _must_rewrite(self, node: Node, intent: Intent) -> bool:
        """Whether a flow collection has a form that has no room for changes: ``[a: b]`` or ``{? a}``."""
        changed = bool(intent.removed or intent.inserts or intent.renames)
        bare = self.text[node.body : node.body + 1] not in ("[", "{")
        return changed and node.flow and (bare or any(entry.explicit for entry in node.entries))

    def _reshape(self, node: Node, slot: ValueSlot, intent: Intent) -> None:
        """Changes the entries of a collection."""
        if intent.renames:
            kept = [
                (number, entry) for number, entry in enumerate(node.entries) if number not in intent.removed
            ]
            names = [
                intent.renames.get(number, str(key_of(entry))) for number, entry in kept if not entry.merge
            ]
            refuse_twice([*names, *(str(new.key) for new in intent.inserts)])
        for number, name in intent.renames.items():
            key = node.entries[number].key
            if key is not None and number not in intent.removed:
                text = self.emitter.restyled(name, key.style, flow=node.flow)
                self.put(key.start, key.end, text)
        if node.flow:
            self._flow(node, slot, intent)
        else:
            self._block(node, slot, intent)

    def _slot(self, node: Node, number: int, entry: Member, outer: ValueSlot) -> ValueSlot:
        neighbours: list[Node] = []
        if node.kind == "map":
            for other in outer.neighbours:
                neighbours += self._fields(other).get(entry.key.text, ()) if entry.key is not None else ()
        else:
            neighbours = [node.entries[k].value for k in nearest(len(node.entries), number) if k != number]
        if node.kind == "map" and not neighbours:
            neighbours = [
                e.value
                for e in (node.entries[k] for k in nearest(len(node.entries), number))
                if e is not entry
            ]
        if node.flow:
            return ValueSlot("flow", entry.mark_end, 0, entry, tuple(neighbours))
        kind: Literal["map", "seq"] = "map" if node.kind == "map" else "seq"
        column = column_of(self.text, entry.start)
        following = self._following(node, number, column, outer)
        return ValueSlot(kind, entry.mark_end, column, entry, tuple(neighbours), following)

    def _following(self, node: Node, number: int, column: int, outer: ValueSlot) -> tuple[int, ...]:
        """Where lines begin that may follow an entry once those behind it are gone."""
        intent = self.intents.of(node)
        gone = intent.removed if intent is not None else ()
        last = number + 1
        while last in gone:
            last += 1
        own = tuple(self.behind(node.entries[each].end, column) for each in range(number + 1, last))
        return own + outer.following if last == len(node.entries) else own

    def _fields(self, node: Node) -> dict[str, list[Node]]:
        """The values of a neighbour by their keys."""
        found = self._by_key.get(id(node))
        if found is None:
            found = self._by_key[id(node)] = {}
            for entry in node.entries:
                if entry.key is not None:
                    found.setdefault(entry.key.text, []).append(entry.value)
        return found
