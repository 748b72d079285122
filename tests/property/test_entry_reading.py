"""Long mappings of entries that are alike: read together and edited by way of a window, as the file alone is."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.edits import Edit, Insert, Remove, Update
from registry_reconciler.formats.yaml.edit import window
from registry_reconciler.formats.yaml.edit.splice import splice
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.entries import entries_of
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import Json, same
from tests.property.chunk_texts import HEADS, NASTY_HEADS, NASTY_TAILS, TAILS

SEEDS = st.integers(0, 2**32)
ODDITY = st.sampled_from((0.0, 0.05, 0.3))
KEYS = ("one", "two-2", "x.y", "yes", "null", "True", "n", "A_b")
ODD_KEYS = (
    "1",
    '"q"',
    "'it''s'",
    "a: b",
    "one",
    "a b",
    "é",
    "- x",
    "? x",
    "<<",
    "x #c",
    "&a x",
    "~",
    "[a]",
    "",
)
WORDS = (
    ("x", "two words", "1.10", "0x1F", "null", "Yes", "./a", "-1", "é", "a:b", "a#b", "2020-01-01"),
    ("'x'", '"x y"', "'#'", '"- a"', "''"),
    ("[]", "[a, 1]", "{a: b}", "{}"),
)
ODD_WORDS = (
    '"\\n"',
    "'it''s'",
    "[a",
    "",
    "# c",
    "x # c",
    "|",
    "&a x",
    "*a",
    "a: b",
    '"',
    "'",
    "|\n      text",
)
NAMES = ("map: # c\n", "map:  \n", '"map":\n', "1:\n", "other:\n")
GAPS = (
    "\n",
    "  # c\n",
    "# c\n",
    "      # deep\n",
    "---\n",
    "...\n",
    "  x\n",
    "\t\n",
    "other: 1\n",
    "  k: 1\n",
)


PARTS = ("head", "name", "key", "colon", "field", "word", "gap", "end", "tail")


def text_of(seed: int, odd: float) -> bytes:
    """A mapping of entries whose lines are of the same sorts, but for parts of a few kinds."""
    maker = random.Random(seed)
    pad = " " * maker.choice((1, 2, 2, 4))
    kinds = set(maker.sample(PARTS, maker.choice((1, 1, 2, len(PARTS)))))

    def pick(kind: str, good: Sequence[str], other: Sequence[str]) -> str:
        return maker.choice(other if kind in kinds and maker.random() < odd else good)

    sorts = [maker.choice(WORDS) for _ in range(4)]
    rows = [pick("head", HEADS, NASTY_HEADS), pick("name", ["map:\n"], NAMES)]
    above = maker.choice(("", "", f"{pad}  # about it\n"))
    for key in maker.sample(KEYS, maker.randint(2, 6)):
        a, b, c, d = (pick("word", sort, ODD_WORDS) for sort in sorts)
        field = pick("field", ["y"], ODD_KEYS)
        rows.append(f"{pad}{pick('key', [key], ODD_KEYS)}:{pick('colon', [''], [' ', ' x', ' # c'])}\n")
        rows.append(f"{pad}  a: {a}\n{above}{pad}  b: {b}\n")
        rows.append(f"{pad}  deep:\n{pad}    - x: {c}\n{pad}      {field}: {d}\n")
        rows.append(pick("gap", [""], GAPS))
    end = pick("end", ["\n"], ["\r\n"])
    return "".join((*rows, pick("tail", TAILS, NASTY_TAILS))).replace("\n", end).encode()


@settings(max_examples=500, deadline=None)
@given(SEEDS, ODDITY)
def test_entries_read_together_are_what_the_parser_reads(seed: int, odd: float) -> None:
    data = text_of(seed, odd)
    mine, plain = ChunkReader(many=1).read(data), read_yaml(data)
    assert mine.faults == plain.faults
    assert same(list(mine.documents), list(plain.documents))
    assert repr(mine.documents) == repr(plain.documents)


def test_entries_that_are_alike_are_read_together() -> None:
    for seed in range(60):
        assert entries_of(text_of(seed, 0.0), SimpleReader(400), 1000) is not None


def test_an_entry_that_is_there_twice_is_left_to_the_parser() -> None:
    data = b"map:\n  a:\n    x: 1\n  b:\n    x: 2\n  a:\n    x: 3\n"
    assert entries_of(data, SimpleReader(400), 1000) is None
    assert ChunkReader(many=1).read(data).faults == read_yaml(data).faults != ()


def regular(maker: random.Random) -> bytes:
    """A mapping that is longer than a window."""
    pad = maker.choice(("  ", "    "))
    above = maker.choice(("", "", f"{pad}  # about it\n"))
    rows = [maker.choice(("", "# head\n", "title: x\n")), "map:\n"]
    for number in range(40):
        rows.append(f"{pad}k{number:02}:\n{pad}  note: n {number}\n{above}{pad}  quoted: '{number}'\n")
        rows.append(f"{pad}  tags: [a, b]\n{pad}  deep:\n{pad}    x: {number}\n")
    return "".join((*rows, maker.choice(("", "other:\n  a: 1\n")))).encode()


def edits_of(maker: random.Random) -> list[Edit]:
    """A few edits, each of another entry."""
    edits: list[Edit] = []
    for number in maker.sample(range(40), maker.randint(1, 3)):
        key, value = f"k{number:02}", {"note": "1.10", "quoted": "yes", "more": ["c"]}
        choices: list[Edit] = [
            Update(0, ("map", key), value),
            Update(0, ("map", key, "deep"), {"x": 1, "y": [1]}),
            Update(0, ("map", key, "quoted"), "other"),
            Remove(0, ("map", key)),
            Remove(0, ("map", key, "tags")),
            Insert(0, ("map", key), "a: b", key="more"),
            Insert(0, ("map",), value, key=f"new{number}"),
            Insert(0, ("map",), value, key=f"new{number}", before=key),
        ]
        edits.append(maker.choice(choices))
    return edits


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_entries_edited_through_a_window_are_what_an_edit_of_the_file_gives(seed: int) -> None:
    maker = random.Random(seed)
    data, edits = regular(maker), edits_of(maker)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "LEAST_LINES", 10)
        assert window._open_entries(data, edits, 3) is not None
        assert window.splice_items(data, (), edits, 3) == splice(data, edits)


@settings(max_examples=500, deadline=None)
@given(
    SEEDS, ODDITY, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), SEEDS), min_size=1, max_size=4)
)
def test_what_is_read_after_a_text_like_it_is_what_the_parser_reads(
    seed: int, odd: float, changes: list[tuple[int, int, int]]
) -> None:
    data = text_of(seed, 0.0)
    reader = ChunkReader(many=1)
    reader.read(data)
    for at, size, other in changes:
        rows, others = data.splitlines(keepends=True), text_of(other, odd).splitlines(keepends=True)
        data = b"".join((*rows[:at], *others[at : at + size], *rows[at + other % (size + 1) :]))
        mine, plain = reader.read(data), read_yaml(data)
        assert mine.faults == plain.faults
        assert repr(mine.documents) == repr(plain.documents)


def test_of_a_text_only_what_differs_from_the_last_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [f"  k{number}:\n    a: x{number}\n    b: y\n" for number in range(300)]
    texts = [
        "".join(("map:\n", *rows, "other: 1\n")).encode() for rows in (entries, entries[:150] + entries[151:])
    ]
    texts.append(texts[0].replace(b"x70\n", b"z\n"))
    texts.append(texts[2].replace(b"  k9:\n", b"  k9:\n    a: z\n    b: y\n  k09:\n"))
    read: list[int] = []
    whole = SimpleReader.read_entries

    def counted(self: SimpleReader, text: str, lead: str, most: int) -> dict[str, Json] | None:
        read.append(text.count("\n"))
        return whole(self, text, lead, most)

    monkeypatch.setattr(SimpleReader, "read_entries", counted)
    reader = ChunkReader()
    for text in texts:
        assert repr(reader.read(text).documents) == repr(read_yaml(text).documents)
    assert read == [900, 243, 6]
