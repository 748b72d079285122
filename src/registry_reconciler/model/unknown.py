"""Names that nothing has: the failure says what was probably meant, and what to type next."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry_reconciler.base.globs import is_wild
from registry_reconciler.base.suggest import did_you_mean
from registry_reconciler.errors import UsageFailure


def unknown_address(address: str, known: Iterable[str]) -> UsageFailure:
    """The failure for an address that nothing has.

    Args:
        known: every address that there is.
    """
    known = tuple(sorted(known))
    kinds = {name.partition("/")[0] for name in known}
    if address.rstrip("/") in kinds:
        kind = address.rstrip("/")
        return UsageFailure(
            f"{address!r} is a kind, and no entry: an address is KIND/KEY.",
            next=(("registry", "list", kind),),
        )
    if is_wild(address):
        return UsageFailure(
            f"{address!r} is a pattern, and this takes addresses. Which entries it means: registry list {address!r}",
            next=(("registry", "list", address),),
        )
    same_key = [name for name in known if "/" not in address and name.partition("/")[2] == address]
    if same_key:
        others = f" It may also be {' or '.join(map(repr, same_key[1:4]))}." if same_key[1:] else ""
        return UsageFailure(
            f"there is no entry {address!r}: an address is KIND/KEY. Did you mean {same_key[0]!r}?{others}",
            next=(("registry", "list"),),
        )
    return UsageFailure(
        f"there is no entry {address!r}.{did_you_mean(address, known)}", next=(("registry", "list"),)
    )


def unknown_kind(address: str, kinds: Iterable[str]) -> UsageFailure:
    """The failure for an address or a pattern of a kind that there is not.

    Args:
        kinds: every kind that there is.
    """
    kind = address.partition("/")[0]
    return UsageFailure(
        f"{address}: there is no kind {kind!r}.{did_you_mean(kind, tuple(kinds))}",
        next=(("registry", "list", "--kinds"),),
    )


def unknown_code(code: str, known: Iterable[str]) -> UsageFailure:
    """The failure for a code that no rule has.

    Args:
        known: every code that there is.
    """
    code, known = code.upper(), tuple(known)
    parts = [part for part in code.replace(",", " ").split() if part in known]
    if len(parts) > 1:
        return UsageFailure(f"{code!r} is more than one code: part codes with blanks, as {' '.join(parts)}.")
    letters = code.rstrip("0123456789")
    family = sorted(name for name in known if name.rstrip("0123456789") == letters)
    near = did_you_mean(code, known)
    # One that lacks a digit was a slip; one that is written as a code may be any of its family.
    slipped = near and re.fullmatch(r"[A-Z]+[0-9]{3}", code) is None
    hint = f" There are {', '.join(family)}." if family and not slipped else near
    what = "" if hint else " A code is letters and a number, such as REF001; the problems here show theirs."
    return UsageFailure(f"there is no code {code!r}.{hint}{what}", next=(("registry", "check"),))
