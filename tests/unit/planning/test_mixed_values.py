"""The value of a pair may be a mapping before a change and something else after it, and the other way."""

from __future__ import annotations

from itertools import permutations

import pytest

from registry_reconciler.formats.table import FORMATS
from registry_reconciler.model.entry import Json
from tests.support import applied, kind_file, planning_of, with_fragment

TEXTS = {
    "yaml": "a:\n  r: 1\nb: t\n",
    "json": '{\n  "a": {"r": 1},\n  "b": "t"\n}\n',
    "toml": 'b = "t"\n\n[a]\nr = 1\n',
}
VALUES: list[Json] = [{"r": 1}, "t", ["x"], {"value": "t"}]


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize(("old", "new"), list(permutations(range(len(VALUES)), 2)))
def test_a_value_of_another_type(form: str, old: int, new: int) -> None:
    files = {
        **kind_file("ext", f"layout: pairs, file: e.{form}, key: name"),
        f"e.{form}": TEXTS[form].encode(),
    }
    other: Json = {"name": "b", "value": "t"}
    for number in (0, old, new):
        files = with_fragment(files, {"ext": [{"name": "a", "value": VALUES[number]}, other]})
        planning = planning_of(files)
        assert not planning.plan.blocking
        files = {path: data for path, data in applied(files).items() if data is not None}
        assert FORMATS[form].read(files[f"e.{form}"] or b"").documents == ({"a": VALUES[number], "b": "t"},)
    assert planning_of(files).plan.empty
