"""The words of one text in another: block scalars that keep line ends, comments of what changes, blanks in brackets."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Insert, Remove, Update
from registry_reconciler.formats.table import YAML
from registry_reconciler.formats.yaml.edit.splice import extract
from registry_reconciler.model.entry import same


def changed(old: str, new: str) -> str:
    """A text whose ``a`` is to say what it says in another text, as a fragment brings it."""
    (document,) = YAML.read(new.encode()).documents
    assert isinstance(document, dict)
    edit = Update(0, ("a",), document["a"], extract(new.encode(), 0, ("a",)))
    result = YAML.splice(old.encode(), [edit])
    (read,) = YAML.read(result).documents
    assert isinstance(read, dict)
    assert same(read["a"], document["a"])
    return result.decode()


@pytest.mark.parametrize(
    "new",
    [
        "a:\n  k: |+\n    x\n\n  z: 1\nb: 1\n",
        "a:\n  z: 1\n  k: >+\n    x\n    y\n\n\nb: 1\n",
        "a:\n  k:\n    - |2+\n        x\n      y\n\n    - z\nb: 1\n",
        "a:\n  k: >2\n      \n    end\nb: 1\n",
        "a:\n  k: |\n  z:\nb: 1\n",
        "a:\n  k:  # nothing\nb: 1\n",
        "a:\n  # above\n  k: 2  # behind\nb: 1\n",
        "a:\n  # above\n  k:  # head\n    - x\nb: 1\n",
        "a:\n  k: []  # none\nb: 1\n",
        "a:\n  k: { x: 1, y: [ 2 ] }\nb: 1\n",
        'a:\n  k: {null: 1, true: 2, "x, y": 3}\nb: 1\n',
        'a:\n  k:\n    - "": 1\nb: 1\n',
    ],
)
@pytest.mark.parametrize("old", ["a:\n  k: 1\nb: 1\n", "a: {}\nb: 1\n"])
def test_what_changes_has_the_words_that_come(old: str, new: str) -> None:
    assert changed(old, new) == new


@pytest.mark.parametrize(
    "pair",
    ["l: [1, 2, 3]", "y: 2", "'l': [1]", "l: {a: 'b'}", "# why\n  y: 0x2  # one"],
)
def test_what_a_merge_brings_is_changed_in_the_words_that_come(pair: str) -> None:
    old = "base: &b {l: [1, 2], y: 1}\na:\n  <<: *b\n  k: 1\n"
    other = "y: 1" if "l" in pair else "l: [1, 2]"
    new = f"a:\n  {other}\n  {pair}\n  k: 1\n"
    assert changed(old, new) == old.replace("  k: 1\n", f"  {pair}\n  k: 1\n")


def test_the_comments_of_what_changes_are_those_that_come_with_it_and_stay_where_none_do() -> None:
    old = "a:\n  # why\n  k: text  # one\n  z: 1\nb: 1\n"
    assert (
        changed(old, "a:\n  # new\n  k: 2  # two\n  z: 1\n") == "a:\n  # new\n  k: 2  # two\n  z: 1\nb: 1\n"
    )
    assert changed(old, "a:\n  k: 2  # two\n  z: 1\n") == old.replace("text  # one", "2  # two")
    assert changed(old, "a:\n  k: 2\n  z: 1\n") == old.replace("text", "2")
    assert changed(old, "a:\n  # new\n  k: text  # two\n  z: 2\n") == old.replace(
        "z: 1", "z: 2"
    )  # see CMT001


def test_a_comment_that_stands_above_a_file_or_under_a_drawn_line_stays() -> None:
    assert changed("# about the file\na: 1\n", "# new\na: 2\n") == "# about the file\na: 2\n"
    old = "b: 1\na:\n  # --- network ---\n  k: 1\n"
    assert changed(old, "a:\n  # why\n  k: 2\n") == old.replace("  k: 1", "  # why\n  k: 2")


@pytest.mark.parametrize(
    ("old", "ends"),
    [
        ("a:\n  k: 1\n\nb: 1\n", 'a:\n  k: "x\\n\\n"\n\nb: 1\n'),
        ("a:\n  k: 1\n", "a:\n  k: |+\n    x\n\n"),
        ("a:\n  k: 1\n  # last\nb: 1\n", "a:\n  k: |+\n    x\n\n  # last\nb: 1\n"),
    ],
)
def test_line_ends_are_kept_only_where_no_other_ones_follow(old: str, ends: str) -> None:
    assert changed(old, "a:\n  k: |+\n    x\n\n") == ends


def test_a_new_item_that_keeps_its_line_ends_stands_before_a_gap_in_quotes() -> None:
    live = b"a:\n  - k: 1\n\n  - k: 2\n"
    new = extract(b"- k: |+\n    x\n\n  z: |+\n    y\n\n", 0, (0,))
    first = YAML.splice(live, [Insert(0, ("a",), new.value, index=1, snippet=new)]).decode()
    assert first == 'a:\n  - k: 1\n\n  - k: |+\n      x\n\n    z: "y\\n\\n"\n\n  - k: 2\n'
    last = YAML.splice(live, [Insert(0, ("a",), new.value, snippet=new)]).decode()
    assert last == live.decode() + "\n  - k: |+\n      x\n\n    z: |+\n      y\n\n"


def test_the_comments_above_the_first_field_of_an_entry_are_taken_along() -> None:
    text = b"a:\n  # above\n  k: 1\n"
    assert extract(text, 0, ("a",)).text == "# above\nk: 1"
    made = YAML.splice(
        b"t: []\n", [Insert(0, ("t",), {"id": "a", "k": 1}, snippet=extract(text, 0, ("a",)))]
    ).decode()
    assert made == "t:\n  - id: a\n    # above\n    k: 1\n"


def test_an_entry_whose_anchor_marks_nothing_can_be_taken_out() -> None:
    assert extract(b"a:\n  k: [&x , 1]\n  l: {m: &y }\n", 0, ("a",)).text == "k: [null, 1]\nl: {m: null}"
    assert extract(b"a:\n  k: &x\n  l: 1\n", 0, ("a",)).text == "k:\nl: 1"


@pytest.mark.parametrize("text", ["k: |", "k: >-", "l: 1\nk: |2"])
def test_an_entry_that_ends_in_an_empty_text_can_be_moved(text: str) -> None:
    snippet = extract(f"a:\n  {text}\n".replace("\nk", "\n  k").encode(), 0, ("a",))
    made = YAML.splice(b"t: []\n", [Insert(0, ("t",), snippet.value, snippet=snippet)])
    (read,) = YAML.read(made).documents
    assert isinstance(read, dict)
    assert same(read["t"], [snippet.value])


INSIDE = """\
t:
  - id: a
    v: 1
    # inside of a
  - id: b
    w:
      x: 1
      # inside of w
  # above c
  - id: c
# foot
"""


def test_comments_below_the_last_line_of_an_entry_and_right_of_its_column_are_inside_of_it() -> None:
    assert extract(INSIDE.encode(), 0, ("t", 0)).text == "id: a\nv: 1\n# inside of a"
    assert extract(INSIDE.encode(), 0, ("t", 1)).text == "id: b\nw:\n  x: 1\n  # inside of w"
    assert extract(INSIDE.encode(), 0, ("t", 2)).text == "id: c"
    for number, gone in enumerate(
        ("- id: a\n    v: 1\n    # inside of a", "- id: b\n    w:\n      x: 1\n      # inside of w")
    ):
        without = YAML.splice(INSIDE.encode(), [Remove(0, ("t", number))]).decode()
        assert without == INSIDE.replace(f"  {gone}\n", "")
    field = YAML.splice(INSIDE.encode(), [Remove(0, ("t", 1, "w"))]).decode()
    assert field == INSIDE.replace("    w:\n      x: 1\n      # inside of w\n", "")
    other = YAML.splice(INSIDE.encode(), [Update(0, ("t", 1, "w"), 2)]).decode()
    assert other == INSIDE.replace("    w:\n      x: 1\n      # inside of w\n", "    w: 2\n")


def test_a_new_entry_stands_behind_the_comments_inside_of_the_one_before() -> None:
    new = extract(b"- id: n\n  # inside of n\n", 0, (0,))
    at_two = YAML.splice(INSIDE.encode(), [Insert(0, ("t",), new.value, index=1, snippet=new)]).decode()
    assert at_two == INSIDE.replace("  - id: b", "  - id: n\n    # inside of n\n  - id: b")
    last = YAML.splice(b"t:\n  - id: c\n    # in c\n", [Insert(0, ("t",), new.value, snippet=new)]).decode()
    assert last == "t:\n  - id: c\n    # in c\n  - id: n\n    # inside of n\n"


@pytest.mark.parametrize("anew", [True, False])
@pytest.mark.parametrize("empty", ["[]", "", "null", "{}", "{}  # why"])
@pytest.mark.parametrize(
    "source", ["s:\n  - {k: 1}  # behind\n", "s:\n  # above\n  - k: 1\n", "s:\n  # above\n  - k: 1  # one\n"]
)
def test_the_first_entry_of_an_empty_container_brings_its_comments(
    source: str, empty: str, anew: bool
) -> None:
    snippet = extract(source.encode(), 0, ("s", 0))
    key = "n" if "{" in empty else None
    edit = Insert(0, ("items",), {"k": 1}, key=key, snippet=snippet, anew=anew)
    result = YAML.splice(f"items: {empty}\n".encode(), [edit]).decode()
    for comment in (*snippet.comments, *(["# one"] if "# one" in source else [])):
        assert comment in result
