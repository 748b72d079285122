"""Where one part goes and another comes, each still has its blank line, and no part has two."""

from __future__ import annotations

from itertools import product

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove
from registry_reconciler.formats.table import FORMATS

TABLES = "# head\n\n[a]\nx = 1\n\n[b]\nx = 2\n\n[c]\nx = 3\n"
ARRAY = "# head\n\n[[i]]\nx = 1\n\n[[i]]\nx = 2\n\n[[i]]\nx = 3\n"
MAP = "# head\n\na:\n  x: 1\n\nb:\n  x: 2\n\nc:\n  x: 3\n"
LIST = "# head\n\ni:\n- x: 1\n\n- x: 2\n\n- x: 3\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("form", "text", "gone", "before"),
    [
        *(("toml", TABLES, one, other) for one, other in product("abc", ["a", "b", "c", None])),
        *(("toml", ARRAY, one, other) for one, other in product(range(3), [0, 1, 2, None])),
        *(("yaml", MAP, one, other) for one, other in product("abc", ["a", "b", "c", None])),
        *(("yaml", LIST, one, other) for one, other in product(range(3), [0, 1, 2, None])),
    ],
)
def test_one_goes_and_another_comes(
    form: str, text: str, gone: str | int, before: str | int | None, line_end: str
) -> None:
    edits: list[Edit]
    if isinstance(gone, str):
        assert not isinstance(before, int)
        edits = [Remove(0, (gone,)), Insert(0, (), {"x": 5}, key="z", before=before)]
    else:
        assert not isinstance(before, str)
        edits = [Remove(0, ("i", gone)), Insert(0, ("i",), {"x": 5}, index=before)]
    made = FORMATS[form].splice(text.replace("\n", line_end).encode(), edits).decode()
    assert made.count(line_end) == made.count("\n")
    parts = made.replace("\r\n", "\n").split("\n\n")
    assert parts[0] == "# head", made
    assert len(parts) == 4, made
