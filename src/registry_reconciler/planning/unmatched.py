"""Lines of ``protect`` and ``override`` that are about no entry: what they were meant to hold is not held. Pure.

Nothing is said of what nobody can see: a fragment or a registry that cannot be read may have the entry.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from registry_reconciler.base.globs import Patterns, beginning, is_wild
from registry_reconciler.files.names import short
from registry_reconciler.loading.directives import AddressPattern
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import split_address
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.resolve import Desired

_MOST_HELD = 500_000
_MOST_HELD_OF_EACH = 100
"""So many addresses are held against globs one by one, and each of them so many times if there are few; of globs that
would take more, nothing is said."""
_MOST_HINTS = 20
"""Of so many lines it is said what may be meant: to look for that takes the longer the more entries there are."""


def unmatched(loaded: Loaded, desired: Desired) -> Iterator[Problem]:
    """FRG012 for each line whose address or glob nothing has that is declared, remembered or registered."""
    if not (desired.protects or desired.overrides) or loaded.fragments.unreadable or loaded.state.hidden:
        return
    known = _Addresses((desired.entries, loaded.state.entries, loaded.live.entries))
    hints = 0
    for name, patterns in (("protect", desired.protects), ("override", desired.overrides)):
        for pattern in patterns:
            if pattern.text in known or _may_be_hidden(loaded, pattern.text):
                continue
            if is_wild(pattern.text) and known.may_have(pattern.text):
                continue
            hints += 1
            yield _about_nothing(name, pattern, known if hints <= _MOST_HINTS else None)


class _Addresses:
    """All addresses that there are. They are put in order once, however many lines ask, and not for lines of one."""

    def __init__(self, groups: Sequence[Collection[str]]) -> None:
        self._groups = groups
        self._keys: dict[str, tuple[str, ...]] = {}
        self._beginnings: dict[str, set[str]] = {}
        self._held = 0

    def __contains__(self, address: str) -> bool:
        return any(address in group for group in self._groups)

    @cached_property
    def all(self) -> tuple[str, ...]:
        """All of them in order."""
        return tuple(sorted(set().union(*self._groups)))

    def behind(self, start: str) -> Iterator[str]:
        """Those that begin with a text."""
        for number in range(bisect_left(self.all, start), len(self.all)):
            address = self.all[number]
            if not address.startswith(start):
                return
            yield address

    def may_have(self, glob: str) -> bool:
        """Whether a glob means one of them, or it would take too long to know that."""
        patterns = Patterns((glob,))
        most = min(_MOST_HELD, _MOST_HELD_OF_EACH * len(self.all))
        for address in self.behind(beginning(glob)):
            self._held += 1
            if self._held > most or address in patterns:
                return True
        return False

    def keys(self, kind: str) -> tuple[str, ...]:
        """The keys of a kind: each time the same tuple, which is asked for what is near."""
        if kind not in self._keys:
            self._keys[kind] = tuple(split_address(address)[1] for address in self.behind(f"{kind}/"))
        return self._keys[kind]

    def beginnings(self, kind: str) -> set[str]:
        """What addresses of a kind begin with, up to where people divide names."""
        if kind not in self._beginnings:
            found = ((address, re.finditer(r"[^\w]|_", address)) for address in self.behind(f"{kind}/"))
            self._beginnings[kind] = {address[: end.end()] for address, ends in found for end in ends}
        return self._beginnings[kind]


def _may_be_hidden(loaded: Loaded, text: str) -> bool:
    hidden = loaded.live.hidden_kinds | loaded.catalog.broken
    kind = split_address(text)[0]
    return kind in hidden or (is_wild(kind) and bool(hidden or loaded.catalog.incomplete))


def _about_nothing(name: str, pattern: AddressPattern, known: _Addresses | None) -> Problem:
    """``known``: what may be meant; ``None``: nobody looks for that."""
    wild = is_wild(pattern.text)
    what = f"no entry fits {short(pattern.text)}" if wild else f"there is no entry {short(pattern.text)}"
    does = "protects nothing" if name == "protect" else "lets nothing take a name"
    return problem(
        "FRG012",
        f"{what}, so this line of {name!r} {does}.{_hint(pattern.text, known) if known is not None else ''}",
        pattern.place,
        fix="Correct the line, or remove it.",
        extra=f"{name}#{pattern.text}",
    )


def _hint(text: str, known: _Addresses) -> str:
    from registry_reconciler.base.suggest import closest, meant

    if is_wild(text):
        return meant(closest(text, tuple(sorted(_globs_like(text, known)))))
    kind, key = split_address(text)
    near = closest(key, known.keys(kind))
    return meant(f"{kind}/{near}" if near else closest(text, known.all))


def _globs_like(glob: str, known: _Addresses) -> set[str]:
    """The glob behind other beginnings: those of addresses that are as long, or end where people divide names."""
    start = beginning(glob)
    kind, rest = split_address(start)[0], glob[len(start) :]
    if kind + "/" in (start, start + "/"):
        return set()
    as_long = {address[: len(start)] for address in known.all if len(address) >= len(start)}
    return {found + rest for found in known.beginnings(kind) | as_long}
