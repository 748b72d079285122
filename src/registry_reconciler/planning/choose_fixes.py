"""Which fixes are made together: those asked for, narrowest first, none that meets another one. Pure."""

from __future__ import annotations

from bisect import bisect, bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.errors import Blocked
from registry_reconciler.loading.workspace import live_truth_files
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import (
    DesiredEntry,
    Json,
    LiveEntry,
    Place,
    digest_bytes,
    same,
)
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.problem import Problem, Severity, Status, TextEdit
from registry_reconciler.model.unknown import unknown_code
from registry_reconciler.planning.fixes import PlaceKey, apply_edits, edits_for, place_key, stands_twice
from registry_reconciler.planning.live_fixes import live_fixes

if TYPE_CHECKING:
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.planning.pipeline import Planning


class Fixing(Struct, frozen=True):
    """What can be done about the problems of a plan.

    Attributes:
        fixed: problems whose fix is safe (or asked for) and lies where it may be made; ``edits`` carries out those in
            fragments, and those in live files that only write a value otherwise.
        live: those of them that change entries whose truth is live.
        patches: problems with a fix that a person has to look at, each with its edits.
        manual: problems with no more than advice.
        later: problems whose fix meets one that is made, in the same place: they are for the next run.
    """

    fixed: tuple[Problem, ...] = ()
    edits: tuple[FragmentEdit, ...] = ()
    patches: tuple[tuple[Problem, tuple[TextEdit, ...]], ...] = ()
    manual: tuple[Problem, ...] = ()
    live: tuple[Problem, ...] = ()
    later: tuple[Problem, ...] = ()


class _Chosen(Struct):
    """Fixes that do not meet: no two of them touch the same bytes, or one value.

    Attributes:
        by_file: the edits by the path of their file, in the order of their bytes.
        puts: the values that are put, by their places; ``around`` counts what lies inside a place.
    """

    sources: Mapping[str, SourceFile]
    by_file: dict[str, list[TextEdit]] = field(default_factory=dict)
    puts: dict[PlaceKey, Json] = field(default_factory=dict)
    around: set[PlaceKey] = field(default_factory=set)

    def take(self, problem: Problem, edits: Sequence[TextEdit]) -> bool:
        """Take all of a fix's edits, or none where one gets in the way of another fix."""
        puts = {place_key(place): value for place, value in _puts(problem)}
        if any(self._meets(place, value) for place, value in puts.items()):
            return False
        if stands_twice(self.sources, puts, self.puts):
            return False
        fresh = [edit for edit in edits if edit not in self._near(edit)]
        if any(_overlap(edit, other) for edit in fresh for other in self._near(edit)):
            return False
        for edit in fresh:
            insort(self.by_file.setdefault(edit.path, []), edit, key=_start)
        self.puts.update(puts)
        self.around.update(outer for place in puts for outer in _outside(place))
        return True

    def _near(self, edit: TextEdit) -> Sequence[TextEdit]:
        """The edits on both sides of one, and what begins where it does: no others can touch it."""
        edits = self.by_file.get(edit.path, [])
        return edits[
            max(bisect_left(edits, edit.start, key=_start) - 1, 0) : bisect(edits, edit.end, key=_start)
        ]

    def _meets(self, at: PlaceKey, value: Json) -> bool:
        """Whether another fix puts a different value there, or one around it, or one inside it."""
        if at in self.puts:
            return not same(self.puts[at], value)
        return at in self.around or any(outer in self.puts for outer in _outside(at))


def _puts(problem: Problem) -> tuple[tuple[Place, Json], ...]:
    return problem.fix.replacements if problem.fix is not None else ()


def _outside(at: PlaceKey) -> Iterator[PlaceKey]:
    file, document, path, _ = at
    return ((file, document, path[:size], False) for size in range(len(path)))


def _start(edit: TextEdit) -> int:
    return edit.start


def _overlap(text_edit: TextEdit, other: TextEdit) -> bool:
    """Whether two edits touch: what one inserts at the end of the other's bytes would belong to both."""
    return text_edit.start <= other.end and other.start <= text_edit.end


def choose_fixes(planning: Planning, codes: Sequence[str] = (), *, unsafe: bool = False) -> Fixing:
    """Sort the standing problems (with one of ``codes``, where given) by what can be done about them.

    Args:
        unsafe: make the fixes too that guess what was meant; never one that makes another entry of a live one.

    Raises:
        UsageFailure: there is no such code.
        Blocked: a fragment would not be readable afterwards.
    """
    _require_codes(codes, planning.own.codes)
    free = live_truth_files(planning.loaded.kinds, planning.loaded.live)
    chosen = _Chosen(planning.loaded.files)
    made: list[tuple[Problem, tuple[TextEdit, ...]]] = []
    patches: list[tuple[Problem, tuple[TextEdit, ...]]] = []
    manual: list[Problem] = []
    later: list[Problem] = []
    for problem in sorted(planning.plan.problems, key=_narrowest_first):
        if not _stands(problem, codes):
            continue
        edits = edits_for(planning, problem)
        if not edits:
            manual.append(problem)
        elif not _may_be_made(planning, problem, edits, free, unsafe=unsafe):
            patches.append((problem, edits))
        elif chosen.take(problem, edits):
            made.append((problem, edits))
        else:
            later.append(problem)
    in_live = live_fixes(
        [(problem, edits) for problem, edits in made if _is_in(edits, free)], planning.loaded.files
    )
    put_off = {id(problem) for problem in in_live.later}
    fixed = [problem for problem, _ in made if id(problem) not in put_off]
    later += in_live.later
    ranks = {id(problem): rank for rank, problem in enumerate(planning.plan.problems)}
    for found in (fixed, manual, later):
        found.sort(key=lambda problem: ranks[id(problem)])
    patches.sort(key=lambda patch: ranks[id(patch[0])])
    texts = {path: edits for path, edits in chosen.by_file.items() if path not in free} | dict(in_live.texts)
    rewritten = tuple(
        _rewritten(planning.loaded.files[path], edits, keeps=path in free)
        for path, edits in sorted(texts.items())
    )
    return Fixing(tuple(fixed), rewritten, tuple(patches), tuple(manual), in_live.values, tuple(later))


def _is_in(edits: Sequence[TextEdit], paths: Collection[str]) -> bool:
    return any(edit.path in paths for edit in edits)


def _narrowest_first(problem: Problem) -> int:
    """What mends one item of a list goes before what rewrites the list, which may not be needed any more then."""
    return -min((len(place.path) for place, _ in _puts(problem)), default=0)


def standing_of(planning: Planning, codes: Sequence[str]) -> tuple[Problem, ...]:
    """The standing problems with some codes. Raises :class:`UsageFailure` for a code that there is not."""
    _require_codes(codes, planning.own.codes)
    return tuple(problem for problem in planning.plan.problems if _stands(problem, codes))


def _require_codes(codes: Sequence[str], own: Iterable[str]) -> None:
    from registry_reconciler.rules import all_rules

    known = (*(rule.code for rule in all_rules()), *sorted(own))
    for code in codes:
        if code not in known:
            raise unknown_code(code, known)


def _stands(problem: Problem, codes: Sequence[str]) -> bool:
    if (
        problem.status is Status.FIXED
        or problem.suppressed is not None
        or problem.severity is Severity.RECORD
    ):
        return False
    return not codes or problem.code in codes


def _may_be_made(
    planning: Planning,
    problem: Problem,
    edits: Sequence[TextEdit],
    free: frozenset[str],
    *,
    unsafe: bool,
) -> bool:
    """Whether a fix lies where nothing but its owner is changed, and means nothing that somebody has to decide."""
    if problem.fix is None or not (problem.fix.safe or unsafe):
        return False
    if not all(edit.path.startswith(f"{DESIRED_FOLDER}/") or edit.path in free for edit in edits):
        return False
    return not any(_is_key_of_known(planning, place) for place, _ in problem.fix.replacements)


def _is_key_of_known(planning: Planning, place: Place) -> bool:
    """Whether a place is the key of an entry that is live or managed: another key would delete that one."""
    loaded = planning.loaded
    known: list[DesiredEntry | LiveEntry] = [
        *planning.desired.entries.values(),
        *loaded.live.entries.values(),
    ]
    for entry in known:
        size = len(entry.place.path)
        if entry.place.file != place.file or entry.place.document != place.document:
            continue
        if place.path[:size] != entry.place.path or place.on_key:
            continue
        if any(selector.path == place.path[size:] for selector in loaded.kinds[entry.kind].key):
            return entry.address in loaded.live.entries or entry.address in loaded.state.entries
    return False


def _rewritten(source: SourceFile, edits: Sequence[TextEdit], *, keeps: bool) -> FragmentEdit:
    """A file with its fixes; where it ``keeps`` what it says, read back and compared."""
    path, data = source.path, source.data
    assert data is not None
    content = apply_edits(data, edits)
    read = source.format.read(content)
    if not read.readable or (keeps and not same(list(read.documents), list(source.documents))):
        raise Blocked(
            f"{path} would not be readable after the fixes. Make them by hand, and please report the file."
        )
    return FragmentEdit(path, digest_bytes(data), content)
