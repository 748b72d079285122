"""Live entries: what the registry files hold now, found by kind and layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from registry_reconciler.base.first_few import first_few
from registry_reconciler.base.globs import any_of
from registry_reconciler.base.progress import counted
from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import Tree, find
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.table import format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.base import Container, RawEntry
from registry_reconciler.layouts.walk import Nesting, containers, strip_nested
from registry_reconciler.loading.source import SourceFile, hidden_among, no_key, read_source
from registry_reconciler.model.entry import FieldPath, Json, LiveEntry, Place
from registry_reconciler.model.fields import Selector, with_value, without, without_empty
from registry_reconciler.model.kind import Kind, Step
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem
from registry_reconciler.model.written import Exact, dumps

if TYPE_CHECKING:
    from registry_reconciler.formats.base import Reader


class Live(Struct, frozen=True):
    """The registries as they are.

    Attributes:
        entries: by address; of several entries with one address the first by file and place.
        clashes: the others.
        files: every registry file that was read, by path.
        files_of: the paths of a kind's files.
        found: how many containers of a kind were found.
        hidden_kinds: kinds with a file or container that cannot be read.
        hidden: the files that a sparse checkout leaves out.
    """

    entries: Mapping[str, LiveEntry]
    clashes: tuple[LiveEntry, ...]
    files: Mapping[str, SourceFile]
    files_of: Mapping[str, tuple[str, ...]]
    found: Mapping[str, int]
    hidden_kinds: frozenset[str]
    problems: tuple[Problem, ...]
    hidden: frozenset[str] = frozenset()


class _RegistryReading(Struct):
    """What is gathered while reading; becomes a :class:`Live`."""

    nesting: Nesting
    entries: dict[str, LiveEntry] = field(default_factory=dict)
    clashes: list[LiveEntry] = field(default_factory=list)
    files: dict[str, SourceFile] = field(default_factory=dict)
    files_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    reader: Reader | None = None
    problems: list[Problem] = field(default_factory=list)
    known: Mapping[str, SourceFile] = MappingProxyType({})


def load_live(
    tree: Tree,
    kinds: Mapping[str, Kind],
    reader: Reader | None = None,
    known: Mapping[str, SourceFile] = MappingProxyType({}),
) -> Live:
    """Read every registry file of every kind; ``known`` are some that were read."""
    reading = _RegistryReading(Nesting(kinds), reader=reader, known=known)
    for kind in kinds.values():
        _load_kind(reading, tree, kind)
    for source in reading.files.values():
        reading.problems.extend(source.problems)
    return Live(
        entries=dict(sorted(reading.entries.items())),
        clashes=tuple(reading.clashes),
        files=reading.files,
        files_of=reading.files_of,
        found=reading.found,
        hidden_kinds=frozenset(reading.hidden),
        problems=tuple(reading.problems),
        hidden=hidden_among(reading.files),
    )


def order_in_files(
    tree: Tree, kind: Kind, kinds: Mapping[str, Kind], reader: Reader | None = None
) -> list[str]:
    """The addresses of the entries of a kind as they stand: by file, and from the top of each."""
    reading = _RegistryReading(Nesting(kinds), reader=reader)
    _load_kind(reading, tree, kind)
    return list(reading.entries)


def _load_kind(reading: _RegistryReading, tree: Tree, kind: Kind) -> None:
    paths: list[str] = []
    nested = reading.nesting.steps(kind)
    reading.found[kind.name] = 0
    without: list[str] = []
    first_of = reading.entries.setdefault
    for path, bound in counted(tuple(_files(reading, tree, kind))):
        source = reading.files.get(path) or reading.known.get(path)
        source = source or read_source(tree, path, reading.reader, format_of(path, kind))
        if source is None:
            continue
        reading.files[path] = source
        paths.append(path)
        if not source.readable:
            reading.hidden.add(kind.name)
            continue
        for entry, fault in entries_of(kind, source, bound, nested):
            if entry is None:
                reading.problems.append(fault)  # type: ignore[arg-type]
                if fault is not None and fault.code == "LIV005":
                    reading.hidden.add(kind.name)  # what it meant to hold is not known
                continue
            if fault is not None:
                reading.problems.append(fault)
            if first_of(entry.address, entry) is not entry:
                reading.clashes.append(entry)
        reading.found[kind.name] += sum(1 for _ in containers(kind, source.documents, bound))
        if not source.format.several_entries and all(document is None for document in source.documents):
            without.append(path)
    if without:
        reading.problems.append(_no_entries(kind, without))
    reading.files_of[kind.name] = tuple(paths)


def _no_entries(kind: Kind, paths: list[str]) -> Problem:
    """Files of a format with one entry a file that have none."""
    shown = first_few(paths, _SHOWN)
    files, are = ("file has", "is no entry") if len(paths) == 1 else ("files have", "are no entries")
    return problem(
        "LIV008",
        f"{len(paths):,} {files} no front matter, or none with a field, and {are} of {kind.name}: {shown}.",
        Place(paths[0]),
        fix="Write a block of front matter at the head, or name the files under 'exclude' in "
        f"{kind.schema_path}.",
        extra=kind.name,
    )


_SHOWN = 3


def excluded(kind: Kind, path: str) -> bool:
    """Whether the kind's ``exclude`` says that a file is none of its own."""
    return any_of(kind.exclude)(path)


def _files(reading: _RegistryReading, tree: Tree, kind: Kind) -> Iterator[tuple[str, dict[str, str]]]:
    left_out: list[str] = []
    try:
        for path in find(tree, kind.file.glob, exclude=kind.exclude):
            bound = kind.file.match(path)
            if bound is None:
                continue
            if is_reserved(path):
                left_out.append(path)
            else:
                yield path, bound
    except UnreadablePath as fault:
        reading.hidden.add(kind.name)
        reading.problems.append(
            problem(
                "LIV001",
                f"the files {kind.file.text} of {kind.name} cannot be listed: {fault}.",
                Place(kind.file.text),
                fix="Make the folder readable.",
            )
        )
    if left_out:
        reading.problems.append(_left_out(kind, left_out))


def _left_out(kind: Kind, paths: list[str]) -> Problem:
    return problem(
        "KND003",
        f"{kind.file.text!r} of {kind.name} also matches {first_few(paths, 3)}, "
        "which belongs to registry itself or to git and is no registry.",
        Place(kind.schema_path, 0, ("x-registry", "file")),
        fix="Nothing has to be done: it is left out. A pattern or 'exclude' that says so is clearer.",
        extra=kind.name,
    )


def entries_of(
    kind: Kind, source: SourceFile, bound: Mapping[str, str], nested: Iterable[tuple[object, ...]]
) -> Iterator[tuple[LiveEntry | None, Problem | None]]:
    """The entries of one kind in one file, each with a problem or ``None``."""
    layout = LAYOUTS[kind.layout]
    for container in containers(kind, source.documents, bound):
        if container.value is None:
            continue
        place = Place(source.path, container.document, container.path)
        if not isinstance(container.value, layout.container_type):
            yield None, _wrong_container(kind, place, container)
            continue
        site = _site(kind, place, container, nested)
        for raw in layout.entries(kind, container.value):
            found = _as_it_stands(site, raw) if site.plain else None
            yield (found, None) if found is not None else _entry(site, raw)


class _Site(Struct, frozen=True):
    """What the entries of one container have in common, looked up once for all of them.

    Attributes:
        plain: entries are taken as they stand, if they say what ``given`` says: fields with the texts of placeholders.
    """

    kind: Kind
    place: Place
    nested: tuple[tuple[Step, ...], ...]
    bound: tuple[tuple[str, str], ...]
    selectors: tuple[tuple[str, str, Selector], ...]
    all_carried: frozenset[str]
    key_field: str
    given: tuple[tuple[str, str], ...]
    plain: bool


def _site(kind: Kind, place: Place, container: Container, nested: Iterable[tuple[object, ...]]) -> _Site:
    bound = tuple(container.bound.items())
    selectors = tuple((name, given, Selector.parse(name)) for name, given in bound)
    key_field = _only_step(kind.key[0]) if len(kind.key) == 1 else ""
    steps: tuple[tuple[Step, ...], ...] = tuple(nested)  # type: ignore[arg-type]
    given = tuple((_only_step(selector), text) for _, text, selector in selectors)
    plain = bool(key_field) and all(name for name, _ in given) and not steps and not kind.live_fields
    return _Site(kind, place, steps, bound, selectors, frozenset(container.bound), key_field, given, plain)


def _only_step(selector: Selector) -> str:
    """The name of a field at the top of entries; "" for a selector of any other sort."""
    return (selector.steps[0] or "") if len(selector.steps) == 1 else ""


def _wrong_container(kind: Kind, place: Place, container: Container) -> Problem:
    wanted = LAYOUTS[kind.layout].container_words
    return problem(
        "LIV005",
        f"{_where(container.path)} holds the entries of {kind.name} and must be {wanted}, "
        f"not {_type_name(container.value)}.",
        place,
        fix=f"Make it {wanted}, or correct 'layout' and 'at' in {kind.schema_path}.",
    )


def _entry(site: _Site, raw: RawEntry) -> tuple[LiveEntry | None, Problem | None]:
    kind = site.kind
    place = site.place.at(raw.path)
    if not isinstance(raw.value, dict):
        return None, problem(
            "LIV003",
            f"an entry of {kind.name} must be a mapping, not {_type_name(raw.value)}.",
            place,
            fix="Write the entry as fields, or correct 'file' and 'at' in the schema file.",
            managed=False,
        )
    value = strip_nested(kind.texts.settled(raw.value), site.nested)
    faults: list[Problem] = []
    for name, given in raw.placed:
        selector = Selector.parse(name)
        if selector.get(value) is not None:
            faults.append(_key_inside(kind, place, name, given))
        value = _with_key(value, selector.path, given)
    carried: list[str] = []
    disagrees: tuple[str, Json, str] | None = None
    for name, given, selector in site.selectors:
        inside = selector.get(value)
        if inside is None:
            value = with_value(value, selector.path, given)
        else:
            carried.append(name)
            if str(inside) != given:
                disagrees = (name, inside, given)
    live_only: list[tuple[FieldPath, Json]] = []
    for selector in kind.live_fields:
        for path, part in selector.find(value):
            live_only.append((path, part))
            value = without(value, path)
        value = without_empty(value, selector.path)
    key = kind.key_of(value)
    if key is None:
        message, fix = no_key(kind, value)
        return None, problem("LIV003", message, place, fix=fix, managed=False)
    address = f"{kind.name}/{key}"
    says = site.all_carried if len(carried) == len(site.bound) else frozenset(carried)
    entry = LiveEntry(kind.name, key, address, value, place, site.bound, says, tuple(live_only))
    if disagrees is not None:
        faults.append(_disagrees(entry, *disagrees))
    return entry, faults[0] if faults else None


def _as_it_stands(site: _Site, raw: RawEntry) -> LiveEntry | None:
    """The entry, where nothing has to be added to its text nor taken away: so most are."""
    value = raw.value
    if raw.placed or not isinstance(value, dict):
        return None
    if Exact.seen:
        value = site.kind.texts.settled(value)
    key = value.get(site.key_field)
    if type(key) is not str or not key:
        return None
    for field_name, text in site.given:
        if value.get(field_name) != text:
            return None
    kind = site.kind.name
    place = Place(site.place.file, site.place.document, site.place.path + raw.path)
    return LiveEntry(kind, key, f"{kind}/{key}", value, place, site.bound, site.all_carried)


def _with_key(value: dict[str, Json], path: FieldPath, given: str) -> dict[str, Json]:
    """The value with its key, which is shown first where it is a field of its own."""
    if len(path) > 1:
        return with_value(value, path, given)
    return {path[0]: given, **{name: item for name, item in value.items() if name != path[0]}}  # type: ignore[dict-item]


def _key_inside(kind: Kind, place: Place, name: str, given: str) -> Problem:
    return problem(
        "LIV003",
        f"{kind.name}/{given}: the key {name!r} stands outside of the entry and may not stand inside too.",
        place.at(Selector.parse(name).path, on_key=True),
        address=f"{kind.name}/{given}",
        fix=f"Remove the field {name!r} from the entry.",
        managed=False,
    )


def _disagrees(entry: LiveEntry, name: str, inside: Json, given: str) -> Problem:
    return problem(
        "LIV004",
        f"{entry.address} says {name}: {dumps(inside)}, but it stands where {name} is {dumps(given)}. "
        "The entry's text counts.",
        entry.place.at((name,)),
        address=entry.address,
        path=(name,),
        fix=f"Move the entry to the place of {dumps(inside)}, or change its {name} to {dumps(given)}.",
        managed=False,
    )


def duplicate_problems(live: Live, managed: frozenset[str]) -> Iterator[Problem]:
    """One problem for each address that several live entries have."""
    from registry_reconciler.model.problem import Related

    for entry in live.clashes:
        first = live.entries[entry.address]
        yield problem(
            "LIV002",
            f"{entry.address} stands in the registries twice.",
            entry.place,
            address=entry.address,
            related=(Related("the first one is here", first.place),),
            fix="Remove one of the two, or give it another key.",
            managed=entry.address in managed,
            extra=f"{entry.place.file}#{entry.place.path}",
        )


def _where(path: FieldPath) -> str:
    from registry_reconciler.model.entry import show_path

    return repr(show_path(path)) if path else "the file"


def _type_name(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    names = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number"}
    if isinstance(value, int | float):
        return "a number"
    return names.get(type(value), "a node with an unknown tag")
