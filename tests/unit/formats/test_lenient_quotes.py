"""A quote that is left open in front matter read key by key is not closed by what comes below it."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Update
from registry_reconciler.formats.frontmatter.row import FrontMatter
from registry_reconciler.model.entry import Json

LENIENT = FrontMatter(lenient=True)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_quote_left_open_says_what_it_said(newline: str) -> None:
    data = '---\ntags: "open\nglobs: *.ts\n---\nbody\n'.replace("\n", newline).encode()
    wanted: dict[str, Json] = {"tags": '"open', "globs": "# all"}
    made = LENIENT.splice(data, [Update(0, ("globs",), "# all")])
    assert list(LENIENT.read(made).documents) == [wanted]
    alone = LENIENT.splice(data, [Update(0, ("globs",), "*.md")])
    assert alone == data.replace(b"*.ts", b"*.md")
