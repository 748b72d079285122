"""Where an entry goes, no more blank lines are left than stand between its neighbours; in every format and line end."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove
from registry_reconciler.formats.gaps import closed_up
from registry_reconciler.formats.replacements import Replacement
from registry_reconciler.formats.table import FORMATS

YAML = "# Top\n\nitems:\n\n  # A\n  - id: a\n\n  - id: b\n    x: 2\n\n  # C\n  - id: c\n\nother: 1\n"
MAP = "items:\n  a:\n    x: 1\n\n  b:\n    x: 2\n\n  c:\n    x: 3\n"
TOML = '# Top\n\n[[items]]\nid = "a"\n\n# B\n[[items]]\nid = "b"\n\n[[items]]\nid = "c"\n'
TABLES = "[items.a]\nx = 1\n\n[items.b]\nx = 2\n\n[items.c]\nx = 3\n\n[other]\ny = 1\n"
JSON = '{\n  "items": [\n\n    {"id": "a"},\n\n    {"id": "b"},\n\n    {"id": "c"}\n\n  ],\n\n  "x": 1\n}\n'
FRONT = "---\nitems:\n  a: 1\n\n  b: 2\n\n  c: 3\n\nlast: 1\n---\nText.\n\n\nMore.\n"

CASES: dict[str, tuple[str, tuple[str | int, ...], tuple[str, ...]]] = {
    "yaml": (YAML, (0, 1, 2), ("  # A\n  - id: a\n\n", "  - id: b\n    x: 2\n\n", "  # C\n  - id: c\n\n")),
    "yaml map": (MAP, ("a", "b", "c"), ("  a:\n    x: 1\n\n", "  b:\n    x: 2\n\n", "\n  c:\n    x: 3\n")),
    "toml": (
        TOML,
        (0, 1, 2),
        ('[[items]]\nid = "a"\n\n', '# B\n[[items]]\nid = "b"\n\n', '\n[[items]]\nid = "c"\n'),
    ),
    "toml map": (
        TABLES,
        ("a", "b", "c"),
        ("[items.a]\nx = 1\n\n", "[items.b]\nx = 2\n\n", "[items.c]\nx = 3\n\n"),
    ),
    "json": (
        JSON,
        (0, 1, 2),
        ('    {"id": "a"},\n\n', '    {"id": "b"},\n\n', ',\n\n    {"id": "c"}'),
    ),
    "frontmatter": (FRONT, ("a", "b", "c"), ("  a: 1\n\n", "  b: 2\n\n", "  c: 3\n\n")),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("case", CASES)
def test_an_entry_goes_with_one_of_its_gaps(case: str, newline: str) -> None:
    text, steps, goes = CASES[case]
    for step, gone in zip(steps, goes, strict=True):
        assert edited(case, text, newline, Remove(0, ("items", step))) == text.replace(gone, "", 1), step


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("case", CASES)
def test_two_entries_beside_each_other_go_as_one(case: str, newline: str) -> None:
    text, steps, goes = CASES[case]
    both = [Remove(0, ("items", step)) for step in steps[:2]]
    assert edited(case, text, newline, *both) == text.replace(goes[0] + goes[1], "", 1)


ALL_GONE = [
    ("toml", "", "# Top\n\nitems = []\n"),
    ("toml", "\n[[more]]\nid = 1\n", "# Top\n\nitems = []\n\n[[more]]\nid = 1\n"),
    ("toml map", "", "[items]\n\n[other]\ny = 1\n"),
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("case", "rest", "left"), ALL_GONE)
def test_what_says_that_all_are_gone_stands_in_their_place(
    case: str, rest: str, left: str, newline: str
) -> None:
    text, steps, _ = CASES[case]
    assert edited(case, text + rest, newline, *(Remove(0, ("items", step)) for step in steps)) == left


def test_what_comes_in_the_place_of_what_goes_has_its_gaps() -> None:
    edits = (Remove(0, ("items", 1)), Insert(0, ("items",), {"id": "bb"}, index=1))
    new = edited("yaml", YAML, "\n", *edits)
    assert new == YAML.replace("- id: b\n    x: 2\n", "- id: bb\n")


def test_larger_gaps_and_headings_between_sections_stay() -> None:
    text = "items:\n  - id: a\n\n\n  - id: b\n\n  # Section\n\n  - id: c\n"
    assert edited("yaml", text, "\n", Remove(0, ("items", 1))) == text.replace("  - id: b\n\n", "")
    assert edited("yaml", text, "\n", Remove(0, ("items", 2))) == text.replace("\n  - id: c\n", "")


@pytest.mark.parametrize("marker", ["---\nx: 1\n", "--- # more\nx: 1\n", "...\n"])
def test_the_last_entry_of_a_document_leaves_no_gap_that_was_not_there(marker: str) -> None:
    text = f"items:\n  - a\n\n  - b\n{marker}"
    assert edited("yaml", text, "\n", Remove(0, ("items", 1))) == text.replace("\n  - b\n", "")
    apart = text.replace(marker, f"\n{marker}")
    assert edited("yaml", apart, "\n", Remove(0, ("items", 1))) == text.replace("  - b\n", "")
    says = text.replace("- a\n", "- |+\n    a\n")
    assert edited("yaml", says, "\n", Remove(0, ("items", 1))) == says.replace("  - b\n", "")
    toml = "a = 1\n\nb = 2\n--- = 3\n"
    assert edited("toml", toml, "\n", Remove(0, ("b",))) == toml.replace("b = 2\n", "")


def test_blank_lines_that_a_text_says_stay() -> None:
    text = "items:\n  - |+\n    says\n\n  - b\n\n  - c\n"
    assert edited("yaml", text, "\n", Remove(0, ("items", 2))) == text.replace("  - c\n", "")
    toml = 'a = """\nx\n\n"""\nb = 1\n\nc = 2\n'
    assert edited("toml", toml, "\n", Remove(0, ("b",))) == toml.replace("b = 1\n", "")


def edited(case: str, text: str, newline: str, *edits: Edit) -> str:
    """The text after edits, its line ends as they were."""
    done = FORMATS[case.split()[0]].splice(text.replace("\n", newline).encode(), edits).decode()
    assert done.count("\n") == done.count(newline)
    return done.replace(newline, "\n")


@pytest.mark.parametrize("blank", ["\u3000", "\u00a0", "\u0085", "\u2003"])
@pytest.mark.parametrize("shape", ["a:\n  t: |\n    x\n    {}\nb: 1\n", "- t: |\n    x\n    {}\n- b\n"])
def test_a_line_of_other_blanks_is_a_line_of_a_text(blank: str, shape: str) -> None:
    """A no-break space and its like are words: what goes below leaves them."""
    text = shape.format(blank)
    path = ("b",) if text.startswith("a") else (1,)
    assert edited("yaml", text, "\n", Remove(0, path)) == text[: text.index(blank) + 2]


def test_many_removals_look_at_the_head_of_the_file_once() -> None:
    """A step is a call; twice as many removals take about twice as many, and no copy of all that stands above."""

    class Watched(str):
        copied = 0

        def __getitem__(self, place: object) -> str:
            part = str.__getitem__(self, place)  # type: ignore[index]
            Watched.copied += len(part)
            return part

    def copied(count: int) -> int:
        Watched.copied = 0
        text = Watched("".join(f"- k{number:05}\n\n" for number in range(count)))
        gone = [Replacement(9 * number, 9 * number + 8, "") for number in range(1, count, 2)]
        assert closed_up(text, gone)
        return Watched.copied

    assert copied(400) < 2.5 * copied(200)
