"""Publications over both databases: one is one transaction, the newest wins, and nobody sees half of one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from registry_reconciler.fleet.catalogue import (
    Catalogue,
    Publication,
    PublicationOrigin,
    bulk,
    open_catalogue,
    open_publisher,
)
from tests.fleet.catalogue.helper import commit, made
from tests.fleet.catalogue.server import Server

A, B, C = "{id: a, title: Ay}", "{id: b, uses: [a]}", "{id: c, uses: [a, b]}"


def keys(url: str) -> list[str]:
    with open_catalogue(url) as catalogue:
        return catalogue.keys("thing")


def head(catalogue: Catalogue) -> list[str]:
    return [row.commit for row in catalogue.repositories()]


def test_what_differs_is_written_and_the_same_commit_twice_changes_nothing(url: str) -> None:
    publisher = open_publisher(url)
    first = publisher.publish(made(1, A, B))
    assert (first.outcome, first.added, first.changed, first.removed) == ("published", 2, 0, 0)
    with open_catalogue(url) as catalogue:
        before = catalogue.snapshot()
    assert publisher.publish(made(1, A, B)).outcome == "unchanged"
    with open_catalogue(url) as catalogue:
        assert catalogue.snapshot() == before
    second = publisher.publish(made(2, C, "{id: b, uses: [a], text: new}", A))
    assert (second.added, second.changed, second.removed, second.moved) == (1, 1, 0, 1)
    third = publisher.publish(made(3, C, A))
    assert (third.added, third.changed, third.removed) == (0, 0, 1)
    assert keys(url) == ["a", "c"]
    with open_catalogue(url) as catalogue:
        (known,) = catalogue.holders("thing", ["a"])["a"]
        assert (known.commit, known.line) == (commit(3), 2)


@pytest.mark.parametrize(
    ("publication", "outcome"),
    [
        pytest.param(made(4, A, time=9), "older", id="earlier"),
        pytest.param(made(4, A, time=10), "older", id="of the same second"),
        pytest.param(made(4, A, time=11), "published", id="later"),
        pytest.param(made(4, A, time=2, after=[5, 3]), "published", id="a descendant with a wrong clock"),
        pytest.param(made(3, A, time=99), "older", id="an ancestor with a wrong clock"),
    ],
)
def test_an_older_commit_never_overwrites_a_newer_one(
    publication: Publication, outcome: str, tmp_path: object
) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    publisher = open_publisher(url)
    publisher.publish(made(5, A, B, time=10, after=[3, 2, 1]))
    assert publisher.publish(publication).outcome == outcome
    if outcome == "older":
        assert keys(url) == ["a", "b"]
        assert publisher.publish(publication, replace=True).outcome == "published"
    assert keys(url) == ["a"]


def test_the_same_commit_is_published_again_where_it_says_something_else(url: str) -> None:
    publisher = open_publisher(url)
    publisher.publish(made(1, A, B), origin=PublicationOrigin("/shop", "", "as one program reads it"))
    assert publisher.known() == {"shop": (commit(1), "as one program reads it")}
    other = publisher.publish(made(1, B, C), origin=PublicationOrigin("/shop", "", "as another one does"))
    assert (other.outcome, other.added, other.removed) == ("published", 1, 1)
    same = publisher.publish(made(1, B, C), origin=PublicationOrigin("/shop", "", "as a third one does"))
    assert same.outcome == "unchanged"
    assert publisher.known() == {"shop": (commit(1), "as a third one does")}


@pytest.mark.parametrize(
    ("publication", "address", "outcome"),
    [
        pytest.param(made(9, C), "/other", "another", id="another one, of which the clock is later"),
        pytest.param(made(0, C), "/other", "another", id="another one, of which the clock is earlier"),
        pytest.param(made(9, C), "/shop", "published", id="the same one, with a history that was rewritten"),
        pytest.param(made(9, C, after=[8, 5]), "/other", "published", id="it has moved and gone on"),
        pytest.param(made(9, C, after=[8, 3]), "/other", "published", id="it has moved and was rewritten"),
        pytest.param(made(5, C), "/other", "published", id="the same commit at another place"),
        pytest.param(made(9, C), "", "published", id="nobody knows where it comes from"),
    ],
)
def test_a_name_that_was_given_to_another_repository_is_noticed(
    publication: Publication, address: str, outcome: str, tmp_path: object
) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    publisher = open_publisher(url)
    publisher.publish(made(5, A, after=[3, 2]), origin=PublicationOrigin("/shop"))
    done = publisher.publish(publication, origin=PublicationOrigin(address))
    assert (done.outcome, done.other) == (outcome, "/shop" if outcome == "another" else "")
    assert keys(url) == (["a"] if outcome == "another" else ["c"])
    if outcome == "another":
        assert (
            publisher.publish(publication, replace=True, origin=PublicationOrigin(address)).outcome
            == "published"
        )
        assert publisher.publish(made(6, A), origin=PublicationOrigin("/shop")).outcome == "another"


def test_a_reader_sees_a_whole_publication_as_of_its_first_question(url: str) -> None:
    publisher = open_publisher(url)
    publisher.publish(made(1, A, B))
    with open_catalogue(url) as early:
        assert head(early) == [commit(1)]
        publisher.publish(made(2, A, "{id: b, text: other}", C))
        assert head(early) == [commit(1)]
        assert early.keys("thing") == ["a", "b"]
        assert [link.address for link in early.referrers("thing", "a")] == ["thing/b"]
    with open_catalogue(url) as late:
        assert head(late) == [commit(2)]
        assert [link.address for link in late.referrers("thing", "a")] == ["thing/c"]


def _in_the_middle(monkeypatch: pytest.MonkeyPatch, once: Callable[[], object]) -> None:
    """Let something happen when the rows of the first publication from now on are written, and it is not complete."""
    left = [once]
    usual = bulk.index_words

    def interrupted(connection: object, number: int) -> None:
        if left:
            left.pop()()
        usual(connection, number)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk, "index_words", interrupted)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_of_two_publishers_at_once_the_newest_wins_and_nothing_is_mixed(
    url: str, monkeypatch: pytest.MonkeyPatch, first: int, second: int
) -> None:
    said = {1: (A, B), 2: (B, C)}
    open_publisher(url)
    outcomes: list[str] = []
    began = threading.Event()

    def late() -> None:
        began.set()
        outcomes.append(open_publisher(url).publish(made(second, *said[second])).outcome)

    other = threading.Thread(target=late)

    def meanwhile() -> None:
        other.start()
        assert began.wait(10)
        other.join(0.3)  # it waits for the first one; were it quick, what is asserted holds all the same

    _in_the_middle(monkeypatch, meanwhile)
    assert open_publisher(url).publish(made(first, *said[first])).outcome == "published"
    other.join(30)
    assert outcomes == ["published" if second == 2 else "older"]
    assert keys(url) == ["b", "c"]
    with open_catalogue(url) as catalogue:
        assert head(catalogue) == [commit(2)]


_KILLED = """
import os, signal, sys
from registry_reconciler.fleet.catalogue import bulk, open_publisher
from tests.fleet.catalogue.helper import made
bulk.index_words = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
open_publisher(sys.argv[1]).publish(made(2, "{id: z}"))
"""


def test_a_publisher_that_is_killed_in_the_middle_leaves_what_was_there(url: str) -> None:
    publisher = open_publisher(url)
    publisher.publish(made(1, A, B))
    done = subprocess.run([sys.executable, "-c", _KILLED, url], timeout=60, check=False, cwd=os.getcwd())
    assert done.returncode == -signal.SIGKILL
    assert keys(url) == ["a", "b"]
    assert publisher.publish(made(2, "{id: z}")).removed == 2
    assert keys(url) == ["z"]


def test_a_database_that_is_restarted_in_the_middle_is_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url()
    publisher = open_publisher(url)
    publisher.publish(made(1, A, B))
    _in_the_middle(monkeypatch, server.restart)
    done = publisher.publish(made(2, B, C))
    assert (done.outcome, done.added, done.removed) == ("published", 1, 1)
    assert keys(url) == ["b", "c"]
    with open_catalogue(url) as catalogue:
        assert len(catalogue.history("thing", "c")) == 1


def test_a_database_that_stays_away_is_waited_for_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registry_reconciler.errors import RegistryFailure
    from registry_reconciler.fleet.catalogue import publish

    waited: list[float] = []
    monkeypatch.setattr(publish, "time", SimpleNamespace(sleep=waited.append, time=time.time))
    publisher = open_publisher(server.url())
    server.stop()
    try:
        for _ in range(2):
            with pytest.raises(RegistryFailure, match="cannot be reached"):
                publisher.publish(made(1, A))
    finally:
        server.start()
    assert len(waited) == 7
    assert publisher.publish(made(1, A)).outcome == "published"


def test_what_cannot_be_read_stays_as_it_was(url: str) -> None:
    from registry_reconciler.files.tree import MemoryTree
    from registry_reconciler.fleet.catalogue import publication_of
    from tests.fleet.catalogue.helper import files_of

    publisher = open_publisher(url)
    publisher.publish(made(1, A, B))
    broken = {**files_of(A), "t.yaml": b"- {id: a\n- ]\n"}
    publication = publication_of(MemoryTree(broken), "shop", commit(2), 2)
    assert publication.unread == ("thing",)
    done = publisher.publish(publication)
    assert (done.removed, done.unread) == (0, ("thing",))
    assert keys(url) == ["a", "b"]
    # What was there of another folder is nothing of this one.
    assert publisher.publish(publication, origin=PublicationOrigin("/shop", "", "so")).outcome == "unchanged"
    moved = publisher.publish(publication, origin=PublicationOrigin("/shop", "inner", "otherwise"))
    assert (moved.outcome, moved.unread) == ("published", ())
    assert "b" not in keys(url)
