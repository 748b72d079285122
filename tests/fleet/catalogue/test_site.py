"""The catalogue of a fleet for the browser: its pages lead to each other, across repositories too."""

from __future__ import annotations

import re
from pathlib import Path

from registry_reconciler.files.tree import MemoryTree
from registry_reconciler.fleet.catalogue import (
    Publication,
    catalogue_of,
    open_catalogue,
    open_publisher,
    publication_of,
)
from registry_reconciler.fleet.site import write_site
from tests.fleet.catalogue.helper import commit, made
from tests.support import kind_file

_SPEC = "layout: list, file: t.yaml, key: id, truth: live, names: {name: title}, "
_KIND = kind_file("skill", _SPEC + 'references: [{field: "uses[]", kind: skill, in: fleet}]')


def _said(name: str, text: str) -> Publication:
    return publication_of(MemoryTree({**_KIND, "t.yaml": text.encode()}), name, commit(1), 1)


def test_every_link_leads_to_a_page_and_references_lead_to_other_repositories(tmp_path: Path) -> None:
    shop = _said("shop", "- {id: checkout, uses: [pay, nothing, cart]}\n- {id: cart, title: '<b>&'}\n")
    billing = _said("Billing & more", "- {id: pay, title: Payments}\n")
    with catalogue_of([shop, billing]) as catalogue:
        done = write_site(catalogue, tmp_path / "out", "All of it")
        assert write_site(catalogue, tmp_path / "out", "All of it").written == 0
    pages = sorted((tmp_path / "out").rglob("*.html"))
    assert done.written > len(pages) > 8
    for page in pages:
        text = page.read_text()
        assert "<b>" not in text
        for target in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert (page.parent / target).resolve().is_file(), (page, target)
    entry = (tmp_path / "out/repositories/shop/entries/skill/checkout.html").read_text()
    assert re.search(r'href="\.\./\.\./\.\./billing-more-[0-9a-f]+/entries/skill/pay\.html"', entry)
    assert "nothing has that address" in entry
    assert "shop: skill/checkout" in next((tmp_path / "out").rglob("pay.html")).read_text()
    assert "shop: skill/cart" in (tmp_path / "out/assets/search.js").read_text()


def test_a_repository_that_goes_takes_its_pages_with_it(tmp_path: Path) -> None:
    url, out = f"sqlite:///{tmp_path}/fleet.db", tmp_path / "out"
    publisher = open_publisher(url)
    for name in ("shop", "old"):
        publisher.publish(made(1, "{id: a}", name=name))
    with open_catalogue(url) as catalogue:
        write_site(catalogue, out, "Fleet")
    assert (out / "repositories/old/index.html").is_file()
    publisher.forget("old")
    with open_catalogue(url) as catalogue:
        write_site(catalogue, out, "Fleet")
    assert [folder.name for folder in (out / "repositories").iterdir()] == ["shop"]
