"""A quote that is left open in front matter read key by key is not closed by what comes below it."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.edits import Remove, SpliceError, Update
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


def test_of_many_keys_none_is_taken_for_another_one() -> None:
    rows = [f'k{number}: *.ts "\n' for number in range(12)]
    rows[1] += "  below: [\n"
    with pytest.raises(SpliceError, match="the lines below 'k1' are no YAML"):
        LENIENT.splice(f"---\n{''.join(rows)}---\n".encode(), [Remove(0, ("k1",))])
