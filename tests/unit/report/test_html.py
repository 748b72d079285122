"""The report as a page: it says what Markdown says, nothing of an entry is live in it, and no secret is in it."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from registry_reconciler.model.entry import digest_bytes
from registry_reconciler.model.plan import FileChange
from registry_reconciler.report import RenderOptions, render
from registry_reconciler.report.html import failed
from registry_reconciler.report.html.fields import file_rows
from registry_reconciler.report.outline import outline
from registry_reconciler.report.sources import Excerpts
from registry_reconciler.web import prose
from tests.support import Box, applied, kind_file, lay_out, plan_of
from tests.unit.report import samples

OPTIONS = RenderOptions(label="nightly", link_base="https://git.example/shop/blob/0a1b2c3")
PLANS = {
    "small": samples.SMALL,
    "blocked": samples.BLOCKED,
    "empty": samples.EMPTY,
    "hostile": samples.hostile(),
}
TAGS = (
    "html head meta title style body a header div h1 p code pre nav ul li main form label input select option button "
    "section h2 details summary span del ins mark strong table thead tbody tr th td footer script"
)
ATTRIBUTES = (
    "lang charset http-equiv content name class href rel id tabindex role hidden for type autocomplete spellcheck "
    "data-of value aria-label aria-labelledby aria-pressed aria-hidden open data-kind data-what data-code data-group "
    "scope"
)


class Page(HTMLParser):
    """A page as a browser would read it: its tags, attributes, links and words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.titles: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside in ("style", "script"):
            return
        self.words.append(data)
        if self._inside in ("h2", "summary"):
            self.titles.append(data.strip())

    @property
    def text(self) -> str:
        """Its words, in order."""
        return "".join(self.words)


@pytest.mark.parametrize("name", PLANS)
def test_nothing_but_the_tags_of_the_template_is_in_the_page(name: str) -> None:
    page = Page(render(PLANS[name], "html", OPTIONS))
    assert page.tags <= set(TAGS.split())
    assert page.attributes <= set(ATTRIBUTES.split())
    assert all(link.startswith(("#", OPTIONS.link_base + "/")) for link in page.links)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("command", ["plan", "check", "drift"])
def test_it_says_what_markdown_says(name: str, command: str) -> None:
    options = replace(OPTIONS, command=command)
    page = Page(render(PLANS[name], "html", options))
    markdown = render(PLANS[name], "markdown", replace(options, max_bytes=10_000_000))
    assert re.sub(r"`+ ?", "", markdown.split("\n")[1].removeprefix("## ")) in page.text
    titles = [part.title for part in outline(PLANS[name], options)]
    shown = [title for title in page.titles if title in titles]
    assert shown == titles or name == "hostile"
    named = {change.address for change in PLANS[name].changes} | {
        problem.code for problem in PLANS[name].problems
    }
    for word in named if name != "hostile" else ():
        assert (word in page.text) == (word in markdown)


@pytest.mark.parametrize("name", PLANS)
def test_the_policy_names_the_style_and_the_script_of_the_page_and_nothing_else(name: str) -> None:
    text = render(PLANS[name], "html", OPTIONS)
    parts = re.findall(r"(?s)<style>(.*?)</style>|<script>(.*?)</script>", text)
    digests = [b64encode(sha256("".join(part).encode()).digest()).decode() for part in parts]
    assert (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    ) in text.replace("&#39;", "'")


def test_what_markdown_cuts_and_what_is_too_long_is_said() -> None:
    text = render(samples.large(), "html", replace(OPTIONS, max_bytes=60_000))
    assert len(text.encode()) <= 60_000
    assert "Cut to fit: " in text


def test_what_does_not_fit_loses_its_details_from_the_end_and_the_page_counts_it() -> None:
    plan = replace(samples.SMALL, changes=samples.large(2_000).changes, problems=())
    whole = render(plan, "html", replace(OPTIONS, full=True, max_bytes=10_000_000))
    assert whole.count('<details class="item"') == 2_000
    assert "Cut to fit" not in whole
    for full in (False, True):
        text = render(plan, "html", replace(OPTIONS, full=full, max_bytes=600_000))
        assert 500_000 < len(text.encode()) <= 600_000
        detailed = text.count('<details class="item"')
        assert 100 < detailed < 1_900
        assert f"Cut to fit: the details of {2_000 - detailed:,} changes." in text
        assert text.count('data-kind="ability_low"') == 2_000
        # The first ones have them.
        assert text.rindex('<details class="item"') < text.index('<div class="item" data-kind="ability_low"')


def test_a_brake_that_holds_stands_in_the_verdict_before_everything_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"  - {{id: t{number}}}\n" for number in range(20)]
    box = Box.started(tmp_path, capsys, {**ROUTES, "desired/all.yaml": "thing:\n" + "".join(lines)})
    box.run("apply", "--yes")
    box.write("desired/all.yaml", "thing:\n" + "".join(lines[:5]))
    assert box.run("plan", "--report", "html=held.html", "--report", "markdown=held.md").exit == 3
    page = Page(box.read("held.html"))
    verdict = page.text.split("A brake holds:")
    assert len(verdict) == 2
    assert "Registry plan: blocked by 1 problem" in verdict[0]
    assert "BRK001" not in verdict[0]
    brake, *_ = verdict[1].strip().split("\n")
    assert brake.startswith("15 of 20 managed entries of thing would be deleted")
    # Behind it: the counts, the commands, the problem with its fix, what would be lost.
    order = [
        verdict[1].index(word) for word in (brake, "15 to delete", "What may help", "BRK001", "Deletions and")
    ]
    assert order == sorted(order)
    assert f"**A brake holds:** {brake}" in box.read("held.md").replace("`", "")
    box.run("plan", "--allow-mass-delete", "--report", "html=held.html")
    assert "A brake holds" not in box.read("held.html")
    assert "15 to delete" in box.read("held.html")


def test_code_in_sentences_is_code_and_inert() -> None:
    assert prose("a `b` c") == "a <code>b</code> c"
    assert prose("`<i>` &\n  `x") == "<code>&lt;i&gt;</code> &amp; `x"
    assert "\u202e" not in prose("`\u202e`\u202e")
    problem = replace(samples.NO_SUMMARY, message="say `<b>`")
    assert "say <code>&lt;b&gt;</code>" in render(
        replace(samples.SMALL, problems=(problem,)), "html", OPTIONS
    )


SECRET = "type: object\nproperties: {id: {}, token: {type: string, x-secret: true}}"
KINDS = {
    **kind_file("vault", "layout: list, file: v.yaml, key: id", SECRET),
    **kind_file("thing", "layout: list, file: t.yaml, key: id"),
}


def test_the_files_as_they_will_be_written_are_shown_but_for_those_with_secrets(tmp_path: Path) -> None:
    said = {
        "desired/all.yaml": b"vault:\n  - {id: a, token: hunter2-hunter2}\nthing:\n  - id: b\n    size: 1\n"
    }
    before: dict[str, Any] = applied({**KINDS, **said})
    new = said["desired/all.yaml"].replace(b"size: 1", b"size: 2").replace(b"hunter2-", b"hunter3-")
    files = {
        **before,
        "desired/all.yaml": new,
        "desired/b.yaml": b"vault:\n  - {id: c, token: swordfish-1}\n",
    }
    lay_out(tmp_path, files)
    plan = plan_of(files)
    text = render(plan, "html", replace(OPTIONS, sources=Excerpts(plan, tmp_path)))
    assert "<del>  size: <mark>1</mark></del><ins>  size: <mark>2</mark></ins>" in text
    assert "It holds secrets, so its text is not shown." in text
    for secret in ("hunter", "swordfish"):
        assert secret not in text


def test_a_file_that_is_not_what_the_plan_has_read_is_not_shown(tmp_path: Path) -> None:
    plan = replace(
        samples.EMPTY,
        files=(FileChange("t.yaml", digest_bytes(b"a: 1\n"), digest_bytes(b"a: 2\n"), b"a: 2\n"),),
    )
    for content, shown in ((b"a: 1\n", True), (b"a: other\n", False)):
        lay_out(tmp_path, {"t.yaml": content})
        text = render(plan, "html", replace(OPTIONS, sources=Excerpts(plan, tmp_path)))
        assert ("<ins>a: <mark>2</mark></ins>" in text) is shown
        assert ("Its text is not at hand here." in text) is not shown
        assert "other" not in text


def test_a_new_file_is_shown_whole_and_line_ends_that_differ_are_seen() -> None:
    rows, come, gone = file_rows(b"", b"a: 1\r\nb: 2\r\n", 100)
    assert (come, gone) == (2, 0)
    assert [row.after[0] for row in rows if row.after] == ["a: 1", "b: 2"]
    rows, come, gone = file_rows(b"a: 1\nb: 2\n", b"a: 1\r\nb: 2\n", 100)
    assert "\\r" in "".join("".join(row.after) for row in rows if row.after)
    rows, come, gone = file_rows(b"a\n" * 9_000, b"b\n" * 9_000, 50)
    assert (len(rows) <= 50, come, gone) == (True, 9_000, 9_000)


ROUTES = {
    "desired/all.yaml": "thing:\n  - id: a\n    needs: b\n  - id: b\n",
    ".system/registry/schemas/thing.schema.yaml": "x-registry: {kind: thing, layout: list, file: t.yaml, key: id, "
    "references: [{field: needs, kind: thing}]}\ntype: object\n",
}


def test_every_command_that_reports_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = Box.started(tmp_path, capsys, ROUTES)
    box.run("plan", "--report", "html=plan.html")
    assert "Registry plan: 2 changes" in box.read("plan.html")
    box.run("apply", "--yes", "--report", "html=apply.html")
    assert "Registry apply: 2 changes" in box.read("apply.html")
    box.commit()
    box.replace("desired/all.yaml", "needs: b", "needs: gone")
    assert box.run("check", "--report", "html=check.html").exit == 3
    # The line that the problem is about is shown, with what is meant in it marked.
    assert '<span class="n">3 </span>    needs: <mark>gone</mark>' in box.read("check.html")
    assert box.run("diff", "HEAD", "--report", "html=diff.html").exit == 3
    box.run("plan", "--base", "HEAD", "--report", "html=base.html")
    for name in ("diff.html", "base.html"):
        assert "A review cannot be applied." in box.read(name)
        assert "thing/a" in box.read(name)
    box.replace("desired/all.yaml", "needs: gone", "needs: b")
    box.replace("t.yaml", "needs: b", "needs: a")
    assert box.run("drift", "--report", "html=drift.html", "--report", "json=drift.json").exit == 2
    drift = box.read("drift.html")
    assert "Registry drift: 1 entry edited by hand" in drift
    assert "needs: line 2, not committed yet" in drift or "not committed yet" in drift
    assert "registry drift --accept thing/a" in drift
    assert box.run("drift", "thing/b", "--report", "html=none.html").exit == 0
    assert "Registry drift: none" in box.read("none.html")


def test_a_command_that_fails_leaves_a_page_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = Box.started(tmp_path, capsys, ROUTES)
    for words in (("plan", "--base", "nowhere"), ("diff", "nowhere"), ("plan", "--target", "<b>x")):
        box.write("page.html", "old")
        assert box.run(*words, "--report", "html=page.html").exit != 0
        page = box.read("page.html")
        assert "failed</h1>" in page
        assert "<b>" not in page
    assert "&lt;script&gt;" in failed("<script>", OPTIONS)
