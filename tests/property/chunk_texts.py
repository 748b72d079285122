"""Random files that look like lists of items: mostly well-formed, now and then as nasty as lines can be."""

from __future__ import annotations

import random

HEADS = ("", "# head\n", "---\n", "version: 1\n", "# a\n\n---\n# b\n", "note: two\n  lines\n")
NASTY_HEADS = (
    "%YAML 1.2\n---\n",
    'note: "\n',
    "x: |\n",
    "x: >+\n\n",
    "{a: 1}\n",
    "null\n",
    "- a\n",
    "? x\n",
    '"a":\n  - x: "\n',
    "a: &a 1\n",
    "  b: 1\n",
    "a: [\n",
    "services: 1\n",
    "--- |\n",
    "a: 1\n...\n",
    "\ufeff",
    "x: '\nservices:\n",
)
VALUES = (
    "plain",
    "two words",
    "yes",
    "012",
    "1.5",
    "'it''s'",
    '"a \\" b"',
    "[a, b, {c: d}]",
    "{a: 1, b: [2]}",
    "null",
    "~",
    "",
    "a # comment",
    "plain\n$  goes on",
    '"quoted\n$  goes on"',
    "|\n$  text\n$   more\n",
    "|-\n$  text",
    ">\n$  text\n\n$  more",
    "|2\n$   text",
    "{a: 1,\n$   b: 2}",
    "\n$  x: 1\n$  y:\n$  - 1\n$  - 2",
    '"*.py"',
    "R&D",
    "!!str 5",
    "ü €",
    "\n$- one\n$- two",
    "|\n$  # no comment",
)
NASTY_VALUES = (
    '"open',
    'shut"',
    "'open",
    "[open",
    "shut]",
    "{open",
    "&a x",
    "*a",
    "<<",
    "|+\n$  text\n\n",
    "a: b",
    "!local x",
    '"open\n  - a: shut"',
    '"open\n- shut"',
    "\tx",
    "x\n\ty",
    "|\n x",
    '"a\n# b"',
    '"\n\n  # b\n"',
    "- x",
    "%a",
    "x\ny",
    '"x\ny: z"',
    "@a",
    "1: 2",
    "|\n$  # text\n$ # comment",
    ">-\n\n\n$  x",
)
GAPS = ("", "", "", "# c\n", "\n", "\n\n", "  # c\n", "      # deep\n", "   \n", "\n# c\n\n")
NASTY_GAPS = (
    "---\n",
    "...\n",
    "\t\n",
    "x: 1\n",
    "\r\n",
    "  - \n",
    "  -\n",
    "  -\t1\n",
    "<<<<<<< a\n",
    "-\n",
    "x\n",
)
KEYS = ("services", "hooks", "x-y", "on", "true")
TAILS = ("", "", "other: 1\n", "# end\n", "other:\n  a: [1]\n", "\n\n", "list:\n- 1\n", "hooks: []\n")
NASTY_TAILS = ('b": 1\n', "  x: 1\n", "---\na: 1\n", "x", "services: 2\n", "- x\n", "]\n", "'\n", "*a\n")


class Lists:
    """A source of texts; ``nasty`` is how likely each part is to be an odd one."""

    def __init__(self, seed: int, nasty: float) -> None:
        self.random = random.Random(seed)
        self.nasty = nasty
        self.items = [self._item() for _ in range(self.random.randint(1, 9))]
        self.gaps = [self._pick(GAPS, NASTY_GAPS) for _ in self.items]

    def _pick(self, good: tuple[str, ...], odd: tuple[str, ...]) -> str:
        return self.random.choice(odd if self.random.random() < self.nasty else good)

    def _item(self) -> str:
        if self.random.random() < 0.2:
            return self._pick(VALUES, NASTY_VALUES) + "\n"
        names = self.random.sample("abcdef", self.random.randint(1, 3))
        return "$".join(f"{name}: {self._pick(VALUES, NASTY_VALUES)}\n" for name in names)

    def text(self) -> bytes:
        """A file with some of the items, in one or two sections; other files share items with it."""
        parts = [self._pick(HEADS, NASTY_HEADS)]
        for key in self.random.sample(KEYS[:-1], self.random.choice((1, 1, 2))):
            indent = " " * self.random.choice((0, 2, 2, 2, 4))
            parts.append(f"{key}:{self._pick(('', ' # why', '  '), (' |', ' &a', ' x', ' !!seq'))}\n")
            parts.append(self._pick(GAPS, NASTY_GAPS))
            for _ in range(self.random.randint(1, 8)):
                number = self.random.randrange(len(self.items))
                item = self.items[number].replace("$", indent + "  ")
                parts.append(f"{indent}- {item}{self.gaps[number]}")
        parts.append(self._pick(TAILS, NASTY_TAILS))
        return "".join(parts).encode()
