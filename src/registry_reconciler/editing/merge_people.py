"""The files of people that a merge left in conflict, merged by entry and field; and outputs, made anew after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.apply import FileOp
from registry_reconciler.editing.merge_followers import Followers
from registry_reconciler.editing.merge_renames import renames_of
from registry_reconciler.errors import RegistryFailure
from registry_reconciler.files.git import RevisionTree
from registry_reconciler.files.git_conflicts import (
    Sides,
    as_checked_out,
    as_stored,
    both_sides,
    name_of_other,
)
from registry_reconciler.files.tree import DiskTree, MemoryTree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.state.files import conflict_line
from registry_reconciler.loading.state.files import sides as marked_sides
from registry_reconciler.merging import Labels, merge_file
from registry_reconciler.merging.known import KindsAndOutputs, is_fragment, known_of
from registry_reconciler.model.config import OUTPUTS_PATH
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.kind import SCHEMA_FOLDER
from registry_reconciler.model.output import PREFIX
from registry_reconciler.model.plan import PlanOptions
from registry_reconciler.outputs.memory import Memory, load_memory
from registry_reconciler.outputs.targets import FileWork, NoOutputPlace

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree
    from registry_reconciler.merging.files import MergedFile
    from registry_reconciler.outputs.definitions import Output
    from registry_reconciler.workspace import Workspace


class People(Struct, frozen=True):
    """What becomes of the files of people.

    Attributes:
        settled: nothing in them is open any more.
        open: what people have to decide: a file, and what in it.
        by_hand: files that somebody settled, and git does not know yet.
        waiting: registries that follow what people decide about fragments.
    """

    ops: tuple[FileOp, ...]
    settled: tuple[Sides, ...]
    open: tuple[tuple[str, str], ...]
    by_hand: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


def merge_people(root: Path, found: Sequence[Sides]) -> People:
    """Merge the files that git left in conflict, as far as nobody has touched them since."""
    if not found:
        return People((), (), ())
    found = [_as_committed(root, sides) for sides in found]
    commits = both_sides(root)
    known = replace(
        _known(root, found), is_edited=edited_outputs(root, commits), renames=renames_of(root, commits)
    )
    work = _Merging(root, known)
    fragments = [sides for sides in found if is_fragment(sides.path)]
    for sides in fragments:
        work.merge(sides)
    work.followers = Followers(root, work.known.kinds, work.tree())
    for sides in found:
        if not is_fragment(sides.path):
            work.merge(sides)
    return work.people()


def _as_committed(root: Path, sides: Sides) -> Sides:
    """A file that one side alone has, as that side has it.

    git may take two new files for one that both sides renamed. What it merges of them then stands at both paths, also
    in the index, where each side should be.
    """
    in_ours, in_theirs = sides.ours is not None, sides.theirs is not None
    commits = both_sides(root)
    if sides.before is not None or in_ours == in_theirs or commits is None:
        return sides
    with closing(RevisionTree(root, commits[0 if in_ours else 1])) as tree:
        data = tree.read(sides.path)
    mixed = sides.ours if in_ours else sides.theirs
    if data is None or data == mixed:
        return sides
    return replace(sides, ours=data if in_ours else None, theirs=None if in_ours else data, mixed=mixed)


class _Merging:
    def __init__(self, root: Path, known: KindsAndOutputs) -> None:
        self.known = known
        self.disk = DiskTree(root)
        self.labels = Labels("HEAD", name_of_other(root))
        self.followers: Followers | None = None
        self.ops: list[FileOp] = []
        self.settled: list[Sides] = []
        self.open: list[tuple[str, str]] = []
        self.by_hand: list[str] = []
        self.waiting: list[str] = []

    def tree(self) -> Tree:
        """The files as they are merged until now."""
        return MemoryTree({op.path: op.content for op in self.ops}, self.disk)

    def people(self) -> People:
        return People(
            tuple(self.ops), tuple(self.settled), tuple(self.open), tuple(self.by_hand), tuple(self.waiting)
        )

    def merge(self, sides: Sides) -> None:
        """Decide about one file."""
        try:
            now = self.disk.read(sides.path)
        except UnreadablePath as fault:
            self.open.append((sides.path, f"it cannot be read: {fault}"))
            return
        if _is_settled(sides, now):
            self.by_hand.append(sides.path)
            return
        plain = answer = self._answer(sides, self.known)
        if answer is not None and answer.conflicts and self.followers is not None:
            answer = self._answer(sides, replace(self.known, decided=self.followers.decided)) or plain
        if answer is None or plain is None:
            self.open.append((sides.path, _why(sides)))
            return
        content = None if answer.content is None else as_checked_out(sides, answer.content, now)
        if now not in (None, content) and not self._is_untouched(sides, now or b"", plain):
            self.open.append(
                (sides.path, "it was edited since the merge, and conflict markers are left in it")
            )
            return
        if answer.conflicts != plain.conflicts and self.followers is not None and self.followers.wait:
            self.waiting.append(sides.path)
            return
        if content != now:
            self.ops.append(FileOp(sides.path, None if now is None else digest_bytes(now), content))
        if answer.conflicts:
            self.open += ((sides.path, sentence) for sentence in answer.conflicts)
        else:
            self.settled.append(sides)

    def _answer(self, sides: Sides, known: KindsAndOutputs) -> MergedFile | None:
        return merge_file(sides.path, sides.before, sides.ours, sides.theirs, known, self.labels)

    @staticmethod
    def _is_untouched(sides: Sides, now: bytes, plain: MergedFile) -> bool:
        """Whether a file is as git left it, or the driver: it says the sides by other names."""
        stored = as_stored(sides, now)
        if stored == sides.mixed:
            return True
        return _is_as_git_left_it(sides, stored) or _unnamed(stored) == _unnamed(plain.content or b"")


def _unnamed(content: bytes) -> bytes:
    """A text whose conflict markers do not say whose side it is."""
    return re.sub(rb"(?m)^(<{7,}|>{7,}) [^\r\n]*", rb"\1", content)


def _why(sides: Sides) -> str:
    if sides.ours is None or sides.theirs is None:
        return "removed on one side, and changed on the other: keep it (git add) or let it go (git rm)"
    return "it cannot be merged by entry and field: resolve its conflict markers by hand"


def _is_settled(sides: Sides, now: bytes | None) -> bool:
    """Whether somebody settled a file already, and did not tell git."""
    if now is None:
        return sides.ours is not None and sides.theirs is not None
    if sides.mixed is not None and as_stored(sides, now) == sides.mixed:
        return False
    if sides.ours is None or sides.theirs is None:
        there = sides.ours if sides.theirs is None else sides.theirs
        return as_stored(sides, now) != there and conflict_line(now) is None
    return conflict_line(now) is None


def _is_as_git_left_it(sides: Sides, now: bytes) -> bool:
    """Whether a file has what both sides added, and nothing that neither has."""
    before = _rows(sides.before)
    sides_rows = _rows(sides.ours) | _rows(sides.theirs)
    there = {row for part in marked_sides(now) for row in _rows(part)}
    return there <= before | sides_rows and sides_rows - before <= there


def _rows(data: bytes | None) -> set[bytes]:
    """The lines of a text, without line ends: a last line that has none gets one in front of a marker."""
    if not data:
        return set()
    return {row.removesuffix(b"\r") for row in data.removesuffix(b"\n").split(b"\n")}


def _known(root: Path, found: Iterable[Sides]) -> KindsAndOutputs:
    """Kinds and outputs as they are merged; where what says so is in conflict itself, as HEAD has them."""
    if any(sides.path == OUTPUTS_PATH or sides.path.startswith(f"{SCHEMA_FOLDER}/") for sides in found):
        for commit in both_sides(root) or ():
            with closing(RevisionTree(root, commit)) as tree:
                return known_of(tree)
    return known_of(DiskTree(root))


class MadeAnew(Struct, frozen=True):
    """The outputs that were written."""

    written: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def outputs_anew(workspace: Workspace, unedited: Iterable[str]) -> MadeAnew:
    """Write the outputs that are stale, and change no entry: they are made of the registries as they are.

    Args:
        unedited: the outputs that nobody had edited before the merge: whatever they are merged, nobody has edited them
            now.
    """
    overwrite = tuple(f"{PREFIX}{name}" for name in unedited)
    options = PlanOptions(exclude=("*",), overwrite=overwrite)
    try:
        plan = workspace.planning(options).plan
        if not plan.applicable:
            return MadeAnew((), ("outputs were not made anew, because a problem blocks: registry plan",))
        if not plan.outputs:
            return MadeAnew()
        done = workspace.apply(plan, command="registry resolve")
    except RegistryFailure as fault:
        return MadeAnew((), (f"outputs were not made anew: {fault.message}",))
    return MadeAnew(done.written, done.warnings)


def unedited_outputs(root: Path, commits: Iterable[str]) -> list[str]:
    """The outputs that nobody had edited in any of some commits."""
    found: set[str] | None = None
    for commit in commits:
        with closing(RevisionTree(root, commit)) as tree:
            memory = load_memory(tree)
            right = {output.id for output in known_of(tree).outputs if _is_right(output, memory, tree)}
        found = right if found is None else found & right
    return sorted(found or ())


def edited_outputs(root: Path, commits: tuple[str, str] | None) -> Callable[[Output], bool]:
    """Whether somebody edited an output by hand on their side, and nobody did on ours."""

    @cache
    def right(commit: str) -> tuple[frozenset[str], frozenset[str]]:
        """The outputs that a commit remembers, and those of them that nobody had edited there."""
        with closing(RevisionTree(root, commit)) as tree:
            memory = load_memory(tree)
            known = [output for output in known_of(tree).outputs if memory.knows(output.id)]
            unedited = frozenset(output.id for output in known if _is_right(output, memory, tree))
            return frozenset(output.id for output in known), unedited

    def is_edited(output: Output) -> bool:
        if commits is None:
            return False
        (_, ours), (remembered, theirs) = map(right, commits)
        return output.id in ours and output.id in remembered - theirs

    return is_edited


def _is_right(output: Output, memory: Memory, tree: Tree) -> bool:
    try:
        text = FileWork(output.file, tree).part(output).text
    except NoOutputPlace:
        return False
    return text is not None and memory.says(output.id, text)
