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
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from registry_reconciler.errors import NewerFormat
from registry_reconciler.loading.state.shadow import REST
from registry_reconciler.model.config import STATE_FOLDER
from registry_reconciler.model.kind import Kind

PLACES_FOLDER = f"{STATE_FOLDER}/places"
SUFFIX = ".place"
_HEAD = "registry place 1"
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
        except ValueError:
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
                found[match[1]] = json.loads(match[2])
            except ValueError:
                return None
    if not set(KindPlace._fields) - found.keys() <= _OPTIONAL:
        return None
    place = KindPlace(**found)
    return place._replace(former="") if place.former == place.file else place
