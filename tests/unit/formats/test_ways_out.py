"""What is wrong with a text is said with its place, in words, and with a way out."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.table import FORMATS

CASES = [
    ("toml", 'a = "x\n', (1, 7), "does not end on its line", "close the quote"),
    ("toml", "a = '''x\nb = 1\n", (1, 5), "three quotes", "close the three quotes"),
    ("toml", "a = 'x\nb = 1\n", (1, 5), "does not end on its line", "close the quote"),
    ("toml", "[[a]]\n\ufeffb = 1\n", (2, 1), "byte order mark", "remove it"),
    ("toml", "a = null\n", (1, 5), "invalid value", "no null"),
    ("toml", "a = 2024-02-30\n", (1, 5), "invalid date", "a date that there is"),
    ("toml", "a = {b = 1,\n}\n", (1, 12), "came with TOML 1.1", "without a comma at its end"),
    ("toml", "a: 1\n", (1, 2), "'=' after a key", "key = value"),
    ("toml", "a = 1\rb = 2\n", (1, 6), "carriage return", "LF or CRLF"),
    ("toml", 'a = "\\ud800"\n', (1, 12), "surrogate", "the character itself"),
    ("yaml", "a: *.ts\n", (1, 5), "while scanning an alias", "quote the text"),
    ("yaml", "%YAML 9.9\n---\na: 1\n", (1, 1), "incompatible", "%YAML 1.2"),
    ("yaml", "a: &a [*a]\n", (1, 8), "what contains it", "write out"),
    ("frontmatter", "---\na: *.ts\n---\n", (2, 5), "while scanning an alias", "lenient: true"),
    ("json", "[\u00a01]", (1, 2), "the blank U+00A0", "correct the text there"),
    ("json", '[{"a": nul}]', (1, 8), "nul", "correct the text there"),
    *(
        (
            form,
            before + "[" * 300 + "]" * 300 + after,
            (line, 201 + len(before.split("\n")[-1])),
            "200 levels",
            "fewer",
        )
        for form, before, after, line in (("yaml", "", "\n", 1), ("json", "", "", 1), ("jsonc", "", "", 1))
    ),
]


@pytest.mark.parametrize(("form", "text", "place", "message", "fix"), CASES)
def test_a_fault_has_a_place_and_a_way_out(
    form: str, text: str, place: tuple[int, int], message: str, fix: str
) -> None:
    (fault,) = FORMATS[form].read(text.encode()).faults
    assert (fault.line, fault.column) == place
    assert message in fault.message
    assert fix in fault.fix


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("[a]\nx = 1\n[[a]]\ny = 1\n", "a", 1),
        ("\na.b = 1\n[a]\nc = 1\n", "a", 2),
        ("x = {a = 1}\n[x.b]\nc = 1\n", "x", 1),
        ("[z]\n[a.b]\nx = 1\n[[a]]\ny = 1\n", "a", 2),
        ("[a]\n[a.b]\nc = 1\n[a.b]\n", "a.b", 2),
    ],
)
def test_what_toml_says_in_two_ways_is_named_with_its_first_place(text: str, name: str, line: int) -> None:
    (fault,) = FORMATS["toml"].read(text.encode()).faults
    assert fault.code == "TML002"
    assert fault.message == f"{name} is said twice; TOML allows it once"
    assert fault.related_line == line


@pytest.mark.parametrize("text", ["---\nid: a\nid: b\n---\n", '---\nid: "a\n\n---\n'])
def test_lines_of_front_matter_are_those_of_the_file(text: str) -> None:
    (fault,) = FORMATS["frontmatter"].read(text.encode()).faults
    assert fault.related_line == 2
    assert "in line 2" in fault.message
