"""Laws of reading JSON: the fast way and the exact way give one answer, and it is the standard library's."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.faults import DEFAULT_LIMITS, ReadingLimits
from registry_reconciler.formats.json import decimals, quotes, read
from registry_reconciler.formats.json.explain import explain
from registry_reconciler.formats.json.read import read_json
from registry_reconciler.formats.json.source import blanked
from registry_reconciler.model.entry import same
from registry_reconciler.model.written import as_json, decimal, digits, dumps, written_floats
from tests.property import json_texts


def always(*_args: object, **_options: object) -> bool:
    return True


WAYS: dict[str, dict[tuple[ModuleType, str], object]] = {
    "many decimals": {(decimals, "PATIENCE"): 0},
    "decimals as Python writes them": {(decimals, "PATIENCE"): 1},
    "few decimals": {},
    "keys of the value": {(read, "_BYTES_FOR_A_VALUE"): 0, (read, "_BYTES_FOR_A_COLLECTION"): 0},
    "pairs of objects": {(read, "_takes_pairs"): always},
    "pairs of objects and many decimals": {(read, "_takes_pairs"): always, (decimals, "PATIENCE"): 1},
}


@pytest.fixture(autouse=True, scope="module", params=list(WAYS))
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """All ways of reading: what takes the others is longer than a text of a test, or has rarer letters."""
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), value in WAYS[request.param].items():
            patch.setattr(module, name, value)
        yield


TEXTS = st.one_of(
    st.integers(0, 2**32).map(lambda seed: json_texts.text(seed, comments=seed % 2 == 0).decode()),
    st.text(alphabet='{}[]",:\\/*ud8f0-+.019eEnultrfasNI \n\r\t\x00\x7fé', max_size=40),
    st.lists(
        st.sampled_from(
            (
                *('"a":', '"a" :', '"b":', "{", "}", "[", "]", ",", "1", "-0", "1e5", "1.50", "01", "1e999", "NaN"),
                *('"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00"', '"\\\\ud800"', '":"', '"\\":"', "//x\n", "/*y*/", "/*"),
                *("9" * 160, "9" * 401, "9" * 310 + ".5", "\n", "\t", " ", "true", "null"),
            )
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.booleans())
def test_the_fast_way_and_the_exact_way_give_one_answer(text: str, comments: bool) -> None:
    data = text.encode("utf-8", "replace")
    file = read_json(data, comments=comments)
    documents, faults = explain(
        data.decode().removeprefix("\ufeff"), comments=comments, limits=DEFAULT_LIMITS
    )
    if any(fault.code in ("YML010", "YML002") for fault in file.faults):
        return
    assert file.readable == (not faults), (file, faults)
    if file.readable:
        assert same(list(file.documents), list(documents))


@settings(max_examples=250, deadline=None)
@given(TEXTS)
def test_what_is_read_is_what_the_standard_library_reads(text: str) -> None:
    file = read_json(text.encode("utf-8", "replace"))
    if file.readable and file.documents:
        plain = text.removeprefix("\ufeff")
        assert same(as_json(list(file.documents)), [json.loads(plain)])
        assert same(list(file.documents), [json.loads(plain, parse_float=decimal)])


@settings(max_examples=250, deadline=None)
@given(st.lists(st.from_regex(r"-?(0|[1-9][0-9]{0,18})\.[0-9]{1,20}([eE][-+]?[0-9]{1,2})?", fullmatch=True)))
def test_every_decimal_keeps_its_digits(numbers: list[str]) -> None:
    for gap in ("", " " * 300):
        file = read_json(f"[{f',{gap}'.join(numbers)}]".encode())
        assert [digits(str(dumps(part))) for part in file.documents[0]] == [digits(part) for part in numbers]


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(0, 1).map(repr),
    st.integers(-(10**12), 10**12).map(lambda number: f"{number / 10**6:.6f}"),
    st.sampled_from(("1E5", "1e-05", "1e-7", "-0", "-0.0", "0.00", "1.10", "1.1", "1e16", "0.0000e5")),
    st.sampled_from(
        ("true", "null", '"1.10, 2e5"', '"\\"0.00001"', "[]", "[[1.50]]", '{"a" : 2.50, "b": 1.5}')
    ),
)
DECIMALS = st.one_of(
    st.integers(-(10**9), 10**9).map(lambda number: f"{number / 10**10:.10f}"),
    st.integers(-(10**6), 10**6).map(lambda number: f"{number / 10**9:.9f}"),
    st.integers(-(10**7), 10**7).map(lambda number: f"{number / 10**4:.4f}0"),
    st.from_regex(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,25}", fullmatch=True),
    st.from_regex(r"-?[1-9]\.[0-9]{1,17}[eE][-+]?[0-9]{1,2}", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(1e-6, 1e-3).map(lambda number: f"{number:.15f}"),
    st.sampled_from(
        ("0.0000", "-0.0", "-0.00", "0.00001", "0.0001", "10.00001", "100.0", "9007199254740993.0")
    ),
    st.sampled_from(("1234567890123456.0", "123456789012345.0", "12345678901234.50", "0.00000000000001")),
)
USUAL = st.lists(st.floats(1, 10).map(repr), min_size=5, max_size=20)


@settings(max_examples=300, deadline=None)
@given(USUAL, st.lists(NUMBERS, max_size=4), st.integers(0, 2**32))
def test_unusual_decimals_among_many_keep_their_digits(
    usual: list[str], others: list[str], seed: int
) -> None:
    texts = [*usual, *others]
    random.Random(seed).shuffle(texts)
    text = f"[{', '.join(texts)}]"
    (found,) = read_json(text.encode()).documents
    right = json.loads(text, parse_float=decimal)
    assert spelled(found) == spelled(right)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(DECIMALS, DECIMALS, NUMBERS), min_size=1, max_size=30), st.data())
def test_decimals_of_any_sort_keep_their_digits_in_groups_of_any_size(
    texts: list[str], data: st.DataObject
) -> None:
    form = data.draw(
        st.sampled_from(("[%s]", '{"items": [%s]}', "[[%s], [1.5]]", '{"a": {"b": [%s], "c": 0.50}}'))
    )
    gap = data.draw(st.sampled_from((",", ", ", ",\n    ", ", \t\r\n")))
    text = form % gap.join(texts)
    before = decimals._GROUP, decimals._GROUP_BYTES
    decimals._GROUP, decimals._GROUP_BYTES = data.draw(st.sampled_from(((1, 1), (3, 40), before)))
    try:
        (found,) = read_json(text.encode()).documents
    finally:
        decimals._GROUP, decimals._GROUP_BYTES = before
    assert spelled(found) == spelled(json.loads(text, parse_float=decimal))


@settings(max_examples=200, deadline=None)
@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,13})\.[0-9]{1,14}", fullmatch=True).filter(lambda text: len(text) < 17)
)
def test_the_places_of_a_short_decimal_say_its_text(text: str) -> None:
    (made,) = written_floats([float(text)], [len(text.partition(".")[2])])
    assert made.source == text
    assert pickle.loads(pickle.dumps(made)).source == text
    assert same(made, decimal(text))


@pytest.mark.parametrize("text", ["0/*", "[1] /* x", "[1]/*/", "{}//x\n/*", "/*", "[1, /* ]"])
def test_a_comment_that_does_not_end_is_none(text: str) -> None:
    file = read_json(text.encode(), comments=True)
    assert [fault.message for fault in file.faults] == ["the comment that begins here does not end"]


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("length", [299, 300])
def test_a_number_of_many_digits_is_found_wherever_it_stands(step: int, length: int) -> None:
    number = b"9" * length
    assert read._has_digits(b"[" + b"1.5," * step + b" " * step + number + b"]") == (length == 300)


ODD = (
    *("1.10", "1E5", "1e5", "-0", "-0.0", "0.0", "0.00001", "-0.00001", "0.0000", "10.00001", "1e-7", "1e16"),
    *("12345678901234567.0", "0.12345678901234567890", "123456789012345678901234567890", "1" + "0" * 40),
    *(
        "18446744073709551616",
        "-9223372036854775809",
        "true",
        "null",
        "[]",
        "{}",
        '"0.00001, 1e5"',
        '"\\"1.10"',
    ),
    *('{"a": 1.10, "b": [1E5, {"c": 2.0}]}', "[[1.50], [2.5, 1e-3]]", "5e-324", "1.7976931348623157e308"),
)


@pytest.mark.parametrize("others", ["usual", "unusual", "exponents", "short", "long", "small"])
@pytest.mark.parametrize("form", ["[%s]", '{"items": [%s]}', "[[%s]]"])
def test_numbers_of_one_sort_and_one_of_another_keep_their_digits(others: str, form: str) -> None:
    rng = random.Random(7)
    sorts = {"usual": "%r", "unusual": "%.7f", "exponents": "%.6e", "short": "%.1f0", "long": "%.20f"}
    many = [
        f"{rng.uniform(-1e-4, 1e-4):.9f}" if others == "small" else sorts[others] % rng.uniform(-900, 900)
        for _ in range(60)
    ]
    for odd in ODD:
        text = form % ", ".join([*many[:30], odd, *many[30:]])
        (found,) = read_json(text.encode()).documents
        assert spelled(found) == spelled(json.loads(text, parse_float=decimal)), odd


@pytest.mark.parametrize(
    "odd", ["1e400", "-1e999", "1.0e309", "NaN", "01.5", "1.", ".5", "1.5.5", "1 2", "--1.5"]
)
def test_a_number_that_is_none_is_found_among_many(odd: str) -> None:
    many = ", ".join(f"{number / 7:.7f}" for number in range(60))
    for form in ("[%s]", '{"items": [%s]}'):
        file = read_json((form % f"{many}, {odd}, {many}").encode())
        assert not file.readable, odd


def test_a_key_that_stands_twice_among_unusual_numbers_is_found() -> None:
    many = ", ".join(f"{number / 7:.7f}" for number in range(60))
    for key in ('"a"', '"\\u0061"'):
        file = read_json(f'{{"a": [{many}], "b": {{"a": 1.5}}, {key}: [{many}]}}'.encode())
        assert [fault.code for fault in file.faults] == ["YML003"]


def test_marks_by_their_numbers_do_not_stand_for_those_that_a_key_lost() -> None:
    """The marks of the text, those by number apart, are those of what is left when it is written again."""
    numbers = "".join(f"\\u{ord(mark):04x}" for mark in '","":"')
    for marks in (numbers, numbers.upper().replace("U", "u")):
        file = read_json(b'{"a": "", "a": "%b"}' % marks.encode())
        assert [fault.message for fault in file.faults] == ["the key 'a' stands in this object twice"]
        assert read_json(b'{"b": "", "a": "%b"}' % marks.encode()).documents == ({"b": "", "a": '","":"'},)


@pytest.mark.parametrize(
    "mark", [*":,[]{}", *(f"\\u00{code}" for code in ["3a", "3A", "22", "2c", "2C", "5b", "5D", "7B", "7d"])]
)
@pytest.mark.parametrize("before", ["", r"\\", r"\n", r"\\\""])
def test_a_key_that_stands_twice_is_found_also_where_another_text_has_marks(mark: str, before: str) -> None:
    items = [f'{{"a": "{n}"}}' for n in range(300)]
    items[7] = f'{{"a": "seven{before}{mark}"}}'
    text = f"[{','.join(items)}]"
    assert same(read._fast(text.encode(), DEFAULT_LIMITS), json.loads(text))
    items[9] = '{"a": 1, "a": 2}'
    (fault,) = read_json(f"[{','.join(items)}]".encode()).faults
    assert fault.code == "YML003"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.sampled_from('\\"ab\n:,[]'), max_size=12), max_size=9))
def test_between_strings_stands_what_is_no_string(texts: list[str]) -> None:
    assert quotes.outside_strings(json.dumps(texts).encode()) == f"[{', ' * (len(texts) - 1)}]".encode()


def spelled(value: object) -> str:
    """A value with the class and the own text of each number in it."""
    if isinstance(value, dict):
        return str([(name, spelled(part)) for name, part in value.items()])
    if isinstance(value, list):
        return str([spelled(part) for part in value])
    return f"{type(value).__name__} {getattr(value, 'source', repr(value))}"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_a_blanked_text_is_as_long_and_says_the_same(seed: int) -> None:
    text = json_texts.text(seed, comments=True).decode().removeprefix("\ufeff")
    plain = blanked(text)
    assert len(plain) == len(text)
    assert plain.count("\n") == text.count("\n")
    assert same(
        list(read_json(text.encode(), comments=True).documents), [json.loads(plain, parse_float=decimal)]
    )


def test_limits_hold_on_both_ways() -> None:
    rng = random.Random(1)
    limits = ReadingLimits(max_depth=3, max_nodes=20, max_scalar=30)
    for number in range(400):
        value = json_texts.value(rng)
        if number % 3 == 0:
            value = {"deep": [[value]]}
        if number % 7 == 0:
            value = ["x" * rng.choice([29, 30, 31, 70]), value]
        text = json.dumps(value)
        slow = explain(text, comments=False, limits=limits)[1]
        fast = read_json(text.encode(), limits=limits).faults
        assert [fault.code for fault in slow] == [fault.code for fault in fast], text


def values_in(value: object) -> int:
    """How many values there are in one, itself included."""
    if isinstance(value, dict):
        return 1 + sum(map(values_in, value.values()))
    return 1 + sum(map(values_in, value)) if isinstance(value, list) else 1


def test_the_fast_way_reads_as_many_values_as_are_allowed() -> None:
    rng = random.Random(2)
    for _ in range(200):
        value = [json_texts.value(rng), [], {}, "", [""], [[]], {"a": {}}]
        text = json.dumps(value, indent=rng.choice([None, 1])).encode()
        count = values_in(value)
        read._fast(text, ReadingLimits(max_nodes=count))
        with pytest.raises(read._Odd):
            read._fast(text, ReadingLimits(max_nodes=count - 1))


@pytest.mark.parametrize("levels", range(195, 210))
def test_lists_and_mappings_in_turn_are_as_deep_as_they_are(levels: int) -> None:
    opened = "".join('{"a":' if level % 2 else "[" for level in range(levels))
    closed = "".join("}" if level % 2 else "]" for level in reversed(range(levels)))
    text = f"[[{','.join(['1.5'] * 3_000)}],{opened}{closed if levels % 2 else '1' + closed}]"
    slow = explain(text, comments=False, limits=DEFAULT_LIMITS)[1]
    fast = read_json(text.encode()).faults
    assert [fault.code for fault in slow] == [fault.code for fault in fast]
