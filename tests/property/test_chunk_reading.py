"""Laws of reading and editing by items: never another answer than the whole file gives."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.edits import Edit, Insert, Remove, Snippet, SpliceError, Update
from registry_reconciler.formats.faults import ReadingLimits
from registry_reconciler.formats.yaml.edit.own_text import plain_items
from registry_reconciler.formats.yaml.edit.plain_updates import plain_updates
from registry_reconciler.formats.yaml.edit.splice import extract_many, splice
from registry_reconciler.formats.yaml.edit.window import (
    extract_items,
    locate_items,
    open_window,
    splice_items,
)
from registry_reconciler.formats.yaml.read.chunks import ListSection
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.formats.yaml.read.locate import locate
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.formats.yaml.read.simple import SimpleReader
from registry_reconciler.model.entry import FieldPath, Json, Missing, get_path, same
from tests.property.chunk_texts import VALUES, Lists
from tests.property.yaml_texts import paths_of

SEEDS = st.integers(0, 2**32)
SOUP = (
    *("services:", '"services":', "hooks:", "k: |", "x: '", "- a", "", '"', "'"),
    *("  - a", '  - "', '  - b"', "  - [", "  - ]", "  - x: |", "  - 'a", "  - ?", "  - |+"),
    *("  - &a 1", "  - *a", "  - <<: {a: 1}", "  # c", "    # t", "  # b'", "    : b"),
)
SORTS = (
    ["x", "two words", "1.10", "0x1F", "null", "Yes", "./a", "e1", "-1", "é", "a:b", "a#b", "2020-01-01"],
    ("'x'", '"x y"', "'#'", '"- a"', "''"),
    ("[]", "[a, 1]", "{a: b}", "{}"),
)
"""Words that are written in one way."""
NASTY_SORTS = (
    *SORTS,
    ('"\\n"', "'it''s'", "[a, [b]]", "[a", "", "# c", "x # c", "~", "- x", "|", "&a x", "*a", "a: b"),
)
NASTINESS = st.sampled_from((0.0, 0.02, 0.1, 0.4))


def agree(reader: ChunkReader, data: bytes) -> bool:
    """Whether a reader with a memory, and one that reads items together, say what reading the file alone says."""
    plain = read_yaml(data)
    for mine in (ChunkReader(many=1).read(data), reader.read(data)):
        assert mine.faults == plain.faults, data
        assert same(list(mine.documents), list(plain.documents)), data
        assert repr(mine.documents) == repr(plain.documents), data
    return bool(mine.sections)


@settings(max_examples=400, deadline=None)
@given(SEEDS, NASTINESS)
def test_reading_by_items_gives_what_reading_the_file_gives(seed: int, nasty: float) -> None:
    lists = Lists(seed, nasty)
    reader = ChunkReader()
    for _ in range(6):
        agree(reader, lists.text())


@settings(max_examples=25, deadline=None)
@given(SEEDS, NASTINESS)
def test_a_file_of_more_values_than_may_be_is_refused_as_it_is_whole(seed: int, nasty: float) -> None:
    data = Lists(seed, nasty).text()
    for most in range(1, 60):
        limits = ReadingLimits(max_nodes=most)
        assert ChunkReader(limits).read(data).faults == read_yaml(data, limits).faults, (most, data)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(SOUP), max_size=9).map(
            lambda rows: "".join(row + "\n" for row in rows).encode()
        ),
        min_size=2,
        max_size=5,
    )
)
@example([b'"services":\n  - x: "\nservices:\n  - y"\n', b'services:\n  - y"\n'])
@example([b'services:\n  - "a\nb: "c\nd: "e"\n', b'services:\n  - "a\nb: 1\n'])
def test_soups_of_lines_are_read_alike(files: list[bytes]) -> None:
    reader = ChunkReader()
    for data in files:
        agree(reader, data)


def alike(seed: int, odd: float) -> bytes:
    """A list of items whose lines are of the same sorts, most of them; with other values and other gaps."""
    maker = random.Random(seed)
    indent = " " * maker.choice((0, 2))
    end = maker.choice(("\n", "\n", "\r\n"))
    sorts = [maker.choice(NASTY_SORTS if odd else SORTS) for _ in range(4)]
    rows = [f"services:{end}"]
    for _ in range(maker.randint(2, 6)):
        own = [maker.choice(NASTY_SORTS) if maker.random() < odd else sort for sort in sorts]
        a, b, c, d = (maker.choice(sort) for sort in own)
        rows += (f"{indent}- id: {a}{end}", f"{indent}  b: {b}{end}", f"{indent}  deep:{end}")
        rows += (f"{indent}    - x: {c}{end}", f"{indent}      y: {d}{end}")
        gaps = ("", "", end, f"# c{end}", f"{indent}# c{end}")
        rows.append(maker.choice((*gaps, f"{indent} # c{end}", f"  {end}") if odd else gaps))
    return "".join((*rows, maker.choice(("", f"other: 1{end}")))).encode()


@settings(max_examples=200, deadline=None)
@given(SEEDS, NASTINESS)
def test_items_that_are_alike_are_read_together_as_each_alone(seed: int, odd: float) -> None:
    agree(ChunkReader(), alike(seed, odd))


def test_items_that_are_alike_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimpleReader, "read", None)
    for seed in range(40):
        data = alike(seed, 0.0).replace(b"\r", b"")
        assert read_yaml(data).documents == ChunkReader(many=1).read(data).documents


def test_most_ordinary_lists_are_read_by_items() -> None:
    taken = total = 0
    for seed in range(200):
        lists = Lists(seed, 0.0)
        reader = ChunkReader()
        total += 2
        taken += agree(reader, lists.text()) + agree(reader, lists.text())
    assert taken > total // 2


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_places_and_texts_of_items_are_those_in_the_file(seed: int) -> None:
    data = Lists(seed, 0.02).text()
    file = ChunkReader().read(data)
    if not file.sections:
        return
    paths: list[FieldPath] = [*paths_of(file.documents[0]), (file.sections[0].key, 99), ("none",)]
    asked = [(0, path, on_key) for path in paths for on_key in (False, True)]
    assert locate_items(data, file.sections, asked) == locate(data, asked)
    items = [(0, (one.key, index)) for one in file.sections for index in (0, len(one.items(data)) - 1)]
    for place in items:
        assert extract_items(data, file.sections, [place]) == extract_many(data, [place])


@settings(max_examples=400, deadline=None)
@given(SEEDS, NASTINESS)
def test_texts_of_items_told_from_their_lines_are_those_of_the_composed_file(seed: int, nasty: float) -> None:
    data = Lists(seed, nasty).text()
    file = ChunkReader().read(data)
    if not file.sections:
        return
    places = [(0, (one.key, index)) for one in file.sections for index in range(len(one.items(data)))]
    values = [get_path(file.documents[0], path) for _, path in places]
    assert not any(isinstance(value, Missing) for value in values)
    told = extract_items(data, file.sections, places, values)
    for place, one, plain in zip(places, told, extract_many(data, places), strict=True):
        assert (one.comments, one.text) == (plain.comments, plain.text), place
        assert same(one.value, plain.value), place


def test_most_ordinary_items_are_told_from_their_lines() -> None:
    taken = total = 0
    for seed in range(200):
        data = regular(seed)
        file = ChunkReader().read(data)
        places = [(0, (one.key, index)) for one in file.sections for index in range(len(one.items(data)))]
        values = [get_path(file.documents[0], path) for _, path in places]
        found = plain_items(data, file.sections, places, values)
        total += len(found)
        taken += sum(one is not None for one in found)
    assert taken > total // 2


def regular(seed: int) -> bytes:
    """A file of one style with lists that are longer than a window."""
    maker = random.Random(seed)
    indent = " " * maker.choice((0, 2))
    gap = maker.choice(("", "\n", f"{indent}# about it\n"))
    rows = ["# head\n" if maker.random() < 0.5 else "", "services:\n"]
    for number in range(maker.randint(20, 40)):
        text = maker.choice(("plain", '"quoted"', "[a, b]", f"|\n{indent}    text\n{indent}    more"))
        rows.append(f"{gap}{indent}- id: s{number:02}\n{indent}  note: {text}\n")
        rows.append(f"{indent}  deep:\n{indent}    x: {number}\n")
    rows.append(maker.choice(("", "other:\n  a: 1\n", "# end\n")))
    return "".join(rows).encode()


def some_edits(seed: int, count: int) -> list[Edit]:
    maker = random.Random(seed)
    edits: list[Edit] = []
    for index in sorted(maker.sample(range(count), maker.randint(1, 3))):
        choice = maker.randrange(6)
        if choice == 0:
            edits.append(Remove(0, ("services", index)))
        elif choice == 1:
            edits.append(Insert(0, ("services",), {"id": "new", "note": "x"}, index=index))
        elif choice == 2:
            edits.append(Insert(0, ("services",), {"id": "last"}))
        elif choice == 3:
            edits.append(Update(0, ("services", index, "deep"), {"x": 1, "y": [1]}))
        elif choice == 4:
            edits.append(Remove(0, ("services", index, "note")))
        else:
            edits.append(Update(0, ("services", index), {"id": f"s{index:02}", "note": "changed"}))
    return edits


@settings(max_examples=250, deadline=None)
@given(SEEDS)
def test_an_edit_through_a_window_gives_the_bytes_of_an_edit_of_the_file(seed: int) -> None:
    data = regular(seed)
    file = ChunkReader().read(data)
    count = len(file.sections[0].items(data))
    edits = some_edits(seed, count)
    assert splice_items(data, file.sections, edits, head=3) == splice(data, edits)


def said_otherwise(text: str, maker: random.Random) -> str:
    """A text of an item in which a line or two say something else."""
    rows = text.split("\n")
    if maker.random() < 0.3 and not any(row.startswith((" ", "-")) for row in rows):
        maker.shuffle(rows)
        del rows[3:]
    for _ in range(maker.randint(1, 2)):
        at = maker.randrange(len(rows))
        head = rows[at][: rows[at].find(": ") + 2] if ": " in rows[at] else ""
        rows[at] = head + maker.choice((*VALUES[:10], "12", "013", "another", "a: b", "x # y", "- z"))
    return "\n".join(rows)


def updates(data: bytes, sections: Sequence[ListSection], maker: random.Random) -> list[Edit]:
    """What fragments say of some items that are written plainly: all of them in words of their own."""
    found: list[Edit] = []
    places = [(0, (one.key, index)) for one in sections for index in range(len(one.items(data)))]
    for place in maker.sample(places, min(len(places), maker.randint(1, 3))):
        text = said_otherwise(extract_many(data, [place])[0].text, maker)
        file = read_yaml(f"{text}\n".encode())
        if file.readable and len(file.documents) == 1:
            value = file.documents[0]
            found.append(Update(*place, with_more(value, place, data, maker), Snippet((), text, value)))
    return found


def with_more(value: Json, place: tuple[int, FieldPath], data: bytes, maker: random.Random) -> Json:
    """A value as it is to be, which may have fields of which only the registry says something, in any order."""
    there = get_path(read_yaml(data).documents[0], place[1])
    if type(value) is not dict or type(there) is not dict or maker.random() < 0.5:
        return value
    names = [*there, *(name for name in value if name not in there)]
    return {name: value.get(name, there.get(name)) for name in maker.sample(names, len(names))}


@settings(max_examples=400, deadline=None)
@given(SEEDS, NASTINESS)
def test_words_put_on_lines_that_are_alike_are_what_an_edit_of_the_file_puts_there(
    seed: int, nasty: float
) -> None:
    maker = random.Random(seed)
    data = Lists(seed, nasty).text() if seed % 2 else regular(seed)
    sections = ChunkReader().read(data).sections
    edits = updates(data, sections, maker) if sections else []
    plain = plain_updates(data, sections, edits) if edits else None
    if plain is not None:
        assert plain == splice(data, edits)


def test_most_ordinary_updates_are_of_lines_that_are_alike() -> None:
    taken = total = 0
    for seed in range(300):
        data = regular(seed)
        sections = ChunkReader().read(data).sections
        edits = updates(data, sections, random.Random(seed))
        total += bool(edits)
        taken += bool(edits) and plain_updates(data, sections, edits) is not None
    assert taken > total // 8


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_an_edit_through_a_window_is_refused_as_an_edit_of_the_file_is(seed: int) -> None:
    data = regular(seed)
    sections = ChunkReader().read(data).sections
    edit = random.Random(seed).choice(
        (Remove(0, ("services", 99)), Update(0, ("services", 15, "none", "x"), 1), Remove(1, ("services", 1)))
    )
    told = []
    for whole in (True, False):
        try:
            splice(data, [edit]) if whole else splice_items(data, sections, [edit], head=3)
        except SpliceError as error:
            told.append((str(error), error.document, error.path))
    assert len(told) in (0, 2)
    assert len(set(told)) <= 1


def test_the_window_of_an_edit_is_small() -> None:
    data = b"services:\n" + b"".join(b"  - id: a%04d\n    note: x\n" % number for number in range(500))
    window = open_window(data, ChunkReader().read(data).sections, {"services": [(250, 6)]})
    assert window is not None
    assert len(window.text) < len(data) / 4
    assert window.whole(window.text) == data
    assert window.whole(b"") is None
