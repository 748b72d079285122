"""The kinds of a workspace: schema files read, held against the published schemas, and parsed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from registry_reconciler.files.reserved import is_reserved
from registry_reconciler.files.tree import Tree, find, is_safe
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.table import format_of
from registry_reconciler.layouts import LAYOUTS
from registry_reconciler.layouts.dead_end import dead_end
from registry_reconciler.loading.fragments import Fragments
from registry_reconciler.loading.registries import Live
from registry_reconciler.loading.settings import violation
from registry_reconciler.loading.source import SourceFile, read_source
from registry_reconciler.model.entry import Json, Place
from registry_reconciler.model.kind import (
    MOST_AT_ONE_PLACE,
    SCHEMA_FOLDER,
    SCHEMA_SUFFIX,
    FilePattern,
    Kind,
    KindError,
    parse_kind,
)
from registry_reconciler.model.problem import Problem
from registry_reconciler.model.structural import problem

if TYPE_CHECKING:
    from registry_reconciler.schema.validator import SchemaSet


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


def load_catalog(tree: Tree) -> Catalog:
    """Read every schema file, hold it against the published schemas, and parse the kinds."""
    from registry_reconciler.schema.packaged import packaged_schema
    from registry_reconciler.schema.validator import SchemaSet

    files, problems, listed = _schema_files(tree)
    documents = {path: source.documents[0] for path, source in files.items() if _is_schema(source)}
    packaged = {path for path in documents if files[path].data == packaged_schema(_stem(path))}
    schemas = SchemaSet(documents, packaged)
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
    problems.extend(fault for kind in kinds.values() for fault in _mirror_faults(kind, kinds, broken))
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
    except UnreadablePath as fault:
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


_SECRETS = "Mark a secret at its own field, below properties: token: {type: string, x-secret: true}."
_BESIDE = "It is JSON Schema: write it beside x-registry, at the top of the file."
_STANDS_ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("secret", "secrets", "secret_fields", "sensitive", "x-secret", "writeOnly"), _SECRETS),
    **dict.fromkeys(
        ("title", "description", "type", "properties", "required", "additionalProperties"), _BESIDE
    ),
}
"""What people look for in ``x-registry`` and what stands elsewhere."""


def _schema_faults(schemas: SchemaSet, path: str) -> Iterator[Problem]:
    for finding in schemas.check_schema(path):
        inside = finding.path[:1] == ("x-registry",)
        name = str(finding.path[1]) if inside and len(finding.path) == 2 and finding.on_key else ""
        if name in _STANDS_ELSEWHERE:
            message = f"'{name}' is no field of x-registry"
            finding = replace(finding, message=message, fix=_STANDS_ELSEWHERE[name], instead="")
        yield violation("KND001" if inside else "SCH002", Place(path), finding)


def _refuse_format(kind: Kind) -> None:
    """A format that cannot hold the layout of a kind, or what only one format has in another."""
    form = format_of(kind.file.text, kind)
    if not form.several_entries and not LAYOUTS[kind.layout].one_a_file:
        raise KindError(
            f"format {form.name} has one entry a file: layout {kind.layout} cannot be kept in it",
            ("x-registry", "layout"),
        )
    row = LAYOUTS[kind.layout]
    if row.documents and not form.several_documents:
        raise KindError(
            f"layout {kind.layout} cannot be kept in format {form.name}", ("x-registry", "layout")
        )
    if kind.at and row.documents:
        raise KindError(
            "layout documents: each document is an entry, so leave 'at' out", ("x-registry", "at")
        )
    if kind.at and not form.several_entries:
        raise KindError(f"format {form.name} has no containers: leave 'at' out", ("x-registry", "at"))
    if kind.body and form.several_entries:
        raise KindError("body: only format frontmatter has a text below it", ("x-registry", "body"))
    if kind.lenient and form.several_entries:
        raise KindError("lenient: only front matter can be read so", ("x-registry", "lenient"))


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
    if not may_hold_entries(kind.file):
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


def may_hold_entries(file: FilePattern) -> bool:
    """Whether a pattern stays in the workspace, and out of what belongs to registry itself."""
    literal = file.text.replace("{", "").replace("}", "").replace("*", "x").replace("?", "x")
    return is_safe(literal) and not is_reserved(file.text)


def _crowded(kind: Kind) -> Problem:
    return problem(
        "KND001",
        f"more than {MOST_AT_ONE_PLACE} kinds keep their entries where {kind.name!r} does.",
        Place(kind.schema_path, 0, ("x-registry", "file")),
        fix="Give each kind a file or a place in the file ('at') of its own, or make them one kind.",
    )


def _mirror_faults(kind: Kind, kinds: Mapping[str, Kind], broken: Collection[str]) -> Iterator[Problem]:
    """A mirror of a kind that is not there would hold nothing, and one of a secret would show it."""
    from registry_reconciler.base.suggest import did_you_mean

    for index, mirror in enumerate(kind.mirrors):
        place = Place(kind.schema_path, 0, ("x-registry", "mirrors", index, "kind"))
        if mirror.kind in broken:
            continue
        if mirror.kind not in kinds:
            near = did_you_mean(mirror.kind, sorted(kinds))
            yield problem(
                "KND001",
                f"mirrors: there is no kind {mirror.kind!r}.{near}",
                place,
                fix="Name a kind of this workspace: registry list --kinds",
            )
        elif kinds[mirror.kind].secrets.touches(mirror.at):
            yield problem(
                "KND001",
                f"mirrors: the field {mirror.at.text!r} of {mirror.kind} is marked x-secret, and a mirror shows what "
                "differs.",
                place,
                fix="Take the mirror away, or the mark.",
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
        sources = [live.files[path] for path in live.files_of[kind.name]]
        end = dead_end(
            kind, (document for source in sources if source.readable for document in source.documents)
        )
        what = f"no file of {kind.name} has the place named by 'at'" if end is None else end.what
        what = f"no file matches {kind.file.text!r}" if no_file else what
        yield problem(
            "KND002",
            f"the kind {kind.name!r} has no entries: {what}.",
            Place(kind.schema_path, 0, ("x-registry", "file" if no_file else "at")),
            fix=(end.fix(kind) if end is not None else "")
            or "Correct 'file' and 'at' if they are wrong. If the registry is still empty, nothing has to be done.",
            extra=kind.name,
        )
