"""What is too large in TOML is said where it stands."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.faults import ReadingLimits
from registry_reconciler.formats.toml.read.document import read_toml

LARGE = {
    "hexadecimal": f"0x{'f' * 5000}",
    "octal": f"0o{'7' * 2000}",
    "binary": f"0b{'1' * 2000}",
    "decimal": "9" * 401,
    "too long to be made": "9" * 5000,
    "text": f"'{'x' * 200}'",
}


@pytest.mark.parametrize("written", LARGE.values(), ids=LARGE)
def test_a_scalar_that_is_too_large_is_said_at_its_place(written: str) -> None:
    text = f"a = 1\n# x\n[t]\nb = [1, {{c = {written}}}]\n"

    (fault,) = read_toml(text.encode(), ReadingLimits(max_scalar=100)).faults

    assert (fault.code, fault.line, fault.column) == ("TML003", 4, 14)


TABLE = f"[{'.'.join('t' * 150)}]\n"
DEEP = {
    "lists": (f"a = {'[' * 250}{']' * 250}", 204),
    "lists without end": (f"a = {'[' * 5000}{']' * 5000}", 204),
    "mappings": (f"a = {'{a = ' * 250}1{'}' * 250}", 1004),
    "a table and names": (f"{TABLE}{'.'.join('b' * 100)} = 1", 98),
    "a table and lists": (f"{TABLE}b = {'[' * 100}{']' * 100}", 53),
}


@pytest.mark.parametrize(("written", "offset"), DEEP.values(), ids=DEEP)
def test_what_is_too_deep_is_said_at_its_place(written: str, offset: int) -> None:
    (fault,) = read_toml(f"x = 1\n# x\n{written}\n".encode()).faults

    assert (fault.code, fault.line, fault.column) == ("TML003", 3 + written.count("\n"), offset + 1)


MANY = {
    "an array of tables": ("[[k.items]]\na = 1\n" * 30, 3),
    "tables": ("".join(f"  [k.t{number}]\n  a = 1\n" for number in range(30)), 4),
    "a list": (f'"k" = [{"1, " * 60}]\n', 1),
    "pairs with dots": ("".join(f"k . p{number} = 1\n" for number in range(60)), 1),
    "quoted parts": (f"['k'.x]\nv = [{'1, ' * 60}]\n", 2),
}


@pytest.mark.parametrize(("written", "column"), MANY.values(), ids=MANY)
def test_too_many_values_are_said_where_most_of_them_begin(written: str, column: int) -> None:
    text = f"a = [1, 2]\nkk = 1\n{written}" if written[0] not in "[ " else f"a = [1, 2]\nkk = 1\n\n{written}"

    (fault,) = read_toml(text.encode(), ReadingLimits(max_nodes=50)).faults

    place = text[: text.index(written)].count("\n") + 1
    assert (fault.code, fault.line, fault.column) == ("TML003", place, column)
    assert fault.message == "more than 50 values, most of them in 'k'"
