"""Where the run time asks the planning side, with :mod:`.rereading`; imported only when files are really read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from registry_reconciler.base.collector import collector_off
from registry_reconciler.errors import VersionRequired
from registry_reconciler.files.tree import DiskTree, MemoryTree, Tree
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.formats.table import new_reader
from registry_reconciler.loading.catalog import Catalog, load_catalog
from registry_reconciler.loading.registries import load_live
from registry_reconciler.loading.settings import load_config
from registry_reconciler.model.entry import LiveEntry
from registry_reconciler.model.fields import Selector, with_value
from registry_reconciler.model.kind import Kind
from registry_reconciler.model.problem import Problem, Severity
from registry_reconciler.model.redact import hide_text_faults
from registry_reconciler.planning.masked_text import holding_registries
from registry_reconciler.runtime.errors import DuplicateIdError, WorkspaceLoadError
from registry_reconciler.runtime.registry.capabilities import Vocabulary
from registry_reconciler.runtime.registry.source import (
    EntryItem,
    KindInfo,
    LookupRow,
    ServedWorkspace,
)
from registry_reconciler.runtime.serve.looking import FileItems

if TYPE_CHECKING:
    from registry_reconciler.loading.registries import Live
    from registry_reconciler.loading.source import SourceFile
    from registry_reconciler.model.config import Config

SOURCES = ("builtin", "package", "runtime")
MOST_EXTENSION_BYTES = 16 << 20


class Understood(NamedTuple):
    """A workspace as it was read.

    Attributes:
        parts: which file gave which items.
        secret: whether a field of some kind is marked secret; then it is kept in no cache.
        catalog: its kinds.
    """

    loaded: ServedWorkspace
    parts: FileItems
    secret: bool
    catalog: Catalog


def read_workspace(tree: Tree, where: str) -> Understood:
    """Read the live registries of a workspace.

    Raises:
        WorkspaceLoadError: a file cannot be read or understood; names every one.
        DuplicateIdError: two entries of one kind have one key.
    """
    with collector_off():
        try:
            config, config_problems, _ = load_config(tree)
        except VersionRequired as failure:
            raise WorkspaceLoadError(where, [failure.message]) from failure
        catalog = load_catalog(tree)
        live = load_live(tree, catalog.kinds, reader=new_reader())
        _refuse(where, config_problems)
        return understood(where, config, catalog, live)


def understood(where: str, config: Config, catalog: Catalog, live: Live) -> Understood:
    """What the run time serves of what the planning side has read. Raises as above."""
    with collector_off():
        problems = hide_text_faults(live.problems, holding_registries(catalog, live))
        _refuse(where, (*catalog.problems, *problems))
        for clash in live.clashes:
            raise DuplicateIdError(clash.kind, clash.key, f"it stands twice in {clash.place.file}")
        items = items_of(catalog, live.entries.values())
        parts = parts_of(live.files, list(live.entries.values()), items)
    infos = tuple(kind_info(kind) for kind in catalog.kinds.values())
    secret = any(kind.secrets for kind in catalog.kinds.values())
    events = config.event_types or ()
    loaded = ServedWorkspace(
        infos, items, vocabulary_of(config), config.environments, events, config.mcp_servers
    )
    return Understood(loaded, parts, secret, catalog)


def parts_of(
    files: Mapping[str, SourceFile], entries: Sequence[LiveEntry], items: Sequence[EntryItem]
) -> FileItems:
    """Which file gave which items, and where the items of a list stand that gave all items of its file."""
    found: dict[str, list[tuple[LiveEntry, EntryItem]]] = {}
    for pair in zip(entries, items, strict=True):
        found.setdefault(pair[0].place.file, []).append(pair)
    of_files: dict[str, tuple[EntryItem, ...]] = {}
    sections: dict[str, tuple[Any, ...]] = {}
    for path, pairs in found.items():
        source = files[path]
        if len(source.sections) == 1 and len(source.documents) == 1:
            (section,) = source.sections
            by_place = {pair[0].place.path: pair for pair in pairs}
            places = [(section.key, index) for index in range(len(source.documents[0][section.key]))]
            if len(pairs) == len(by_place) == len(places) and by_place.keys() == set(places):
                pairs = [by_place[place] for place in places]
                sections[path] = section.key, section.indent, section.head, section.start, section.end
        of_files[path] = tuple(item for _, item in pairs)
    return FileItems(of_files, sections)


def items_of(catalog: Catalog, entries: Iterable[LiveEntry]) -> list[EntryItem]:
    """The items of live entries, in their order."""
    names = {kind.name: _Names(kind) for kind in catalog.kinds.values()}
    values = ((entry, whole(entry)) for entry in entries)
    return [
        EntryItem.of(entry.kind, entry.key, names[entry.kind].row(value), value) for entry, value in values
    ]


def read_extension(tree: Tree, path: Path, where: str) -> tuple[tuple[KindInfo, ...], list[EntryItem]]:
    """The entries of a file written like a fragment, held against the workspace's schemas; source
    ``runtime``.

    Raises:
        WorkspaceLoadError: names everything that is wrong with it.
    """
    from registry_reconciler.loading.fragments import load_fragments

    catalog = load_catalog(tree)
    found = load_fragments(
        MemoryTree({"desired/extension.yaml": _extension_bytes(path)}), catalog.kinds, catalog.broken
    )
    _refuse(where, (*catalog.problems, *found.problems))
    directives = (found.moves, found.removals, found.protects, found.overrides, found.allowances)
    faults = ["moved, removed, protect, override and allow mean nothing here"] if any(directives) else []
    items = []
    for entry in found.entries:
        kind = catalog.kinds[entry.kind]
        faults += [f"{entry.address}: {fault}" for fault in _violations(catalog, kind, entry.value)]
        row = _Names(kind).row(entry.value)
        stated = kind.names.source is not None and kind.names.source.get(entry.value) in SOURCES
        row = row if stated else row._replace(source="runtime")
        items.append(EntryItem.of(entry.kind, entry.key, row, entry.value))
    if faults:
        raise WorkspaceLoadError(where, faults)
    return tuple(kind_info(kind) for kind in catalog.kinds.values()), items


def _violations(catalog: Catalog, kind: Kind, value: Mapping[str, Any]) -> Iterator[str]:
    from registry_reconciler.model.entry import show_path
    from registry_reconciler.schema.compiled import check_value

    for violation in check_value(catalog.schemas.validator(kind), value):
        yield f"{show_path(violation.path)}: {violation.message}" if violation.path else violation.message


def _refuse(where: str, problems: Iterable[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        raise WorkspaceLoadError(
            where, [f"{error.where(column=False)}: {error.code} {error.message}" for error in errors]
        )


def whole(entry: LiveEntry) -> dict[str, Any]:
    """The entry with the fields that only live registries keep."""
    value = entry.value
    for path, part in entry.live_only:
        value = with_value(value, path, part)
    return value


def kind_info(kind: Kind) -> KindInfo:
    """What the run time has to know of a kind."""
    return KindInfo(kind.name, kind.file.glob, kind.exclude, kind.space)


def vocabulary_of(config: Config) -> Vocabulary:
    """The declared capabilities."""
    if config.capabilities is None:
        return Vocabulary()
    return Vocabulary(
        {word: {"mutates": capability.mutates} for word, capability in config.capabilities.items()}
    )


class _Names:
    """Reads the roles of a kind's ``names`` out of its entries."""

    def __init__(self, kind: Kind) -> None:
        self._names = kind.names

    def row(self, value: dict[str, Any]) -> LookupRow:
        names = self._names
        priority = _first(names.priority, value)
        source = _first(names.source, value)
        caps = _first(names.required_caps, value)
        return LookupRow(
            _text(_first(names.name, value)),
            _texts(names.aliases, value),
            priority if isinstance(priority, int) and not isinstance(priority, bool) else 0,
            source if source in SOURCES else "builtin",
            [str(word) for word in caps] if isinstance(caps, list) else None,
            _text(_first(names.status, value)),
        )


def _first(selector: Selector | None, value: dict[str, Any]) -> Any:
    return None if selector is None else selector.get(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(selector: Selector | None, value: dict[str, Any]) -> list[str]:
    if selector is None:
        return []
    found: list[str] = []
    for _, part in selector.find(value):
        found.extend(item for item in (part if isinstance(part, list) else [part]) if isinstance(item, str))
    return found


def _extension_bytes(path: Path) -> bytes:
    try:
        data = DiskTree(path.absolute().parent).read(path.name)
    except UnreadablePath as fault:
        raise WorkspaceLoadError(str(path), [str(fault)]) from fault
    if data is None:
        raise WorkspaceLoadError(str(path), ["there is no such file"])
    if len(data) > MOST_EXTENSION_BYTES:
        raise WorkspaceLoadError(str(path), [f"it is larger than {MOST_EXTENSION_BYTES} bytes"])
    return data
