"""A key that is there is given to no other part, also where that lies in what a window leaves out."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, RenameKey, SpliceError
from registry_reconciler.formats.table import FORMATS

TEXTS = {
    "toml": "".join(f'[items.k-{number}]\nname = "n {number}"\n\n' for number in range(400)),
    "yaml": "items:\n" + "".join(f"  k-{number}:\n    name: n {number}\n" for number in range(400)),
}


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize(
    "edit",
    [Insert(0, ("items",), {"name": "x"}, key="k-200"), RenameKey(0, ("items", "k-300"), "k-200")],
    ids=["one more", "another name"],
)
def test_a_key_that_is_there_is_not_given_again(form: str, edit: Edit) -> None:
    with pytest.raises(SpliceError, match="k-200"):
        FORMATS[form].splice(TEXTS[form].encode(), [edit])


SHORT = {
    "toml": "[items]\na = 1\nb = 2\n",
    "yaml": "items:\n  a: 1\n  b: 2\n",
    "json": '{"items": {"a": 1, "b": 2}}\n',
    "jsonc": '{"items": {"a": 1, /* b */ "b": 2}}\n',
}
A_IS_B: list[Edit] = [RenameKey(0, ("items", "a"), "b")]


@pytest.mark.parametrize("form", SHORT)
def test_another_name_is_one_that_nothing_has(form: str) -> None:
    text = SHORT[form].encode()
    with pytest.raises(SpliceError, match="'b' already"):
        FORMATS[form].splice(text, A_IS_B)
    swapped = FORMATS[form].splice(text, [*A_IS_B, RenameKey(0, ("items", "b"), "a")])
    assert FORMATS[form].read(swapped).documents == ({"items": {"b": 1, "a": 2}},)
    if form != "toml":
        freed = FORMATS[form].splice(text, [*A_IS_B, Remove(0, ("items", "b"))])
        assert FORMATS[form].read(freed).documents == ({"items": {"b": 1}},)


@pytest.mark.parametrize("form", SHORT)
def test_two_new_parts_have_two_keys(form: str) -> None:
    new = [Insert(0, ("items",), value, key="c") for value in (1, 2)]
    with pytest.raises(SpliceError):
        FORMATS[form].splice(SHORT[form].encode(), new)
