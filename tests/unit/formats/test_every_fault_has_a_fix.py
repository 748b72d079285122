"""Whatever is wrong with a text, the fault says what to do about it."""

from __future__ import annotations

import random

import pytest

from registry_reconciler.formats.table import FORMATS

TEXTS = {
    "yaml": "%TAG ! t:\n---\na: &x [1, 'b', \"c\\n\"]\nb: *x\nc:\n  - d: |\n      t\n  - !!str h\n? k\n: v\n...\n#c\n",
    "json": '{"a": [1, -2.5e3, "b\\u00e9", true, null, {"c": []}], "d": {}}\n',
    "jsonc": '{"a": [1, -2.5e3, "b", {"c": []}, ], // x\n /* y */ "d": {},}\n',
    "toml": "# c\na = 1\nb.c = 'x'\nd = [1, 2.5]\n[e.\"f\"]\ng = 1979-05-27\n[[i]]\nj = {k = true}\n",
    "frontmatter": "---\nname: x\ndescription: 'a'\nt: [a, *b]\n---\nbody\n",
}
PIECES = (
    *":-[]{}\"'#&*!|>%@`,?\n\t \\=.0_~\r\0\u2028\ufeff",
    "---",
    "...",
    "- ",
    "? ",
    "%YAML 9\n",
    "<<: ",
    "[[",
    "/*",
)


@pytest.mark.parametrize("name", FORMATS)
def test_every_fault_says_what_to_do(name: str) -> None:
    rng = random.Random(name)
    form = FORMATS[name]
    found = 0
    for _ in range(600):
        text = TEXTS[name]
        for _ in range(rng.randint(1, 3)):
            at, piece = rng.randrange(len(text) + 1), rng.choice(PIECES)
            text = text[:at] + (piece if rng.random() < 0.6 else "") + text[at + rng.randint(0, 2) :]
        for fault in form.read(text.encode()).faults:
            found += 1
            assert fault.fix, (text, fault.message)
            assert not fault.fix.startswith(("or ", ";")), (text, fault.fix)
    assert found > 100
