"""JSON whose commas stand in front: what comes and goes does so with the comma before it, and no other line changes."""

from __future__ import annotations

import itertools
import json

import pytest

from registry_reconciler.formats.base import TextFormat
from registry_reconciler.formats.edits import Edit, Insert, Remove, RenameKey, Update
from registry_reconciler.formats.json.row import JSON, JSONC
from registry_reconciler.formats.project import projected

ROWS = {
    "a": '{\n    "id": "a"\n  , "tags": [\n      "u"\n    , "v"\n    ]\n  }',
    "b": '{\n    "id": "b"\n  , "tags": []\n  }',
    "c": '{\n    "id": "c"\n  , "n": {\n      "x": 1\n    , "y": 2\n    }\n  }',
    "n": '{\n    "id": "n"\n  , "tags": [\n      "p"\n    , "q"\n    ]\n  }',
}
VALUES = {key: json.loads(text) for key, text in ROWS.items()}


def text_of(keys: str) -> bytes:
    """A file with these entries."""
    return ("[\n  " + "\n, ".join(ROWS[key] for key in keys) + "\n]\n").encode() if keys else b"[]\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_entries_come_and_go_with_the_comma_before_them(newline: str) -> None:
    for size in range(1, 4):
        for gone in itertools.combinations("abc", size):
            kept = "".join(key for key in "abc" if key not in gone)
            removals: list[Edit] = [Remove(0, ("abc".index(key),)) for key in gone]
            data = text_of("abc").replace(b"\n", newline.encode())
            if kept:
                assert JSON.splice(data, removals) == text_of(kept).replace(b"\n", newline.encode())
            for place in range(4):
                with_new = "".join(key for key in "abc"[:place] if key in kept) + "n"
                with_new += "".join(key for key in "abc"[place:] if key in kept)
                edits = [*removals, Insert(0, (), VALUES["n"], index=place)]
                assert JSON.splice(data, edits) == text_of(with_new).replace(b"\n", newline.encode())


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (
            Insert(0, (0,), 1, key="k"),
            '    ]\n  }\n, {\n    "id": "b"',
            '    ]\n  , "k": 1\n  }\n, {\n    "id": "b"',
        ),
        (
            Insert(0, (0,), 1, key="k", before="tags"),
            '  , "tags": [\n      "u"',
            '  , "k": 1\n  , "tags": [\n      "u"',
        ),
        (Insert(0, (0,), 1, key="k", before="id"), '    "id": "a"', '    "k": 1\n  , "id": "a"'),
        (Insert(0, (0, "tags"), "w"), '    , "v"\n', '    , "v"\n    , "w"\n'),
        (Insert(0, (1, "tags"), "w"), '"tags": []', '"tags": [\n      "w"\n    ]'),
        (Remove(0, (0, "tags", 0)), '      "u"\n    , "v"\n', '      "v"\n'),
        (Remove(0, (2, "n", "y")), '\n    , "y": 2', ""),
        (RenameKey(0, (2, "n"), "m"), '"n": {', '"m": {'),
        (Update(0, (2, "n"), {"x": 1, "z": [3]}), ', "y": 2', ', "z": [\n        3\n      ]'),
    ],
)
@pytest.mark.parametrize("form", [JSON, JSONC])
def test_fields_and_items_do_too(form: TextFormat, edit: Edit, old: str, new: str) -> None:
    text = text_of("abc").decode()
    assert text.count(old) == 1
    made = form.splice(text.encode(), [edit])
    assert made.decode() == text.replace(old, new)
    assert [json.loads(made)] == projected([json.loads(text)], [edit])


def test_comments_between_parts_stay_and_what_is_written_reads_back() -> None:
    text = text_of("ab").replace(b'  , "tags": []', b'  // why\n  , "tags": []')
    made = JSONC.splice(text, [Insert(0, (1,), 1, key="k"), Remove(0, (0, "tags"))])
    (document,) = JSONC.read(made).documents
    assert document == [{"id": "a"}, {"id": "b", "tags": [], "k": 1}]
    assert b"// why" in made
