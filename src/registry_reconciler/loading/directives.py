"""What fragments say beside entries: moved, removed, protect, override, allow; and what is read of them so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from registry_reconciler.base.first_few import first_few
from registry_reconciler.layouts.walk import Nesting
from registry_reconciler.model.entry import DesiredEntry, FieldPath, Json, Place, split_address
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem

DIRECTIVES = ("moved", "removed", "protect", "override", "allow")


class Move(Struct, frozen=True):
    """``moved``: the entry ``source`` is called ``target`` now."""

    source: str
    target: str
    place: Place


class Removal(Struct, frozen=True):
    """``removed``: stop managing; ``keep`` leaves the live entry, ``text_goes`` deletes text below it too."""

    address: str
    keep: bool
    place: Place
    text_goes: bool = False


class AddressPattern(Struct, frozen=True):
    """An address or glob of ``protect`` or ``override``."""

    text: str
    place: Place


class Allowance(Struct, frozen=True):
    """``allow``: a problem that is known and accepted here."""

    address: str
    code: str
    reason: str
    place: Place


_KINDS_SHOWN = 20
"""So many kinds are named in one message."""


class FragmentWords:
    """What may be said in fragments: the same tuples each time, so that what is looked up in them is indexed once."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self.kinds = tuple(kinds)
        self.keys = (*self.kinds, *DIRECTIVES)
        self.kinds_here = f"Kinds here: {first_few(self.kinds, _KINDS_SHOWN) or 'none'}."


class FragmentReading(Struct):
    """What was read of all fragments so far."""

    kinds: Mapping[str, Kind]
    nesting: Nesting
    words: FragmentWords
    broken_kinds: frozenset[str]
    all_kinds: bool = True
    entries: list[DesiredEntry] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    protects: list[AddressPattern] = field(default_factory=list)
    overrides: list[AddressPattern] = field(default_factory=list)
    allowances: list[Allowance] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    misread: set[str] = field(default_factory=set)
    nested: dict[str, tuple[tuple[Step, ...], ...]] = field(default_factory=dict)
    counts: bool = False
    """Whether an entry of the fragment that is read may hold more values than it may have."""
    aliases: bool = True
    """Whether that fragment may have aliases."""

    def fault(self, message: str, place: Place, fix: str, *, code: str = "FRG001") -> None:
        """Note what is wrong with a fragment."""
        self.problems.append(problem(code, message, place, fix=fix))


def read_directive(reading: FragmentReading, name: str, place: Place, content: Json) -> None:
    """Read the items of one directive."""
    if content is None:
        return
    if not isinstance(content, list):
        reading.fault(
            f"{name!r} must be a list.", place, "Begin each of its items with '- ' on a line of its own."
        )
        return
    for index, item in enumerate(content):
        _PARSERS[name](reading, place.at((index,)), item)


def _is_of_fragments(reading: FragmentReading, place: Place, address: str, does: str, instead: str) -> bool:
    """Whether a directive about an address can do anything: of a kind whose truth is live it cannot."""
    kind = reading.kinds.get(split_address(address)[0])
    if kind is None or kind.truth != "live":
        return True
    reading.fault(
        f"{address}: the truth of {kind.name} is live: {kind.file.text} owns its entries, and no fragment "
        f"{does} one.",
        place,
        f"Take this out of the fragment. {instead}",
        code="FRG009",
    )
    return False


def _moved(reading: FragmentReading, place: Place, item: Json) -> None:
    for values in _fields(reading, place, item, "moved", ("from", "to")):
        instead = f"To rename the entry: registry rename {values['from']} {split_address(values['to'])[1]}"
        if not _is_of_fragments(reading, place, values["from"], "moves", instead):
            continue
        reading.moves.append(Move(values["from"], values["to"], place))


def _removed(reading: FragmentReading, place: Place, item: Json) -> None:
    if isinstance(item, str):
        item = {"address": item}
    keep = item.get("keep", False) if isinstance(item, dict) else False
    if not isinstance(keep, bool):
        reading.fault("'keep' must be true or false.", place.at(("keep",)), "Write 'keep: true'.")
        return
    text_goes = item.get("body") if isinstance(item, dict) else None
    if text_goes not in (None, "delete") or (text_goes and keep):
        reading.fault(
            "'body' may only be 'delete', and not together with 'keep: true'.",
            place.at(("body",)),
            "Write 'body: delete'.",
        )
        return
    for values in _fields(reading, place, item, "removed", ("address",), ("keep", "body")):
        if _is_of_fragments(
            reading,
            place,
            values["address"],
            "removes",
            f"To remove the entry: registry rm {values['address']}",
        ):
            reading.removals.append(Removal(values["address"], keep, place, bool(text_goes)))


def _protect(reading: FragmentReading, place: Place, item: Json) -> None:
    for text in _pattern(reading, place, item, "protect"):
        reading.protects.append(AddressPattern(text, place))


def _override(reading: FragmentReading, place: Place, item: Json) -> None:
    for text in _pattern(reading, place, item, "override"):
        reading.overrides.append(AddressPattern(text, place))


def _allow(reading: FragmentReading, place: Place, item: Json) -> None:
    for values in _fields(reading, place, item, "allow", ("address", "code", "reason")):
        reading.allowances.append(Allowance(values["address"], values["code"], values["reason"], place))


_PARSERS = {"moved": _moved, "removed": _removed, "protect": _protect, "override": _override, "allow": _allow}


def _pattern(reading: FragmentReading, place: Place, item: Json, name: str) -> Iterator[str]:
    if not isinstance(item, str) or not item:
        reading.fault(f"an item of {name!r} must be an address or glob.", place, "Write KIND/KEY.")
        return
    if _known_kind(reading, item, place):
        yield item


def _fields(
    reading: FragmentReading,
    place: Place,
    item: Json,
    name: str,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
) -> Iterator[dict[str, str]]:
    shape = "{" + ", ".join(f"{field}: …" for field in required) + "}"
    if not isinstance(item, dict):
        reading.fault(f"an item of {name!r} must be a mapping.", place, f"Write {shape}.")
        return
    good = True
    for extra in item:
        if extra not in required and extra not in optional:
            from registry_reconciler.base.suggest import did_you_mean

            hint = did_you_mean(extra, (*required, *optional))
            reading.fault(
                f"{name!r} has no field {extra!r}.{hint}", place.at((extra,), on_key=True), f"Write {shape}."
            )
            good = False
    for wanted in required:
        value = item.get(wanted)
        if not isinstance(value, str) or not value.strip():
            reading.fault(
                f"an item of {name!r} needs {wanted!r} as text.",
                _part(place, item, wanted),
                f"Write {shape}.",
            )
            good = False
        elif wanted in ("address", "from", "to"):
            good = _known_kind(reading, value, place.at((wanted,))) and good
    if good:
        yield item


def _part(place: Place, item: Mapping[str, Json], name: str) -> Place:
    path: FieldPath = (name,) if name in item else ()
    return place.at(path)


def _known_kind(reading: FragmentReading, address: str, place: Place) -> bool:
    from registry_reconciler.base.globs import is_wild
    from registry_reconciler.base.suggest import did_you_mean

    kind, key = split_address(address)
    if not key and not is_wild(address):
        reading.fault(f"{address!r} is no address.", place, "Write KIND/KEY.")
        return False
    if kind in reading.kinds or is_wild(kind) or kind in reading.broken_kinds or not reading.all_kinds:
        return True
    reading.fault(
        f"{address!r}: there is no kind {kind!r}.{did_you_mean(kind, reading.words.kinds)}",
        place,
        reading.words.kinds_here,
    )
    return False
