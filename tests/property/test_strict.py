"""Law: whether YAML is refused does not depend on what else stands in its file."""

from __future__ import annotations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from registry_reconciler.formats.yaml.read.document import read_yaml

WORDS = (
    *(
        "a",
        "b: ",
        "- ",
        "? ",
        "-",
        ":",
        "x: |\n",
        'x: "o',
        "- a: ",
        "k:\n  ",
        "&a ",
        "*a",
        "&a:",
        ", ",
        "-]",
        " -,",
    ),
    *(
        "\n",
        "\n  ",
        "\n    ",
        "\n\n",
        "\n   \n",
        "\r\n",
        "\t",
        " ",
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
        ",",
        "|",
        "|+",
        ">",
    ),
    *("# c", "#", " #", "]#", '"#', '" "#', "%"),
)
BESIDE = "\n---\n? x\n"
"""A document that is nothing but rare."""


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map("".join))
@example('k:\n    - d: "o\n  - a: b"')
@example('a: " "#c')
@example("a: [b: -]")
@example("x: |\r\n\r\n# c")
@example("x: |\n\n     \n  a")
def test_a_text_is_refused_or_not_whatever_stands_beside_it(text: str) -> None:
    assume(not text.endswith(" "))  # a last line of blanks is one only at the end
    assert read_yaml((text + BESIDE).encode()).readable == read_yaml(text.encode()).readable
