"""What happens to each node of a document: kept, replaced, given other parts; and what it will read as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from registry_reconciler.formats.nodes import Document, Node, key_of, merge_sources, to_value, walk
from registry_reconciler.formats.yaml.edit.emit import Piece
from registry_reconciler.formats.yaml.edit.wording import WordedValue, Wording
from registry_reconciler.model.entry import MISSING, Json, Missing
from registry_reconciler.model.written import Opaque


class NewNode(Struct):
    """A new item or pair; ``value`` may hold :class:`Piece` at any depth.

    Attributes:
        under: what follows it in its source has no comments of its own. Where what follows it here has the same ones as
            it, they are its own now.
    """

    index: int
    key: str | None
    value: Any
    under: bool = False

    def comments(self) -> tuple[str, ...]:
        """Its comment lines."""
        if isinstance(self.value, Piece):
            return self.value.snippet.comments
        return (
            (*self.value.comments, *self.value.wording.own()) if isinstance(self.value, WordedValue) else ()
        )


class Intent(Struct):
    """What happens to one node: another value, or changes of its own entries (by their original index)."""

    value: Any = MISSING
    removed: set[int] = field(default_factory=set)
    inserts: list[NewNode] = field(default_factory=list)
    renames: dict[int, str] = field(default_factory=dict)

    def by_place(self) -> dict[int, list[NewNode]]:
        """The new entries by the original index that they go before."""
        found: dict[int, list[NewNode]] = {}
        for new in self.inserts:
            found.setdefault(new.index, []).append(new)
        return found


def plain(value: Any) -> Json:
    """A value with the pieces in it replaced by what they say."""
    if isinstance(value, Piece | WordedValue):
        return value.value
    if type(value) is Opaque:
        return value
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


class IntentTable:
    """What happens to each node of one document, and what it will read as.

    Attributes:
        dirty: every node with an intent at or below it.
        _shares: whether the document has aliases or merges at all; most have none.
        _merged: by a mapping that merges: what it brings, as it is to read.
        _words: by such a mapping: the text that says so, where there is one.
    """

    def __init__(self, document: Document, number: int, text: str = "") -> None:
        self.document = document
        self.text = text
        self.number = number
        self.dirty: set[int] = set()
        self._by_node: dict[int, Intent] = {}
        self._merged: dict[int, dict[str, Json]] = {}
        self._words: dict[int, Wording] = {}
        self._shares = bool(document.aliases or document.merges)

    def of(self, node: Node) -> Intent | None:
        """The intent for a node, if it has one."""
        return self._by_node.get(id(node))

    def _touch(self, node: Node, trail: tuple[Node, ...]) -> Intent:
        self.dirty.update(id(parent) for parent in trail)
        self.dirty.add(id(node))
        return self._by_node.setdefault(id(node), Intent())

    def project(self, node: Node) -> Json:
        """What a node will read as, given all intents."""
        intent = self.of(node)
        if intent is not None and not isinstance(intent.value, Missing):
            return plain(intent.value)
        if node.kind == "alias" and node.target is not None:
            return self.project(node.target)
        if id(node) not in self.dirty and not self._shares:
            return to_value(node)
        if node.kind == "seq":
            return self._project_seq(node, intent or Intent())
        return self._project_map(node, intent or Intent()) if node.kind == "map" else to_value(node)

    def _project_seq(self, node: Node, intent: Intent) -> list[Json]:
        result: list[Json] = []
        coming = intent.by_place()
        for number in range(len(node.entries) + 1):
            result += [plain(new.value) for new in coming.get(number, ())]
            if number < len(node.entries) and number not in intent.removed:
                result.append(self.project(node.entries[number].value))
        return result

    def _project_map(self, node: Node, intent: Intent) -> dict[str, Json]:
        result = self._own_pairs(node, intent)
        for key, part in self._merge_result(node, intent).items():
            result.setdefault(key, part)
        return result

    def _own_pairs(self, node: Node, intent: Intent) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for number, entry in enumerate(node.entries):
            if not entry.merge and number not in intent.removed:
                result[intent.renames.get(number, str(key_of(entry)))] = self.project(entry.value)
        for new in intent.inserts:
            result[str(new.key)] = plain(new.value)
        return result

    def _merge_result(self, node: Node, intent: Intent) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for number, entry in enumerate(node.entries):
            if entry.merge and number not in intent.removed:
                for source in merge_sources(entry):
                    brought = self.project(source)
                    for key, part in brought.items() if isinstance(brought, dict) else ():
                        result.setdefault(key, part)
        return result

    def gone(self) -> set[int]:
        """The nodes whose text will be gone."""
        gone: set[int] = set()
        for node, _ in walk(self.document.root):
            intent = self.of(node)
            if intent is None:
                continue
            doomed: Iterable[Node] = ()
            if not isinstance(intent.value, Missing):
                doomed = [part for part, _ in walk(node) if part is not node]
            else:
                doomed = [part for number in intent.removed for part, _ in walk(node.entries[number].value)]
            gone.update(id(part) for part in doomed)
            keys = [*intent.removed, *intent.renames]
            gone.update(id(node.entries[number].key) for number in keys if node.entries[number].key)
        return gone
