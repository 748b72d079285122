"""What comes into a YAML file that is written as JSON is: in quotes, and on as many lines as its neighbours."""

from __future__ import annotations

import json

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, Snippet, Update
from registry_reconciler.formats.yaml.row import YAML
from registry_reconciler.model.entry import FieldPath, Json

NEW: dict[str, Json] = {"id": "b", "on": "no", "tags": ["r", "1"], "n": 3}
WORDS = Snippet((), "id: b\non: 'no'\ntags: [r, '1']\nn: 3", NEW)

ONE_LINE = '{\n  "skills": [\n    {"id": "a", "tags": ["p"]},\n    {"id": "c", "tags": []}\n  ]\n}\n'
LINES = '{\n  "skills": [\n    {\n      "id": "a"\n    },\n    {\n      "id": "c"\n    }\n  ]\n}\n'
ITEMS = 'skills:\n  - {"id": "a", "tags": ["p"]}\n  - {"id": "c", "tags": []}  # last\n'
MIXED = 'skills: [\n  {"id": "a"}, # first\n  {"id": "c"}]\n'

IN_LINE = '{"id": "b", "on": "no", "tags": ["r", "1"], "n": 3}'
ON_LINES = """\
    {
      "id": "b",
      "on": "no",
      "tags": [
        "r",
        "1"
      ],
      "n": 3
    },
"""


def put(text: str, snippet: Snippet = WORDS, value: Json = NEW) -> str:
    """The text with a new entry between the two."""
    return YAML.splice(
        text.encode(), [Insert(0, ("skills",), value, index=1, snippet=snippet, anew=True)]
    ).decode()


@pytest.mark.parametrize(
    ("text", "row", "behind"),
    [
        (ONE_LINE, f"    {IN_LINE},\n", '    {"id": "c"'),
        (ONE_LINE.replace("\n", "\r\n"), f"    {IN_LINE},\r\n", '    {"id": "c"'),
        ("\ufeff" + ONE_LINE, f"    {IN_LINE},\n", '    {"id": "c"'),
        (LINES, ON_LINES, '    {\n      "id": "c"'),
        (ITEMS, f"  - {IN_LINE}\n", '  - {"id": "c"'),
        (MIXED, f"  {IN_LINE},\n", '  {"id": "c"'),
    ],
)
def test_a_new_entry_looks_like_its_neighbours(text: str, row: str, behind: str) -> None:
    assert put(text) == text.replace(behind, row + behind)


def test_the_first_entry_of_an_empty_list_is_json_too() -> None:
    edit = Insert(0, ("skills",), NEW, snippet=WORDS, anew=True)
    assert YAML.splice(b'{"skills": []}\n', [edit]) == f'{{"skills": [{IN_LINE}]}}\n'.encode()


@pytest.mark.parametrize(
    ("text", "container", "wanted"),
    [
        ("[]\n", (), "- id: b\n"),
        ("[ ]", (), "- id: b"),
        ("{}\n", ("skills",), "skills:\n  - id: b\n"),
    ],
)
def test_a_file_that_holds_nothing_is_not_taken_for_json(
    text: str, container: FieldPath, wanted: str
) -> None:
    """That is what is left of a file in lines when its last entry goes."""
    edit = Insert(0, container, {"id": "b"}, snippet=Snippet((), "id: b", {"id": "b"}), anew=True)
    assert YAML.splice(text.encode(), [edit]) == wanted.encode()


@pytest.mark.parametrize("text", [ONE_LINE, LINES])
def test_what_changes_in_json_leaves_json(text: str) -> None:
    edits: list[Edit] = [
        Update(
            0,
            ("skills", 0),
            {"id": "a", "more": "x y", "1:30": ["q"]},
            Snippet((), "id: a\nmore: x y\n1:30: [q]", {"id": "a", "more": "x y", "1:30": ["q"]}),
        ),
        Remove(0, ("skills", 1)),
    ]
    after = YAML.splice(text.encode(), edits)
    assert json.loads(after) == {"skills": [{"id": "a", "more": "x y", "1:30": ["q"]}]}


def test_a_comment_that_comes_along_is_worth_more_than_being_json() -> None:
    snippet = Snippet(("# why",), "id: b", {"id": "b"})
    after = put(ONE_LINE, snippet, {"id": "b"})
    assert "# why" in after
    assert '"id": "b"' in after


def test_a_list_of_blocks_with_quotes_takes_the_words_of_the_fragment() -> None:
    assert put('skills:\n  - "id": "a"\n  - "id": "c"\n').splitlines()[2] == "  - id: b"


def test_a_letter_that_json_writes_in_two_halves_is_no_obstacle() -> None:
    text = '{"skills": [{"id": "\\u00e9"}, {"id": "c"}]}\n'
    value: dict[str, Json] = {"id": "\N{GRINNING FACE}"}
    after = put(text, Snippet((), "id: \N{GRINNING FACE}", value), value)
    (read,) = YAML.read(after.encode()).documents
    assert read == {"skills": [{"id": "é"}, value, {"id": "c"}]}


@pytest.mark.parametrize(
    ("like", "container", "text"),
    [
        (LINES, (), '{\n  "id": "b",\n  "on": "no"\n}\n'),
        (LINES, ("skills",), '{\n  "skills": [\n    {\n      "id": "b",\n      "on": "no"\n    }\n  ]\n}\n'),
        (
            LINES,
            ("skills", 0),
            '{\n  "skills": [\n    {\n      "id": "b",\n      "on": "no"\n    }\n  ]\n}\n',
        ),
        (ITEMS, (), "id: b\non: no\n"),
    ],
)
def test_a_new_file_beside_one_that_is_json_is_one(like: str, container: FieldPath, text: str) -> None:
    value: dict[str, Json] = {"id": "b", "on": "no"}
    what: Json = [value] if container == ("skills",) else value
    snippet = None if what != value else Snippet((), "id: b\non: no", value)
    assert YAML.new_text(what, container=container, snippet=snippet, like=like.encode()).decode() == text


def test_a_new_file_keeps_the_comments_that_come_along() -> None:
    snippet = Snippet(("# why",), "id: b", {"id": "b"})
    assert b"# why" in YAML.new_text({"id": "b"}, snippet=snippet, like=LINES.encode())


@pytest.mark.parametrize(
    "text",
    [ONE_LINE, '{"skills": [{"id": "\\u00e9\\u00e8"}]}', '{"skills": [{"id": "\\/ \\\\ud83d\\\\ude00"}]}'],
)
@pytest.mark.parametrize(
    "char",
    [
        "\u2028",
        "\u2029",
        "\x85",
        "\ufeff",
        "\x7f",
        "\x80",
        "\x9f",
        "\ufffe",
        "\uffff",
        "\0",
        "\x1b",
        "\r",
        "\U0001f600",
    ],
)
def test_characters_that_yaml_has_only_escaped_leave_json(text: str, char: str) -> None:
    new: dict[str, Json] = {f"a{char}": [f"{char}b", f"\\{char}"]}
    edits: list[Edit] = [Insert(0, ("skills",), new), Update(0, ("skills", 0, "id"), char)]
    for made in (YAML.splice(text.encode(), edits), YAML.new_text(new, like=text.encode())):
        assert [json.loads(made)] == list(YAML.read(made).documents)
