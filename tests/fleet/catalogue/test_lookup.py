"""What a catalogue tells, the same from both databases."""

from __future__ import annotations

import json

import pytest

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.fleet.catalogue import (
    CatalogueView,
    Publication,
    catalogue_of,
    open_catalogue,
    open_publisher,
    publication_of,
)
from registry_reconciler.model.fleet_view import FleetView
from tests.fleet.catalogue.helper import commit, files_of, made
from tests.support import kind_file


def test_rules_ask_what_the_other_repositories_have_and_had(url: str) -> None:
    publisher = open_publisher(url)
    publisher.publish(made(1, "{id: pay, title: Payments, also: [money]}", "{id: gone}", name="shop"))
    publisher.publish(made(2, "{id: pay, title: Payments, also: [money], status: deprecated}", name="shop"))
    publisher.publish(made(3, "{id: pay}", "{id: mine}", name="billing"))
    with open_catalogue(url) as catalogue:
        view: FleetView = CatalogueView(catalogue, without="billing")
        (holder,) = view.holders("thing", ["pay", "mine"])["pay"]
        assert (holder.repository, holder.commit, holder.path, holder.line) == (
            "shop",
            commit(2),
            "t.yaml",
            1,
        )
        assert holder.deprecated
        assert [named.address for named in view.named("thing", "money")] == ["thing/pay"]
        assert view.near("thing", "pya") == "pay"
        former = view.former("thing", "gone")
        assert former is not None
        assert (former.repository, former.until) == ("shop", commit(1))
        assert view.former("thing", "never") is None
        # What is asked of does not move with the repository that asks.
        others = view.id
    publisher.publish(made(4, "{id: pay}", name="billing"))
    with open_catalogue(url) as catalogue:
        assert CatalogueView(catalogue, without="billing").id == others
        assert CatalogueView(catalogue).id != others


def _across(number: int, *entries: str, name: str) -> Publication:
    spec = "layout: list, file: t.yaml, key: id, truth: live, unique: [{fields: slot, in: fleet}], "
    spec += 'references: [{field: "uses[]", kind: thing, in: fleet}]'
    text = "".join(f"- {entry}\n" for entry in entries)
    files = {**kind_file("thing", spec), "t.yaml": text.encode()}
    return publication_of(MemoryTree(files), name, commit(number), number)


def test_unique_values_and_references_of_the_whole_fleet_are_found() -> None:
    shop = _across(1, "{id: a, slot: 7}", "{id: b, uses: [a, far]}", name="shop")
    far = _across(1, "{id: far, slot: 8}", name="far")
    with catalogue_of([shop, far]) as catalogue:
        assert [known.address for known in catalogue.claims("thing", "slot", ["7", "8"], "far")["7"]] == [
            "thing/a"
        ]
        assert "8" not in catalogue.claims("thing", "slot", ["7", "8"], "far")
        found = [
            (link.repository, link.field, link.key, link.in_fleet)
            for link in catalogue.referrers("thing", "far")
        ]
        assert found == [("shop", "uses[1]", "far", True)]


def test_words_are_found_without_case_and_accents_and_as_beginnings(url: str) -> None:
    publisher = open_publisher(url)
    publisher.publish(
        made(
            1,
            "{id: payments.capture, title: Zahlung prüfen, text: it's 50% off 日本語 1e5}",
            "{id: other, text: capture}",
        )
    )
    with open_catalogue(url) as catalogue:

        def found(text: str) -> list[str]:
            return [known.key for known in catalogue.search(text)[0]]

        assert found("PRUFEN zahl") == ["payments.capture"]
        assert found("日本") == found("1e5") == ["payments.capture"]
        assert found("capt") == ["payments.capture", "other"]
        assert found("payments.capture") == ["payments.capture"]
        assert found("thing/other") == ["other"]
        assert found("it's") == ["payments.capture"]
        assert found("') OR 1=1 --") == found("missing") == found("'") == found("* & ! :*") == []
        assert catalogue.search("thing", 1) == (catalogue.search("thing")[0][:1], True)
    publisher.publish(made(2, "{id: other, text: nothing}"))
    with open_catalogue(url) as catalogue:
        assert catalogue.search("capture") == ([], False)


def test_whole_words_are_found_where_very_many_begin_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry_reconciler.fleet.catalogue.lookup._MATCHES", 3)
    many = [f"{{id: a{number}, text: routes}}" for number in range(9)]
    open_publisher(url).publish(made(1, *many, "{id: y, text: a route}", "{id: z, text: the route}"))
    with open_catalogue(url) as catalogue:
        found, more = catalogue.search("route", 2)
        assert ([known.key for known in found], more) == (["y", "z"], True)


def test_the_history_of_an_entry_goes_on_through_publications(url: str) -> None:
    publisher = open_publisher(url)
    for number, entries in enumerate(
        (["{id: a, text: one}"], ["{id: b}", "{id: a, text: one}"], ["{id: a, text: two}"], [], ["{id: a}"]),
        1,
    ):
        publisher.publish(made(number, *entries))
    with open_catalogue(url) as catalogue:
        spans = [
            (row["revision"], known.until, json.loads(row["value"]).get("text"))
            for known, row in catalogue.history("thing", "a")
        ]
        assert spans == [
            (commit(1), commit(3), "one"),
            (commit(3), commit(4), "two"),
            (commit(5), "", None),
        ]
        assert catalogue.former("thing", "a") == []


def test_no_secret_is_published() -> None:
    publication = made(1, "{id: a, token: hunter2-hunter2, tokn: hunter3-hunter3}")
    assert "hunter" not in repr(publication)
    assert "«secret»" in publication.entries[0].value


def test_texts_that_no_database_takes_are_published_all_the_same(url: str) -> None:
    long = "k" * 5_000
    entries = ('{id: "a\\0b", title: "x\\0"}', f"{{id: {long}, title: {long}}}")
    publisher = open_publisher(url)
    publisher.publish(made(1, *entries))
    with open_catalogue(url) as catalogue:
        assert catalogue.holders("thing", [long])[long][0].repository == "shop"
        assert len(catalogue.named("thing", long)) == 1


def test_a_publication_of_no_git_repository_is_known_by_what_it_says() -> None:
    publication = publication_of(MemoryTree(files_of("{id: a}")), "shop", "", 1)
    assert publication.commit == publication.digest
    assert publication.commit == publication_of(MemoryTree(files_of("{id: a}")), "shop", "", 2).commit
