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
)
PLAIN = 'v = 1\n\n[[a]]\nx = "1"\nx-y = "ä"\n\n[[a]]\n1 = ""\n'
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


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_is_what_the_parser_reads(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        if rng.random() < 0.3:
            text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(7)))
        else:
            alike = "".join(f'[[a]]\nx = "{n}"\ny-1 = "[[a]]"\n' + "\n" * rng.randrange(3) for n in range(3))
            keyed = "".join(f'[a.k{n}]\nx = "{n}"\ny = "[a.k]"\n' + "\n" * rng.randrange(3) for n in range(3))
            plain = rng.choice((PLAIN, alike, alike, keyed, KEYED))
            at = rng.randrange(len(plain))
            text = plain[:at] + rng.choice(("", *PIECES)) + plain[at + rng.randrange(3) :]
        found = simple(text)
        if found is not None:
            assert found == tomllib.loads(text), text
