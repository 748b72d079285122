"""Splicing a few items of a long array of tables gives what splicing the whole text gives."""

from __future__ import annotations

import random
import tomllib

import pytest

from registry_reconciler.formats.edits import Edit, Insert, Remove, Update
from registry_reconciler.formats.toml.edit import window
from registry_reconciler.formats.toml.edit.splice import splice

SIZE = 60


@pytest.fixture(autouse=True)
def _short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "LEAST", 10)
    monkeypatch.setattr(window, "HEAD", 8)


def text_of(rng: random.Random, *, keyed: bool = False) -> str:
    """An array of tables with comments and habits, or a table of them."""
    equals, gap = rng.choice([(" = ", "\n"), ("=", ""), (" = ", "\n\n")])
    newline = rng.choice(["\n", "\n", "\r\n"])
    parts = [rng.choice(["", "# head\n\n", 'title = "x"\n\n', "[tool]\na = 1\n\n"])]
    parts += rng.choice([[], ["[items]\n\n"], ['[items]\nz = { id = "1" }\n\n']]) if keyed else []
    for number in range(SIZE):
        above = rng.choice(["", "", "", "# about it\n"])
        behind = rng.choice(["", "", "  # behind"])
        header = f"[items.k-{number}]" if keyed else "[[items]]"
        parts.append(f'{above}{header}{behind}\nid{equals}"k{number}"\nnote{equals}"n {number}"  # why\n')
        parts.append(gap if number < SIZE - 1 else rng.choice(["", "\n"]))
    text = "".join(parts)
    return (text if rng.random() < 0.8 else text.rstrip("\n")).replace("\n", newline)


def in_braces(rng: random.Random) -> str:
    """A table of tables in braces."""
    equals, pad = rng.choice([(" = ", " "), ("=", ""), (" = ", "")])
    newline = rng.choice(["", "", "\n"])
    parts = [rng.choice(["", "# head\n\n", 'title = "x"\n\n', "[tool]\na = 1\n\n"]), "[items]\n"]
    for number in range(SIZE):
        note = rng.choice(["n", "[items]", "#", "}", "a b"])
        parts.append(f'k-{number}{equals}{{{pad}id{equals}"k{number}", note{equals}"{note}"{pad}}}\n')
    parts.append(newline + rng.choice(["", "", "[items.z]\nid = 1\n", "[other]\nid = 1\n"]))
    return "".join(parts)


def edits_of(rng: random.Random, *, keyed: bool = False) -> list[Edit]:
    """A few edits, each of another item."""
    edits: list[Edit] = []
    for number in rng.sample(range(SIZE), rng.randint(1, 3)):
        value = {"id": f"new{number}", "note": "m"}
        step = f"k-{number}" if keyed else number
        new = Insert(0, ("items",), value, index=rng.choice([number, None]))
        choices: list[Edit] = [
            Update(0, ("items", step), value),
            Update(0, ("items", step, "note"), "other"),
            Insert(0, ("items",), value, key=f"new{number}") if keyed else new,
            Remove(0, ("items", step)),
            Insert(0, ("items", step), 1, key="more"),
            Remove(0, ("items", step, "note")),
        ]
        edits.append(rng.choice(choices))
    return edits


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_a_window_gives_what_the_whole_gives(seed: int, keyed: bool) -> None:
    rng = random.Random(seed)
    data, edits = text_of(rng, keyed=keyed).encode(), edits_of(rng, keyed=keyed)
    assert window._opened(data, "items", edits) is not None
    assert window.splice_items(data, edits) == splice(data, edits)


@pytest.mark.parametrize("seed", range(60))
def test_a_window_around_tables_in_braces_gives_what_the_whole_gives(seed: int) -> None:
    rng = random.Random(seed)
    data, edits = in_braces(rng).encode(), edits_of(rng, keyed=True)
    assert window._opened_in_braces(data, "items", edits) is not None
    assert window.splice_items(data, edits) == splice(data, edits)


@pytest.mark.parametrize(
    "more",
    [
        "z = { a = [ 1, # }\n[2] ] }\n",
        "z = { a = [\n{b = 1}\n] }\n",
        'z = { a = """\nk = { }\n""" }\n',
        "z = { a = 1 } # about it\n",
        "z = { a = '\"' }\n",
        'z = { a = "\\"}" }\n',
        "z = 1\n",
        "# above\nz = { a = 1 }\n",
        "z.y = { a = 1 }\n",
        " z = { a = 1 }\n",
    ],
)
def test_where_braces_might_be_open_the_whole_is_spliced(more: str) -> None:
    lines = [f'k{number} = {{ id = "k{number}" }}\n' for number in range(SIZE)]
    text = "".join(("[items]\n", *lines[:20], more, *lines[20:]))
    tomllib.loads(text)
    edits: list[Edit] = [Update(0, ("items", "k30", "id"), "other")]
    assert window._opened(text.encode(), "items", edits) is None
    assert tomllib.loads(window.splice_items(text.encode(), edits).decode())["items"]["k30"]["id"] == "other"


@pytest.mark.parametrize(
    "more",
    [
        "[items.k1.sub]\nx = 1\n",
        '[items]\nz = { id = "1" }\n',
        'text = """\n[items.k]\n"""\n',
        '[items."z z"]\nid = "z"\n',
        "[ items.z ]\nid = 1\n",
        "  [items.z]\nid = 1\n",
        "[[items.z]]\nid = 1\n",
        "[other.z]\nid = 1\n",
    ],
)
def test_where_a_table_might_be_cut_in_two_the_whole_is_spliced(more: str) -> None:
    text = "".join(f'[items.k{number}]\nid = "k{number}"\n' for number in range(SIZE)) + more
    tomllib.loads(text)
    edits: list[Edit] = [Update(0, ("items", "k30", "id"), "other")]
    assert window._opened(text.encode(), "items", edits) is None
    assert tomllib.loads(window.splice_items(text.encode(), edits).decode())["items"]["k30"]["id"] == "other"


@pytest.mark.parametrize(
    "more",
    [
        "[items.sub]\nx = 1\n",
        'text = """\n[[items]]\n"""\n',
        "list = [\n[1],\n]\n",
        '[[ items ]]\nid = "z"\n',
        '  [[items]]\nid = "z"\n',
        '[[other]]\nid = "z"\n',
    ],
)
def test_where_an_item_might_be_cut_in_two_the_whole_is_spliced(more: str) -> None:
    text = "".join(f'[[items]]\nid = "k{number}"\n' for number in range(SIZE)) + more
    tomllib.loads(text)
    edits: list[Edit] = [Update(0, ("items", 30, "id"), "other")]
    assert window._opened(text.encode(), "items", edits) is None
    assert tomllib.loads(window.splice_items(text.encode(), edits).decode())["items"][30]["id"] == "other"
