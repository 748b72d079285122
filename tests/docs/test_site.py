"""The documentation as a whole: every page is reached, every link leads somewhere, the references are complete.

``python3 dev.py docs`` builds the site and is stricter still; this runs without it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from registry_reconciler.planning.pipeline import make_plan
from registry_reconciler.schema.packaged import config_schema
from tests.support import Box, installed

ROOT = Path(__file__).parents[2]
TOP = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = sorted([*(ROOT / name for name in TOP), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """A page without its blocks and code."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", lambda found: re.sub(r"[\[\]()]", "", found[0]), text)


def links(page: Path) -> list[str]:
    return [
        target
        for target in LINK.findall(prose(page))
        if "://" not in target and not target.startswith("mailto:")
    ]


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        # A folder is a page on some hosts, and none on the site.
        assert file.is_file(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), target


def test_every_page_is_reached_from_the_first() -> None:
    waiting, seen = [ROOT / "docs/index.md"], set()
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in links(page)]
    assert {page for page in PAGES if page not in seen} == set()


def test_the_page_of_settings_has_every_setting() -> None:
    page = (ROOT / "docs/reference/config.md").read_text("utf-8")
    properties = config_schema()["properties"]
    assert isinstance(properties, dict)
    names = set(properties)
    names |= {
        f"{outer}.{inner}"
        for outer in ("vocabularies", "brakes")
        for inner in properties[outer]["properties"]
    }
    names.add("history.keep")
    names -= {"brakes", "history"}
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", page, re.MULTILINE)) - {"templates"} >= names
    shown = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0])
    assert set(properties) <= set(shown)


def test_the_settings_that_are_shown_are_taken(box: Box) -> None:
    page = (ROOT / "docs/reference/config.md").read_text("utf-8")
    box.write(
        ".system/registry/config.yaml", re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    )
    ran = installed("check", "--format", "json", cwd=box.root)
    assert [problem["code"] for problem in ran.json["problems"] if problem["code"].startswith("CFG")] == []


def fragments() -> list[str]:
    page = (ROOT / "docs/reference/fragments.md").read_text("utf-8")
    return re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(fragments())))
def test_the_fragments_that_are_shown_are_read(number: int, empty: Box) -> None:
    empty.run("init")
    empty.write("desired/shown.yaml", fragments()[number])
    from registry_reconciler.files.tree import DiskTree

    plan = make_plan(DiskTree(empty.root)).plan
    assert [problem.message for problem in plan.problems if problem.structural and problem.blocking] == []


def test_the_page_of_fragments_has_every_directive() -> None:
    from registry_reconciler.loading.directives import DIRECTIVES

    page = (ROOT / "docs/reference/fragments.md").read_text("utf-8")
    assert set(re.findall(r"^## `(\w+)`$", page, re.MULTILINE)) == set(DIRECTIVES)
