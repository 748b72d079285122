"""Texts that deceive a reader: what is found in ids, names and texts, and what people need is left alone."""

from __future__ import annotations

import pytest

from tests.rules.helper import problems
from tests.support import kind_file, plan_of


@pytest.mark.parametrize(
    "key",
    [
        *("a\u200bb", "a\u202eb", "a\u2066b", "\ufeffa", "a\u00adb", "a\u200db", "a\U000e0041", "a\u3164"),
        *("a\ufe0fb", "a\u2800b", "a\U0001d173b", "1\ufe0f"),
    ],
)
def test_an_id_or_name_with_what_nobody_sees_is_an_error(key: str) -> None:
    escaped = "".join(one if one.isascii() else f"\\U{ord(one):08x}" for one in key)
    (found,) = problems("TXT001", f'module_type: [{{id: "{escaped}"}}]')
    assert found.severity.value == "error"
    assert f"U+{max(map(ord, key)):04X}" in found.message
    assert problems("TXT001", f'module_type: [{{id: a, x-y: [{{"{escaped}": 1}}]}}]')


@pytest.mark.parametrize("key", ["région", "日本", "naïve", "👩\u200d💻", "ünï", "❤\ufe0f", "1\ufe0f\u20e3"])
def test_an_id_in_letters_of_its_own_is_none(key: str) -> None:
    assert problems("TXT001", f"module_type: [{{id: {key}}}]") == []


@pytest.mark.parametrize(
    "text",
    [
        "a\u202eb",
        "a\u200bb",
        "a\u2067b\u2069",
        "hi\u200c there",
        "a\u200eb",
        "ไ\u200bb",
        "b\u200dc ه",
        "a\u180bb",
    ],
)
def test_a_text_with_what_nobody_sees_is_a_warning(text: str) -> None:
    escaped = "".join(one if one.isascii() else f"\\u{ord(one):04x}" for one in text)
    (found,) = problems("TXT002", f'module_type: [{{id: a, description: "{escaped}"}}]')
    assert (found.severity.value, found.path) == ("warning", ("description",))


@pytest.mark.parametrize(
    "text",
    [
        *("👩\u200d💻 works", "👩🏽\u200d💻", "🏳\ufe0f\u200d🌈", "naïve ❤\ufe0f"),
        *("می\u200cخواهم", "\u200dه", "שלום\u200f!", "क्\u200dष", "ශ්\u200dරී", "\U00011013\U00011046\u200d"),
        *("\U0001e900\u200d", "\u1820\u180b", "ភាសា\u200bខ្មែរ", "ภาษา\u200bไทย"),
    ],
)
def test_what_people_need_to_write_is_left_alone(text: str) -> None:
    assert problems("TXT002", f"module_type: [{{id: a, description: '{text}'}}]") == []


def test_names_composed_in_two_ways_are_found_at_any_depth() -> None:
    names = '{"r\\u00e9gion": a, "re\\u0301gion": b}'
    (found,) = problems("TXT003", f"module_type: [{{id: a, x-y: [{names}]}}]")
    assert found.path == ("x-y", 0, "re\u0301gion")
    assert problems("TXT003", 'module_type: [{id: a, x-y: {"r\\u00e9gion": a, region: b}}]') == []


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200bb", "a\u2066b"])
def test_a_registry_file_whose_name_nobody_sees_is_said(name: str) -> None:
    """Also where a glob takes it in and no id says its name; once for what its ids say already."""
    kinds = {
        **kind_file("thing", "layout: list, file: 't/*.yaml', at: things, key: id"),
        **kind_file("one", "layout: file, file: 'o/{id}.yaml', key: id"),
    }
    files = {**kinds, f"t/{name}.yaml": b"things:\n- {id: a}\n- {id: b}\n", f"o/{name}.yaml": b"v: 1\n"}
    found = [problem for problem in plan_of(files).problems if problem.code == "TXT001"]
    assert [problem.address for problem in found] == [f"one/{name}", "thing/a", "thing/b"]
    assert found[1].group == found[2].group != found[0].group
    assert "the name of its file" in found[1].message
    clean = {path.replace(name, "région"): data for path, data in files.items()}
    assert [problem.code for problem in plan_of(clean).problems if problem.code == "TXT001"] == []
