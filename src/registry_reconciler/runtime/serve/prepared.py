"""The prepared index: what a workspace gave to the run time, kept in the user's cache directory.

Guarantee: a prepared index is used only when every file that could have been read has, now, the very bytes
that it had then, as its SHA-256 says; so a missing, stale, torn, corrupted or foreign one costs time and
changes no answer. Times and sizes of the workspace's files are not asked at all: hashing is fast, and no
clock can be racy.

The file is JSON, never a pickle: one line that says what it was made from, one with the rows, then one with
the text of each entry, which is decoded when somebody asks for it. Workspaces with secret fields are never
kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from pathlib import Path
from typing import Any

from registry_reconciler.base.globs import Glob
from registry_reconciler.cache import store
from registry_reconciler.files.tree import Tree, find
from registry_reconciler.files.unreadable import Unreadable
from registry_reconciler.model.config import CONFIG_PATH
from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.runtime.registry.capabilities import Vocabulary
from registry_reconciler.runtime.registry.db import RegistryDb
from registry_reconciler.runtime.registry.index import RegistryIndex
from registry_reconciler.runtime.registry.policy import DuplicatePolicy
from registry_reconciler.runtime.registry.source import (
    EntryItem,
    KindInfo,
    Loaded,
    build_db,
    collector_off,
    settings_tables,
)

FORMAT = 2
LARGEST = 512 * 1024 * 1024
SCHEMA_FILES = ".system/registry/schemas/**/*"

Inputs = dict[str, str]
"""Path → digest of every file that was read, and of every one that is not there and would be."""


class NotPreparable(Exception):
    """Something is where a file is expected and cannot be read: there is nothing to remember."""


def inputs_of(tree: Tree, kinds: Iterable[KindInfo]) -> Inputs:
    """Digests of the configuration, of every schema file and of every registry file, as they are now.

    Raises:
        NotPreparable: one of them cannot be read.
    """
    inputs: Inputs = {}
    try:
        inputs[CONFIG_PATH] = _digest(tree, CONFIG_PATH)
        for path in find(tree, SCHEMA_FILES):
            inputs[path] = _digest(tree, path)
        for kind in kinds:
            for path in find(tree, kind.file, exclude=kind.exclude):
                if path not in inputs:
                    inputs[path] = _digest(tree, path)
    except Unreadable as fault:
        raise NotPreparable(str(fault)) from fault
    return inputs


def _digest(tree: Tree, path: str) -> str:
    data = tree.read(path)
    return "absent" if data is None else digest_bytes(data)


def place_of(root: Path) -> Path | None:
    """The file of a workspace's prepared index; ``None`` when the user has no cache directory outside of it."""
    return store.file_of("runtime", root, ".index")


@dataclass(frozen=True, slots=True)
class Served:
    """A workspace as it is served, and what it was made from."""

    db: RegistryDb
    kinds: tuple[KindInfo, ...]
    inputs: Inputs


def encode(root: Path, loaded: Loaded, served: Served) -> bytes:
    """The content of a prepared index."""
    items = loaded.items
    places = {id(item): place for place, item in enumerate(items)}
    tables = {
        "kinds": [[kind, len(list(group))] for kind, group in groupby(items, lambda item: item.kind)],
        "keys": [item.key for item in items],
        "domains": {name: _flat(index, places) for name, index in served.db.items()},
    }
    rest = b"\n".join([_compact(tables), *(item.line for item in items)])
    header = {
        "format": FORMAT,
        "stamp": store.program(),
        "root": os.path.realpath(root),
        "kinds": [[kind.name, kind.file, list(kind.exclude), kind.space] for kind in loaded.kinds],
        "capabilities": loaded.vocabulary.to_data(),
        "environments": None if loaded.environments is None else list(loaded.environments),
        "event_types": list(loaded.event_types),
        "servers": dict(loaded.servers),
        "inputs": served.inputs,
        "body": digest_bytes(rest),
    }
    return _compact(header) + b"\n" + rest


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


def remember(root: Path, loaded: Loaded, served: Served) -> bool:
    """Keep a prepared index; whether it was kept. Failing is fine: it can be made again."""
    place = place_of(root)
    if place is None:
        return False
    return store.write(place, encode(root, loaded, served))


def amend(
    root: Path,
    changed: Mapping[str, EntryItem | None],
    files: Mapping[str, tuple[str | None, str | None]],
) -> bool:
    """Bring a prepared index up to date with a change of some entries; whether there was one that could be.

    It is not looked at whether the workspace is as the index says: whoever opens it does that.

    Args:
        changed: by address: the items as they are now, ``None`` for one that is gone.
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
        tables, *lines = rest.split(b"\n")
        items = _items(json.loads(tables), lines)
        numbers = {item.address: number for number, item in enumerate(items)}
        same = _replace_lines(lines, numbers, changed)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return False
    if same:
        return _write(place, header, b"\n".join((tables, *lines)))
    by_address = {item.address: item for item in items}
    for address, item in changed.items():
        by_address.pop(address, None)
        if item is not None:
            by_address[address] = item
    loaded = _loaded(header, [by_address[address] for address in sorted(by_address)])
    return remember(root, loaded, Served(build_db(loaded), loaded.kinds, header["inputs"]))


def _is_registry(header: Mapping[str, Any], path: str) -> bool:
    """Whether a path is one of a registry file of some kind."""
    return any(
        Glob(file).matches(path) and not any(Glob(item).matches(path) for item in out)
        for _, file, out, _ in header["kinds"]
    )


def _replace_lines(
    lines: list[bytes], numbers: Mapping[str, int], changed: Mapping[str, EntryItem | None]
) -> bool:
    """Put changed items in; whether lookup finds all of them as before, so that the tables stay as they are."""
    for address, item in changed.items():
        number = numbers.get(address)
        if number is None or item is None or _row(lines[number]) != _row(item.line):
            return False
        lines[number] = item.line
    return True


def _loaded(header: Mapping[str, Any], items: Sequence[EntryItem]) -> Loaded:
    """Items with the settings that were kept with them."""
    kinds = tuple(KindInfo(name, file, tuple(out), space) for name, file, out, space in header["kinds"])
    words = header["environments"]
    environments = None if words is None else tuple(words)
    events = tuple(header["event_types"])
    return Loaded(kinds, items, Vocabulary(header["capabilities"]), environments, events, header["servers"])


def _items(tables: Mapping[str, Any], lines: Sequence[bytes]) -> list[EntryItem]:
    kinds = chain.from_iterable(repeat(kind, count) for kind, count in tables["kinds"])
    items = list(map(EntryItem, kinds, tables["keys"], lines))
    if not len(items) == len(lines) == len(tables["keys"]):
        raise ValueError("entries and tables do not fit")
    return items


def _write(place: Path, header: Mapping[str, Any], rest: bytes) -> bool:
    return store.write(place, _compact({**header, "body": digest_bytes(rest)}) + b"\n" + rest)


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
    return header, rest


def recall(root: Path, tree: Tree) -> Served | None:
    """The workspace as it was prepared, when it still is exactly so; ``None`` in every other case."""
    try:
        kept = _kept(root, place_of(root))
        if kept is None:
            return None
        header, rest = kept
        kinds = tuple(KindInfo(name, file, tuple(out), space) for name, file, out, space in header["kinds"])
        inputs = inputs_of(tree, kinds)
        if inputs != header["inputs"]:
            return None
        with collector_off():
            return Served(_decoded(header, rest), kinds, inputs)
    except (NotPreparable, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _decoded(header: Mapping[str, Any], rest: bytes) -> RegistryDb:
    body, *lines = rest.split(b"\n")
    tables = json.loads(body)
    items = _items(tables, lines)
    words = header["environments"]
    return RegistryDb(
        {name: _index(name, flat, items) for name, flat in tables["domains"].items()},
        settings_tables(
            Vocabulary(header["capabilities"]),
            None if words is None else tuple(words),
            tuple(header["event_types"]),
            header["servers"],
        ),
    )
