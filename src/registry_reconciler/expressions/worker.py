"""The child that evaluates rules: ``main`` is started by :class:`registry_reconciler.base.child.Child`.

It gets rules and entries as one frame, and answers with what it found. Each rule has a time of its own, each
evaluation is bounded by the library; a rule that is over its time is left out and named, and hides nothing of the
others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from registry_reconciler.base.serving import Parent, serve
from registry_reconciler.expressions.language import ExpressionError, Language, Undecided, language
from registry_reconciler.expressions.look_ups import LookUps, indexed
from registry_reconciler.expressions.syntax import fields_read, walk

MOST_PAIRS = 1_000_000
"""So many pairs are tried by one rule."""

MOST_FINDINGS = 100_000
"""So many findings of one rule are kept."""

_MOST_TEXT = 1_000
"""Characters of a message."""


def main(memory: int) -> None:
    """Serve jobs until there are no more."""
    serve(memory, lambda job, parent: _Job(job, parent).answer())


class _TooCostly(Exception):
    """A rule is over what it may take."""


class _Rule:
    """One rule, compiled, with the time that it took.

    Attributes:
        always: it is about every entry; ``when`` need not be asked.
        trees: of all its expressions.
    """

    def __init__(self, given: dict[str, Any], known: Language, seconds: float) -> None:
        self.given = given
        self.code: str = given["code"]
        self.kinds = frozenset(given["kinds"])
        self.only = None if given["only"] is None else frozenset(given["only"])
        self.always = given["when"].strip() == "true"
        self.when = known.compile(given["when"])
        self.check = known.compile(given["check"])
        self.message = [
            part if at % 2 == 0 else known.compile(part) for at, part in enumerate(given["message"])
        ]
        self.trees = [known.tree(item) for item in (self.when, self.check, *self.message[1::2])]
        self.left = seconds
        self.found = 0

    @property
    def holds(self) -> str:
        """An expression that is true where the rule finds nothing. A comment may stand at the end of a part."""
        check = f"({self.given['check']}\n)"
        return check if self.always else f"(({self.given['when']}\n) ? {check} : true)"

    def spend(self, since: float) -> None:
        """Take time off what is left. Raises :class:`_TooCostly`."""
        self.left -= time.perf_counter() - since
        if self.left <= 0:
            raise _TooCostly("it took too long")
        if self.found > MOST_FINDINGS:
            raise _TooCostly(f"it has more than {MOST_FINDINGS:,} findings")


_FEW = 64
"""After so many entries it is seen whether asking for all rules at once pays."""


class _Group:
    """The rules that some entries of a kind are judged by, and one expression that is true where all of them hold.

    One evaluation costs little more than its way into the library and back, so most entries are done with one. The
    answer is the same: where it is not plainly true, or an error, each rule is asked by itself.
    """

    def __init__(self, kind: str, rules: list[_Rule], known: Language, seconds: float) -> None:
        self.kind = kind
        self.rules = rules
        trees = [tree for rule in rules for tree in rule.trees]
        self._fields = fields_read(trees, "self")
        self._names = frozenset(node.name for tree in trees for node in walk(tree) if node.what == "ident")
        self._left = seconds
        self._asked = self._held = 0
        self._all: Any = None
        if len(rules) > 1:
            try:
                self._all = known.compile(" && ".join(rule.holds for rule in rules))
            except ExpressionError:  # more than one expression may have, together
                self._all = None

    def values(self, entry: list[Any]) -> dict[str, Any]:
        """The variables that the rules name, with the fields that they read."""
        names, fields = self._names, self._fields
        found = {name: value for name, value in _about(self.kind, entry).items() if name in names}
        given = entry[1]
        if fields is not None and isinstance(given, dict):
            given = {name: given[name] for name in fields if name in given}
        found["self"] = given
        if "before" in names:
            found["before"] = None
        if "change" in names:
            found["change"] = ""
        return found

    def all_hold(self, known: Language, activation: Any) -> bool:
        """Whether it is certain that no rule finds anything."""
        if self._all is None:
            return False
        since = time.perf_counter()
        try:
            held = known.value(self._all, activation) is True
        except Undecided:
            held = False
        self._asked += 1
        self._held += held
        self._left -= time.perf_counter() - since
        if self._left <= 0 or (self._asked > _FEW and self._held * 4 < self._asked):
            self._all = None  # too slow, or seldom true: rule by rule then, each with its own time
        return held


class _Job:
    def __init__(self, job: dict[str, Any], parent: Parent) -> None:
        self.parent = parent
        self.looks = LookUps(job, parent.ask)
        self.entries = self.looks.entries
        self.changes = job["changes"]
        self.told_of: str = job["told_of"]
        self.language = language(self.looks.functions())
        self.seconds: float = job["seconds"]
        self.rules = [_Rule(item, self.language, self.seconds) for item in job["rules"]]
        self.findings: list[list[str]] = []
        self.undecided: list[list[str]] = []
        self.costly: dict[str, str] = {}

    def answer(self) -> dict[str, Any]:
        """Judge everything."""
        by_kind: dict[str, list[_Rule]] = {}
        for rule in self.rules:
            if rule.given["right"]:
                self._guarded(rule, self._judge_pairs)
            elif rule.given["change"]:
                self._guarded(rule, self._judge_changes)
            else:
                for kind in rule.kinds:
                    by_kind.setdefault(kind, []).append(rule)
        for kind, rules in by_kind.items():
            self._judge_kind(kind, rules)
        kept = [finding for finding in self.findings if finding[0] not in self.costly]
        undecided = [pair for pair in self.undecided if pair[0] not in self.costly]
        looked = [[address, list(words)] for address, words in self.looks.looked.items()]
        return {"findings": kept, "undecided": undecided, "costly": self.costly, "looked": looked}

    def _guarded(self, rule: _Rule, judge: Any) -> None:
        try:
            judge(rule)
        except _TooCostly as fault:
            self.costly[rule.code] = str(fault)

    def _judge_kind(self, kind: str, rules: list[_Rule]) -> None:
        """Judge the entries of a kind by its rules; which of these an entry is asked about may differ."""
        everywhere = [rule for rule in rules if rule.only is None]
        groups: dict[tuple[str, ...], _Group] = {}
        for key, entry in self.entries.get(kind, {}).items():
            asked = everywhere
            if len(everywhere) < len(rules):
                address = f"{kind}/{key}"
                asked = [rule for rule in rules if rule.only is None or address in rule.only]
            if asked:
                codes = tuple(rule.code for rule in asked) if asked is not everywhere else ()
                if codes not in groups:
                    groups[codes] = _Group(kind, asked, self.language, self.seconds)
                self._judge_entry(entry, groups[codes])

    def _judge_entry(self, entry: list[Any], group: _Group) -> None:
        """Ask whether all rules of a group hold, and only where they do not, each of them."""
        self.looks.address = address = f"{group.kind}/{entry[0]}"
        activation = self.language.activation(group.values(entry))
        if group.all_hold(self.language, activation):
            return
        for rule in group.rules:
            if rule.code in self.costly:
                continue
            since = time.perf_counter()
            self._one(rule, activation, address)
            try:
                rule.spend(since)
            except _TooCostly as fault:
                self.costly[rule.code] = str(fault)

    def _one(self, rule: _Rule, activation: Any, address: str, other: str = "") -> None:
        """Judge one entry, change or pair."""
        try:
            if not (rule.always or self._is_true(rule.when, activation)) or self._is_true(
                rule.check, activation
            ):
                return
        except Undecided as fault:
            self.undecided.append([rule.code, address, str(fault)])
            rule.found += 1
            return
        rule.found += 1
        self.findings.append([rule.code, address, self._message(rule, activation), other])

    def _is_true(self, compiled: Any, activation: Any) -> bool:
        found = self.language.value(compiled, activation)
        if found is not True and found is not False:
            raise Undecided(f"it gives {_shown(found)}, and must give true or false")
        return found

    def _message(self, rule: _Rule, activation: Any) -> str:
        text = ""
        for at, part in enumerate(rule.message):
            if at % 2 == 0:
                text += part
                continue
            try:
                text += _shown(self.language.value(part, activation))
            except Undecided as fault:
                text += f"an error: {fault}" if self.told_of else "?"
        return text[:_MOST_TEXT]

    def _judge_changes(self, rule: _Rule) -> None:
        for change in self.changes:
            if change["kind"] not in rule.kinds:
                continue
            if (change["before"] is None and not rule.given["new"]) or (
                change["after"] is None and not rule.given["deleted"]
            ):
                continue
            since = time.perf_counter()
            self.looks.address = address = f"{change['kind']}/{change['key']}"
            entry = [change["key"], change["after"], change["file"], change["fragment"]]
            values = {**_about(change["kind"], entry), "self": change["after"]}
            activation = self.language.activation(
                {**values, "before": change["before"], "change": change["action"]}
            )
            self._one(rule, activation, address)
            rule.spend(since)

    def _judge_pairs(self, rule: _Rule) -> None:
        for tried, (left, right) in enumerate(self._pairs(rule), 1):
            since = time.perf_counter()
            if tried > MOST_PAIRS:
                raise _TooCostly(
                    f"there are more than {MOST_PAIRS:,} pairs; begin 'when' with an equality, such as "
                    "left.topic == right.topic, and only those pairs are looked at"
                )
            kind, other = rule.given["kinds"][0], rule.given["right"]
            self.looks.address = address = f"{kind}/{left[0]}"
            if self.told_of and (address not in (rule.only or ()) or f"{other}/{right[0]}" != self.told_of):
                continue
            values = {**_about(kind, left), "left": left[1], "right": right[1]}
            self._one(rule, self.language.activation(values), address, f"{other}/{right[0]}")
            rule.spend(since)

    def _pairs(self, rule: _Rule) -> Iterator[tuple[list[Any], list[Any]]]:
        """The pairs of a rule; of two of one kind each pair once, and nothing with itself."""
        kind, other = rule.given["kinds"][0], rule.given["right"]
        left = list(self.entries.get(kind, {}).values())
        right = list(self.entries.get(other, {}).values())
        join = rule.given["join"]
        groups: dict[str, list[list[Any]]] = {}
        if join is not None:
            for row in right:
                groups.setdefault(indexed(_at(row[1], join[1])), []).append(row)
        for row in left:
            partners = right if join is None else groups.get(indexed(_at(row[1], join[0])), ())
            for partner in partners:
                if kind != other or row[0] < partner[0]:
                    yield row, partner


def _about(kind: str, entry: list[Any]) -> dict[str, Any]:
    return {
        "key": entry[0],
        "kind": kind,
        "address": f"{kind}/{entry[0]}",
        "file": entry[2],
        "fragment": entry[3],
    }


def _at(value: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value[:_MOST_TEXT]
    return json.dumps(_plain(value), ensure_ascii=False)[:_MOST_TEXT]


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has not (times, bytes, types) as a text."""
    if isinstance(value, dict):
        named = {
            name if isinstance(name, str) else _shown(name): _plain(part) for name, part in value.items()
        }
        return dict(sorted(named.items()))
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
