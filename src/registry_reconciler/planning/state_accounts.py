"""What several accounts of one entry say after an apply: those that two sides began, and those of the old form. Pure.

Both stay where they are. A third branch may know only one of them, and a file that goes here and is changed there
conflicts in git.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.state import Applied, Record, applied_shadow, says
from registry_reconciler.loading.state.files import SUFFIX, conflict_line, first_path, parse_file, sides
from registry_reconciler.loading.state.old import is_old, parse_old
from registry_reconciler.loading.state.shadow import new_salt
from registry_reconciler.loading.state.taken import gone_files, taken_file
from registry_reconciler.model.entry import Json

if TYPE_CHECKING:
    from registry_reconciler.loading.workspace import Loaded
    from registry_reconciler.planning.resolve import Desired


def accounts_of(paths: Sequence[str]) -> list[list[str]]:
    """The files about a fragment, each with its parts; one account with no file where there is none."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(first_path(path), []).append(path)
    return list(found.values()) or [[]]


def as_account(
    loaded: Loaded,
    desired: Desired,
    records: Sequence[Record],
    account: Sequence[str],
    now: Mapping[str, str],
    decided: Collection[str],
) -> list[Record]:
    """The records of a fragment as one of several accounts has them: with salts of its own.

    Args:
        account: the paths of its files.
        now: by the address of what is renamed the one that it gets.
        decided: the addresses of which this write says what is remembered. Where accounts differ of another one,
            fragment and registry do too, and what one account forgets would change what the next plan calls an
            edit by hand.
    """
    own = {
        now.get(record.address, record.address): record.applied
        for path in account
        for side in loaded.state.files[path]
        for record in side.records
    }
    found = []
    for record in records:
        mine = own.get(record.address)
        if mine is None or not mine.salt or record.address in decided:
            mine = _as_in(loaded, desired, mine, record, f"{account[0]} {record.address}")
        found.append(record._replace(applied=mine))
    return found


def _as_in(loaded: Loaded, desired: Desired, own: Applied | None, record: Record, seed: str) -> Applied:
    """What an account says of an entry of which this is to be remembered."""
    kind = loaded.kinds.get(record.address.partition("/")[0])
    salt = own.salt if own is not None and own.salt else new_salt(seed)
    for value in _values(loaded, desired, record.address):
        if says(record.applied, kind, value):
            if own is not None and own.salt and says(own, kind, value):
                return own
            return applied_shadow(kind, value, salt)
    return own or record.applied


def _values(loaded: Loaded, desired: Desired, address: str) -> Iterator[dict[str, Json]]:
    sides = (desired.entries.get(address), loaded.live.entries.get(address))
    yield from (side.value for side in sides if side is not None)


def taken_files(
    loaded: Loaded, desired: Desired, done: Mapping[str, bytes | None]
) -> list[tuple[str, bytes]]:
    """What says which lines of the old form are taken over. The old files stay: see ``loading/state/taken``.

    Of one in conflict one side stays.

    Args:
        done: the files of the state that are written.
    """
    found = list(gone_files(loaded.state.taken))
    old = [path for path in loaded.state.files if is_old(path)]
    now = _now(loaded, done) if old else {}
    for path in old:
        with contextlib.suppress(UnreadablePath):
            data = loaded.tree.read(path) or b""
            if conflict_line(data) is not None:
                # What either side says is taken over already; the marks would stay, since nobody writes the file again.
                data = sides(data)[0]
                found.append((path, data))
            file = parse_old(path, data)
            alike = {record.address: _alike(loaded, desired, record, now) for record in file.records}
            found.append(taken_file(file, data, alike, loaded.state.taken.lists_of(path)))
    return found


def _alike(
    loaded: Loaded, desired: Desired, record: Record, now: Mapping[str, Sequence[Applied]]
) -> list[Applied]:
    """What the new form says of an entry where that is what the old one says."""
    kind = loaded.kinds.get(record.address.partition("/")[0])
    values = [
        value for value in _values(loaded, desired, record.address) if says(record.applied, kind, value)
    ]
    found = now.get(record.address, ())
    return [applied for applied in found if any(says(applied, kind, value) for value in values)]


def _now(loaded: Loaded, done: Mapping[str, bytes | None]) -> dict[str, list[Applied]]:
    """By address what the files say as they are to be."""
    found: dict[str, list[Applied]] = {}
    kept = (
        side
        for path, sides in loaded.state.files.items()
        if path not in done and not is_old(path)
        for side in sides
    )
    written = (parse_file(path, data) for path, data in done.items() if data and path.endswith(SUFFIX))
    for file in (*kept, *written):
        for record in file.records:
            found.setdefault(record.address, []).append(record.applied)
    return found
