"""Who is asked about what, and what they say otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.formats.base import ForOthers
from registry_reconciler.loading.catalog import Catalog
from registry_reconciler.loading.registries import entries_of
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.loading.workspace import Loaded
from registry_reconciler.model.change import Action, Change
from registry_reconciler.model.config import HISTORY_FOLDER, STATE_FOLDER
from registry_reconciler.model.entry import (
    DesiredEntry,
    FieldPath,
    Json,
    LiveEntry,
    get_path,
    replace_part,
    same,
    show_path,
)
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.written import WrittenFloat, WrittenInt, as_json, opaque_paths
from registry_reconciler.planning.pipeline import Planning

if TYPE_CHECKING:
    from registry_reconciler.verify.judge import SchemaJudge


class Disagreement(Struct, frozen=True):
    """What registry says of something, and what another says.

    Attributes:
        about: a file or an address, with the part of it.
        who: the other one.
        ours, theirs: what each says, in words that tell no secret.
    """

    about: str
    who: str
    ours: str
    theirs: str

    @property
    def text(self) -> str:
        """In one sentence."""
        return f"{self.about}: registry says {self.ours}; {self.who} says {self.theirs}"


class Opinions(Struct):
    """How much the others were asked, and what they said otherwise.

    Attributes:
        files: those that ruamel.yaml read.
        other_files: those that Python's own readers read: JSON and TOML.
        unread: files that nobody else reads.
        unanswered: entries of which jsonschema cannot tell, because of a pattern that Python does not know.
    """

    files: int = 0
    other_files: int = 0
    unread: int = 0
    schemas: int = 0
    entries: int = 0
    changes: int = 0
    unanswered: int = 0
    disagreements: list[Disagreement] = []

    def add(self, found: Iterable[Disagreement]) -> None:
        """Take disagreements over."""
        self.disagreements.extend(found)


def of_plan(planning: Planning) -> Opinions:
    """Ask about what a plan would write: the new texts, where they come from, the changed entries, their schemas."""
    loaded, opinions = planning.loaded, Opinions(disagreements=[])
    changes = [change for change in planning.entry_sets.changes if change.writes]
    new = {
        file.path: _source(loaded, file.path, file.content)
        for file in planning.plan.files
        if file.content is not None and _is_text_of_values(loaded, file.path)
    }
    origins = {change.origin.file for change in planning.entry_sets.changes if change.origin is not None}
    _ask_reader(opinions, loaded, [*new.values(), *_fragments(loaded, origins)])
    opinions.add(_kept_promises(loaded, changes, new))
    opinions.add(_taken_for_text(loaded, [*_entries_in(loaded, new), *_declared_in(loaded, origins)]))
    kinds = sorted({change.kind for change in changes})
    _ask_judge(
        opinions, loaded.catalog, kinds, ((change.kind, change.address, change.after) for change in changes)
    )
    _ask_comparer(opinions, planning.entry_sets.changes)
    return opinions


def of_workspace(planning: Planning) -> Opinions:
    """Ask about everything that is there: fragments, registries, schemas, entries, and the changes of the plan."""
    loaded, opinions = planning.loaded, Opinions(disagreements=[])
    sources = {**loaded.live.files, **loaded.fragments.files, **loaded.catalog.files}
    _ask_reader(opinions, loaded, [source for _, source in sorted(sources.items())])
    live = ((entry.kind, entry.address, entry.value) for entry in loaded.live.entries.values())
    wished = ((entry.kind, entry.address, entry.value) for entry in loaded.fragments.entries)
    both: list[LiveEntry | DesiredEntry] = [*loaded.live.entries.values(), *loaded.fragments.entries]
    opinions.add(_taken_for_text(loaded, [(entry, sources[entry.place.file]) for entry in both]))
    _ask_judge(opinions, loaded.catalog, sorted(loaded.kinds), (*live, *wished))
    _ask_comparer(opinions, planning.entry_sets.changes)
    return opinions


def of_schemas(planning: Planning) -> Opinions:
    """Ask jsonschema about every schema, and about every entry as it is and as fragments want it."""
    loaded, opinions = planning.loaded, Opinions(disagreements=[])
    live = ((entry.kind, entry.address, entry.value) for entry in loaded.live.entries.values())
    wished = ((entry.kind, entry.address, entry.value) for entry in loaded.fragments.entries)
    _ask_judge(opinions, loaded.catalog, sorted(loaded.kinds), (*live, *wished))
    return opinions


def _source(loaded: Loaded, path: str, content: bytes | None) -> SourceFile | None:
    kinds = _kinds_of(loaded, path)
    there = loaded.live.files.get(path)
    form = there.format if there is not None else None
    if form is None and kinds:
        from registry_reconciler.formats.table import format_of

        form = format_of(path, kinds[0])
    return read_source(MemoryTree({path: content}), path, None, form)


def _is_text_of_values(loaded: Loaded, path: str) -> bool:
    """Whether a file that is written says values: a registry, or one with an output in it; not the state, not prose."""
    from registry_reconciler.formats.table import FORMATS

    if _kinds_of(loaded, path):
        return True
    own = path.startswith((f"{STATE_FOLDER}/", f"{HISTORY_FOLDER}/"))
    suffixes = [suffix for row in FORMATS.values() if row.several_entries for suffix in row.suffixes]
    return not own and path.endswith(tuple(suffixes))


def _kinds_of(loaded: Loaded, path: str) -> list[Kind]:
    return [kind for kind in loaded.kinds.values() if kind.file.match(path) is not None]


def _fragments(loaded: Loaded, paths: Iterable[str]) -> Iterator[SourceFile]:
    for path in sorted(paths):
        if path in loaded.fragments.files:
            yield loaded.fragments.files[path]


def _ask_reader(opinions: Opinions, loaded: Loaded, sources: Iterable[SourceFile | None]) -> None:
    held = _with_secrets(loaded)
    for source in sources:
        if source is None or source.data is None or not source.readable:
            continue
        given = source.format.for_others(source.data)
        if given is None:
            opinions.unread += 1
            continue
        who = _NAMES.get(given.reader, given.reader)
        opinions.files += who == RUAMEL
        opinions.other_files += who != RUAMEL
        found = _reads_otherwise(given, as_json(list(source.documents)))
        if found is not None:
            where, ours, theirs = found
            if source.path in held:
                ours, theirs = "something", "something else (not shown: the file holds secrets)"
            opinions.add([Disagreement(f"{source.path}{where}", who, ours, theirs)])


RUAMEL = "ruamel.yaml"
JSON = "Python's json"


_NAMES = {"json": JSON, "json, without comments": JSON, "tomllib": "Python's tomllib"}
"""How a reader is called where its name alone says little."""


def _reads_otherwise(given: ForOthers, documents: list[Json]) -> tuple[str, str, str] | None:
    from registry_reconciler.verify import plain
    from registry_reconciler.verify.read import reads_otherwise

    if given.beside and documents and isinstance(documents[0], dict):
        documents = [{name: part for name, part in documents[0].items() if name != given.beside}]
    if given.reader == RUAMEL:
        return reads_otherwise(given.text, documents)
    if not documents:
        return None
    ask = {
        "json": plain.json_reads_otherwise,
        "json, without comments": plain.jsonc_reads_otherwise,
        "tomllib": plain.toml_reads_otherwise,
    }[given.reader]
    return ask(given.text, documents[0])


def _with_secrets(loaded: Loaded) -> frozenset[str]:
    """The files that may hold a secret: what they say is told to nobody."""
    secret = {name for name, kind in loaded.kinds.items() if kind.secrets}
    live = {entry.place.file for entry in loaded.live.entries.values() if entry.kind in secret}
    wished = {entry.place.file for entry in loaded.fragments.entries if entry.kind in secret}
    return frozenset(live | wished)


def _kept_promises(
    loaded: Loaded, changes: Iterable[Change], new: Mapping[str, SourceFile | None]
) -> Iterator[Disagreement]:
    """Whether the entries of the new texts, as the other reader confirmed them, are what the plan promised."""
    found = {(entry.place.file, entry.address): entry.value for entry, _ in _entries_in(loaded, new)}
    for change in changes:
        if change.action is Action.DELETE or change.after is None or change.file not in new:
            continue
        there = found.get((change.file, change.address))
        if there is None or not same(there, change.after):
            other = "nothing of it" if there is None else "other values"
            yield Disagreement(
                f"{change.file}, {change.address}",
                "the text as ruamel.yaml reads it",
                "what the plan shows",
                other,
            )


_Found = tuple[LiveEntry | DesiredEntry, SourceFile]


def _entries_in(loaded: Loaded, new: Mapping[str, SourceFile | None]) -> Iterator[_Found]:
    """The entries of the new texts, each with its file."""
    from registry_reconciler.layouts.walk import Nesting

    nesting = Nesting(loaded.kinds)
    for path, source in new.items():
        for kind in _kinds_of(loaded, path) if source is not None else ():
            assert source is not None
            bound = kind.file.match(path) or {}
            for entry, _ in entries_of(kind, source, bound, nesting.steps(kind)):
                if entry is not None:
                    yield entry, source


def _declared_in(loaded: Loaded, paths: Collection[str]) -> Iterator[_Found]:
    for entry in loaded.fragments.entries:
        if entry.place.file in paths:
            yield entry, loaded.fragments.files[entry.place.file]


def _taken_for_text(loaded: Loaded, entries: Sequence[_Found]) -> Iterator[Disagreement]:
    """Numbers of YAML 1.2 that registry takes for text, as their schema wants: jsonschema must refuse the number there.

    A text in a file is what its reader says: ruamel.yaml is asked about that. What a schema makes of it is seen here.
    """
    judge: SchemaJudge | None = None
    for entry, source in entries:
        raw = get_path(source.documents[entry.place.document], entry.place.path)
        for path, number in _texts_of_numbers(raw, entry.value):
            judge = judge or _judge_of(loaded.catalog)
            kind = loaded.kinds[entry.kind]
            as_number = replace_part(entry.value, path, number)
            if judge.is_valid(kind.schema_path, as_json(as_number)):
                text = get_path(entry.value, path)
                yield Disagreement(
                    f"{source.path}, {entry.address}, {show_path(path)}",
                    "jsonschema",
                    f"that it is the text {text}" if not kind.secrets else "that it is a text",
                    "that a number fits there",
                )


def _texts_of_numbers(raw: object, value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Json]]:
    """The places where a file writes a number and an entry says its text."""
    if isinstance(raw, WrittenInt | WrittenFloat) and isinstance(value, str):
        yield path, raw
    elif isinstance(raw, dict) and isinstance(value, dict):
        for name in raw.keys() & value.keys():
            yield from _texts_of_numbers(raw[name], value[name], (*path, name))
    elif isinstance(raw, list) and isinstance(value, list) and len(raw) == len(value):
        for index, (item, mine) in enumerate(zip(raw, value, strict=True)):
            yield from _texts_of_numbers(item, mine, (*path, index))


def _judge_of(catalog: Catalog) -> SchemaJudge:
    from registry_reconciler.verify.judge import SchemaJudge

    return SchemaJudge(
        {
            path: source.documents[0]
            for path, source in catalog.files.items()
            if source.readable and len(source.documents) == 1
        }
    )


def _ask_judge(
    opinions: Opinions, catalog: Catalog, kinds: Iterable[str], entries: Iterable[tuple[str, str, Json]]
) -> None:
    judge = _judge_of(catalog)
    for name in kinds:
        if name in catalog.kinds:
            opinions.schemas += 1
            fault = judge.schema_fault(catalog.kinds[name].schema_path)
            if fault:
                about = catalog.kinds[name].schema_path
                opinions.add([Disagreement(about, "jsonschema", "a valid schema", fault)])
    for name, address, value in entries:
        kind = catalog.kinds.get(name)
        if kind is None or value is None:
            continue
        opinions.entries += 1
        # Of a node with an unknown tag nobody knows what it is.
        theirs = None if any(opaque_paths(value)) else judge.is_valid(kind.schema_path, as_json(value))
        ours = catalog.schemas.validator(kind).is_valid(value)
        opinions.unanswered += theirs is None
        if theirs is not None and theirs != ours:
            words = {True: "that it fits its schema", False: "that it does not fit its schema"}
            opinions.add([Disagreement(address, "jsonschema", words[ours], words[theirs])])


def _ask_comparer(opinions: Opinions, changes: Iterable[Change]) -> None:
    from registry_reconciler.verify.compare import compares_otherwise

    for change in changes:
        if change.before is None or change.after is None or change.action is Action.FORGET:
            continue
        opinions.changes += 1
        found = compares_otherwise(change.before, change.after, change.fields)
        if found is not None:
            opinions.add([Disagreement(change.address, "deepdiff", *found)])
