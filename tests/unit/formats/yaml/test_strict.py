"""Texts that libyaml takes and YAML 1.2 does not, or reads otherwise: refused. Their neighbours are read."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.yaml.read.document import read_yaml


@pytest.mark.parametrize(
    "text",
    [
        "a: [x, y]#c\n",
        "a: {b: 1}#c\n",
        "a: [x,#c\n  y]\n",
        "a: {b: 1,#c\n  d: 2}\n",
        'a: "x"#c\n',
        "a: 'x'#c\n",
        "'a'#c: 1\n",
        "a: >#c\n  x\n",
        "a: |-#c\n  x\n",
        "- |+\n   ",
        "a: >+\n\n  ",
        "a: |\n  x\n   ",
    ],
)
def test_it_is_refused_with_its_line(text: str) -> None:
    read = read_yaml(text.encode())
    assert not read.readable
    assert {fault.code for fault in read.faults} == {"YML001"}
    crlf = read_yaml(text.replace("\n", "\r\n").encode())
    assert not crlf.readable


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: [x, y] #c\n", {"a": ["x", "y"]}),
        ("a: [x, #c\n  y]\n", {"a": ["x", "y"]}),
        ("a: x]#c\n", {"a": "x]#c"}),
        ("a: x,#c\nb: [1]\n", {"a": "x,#c", "b": [1]}),
        ("a: \"#fff\"\nb: '#x'\n", {"a": "#fff", "b": "#x"}),
        ("a: [\"#fff\", '#x']\n", {"a": ["#fff", "#x"]}),
        ('a: |\n  x"#c\n  [y]#d\n', {"a": 'x"#c\n[y]#d\n'}),
        ('a: "b]#c,#d"\n', {"a": "b]#c,#d"}),
        ('a: 1 # say "x"#c\n', {"a": 1}),
        ("- |+\n   \n", ["\n"]),
    ],
)
def test_what_only_looks_like_it_is_read(text: str, value: object) -> None:
    read = read_yaml(text.encode())
    assert read.readable
    assert list(read.documents) == [value]
