"""The state: which fragment owns which entry, and what was last applied of it.

Laws, and why the form holds them under git: docs/decisions/0007-state.md. Values never stand here, so secrets cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.base.first_few import first_few
from registry_reconciler.files.tree import Tree, find
from registry_reconciler.files.unreadable import SHOW_ALL, Hidden, UnreadablePath
from registry_reconciler.loading.state.files import (
    GONE_FOLDER,
    LEFT,
    SUFFIX,
    Applied,
    Record,
    StateFile,
    conflict_line,
    first_path,
    gone_path,
    left_path,
    parse_file,
    sides,
)
from registry_reconciler.loading.state.old import STOP_PATH, is_old, parse_old
from registry_reconciler.loading.state.places import KindPlace, load_former_places, load_places, place_texts
from registry_reconciler.loading.state.shadow import blocks, is_shadow_of, shadow, whole_digest
from registry_reconciler.loading.state.taken import (
    NOTHING_TAKEN,
    TAKEN_FOLDER,
    Taken,
    digest,
    load_lists,
    load_names,
)
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.entry import Json, Location, Place, digest_value
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.redact import mask
from registry_reconciler.model.structural import problem


class StateEntry(Struct, frozen=True):
    """What is remembered of one managed entry.

    Attributes:
        fragment: path of the fragment that owns it.
        applied: what may have been applied; several only where two sides wrote it for the first time each.
        doubtful: one of several files about its fragment does not know it: some side may have let it go.
        former: the addresses that it had before, the last one first.
    """

    address: str
    fragment: str
    applied: tuple[Applied, ...]
    doubtful: bool = False
    former: tuple[str, ...] = ()

    def says(self, kind: Kind | None, value: dict[str, Json]) -> bool:
        """Whether a value is one that was applied.

        Of several accounts each may know what its side changed: a merge has one field from here and one from there.
        """
        if len(self.applied) > 1 and self.is_mixed():
            return self.all_say(kind, value)
        if any(says(applied, kind, value) for applied in self.applied):
            return True
        return len(self.applied) > 1 and say_together(self.applied, kind, value)

    def is_mixed(self) -> bool:
        """Whether an older program changed it on one side, and the other side did too: that tells no fields apart."""
        return len({whole_digest(applied.text) is None for applied in self.applied}) > 1

    def all_say(self, kind: Kind | None, value: dict[str, Json]) -> bool:
        """Whether a value is what was applied, by every account."""
        return all(says(applied, kind, value) for applied in self.applied)


class State(Struct, frozen=True):
    """All that is remembered.

    Attributes:
        entries: by address.
        files: every file as read, the two sides of one with a conflict apart, by path.
        protects: the patterns that fragments protected when they were applied.
        repeated: addresses that several records are about.
        gone: the paths of files that say which entries an apply deleted or let go.
        renamed: the addresses that an apply took from an entry, on some side, by renaming it.
        anew: those of them that an apply gave to an entry again.
        places: where the entries of each kind stood, where that is known.
        former_places: where they stood before, of kinds that had another place.
        taken: which files of the old form were taken over: they stay, and say nothing any more.
        some_left: some of ``gone`` are about entries that were let go.
        hidden: some of it cannot be read: what it does not know may be managed all the same.
        dropped: the addresses that an older program took out of its files after these were taken over.
    """

    entries: Mapping[str, StateEntry]
    files: Mapping[str, tuple[StateFile, ...]]
    protects: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    repeated: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    renamed: frozenset[str] = frozenset()
    anew: frozenset[str] = frozenset()
    hidden: bool = False
    places: Mapping[str, KindPlace] = field(default_factory=dict)
    former_places: Mapping[str, tuple[KindPlace, ...]] = field(default_factory=dict)
    taken: Taken = NOTHING_TAKEN
    some_left: bool = False
    dropped: frozenset[str] = frozenset()

    def was_deleted(self, address: str) -> bool:
        """Whether an apply deleted or renamed the entry, on some side, and none made it again.

        An older program leaves no file that says so. What it took out of its own files it deleted or let go.
        """
        return address in self.renamed or address in self.dropped or self.is_marked_deleted(address)

    def is_marked_deleted(self, address: str) -> bool:
        """Whether a file says that an apply deleted the entry. One that a merge brought may say it of what is there."""
        return bool(self.gone) and gone_path(address) in self.gone

    def was_left(self, address: str) -> bool:
        """Whether an apply let the entry go, on some side, and none took it up again."""
        return self.some_left and left_path(address) in self.gone

    def of(self, fragment: str) -> list[str]:
        """The files about a fragment, by path."""
        return [
            path
            for path, found in self.files.items()
            if any(state_file.fragment == fragment for state_file in found)
        ]


NO_STATE = State({}, {})


def applied_shadow(kind: Kind | None, value: dict[str, Json], salt: str) -> Applied:
    """What the state keeps of a value. Secret fields are left out: a digest of few bits can be guessed."""
    return Applied(salt, shadow(public(kind, value), salt))


def public(kind: Kind | None, value: dict[str, Json]) -> dict[str, Json]:
    """A value without its secret fields."""
    if kind is None or not kind.secrets:
        return value
    masked = mask(value, kind.secrets)
    assert isinstance(masked, dict)
    return masked


def say_together(accounts: Sequence[Applied], kind: Kind | None, value: dict[str, Json]) -> bool:
    """Whether each field of a value is as some account has it, and what it lacks is lacking in one."""
    value = public(kind, value)
    pairs = [
        (blocks(applied.text), blocks(shadow(value, applied.salt)))
        for applied in accounts
        if not whole_digest(applied.text)
    ]
    names = {name for pair in pairs for side in pair for name in side}
    return bool(pairs) and all(
        any(has.get(name) == wants.get(name) for has, wants in pairs) for name in names
    )


def says(applied: Applied, kind: Kind | None, value: dict[str, Json]) -> bool:
    """Whether what the state keeps is what it would keep of a value."""
    value = public(kind, value)
    digest = whole_digest(applied.text)
    if digest is not None:
        return digest == digest_value(value)
    return is_shadow_of(applied.text, value, applied.salt)


def state_paths(tree: Tree) -> list[str]:
    """The paths of all state files, those of the old form too. Raises :class:`UnreadablePath`."""
    return [path for path in find(tree, f"{STATE_FOLDER}/**/*") if path.endswith(SUFFIX) or is_old(path)]


def load_state(tree: Tree, fragments: Collection[str], only: Sequence[str] | None = None) -> State:
    """Read all state files, or only some. Of several owners one of ``fragments`` counts.

    Raises:
        NewerFormat: a newer program wrote it.
    """
    files: dict[str, tuple[StateFile, ...]] = {}
    problems: list[Problem] = []
    try:
        paths = state_paths(tree) if only is None else only
        taken = load_names(tree, filter(is_old, paths))
        if only is not None and taken.names:
            # Which old files are there is known of all, also where some are read alone: the others did not go.
            taken = load_names(tree, filter(is_old, state_paths(tree)))
        gone = frozenset(
            f"{GONE_FOLDER}/{name}" for name, kind in tree.children(GONE_FOLDER) if kind == "file"
        )
    except UnreadablePath as fault:
        return State({}, {}, problems=(unreadable_problem(STATE_FOLDER, fault),), hidden=True)
    hidden = False
    for path in paths:
        try:
            data = tree.read(path) or b""
        except UnreadablePath as fault:
            problems.append(unreadable_problem(path, fault))
            hidden = True
            continue
        if is_old(path) and taken.is_taken(path, data):
            continue
        files[path], faults = _read(path, data)
        problems.extend(faults)
    let_go: frozenset[str] = frozenset()
    if taken.names and ((only is None and taken.newly_gone()) or any(map(is_old, files))):
        try:
            taken = load_lists(tree, taken)
        except UnreadablePath as fault:
            problems.append(unreadable_problem(TAKEN_FOLDER, fault))
            hidden = True
        let_go = taken.let_go(side for path in files if is_old(path) for side in files[path])
        files = _news(files, taken)
    found = put_together(files, problems, fragments, taken, let_go)
    left = any(path.endswith(LEFT) for path in gone)
    marked = ((path, conflict_line(data)) for path, _, data in place_texts(tree))
    conflicts = [conflict_problem(path, line) for path, line in marked if line is not None]
    found = replace(found, problems=(*found.problems, *conflicts)) if conflicts else found
    return replace(
        found,
        gone=gone,
        some_left=left,
        hidden=hidden,
        places=dict(load_places(tree)),
        former_places=load_former_places(tree),
    )


def _news(files: Mapping[str, tuple[StateFile, ...]], taken: Taken) -> dict[str, tuple[StateFile, ...]]:
    """Old files that were taken over with what is new in them only."""
    return {path: tuple(map(taken.news, sides)) if is_old(path) else sides for path, sides in files.items()}


def _read(path: str, data: bytes) -> tuple[tuple[StateFile, ...], Iterable[Problem]]:
    parse = parse_old if is_old(path) else parse_file
    line = conflict_line(data)
    if line is not None:
        return tuple(parse(path, side) for side in sides(data)), (conflict_problem(path, line),)
    found = parse(path, data)
    return (found,), _bad_lines(path, found.faults) if found.faults else ()


def put_together(
    files: Mapping[str, tuple[StateFile, ...]],
    problems: Iterable[Problem],
    fragments: Collection[str],
    taken: Taken = NOTHING_TAKEN,
    let_go: Collection[str] = (),
) -> State:
    """What all files say together.

    Args:
        taken: what an older program changed since it was taken over counts instead of what was taken over.
        let_go: the digests of addresses that an older program let go; whether these are managed is in doubt.
    """
    files = _as_first_says(files)
    found: dict[str, StateEntry] = {}
    anew: set[str] = set()
    former: set[str] = set()
    several: dict[str, list[tuple[str, Applied]]] = {}
    further = {
        record.address for sides in files.values() for file in sides if file.news for record in file.records
    }
    for file in (account for accounts in files.values() for account in accounts):
        for record in file.records:
            if record.former:
                former.update(record.former)
                record = _without_itself(record, anew)
            entry = StateEntry(record.address, file.fragment, (record.applied,), False, record.former)
            first = found.setdefault(record.address, entry)
            if first is not entry:
                several.setdefault(record.address, [(first.fragment, first.applied[0])]).append(
                    (file.fragment, record.applied)
                )
    for address, accounts in several.items():
        owner = min(accounts, key=lambda account: (account[0] not in fragments, account[0]))[0]
        applied = tuple(
            dict.fromkeys(
                account
                for _, account in accounts
                if address not in further or not taken.is_as_taken(address, account)
            )
        )
        found[address] = replace(found[address], fragment=owner, applied=applied)
    _doubt(found, files)
    dropped = frozenset(address for address in found if digest(address) in let_go) if let_go else frozenset()
    for address in dropped:
        found[address] = replace(found[address], doubtful=True)
    protects = frozenset(
        protect for accounts in files.values() for file in accounts for protect in file.protects
    )
    renamed = frozenset(
        address for address in former - anew if address not in found or not found[address].former
    )
    return State(
        dict(sorted(found.items())),
        files,
        protects,
        tuple(problems),
        frozenset(several),
        taken=taken,
        renamed=renamed,
        anew=frozenset(anew),
        dropped=dropped,
    )


def _as_first_says(files: Mapping[str, tuple[StateFile, ...]]) -> dict[str, tuple[StateFile, ...]]:
    """The files, the further ones with the fragment that the first one names."""
    found = dict(files)
    for path, sides_of in files.items():
        first = files.get(first_path(path), sides_of)[0].fragment
        if first and any(file.fragment != first for file in sides_of) and path != first_path(path):
            found[path] = tuple(file._replace(fragment=first, named=file.fragment) for file in sides_of)
    return found


def _without_itself(record: Record, anew: set[str]) -> Record:
    """A record that names its own address among the former ones is about another entry than those that went from it."""
    if record.address not in record.former:
        return record
    anew.add(record.address)
    return record._replace(former=tuple(address for address in record.former if address != record.address))


def _doubt(found: dict[str, StateEntry], files: Mapping[str, tuple[StateFile, ...]]) -> None:
    """Mark what only one of several accounts of a fragment knows: two sides made them, and one may have let it go.

    An account is a file with its parts. Two parts that know one address were made by two sides as well.
    """
    accounts: dict[str, dict[str, list[set[str]]]] = {}
    for path, sides_of in files.items():
        for number, file in enumerate(sides_of):
            if file.news:
                continue
            account = first_path(path) if number == 0 else f"{path}#{number}"
            known = {record.address for record in file.records}
            accounts.setdefault(file.fragment, {}).setdefault(account, []).append(known)
    for about in accounts.values():
        if len(about) > 1:
            every = [set().union(*parts) for parts in about.values()]
            for address in set().union(*every) - every[0].intersection(*every[1:]):
                found[address] = replace(found[address], doubtful=True)
        for parts in about.values():
            for address in _of_one_side(parts) if len(parts) > 1 else ():
                found[address] = replace(found[address], doubtful=True)


def _of_one_side(parts: Sequence[set[str]]) -> set[str]:
    """What one part alone knows, of parts that two sides made."""
    times = Counter(address for part in parts for address in part)
    twice = {address for address, many in times.items() if many > 1}
    return {address for part in parts if part & twice for address in part - twice} if twice else set()


def unreadable_problem(path: str, why: UnreadablePath) -> Problem:
    """A file or folder of the state that cannot be read."""
    fix = SHOW_ALL if isinstance(why, Hidden) else "Make it readable, or restore it from git."
    return problem("STA004", f"{path} cannot be read: {why}.", Place(path), fix=fix)


_LINES_NAMED = 5
"""So many lines of a file that mean nothing are named; the others are counted."""


def _bad_lines(path: str, numbers: Sequence[int]) -> Iterable[Problem]:
    """One problem for a whole file."""
    if len(numbers) == 1:
        what = f"line {numbers[0]} of {path} is not a line of the state."
    else:
        listed = first_few([str(number) for number in numbers], _LINES_NAMED)
        what = f"{len(numbers):,} lines of {path} are not lines of the state: {listed}."
    found = problem(
        "STA004",
        what,
        Place(path),
        fix="Write the file anew from what can be read of it: registry resolve",
        extra=str(numbers[0]),
    )
    yield replace(found, location=Location(path, numbers[0], 1))


def conflict_problem(path: str, number: int) -> Problem:
    """A conflict that git left in a file of registry's own."""
    from registry_reconciler.formats.codes import TITLES
    from registry_reconciler.model.problem import Fix, Severity

    return Problem(
        code="YML010",
        title=TITLES["YML010"],
        severity=Severity.ERROR,
        message=f"line {number} of {path} is a conflict marker of git.",
        place=Place(path),
        location=Location(path, number, 1),
        fix=Fix("Settle state and history: registry resolve"),
        structural=True,
        identity_extra=str(number),
    )


__all__ = [
    "NO_STATE",
    "STOP_PATH",
    "Applied",
    "Record",
    "State",
    "StateEntry",
    "StateFile",
    "applied_shadow",
    "conflict_problem",
    "load_state",
    "public",
    "put_together",
    "say_together",
    "says",
    "state_paths",
]
