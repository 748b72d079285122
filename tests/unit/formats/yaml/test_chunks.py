"""Cutting files into items, and what must never come of a wrong cut."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.yaml.read.chunks import core, cut
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.reader import ChunkReader


def test_a_file_is_cut_into_sections_of_items() -> None:
    data = b"# head\nversion: 1\na:\n  # first\n  - x: 1\n    y: 2\n\n  # second\n  - z\n"
    data += b"b: # why\n- 1\n- 2\nc: 3\n"
    first, second = cut(data)
    assert (first.key, first.indent, second.key, second.indent) == ("a", 2, "b", 0)
    assert first.items(data) == [b"x: 1\n    y: 2\n\n  # second", b"z"]
    assert second.items(data) == [b"1", b"2"]
    assert [data[start : start + 5] for start in first.starts(data)] == [b"  - x", b"  - z", b"b: # "]
    assert data[second.end :] == b"c: 3\n"


@pytest.mark.parametrize(
    "data",
    [
        b"a:\n- 1",
        b"a:\r\n- 1\r\n",
        b"\xef\xbb\xbfa:\n- 1\n",
        b"a:\n- <<: {b: 1}\n",
        b"a:\n- |+\n  x\n\n",
        b"a:\n- >2+\n  x\n\n",
        b"%YAML 1.2\n---\na:\n- 1\n",
        b"a:\n  -\n    x: 1\n",
        b"a:\n  - 1\n  -\t2\n",
        b"a: 1\n",
        b"",
    ],
)
def test_what_is_not_worth_a_guess_is_not_cut(data: bytes) -> None:
    assert cut(data) == ()


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (b"a: 1", b"a: 1"),
        (b"a: 1\n", b"a: 1"),
        (b"a: 1\n\n  # next\n", b"a: 1"),
        (b"a: |\n      x\n    # deeper: text", b"a: |\n      x\n    # deeper: text"),
        (b"a: 1\n# left\n    b: 2", b"a: 1\n# left\n    b: 2"),
        (b"a: |\n      x\n   ", b"a: |\n      x\n   "),
        (b"# first line", b"# first line"),
    ],
)
def test_comments_no_deeper_than_the_dash_belong_to_no_item(item: bytes, expected: bytes) -> None:
    assert core(item, 2) == expected


def test_equal_items_are_one_value_in_all_files() -> None:
    reader = ChunkReader()
    first = reader.read(b"a:\n  # x\n  - id: 1\n  # y\n  - id: 2\n").documents[0]
    second = reader.read(b"b:\n  - id: 2\n  - id: 1\n  - id: 3\n").documents[0]
    assert second == {"b": [{"id": 2}, {"id": 1}, {"id": 3}]}
    assert second["b"][0] is first["a"][1]
    assert second["b"][1] is first["a"][0]


@pytest.mark.parametrize(
    "files",
    [
        # An anchor of one item is not there for an alias in another file.
        [b"a:\n  - &x 1\n  - *x\n", b"a:\n  - *x\n"],
        # A quote that runs over what looks like a key line and an item.
        [b'"a":\n  - x: "\na:\n  - y"\n', b'a:\n  - y"\n'],
        # A quote that runs out of the list.
        [b'a:\n  - "b\nc: "d\ne: "f"\n', b'a:\n  - "b\nc: 1\n'],
        # An item that is text of the one before.
        [b'a:\n  - "b\n  - c"\n', b'a:\n  - c"\n', b'a:\n  - "b\n'],
        # Two keys that are one.
        [b"a:\n  - 1\na:\n  - 2\n", b"a:\n  - 1\n"],
        # A list that is text.
        [b"x: |\n a\na:\n  - 1\n", b"x: '\na:\n  - 1\n'\n", b"a: |\n  - 1\n"],
        # A second document.
        [b"a:\n  - 1\n---\na:\n  - 2\n", b"a:\n  - 2\n"],
        # Another column gives another list.
        [b"a:\n  - b\n    c\n", b"a:\n- b\n    c\n", b"a:\n- b\n c\n"],
        # The same text at another column is another item.
        [b"a:\n- x\n  y\n", b"a:\n    - x\n  y\n"],
    ],
)
def test_no_file_is_misread_for_what_another_said(files: list[bytes]) -> None:
    for order in (files, files[::-1]):
        reader = ChunkReader()
        for data in order:
            assert reader.read(data) == read_yaml(data)


@pytest.mark.parametrize(
    "around",
    [
        b"a:\n%b",
        b"---\n# head\na: # why\n\n  # above\n%b\n# tail\n",
        b"a:#no comment\n%b",
        b"a:   \n%bb :\n%b",
        b"a:\n%ba:\n%b",
        b"a:\n%b# between\nb:\n%b",
        b"null:\n%b",
        b"True:\n%b",
        b"yes:\n%b",
        b"_1:\n%b",
        b"a:\n%b...\n",
        b"a:\n%b---\n",
        b"a:\n%bc: 3\n",
        b"%s:\n%%b" % (b"k" * 100),
        b"%s:\n%%b" % (b"k" * 1030),
    ],
)
def test_where_every_item_is_plain_the_rest_is_read_as_ever(around: bytes) -> None:
    data = around.replace(b"%b", b"  - x: 1\n    y: 2\n")
    reader = ChunkReader()
    for _ in range(2):
        found, expected = reader.read(data), read_yaml(data)
        assert (found.documents, found.faults) == (expected.documents, expected.faults)
