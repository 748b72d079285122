"""The entries that expressions look up: by key, by a value, by who refers; and a record of what was looked up.

In a plan of a part only some entries are told. Of the others the parent is asked, one at a time, when an expression
wants them. For that a plan of the whole records what each entry's rules looked up, in words: :func:`value_word` and
:func:`referrer_word`, and the address where an entry is looked up by its key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from registry_reconciler.expressions.language import Undecided, fitting
from registry_reconciler.expressions.syntax import Fields, united

Frame = list[Any]
"""An entry as the child is told of it: key, value, registry file, fragment."""


class LookUps:
    """What the functions of expressions give.

    Attributes:
        address: of the entry that is judged now.
        looked: the words that were looked up for each address, if that is recorded.
    """

    def __init__(self, job: Mapping[str, Any], ask: Callable[[list[Any]], Any]) -> None:
        self.entries: dict[str, dict[str, Frame]] = {
            kind: {item[0]: item for item in some} for kind, some in job["entries"].items()
        }
        self._edges: dict[str, dict[str, list[str]]] = job["referrers"]
        self._elsewhere: bool = job["elsewhere"]
        self._record: bool = job["record"]
        self._parent_is_asked = ask
        self.address = ""
        self.looked: dict[str, dict[str, None]] = {}
        self._answers: dict[str, Any] = {}
        self._indexes: dict[tuple[str, str], dict[str, list[Frame]]] = {}
        self._fields: dict[str, Fields] = {}
        for item in job["rules"]:
            for kind, fields in item["looked_up"].items():
                asked = None if fields is None else frozenset(fields)
                self._fields[kind] = united(self._fields.get(kind, frozenset()), asked)
        self._seen: dict[str, dict[str, Any]] = {}

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Each function of ours by name."""
        return {
            "ref": self._ref,
            "has_ref": lambda kind, key: self._find(kind, str(key)) is not None,
            "entries": self._entries,
            "referrers": self._referrers,
            "path_exists": lambda path: self._ask("exists", path),
            "glob": lambda pattern: self._ask("glob", pattern),
        }

    def _ref(self, kind: str, key: Any) -> Any:
        found = self._find(kind, str(key))
        if found is None:
            raise Undecided(f"there is no {kind} {str(key)!r}; ask has_ref() first")
        return self._shown(kind, found)

    def _find(self, kind: str, key: str) -> Frame | None:
        if self._record:
            self._note(f"{kind}/{key}")
        found = self.entries.get(kind, {}).get(key)
        if found is None and self._elsewhere:
            found = self._ask("entry", kind, key)
        return found

    def _entries(self, kind: str, field: str | None = None, value: Any = None) -> list[Any]:
        if field is None:
            return [self._shown(kind, entry) for entry in self.entries.get(kind, {}).values()]
        wanted = indexed(value)
        if self._record:
            self._note(value_word(kind, field, wanted))
        found = self._index(kind, field).get(wanted, [])
        if self._elsewhere:
            found = _by_key([*found, *self._ask("having", kind, field, wanted)])
        return [self._shown(kind, entry) for entry in found]

    def _index(self, kind: str, field: str) -> Mapping[str, list[Frame]]:
        index = self._indexes.get((kind, field))
        if index is None:
            index = self._indexes[kind, field] = {}
            for entry in self.entries.get(kind, {}).values():
                for part in indexed_in(entry[1], field):
                    index.setdefault(part, []).append(entry)
        return index

    def _referrers(self, kind: str) -> list[Any]:
        if self._record:
            self._note(referrer_word(kind, self.address))
        some = self.entries.get(kind, {})
        found = [some[key] for key in self._edges.get(kind, {}).get(self.address, ()) if key in some]
        if self._elsewhere:
            found = _by_key([*found, *self._ask("referrers", kind, self.address)])
        return [self._shown(kind, entry) for entry in found]

    def _shown(self, kind: str, entry: Frame) -> Any:
        """An entry as it is given to an expression: only with the fields that some rule asks for."""
        fields = self._fields.get(kind)
        if fields is None:
            return entry[1]
        seen = self._seen.setdefault(kind, {})
        if entry[0] not in seen:
            seen[entry[0]] = {name: entry[1][name] for name in fields if name in entry[1]}
        return seen[entry[0]]

    def _note(self, word: str) -> None:
        self.looked.setdefault(self.address, {})[word] = None

    def _ask(self, *question: str) -> Any:
        asked = json.dumps(question)
        if asked not in self._answers:
            self._answers[asked] = self._parent_is_asked(list(question))
        return self._answers[asked]


def _by_key(entries: Iterable[Frame]) -> list[Frame]:
    return sorted(entries, key=lambda entry: str(entry[0]))


def value_word(kind: str, field: str, wanted: str) -> str:
    """The word for the entries that have a value in a field; no address looks like it."""
    return _word("value", kind, field, wanted)


def referrer_word(kind: str, address: str) -> str:
    """The word for the entries of a kind that refer to an address."""
    return _word("referrer", kind, address)


def _word(*parts: str) -> str:
    written = json.dumps(parts).encode("ascii")
    return f"={blake2b(written, digest_size=9).hexdigest()}"


def indexed_in(value: Any, field: str) -> Iterable[str]:
    """By what an entry is found in the index of a field, each once."""
    return {indexed(found): None for found in _all_at(value, field.split("."))}


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


def indexed(value: Any) -> str:
    """Equal for what CEL takes for equal: numbers count by their value."""
    if type(value) is str:
        return f'"{value}'  # as JSON begins it; it need not end like that to differ from all others
    return json.dumps(_by_value(fitting(value)), sort_keys=True)


def _by_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _by_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_by_value(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
