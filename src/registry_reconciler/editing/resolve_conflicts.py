"""``registry resolve``: settle what a merge left in conflict.

Fragments, registries and outputs come first: they are merged from the three sides that git has, by entry and field.
What both sides changed stays open, and then what is remembered does too: it depends on what people make of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from registry_reconciler.apply import FileOp, history
from registry_reconciler.apply.receipts import housekeeping
from registry_reconciler.base.first_few import first_few
from registry_reconciler.editing.merge_people import merge_people, outputs_anew, unedited_outputs
from registry_reconciler.errors import Blocked, RegistryFailure
from registry_reconciler.files.git import RevisionTree, is_repository
from registry_reconciler.files.git_conflicts import Sides, both_sides, conflicts, mark_settled, stage
from registry_reconciler.files.tree import DiskTree, MemoryTree, Recorder, Tree
from registry_reconciler.loading.history_conflicts import both_lines
from registry_reconciler.loading.registries import load_live
from registry_reconciler.loading.state import load_state
from registry_reconciler.loading.state.files import StateFile, conflict_line, parse_file, sides
from registry_reconciler.loading.state.old import is_old, parse_old
from registry_reconciler.loading.state.places import (
    PLACES_FOLDER,
    former_place,
    parse_place,
    place_of,
    place_texts,
)
from registry_reconciler.loading.state.places import SUFFIX as PLACE_SUFFIX
from registry_reconciler.loading.state.taken import NOTHING_TAKEN, Taken, load_lists
from registry_reconciler.loading.workspace import Loaded, load
from registry_reconciler.model.config import (
    HISTORY_BEFORE_PATH,
    HISTORY_FOLDER,
    OLD_HISTORY_PATH,
    STATE_FOLDER,
)
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.plan import FileChange
from registry_reconciler.outputs.memory import both_accounts
from registry_reconciler.planning.relocate import overlaid
from registry_reconciler.planning.resolve import Desired, resolve
from registry_reconciler.planning.settle_state import Accounts, Side, settled_files
from registry_reconciler.workspace import Workspace

_COMMAND = "registry resolve"
_NAMED = 20
"""So many entries are named in a warning."""


class Resolved(Struct, frozen=True):
    """What was done.

    Attributes:
        settled: the files that git had left in conflict and that are settled now.
        written: every file that was written or deleted.
        open: what people have to decide: a file, and what in it.
        by_hand: files that somebody settled, and git does not know yet.
        waiting: registries that follow what people decide about fragments.
    """

    settled: tuple[str, ...]
    written: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    open: tuple[tuple[str, str], ...] = ()
    by_hand: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


def resolve_conflicts(workspace: Workspace) -> Resolved:
    """Settle everything that can be.

    Raises:
        Blocked: a fragment or a registry still holds the marks of a conflict that git does not know of.
        LockHeld, WriteFailure, StalePlan: see :func:`registry_reconciler.apply.commit`; where outputs fail, the text
            says what was written before.
    """
    with workspace.write_session(_COMMAND, recovers=False) as session:
        in_git = is_repository(workspace.root)
        found = conflicts(workspace.root) if in_git else []
        # Asked before git is told that files are settled: the other side of a squash or a stash is known by them alone.
        commits = both_sides(workspace.root) or () if in_git else ()
        people = merge_people(workspace.root, [sides for sides in found if not _is_mine(sides.path)])
        ops, done, warnings = list(people.ops), list(people.settled), list[str]()
        disk = Recorder(DiskTree(workspace.root))
        if not people.open:
            mine = {sides.path: sides for sides in found if _is_mine(sides.path)}
            done += mine.values()
            settled = overlaid({op.path: op.content for op in people.ops}, disk)
            more, warnings = _remembered_ops(workspace.root, settled, mine, commits)
            ops += more
        receipt = session.commit(ops, inputs=disk.inputs)
        written = {*receipt.written, *receipt.created, *receipt.deleted}
        warnings += receipt.warnings
        mark_settled(workspace.root, done)
    if not people.open and (found or commits):
        with _written_before(written):
            made = outputs_anew(workspace, unedited_outputs(workspace.root, commits))
            written.update(made.written)
            warnings += made.warnings
            mark_settled(workspace.root, [sides for sides in found if sides.path in made.written])
            stage(workspace.root, written.difference(sides.path for sides in found))
    return Resolved(
        tuple(sorted(sides.path for sides in done)),
        tuple(sorted(written)),
        tuple(warnings),
        people.open,
        people.by_hand,
        people.waiting,
    )


def _remembered_ops(
    root: Path, tree: Recorder, mine: Mapping[str, Sides], commits: Iterable[str]
) -> tuple[list[FileOp], list[str]]:
    """What becomes of state, history and what outputs were, once people's files are settled, and what to say of it."""
    loaded = load(tree)
    _refuse_open(loaded)
    desired = resolve(loaded.fragments, loaded.state.entries, loaded.live.entries, loaded.kinds)
    remembered = _remembered(root, commits, loaded)
    state_changes = list(_state(remembered, loaded, desired, mine))
    changes = (*state_changes, *_places(loaded, mine), *_outputs(tree, mine), *_history(tree, mine))
    ops = [FileOp(change.path, change.before, change.content) for change in changes]
    ops += housekeeping(tree, {op.path for op in ops})
    return ops, list(_let_go(remembered, loaded, desired, state_changes))


@contextmanager
def _written_before(written: Collection[str]) -> Iterator[None]:
    """A failure says what was written before it: outputs are made anew by an apply of their own."""
    try:
        yield
    except RegistryFailure as failure:
        if written:
            was = "was" if len(written) == 1 else "were"
            failure.message = f"{first_few(sorted(written), 5)} {was} written; after that, {failure.message}"
            failure.args = (failure.message,)
            failure.next = failure.next or (("registry", "resolve"),)
        raise


def _is_mine(path: str) -> bool:
    return path in (OLD_HISTORY_PATH, HISTORY_BEFORE_PATH) or path.startswith(
        (f"{STATE_FOLDER}/", f"{HISTORY_FOLDER}/")
    )


def _refuse_open(loaded: Loaded) -> None:
    """What people wrote comes first: what is remembered depends on what they make of it."""
    files = sorted(
        {
            problem.place.file
            for problem in loaded.problems
            if problem.code == "YML010" and not _is_mine(problem.place.file)
        }
    )
    if files:
        raise Blocked(
            f"nothing was written: {', '.join(files[:5])} still {'has' if len(files) == 1 else 'have'} the marks of a "
            "conflict. Resolve them, then run registry resolve.",
            next=(("registry", "resolve"),),
        )


def _state(
    remembered: Sequence[Side], loaded: Loaded, desired: Desired, mine: Mapping[str, Sides]
) -> Iterator[FileChange]:
    old = [path for path in mine if is_old(path)]
    taken = load_lists(loaded.tree, loaded.state.taken) if old else loaded.state.taken
    accounts = {
        path: Accounts(
            _parsed(path, three.before, NOTHING_TAKEN),
            *(_parsed(path, data, taken) for data in (three.ours, three.theirs)),
        )
        for path, three in mine.items()
        if path.startswith(f"{STATE_FOLDER}/") and (path.endswith(".state") or is_old(path))
    }
    went_on = [
        parse_old(path, data or b"")
        for path in old
        for data in (mine[path].ours, mine[path].theirs)
        if data is None or not taken.is_taken(path, data)
    ]
    # Somebody told git that a file is settled, and it is not: its two sides stand between the marks.
    for path, found in loaded.state.files.items():
        if len(found) == 2 and path not in accounts:
            accounts[path] = Accounts(None, *found)
    yield from settled_files(loaded, desired, accounts, remembered, taken, taken.let_go(went_on))


def _let_go(
    remembered: Sequence[Side], loaded: Loaded, desired: Desired, changes: Iterable[FileChange]
) -> Iterator[str]:
    """What to say of entries that no side let go, no fragment declares, and nobody manages afterwards."""
    known = {
        address for state in (loaded.state, *(side.state for side in remembered)) for address in state.entries
    }
    undeclared = [
        address
        for address in sorted(known & loaded.live.entries.keys())
        if address not in desired.entries
        and address not in desired.removals
        and all(side.manages_or_deleted(address) for side in remembered)
    ]
    if not undeclared:
        return
    after = load_state(
        MemoryTree({change.path: change.content for change in changes}, loaded.tree), loaded.fragments.files
    )
    lost = [address for address in undeclared if address not in after.entries]
    if lost:
        names = " ".join(lost[:_NAMED]) + (" ..." if len(lost) > _NAMED else "")
        yield (
            "no side let these go, and no fragment declares them now. They stay in their registries and are not "
            f"managed any more. To manage them: registry adopt {names}"
        )


def _places(loaded: Loaded, mine: Mapping[str, Sides]) -> Iterator[FileChange]:
    """Where a kind had its entries: as the side says that says what people made of the schema, else as the first one.

    In the second case the next plan carries the entries to where the schema has them now. Where the other side had them
    is remembered too: plans say what stands there.
    """
    for path, kind, accounts in _place_accounts(loaded, mine):
        kept = next(
            (account for account in accounts if _says_so(path, account, kind)), next(iter(accounts), None)
        )
        contents = {path: kept}
        for place in (parse_place(path, account) for account in accounts if account != kept):
            if place is not None and kind is not None:
                contents.update((former_place(kind.name, place),))
        for changed, content in contents.items():
            now = loaded.tree.read(changed)
            if content != now:
                yield _changed(changed, now, content)


def _place_accounts(
    loaded: Loaded, mine: Mapping[str, Sides]
) -> Iterator[tuple[str, Kind | None, list[bytes]]]:
    """The files in conflict about where kinds had their entries, with what the sides say that have one."""
    both = {
        path: (three.ours, three.theirs) for path, three in mine.items() if path.startswith(PLACES_FOLDER)
    }
    for path, _, data in place_texts(loaded.tree):
        if path not in both and conflict_line(data) is not None:
            both[path] = sides(data)[0], sides(data)[-1]
    for path, accounts in both.items():
        name = path.removeprefix(f"{PLACES_FOLDER}/").removesuffix(PLACE_SUFFIX)
        yield path, loaded.kinds.get(name), [account for account in accounts if account is not None]


def _says_so(path: str, account: bytes, kind: Kind | None) -> bool:
    place = parse_place(path, account)
    return place is not None and kind is not None and place._replace(former="") == place_of(kind)


def _outputs(tree: Tree, mine: Mapping[str, Sides]) -> Iterator[FileChange]:
    """What both sides remember of an output: each in a file of its own, and the next apply makes one of them."""
    both = {path: (three.ours, three.theirs) for path, three in mine.items()}
    for path, account in both_accounts(tree, both):
        now = tree.read(path)
        if account != now:
            yield _changed(path, now, account)


def _remembered(root: Path, commits: Iterable[str], loaded: Loaded) -> list[Side]:
    """What either side of an operation under way remembers."""
    found = []
    for commit_id in commits:
        with closing(RevisionTree(root, commit_id)) as tree:
            live = load_live(Recorder(tree), loaded.kinds).entries
            found.append(Side(load_state(tree, loaded.fragments.files), frozenset(live)))
    return found


def _parsed(path: str, data: bytes | None, taken: Taken) -> StateFile | None:
    if data is None:
        return None
    if not is_old(path):
        return parse_file(path, data)
    found = parse_old(path, data)
    return found._replace(records=(), news=True) if taken.is_taken(path, data) else taken.news(found)


def _changed(path: str, now: bytes | None, content: bytes | None) -> FileChange:
    before, after = (None if data is None else digest_bytes(data) for data in (now, content))
    return FileChange(path, before, after, content)


def _history(tree: Tree, mine: Mapping[str, Sides]) -> Iterator[FileChange]:
    """One apply is as the side has it that has it; the old history becomes files, with what both sides have."""
    for path, three in mine.items():
        now = tree.read(path)
        if path == OLD_HISTORY_PATH:
            there = set(history.paths(tree))
            for data in (three.ours or b"", three.theirs or b""):
                for made, content in history.carried_over(data):
                    if made not in there:
                        there.add(made)
                        yield _changed(made, None, content)
        elif path == HISTORY_BEFORE_PATH:
            yield _changed(path, now, both_lines(three.ours or b"", three.theirs or b""))
        elif path.startswith(f"{HISTORY_FOLDER}/"):
            kept = three.ours if three.ours is not None else three.theirs
            if kept is not None and kept != now:
                yield _changed(path, now, kept)
    before = tree.read(HISTORY_BEFORE_PATH)
    if before is not None and HISTORY_BEFORE_PATH not in mine and conflict_line(before) is not None:
        yield _changed(HISTORY_BEFORE_PATH, before, both_lines(before, b""))
    for path in history.paths(tree):
        now = tree.read(path) or b""
        if path not in mine and conflict_line(now) is not None:
            yield _changed(path, now, next(filter(history.is_whole, sides(now)), None))
