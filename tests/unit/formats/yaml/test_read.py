"""What is read, what is refused, and that refusing is cheap."""

from __future__ import annotations

import gc

import pytest

from registry_reconciler.formats.faults import ReadingLimits
from registry_reconciler.formats.yaml.read.codes import TITLES
from registry_reconciler.formats.yaml.read.document import read_yaml, value_of
from registry_reconciler.formats.yaml.read.reader import ChunkReader
from registry_reconciler.model.entry import Json, same
from registry_reconciler.model.written import as_json
from registry_reconciler.rules.page import read_page


def faults(data: bytes | str) -> list[tuple[str, int, int]]:
    """Code, line and column of everything found."""
    file = read_yaml(data.encode() if isinstance(data, str) else data)
    return [(fault.code, fault.line, fault.column) for fault in file.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("-7", -7),
        ("+3", 3),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("~", None),
        ("Null", None),
        ("", None),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("!!str 1", "1"),
        ("!!int '3'", 3),
        ("!!float 1", 1.0),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("! 5", "5"),
        ("!!seq [a]", ["a"]),
        ("!!map {a: b}", {"a": "b"}),
        ('"\\x00\\x85"', "\x00\x85"),
    ],
)
def test_a_value_means_what_yaml_1_2_core_says(text: str, value: Json) -> None:
    assert same(as_json(value_of(f"key: {text}\n".encode())), {"key": value})


def test_words_that_yaml_1_1_takes_for_booleans_are_keys() -> None:
    assert value_of(b"on: 1\nno: 2\ny: 3\n") == {"on": 1, "no": 2, "y": 3}


def test_merges_bring_what_is_not_said_and_the_first_of_several_wins() -> None:
    text = b"a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  y: 3\n  <<: [*a, *b]\n"
    assert value_of(text)["c"] == {"x": 1, "y": 3, "z": 2}


def test_a_quoted_merge_sign_is_a_key() -> None:
    assert value_of(b"a: &a {x: 1}\nb:\n  '<<': *a\n") == {"a": {"x": 1}, "b": {"<<": {"x": 1}}}


def test_documents_are_counted_as_they_stand() -> None:
    assert read_yaml(b"").documents == ()
    assert read_yaml(b"# only a comment\n").documents == ()
    assert read_yaml(b"---\n---\na\n...\n").documents == (None, "a")


def test_a_bom_at_the_start_is_no_fault() -> None:
    assert value_of(b"\xef\xbb\xbfa: 1\n") == {"a": 1}


@pytest.mark.parametrize("code", TITLES)
def test_each_code_has_an_example_that_gives_it_and_one_that_does_not(code: str) -> None:
    page = read_page(code)
    assert code in [fault.code for fault in read_yaml(page.example.encode()).faults]
    assert read_yaml(page.use_instead.encode()).faults == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\nb: [\n", [("YML001", 3, 1)]),
        (b"a:\n\t- b\n", [("YML001", 2, 1)]),
        (b"\xff\xfea\x00", [("YML002", 1, 1)]),
        (b"a\x00:\x00", [("YML002", 1, 1)]),
        (b"\xff\xfe\x00\x00a", [("YML002", 1, 1)]),
        (b"a: 1\nb: \xc3\xa9\xe9\n", [("YML002", 2, 5)]),
        (b"a: \x00\n", [("YML002", 1, 4)]),
        (b"a: \x1b[0m\n", [("YML002", 1, 4)]),
        ("a: \x7f\n", [("YML002", 1, 4)]),
        ("é: x\u2028y\n", [("YML002", 1, 5)]),
        ("a: x\u0085y\n", [("YML002", 1, 5)]),
        ("a: \ufeff\n", [("YML002", 1, 4)]),
        ("a: \uffff\n", [("YML002", 1, 4)]),
        (b"a: 1\rb: 2\r", [("YML002", 1, 5)]),
        (b"a: 1\nb: 2\na: 3\na: 4\n", [("YML003", 3, 1), ("YML003", 4, 1)]),
        (b"<<: {}\n<<: {}\n", [("YML003", 2, 1)]),
        (b"? [a]\n: b\n", [("YML004", 1, 5)]),
        (b"!x a: b\n", [("YML004", 1, 1)]),
        (b"a: !!int x\n", [("YML005", 1, 4)]),
        (b"a: !!map [b]\n", [("YML005", 1, 4)]),
        (b"a: *b\n", [("YML006", 1, 4)]),
        (b"a: &a\n  b: *a\n", [("YML006", 2, 6)]),
        (b"<<: 1\n", [("YML006", 1, 5)]),
        (b'a: "\\ud800"\n', [("YML007", 1, 7)]),
        (b"a: 1\r\nb: 2\n", [("YML009", 2, 5)]),
        (b"a: 1\nb: 2\nc: 3\r\n", [("YML009", 3, 5)]),
        (b"a: 1\n<<<<<<< ours\nb: 1\n=======\nb: 2\n>>>>>>> x\n", [("YML010", 2, 1)]),
        (b"a: 1\nb: 2\n>>>>>>> x\n", [("YML010", 3, 1)]),
    ],
)
def test_a_fault_has_its_code_and_place(data: bytes | str, expected: list[tuple[str, int, int]]) -> None:
    assert faults(data) == expected


def test_a_duplicate_key_names_the_line_of_the_first() -> None:
    (fault,) = read_yaml(b"a: 1\nb: 2\na: 3\n").faults
    assert (fault.related_line, fault.line) == (1, 3)
    assert "line 1" in fault.message


def test_a_warning_leaves_the_documents_usable_and_a_fault_does_not() -> None:
    assert read_yaml(b"a: 1\r\nb: 2\n").documents == ({"a": 1, "b": 2},)
    assert read_yaml(b"a: 1\r\nb: 2\n").readable
    assert read_yaml(b"a: 1\na: 2\n").documents == ()
    assert not read_yaml(b"a: 1\na: 2\n").readable


def test_what_only_looks_like_a_conflict_is_none() -> None:
    assert read_yaml(b"a: |\n  <<<<<<< x\n  =======\nb: 1\n").faults == ()
    assert read_yaml(b"a: |\n  Title\n  =======\n").faults == ()


def test_findings_are_cut_off_when_there_are_very_many() -> None:
    assert len(read_yaml(b"a: 1\n" * 1000).faults) == ReadingLimits().max_faults


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[" * 100_000, "YML008"),
        (b"- " * 100_000, "YML008"),
        (b"{a: " * 100_000, "YML008"),
        (b"? " * 100_000, "YML008"),
        (b"".join(b" " * k + b"a:\n" for k in range(1000)), "YML008"),
        (b"---\n" * 1000, "YML008"),
        (b"a: " + b"1" * 2_000_000, "YML008"),
        (b'a: "' + b"some words\n" * 500_000, "YML001"),
        (b"a: 'x" * 100_000, "YML001"),
    ],
)
def test_hostile_text_is_refused_without_being_expanded(data: bytes, code: str) -> None:
    assert code in {fault.code for fault in read_yaml(data).faults}


def test_an_alias_bomb_stops_at_the_limit() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    assert [code for code, _, _ in faults("\n".join(rows))] == ["YML006"]


def test_a_merge_bomb_stops_at_the_limit() -> None:
    wide = ", ".join(f"k{k}: 1" for k in range(1000))
    assert faults(f"a: &a {{{wide}}}\nb: {{<<: [{', '.join(['*a'] * 5000)}]}}\n")[0][0] == "YML006"


def test_a_long_string_behind_many_aliases_counts_by_its_length() -> None:
    many = "\n".join("- *a" for _ in range(2000))
    assert faults(f"- &a {'x' * 100_000}\n{many}\n")[0][0] == "YML006"


def test_ordinary_sharing_is_allowed() -> None:
    many = "\n".join(f"- {{id: n{k}, base: *a}}" for k in range(500))
    assert faults(f"- &a {{x: 1, y: [1, 2, 3]}}\n{many}\n") == []


def test_the_size_limit_is_checked_first() -> None:
    assert read_yaml(b"a: 1\n", ReadingLimits(max_bytes=4)).faults[0].code == "YML008"
    assert read_yaml(b"a: [1, 2, 3]\n", ReadingLimits(max_nodes=5)).faults[0].code == "YML008"
    assert read_yaml(b"a: [[], [], []]\n", ReadingLimits(max_nodes=5)).faults[0].code == "YML008"
    assert not read_yaml(b"a: [1, 2, 3]\n", ReadingLimits(max_nodes=6)).faults


def test_the_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    read_yaml(b"a: [1, 2]\n")
    read_yaml(b"a: [1, 2\n")
    assert gc.isenabled()
    gc.disable()
    try:
        read_yaml(b"a: 1\n")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_value_of_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="twice"):
        value_of(b"a: 1\na: 2\n")
    assert value_of(b"") is None


@pytest.mark.parametrize(
    "text",
    [
        "flow: [a,\nb]\n",
        'quoted: "a\nb"\n',
        'foo: "bar\n\tbaz"\n',
        "a # b\n%YAML 1.2\n---\nb\n",
        "---\n%YAML 1.2\n---\n",
        "%YAML 1.1#c\n---\n",
        "[-]\n",
        "- [-, -]\n",
        "- [\n\tfoo,\n foo\n ]\n",
        "empty: >\n \n  \n   \n # comment\n",
        "{ ?foo: bar }\n",
        "[?x]\n",
        "foo: |\n  x\n   ",
        "key: &an:chor value\n",
    ],
)
def test_what_yaml_1_2_has_not_or_reads_otherwise_is_refused(text: str) -> None:
    assert {fault.code for fault in read_yaml(text.encode()).faults} == {"YML001"}
    if text[0].isalpha():
        assert not ChunkReader().read(f"things:\n  - a: 1\n{text}".encode()).readable


@pytest.mark.parametrize(
    "text",
    [
        "a: [\n  b,\n]\n",
        "a: {b: c, # d\n  e: f}\n",
        "a: b?c\n",
        "a: [b?c, -d]\n",
        '# say "x"#y\na: 1\n',
        "a: 'it''s' # \"q\"#\n",
        'a: |\n  x\n  %y\n  "z"#\n',
        "a: x,#y\n",
        "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n",
        "a: &b c\nd: *b\n",
        "a: R&D:x\n",
        "a:\n  - b\tc\n",
    ],
)
def test_what_looks_like_it_is_read(text: str) -> None:
    assert read_yaml(text.encode()).faults == ()
