"""The first stage: a tree of files → everything a plan is computed from, and every fault found on the way.

Order: configuration, schemas and kinds, live entries, fragments, state, baseline. A file that cannot be read is a
problem with its place and hides nothing of the other files.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import Recorder, Tree, find, is_safe
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.formats.base import Reader
from registry_reconciler.formats.table import format_of, new_reader
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.loading.fragments import Fragments, load_fragments
from registry_reconciler.loading.registries import Live, duplicate_problems, load_live
from registry_reconciler.loading.required_version import require_of
from registry_reconciler.loading.rule_files import RuleFiles, load_rule_files
from registry_reconciler.loading.source import SourceFile, hidden_among, read_source
from registry_reconciler.loading.state import State, conflict_problem, load_state
from registry_reconciler.loading.state.files import conflict_line
from registry_reconciler.model.baseline import Baseline, parse_baseline
from registry_reconciler.model.config import (
    BASELINE_PATH,
    CONFIG_PATH,
    OLD_HISTORY_PATH,
    Config,
    parse_config,
)
from registry_reconciler.model.entry import Json, Place
from registry_reconciler.model.kind import (
    MOST_AT_ONE_PLACE,
    SCHEMA_FOLDER,
    SCHEMA_SUFFIX,
    Kind,
    KindError,
    parse_kind,
)
from registry_reconciler.model.problem import Problem, Status
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.schema.validator import SchemaSet, Violation


class Catalog(Struct, frozen=True):
    """The kinds of a workspace.

    Attributes:
        kinds: by name, in name order.
        broken: names of kinds whose schema cannot be used.
        incomplete: schema files cannot be seen: what they are about is not known.
        schemas: validates; ``None`` where there is no usable schema at all.
        files: the schema files as read.
    """

    kinds: Mapping[str, Kind]
    broken: frozenset[str]
    schemas: SchemaSet
    files: Mapping[str, SourceFile]
    problems: tuple[Problem, ...]
    incomplete: bool = False


class Loaded(Struct, frozen=True):
    """Everything that a plan is computed from. ``reader`` remembers what was parsed."""

    tree: Recorder
    reader: Reader
    config: Config
    catalog: Catalog
    live: Live
    fragments: Fragments
    state: State
    baseline: Baseline
    rule_files: RuleFiles
    files: Mapping[str, SourceFile]
    problems: tuple[Problem, ...]

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The usable kinds."""
        return self.catalog.kinds


def load(tree: Tree, reader: Reader | None = None) -> Loaded:
    """Read a workspace. Faults are collected; nothing is raised for what stands in a file."""
    recorder = tree if isinstance(tree, Recorder) else Recorder(tree)
    config = load_config(recorder)
    catalog = load_catalog(recorder)
    reader = reader or new_reader()
    live = load_live(recorder, catalog.kinds, reader=reader)
    fragments = load_fragments(
        recorder, catalog.kinds, catalog.broken, reader, all_kinds=not catalog.incomplete
    )
    state = load_state(recorder, fragments.files)
    return put_together(recorder, reader, config, catalog, live, fragments, state, load_rule_files(recorder))


def put_together(
    recorder: Recorder,
    reader: Reader,
    settings: tuple[Config, tuple[Problem, ...], dict[str, SourceFile]],
    catalog: Catalog,
    live: Live,
    fragments: Fragments,
    state: State,
    rule_files: RuleFiles,
) -> Loaded:
    """Everything that was read as one value, with the faults that only all of it shows."""
    config, config_problems, config_files = settings
    state = _without_live_truth(state, catalog.kinds)
    baseline, baseline_problems, baseline_files = load_baseline(recorder)
    managed = frozenset(state.entries) | {entry.address for entry in fragments.entries}
    free = live_truth_files(catalog.kinds, live)
    live_problems = (
        *live.problems,
        *duplicate_problems(live, managed),
        *empty_places(catalog, live, fragments),
    )
    return Loaded(
        tree=recorder,
        reader=reader,
        config=config,
        catalog=catalog,
        live=live,
        fragments=fragments,
        state=state,
        baseline=baseline,
        rule_files=rule_files,
        files=ChainMap(
            *map(
                _readable,
                (fragments.files, live.files, catalog.files, baseline_files, config_files, rule_files.files),
            )
        ),
        problems=(
            *config_problems,
            *catalog.problems,
            *(_pre_existing(one, managed, free) for one in live_problems),
            *fragments.problems,
            *state.problems,
            *old_history_problems(recorder),
            *gone_kinds(catalog, state),
            *hidden_files(fragments.hidden | live.hidden | hidden_among(catalog.files)),
            *baseline_problems,
            *rule_files.problems,
        ),
    )


def old_history_problems(tree: Recorder) -> Iterator[Problem]:
    """A conflict that git left in the history of the old form. The history itself is no input of a plan."""
    try:
        if tree.tree.kind(OLD_HISTORY_PATH) != "file":
            return
        data = tree.read(OLD_HISTORY_PATH) or b""
    except Unreadable:
        return
    line = conflict_line(data)
    if line is not None:
        yield conflict_problem(OLD_HISTORY_PATH, line)


SHOW_ALL = "Check it out: git sparse-checkout disable"
"""What to do about a file that a sparse checkout hides."""

_SHOWN = 10


def hidden_files(hidden: Iterable[str]) -> Iterator[Problem]:
    """One problem for all files that a sparse checkout leaves out."""
    paths = sorted(hidden)
    if not paths:
        return
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    count = "a file" if len(paths) == 1 else f"{len(paths):,} files"
    yield problem(
        "LIV006",
        f"a sparse checkout hides {count}: {', '.join(paths[:_SHOWN])}{more}. "
        "Nothing is planned for what stands there.",
        Place(paths[0]),
        fix="To plan for it, check everything out: git sparse-checkout disable",
        extra="\n".join(paths),
    )


def gone_kinds(catalog: Catalog, state: State) -> Iterator[Problem]:
    """A kind whose entries are managed, and whose schema is gone: nothing can be planned for them."""
    if catalog.incomplete:
        return
    for kind, addresses in managed_by_kind(state).items():
        if kind in catalog.kinds or kind in catalog.broken:
            continue
        yield problem(
            "KND004",
            f"the state knows {count_of(addresses)} of the kind {kind!r}, and no schema describes it any more.",
            Place(SCHEMA_FOLDER),
            fix=f"Bring its schema file back (git log --diff-filter=D --name-only -- {SCHEMA_FOLDER} tells which "
            "commit removed it). To let the kind go: with the schema in place, take its entries out of the fragments, "
            "or list them under 'removed' with 'keep: true', apply, and only then remove the schema.",
            extra=kind,
        )


def managed_by_kind(state: State) -> dict[str, list[str]]:
    """The managed entries of each kind."""
    found: dict[str, list[str]] = {}
    for address in state.entries:
        found.setdefault(address.partition("/")[0], []).append(address)
    return found


def count_of(addresses: Sequence[str]) -> str:
    """How many entries, and the first of them."""
    shown = ", ".join(addresses[:3]) + (f" and {len(addresses) - 3:,} more" if len(addresses) > 3 else "")
    return f"{len(addresses):,} {'entry' if len(addresses) == 1 else 'entries'} ({shown})"


def _readable(files: Mapping[str, SourceFile]) -> MutableMapping[str, SourceFile]:
    return files  # type: ignore[return-value]  # a chain never writes to any but the first, and nobody to that


def _pre_existing(one: Problem, managed: frozenset[str], free: frozenset[str]) -> Problem:
    """A fault of a registry. In a file (``free``) of which fragments own nothing it blocks where it was introduced."""
    own = one.managed and one.place.file not in free
    return replace(one, status=Status.PRE_EXISTING, managed=own or one.address in managed)


def live_truth_files(kinds: Mapping[str, Kind], live: Live) -> frozenset[str]:
    """The registry files that only hold kinds whose truth is live."""
    some = {path for kind in kinds.values() if kind.truth == "live" for path in live.files_of[kind.name]}
    if not some:
        return frozenset()
    others = (live.files_of[kind.name] for kind in kinds.values() if kind.truth != "live")
    return frozenset(some.difference(*others))


def _without_live_truth(state: State, kinds: Mapping[str, Kind]) -> State:
    """The state without kinds whose truth is live by now: what it remembers of them says nothing any more."""
    if all(kind.truth != "live" for kind in kinds.values()):
        return state
    entries = {
        address: one
        for address, one in state.entries.items()
        if (kind := kinds.get(address.partition("/")[0])) is None or kind.truth != "live"
    }
    return state if len(entries) == len(state.entries) else replace(state, entries=entries)


def load_config(tree: Tree) -> tuple[Config, tuple[Problem, ...], dict[str, SourceFile]]:
    """The settings; defaults where the file is absent or invalid.

    Raises:
        VersionRequired: they ask for another version of this program.
    """
    from registry_reconciler.schema.validator import config_violations

    source = read_source(tree, CONFIG_PATH)
    if source is None:
        return Config(), (), {}
    content, problems = _single(source, "CFG001")
    require_of(content)
    if source.hidden:
        problems.append(_hidden_setting(source))
    found = [*source.problems, *problems]
    violations = [] if problems or not source.readable else config_violations(content)
    found.extend(_violation("CFG001", Place(CONFIG_PATH), one) for one in violations)
    config = Config() if violations or problems or not source.readable else parse_config(content)
    return config, tuple(found), {CONFIG_PATH: source}


def load_baseline(tree: Tree) -> tuple[Baseline, tuple[Problem, ...], dict[str, SourceFile]]:
    """The known problems of an old repository; empty where there is no file."""
    source = read_source(tree, BASELINE_PATH)
    if source is None:
        return Baseline(), (), {}
    content, problems = _single(source, "CFG002")
    if source.hidden:
        problems.append(_hidden_setting(source))
    if problems or not source.readable:
        return Baseline(), (*source.problems, *problems), {BASELINE_PATH: source}
    baseline, faults = parse_baseline(content)
    found = tuple(
        problem("CFG002", message, Place(BASELINE_PATH, 0, path), fix="Write it anew: registry baseline")
        for message, path in faults
    )
    return baseline, (*source.problems, *found), {BASELINE_PATH: source}


def _hidden_setting(source: SourceFile) -> Problem:
    message = f"{source.path} cannot be read, and decides about every plan: a sparse checkout hides it."
    return problem("LIV001", message, Place(source.path), fix=SHOW_ALL)


def _single(source: SourceFile, code: str) -> tuple[Json, list[Problem]]:
    if len(source.documents) > 1:
        place = Place(source.path, 1)
        return None, [
            problem(code, f"{source.path} must hold one document.", place, fix="Remove the others.")
        ]
    return (source.documents[0] if source.documents else None), []


def _violation(code: str, place: Place, one: Violation, **more: str) -> Problem:
    return problem(
        code,
        one.message,
        place.at(one.path, on_key=one.on_key),
        path=one.path,
        fix=one.fix,
        extra=one.message,
        **more,  # type: ignore[arg-type]
    )


def load_catalog(tree: Tree) -> Catalog:
    """Read every schema file, hold it against the published schemas, and parse the kinds."""
    from registry_reconciler.schema.validator import SchemaSet

    files, problems, listed = _schema_files(tree)
    documents = {path: source.documents[0] for path, source in files.items() if _is_schema(source)}
    schemas = SchemaSet(documents)
    kinds: dict[str, Kind] = {}
    sites: dict[tuple[object, ...], int] = {}
    broken = {_stem(path) for path in files if path not in documents}
    for path, document in documents.items():
        faults = list(_schema_faults(schemas, path))
        if "x-registry" not in document and not faults:
            continue  # a file of shared definitions
        kind = None if faults else _parse(schemas, path, document, kinds, faults)
        if kind is not None:
            sites[kind.site] = sites.get(kind.site, 0) + 1
            if sites[kind.site] > MOST_AT_ONE_PLACE:
                faults.append(_crowded(kind))
                kind = None
        problems.extend(faults)
        if kind is None:
            broken.add(_name_in(document) or _stem(path))
        else:
            kinds[kind.name] = kind
    incomplete = any(not source.readable for source in files.values()) or not listed
    return Catalog(
        dict(sorted(kinds.items())), frozenset(broken), schemas, files, tuple(problems), incomplete
    )


def _schema_files(tree: Tree) -> tuple[dict[str, SourceFile], list[Problem], bool]:
    """The schema files, what is wrong with them, and whether all could be listed."""
    files: dict[str, SourceFile] = {}
    problems: list[Problem] = []
    try:
        paths = [
            path
            for path in find(tree, f"{SCHEMA_FOLDER}/**/*")
            if path.endswith((SCHEMA_SUFFIX, ".schema.yml"))
        ]
    except Unreadable as fault:
        place = Place(SCHEMA_FOLDER)
        message = f"{SCHEMA_FOLDER}/ cannot be listed: {fault}."
        return {}, [problem("LIV001", message, place, fix="Make it readable.")], False
    for path in paths:
        source = read_source(tree, path)
        if source is None:
            continue
        files[path] = source
        problems.extend(source.problems)
        if source.readable and not _is_schema(source):
            message = f"{path} must hold one mapping: a JSON Schema."
            problems.append(problem("SCH002", message, Place(path), fix="See 'registry schema x-registry'."))
    return files, problems, True


def _is_schema(source: SourceFile) -> bool:
    return source.readable and len(source.documents) == 1 and isinstance(source.documents[0], dict)


def _schema_faults(schemas: SchemaSet, path: str) -> Iterator[Problem]:
    for one in schemas.check_schema(path):
        code = "KND001" if one.path[:1] == ("x-registry",) else "SCH002"
        yield _violation(code, Place(path), one)


def _refuse_format(kind: Kind) -> None:
    """A format that cannot hold the layout of a kind, or what only one format has in another."""
    form = format_of(kind.file.text, kind)
    if not form.several_entries and not LAYOUTS[kind.layout].one_a_file:
        raise KindError(
            f"format {form.name} has one entry a file: layout {kind.layout} cannot be kept in it",
            ("x-registry", "layout"),
        )
    if kind.at and not form.several_entries:
        raise KindError(f"format {form.name} has no containers: leave 'at' away", ("x-registry", "at"))
    if kind.body and form.several_entries:
        raise KindError("body: only format frontmatter has a text below it", ("x-registry", "body"))


def _parse(
    schemas: SchemaSet, path: str, document: dict[str, Json], kinds: Mapping[str, Kind], faults: list[Problem]
) -> Kind | None:
    try:
        kind = parse_kind(document, path, schemas.secrets(path), schemas.texts(path))
        _refuse_format(kind)
    except KindError as error:
        faults.append(
            problem(
                "KND001", f"{error}.", Place(path, 0, error.path), fix="See 'registry schema x-registry'."
            )
        )
        return None
    if kind.name in kinds:
        faults.append(
            problem(
                "KND001",
                f"the kind {kind.name!r} is defined in {kinds[kind.name].schema_path} already.",
                Place(path, 0, ("x-registry", "kind")),
                fix="Give one of the two another name, or remove it.",
            )
        )
        return None
    literal = kind.file.text.replace("{", "").replace("}", "").replace("*", "x").replace("?", "x")
    if not is_safe(literal) or is_reserved(kind.file.text):
        faults.append(
            problem(
                "WRT004",
                f"the kind {kind.name!r} may not keep its entries in {kind.file.text!r}: "
                "the path leaves the workspace or belongs to registry itself.",
                Place(path, 0, ("x-registry", "file")),
                fix="Name a path below the root, with '/' and without '..'.",
            )
        )
        return None
    return kind


def _crowded(kind: Kind) -> Problem:
    return problem(
        "KND001",
        f"more than {MOST_AT_ONE_PLACE} kinds keep their entries where {kind.name!r} does.",
        Place(kind.schema_path, 0, ("x-registry", "file")),
        fix="Give each kind a file or a place in the file ('at') of its own, or make them one kind.",
    )


def _name_in(document: dict[str, Json]) -> str | None:
    spec = document.get("x-registry")
    name = spec.get("kind") if isinstance(spec, dict) else None
    return name if isinstance(name, str) else None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].split(".")[0]


def empty_places(catalog: Catalog, live: Live, fragments: Fragments) -> Iterator[Problem]:
    """A typing slip in ``file`` or ``at`` must not look like an empty registry.

    The packaged kinds as they were shipped are left out: nobody typed their places, and a new workspace has none of
    their files yet. So are kinds that a fragment is about to fill.
    """
    from registry_reconciler.schema.packaged import builtin_schemas

    shipped = builtin_schemas()
    filled = {entry.kind for entry in fragments.entries}
    for kind in catalog.kinds.values():
        if live.found[kind.name] or kind.name in live.hidden_kinds or kind.name in filled:
            continue
        if catalog.files[kind.schema_path].data == shipped.get(kind.name):
            continue
        no_file = not live.files_of[kind.name]
        what = (
            f"no file matches {kind.file.text!r}"
            if no_file
            else f"no file of {kind.name} has the place named by 'at'"
        )
        yield problem(
            "KND002",
            f"the kind {kind.name!r} has no entries: {what}.",
            Place(kind.schema_path, 0, ("x-registry", "file" if no_file else "at")),
            fix="Mend the place if it is a slip; it is fine for a registry that has yet to be filled.",
            extra=kind.name,
        )
