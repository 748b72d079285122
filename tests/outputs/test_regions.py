"""Markers: where regions are, and what is wrong with them."""

from __future__ import annotations

import pytest

from registry_reconciler.outputs.regions import example, find_regions


def inner(path: str, text: str) -> dict[str, str]:
    found, faults = find_regions(path, text)
    assert faults == []
    return {name: text[one.start : one.end] for name, one in found.items()}


@pytest.mark.parametrize(
    ("path", "text", "regions"),
    [
        ("a.md", "<!-- registry:begin x -->\none\n<!-- registry:end x -->\n", {"x": "one\n"}),
        ("a.md", "<!-- registry:begin x -->\r\none\r\n<!-- registry:end x -->", {"x": "one\r\n"}),
        ("a.md", "n <!-- registry:begin x -->1<!-- registry:end x --> m", {"x": "1"}),
        ("a.md", "| <!--registry:begin x-->1<!--registry:end x--> | 2 |", {"x": "1"}),
        ("a.py", "# registry:begin x\na = 1\n# registry:end x\n", {"x": "a = 1\n"}),
        ("a.py", "  # registry:begin x\n  a = 1\n  # registry:end x\n", {"x": "  a = 1\n"}),
        ("a.ts", "// registry:begin x\nlet a\n// registry:end x\n", {"x": "let a\n"}),
        ("a.ts", "let a = /* registry:begin x */1/* registry:end x */", {"x": "1"}),
        ("CODEOWNERS", "# registry:begin x\n* @a\n# registry:end x\n", {"x": "* @a\n"}),
        ("a.md", "# registry:begin x\ntext\n# registry:end x\n", {}),
        ("a.md", "```\n<!-- registry:begin x -->\n```\n", {}),
        ("a.md", "~~~~\n```\n<!-- registry:begin x -->\n~~~~\n", {}),
        ("a.md", "Write `<!-- registry:begin x -->` there.", {}),
        ("a.md", "- ```\n  <!-- registry:begin x -->\n  ```\n", {}),
        ("a.yaml", "<!-- registry:begin x -->\n", {}),
        ("a.md", "<!-- registry:begin x --><!-- registry:end x -->", {"x": ""}),
        ("a.css", "p { color: /* registry:begin x */red/* registry:end x */; }", {"x": "red"}),
        ("a.tsx", "<p>{/* registry:begin x */}1{/* registry:end x */}</p>", {"x": "1"}),
        ("a.json", "// registry:begin x\n// registry:end x\n", {}),
    ],
)
def test_regions(path: str, text: str, regions: dict[str, str]) -> None:
    assert inner(path, text) == regions


LANGUAGES = """
a.css a.sql a.lua a.hs a.el a.clj a.tex a.erl a.f90 a.vim a.ml a.rst a.j2 a.adoc a.graphql a.ini a.ps1 a.toml a.html
a.svelte a.mdx a.tsx a.php a.txt Makefile Dockerfile .gitignore .github/CODEOWNERS go.mod a.scss a.env
"""


@pytest.mark.parametrize("path", LANGUAGES.split())
def test_the_markers_that_are_proposed_for_a_language_are_those_that_are_found(path: str) -> None:
    begin, end = example(path, "x")
    assert inner(path, f"before\n  {begin}\n  one\n  {end}\nafter\n") == {"x": "  one\n"}


def test_the_markers_of_a_language_are_its_comments() -> None:
    assert [
        example(path, "x")[0] for path in ("a.css", "a.sql", "a.el", "a.tex", "Makefile", "a.rst", "a.md")
    ] == [
        "/* registry:begin x */",
        "-- registry:begin x",
        "; registry:begin x",
        "% registry:begin x",
        "# registry:begin x",
        ".. registry:begin x",
        "<!-- registry:begin x -->",
    ]


B, E = "<!-- registry:begin x -->", "<!-- registry:end x -->"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{B}\n{E}\n{B}\n{E}\n", "stands 2 times (lines 1, 3)"),
        (f"{B}\n", "no 'registry:end' follows"),
        (f"{E}\n", "no 'registry:begin' stands before"),
        (f"{E}\n{B}\n", "ends it before"),
        (f"word {B}\n{E}\n", "each alone on a line, or both inside one line"),
        (f"<!-- registry:begin y -->\n{B}\n{E}\n<!-- registry:end y -->\n", "stands inside the region 'y'"),
        (f"<!-- registry:begin y -->\n{B}\n<!-- registry:end y -->\n{E}\n", "stands inside the region 'y'"),
    ],
)
def test_faults(text: str, words: str) -> None:
    _, faults = find_regions("a.md", text)
    assert any(words in one.message for one in faults), faults
