"""Lines of directives that are about no entry: what they were meant for does not happen. Pure.

Nothing is said of what nobody can see: a fragment or a registry that cannot be read may have the entry.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from functools import cached_property

from registry_reconciler.base.globs import Patterns, beginning, is_wild
from registry_reconciler.files.names import short
from registry_reconciler.formats.unread import UnreadNeeded
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import Place, split_address
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.resolve import Desired

_MOST_HELD = 500_000
_MOST_HELD_OF_EACH = 100
"""So many addresses are held against globs one by one, and each of them so many times if there are few; of globs that
would take more, nothing is said."""
_MOST_HINTS = 20
"""Of so many lines it is said what may be meant: to look for that takes the longer the more entries there are."""
_DIGITS = re.compile(r"\d+")


def unmatched(loaded: Loaded, desired: Desired, known: Addresses) -> Iterator[Problem]:
    """FRG012 for each line whose address or glob nothing has that is declared, remembered or registered.

    A line of ``removed`` most often has no entry any more; it is said where one has nearly that address, and nothing
    tells that the line was carried out.
    """
    for name, patterns in (("protect", desired.protects), ("override", desired.overrides)):
        does = "protects nothing" if name == "protect" else "lets nothing take a name"
        for pattern in patterns:
            nothing = known.without(pattern.text)
            if nothing:
                message = f"{nothing}, so this line of {name!r} {does}.{known.hint(pattern.text)}"
                yield _about_nothing(name, message, pattern.text, pattern.place)
    for removal in loaded.fragments.removals:
        address = removal.address
        if loaded.state.was_deleted(address) or loaded.state.was_left(address) or loaded.state.taken.names:
            continue  # an older program left no file that says what it carried out
        nothing = known.without(address)
        hint = known.slip(address) if nothing else ""
        if hint:
            message = f"{nothing}, so this line of 'removed' removes nothing.{hint}"
            yield _about_nothing("removed", message, address, removal.place)


def _about_nothing(name: str, message: str, text: str, place: Place) -> Problem:
    return problem("FRG012", message, place, fix="Correct the line, or remove it.", extra=f"{name}#{text}")


class Addresses:
    """All addresses that there are. They are put in order once, however many lines ask, and not for lines of one.

    Args:
        whole: all of them were loaded.
    """

    def __init__(self, loaded: Loaded, desired: Desired, *, whole: bool) -> None:
        self._loaded = loaded
        self._groups: tuple[Collection[str], ...] = (
            desired.entries,
            loaded.state.entries,
            loaded.live.entries,
        )
        self._whole = whole
        self._keys: dict[str, tuple[str, ...]] = {}
        self._beginnings: dict[str, set[str]] = {}
        self._held = 0
        self._hints = 0

    def without(self, text: str) -> str:
        """That no entry has an address or fits a glob, in words; "" where one does, or may.

        Raises:
            UnreadNeeded: only all addresses tell.
        """
        if any(text in group for group in self._groups) or self._may_be_hidden(text):
            return ""
        if not is_wild(text):
            self._need_all()
            return f"there is no entry {short(text)}"
        return "" if self._may_have(text) else f"no entry fits {short(text)}"

    def hint(self, text: str) -> str:
        """What may be meant, as a sentence; "" where nothing is near."""
        from registry_reconciler.base.suggest import closest, meant

        self._hints += 1
        if self._hints > _MOST_HINTS:
            return ""
        if is_wild(text):
            return meant(closest(text, tuple(sorted(self._globs_like(text)))))
        kind, key = split_address(text)
        near = closest(key, self._keys_of(kind))
        return meant(f"{kind}/{near}" if near else closest(text, self._all))

    def slip(self, address: str) -> str:
        """The same of an address that may have been one: a name with another number is no slip of it."""
        from registry_reconciler.base.suggest import closest, meant

        kind, key = split_address(address)
        near = closest(key, self._keys_of(kind)) if self._hints < _MOST_HINTS else None
        if near is None or _DIGITS.sub("0", near) == _DIGITS.sub("0", key):
            return ""
        self._hints += 1
        return meant(f"{kind}/{near}")

    def _may_be_hidden(self, text: str) -> bool:
        loaded = self._loaded
        if loaded.fragments.unreadable or loaded.state.hidden:
            return True
        hidden = loaded.live.hidden_kinds | loaded.catalog.broken
        kind = split_address(text)[0]
        return kind in hidden or (is_wild(kind) and bool(hidden or loaded.catalog.incomplete))

    def _need_all(self) -> None:
        if not self._whole:
            raise UnreadNeeded("which name is meant is told by all names")

    @cached_property
    def _all(self) -> tuple[str, ...]:
        self._need_all()
        return tuple(sorted(set().union(*self._groups)))

    def _behind(self, start: str) -> Iterator[str]:
        """Those that begin with a text."""
        for number in range(bisect_left(self._all, start), len(self._all)):
            address = self._all[number]
            if not address.startswith(start):
                return
            yield address

    def _may_have(self, glob: str) -> bool:
        """Whether a glob means one of them, or it would take too long to know that."""
        patterns = Patterns((glob,))
        most = min(_MOST_HELD, _MOST_HELD_OF_EACH * len(self._all))
        for address in self._behind(beginning(glob)):
            self._held += 1
            if self._held > most or address in patterns:
                return True
        return False

    def _keys_of(self, kind: str) -> tuple[str, ...]:
        """The keys of a kind: each time the same tuple, which is asked for what is near."""
        if kind not in self._keys:
            self._keys[kind] = tuple(split_address(address)[1] for address in self._behind(f"{kind}/"))
        return self._keys[kind]

    def _beginnings_of(self, kind: str) -> set[str]:
        """What addresses of a kind begin with, up to where people divide names."""
        if kind not in self._beginnings:
            found = ((address, re.finditer(r"[^\w]|_", address)) for address in self._behind(f"{kind}/"))
            self._beginnings[kind] = {address[: end.end()] for address, ends in found for end in ends}
        return self._beginnings[kind]

    def _globs_like(self, glob: str) -> set[str]:
        """The glob behind other beginnings: those of addresses that are as long, or end where people divide names."""
        start = beginning(glob)
        kind, rest = split_address(start)[0], glob[len(start) :]
        if kind + "/" in (start, start + "/"):
            return set()
        as_long = {address[: len(start)] for address in self._all if len(address) >= len(start)}
        return {found + rest for found in self._beginnings_of(kind) | as_long}
