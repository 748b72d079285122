"""Where the entries of each kind stood when they were last applied: what tells a changed schema from a removed file.

::

    registry place 1
    .
    t: file "t.yaml"
    .
    .
    t: at "t"
    .
    .
    t: layout "list"

``former``, the ``file`` before, and ``key`` follow, and where the schema has them ``format``, ``value``, ``body`` and
``lenient``: how the texts there are read. An apply that is interrupted is known to write where ``former`` says. It is
``file`` itself as long as that never changed: a line that came with the first change would conflict with its revert. A
file a kind, written with its state. It is never removed: a side that changed it
would conflict. The name of the kind stands in each line, so that git takes no such file for that of another kind.

Each place that a kind had before stands in a file of its own, ``KIND.DIGEST.former``. It is made once and never
changed, so it never conflicts. By it plans see what comes back there.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from registry_reconciler.base.digest import digest_parts
from registry_reconciler.errors import NewerFormat
from registry_reconciler.files.unreadable import UnreadablePath
from registry_reconciler.loading.state.files import conflict_line
from registry_reconciler.loading.state.shadow import REST
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.kind import Kind

if TYPE_CHECKING:
    from registry_reconciler.files.tree import Tree

PLACES_FOLDER = f"{STATE_FOLDER}/places"
SUFFIX = ".place"
FORMER_SUFFIX = ".former"
_HEAD = "registry place 1"
_DIGEST = 12
_OPTIONAL = {"format", "former", "key", "value", "body", "lenient"}
_LINE = re.compile(r'[^:\s]+: (file|at|layout|format|former|key|value|body|lenient) ("(?:[^"\\]|\\.)*")\Z')


class KindPlace(NamedTuple):
    """Where a kind has its entries, and how they are read there, in the words of its schema.

    Attributes:
        key: the field, or a JSON list of fields; "": an older program did not say it.
        lenient: "yes" or "".
    """

    file: str
    at: str
    layout: str
    format: str = ""
    former: str = ""
    key: str = ""
    value: str = ""
    body: str = ""
    lenient: str = ""

    def is_at(self, other: KindPlace) -> bool:
        """Whether both name one place, however it is read."""
        return self[:4] == other[:4]

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that make the key."""
        if not self.key.startswith("["):
            return (self.key,) if self.key else ()
        try:
            return tuple(map(str, json.loads(self.key)))
        except (ValueError, RecursionError):
            return ()

    def words(self) -> str:
        """For messages."""
        return f"{self.file!r} under {self.at!r}" if self.at else repr(self.file)

    def told_apart(self, other: KindPlace) -> str:
        """The same, with what else is not as in another place."""
        differing = [
            f"{name} {getattr(self, name) or 'as its name says'}"
            for name in ("layout", "format")
            if getattr(self, name) != getattr(other, name)
        ]
        return f"{self.words()} ({', '.join(differing)})" if differing else self.words()


def place_of(kind: Kind) -> KindPlace:
    """Where the schema says that the entries are."""
    spec = kind.schema.get("x-registry")
    spec = spec if isinstance(spec, dict) else {}
    key = spec.get("key", "")
    return KindPlace(
        kind.file.text,
        spec.get("at", ""),
        kind.layout,
        kind.format,
        key=key if isinstance(key, str) else json.dumps(key, ensure_ascii=False),
        value=kind.value,
        body=kind.body,
        lenient="yes" if kind.lenient else "",
    )


def place_path(kind: str) -> str:
    """The file about a kind."""
    return f"{PLACES_FOLDER}/{kind}{SUFFIX}"


def render_place(kind: str, place: KindPlace) -> bytes:
    """The content of such a file."""
    place = place._replace(former=place.former or place.file)
    lines = [
        f"{kind}: {name} {json.dumps(text, ensure_ascii=False)}"
        for name, text in place._asdict().items()
        if text or name not in _OPTIONAL
    ]
    between = f"\n{REST}\n{REST}\n"
    return f"{_HEAD}\n{REST}\n{between.join(lines)}\n".encode()


def former_place(kind: str, place: KindPlace) -> tuple[str, bytes]:
    """The file about a place that a kind had: its path and content. No line of it stands in another such file."""
    place = place._replace(former="")
    name = f"{kind}.{digest_parts(place).partition(':')[2][:_DIGEST]}"
    return f"{PLACES_FOLDER}/{name}{FORMER_SUFFIX}", render_place(name, place)


def parse_place(path: str, data: bytes) -> KindPlace | None:
    """What such a file says; ``None`` where it says less: then nothing is remembered.

    Raises:
        NewerFormat: it says that its format is newer.
    """
    found: dict[str, str] = {}
    lines = data.decode("utf-8", "replace").splitlines()
    NewerFormat.refuse(path, lines[0] if lines else "", _HEAD)
    for line in lines:
        match = _LINE.match(line)
        if match is not None:
            try:
                text = found[match[1]] = json.loads(match[2])
                text.encode()
            except ValueError:  # no text, or half of a character: no path has that
                return None
    if not set(KindPlace._fields) - found.keys() <= _OPTIONAL:
        return None
    place = KindPlace(**found)
    return place._replace(former="") if place.former == place.file else place


def place_texts(tree: Tree, suffix: str = SUFFIX) -> Iterator[tuple[str, str, bytes]]:
    """The files that say where kinds have their entries, as far as they can be read: path, kind, text.

    Args:
        suffix: of those about places that kinds had before, the names say more than the kind.
    """
    with contextlib.suppress(UnreadablePath):
        for name, kind in tree.children(PLACES_FOLDER):
            path = f"{PLACES_FOLDER}/{name}"
            data = tree.read(path) if kind == "file" and name.endswith(suffix) else None
            if data:
                yield path, name.removesuffix(suffix), data


def load_places(tree: Tree) -> Iterator[tuple[str, KindPlace]]:
    """What can be read of where kinds had their entries; where git left a conflict, nothing is known."""
    for path, name, data in place_texts(tree):
        place = parse_place(path, data) if conflict_line(data) is None else None
        if place is not None:
            yield name, place


def load_former_places(tree: Tree) -> dict[str, tuple[KindPlace, ...]]:
    """Where kinds had their entries before they had them where they were last applied, by kind."""
    found: dict[str, tuple[KindPlace, ...]] = {}
    for path, name, data in place_texts(tree, FORMER_SUFFIX):
        place = parse_place(path, data)
        if place is not None:
            kind = name.rpartition(".")[0]
            found[kind] = (*found.get(kind, ()), place)
    return found
