"""Fragments: what people and agents say should be registered, and the directives beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.base.progress import counted
from registry_reconciler.files.tree import Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.layouts.walk import Nesting, strip_nested
from registry_reconciler.loading.directives import (
    DIRECTIVES,
    AddressPattern,
    Allowance,
    FragmentReading,
    FragmentWords,
    Move,
    Removal,
    read_directive,
)
from registry_reconciler.loading.source import SourceFile, hidden_among, no_key, read_source
from registry_reconciler.loading.too_much import (
    MOST_VALUES,
    holds_too_much,
    may_have_aliases,
    may_hold_too_much,
)
from registry_reconciler.model.config import DESIRED_FOLDER
from registry_reconciler.model.entry import MISSING, DesiredEntry, Json, Place, same
from registry_reconciler.model.fields import without_empty
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem, Related
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Reader


class Fragments(Struct, frozen=True):
    """All fragments as they were read.

    Attributes:
        entries: every declaration, in the order of files, documents and lines; addresses may repeat.
        unreadable: fragments that could not be read; nothing that they own may be deleted.
        unread: those of which there is not even a text; ``hidden``: by a sparse checkout.
    """

    entries: tuple[DesiredEntry, ...]
    moves: tuple[Move, ...]
    removals: tuple[Removal, ...]
    protects: tuple[AddressPattern, ...]
    overrides: tuple[AddressPattern, ...]
    allowances: tuple[Allowance, ...]
    files: Mapping[str, SourceFile]
    unreadable: frozenset[str]
    problems: tuple[Problem, ...]
    unread: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    @property
    def partly_unreadable(self) -> bool:
        """Whether there are fragments of which nobody sees what they declare."""
        return self.unlisted or bool(self.unread)

    @property
    def unlisted(self) -> bool:
        """Whether not even all their names are known."""
        return DESIRED_FOLDER in self.unreadable

    def hides(self, path: str) -> bool:
        """Whether a fragment, or that it is gone, cannot be seen."""
        return path in self.unreadable or self.unlisted

    @property
    def directed(self) -> frozenset[str]:
        """The fragments that hold directives."""
        groups = (self.moves, self.removals, self.protects, self.overrides, self.allowances)
        return frozenset(directive.place.file for group in groups for directive in group)


class FragmentPaths(NamedTuple):
    """What stands below ``desired/``.

    Attributes:
        fragments: the paths of all fragments. Hidden files and editors' leftovers are none.
        unread: those of files that look like fragments and are none: data in another format, or in capital letters.
            Prose may stand beside fragments, so Markdown is none of them, whatever stands at its head.
    """

    fragments: tuple[str, ...]
    unread: tuple[str, ...]


def fragment_paths(tree: Tree) -> FragmentPaths:
    """List ``desired/``. Raises :class:`UnreadablePath` as :func:`find` does."""
    from registry_reconciler.formats.table import FORMATS

    data = tuple(suffix for row in FORMATS.values() if row.several_entries for suffix in row.suffixes)
    seen = [
        path
        for path in find(tree, f"{DESIRED_FOLDER}/**/*")
        if not any(part.startswith(".") for part in path.split("/"))
    ]
    own = tuple(path for path in seen if path.endswith((".yaml", ".yml")))
    others = (path for path in seen if not path.endswith((".yaml", ".yml")))
    return FragmentPaths(own, tuple(path for path in others if path.lower().endswith(data)))


def _unread_problem(paths: Sequence[str]) -> tuple[Problem, ...]:
    """FRG011, once for all files that look like fragments and are not read."""
    if not paths:
        return ()
    first, *others = paths
    which = f"{first} is" if not others else f"{first} and {len(others):,} more {_files(len(others))} are"
    stem = first.rpartition(".")[0]
    return (
        problem(
            "FRG011",
            f"{which} not read: a fragment is YAML, and its name ends in .yaml or .yml.",
            Place(first),
            fix=f"Write it as {stem}.yaml, or move it out of {DESIRED_FOLDER}/.",
            related=tuple(Related("not read either", Place(path)) for path in others[:_NAMED]),
        ),
    )


_NAMED = 20
"""How many of the files that are not read are named."""


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def load_fragments(
    tree: Tree,
    kinds: Mapping[str, Kind],
    broken_kinds: frozenset[str] = frozenset(),
    reader: Reader | None = None,
    only: Sequence[str] | None = None,
    *,
    all_kinds: bool = True,
) -> Fragments:
    """Read every fragment, or only some. Every fault is collected.

    Args:
        broken_kinds: those with a schema that cannot be used.
        all_kinds: every schema could be seen, so any other kind is a slip.
    """
    reading = FragmentReading(kinds, Nesting(kinds), FragmentWords(kinds), broken_kinds, all_kinds)
    files: dict[str, SourceFile] = {}
    unreadable: set[str] = set()
    try:
        paths, unread = fragment_paths(tree) if only is None else (only, ())
        reading.problems += _unread_problem(unread)
    except UnreadablePath as fault:
        paths = []
        unreadable.add(DESIRED_FOLDER)
        reading.fault(
            f"{DESIRED_FOLDER}/ cannot be listed: {fault}.",
            Place(DESIRED_FOLDER),
            "Make it readable.",
            code="LIV001",
        )
    for path in counted(paths):
        source = read_source(tree, path, reader)
        if source is None:
            continue
        files[path] = source
        reading.problems.extend(source.problems)
        if not source.readable:
            unreadable.add(path)
            continue
        reading.counts = source.data is not None and may_hold_too_much(source.data)
        reading.aliases = source.data is not None and may_have_aliases(source.data)
        for index, document in enumerate(source.documents):
            _document(reading, Place(path, index), document)
    return Fragments(
        tuple(reading.entries),
        tuple(reading.moves),
        tuple(reading.removals),
        tuple(reading.protects),
        tuple(reading.overrides),
        tuple(reading.allowances),
        files,
        frozenset(unreadable | reading.misread),
        tuple(reading.problems),
        frozenset(path for path in unreadable if path in files and files[path].data is None),
        hidden_among(files),
    )


def declared(kinds: Mapping[str, Kind], kind: Kind, place: Place, value: Json) -> DesiredEntry | None:
    """One item of a fragment of which it is known that there is nothing to be said of it but as an entry."""
    reading = FragmentReading(kinds, Nesting(kinds), FragmentWords(kinds), frozenset())
    return _entry(reading, kind, place, value) if isinstance(value, dict) else None


def _document(reading: FragmentReading, place: Place, document: Json) -> None:
    if document is None:
        return
    if not isinstance(document, dict):
        reading.fault(
            "a fragment must be a mapping from kinds to lists of entries.", place, "Write 'KIND:' and a list."
        )
        reading.misread.add(place.file)
        return
    for name, content in document.items():
        where = place.at((name,))
        if name in DIRECTIVES:
            read_directive(reading, name, where, content)
        elif name in reading.kinds:
            _entries(reading, reading.kinds[name], where, content)
        elif reading.all_kinds and name not in reading.broken_kinds and not name.startswith("x-"):
            _unknown(reading, name, place)


def _unknown(reading: FragmentReading, name: str, place: Place) -> None:
    from registry_reconciler.base.suggest import did_you_mean

    reading.misread.add(place.file)
    reading.fault(
        f"{name!r} is neither a kind nor a directive.{did_you_mean(name, reading.words.keys)}",
        place.at((name,), on_key=True),
        f"{reading.words.kinds_here} Directives: {', '.join(DIRECTIVES)}.",
    )


def _entries(reading: FragmentReading, kind: Kind, place: Place, content: Json) -> None:
    if content is None:
        return
    if not isinstance(content, list):
        reading.misread.add(place.file)
        reading.fault(f"{kind.name!r} must be a list of entries.", place, "Begin each entry with '- '.")
        return
    file, document, path = place.file, place.document, place.path
    if kind.truth == "live":
        if content:
            _owned_by_live(reading, kind, place, len(content))
        return
    for index, value in enumerate(content):
        where = Place(file, document, (*path, index))
        if not isinstance(value, dict):
            reading.misread.add(place.file)
            reading.fault(
                f"an entry of {kind.name} must be a mapping.",
                where,
                "Write the entry as fields, each as 'NAME: value'.",
            )
            continue
        entry = _entry(reading, kind, where, value)
        if entry is not None:
            reading.entries.append(entry)


def _owned_by_live(reading: FragmentReading, kind: Kind, place: Place, count: int) -> None:
    """Two truths of one entry would contradict each other sooner or later."""
    what = "the entry" if count == 1 else f"all {count:,} entries"
    reading.fault(
        f"{place.file} declares {kind.name}, and the truth of that kind is live: {kind.file.text} owns its entries.",
        replace(place, on_key=True),
        f"Take {what} out of the fragment (the registry stays as it is), and edit there: "
        f"registry set {kind.name}/KEY FIELD=VALUE. To have fragments own them: "
        f"take 'truth: live' out of {kind.schema_path}.",
        code="FRG009",
    )


def _entry(reading: FragmentReading, kind: Kind, place: Place, value: dict[str, Json]) -> DesiredEntry | None:
    value = kind.texts.settled(value)
    key = kind.key_of(value)
    if key is None:
        reading.misread.add(place.file)
        message, fix = no_key(kind, value)
        reading.fault(message, place, fix, code="FRG008")
        return None
    address = f"{kind.name}/{key}"
    if reading.counts and holds_too_much(value, aliases=reading.aliases):
        reading.misread.add(place.file)
        reading.fault(
            f"{address} has more than {MOST_VALUES:,} values, and one entry may have so many.",
            place,
            "Keep its data in a file of its own, and name that file in the entry.",
        )
        return None
    for selector in kind.live_fields:
        for path, _ in selector.find(value):
            reading.problems.append(
                problem(
                    "FRG007",
                    f"{address}: {selector.text} is kept as it is in the registry and may not stand in a fragment.",
                    place.at(path, on_key=True),
                    address=address,
                    path=path,
                    fix=f"Remove {selector.text} from the fragment.",
                )
            )
        # A mapping that only live fields fill says nothing, in a registry as in a fragment.
        value = without_empty(value, selector.path)
    nested = reading.nested.get(kind.name)
    if nested is None:
        nested = reading.nested[kind.name] = reading.nesting.steps(kind)
    if nested:
        reading.problems.extend(_held_by_others(nested, address, place, value))
    return DesiredEntry(kind.name, key, address, value, place)


def _held_by_others(
    nested: tuple[tuple[Step, ...], ...], address: str, place: Place, value: dict[str, Json]
) -> Iterator[Problem]:
    """Fields that are containers of kinds inside this one: their entries are declared by themselves."""
    left = strip_nested(value, nested)
    for name in value:
        if same(left.get(name, MISSING), value[name]):
            continue
        yield problem(
            "FRG007",
            f"{address}: {name} holds entries of another kind and is no part of this one.",
            place.at((name,), on_key=True),
            address=address,
            path=(name,),
            fix=f"Declare what {name} holds as entries of their own kind, and take {name} out here: registry adopt "
            "--all does both, where the registry says the same and has its comments.",
        )
