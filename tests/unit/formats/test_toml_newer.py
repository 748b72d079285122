"""What only TOML 1.1 has is refused by that name, with the way to write it for every reader."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.table import FORMATS

BRACES = ["a = {\n  x = 1,\n  y = 2\n}\n", "a = {x = 1,}\n", "a = {x = 1 # why\n}\n", "a = [{\n  x = 1 }]\n"]
TIMES = [
    "t = 07:32\n",
    "l = [07:32, 08:00]\n",
    "d = 1979-05-27T07:32Z\n",
    "d = 1979-05-27 07:32\n",
    "x = {t = 07:32}\n",
]
ESCAPES = ['s = "\\e[0m"\n', 's = "a\\x41b"\n', 's = """\na\\x41"""\n']


@pytest.mark.parametrize("text", [*BRACES, *TIMES, *ESCAPES])
def test_what_came_with_1_1_is_named(text: str) -> None:
    (fault,) = FORMATS["toml"].read(text.encode()).faults
    assert (fault.code, "came with TOML 1.1" in fault.message, bool(fault.fix)) == ("TML001", True, True)


@pytest.mark.parametrize(
    "text", ["a = {,}\n", "a = 1 2\n", 's = "\\q"\n', 's = "\\xZZ"\n', "a = 07\n", "a = {= 1}\n"]
)
def test_what_no_version_has_is_not(text: str) -> None:
    (fault,) = FORMATS["toml"].read(text.encode()).faults
    assert "1.1" not in fault.message + fault.fix
