"""A few combinations of the matrix, so that it stays sound; all of them by ``python -m tests.merge.matrix``."""

from __future__ import annotations

import pytest

from tests.merge.matrix import attempt, combinations
from tests.merge.shapes import SHAPES

SAMPLE = (
    ("map toml", "kept_there by squash"),
    ("files json", "adoption_reverted_there by stash"),
    ("list jsonc", "two_fields by cherry_pick"),
    ("nested list", "swapped_there by rebase"),
    ("map json", "advice"),
)


@pytest.mark.parametrize(("shape", "case"), SAMPLE)
def test_a_combination_holds(shape: str, case: str) -> None:
    ((kept_as, _, run),) = (
        found for found in combinations(shape, case) if (found[0].name, found[1]) == (shape, case)
    )
    assert attempt(kept_as, run, kept_as.registry()) == ""


def test_every_shape_begins_with_all_entries() -> None:
    for shape in SHAPES:
        texts = "".join(shape.registry().values())
        assert all(f"This is {key}." in texts or f'"{key}"' in texts for key in "agmsz"), shape.name
