"""What is read without the parser is what the parser reads."""

from __future__ import annotations

import random
import tomllib

import pytest

from registry_reconciler.formats.toml.read.simple import simple

PIECES = (
    *(
        "[[a]]\n",
        "[[a]]\n",
        "[[b]]\n",
        "[a]\n",
        "[a.k]\n",
        "[a.1]\n",
        "[a.k.l]\n",
        '[a."k"]\n',
        "[b.k]\n",
        "[[a.b]]\n",
        "[[ a ]]\n",
        "[[a]] # c\n",
        "# c\n",
        "\n",
        "\r\n",
    ),
    *(
        'x = "1"\n',
        'y = "t [[a]] # no"\n',
        'x-y = "ä"\n',
        'x="1"\n',
        'x.y = "1"\n',
        "x = 1\n",
        "x = '1'\n",
        'z = "\\n"\n',
    ),
    *(
        'a = "1"\n',
        'x = "1" # c\n',
        ' x = "1"\n',
        'x = """1"""\n',
        "d = 2020-01-01\n",
        'x = "1"',
        "junk\n",
        '1 = "1"\n',
    ),
    *(
        'k = { x = "1" }\n',
        'l = { x = "1", y = "2" }\n',
        'm = { x = "1", x = "2" }\n',
        'k = { x = "1" } # c\n',
        "k = { }\n",
        "k = {}\n",
        'k = { x = "1", }\n',
        'k = { x = "1",\ny = "2" }\n',
        'k.l = { x = "1" }\n',
        "k = { x = 1 }\n",
    ),
)
PLAIN = 'v = 1\n\n[[a]]\nx = "1"\nx-y = "ä"\n\n[[a]]\n1 = ""\n'
BRACES = 'v = 1\n\n[a]\n1 = { x = "1", y = "[a.k]" }\nb = { x = "}, #", y = "2" }\n'
KEYED = 'v = 1\n\n[a]\n\n[a.k]\nx = "1"\ny = "[a.k]"\n\n[a.2]\nx = "2"\n'


def test_plain_texts_need_no_parser() -> None:
    assert simple(PLAIN) == tomllib.loads(PLAIN) == {"v": 1, "a": [{"x": "1", "x-y": "ä"}, {"1": ""}]}


def test_a_table_of_plain_tables_needs_no_parser() -> None:
    assert (
        simple(KEYED)
        == tomllib.loads(KEYED)
        == {"v": 1, "a": {"k": {"x": "1", "y": "[a.k]"}, "2": {"x": "2"}}}
    )
    alike = KEYED.replace('y = "[a.k]"\n', "")
    assert simple(alike) == tomllib.loads(alike) == {"v": 1, "a": {"k": {"x": "1"}, "2": {"x": "2"}}}
    assert simple(alike.replace("a.2", "a.k")) is None


def test_tables_in_braces_need_no_parser() -> None:
    inside = {"1": {"x": "1", "y": "[a.k]"}, "b": {"x": "}, #", "y": "2"}}
    assert simple(BRACES) == tomllib.loads(BRACES) == {"v": 1, "a": inside}
    mixed = f'{BRACES}c = {{ z = "3" }}\n\n[a.k]\nx = "1"\n'
    assert (
        simple(mixed) == tomllib.loads(mixed) == {"v": 1, "a": {**inside, "c": {"z": "3"}, "k": {"x": "1"}}}
    )
    for odd in ("b", "1"):
        assert simple(f'{BRACES}{odd} = {{ x = "1", y = "" }}\n') is None
        assert simple(f'{BRACES}[a.{odd}]\nx = "1"\n') is None


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_is_what_the_parser_reads(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        if rng.random() < 0.3:
            text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(7)))
        else:
            alike = "".join(f'[[a]]\nx = "{n}"\ny-1 = "[[a]]"\n' + "\n" * rng.randrange(3) for n in range(3))
            keyed = "".join(f'[a.k{n}]\nx = "{n}"\ny = "[a.k]"\n' + "\n" * rng.randrange(3) for n in range(3))
            braces = "[a]\n" + "".join(f'b{n} = {{ x = "{n}", y = "}}" }}\n' for n in range(3))
            plain = rng.choice(
                (PLAIN, alike, alike, keyed, KEYED, BRACES, braces, braces + keyed[4:], braces + keyed)
            )
            at = rng.randrange(len(plain))
            text = plain[:at] + rng.choice(("", *PIECES)) + plain[at + rng.randrange(3) :]
        found = simple(text)
        if found is not None:
            assert found == tomllib.loads(text), text


@pytest.mark.parametrize("seed", range(10))
def test_what_is_read_after_its_like_is_what_the_parser_reads(seed: int) -> None:
    rng = random.Random(seed)
    whole = rng.choice(
        (
            "".join(f'[[a]]\nx = "{n}"\n' + "\n" * (n % 2) for n in range(6)),
            KEYED + "".join(f'[a.k{n}]\nx = "{n}"\ny = "[a.k]"\n\n' for n in range(6)),
            BRACES + "".join(f'\n[a.k{n}]\nx = "{n}"\n' for n in range(6)),
        )
    )
    text = whole
    for _ in range(300):
        at = rng.randrange(len(text) + 1)
        lines = text.splitlines(keepends=True)
        piece = rng.choice(("", *PIECES, *lines, "".join(rng.sample(lines, 2))))
        text = text[:at] + piece + text[at + rng.choice((0, 0, 1, 5, 20)) :]
        found = simple(text)
        if found is None:
            text = whole
            found = simple(text)
        assert found == tomllib.loads(text), text


def test_of_a_text_after_its_like_only_what_changed_is_read() -> None:
    text = "".join(f'[a.k{n}]\nx = "{n}"\n\n' for n in range(9))
    before = simple(text)
    after = simple(text.replace('"4"', '"5"'))
    assert before is not None
    assert after is not None
    shared = [name for name in after["a"] if after["a"][name] is before["a"][name]]
    assert shared == [f"k{n}" for n in range(9) if n != 4]
