"""The prepared index: what a workspace gave to the run time, kept in the user's cache directory.

Guarantee: what a prepared index says of a file is used only when that file and all that say how it is read have,
now, the very bytes that they had then, as their SHA-256 say; so a missing, stale, torn, corrupted or foreign one
costs time and changes no answer. Times and sizes of the workspace's files are not asked at all: hashing is fast,
and no clock can be racy.

The file is JSON, never a pickle: one line that says what it was made from, one with the rows, then one with
the text of each entry, which is decoded when somebody asks for it. Workspaces with secret fields are never
kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import chain, groupby, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from registry_reconciler.base.collector import collector_off
from registry_reconciler.base.globs import Glob
from registry_reconciler.cache import store
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.runtime.registry.capabilities import Vocabulary
from registry_reconciler.runtime.registry.db import RegistryDb
from registry_reconciler.runtime.registry.index import RegistryIndex
from registry_reconciler.runtime.registry.policy import DuplicatePolicy
from registry_reconciler.runtime.registry.source import (
    EntryItem,
    KindInfo,
    ServedWorkspace,
    build_db,
    environments_in,
    event_types_in,
    servers_in,
    settings_tables,
    vocabulary_in,
)
from registry_reconciler.runtime.serve.looking import (
    FileItems,
    Inputs,
    Looked,
    NotPreparable,
    Served,
    differs_in_settings,
    look,
)

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree

FORMAT = 3
LARGEST = 512 * 1024 * 1024


def place_of(root: Path) -> Path | None:
    """The file of a workspace's prepared index; ``None`` when the user has no cache directory outside of it."""
    return store.file_of("runtime", root, ".index")


def encode(root: Path, served: Served) -> bytes:
    """The content of a prepared index."""
    items = served.items()
    places = {id(item): place for place, item in enumerate(items)}
    tables = {
        "kinds": [[kind, len(list(group))] for kind, group in groupby(items, lambda item: item.kind)],
        "keys": [item.key for item in items],
        "domains": {name: _flat(index, places) for name, index in served.db.items()},
        "files": {
            path: [places[id(item)] for item in those] for path, those in sorted(served.parts.items.items())
        },
        "sections": dict(sorted(served.parts.sections.items())),
    }
    rest = b"\n".join([_compact(tables), *(item.line for item in items)])
    header = {
        "format": FORMAT,
        "stamp": store.program(),
        "root": os.path.realpath(root),
        "kinds": [[kind.name, kind.file, list(kind.exclude), kind.space] for kind in served.kinds],
        "capabilities": vocabulary_in(served.db).to_data(),
        "environments": environments_in(served.db),
        "event_types": event_types_in(served.db),
        "servers": servers_in(served.db),
        "inputs": served.inputs,
    }
    return _whole(header, rest)


def _whole(header: Mapping[str, Any], rest: bytes) -> bytes:
    """The content of a file, whose first line has the digests of the rest and of itself."""
    fields = {name: value for name, value in header.items() if name != "head"}
    fields["body"] = digest_bytes(rest)
    return _compact({**fields, "head": digest_bytes(_compact(fields))}) + b"\n" + rest


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _flat(index: RegistryIndex[Any], places: Mapping[int, int]) -> dict[str, Any]:
    """The tables of an index with places in the list of items instead of items."""
    ids, *namespaces = index.parts()
    return {
        "policy": index.policy.value,
        "ids": [places[id(item)] for item in ids.values()],
        "claims": [
            [
                list(holder),
                [places[id(item)] for item in holder.values()],
                {word: [places[id(item)] for item in claimers] for word, claimers in contested.items()},
            ]
            for holder, contested in namespaces
        ],
    }


def _index(name: str, flat: Mapping[str, Any], items: Sequence[EntryItem]) -> RegistryIndex[EntryItem]:
    """The index that :func:`_flat` was made of. What was checked when it was built is not checked again."""
    at = items.__getitem__
    ids = {item.key: item for item in map(at, flat["ids"])}
    names, aliases = (
        (
            dict(zip(words, map(at, places), strict=True)),
            {word: tuple(map(at, claimers)) for word, claimers in contested.items()},
        )
        for words, places, contested in flat["claims"]
    )
    return RegistryIndex(name, DuplicatePolicy(flat["policy"]), ids, names, aliases)


def remember(root: Path, served: Served) -> bool:
    """Keep a prepared index; whether it was kept. Failing is fine: it can be made again."""
    place = place_of(root)
    if place is None:
        return False
    return store.write(place, encode(root, served))


def amend(
    root: Path,
    changed: Mapping[str, tuple[EntryItem, str] | None],
    files: Mapping[str, tuple[str | None, str | None]],
) -> bool:
    """Bring a prepared index up to date with a change of some entries; whether there was one that could be.

    It is not looked at whether the workspace is as the index says: whoever opens it does that.

    Args:
        changed: by address: the items as they are now, each with its file; ``None`` for one that is gone.
        files: of what was written: digests before and after.

    Raises:
        RegistryError: the new entries do not go together.
    """
    place = place_of(root)
    try:
        kept = _kept(root, place)
        if place is None or kept is None:
            return False
        header, rest = kept
        inputs: Inputs = header["inputs"]
        # A registry file that comes or goes is another set of files: then everything is read again.
        if any(
            (path in inputs) != (None not in answer)
            for path, answer in files.items()
            if _is_registry(header, path)
        ):
            return False
        if any(inputs[path] != before for path, (before, _) in files.items() if path in inputs):
            return False
        header["inputs"] = {
            path: files[path][1] if path in files else answer for path, answer in inputs.items()
        }
        line, *lines = rest.split(b"\n")
        tables = json.loads(line)
        items = _items(tables, lines)
        numbers = {item.address: number for number, item in enumerate(items)}
        # Where items stand in what was written is not known any more.
        tables["sections"] = {path: of for path, of in tables["sections"].items() if path not in files}
        if _replace_lines(lines, numbers, changed):
            return _write(place, header, b"\n".join((_compact(tables), *lines)))
        parts = _moved(_parts(tables, items), changed)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return False
    left = [item for of_file in parts.items.values() for item in of_file]
    loaded = _loaded(header, sorted(left, key=lambda item: item.address))
    return remember(root, Served(build_db(loaded), loaded.kinds, header["inputs"], parts))


def _moved(parts: FileItems, changed: Mapping[str, tuple[EntryItem, str] | None]) -> FileItems:
    """The parts with other items at some addresses."""
    items = {
        path: tuple(item for item in of_file if item.address not in changed)
        for path, of_file in parts.items.items()
    }
    for found in changed.values():
        if found is not None:
            item, path = found
            items[path] = (*items.get(path, ()), item)
    return FileItems(items, parts.sections)


def _is_registry(header: Mapping[str, Any], path: str) -> bool:
    """Whether a path is one of a registry file of some kind."""
    return any(
        Glob(file).matches(path) and not any(Glob(item).matches(path) for item in out)
        for _, file, out, _ in header["kinds"]
    )


def _replace_lines(
    lines: list[bytes], numbers: Mapping[str, int], changed: Mapping[str, tuple[EntryItem, str] | None]
) -> bool:
    """Put changed items in; whether lookup finds all of them as before, so that the tables stay as they are."""
    for address, found in changed.items():
        number = numbers.get(address)
        if number is None or found is None or _row(lines[number]) != _row(found[0].line):
            return False
        lines[number] = found[0].line
    return True


def _loaded(header: Mapping[str, Any], items: Sequence[EntryItem]) -> ServedWorkspace:
    """Items with the settings that were kept with them."""
    kinds = tuple(KindInfo(name, file, tuple(out), space) for name, file, out, space in header["kinds"])
    words = header["environments"]
    environments = None if words is None else tuple(words)
    events = tuple(header["event_types"])
    return ServedWorkspace(
        kinds, items, Vocabulary(header["capabilities"]), environments, events, header["servers"]
    )


def _items(tables: Mapping[str, Any], lines: Sequence[bytes]) -> list[EntryItem]:
    kinds = chain.from_iterable(repeat(kind, count) for kind, count in tables["kinds"])
    items = list(map(EntryItem, kinds, tables["keys"], lines))
    if not len(items) == len(lines) == len(tables["keys"]):
        raise ValueError("entries and tables do not fit")
    return items


def _write(place: Path, header: Mapping[str, Any], rest: bytes) -> bool:
    return store.write(place, _whole(header, rest))


def _row(line: bytes) -> Any:
    """What lookup needs of the entry that a line holds."""
    return json.loads(line)[0]


def _kept(root: Path, place: Path | None) -> tuple[dict[str, Any], bytes] | None:
    """The header and the rest of a prepared index of this workspace and this program. Raises as decoding does."""
    data = None if place is None else store.own_bytes(place, LARGEST)
    if data is None:
        return None
    head, _, rest = data.partition(b"\n")
    header = json.loads(head)
    if header["format"] != FORMAT or header["root"] != os.path.realpath(root):
        return None
    if header["stamp"] != store.program() or header["body"] != digest_bytes(rest):
        return None
    digest = header.pop("head")
    return (header, rest) if digest == digest_bytes(_compact(header)) else None


class Recalled(NamedTuple):
    """A workspace as it was prepared.

    Attributes:
        served: what it was then.
        looked: what its files are now.
    """

    served: Served
    looked: Looked


def recall(root: Path, tree: Tree) -> Recalled | None:
    """The workspace as it was prepared, and what its files are now; ``None`` where that cannot help to open it."""
    try:
        kept = _kept(root, place_of(root))
        if kept is None:
            return None
        header, rest = kept
        kinds = tuple(KindInfo(name, file, tuple(out), space) for name, file, out, space in header["kinds"])
        looked = look(tree, kinds)
        if differs_in_settings(header["inputs"], looked.inputs):
            return None
        with collector_off():
            return Recalled(_decoded(header, rest, kinds), looked)
    except (NotPreparable, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _decoded(header: Mapping[str, Any], rest: bytes, kinds: tuple[KindInfo, ...]) -> Served:
    body, *lines = rest.split(b"\n")
    tables = json.loads(body)
    items = _items(tables, lines)
    words = header["environments"]
    db = RegistryDb(
        {name: _index(name, flat, items) for name, flat in tables["domains"].items()},
        settings_tables(
            Vocabulary(header["capabilities"]),
            None if words is None else tuple(words),
            tuple(header["event_types"]),
            header["servers"],
        ),
    )
    return Served(db, kinds, header["inputs"], _parts(tables, items))


def _parts(tables: Mapping[str, Any], items: Sequence[EntryItem]) -> FileItems:
    at = items.__getitem__
    of_files = {path: tuple(map(at, numbers)) for path, numbers in tables["files"].items()}
    return FileItems(of_files, {path: tuple(section) for path, section in tables["sections"].items()})
