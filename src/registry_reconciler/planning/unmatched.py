"""Lines of ``protect`` and ``override`` that are about no entry: what they were meant to hold is not held. Pure.

Nothing is said of what nobody can see: a fragment or a registry that cannot be read may have the entry.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Iterator

from registry_reconciler.base.globs import Patterns, beginning, is_wild
from registry_reconciler.files.names import short
from registry_reconciler.loading.directives import AddressPattern
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.entry import split_address
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.planning.resolve import Desired

_MOST_GLOBS = 100
"""So many globs are held against all addresses; of more, nothing is said."""


def unmatched(loaded: Loaded, desired: Desired) -> Iterator[Problem]:
    """FRG012 for each line whose address or glob nothing has that is declared, remembered or registered."""
    if not (desired.protects or desired.overrides) or loaded.fragments.unreadable or loaded.state.hidden:
        return
    # In one view, which copies nothing: there may be very many, and most lines name one of them.
    groups = (desired.entries, loaded.state.entries, loaded.live.entries)
    known: ChainMap[str, object] = ChainMap(*groups)  # type: ignore[arg-type]
    globs = 0
    for name, patterns in (("protect", desired.protects), ("override", desired.overrides)):
        for pattern in patterns:
            if pattern.text in known or _may_be_hidden(loaded, pattern.text):
                continue
            if is_wild(pattern.text):
                globs += 1
                if globs > _MOST_GLOBS or _means_some(pattern.text, known):
                    continue
            yield _about_nothing(name, pattern, known)


def _may_be_hidden(loaded: Loaded, text: str) -> bool:
    hidden = loaded.live.hidden_kinds | loaded.catalog.broken
    kind = split_address(text)[0]
    return kind in hidden or (is_wild(kind) and bool(hidden or loaded.catalog.incomplete))


def _means_some(glob: str, known: Collection[str]) -> bool:
    start, patterns = beginning(glob), Patterns((glob,))
    return any(address.startswith(start) and address in patterns for address in known)


def _about_nothing(name: str, pattern: AddressPattern, known: Collection[str]) -> Problem:
    from registry_reconciler.base.suggest import closest, meant

    wild = is_wild(pattern.text)
    what = f"no entry fits {short(pattern.text)}" if wild else f"there is no entry {short(pattern.text)}"
    does = "protects nothing" if name == "protect" else "lets nothing take a name"
    kind, key = split_address(pattern.text)
    keys = tuple(sorted(split_address(address)[1] for address in known if address.startswith(f"{kind}/")))
    near = None if wild else closest(key, keys)
    options = _globs_like(pattern.text, known) if wild else known
    hint = meant(f"{kind}/{near}" if near else closest(pattern.text, tuple(sorted(options))))
    return problem(
        "FRG012",
        f"{what}, so this line of {name!r} {does}.{hint}",
        pattern.place,
        fix="Correct the line, or remove it.",
        extra=f"{name}#{pattern.text}",
    )


def _globs_like(glob: str, known: Collection[str]) -> set[str]:
    """The glob behind other beginnings: those of addresses that are as long, or end where people divide names."""
    start = beginning(glob)
    kind, rest = split_address(start)[0], glob[len(start) :]
    if kind + "/" in (start, start + "/"):
        return set()
    ends = ((address, match.end()) for address in known for match in re.finditer(r"[^\w]|_", address))
    found = {address[:end] + rest for address, end in ends if address.startswith(f"{kind}/")}
    return found | {address[: len(start)] + rest for address in known if len(address) >= len(start)}
