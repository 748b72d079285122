"""Places in JSON that cannot be read: whoever asks gets one."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.table import FORMATS


@pytest.mark.parametrize("name", ["json", "jsonc"])
@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "nothing"])
def test_a_text_with_a_word_that_is_no_value_has_places(name: str, word: str) -> None:
    text = f'{{"items": [{{"id": {word}}}]}}'.encode()

    assert FORMATS[name].locate(text, [(0, ("items", 0, "id"), False)]) == [(1, 1)]
