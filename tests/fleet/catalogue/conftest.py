"""Catalogues in both databases: what takes ``url`` is run over each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.catalogue.server import NoServer, Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    try:
        with running() as made:
            yield made
    except NoServer as reason:
        pytest.skip(f"no PostgreSQL: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a catalogue that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/catalogue.db"
    made: Server = request.getfixturevalue("server")
    return made.url()
