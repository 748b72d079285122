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

from registry_reconciler.base.child import Parent, serve
from registry_reconciler.expressions.language import Language, Undecided, fitting, language

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
    """One rule, compiled, with the time that it took."""

    def __init__(self, given: dict[str, Any], known: Language, seconds: float) -> None:
        self.given = given
        self.code: str = given["code"]
        self.kinds = frozenset(given["kinds"])
        self.only = None if given["only"] is None else frozenset(given["only"])
        self.when = known.compile(given["when"])
        self.check = known.compile(given["check"])
        self.message = [
            part if at % 2 == 0 else known.compile(part) for at, part in enumerate(given["message"])
        ]
        self.left = seconds
        self.found = 0

    def spend(self, since: float) -> None:
        """Take time off what is left. Raises :class:`_TooCostly`."""
        self.left -= time.perf_counter() - since
        if self.left <= 0:
            raise _TooCostly("it took too long")
        if self.found > MOST_FINDINGS:
            raise _TooCostly(f"it has more than {MOST_FINDINGS:,} findings")


class _Job:
    def __init__(self, job: dict[str, Any], parent: Parent) -> None:
        self.parent = parent
        self.entries: dict[str, dict[str, list[Any]]] = {
            kind: {one[0]: one for one in some} for kind, some in job["entries"].items()
        }
        self.edges: dict[str, dict[str, list[str]]] = job["referrers"]
        self.changes = job["changes"]
        self.told_of: str = job["told_of"]
        self.address = ""
        self._asked: dict[str, Any] = {}
        self._indexes: dict[tuple[str, str], dict[str, list[Any]]] = {}
        self.language = language(
            {
                "ref": self._ref,
                "has_ref": lambda kind, key: str(key) in self.entries.get(kind, {}),
                "entries": self._entries,
                "referrers": self._referrers,
                "path_exists": lambda path: self._ask("exists", path),
                "glob": lambda pattern: self._ask("glob", pattern),
            }
        )
        self.rules = [_Rule(one, self.language, job["seconds"]) for one in job["rules"]]
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
            for entry in self.entries.get(kind, {}).values():
                self._judge_entry(kind, entry, rules)
        kept = [finding for finding in self.findings if finding[0] not in self.costly]
        undecided = [one for one in self.undecided if one[0] not in self.costly]
        return {"findings": kept, "undecided": undecided, "costly": self.costly}

    def _guarded(self, rule: _Rule, judge: Any) -> None:
        try:
            judge(rule)
        except _TooCostly as fault:
            self.costly[rule.code] = str(fault)

    def _judge_entry(self, kind: str, entry: list[Any], rules: Iterable[_Rule]) -> None:
        key = entry[0]
        self.address = f"{kind}/{key}"
        activation = None
        for rule in rules:
            if rule.code in self.costly or (rule.only is not None and self.address not in rule.only):
                continue
            since = time.perf_counter()
            if activation is None:
                activation = self.language.activation(
                    {**_about(kind, entry), "self": entry[1], "before": None, "change": ""}
                )
            self._one(rule, activation, self.address)
            try:
                rule.spend(since)
            except _TooCostly as fault:
                self.costly[rule.code] = str(fault)

    def _one(self, rule: _Rule, activation: Any, address: str, other: str = "") -> None:
        """Judge one entry, change or pair."""
        try:
            if not self._is_true(rule.when, activation) or self._is_true(rule.check, activation):
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
            self.address = f"{change['kind']}/{change['key']}"
            entry = [change["key"], change["after"], change["file"], change["fragment"]]
            values = {**_about(change["kind"], entry), "self": change["after"]}
            activation = self.language.activation(
                {**values, "before": change["before"], "change": change["action"]}
            )
            self._one(rule, activation, self.address)
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
            self.address = f"{kind}/{left[0]}"
            if self.told_of and (
                self.address not in (rule.only or ()) or f"{other}/{right[0]}" != self.told_of
            ):
                continue
            values = {**_about(kind, left), "left": left[1], "right": right[1]}
            self._one(rule, self.language.activation(values), self.address, f"{other}/{right[0]}")
            rule.spend(since)

    def _pairs(self, rule: _Rule) -> Iterator[tuple[list[Any], list[Any]]]:
        """The pairs of a rule; of two of one kind each pair once, and nothing with itself."""
        kind, other = rule.given["kinds"][0], rule.given["right"]
        left = list(self.entries.get(kind, {}).values())
        right = list(self.entries.get(other, {}).values())
        join = rule.given["join"]
        groups: dict[str, list[list[Any]]] = {}
        if join is not None:
            for one in right:
                groups.setdefault(_indexed(_at(one[1], join[1])), []).append(one)
        for one in left:
            partners = right if join is None else groups.get(_indexed(_at(one[1], join[0])), ())
            for partner in partners:
                if kind != other or one[0] < partner[0]:
                    yield one, partner

    def _ref(self, kind: str, key: Any) -> Any:
        found = self.entries.get(kind, {}).get(str(key))
        if found is None:
            raise Undecided(f"there is no {kind} {str(key)!r}; ask has_ref() first")
        return found[1]

    def _entries(self, kind: str, field: str | None = None, value: Any = None) -> list[Any]:
        some = self.entries.get(kind, {})
        if field is None:
            return [one[1] for one in some.values()]
        index = self._indexes.get((kind, field))
        if index is None:
            index = self._indexes[kind, field] = {}
            for one in some.values():
                for part in {_indexed(found): None for found in _all_at(one[1], field.split("."))}:
                    index.setdefault(part, []).append(one[1])
        return index.get(_indexed(value), [])

    def _referrers(self, kind: str) -> list[Any]:
        some = self.entries.get(kind, {})
        return [some[key][1] for key in self.edges.get(kind, {}).get(self.address, ()) if key in some]

    def _ask(self, what: str, text: str) -> Any:
        asked = f"{what}:{text}"
        if asked not in self._asked:
            self._asked[asked] = self.parent.ask([what, text])
        return self._asked[asked]


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


def _all_at(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    name = steps[0].removesuffix("[]")
    if not isinstance(value, dict) or name not in value:
        return
    found = value[name]
    if steps[0].endswith("[]"):
        for item in found if isinstance(found, list) else found.values() if isinstance(found, dict) else ():
            yield from _all_at(item, steps[1:])
    else:
        yield from _all_at(found, steps[1:])


def _indexed(value: Any) -> str:
    """Equal for what CEL takes for equal: numbers count by their value."""
    return json.dumps(_by_value(fitting(value)), sort_keys=True)


def _by_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _by_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_by_value(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
