"""Where a catalogue is: its URL, taken apart once, and shown without what only its owner may know."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from registry_reconciler.base.mask import MASK
from registry_reconciler.fleet.catalogue.failures import BadUrl

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "REGISTRY_CATALOG"
"""The environment variable that names the catalogue where no option does: a command line is seen by everybody."""

_CONNECT_SECONDS = "10"

_ESCAPED = "is no URL (a password with @, : or / in it is written with %40, %3A, %2F)"


class Where(Struct, frozen=True):
    """A catalogue's place.

    Attributes:
        file: of SQLite; ``None`` of PostgreSQL, and of a catalogue in memory.
        shown: as messages name it: no password, and nothing of what stands behind ``?``.
        hidden: the texts that no message may repeat.
    """

    url: URL
    file: Path | None
    shown: str
    hidden: tuple[str, ...] = ()

    @property
    def embedded(self) -> bool:
        """Whether it is SQLite."""
        return self.url.get_backend_name() == "sqlite"

    def without_secrets(self, text: str) -> str:
        """A message of a driver as it may be shown."""
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text


def parse_place(text: str) -> Where:
    """The place that a URL names.

    Raises:
        BadUrl: it names none; the message does not repeat it.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    head, colon, rest = text.partition("://")
    head = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}.get(head, head)
    if not colon or head not in ("sqlite", "postgresql+psycopg"):
        raise BadUrl("names no catalogue" if text else "is empty")
    try:
        url = make_url(f"{head}://{rest}")
    except (ArgumentError, ValueError) as error:
        raise BadUrl(_ESCAPED) from error
    return _embedded(url) if head == "sqlite" else _served(url)


def _embedded(url: URL) -> Where:
    if url.host or url.username or url.password or url.query:
        raise BadUrl("of SQLite is a path behind three slashes, and nothing else")
    if not url.database or url.database == ":memory:":
        raise BadUrl("names no file, and what is in memory is gone at the end")
    if url.database.startswith("file:"):
        raise BadUrl("of SQLite is a path, and no URL in a URL")
    file = Path(os.path.abspath(url.database))
    return Where(url, file, f"sqlite:///{url.database}")


def _served(url: URL) -> Where:
    if not url.database:
        raise BadUrl("names no database")
    if "@" in (url.host or ""):
        raise BadUrl(_ESCAPED)
    hidden = [] if url.password is None else [str(url.password)]
    for name, value in url.query.items():
        if "pass" in name:
            hidden += [value] if isinstance(value, str) else list(value)
    host = url.host or url.query.get("host") or "localhost"
    user = f"{url.username}@" if url.username else ""
    at = host if isinstance(host, str) else ",".join(host)
    port = f":{url.port}" if url.port else ""
    shown = f"postgresql://{user}{at}{port}/{url.database}"
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": _CONNECT_SECONDS})
    # Names that begin alike are no secret of anybody; the empty text stands everywhere.
    found = Where(url, None, shown, tuple(text for text in hidden if text))
    return Where(url, None, found.without_secrets(shown), found.hidden)


def named_place(option: str | None) -> str:
    """The URL that an option says, else the environment. Raises :class:`BadUrl`."""
    text = option if option is not None else os.environ.get(VARIABLE, "")
    if not text:
        raise BadUrl("is not named")
    return text
