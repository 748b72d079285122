"""The catalogue: what its pages say, that nothing of an entry is live or secret in them, and what its folder keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from msgspec.structs import replace

from registry_reconciler.base.escape import visible
from registry_reconciler.cli.common import planning_of
from registry_reconciler.site import Above, gather, pages_of, publish, search_rows
from registry_reconciler.site import pages as drawn
from registry_reconciler.site.catalogue import _slug
from registry_reconciler.site.folder import MANIFEST, SiteFailure
from registry_reconciler.workspace import Workspace
from tests.support import Box

SCHEMA = """\
x-registry:
  kind: thing
  layout: list
  file: t.yaml
  key: id
  names: {name: title, aliases: aliases}
  references: [{field: "needs[]", kind: thing}, {field: "gone", kind: thing, missing: warning}]
title: Things
description: What there is.
type: object
properties:
  id: {type: string, description: The name of it.}
  title: {type: string, description: As people say.}
  token: {type: string, x-secret: true, description: What opens it.}
"""
FRAGMENT = """\
thing:
  - {id: a, title: First, aliases: [one], needs: [b], token: hunter2-hunter2}
  - {id: b, title: Second, gone: nowhere}
"""
FILES = {".system/registry/schemas/thing.schema.yaml": SCHEMA, "desired/all.yaml": FRAGMENT}
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>\u202e&amp;{{7*7}}"


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    return Box.started(tmp_path / "work", capsys, FILES)


def pages(box: Box) -> dict[str, str]:
    """The files of the catalogue by path."""
    return {
        path.removeprefix("out/"): data.decode()
        for path, data in box.files().items()
        if path.startswith("out/")
    }


def test_an_entry_has_a_page_with_all_that_is_known_of_it(box: Box) -> None:
    box.run("apply", "--yes")
    made = box.run("site", "--out", "out", "--format", "json").json
    found = pages(box)
    assert made["written"] == len(found) - 1
    page = found["entries/thing/a.html"]
    for text in ("<h1>First</h1>", "As people say.", "<code>one</code>", "desired/all.yaml:2", "t.yaml:1"):
        assert text in page, text
    assert '<a href="../../entries/thing/b.html"><code>b</code></a>' in page
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page
    assert re.search(r"<h2>History</h2>.*create", page, re.DOTALL)
    other = found["entries/thing/b.html"]
    assert '<a href="../../entries/thing/a.html"><code>thing/a</code></a>' in other
    assert "nothing has that address" in other
    assert '<a href="../../rules/REF001.html"><code>REF001</code></a>' in other
    assert "What there is." in found["kinds/thing.html"]
    assert "thing/b" in found["rules/REF001.html"]
    search = found["assets/search.js"].removeprefix("window.registryPages = ").rstrip(";\n")
    assert ["entries/thing/b.html", "thing/b", "Second"] in [row[:3] for row in json.loads(search)]


def test_a_value_is_shown_in_its_parts_each_with_its_link(box: Box) -> None:
    box.write(
        ".system/registry/schemas/thing.schema.yaml",
        SCHEMA.replace('"needs[]"', '"uses.things[].id"').replace(", x-secret: true", ""),
    )
    uses = 'uses: {things: [{id: b, why: to see}], none: []}, text: "one\\ntwo\\n"'
    deep = ", ".join(f"k{number}: {number}" for number in range(61))
    box.write("desired/all.yaml", f"thing:\n  - {{id: a, {uses}}}\n  - {{id: b, deep: {{{deep}}}}}\n")
    box.run("site", "--out", "out")
    page = pages(box)["entries/thing/a.html"]
    assert (
        '<div><code class="dim">things[0].id</code> <a href="../../entries/thing/b.html"><code>b</code></a></div>'
        '<div><code class="dim">things[0].why</code> to see</div>'
        '<div><code class="dim">none</code> <code>[]</code></div>'
    ) in page
    assert re.findall(r"<pre[^>]*>[^<]*</pre>", page) == ['<pre tabindex="0">one\ntwo</pre>']
    # What has very many parts is shown as it is written.
    assert "&#34;k60&#34;: 60\n}</pre>" in pages(box)["entries/thing/b.html"]


def test_no_secret_is_in_it_before_or_after_it_is_applied(box: Box) -> None:
    for _ in range(2):
        box.run("site", "--out", "out")
        assert "«secret»" in pages(box)["entries/thing/a.html"]
        assert not [path for path, text in pages(box).items() if "hunter2" in text]
        box.run("apply", "--yes")


def test_every_link_leads_to_a_file_and_every_page_has_the_policy(box: Box) -> None:
    box.run("apply", "--yes")
    box.run("site", "--out", "out")
    for path, text in pages(box).items():
        if path.endswith(".html"):
            assert "default-src &#39;none&#39;; style-src &#39;self&#39;; script-src &#39;self&#39;" in text
            for link in re.findall(r'(?:href|src)="([^"#]+)', text):
                assert (box.root / "out" / path).parent.joinpath(link).resolve().is_file(), (path, link)


def test_a_kind_of_many_entries_has_several_pages_and_each_entry_on_one_of_them(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "_ON_ONE_PAGE", 3)
    names = [f"e{number}" for number in range(7)]
    box.write("desired/all.yaml", "thing:\n" + "".join(f"  - {{id: {name}, title: T}}\n" for name in names))
    box.run("site", "--out", "out")
    found = pages(box)
    paths = ["kinds/thing.html", "kinds/thing/2.html", "kinds/thing/3.html"]
    assert {path for path in found if path.startswith("kinds/")} == set(paths)
    listed = [re.findall(r'<li class="row"><a href="([^"]+)"', found[path]) for path in paths]
    assert [len(links) for links in listed] == [3, 3, 1]
    assert [Path(link).stem for links in listed for link in links] == names
    for path, links in zip(paths, listed, strict=True):
        assert all((box.root / "out" / path).parent.joinpath(link).resolve().is_file() for link in links)
        assert found[path].count('aria-current="page"') == 2
        others = re.findall(r'<li><a href="([^"]+)">e\d – e\d</a>', found[path])
        assert [(box.root / "out" / path).parent.joinpath(link).resolve().is_file() for link in others] == [
            True
        ] * 4
    # What is said of the kind stands on its first page alone; entries that go take their pages along.
    assert ["As people say." in found[path] for path in paths] == [True, False, False]
    box.write("desired/all.yaml", "thing: [{id: e0, title: T}]\n")
    box.run("site", "--out", "out")
    assert [path for path in pages(box) if path.startswith("kinds/")] == paths[:1]


def test_a_catalogue_below_another_page_leads_to_it(box: Box) -> None:
    """What a catalogue over several workspaces needs: each below a folder of its own, written at once."""
    planning = planning_of(Workspace(box.root))
    catalogue = gather(planning, None, "Shop")
    files = [(f"shop/{path}", data) for path, data in pages_of(catalogue, Above("All", "../index.html"))]
    publish(box.root / "out", [("index.html", b"over all"), *files])
    for path, text in pages(box).items():
        if path.endswith(".html") and path != "index.html":
            link = re.findall(r'<li><a href="([^"]+)">All</a></li>', text)
            assert [(box.root / "out" / path).parent.joinpath(link[0]).resolve()] == [
                box.root / "out/index.html"
            ]
    assert ["entries/thing/a.html", "thing/a", "First"] in [row[:3] for row in search_rows(catalogue)]
    moved = replace(catalogue, links={**catalogue.links, "thing/b": "../other/b.html"})
    page = dict(pages_of(moved))["entries/thing/a.html"].decode()
    assert '<a href="../../../other/b.html"><code>thing/b</code></a>' in page


def test_hostile_texts_are_inert_in_every_place(box: Box) -> None:
    text = json.dumps(HOSTILE)
    entry = {"id": HOSTILE, "title": HOSTILE, "aliases": [HOSTILE], "needs": [HOSTILE], HOSTILE: HOSTILE}
    box.write("desired/all.yaml", json.dumps({"thing": [entry]}))
    box.write(
        ".system/registry/schemas/thing.schema.yaml",
        SCHEMA.replace("Things", text).replace("What there is.", text).replace("As people say.", text),
    )
    assert box.run("site", "--out", "out", "--title", HOSTILE).exit == 0
    assert any(path.startswith("entries/thing/") for path in pages(box))
    for path, page in pages(box).items():
        assert "\u202e" not in page
        assert "49" not in re.findall(r"\{\{7\*7\}\}|>49<", page), path
        if path.endswith(".html"):
            assert "<img" not in page
            assert re.findall(r"<script[^>]*>", page) == [
                f'<script src="{"../" * path.count("/")}assets/site.js">'
            ]
    assert escape(visible(HOSTILE)).replace('"', "&#34;").replace("'", "&#39;") in pages(box)["index.html"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b", "a-b"), ("A", "a"), ("ä", "ö"), ("con", "con2"), (".", ".."), ("x" * 90, "x" * 91)],
)
def test_names_of_files_are_harmless_and_differ(one: str, other: str) -> None:
    names = [_slug(one), _slug(other)]
    assert names[0] != names[1]
    for name in names:
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name)
        assert name not in ("con", "index")


def test_only_what_it_wrote_is_deleted_and_an_edit_is_left_and_said(box: Box) -> None:
    box.run("site", "--out", "out")
    again = box.run("site", "--out", "out", "--format", "json").json
    assert (again["written"], again["deleted"], again["left"]) == (0, 0, [])
    box.write("out/mine.txt", "mine")
    box.write("out/entries/thing/b.html", "edited")
    box.replace("desired/all.yaml", "  - {id: b, title: Second, gone: nowhere}\n", "")
    ran = box.run("site", "--out", "out", "--format", "json")
    assert ran.json["left"] == ["entries/thing/b.html"]
    assert "edited by hand" in ran.err
    assert box.read("out/entries/thing/b.html") == "edited"
    assert box.read("out/mine.txt") == "mine"
    box.replace("desired/all.yaml", "id: a,", "id: c,")
    assert box.run("site", "--out", "out", "--format", "json").json["deleted"] == 1
    assert not (box.root / "out/entries/thing/a.html").exists()


def test_a_folder_of_somebody_else_is_refused(box: Box) -> None:
    box.write("other/file.txt", "x")
    for folder in ("other", ".", "desired/all.yaml"):
        before = box.files()
        ran = box.run("site", "--out", folder)
        assert ran.exit == 1, folder
        assert box.files() == before
    (box.root / "empty").mkdir()
    assert box.run("site", "--out", "empty").exit == 0


def test_a_list_that_somebody_forged_deletes_nothing_outside(tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (outside / "keep").write_bytes(b"x")
    digest = "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    listed = {"../outside/keep": [digest], str(outside / "keep"): [digest], "link/keep": [digest]}
    (out / MANIFEST).write_text(json.dumps({"format": 1, "files": listed}))
    (out / "link").symlink_to(outside)
    with pytest.raises(SiteFailure):
        publish(out, [("index.html", b"new")])
    (out / "link").unlink()
    publish(out, [("index.html", b"new")])
    assert (outside / "keep").read_bytes() == b"x"
    (out / MANIFEST).write_text("{")
    with pytest.raises(SiteFailure, match="cannot be read"):
        publish(out, [])
    assert (out / "index.html").read_bytes() == b"new"


def test_an_interrupted_run_leaves_nothing_that_the_next_one_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registry_reconciler.apply import files

    publish(tmp_path / "out", [("a", b"1"), ("b", b"1")])
    real, calls = files.write_page, []

    def write_page(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(files, "write_page", write_page)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path / "out", [("a", b"2"), ("c", b"2")])
    monkeypatch.undo()
    assert publish(tmp_path / "out", [("c", b"3")]).left == ()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [MANIFEST, "c"]


def test_what_stands_elsewhere_and_what_has_a_tag_is_shown_so(box: Box) -> None:
    schema = (
        "x-registry: {kind: p, layout: list, file: p.yaml, at: p, key: id, "
        "references: [{field: uses, kind: q, in: fleet}]}\ntype: object\n"
    )
    box.write(".system/registry/schemas/p.schema.yaml", schema)
    box.write("p.yaml", "p:\n- id: a\n  uses: far\n  odd: !call f(x)\n")
    files = dict(pages_of(gather(planning_of(Workspace.open(box.root)), box.root, "Tools")))
    text = files["entries/p/a.html"].decode()
    assert "another repository may have it" in text
    assert "nothing has that address" not in text
    assert "!call f(x)" in text
    assert "opaque" not in text
