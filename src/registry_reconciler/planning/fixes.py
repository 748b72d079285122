"""Fixes as replacements of bytes: what a rule knows (a value at a place) becomes an edit of a text. Pure."""

from __future__ import annotations

from bisect import bisect, bisect_left, insort
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from registry_reconciler.errors import Blocked
from registry_reconciler.loading.workspace import live_truth_files
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import (
    DesiredEntry,
    FieldPath,
    Json,
    LiveEntry,
    Place,
    digest_bytes,
    get_path,
    same,
)
from registry_reconciler.model.fragment_edit import FragmentEdit
from registry_reconciler.model.problem import Fix, Problem, Severity, Status, TextEdit
from registry_reconciler.model.redact import WITHHELD
from registry_reconciler.model.unknown import unknown_code
from registry_reconciler.planning.live_fixes import live_fixes

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Sections, TextFormat
    from registry_reconciler.formats.nodes import Document, Node
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.planning.pipeline import Planning


PATCHES = 50
"""How many patches to look at a plan makes at most: nobody reads more."""

PATCHED_BYTES = 2_000_000
"""How many bytes of files it goes through for them: a patch may have to look through a whole file."""


class _Text(Struct):
    """A file's text, composed once for all the edits in it."""

    data: bytes
    text: str
    documents: Sequence[Document]
    digest: str
    format: TextFormat
    sections: Sections


class Editor:
    """Turns replacements into edits of some files, by path."""

    def __init__(self, files: Mapping[str, SourceFile]) -> None:
        self._files = files
        self._texts: dict[str, _Text | None] = {}

    def edits(self, replacements: Iterable[tuple[Place, Json]]) -> tuple[TextEdit, ...]:
        """One edit for each replacement; none at all where one of them cannot be made."""
        made: list[TextEdit] = []
        for place, value in replacements:
            edit = self._edit(place, value)
            if edit is None:
                return ()
            made.append(edit)
        return tuple(made)

    def _edit(self, place: Place, value: Json) -> TextEdit | None:
        if place.file not in self._texts:
            self._texts[place.file] = _compose(self._files.get(place.file))
        known = self._texts[place.file]
        if known is None or not 0 <= place.document < len(known.documents):
            return None
        node = None if place.on_key else _node_at(known.documents[place.document].root, place)
        if node is not None and _is_simple(known.text, node) and isinstance(value, str | int | float | bool):
            new = known.format.rewritten(node, value)
            if new is not None:
                return _text_edit(known, place.file, node.body, node.end, new)
        return _spliced_edit(known, place, value)


def _compose(source: SourceFile | None) -> _Text | None:
    from registry_reconciler.formats.composed import composed
    from registry_reconciler.formats.nodes import UncomposableText

    data = source.data if source is not None else None
    if source is None or data is None:
        return None
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        trees = composed(source.format, text)
        return _Text(data, text, trees, digest_bytes(data), source.format, source.sections)
    except (UnicodeDecodeError, UncomposableText):
        return None


def _node_at(root: Node, place: Place) -> Node | None:
    from registry_reconciler.formats.nodes import child_index

    node = root
    for step in place.path:
        index = child_index(node, step)
        if index is None:
            return None
        node = node.entries[index].value
    return node


def _is_simple(text: str, node: Node) -> bool:
    """Whether the node is a scalar on one line that nothing else shares."""
    if node.kind != "scalar" or node.is_empty or node.anchor or node.tag or node.style in ("|", ">"):
        return False
    return "\n" not in text[node.body : node.end]


def _text_edit(known: _Text, path: str, start: int, end: int, new: str) -> TextEdit:
    """An edit whose offsets count bytes of the file, a BOM included."""
    text = known.text
    ascii = text.isascii()
    head = len(known.data) - (len(text) if ascii else len(text.encode("utf-8")))
    first = head + (start if ascii else len(text[:start].encode("utf-8")))
    old = known.text[start:end]
    return TextEdit(path, known.digest, first, first + len(old.encode("utf-8")), old, new)


def _spliced_edit(known: _Text, place: Place, value: Json) -> TextEdit | None:
    """The part in which the text that the splicer makes differs."""
    from registry_reconciler.formats.edits import RenameKey, SpliceError, Update

    named = place.on_key and isinstance(value, str)
    edit = RenameKey if named else Update
    try:
        edits = [edit(place.document, place.path, value)]
        new = known.format.splice(known.data, edits, known.sections)
    except SpliceError:
        return None
    after = new.decode("utf-8").removeprefix("\ufeff")
    before = known.text
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    stop = len(before) - end
    return _text_edit(known, place.file, start, stop, after[start : len(after) - end])


def _common(left: str, right: str) -> int:
    """The length of the common start."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def with_edits(problems: Sequence[Problem], files: Mapping[str, SourceFile]) -> tuple[Problem, ...]:
    """The problems, with the replacements of their fixes turned into edits."""
    if not any(problem.fix is not None and problem.fix.replacements for problem in problems):
        return tuple(problems)
    editor = Editor(files)
    patches = seen = 0
    found = []
    for problem in problems:
        if problem.fix is not None and problem.fix.replacements and not problem.fix.edits:
            replacements = problem.fix.replacements
            if _twice(files, {_at(place): value for place, value in replacements}, {}):
                fix = Fix("What is meant stands in the list already: take this one out.")
                found.append(replace(problem, fix=fix))
                continue
            if not problem.fix.safe:
                patches += 1
                seen += sum(_size(files.get(place.file)) for place, _ in replacements)
                if patches > PATCHES or (seen > PATCHED_BYTES and patches > 1):
                    replacements = ()
            fix = replace(problem.fix, edits=editor.edits(replacements), replacements=replacements)
            problem = replace(problem, fix=fix)
        found.append(problem)
    return tuple(found)


def _size(source: SourceFile | None) -> int:
    return len(source.data or b"") if source is not None else 0


def edits_for(planning: Planning, problem: Problem) -> tuple[TextEdit, ...]:
    """The edits that carry out the fix of a problem; none where only a person can."""
    if problem.fix is None:
        return ()
    edits = problem.fix.edits
    if edits and not any(edit.sha256 == WITHHELD for edit in edits):
        return edits
    return Editor(planning.loaded.files).edits(problem.fix.replacements)


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


_At = tuple[str, int, FieldPath, bool]
"""A place as a key: file, document, path, and whether the name of the field is meant."""


class _Chosen(Struct):
    """Fixes that do not meet: no two of them touch the same bytes, or one value.

    Attributes:
        by_file: the edits by the path of their file, in the order of their bytes.
        puts: the values that are put, by their places; ``around`` counts what lies inside a place.
    """

    sources: Mapping[str, SourceFile]
    by_file: dict[str, list[TextEdit]] = field(default_factory=dict)
    puts: dict[_At, Json] = field(default_factory=dict)
    around: set[_At] = field(default_factory=set)

    def take(self, problem: Problem, edits: Sequence[TextEdit]) -> bool:
        """Take all of a fix's edits, or none where one gets in the way of another fix."""
        puts = {_at(place): value for place, value in _puts(problem)}
        if any(self._meets(place, value) for place, value in puts.items()):
            return False
        if _twice(self.sources, puts, self.puts):
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

    def _meets(self, at: _At, value: Json) -> bool:
        """Whether another fix puts a different value there, or one around it, or one inside it."""
        if at in self.puts:
            return not same(self.puts[at], value)
        return at in self.around or any(outer in self.puts for outer in _outside(at))


def _puts(problem: Problem) -> tuple[tuple[Place, Json], ...]:
    return problem.fix.replacements if problem.fix is not None else ()


def _at(place: Place) -> _At:
    return place.file, place.document, place.path, place.on_key


def _outside(at: _At) -> Iterator[_At]:
    file, document, path, _ = at
    return ((file, document, path[:size], False) for size in range(len(path)))


def _start(edit: TextEdit) -> int:
    return edit.start


def _overlap(text_edit: TextEdit, other: TextEdit) -> bool:
    """Whether two edits touch: what one inserts at the end of the other's bytes would belong to both."""
    return text_edit.start <= other.end and other.start <= text_edit.end


def _twice(files: Mapping[str, SourceFile], puts: dict[_At, Json], others: dict[_At, Json]) -> bool:
    """Whether a list gets a value that another of its items says by then, and did not say before.

    Args:
        puts: what one fix puts, and where; ``others``: what is put beside it.
    """
    together = ChainMap(puts, others)
    return any(_stands_beside(files, at, value, together) for at, value in puts.items())


def _stands_beside(files: Mapping[str, SourceFile], at: _At, value: Json, puts: Mapping[_At, Json]) -> bool:
    path, document, steps, on_key = at
    source = files.get(path)
    if source is None or on_key or not steps or not document < len(source.documents):
        return False
    items, index = get_path(source.documents[document], steps[:-1]), steps[-1]
    if not isinstance(items, list) or not isinstance(index, int) or not 0 <= index < len(items):
        return False
    return any(
        same(puts.get((path, document, (*steps[:-1], number), False), item), value)
        and not same(item, items[index])
        for number, item in enumerate(items)
        if number != index
    )


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


def apply_edits(data: bytes, edits: Sequence[TextEdit]) -> bytes:
    """A file's bytes after edits that do not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        data = data[: edit.start] + edit.new.encode("utf-8") + data[edit.end :]
    return data


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
