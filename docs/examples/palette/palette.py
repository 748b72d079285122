"""The palette: what there is, which of it a few letters mean, what a key runs, and running it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from docs.examples.palette import commands
from registry_reconciler.runtime import (
    Definition,
    Domain,
    InvocationResult,
    Invoker,
    Key,
    RegistryDbBuilder,
    RuntimeDb,
    Vocabulary,
)
from registry_reconciler.runtime.bindings import Bound, Keymap, Sequences, keymap

COMMANDS = Domain[Definition[..., Any]]("commands")


@dataclass(frozen=True)
class Row:
    """One line of the palette."""

    id: str
    name: str
    description: str
    keys: tuple[str, ...]


class Palette:
    """Commands, layered: those of the program, of plugins, of the user."""

    def __init__(self, caps: Iterable[str] = ()) -> None:
        builder = RegistryDbBuilder(domains=[COMMANDS])
        builder.add_package(commands)
        self.db: RuntimeDb = builder.build().runtime()
        self.db.add_domain("own_keys")
        self._caps = frozenset(caps)
        self.audit: list[tuple[str, str]] = []
        self._invoker = Invoker(
            self.db,
            vocabulary=Vocabulary({"files.write": {"mutates": True}}),
            audit=lambda line: self.audit.append((line.id, line.verdict)),
        )

    @property
    def keys(self) -> Keymap:
        """The keys as they are now; worked out once for each state of the registry."""
        return keymap(self.db.snapshot())

    def rows(self, letters: str = "") -> list[Row]:
        """The commands whose name, alias or id has these letters in their order, the closest first."""
        keys, found = self.keys, []
        for command in self.db[COMMANDS]:
            meta = command.meta
            distance = min(_distance(letters, word) for word in (meta.name, meta.id, *meta.aliases))
            if distance < _FAR:
                bound = tuple(sequence for _, sequence in keys.keys_of(COMMANDS, meta.id))
                found.append((distance, Row(meta.id, meta.name, meta.description, bound)))
        return [row for _, row in sorted(found, key=lambda pair: (pair[0], pair[1].name))]

    def run(self, line: str) -> InvocationResult[Any]:
        """Run a line: a command by id, name or alias, and its arguments."""
        return self._invoker.dispatch(line, caps=self._caps, domain=COMMANDS)

    def press(self, keys: str, mode: str = "normal") -> InvocationResult[Any] | None:
        """Run what a key sequence leads to; ``None`` while a longer one may come, and where nothing is bound."""
        bound = self.keys.get(mode, keys)
        return None if bound is None else self._invoker.invoke(Key(bound.domain, bound.id), caps=self._caps)

    def bind(self, key: Key[Any], bindings: Sequences) -> None:
        """The user's own keys: they win over those of the program, and go with the layer ``own``."""
        self.db["own_keys"].register(Bound.to(key, bindings, priority=10), layer="own")


_FAR = 1_000


def _distance(letters: str, word: str) -> int:
    """How far the letters are apart in a word; ``_FAR`` where they are not in it."""
    at, start = 0, None
    for letter in letters.casefold().replace(" ", ""):
        at = word.casefold().find(letter, at) + 1
        if not at:
            return _FAR
        start = at if start is None else start
    return at - (start or at)
