"""Positions of editors: laws over random texts and edits, in every unit that they count in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.lsp.text import IndexedText, Unit, replacements

CHARACTERS = st.sampled_from(["a", "é", "😀", "\n", "\r", "\r\n", "\u2028", "\x0b", " "])
TEXTS = st.lists(CHARACTERS, max_size=30).map("".join)
UNITS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@given(TEXTS, UNITS, st.data())
def test_a_position_leads_back_to_its_place(source: str, unit: Unit, data: st.DataObject) -> None:
    text = IndexedText(source, unit)
    offset = data.draw(st.integers(0, len(source)))
    if source[offset - 1 : offset + 1] != "\r\n":  # between the two there is no position
        assert text.offset(*text.position(offset)) == offset


@given(TEXTS, UNITS)
def test_lines_end_where_editors_end_them(source: str, unit: Unit) -> None:
    text = IndexedText(source, unit)
    assert len(text.starts) == source.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


@given(TEXTS, TEXTS, UNITS, st.data())
def test_an_edit_replaces_what_lies_between_two_positions(
    source: str, new: str, unit: Unit, data: st.DataObject
) -> None:
    text = IndexedText(source, unit)
    ends = st.integers(0, len(source)).filter(lambda offset: source[offset - 1 : offset + 1] != "\r\n")
    start, end = sorted((data.draw(ends), data.draw(ends)))
    changed = text.changed(text.position(start), text.position(end), new)
    assert changed.source == source[:start] + new + source[end:]


@given(TEXTS, TEXTS)
def test_replacements_make_the_old_text_the_new_one(old: str, new: str) -> None:
    made = old
    for start, end, part in sorted(replacements(old, new), reverse=True):
        made = made[:start] + part + made[end:]
    assert made == new
