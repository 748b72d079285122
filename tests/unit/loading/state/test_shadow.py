"""The shadow of a value says just that value, and a state file is read as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.loading.state.files import (
    Applied,
    Record,
    conflict_line,
    parse_file,
    render_file,
    sides,
)
from registry_reconciler.loading.state.shadow import (
    blocks,
    is_apart,
    new_salt,
    read_shadow,
    shadow,
    short_salt,
    tree_of,
    whole,
)

TEXTS = st.text(max_size=140)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.dictionaries(TEXTS, VALUES, max_size=5)


SALTS = ("salt", "longsalt")
"""The salt of a record tells whether the names of its fields have lines of their own."""


@pytest.mark.parametrize("salt", SALTS)
@given(ENTRIES)
def test_a_shadow_is_read_as_the_value_that_it_is_of(salt: str, value: dict[str, object]) -> None:
    assert read_shadow(shadow(value, salt)) == tree_of(value, salt.encode())


def test_a_line_stays_above_what_a_field_says() -> None:
    assert is_apart(new_salt("t/a"))
    assert shadow({"id": "a"}, "longsalt").startswith("id\n =")
    assert shadow({"id": "a"}, short_salt("longsalt")).startswith("id=")
    assert list(blocks(shadow({"a": 1, "b": {"c": "d"}}, "longsalt"))) == ["a", "b"]


@given(ENTRIES, ENTRIES)
def test_two_values_have_two_shadows(one: dict[str, object], other: dict[str, object]) -> None:
    if repr(one) != repr(other) and one != other:
        assert tree_of(one, b"salt") != tree_of(other, b"salt")


@given(st.lists(st.tuples(TEXTS, ENTRIES), max_size=3), st.lists(TEXTS, max_size=2), TEXTS)
def test_a_file_is_read_as_it_was_written(
    entries: list[tuple[str, dict[str, object]]], protects: list[str], fragment: str
) -> None:
    records = [
        Record(f"kind/{key}", Applied("abc", shadow({"id": 1, **value}, "abc"))) for key, value in entries
    ]
    records.append(Record("kind/old", Applied("", whole("sha256:0"))))
    found = parse_file("p", render_file(fragment, records, protects))
    assert found == ("p", fragment, tuple(records), tuple(protects), (), {}, False, True, "")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [(b'@ "kind/a" s', b"@ torn", 4), (b'< "f"', b"torn", 2), (b"registry", b"register", 1)],
)
def test_a_line_that_says_nothing_is_found(old: bytes, new: bytes, line: int) -> None:
    data = render_file("f", [Record("kind/a", Applied("s", shadow({"id": "a"}, "s")))], ())
    assert parse_file("p", data.replace(old, new)).faults[0] == line


def test_a_conflict_is_a_whole_triple_at_line_starts() -> None:
    text = b"a\n<<<<<<< one\nb\n||||||| base\nx\n=======\nc\n>>>>>>> other\nd\n"
    assert conflict_line(text) == 2
    assert sides(text) == (b"a\nb\nd\n", b"a\nc\nd\n")
    for part in (b"<<<<<<< one\n", b"=======\n", b">>>>>>> other\n"):
        assert conflict_line(text.replace(part, b"")) is None
