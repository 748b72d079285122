"""Anchors, aliases and merges: who else reads what an edit changes.

What an alias or merge brings is changed for its user only, and an anchor that others use is not taken from under them.
"""

from __future__ import annotations

from copy import deepcopy

from registry_reconciler.formats.edits import SpliceError
from registry_reconciler.formats.nodes import Member, Node, key_of, merge_sources, to_value, walk
from registry_reconciler.formats.yaml.edit.intent_table import Intent, IntentTable, NewNode, plain
from registry_reconciler.formats.yaml.edit.wording import part_of
from registry_reconciler.model.entry import Missing, same


class SharedIntents(IntentTable):
    """Keeps what aliases and merges bring right for each of their users."""

    def unshare(self, node: Node, trail: tuple[Node, ...]) -> None:
        """Asks that what aliases and merges bring at and below a node be written out there."""
        if node.kind == "alias":
            self._touch(node, trail).value = to_value(node)
            return
        places = [number for number, entry in enumerate(node.entries) if entry.merge]
        if places:
            own = {key_of(entry) for entry in node.entries}
            intent = self._touch(node, trail)
            intent.removed.update(places)
            brought = [(key, part) for key, part in to_value(node).items() if key not in own]
            intent.inserts += [NewNode(places[0], key, part) for key, part in brought]
        for entry in node.entries:
            if not entry.merge:
                self.unshare(entry.value, (*trail, node))

    def _settle(self) -> None:
        """Gives every user of a changed anchor its own copy where an edit asked for it, refuses elsewhere."""
        gone = self.gone()
        hurt: list[Node] = []
        for node in self.document.merges:
            if id(node) not in gone:
                hurt += self._settle_merge(node)
        gone = self.gone()
        feeding = self._behind_merges()
        changed: dict[int, bool] = {}
        for alias in self.document.aliases:
            if id(alias) in gone or alias.target is None:
                continue
            if id(alias) in feeding and id(alias.target) not in gone:
                continue
            intent = self.of(alias)
            if intent is not None and not isinstance(intent.value, Missing):
                if id(alias.target) not in gone and same(self.project(alias.target), plain(intent.value)):
                    del self._by_node[id(alias)]
                continue
            target = alias.target
            if id(target) not in changed:
                changed[id(target)] = id(target) in gone or not same(self.project(target), to_value(target))
            if changed[id(target)]:
                hurt.append(alias)
        if hurt:
            self._refuse(hurt)

    def _settle_merge(self, node: Node) -> list[Node]:
        """Makes a mapping that merges read as wanted; the aliases in it when nobody asked for a change."""
        intent = self.of(node)
        current = intent or Intent()
        self._leave_to_merges(node, current)
        own = self._own_pairs(node, current)
        wanted = {key: part for key, part in self._merged[id(node)].items() if key not in own}
        brought = {key: part for key, part in self._merge_result(node, current).items() if key not in own}
        broken = self._is_broken(node)
        if same(wanted, brought) and not broken:
            return []
        if intent is None:
            users = [alias for entry in node.entries if entry.merge for alias, _ in walk(entry.value)]
            return [alias for alias in users if alias.kind == "alias"]
        places = [number for number, entry in enumerate(node.entries) if entry.merge]
        if broken or any(key not in wanted for key in brought):
            current.removed.update(places)
            brought = {}
        for key, part in wanted.items():
            if key not in brought or not same(brought[key], part):
                words = part_of(deepcopy(part), self._words.get(id(node)), key)
                current.inserts.append(NewNode(places[-1] + 1, key, words))
        return []

    def _leave_to_merges(self, node: Node, current: Intent) -> None:
        """Adds no pair that a mapping gets by its merge, once what it merges has it."""
        before = {key for entry in node.entries if entry.merge for key in _keys_of(entry)}
        brought = self._merge_result(node, current) if current.inserts else {}
        for new in list(current.inserts):
            key, part = str(new.key), plain(new.value)
            if key not in before and key in brought and same(brought[key], part):
                current.inserts.remove(new)
                self._merged[id(node)] = {**self._merged[id(node)], key: part}

    def _is_broken(self, node: Node) -> bool:
        """Whether something that a mapping merges is to be no mapping any more."""
        sources = [source for entry in node.entries if entry.merge for source in merge_sources(entry)]
        return not all(isinstance(self.project(source), dict) for source in sources)

    def _behind_merges(self) -> set[int]:
        """The aliases that stand behind ``<<``: they are judged by their effect on the mapping there."""
        entries = (entry for node in self.document.merges for entry in node.entries if entry.merge)
        return {id(part) for entry in entries for part, _ in walk(entry.value)}

    def _refuse(self, users: list[Node]) -> None:
        paths = {id(node): path for node, path in walk(self.document.root)}
        names = sorted({alias.text for alias in users})
        related = tuple((self.number, paths.get(id(alias), ())) for alias in users)
        anchor = users[0].target
        path = paths.get(id(anchor), ()) if anchor is not None else ()
        shown = ", ".join(f"&{name}" for name in names)
        message = f"the anchor {shown} is used elsewhere, so what it stands for cannot be changed or removed"
        raise SpliceError(message, self.number, path, related)


def _keys_of(entry: Member) -> set[str]:
    """The keys that a merge brings now."""
    values = [to_value(source) for source in merge_sources(entry)]
    return {key for value in values if isinstance(value, dict) for key in value}
