"""What goes along with an edit: the other side of a mirror that held before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from registry_reconciler.errors import Blocked, UsageFailure
from registry_reconciler.model.entry import MISSING, Json, Missing, make_address, same, split_address
from registry_reconciler.model.fields import Selector, with_value, without
from registry_reconciler.model.references import reference_key

if TYPE_CHECKING:
    from registry_reconciler.editing.verbs.session import EditSession
    from registry_reconciler.model.field_roles import Mirror


class _OtherSide(NamedTuple):
    """The other side of a mirror: its entry, its field, and the field here."""

    address: str
    there: Selector
    here: Selector


def carry_over(session: EditSession) -> None:
    """Let entries say what an edited one says now, where a mirror holds the two equal and did so before.

    Without it, neither side could be edited: each edit alone breaks the mirror. An entry that is edited itself, or
    that nobody may edit here, is left as it is.
    """
    waiting = [address for address, value in session.values.items() if value is not None]
    edited = set(session.values)
    sources = _Sources(session)
    while waiting:
        address = waiting.pop()
        new, old = session.values[address], session.before(address)
        if new is None:
            continue
        for side in _other_sides(session, sources, address, old):
            part, was = _part(side.here, new), _part(side.here, old)
            other = _editable(session, side) if side.address not in edited else None
            if other is None or _alike(part, was) or not _alike(_part(side.there, other), was):
                continue
            path = side.there.path
            session.put(
                side.address,
                without(other, path) if isinstance(part, Missing) else with_value(other, path, part),
            )
            session.notes.append(f"{side.there.text} of {side.address} goes along: it mirrors {address}.")
            waiting.append(side.address)
        edited.add(address)


def _part(selector: Selector, value: Json) -> Json | Missing:
    return selector.get(value, MISSING)


def _alike(left: Json | Missing, right: Json | Missing) -> bool:
    if isinstance(left, Missing) or isinstance(right, Missing):
        return left is right
    return same(left, right)


def _editable(session: EditSession, side: _OtherSide) -> dict[str, Json] | None:
    """What the other side says, where a person may edit it."""
    kind = session.loaded.kinds[split_address(side.address)[0]]
    if kind.truth != "live" and any(field.path == side.there.path for field in kind.live_fields):
        return None
    try:
        return session.value(side.address)
    except (UsageFailure, Blocked):
        return None


class _Sources:
    """Whose partner an entry is: all that mirror a kind are looked through once, when the first of it is asked for."""

    def __init__(self, session: EditSession) -> None:
        self._session = session
        self._sides: dict[str, dict[str, list[_OtherSide]]] = {}

    def of(self, kind: str, key: str) -> Sequence[_OtherSide]:
        """The sides that mirror an entry."""
        if kind not in self._sides:
            self._sides[kind] = self._all(kind)
        return self._sides[kind].get(key, ())

    def _all(self, kind: str) -> dict[str, list[_OtherSide]]:
        found: dict[str, list[_OtherSide]] = {}
        mirrors = {
            source.name: mine
            for source in self._session.loaded.kinds.values()
            if (mine := [mirror for mirror in source.mirrors if mirror.kind == kind])
        }
        for address in self._session.known() if mirrors else ():
            name, key = split_address(address)
            for mirror in mirrors.get(name, ()):
                partner = _partner(mirror, key, self._session.says(address))
                if partner is not None:
                    found.setdefault(partner, []).append(_OtherSide(address, mirror.field, mirror.at))
        return found


def _other_sides(session: EditSession, sources: _Sources, address: str, value: Json) -> Iterator[_OtherSide]:
    """The partners of an entry, and the entries whose partner it is."""
    kinds = session.loaded.kinds
    name, key = split_address(address)
    for mirror in kinds[name].mirrors:
        partner = _partner(mirror, key, value)
        if partner is not None and mirror.kind in kinds:
            yield _OtherSide(make_address(mirror.kind, partner), mirror.at, mirror.field)
    yield from sources.of(name, key)


def _partner(mirror: Mirror, key: str, value: Json) -> str | None:
    return key if mirror.key is None else reference_key(mirror.key.get(value))
