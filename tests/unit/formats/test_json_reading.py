"""How a JSON text is read: what it takes, and what is said of its lines."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from registry_reconciler.formats.json.read import read_json


@pytest.mark.parametrize("letters", ["é", "名", "\U0001f600"])
def test_a_wide_letter_does_not_widen_a_file_of_long_texts(letters: str) -> None:
    texts = ["x" * 20_000] * 50 + [letters * 4_000]
    data = json.dumps(texts, ensure_ascii=False).encode()
    tracemalloc.start()
    try:
        (found,) = read_json(data).documents
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == texts
    assert most < 1.5 * len(data)


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("[1,\r\n2,\r\n3]", False),
        ("[1,\n2]", False),
        ("[1,\r2,\n3]", False),
        ("[1,\r\n2,\n3]", True),
        ("[1,\r\n2,\r3,\n4]", True),
        ("[1,\n2,\r3,\r\n4]", True),
    ],
)
def test_lines_that_end_in_two_ways_are_said(text: str, mixed: bool) -> None:
    file = read_json(text.encode())
    assert [fault.code for fault in file.faults] == ["YML009"] * mixed
    assert file.documents == (json.loads(text),)
