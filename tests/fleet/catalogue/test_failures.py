"""What is wrong with a catalogue is said with what to do, and no password is in it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_reconciler.errors import RegistryFailure
from registry_reconciler.fleet.catalogue import open_catalogue, open_publisher
from registry_reconciler.fleet.catalogue.database import engine_for
from registry_reconciler.fleet.catalogue.failures import BadUrl
from registry_reconciler.fleet.catalogue.migrations import bring_up_to_date
from registry_reconciler.fleet.catalogue.place import parse_place
from tests.fleet.catalogue.helper import made
from tests.fleet.catalogue.server import PASSWORD, Server

Act = Callable[[str], object]


def _publish(url: str) -> object:
    return open_publisher(url).publish(made(1, "{id: a}"))


def _fault(act: Act, url: str) -> RegistryFailure:
    with pytest.raises(RegistryFailure) as caught:
        act(url)
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_an_older_catalogue_is_brought_up_to_date_by_publishing_and_by_nothing_else(url: str) -> None:
    where = parse_place(url)
    with engine_for(where, writes=True).begin() as connection:
        bring_up_to_date(connection, where, "1")
    failure = _fault(open_catalogue, url)
    assert failure.code == "catalogue_older"
    assert "publish to it once" in failure.message
    _publish(url)
    with open_catalogue(url) as catalogue:
        assert [known.key for known in catalogue.search("a")[0]] == ["a"]


def test_a_newer_catalogue_is_neither_asked_nor_written(url: str) -> None:
    from sqlalchemy import text

    _publish(url)
    with engine_for(parse_place(url), writes=True).begin() as connection:
        connection.execute(text("UPDATE registry_version SET version_num = '99'"))
    for act in (open_catalogue, _publish):
        failure = _fault(act, url)
        assert failure.code == "newer_format"
        assert "install the newer registry-reconciler" in failure.message


def test_where_there_is_none_asking_makes_none(url: str) -> None:
    failure = _fault(open_catalogue, url)
    assert failure.code == "no_catalogue"
    where = parse_place(url)
    assert where.file is None or not where.file.exists()


def test_a_database_of_something_else_is_left_alone(url: str) -> None:
    from sqlalchemy import create_engine, inspect, text

    where = parse_place(url)
    engine = create_engine(where.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bookmarks (url text)"))
    engine.dispose()
    before = where.file.read_bytes() if where.file else b""
    for act in (open_catalogue, _publish):
        failure = _fault(act, url)
        assert (failure.code, "is not empty" in failure.message) == ("no_catalogue", True)
    assert ("schema of its own" in failure.message) == (where.file is None)
    if where.file:
        assert where.file.read_bytes() == before
        assert os.listdir(where.file.parent) == [where.file.name]
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["bookmarks"]


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("remember the milk " * 500)
    for act in (open_catalogue, _publish):
        failure = _fault(act, f"sqlite:///{file}")
        assert (failure.code, "name another file" in failure.message) == ("no_catalogue", True)
    assert file.read_text() == "remember the milk " * 500
    assert os.listdir(tmp_path) == ["notes.txt"]
    assert "is a folder" in _fault(_publish, f"sqlite:///{tmp_path}").message
    assert "make it first" in _fault(_publish, f"sqlite:///{tmp_path}/no/such/fleet.db").message


def test_a_read_only_catalogue_is_asked_and_not_written(server: Server) -> None:
    url = server.url()
    _publish(url)
    failure = _fault(lambda there: open_publisher(there).publish(made(2)), _read_only(url))
    assert failure.code == "catalogue_read_only"
    assert "publish to the primary" in failure.message
    with open_catalogue(_read_only(url)) as catalogue:
        assert catalogue.keys("thing") == ["a"]


def _read_only(url: str) -> str:
    return url.replace("-csearch_path", "-cdefault_transaction_read_only%3Don%20-csearch_path")


def test_a_read_only_file_is_asked_and_not_written() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        url = f"sqlite:///{folder}/fleet.db"
        _publish(url)
        os.chmod(f"{folder}/fleet.db", 0o444)
        os.chmod(folder, 0o555)

        def look() -> None:
            assert (
                _fault(lambda there: open_publisher(there).publish(made(2)), url).code
                == "catalogue_read_only"
            )
            with open_catalogue(url) as catalogue:
                assert catalogue.keys("thing") == ["a"]

        assert _as_an_ordinary_user(look) == 0
        os.chmod(folder, 0o755)


def _as_an_ordinary_user(act: Callable[[], None]) -> int:
    """Do something in a process of its own, which may not do everything; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_server_that_does_not_answer_is_said(server: Server) -> None:
    gone = f"postgresql://fleet:{PASSWORD}@127.0.0.1:1/fleet"
    unknown = f"postgres://fleet:{PASSWORD}@127.0.0.1:{server.port}/nothing-like-that"
    for url in (gone, unknown):
        for act in (open_catalogue, _publish):
            failure = _fault(act, url)
            assert failure.code == "catalogue_unreachable"
            assert "Look at host, port, user and password" in failure.message


def test_a_file_that_is_in_use_for_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry_reconciler.fleet.catalogue import database

    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.1)
    file = tmp_path / "fleet.db"
    _publish(f"sqlite:///{file}")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert "publish again later" in _fault(_publish, f"sqlite:///{file}").message
    holder.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fleet.db",
        "mysql://a:tell-nobody@host/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "sqlite://host/x",
        "postgresql://u:tell-nobody@host",
        "postgresql://u:tell:@nobody@host/d",
        "postgresql://u:tell-nobody@host:port/d",
    ],
)
def test_what_is_no_url_is_not_repeated(text: str) -> None:
    with pytest.raises(BadUrl) as caught:
        parse_place(text)
    assert "nobody" not in caught.value.message
    assert "sqlite:///FILE" in caught.value.message


def test_a_place_is_shown_without_what_only_its_owner_may_know() -> None:
    where = parse_place("postgres://ada:s%40crt@db.example:5433/fleet?sslmode=verify-full&sslpassword=pass2")
    assert where.shown == "postgresql://ada@db.example:5433/fleet"
    assert where.without_secrets("no s@crt, no pass2") == "no «secret», no «secret»"
