"""Blanks other than space, tab and line end are characters of a text: none is lost, no line of them counts as blank."""

from __future__ import annotations

import pytest

from registry_reconciler.formats.frontmatter.document import has_rest
from registry_reconciler.formats.table import FORMATS
from tests.support import after, plan_of

OTHERS = ("\u00a0", "\u3000", "\u2003")
EMPTY = {
    "yaml": ("list", "things: []\n", "# about a{}"),
    "jsonc": ("list", '{\n  "things": [\n  ]\n}\n', "// about a{}"),
    "toml": ("list", "things = []\n", "# about a{}"),
}


def _created(name: str, layout: str, text: str, fragment: str) -> str:
    """The registry's text with what a fragment adds."""
    files = {
        ".system/registry/schemas/thing.schema.yaml": (
            f"x-registry: {{kind: thing, layout: {layout}, file: things.{name}, at: things, key: id}}\n"
        ).encode(),
        f"things.{name}": text.encode(),
        "desired/things.yaml": fragment.encode(),
    }
    plan = plan_of(files)
    return (after(files, plan)[f"things.{name}"] or b"").decode()


@pytest.mark.parametrize("blank", OTHERS)
@pytest.mark.parametrize("name", EMPTY)
def test_a_comment_that_ends_in_another_blank_keeps_it(name: str, blank: str) -> None:
    layout, text, wanted = EMPTY[name]
    fragment = f"thing:\n  # about a{blank}\n  - id: a\n    size: 1 # behind{blank}\n"

    found = _created(name, layout, text, fragment)

    assert f"{wanted.format(blank)}\n" in found
    assert f"behind{blank}" in found


@pytest.mark.parametrize("blank", OTHERS)
def test_what_nobody_understands_keeps_its_last_blank(blank: str) -> None:
    """Of a tag that is not known, all of the text is the value."""
    document = FORMATS["yaml"].read(f"a: !other x{blank}\nb: 1\n".encode()).documents[0]

    assert document["a"]["$opaque"] == f"!other x{blank}"


@pytest.mark.parametrize("blank", OTHERS)
def test_a_body_of_another_blank_is_text_below(blank: str) -> None:
    assert has_rest(f"---\nname: a\n---\n{blank}\n".encode())
    assert not has_rest(b"---\nname: a\n---\n \t\n")
