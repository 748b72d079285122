"""Reports, catalogues and pictures in a real browser: nothing loads, nothing is live, all of it can be used."""

from __future__ import annotations

import json
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from registry_reconciler.picture import References
from registry_reconciler.picture import page as drawn
from registry_reconciler.queries.graph import Edge
from registry_reconciler.report import RenderOptions, render
from tests.browser.conftest import Seen
from tests.browser.looks import look_of, stored
from tests.unit.report import samples

STORED = Path(__file__).parent / "looks.json"


class Quiet(SimpleHTTPRequestHandler):
    """A host of files that says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """See the class."""


LOOKS = [(width, theme) for width in (400, 1440) for theme in ("light", "dark")]


@pytest.fixture(scope="session")
def report(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a plan with something of everything."""
    path = tmp_path_factory.mktemp("report") / "plan.html"
    path.write_text(render(samples.SMALL, "html", RenderOptions(label="nightly")), encoding="utf-8")
    return path


def test_every_page_of_this_repositorys_catalogue_loads_only_its_own_files(
    browser: Any, catalogue: Path
) -> None:
    seen = Seen(browser)
    pages = sorted(catalogue.rglob("*.html"))
    for path in pages:
        assert seen.open(path).locator("h1").count() == 1
    assert len(pages) > 200
    assert seen.faults == []
    assert [url for url in seen.requests if not url.startswith(catalogue.as_uri())] == []
    seen.window.close()


def one_of_each(catalogue: Path) -> list[Path]:
    """A page of each sort, that of an entry with many references among them."""
    largest = max((catalogue / "entries").rglob("*.html"), key=lambda path: path.stat().st_size)
    sorts = ["index.html", "graph.html", "rules.html", "rules/REF001.html", "kinds/route.html"]
    return [*(catalogue / name for name in sorts), largest]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, catalogue: Path, report: Path, hostile: Path, theme: str) -> None:
    seen = Seen(browser, theme=theme)
    pages = [*one_of_each(catalogue), report, hostile / "plan.html", hostile / "graph.html"]
    found = [finding for path in pages for finding in (seen.open(path), seen.ask_axe())[1]]
    assert found == []
    assert seen.faults == []
    seen.window.close()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_nothing_is_wider_than_the_window_and_pictures_do_not_move(
    browser: Any, catalogue: Path, report: Path, width: int, theme: str
) -> None:
    seen = Seen(browser, width=width, theme=theme)
    for path in (*one_of_each(catalogue), report):
        page = seen.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert page.screenshot() == seen.open(report).screenshot()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 27)"}[theme]
    seen.window.close()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_keep_their_looks(browser: Any, example: Path, report: Path, width: int, theme: str) -> None:
    """Columns, widths and colours are what is stored: why not pixels, and how to store them anew, see looks.py."""
    seen = Seen(browser, width=width, theme=theme)
    pages = {
        "report": (report, "report"),
        "index": (example / "index.html", "catalogue"),
        "kind": (example / "kinds/thing.html", "catalogue"),
        "entry": (example / "entries/thing/a.html", "catalogue"),
        "rule": (example / "rules/REF001.html", "catalogue"),
    }
    found = {name: look_of(seen.open(path), sort) for name, (path, sort) in pages.items()}
    seen.window.close()
    kept = json.loads(STORED.read_text("utf-8")) if STORED.exists() else {}
    if os.environ.get("WRITE_LOOKS"):
        kept[f"{width} {theme}"] = found
        STORED.write_text(stored(kept), "utf-8")
    assert found == kept[f"{width} {theme}"]


def test_a_catalogue_is_served_below_any_path(browser: Any, example: Path) -> None:
    """As a host does: every link, style and script is found below the folder, and nothing is asked elsewhere."""
    handler = partial(Quiet, directory=str(example.parents[1]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}/docs/catalogue/"
            seen = Seen(browser)
            failed: list[str] = []
            seen.page.on("response", lambda got: failed.append(got.url) if got.status >= 400 else None)
            for name in ("", "index.html", "kinds/thing.html", "entries/thing/b.html", "rules/REF001.html"):
                seen.page.goto(base + name)
                links = seen.page.eval_on_selector_all(
                    "a[href]", "all => all.map(link => new URL(link.getAttribute('href'), link.baseURI).href)"
                )
                assert all(link.startswith(base) for link in links)
                assert {seen.page.request.get(link).status for link in set(links)} == {200}
            seen.page.fill("#q", "first")
            seen.page.wait_for_selector("#found a")
            seen.page.click("#found a")
            seen.page.wait_for_url("**/entries/thing/a.html")
            assert seen.page.evaluate("getComputedStyle(document.querySelector('.top')).display") == "flex"
            seen.window.close()
        finally:
            server.shutdown()
            thread.join()
    assert (failed, seen.faults) == ([], [])
    assert [url for url in seen.requests if not url.startswith(base)] == []


@pytest.mark.parametrize("width", [400, 1440])
def test_a_picture_opens_where_its_entry_is(browser: Any, example: Path, tmp_path: Path, width: int) -> None:
    edges = [Edge(f"thing/{number}", f"thing/{number + 1}", "next") for number in range(30)]
    path = tmp_path / "around.html"
    path.write_text(drawn(References(edges).around("thing/25", None), "Around"), "utf-8")
    seen = Seen(browser, width=width)
    for place in (path, example / "entries/thing/b.html"):
        page = seen.open(place)
        frame, subject = (page.locator(name).bounding_box() for name in (".picture", ".subject rect"))
        assert frame["x"] <= subject["x"]
        assert subject["x"] + subject["width"] <= frame["x"] + frame["width"]
    assert seen.faults == []
    seen.window.close()


def test_hostile_texts_do_nothing(browser: Any, hostile: Path) -> None:
    seen = Seen(browser)
    pages = [
        *hostile.glob("*.html"),
        *(hostile / "out").rglob("index.html"),
        *(hostile / "out/entries").rglob("*.html"),
    ]
    pages += [*(hostile / "out/kinds").glob("*.html"), hostile / "out/rules/REF001.html"]
    assert len(pages) >= 11
    for path in pages:
        page = seen.open(path)
        assert page.locator("img, iframe, object, embed, base, form[action]").count() == 0, path
        assert "evil.example" in page.content() or path.name in ("drift.html", "graph.html"), path
        assert "49" not in page.title()
        if page.locator("#q").count():
            page.fill("#q", "evil")
            page.wait_for_selector("#found a")
    assert seen.faults == []
    assert [url for url in seen.requests if not url.startswith(hostile.as_uri())] == []
    seen.window.close()


def test_a_report_is_searched_filtered_and_folded(browser: Any, report: Path) -> None:
    seen = Seen(browser)
    page = seen.open(report)
    everything = page.locator(".item").count()
    said = page.locator("#said")
    assert said.inner_text() == f"{everything} of {everything} shown"
    page.fill("#search", "payments.old")
    page.wait_for_selector(".item >> nth=0", state="hidden")
    shown = page.locator(".item:visible")
    assert 0 < shown.count() < everything
    assert all("payments.old" in text.lower() for text in shown.all_text_contents())
    page.fill("#search", "no such thing at all")
    page.wait_for_selector(".item:visible", state="detached")
    assert page.locator("main section[data-group]:visible").count() == 0
    page.click("text=Clear")
    page.wait_for_selector(".item:visible")
    page.select_option("#of-what", "create")
    assert set(page.locator(".item:visible .word").all_inner_texts()) == {"+ create"}
    page.click("text=Clear")
    page.click("#fold")
    assert page.locator("main details[open]").count() == 0
    page.click("#unfold")
    assert page.locator("main details:not([open])").count() == 0
    row = page.locator(".r:has(del):has(ins)").first
    sides = [row.locator(tag).bounding_box() for tag in ("del", "ins")]
    assert sides[0]["y"] == sides[1]["y"]
    page.click("#inline")
    assert page.get_attribute("#inline", "aria-pressed") == "true"
    sides = [row.locator(tag).bounding_box() for tag in ("del", "ins")]
    assert sides[0]["x"] == sides[1]["x"]
    assert seen.faults == []
    seen.window.close()


def test_a_report_is_used_by_the_keyboard_alone(browser: Any, report: Path) -> None:
    seen = Seen(browser)
    page = seen.open(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search"
    summary = page.locator(".item > summary").first
    summary.focus()
    before = summary.evaluate("it => it.parentElement.open")
    page.keyboard.press("Enter")
    assert summary.evaluate("it => it.parentElement.open") is not before
    assert summary.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
    seen.window.close()


def test_what_is_folded_is_printed(browser: Any, report: Path) -> None:
    seen = Seen(browser)
    page = seen.open(report)
    page.click("#fold")
    field = page.locator(".field").first
    page.emulate_media(media="print")
    assert field.bounding_box()["height"] > 0
    assert page.locator("#tools").is_hidden()
    seen.window.close()


def test_a_report_works_without_its_script(browser: Any, report: Path, catalogue: Path) -> None:
    seen = Seen(browser, scripts=False)
    page = seen.open(report)
    assert page.locator("#tools").is_hidden()
    assert page.locator(".item").first.is_visible()
    page = seen.open(catalogue / "index.html")
    assert page.locator("#find").is_hidden()
    page.click("text=route")
    assert page.locator("h1").inner_text() == "route"
    seen.window.close()


def test_a_catalogue_is_searched_by_the_keyboard(browser: Any, catalogue: Path) -> None:
    seen = Seen(browser)
    page = seen.open(next((catalogue / "entries").rglob("*.html")))
    page.focus("#q")
    page.keyboard.type("docs.ci approve")
    page.wait_for_selector("#found a")
    assert page.locator("#found a").first.inner_text() == "route/docs.ci"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs.ci.html")
    assert page.locator(".graph .subject").count() == 1
    page.locator(".graph a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1")
    assert seen.faults == []
    assert [url for url in seen.requests if not url.startswith(catalogue.as_uri())] == []
    seen.window.close()
