"""The canonical form of fragments."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_reconciler.editing.fmt import NotFormatted, format_fragment
from registry_reconciler.formats.yaml.read.document import read_yaml
from registry_reconciler.model.entry import same
from registry_reconciler.model.kind import Kind, parse_kind
from registry_reconciler.schema.packaged import builtin_schemas

KINDS: dict[str, Kind] = {
    name: parse_kind(read_yaml(data).documents[0], name)
    for name, data in builtin_schemas().items()
    if name in ("route", "hook", "module_type")
}


def formed(text: str) -> str:
    return format_fragment(text.encode(), KINDS).decode()


CASES = {
    "kinds in their order, then directives": (
        "protect: [route/a]\nhook:\n  - id: h\nx-note: 1\nroute:\n  - id: r\n",
        "route:\n  - id: r\nhook:\n  - id: h\nx-note: 1\nprotect: [route/a]\n",
    ),
    "entries by key, with their comments": (
        "route:\n  # of b\n  - id: b # here\n  - id: a\n    # inside a\n    topic: t\n",
        "route:\n  - id: a\n    # inside a\n    topic: t\n  # of b\n  - id: b # here\n",
    ),
    "one indentation": (
        "route:\n-   id: a\n    related_docs:\n    -   path: x\n        stage: plan\n",
        "route:\n  - id: a\n    related_docs:\n      - path: x\n        stage: plan\n",
    ),
    "single gaps": (
        "route:\n  -   id:    a\n      topic:  t  # c\n",
        "route:\n  - id: a\n    topic: t  # c\n",
    ),
    "no blanks at line ends and no two blank lines": (
        "\n\nroute:   \n  - id: a  \n\n\n  - id: b\n\n\n",
        "route:\n  - id: a\n\n  - id: b\n",
    ),
    "equal duplicates are one": (
        "route:\n  # first\n  - id: a\n    topic: t\n  # second\n  - {topic: t, id: a}\n",
        "route:\n  # first\n  # second\n  - id: a\n    topic: t\n",
    ),
    "other duplicates stay": (
        "route:\n  - {id: a, topic: t}\n  - {id: a, topic: u}\n",
        "route:\n  - {id: a, topic: t}\n  - {id: a, topic: u}\n",
    ),
    "block scalars keep what they say": (
        "route:\n- id: a\n  topic: |\n      x   \n        y\n\n\n      # content\n  scope: >-\n   f\n   g\n",
        "route:\n  - id: a\n    topic: |\n        x   \n          y\n\n\n        # content\n"
        "    scope: >-\n     f\n     g\n",
    ),
    "the head of the file stays at its head": (
        "# yaml-language-server: x\n# Head.\n\n# b\nhook:\n  - id: b\n# of a\nroute:\n  - id: a\n",
        "# yaml-language-server: x\n# Head.\n\n# of a\nroute:\n  - id: a\n# b\nhook:\n  - id: b\n",
    ),
    "flow stays flow": (
        "route:\n    - {id: b,\n       topic: t}\n    - [a]\n",
        "route:\n  - {id: b,\n     topic: t}\n  - [a]\n",
    ),
    "each document by itself": (
        "hook:\n- id: b\n---\nhook:\n- id: c\n- id: a\n",
        "hook:\n  - id: b\n---\nhook:\n  - id: a\n  - id: c\n",
    ),
    "aliases keep the order": (
        "route:\n- id: b\n  topic: &t x\n- id: a\n  topic: *t\n",
        "route:\n  - id: b\n    topic: &t x\n  - id: a\n    topic: *t\n",
    ),
    "line ends stay": ("hook:\r\n- id: b\r\n- id: a\r\n", "hook:\r\n  - id: a\r\n  - id: b\r\n"),
    "nothing to say": ("# only this\n", "# only this\n"),
    "empty": ("", ""),
    "a last line end is added": ("route:\n  - id: a", "route:\n  - id: a\n"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_form(name: str) -> None:
    before, after = CASES[name]
    assert formed(before) == after
    assert formed(after) == after


def test_what_cannot_be_read_is_left_alone() -> None:
    with pytest.raises(NotFormatted, match="line 3"):
        formed("route:\n  - [\n")


# ---------------------------------------------------------------- laws

VALUES = [
    "plain",
    "'single'",
    '"double  "',
    "[a,  b]",
    "{k: v}",
    "|\n{pad}  x\n{pad}    y\n",
    ">-\n{pad}  folded\n{pad}  text",
]


def fragment(rng: random.Random) -> str:
    """A fragment as people write it: any indentation, comments everywhere, kinds and entries in any order."""
    parts = []
    names = rng.sample(["route", "hook", "module_type", "protect", "x-own"], rng.randint(1, 5))
    for name in names:
        parts += ["# above\n"] * rng.randint(0, 1) + ["\n"] * rng.randint(0, 2)
        if name in ("protect", "x-own"):
            parts.append(f"{name}:  [route/a,\n   hook/b]  # flow\n")
            continue
        indent, dash = " " * rng.choice([0, 2, 4]), " " * rng.randint(1, 3)
        parts.append(f"{name}:\n")
        for key in rng.sample("abcdefg", rng.randint(1, 4)):
            pad = indent + " " + dash
            parts += [f"{indent}# about {key}\n"] * rng.randint(0, 2) + ["\n"] * rng.randint(0, 2)
            parts.append(f"{indent}-{dash}id: {key}{' # beside' if rng.random() < 0.3 else ''}\n")
            for field in rng.sample(["topic", "scope", "x-y"], rng.randint(0, 3)):
                value = rng.choice(VALUES).replace("{pad}", pad).rstrip("\n")
                parts += [f"{pad}# in {key}\n"] * (rng.random() < 0.3)
                parts.append(f"{pad}{field}: {value}\n")
            parts += [f"{pad}  # deeper\n"] * (rng.random() < 0.2)
    return "".join(parts) + rng.choice(["", "# end\n", "\n\n"])


def content(text: str) -> dict[str, object]:
    (document,) = read_yaml(text.encode()).documents
    return {
        name: sorted(value, key=lambda one: str(one.get("id"))) if name in KINDS else value
        for name, value in document.items()
    }


seeds = st.integers(0, 10**6).map(random.Random)


@given(seeds)
def test_formatting_says_the_same(rng: random.Random) -> None:
    text = fragment(rng)
    assert same(content(formed(text)), content(text))


@given(seeds)
def test_formatting_twice_is_formatting_once(rng: random.Random) -> None:
    once = formed(fragment(rng))
    assert formed(once) == once


@given(seeds)
def test_no_comment_is_lost(rng: random.Random) -> None:
    text = fragment(rng)
    assert sorted(
        formed(text).count(mark) for mark in ("# about", "# in", "# deeper", "# beside", "# end")
    ) == sorted(text.count(mark) for mark in ("# about", "# in", "# deeper", "# beside", "# end"))


@given(seeds)
def test_the_comments_above_an_entry_stay_above_it(rng: random.Random) -> None:
    rows = formed(fragment(rng)).splitlines()
    for number, row in enumerate(rows):
        if row.strip().startswith("# about"):
            below = next(one for one in rows[number:] if one.strip() and not one.strip().startswith("#"))
            assert below.strip().startswith(f"- id: {row.split()[-1]}")
