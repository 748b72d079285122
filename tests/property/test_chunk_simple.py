"""The law of the fast reader of simple items: it says what the parser says, or nothing."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.shape import FLOW, PLAIN, QUOTED
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from tests.property.chunk_texts import NASTY_VALUES, VALUES, Lists

SEEDS = st.integers(0, 2**32)
KEYS = (
    "a",
    "b",
    "c",
    "id",
    "null",
    "True",
    "n",
    "y",
    "x-1",
    "a.b",
    "~",
    "1",
    "<<",
    '"q"',
    "a b",
    "",
    "-",
    "é",
)
WORDS = (
    *(
        "x",
        "two words",
        "1",
        "-1",
        "+1",
        "- x",
        "-",
        "--",
        "---",
        "...",
        ".5",
        "1e3",
        "0o17",
        "0x1f",
        "012",
        "1_0",
    ),
    *(
        "null",
        "Null",
        "~",
        "true",
        "false",
        "nothing",
        "no",
        ".inf",
        "1:30",
        "http://x/y",
        "a: b",
        "a:",
        "a #b",
        "a#b",
        "#a",
        "a:b",
        ":a",
    ),
    *(
        '""',
        "''",
        '"a"',
        "'a'",
        '"a\\n"',
        "'it''s'",
        '"a',
        "a'",
        '"a" b',
        '"a": b',
        "2020-01-01",
        "é",
        "ü: x",
        "\u00a0x",
    ),
    *(
        "[]",
        "[ ]",
        "[a]",
        "[a, b]",
        "[a,b]",
        "[a, ]",
        "[,]",
        "[a b, -1]",
        "[- a]",
        "[a - b]",
        "[a: b]",
        "[a:b]",
        "[a",
    ),
    *(
        "{}",
        "{ }",
        "{a: 1}",
        "{a: 1, b: x}",
        "{a:1}",
        "{a}",
        "{a: 1, a: 2}",
        "{a: }",
        "{a: b: c}",
        "{1: 2}",
        "[1, 1.0]",
    ),
    *(
        "[a]x",
        "[a] ",
        "x ",
        " x",
        "&a x",
        "*a",
        "!x y",
        "|",
        ">",
        "@a",
        "`a",
        "%a",
        "?",
        "? a",
        ",",
        "a, b",
        "]",
        "}",
    ),
    *(
        "[null, ~]",
        "[a-, -b]",
        "{null: 1}",
        "[./x, a@b]",
        "{a-b: c.d}",
        "(a)",
        "a[0]",
        "a{b}",
        "\U0001f600",
        "9" * 500,
    ),
)


def some_line(maker: random.Random) -> str:
    indent = " " * maker.choice((0, 2, 4, 4, 4, 4, 6, 6, 8, 5))
    kind = maker.randrange(20)
    if kind == 0:
        return maker.choice((indent, indent + "# note", "# left", indent + "x", "\t", indent + "\tx: 1", ""))
    dash = maker.choice(("", "", "", "- ", "-", "-  "))
    key = maker.choice(KEYS[:4] if maker.random() < 0.9 else KEYS)
    if kind < 3:
        return f"{indent}{dash}{key}:"
    if kind < 6:
        return f"{indent}- {maker.choice(WORDS)}"
    return f"{indent}{dash}{key}:{maker.choice((' ', ' ', ' ', ' ', '  ', ''))}{maker.choice(WORDS)}"


def agrees(item: str, reader: SimpleReader | None = None) -> bool:
    """Whether the fast reader takes an item; then it has to say what the parser says."""
    mine = (reader or SimpleReader(400)).read(item, 4)
    if mine is None:
        return False
    plain = read_yaml(f"k:\n  - {item}\n  - end\n".encode())
    assert repr(plain.documents) == repr(({"k": [mine, "end"]},)), item
    return True


@settings(max_examples=1500, deadline=None)
@given(SEEDS)
def test_what_is_read_fast_is_what_the_parser_reads(seed: int) -> None:
    maker = random.Random(seed)
    rows = [some_line(maker) for _ in range(maker.choice((1, 2, 3, 4, 6)))]
    agrees("\n".join([rows[0].lstrip(" "), *rows[1:]]))


def other_values(maker: random.Random, item: str) -> str:
    """The item with other values in some of its lines, now and then with another line."""
    rows = item.split("\n")
    for number in range(len(rows)):
        before, colon, _ = rows[number].partition(": ")
        if maker.random() < 0.5 and colon:
            rows[number] = f"{before}: {maker.choice(WORDS)}"
        elif maker.random() < 0.1:
            rows[number] = some_line(maker)
    return "\n".join(rows)


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_what_has_the_shape_of_many_items_is_what_the_parser_reads(seed: int) -> None:
    maker = random.Random(seed)
    rows = [some_line(maker) for _ in range(maker.choice((1, 2, 3, 4, 6)))]
    item = "\n".join([rows[0].lstrip(" "), *rows[1:]])
    reader = SimpleReader(400)
    if reader.read(item, 4) is None:
        item = "id: a\n    # why\n    b:\n      c: x\n    d: [x, y]\n    e:\n    - b\n    - c: 'q'\n      f:"
    for _ in range(120):
        reader.read(item, 4)
    for _ in range(30):
        agrees(other_values(maker, item), reader)


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_many_items_are_read_as_each_alone(seed: int) -> None:
    maker = random.Random(seed)
    rows = [some_line(maker) for _ in range(maker.choice((1, 2, 3, 4)))]
    item = "\n".join([rows[0].lstrip(" "), *rows[1:]])
    items = [item, *(other_values(maker, item) for _ in range(maker.choice((1, 2, 3))))]
    found = SimpleReader(400).read_all([each.encode() for each in items], 4)
    if found is not None:
        assert repr(found) == repr([SimpleReader(400).read(each, 4) for each in items])


def test_columns_of_words_are_read_as_each_word() -> None:
    line = "a: {}\n    b:\n      - {}\n      - c: {}\n    d:\n    # {}\n    e: {}"
    words = [word for word in WORDS if SimpleReader(400).read(f"a: {word}", 4)]
    for pattern, least in ((PLAIN, 30), (QUOTED, 3), (FLOW, 3)):
        own = [word for word in words if re.fullmatch(pattern, word)]
        assert len(own) >= least
        items = [line.format(*[word] * 5) for word in own]
        found = SimpleReader(400).read_all([each.encode() for each in items], 4)
        assert repr(found) == repr([SimpleReader(400).read(each, 4) for each in items])


def test_a_shape_reads_as_much_as_the_lines_do() -> None:
    shaped = SimpleReader(400)
    line = "a: {}\n    b:\n      - {}\n      - c: {}\n    d:\n    # {}\n    e: {}"
    words = [one for one in WORDS if SimpleReader(400).read(f"a: {one}", 4)]
    for sample in ("x", "'x'", "[x]", "1"):
        for _ in range(120):
            shaped.read(line.format(*[sample] * 5), 4)
    for word in words:
        item = line.format(*[word] * 5)
        assert repr(shaped.read(item, 4)) == repr(SimpleReader(400).read(item, 4)), item
    assert len(words) > 40


@settings(max_examples=500, deadline=None)
@given(SEEDS)
def test_items_of_lists_are_read_alike(seed: int) -> None:
    for item in Lists(seed, 0.3).items:
        agrees(item.replace("$", "    ").removesuffix("\n"))


def test_every_word_alone_is_read_alike() -> None:
    taken = 0
    for word in (*WORDS, *VALUES, *NASTY_VALUES):
        for shape in ("a: {}", "a:\n      - {}", "{}: 1", "a: 1\n    b: {}", "a: [{}]", "a: {{b: {}}}", "{}"):
            item = shape.format(word)
            for column in (item, item + "\n    # c"):
                taken += agrees(column)
    assert taken > 300


def test_ordinary_entries_are_taken() -> None:
    item = "id: a\n    # why\n    name: Some name, here\n    tags: [x, y]\n\n    owner:\n      team: t\n"
    item += "    uses:\n    - b\n"
    item += "    steps:\n      - do: x\n        with: {a: 1}\n      - do: y\n    last: 'q'"
    assert agrees(item)


def test_lists_that_differ_in_each_item_take_no_room_from_those_that_come_again() -> None:
    items = [
        f"id: a{number}\n    names: [n{number}, m]\n    limits: {{cpu: {number % 2}}}" for number in range(9)
    ]
    reader = SimpleReader(400)
    found = reader.read_all([item.encode() for item in items], 4)
    assert repr(found) == repr([SimpleReader(400).read(item, 4) for item in items])
    # The first item is read by itself, to learn the shape of all.
    assert set(reader._flows) == {"[n0, m]", "{cpu: 0}", "{cpu: 1}"}
