"""The corpus again, and random changes of it."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.grow import changed
from tests.fuzz.target import corpus, try_text

TEXTS = [path.read_bytes() for path in corpus()]


def test_the_corpus_is_there() -> None:
    assert len(TEXTS) > 50


def test_every_kept_text_keeps_the_laws() -> None:
    broken = {path.name: try_text(path.read_bytes(), seed) for path in corpus() for seed in range(3)}
    assert {name: said for name, said in broken.items() if said} == {}


@settings(max_examples=400)
@given(st.integers(0, 2**64), st.integers(0, 2**32))
def test_texts_like_kept_ones_keep_the_laws(how: int, seed: int) -> None:
    choice = random.Random(how)
    data = changed(choice.choice(TEXTS), TEXTS, choice)
    assert try_text(data, seed) == "", data


@settings(max_examples=200)
@given(st.binary(max_size=200), st.integers(0, 2**32))
def test_any_bytes_keep_the_laws(data: bytes, seed: int) -> None:
    assert try_text(data, seed) == "", data
