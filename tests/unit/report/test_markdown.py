"""The comment: its marker, its order, its links, its length."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from registry_reconciler.model.plan import Notice, Plan
from registry_reconciler.report import RenderOptions, render
from registry_reconciler.report.markdown import job_summary, marker
from registry_reconciler.report.markdown_fit import LEAST_BYTES
from tests.unit.report import samples

OWN_HTML = re.compile(
    r"<!-- registry-plan root=\S+ label=[^>]* -->\n?"
    r"|<details><summary><b>(?:<code>[^<>]*</code>|[A-Za-z ]+)</b>: [0-9a-z, ]+</summary>\n?"
    r"|</details>\n?"
)


def tokens(text: str) -> list[Token]:
    """Every token of a CommonMark reader, inline ones too."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        found.append(token)
        found += token.children or []
    return found


def size(text: str) -> int:
    return len(text.encode())


def test_the_marker_comes_first_and_is_of_workspace_and_label() -> None:
    one = RenderOptions(path_prefix="services/shop/", label="night ly")
    assert marker(one) == "<!-- registry-plan root=services/shop label=night ly -->"
    assert render(samples.EMPTY, "markdown", one).startswith(marker(one) + "\n")
    assert marker(RenderOptions()) == "<!-- registry-plan root=. label= -->"
    assert marker(RenderOptions(label="a")) != marker(RenderOptions(label="b"))


def test_a_label_cannot_end_the_marker() -> None:
    shown = marker(RenderOptions(label="--> <b>--", path_prefix="a-->b"))
    assert shown.count("-->") == 1
    assert shown.count("--") == 2


def test_the_verdict_comes_before_notices_blockers_changes_and_warnings() -> None:
    plan = replace(samples.BLOCKED, notices=samples.NOTICES)
    shown = render(plan, "markdown")
    heads = [
        "blocked by 2 problems",
        "### Check these first",
        "### Blocking problems",
        "### Deletions and other losses",
        "### Other changes",
        "<b>Warnings</b>",
    ]
    assert [shown.index(head) for head in heads] == sorted(shown.index(head) for head in heads)


def test_links_lead_to_file_and_line_below_the_workspace() -> None:
    options = RenderOptions(link_base="https://git.example/o/r/blob/abc", path_prefix="sub")
    assert "(https://git.example/o/r/blob/abc/sub/desired/docs.yaml#L8)" in render(
        samples.BLOCKED, "markdown", options
    )


@pytest.mark.parametrize("base", ["", "javascript:alert(1)//", "file:///etc"])
def test_without_a_web_address_there_are_no_links(base: str) -> None:
    shown = render(samples.BLOCKED, "markdown", RenderOptions(link_base=base))
    assert not [token for token in tokens(shown) if token.type == "link_open"]


def test_a_path_that_leaves_the_repository_is_no_link() -> None:
    problem = replace(samples.NO_SUMMARY, location=replace(samples.NO_SUMMARY.location, path="../../x"))  # type: ignore[type-var]
    shown = render(
        replace(samples.EMPTY, problems=(problem,)), "markdown", RenderOptions(link_base="https://h/b")
    )
    assert "`../../x:12`" in shown
    assert "https://h" not in shown


@pytest.mark.parametrize("limit", [LEAST_BYTES, 300_000])
def test_ten_thousand_of_each_keep_to_the_limit_and_say_what_was_cut(limit: int) -> None:
    shown = render(samples.large(), "markdown", RenderOptions(max_bytes=limit))
    assert size(shown) <= limit
    assert size(shown) > 0.8 * limit
    kept = shown.count("- **REF001**")
    assert f"{5000 - kept:,} blocking problems" in shown
    assert "10,000 changes" in shown
    assert "`registry plan --full` shows all" in shown


def test_details_go_before_entries_and_blocking_problems_last() -> None:
    plan = samples.large(100)
    whole = size(render(plan, "markdown", RenderOptions(max_bytes=10**9)))
    seen: list[tuple[int, int, int]] = []
    for limit in range(whole, LEAST_BYTES, -whole // 50):
        shown = render(plan, "markdown", RenderOptions(max_bytes=limit))
        assert size(shown) <= limit
        seen.append(
            (
                shown.count("- **REF001**"),
                len(re.findall(r"- \*\*update\*\*", shown)),
                shown.count("- **ABL004**"),
            )
        )
    for blocking, some, warnings in seen:
        assert some == 100 or not warnings
        assert blocking == 50 or not some
    assert any(some == 100 and 0 < warnings < 50 for _, some, warnings in seen)
    assert any(0 < some < 100 for _, some, _ in seen)
    assert any(0 < blocking < 50 for blocking, _, _ in seen)


def test_many_kinds_and_huge_texts_keep_to_the_limit() -> None:
    some = tuple(
        replace(change, kind=f"kind{number:04}", address=f"kind{number:04}/" + "k" * 3000)
        for number, change in enumerate(samples.changes() * 20)
    )
    notices = tuple(Notice("t" * 5000, "漢" * 5_000) for _ in range(30))
    problems = tuple(replace(samples.DANGLING, message="m`@<" * 3_000) for _ in range(30))
    plan = replace(samples.EMPTY, changes=some, notices=notices, problems=problems)
    for limit in (LEAST_BYTES, 20_000, 65_000):
        assert size(render(plan, "markdown", RenderOptions(max_bytes=limit, label="漢" * 500))) <= limit


def test_a_job_summary_has_more_room_and_no_marker() -> None:
    shown = job_summary(samples.large(), RenderOptions())
    assert 500_000 < size(shown) <= 1024 * 1024
    assert "<!--" not in shown


@pytest.mark.parametrize("limit", [LEAST_BYTES, 10_000, 65_000, 10**9])
def test_hostile_values_stay_text(limit: int) -> None:
    options = RenderOptions(label="--><script>@x", link_base="https://git.example/b", max_bytes=limit)
    shown = render(samples.hostile(), "markdown", options)
    assert size(shown) <= limit
    for token in tokens(shown):
        assert token.type != "image"
        if token.type in ("html_block", "html_inline"):
            assert OWN_HTML.sub("", token.content).strip() == "", token.content
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith("https://git.example/b/")
        if token.type == "text":
            assert not re.search(r"@|www\.|://|#\d|GH-|[0-9a-f]{7}", token.content), token.content
        if token.type in ("heading_open", "hr"):
            assert token.markup in ("##", "###")


def test_a_plan_without_anything_is_short() -> None:
    plan: Plan = samples.EMPTY
    assert size(render(plan, "markdown")) < 200


def test_check_shows_problems_only_and_drift_the_edits_only() -> None:
    check = render(samples.BLOCKED, "markdown", RenderOptions(command="check"))
    assert "## Registry check: blocked by 2 problems" in check
    assert "### Blocking problems" in check
    assert "### Changes" not in check
    drift = render(samples.BLOCKED, "markdown", RenderOptions(command="drift"))
    assert "## Registry drift: 1 entry edited by hand" in drift
    assert "`module_type/http_api`" in drift
    assert "REF001" not in drift
