"""What judging and wording may cost, of all the values of one run together."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from registry_reconciler.model.entry import Json


class Purse(Struct):
    """What all values that are judged in one run may cost together, and what was told of those that cost much.

    What every value may have by itself is not taken from it.

    Attributes:
        estimated: so many ways may values take by what their schema allows at most; then they are counted.
        ways: so many may they take as counted.
        places: so many pairs of a schema and a part may be looked at to count.
        copied: so many parts may errors copy.
        hints: so many unknown fields are held against those that are known, to tell what was meant.
        written_out: what is wrong with values that cost something, by their identity; with the value, so that it stays.
    """

    estimated: int = 40_000_000
    ways: int = 20_000_000
    places: int = 1_000_000
    copied: int = 10_000_000
    hints: int = 2_000
    written_out: dict[int, tuple[Json, list[Any]]] = field(default_factory=dict)
